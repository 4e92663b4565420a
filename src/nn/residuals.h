// residuals.h: weights of a graph that differ by task: W_m = theta + phi_m on every linear layer, phi_m a vector or Gaussian (VarShare).
//
// One flat array holds theta as the graph lays it out, then for each linear layer the means of phi for all tasks, weight [tasks, out, in]
// and bias [tasks, out], then with Gaussians rho likewise (the deviation of an entry is softplus(rho)), then with a learned prior the
// logarithm of its scale. With a rank r the part of a weight is a product, left [tasks, out, r] times right [tasks, r, in], and the
// Gaussians are those of the factors. Internal to the room: others use network.h.
#ifndef SDQN_NN_RESIDUALS_H
#define SDQN_NN_RESIDUALS_H

#include "nn/graph.h"
#include "nn/span.h"

#include <stdbool.h>
#include <stddef.h>

#define SDQN_RESIDUALS_INITIAL_RHO (-5.0f) ///< a deviation of 0.0067

/// How a span stands for a part of the graph's parameters.
typedef enum SdqnResidualForm {
    SDQN_RESIDUAL_WHOLE = 0, ///< entry for entry
    SDQN_RESIDUAL_LEFT,      ///< the first factor of a weight; the next span is the second
    SDQN_RESIDUAL_RIGHT,
} SdqnResidualForm;

/// Residuals of a weight or bias, or a factor of them. Of task t they begin at mean + t * count and rho + t * count.
typedef struct SdqnResidualSpan {
    SdqnResidualForm form;
    int node;         ///< the linear layer
    size_t parameter; ///< where what they are added to begins among the graph's
    size_t count;     ///< entries of one task
    size_t entry;     ///< where those begin among all entries of a task
    size_t mean, rho;
} SdqnResidualSpan;

/// Where everything lies. Plain data.
typedef struct SdqnResidualLayout {
    int num_tasks, num_spans;
    int rank; ///< of the weights' parts; 0: full
    bool gaussian, learned_prior;
    SdqnResidualSpan spans[3 * SDQN_GRAPH_MAX_NODES]; ///< of each linear layer: weight, or left and right, and bias
    size_t num_entries;                               ///< of one task
    size_t log_prior;                                 ///< with learned_prior
    size_t parameter_count;                           ///< of all
} SdqnResidualLayout;

/// @param rank  0: full @param learned_prior  not looked at without `gaussian`
void sdqn_residual_layout(const SdqnGraph *graph, int num_tasks, int rank, bool gaussian, bool learned_prior, SdqnResidualLayout *layout);

/// Weights of each task, and with noise the perturbations of one sample.
typedef struct SdqnResiduals {
    SdqnResidualLayout layout;
    const float *parameters;   ///< [layout.parameter_count] borrowed
    float *effective;          ///< [tasks, graph parameters] theta + mean
    SdqnGraphWeights *weights; ///< [tasks] of them
    float *phi;                ///< [graph parameters] scratch
    // The rest only with noise:
    float *epsilon, *deviation, *slope; ///< [tasks, num_entries] sample, softplus(rho) and its slope
    float *sample;                      ///< likewise, with a rank: mean + deviation * epsilon
    float *perturbed;                   ///< [tasks, graph parameters] deviation * epsilon; with a rank theta + phi of the sample
    SdqnGraphWeights *perturbations;    ///< [tasks] of them
} SdqnResiduals;

/// @param noise  whether samples will be drawn @return SDQN_OK or SDQN_ERR_MEMORY; must be destroyed either way
SdqnStatus sdqn_residuals_create(const SdqnGraph *graph, const SdqnResidualLayout *layout, const float *parameters, bool noise,
                                 SdqnResiduals *residuals, SdqnError *error);
/// All zeros is allowed.
void sdqn_residuals_destroy(SdqnResiduals *residuals);
/// Make the tasks' weights again from the parameters.
void sdqn_residuals_refresh(const SdqnGraph *graph, const SdqnKernels *kernels, SdqnResiduals *residuals);
/// Means 0, but right factors N(0, 2 / in), for phi is 0 then, and learns; rho SDQN_RESIDUALS_INITIAL_RHO.
/// @param prior_scale  > 0 @param rng  drawn from with a rank @param parameters  theta stays
void sdqn_residuals_init(const SdqnGraph *graph, const SdqnResidualLayout *layout, double prior_scale, SdqnRng *rng, float *parameters);

/// Draw one sample of every task's phi: one word of the stream a task, from which its deviates follow.
void sdqn_residuals_draw(const SdqnGraph *graph, const SdqnKernels *kernels, SdqnRng *rng, SdqnResiduals *residuals);

/// Make the perturbations from epsilon and the deviations. sdqn_residuals_draw does it too.
void sdqn_residuals_perturb(const SdqnGraph *graph, const SdqnKernels *kernels, SdqnResiduals *residuals);

/// Add one task's part to the gradient of all parameters.
/// @param weights_gradient  [graph parameters] by its weights, with a rank and noise by those of the sample
/// @param noise_gradient    likewise by its perturbations; with a rank not looked at; NULL: the pass had no noise
/// @param gradient          [layout.parameter_count] theta's part is added to, the task's own written
void sdqn_residuals_gather(const SdqnGraph *graph, const SdqnResiduals *residuals, int task, const float *weights_gradient,
                           const float *noise_gradient, float *gradient);

/// Add the derivative of beta * KL, KL = sum over all entries of all tasks of log(s / sigma) + (sigma^2 + mu^2) / (2 s^2) - 1/2, after a
/// draw with the same parameters. @param prior_scale  s, if it is not learned
void sdqn_residuals_add_kl_gradient(const SdqnResiduals *residuals, double prior_scale, double beta, float *gradient);
/// KL itself, in double. @param task  of one task, or -1: of all
double sdqn_residuals_kl(const SdqnResidualLayout *layout, const float *parameters, double prior_scale, int task);
/// Share of the entries of one task's mean phi, or of all for -1, whose size is at least `threshold`.
double sdqn_residuals_kept(const SdqnGraph *graph, const SdqnResiduals *residuals, double threshold, int task);
/// Mean phi of one task. @param phi  [graph parameters] written; 0 where there is no linear layer
void sdqn_residuals_mean(const SdqnGraph *graph, const SdqnResiduals *residuals, int task, float *phi);
/// Write the tasks' mean phi as whole vectors, with entries smaller than `threshold` set to 0.
/// @param layout  of the same graph and tasks, without Gaussians and rank @param parameters [layout->parameter_count] theta stays
void sdqn_residuals_prune(const SdqnGraph *graph, const SdqnResiduals *residuals, double threshold, const SdqnResidualLayout *layout,
                          float *parameters);
/// Where the parameters of the tasks from `first_task` on lie, ascending. @param spans  room for six a layer @return how many
int sdqn_residuals_task_spans(const SdqnResidualLayout *layout, int first_task, SdqnSpan *spans);

/// The residuals as named views: NAME.weight_mean, NAME.bias_mean, NAME.weight_rho, NAME.bias_rho for each linear layer NAME, with a rank
/// NAME.weight_left_mean and so on, and log_prior_scale. @param tensors  room for six a layer and one @return how many
int sdqn_residuals_tensors(const SdqnGraph *graph, const SdqnResidualLayout *layout, const float *parameters, SdqnTensor *tensors);

#endif
