// measure.h: one number a run, over the runs of an arm, and between two arms.
#ifndef SDQN_STUDY_MEASURE_H
#define SDQN_STUDY_MEASURE_H

#include "core/error.h"
#include "run/sample_efficiency.h"
#include "study/arm_runs.h"
#include "study/bootstrap.h"

#include <stdbool.h>

typedef enum SdqnMeasureKind {
    SDQN_MEASURE_RETURN = 0, ///< mean return of the final policy
    SDQN_MEASURE_AREA,       ///< area under the evaluation curve, as a mean return
    SDQN_MEASURE_EFFICIENCY, ///< parameter efficiency: return of the final policy per 1,000 parameters
    SDQN_MEASURE_SUCCESS,    ///< share of the final episodes with a return of at least SDQN_SUCCESS_RETURN
    SDQN_MEASURE_AT_REST,    ///< share of the final episodes that ended at rest
    SDQN_MEASURE_TIMEOUT,    ///< share of the final episodes cut by the time limit
    SDQN_MEASURE_PARAMETERS, // the rest do not depend on the task
    SDQN_MEASURE_EPISODES,   ///< of the training, over all tasks
    SDQN_MEASURE_STEPS,      ///< environment steps of the training
    SDQN_MEASURE_UPDATES,
    SDQN_MEASURE_SECONDS, ///< wall time of the training
} SdqnMeasureKind;

typedef struct SdqnMeasure {
    SdqnMeasureKind kind;
    int task; ///< or SDQN_ALL_TASKS: the mean over the tasks
} SdqnMeasure;

/// Of one run. NaN if it is not known: the area without evaluations, the wall time of a result without one.
double sdqn_measure_run(const SdqnArmRuns *arm, int run, SdqnMeasure measure);

/// Mean over the runs of an arm with its interval over the seeds; of a single run, and of what is not known, the interval is NaN.
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_measure_arm(const SdqnBootstrap *bootstrap, const SdqnArmRuns *arm, SdqnMeasure measure, SdqnEstimate *estimate,
                            SdqnError *error);

/// Runs of two arms that have the same seeds. @param of_a, of_b  [the smaller number of runs] receive their indices, by ascending seed
/// @return how many there are
int sdqn_common_seeds(const SdqnArmRuns *a, const SdqnArmRuns *b, int *of_a, int *of_b);

/// Below this number of pairs a test of signs cannot get below 5 %, whatever the scores (2 / 2^n), and a bootstrap interval is too short.
#define SDQN_MIN_PAIRS 6

/// Arm a less arm b.
typedef struct SdqnDifference {
    SdqnEstimate estimate; ///< interval over the seeds; NaN if one arm has a single run
    int pairs;             ///< seeds that both have, if they are at least two: then the difference is taken seed by seed
    int seeds_a, seeds_b;  ///< runs that it is made from
    double p;              ///< permutation test, of signs for pairs, two-sided; NaN without an interval
    int verdict;           ///< 1: a is higher, -1: lower, 0: open. Decided if the interval excludes 0, p < 0.05 and there are enough seeds
} SdqnDifference;

/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_measure_difference(const SdqnBootstrap *bootstrap, const SdqnArmRuns *a, const SdqnArmRuns *b, SdqnMeasure measure,
                                   SdqnDifference *difference, SdqnError *error);

/// Tests of two arms on a measure's mean over the tasks.
typedef struct SdqnContrast {
    int a, b; ///< indices of the arms
    SdqnDifference difference;
    SdqnEstimate improvement; ///< probability that a run of a scores higher than one of b, mean over the tasks; interval NaN for one run
    double welch_p;           ///< on the runs' means over the tasks; NaN where there is none
    double permutation_p;     ///< likewise, unpaired
    double holm_p;            ///< welch_p corrected for all that are planned
} SdqnContrast;

/// Fill a list whose a and b are set. Where two arms have at least two seeds in common, all figures are of these alone; else of all runs.
/// @param kind     one that depends on the task
/// @param planned  how many Holm's correction is for, >= count: those that are not in the list count as the least significant ones
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_contrast_list(const SdqnBootstrap *bootstrap, const SdqnArmSet *set, SdqnMeasureKind kind, SdqnContrast *contrasts,
                              int count, int planned, SdqnError *error);

/// Scores of a measure that depends on the task: one arm, its tasks and runs. @param scores  to be cleared
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_measure_scores(const SdqnArmRuns *arm, SdqnMeasureKind kind, SdqnScores *scores, SdqnError *error);

#endif
