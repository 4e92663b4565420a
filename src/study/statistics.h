// statistics.h: point estimates over tasks and seeds.
//
// Source of the choice: Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", arXiv:2108.13264; the
// values equal those of their program rliable. Scores are [tasks, seeds].
#ifndef SDQN_STUDY_STATISTICS_H
#define SDQN_STUDY_STATISTICS_H

#include <stddef.h>

/// Mean of all values. @param n >= 1
double sdqn_mean(const double *values, size_t n);
/// Standard deviation of a sample, divided by n - 1; NaN for n = 1.
double sdqn_deviation(const double *values, size_t n);
/// A quantile between the two nearest values by linear interpolation, as numpy.percentile. @param sorted [n] ascending @param share in [0,
/// 1]
double sdqn_quantile(const double *sorted, size_t n, double share);
/// The same of values in any order, which are left in another one: a selection, linear in n where sorting is not. @param n >= 1
double sdqn_quantile_unsorted(double *values, size_t n, double share);
/// Sort ascending, in place. Values must be finite.
void sdqn_sort(double *values, size_t n);

/// Which statistic.
typedef enum SdqnStatistic {
    SDQN_STATISTIC_IQM = 0, ///< interquartile mean: of all scores without the lowest and the highest quarter (each rounded down)
    SDQN_STATISTIC_MEAN,    ///< of the tasks' means
    SDQN_STATISTIC_MEDIAN,  ///< of the tasks' means
    SDQN_STATISTIC_GAP,     ///< optimality gap: mean of max(0, target - score)
    SDQN_NUM_STATISTICS,
} SdqnStatistic;

/// Name for tables and JSON.
const char *sdqn_statistic_name(SdqnStatistic statistic);

/// @param scores   [tasks, seeds] row-major
/// @param target   of the optimality gap; not looked at by others
/// @param scratch  [tasks * seeds] overwritten
double sdqn_statistic(SdqnStatistic statistic, const double *scores, int tasks, int seeds, double target, double *scratch);

/// Probability that a run of a scores higher than one of b on one task: share of pairs in which it does, equal scores count one half
/// (Mann and Whitney's U over the number of pairs). @param a [n] @param b [m]
double sdqn_probability_of_improvement(const double *a, int n, const double *b, int m);

#endif
