// dqn_def.h: the settings of a DQN learner.
#ifndef SDQN_DQN_DQN_DEF_H
#define SDQN_DQN_DQN_DEF_H

#include "core/error.h"
#include "nn/categorical.h"

#include <stdbool.h>

/// What is made of TD errors.
typedef enum SdqnLossKind {
    SDQN_LOSS_MSE = 0,     ///< sdqn_mse_loss
    SDQN_LOSS_HUBER,       ///< sdqn_huber_loss
    SDQN_LOSS_CATEGORICAL, ///< sdqn_categorical_loss, of a network with atoms
} SdqnLossKind;

#define SDQN_MAX_ENVIRONMENTS 64 ///< played at the same time

/// Settings of a learner.
typedef struct SdqnDqnDef {
    double learning_rate; ///< Adam step size, in (0, 1]. Default 5e-4.
    double gamma;         ///< discount per environment step, in [0, 1]. Default 0.99.
    double epsilon_decay; ///< factor on epsilon after each episode, in (0, 1]. Default 0.995.
    double epsilon_start; ///< epsilon of the first episode, in [0, 1]. Default 1.
    double epsilon_floor; ///< smallest epsilon, in [0, 1]. Default 0.01.
    int batch_size;       ///< transitions per update (with task buffers: of each task), in [1, 4096]. Default 64.
    int replay_capacity;  ///< transitions kept (with task buffers: of each task), in [batch_size, 10000000]. Default 100000.
    int min_replay_size;  ///< updates start once the replay buffers together hold more transitions than this; in [batch_size - 1,
                          ///< replay_capacity). Default 2000.
    int target_period;    ///< episodes between hard copies into the target network, in [1, 1000000]. Default 10.
    // The usual switches, off by default: docs/switches.md.
    double weight_decay;       ///< of AdamW, on all parameters, in [0, 1]; 0: Adam. Default 0.
    bool double_dqn;           ///< the Q-network chooses the action of the TD target. Default false.
    SdqnLossKind loss;         ///< Default SDQN_LOSS_MSE.
    double huber_delta;        ///< where Huber's loss turns from a square into a line, in (0, 1e6]. Default 1.
    SdqnProjection projection; ///< of the categorical loss's targets. Default SDQN_PROJECTION_CORRECT.
    double target_tau;         ///< share of the Q-network mixed into the target network after each update, in [0, 1]; 0: hard copies.
                               ///< Default 0.
    double clip_norm;          ///< longer gradients are scaled to this norm, in [0, 1e9]; 0: none is. Default 0.
    int update_period;         ///< transitions stored between updates, in [1, 1000000]. Default 1.
    double kl_weight;          ///< of KL / batch_size in the loss, of networks with Gaussian residuals, in [0, 1e3]. Default 2.5e-4.
    int kl_anneal;             ///< updates over which that weight grows from 0, linearly, in [0, 1e9]; 0: it is there at once. Default 0.
    bool prioritised;          ///< rows are drawn by their last TD error instead of uniformly: priorities.h. Default false.
    double priority_alpha;     ///< priority = (|TD error| + 1e-6)^alpha, in [0, 1]. Default 0.6.
    double priority_beta;      ///< exponent of the weights that make up for it at the first update, in [0, 1]. Default 0.4.
    int priority_beta_updates; ///< updates over which it grows to 1, linearly, in [1, 1e9]. Default 500000.
    bool reward_normalisation; ///< rewards are scaled by each task's largest return: reward_scale.h; needs atoms. Default false.
    int environments;          ///< played at the same time, in [1, SDQN_MAX_ENVIRONMENTS]. Default 1.
    int gradient_period;       ///< updates between reports on the tasks' gradients, in [0, 1e9]; 0: none. Default 1000.
    int frozen_tasks;          ///< of so many first tasks, and of what all share, nothing learns, in [0, SDQN_MAX_TASKS); 0: all learns.
                               ///< Only what belongs to one task alone, residuals or embeddings, is left. Default 0.
    int n_step;                ///< environment steps whose rewards make a transition, in [1, SDQN_MAX_N_STEP]. Default 1.
} SdqnDqnDef;

/// How many values sdqn_dqn_def_values gives.
#define SDQN_DQN_DEF_VALUES 28

SdqnDqnDef sdqn_dqn_def_default(void);
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT with the field, its value and the allowed range
SdqnStatus sdqn_dqn_def_check(const SdqnDqnDef *def, SdqnError *error);
/// All fields of a checked definition as numbers, which they fit exactly: what a saved state records. @param values  written
void sdqn_dqn_def_values(const SdqnDqnDef *def, double values[SDQN_DQN_DEF_VALUES]);

#endif
