// graph.h: a feed-forward network as a list of layers over one flat array of parameters: forward, backward, and their memory.
//
// Built once by an architecture (architectures.h). Rows are independent of each other in the forward pass; a gradient sums over rows in
// ascending order. For the room, and for src/exchange, which writes networks in other forms; others use network.h.
#ifndef SDQN_NN_GRAPH_H
#define SDQN_NN_GRAPH_H

#include "core/error.h"
#include "core/rng.h"
#include "nn/kernels.h"
#include "nn/tensor.h"

#include <stdbool.h>
#include <stddef.h>

#define SDQN_GRAPH_MAX_NODES 96
#define SDQN_GRAPH_INPUT (-1) ///< as a source: the input of the graph

typedef enum SdqnNodeKind {
    SDQN_NODE_LINEAR = 0, ///< y = W x + b; W [out, in] and b [out] as torch.nn.Linear
    SDQN_NODE_NORM,       ///< torch.nn.LayerNorm with epsilon 1e-5, weight and bias [out]
    SDQN_NODE_ADD,        ///< y = source + other
    SDQN_NODE_DUEL,       ///< y[a] = other + source[a] - mean over a of source[a], for each of `in` values of `other` (Wang et al. 2016)
} SdqnNodeKind;

typedef enum SdqnInitKind {
    SDQN_INIT_KAIMING = 0, ///< weights N(0, 2 / in) (kaiming normal, fan_in, gain sqrt 2)
    SDQN_INIT_XAVIER,      ///< weights U(-a, a), a = sqrt(6 / (in + out)) (xavier uniform)
} SdqnInitKind;

/// One layer. Its number is its place in the list; it reads only layers before it.
typedef struct SdqnNode {
    SdqnNodeKind kind;
    int source; ///< the layer it reads, or SDQN_GRAPH_INPUT
    int other;  ///< the second one, of ADD and DUEL
    int in, out;
    bool relu;              ///< max(y, 0) at the end, of LINEAR and NORM
    bool sparse_input;      ///< what it reads comes from a ReLU: zeros save work
    bool sparse_derivative; ///< what it gives is cut by a ReLU: likewise in the backward pass
    SdqnInitKind init;
    char name[32];       ///< of its tensors: NAME.weight, NAME.bias; empty without any
    size_t weight, bias; ///< where they lie in the flat array
} SdqnNode;

typedef struct SdqnGraph {
    int input_size;
    int learned_input; ///< derivatives are wanted for the inputs from this one on; input_size: for none
    int num_nodes;
    SdqnNode nodes[SDQN_GRAPH_MAX_NODES];
    int last_hidden; ///< the last LINEAR whose weight all outputs share
    size_t parameter_count;
} SdqnGraph;

/// Append a layer; each returns its number. There must be room. @param name  of its tensors
int sdqn_graph_linear(SdqnGraph *graph, const char *name, int source, int out, bool relu);
int sdqn_graph_norm(SdqnGraph *graph, const char *name, int source, bool relu);
int sdqn_graph_add(SdqnGraph *graph, int source, int other);
int sdqn_graph_duel(SdqnGraph *graph, int advantages, int value);
/// Values a layer gives, or the graph's inputs for SDQN_GRAPH_INPUT.
int sdqn_graph_size(const SdqnGraph *graph, int node);

/// Draw the parameters: layers in order, weights row by row; norms 1, biases 0, without a draw. @param parameters [parameter_count] written
void sdqn_graph_init(const SdqnGraph *graph, SdqnRng *rng, float *parameters);
/// The parameters as named views. @param tensors  room for two a layer @return how many
int sdqn_graph_tensors(const SdqnGraph *graph, const float *parameters, SdqnTensor *tensors);

/// Copies of one array of parameters in the forms the kernels want.
typedef struct SdqnGraphWeights {
    const float *parameters; ///< [parameter_count] borrowed
    struct {
        float *transposed; ///< [in, out], for the forward pass
        size_t transposed_row;
        float *copy; ///< [out, in] with other gaps, for the backward pass; NULL: not needed
        size_t copy_row;
    } nodes[SDQN_GRAPH_MAX_NODES];
} SdqnGraphWeights;

/// @return SDQN_OK or SDQN_ERR_MEMORY; must be destroyed either way
SdqnStatus sdqn_graph_weights_create(const SdqnGraph *graph, const float *parameters, SdqnGraphWeights *weights, SdqnError *error);
/// All zeros is allowed.
void sdqn_graph_weights_destroy(SdqnGraphWeights *weights);
/// Make the copies again from the parameters.
void sdqn_graph_weights_refresh(const SdqnGraph *graph, const SdqnKernels *kernels, SdqnGraphWeights *weights);

/// What the workspace is for.
typedef enum SdqnGraphPasses {
    SDQN_GRAPH_FORWARD = 0, ///< forward passes alone
    SDQN_GRAPH_BACKWARD,    ///< backward ones as well
    SDQN_GRAPH_NOISY,       ///< both, also with noise
} SdqnGraphPasses;

/// Activations and derivatives of at most max_rows rows.
typedef struct SdqnGraphWorkspace {
    int max_rows;
    float *input; ///< [max_rows, input_size] filled by the caller
    size_t input_row;
    float *d_input; ///< [max_rows, input_size - learned_input] written by the backward pass; NULL if none are wanted
    size_t d_input_row;
    float *scratch;        ///< [max_rows, widest layer]
    float *noise_scratch;  ///< likewise, for passes with noise
    float *noise_scratch2; ///< likewise
    struct {
        float *output;   ///< [max_rows, out] after ReLU
        float *d_output; ///< derivative by the layer's output; NULL for forward passes only
        size_t row;
        float *d_transposed; ///< [out, max_rows] of d_output; NULL if not needed
        size_t d_transposed_row;
        float *statistics; ///< of NORM: [max_rows, 2] mean and 1 / deviation
        // Of LINEAR, for passes with noise:
        float *in_signs;  ///< [max_rows, in] +1 or -1, s of flipout, filled by the caller
        float *out_signs; ///< [max_rows, out] likewise r
        float *flipped;   ///< [max_rows, in] what the layer read, times in_signs
        size_t in_row;    ///< floats a row of in_signs and flipped; out_signs has `row`
    } nodes[SDQN_GRAPH_MAX_NODES];
} SdqnGraphWorkspace;

/// @return SDQN_OK or SDQN_ERR_MEMORY; must be destroyed either way
SdqnStatus sdqn_graph_workspace_create(const SdqnGraph *graph, int max_rows, SdqnGraphPasses passes, SdqnGraphWorkspace *workspace,
                                       SdqnError *error);
/// All zeros is allowed.
void sdqn_graph_workspace_destroy(SdqnGraphWorkspace *workspace);

/// The rows of a workspace from `first` on, as a workspace that must not be destroyed.
SdqnGraphWorkspace sdqn_graph_workspace_from(const SdqnGraph *graph, const SdqnGraphWorkspace *workspace, int first);

/// Noise on the linear layers by flipout: row b of such a layer with weight W and perturbation D gives
///   y_b = x_b W^T + bias + r_b o ((x_b o s_b) D^T + d),  r_b and s_b signs that are the row's own, d the perturbation of the bias,
/// so that rows see perturbations that are not correlated, for the price of a second product.
/// Source: Wen et al. 2018, "Flipout", arXiv:1803.04386, equation 4.
typedef struct SdqnGraphNoise {
    const SdqnGraphWeights *perturbations; ///< of the graph's linear layers; others are not looked at
    float *gradient;                       ///< [parameter_count] the backward pass writes the derivative by the perturbations here
} SdqnGraphNoise;

/// The outputs of the last layer for n rows of workspace->input. @param noise  NULL: none @param out [n, size of the last layer] written
void sdqn_graph_forward(const SdqnGraph *graph, const SdqnGraphWeights *weights, const SdqnGraphNoise *noise, const SdqnKernels *kernels,
                        SdqnGraphWorkspace *workspace, int n, float *out);

/// Gradients after a forward pass, one for each group of rows_each rows, with the bits it would have alone; and workspace->d_input.
/// @param noise      that of the forward pass; groups is then 1
/// @param d_out      [groups * rows_each, size of the last layer] derivative of the loss
/// @param gradients  group g's parameter_count values at g * stride, written
void sdqn_graph_backward(const SdqnGraph *graph, const SdqnGraphWeights *weights, const SdqnGraphNoise *noise, const SdqnKernels *kernels,
                         SdqnGraphWorkspace *workspace, const float *d_out, int groups, int rows_each, float *gradients, size_t stride);

#endif
