// portable.h: the networks of a policy as layers and parameters, the form from which files for other programs are written.
#ifndef SDQN_EXCHANGE_PORTABLE_H
#define SDQN_EXCHANGE_PORTABLE_H

#include "core/error.h"
#include "nn/network.h"
#include "nn/network_graph.h"
#include "nn/tensor.h"

#include <stdbool.h>
#include <stdint.h>

#define SDQN_PORTABLE_ASKED (-1) ///< as a row: the task that a call names

/// One network without residuals: those of the task are part of the parameters.
typedef struct SdqnPortableNetwork {
    const SdqnQNetworkDef *def;
    const SdqnGraph *graph;
    const float *parameters; ///< [graph->parameter_count]
    const float *embedding;  ///< [def->num_tasks, def->embedding_size], NULL without
    const float *support;    ///< [def->num_atoms], NULL without
    int row;                 ///< which of its tasks the network is always told, or SDQN_PORTABLE_ASKED
} SdqnPortableNetwork;

/// A policy for some tasks. Borrows from the networks it was made of.
typedef struct SdqnPortable {
    int num_tasks; ///< in [1, SDQN_MAX_TASKS]
    const char *tasks[SDQN_MAX_TASKS];
    int num_networks; ///< 1: one for all tasks; else one for each
    SdqnPortableNetwork networks[SDQN_MAX_TASKS];
} SdqnPortable;

/// Put together what plays the tasks. All networks have the same observations and actions.
/// @param tasks     [count] names, borrowed
/// @param networks  [count] that play them; the same one for several tasks, or one for each
/// @param rows      [count] which of its network's tasks each is; where one network plays several, task i is its task i
/// @param portable  written
void sdqn_portable_make(const char *const *tasks, const SdqnQNetwork *const *networks, const int32_t *rows, int count,
                        SdqnPortable *portable);

/// The tensors of a policy of one network, with PyTorch's names: what a weights file of it alone holds. Of a network that is always told
/// the same task, the embedding of that task.
/// @param tensors  [SDQN_Q_NETWORK_MAX_TENSORS] written @param count  receives how many
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT if one task cannot be taken out: inputs that are one-hot or the task's number
SdqnStatus sdqn_portable_tensors(const SdqnPortable *portable, SdqnTensor *tensors, int *count, SdqnError *error);

/// Whether Q-values depend on the task.
bool sdqn_portable_needs_task(const SdqnPortable *portable);

#endif
