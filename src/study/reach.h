// reach.h: sample efficiency of an arm: how many of its runs reached a threshold, and after how much training.
//
// A run that never reached a threshold is censored: all that is known is that it would have taken longer than it was trained. So nothing
// here is a mean over the runs that happened to reach it. The median is over all runs, those that never did counting as later than any
// other; it is not known where half of the runs or more did not.
#ifndef SDQN_STUDY_REACH_H
#define SDQN_STUDY_REACH_H

#include "core/error.h"
#include "run/sample_efficiency.h"
#include "study/arm_runs.h"

/// What it took an arm until the rolling mean of the training returns first reached a threshold (run/sample_efficiency.h).
typedef struct SdqnReach {
    int reached;                     ///< runs that did
    double task_episodes;            ///< of the task alone; like the next ones a median over all runs, NaN where not known
    double episodes, steps, updates; ///< of the whole run
} SdqnReach;

/// What every run took. @param costs [num_runs, num_thresholds] written @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_arm_sample_costs(const SdqnArmRuns *arm, int task, int window, const double *thresholds, int num_thresholds,
                                 SdqnSampleCost *costs, SdqnError *error);

/// @param costs  as above @param reaches [num_thresholds] written @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_arm_reaches(const SdqnSampleCost *costs, int num_runs, int num_thresholds, SdqnReach *reaches, SdqnError *error);

#endif
