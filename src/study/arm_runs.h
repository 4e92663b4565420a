// arm_runs.h: the runs of an arm, as comparisons and their pages take them.
#ifndef SDQN_STUDY_ARM_RUNS_H
#define SDQN_STUDY_ARM_RUNS_H

#include "run/config.h"
#include "study/result.h"
#include "study/scores.h"

/// An arm with its runs; all of them with the same settings but the seed. Everything is borrowed.
typedef struct SdqnArmRuns {
    char name[SDQN_SCORES_NAME_SIZE];
    const SdqnConfig *config; ///< of one of them
    int num_runs;             ///< >= 1
    /// [num_runs] by ascending seed, all different
    const SdqnStudyResult *const *runs;
    const double *seconds; ///< [num_runs] wall time of the training, NaN: not known; NULL: of none
} SdqnArmRuns;

/// Arms that can be compared: the same tasks in the same order, evaluated in the same way.
typedef struct SdqnArmSet {
    int num_arms; ///< >= 1
    const SdqnArmRuns *arms;
} SdqnArmSet;

/// Something that a comparison has left out.
typedef struct SdqnExclusion {
    char *what;   ///< a path or a name
    char *reason; ///< one line
} SdqnExclusion;

#endif
