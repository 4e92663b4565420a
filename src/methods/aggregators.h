// aggregators.h: the aggregators' equations. Only for the table in aggregate.c, the aggregators and their tests.
//
// In all of them K is the Gram matrix of the T gradients g_i, g0 = (1/T) sum g_i their mean, and d = sum weights[i] * g_i the direction. A
// task whose gradient is zero has no say: it adds no constraint, except where said. All gradients zero: d = 0.
#ifndef SDQN_METHODS_AGGREGATORS_H
#define SDQN_METHODS_AGGREGATORS_H

#include "methods/aggregate.h"

/// d = g0.
void sdqn_aggregate_mean(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);
/// d = sum g_i.
void sdqn_aggregate_sum(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// PCGrad: for each task i, g = g_i; for the other tasks j in a random order, if g . g_j < 0: g -= (g . g_j / |g_j|^2) g_j. d = mean of the
/// T results (the paper's algorithm adds them; the mean keeps the learning rate comparable).
/// Draws T orders of T - 1 tasks, whatever the gradients. Source: Yu et al. 2020, arXiv:2001.06782, algorithm 1.
void sdqn_aggregate_pcgrad(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// GradVac: as PCGrad, but with a target s_ij of the cosine instead of 0: with c the cosine of g and g_j, if c < s_ij
///   g += |g| (s_ij sqrt(1 - c^2) - c sqrt(1 - s_ij^2)) / (|g_j| sqrt(1 - s_ij^2)) g_j,
/// after which the cosine is s_ij; then s_ij = 0.99 s_ij + 0.01 c. s begins at 0, so that the first call is PCGrad's. |s_ij| is held below
/// 1 - 1e-6, where the step would have no bound. d = mean of the T results. Pairs with a zero gradient are passed over.
/// Source: Wang et al. 2021, arXiv:2010.05874, algorithm 1 and equation 3, one group of all parameters.
void sdqn_aggregate_gradvac(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// MGDA: d = the point of least norm in the convex hull of the gradients: min |sum w_i g_i|^2, w >= 0, sum w_i = 1. A zero gradient is the
/// least: d = 0. Source: Desideri 2012, doi:10.1016/j.crma.2012.03.014; Sener and Koltun 2018, arXiv:1810.04650, problem 3.
void sdqn_aggregate_mgda(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// CAGrad: d = argmax min over i of g_i . d, subject to |d - g0| <= c |g0|, c = 0.4; not rescaled. Of several solutions the one nearest to
/// g0 (they are many only if no direction improves every task). A zero gradient makes that minimum 0 at best.
/// Source: Liu et al. 2021, arXiv:2110.14048, equation 1.
void sdqn_aggregate_cagrad(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// UPGrad: d = mean over i of the projection of g_i onto the dual cone {x: g_j . x >= 0 for all j}.
/// Source: Quinton and Rey 2024, arXiv:2406.16232, equation 5.
void sdqn_aggregate_upgrad(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// IMTL-G: d = sum a_i g_i with sum a_i = 1 and equal projections d . g_i / |g_i|, that is (K a)_i proportional to |g_i|. Tasks with a zero
/// gradient have weight 0. d = 0 if the projections can only be equal by being zero (linearly dependent gradients, mostly), or if no
/// solution can be normalised (sum a_i = 0). Of several solutions the one with the least sum of |a_i|^2 |g_i|^2. As in the paper, a
/// weight may be negative or large when gradients conflict.
/// Source: Liu et al. 2021, "Towards Impartial Multi-task Learning", ICLR, section 3.1.
void sdqn_aggregate_imtl_g(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// Nash-MTL: d = sum a_i g_i with a > 0 and (K a)_i = 1 / a_i, the Nash bargaining solution; |d| = sqrt(tasks with a gradient), whatever
/// the gradients' lengths. Tasks with a zero gradient have weight 0. d = 0 if no direction improves every other task (the hull of the unit
/// gradients comes within 1e-5 of 0), as then there is no solution. Source: Navon et al. 2022, arXiv:2202.01017, claim 3.1.
void sdqn_aggregate_nash_mtl(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// Aligned-MTL: with the singular value decomposition G = V S U' of the [tasks, parameters] matrix, d is the mean row of s V U', s the
/// least singular value that is not zero: the nearest matrix, up to scale, whose gradients neither conflict nor dominate. Source: Senushkin
/// et al. 2023, arXiv:2305.19000, equations 10 to 12, equal task weights.
void sdqn_aggregate_aligned_mtl(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);

/// The matrix B = s V S^-1 V' (S^-1 of the singular values that are not zero) for which B G = s V U'. @param balance [tasks, tasks] written
void sdqn_aligned_mtl_balance(const double *gram, int tasks, double *balance);

#endif
