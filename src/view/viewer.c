#include "view/viewer.h"

#include "core/clock.h"
#include "view/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOLD_PICTURES 50 ///< shown of an episode that has ended: a second
#define NORMAL_SPEED 3
#define REST_PICTURES 10       ///< one of so many is shown while nothing changes: for a window that was covered
#define MAX_PICTURE_WIDTH 2400 ///< pixels drawn; a larger window shows them stretched

static const double SPEEDS[] = {0.125, 0.25, 0.5, 1, 2, 4, 8, 16};
#define NUM_SPEEDS ((int)(sizeof SPEEDS / sizeof *SPEEDS))

typedef struct Viewer {
    const SdqnViewerDef *def;
    SdqnScreen *screen;
    SdqnCanvas *canvas;
    int width, height;      ///< of the canvas
    SdqnScene scene, drawn; ///< to be shown; on the canvas
    bool is_drawn;          ///< there is something on the canvas
    int rested;             ///< pictures in which nothing has changed
    SdqnHands hands;
    SdqnOverlay overlay;
    char message[SDQN_SHAPE_TEXT_SIZE + 40];
    int speed;
    double due;           ///< steps that are to be made, and a part of one
    double hold;          ///< pictures left of an episode that has ended
    bool step_once, quit; ///< asked for
    double next;          ///< when the next picture may be shown, on sdqn_clock_seconds
} Viewer;

// ---- commands -------------------------------------------------------------------------------------------------------------------

static void begin_episode(Viewer *viewer) {
    viewer->due = 0;
    viewer->overlay.paused = viewer->def->waits && viewer->def->session->by_hand;
}

static void obey(Viewer *viewer, SdqnCommandKind command) {
    SdqnSession *session = viewer->def->session;
    switch (command) {
    case SDQN_COMMAND_NONE:
        break;
    case SDQN_COMMAND_PAUSE:
        viewer->overlay.paused = !viewer->overlay.paused;
        break;
    case SDQN_COMMAND_SINGLE_STEP:
        viewer->overlay.paused = viewer->step_once = true;
        break;
    case SDQN_COMMAND_FASTER:
        viewer->speed += viewer->speed < NUM_SPEEDS - 1;
        break;
    case SDQN_COMMAND_SLOWER:
        viewer->speed -= viewer->speed > 0;
        break;
    case SDQN_COMMAND_NEXT_EPISODE:
        sdqn_session_next_episode(session);
        break;
    case SDQN_COMMAND_NEXT_TASK:
        sdqn_session_next_task(session);
        break;
    case SDQN_COMMAND_RESTART:
        sdqn_session_restart(session);
        break;
    case SDQN_COMMAND_FLY:
        sdqn_session_set_by_hand(session, !session->by_hand);
        break;
    case SDQN_COMMAND_OVERLAY:
        viewer->overlay.panels = !viewer->overlay.panels;
        break;
    case SDQN_COMMAND_HELP:
        viewer->overlay.help = !viewer->overlay.help;
        break;
    case SDQN_COMMAND_QUIT:
        viewer->quit = true;
        break;
    }
    if (command == SDQN_COMMAND_NEXT_EPISODE || command == SDQN_COMMAND_NEXT_TASK || command == SDQN_COMMAND_RESTART) begin_episode(viewer);
}

static void take_events(Viewer *viewer) {
    SdqnEvent event;
    viewer->step_once = false;
    while (!viewer->quit && !viewer->def->session->complete && viewer->def->window->poll(viewer->screen, &event)) {
        bool arrow;
        obey(viewer, sdqn_keys_take(&viewer->hands, &event, &arrow));
        if (!arrow) continue;
        if (viewer->def->session->by_hand && viewer->def->waits) viewer->overlay.paused = false;
        sdqn_session_set_by_hand(viewer->def->session, true);
    }
    if (viewer->def->stops != NULL && viewer->def->stops(viewer->def->context)) viewer->quit = true;
}

// ---- time -----------------------------------------------------------------------------------------------------------------------

static void step(Viewer *viewer) {
    const SdqnViewerDef *def = viewer->def;
    sdqn_session_step(def->session, sdqn_hands_action(&viewer->hands));
    sdqn_overlay_follow(&viewer->overlay, def->session);
    if (!def->session->ended) return;
    viewer->hold = HOLD_PICTURES;
    if (def->ended != NULL) def->ended(def->context, def->session);
}

/// Let the time of one picture pass.
static void advance(Viewer *viewer) {
    SdqnSession *session = viewer->def->session;
    if (session->ended) {
        if (viewer->overlay.paused || viewer->def->waits) return;
        viewer->hold -= SPEEDS[viewer->speed] > 1 ? SPEEDS[viewer->speed] : 1;
        if (viewer->hold > 0) return;
        sdqn_session_next_episode(session);
        if (!session->complete) begin_episode(viewer);
        return;
    }
    if (viewer->overlay.paused) {
        if (viewer->step_once) step(viewer);
        return;
    }
    viewer->due += SPEEDS[viewer->speed];
    while (viewer->due >= 1 && !session->ended) {
        step(viewer);
        viewer->due -= 1;
    }
}

static void wait_for_turn(Viewer *viewer) {
    if (!(viewer->def->pictures_per_second > 0)) return;
    const double period = 1 / viewer->def->pictures_per_second, now = sdqn_clock_seconds();
    if (viewer->next < now - period) viewer->next = now; // too slow a machine: no catching up
    const double left = viewer->next - now;
    viewer->next += period;
    if (left <= 0) return;
    const struct timespec pause = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    nanosleep(&pause, NULL);
}

// ---- pictures -------------------------------------------------------------------------------------------------------------------

/// A canvas of the window's size, or of its shape if that is very large.
static SdqnStatus fit_canvas(Viewer *viewer, SdqnError *error) {
    int width, height;
    viewer->def->window->size(viewer->screen, &width, &height);
    if (width > MAX_PICTURE_WIDTH) {
        height = (int)((double)height * MAX_PICTURE_WIDTH / width);
        width = MAX_PICTURE_WIDTH;
    }
    width = width < 1 ? 1 : width;
    height = height < 1 ? 1 : height > SDQN_CANVAS_MAX_SIDE ? SDQN_CANVAS_MAX_SIDE : height;
    if (viewer->canvas != NULL && viewer->width == width && viewer->height == height) return SDQN_OK;
    SdqnCanvas *fresh = NULL;
    const SdqnStatus status = viewer->def->draw->create(width, height, &fresh, error);
    if (status != SDQN_OK) return status;
    viewer->def->draw->destroy(viewer->canvas);
    viewer->canvas = fresh;
    viewer->is_drawn = false;
    viewer->width = width;
    viewer->height = height;
    return SDQN_OK;
}

static const char *message_of(Viewer *viewer) {
    const SdqnSession *session = viewer->def->session;
    if (session->ended) {
        sdqn_overlay_describe_end(session, viewer->message);
        const size_t length = strlen(viewer->message);
        if (viewer->def->waits) snprintf(viewer->message + length, sizeof viewer->message - length, "; r: again, n: next, q: quit");
        return viewer->message;
    }
    const bool begins = viewer->def->waits && session->by_hand && session->lander.steps == 0;
    return begins ? "fly with the arrow keys: press one to begin; h: all keys" : NULL;
}

static bool is_drawn(const Viewer *viewer) {
    const size_t size = (size_t)viewer->scene.num_shapes * sizeof *viewer->scene.shapes;
    return viewer->is_drawn && viewer->drawn.num_shapes == viewer->scene.num_shapes &&
           memcmp(viewer->drawn.shapes, viewer->scene.shapes, size) == 0;
}

static SdqnStatus draw(Viewer *viewer, SdqnError *error) {
    const SdqnStatus status = viewer->def->draw->draw(viewer->canvas, &viewer->scene, error);
    viewer->is_drawn = status == SDQN_OK;
    viewer->drawn = viewer->scene;
    return status;
}

static SdqnStatus show(Viewer *viewer, SdqnError *error) {
    const SdqnViewerDef *def = viewer->def;
    viewer->overlay.speed = SPEEDS[viewer->speed];
    viewer->overlay.message = message_of(viewer);
    sdqn_scene_make(&viewer->scene, &def->session->lander, &def->session->flames);
    sdqn_overlay_add(&viewer->scene, def->session, &viewer->overlay);
    SdqnStatus status = fit_canvas(viewer, error);
    const bool changes = status == SDQN_OK && !is_drawn(viewer);
    viewer->rested = changes ? 0 : viewer->rested + 1;
    if (changes) status = draw(viewer, error);
    if (!changes && viewer->rested % REST_PICTURES != 0) return status; // a pause can be long, and is to cost little
    if (status != SDQN_OK) return status;
    size_t stride;
    const uint8_t *pixels = def->draw->pixels(viewer->canvas, &stride);
    return def->window->show(viewer->screen, pixels, stride, viewer->width, viewer->height, error);
}

SdqnStatus sdqn_viewer_run(const SdqnViewerDef *def, SdqnError *error) {
    Viewer *viewer = calloc(1, sizeof *viewer);
    if (viewer == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "view: out of memory");
    *viewer = (Viewer){.def = def, .speed = NORMAL_SPEED, .overlay = {.panels = true, .q_scale = 1}};
    SdqnStatus status = def->window->open(def->title, SDQN_SCENE_WIDTH * 3 / 2, SDQN_SCENE_HEIGHT * 3 / 2, &viewer->screen, error);
    if (status == SDQN_OK) {
        begin_episode(viewer);
        sdqn_overlay_follow(&viewer->overlay, def->session);
        status = show(viewer, error);
    }
    while (status == SDQN_OK) {
        take_events(viewer);
        if (!viewer->quit && !def->session->complete) advance(viewer);
        if (viewer->quit || def->session->complete) break;
        wait_for_turn(viewer);
        status = show(viewer, error);
    }
    def->draw->destroy(viewer->canvas);
    if (viewer->screen != NULL) def->window->close(viewer->screen);
    free(viewer);
    return status;
}
