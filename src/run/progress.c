#include "run/progress.h"

#include "core/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_SECONDS 0.1
#define LINE_EPISODES 50
#define SMOOTHING_SECONDS 10.0 ///< time constant of the running means
#define MIN_BAR 10             ///< a bar narrower than this is left out
#define DEFAULT_WIDTH 80

static int terminal_width(FILE *stream) {
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return DEFAULT_WIDTH;
    return size.ws_col < SDQN_PROGRESS_MAX_WIDTH ? size.ws_col : SDQN_PROGRESS_MAX_WIDTH;
}

static void format_duration(double seconds, char text[24]) {
    if (!(seconds >= 0) || seconds > 1e9) {
        snprintf(text, 24, "-:--");
        return;
    }
    long total = (long)(seconds + 0.5);
    if (total >= 3600)
        snprintf(text, 24, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
    else
        snprintf(text, 24, "%ld:%02ld", total / 60, total % 60);
}

/// Put `bar` columns of [####----] before `rest`.
static void format_bar(const SdqnProgressLine *line, int bar, const char *rest, char *text, size_t size) {
    char drawing[SDQN_PROGRESS_MAX_WIDTH + 1];
    int inside = bar - 2;
    int filled = line->episodes_total > 0 ? (int)((double)line->episodes_done / (double)line->episodes_total * inside) : 0;
    if (filled > inside) filled = inside;
    memset(drawing, '-', (size_t)inside);
    memset(drawing, '#', (size_t)filled);
    drawing[inside] = '\0';
    snprintf(text, size, "[%s] %s", drawing, rest);
}

void sdqn_progress_format(const SdqnProgressLine *line, int width, char *text, size_t size) {
    char count[48], result[64], speed[32], duration[24], left[40];
    format_duration(line->seconds_left, duration);
    snprintf(count, sizeof count, "%lld/%lld", (long long)line->episodes_done, (long long)line->episodes_total);
    snprintf(result, sizeof result, "%-8.16s %8.2f", line->task, line->episode_return);
    snprintf(speed, sizeof speed, "%.0f upd/s", line->updates_per_second);
    snprintf(left, sizeof left, "%s left", duration);

    char rest[256];
    if (width == 0) {
        snprintf(text, size, "episode %s  %-8.16s return %8.2f  epsilon %.3f  %s  %s", count, line->task, line->episode_return,
                 line->epsilon, speed, left);
        return;
    }
    snprintf(rest, sizeof rest, "%s  %s  eps %.3f  %s  %s", count, result, line->epsilon, speed, left);
    int bar = width - 1 - (int)strlen(rest);
    if (bar >= MIN_BAR) {
        format_bar(line, bar, rest, text, size);
        return;
    }
    // Too narrow for all: leave out speed and epsilon before the return, and cut what still does not fit.
    if ((int)strlen(rest) > width) snprintf(rest, sizeof rest, "%s  %s  %s", count, result, left);
    if ((int)strlen(rest) > width) snprintf(rest, sizeof rest, "%s  %s", count, left);
    snprintf(text, size, "%.*s", width, rest);
}

void sdqn_progress_begin(SdqnProgress *progress, FILE *stream, int64_t episodes_done, int64_t updates_done) {
    const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    bool can_redraw = isatty(fileno(stream)) && terminal != NULL && strcmp(terminal, "dumb") != 0;
    double now = sdqn_clock_seconds();
    *progress = (SdqnProgress){
        .stream = stream,
        .is_terminal = can_redraw,
        .colour = can_redraw && (no_colour == NULL || no_colour[0] == '\0'),
        .began = now,
        .last_update = now,
        .last_episodes = episodes_done,
        .last_updates = updates_done,
    };
}

static void erase_bar(SdqnProgress *progress) {
    if (progress->bar_shown) fputs("\r\033[K", progress->stream);
    progress->bar_shown = false;
}

static void draw_bar(SdqnProgress *progress, const char *text) {
    fprintf(progress->stream, "\r\033[K%s%s%s", progress->colour ? "\033[36m" : "", text, progress->colour ? "\033[0m" : "");
    fflush(progress->stream);
    progress->bar_shown = true;
}

/// Means over time: plain ones over the first SMOOTHING_SECONDS, then running ones that forget with that time constant.
static void measure(SdqnProgress *progress, int64_t episodes_done, int64_t updates_done, double now) {
    double elapsed = now - progress->last_update;
    int64_t episodes = episodes_done - progress->last_episodes;
    if (episodes <= 0 || elapsed <= 0) return;
    double rate = (double)(updates_done - progress->last_updates) / elapsed, episode = elapsed / (double)episodes;
    double span = now - progress->began;
    double weight = span < SMOOTHING_SECONDS ? elapsed / span : elapsed / (elapsed + SMOOTHING_SECONDS);
    progress->updates_per_second += weight * (rate - progress->updates_per_second);
    progress->episode_seconds += weight * (episode - progress->episode_seconds);
    progress->last_update = now;
    progress->last_episodes = episodes_done;
    progress->last_updates = updates_done;
}

void sdqn_progress_episode(SdqnProgress *progress, SdqnProgressLine *line, int64_t updates_done) {
    double now = sdqn_clock_seconds();
    measure(progress, line->episodes_done, updates_done, now);
    line->updates_per_second = progress->updates_per_second;
    line->seconds_left = progress->episode_seconds * (double)(line->episodes_total - line->episodes_done);

    bool is_last = line->episodes_done == line->episodes_total;
    char text[SDQN_PROGRESS_MAX_WIDTH + 64];
    if (progress->is_terminal) {
        if (now - progress->last_shown < REDRAW_SECONDS && !is_last) return;
        progress->last_shown = now;
        // The last column stays free: some terminals wrap as soon as it is written.
        int width = terminal_width(progress->stream) - 1;
        sdqn_progress_format(line, width > 0 ? width : 1, text, sizeof text);
        draw_bar(progress, text);
    } else if (line->episodes_done % LINE_EPISODES == 0 || is_last) {
        sdqn_progress_format(line, 0, text, sizeof text);
        fprintf(progress->stream, "%s\n", text);
        fflush(progress->stream);
    }
}

void sdqn_progress_count(SdqnProgress *progress, const char *label, int done, int total) {
    double now = sdqn_clock_seconds();
    if (!progress->is_terminal || (now - progress->last_shown < REDRAW_SECONDS && done != total)) return;
    progress->last_shown = now;
    int width = terminal_width(progress->stream) - 1;
    char rest[256], text[256];
    snprintf(rest, sizeof rest, "%s %d/%d", label, done, total);
    snprintf(text, sizeof text, "%.*s", width > 0 ? width : 1, rest);
    draw_bar(progress, text);
}

void sdqn_progress_note(SdqnProgress *progress, const char *text) {
    erase_bar(progress);
    fprintf(progress->stream, "%s\n", text);
    fflush(progress->stream);
}

void sdqn_progress_end(SdqnProgress *progress) {
    erase_bar(progress);
    fflush(progress->stream);
}
