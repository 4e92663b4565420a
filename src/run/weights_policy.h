// weights_policy.h: the greedy policy of a weights file.
#ifndef SDQN_RUN_WEIGHTS_POLICY_H
#define SDQN_RUN_WEIGHTS_POLICY_H

#include "core/error.h"
#include "nn/kernels.h"
#include "run/evaluator.h"

#include <stdint.h>

/// A Q-network from a file. Not thread-safe.
typedef struct SdqnWeightsPolicy SdqnWeightsPolicy;

/// Read a safetensors file, whatever the sizes of its network.
/// @param family  whose observations and actions the network must fit
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_weights_policy_create(const char *path, const SdqnEnvironmentFamily *family, const SdqnKernels *kernels,
                                      SdqnWeightsPolicy **policy, SdqnError *error);
/// NULL is allowed.
void sdqn_weights_policy_destroy(SdqnWeightsPolicy *policy);

#define SDQN_WEIGHTS_POLICY_ANY_TASKS (-1)

/// Tasks the network tells apart: the rows of its embedding, or its one-hot inputs; 0 if it sees the observation alone;
/// SDQN_WEIGHTS_POLICY_ANY_TASKS if it is given the task's number, so that the file does not say how many there are.
int sdqn_weights_policy_num_tasks(const SdqnWeightsPolicy *policy);

/// Say which of the network's tasks each task of the evaluated set is. Without a call task i is task i.
/// @param rows [count] each in [0, num_tasks), or below SDQN_TASK_SET_MAX if they can be any
void sdqn_weights_policy_set_rows(SdqnWeightsPolicy *policy, const int32_t *rows, int count);

/// For sdqn_evaluate. The result borrows `policy`.
SdqnPolicy sdqn_weights_policy_as_policy(SdqnWeightsPolicy *policy);

#endif
