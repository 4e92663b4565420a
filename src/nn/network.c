#include "nn/network.h"

#include "core/environment.h"
#include "nn/aligned.h"
#include "nn/architectures.h"
#include "nn/categorical.h"
#include "nn/graph.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EMBEDDING_DEVIATION 0.1

struct SdqnQNetwork {
    SdqnQNetworkDef def;
    const SdqnKernels *kernels;
    SdqnGraph graph;
    SdqnGraphWeights weights;
    size_t embedding; ///< offset of task_embedding.weight
    size_t count;
    float *parameters;
    float *support; ///< [num_atoms], or NULL
};

struct SdqnQWorkspace {
    SdqnGraphWorkspace graph;
    float *logits; ///< [max_rows, outputs] for Q-values, with atoms; else NULL
};

// ---- definition -----------------------------------------------------------------------------------------------------------------

SdqnQNetworkDef sdqn_q_network_def_default(void) {
    return (SdqnQNetworkDef){
        .observation_size = 8,
        .num_actions = 4,
        .num_tasks = 3,
        .embedding_size = 8,
        .hidden1_size = 256,
        .hidden2_size = 128,
        .conditioning = SDQN_CONDITIONING_EMBEDDING,
        .architecture = SDQN_ARCHITECTURE_MLP,
        .num_blocks = 3,
        .value_min = -100.0,
        .value_max = 300.0,
    };
}

SdqnStatus sdqn_q_network_def_check(const SdqnQNetworkDef *def, SdqnError *error) {
    const bool embeds = def->conditioning == SDQN_CONDITIONING_EMBEDDING, one_hot = def->conditioning == SDQN_CONDITIONING_ONEHOT;
    const bool has_blocks = def->architecture != SDQN_ARCHITECTURE_MLP;
    const struct {
        const char *name;
        int value, low, high;
    } fields[] = {
        {"conditioning", (int)def->conditioning, SDQN_CONDITIONING_EMBEDDING, SDQN_CONDITIONING_BLIND},
        {"architecture", (int)def->architecture, SDQN_ARCHITECTURE_MLP, SDQN_ARCHITECTURE_BRONET_PUBLISHED},
        {"observation_size", def->observation_size, 1, SDQN_MAX_OBSERVATION_SIZE},
        {"num_actions", def->num_actions, 1, SDQN_MAX_ACTIONS},
        // One-hot of a single task would have the shape of an id.
        {one_hot ? "num_tasks (with conditioning onehot)" : "num_tasks", def->num_tasks, one_hot ? 2 : 1, SDQN_MAX_TASKS},
        {"embedding_size", def->embedding_size, embeds ? 1 : INT_MIN, embeds ? SDQN_MAX_LAYER_SIZE : INT_MAX},
        {"hidden1_size", def->hidden1_size, 1, SDQN_MAX_LAYER_SIZE},
        {"hidden2_size", def->hidden2_size, 1, SDQN_MAX_LAYER_SIZE},
        {"blocks", def->num_blocks, has_blocks ? 1 : INT_MIN, has_blocks ? SDQN_MAX_BLOCKS : INT_MAX},
        {"atoms", def->num_atoms, 0, SDQN_MAX_ATOMS},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].value < fields[i].low || fields[i].value > fields[i].high) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %d: must be in [%d, %d]", fields[i].name, fields[i].value, fields[i].low,
                                  fields[i].high);
        }
    }
    if (def->num_atoms == 0) return SDQN_OK;
    if (def->num_atoms == 1) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "atoms = 1: must be 0 (plain values) or at least 2");
    if (def->value_min >= -SDQN_MAX_VALUE && def->value_max <= SDQN_MAX_VALUE && (float)def->value_min < (float)def->value_max) {
        return SDQN_OK;
    }
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "value_min = %g, value_max = %g: must be ascending and within +-%g", def->value_min,
                          def->value_max, SDQN_MAX_VALUE);
}

int sdqn_q_network_def_conditioning_size(const SdqnQNetworkDef *def) {
    switch (def->conditioning) {
    case SDQN_CONDITIONING_EMBEDDING:
        return def->embedding_size;
    case SDQN_CONDITIONING_ONEHOT:
        return def->num_tasks;
    case SDQN_CONDITIONING_ID:
        return 1;
    default:
        return 0;
    }
}

int sdqn_q_network_def_action_outputs(const SdqnQNetworkDef *def) { return def->num_atoms > 0 ? def->num_atoms : 1; }

/// Rows of task_embedding.weight times its columns; 0 without an embedding.
static size_t embedding_count(const SdqnQNetworkDef *def) {
    return def->conditioning == SDQN_CONDITIONING_EMBEDDING ? (size_t)def->num_tasks * (size_t)def->embedding_size : 0;
}

static size_t num_outputs(const SdqnQNetworkDef *def) { return (size_t)def->num_actions * (size_t)sdqn_q_network_def_action_outputs(def); }

size_t sdqn_q_network_def_parameter_count(const SdqnQNetworkDef *def) {
    SdqnGraph graph;
    sdqn_architecture_build(def, &graph);
    return graph.parameter_count + embedding_count(def);
}

// ---- creation -------------------------------------------------------------------------------------------------------------------

static void fill_support(const SdqnQNetworkDef *def, float *support) {
    for (int j = 0; j < def->num_atoms; j++) {
        support[j] = (float)(def->value_min + (def->value_max - def->value_min) * j / (def->num_atoms - 1));
    }
}

SdqnStatus sdqn_q_network_create(const SdqnQNetworkDef *def, const SdqnKernels *kernels, SdqnQNetwork **network, SdqnError *error) {
    SdqnStatus status = sdqn_q_network_def_check(def, error);
    if (status != SDQN_OK) return status;
    SdqnQNetwork *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "Q-network: out of memory");
    made->def = *def;
    made->kernels = kernels;
    sdqn_architecture_build(def, &made->graph);
    made->embedding = made->graph.parameter_count;
    made->count = made->embedding + embedding_count(def);
    made->parameters = sdqn_aligned_floats(made->count);
    made->support = def->num_atoms > 0 ? sdqn_aligned_floats((size_t)def->num_atoms) : NULL;
    if (!made->parameters || (def->num_atoms > 0 && !made->support)) {
        status = sdqn_error_set(error, SDQN_ERR_MEMORY, "Q-network: out of memory for %zu parameters", made->count);
    }
    if (status == SDQN_OK) status = sdqn_graph_weights_create(&made->graph, made->parameters, &made->weights, error);
    if (status != SDQN_OK) {
        sdqn_q_network_destroy(made);
        return status;
    }
    if (made->support) fill_support(def, made->support);
    *network = made;
    return SDQN_OK;
}

void sdqn_q_network_destroy(SdqnQNetwork *network) {
    if (!network) return;
    sdqn_graph_weights_destroy(&network->weights);
    free(network->support);
    free(network->parameters);
    free(network);
}

SdqnStatus sdqn_q_workspace_create(const SdqnQNetworkDef *def, int max_rows, bool backward, SdqnQWorkspace **workspace, SdqnError *error) {
    SdqnGraph graph;
    sdqn_architecture_build(def, &graph);
    SdqnQWorkspace *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "workspace of a Q-network: out of memory");
    SdqnStatus status = sdqn_graph_workspace_create(&graph, max_rows, backward, &made->graph, error);
    if (status == SDQN_OK && def->num_atoms > 0) {
        made->logits = sdqn_aligned_floats((size_t)max_rows * num_outputs(def));
        if (!made->logits) status = sdqn_error_set(error, SDQN_ERR_MEMORY, "workspace of a Q-network: out of memory for %d rows", max_rows);
    }
    if (status != SDQN_OK) {
        sdqn_q_workspace_destroy(made);
        return status;
    }
    *workspace = made;
    return SDQN_OK;
}

void sdqn_q_workspace_destroy(SdqnQWorkspace *workspace) {
    if (!workspace) return;
    sdqn_graph_workspace_destroy(&workspace->graph);
    free(workspace->logits);
    free(workspace);
}

// ---- parameters -----------------------------------------------------------------------------------------------------------------

const SdqnQNetworkDef *sdqn_q_network_def(const SdqnQNetwork *network) { return &network->def; }
size_t sdqn_q_network_parameter_count(const SdqnQNetwork *network) { return network->count; }
const float *sdqn_q_network_parameters(const SdqnQNetwork *network) { return network->parameters; }
float *sdqn_q_network_parameters_mutable(SdqnQNetwork *network) { return network->parameters; }
const float *sdqn_q_network_support(const SdqnQNetwork *network) { return network->support; }

void sdqn_q_network_init(SdqnQNetwork *network, SdqnRng *rng) {
    sdqn_graph_init(&network->graph, rng, network->parameters);
    for (size_t i = network->embedding; i < network->count; i++) {
        network->parameters[i] = (float)(EMBEDDING_DEVIATION * sdqn_rng_normal(rng));
    }
    sdqn_q_network_refresh(network);
}

/// Scale a vector to length 1; one of length 0 stays.
static void normalise(float *x, size_t count) {
    double square = 0.0;
    for (size_t i = 0; i < count; i++) square += (double)x[i] * (double)x[i];
    if (!(square > 0.0)) return;
    const double scale = 1.0 / sqrt(square);
    for (size_t i = 0; i < count; i++) x[i] = (float)((double)x[i] * scale);
}

void sdqn_q_network_refresh(SdqnQNetwork *network) {
    const SdqnQNetworkDef *def = &network->def;
    const size_t size = (size_t)def->embedding_size;
    for (size_t t = 0; def->unit_embeddings && t < embedding_count(def) / size; t++) {
        normalise(network->parameters + network->embedding + t * size, size);
    }
    sdqn_graph_weights_refresh(&network->graph, network->kernels, &network->weights);
}

void sdqn_q_network_copy(SdqnQNetwork *target, const SdqnQNetwork *source) {
    assert(target->count == source->count);
    memcpy(target->parameters, source->parameters, source->count * sizeof(float));
    sdqn_q_network_refresh(target);
}

void sdqn_q_network_mix(SdqnQNetwork *target, const SdqnQNetwork *source, float share) {
    assert(target->count == source->count);
    target->kernels->mix(source->parameters, target->count, share, target->parameters);
    sdqn_q_network_refresh(target);
}

void sdqn_q_network_last_hidden_weight(const SdqnQNetwork *network, size_t *first, size_t *count) {
    const SdqnNode *node = &network->graph.nodes[network->graph.last_hidden];
    *first = node->weight;
    *count = node->bias - node->weight;
}

int sdqn_q_network_tensors(const SdqnQNetwork *network, SdqnTensor *tensors) {
    const SdqnQNetworkDef *def = &network->def;
    int count = sdqn_graph_tensors(&network->graph, network->parameters, tensors);
    if (embedding_count(def) > 0) {
        tensors[count++] = (SdqnTensor){.name = "task_embedding.weight",
                                        .rank = 2,
                                        .shape = {(size_t)def->num_tasks, (size_t)def->embedding_size},
                                        .data = network->parameters + network->embedding};
    }
    if (network->support) {
        tensors[count++] = (SdqnTensor){.name = "support", .rank = 1, .shape = {(size_t)def->num_atoms}, .data = network->support};
    }
    return count;
}

// ---- forward and backward -------------------------------------------------------------------------------------------------------

/// Write the inputs behind the observation. @param input [conditioning_size]
static void condition(const SdqnQNetwork *network, int32_t task, float *input) {
    const SdqnQNetworkDef *def = &network->def;
    assert(task >= 0 && task < def->num_tasks);
    const size_t size = (size_t)sdqn_q_network_def_conditioning_size(def);
    if (def->conditioning == SDQN_CONDITIONING_EMBEDDING) {
        memcpy(input, network->parameters + network->embedding + (size_t)task * size, size * sizeof(float));
    } else if (def->conditioning == SDQN_CONDITIONING_ONEHOT) {
        for (size_t i = 0; i < size; i++) input[i] = i == (size_t)task ? 1.0f : 0.0f;
    } else {
        input[0] = (float)task;
    }
}

void sdqn_q_network_forward(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const float *observation, const int32_t *task, int n,
                            float *outputs) {
    assert(n >= 1 && n <= workspace->graph.max_rows);
    const SdqnQNetworkDef *def = &network->def;
    const size_t observation_size = (size_t)def->observation_size;
    for (int b = 0; b < n; b++) {
        float *input = workspace->graph.input + (size_t)b * workspace->graph.input_row;
        memcpy(input, observation + (size_t)b * observation_size, observation_size * sizeof(float));
        if (def->conditioning != SDQN_CONDITIONING_BLIND) condition(network, task[b], input + observation_size);
    }
    sdqn_graph_forward(&network->graph, &network->weights, network->kernels, &workspace->graph, n, outputs);
}

void sdqn_q_network_q_values(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const float *observation, const int32_t *task, int n,
                             float *q) {
    if (!network->support) {
        sdqn_q_network_forward(network, workspace, observation, task, n, q);
        return;
    }
    const SdqnSupport support = {network->def.num_atoms, network->support};
    sdqn_q_network_forward(network, workspace, observation, task, n, workspace->logits);
    sdqn_categorical_mean(&support, workspace->logits, n * network->def.num_actions, q);
}

/// For each group of rows, add each row's derivative to the embedding of its task, rows ascending.
static void embedding_gradients(const SdqnQNetwork *network, const SdqnQWorkspace *workspace, const int32_t *task, int groups,
                                int rows_each, float *gradients) {
    const size_t size = (size_t)network->def.embedding_size;
    for (int g = 0; g < groups; g++) {
        float *d_embedding = gradients + (size_t)g * network->count + network->embedding;
        memset(d_embedding, 0, (size_t)network->def.num_tasks * size * sizeof(float));
        for (int b = g * rows_each; b < (g + 1) * rows_each; b++) {
            const float *row = workspace->graph.d_input + (size_t)b * workspace->graph.d_input_row;
            float *sum = d_embedding + (size_t)task[b] * size;
            for (size_t k = 0; k < size; k++) sum[k] += row[k];
        }
    }
}

void sdqn_q_network_backward_groups(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *d_outputs,
                                    int groups, int rows_each, float *gradients) {
    sdqn_graph_backward(&network->graph, &network->weights, network->kernels, &workspace->graph, d_outputs, groups, rows_each, gradients,
                        network->count);
    if (network->def.conditioning == SDQN_CONDITIONING_EMBEDDING) {
        embedding_gradients(network, workspace, task, groups, rows_each, gradients);
    }
}

void sdqn_q_network_backward(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *d_outputs, int n,
                             float *gradient) {
    sdqn_q_network_backward_groups(network, workspace, task, d_outputs, 1, n, gradient);
}
