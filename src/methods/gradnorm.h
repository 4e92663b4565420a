// gradnorm.h: GradNorm's task weights: gradients of like length, longer for tasks that learn slowly.
#ifndef SDQN_METHODS_GRADNORM_H
#define SDQN_METHODS_GRADNORM_H

#include "methods/aggregate.h"

#include <stdint.h>

#define SDQN_GRADNORM_ALPHA 1.5           ///< strength of the pull towards equal training rates
#define SDQN_GRADNORM_LEARNING_RATE 0.01  ///< of Adam on the logarithms of the weights
#define SDQN_GRADNORM_LEAST_WEIGHT 1e-6   ///< before the sum is made the number of tasks, so that every task can come back
#define SDQN_GRADNORM_INITIAL_UPDATES 100 ///< whose mean losses are the initial ones; the weights are 1 until then

/// The weights and all that they are made from. Plain data without padding.
typedef struct SdqnGradNorm {
    double weights[SDQN_AGGREGATE_MAX_TASKS];                        ///< w_i, > 0; their sum is the number of tasks
    double initial_losses[SDQN_AGGREGATE_MAX_TASKS];                 ///< L_i(0), or the part of that mean that has been seen
    double m[SDQN_AGGREGATE_MAX_TASKS], v[SDQN_AGGREGATE_MAX_TASKS]; ///< Adam's moments
    double beta1_power, beta2_power;                                 ///< running products
    uint64_t updates;
} SdqnGradNorm;

/// Weights 1, nothing seen.
void sdqn_gradnorm_begin(SdqnGradNorm *state);

/// Take in one update, after its direction was made with the present weights. With T tasks, n_i = |gradient of L_i by the shared layer| and
/// L_i the loss, both without weights:
///   G_i = w_i n_i,  G = mean G_i,  s_i = L_i / L_i(0),  r_i = s_i / mean s_j,
///   d/d log w_i of sum |G_j - G r_j^alpha| = sign(G_i - G r_i^alpha) G_i  (the target G r_i^alpha is a constant),
///   one step of Adam on log w, then w_i = max(w_i, 1e-6), then w_i = T w_i / sum w_j.
/// s_i is 1 for a task whose L_i(0) is 0, and all r_i are 1 if every s_i is 0.
/// Source: Chen et al. 2018, arXiv:1711.02257, equations 1 and 2 and algorithm 1; there w itself is stepped, which may become negative.
/// @param norms [tasks] n_i, finite @param losses [tasks] L_i, finite, >= 0 @param tasks in [1, SDQN_AGGREGATE_MAX_TASKS]
void sdqn_gradnorm_step(SdqnGradNorm *state, const double *norms, const float *losses, int tasks);

#endif
