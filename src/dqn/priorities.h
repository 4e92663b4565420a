// priorities.h: priorities of the rows of a replay buffer, and draws by them.
//
// Source: Schaul et al. 2016, "Prioritized Experience Replay", arXiv:1511.05952, the proportional variant with a sum tree.
#ifndef SDQN_DQN_PRIORITIES_H
#define SDQN_DQN_PRIORITIES_H

#include "core/error.h"
#include "core/rng.h"

#include <stddef.h>
#include <stdint.h>

/// A tree of sums over the rows. Each inner sum is made of its two halves whenever one of them changes, so that the same priorities give
/// the same bits whatever their history. Not thread-safe.
typedef struct SdqnPriorities SdqnPriorities;

/// Make a tree without rows. @param capacity  rows, >= 1 @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_priorities_create(int capacity, SdqnPriorities **priorities, SdqnError *error);
/// NULL is allowed.
void sdqn_priorities_destroy(SdqnPriorities *priorities);

/// A row was written: it gets the largest priority ever set, at first 1, so that it is soon looked at. @param row in [0, capacity)
void sdqn_priorities_add(SdqnPriorities *priorities, int row);
/// @param priority  > 0 and finite
void sdqn_priorities_set(SdqnPriorities *priorities, int row, double priority);
double sdqn_priorities_get(const SdqnPriorities *priorities, int row);

/// Draw one row out of each of n equal parts of the sum of all priorities: n draws of sdqn_rng_double. A row may come twice.
/// At least one row must have been added.
/// @param beta     in [0, 1], how far the weights make up for the unequal chances
/// @param rows     [n] written @param weights [n] written: (N P(row))^-beta, N rows stored, over the largest of the
///                 batch, in (0, 1]
void sdqn_priorities_sample(const SdqnPriorities *priorities, SdqnRng *rng, int n, double beta, int32_t *rows, float *weights);

/// Bytes of the saved state: the largest, then one for each row stored. @param size  rows stored
size_t sdqn_priorities_state_size(int size);
/// @param bytes [sdqn_priorities_state_size()] written
void sdqn_priorities_save_state(const SdqnPriorities *priorities, int size, uint8_t *bytes);
/// What sdqn_priorities_load_state would say of a saved state, without taking it.
SdqnStatus sdqn_priorities_check_state(const SdqnPriorities *priorities, const uint8_t *bytes, size_t size, SdqnError *error);
/// @return SDQN_OK, or SDQN_ERR_FORMAT with what is wrong; the priorities are then unchanged
SdqnStatus sdqn_priorities_load_state(SdqnPriorities *priorities, const uint8_t *bytes, size_t size, SdqnError *error);

#endif
