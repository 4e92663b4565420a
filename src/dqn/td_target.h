// td_target.h: TD targets of Q-learning.
#ifndef SDQN_DQN_TD_TARGET_H
#define SDQN_DQN_TD_TARGET_H

#include <stdint.h>

/// DQN targets: y = r + discount * (1 - terminated) * max_a Q_target(s', a), each operation rounded to float32.
/// @param q_target_next  [n, num_actions] at s', from the target network
/// @param reward         [n]
/// @param terminated     [n] 1 for a terminal state; a time limit is a truncation and counts as 0
/// @param discount       [n] gamma, or with n-step returns gamma^k
/// @param y              [n] written; must not alias an input
/// Source: Mnih et al. 2015, Nature 518, Algorithm 1.
void sdqn_td_target(const float *q_target_next, const float *reward, const uint8_t *terminated, const float *discount, int n,
                    int num_actions, float *y);

/// Double-DQN targets: y = r + discount * (1 - terminated) * Q_target(s', argmax_a Q(s', a)). Ties take the lowest action.
/// @param q_next         [n, num_actions] at s', from the Q-network
/// @param q_target_next  [n, num_actions] at s', from the target network
/// Source: van Hasselt et al. 2016, arXiv:1509.06461, section "Double DQN". The rest as above.
void sdqn_td_target_double(const float *q_next, const float *q_target_next, const float *reward, const uint8_t *terminated,
                           const float *discount, int n, int num_actions, float *y);

#endif
