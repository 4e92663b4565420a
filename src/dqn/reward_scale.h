// reward_scale.h: the size of each task's returns, by which rewards are scaled to one range for all tasks.
//
// After Nauman et al. 2025 (BRC), arXiv:2505.23150: the rewards of task i are multiplied by V_max / G_i, G_i the largest return met so far.
#ifndef SDQN_DQN_REWARD_SCALE_H
#define SDQN_DQN_REWARD_SCALE_H

#include "core/error.h"
#include "dqn/dqn_def.h"
#include "nn/network.h"

#include <stdbool.h>
#include <stdint.h>

/// Plain data without padding or pointers, all zeros at first: part of a saved state as it is.
typedef struct SdqnRewardScale {
    double sum[SDQN_MAX_ENVIRONMENTS];   ///< discounted rewards of the episode that runs in each environment
    double power[SDQN_MAX_ENVIRONMENTS]; ///< gamma^t of its next step; 0: it has not begun
    double largest[SDQN_MAX_TASKS];      ///< magnitude of the discounted return of a finished episode of each task; 0: none yet
} SdqnRewardScale;

/// Take one environment step. @param last  it ended its episode
void sdqn_reward_scale_take(SdqnRewardScale *scale, double gamma, int environment, int task, double reward, bool last);
/// V_max / G of a task, or 1 before its first episode has ended. @param value_max  V_max > 0
double sdqn_reward_scale_factor(const SdqnRewardScale *scale, int task, double value_max);
/// Whether one that was read from a file can be one. @return SDQN_OK or SDQN_ERR_FORMAT
SdqnStatus sdqn_reward_scale_check(const uint8_t *bytes, size_t size, SdqnError *error);

#endif
