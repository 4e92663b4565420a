// What keys mean, episodes as somebody watches them, what is written over pictures, and the loop of a window, with a window made up here.
#include "view/film_palette.h"
#include "view/keys.h"
#include "view/overlay.h"
#include "view/viewer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WEIGHTS "tests/data/trained.safetensors"
#define SEED 1000000

static SdqnTaskSet three_tasks(void) {
    SdqnTaskSet set = {.family = &sdqn_lander_family, .count = 3};
    for (int t = 0; t < 3; t++) set.tasks[t] = sdqn_task_entry_lander(sdqn_task_builtin(t));
    return set;
}

static SdqnWeightsPolicy *trained_policy(void) {
    SdqnError error = {0};
    SdqnWeightsPolicy *policy = NULL;
    if (sdqn_weights_policy_create(WEIGHTS, &sdqn_lander_family, sdqn_kernels(SDQN_CPU_SCALAR), &policy, &error) != SDQN_OK)
        fail_msg("%s", error.message);
    return policy;
}

static SdqnSession *begin_session(const SdqnTaskSet *set, SdqnWeightsPolicy *policy, int episodes) {
    const SdqnSessionDef def = {set, policy, episodes, SEED};
    SdqnError error = {0};
    SdqnSession *session = NULL;
    if (sdqn_session_create(&def, &session, &error) != SDQN_OK) fail_msg("%s", error.message);
    return session;
}

static void play_to_the_end(SdqnSession *session, int hand) {
    while (!session->ended) sdqn_session_step(session, hand);
}

// ---- keys -----------------------------------------------------------------------------------------------------------------------

static SdqnCommandKind press(SdqnHands *hands, int key, bool repeat) {
    bool arrow;
    return sdqn_keys_take(hands, &(SdqnEvent){SDQN_EVENT_KEY_DOWN, key, repeat}, &arrow);
}

static void release(SdqnHands *hands, int key) {
    bool arrow;
    assert_int_equal(sdqn_keys_take(hands, &(SdqnEvent){SDQN_EVENT_KEY_UP, key, false}, &arrow), SDQN_COMMAND_NONE);
}

static void every_key_has_its_command(void **state) {
    (void)state;
    static const struct {
        int key;
        SdqnCommandKind command;
    } keys[] = {{' ', SDQN_COMMAND_PAUSE},         {'.', SDQN_COMMAND_SINGLE_STEP},
                {'+', SDQN_COMMAND_FASTER},        {'=', SDQN_COMMAND_FASTER},
                {'-', SDQN_COMMAND_SLOWER},        {'n', SDQN_COMMAND_NEXT_EPISODE},
                {'t', SDQN_COMMAND_NEXT_TASK},     {'r', SDQN_COMMAND_RESTART},
                {'f', SDQN_COMMAND_FLY},           {'o', SDQN_COMMAND_OVERLAY},
                {'h', SDQN_COMMAND_HELP},          {SDQN_KEY_HELP, SDQN_COMMAND_HELP},
                {'q', SDQN_COMMAND_QUIT},          {SDQN_KEY_ESCAPE, SDQN_COMMAND_QUIT},
                {'x', SDQN_COMMAND_NONE},          {SDQN_KEY_OTHER, SDQN_COMMAND_NONE},
                {SDQN_KEY_DOWN, SDQN_COMMAND_NONE}};
    SdqnHands hands = {0};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (press(&hands, keys[i].key, false) != keys[i].command) fail_msg("key %d", keys[i].key);
        release(&hands, keys[i].key);
    }
    assert_int_equal(hands.count, 0);
    bool arrow;
    assert_int_equal(sdqn_keys_take(&hands, &(SdqnEvent){.kind = SDQN_EVENT_CLOSE}, &arrow), SDQN_COMMAND_QUIT);
}

static void only_single_steps_repeat(void **state) {
    (void)state;
    SdqnHands hands = {0};
    assert_int_equal(press(&hands, '.', true), SDQN_COMMAND_SINGLE_STEP);
    assert_int_equal(press(&hands, ' ', true), SDQN_COMMAND_NONE);
    assert_int_equal(press(&hands, 'q', true), SDQN_COMMAND_NONE);
    assert_int_equal(press(&hands, SDQN_KEY_LEFT, true), SDQN_COMMAND_NONE);
    assert_int_equal(hands.count, 0);
}

static void the_arrow_pressed_last_fires(void **state) {
    (void)state;
    SdqnHands hands = {0};
    assert_int_equal(sdqn_hands_action(&hands), 0);
    press(&hands, SDQN_KEY_LEFT, false);
    assert_int_equal(sdqn_hands_action(&hands), 1);
    press(&hands, SDQN_KEY_UP, false);
    assert_int_equal(sdqn_hands_action(&hands), 2);
    press(&hands, SDQN_KEY_RIGHT, false);
    assert_int_equal(sdqn_hands_action(&hands), 3);
    press(&hands, SDQN_KEY_LEFT, false); // a release that was lost
    assert_int_equal(hands.count, 3);
    assert_int_equal(sdqn_hands_action(&hands), 1);
    release(&hands, SDQN_KEY_LEFT);
    assert_int_equal(sdqn_hands_action(&hands), 3);
    release(&hands, SDQN_KEY_UP);
    assert_int_equal(sdqn_hands_action(&hands), 3);
    bool arrow;
    sdqn_keys_take(&hands, &(SdqnEvent){.kind = SDQN_EVENT_FOCUS_LOST}, &arrow);
    assert_int_equal(sdqn_hands_action(&hands), 0);
}

/// An arrow moves the lander where it points.
static void arrows_push_where_they_point(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    float across[3];
    for (int action = 1; action <= 3; action += 2) {
        SdqnSession *session = begin_session(&set, NULL, 0);
        const float before = session->observation[2];
        sdqn_session_step(session, action);
        across[action - 1] = session->observation[2] - before;
        sdqn_session_destroy(session);
    }
    assert_true(across[0] < 0 && across[2] > 0);
}

// ---- sessions -------------------------------------------------------------------------------------------------------------------

static void a_session_has_the_bits_of_an_evaluation(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnWeightsPolicy *policy = trained_policy();
    SdqnEvaluation expected, found;
    SdqnError error = {0};
    const SdqnEvaluationDef def = {
        .set = &set, .policy = sdqn_weights_policy_as_policy(policy), .episodes = 2, .seed = SEED, .level = SDQN_CPU_SCALAR};
    assert_int_equal(sdqn_evaluate(&def, &expected, &error), SDQN_OK);
    SdqnSession *session = begin_session(&set, policy, 2);
    int episodes = 0;
    for (; !session->complete; episodes++) {
        play_to_the_end(session, 0);
        sdqn_session_next_episode(session);
    }
    assert_int_equal(episodes, 6);
    assert_int_equal(sdqn_session_evaluation(session, &found, &error), SDQN_OK);
    assert_int_equal(found.num_tasks, 3);
    assert_memory_equal(&found.mean, &expected.mean, sizeof found.mean);
    for (int t = 0; t < 3; t++) {
        assert_int_equal(found.tasks[t].num_episodes, 2);
        for (int e = 0; e < 2; e++) {
            const SdqnEpisodeResult *a = &found.tasks[t].episodes[e], *b = &expected.tasks[t].episodes[e];
            assert_memory_equal(&a->episode_return, &b->episode_return, sizeof a->episode_return);
            assert_true(a->seed == b->seed && a->steps == b->steps && a->at_rest == b->at_rest);
            assert_true(a->terminated == b->terminated && a->truncated == b->truncated);
        }
        assert_memory_equal(&found.tasks[t].std, &expected.tasks[t].std, sizeof(double));
    }
    free(found.tasks);
    sdqn_session_destroy(session);
    sdqn_evaluation_clear(&expected);
    sdqn_weights_policy_destroy(policy);
}

static void only_what_the_policy_alone_has_played_counts(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnWeightsPolicy *policy = trained_policy();
    SdqnSession *session = begin_session(&set, policy, 2);
    SdqnEvaluation found;
    sdqn_session_step(session, 0);
    sdqn_session_set_by_hand(session, true); // a step by hand spoils the episode
    sdqn_session_step(session, 2);
    sdqn_session_set_by_hand(session, false);
    play_to_the_end(session, 0);
    assert_int_equal(sdqn_session_evaluation(session, &found, NULL), SDQN_OK);
    assert_int_equal(found.num_tasks, 0);
    free(found.tasks);
    sdqn_session_restart(session); // the same once more, by the policy alone, and again: counts once
    for (int i = 0; i < 2; i++, sdqn_session_restart(session)) play_to_the_end(session, 0);
    sdqn_session_next_task(session);
    sdqn_session_next_task(session);
    assert_int_equal(session->task, 2);
    play_to_the_end(session, 0);
    assert_int_equal(sdqn_session_evaluation(session, &found, NULL), SDQN_OK);
    assert_int_equal(found.num_tasks, 2); // windy was left out
    assert_string_equal(found.tasks[0].name, "standard");
    assert_int_equal(found.tasks[0].num_episodes, 1);
    assert_string_equal(found.tasks[1].name, "heavy");
    free(found.tasks);
    sdqn_session_destroy(session);
    sdqn_weights_policy_destroy(policy);
}

static void a_restart_is_the_same_episode(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnSession *session = begin_session(&set, NULL, 0);
    sdqn_session_next_task(session); // windy draws from the generator in each step
    SdqnLander first = session->lander;
    for (int i = 0; i < 40; i++) sdqn_session_step(session, i % 4);
    const SdqnLander later = session->lander;
    const double sum = session->episode_return;
    sdqn_session_restart(session);
    assert_memory_equal(&session->lander, &first, sizeof first);
    for (int i = 0; i < 40; i++) sdqn_session_step(session, i % 4);
    assert_memory_equal(&session->lander, &later, sizeof later);
    assert_memory_equal(&session->episode_return, &sum, sizeof sum);
    sdqn_session_destroy(session);
}

static void episodes_and_tasks_come_in_turn(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnWeightsPolicy *policy = trained_policy();
    SdqnSession *session = begin_session(&set, policy, 2);
    sdqn_session_next_task(session); // windy 0
    assert_int_equal(session->task * 10 + session->episode, 10);
    assert_int_equal(session->seed, SEED);
    sdqn_session_next_episode(session); // windy 1
    assert_int_equal(session->task * 10 + session->episode, 11);
    assert_int_equal(session->seed, SEED + 1);
    sdqn_session_next_episode(session); // windy has no more: heavy 0
    assert_int_equal(session->task * 10 + session->episode, 20);
    sdqn_session_next_task(session); // standard 0 was begun: standard 1
    assert_int_equal(session->task * 10 + session->episode, 1);
    sdqn_session_next_episode(session); // heavy 1 is all there is
    assert_int_equal(session->task * 10 + session->episode, 21);
    assert_false(session->complete);
    sdqn_session_next_task(session);
    assert_true(session->complete);
    sdqn_session_destroy(session);
    session = begin_session(&set, NULL, 0); // without end
    for (int i = 0; i < 7; i++) sdqn_session_next_episode(session);
    assert_int_equal(session->task * 10 + session->episode, 7);
    assert_false(session->complete);
    sdqn_session_destroy(session);
    sdqn_weights_policy_destroy(policy);
}

static void the_wind_is_what_pushes(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnSession *session = begin_session(&set, NULL, 0);
    sdqn_session_step(session, 0);
    assert_true(session->wind == 0);
    sdqn_session_next_task(session);
    double most = 0;
    for (int i = 0; i < 50; i++) {
        SdqnRng rng = session->lander.rng; // its first draw of a step is the wind
        const double expected = (double)(float)sdqn_rng_uniform(&rng, -20, 20);
        sdqn_session_step(session, i % 4);
        if (session->wind != expected) fail_msg("step %d: %a, expected %a", i, session->wind, expected);
        most = fmax(most, fabs(expected));
    }
    assert_true(most > 10);
    sdqn_session_destroy(session);
}

static void a_session_refuses_too_many_episodes(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnError error = {0};
    SdqnSession *session = NULL;
    assert_int_equal(sdqn_session_create(&(SdqnSessionDef){&set, NULL, 1000001, 0}, &session, &error), SDQN_ERR_ARGUMENT);
    assert_null(session);
}

// ---- overlay --------------------------------------------------------------------------------------------------------------------

static const SdqnShape *find_text(const SdqnScene *scene, const char *text) {
    for (int i = 0; i < scene->num_shapes; i++)
        if (scene->shapes[i].kind == SDQN_SHAPE_TEXT && strcmp(scene->shapes[i].text, text) == 0) return &scene->shapes[i];
    return NULL;
}

static void the_overlay_says_what_happens(void **state) {
    (void)state;
    static SdqnScene scene;
    const SdqnTaskSet set = three_tasks();
    SdqnWeightsPolicy *policy = trained_policy();
    SdqnSession *session = begin_session(&set, policy, 1);
    SdqnOverlay overlay = {.panels = true, .help = true, .paused = true, .speed = 2, .message = "a message", .q_scale = 1};
    char number[32];
    double mean = 0, largest = 0;
    sdqn_session_next_task(session);
    for (int i = 0; i < 60; i++) {
        sdqn_session_step(session, 0);
        sdqn_overlay_follow(&overlay, session);
    }
    sdqn_scene_make(&scene, &session->lander, &session->flames);
    const int alone = scene.num_shapes;
    sdqn_overlay_add(&scene, session, &overlay);
    assert_true(scene.num_shapes < SDQN_SCENE_MAX_SHAPES);
    assert_non_null(find_text(&scene, "windy"));
    assert_non_null(find_text(&scene, "1000000"));
    assert_non_null(find_text(&scene, "60 of 400"));
    assert_non_null(find_text(&scene, "the network"));
    assert_non_null(find_text(&scene, "2 x, paused"));
    assert_non_null(find_text(&scene, "a message"));
    assert_non_null(find_text(&scene, "pause, go on"));
    snprintf(number, sizeof number, "%.1f", session->episode_return);
    assert_non_null(find_text(&scene, number));
    snprintf(number, sizeof number, "%.1f N", fabs(session->wind));
    assert_non_null(find_text(&scene, number));
    for (int a = 0; a < SDQN_LANDER_NUM_ACTIONS; a++) {
        snprintf(number, sizeof number, "%.1f", (double)session->q[a]);
        assert_non_null(find_text(&scene, number));
        mean += (double)session->q[a] / SDQN_LANDER_NUM_ACTIONS;
    }
    for (int a = 0; a < SDQN_LANDER_NUM_ACTIONS; a++) assert_true(fabs((double)session->q[a] - mean) <= overlay.q_scale);
    overlay.q_scale = 1e6;
    for (int i = 0; i < 1000; i++) sdqn_overlay_follow(&overlay, session);
    for (int a = 0; a < SDQN_LANDER_NUM_ACTIONS; a++) largest = fmax(largest, fabs((double)session->q[a] - mean));
    assert_true(fabs(overlay.q_scale - fmax(largest, 1)) < 1e-9 * overlay.q_scale); // the longest bar is full again
    overlay.speed = 0.125;
    overlay.paused = false;
    sdqn_overlay_add(&scene, session, &overlay);
    assert_non_null(find_text(&scene, "1/8 x"));
    for (int i = alone; i < scene.num_shapes; i++) assert_int_equal(scene.shapes[i].part, SDQN_PART_OVERLAY);
    assert_true(find_text(&scene, "space")->points[0].y - find_text(&scene, "speed")->points[0].y > 20); // the help is below the panel
    sdqn_scene_make(&scene, &session->lander, &session->flames);
    sdqn_overlay_add(&scene, session, &(SdqnOverlay){.speed = 1, .q_scale = 1});
    assert_int_equal(scene.num_shapes, alone); // switched off
    sdqn_session_destroy(session);
    sdqn_weights_policy_destroy(policy);
}

static void the_palette_has_the_pictures_colours(void **state) {
    (void)state;
    static const uint32_t needed[] = {0xff000000, 0xffffffff, 0xff8066e6, 0xff4d4d80, 0xffcccc00, 0xffff6c6c};
    uint32_t colors[SDQN_FILM_COLORS];
    sdqn_film_palette(colors);
    for (size_t n = 0; n < sizeof needed / sizeof *needed; n++) {
        int found = 0;
        for (int i = 0; i < SDQN_FILM_COLORS; i++) found += colors[i] == needed[n];
        if (found == 0) fail_msg("%08x is missing", (unsigned)needed[n]);
    }
    assert_true(colors[225] != 0xff000000); // most places are used, and no ramp is cut off
    assert_int_equal(colors[SDQN_FILM_COLORS - 1], 0xff000000);
}

// ---- the loop of a window -------------------------------------------------------------------------------------------------------

/// What a made-up person does: an event before a given picture.
typedef struct Deed {
    int picture;
    SdqnEvent event;
} Deed;

static struct {
    const Deed *deeds;
    int num_deeds, next;
    int pictures; ///< times that there was one to be made
    int drawn, shown, width, height;
    int grow_at; ///< picture from which the window is larger
    bool is_open;
    int ended;
} fake;

static SdqnStatus fake_open(const char *title, int width, int height, SdqnScreen **screen, SdqnError *error) {
    (void)title;
    (void)error;
    fake.width = width;
    fake.height = height;
    fake.is_open = true;
    *screen = (SdqnScreen *)&fake;
    return SDQN_OK;
}

static void fake_close(SdqnScreen *screen) {
    assert_ptr_equal(screen, &fake);
    fake.is_open = false;
}

static void fake_size(SdqnScreen *screen, int *width, int *height) {
    (void)screen;
    const bool large = fake.grow_at > 0 && fake.pictures >= fake.grow_at;
    *width = large ? 5000 : fake.width;
    *height = large ? 300 : fake.height;
    if (++fake.pictures > 100000) fail_msg("the window never closes");
}

static SdqnStatus fake_show(SdqnScreen *screen, const uint8_t *pixels, size_t stride, int width, int height, SdqnError *error) {
    (void)screen;
    (void)error;
    (void)pixels[(size_t)(height - 1) * stride + 4 * (size_t)width - 1]; // there to be read
    if (fake.grow_at > 0 && fake.pictures > fake.grow_at) {
        assert_int_equal(width, 2400); // drawn smaller, to be stretched
        assert_int_equal(height, 144);
    }
    fake.shown++;
    return SDQN_OK;
}

static bool fake_poll(SdqnScreen *screen, SdqnEvent *event) {
    (void)screen;
    if (fake.next >= fake.num_deeds || fake.deeds[fake.next].picture > fake.pictures) return false;
    *event = fake.deeds[fake.next++].event;
    return true;
}

static const SdqnDraw *real_draw;

static SdqnStatus count_drawn(SdqnCanvas *canvas, const SdqnScene *scene, SdqnError *error) {
    fake.drawn++;
    return real_draw->draw(canvas, scene, error);
}

static void count_ended(void *context, const SdqnSession *session) {
    assert_true(session->ended);
    (*(int *)context)++;
}

static void run_viewer(SdqnSession *session, const Deed *deeds, int num_deeds, bool waits) {
    static const SdqnWindowModule module = {
        .open = fake_open, .close = fake_close, .size = fake_size, .show = fake_show, .poll = fake_poll};
    SdqnError error = {0};
    SdqnViewerDef def = {
        .window = &module, .session = session, .title = "test", .waits = waits, .ended = count_ended, .context = &fake.ended};
    fake.deeds = deeds;
    fake.num_deeds = num_deeds;
    fake.next = fake.pictures = fake.drawn = fake.shown = fake.ended = 0;
    if (sdqn_draw_load(&real_draw, &error) != SDQN_OK) fail_msg("%s", error.message);
    SdqnDraw counting = *real_draw;
    counting.draw = count_drawn;
    def.draw = &counting;
    if (sdqn_viewer_run(&def, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_false(fake.is_open);
}

#define DOWN(n, k)                                                                                                                         \
    {                                                                                                                                      \
        n, { SDQN_EVENT_KEY_DOWN, k, false }                                                                                               \
    }
#define UP(n, k)                                                                                                                           \
    {                                                                                                                                      \
        n, { SDQN_EVENT_KEY_UP, k, false }                                                                                                 \
    }
#define CLOSE(n)                                                                                                                           \
    {                                                                                                                                      \
        n, { .kind = SDQN_EVENT_CLOSE }                                                                                                    \
    }
#define RUN(session, deeds, waits) run_viewer(session, deeds, sizeof(deeds) / sizeof *(deeds), waits)

static void all_episodes_are_shown_a_picture_a_step(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnWeightsPolicy *policy = trained_policy();
    SdqnSession *session = begin_session(&set, policy, 1);
    int steps = 0;
    run_viewer(session, NULL, 0, false);
    assert_true(session->complete);
    assert_int_equal(fake.ended, 3);
    for (int t = 0; t < 3; t++) steps += (int)session->results.tasks[t].episodes[0].steps;
    // The first state, the steps, and a second of each last one, whose end shows the first state of the next.
    assert_int_equal(fake.pictures, 1 + steps + 3 * 50 - 1);
    sdqn_session_destroy(session);
    sdqn_weights_policy_destroy(policy);
}

static void pause_single_steps_and_speed(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnWeightsPolicy *policy = trained_policy();
    SdqnSession *session = begin_session(&set, policy, 1);
    const Deed paused[] = {DOWN(11, ' '), CLOSE(30)}; // 10 steps, then none
    RUN(session, paused, false);
    assert_int_equal(session->lander.steps, 10);
    assert_int_equal(fake.pictures, 30);
    assert_int_equal(fake.drawn, 1 + 10 + 1); // the first state, the steps, the word that it is paused
    assert_int_equal(fake.shown, 1 + 10 + 1 + 18 / 10);
    const Deed stepped[] = {DOWN(1, '.'), DOWN(5, '.'), {7, {SDQN_EVENT_KEY_DOWN, '.', true}}, CLOSE(20)};
    RUN(session, stepped, false);
    assert_int_equal(session->lander.steps, 13);
    const Deed fast[] = {DOWN(1, '+'), DOWN(1, '='), CLOSE(11)}; // 4 steps a picture
    RUN(session, fast, false);
    assert_int_equal(session->lander.steps, 13 + 40);
    const Deed slow[] = {DOWN(1, '-'), DOWN(1, '-'), CLOSE(41)};
    RUN(session, slow, false);
    assert_int_equal(session->lander.steps, 53 + 10);
    sdqn_session_destroy(session);
    sdqn_weights_policy_destroy(policy);
}

static void an_arrow_takes_over_and_f_hands_back(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnWeightsPolicy *policy = trained_policy();
    SdqnSession *session = begin_session(&set, policy, 1);
    const Deed deeds[] = {DOWN(5, SDQN_KEY_RIGHT), CLOSE(10)};
    RUN(session, deeds, false);
    assert_true(session->by_hand && session->was_by_hand);
    assert_int_equal(session->action, 3);
    const Deed back[] = {DOWN(3, 'f'), CLOSE(6)};
    RUN(session, back, false);
    assert_false(session->by_hand);
    assert_true(session->was_by_hand);
    sdqn_session_destroy(session);
    sdqn_weights_policy_destroy(policy);
}

static void a_window_of_another_size_gets_pictures_of_its_shape(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnSession *session = begin_session(&set, NULL, 0);
    const Deed deeds[] = {CLOSE(10)};
    fake.grow_at = 5;
    RUN(session, deeds, true);
    fake.grow_at = 0;
    sdqn_session_destroy(session);
}

/// A person's episode begins with the first arrow and is over until something is asked for.
static void a_person_is_waited_for(void **state) {
    (void)state;
    const SdqnTaskSet set = three_tasks();
    SdqnSession *session = begin_session(&set, NULL, 0);
    const Deed never[] = {DOWN(500, 'q')};
    RUN(session, never, true);
    assert_int_equal(session->lander.steps, 0);
    const Deed fall[] = {DOWN(20, SDQN_KEY_UP), UP(20, SDQN_KEY_UP), CLOSE(3000)};
    RUN(session, fall, true);
    assert_true(session->ended);
    assert_int_equal(session->episode, 0);
    assert_int_equal(fake.ended, 1);
    assert_string_equal(sdqn_session_ending(session), "crashed");
    const Deed again[] = {DOWN(2, 'n'), DOWN(3, 't'), CLOSE(6)};
    RUN(session, again, true);
    assert_int_equal(session->task, 1);
    assert_int_equal(session->lander.steps, 0);
    sdqn_session_destroy(session);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_has_its_command),
        cmocka_unit_test(only_single_steps_repeat),
        cmocka_unit_test(the_arrow_pressed_last_fires),
        cmocka_unit_test(arrows_push_where_they_point),
        cmocka_unit_test(a_session_has_the_bits_of_an_evaluation),
        cmocka_unit_test(only_what_the_policy_alone_has_played_counts),
        cmocka_unit_test(a_restart_is_the_same_episode),
        cmocka_unit_test(episodes_and_tasks_come_in_turn),
        cmocka_unit_test(the_wind_is_what_pushes),
        cmocka_unit_test(a_session_refuses_too_many_episodes),
        cmocka_unit_test(the_overlay_says_what_happens),
        cmocka_unit_test(the_palette_has_the_pictures_colours),
        cmocka_unit_test(all_episodes_are_shown_a_picture_a_step),
        cmocka_unit_test(pause_single_steps_and_speed),
        cmocka_unit_test(an_arrow_takes_over_and_f_hands_back),
        cmocka_unit_test(a_window_of_another_size_gets_pictures_of_its_shape),
        cmocka_unit_test(a_person_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
