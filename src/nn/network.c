#include "nn/network.h"

#include "core/environment.h"
#include "nn/aligned.h"
#include "nn/architectures.h"
#include "nn/categorical.h"
#include "nn/graph.h"
#include "nn/network_graph.h"
#include "nn/residuals.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EMBEDDING_DEVIATION 0.1
#define MAX_PRIOR_SCALE 1e3

struct SdqnQNetwork {
    SdqnQNetworkDef def;
    const SdqnKernels *kernels;
    SdqnGraph graph;
    SdqnGraphWeights weights; ///< without residuals
    SdqnResiduals residuals;  ///< with them
    size_t embedding;         ///< offset of task_embedding.weight
    size_t count;
    float *parameters;
    float *support; ///< [num_atoms], or NULL
};

struct SdqnQWorkspace {
    SdqnGraphWorkspace graph;
    float *logits; ///< [max_rows, outputs] for Q-values, with atoms; else NULL
    // With residuals the rows of a pass lie sorted by task:
    int *order;       ///< [max_rows] which row of the caller's each is; NULL without
    float *sorted;    ///< [max_rows, outputs] outputs or their derivatives in that order
    float *gradient;  ///< [graph parameters] of one task; NULL for forward passes only
    float *d_perturb; ///< likewise by the perturbations; NULL without noise
    bool noisy;       ///< the last forward pass was
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
        .prior_scale = 1.0,
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
        {"residuals", (int)def->residuals, SDQN_RESIDUALS_NONE, SDQN_RESIDUALS_GAUSSIAN},
        {"residual_rank", def->residual_rank, 0, SDQN_MAX_RESIDUAL_RANK},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].value < fields[i].low || fields[i].value > fields[i].high) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %d: must be in [%d, %d]", fields[i].name, fields[i].value, fields[i].low,
                                  fields[i].high);
        }
    }
    if (def->residuals != SDQN_RESIDUALS_NONE && def->conditioning != SDQN_CONDITIONING_BLIND) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "conditioning: must be blind with residuals: the weights know the task");
    }
    if (def->residuals == SDQN_RESIDUALS_GAUSSIAN && !(def->prior_scale > 0.0 && def->prior_scale <= MAX_PRIOR_SCALE)) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "prior_scale = %g: must be in (0, %g]", def->prior_scale, MAX_PRIOR_SCALE);
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

static SdqnResidualLayout layout_of(const SdqnQNetworkDef *def, const SdqnGraph *graph) {
    SdqnResidualLayout layout;
    sdqn_residual_layout(graph, def->num_tasks, def->residual_rank, def->residuals == SDQN_RESIDUALS_GAUSSIAN, def->learned_prior, &layout);
    return layout;
}

/// Parameters of the graph, and the embedding or residuals.
static size_t count_parameters(const SdqnQNetworkDef *def, const SdqnGraph *graph) {
    if (def->residuals != SDQN_RESIDUALS_NONE) return layout_of(def, graph).parameter_count;
    return graph->parameter_count + embedding_count(def);
}

size_t sdqn_q_network_def_parameter_count(const SdqnQNetworkDef *def) {
    SdqnGraph graph;
    sdqn_architecture_build(def, &graph);
    return count_parameters(def, &graph);
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
    made->count = count_parameters(def, &made->graph);
    made->parameters = sdqn_aligned_floats(made->count);
    made->support = def->num_atoms > 0 ? sdqn_aligned_floats((size_t)def->num_atoms) : NULL;
    if (!made->parameters || (def->num_atoms > 0 && !made->support)) {
        status = sdqn_error_set(error, SDQN_ERR_MEMORY, "Q-network: out of memory for %zu parameters", made->count);
    }
    if (status == SDQN_OK && def->residuals != SDQN_RESIDUALS_NONE) {
        const SdqnResidualLayout layout = layout_of(def, &made->graph);
        status = sdqn_residuals_create(&made->graph, &layout, made->parameters, layout.gaussian, &made->residuals, error);
    } else if (status == SDQN_OK) {
        status = sdqn_graph_weights_create(&made->graph, made->parameters, &made->weights, error);
    }
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
    sdqn_residuals_destroy(&network->residuals);
    free(network->support);
    free(network->parameters);
    free(network);
}

/// The arrays of a workspace beside those of the graph. @return whether all memory was there
static bool create_arrays(const SdqnQNetworkDef *def, const SdqnGraph *graph, int max_rows, SdqnGraphPasses passes,
                          SdqnQWorkspace *workspace) {
    const size_t outputs = (size_t)max_rows * num_outputs(def);
    bool whole = true;
    if (def->num_atoms > 0) {
        workspace->logits = sdqn_aligned_floats(outputs);
        whole = workspace->logits != NULL;
    }
    if (def->residuals == SDQN_RESIDUALS_NONE) return whole;
    workspace->order = sdqn_aligned_zeroed((size_t)max_rows, sizeof *workspace->order);
    workspace->sorted = sdqn_aligned_floats(outputs);
    whole = whole && workspace->order && workspace->sorted;
    if (passes == SDQN_GRAPH_FORWARD) return whole;
    workspace->gradient = sdqn_aligned_floats(graph->parameter_count);
    workspace->d_perturb = passes == SDQN_GRAPH_NOISY ? sdqn_aligned_floats(graph->parameter_count) : NULL;
    return whole && workspace->gradient && (workspace->d_perturb || passes != SDQN_GRAPH_NOISY);
}

SdqnStatus sdqn_q_workspace_create(const SdqnQNetworkDef *def, int max_rows, bool backward, SdqnQWorkspace **workspace, SdqnError *error) {
    SdqnGraph graph;
    sdqn_architecture_build(def, &graph);
    SdqnQWorkspace *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "workspace of a Q-network: out of memory");
    const bool noisy = def->residuals == SDQN_RESIDUALS_GAUSSIAN;
    const SdqnGraphPasses passes = !backward ? SDQN_GRAPH_FORWARD : noisy ? SDQN_GRAPH_NOISY : SDQN_GRAPH_BACKWARD;
    SdqnStatus status = sdqn_graph_workspace_create(&graph, max_rows, passes, &made->graph, error);
    if (status == SDQN_OK && !create_arrays(def, &graph, max_rows, passes, made)) {
        status = sdqn_error_set(error, SDQN_ERR_MEMORY, "workspace of a Q-network: out of memory for %d rows", max_rows);
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
    free(workspace->order);
    free(workspace->sorted);
    free(workspace->gradient);
    free(workspace->d_perturb);
    free(workspace);
}

// ---- parameters -----------------------------------------------------------------------------------------------------------------

const SdqnQNetworkDef *sdqn_q_network_def(const SdqnQNetwork *network) { return &network->def; }
size_t sdqn_q_network_parameter_count(const SdqnQNetwork *network) { return network->count; }
const float *sdqn_q_network_parameters(const SdqnQNetwork *network) { return network->parameters; }
float *sdqn_q_network_parameters_mutable(SdqnQNetwork *network) { return network->parameters; }
const float *sdqn_q_network_support(const SdqnQNetwork *network) { return network->support; }

void sdqn_q_network_init(SdqnQNetwork *network, SdqnRng *rng) {
    const SdqnQNetworkDef *def = &network->def;
    sdqn_graph_init(&network->graph, rng, network->parameters);
    for (size_t i = 0; i < embedding_count(def); i++) {
        network->parameters[network->embedding + i] = (float)(EMBEDDING_DEVIATION * sdqn_rng_normal(rng));
    }
    if (def->residuals != SDQN_RESIDUALS_NONE) {
        sdqn_residuals_init(&network->graph, &network->residuals.layout, def->prior_scale, rng, network->parameters);
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
    if (def->residuals != SDQN_RESIDUALS_NONE) {
        sdqn_residuals_refresh(&network->graph, network->kernels, &network->residuals);
    } else {
        sdqn_graph_weights_refresh(&network->graph, network->kernels, &network->weights);
    }
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

SdqnStatus sdqn_q_network_prune(const SdqnQNetwork *network, double threshold, SdqnQNetwork **pruned, SdqnError *error) {
    SdqnQNetworkDef def = network->def;
    if (def.residuals == SDQN_RESIDUALS_NONE) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "the network has no residuals to prune: only VarShare's have");
    }
    def.residuals = SDQN_RESIDUALS_VECTOR;
    def.residual_rank = 0;
    def.learned_prior = false;
    SdqnQNetwork *made = NULL;
    const SdqnStatus status = sdqn_q_network_create(&def, network->kernels, &made, error);
    if (status != SDQN_OK) return status;
    assert(made != NULL);
    memcpy(made->parameters, network->parameters, network->graph.parameter_count * sizeof(float));
    sdqn_residuals_prune(&network->graph, &network->residuals, threshold, &made->residuals.layout, made->parameters);
    sdqn_q_network_refresh(made);
    *pruned = made;
    return SDQN_OK;
}

int sdqn_q_network_task_spans(const SdqnQNetwork *network, int first_task, SdqnSpan *spans) {
    const SdqnQNetworkDef *def = &network->def;
    if (def->residuals != SDQN_RESIDUALS_NONE) return sdqn_residuals_task_spans(&network->residuals.layout, first_task, spans);
    if (embedding_count(def) == 0) return 0;
    const size_t before = (size_t)first_task * (size_t)def->embedding_size;
    spans[0] = (SdqnSpan){network->embedding + before, embedding_count(def) - before};
    return 1;
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
    if (def->residuals != SDQN_RESIDUALS_NONE) {
        count += sdqn_residuals_tensors(&network->graph, &network->residuals.layout, network->parameters, tensors + count);
    }
    if (network->support) {
        tensors[count++] = (SdqnTensor){.name = "support", .rank = 1, .shape = {(size_t)def->num_atoms}, .data = network->support};
    }
    return count;
}

const SdqnGraph *sdqn_q_network_graph(const SdqnQNetwork *network) { return &network->graph; }

const float *sdqn_q_network_task_parameters(const SdqnQNetwork *network, int task) {
    assert(task >= 0 && task < network->def.num_tasks);
    return network->def.residuals != SDQN_RESIDUALS_NONE ? network->residuals.weights[task].parameters : network->parameters;
}

const float *sdqn_q_network_embedding(const SdqnQNetwork *network) {
    return embedding_count(&network->def) > 0 ? network->parameters + network->embedding : NULL;
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

static void write_input(const SdqnQNetwork *network, const float *observation, int32_t task, float *input) {
    const size_t observation_size = (size_t)network->def.observation_size;
    memcpy(input, observation, observation_size * sizeof(float));
    if (network->def.conditioning != SDQN_CONDITIONING_BLIND) condition(network, task, input + observation_size);
}

/// The rows of each task, for networks with residuals.
typedef struct TaskRows {
    int first[SDQN_MAX_TASKS + 1]; ///< where task t begins among the sorted rows; it ends where the next begins
} TaskRows;

/// Sort rows by task, rows of a task in their order. @param order [n] written, which row each is
static TaskRows sort_rows(int num_tasks, const int32_t *task, int n, int *order) {
    TaskRows rows = {{0}};
    int next[SDQN_MAX_TASKS];
    for (int b = 0; b < n; b++) {
        assert(task[b] >= 0 && task[b] < num_tasks);
        rows.first[task[b] + 1]++;
    }
    for (int t = 0; t < num_tasks; t++) {
        rows.first[t + 1] += rows.first[t];
        next[t] = rows.first[t];
    }
    for (int b = 0; b < n; b++) order[next[task[b]]++] = b;
    return rows;
}

static void draw_sign_row(const SdqnKernels *kernels, SdqnRng *rng, int columns, float *signs) {
    for (int k = 0; k < columns; k += 64) kernels->signs(sdqn_rng_next_u64(rng), columns - k < 64 ? columns - k : 64, signs + k);
}

/// Signs of n rows of every linear layer, at most 64 from a word: layers in order, in a layer rows in order, of a row the inputs first.
static void draw_signs(const SdqnQNetwork *network, SdqnRng *rng, int n, SdqnGraphWorkspace *workspace) {
    for (int i = 0; i < network->graph.num_nodes; i++) {
        const SdqnNode *node = &network->graph.nodes[i];
        if (node->kind != SDQN_NODE_LINEAR) continue;
        for (size_t b = 0; b < (size_t)n; b++) {
            draw_sign_row(network->kernels, rng, node->in, workspace->nodes[i].in_signs + b * workspace->nodes[i].in_row);
            draw_sign_row(network->kernels, rng, node->out, workspace->nodes[i].out_signs + b * workspace->nodes[i].row);
        }
    }
}

/// Whether a noisy pass adds each row's own noise to that of the means. A sample of factors is one for all rows: with signs on the factors'
/// noise the product's would not keep its distribution.
static bool flips_out(const SdqnQNetworkDef *def) { return def->residual_rank == 0; }

static const SdqnGraphWeights *weights_of(const SdqnResiduals *residuals, int task, bool noisy) {
    return noisy && residuals->layout.rank > 0 ? &residuals->perturbations[task] : &residuals->weights[task];
}

/// A forward pass task by task. @param rng  NULL: without noise
static void forward_by_task(const SdqnQNetwork *network, SdqnQWorkspace *workspace, SdqnRng *rng, const float *observation,
                            const int32_t *task, int n, float *outputs) {
    const SdqnQNetworkDef *def = &network->def;
    const SdqnResiduals *residuals = &network->residuals;
    const TaskRows rows = sort_rows(def->num_tasks, task, n, workspace->order);
    const size_t row = num_outputs(def);
    for (int i = 0; i < n; i++) {
        write_input(network, observation + (size_t)workspace->order[i] * (size_t)def->observation_size, 0,
                    workspace->graph.input + (size_t)i * workspace->graph.input_row);
    }
    if (rng && flips_out(def)) draw_signs(network, rng, n, &workspace->graph);
    for (int t = 0; t < def->num_tasks; t++) {
        const int first = rows.first[t], count = rows.first[t + 1] - first;
        if (count == 0) continue;
        SdqnGraphWorkspace part = sdqn_graph_workspace_from(&network->graph, &workspace->graph, first);
        const SdqnGraphNoise noise = {&residuals->perturbations[t], workspace->d_perturb};
        sdqn_graph_forward(&network->graph, weights_of(residuals, t, rng != NULL), rng && flips_out(def) ? &noise : NULL, network->kernels,
                           &part, count, workspace->sorted + (size_t)first * row);
    }
    for (int i = 0; i < n; i++) {
        memcpy(outputs + (size_t)workspace->order[i] * row, workspace->sorted + (size_t)i * row, row * sizeof(float));
    }
    workspace->noisy = rng != NULL;
}

void sdqn_q_network_forward(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const float *observation, const int32_t *task, int n,
                            float *outputs) {
    assert(n >= 1 && n <= workspace->graph.max_rows);
    if (network->def.residuals != SDQN_RESIDUALS_NONE) {
        forward_by_task(network, workspace, NULL, observation, task, n, outputs);
        return;
    }
    for (int b = 0; b < n; b++) {
        write_input(network, observation + (size_t)b * (size_t)network->def.observation_size, task ? task[b] : 0,
                    workspace->graph.input + (size_t)b * workspace->graph.input_row);
    }
    sdqn_graph_forward(&network->graph, &network->weights, NULL, network->kernels, &workspace->graph, n, outputs);
}

void sdqn_q_network_draw_noise(SdqnQNetwork *network, SdqnRng *rng) {
    if (network->def.residuals != SDQN_RESIDUALS_GAUSSIAN) return;
    sdqn_residuals_draw(&network->graph, network->kernels, rng, &network->residuals);
}

void sdqn_q_network_forward_noisy(const SdqnQNetwork *network, SdqnQWorkspace *workspace, SdqnRng *rng, const float *observation,
                                  const int32_t *task, int n, float *outputs) {
    if (network->def.residuals == SDQN_RESIDUALS_GAUSSIAN) {
        assert(n >= 1 && n <= workspace->graph.max_rows);
        forward_by_task(network, workspace, rng, observation, task, n, outputs);
    } else {
        sdqn_q_network_forward(network, workspace, observation, task, n, outputs);
    }
}

void sdqn_q_network_add_kl_gradient(const SdqnQNetwork *network, double beta, float *gradient) {
    if (network->def.residuals != SDQN_RESIDUALS_GAUSSIAN) return;
    sdqn_residuals_add_kl_gradient(&network->residuals, network->def.prior_scale, beta, gradient);
}

double sdqn_q_network_kl(const SdqnQNetwork *network, int task) {
    if (network->def.residuals != SDQN_RESIDUALS_GAUSSIAN) return 0.0;
    return sdqn_residuals_kl(&network->residuals.layout, network->parameters, network->def.prior_scale, task);
}

double sdqn_q_network_kept_share(const SdqnQNetwork *network, double threshold, int task) {
    if (network->def.residuals == SDQN_RESIDUALS_NONE) return 1.0;
    return sdqn_residuals_kept(&network->graph, &network->residuals, threshold, task);
}

void sdqn_q_network_q_values(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const float *observation, const int32_t *task, int n,
                             float *q) {
    if (!network->support) {
        sdqn_q_network_forward(network, workspace, observation, task, n, q);
        return;
    }
    const SdqnSupport support = {network->def.num_atoms, network->support};
    sdqn_q_network_forward(network, workspace, observation, task, n, workspace->logits);
    sdqn_categorical_mean(network->kernels, &support, workspace->logits, n * network->def.num_actions, q);
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

/// The gradient of a pass by forward_by_task.
static void backward_by_task(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *d_outputs, int n,
                             float *gradient) {
    const SdqnQNetworkDef *def = &network->def;
    const SdqnResiduals *residuals = &network->residuals;
    const TaskRows rows = sort_rows(def->num_tasks, task, n, workspace->order);
    const size_t row = num_outputs(def);
    for (int i = 0; i < n; i++) {
        memcpy(workspace->sorted + (size_t)i * row, d_outputs + (size_t)workspace->order[i] * row, row * sizeof(float));
    }
    memset(gradient, 0, network->count * sizeof(float));
    for (int t = 0; t < def->num_tasks; t++) {
        const int first = rows.first[t], count = rows.first[t + 1] - first;
        if (count == 0) continue;
        SdqnGraphWorkspace part = sdqn_graph_workspace_from(&network->graph, &workspace->graph, first);
        const SdqnGraphNoise noise = {&residuals->perturbations[t], workspace->d_perturb};
        sdqn_graph_backward(&network->graph, weights_of(residuals, t, workspace->noisy), workspace->noisy && flips_out(def) ? &noise : NULL,
                            network->kernels, &part, workspace->sorted + (size_t)first * row, 1, count, workspace->gradient,
                            network->graph.parameter_count);
        sdqn_residuals_gather(&network->graph, residuals, t, workspace->gradient, workspace->noisy ? workspace->d_perturb : NULL, gradient);
    }
}

void sdqn_q_network_backward_groups(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *d_outputs,
                                    int groups, int rows_each, float *gradients) {
    if (network->def.residuals != SDQN_RESIDUALS_NONE) {
        assert(groups == 1);
        backward_by_task(network, workspace, task, d_outputs, rows_each, gradients);
        return;
    }
    sdqn_graph_backward(&network->graph, &network->weights, NULL, network->kernels, &workspace->graph, d_outputs, groups, rows_each,
                        gradients, network->count);
    if (network->def.conditioning == SDQN_CONDITIONING_EMBEDDING) {
        embedding_gradients(network, workspace, task, groups, rows_each, gradients);
    }
}

void sdqn_q_network_backward(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *d_outputs, int n,
                             float *gradient) {
    sdqn_q_network_backward_groups(network, workspace, task, d_outputs, 1, n, gradient);
}
