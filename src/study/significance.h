// significance.h: tests of the difference of two means, and corrections for several of them.
#ifndef SDQN_STUDY_SIGNIFICANCE_H
#define SDQN_STUDY_SIGNIFICANCE_H

#include <stddef.h>
#include <stdint.h>

#define SDQN_PERMUTATION_MAX_EXACT 1000000 ///< splits that are all tried
#define SDQN_PERMUTATION_DRAWS 100000      ///< beyond that as many are drawn

/// Regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22, evaluated by Lentz's method) to 1e-14 or so.
/// @param a, b > 0 @param x in [0, 1]
double sdqn_incomplete_beta(double a, double b, double x);
/// Two-sided p-value of Student's t. @param freedom  degrees of freedom > 0
double sdqn_student_p(double t, double freedom);
/// t with P(|T| <= t) = share. @param share in [0, 1)
double sdqn_student_quantile(double share, double freedom);

/// Welch's t-test for unequal variances (Welch 1947), two-sided, as scipy.stats.ttest_ind(equal_var=False).
/// @return p; NaN if a sample has one value, a value is not finite, or both have no variance and equal means
double sdqn_welch_p(const double *a, int n, const double *b, int m);

/// Permutation test of the difference of means: two-sided, twice the smaller tail, at most 1. All splits if there are at most
/// SDQN_PERMUTATION_MAX_EXACT; else SDQN_PERMUTATION_DRAWS drawn ones, with (k + 1) / (draws + 1) for a tail of k (Phipson and Smyth 2010).
/// @return p; NaN if a value is not finite, or there is no memory
double sdqn_permutation_p(const double *a, int n, const double *b, int m, uint64_t seed);

/// The same in pairs: signs of the differences are turned. @param differences [n] @return p; NaN if one is not finite
double sdqn_paired_permutation_p(const double *differences, int n, uint64_t seed);

/// Holm's correction (Holm 1979) of p-values for their number. NaN stays and is not counted. @param p [count] @param corrected [count]
/// written
void sdqn_holm(const double *p, int count, double *corrected);

/// Power of the two-sided t-test at level alpha with n seeds an arm: the chance to find a difference of means that is there, by the
/// noncentral t distribution with Welch's degrees of freedom, integrated by Simpson's rule. @param n >= 2
/// @param deviation_a, deviation_b  standard deviations of the seeds of each arm, not both 0
double sdqn_welch_power(double difference, double deviation_a, double deviation_b, int n, double alpha);

#endif
