// learner_parts.h: what a learner consists of, for its own files: learner.c, learner_targets.c and learner_state.c.
#ifndef SDQN_DQN_LEARNER_PARTS_H
#define SDQN_DQN_LEARNER_PARTS_H

#include "dqn/exploration.h"
#include "dqn/learner.h"
#include "dqn/n_step.h"
#include "dqn/priorities.h"
#include "dqn/reward_scale.h"
#include "dqn/target_memory.h"
#include "nn/adam.h"

struct SdqnLearner {
    SdqnDqnDef def;
    const SdqnKernels *kernels;
    SdqnQNetwork *network, *target;
    SdqnSpan trained[SDQN_Q_NETWORK_MAX_TENSORS]; ///< parameters that learn, with frozen tasks
    int num_trained;                              ///< of them; 0: all learn
    SdqnAdam adam;
    bool by_task; ///< a replay buffer and a gradient for each task; else one of either, and task_buffers is not looked at
    SdqnTaskBuffersDef task_buffers;
    int num_buffers;
    SdqnReplayBuffer *replays[SDQN_MAX_TASKS];  ///< num_buffers of them
    SdqnPriorities *priorities[SDQN_MAX_TASKS]; ///< of each replay buffer, if prioritised; else NULL
    SdqnNStep *n_step;                          ///< NULL: one step each
    SdqnRewardScale reward_scale;               ///< if reward_normalisation
    SdqnExploration exploration;
    SdqnRng exploration_rng, replay_rng, noise_rng;
    uint64_t updates, episodes, pushes;

    // Derived or scratch: nothing below is part of the state.
    bool remembers; ///< TD targets are one number each, and depend on the transition and a target network that stays for a while alone
    SdqnTargetMemory targets[SDQN_MAX_TASKS]; ///< of each replay buffer, if it remembers
    SdqnQWorkspace *training, *inference;
    SdqnBatch batch;            ///< what was drawn: batch_size rows of each replay buffer
    SdqnBatch unknown;          ///< those whose TD targets are not remembered; its `row` is that of `batch`; empty unless it remembers
    float *outputs, *d_outputs; ///< [rows, num_actions, values] of the batch
    float *next_outputs;        ///< of the Q-network at s', for double DQN; else NULL
    float *next_q;              ///< [rows, num_actions] Q-values at s' that choose the action, with atoms; else NULL
    float *y;                   ///< [rows] TD targets
    float *row_weights;         ///< [rows] factors on the rows' losses, if prioritised; else NULL
    float *row_errors;          ///< [rows] sizes of the TD errors, with atoms cross-entropies
    float *distributions;       ///< [rows, num_atoms] instead of y, with atoms; else NULL
    float *discount;            ///< [rows] of what follows s'
    float discounts[SDQN_MAX_N_STEP];  ///< gamma^k at k - 1
    float *gradients;                  ///< [num_buffers, parameters]
    float task_errors[SDQN_MAX_TASKS]; ///< mean of each task's row_errors; NaN without rows
    float losses[SDQN_MAX_TASKS];      ///< of each replay buffer's part of the batch
    SdqnGradientReport *report;        ///< NULL without gradient_period
    float *task_gradients;             ///< [tasks, parameters] for the report, of a learner with several tasks
    float *task_d_outputs;             ///< [rows, num_actions, values] likewise
    int32_t *shuffled_tasks;           ///< [rows] likewise
    double weights[SDQN_MAX_TASKS];    ///< of the tasks' gradients in the step
    float *direction;                  ///< [parameters] along which the optimiser steps; without task buffers the only gradient
};

/// TD targets of the batch into y or distributions. Uses outputs. @return the share of probability cut to the support; 0 without atoms
float sdqn_learner_td_targets(SdqnLearner *learner);
/// The target network has changed: forget the TD targets that are remembered.
void sdqn_learner_forget_targets(SdqnLearner *learner);
/// Whether the update that follows is one to report on.
bool sdqn_learner_report_is_due(const SdqnLearner *learner);
/// Fill in the report, after the backward pass of an update and before its step. Changes nothing else but scratch memory.
void sdqn_learner_report(SdqnLearner *learner, float cut);

#endif
