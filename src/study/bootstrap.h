// bootstrap.h: confidence intervals by resampling seeds.
//
// Efron 1979, "Bootstrap Methods"; stratified by task as in Agarwal et al. 2021, arXiv:2108.13264. The interval is that of the percentiles
// 2.5 and 97.5 of the resampled statistic.
#ifndef SDQN_STUDY_BOOTSTRAP_H
#define SDQN_STUDY_BOOTSTRAP_H

#include "core/error.h"
#include "study/scores.h"
#include "study/statistics.h"

#include <stdint.h>

#define SDQN_BOOTSTRAP_REPEATS 50000

/// What is drawn again.
typedef enum SdqnResampling {
    SDQN_RESAMPLE_TASK = 0, ///< the seeds of each task for themselves, as rliable does
    SDQN_RESAMPLE_SEED,     ///< whole seeds with the scores of all their tasks, which keeps the tasks' correlation
} SdqnResampling;

/// A value with its 95 % interval.
typedef struct SdqnEstimate {
    double value, low, high;
} SdqnEstimate;

/// How to draw. The same settings give the same intervals.
typedef struct SdqnBootstrap {
    SdqnResampling resampling;
    int repeats; ///< >= 1
    uint64_t seed;
} SdqnBootstrap;

/// A statistic of one arm. @param target  of the optimality gap @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_bootstrap_statistic(const SdqnBootstrap *bootstrap, const SdqnScores *scores, int arm, SdqnStatistic statistic,
                                    double target, SdqnEstimate *estimate, SdqnError *error);

/// Mean over the tasks of the probability that arm a scores higher than arm b; both are drawn again, each for itself.
SdqnStatus sdqn_bootstrap_improvement(const SdqnBootstrap *bootstrap, const SdqnScores *scores, int a, int b, SdqnEstimate *estimate,
                                      SdqnError *error);

/// Mean of a[i] - b[i] over n seeds. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_bootstrap_paired_difference(const SdqnBootstrap *bootstrap, const double *a, const double *b, int n, SdqnEstimate *estimate,
                                            SdqnError *error);

#endif
