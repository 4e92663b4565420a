#include "watch/frame.h"

#include "watch/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_WIDTH = 7, MIN_CHART_WIDTH = 18, MIN_CHART_HEIGHT = 3, MAX_CHART_HEIGHT = 30 };

/// Where things go.
typedef struct Frame {
    SdqnScreen *screen;
    const SdqnWatchedRun *run;
    int first, count; ///< tasks shown in the table
    int charts;       ///< of them with a chart
    int row;          ///< the next free one
    int bottom;       ///< behind the last one to be used
} Frame;

static void format_duration(double seconds, char text[24]) {
    if (!(seconds >= 0.0 && seconds < 1e8)) {
        snprintf(text, 24, "?");
        return;
    }
    const long total = (long)(seconds + 0.5);
    if (total >= 3600)
        snprintf(text, 24, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
    else
        snprintf(text, 24, "%ld:%02ld", total / 60, total % 60);
}

/// "12.3", or a dash for what is not known; what would be very long as "1.2e+09".
static const char *format_number(double value, int decimals, char text[24]) {
    if (!isfinite(value)) {
        snprintf(text, 24, "-");
    } else if (fabs(value) >= 1e6) {
        snprintf(text, 24, "%.1e", value);
    } else {
        snprintf(text, 24, "%.*f", decimals, value);
    }
    return text;
}

/// Text on as many rows as it needs, broken between words. @return the row behind it
static int draw_lines(SdqnScreen *screen, int row, int row_end, SdqnColour colour, const char *text) {
    while (*text != '\0' && row < row_end) {
        const size_t width = (size_t)screen->width, length = strlen(text);
        size_t part = length;
        if (length > width) {
            for (part = width; part > 0 && text[part] != ' ';) part--;
            if (part == 0) part = width;
            while (part > 1 && ((unsigned char)text[part] & 0xc0) == 0x80) part--; // not within a character
        }
        char line[SDQN_SCREEN_MAX_WIDTH + 1];
        snprintf(line, sizeof line, "%.*s", (int)part, text);
        sdqn_screen_text(screen, row++, 0, screen->width, colour, line);
        text += part;
        while (*text == ' ') text++;
    }
    return row;
}

// ---- head -----------------------------------------------------------------------------------------------------------------------

static void draw_head(Frame *frame) {
    static const struct {
        const char *name;
        SdqnColour colour;
    } states[] = {[SDQN_RUN_MISSING] = {"waiting", SDQN_COLOUR_YELLOW},
                  [SDQN_RUN_TRAINING] = {"training", SDQN_COLOUR_GREEN},
                  [SDQN_RUN_STOPPED] = {"stopped", SDQN_COLOUR_RED},
                  [SDQN_RUN_FINISHED] = {"finished", SDQN_COLOUR_CYAN}};
    const SdqnWatchedRun *run = frame->run;
    const int width = frame->screen->width, state_column = width - (int)strlen(states[run->state].name);
    sdqn_screen_text(frame->screen, 0, state_column, width, states[run->state].colour, states[run->state].name);
    char settings[SDQN_CONFIG_NAME_SIZE + 40] = "";
    if (run->num_tasks > 0) snprintf(settings, sizeof settings, "%s, seed %llu", run->method, (unsigned long long)run->seed);
    int path_end = state_column - 1;
    if (path_end - (int)strlen(settings) > 16) path_end -= (int)strlen(settings) + 2;
    // The end of a long path says more than its beginning.
    size_t length = strlen(run->path), cut = length > (size_t)path_end ? length - (size_t)path_end + 3 : 0;
    while (cut > 0 && ((unsigned char)run->path[cut] & 0xc0) == 0x80) cut++;
    int column = cut > 0 ? sdqn_screen_text(frame->screen, 0, 0, path_end, SDQN_COLOUR_BOLD, "...") : 0;
    column = sdqn_screen_text(frame->screen, 0, column, path_end, SDQN_COLOUR_BOLD, run->path + cut);
    sdqn_screen_text(frame->screen, 0, column + 2, state_column - 1, SDQN_COLOUR_DIM, settings);
    frame->row = 1;
}

static void draw_bar(SdqnScreen *screen, int row, int width, double share) {
    // Eighths of a character at the bar's end.
    const int eighths = (int)(share * width * 8 + 0.5);
    for (int c = 0; c < width; c++) {
        const int part = eighths - 8 * c;
        const uint32_t filled = screen->ascii ? '#' : part >= 8 ? 0x2588 : 0x2590U - (uint32_t)part;
        const bool any = screen->ascii ? part >= 4 : part > 0;
        sdqn_screen_put(screen, row, c, any ? SDQN_COLOUR_CYAN : SDQN_COLOUR_DIM, any ? filled : screen->ascii ? '-' : 0x2500);
    }
}

/// Progress, speed and time; what does not fit is left out from the right.
static void draw_progress(Frame *frame) {
    const SdqnWatchedRun *run = frame->run;
    char text[128], speed[64], spent[24] = "", left[24];
    const int width = frame->screen->width;
    const double share = run->total_episodes > 0 ? (double)run->episodes / (double)run->total_episodes : 0.0;
    const bool wide = width >= 64, goes_on = run->state != SDQN_RUN_FINISHED && run->episodes < run->total_episodes;
    const bool timed = isfinite(run->seconds);
    if (timed) format_duration(run->seconds, spent);
    format_duration(run->seconds_left, left);
    snprintf(text, sizeof text, "%lld/%lld%s%s%s%s", (long long)run->episodes, (long long)run->total_episodes, wide ? " episodes" : "",
             timed ? "  " : "", spent, timed && wide ? " trained" : "");
    if (goes_on && timed) snprintf(text + strlen(text), sizeof text - strlen(text), ", %s left", left);
    snprintf(speed, sizeof speed, "  %.0f updates/s", run->updates_per_second);
    int rest = (int)strlen(text);
    const bool with_speed = rest + (int)strlen(speed) + 12 <= width && run->state == SDQN_RUN_TRAINING;
    if (with_speed) rest += (int)strlen(speed);
    const int bar = width - rest - 1;
    if (bar >= 8) draw_bar(frame->screen, frame->row, bar, share > 1.0 ? 1.0 : share);
    const int column = sdqn_screen_text(frame->screen, frame->row, bar >= 8 ? bar + 1 : 0, width, SDQN_COLOUR_PLAIN, text);
    if (with_speed) sdqn_screen_text(frame->screen, frame->row, column, width, SDQN_COLOUR_DIM, speed);
    frame->row++;
}

/// The end of the charts: what was trained, but not less than a few episodes.
static double episodes_shown(const SdqnWatchedRun *run) { return run->episodes > 40 ? (double)run->episodes : 40.0; }

// ---- charts ---------------------------------------------------------------------------------------------------------------------

enum { MAX_VALUES = 4096 };

static int compare_values(const void *a, const void *b) {
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/// What the charts show of a task: evaluations, and training returns as means over windows.
static int collect_values(const SdqnWatchedRun *run, const SdqnWatchedTask *task, double *values, int count) {
    const double part = sdqn_chart_window(&task->training, episodes_shown(run));
    for (int i = 0; i * part < episodes_shown(run) && count < MAX_VALUES; i++) {
        const double mean = sdqn_series_mean(&task->training, i * part, (i + 1) * part);
        if (isfinite(mean)) values[count++] = mean;
    }
    for (int i = 0; i < task->evaluations.count && count < MAX_VALUES; i++) values[count++] = (double)task->evaluations.y[i];
    return count;
}

/// The range of the charts: round ends that hold all values but the worst twentieth, since single crashes cost hundreds.
static void find_range(const Frame *frame, double *low, double *high) {
    static const double steps[] = {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
    double values[MAX_VALUES], first = -100.0, last = 100.0, step = steps[0];
    int count = 0;
    for (int t = frame->first; t < frame->first + frame->charts; t++)
        count = collect_values(frame->run, &frame->run->tasks[t], values, count);
    if (count > 0) {
        qsort(values, (size_t)count, sizeof *values, compare_values);
        first = values[count / 20];
        last = values[count - 1];
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps && (last - first) / step > 8.0; i++) step = steps[i];
    *low = floor(first / step) * step;
    *high = ceil(last / step) * step;
    if (*high - *low < 2 * step) *high = *low + 2 * step;
}

static void draw_labels(const Frame *frame, const SdqnChart *chart) {
    char text[24];
    const double values[] = {chart->y_high, chart->y_low};
    const int rows[] = {chart->row, chart->row + chart->height - 1};
    for (int i = 0; i < 2; i++) {
        if (snprintf(text, sizeof text, "%*.0f", LABEL_WIDTH - 1, values[i] + 0.0) >= LABEL_WIDTH) // + 0.0: no -0
            snprintf(text, sizeof text, "%*.0e", LABEL_WIDTH - 1, values[i]);
        sdqn_screen_text(frame->screen, rows[i], 0, LABEL_WIDTH, SDQN_COLOUR_DIM, text);
    }
    if (!(chart->y_low < 0.0 && chart->y_high > 0.0)) return;
    const int row = chart->row + chart->height - 1 - (int)floor(-chart->y_low / (chart->y_high - chart->y_low) * chart->height);
    if (row > rows[0] && row < rows[1]) sdqn_screen_print(frame->screen, row, 0, LABEL_WIDTH, SDQN_COLOUR_DIM, "%*d", LABEL_WIDTH - 1, 0);
}

/// A chart for each task, beside each other, over the same ranges. @param height  characters of a chart
static void draw_charts(Frame *frame, int height) {
    const SdqnWatchedRun *run = frame->run;
    const int width = (frame->screen->width - LABEL_WIDTH + 1) / frame->charts - 1;
    SdqnChart chart = {.row = frame->row + 1, .width = width, .height = height, .x_high = episodes_shown(run)};
    find_range(frame, &chart.y_low, &chart.y_high);
    draw_labels(frame, &chart);
    for (int i = 0; i < frame->charts; i++) {
        const SdqnWatchedTask *task = &run->tasks[frame->first + i];
        chart.column = LABEL_WIDTH + i * (width + 1);
        sdqn_screen_text(frame->screen, frame->row, chart.column, chart.column + width, SDQN_COLOUR_BOLD, task->name);
        sdqn_chart_level(frame->screen, &chart, 0.0);
        sdqn_chart_curve(frame->screen, &chart, &task->training, SDQN_COLOUR_CYAN);
        sdqn_chart_marks(frame->screen, &chart, &task->evaluations, SDQN_COLOUR_YELLOW);
        char last[24];
        snprintf(last, sizeof last, "%.0f", chart.x_high);
        sdqn_screen_text(frame->screen, chart.row + height, chart.column, chart.column + width, SDQN_COLOUR_DIM, "0");
        sdqn_screen_text(frame->screen, chart.row + height, chart.column + width - (int)strlen(last), chart.column + width, SDQN_COLOUR_DIM,
                         last);
    }
    frame->row += height + 2;
}

// ---- tables ---------------------------------------------------------------------------------------------------------------------

/// Columns of the table of tasks, those first that are wanted most: which are there depends on the width.
enum { COLUMN_TRAINING = 0, COLUMN_LAST, COLUMN_BEST, COLUMN_AT_REST, NUM_COLUMNS };
#define EPISODE_WIDTH 12 ///< of the columns with an episode in their head

static void draw_cells(const Frame *frame, const char *name, const char *const *cells, SdqnColour colour) {
    static const int widths[NUM_COLUMNS] = {10, EPISODE_WIDTH, EPISODE_WIDTH, 9};
    const int width = frame->screen->width, name_width = width < 56 ? 12 : 20;
    int column = name_width;
    sdqn_screen_text(frame->screen, frame->row, 0, name_width, colour, name);
    for (int i = 0; i < NUM_COLUMNS && column + widths[i] <= width; column += widths[i], i++) {
        const int start = column + widths[i] - (int)strlen(cells[i]);
        sdqn_screen_text(frame->screen, frame->row, start > column ? start : column + 1, column + widths[i], colour, cells[i]);
    }
}

/// "eval @1500", without the episode where there is no room for it.
static void describe_episode(const char *what, int64_t episode, char text[static 32]) {
    const int length = snprintf(text, 32, "%s @%lld", what, (long long)episode);
    if (length >= EPISODE_WIDTH) snprintf(text, 32, "%s", what);
}

static void draw_table_head(Frame *frame) {
    const SdqnWatchedRun *run = frame->run;
    char last[32] = "eval", best[32] = "best";
    const bool is_final = run->num_tasks > 0 && run->tasks[0].has_final;
    if (is_final) snprintf(last, sizeof last, "final");
    if (!is_final && run->evaluated_episode >= 0) describe_episode("eval", run->evaluated_episode, last);
    if (run->best_episode >= 0) describe_episode("best", run->best_episode, best);
    draw_cells(frame, "returns", (const char *const[NUM_COLUMNS]){"last 20", last, best, "at rest"}, SDQN_COLOUR_DIM);
    frame->row++;
}

static void draw_table(Frame *frame, int rows) {
    const SdqnWatchedRun *run = frame->run;
    draw_table_head(frame);
    for (int i = 0; i < rows; i++, frame->row++) {
        const SdqnWatchedTask *task = &run->tasks[frame->first + i];
        char training[24], last[24], best[24], at_rest[24];
        const double none = (double)NAN;
        format_number(sdqn_watched_task_recent(task), 1, training);
        format_number(task->has_evaluation ? task->evaluation : none, 1, last);
        format_number(run->best_episode >= 0 && task->has_evaluation ? task->best : none, 1, best);
        const bool is_share = task->has_evaluation && task->at_rest >= 0.0 && task->at_rest <= 1.0;
        snprintf(at_rest, sizeof at_rest, is_share ? "%.0f %%" : "-", 100.0 * task->at_rest);
        draw_cells(frame, task->name, (const char *const[NUM_COLUMNS]){training, last, best, at_rest}, SDQN_COLOUR_PLAIN);
    }
    if (run->num_tasks < 2 || frame->row >= frame->bottom) return;
    char last[24], best[24];
    format_number(run->evaluated_episode >= 0 ? run->evaluation_mean : (double)NAN, 1, last);
    format_number(run->best_episode >= 0 ? run->best_mean : (double)NAN, 1, best);
    draw_cells(frame, "mean", (const char *const[NUM_COLUMNS]){"", last, best, ""}, SDQN_COLOUR_BOLD);
    frame->row++;
}

/// How often the tasks' gradients conflict.
static void draw_conflict(Frame *frame) {
    const SdqnWatchedRun *run = frame->run;
    char cosine[24];
    if (!run->has_conflict) return;
    const bool wide = frame->screen->width >= 60;
    const int column = sdqn_screen_print(frame->screen, frame->row, 0, frame->screen->width, SDQN_COLOUR_PLAIN,
                                         "%s%.0f %%%s, least cosine %s  ", wide ? "gradients  " : "conflict ", 100.0 * run->conflict,
                                         wide ? " of pairs conflict" : "", format_number(run->least_cosine, 2, cosine));
    const SdqnChart chart = {
        .row = frame->row, .column = column, .width = frame->screen->width - column, .x_high = episodes_shown(run), .y_high = 1.0};
    if (chart.width >= 8) sdqn_chart_line(frame->screen, &chart, &run->conflicts, SDQN_COLOUR_CYAN);
    frame->row++;
}

static void draw_numbers(Frame *frame) {
    const SdqnWatchedRun *run = frame->run;
    char epsilon[24], loss[24];
    if (run->episodes == 0) return;
    const int width = frame->screen->width;
    const int column = sdqn_screen_print(frame->screen, frame->row, 0, width, SDQN_COLOUR_DIM, "steps %llu  updates %llu",
                                         (unsigned long long)run->steps, (unsigned long long)run->updates);
    if (width >= 60)
        sdqn_screen_print(frame->screen, frame->row, column, width, SDQN_COLOUR_DIM, "  epsilon %s  loss %s",
                          format_number(run->epsilon, 3, epsilon), format_number(run->loss, 3, loss));
    frame->row++;
}

static void draw_keys(const Frame *frame, int rows) {
    const char *more = rows < frame->run->num_tasks ? "q quits, n and p show other tasks" : "q quits";
    sdqn_screen_text(frame->screen, frame->screen->height - 1, 0, frame->screen->width, SDQN_COLOUR_DIM, more);
}

// ---- the whole ------------------------------------------------------------------------------------------------------------------

static void draw_note(Frame *frame) {
    const SdqnWatchedRun *run = frame->run;
    // Where a run is still in view its numbers come first.
    const int row_end = run->num_tasks > 0 ? frame->row + 1 : frame->bottom;
    frame->row = draw_lines(frame->screen, frame->row, row_end, SDQN_COLOUR_YELLOW, run->note);
}

/// Rows of the table: head, tasks, mean.
static int table_rows(const Frame *frame) { return 1 + frame->count + (frame->run->num_tasks > 1 ? 1 : 0); }

/// As many tasks in the table as it has rows for, as many charts as fit beside each other. @param height  of charts, written; 0: none
static void choose_tasks(Frame *frame, int first_task, int *height) {
    const SdqnWatchedRun *run = frame->run;
    const int free_rows = frame->bottom - frame->row, across = (frame->screen->width - LABEL_WIDTH + 1) / (MIN_CHART_WIDTH + 1);
    frame->count = run->num_tasks;
    while (frame->count > 1 && table_rows(frame) > free_rows) frame->count--;
    frame->charts = frame->count < across ? frame->count : across;
    const int below = table_rows(frame) + (run->has_conflict ? 1 : 0) + (run->episodes > 0 ? 1 : 0);
    *height = free_rows - below - 3; // a title, the episodes, the legend
    if (*height > MAX_CHART_HEIGHT) *height = MAX_CHART_HEIGHT;
    if (*height < MIN_CHART_HEIGHT) *height = 0;
    // Where not every task of the table has its chart, each can come first; else all that there are fill the table.
    const int last_first = run->num_tasks - (*height > 0 && frame->charts < frame->count ? 1 : frame->count);
    frame->first = first_task < 0 ? 0 : first_task < last_first ? first_task : last_first;
    if (frame->charts > run->num_tasks - frame->first) frame->charts = run->num_tasks - frame->first;
    if (frame->count > run->num_tasks - frame->first) frame->count = run->num_tasks - frame->first;
}

int sdqn_frame_draw(SdqnScreen *screen, const SdqnWatchedRun *run, int *first_task, bool keys) {
    Frame frame = {.screen = screen, .run = run, .bottom = screen->height - (keys ? 1 : 0)};
    if (screen->width < SDQN_FRAME_MIN_WIDTH || screen->height < SDQN_FRAME_MIN_HEIGHT) {
        char text[64];
        snprintf(text, sizeof text, "too small: %d x %d is needed", SDQN_FRAME_MIN_WIDTH, SDQN_FRAME_MIN_HEIGHT);
        draw_lines(screen, 0, screen->height, SDQN_COLOUR_PLAIN, text);
        return 0;
    }
    draw_head(&frame);
    draw_note(&frame);
    if (run->num_tasks == 0) {
        if (keys) draw_keys(&frame, 0);
        return 0;
    }
    draw_progress(&frame);
    int height;
    choose_tasks(&frame, *first_task, &height);
    *first_task = frame.first;
    if (height > 0) {
        draw_charts(&frame, height);
        sdqn_screen_text(screen, frame.row++, LABEL_WIDTH, screen->width, SDQN_COLOUR_DIM,
                         "returns by episode: curves of training, o evaluations");
    }
    draw_table(&frame, frame.count);
    if (frame.row < frame.bottom) draw_conflict(&frame);
    if (frame.row < frame.bottom) draw_numbers(&frame);
    const int shown = height > 0 ? frame.charts : frame.count;
    if (keys) draw_keys(&frame, shown);
    return shown;
}
