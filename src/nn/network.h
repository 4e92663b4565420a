// network.h: the Q-network: observation, and what it is told about the task -> layers -> for each action one value, or the logits of a
// distribution over values.
#ifndef SDQN_NN_NETWORK_H
#define SDQN_NN_NETWORK_H

#include "core/error.h"
#include "core/rng.h"
#include "nn/categorical.h"
#include "nn/kernels.h"
#include "nn/span.h"
#include "nn/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDQN_Q_NETWORK_MAX_TENSORS 384
#define SDQN_MAX_TASKS 64        ///< tasks of one network
#define SDQN_MAX_LAYER_SIZE 4096 ///< units of one hidden layer, values of one embedding
#define SDQN_MAX_BLOCKS 16       ///< residual blocks of BroNet
#define SDQN_MAX_RESIDUAL_RANK 256
#define SDQN_MAX_VALUE 1e6 ///< largest magnitude of an atom

/// What a network is told about the task, beside the observation.
typedef enum SdqnConditioning {
    SDQN_CONDITIONING_EMBEDDING = 0, ///< a learned vector a task
    SDQN_CONDITIONING_ONEHOT,        ///< 1 in the place of the task, 0 in those of the others
    SDQN_CONDITIONING_ID,            ///< the task's number 0, 1, 2, ... as one input
    SDQN_CONDITIONING_BLIND,         ///< nothing
} SdqnConditioning;

/// What lies between input and outputs. Tensors are named as below; `dueling` adds value.weight and value.bias.
typedef enum SdqnArchitecture {
    /// fc1, ReLU, fc2, ReLU, fc3.
    SDQN_ARCHITECTURE_MLP = 0,
    /// fc1, ReLU, then blocks of x + linear2(relu(linear1(norm(x)))), then norm, head. Norms are LayerNorm.
    SDQN_ARCHITECTURE_BRONET,
    /// fc1, norm, ReLU, then blocks of x + norm2(linear2(relu(norm1(linear1(x))))), then head: Nauman et al. 2024, arXiv:2405.16158.
    SDQN_ARCHITECTURE_BRONET_PUBLISHED,
} SdqnArchitecture;

/// What each task adds to the shared weights and biases of every linear layer.
typedef enum SdqnResidualKind {
    SDQN_RESIDUALS_NONE = 0,
    SDQN_RESIDUALS_VECTOR,   ///< phi_m, learned like any weight
    SDQN_RESIDUALS_GAUSSIAN, ///< phi_m ~ N(mu_m, softplus(rho_m)^2): VarShare
} SdqnResidualKind;

/// Sizes of a Q-network.
typedef struct SdqnQNetworkDef {
    int observation_size;          ///< floats an observation, in [1, SDQN_MAX_OBSERVATION_SIZE]. Default 8 (LunarLander).
    int num_actions;               ///< outputs, in [1, SDQN_MAX_ACTIONS]. Default 4 (LunarLander).
    int num_tasks;                 ///< in [1, SDQN_MAX_TASKS], for one-hot at least 2. Default 3.
    int embedding_size;            ///< values of a task's embedding, in [1, SDQN_MAX_LAYER_SIZE]; not looked at without one. Default 8.
    int hidden1_size;              ///< units of fc1, of BroNet of every layer, in [1, SDQN_MAX_LAYER_SIZE]. Default 256.
    int hidden2_size;              ///< units of fc2, in [1, SDQN_MAX_LAYER_SIZE]; BroNet has none. Default 128.
    SdqnConditioning conditioning; ///< Default SDQN_CONDITIONING_EMBEDDING.
    SdqnArchitecture architecture; ///< Default SDQN_ARCHITECTURE_MLP.
    int num_blocks;                ///< residual blocks of BroNet, in [1, SDQN_MAX_BLOCKS]; not looked at without. Default 3.
    bool dueling;                  ///< a state value and advantages make the outputs: Wang et al. 2016, arXiv:1511.06581. Default false.
    bool unit_embeddings;          ///< embeddings are scaled to length 1 whenever they have changed. Default false.
    int num_atoms;                 ///< of a distribution over each action's value, in [2, SDQN_MAX_ATOMS]; 0: plain values. Default 0.
    SdqnResidualKind residuals;    ///< needs conditioning blind and no embedding: the weights know the task. Default SDQN_RESIDUALS_NONE.
    int residual_rank;             ///< of a task's part of a weight, in [0, SDQN_MAX_RESIDUAL_RANK]; 0: full. Default 0.
    double prior_scale;            ///< s of the prior N(0, s^2) of Gaussian residuals, or where it starts, in (0, 1e3]. Default 1.
    bool learned_prior;            ///< s is learned with the rest (empirical Bayes). Default false.
    double value_min, value_max;   ///< first and last atom, ascending, within +-SDQN_MAX_VALUE; not looked at without. Default -100, 300.
} SdqnQNetworkDef;

SdqnQNetworkDef sdqn_q_network_def_default(void);
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT with the field, its value and the allowed range
SdqnStatus sdqn_q_network_def_check(const SdqnQNetworkDef *def, SdqnError *error);
/// Inputs of fc1 beside the observation: embedding_size, num_tasks (one-hot), 1 (id) or 0 (blind).
int sdqn_q_network_def_conditioning_size(const SdqnQNetworkDef *def);
/// Outputs for each action: num_atoms, or 1.
int sdqn_q_network_def_action_outputs(const SdqnQNetworkDef *def);
/// Parameters of a checked definition: 37,788 by default, with one-hot 36,484, id 35,972, blind 35,716.
size_t sdqn_q_network_def_parameter_count(const SdqnQNetworkDef *def);
/// A Q-network: its parameters and, derived from them, a copy of the weights transposed for the forward pass. Not thread-safe while
/// parameters change; any number of threads may run it forward, each with its own workspace.
typedef struct SdqnQNetwork SdqnQNetwork;

/// Activations and derivatives of at most max_rows rows. One a thread.
typedef struct SdqnQWorkspace SdqnQWorkspace;

/// Make a network with all parameters zero. @return SDQN_OK, SDQN_ERR_ARGUMENT (the definition) or SDQN_ERR_MEMORY
SdqnStatus sdqn_q_network_create(const SdqnQNetworkDef *def, const SdqnKernels *kernels, SdqnQNetwork **network, SdqnError *error);
/// NULL is allowed.
void sdqn_q_network_destroy(SdqnQNetwork *network);

/// Make a workspace for forward passes, and for backward ones too, and noisy ones, if `backward`. @param max_rows >= 1
SdqnStatus sdqn_q_workspace_create(const SdqnQNetworkDef *def, int max_rows, bool backward, SdqnQWorkspace **workspace, SdqnError *error);
/// NULL is allowed.
void sdqn_q_workspace_destroy(SdqnQWorkspace *workspace);

const SdqnQNetworkDef *sdqn_q_network_def(const SdqnQNetwork *network);
size_t sdqn_q_network_parameter_count(const SdqnQNetwork *network);

/// Draw all parameters, in the order of the array, each row by row: weights N(0, 2 / fan_in) (kaiming normal, gain sqrt 2), of BroNet's
/// head xavier uniform, embedding N(0, 0.1^2); residuals' right factors N(0, 2 / fan_in) task by task;
/// without a draw biases 0, norms 1 and 0, residuals' other means 0 and rho -5.
void sdqn_q_network_init(SdqnQNetwork *network, SdqnRng *rng);

/// All parameters as one array [parameter_count], aligned to 64 bytes, layers from the input on (fc1.weight [hidden1, in], fc1.bias, ...),
/// then task_embedding.weight [tasks, embedding] or the residuals (residuals.h) if it has any. Gradients and moments have the same order.
const float *sdqn_q_network_parameters(const SdqnQNetwork *network);
/// The same to write; call sdqn_q_network_refresh before the next forward pass.
float *sdqn_q_network_parameters_mutable(SdqnQNetwork *network);
/// Scale the embeddings, if they are to have unit length, and make the copies that the kernels want again from the parameters.
void sdqn_q_network_refresh(SdqnQNetwork *network);
/// Copy the parameters of a network of the same definition.
void sdqn_q_network_copy(SdqnQNetwork *target, const SdqnQNetwork *source);
/// Move the parameters of a network of the same definition towards the source: p = fma(share, p_source - p, p), the soft target update of
/// Lillicrap et al. 2016, arXiv:1509.02971. @param share in [0, 1]
void sdqn_q_network_mix(SdqnQNetwork *target, const SdqnQNetwork *source, float share);

/// Where the weight of the last hidden layer (of the default network fc2.weight) lies among the parameters: the last that all outputs
/// share.
void sdqn_q_network_last_hidden_weight(const SdqnQNetwork *network, size_t *first, size_t *count);

/// The parameters as named views, valid while the network lives; with atoms also `support` [num_atoms], their values, which is no
/// parameter.
/// @param tensors  [SDQN_Q_NETWORK_MAX_TENSORS] written @return how many
int sdqn_q_network_tensors(const SdqnQNetwork *network, SdqnTensor *tensors);

/// The atoms' values, evenly spaced, ascending. @return [num_atoms], NULL without atoms
const float *sdqn_q_network_support(const SdqnQNetwork *network);

/// Outputs: values, or logits. A row's bits do not depend on the other rows nor on their number.
/// @param observation  [n, observation_size]
/// @param task         [n] in [0, num_tasks), not read (may be NULL) if the network is blind
/// @param n            rows, 1 <= n <= the workspace's max_rows
/// @param outputs      [n, num_actions, values] written
void sdqn_q_network_forward(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const float *observation, const int32_t *task, int n,
                            float *outputs);

/// Q-values: the outputs, or with atoms the expected value of each action. @param q [n, num_actions] written; the rest as above
void sdqn_q_network_q_values(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const float *observation, const int32_t *task, int n,
                             float *q);

/// With Gaussian residuals: draw a sample of every task's phi for the noisy forward passes that follow. The network must have been created
/// for training. Without, nothing is drawn.
void sdqn_q_network_draw_noise(SdqnQNetwork *network, SdqnRng *rng);

/// Outputs with the sample drawn last, decorrelated over rows by flipout (graph.h), whose signs are drawn here; without Gaussian residuals
/// as sdqn_q_network_forward, and nothing is drawn. The backward pass that follows in this workspace knows of it.
void sdqn_q_network_forward_noisy(const SdqnQNetwork *network, SdqnQWorkspace *workspace, SdqnRng *rng, const float *observation,
                                  const int32_t *task, int n, float *outputs);

/// With Gaussian residuals: add the derivative of beta * KL to a gradient, after a draw with the same parameters. KL = sum over all entries
/// of all tasks of log(s / sigma) + (sigma^2 + mu^2) / (2 s^2) - 1/2. Source: Blundell et al. 2015, arXiv:1505.05424.
void sdqn_q_network_add_kl_gradient(const SdqnQNetwork *network, double beta, float *gradient);
/// Of a network with residuals: a network whose residuals are vectors of its means, with those smaller than `threshold` set to 0.
/// @param threshold  >= 0; INFINITY: none is left, every task has the shared weights
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (there are no residuals) or SDQN_ERR_MEMORY
SdqnStatus sdqn_q_network_prune(const SdqnQNetwork *network, double threshold, SdqnQNetwork **pruned, SdqnError *error);
/// Where what belongs to the tasks from `first_task` on alone lies among the parameters, ascending: their embeddings or residuals.
/// @param spans  [SDQN_Q_NETWORK_MAX_TENSORS] written @return how many; 0: the network has nothing of the kind
int sdqn_q_network_task_spans(const SdqnQNetwork *network, int first_task, SdqnSpan *spans);
/// KL of one task's residuals, or of all for task -1; 0 without Gaussian ones. Slow.
double sdqn_q_network_kl(const SdqnQNetwork *network, int task);
/// Share of the entries of a task's residuals (their means), or of all for task -1, whose size is at least `threshold`; 1 without any.
double sdqn_q_network_kept_share(const SdqnQNetwork *network, double threshold, int task);

/// Gradient of a loss after a forward pass of the same network and n rows in this workspace.
/// @param task       [n] as in the forward pass
/// @param d_outputs  [n, num_actions, values] derivative of the loss by each output
/// @param gradient   [parameter_count] written (not added to)
void sdqn_q_network_backward(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *d_outputs, int n,
                             float *gradient);

/// The same for groups of rows, one after the other: a gradient for each, with the bits it would have alone. Costs little more than one
/// gradient of all rows. With residuals there can be but one group.
/// @param rows_each  rows of a group; groups * rows_each is n of the forward pass
/// @param gradients  [groups, parameter_count] written
void sdqn_q_network_backward_groups(const SdqnQNetwork *network, SdqnQWorkspace *workspace, const int32_t *task, const float *d_outputs,
                                    int groups, int rows_each, float *gradients);

#endif
