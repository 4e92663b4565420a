// n_step.h: n-step returns: what several environment steps in a row gave, as one transition.
#ifndef SDQN_DQN_N_STEP_H
#define SDQN_DQN_N_STEP_H

#include "core/error.h"
#include "dqn/replay_buffer.h"

#include <stddef.h>
#include <stdint.h>

#define SDQN_MAX_N_STEP 64

/// Windows over the newest steps, one for each environment that is played at the same time; a window ends with its episode. Not
/// thread-safe.
///
/// A step at time t that ends no episode completes the transition from s_(t-n+1), once the episode has so many steps. One that does
/// completes all that are waiting, from the oldest to the newest. So each state s_i of an episode begins one transition, in the order of i:
///     s_i, a_i, R = r_i + gamma r_(i+1) + ... + gamma^(k-1) r_(i+k-1), s_(i+k), k steps, terminated as the last of them
/// with k = n, or less where the episode ends before. The sum is taken from its end, r_i + gamma (r_(i+1) + gamma (...)), in double.
/// Source: Sutton 1988, Machine Learning 3(1); in DQN: Hessel et al. 2018, arXiv:1710.02298, section "Multi-step learning".
typedef struct SdqnNStep SdqnNStep;

/// @param n             steps, in [1, SDQN_MAX_N_STEP] @param gamma in [0, 1]
/// @param environments  played at the same time, >= 1 @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_n_step_create(int n, double gamma, int environments, int observation_size, SdqnNStep **n_step, SdqnError *error);
/// NULL is allowed.
void sdqn_n_step_destroy(SdqnNStep *n_step);

/// Take one environment step. Allocates nothing.
/// @param complete  receives the transitions that are complete with it, borrowed until the next call
/// @return how many, in [0, n]
int sdqn_n_step_push(SdqnNStep *n_step, const SdqnTransition *step, const SdqnTransition **complete);

/// gamma^k for k = 1 to n, a running product in double rounded to float32. @param discounts  [n] written, that of k at k - 1
void sdqn_n_step_discounts(double gamma, int n, float *discounts);

/// Bytes of the saved state: grows with the steps that wait.
size_t sdqn_n_step_state_size(const SdqnNStep *n_step);
/// Write the state. @param bytes [sdqn_n_step_state_size()] written
void sdqn_n_step_save_state(const SdqnNStep *n_step, uint8_t *bytes);
/// What sdqn_n_step_load_state would say of a saved state, without taking it.
SdqnStatus sdqn_n_step_check_state(const SdqnNStep *n_step, int num_actions, const uint8_t *bytes, size_t size, SdqnError *error);
/// Take a saved state back into windows of the same sizes. @param num_actions  bound that every stored action must keep
/// @return SDQN_OK, or SDQN_ERR_FORMAT with what is wrong; the windows are then unchanged
SdqnStatus sdqn_n_step_load_state(SdqnNStep *n_step, int num_actions, const uint8_t *bytes, size_t size, SdqnError *error);

#endif
