// replay_buffer.h: fixed-capacity ring of transitions, sampled uniformly.
#ifndef SDQN_DQN_REPLAY_BUFFER_H
#define SDQN_DQN_REPLAY_BUFFER_H

#include "core/error.h"
#include "core/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One environment step as it is pushed, or several in a row.
typedef struct SdqnTransition {
    const float *observation;      ///< [observation_size] s
    const float *next_observation; ///< [observation_size] s'
    double reward;                 ///< stored as float32; of several steps their discounted sum
    int action;
    int task;
    bool terminated; ///< s' is terminal by the rules; a time limit is a truncation and must be false here
    bool truncated;  ///< the episode was cut here by its time limit; not stored
    int environment; ///< which of those that are played at the same time, 0 if there is one; not stored
    int extra_steps; ///< from s to s', beyond the first: k - 1 of k steps, so that gamma^k is the discount of what follows s'
} SdqnTransition;

/// Rows drawn from a buffer; arrays of max_rows rows, owned by the batch.
typedef struct SdqnBatch {
    int max_rows;
    float *observation;      ///< [n, observation_size]
    float *next_observation; ///< [n, observation_size]
    float *reward;           ///< [n]
    int32_t *task;           ///< [n]
    uint8_t *action;         ///< [n]
    uint8_t *terminated;     ///< [n] 0 or 1
    uint8_t *extra_steps;    ///< [n] k - 1
    int32_t *row;            ///< [n] where in the ring each row lay
} SdqnBatch;

/// Make a batch for max_rows rows. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_batch_create(SdqnBatch *batch, int max_rows, int observation_size, SdqnError *error);
/// An all-zero struct is allowed.
void sdqn_batch_destroy(SdqnBatch *batch);

/// Ring of transitions (s, a, r, s', terminated, task, steps). Owns its storage. Not thread-safe.
typedef struct SdqnReplayBuffer SdqnReplayBuffer;

/// Make an empty ring. @param capacity >= 1 @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_replay_buffer_create(int capacity, int observation_size, SdqnReplayBuffer **buffer, SdqnError *error);
/// NULL is allowed.
void sdqn_replay_buffer_destroy(SdqnReplayBuffer *buffer);

/// Transitions stored, at most the capacity.
int sdqn_replay_buffer_size(const SdqnReplayBuffer *buffer);

/// Store a transition, over the oldest one when full. Allocates nothing. @param transition  action, task and extra_steps in [0, 256)
/// @return the row it was written to, in [0, capacity)
int sdqn_replay_buffer_push(SdqnReplayBuffer *buffer, const SdqnTransition *transition);

/// Draw a batch uniformly, without replacement inside the batch, by Floyd's algorithm (Bentley and Floyd 1987, CACM 30(9)):
/// exactly n draws of sdqn_rng_integers(0, j + 1), j = size - n .. size - 1. Every subset is equally likely; the order of its rows is not.
/// @param rng  the replay stream
/// @param n    rows, 1 <= n <= transitions stored and <= batch->max_rows
void sdqn_replay_buffer_sample(const SdqnReplayBuffer *buffer, SdqnRng *rng, int n, SdqnBatch *batch);
/// Fill a batch with the rows that it names. @param batch  its first n `row` in [0, transitions stored)
void sdqn_replay_buffer_gather(const SdqnReplayBuffer *buffer, int n, SdqnBatch *batch);

/// What every transition of a saved state must keep below.
typedef struct SdqnReplayBounds {
    int num_actions, num_tasks;
    int n_step; ///< of extra_steps
} SdqnReplayBounds;

/// Bytes of the saved state: grows with the transitions stored.
size_t sdqn_replay_buffer_state_size(const SdqnReplayBuffer *buffer);
/// The same if it held so many.
size_t sdqn_replay_buffer_state_size_of(const SdqnReplayBuffer *buffer, int rows);
/// Write the state. @param bytes [sdqn_replay_buffer_state_size()] written
void sdqn_replay_buffer_save_state(const SdqnReplayBuffer *buffer, uint8_t *bytes);
/// What sdqn_replay_buffer_load_state would say of a saved state, without taking it.
SdqnStatus sdqn_replay_buffer_check_state(const SdqnReplayBuffer *buffer, const SdqnReplayBounds *bounds, const uint8_t *bytes, size_t size,
                                          SdqnError *error);
/// Take a saved state back into a buffer of the same capacity and observation size.
/// @return SDQN_OK, or SDQN_ERR_FORMAT with what is wrong; the buffer is then unchanged
SdqnStatus sdqn_replay_buffer_load_state(SdqnReplayBuffer *buffer, const SdqnReplayBounds *bounds, const uint8_t *bytes, size_t size,
                                         SdqnError *error);

#endif
