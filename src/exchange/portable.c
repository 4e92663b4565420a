#include "exchange/portable.h"

#include <assert.h>

static SdqnPortableNetwork take(const SdqnQNetwork *network, int row) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(network);
    return (SdqnPortableNetwork){
        .def = def,
        .graph = sdqn_q_network_graph(network),
        .parameters = sdqn_q_network_task_parameters(network, def->residuals != SDQN_RESIDUALS_NONE ? row : 0),
        .embedding = sdqn_q_network_embedding(network),
        .support = sdqn_q_network_support(network),
        .row = row,
    };
}

void sdqn_portable_make(const char *const *tasks, const SdqnQNetwork *const *networks, const int32_t *rows, int count,
                        SdqnPortable *portable) {
    assert(count >= 1 && count <= SDQN_MAX_TASKS);
    const SdqnQNetworkDef *def = sdqn_q_network_def(networks[0]);
    bool one = def->residuals == SDQN_RESIDUALS_NONE;
    *portable = (SdqnPortable){.num_tasks = count};
    for (int t = 0; t < count; t++) {
        portable->tasks[t] = tasks[t];
        one = one && networks[t] == networks[0];
    }
    portable->num_networks = one ? 1 : count;
    for (int t = 0; t < portable->num_networks; t++) portable->networks[t] = take(networks[t], rows[t]);
    if (one && count > 1 && def->conditioning != SDQN_CONDITIONING_BLIND) portable->networks[0].row = SDQN_PORTABLE_ASKED;
}

bool sdqn_portable_needs_task(const SdqnPortable *portable) {
    return portable->num_networks > 1 || portable->networks[0].row == SDQN_PORTABLE_ASKED;
}

SdqnStatus sdqn_portable_tensors(const SdqnPortable *portable, SdqnTensor *tensors, int *count, SdqnError *error) {
    assert(portable->num_networks == 1);
    const SdqnPortableNetwork *network = &portable->networks[0];
    const SdqnQNetworkDef *def = network->def;
    const bool asked = network->row == SDQN_PORTABLE_ASKED;
    if (!asked && (def->conditioning == SDQN_CONDITIONING_ONEHOT || def->conditioning == SDQN_CONDITIONING_ID)) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                              "task %s cannot be taken out of weights whose inputs are %s: leave the task out, or export to onnx or c",
                              portable->tasks[0], def->conditioning == SDQN_CONDITIONING_ID ? "the task's number" : "one-hot");
    }
    int written = sdqn_graph_tensors(network->graph, network->parameters, tensors);
    if (network->embedding) {
        const size_t size = (size_t)def->embedding_size;
        tensors[written++] = (SdqnTensor){.name = "task_embedding.weight",
                                          .rank = 2,
                                          .shape = {asked ? (size_t)def->num_tasks : 1, size},
                                          .data = network->embedding + (asked ? 0 : (size_t)network->row * size)};
    }
    if (network->support) {
        tensors[written++] = (SdqnTensor){.name = "support", .rank = 1, .shape = {(size_t)def->num_atoms}, .data = network->support};
    }
    *count = written;
    return SDQN_OK;
}
