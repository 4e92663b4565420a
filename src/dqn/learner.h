// learner.h: one DQN learner: Q-network, target network, Adam, replay buffer, exploration and their random streams.
#ifndef SDQN_DQN_LEARNER_H
#define SDQN_DQN_LEARNER_H

#include "core/error.h"
#include "core/rng.h"
#include "dqn/dqn_def.h"
#include "dqn/gradient_report.h"
#include "dqn/replay_buffer.h"
#include "nn/kernels.h"
#include "nn/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What an update knows of its tasks.
typedef struct SdqnTaskGradients {
    const SdqnKernels *kernels; ///< of the learner
    int tasks;
    size_t parameters;
    const float *gradients;            ///< [tasks, parameters] row-major, of the losses times the tasks' weights
    const float *losses;               ///< [tasks] without the weights
    double *weights;                   ///< [tasks] to be written: the factor of each in the direction; NaN at first
    size_t shared_first, shared_count; ///< the weight of the last layer that all outputs share: of the default network fc2.weight
} SdqnTaskGradients;

/// Make one direction of the tasks' gradients. May keep what it likes in `context`.
/// @param direction [parameters] written; the optimiser steps against it
/// @return SDQN_OK, or SDQN_ERR_NUMERIC if it found none: the weights are then not stepped
typedef SdqnStatus SdqnAggregateFunction(void *context, const SdqnTaskGradients *gradients, float *direction, SdqnError *error);

/// A learner with a replay buffer for each task: an update draws batch_size transitions of every task, makes a gradient of each task's
/// loss and steps along what an aggregator makes of them.
typedef struct SdqnTaskBuffersDef {
    double weights[SDQN_MAX_TASKS];       ///< factor on each task's loss, in (0, 1e6]. Default 1.
    double reward_scales[SDQN_MAX_TASKS]; ///< factor on each task's rewards before they are stored, in (0, 1e6]. Default 1.
    SdqnAggregateFunction *aggregate;
    /// Called after the step with the losses of the same batch and TD targets by the new weights; NULL: not called. @param losses [tasks]
    void (*after_step)(void *context, const float *losses, int tasks);
    void *context; ///< of both; must outlive the learner
} SdqnTaskBuffersDef;

/// The streams a learner draws from; it keeps copies.
typedef struct SdqnLearnerStreams {
    SdqnRng weights, exploration, replay;
    SdqnRng noise; ///< of networks with Gaussian residuals
} SdqnLearnerStreams;

/// What an update did.
typedef struct SdqnUpdate {
    bool done;           ///< false: the replay buffer does not hold enough yet, nothing was drawn or changed
    float loss;          ///< of the batch, before the step, without the tasks' weights; 0 if not done
    float cut;           ///< share of the targets' probability that lay outside the support, in [0, 1]; 0 without atoms
    int tasks;           ///< of the learner; 0 if not done
    const float *errors; ///< [tasks] mean over each task's rows of |TD error|, with atoms of the cross-entropy; NaN without rows; borrowed
    const SdqnGradientReport *report; ///< every gradient_period updates, borrowed until the next one; else NULL
} SdqnUpdate;

/// One learner. After creation nothing it does allocates. Not thread-safe.
typedef struct SdqnLearner SdqnLearner;

/// Make a learner with freshly drawn weights, target equal to them, everything else empty or zero.
/// @param task_buffers  NULL: one replay buffer for all tasks, and one gradient. The learner keeps a copy.
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (a definition) or SDQN_ERR_MEMORY
SdqnStatus sdqn_learner_create(const SdqnQNetworkDef *network_def, const SdqnDqnDef *def, const SdqnKernels *kernels,
                               const SdqnTaskBuffersDef *task_buffers, const SdqnLearnerStreams *streams, SdqnLearner **learner,
                               SdqnError *error);
/// NULL is allowed.
void sdqn_learner_destroy(SdqnLearner *learner);

/// Begin with trained weights, before anything is learned: sdqn_q_network_load_first, for the target network too.
SdqnStatus sdqn_learner_init_from(SdqnLearner *learner, const char *where, const SdqnTensor *tensors, int count, int *known,
                                  SdqnError *error);

/// Q-values of the Q-network; draws from no stream and changes nothing that is saved.
/// @param observation [n, observation_size] @param task [n] @param n >= 1, any number @param q [n, num_actions] written
void sdqn_learner_q_values(SdqnLearner *learner, const float *observation, const int32_t *task, int n, float *q);

/// Epsilon-greedy action for one training step; draws from the exploration stream. @param observation [observation_size]
int sdqn_learner_act(SdqnLearner *learner, const float *observation, int task);

/// Store an environment step. @param transition  action in [0, num_actions), task in [0, num_tasks), environment in [0, environments),
/// extra_steps 0
void sdqn_learner_push(SdqnLearner *learner, const SdqnTransition *transition);

/// One gradient step on one batch, if the replay buffers together hold more than min_replay_size transitions and each a batch, and the
/// environment steps ever pushed are a multiple of update_period.
/// @param update  written
/// @return SDQN_OK, or SDQN_ERR_NUMERIC if the loss was NaN or infinite: the weights were not stepped, unless the loss after the step was,
///         for which only `after_step` asks
SdqnStatus sdqn_learner_update(SdqnLearner *learner, SdqnUpdate *update, SdqnError *error);

/// Close episode e (the first is 0): the Q-network is copied into the target network if e > 0, e mod target_period = 0 and target_tau = 0;
/// epsilon shrinks.
void sdqn_learner_end_episode(SdqnLearner *learner);

double sdqn_learner_epsilon(const SdqnLearner *learner);
uint64_t sdqn_learner_updates(const SdqnLearner *learner);  ///< gradient steps taken
uint64_t sdqn_learner_episodes(const SdqnLearner *learner); ///< episodes closed
const SdqnQNetwork *sdqn_learner_network(const SdqnLearner *learner);

/// Bytes of the complete state: weights, target, moments, replay ring, streams, epsilon, counters. Grows with the transitions stored.
size_t sdqn_learner_state_size(const SdqnLearner *learner);
/// Write the complete state. @param bytes [sdqn_learner_state_size()] written
void sdqn_learner_save_state(const SdqnLearner *learner, uint8_t *bytes);
/// What sdqn_learner_load_state would say of a saved state, without taking it.
SdqnStatus sdqn_learner_check_state(const SdqnLearner *learner, const uint8_t *bytes, size_t size, SdqnError *error);
/// Take back a state saved by a learner of the same definitions; it then goes on bit for bit as the saved one would have.
/// @return SDQN_OK, or SDQN_ERR_FORMAT with what is wrong; the learner is then unchanged
SdqnStatus sdqn_learner_load_state(SdqnLearner *learner, const uint8_t *bytes, size_t size, SdqnError *error);

#endif
