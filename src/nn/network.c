#include "nn/network.h"

#include "core/environment.h"
#include "nn/aligned.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUM_LAYERS 3
#define SPARSE_LAYER 1 ///< fc2, nearly all of the work: its inputs and the derivatives of its outputs are what a ReLU left, half of it 0
#define EMBEDDING_DEVIATION 0.1

/// A linear layer and where its parameters lie in the flat array.
typedef struct Layer {
    int in, out;
    size_t weight; ///< [out, in]
    size_t bias;   ///< [out]
} Layer;

struct SdqnQNetwork {
    SdqnQNetworkDef def;
    const SdqnKernels *kernels;
    Layer layers[NUM_LAYERS];
    size_t embedding; ///< offset of task_embedding.weight
    size_t count;
    float *parameters;
    float *transposed[NUM_LAYERS];     ///< [in, out] of each weight, for the forward pass
    size_t transposed_row[NUM_LAYERS]; ///< floats a row of it
    float *sparse_weight; ///< [out, in] a copy of SPARSE_LAYER's weight for the backward pass, its rows sparse_row floats apart
    size_t sparse_row;
};

struct SdqnQWorkspace {
    int max_rows;
    size_t input_row, hidden1_row, hidden2_row, embedding_row; ///< floats a row
    float *input;                                              ///< [n, in] observation, then the conditioning
    float *hidden1, *hidden2;                                  ///< [n, units] after ReLU
    float *d_hidden1, *d_hidden2;                              ///< derivatives before ReLU; NULL for forward passes only
    float *d_hidden2_transposed;                               ///< [units, max_rows] of d_hidden2; NULL likewise
    size_t d_hidden2_transposed_row;                           ///< floats a row of it
    float *d_embedding;                                        ///< [n, embedding_size]; NULL without one
};

SdqnQNetworkDef sdqn_q_network_def_default(void) {
    return (SdqnQNetworkDef){
        .observation_size = 8,
        .num_actions = 4,
        .num_tasks = 3,
        .embedding_size = 8,
        .hidden1_size = 256,
        .hidden2_size = 128,
        .conditioning = SDQN_CONDITIONING_EMBEDDING,
    };
}

SdqnStatus sdqn_q_network_def_check(const SdqnQNetworkDef *def, SdqnError *error) {
    const bool embeds = def->conditioning == SDQN_CONDITIONING_EMBEDDING, one_hot = def->conditioning == SDQN_CONDITIONING_ONEHOT;
    const struct {
        const char *name;
        int value, low, high;
    } fields[] = {
        {"conditioning", (int)def->conditioning, SDQN_CONDITIONING_EMBEDDING, SDQN_CONDITIONING_BLIND},
        {"observation_size", def->observation_size, 1, SDQN_MAX_OBSERVATION_SIZE},
        {"num_actions", def->num_actions, 1, SDQN_MAX_ACTIONS},
        // One-hot of a single task would have the shape of an id.
        {one_hot ? "num_tasks (with conditioning onehot)" : "num_tasks", def->num_tasks, one_hot ? 2 : 1, SDQN_MAX_TASKS},
        {"embedding_size", def->embedding_size, embeds ? 1 : INT_MIN, embeds ? SDQN_MAX_LAYER_SIZE : INT_MAX},
        {"hidden1_size", def->hidden1_size, 1, SDQN_MAX_LAYER_SIZE},
        {"hidden2_size", def->hidden2_size, 1, SDQN_MAX_LAYER_SIZE},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].value < fields[i].low || fields[i].value > fields[i].high) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %d: must be in [%d, %d]", fields[i].name, fields[i].value, fields[i].low,
                                  fields[i].high);
        }
    }
    return SDQN_OK;
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

/// Rows of task_embedding.weight times its columns; 0 without an embedding.
static size_t embedding_count(const SdqnQNetworkDef *def) {
    return def->conditioning == SDQN_CONDITIONING_EMBEDDING ? (size_t)def->num_tasks * (size_t)def->embedding_size : 0;
}

/// Lay out the flat array. @return the number of parameters
static size_t lay_out(const SdqnQNetworkDef *def, Layer layers[NUM_LAYERS], size_t *embedding) {
    const int sizes[NUM_LAYERS + 1] = {def->observation_size + sdqn_q_network_def_conditioning_size(def), def->hidden1_size,
                                       def->hidden2_size, def->num_actions};
    size_t offset = 0;
    for (int l = 0; l < NUM_LAYERS; l++) {
        layers[l] = (Layer){.in = sizes[l], .out = sizes[l + 1], .weight = offset};
        layers[l].bias = offset + (size_t)sizes[l] * (size_t)sizes[l + 1];
        offset = layers[l].bias + (size_t)sizes[l + 1];
    }
    *embedding = offset;
    return offset + embedding_count(def);
}

size_t sdqn_q_network_def_parameter_count(const SdqnQNetworkDef *def) {
    Layer layers[NUM_LAYERS];
    size_t embedding;
    return lay_out(def, layers, &embedding);
}

SdqnStatus sdqn_q_network_create(const SdqnQNetworkDef *def, const SdqnKernels *kernels, SdqnQNetwork **network, SdqnError *error) {
    const SdqnStatus status = sdqn_q_network_def_check(def, error);
    if (status != SDQN_OK) return status;
    SdqnQNetwork *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "Q-network: out of memory");
    made->def = *def;
    made->kernels = kernels;
    made->count = lay_out(def, made->layers, &made->embedding);
    made->parameters = sdqn_aligned_floats(made->count);
    bool whole = made->parameters != NULL;
    for (int l = 0; l < NUM_LAYERS; l++) {
        made->transposed_row[l] = sdqn_aligned_row(made->layers[l].out);
        made->transposed[l] = sdqn_aligned_floats((size_t)made->layers[l].in * made->transposed_row[l]);
        whole = whole && made->transposed[l];
    }
    made->sparse_row = sdqn_aligned_row(made->layers[SPARSE_LAYER].in);
    made->sparse_weight = sdqn_aligned_floats((size_t)made->layers[SPARSE_LAYER].out * made->sparse_row);
    whole = whole && made->sparse_weight;
    if (!whole) {
        sdqn_q_network_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "Q-network: out of memory for %zu parameters",
                              sdqn_q_network_def_parameter_count(def));
    }
    *network = made;
    return SDQN_OK;
}

void sdqn_q_network_destroy(SdqnQNetwork *network) {
    if (!network) return;
    for (int l = 0; l < NUM_LAYERS; l++) free(network->transposed[l]);
    free(network->sparse_weight);
    free(network->parameters);
    free(network);
}

SdqnStatus sdqn_q_workspace_create(const SdqnQNetworkDef *def, int max_rows, bool backward, SdqnQWorkspace **workspace, SdqnError *error) {
    assert(max_rows >= 1);
    const size_t rows = (size_t)max_rows;
    SdqnQWorkspace *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "workspace of a Q-network: out of memory");
    made->max_rows = max_rows;
    made->input_row = sdqn_aligned_row(def->observation_size + sdqn_q_network_def_conditioning_size(def));
    made->hidden1_row = sdqn_aligned_row(def->hidden1_size);
    made->hidden2_row = sdqn_aligned_row(def->hidden2_size);
    const bool embeds = def->conditioning == SDQN_CONDITIONING_EMBEDDING;
    made->embedding_row = embeds ? sdqn_aligned_row(def->embedding_size) : 0;
    made->input = sdqn_aligned_floats(rows * made->input_row);
    made->hidden1 = sdqn_aligned_floats(rows * made->hidden1_row);
    made->hidden2 = sdqn_aligned_floats(rows * made->hidden2_row);
    bool whole = made->input && made->hidden1 && made->hidden2;
    if (backward) {
        made->d_hidden1 = sdqn_aligned_floats(rows * made->hidden1_row);
        made->d_hidden2 = sdqn_aligned_floats(rows * made->hidden2_row);
        made->d_hidden2_transposed_row = sdqn_aligned_row(max_rows);
        made->d_hidden2_transposed = sdqn_aligned_floats((size_t)def->hidden2_size * made->d_hidden2_transposed_row);
        if (embeds) made->d_embedding = sdqn_aligned_floats(rows * made->embedding_row);
        whole = whole && made->d_hidden1 && made->d_hidden2 && made->d_hidden2_transposed && (made->d_embedding || !embeds);
    }
    if (!whole) {
        sdqn_q_workspace_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "workspace of a Q-network: out of memory for %d rows", max_rows);
    }
    *workspace = made;
    return SDQN_OK;
}

void sdqn_q_workspace_destroy(SdqnQWorkspace *workspace) {
    if (!workspace) return;
    free(workspace->input);
    free(workspace->hidden1);
    free(workspace->hidden2);
    free(workspace->d_hidden1);
    free(workspace->d_hidden2);
    free(workspace->d_hidden2_transposed);
    free(workspace->d_embedding);
    free(workspace);
}

const SdqnQNetworkDef *sdqn_q_network_def(const SdqnQNetwork *network) { return &network->def; }
size_t sdqn_q_network_parameter_count(const SdqnQNetwork *network) { return network->count; }
const float *sdqn_q_network_parameters(const SdqnQNetwork *network) { return network->parameters; }
float *sdqn_q_network_parameters_mutable(SdqnQNetwork *network) { return network->parameters; }

void sdqn_q_network_init(SdqnQNetwork *network, SdqnRng *rng) {
    memset(network->parameters, 0, network->count * sizeof(float));
    for (int l = 0; l < NUM_LAYERS; l++) {
        const Layer *layer = &network->layers[l];
        const double deviation = sqrt(2.0 / layer->in);
        for (size_t i = layer->weight; i < layer->bias; i++) network->parameters[i] = (float)(deviation * sdqn_rng_normal(rng));
    }
    for (size_t i = network->embedding; i < network->count; i++) {
        network->parameters[i] = (float)(EMBEDDING_DEVIATION * sdqn_rng_normal(rng));
    }
    sdqn_q_network_refresh(network);
}

void sdqn_q_network_refresh(SdqnQNetwork *network) {
    for (int l = 0; l < NUM_LAYERS; l++) {
        const Layer *layer = &network->layers[l];
        network->kernels->transpose(network->parameters + layer->weight, (size_t)layer->in, layer->out, layer->in, network->transposed[l],
                                    network->transposed_row[l], l == SPARSE_LAYER ? network->sparse_weight : NULL, network->sparse_row);
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

void sdqn_q_network_last_hidden_weight(const SdqnQNetwork *network, size_t *first, size_t *count) {
    const Layer *layer = &network->layers[NUM_LAYERS - 2];
    *first = layer->weight;
    *count = layer->bias - layer->weight;
}

int sdqn_q_network_tensors(const SdqnQNetwork *network, SdqnTensor *tensors) {
    int count = 0;
    for (int l = 0; l < NUM_LAYERS; l++) {
        const Layer *layer = &network->layers[l];
        SdqnTensor *weight = &tensors[count++], *bias = &tensors[count++];
        *weight = (SdqnTensor){.rank = 2, .shape = {(size_t)layer->out, (size_t)layer->in}, .data = network->parameters + layer->weight};
        *bias = (SdqnTensor){.rank = 1, .shape = {(size_t)layer->out}, .data = network->parameters + layer->bias};
        snprintf(weight->name, sizeof weight->name, "fc%d.weight", l + 1);
        snprintf(bias->name, sizeof bias->name, "fc%d.bias", l + 1);
    }
    if (embedding_count(&network->def) > 0) {
        tensors[count++] = (SdqnTensor){.name = "task_embedding.weight",
                                        .rank = 2,
                                        .shape = {(size_t)network->def.num_tasks, (size_t)network->def.embedding_size},
                                        .data = network->parameters + network->embedding};
    }
    return count;
}

/// y[b, o] = epilogue(bias[o] + sum over k of x[b, k] weight[o, k])
static void linear_forward(const SdqnQNetwork *network, int l, const float *x, size_t x_row, int n, SdqnEpilogue epilogue, float *y,
                           size_t y_row) {
    const Layer *layer = &network->layers[l];
    network->kernels->product(&(SdqnProduct){
        .rows = n,
        .columns = layer->out,
        .depth = layer->in,
        .a = x,
        .a_row = x_row,
        .a_depth = 1,
        .sparse = l == SPARSE_LAYER,
        .b = network->transposed[l],
        .b_depth = network->transposed_row[l],
        .bias = network->parameters + layer->bias,
        .c = y,
        .c_row = y_row,
        .epilogue = epilogue,
    });
}

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
                            float *q) {
    assert(n >= 1 && n <= workspace->max_rows);
    const SdqnQNetworkDef *def = &network->def;
    const size_t observation_size = (size_t)def->observation_size;
    for (int b = 0; b < n; b++) {
        float *input = workspace->input + (size_t)b * workspace->input_row;
        memcpy(input, observation + (size_t)b * observation_size, observation_size * sizeof(float));
        if (def->conditioning != SDQN_CONDITIONING_BLIND) condition(network, task[b], input + observation_size);
    }
    const SdqnQWorkspace *w = workspace;
    linear_forward(network, 0, w->input, w->input_row, n, SDQN_EPILOGUE_RELU, w->hidden1, w->hidden1_row);
    linear_forward(network, 1, w->hidden1, w->hidden1_row, n, SDQN_EPILOGUE_RELU, w->hidden2, w->hidden2_row);
    linear_forward(network, 2, w->hidden2, w->hidden2_row, n, SDQN_EPILOGUE_NONE, q, (size_t)def->num_actions);
}

/// For each group of rows: d_weight[o, k] = sum over b of dy[b, o] x[b, k]; d_bias[o] = sum over b of dy[b, o]; both over b ascending.
/// @param transposed  NULL, or room for dy transposed, [out, n] with row stride transposed_row: then zeros in dy save work
static void parameter_gradients(const SdqnQNetwork *network, int l, const float *x, size_t x_row, const float *dy, size_t dy_row,
                                int groups, int rows_each, float *transposed, size_t transposed_row, float *gradients) {
    const Layer *layer = &network->layers[l];
    if (transposed) network->kernels->transpose(dy, dy_row, groups * rows_each, layer->out, transposed, transposed_row, NULL, 0);
    for (int g = 0; g < groups; g++) {
        const size_t first = (size_t)g * (size_t)rows_each;
        float *gradient = gradients + (size_t)g * network->count;
        network->kernels->product(&(SdqnProduct){
            .rows = layer->out,
            .columns = layer->in,
            .depth = rows_each,
            .a = transposed ? transposed + first : dy + first * dy_row,
            .a_row = transposed ? transposed_row : 1,
            .a_depth = transposed ? 1 : dy_row,
            .sparse = transposed != NULL,
            .b = x + first * x_row,
            .b_depth = x_row,
            .c = gradient + layer->weight,
            .c_row = (size_t)layer->in,
        });
        network->kernels->column_sums(dy + first * dy_row, dy_row, rows_each, layer->out, gradient + layer->bias);
    }
}

/// dx[b, k] = sum over o of dy[b, o] weight[o, k], for `columns` inputs k from `first`.
/// @param x  what ReLU gave, with the row stride of dx; where it is not positive, dx is 0. NULL: no ReLU
static void input_gradient(const SdqnQNetwork *network, int l, const float *dy, size_t dy_row, int n, int first, int columns,
                           const float *x, float *dx, size_t dx_row) {
    const Layer *layer = &network->layers[l];
    const bool sparse = l == SPARSE_LAYER;
    network->kernels->product(&(SdqnProduct){
        .rows = n,
        .columns = columns,
        .depth = layer->out,
        .a = dy,
        .a_row = dy_row,
        .a_depth = 1,
        .sparse = sparse,
        .b = (sparse ? network->sparse_weight : network->parameters + layer->weight) + first,
        .b_depth = sparse ? network->sparse_row : (size_t)layer->in,
        .c = dx,
        .c_row = dx_row,
        .epilogue = x ? SDQN_EPILOGUE_MASK : SDQN_EPILOGUE_NONE,
        .mask = x,
        .mask_row = dx_row,
    });
}

/// For each group of rows, add each row's derivative to the embedding of its task, rows ascending.
static void embedding_gradients(const SdqnQNetwork *network, const SdqnQWorkspace *workspace, const int32_t *task, int groups,
                                int rows_each, float *gradients) {
    const size_t size = (size_t)network->def.embedding_size;
    for (int g = 0; g < groups; g++) {
        float *d_embedding = gradients + (size_t)g * network->count + network->embedding;
        memset(d_embedding, 0, (size_t)network->def.num_tasks * size * sizeof(float));
        for (int b = g * rows_each; b < (g + 1) * rows_each; b++) {
            const float *row = workspace->d_embedding + (size_t)b * workspace->embedding_row;
            float *sum = d_embedding + (size_t)task[b] * size;
            for (size_t k = 0; k < size; k++) sum[k] += row[k];
        }
    }
}

void sdqn_q_network_backward_groups(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *dq,
                                    int groups, int rows_each, float *gradients) {
    const int n = groups * rows_each;
    assert(groups >= 1 && rows_each >= 1 && n <= workspace->max_rows && workspace->d_hidden1);
    const SdqnQNetworkDef *def = &network->def;
    const SdqnQWorkspace *w = workspace;
    const size_t q_row = (size_t)def->num_actions, row1 = w->hidden1_row, row2 = w->hidden2_row;
    parameter_gradients(network, 2, w->hidden2, row2, dq, q_row, groups, rows_each, NULL, 0, gradients);
    input_gradient(network, 2, dq, q_row, n, 0, def->hidden2_size, w->hidden2, w->d_hidden2, row2);
    parameter_gradients(network, SPARSE_LAYER, w->hidden1, row1, w->d_hidden2, row2, groups, rows_each, w->d_hidden2_transposed,
                        w->d_hidden2_transposed_row, gradients);
    input_gradient(network, 1, w->d_hidden2, row2, n, 0, def->hidden1_size, w->hidden1, w->d_hidden1, row1);
    parameter_gradients(network, 0, w->input, w->input_row, w->d_hidden1, row1, groups, rows_each, NULL, 0, gradients);
    if (def->conditioning == SDQN_CONDITIONING_EMBEDDING) {
        input_gradient(network, 0, w->d_hidden1, row1, n, def->observation_size, def->embedding_size, NULL, w->d_embedding,
                       w->embedding_row);
        embedding_gradients(network, workspace, task, groups, rows_each, gradients);
    }
}

void sdqn_q_network_backward(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *dq, int n,
                             float *gradient) {
    sdqn_q_network_backward_groups(network, workspace, task, dq, 1, n, gradient);
}
