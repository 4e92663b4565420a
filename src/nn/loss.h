// loss.h: losses on the Q-value of the chosen action.
#ifndef SDQN_NN_LOSS_H
#define SDQN_NN_LOSS_H

#include <stdint.h>

/// Mean squared TD error: loss = (1/n) sum over b of (q[b, action[b]] - y[b])^2, with its derivative.
/// The sum has 16 partial sums (row b goes to b mod 16) joined by a fixed tree, so its bits depend on no instruction set.
/// @param q       [n, num_actions]
/// @param action  [n] in [0, num_actions)
/// @param y       [n] TD targets, constants to the derivative
/// @param dq      [n, num_actions] written: 2 (q - y) / n at the chosen action, else 0
/// @return the loss; NaN or infinite if an input was
float sdqn_mse_loss(const float *q, const uint8_t *action, const float *y, int n, int num_actions, float *dq);

/// Huber's loss of the TD error d = q[b, action[b]] - y[b]: d^2 / 2 if |d| <= delta, else delta (|d| - delta / 2); mean over b, summed as
/// above. As torch.nn.functional.huber_loss; with delta 1 it is the smooth L1 loss. Source: Huber 1964, Ann. Math. Statist. 35(1).
/// @param delta  > 0
/// @param dq     [n, num_actions] written: d clamped to [-delta, delta], over n, at the chosen action, else 0
/// @return the loss; NaN or infinite if an input was
float sdqn_huber_loss(const float *q, const uint8_t *action, const float *y, float delta, int n, int num_actions, float *dq);

#endif
