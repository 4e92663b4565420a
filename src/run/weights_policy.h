// weights_policy.h: the greedy policy of a weights file.
#ifndef SDQN_RUN_WEIGHTS_POLICY_H
#define SDQN_RUN_WEIGHTS_POLICY_H

#include "core/error.h"
#include "nn/kernels.h"
#include "nn/network_file.h"
#include "run/evaluator.h"
#include "run/task_set.h"

#include <stdbool.h>
#include <stdint.h>

/// Q-networks from a file: one for all tasks, or one for each. Not thread-safe.
typedef struct SdqnWeightsPolicy SdqnWeightsPolicy;

/// Read a safetensors file, whatever the sizes of its networks.
/// @param family  whose observations and actions the network must fit
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_weights_policy_create(const char *path, const SdqnEnvironmentFamily *family, const SdqnKernels *kernels,
                                      SdqnWeightsPolicy **policy, SdqnError *error);
/// The same of networks in memory. @param set  taken over and emptied; on an error destroyed
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_weights_policy_create_from(SdqnQNetworkSet *set, SdqnWeightsPolicy **policy, SdqnError *error);
/// NULL is allowed.
void sdqn_weights_policy_destroy(SdqnWeightsPolicy *policy);

#define SDQN_WEIGHTS_POLICY_ANY_TASKS (-1)

/// Whether the file has a network for each task, found by its name.
bool sdqn_weights_policy_is_named(const SdqnWeightsPolicy *policy);
/// Play task i of the evaluated set with the network of that name, of a file that has one for each.
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT if there is none, with the names there are (nothing changed)
SdqnStatus sdqn_weights_policy_choose(SdqnWeightsPolicy *policy, const SdqnTaskSet *set, SdqnError *error);

/// Tasks the network tells apart: the rows of its embedding, or its one-hot inputs; 0 if each network sees the observation alone;
/// SDQN_WEIGHTS_POLICY_ANY_TASKS if it is given the task's number, so that the file does not say how many there are.
int sdqn_weights_policy_num_tasks(const SdqnWeightsPolicy *policy);

/// Of a file with one network for all tasks, say which of its tasks each task of the evaluated set is. Without a call task i is task i.
/// @param rows [count] each in [0, num_tasks), or below SDQN_TASK_SET_MAX if they can be any
void sdqn_weights_policy_set_rows(SdqnWeightsPolicy *policy, const int32_t *rows, int count);

/// What plays task i of the evaluated set. @param row  receives which of the network's tasks it is @return the network, borrowed
const SdqnQNetwork *sdqn_weights_policy_network(const SdqnWeightsPolicy *policy, int task, int32_t *row);

/// Q-values of observations, whatever their tasks.
/// @param tasks [n] each a task's index in the evaluated set @param observations [n, observation_size]
/// @param n in [1, SDQN_EVALUATION_LANES] @param q [n, num_actions] written
void sdqn_weights_policy_q_values(SdqnWeightsPolicy *policy, const int32_t *tasks, const float *observations, int n, float *q);

/// The policy that takes the action of the highest Q-value, for sdqn_evaluate. The result borrows `policy`.
SdqnPolicy sdqn_weights_policy_as_policy(SdqnWeightsPolicy *policy);

#endif
