// sample_efficiency.h: the rolling mean of training returns, and how much training it took until it first reached a threshold.
//
// The rolling mean of a task after an episode is the mean return of the last `window` training episodes of that task, of fewer as long as
// there are fewer. That of all tasks is the mean of theirs. A threshold counts as reached only by whole windows: one lucky early episode
// reaches nothing.
#ifndef SDQN_RUN_SAMPLE_EFFICIENCY_H
#define SDQN_RUN_SAMPLE_EFFICIENCY_H

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

#define SDQN_SAMPLE_WINDOW 100 ///< episodes of a task in the rolling mean
#define SDQN_ALL_TASKS (-1)    ///< as a task: the mean over all

/// Returns whose reaching pages tell of.
#define SDQN_NUM_THRESHOLDS 4
extern const double sdqn_sample_thresholds[SDQN_NUM_THRESHOLDS];

/// The training episodes of a run in the order in which they ended. All is borrowed.
typedef struct SdqnTrainingEpisodes {
    int count, num_tasks;
    const int *tasks;       ///< [count] in [0, num_tasks)
    const int *steps;       ///< [count] of each episode
    const int64_t *updates; ///< [count] of the run so far; NULL where costs are not asked for
    const double *returns;  ///< [count]
} SdqnTrainingEpisodes;

/// What was spent until a threshold was reached. Of the whole run, the episode that reached it included.
typedef struct SdqnSampleCost {
    bool reached;     ///< if not, the rest is 0
    int64_t episodes; ///< of all tasks
    int64_t steps;    ///< environment steps of all tasks
    int64_t updates;
    int64_t task_episodes; ///< of this task alone; for SDQN_ALL_TASKS of all tasks
} SdqnSampleCost;

/// The rolling mean after every episode.
/// @param task   or SDQN_ALL_TASKS @param window  >= 1
/// @param means  [count] written: as above; NaN before the task's first episode, for all tasks before the first of any
/// @param whole  [count] written: whether the window (for all tasks: each) is full; may be NULL
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_rolling_mean(const SdqnTrainingEpisodes *episodes, int task, int window, double *means, bool *whole, SdqnError *error);

/// What it took until the rolling mean first reached a threshold with whole windows.
/// @param costs  [count of thresholds] written @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_sample_costs(const SdqnTrainingEpisodes *episodes, int task, int window, const double *thresholds, int num_thresholds,
                             SdqnSampleCost *costs, SdqnError *error);

#endif
