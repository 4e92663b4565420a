// network_graph.h: what a Q-network consists of, for those who write it in another form (src/exchange).
#ifndef SDQN_NN_NETWORK_GRAPH_H
#define SDQN_NN_NETWORK_GRAPH_H

#include "nn/graph.h"
#include "nn/network.h"

/// The layers, valid while the network lives.
const SdqnGraph *sdqn_q_network_graph(const SdqnQNetwork *network);

/// Their parameters [graph->parameter_count] as a task sees them: with residuals the shared ones plus the means of the task's own, else
/// those that all tasks share. Valid until the parameters change. @param task  in [0, num_tasks)
const float *sdqn_q_network_task_parameters(const SdqnQNetwork *network, int task);

/// task_embedding.weight [num_tasks, embedding_size], or NULL.
const float *sdqn_q_network_embedding(const SdqnQNetwork *network);

#endif
