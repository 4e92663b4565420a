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

/// Where there is none, as of one seed: low and high become NaN, the value stays.
void sdqn_estimate_forget_interval(SdqnEstimate *estimate);

/// How to draw. The same settings give the same intervals.
typedef struct SdqnBootstrap {
    SdqnResampling resampling;
    int repeats; ///< >= 1
    uint64_t seed;
} SdqnBootstrap;

/// A statistic of one arm. @param target  of the optimality gap @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_bootstrap_statistic(const SdqnBootstrap *bootstrap, const SdqnScores *scores, int arm, SdqnStatistic statistic,
                                    double target, SdqnEstimate *estimate, SdqnError *error);

/// Mean over the tasks of the probability that arm a of one table scores higher than arm b of another (or the same); both are drawn again,
/// each for itself. The tables have the same tasks; their numbers of seeds may differ. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_bootstrap_improvement(const SdqnBootstrap *bootstrap, const SdqnScores *a_scores, int a, const SdqnScores *b_scores, int b,
                                      SdqnEstimate *estimate, SdqnError *error);

/// Mean of a[i] - b[i] over n seeds. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_bootstrap_paired_difference(const SdqnBootstrap *bootstrap, const double *a, const double *b, int n, SdqnEstimate *estimate,
                                            SdqnError *error);

/// Mean of a[n] less mean of b[m], where the seeds are not the same ones: both are drawn again, each for itself.
SdqnStatus sdqn_bootstrap_difference(const SdqnBootstrap *bootstrap, const double *a, int n, const double *b, int m, SdqnEstimate *estimate,
                                     SdqnError *error);

/// Several values made from one sample, such as the points of a curve.
/// @param rows [num_rows, seeds] @param values  written
typedef void SdqnRowsStatistic(const void *context, const double *rows, int num_rows, int seeds, double *values);

/// An interval for each of them by itself (pointwise). All come from the same draws.
/// @param rows [num_rows, seeds] drawn row by row or as whole columns @param estimates [num_values] written
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_bootstrap_rows(const SdqnBootstrap *bootstrap, const double *rows, int num_rows, int seeds, SdqnRowsStatistic *statistic,
                               const void *context, int num_values, SdqnEstimate *estimates, SdqnError *error);

/// The mean of each row. `context` is not looked at.
SdqnRowsStatistic sdqn_rows_means;

#endif
