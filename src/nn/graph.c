#include "nn/graph.h"

#include "nn/aligned.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- building -------------------------------------------------------------------------------------------------------------------

int sdqn_graph_size(const SdqnGraph *graph, int node) { return node == SDQN_GRAPH_INPUT ? graph->input_size : graph->nodes[node].out; }

static bool is_relu(const SdqnGraph *graph, int node) { return node != SDQN_GRAPH_INPUT && graph->nodes[node].relu; }

static int append(SdqnGraph *graph, const SdqnNode *node, const char *name, size_t weights, size_t biases) {
    assert(graph->num_nodes < SDQN_GRAPH_MAX_NODES);
    SdqnNode *added = &graph->nodes[graph->num_nodes];
    *added = *node;
    snprintf(added->name, sizeof added->name, "%s", name);
    added->weight = graph->parameter_count;
    added->bias = added->weight + weights;
    graph->parameter_count = added->bias + biases;
    return graph->num_nodes++;
}

int sdqn_graph_linear(SdqnGraph *graph, const char *name, int source, int out, bool relu) {
    const int in = sdqn_graph_size(graph, source);
    const SdqnNode node = {.kind = SDQN_NODE_LINEAR, .source = source, .in = in, .out = out, .relu = relu};
    return append(graph, &node, name, (size_t)in * (size_t)out, (size_t)out);
}

int sdqn_graph_norm(SdqnGraph *graph, const char *name, int source, bool relu) {
    const int size = sdqn_graph_size(graph, source);
    assert(source != SDQN_GRAPH_INPUT);
    const SdqnNode node = {.kind = SDQN_NODE_NORM, .source = source, .in = size, .out = size, .relu = relu};
    return append(graph, &node, name, (size_t)size, (size_t)size);
}

int sdqn_graph_add(SdqnGraph *graph, int source, int other) {
    const int size = sdqn_graph_size(graph, source);
    assert(source != SDQN_GRAPH_INPUT && other != SDQN_GRAPH_INPUT && sdqn_graph_size(graph, other) == size);
    const SdqnNode node = {.kind = SDQN_NODE_ADD, .source = source, .other = other, .in = size, .out = size};
    return append(graph, &node, "", 0, 0);
}

int sdqn_graph_duel(SdqnGraph *graph, int advantages, int value) {
    const int in = sdqn_graph_size(graph, value), out = sdqn_graph_size(graph, advantages);
    assert(out % in == 0);
    const SdqnNode node = {.kind = SDQN_NODE_DUEL, .source = advantages, .other = value, .in = in, .out = out};
    return append(graph, &node, "", 0, 0);
}

static void init_linear(const SdqnNode *node, SdqnRng *rng, float *parameters) {
    const double deviation = sqrt(2.0 / node->in), bound = sqrt(6.0 / (node->in + node->out));
    for (size_t i = node->weight; i < node->bias; i++) {
        parameters[i] = (float)(node->init == SDQN_INIT_XAVIER ? sdqn_rng_uniform(rng, -bound, bound) : deviation * sdqn_rng_normal(rng));
    }
}

void sdqn_graph_init(const SdqnGraph *graph, SdqnRng *rng, float *parameters) {
    memset(parameters, 0, graph->parameter_count * sizeof(float));
    for (int i = 0; i < graph->num_nodes; i++) {
        const SdqnNode *node = &graph->nodes[i];
        if (node->kind == SDQN_NODE_LINEAR) init_linear(node, rng, parameters);
        if (node->kind != SDQN_NODE_NORM) continue;
        for (size_t j = node->weight; j < node->bias; j++) parameters[j] = 1.0f;
    }
}

int sdqn_graph_tensors(const SdqnGraph *graph, const float *parameters, SdqnTensor *tensors) {
    int count = 0;
    for (int i = 0; i < graph->num_nodes; i++) {
        const SdqnNode *node = &graph->nodes[i];
        if (node->name[0] == '\0') continue;
        SdqnTensor *weight = &tensors[count++], *bias = &tensors[count++];
        const size_t out = (size_t)node->out;
        *weight = (SdqnTensor){.rank = 2, .shape = {out, (size_t)node->in}, .data = parameters + node->weight};
        if (node->kind == SDQN_NODE_NORM) *weight = (SdqnTensor){.rank = 1, .shape = {out}, .data = parameters + node->weight};
        *bias = (SdqnTensor){.rank = 1, .shape = {out}, .data = parameters + node->bias};
        snprintf(weight->name, sizeof weight->name, "%s.weight", node->name);
        snprintf(bias->name, sizeof bias->name, "%s.bias", node->name);
    }
    return count;
}

// ---- weights --------------------------------------------------------------------------------------------------------------------

/// Whether the backward pass reads a copy of the weight, whose rows do not crowd the cache; the input layer's few columns are read in
/// place.
static bool reads_copy(const SdqnNode *node) { return node->source != SDQN_GRAPH_INPUT && (node->sparse_derivative || node->out > 64); }

SdqnStatus sdqn_graph_weights_create(const SdqnGraph *graph, const float *parameters, SdqnGraphWeights *weights, SdqnError *error) {
    bool whole = true;
    *weights = (SdqnGraphWeights){.parameters = parameters};
    for (int i = 0; i < graph->num_nodes; i++) {
        const SdqnNode *node = &graph->nodes[i];
        if (node->kind != SDQN_NODE_LINEAR) continue;
        weights->nodes[i].transposed_row = sdqn_aligned_row(node->out);
        weights->nodes[i].transposed = sdqn_aligned_floats((size_t)node->in * weights->nodes[i].transposed_row);
        whole = whole && weights->nodes[i].transposed;
        if (!reads_copy(node)) continue;
        weights->nodes[i].copy_row = sdqn_aligned_row(node->in);
        weights->nodes[i].copy = sdqn_aligned_floats((size_t)node->out * weights->nodes[i].copy_row);
        whole = whole && weights->nodes[i].copy;
    }
    return whole ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "network: out of memory for %zu parameters", graph->parameter_count);
}

void sdqn_graph_weights_destroy(SdqnGraphWeights *weights) {
    for (int i = 0; i < SDQN_GRAPH_MAX_NODES; i++) {
        free(weights->nodes[i].transposed);
        free(weights->nodes[i].copy);
    }
    *weights = (SdqnGraphWeights){0};
}

void sdqn_graph_weights_refresh(const SdqnGraph *graph, const SdqnKernels *kernels, SdqnGraphWeights *weights) {
    for (int i = 0; i < graph->num_nodes; i++) {
        const SdqnNode *node = &graph->nodes[i];
        if (node->kind != SDQN_NODE_LINEAR) continue;
        kernels->transpose(weights->parameters + node->weight, (size_t)node->in, node->out, node->in, weights->nodes[i].transposed,
                           weights->nodes[i].transposed_row, weights->nodes[i].copy, weights->nodes[i].copy_row);
    }
}

// ---- workspace ------------------------------------------------------------------------------------------------------------------

/// Signs and flipped inputs of a linear layer.
static bool create_noise(const SdqnNode *node, int i, size_t rows, SdqnGraphWorkspace *workspace) {
    const size_t in_row = sdqn_aligned_row(node->in);
    workspace->nodes[i].in_row = in_row;
    workspace->nodes[i].in_signs = sdqn_aligned_floats(rows * in_row);
    workspace->nodes[i].out_signs = sdqn_aligned_floats(rows * workspace->nodes[i].row);
    workspace->nodes[i].flipped = sdqn_aligned_floats(rows * in_row);
    return workspace->nodes[i].in_signs && workspace->nodes[i].out_signs && workspace->nodes[i].flipped;
}

static bool create_node(const SdqnGraph *graph, int i, size_t rows, SdqnGraphPasses passes, SdqnGraphWorkspace *workspace) {
    const SdqnNode *node = &graph->nodes[i];
    const size_t row = sdqn_aligned_row(node->out);
    workspace->nodes[i].row = row;
    workspace->nodes[i].output = sdqn_aligned_floats(rows * row);
    bool whole = workspace->nodes[i].output != NULL;
    if (node->kind == SDQN_NODE_NORM) {
        workspace->nodes[i].statistics = sdqn_aligned_floats(2 * rows);
        whole = whole && workspace->nodes[i].statistics;
    }
    if (passes == SDQN_GRAPH_NOISY && node->kind == SDQN_NODE_LINEAR) whole = whole && create_noise(node, i, rows, workspace);
    if (passes == SDQN_GRAPH_FORWARD) return whole;
    workspace->nodes[i].d_output = sdqn_aligned_floats(rows * row);
    whole = whole && workspace->nodes[i].d_output;
    if (!node->sparse_derivative) return whole;
    workspace->nodes[i].d_transposed_row = sdqn_aligned_row(workspace->max_rows);
    workspace->nodes[i].d_transposed = sdqn_aligned_floats((size_t)node->out * workspace->nodes[i].d_transposed_row);
    return whole && workspace->nodes[i].d_transposed;
}

SdqnStatus sdqn_graph_workspace_create(const SdqnGraph *graph, int max_rows, SdqnGraphPasses passes, SdqnGraphWorkspace *workspace,
                                       SdqnError *error) {
    assert(max_rows >= 1);
    const size_t rows = (size_t)max_rows;
    const int learned = graph->input_size - graph->learned_input;
    int widest = 1;
    *workspace = (SdqnGraphWorkspace){.max_rows = max_rows, .input_row = sdqn_aligned_row(graph->input_size)};
    workspace->input = sdqn_aligned_floats(rows * workspace->input_row);
    bool whole = workspace->input != NULL;
    for (int i = 0; i < graph->num_nodes && whole; i++) {
        whole = create_node(graph, i, rows, passes, workspace);
        if (graph->nodes[i].out > widest) widest = graph->nodes[i].out;
        if (graph->nodes[i].in > widest) widest = graph->nodes[i].in;
    }
    const size_t scratch = rows * sdqn_aligned_row(widest);
    if (passes != SDQN_GRAPH_FORWARD && whole) {
        workspace->scratch = sdqn_aligned_floats(scratch);
        whole = workspace->scratch != NULL;
    }
    if (passes == SDQN_GRAPH_NOISY && whole) {
        workspace->noise_scratch = sdqn_aligned_floats(scratch);
        workspace->noise_scratch2 = sdqn_aligned_floats(scratch);
        whole = workspace->noise_scratch && workspace->noise_scratch2;
    }
    if (passes != SDQN_GRAPH_FORWARD && whole && learned > 0) {
        workspace->d_input_row = sdqn_aligned_row(learned);
        workspace->d_input = sdqn_aligned_floats(rows * workspace->d_input_row);
        whole = workspace->d_input != NULL;
    }
    return whole ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "workspace of a network: out of memory for %d rows", max_rows);
}

void sdqn_graph_workspace_destroy(SdqnGraphWorkspace *workspace) {
    for (int i = 0; i < SDQN_GRAPH_MAX_NODES; i++) {
        free(workspace->nodes[i].output);
        free(workspace->nodes[i].d_output);
        free(workspace->nodes[i].d_transposed);
        free(workspace->nodes[i].statistics);
        free(workspace->nodes[i].in_signs);
        free(workspace->nodes[i].out_signs);
        free(workspace->nodes[i].flipped);
    }
    free(workspace->input);
    free(workspace->d_input);
    free(workspace->scratch);
    free(workspace->noise_scratch);
    free(workspace->noise_scratch2);
    *workspace = (SdqnGraphWorkspace){0};
}

static float *advance(float *rows, size_t floats) { return rows ? rows + floats : NULL; }

SdqnGraphWorkspace sdqn_graph_workspace_from(const SdqnGraph *graph, const SdqnGraphWorkspace *workspace, int first) {
    SdqnGraphWorkspace view = *workspace;
    const size_t rows = (size_t)first;
    view.max_rows -= first;
    view.input += rows * view.input_row;
    view.d_input = advance(view.d_input, rows * view.d_input_row);
    for (int i = 0; i < graph->num_nodes; i++) {
        view.nodes[i].output += rows * view.nodes[i].row;
        view.nodes[i].d_output = advance(view.nodes[i].d_output, rows * view.nodes[i].row);
        view.nodes[i].d_transposed = advance(view.nodes[i].d_transposed, rows);
        view.nodes[i].statistics = advance(view.nodes[i].statistics, 2 * rows);
        view.nodes[i].in_signs = advance(view.nodes[i].in_signs, rows * view.nodes[i].in_row);
        view.nodes[i].out_signs = advance(view.nodes[i].out_signs, rows * view.nodes[i].row);
        view.nodes[i].flipped = advance(view.nodes[i].flipped, rows * view.nodes[i].in_row);
    }
    return view;
}

// ---- a pass over the layers -----------------------------------------------------------------------------------------------------

/// What every step of a pass needs.
typedef struct Pass {
    const SdqnGraph *graph;
    const SdqnGraphWeights *weights;
    const SdqnGraphNoise *noise; ///< or NULL
    const SdqnKernels *kernels;
    SdqnGraphWorkspace *workspace;
} Pass;

/// What a layer gave in the forward pass. @param row  receives the floats a row
static float *output_of(const Pass *pass, int node, size_t *row) {
    *row = node == SDQN_GRAPH_INPUT ? pass->workspace->input_row : pass->workspace->nodes[node].row;
    return node == SDQN_GRAPH_INPUT ? pass->workspace->input : pass->workspace->nodes[node].output;
}

/// y[b, o] = sum over k of x[b, k] weight[o, k] + bias[o]
/// @param weights  of the graph, or their perturbations
static void linear_product(const Pass *pass, const SdqnGraphWeights *weights, int i, const float *x, size_t x_row, int n, bool relu,
                           float *y, size_t y_row) {
    const SdqnNode *node = &pass->graph->nodes[i];
    pass->kernels->product(&(SdqnProduct){
        .rows = n,
        .columns = node->out,
        .depth = node->in,
        .a = x,
        .a_row = x_row,
        .a_depth = 1,
        .sparse = node->sparse_input,
        .b = weights->nodes[i].transposed,
        .b_depth = weights->nodes[i].transposed_row,
        .bias = weights->parameters + node->bias,
        .c = y,
        .c_row = y_row,
        .epilogue = relu ? SDQN_EPILOGUE_RELU : SDQN_EPILOGUE_NONE,
    });
}

/// z[b, j] = x[b, j] * signs[b, j]
static void flip(const float *x, size_t x_row, const float *signs, size_t signs_row, int n, int columns, float *z, size_t z_row) {
    for (size_t b = 0; b < (size_t)n; b++) {
        for (size_t j = 0; j < (size_t)columns; j++) z[b * z_row + j] = x[b * x_row + j] * signs[b * signs_row + j];
    }
}

/// y += r o ((x o s) D^T + d), then ReLU.
static void add_noise(const Pass *pass, int i, const float *x, size_t x_row, int n, float *y, size_t y_row) {
    const SdqnNode *node = &pass->graph->nodes[i];
    SdqnGraphWorkspace *workspace = pass->workspace;
    const size_t in_row = workspace->nodes[i].in_row, row = workspace->nodes[i].row;
    const float *signs = workspace->nodes[i].out_signs, *noise = workspace->noise_scratch;
    flip(x, x_row, workspace->nodes[i].in_signs, in_row, n, node->in, workspace->nodes[i].flipped, in_row);
    linear_product(pass, pass->noise->perturbations, i, workspace->nodes[i].flipped, in_row, n, false, workspace->noise_scratch, row);
    for (size_t b = 0; b < (size_t)n; b++) {
        for (size_t j = 0; j < (size_t)node->out; j++) {
            const float sum = y[b * y_row + j] + signs[b * row + j] * noise[b * row + j];
            y[b * y_row + j] = node->relu && !(sum > 0.0f) ? 0.0f : sum;
        }
    }
}

static void linear_forward(const Pass *pass, int i, int n, float *y, size_t y_row) {
    const SdqnNode *node = &pass->graph->nodes[i];
    size_t x_row;
    const float *x = output_of(pass, node->source, &x_row);
    linear_product(pass, pass->weights, i, x, x_row, n, node->relu && !pass->noise, y, y_row);
    if (pass->noise) add_noise(pass, i, x, x_row, n, y, y_row);
}

static SdqnNorm norm_of(const Pass *pass, int i) {
    const SdqnNode *node = &pass->graph->nodes[i];
    return (SdqnNorm){
        .columns = node->out,
        .row = pass->workspace->nodes[i].row, // its source's as well: both have as many values
        .scale = pass->weights->parameters + node->weight,
        .shift = pass->weights->parameters + node->bias,
        .relu = node->relu,
    };
}

static void add_forward(const Pass *pass, int i, int n, float *y, size_t y_row) {
    const SdqnNode *node = &pass->graph->nodes[i];
    size_t source_row, other_row;
    const float *source = output_of(pass, node->source, &source_row), *other = output_of(pass, node->other, &other_row);
    for (size_t b = 0; b < (size_t)n; b++) {
        for (size_t j = 0; j < (size_t)node->out; j++) y[b * y_row + j] = source[b * source_row + j] + other[b * other_row + j];
    }
}

/// Mean over actions of value j of each. @param x [actions * values]
static float mean_over_actions(const float *x, int values, int actions, int j) {
    float sum = 0.0f;
    for (int a = 0; a < actions; a++) sum += x[a * values + j];
    return sum / (float)actions;
}

static void duel_forward(const Pass *pass, int i, int n, float *y, size_t y_row) {
    const SdqnNode *node = &pass->graph->nodes[i];
    const int values = node->in, actions = node->out / node->in;
    size_t advantage_row, value_row;
    const float *advantage = output_of(pass, node->source, &advantage_row), *value = output_of(pass, node->other, &value_row);
    for (int b = 0; b < n; b++, advantage += advantage_row, value += value_row, y += y_row) {
        for (int j = 0; j < values; j++) {
            const float shift = value[j] - mean_over_actions(advantage, values, actions, j);
            for (int a = 0; a < actions; a++) y[a * values + j] = advantage[a * values + j] + shift;
        }
    }
}

void sdqn_graph_forward(const SdqnGraph *graph, const SdqnGraphWeights *weights, const SdqnGraphNoise *noise, const SdqnKernels *kernels,
                        SdqnGraphWorkspace *workspace, int n, float *out) {
    assert(n >= 1 && n <= workspace->max_rows && (!noise || workspace->noise_scratch));
    const Pass pass = {graph, weights, noise, kernels, workspace};
    for (int i = 0; i < graph->num_nodes; i++) {
        const bool is_last = i + 1 == graph->num_nodes;
        float *y = is_last ? out : workspace->nodes[i].output;
        const size_t y_row = is_last ? (size_t)graph->nodes[i].out : workspace->nodes[i].row;
        size_t x_row;
        switch (graph->nodes[i].kind) {
        case SDQN_NODE_LINEAR:
            linear_forward(&pass, i, n, y, y_row);
            break;
        case SDQN_NODE_NORM: {
            const SdqnNorm norm = norm_of(&pass, i);
            assert(!is_last);
            kernels->norm(&norm, output_of(&pass, graph->nodes[i].source, &x_row), n, y, workspace->nodes[i].statistics);
            break;
        }
        case SDQN_NODE_ADD:
            add_forward(&pass, i, n, y, y_row);
            break;
        case SDQN_NODE_DUEL:
            duel_forward(&pass, i, n, y, y_row);
            break;
        }
    }
}

// ---- backward -------------------------------------------------------------------------------------------------------------------

/// A backward pass: the layers in reverse order. A layer's derivative is first written by the last layer that reads it; others add.
typedef struct BackwardPass {
    Pass pass;
    const float *d_out;
    int groups, rows_each;
    float *gradients;
    size_t stride;
    bool written[SDQN_GRAPH_MAX_NODES]; ///< the derivative by this layer's output has been begun
    bool masked[SDQN_GRAPH_MAX_NODES];  ///< and is already 0 where its ReLU cut
} BackwardPass;

static const float *derivative_of(const BackwardPass *backward, int i, size_t *row) {
    const bool is_last = i + 1 == backward->pass.graph->num_nodes;
    *row = is_last ? (size_t)backward->pass.graph->nodes[i].out : backward->pass.workspace->nodes[i].row;
    return is_last ? backward->d_out : backward->pass.workspace->nodes[i].d_output;
}

/// For each group of rows: d_weight[o, k] = sum over b of dy[b, o] x[b, k]; d_bias[o] = sum over b of dy[b, o]; both over b ascending.
/// @param transposed  room for dy transposed, which then is worth it; or NULL
static void linear_gradients(const BackwardPass *backward, int i, const float *x, size_t x_row, const float *dy, size_t dy_row,
                             float *transposed, float *gradients) {
    const Pass *pass = &backward->pass;
    const SdqnNode *node = &pass->graph->nodes[i];
    const int rows_each = backward->rows_each;
    const size_t transposed_row = pass->workspace->nodes[i].d_transposed_row;
    if (transposed) pass->kernels->transpose(dy, dy_row, backward->groups * rows_each, node->out, transposed, transposed_row, NULL, 0);
    for (int g = 0; g < backward->groups; g++) {
        const size_t first = (size_t)g * (size_t)rows_each;
        float *gradient = gradients + (size_t)g * backward->stride;
        pass->kernels->product(&(SdqnProduct){
            .rows = node->out,
            .columns = node->in,
            .depth = rows_each,
            .a = transposed ? transposed + first : dy + first * dy_row,
            .a_row = transposed ? transposed_row : 1,
            .a_depth = transposed ? 1 : dy_row,
            .sparse = transposed != NULL,
            .b = x + first * x_row,
            .b_depth = x_row,
            .c = gradient + node->weight,
            .c_row = (size_t)node->in,
        });
        pass->kernels->column_sums(dy + first * dy_row, dy_row, rows_each, node->out, gradient + node->bias);
    }
}

/// dx[b, k] = sum over o of dy[b, o] weight[o, k], for `columns` inputs k from `first`.
/// @param weights  of the graph, or their perturbations
/// @param mask  what ReLU gave, with the row stride of dx: where it is not positive, dx is 0. NULL: no ReLU
static void linear_input_derivative(const BackwardPass *backward, const SdqnGraphWeights *weights, int i, const float *dy, size_t dy_row,
                                    int first, int columns, const float *mask, float *dx, size_t dx_row) {
    const Pass *pass = &backward->pass;
    const SdqnNode *node = &pass->graph->nodes[i];
    const float *copy = weights->nodes[i].copy;
    pass->kernels->product(&(SdqnProduct){
        .rows = backward->groups * backward->rows_each,
        .columns = columns,
        .depth = node->out,
        .a = dy,
        .a_row = dy_row,
        .a_depth = 1,
        .sparse = node->sparse_derivative,
        .b = (copy ? copy : weights->parameters + node->weight) + first,
        .b_depth = copy ? weights->nodes[i].copy_row : (size_t)node->in,
        .c = dx,
        .c_row = dx_row,
        .epilogue = mask ? SDQN_EPILOGUE_MASK : SDQN_EPILOGUE_NONE,
        .mask = mask,
        .mask_row = dx_row,
    });
}

/// The gradient of the perturbations, and the part of dx that comes through them: dx += s o ((dy o r) D), then the mask of a ReLU.
/// @param dx  NULL: not needed
static void noise_backward(const BackwardPass *backward, int i, const float *dy, size_t dy_row, const float *mask, float *dx,
                           size_t dx_row) {
    const Pass *pass = &backward->pass;
    const SdqnNode *node = &pass->graph->nodes[i];
    SdqnGraphWorkspace *workspace = pass->workspace;
    const size_t in_row = workspace->nodes[i].in_row, row = workspace->nodes[i].row;
    const float *signs = workspace->nodes[i].in_signs;
    const int n = backward->rows_each;
    float *flipped = workspace->noise_scratch, *through = workspace->noise_scratch2;
    flip(dy, dy_row, workspace->nodes[i].out_signs, row, n, node->out, flipped, row);
    linear_gradients(backward, i, workspace->nodes[i].flipped, in_row, flipped, row, workspace->nodes[i].d_transposed,
                     pass->noise->gradient);
    if (!dx) return;
    linear_input_derivative(backward, pass->noise->perturbations, i, flipped, row, 0, node->in, NULL, through, in_row);
    for (size_t b = 0; b < (size_t)n; b++) {
        for (size_t k = 0; k < (size_t)node->in; k++) {
            const float sum = dx[b * dx_row + k] + signs[b * in_row + k] * through[b * in_row + k];
            dx[b * dx_row + k] = mask && !(mask[b * dx_row + k] > 0.0f) ? 0.0f : sum;
        }
    }
}

/// Add `x` to the derivative by a layer's output, or write it if that is not begun. @param x [n, out] with row stride x_row
static void add_derivative(BackwardPass *backward, int node, const float *x, size_t x_row) {
    const size_t n = (size_t)backward->groups * (size_t)backward->rows_each, columns = (size_t)backward->pass.graph->nodes[node].out;
    float *d = backward->pass.workspace->nodes[node].d_output;
    const size_t d_row = backward->pass.workspace->nodes[node].row;
    for (size_t b = 0; b < n; b++) {
        if (!backward->written[node]) {
            memcpy(d + b * d_row, x + b * x_row, columns * sizeof(float));
        } else {
            for (size_t j = 0; j < columns; j++) d[b * d_row + j] += x[b * x_row + j];
        }
    }
    backward->written[node] = true;
}

static void linear_backward(BackwardPass *backward, int i, const float *dy, size_t dy_row) {
    const Pass *pass = &backward->pass;
    const SdqnGraph *graph = pass->graph;
    SdqnGraphWorkspace *workspace = pass->workspace;
    const SdqnNode *node = &graph->nodes[i];
    const int source = node->source;
    size_t x_row;
    const float *x = output_of(pass, source, &x_row);
    linear_gradients(backward, i, x, x_row, dy, dy_row, workspace->nodes[i].d_transposed, backward->gradients);
    if (source == SDQN_GRAPH_INPUT) {
        const int first = graph->learned_input;
        if (pass->noise) noise_backward(backward, i, dy, dy_row, NULL, NULL, 0);
        if (first == graph->input_size) return;
        linear_input_derivative(backward, pass->weights, i, dy, dy_row, first, graph->input_size - first, NULL, workspace->d_input,
                                workspace->d_input_row);
        return;
    }
    const float *mask = is_relu(graph, source) ? workspace->nodes[source].output : NULL;
    float *dx = backward->written[source] ? workspace->scratch : workspace->nodes[source].d_output;
    linear_input_derivative(backward, pass->weights, i, dy, dy_row, 0, node->in, pass->noise ? NULL : mask, dx, x_row);
    if (pass->noise) noise_backward(backward, i, dy, dy_row, mask, dx, x_row);
    if (backward->written[source]) {
        add_derivative(backward, source, dx, x_row);
    } else {
        backward->written[source] = true;
        backward->masked[source] = mask != NULL;
    }
}

static void norm_backward(BackwardPass *backward, int i, const float *dy) {
    const Pass *pass = &backward->pass;
    const SdqnNode *node = &pass->graph->nodes[i];
    SdqnGraphWorkspace *workspace = pass->workspace;
    const SdqnNorm norm = norm_of(pass, i);
    const size_t rows_each = (size_t)backward->rows_each, n = (size_t)backward->groups * rows_each;
    size_t x_row;
    const float *x = output_of(pass, node->source, &x_row);
    float *dx = workspace->nodes[node->source].d_output;
    if (!backward->written[node->source]) memset(dx, 0, n * x_row * sizeof(float));
    backward->written[node->source] = true;
    backward->masked[node->source] = false;
    for (size_t g = 0; g < (size_t)backward->groups; g++) {
        const size_t first = g * rows_each;
        float *gradient = backward->gradients + g * backward->stride;
        pass->kernels->norm_backward(&norm, x + first * x_row, workspace->nodes[i].statistics + 2 * first, dy + first * x_row,
                                     backward->rows_each, dx + first * x_row, gradient + node->weight, gradient + node->bias);
    }
}

static void duel_backward(BackwardPass *backward, int i, const float *dy, size_t dy_row) {
    const SdqnNode *node = &backward->pass.graph->nodes[i];
    SdqnGraphWorkspace *workspace = backward->pass.workspace;
    const int n = backward->groups * backward->rows_each, values = node->in, actions = node->out / node->in;
    assert(!backward->written[node->source] && !backward->written[node->other]);
    float *d_advantage = workspace->nodes[node->source].d_output, *d_value = workspace->nodes[node->other].d_output;
    for (int b = 0; b < n; b++) {
        for (int j = 0; j < values; j++) {
            const float mean = mean_over_actions(dy, values, actions, j);
            d_value[j] = mean * (float)actions;
            for (int a = 0; a < actions; a++) d_advantage[a * values + j] = dy[a * values + j] - mean;
        }
        dy += dy_row;
        d_advantage += workspace->nodes[node->source].row;
        d_value += workspace->nodes[node->other].row;
    }
    backward->written[node->source] = backward->written[node->other] = true;
}

/// Set the derivative to 0 where the layer's ReLU cut.
static void mask_derivative(const BackwardPass *backward, int i) {
    const size_t n = (size_t)backward->groups * (size_t)backward->rows_each, row = backward->pass.workspace->nodes[i].row;
    const float *y = backward->pass.workspace->nodes[i].output;
    float *d = backward->pass.workspace->nodes[i].d_output;
    for (size_t j = 0; j < n * row; j++) d[j] = y[j] > 0.0f ? d[j] : 0.0f;
}

void sdqn_graph_backward(const SdqnGraph *graph, const SdqnGraphWeights *weights, const SdqnGraphNoise *noise, const SdqnKernels *kernels,
                         SdqnGraphWorkspace *workspace, const float *d_out, int groups, int rows_each, float *gradients, size_t stride) {
    assert(!noise || (groups == 1 && graph->learned_input == graph->input_size));
    assert(groups >= 1 && rows_each >= 1 && groups * rows_each <= workspace->max_rows && workspace->nodes[0].d_output);
    BackwardPass backward = {{graph, weights, noise, kernels, workspace}, d_out, groups, rows_each, gradients, stride, {false}, {false}};
    for (int i = graph->num_nodes - 1; i >= 0; i--) {
        const SdqnNode *node = &graph->nodes[i];
        size_t dy_row;
        const float *dy = derivative_of(&backward, i, &dy_row);
        if (node->relu && !backward.masked[i]) mask_derivative(&backward, i);
        switch (node->kind) {
        case SDQN_NODE_LINEAR:
            linear_backward(&backward, i, dy, dy_row);
            break;
        case SDQN_NODE_NORM:
            norm_backward(&backward, i, dy);
            break;
        case SDQN_NODE_ADD:
            add_derivative(&backward, node->source, dy, dy_row);
            add_derivative(&backward, node->other, dy, dy_row);
            backward.masked[node->source] = backward.masked[node->other] = false;
            break;
        case SDQN_NODE_DUEL:
            duel_backward(&backward, i, dy, dy_row);
            break;
        }
    }
}
