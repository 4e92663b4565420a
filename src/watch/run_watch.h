// run_watch.h: what the folder of a run tells while the run goes on, read without disturbing it.
#ifndef SDQN_WATCH_RUN_WATCH_H
#define SDQN_WATCH_RUN_WATCH_H

#include "core/error.h"
#include "core/file.h"
#include "run/config.h"
#include "watch/series.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum SdqnRunState {
    SDQN_RUN_MISSING = 0, ///< no folder, or no configuration in it
    SDQN_RUN_TRAINING,    ///< a process holds its lock
    SDQN_RUN_STOPPED,     ///< nobody does, and it is not finished
    SDQN_RUN_FINISHED,    ///< it has its summary
} SdqnRunState;

#define SDQN_WATCH_RECENT 20 ///< training episodes of a task in its recent mean

/// One task of the run.
typedef struct SdqnWatchedTask {
    char name[SDQN_TASK_NAME_SIZE];
    SdqnSeries training;              ///< returns by episode
    SdqnSeries evaluations;           ///< means of periodic evaluations by episode
    double recent[SDQN_WATCH_RECENT]; ///< the last returns, in a ring
    int64_t episodes;                 ///< finished
    bool has_evaluation, has_final;
    double evaluation, at_rest; ///< mean and share (NaN: not known) of the last evaluation, of the final one if there is one
    double best;                ///< mean in the evaluation with the best mean over tasks
} SdqnWatchedTask;

/// All that is known of a run. Not owned by callers.
typedef struct SdqnWatchedRun {
    char path[SDQN_PATH_SIZE];
    SdqnRunState state;
    char note[SDQN_ERROR_SIZE]; ///< what could not be read, or ""
    char method[SDQN_CONFIG_NAME_SIZE];
    uint64_t seed;
    int64_t total_episodes; ///< of the settings
    int64_t episodes;       ///< finished
    uint64_t steps, updates;
    double epsilon, loss;      ///< loss NaN: no update in the last episode
    double seconds;            ///< trained, interruptions not counted; NaN: not known
    double updates_per_second; ///< of late
    double seconds_left;       ///< at the pace of late; NaN: not known
    int64_t evaluated_episode; ///< of the last evaluation; -1: none
    int64_t best_episode;      ///< -1: none
    double evaluation_mean, best_mean;
    bool has_conflict;
    double conflict;      ///< share of pairs of tasks whose gradients conflict, last report
    double least_cosine;  ///< of that report
    SdqnSeries conflicts; ///< by episode
    int num_tasks;
    SdqnWatchedTask tasks[SDQN_CONFIG_MAX_TASKS];
} SdqnWatchedRun;

/// A reader of one folder.
typedef struct SdqnRunWatch SdqnRunWatch;

/// @param path  of the folder, which need not be there yet @return SDQN_OK, SDQN_ERR_ARGUMENT (too long) or SDQN_ERR_MEMORY
SdqnStatus sdqn_run_watch_create(const char *path, SdqnRunWatch **watch, SdqnError *error);
/// NULL is allowed.
void sdqn_run_watch_destroy(SdqnRunWatch *watch);

/// Read what has come since the last call. Only new lines are read; a folder that vanished, was cleared or cut back is read anew.
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_run_watch_update(SdqnRunWatch *watch, SdqnError *error);

/// What is known, valid until the next update.
const SdqnWatchedRun *sdqn_run_watch_run(const SdqnRunWatch *watch);

/// Mean of a task's last SDQN_WATCH_RECENT training returns. @return NaN if there are none
double sdqn_watched_task_recent(const SdqnWatchedTask *task);

#endif
