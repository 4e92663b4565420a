// categorical.h: distributions over values on a fixed support: expectation, projection of Bellman targets, cross-entropy.
//
// Source: Bellemare et al. 2017, "A Distributional Perspective on Reinforcement Learning", arXiv:1707.06887, Algorithm 1.
#ifndef SDQN_NN_CATEGORICAL_H
#define SDQN_NN_CATEGORICAL_H

#include "nn/kernels.h"

#include <stdint.h>

#define SDQN_MAX_ATOMS 1001 ///< of a distribution over values

/// How a target between two atoms, or on one, is shared out.
typedef enum SdqnProjection {
    /// To the two neighbours by nearness, on an atom wholly to it: mass is kept.
    SDQN_PROJECTION_CORRECT = 0,
    /// As in much code about: with l = floor(b) and u = ceil(b), (u - b) of it to l and (b - l) to u. A target exactly on an atom, where
    /// l = u, loses its mass, so a crash at the support's edge has no target at all. For comparison only.
    SDQN_PROJECTION_ORIGINAL,
} SdqnProjection;

/// An evenly spaced support.
typedef struct SdqnSupport {
    int num_atoms;      ///< in [2, SDQN_MAX_ATOMS]
    const float *atoms; ///< [num_atoms] ascending
} SdqnSupport;

// Kernels may be of any level: none changes a bit. num_atoms is in [2, SDQN_MAX_ATOMS] throughout.

/// Probabilities of logits. @param logits, probabilities [num_atoms]; may be the same array. A NaN or +inf gives NaN.
void sdqn_softmax(const SdqnKernels *kernels, const float *logits, int num_atoms, float *probabilities);

/// q[i] = sum over j of softmax(logits[i])[j] * atoms[j]. @param logits [rows, num_atoms] @param q [rows] written
void sdqn_categorical_mean(const SdqnKernels *kernels, const SdqnSupport *support, const float *logits, int rows, float *q);

/// The distribution of reward + discount * Z, cut to the support and shared out to the atoms.
/// @param probabilities  [num_atoms] of Z @param discount  0 for a terminal state
/// @param target         [num_atoms] written; must not be `probabilities`
/// @return the share of probability that lay outside the support and was cut to its edges, in [0, 1]
float sdqn_categorical_project(const SdqnSupport *support, SdqnProjection projection, const float *probabilities, float reward,
                               float discount, float *target);

/// Cross-entropy of the chosen actions' distributions to their targets, mean over rows: -1/n sum_b sum_j target[b, j] log p[b, j].
/// @param logits   [n, num_actions, num_atoms]
/// @param action   [n]
/// @param target   [n, num_atoms]
/// @param weights  [n] factor on each row's loss, or NULL: 1
/// @param rows     [n] written: each row's own loss without its weight, or NULL
/// @param d_logits [n, num_actions, num_atoms] written: derivative; 0 for the actions not chosen
/// @return the loss
float sdqn_categorical_loss(const SdqnKernels *kernels, const float *logits, const uint8_t *action, const float *target,
                            const float *weights, int n, int num_actions, int num_atoms, float *rows, float *d_logits);

#endif
