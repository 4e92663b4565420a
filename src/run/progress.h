// progress.h: how a training run shows on a terminal (a bar) or in a log (plain lines).
#ifndef SDQN_RUN_PROGRESS_H
#define SDQN_RUN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SDQN_PROGRESS_MAX_WIDTH 512 ///< columns ever used

/// What a line of progress says.
typedef struct SdqnProgressLine {
    int64_t episodes_done, episodes_total;
    const char *task; ///< of the last episode
    double episode_return;
    double epsilon;
    double updates_per_second;
    double seconds_left; ///< negative: unknown
} SdqnProgressLine;

/// Format a line. The bar takes what the width leaves over, then the least needed parts go: a line is never longer than `width`.
/// @param width  columns, in [1, SDQN_PROGRESS_MAX_WIDTH]; 0 formats a plain line without a bar
/// @param text   [size] written; at most `width` visible ASCII characters
void sdqn_progress_format(const SdqnProgressLine *line, int width, char *text, size_t size);

/// Shows the progress of one run on one stream. Not thread-safe.
typedef struct SdqnProgress {
    FILE *stream;
    bool is_terminal; ///< draw a bar instead of writing lines
    bool colour;
    bool bar_shown;
    double began, last_shown, last_update; ///< seconds on the monotonic clock
    int64_t last_episodes, last_updates;
    double episode_seconds;    ///< mean of the time of an episode
    double updates_per_second; ///< mean, likewise
} SdqnProgress;

/// @param stream          usually stderr; a bar is drawn if it is a terminal that can redraw (TERM is not "dumb"), in colour unless
/// NO_COLOR
/// @param episodes_done, updates_done  where the run begins (not 0 after a resume)
void sdqn_progress_begin(SdqnProgress *progress, FILE *stream, int64_t episodes_done, int64_t updates_done);

/// Tell of a finished episode. A bar is redrawn at most 10 times a second; a plain line is written every 50 episodes and for the last one.
/// @param line  rates and the time left are filled in here
void sdqn_progress_episode(SdqnProgress *progress, SdqnProgressLine *line, int64_t updates_done);

/// Show `label done/total` in the bar's place (on a terminal only).
void sdqn_progress_count(SdqnProgress *progress, const char *label, int done, int total);

/// Write a line of its own, above the bar.
void sdqn_progress_note(SdqnProgress *progress, const char *text);

/// Take the bar away.
void sdqn_progress_end(SdqnProgress *progress);

#endif
