#include "nn/architectures.h"

#include <assert.h>
#include <stdio.h>

/// The outputs behind the last hidden layer: one linear layer, or with dueling one for the state's value and one for the advantages.
static void build_outputs(const SdqnQNetworkDef *def, const char *name, SdqnInitKind init, int source, SdqnGraph *graph) {
    const int values = sdqn_q_network_def_action_outputs(def);
    const int outputs = sdqn_graph_linear(graph, name, source, def->num_actions * values, false);
    graph->nodes[outputs].init = init;
    if (!def->dueling) return;
    const int value = sdqn_graph_linear(graph, "value", source, values, false);
    graph->nodes[value].init = init;
    sdqn_graph_duel(graph, outputs, value);
}

/// input -> fc1, ReLU -> fc2, ReLU -> fc3. fc2 is nearly all of the work: its inputs and the derivatives of its outputs are what a ReLU
/// left, half of it 0.
static void build_mlp(const SdqnQNetworkDef *def, SdqnGraph *graph) {
    const int fc1 = sdqn_graph_linear(graph, "fc1", SDQN_GRAPH_INPUT, def->hidden1_size, true);
    const int fc2 = sdqn_graph_linear(graph, "fc2", fc1, def->hidden2_size, true);
    graph->nodes[fc2].sparse_input = graph->nodes[fc2].sparse_derivative = true;
    graph->last_hidden = fc2;
    build_outputs(def, "fc3", SDQN_INIT_KAIMING, fc2, graph);
}

static int block_linear(SdqnGraph *graph, int block, int number, int source, int size, bool relu) {
    char name[32];
    snprintf(name, sizeof name, "blocks.%d.linear%d", block, number);
    return sdqn_graph_linear(graph, name, source, size, relu);
}

static int block_norm(SdqnGraph *graph, int block, const char *which, int source, bool relu) {
    char name[32];
    snprintf(name, sizeof name, "blocks.%d.%s", block, which);
    return sdqn_graph_norm(graph, name, source, relu);
}

/// input -> fc1, ReLU -> blocks of x + linear2(relu(linear1(norm(x)))) -> norm -> head.
static void build_bronet(const SdqnQNetworkDef *def, SdqnGraph *graph) {
    const int size = def->hidden1_size;
    int x = sdqn_graph_linear(graph, "fc1", SDQN_GRAPH_INPUT, size, true);
    for (int block = 0; block < def->num_blocks; block++) {
        const int norm = block_norm(graph, block, "norm", x, false);
        const int linear1 = block_linear(graph, block, 1, norm, size, true);
        const int linear2 = block_linear(graph, block, 2, linear1, size, false);
        graph->nodes[linear1].sparse_derivative = graph->nodes[linear2].sparse_input = true;
        graph->last_hidden = linear2;
        x = sdqn_graph_add(graph, linear2, x);
    }
    x = sdqn_graph_norm(graph, "norm", x, false);
    build_outputs(def, "head", SDQN_INIT_XAVIER, x, graph);
}

/// The published one: a norm behind each linear layer. input -> fc1, norm, ReLU -> blocks of x + norm2(linear2(relu(norm1(linear1(x))))) ->
/// head. Source: Nauman et al. 2024, arXiv:2405.16158, section 3; used by BRC, Nauman et al. 2025, arXiv:2505.23150.
static void build_bronet_published(const SdqnQNetworkDef *def, SdqnGraph *graph) {
    const int size = def->hidden1_size;
    int x = sdqn_graph_norm(graph, "norm", sdqn_graph_linear(graph, "fc1", SDQN_GRAPH_INPUT, size, false), true);
    for (int block = 0; block < def->num_blocks; block++) {
        const int norm1 = block_norm(graph, block, "norm1", block_linear(graph, block, 1, x, size, false), true);
        const int linear2 = block_linear(graph, block, 2, norm1, size, false);
        graph->nodes[linear2].sparse_input = true;
        graph->last_hidden = linear2;
        x = sdqn_graph_add(graph, block_norm(graph, block, "norm2", linear2, false), x);
    }
    build_outputs(def, "head", SDQN_INIT_XAVIER, x, graph);
}

void sdqn_architecture_build(const SdqnQNetworkDef *def, SdqnGraph *graph) {
    const int inputs = def->observation_size + sdqn_q_network_def_conditioning_size(def);
    *graph = (SdqnGraph){
        .input_size = inputs,
        .learned_input = def->conditioning == SDQN_CONDITIONING_EMBEDDING ? def->observation_size : inputs,
    };
    switch (def->architecture) {
    case SDQN_ARCHITECTURE_MLP:
        build_mlp(def, graph);
        break;
    case SDQN_ARCHITECTURE_BRONET:
        build_bronet(def, graph);
        break;
    case SDQN_ARCHITECTURE_BRONET_PUBLISHED:
        build_bronet_published(def, graph);
        break;
    }
}
