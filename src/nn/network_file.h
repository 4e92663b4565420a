// network_file.h: Q-networks from weights files: which network a file holds, and its parameters.
#ifndef SDQN_NN_NETWORK_FILE_H
#define SDQN_NN_NETWORK_FILE_H

#include "core/error.h"
#include "nn/kernels.h"
#include "nn/network.h"
#include "nn/tensor.h"

/// The definition that fits a file's tensors by name and shape: blocks.0.linear1.weight says BroNet (with norm2, the published one),
/// value.weight dueling, `support` distributions over its atoms. With a task_embedding.weight [tasks, size] fc1 has observation_size + size
/// inputs. Without one, its inputs beyond the observation say what they are: none: blind (num_tasks is 1), one: the task's id (num_tasks is
/// SDQN_MAX_TASKS: the file does not tell how many there were), more: one-hot of so many tasks.
/// @param where             what error messages call the file
/// @param observation_size  of the environment the network is for
/// @param num_actions       of that environment
/// @return SDQN_OK, or SDQN_ERR_FORMAT naming file, tensor, what was found and what is expected (`def` untouched)
SdqnStatus sdqn_q_network_infer(const char *where, const SdqnTensor *tensors, int count, int observation_size, int num_actions,
                                SdqnQNetworkDef *def, SdqnError *error);

/// Take the parameters from a file's tensors. Every tensor of the network must be there with its shape, and no other.
/// @return SDQN_OK, or SDQN_ERR_FORMAT naming file, tensor, what was found and what is expected; the network is then unchanged
SdqnStatus sdqn_q_network_load(SdqnQNetwork *network, const char *where, const SdqnTensor *tensors, int count, SdqnError *error);

/// Take the parameters from the tensors of a network that is the same but for knowing fewer tasks: they are the first of this network's,
/// and what belongs to the others stays as it is (of one-hot inputs: the new columns of fc1.weight become 0).
/// @param known  receives how many tasks the tensors tell apart; 0 with conditioning id or blind: they do not say
/// @return as sdqn_q_network_load, and SDQN_ERR_FORMAT if they know more; the network is then unchanged
SdqnStatus sdqn_q_network_load_first(SdqnQNetwork *network, const char *where, const SdqnTensor *tensors, int count, int *known,
                                     SdqnError *error);

/// The tensors of one task of a file that has a network for each, TASK.fc1.weight and so on, without the task's name.
/// @param own [SDQN_Q_NETWORK_MAX_TENSORS + 1] so that one too many is seen @return how many
int sdqn_q_network_tensors_of_task(const SdqnTensor *tensors, int count, const char *task, SdqnTensor *own);

/// Networks of a weights file: one for all tasks, whose name is empty, or one for each task, whose tensors are called TASK.fc1.weight, ...
typedef struct SdqnQNetworkSet {
    int count; ///< in [1, SDQN_MAX_TASKS]; 0 if nothing was read
    SdqnQNetwork *networks[SDQN_MAX_TASKS];
    char tasks[SDQN_MAX_TASKS][SDQN_TENSOR_NAME_SIZE]; ///< in the order of the file
} SdqnQNetworkSet;

/// New networks from a file's tensors, whatever their sizes. @param where  what error messages call the file
/// @param set  written on success; to be cleared by the caller @return SDQN_OK, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_q_network_set_create(const char *where, const SdqnTensor *tensors, int count, int observation_size, int num_actions,
                                     const SdqnKernels *kernels, SdqnQNetworkSet *set, SdqnError *error);
/// The same of a safetensors file. @return SDQN_ERR_IO too
SdqnStatus sdqn_q_network_set_read(const char *path, int observation_size, int num_actions, const SdqnKernels *kernels,
                                   SdqnQNetworkSet *set, SdqnError *error);
/// Destroy the networks. All zeros is allowed.
void sdqn_q_network_set_clear(SdqnQNetworkSet *set);

#endif
