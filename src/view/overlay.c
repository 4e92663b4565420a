#include "view/overlay.h"

#include "view/colors.h"
#include "view/keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT 12.0  ///< pixels
#define LINE 16.0  ///< from one base line to the next
#define MARGIN 8.0 ///< about a panel's contents
#define LEFT 8.0   ///< edges of the panels
#define RIGHT (SDQN_SCENE_WIDTH - 8.0)
#define TOP 8.0
#define STATE_WIDTH 190.0
#define WIND_ROW 5 ///< below task, seed, step, return and pilot
#define BAR_WIDTH 58.0
#define SINKING 0.98 ///< of the bars' scale in a step: half in 34 steps

static void add_box(SdqnScene *scene, double x, double y, double width, double height, SdqnColor color) {
    SdqnShape *box = sdqn_scene_add(scene, SDQN_SHAPE_POLYGON, SDQN_PART_OVERLAY);
    box->fill = color;
    box->num_points = 4;
    box->points[0] = (SdqnPoint){x, y};
    box->points[1] = (SdqnPoint){x + width, y};
    box->points[2] = (SdqnPoint){x + width, y + height};
    box->points[3] = (SdqnPoint){x, y + height};
}

static SdqnShape *add_text(SdqnScene *scene, double x, double y, SdqnAlign align, SdqnColor color) {
    SdqnShape *text = sdqn_scene_add(scene, SDQN_SHAPE_TEXT, SDQN_PART_OVERLAY);
    text->fill = color;
    text->size = TEXT;
    text->align = align;
    text->num_points = 1;
    text->points[0] = (SdqnPoint){x, y};
    return text;
}

static void add_words(SdqnScene *scene, double x, double y, SdqnAlign align, SdqnColor color, const char *words) {
    SdqnShape *text = add_text(scene, x, y, align, color);
    snprintf(text->text, sizeof text->text, "%s", words);
}

static double line_y(int line) { return TOP + MARGIN + LINE * line + TEXT - 2; }

static void add_row(SdqnScene *scene, int line, const char *name, const char *value) {
    add_words(scene, LEFT + MARGIN, line_y(line), SDQN_ALIGN_LEFT, SDQN_GREY, name);
    add_words(scene, LEFT + MARGIN + 44, line_y(line), SDQN_ALIGN_LEFT, SDQN_WHITE, value);
}

static bool has_wind(const SdqnSession *session) {
    return session->lander.task.wind != SDQN_WIND_NONE && session->lander.task.wind_power > 0;
}

/// "1/8 x", "2 x, paused".
static void describe_speed(const SdqnOverlay *overlay, char text[SDQN_SHAPE_TEXT_SIZE]) {
    const bool slow = overlay->speed < 1;
    snprintf(text, SDQN_SHAPE_TEXT_SIZE, "%s%g x%s", slow ? "1/" : "", slow ? 1 / overlay->speed : overlay->speed,
             overlay->paused ? ", paused" : "");
}

static void add_state(SdqnScene *scene, const SdqnSession *session, const SdqnOverlay *overlay) {
    const SdqnTaskEntry *task = &session->def.set->tasks[session->task];
    char text[SDQN_SHAPE_TEXT_SIZE];
    const bool has_speed = overlay->paused || overlay->speed != 1.0;
    const int rows = WIND_ROW + has_wind(session);
    add_box(scene, LEFT, TOP, STATE_WIDTH, 2 * MARGIN + (rows + has_speed) * LINE - 2, SDQN_PANEL);
    snprintf(text, sizeof text, strlen(task->name) > 18 ? "%.16s.." : "%s", task->name);
    add_row(scene, 0, "task", text);
    snprintf(text, sizeof text, "%llu", (unsigned long long)session->seed);
    add_row(scene, 1, "seed", text);
    snprintf(text, sizeof text, "%d of %d", (int)session->lander.steps, task->time_limit_steps);
    add_row(scene, 2, "step", text);
    snprintf(text, sizeof text, "%.1f", session->episode_return);
    add_row(scene, 3, "return", text);
    add_row(scene, 4, "pilot", session->by_hand ? "you" : "the network");
    describe_speed(overlay, text);
    if (has_speed) add_row(scene, rows, "speed", text);
}

static double mean_q(const SdqnSession *session) {
    double sum = 0;
    for (int a = 0; a < SDQN_LANDER_NUM_ACTIONS; a++) sum += (double)session->q[a];
    return sum / SDQN_LANDER_NUM_ACTIONS;
}

/// Actions, the last one marked, and their Q-values: as numbers, and as bars to the right or left of their mean. Bars from zero would all
/// look the same, since what a state is worth is much more than what an action adds.
static void add_actions(SdqnScene *scene, const SdqnSession *session, const SdqnOverlay *overlay) {
    static const char *const names[SDQN_LANDER_NUM_ACTIONS] = {"nothing", "left", "main", "right"};
    const bool has_q = session->def.policy != NULL;
    const double width = has_q ? 232 : 76, left = RIGHT - width, middle = RIGHT - MARGIN - 46 - BAR_WIDTH, mean = mean_q(session);
    add_box(scene, left, TOP, width, 2 * MARGIN + (SDQN_LANDER_NUM_ACTIONS + 1) * LINE - 2, SDQN_PANEL);
    add_words(scene, left + MARGIN, line_y(0), SDQN_ALIGN_LEFT, SDQN_GREY, "action");
    if (has_q) {
        add_words(scene, middle, line_y(0), SDQN_ALIGN_CENTER, SDQN_GREY, "\xe2\x88\x92 mean +");
        add_words(scene, RIGHT - MARGIN, line_y(0), SDQN_ALIGN_RIGHT, SDQN_GREY, "Q-value");
    }
    for (int a = 0; a < SDQN_LANDER_NUM_ACTIONS; a++) {
        const bool chosen = a == session->action;
        const double y = line_y(a + 1);
        add_words(scene, left + MARGIN, y, SDQN_ALIGN_LEFT, chosen ? SDQN_ORANGE : SDQN_WHITE, names[a]);
        if (!has_q) continue;
        const double share = ((double)session->q[a] - mean) / overlay->q_scale, length = BAR_WIDTH * fmin(fmax(share, -1), 1);
        add_box(scene, middle, y - TEXT + 3, length, TEXT - 2, chosen ? SDQN_ORANGE : SDQN_BLUE);
        SdqnShape *value = add_text(scene, RIGHT - MARGIN, y, SDQN_ALIGN_RIGHT, chosen ? SDQN_ORANGE : SDQN_WHITE);
        snprintf(value->text, sizeof value->text, fabs((double)session->q[a]) < 1e4 ? "%.1f" : "%.0e", (double)session->q[a]);
    }
    if (has_q) add_box(scene, middle - 0.5, line_y(1) - TEXT, 1, SDQN_LANDER_NUM_ACTIONS * LINE, SDQN_GREY);
}

/// The wind as an arrow from the middle of its row, at full power to the row's end.
static void add_wind(SdqnScene *scene, const SdqnSession *session) {
    const double power = session->lander.task.wind_power, half = 34, head = 4;
    const double middle = LEFT + MARGIN + 44 + half, y = line_y(WIND_ROW) - 4;
    SdqnShape *value = add_text(scene, LEFT + STATE_WIDTH - MARGIN, line_y(WIND_ROW), SDQN_ALIGN_RIGHT, SDQN_WHITE);
    add_words(scene, LEFT + MARGIN, line_y(WIND_ROW), SDQN_ALIGN_LEFT, SDQN_GREY, "wind");
    snprintf(value->text, sizeof value->text, "%.1f N", fabs(session->wind));
    const double share = fmin(fmax(session->wind / power, -1), 1), length = fabs(half * share);
    add_box(scene, middle - 0.5, y - 6, 1, 12, SDQN_GREY);
    if (length < 1) return;
    const double tip = middle + half * share, back = copysign(fmin(head + 2, length), share);
    add_box(scene, middle, y - 1.5, tip - back - middle, 3, SDQN_SKY_BLUE);
    SdqnShape *arrow = sdqn_scene_add(scene, SDQN_SHAPE_POLYGON, SDQN_PART_OVERLAY);
    arrow->fill = SDQN_SKY_BLUE;
    arrow->num_points = 3;
    arrow->points[0] = (SdqnPoint){tip, y};
    arrow->points[1] = (SdqnPoint){tip - back, y - head};
    arrow->points[2] = (SdqnPoint){tip - back, y + head};
}

/// Where the lander is while it is above the picture.
static void add_pointer(SdqnScene *scene, const SdqnSession *session) {
    const double pixels_per_metre = 30, hull_height = 20, size = 7;
    const SdqnVec2 hull = session->lander.world.bodies[0].transform.p;
    const double x = fmin(fmax((double)hull.x * pixels_per_metre, size), SDQN_SCENE_WIDTH - size);
    if ((double)hull.y * pixels_per_metre < SDQN_SCENE_HEIGHT + hull_height) return;
    SdqnShape *pointer = sdqn_scene_add(scene, SDQN_SHAPE_POLYGON, SDQN_PART_OVERLAY);
    pointer->fill = SDQN_PURPLE;
    pointer->num_points = 3;
    pointer->points[0] = (SdqnPoint){x, 2};
    pointer->points[1] = (SdqnPoint){x - size, 2 + size};
    pointer->points[2] = (SdqnPoint){x + size, 2 + size};
}

static void add_message(SdqnScene *scene, const char *message) {
    const double width = 420, y = SDQN_SCENE_HEIGHT - 40;
    add_box(scene, (SDQN_SCENE_WIDTH - width) / 2, y, width, 26, SDQN_DENSE_PANEL);
    add_words(scene, SDQN_SCENE_WIDTH / 2.0, y + 17, SDQN_ALIGN_CENTER, SDQN_WHITE, message);
}

static void add_help(SdqnScene *scene) {
    int count;
    const SdqnKeyHelp *help = sdqn_keys_help(&count);
    const double width = 270, height = 2 * MARGIN + count * LINE, x = (SDQN_SCENE_WIDTH - width) / 2, y = 142;
    add_box(scene, x, y, width, height, SDQN_DENSE_PANEL);
    for (int i = 0; i < count; i++) {
        const double base = y + MARGIN + LINE * i + TEXT - 1;
        add_words(scene, x + MARGIN, base, SDQN_ALIGN_LEFT, SDQN_ORANGE, help[i].keys);
        add_words(scene, x + MARGIN + 58, base, SDQN_ALIGN_LEFT, SDQN_WHITE, help[i].meaning);
    }
}

void sdqn_overlay_add(SdqnScene *scene, const SdqnSession *session, const SdqnOverlay *overlay) {
    if (overlay->panels) {
        add_state(scene, session, overlay);
        add_actions(scene, session, overlay);
        if (has_wind(session)) add_wind(scene, session);
        add_pointer(scene, session);
    }
    if (overlay->message != NULL) add_message(scene, overlay->message);
    if (overlay->help) add_help(scene);
}

void sdqn_overlay_follow(SdqnOverlay *overlay, const SdqnSession *session) {
    const double mean = mean_q(session);
    overlay->q_scale *= SINKING;
    if (overlay->q_scale < 1) overlay->q_scale = 1;
    for (int a = 0; a < SDQN_LANDER_NUM_ACTIONS; a++) {
        const double size = fabs((double)session->q[a] - mean);
        if (size > overlay->q_scale) overlay->q_scale = size; // fmax here is an internal error of gcc 12 for aarch64 at -O2
    }
}

void sdqn_overlay_describe_end(const SdqnSession *session, char text[SDQN_SHAPE_TEXT_SIZE]) {
    snprintf(text, SDQN_SHAPE_TEXT_SIZE, "%s: return %.1f in %d steps", sdqn_session_ending(session), session->episode_return,
             (int)session->lander.steps);
}
