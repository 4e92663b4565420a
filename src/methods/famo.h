// famo.h: FAMO's task weights: every task's loss should fall at the same rate.
#ifndef SDQN_METHODS_FAMO_H
#define SDQN_METHODS_FAMO_H

#include "methods/aggregate.h"

#define SDQN_FAMO_LEARNING_RATE 0.025 ///< of Adam on the logits
#define SDQN_FAMO_DECAY 1e-3          ///< gamma: pulls the logits back to 0
#define SDQN_FAMO_SMALLEST_LOSS 1e-8  ///< added to every loss before its logarithm

/// The logits and all that they are made from. Plain data without padding.
typedef struct SdqnFamo {
    double logits[SDQN_AGGREGATE_MAX_TASKS]; ///< xi_i; z = softmax(xi)
    double losses[SDQN_AGGREGATE_MAX_TASKS]; ///< L_i before the last step
    double m[SDQN_AGGREGATE_MAX_TASKS], v[SDQN_AGGREGATE_MAX_TASKS];
    double beta1_power, beta2_power;
} SdqnFamo;

/// Logits 0, nothing seen.
void sdqn_famo_begin(SdqnFamo *state);

/// Weights of the gradients of the losses: w_i = (z_i / D_i) / sum_j (z_j / D_j), D_i = L_i + 1e-8; they sum to 1. Remembers the losses.
/// @param losses [tasks] L_i, finite, >= 0 @param weights [tasks] written @param tasks in [1, SDQN_AGGREGATE_MAX_TASKS]
void sdqn_famo_weights(SdqnFamo *state, const float *losses, int tasks, double *weights);

/// Take in what the step did to the losses of the same batch: with delta_i = log D_i - log D'_i,
///   d_i = z_i (delta_i - sum_j z_j delta_j) + gamma xi_i,  one step of Adam on xi along d:
/// tasks whose loss fell less than the weighted mean gain weight.
/// Source: Liu et al. 2023, "FAMO: Fast Adaptive Multitask Optimization", arXiv:2306.03792, algorithm 1 and equation 9.
/// @param losses [tasks] L'_i, finite, >= 0
void sdqn_famo_step(SdqnFamo *state, const float *losses, int tasks);

#endif
