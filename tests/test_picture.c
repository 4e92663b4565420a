// Our pictures beside Gymnasium's of the same states (tests/data/frames, made by tools/make_render_data.py), and what a picture must not do
// to an environment.
#include "core/file.h"
#include "core/json.h"
#include "view/draw.h"

#include <cairo/cairo.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WIDTH SDQN_SCENE_WIDTH
#define HEIGHT SDQN_SCENE_HEIGHT
#define MAX_FRAMES 64
#define NO_PART (-1)

// The bounds that pictures must keep, in shares of pixels that differ by more than LEVELS in a colour. A leg is a fortieth of the box about
// the whole lander and would not be missed there, so each has a box of its own, of which a wrong border is a larger share.
#define LEVELS 32
#define MOST_OF_FRAME 0.003
#define MOST_OF_BOX 0.15
#define MOST_OF_LEG 0.25
#define LEAST_AREA 60 ///< pixels of a box in sight, for its share to mean something

/// Red, green, blue of each pixel, rows from the top.
typedef struct Image {
    uint8_t rgb[HEIGHT][WIDTH][3];
} Image;

/// A state that Gymnasium has drawn.
typedef struct Frame {
    char file[64], shows[128];
    Image image;
    SdqnScene scene;
} Frame;

static const SdqnDraw *draw;
static SdqnCanvas *canvas;
static Frame *frames; ///< [num_frames]
static int num_frames;

static void image_of_pixels(const uint8_t *pixels, size_t stride, Image *image) {
    for (size_t y = 0; y < HEIGHT; y++) {
        for (size_t x = 0; x < WIDTH; x++) {
            uint32_t pixel;
            memcpy(&pixel, pixels + y * stride + 4 * x, sizeof pixel);
            for (int c = 0; c < 3; c++) image->rgb[y][x][c] = (uint8_t)(pixel >> (16 - 8 * c));
        }
    }
}

static void read_png(const char *path, Image *image) {
    cairo_surface_t *read = cairo_image_surface_create_from_png(path);
    if (cairo_surface_status(read) != CAIRO_STATUS_SUCCESS) fail_msg("%s: %s", path, cairo_status_to_string(cairo_surface_status(read)));
    assert_int_equal(cairo_image_surface_get_width(read), WIDTH);
    assert_int_equal(cairo_image_surface_get_height(read), HEIGHT);
    image_of_pixels(cairo_image_surface_get_data(read), (size_t)cairo_image_surface_get_stride(read), image);
    cairo_surface_destroy(read);
}

static void draw_scene(const SdqnScene *scene, Image *image) {
    SdqnError error = {0};
    size_t stride;
    if (draw->draw(canvas, scene, &error) != SDQN_OK) fail_msg("%s", error.message);
    const uint8_t *pixels = draw->pixels(canvas, &stride);
    image_of_pixels(pixels, stride, image);
}

/// Play the actions of a frame as Gymnasium did: a picture after each step.
static void play(const char *task, uint64_t seed, const char *actions, SdqnLander *lander, SdqnFlames *flames) {
    SdqnRng rng;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    sdqn_rng_seed(&rng, 0);
    sdqn_lander_create(lander, sdqn_task_find(task), &rng);
    sdqn_lander_reset_seeded(lander, seed, observation);
    *flames = (SdqnFlames){0};
    for (; *actions != '\0'; actions++) {
        sdqn_flames_step(flames, lander, sdqn_thrust_of_action(*actions - '0'));
        sdqn_lander_step(lander, *actions - '0', observation);
    }
}

static void read_frame(const char *line, Frame *frame) {
    SdqnError error = {0};
    json_t *document, *shows;
    const char *file, *task, *actions;
    int64_t seed;
    if (sdqn_json_parse("frames.jsonl", line, strlen(line), &document, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_int_equal(sdqn_json_get_string("frame", document, "file", &file, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_get_string("frame", document, "task", &task, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_get_string("frame", document, "actions", &actions, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_get_integer("frame", document, "seed", 0, INT64_MAX, &seed, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_get_array("frame", document, "shows", &shows, NULL), SDQN_OK);
    char path[128];
    snprintf(frame->file, sizeof frame->file, "%.63s", file);
    snprintf(frame->shows, sizeof frame->shows, "%s, step %zu: %.80s", task, strlen(actions), json_string_value(json_array_get(shows, 0)));
    snprintf(path, sizeof path, "tests/data/%.63s", file);
    read_png(path, &frame->image);
    SdqnLander lander;
    SdqnFlames flames;
    play(task, (uint64_t)seed, actions, &lander, &flames);
    sdqn_scene_make(&frame->scene, &lander, &flames);
    json_decref(document);
}

static int read_frames(void **state) {
    (void)state;
    SdqnError error = {0};
    uint8_t *text;
    size_t size;
    if (sdqn_draw_load(&draw, &error) != SDQN_OK || draw->create(WIDTH, HEIGHT, &canvas, &error) != SDQN_OK ||
        sdqn_file_read("tests/data/frames.jsonl", 1 << 20, &text, &size, &error) != SDQN_OK) {
        print_error("%s\n", error.message);
        return -1;
    }
    frames = calloc(MAX_FRAMES, sizeof *frames);
    assert_non_null(frames);
    char *rest = NULL;
    for (const char *line = strtok_r((char *)text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        assert_true(num_frames < MAX_FRAMES);
        read_frame(line, &frames[num_frames++]);
    }
    free(text);
    return 0;
}

static int free_frames(void **state) {
    (void)state;
    free(frames);
    draw->destroy(canvas);
    return 0;
}

// ---- differences ----------------------------------------------------------------------------------------------------------------

typedef struct Box {
    int left, top, right, bottom; ///< the last two just behind it
} Box;

/// Pixels touched by the parts from `first` to `last`, a margin about them, within the picture.
static Box box_of(const SdqnScene *scene, int first, int last, int margin) {
    double left = WIDTH, top = HEIGHT, right = 0, bottom = 0;
    for (int i = 0; i < scene->num_shapes; i++) {
        const SdqnShape *shape = &scene->shapes[i];
        if ((int)shape->part < first || (int)shape->part > last) continue;
        for (int p = 0; p < shape->num_points; p++) {
            left = fmin(left, shape->points[p].x);
            right = fmax(right, shape->points[p].x);
            top = fmin(top, shape->points[p].y);
            bottom = fmax(bottom, shape->points[p].y);
        }
    }
    return (Box){(int)fmax(0, floor(left) - margin), (int)fmax(0, floor(top) - margin), (int)fmin(WIDTH, floor(right) + 1 + margin),
                 (int)fmin(HEIGHT, floor(bottom) + 1 + margin)};
}

static int area(Box box) { return box.right > box.left && box.bottom > box.top ? (box.right - box.left) * (box.bottom - box.top) : 0; }

static double share_of_difference(const Image *a, const Image *b, Box box) {
    int count = 0;
    for (int y = box.top; y < box.bottom; y++) {
        for (int x = box.left; x < box.right; x++) {
            bool differs = false;
            for (int c = 0; c < 3; c++) differs = differs || abs(a->rgb[y][x][c] - b->rgb[y][x][c]) > LEVELS;
            count += differs;
        }
    }
    return area(box) > 0 ? (double)count / area(box) : 0;
}

/// A box that is compared.
typedef struct Region {
    const char *name;
    int first, last; ///< parts it lies about
    int margin;      ///< pixels
    double most;     ///< share that may differ
} Region;

static const Region regions[] = {
    {"lander", SDQN_PART_HULL, SDQN_PART_LEG + 1, 4, MOST_OF_BOX}, {"hull", SDQN_PART_HULL, SDQN_PART_HULL, 0, MOST_OF_BOX},
    {"first leg", SDQN_PART_LEG, SDQN_PART_LEG, 0, MOST_OF_LEG},   {"second leg", SDQN_PART_LEG + 1, SDQN_PART_LEG + 1, 0, MOST_OF_LEG},
    {"left flag", SDQN_PART_FLAG, SDQN_PART_FLAG, 0, MOST_OF_BOX}, {"right flag", SDQN_PART_FLAG + 1, SDQN_PART_FLAG + 1, 0, MOST_OF_BOX},
};
#define NUM_REGIONS (sizeof regions / sizeof *regions)

/// Draw a frame, without one part unless it is NO_PART.
static void draw_without(const Frame *frame, int hidden, Image *image) {
    static SdqnScene seen;
    seen.num_shapes = 0;
    for (int i = 0; i < frame->scene.num_shapes; i++)
        if ((int)frame->scene.shapes[i].part != hidden) seen.shapes[seen.num_shapes++] = frame->scene.shapes[i];
    draw_scene(&seen, image);
}

/// @param found   receives the region or frame that differs most beyond its bound; NULL if none does
/// @param share   receives its share
/// @return how many bounds are exceeded
static int bounds_exceeded(const Frame *frame, const Image *ours, const char **found, double *share) {
    const double whole = share_of_difference(&frame->image, ours, (Box){0, 0, WIDTH, HEIGHT});
    int exceeded = whole > MOST_OF_FRAME;
    *found = exceeded ? "frame" : NULL;
    *share = exceeded ? whole : 0;
    for (size_t r = 0; r < NUM_REGIONS; r++) {
        const Box box = box_of(&frame->scene, regions[r].first, regions[r].last, regions[r].margin);
        const double differs = share_of_difference(&frame->image, ours, box);
        if (area(box) < LEAST_AREA || differs <= regions[r].most) continue;
        exceeded++;
        if (differs <= *share) continue;
        *found = regions[r].name;
        *share = differs;
    }
    return exceeded;
}

static void pictures_are_gymnasiums(void **state) {
    (void)state;
    static Image ours;
    const char *found;
    double share;
    assert_true(num_frames >= 30);
    for (int f = 0; f < num_frames; f++) {
        draw_without(&frames[f], NO_PART, &ours);
        if (bounds_exceeded(&frames[f], &ours, &found, &share) > 0)
            fail_msg("%s (%s): %.2f %% of the pixels differ: %s", frames[f].file, frames[f].shows, 100 * share, found);
    }
}

static void a_part_left_out_is_noticed(void **state) {
    (void)state;
    static Image ours;
    const char *found;
    double share;
    for (int part = SDQN_PART_HULL; part < SDQN_PART_OVERLAY; part++) {
        int in_sight = 0;
        for (int f = 0; f < num_frames; f++) {
            if (area(box_of(&frames[f].scene, part, part, 0)) < LEAST_AREA) continue;
            in_sight++;
            draw_without(&frames[f], part, &ours);
            if (bounds_exceeded(&frames[f], &ours, &found, &share) == 0)
                fail_msg("%s (%s): nobody misses part %d", frames[f].file, frames[f].shows, part);
        }
        assert_true(in_sight >= 30);
    }
}

/// Particles move as Gymnasium's do: where it shows one, so do we.
static void flames_are_where_gymnasium_has_them(void **state) {
    (void)state;
    static Image ours;
    int flames = 0, same = 0;
    for (int f = 0; f < num_frames; f++) {
        draw_without(&frames[f], NO_PART, &ours);
        for (int i = 0; i < frames[f].scene.num_shapes; i++) {
            const SdqnShape *shape = &frames[f].scene.shapes[i];
            const int x = (int)shape->points[0].x, y = (int)shape->points[0].y;
            if (shape->part != SDQN_PART_FLAME || shape->fill.red == shape->fill.green) continue; // the coldest are grey
            if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT) continue;
            const uint8_t color[3] = {shape->fill.red, shape->fill.green, shape->fill.blue};
            if (memcmp(ours.rgb[y][x], color, sizeof color) != 0) continue; // the lander or a flag is before it
            flames++;
            same += memcmp(frames[f].image.rgb[y][x], color, sizeof color) == 0;
        }
    }
    assert_true(flames >= 30);
    if (100 * same < 95 * flames) fail_msg("of %d flames only %d are where Gymnasium has them", flames, same);
}

static void flames_change_no_bit_of_a_lander(void **state) {
    (void)state;
    for (int t = 0; t < SDQN_NUM_BUILTIN_TASKS; t++) {
        SdqnRng rng;
        SdqnLander watched, alone;
        SdqnFlames flames = {0};
        SdqnScene *scene = malloc(sizeof *scene);
        float a[SDQN_LANDER_OBSERVATION_SIZE], b[SDQN_LANDER_OBSERVATION_SIZE];
        assert_non_null(scene);
        sdqn_rng_seed(&rng, 0);
        sdqn_lander_create(&watched, sdqn_task_builtin(t), &rng);
        sdqn_lander_create(&alone, sdqn_task_builtin(t), &rng);
        sdqn_lander_reset_seeded(&watched, 5, a);
        sdqn_lander_reset_seeded(&alone, 5, b);
        for (int step = 0; step < 300; step++) {
            const int action = (int)sdqn_rng_integers(&rng, 0, SDQN_LANDER_NUM_ACTIONS);
            sdqn_flames_step(&flames, &watched, sdqn_thrust_of_action(action));
            sdqn_lander_step(&watched, action, a);
            sdqn_scene_make(scene, &watched, &flames);
            sdqn_lander_step(&alone, action, b);
            if (memcmp(&watched, &alone, sizeof watched) != 0) fail_msg("%s: other bits at step %d", watched.task.name, step);
        }
        free(scene);
    }
}

/// Both engines at once, at any power.
static void flames_of_continuous_actions_change_no_bit(void **state) {
    (void)state;
    SdqnRng rng;
    SdqnLander watched, alone;
    SdqnFlames flames = {0};
    float a[SDQN_LANDER_OBSERVATION_SIZE], b[SDQN_LANDER_OBSERVATION_SIZE];
    int most = 0;
    sdqn_rng_seed(&rng, 1);
    sdqn_lander_create(&watched, sdqn_task_find("gymwind"), &rng);
    sdqn_lander_create(&alone, sdqn_task_find("gymwind"), &rng);
    sdqn_lander_reset_seeded(&watched, 9, a);
    sdqn_lander_reset_seeded(&alone, 9, b);
    for (int step = 0; step < 300; step++) {
        const double action[2] = {step < 50 ? 1 : sdqn_rng_uniform(&rng, -1.2, 1.2), step < 50 ? -1 : sdqn_rng_uniform(&rng, -1.2, 1.2)};
        sdqn_flames_step(&flames, &watched, sdqn_thrust_of_continuous(action));
        sdqn_lander_step_continuous(&watched, action, a);
        sdqn_lander_step_continuous(&alone, action, b);
        if (memcmp(&watched, &alone, sizeof watched) != 0) fail_msg("other bits at step %d", step);
        most = flames.count > most ? flames.count : most;
    }
    assert_int_equal(most, 12); // two a step, each for 6 pictures after the one it starts in
}

static void what_is_far_away_is_not_seen(void **state) {
    (void)state;
    static const SdqnPoint places[] = {{1e9, 200}, {300, -1e30}, {(double)NAN, 200}, {(double)INFINITY, -(double)INFINITY}};
    static SdqnScene scene;
    static Image without, with;
    draw_scene(&frames[0].scene, &without);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        scene = frames[0].scene;
        SdqnShape *shape = sdqn_scene_add(&scene, SDQN_SHAPE_POLYGON, SDQN_PART_HULL);
        shape->fill = (SdqnColor){255, 0, 0, 255};
        shape->num_points = 3;
        for (int p = 0; p < 3; p++) shape->points[p] = (SdqnPoint){places[i].x + 20 * p, places[i].y + 20 * (p % 2)};
        draw_scene(&scene, &with);
        assert_memory_equal(&with, &without, sizeof with);
    }
}

/// A lander that is stepped on after it has flown away is drawn, or not, but nothing breaks.
static void a_lander_far_away_leaves_the_rest_as_it_is(void **state) {
    (void)state;
    static SdqnScene scene;
    static Image image;
    SdqnTask task = *sdqn_task_find("standard");
    SdqnRng rng;
    SdqnLander lander;
    SdqnFlames flames = {0};
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    task.main_engine_power = 1000;
    sdqn_rng_seed(&rng, 0);
    sdqn_lander_create(&lander, &task, &rng);
    sdqn_lander_reset_seeded(&lander, 0, observation);
    for (int i = 0; i < 2000; i++) {
        sdqn_flames_step(&flames, &lander, sdqn_thrust_of_action(2));
        sdqn_lander_step(&lander, 2, observation);
    }
    sdqn_scene_make(&scene, &lander, &flames);
    draw_scene(&scene, &image);
    assert_int_equal(image.rgb[399][0][0], 255); // the moon
    assert_int_equal(image.rgb[5][300][0], 0);   // the sky
}

// ---- pictures of the public API --------------------------------------------------------------------------------------------------

static void api_draws_the_same(void **state) {
    (void)state;
    static Image ours, theirs;
    static SdqnScene scene;
    const char *actions = "2222322212";
    const uint64_t seed = 3;
    SdqnError error = {0};
    SdqnPicture *picture;
    SdqnEnv *env;
    SdqnEnvStep step;
    SdqnLander lander;
    SdqnFlames flames;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    if (sdqn_picture_create(&picture, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_int_equal(sdqn_env_create(sdqn_task_find("windy"), 0, &env, &error), SDQN_OK);
    for (int episode = 0; episode < 2; episode++) { // flames of the first are gone in the second
        sdqn_env_reset(env, &seed, observation);
        for (const char *a = actions; *a != '\0'; a++) {
            assert_int_equal(sdqn_picture_step(picture, env, *a - '0', &error), SDQN_OK);
            assert_int_equal(sdqn_env_step(env, *a - '0', observation, &step, &error), SDQN_OK);
        }
        assert_int_equal(sdqn_picture_draw(picture, env, &theirs.rgb[0][0][0], &error), SDQN_OK);
        play("windy", seed, actions, &lander, &flames);
        sdqn_scene_make(&scene, &lander, &flames);
        draw_scene(&scene, &ours);
        assert_memory_equal(&ours, &theirs, sizeof ours);
    }
    sdqn_env_destroy(env);
    sdqn_picture_destroy(picture);
}

static void api_refuses_what_cannot_be(void **state) {
    (void)state;
    static Image image;
    const uint64_t seed = 0;
    SdqnError error = {0};
    SdqnPicture *picture;
    SdqnEnv *env;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    assert_int_equal(sdqn_picture_create(&picture, &error), SDQN_OK);
    assert_int_equal(sdqn_env_create(sdqn_task_find("standard"), 0, &env, &error), SDQN_OK);
    assert_int_equal(sdqn_picture_draw(picture, env, &image.rgb[0][0][0], &error), SDQN_ERR_ARGUMENT);
    assert_int_equal(sdqn_picture_step(picture, env, 0, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "picture: the environment has not been reset");
    sdqn_env_reset(env, &seed, observation);
    assert_int_equal(sdqn_picture_step(picture, env, 4, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "picture: action = 4: must be in [0, 4)");
    sdqn_env_destroy(env);
    sdqn_picture_destroy(picture);
    sdqn_picture_destroy(NULL);
}

// ---- the canvas -----------------------------------------------------------------------------------------------------------------

static void a_canvas_has_any_size_that_is_allowed(void **state) {
    (void)state;
    SdqnError error = {0};
    SdqnCanvas *other = NULL;
    assert_int_equal(draw->create(0, 400, &other, &error), SDQN_ERR_ARGUMENT);
    assert_int_equal(draw->create(600, SDQN_CANVAS_MAX_SIDE + 1, &other, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "picture: 600 x 8193 pixels: each side must be in [1, 8192]");
    assert_null(other);
    assert_int_equal(draw->create(900, 400, &other, &error), SDQN_OK); // wider than the scene: black at both sides
    assert_int_equal(draw->draw(other, &frames[0].scene, &error), SDQN_OK);
    size_t stride;
    const uint8_t *pixels = draw->pixels(other, &stride);
    for (size_t y = 0; y < 400; y++) {
        for (size_t x = 0; x < 900; x = x == 149 ? 750 : x + 1) {
            uint32_t pixel;
            memcpy(&pixel, pixels + y * stride + 4 * x, sizeof pixel);
            assert_int_equal(pixel & 0xffffff, 0);
        }
    }
    draw->destroy(other);
    draw->destroy(NULL);
}

static void a_png_holds_the_picture(void **state) {
    (void)state;
    static Image ours, read;
    SdqnError error = {0};
    uint8_t *bytes, *again;
    size_t size, again_size;
    char path[] = "/tmp/sdqn_picture_XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    draw_scene(&frames[0].scene, &ours);
    assert_int_equal(draw->png(canvas, &bytes, &size, &error), SDQN_OK);
    assert_int_equal(draw->png(canvas, &again, &again_size, &error), SDQN_OK);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
    assert_int_equal(write(descriptor, bytes, size), (ssize_t)size);
    close(descriptor);
    read_png(path, &read);
    assert_memory_equal(&ours, &read, sizeof ours);
    unlink(path);
    free(bytes);
    free(again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_gymnasiums),
        cmocka_unit_test(a_part_left_out_is_noticed),
        cmocka_unit_test(flames_are_where_gymnasium_has_them),
        cmocka_unit_test(flames_change_no_bit_of_a_lander),
        cmocka_unit_test(flames_of_continuous_actions_change_no_bit),
        cmocka_unit_test(what_is_far_away_is_not_seen),
        cmocka_unit_test(a_lander_far_away_leaves_the_rest_as_it_is),
        cmocka_unit_test(api_draws_the_same),
        cmocka_unit_test(api_refuses_what_cannot_be),
        cmocka_unit_test(a_canvas_has_any_size_that_is_allowed),
        cmocka_unit_test(a_png_holds_the_picture),
    };
    return cmocka_run_group_tests(tests, read_frames, free_frames);
}
