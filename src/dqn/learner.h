// learner.h: one DQN learner: Q-network, target network, Adam, replay buffer, exploration and their random streams.
#ifndef SDQN_DQN_LEARNER_H
#define SDQN_DQN_LEARNER_H

#include "core/error.h"
#include "core/rng.h"
#include "dqn/replay_buffer.h"
#include "nn/kernels.h"
#include "nn/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What is made of TD errors.
typedef enum SdqnLossKind {
    SDQN_LOSS_MSE = 0, ///< sdqn_mse_loss
    SDQN_LOSS_HUBER,   ///< sdqn_huber_loss
} SdqnLossKind;

/// Settings of a learner.
typedef struct SdqnDqnDef {
    double learning_rate; ///< Adam step size, in (0, 1]. Default 5e-4.
    double gamma;         ///< discount per environment step, in [0, 1]. Default 0.99.
    double epsilon_decay; ///< factor on epsilon after each episode, in (0, 1]. Default 0.995.
    double epsilon_floor; ///< smallest epsilon, in [0, 1]. Default 0.01.
    int batch_size;       ///< transitions per update (with task buffers: of each task), in [1, 4096]. Default 64.
    int replay_capacity;  ///< transitions kept (with task buffers: of each task), in [1, 10000000]. Default 100000.
    int min_replay_size;  ///< updates start once the replay buffers together hold more transitions than this; in [batch_size - 1,
                          ///< replay_capacity). Default 2000.
    int target_period;    ///< episodes between hard copies into the target network, in [1, 1000000]. Default 10.
    // The usual switches, off by default: docs/switches.md.
    bool double_dqn;    ///< the Q-network chooses the action of the TD target. Default false.
    SdqnLossKind loss;  ///< Default SDQN_LOSS_MSE.
    double huber_delta; ///< where Huber's loss turns from a square into a line, in (0, 1e6]. Default 1.
    double target_tau;  ///< share of the Q-network mixed into the target network after each update, in [0, 1]; 0: hard copies. Default 0.
    double clip_norm;   ///< longer gradients are scaled to this norm, in [0, 1e9]; 0: none is. Default 0.
    int update_period;  ///< transitions stored between updates, in [1, 1000000]. Default 1.
} SdqnDqnDef;

SdqnDqnDef sdqn_dqn_def_default(void);
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT with the field, its value and the allowed range
SdqnStatus sdqn_dqn_def_check(const SdqnDqnDef *def, SdqnError *error);

/// What an update knows of its tasks.
typedef struct SdqnTaskGradients {
    int tasks;
    size_t parameters;
    const float *gradients;            ///< [tasks, parameters] row-major, of the losses times the tasks' weights
    const float *losses;               ///< [tasks] without the weights
    size_t shared_first, shared_count; ///< the parameters of the last layer that all outputs share: fc2.weight
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
    double weight_decay;                  ///< of AdamW, on all parameters, in [0, 1]. Default 0.
    SdqnAggregateFunction *aggregate;
    void *context; ///< of `aggregate`; must outlive the learner
} SdqnTaskBuffersDef;

/// The streams a learner draws from; it keeps copies.
typedef struct SdqnLearnerStreams {
    SdqnRng weights, exploration, replay;
} SdqnLearnerStreams;

/// What an update did.
typedef struct SdqnUpdate {
    bool done;  ///< false: the replay buffer does not hold enough yet, nothing was drawn or changed
    float loss; ///< of the batch, before the step, without the tasks' weights; 0 if not done
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

/// Q-values of the Q-network; draws from no stream and changes nothing that is saved.
/// @param observation [n, observation_size] @param task [n] @param n >= 1, any number @param q [n, num_actions] written
void sdqn_learner_q_values(SdqnLearner *learner, const float *observation, const int32_t *task, int n, float *q);

/// Epsilon-greedy action for one training step; draws from the exploration stream. @param observation [observation_size]
int sdqn_learner_act(SdqnLearner *learner, const float *observation, int task);

/// Store a transition. @param transition  action in [0, num_actions), task in [0, num_tasks)
void sdqn_learner_push(SdqnLearner *learner, const SdqnTransition *transition);

/// One gradient step on one batch, if the replay buffers together hold more than min_replay_size transitions and each a batch, and the
/// transitions ever stored are a multiple of update_period.
/// @param update  written
/// @return SDQN_OK, or SDQN_ERR_NUMERIC if the loss was NaN or infinite: the weights were not stepped
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
