#include "nn/residuals.h"

#include "core/dmath.h"
#include "nn/aligned.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTIAL_SUMS 16

// ---- layout ---------------------------------------------------------------------------------------------------------------------

static void add_span(SdqnResidualLayout *layout, SdqnResidualForm form, int node, size_t parameter, size_t count) {
    layout->spans[layout->num_spans++] = (SdqnResidualSpan){form, node, parameter, count, .entry = layout->num_entries};
    layout->num_entries += count;
}

void sdqn_residual_layout(const SdqnGraph *graph, int num_tasks, int rank, bool gaussian, bool learned_prior, SdqnResidualLayout *layout) {
    *layout = (SdqnResidualLayout){.num_tasks = num_tasks, .rank = rank, .gaussian = gaussian, .learned_prior = gaussian && learned_prior};
    for (int i = 0; i < graph->num_nodes; i++) {
        const SdqnNode *node = &graph->nodes[i];
        if (node->kind != SDQN_NODE_LINEAR) continue;
        if (rank > 0) {
            add_span(layout, SDQN_RESIDUAL_LEFT, i, node->weight, (size_t)node->out * (size_t)rank);
            add_span(layout, SDQN_RESIDUAL_RIGHT, i, node->weight, (size_t)rank * (size_t)node->in);
        } else {
            add_span(layout, SDQN_RESIDUAL_WHOLE, i, node->weight, node->bias - node->weight);
        }
        add_span(layout, SDQN_RESIDUAL_WHOLE, i, node->bias, (size_t)node->out);
    }
    const size_t all = (size_t)num_tasks * layout->num_entries;
    for (int i = 0; i < layout->num_spans; i++) {
        SdqnResidualSpan *span = &layout->spans[i];
        span->mean = graph->parameter_count + (size_t)num_tasks * span->entry;
        span->rho = gaussian ? span->mean + all : 0;
    }
    layout->log_prior = graph->parameter_count + (gaussian ? 2 : 1) * all;
    layout->parameter_count = layout->log_prior + layout->learned_prior;
}

static void init_task(const SdqnGraph *graph, const SdqnResidualLayout *layout, int task, SdqnRng *rng, float *parameters) {
    for (int i = 0; i < layout->num_spans; i++) {
        const SdqnResidualSpan *span = &layout->spans[i];
        const size_t own = (size_t)task * span->count;
        const double deviation = sqrt(2.0 / graph->nodes[span->node].in);
        const bool draws = span->form == SDQN_RESIDUAL_RIGHT;
        for (size_t k = 0; k < span->count; k++) {
            parameters[span->mean + own + k] = draws ? (float)(deviation * sdqn_rng_normal(rng)) : 0.0f;
            if (layout->gaussian) parameters[span->rho + own + k] = SDQN_RESIDUALS_INITIAL_RHO;
        }
    }
}

void sdqn_residuals_init(const SdqnGraph *graph, const SdqnResidualLayout *layout, double prior_scale, SdqnRng *rng, float *parameters) {
    for (int t = 0; t < layout->num_tasks; t++) init_task(graph, layout, t, rng, parameters);
    if (layout->learned_prior) parameters[layout->log_prior] = (float)sdqn_log(prior_scale);
}

/// A view of one span. @param node  the layer it belongs to
static SdqnTensor tensor_of(const SdqnResidualLayout *layout, const SdqnNode *node, const SdqnResidualSpan *span, bool rho,
                            const float *parameters) {
    const size_t tasks = (size_t)layout->num_tasks, in = (size_t)node->in, out = (size_t)node->out, rank = (size_t)layout->rank;
    const bool is_bias = span->parameter == node->bias;
    const char *part = is_bias ? "bias" : "weight";
    SdqnTensor tensor = {.rank = is_bias ? 2 : 3, .shape = {tasks, out, is_bias ? 0 : in}};
    if (span->form == SDQN_RESIDUAL_LEFT) {
        part = "weight_left";
        tensor.shape[2] = rank;
    } else if (span->form == SDQN_RESIDUAL_RIGHT) {
        part = "weight_right";
        tensor.shape[1] = rank;
    }
    tensor.data = parameters + (rho ? span->rho : span->mean);
    snprintf(tensor.name, sizeof tensor.name, "%s.%s_%s", node->name, part, rho ? "rho" : "mean");
    return tensor;
}

int sdqn_residuals_task_spans(const SdqnResidualLayout *layout, int first_task, SdqnSpan *spans) {
    const int kinds = layout->gaussian ? 2 : 1;
    int count = 0;
    for (int kind = 0; kind < kinds; kind++) {
        for (int i = 0; i < layout->num_spans; i++) {
            const SdqnResidualSpan *span = &layout->spans[i];
            const size_t before = (size_t)first_task * span->count, all = (size_t)layout->num_tasks * span->count;
            spans[count++] = (SdqnSpan){(kind == 1 ? span->rho : span->mean) + before, all - before};
        }
    }
    return count;
}

int sdqn_residuals_tensors(const SdqnGraph *graph, const SdqnResidualLayout *layout, const float *parameters, SdqnTensor *tensors) {
    const int kinds = layout->gaussian ? 2 : 1;
    int count = 0;
    for (int kind = 0; kind < kinds; kind++) {
        for (int i = 0; i < layout->num_spans; i++) {
            const SdqnResidualSpan *span = &layout->spans[i];
            tensors[count++] = tensor_of(layout, &graph->nodes[span->node], span, kind == 1, parameters);
        }
    }
    if (layout->learned_prior) {
        tensors[count++] = (SdqnTensor){.name = "log_prior_scale", .rank = 1, .shape = {1}, .data = parameters + layout->log_prior};
    }
    return count;
}

// ---- products of factors --------------------------------------------------------------------------------------------------------

/// Add left [out, rank] times right [rank, in] to a weight [out, in].
static void add_product(const SdqnNode *node, int rank, const float *restrict left, const float *restrict right, float *restrict weight) {
    const size_t in = (size_t)node->in;
    for (size_t o = 0; o < (size_t)node->out; o++) {
        for (size_t r = 0; r < (size_t)rank; r++) {
            const float factor = left[o * (size_t)rank + r];
            for (size_t i = 0; i < in; i++) weight[o * in + i] += factor * right[r * in + i];
        }
    }
}

static float dot(const float *restrict a, const float *restrict b, size_t count) {
    float partial[PARTIAL_SUMS] = {0.0f};
    const size_t whole = count - count % PARTIAL_SUMS;
    for (size_t first = 0; first < whole; first += PARTIAL_SUMS) {
        for (size_t i = 0; i < PARTIAL_SUMS; i++) partial[i] += a[first + i] * b[first + i];
    }
    for (size_t i = whole; i < count; i++) partial[i - whole] += a[i] * b[i];
    for (int half = PARTIAL_SUMS / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) partial[i] += partial[i + half];
    }
    return partial[0];
}

/// Derivatives by both factors from that by their product. @param d_left, d_right  written
static void product_gradients(const SdqnNode *node, int rank, const float *left, const float *right, const float *d_weight, float *d_left,
                              float *d_right) {
    const size_t in = (size_t)node->in, ranks = (size_t)rank;
    memset(d_right, 0, ranks * in * sizeof(float));
    for (size_t o = 0; o < (size_t)node->out; o++) {
        for (size_t r = 0; r < ranks; r++) {
            const float factor = left[o * ranks + r];
            const float *restrict d = d_weight + o * in;
            float *restrict sum = d_right + r * in;
            d_left[o * ranks + r] = dot(d, right + r * in, in);
            for (size_t i = 0; i < in; i++) sum[i] += factor * d[i];
        }
    }
}

// ---- weights of each task -------------------------------------------------------------------------------------------------------

static bool create_weights(const SdqnGraph *graph, int tasks, const float *parameters, SdqnGraphWeights **weights) {
    *weights = calloc((size_t)tasks, sizeof **weights);
    bool whole = *weights != NULL;
    for (size_t t = 0; whole && t < (size_t)tasks; t++) {
        whole = sdqn_graph_weights_create(graph, parameters + t * graph->parameter_count, &(*weights)[t], NULL) == SDQN_OK;
    }
    return whole;
}

SdqnStatus sdqn_residuals_create(const SdqnGraph *graph, const SdqnResidualLayout *layout, const float *parameters, bool noise,
                                 SdqnResiduals *residuals, SdqnError *error) {
    const size_t tasks = (size_t)layout->num_tasks, all = tasks * graph->parameter_count, entries = tasks * layout->num_entries;
    *residuals = (SdqnResiduals){.layout = *layout, .parameters = parameters};
    residuals->effective = sdqn_aligned_floats(all);
    residuals->phi = sdqn_aligned_floats(graph->parameter_count);
    bool whole =
        residuals->effective && residuals->phi && create_weights(graph, layout->num_tasks, residuals->effective, &residuals->weights);
    if (whole && noise) {
        residuals->epsilon = sdqn_aligned_floats(entries);
        residuals->deviation = sdqn_aligned_floats(entries);
        residuals->slope = sdqn_aligned_floats(entries);
        residuals->sample = layout->rank > 0 ? sdqn_aligned_floats(entries) : NULL;
        residuals->perturbed = sdqn_aligned_floats(all);
        whole = residuals->epsilon && residuals->deviation && residuals->slope && residuals->perturbed &&
                (residuals->sample || layout->rank == 0) &&
                create_weights(graph, layout->num_tasks, residuals->perturbed, &residuals->perturbations);
    }
    return whole ? SDQN_OK
                 : sdqn_error_set(error, SDQN_ERR_MEMORY, "network: out of memory for the weights of %d tasks", layout->num_tasks);
}

static void destroy_weights(SdqnGraphWeights *weights, int tasks) {
    for (int t = 0; weights && t < tasks; t++) sdqn_graph_weights_destroy(&weights[t]);
    free(weights);
}

void sdqn_residuals_destroy(SdqnResiduals *residuals) {
    destroy_weights(residuals->weights, residuals->layout.num_tasks);
    destroy_weights(residuals->perturbations, residuals->layout.num_tasks);
    free(residuals->effective);
    free(residuals->phi);
    free(residuals->epsilon);
    free(residuals->deviation);
    free(residuals->slope);
    free(residuals->sample);
    free(residuals->perturbed);
    *residuals = (SdqnResiduals){0};
}

/// Add phi to a task's copy of the graph's parameters. @param values  of one task's entries span by span: entry i's at values[i]
static void add_phi(const SdqnGraph *graph, const SdqnResidualLayout *layout, const float *const *values, float *weights) {
    for (int i = 0; i < layout->num_spans; i++) {
        const SdqnResidualSpan *span = &layout->spans[i];
        const float *restrict value = values[i];
        float *restrict weight = weights + span->parameter;
        if (span->form == SDQN_RESIDUAL_LEFT) {
            add_product(&graph->nodes[span->node], layout->rank, value, values[i + 1], weight);
        } else if (span->form == SDQN_RESIDUAL_WHOLE) {
            for (size_t k = 0; k < span->count; k++) weight[k] += value[k];
        }
    }
}

/// Where each span of one task begins among the means.
static void point_to_means(const SdqnResiduals *residuals, int task, const float **values) {
    const SdqnResidualLayout *layout = &residuals->layout;
    for (int i = 0; i < layout->num_spans; i++) {
        values[i] = residuals->parameters + layout->spans[i].mean + (size_t)task * layout->spans[i].count;
    }
}

/// The same among arrays [tasks, num_entries].
static void point_to_entries(const SdqnResidualLayout *layout, int task, const float *entries, const float **values) {
    for (int i = 0; i < layout->num_spans; i++) values[i] = entries + (size_t)task * layout->num_entries + layout->spans[i].entry;
}

void sdqn_residuals_refresh(const SdqnGraph *graph, const SdqnKernels *kernels, SdqnResiduals *residuals) {
    const float *means[3 * SDQN_GRAPH_MAX_NODES];
    for (int t = 0; t < residuals->layout.num_tasks; t++) {
        float *effective = residuals->effective + (size_t)t * graph->parameter_count;
        memcpy(effective, residuals->parameters, graph->parameter_count * sizeof(float));
        point_to_means(residuals, t, means);
        add_phi(graph, &residuals->layout, means, effective);
        sdqn_graph_weights_refresh(graph, kernels, &residuals->weights[t]);
    }
}

void sdqn_residuals_mean(const SdqnGraph *graph, const SdqnResiduals *residuals, int task, float *phi) {
    const float *means[3 * SDQN_GRAPH_MAX_NODES];
    memset(phi, 0, graph->parameter_count * sizeof(float));
    point_to_means(residuals, task, means);
    add_phi(graph, &residuals->layout, means, phi);
}

double sdqn_residuals_kept(const SdqnGraph *graph, const SdqnResiduals *residuals, double threshold, int task) {
    const SdqnResidualLayout *layout = &residuals->layout;
    double kept = 0.0, all = 0.0;
    float *phi = residuals->phi;
    for (int t = task < 0 ? 0 : task; t < (task < 0 ? layout->num_tasks : task + 1); t++) {
        sdqn_residuals_mean(graph, residuals, t, phi);
        for (int i = 0; i < layout->num_spans; i++) {
            const SdqnResidualSpan *span = &layout->spans[i];
            const SdqnNode *node = &graph->nodes[span->node];
            if (span->form == SDQN_RESIDUAL_RIGHT) continue; // its weight was counted with the left factor
            const size_t count = span->parameter == node->bias ? (size_t)node->out : node->bias - node->weight;
            for (size_t k = 0; k < count; k++) kept += fabs((double)phi[span->parameter + k]) >= threshold;
            all += (double)count;
        }
    }
    return kept / all;
}

void sdqn_residuals_prune(const SdqnGraph *graph, const SdqnResiduals *residuals, double threshold, const SdqnResidualLayout *layout,
                          float *parameters) {
    float *phi = residuals->phi;
    for (int t = 0; t < layout->num_tasks; t++) {
        sdqn_residuals_mean(graph, residuals, t, phi);
        for (int i = 0; i < layout->num_spans; i++) {
            const SdqnResidualSpan *span = &layout->spans[i];
            float *own = parameters + span->mean + (size_t)t * span->count;
            for (size_t k = 0; k < span->count; k++) {
                const float value = phi[span->parameter + k];
                own[k] = fabs((double)value) >= threshold ? value : 0.0f;
            }
        }
    }
}

// ---- noise ----------------------------------------------------------------------------------------------------------------------

void sdqn_residuals_perturb(const SdqnGraph *graph, const SdqnKernels *kernels, SdqnResiduals *residuals) {
    const SdqnResidualLayout *layout = &residuals->layout;
    const float *means[3 * SDQN_GRAPH_MAX_NODES], *values[3 * SDQN_GRAPH_MAX_NODES];
    for (int t = 0; t < layout->num_tasks; t++) {
        float *perturbed = residuals->perturbed + (size_t)t * graph->parameter_count;
        const size_t first = (size_t)t * layout->num_entries;
        point_to_means(residuals, t, means);
        for (int i = 0; i < layout->num_spans; i++) {
            const SdqnResidualSpan *span = &layout->spans[i];
            const size_t place = first + span->entry;
            const float *restrict epsilon = residuals->epsilon + place, *restrict deviation = residuals->deviation + place;
            if (layout->rank > 0) {
                float *restrict sample = residuals->sample + place;
                for (size_t k = 0; k < span->count; k++) sample[k] = means[i][k] + deviation[k] * epsilon[k];
            } else {
                float *restrict noise = perturbed + span->parameter;
                for (size_t k = 0; k < span->count; k++) noise[k] = deviation[k] * epsilon[k];
            }
        }
        if (layout->rank > 0) {
            memcpy(perturbed, residuals->parameters, graph->parameter_count * sizeof(float));
            point_to_entries(layout, t, residuals->sample, values);
            add_phi(graph, layout, values, perturbed);
        }
        sdqn_graph_weights_refresh(graph, kernels, &residuals->perturbations[t]);
    }
}

void sdqn_residuals_draw(const SdqnGraph *graph, const SdqnKernels *kernels, SdqnRng *rng, SdqnResiduals *residuals) {
    const SdqnResidualLayout *layout = &residuals->layout;
    for (size_t t = 0; t < (size_t)layout->num_tasks; t++) {
        const size_t first = t * layout->num_entries;
        const uint64_t word = sdqn_rng_next_u64(rng);
        const uint32_t key[2] = {(uint32_t)word, (uint32_t)(word >> 32)};
        kernels->normals(key, layout->num_entries, residuals->epsilon + first);
        for (int i = 0; i < layout->num_spans; i++) {
            const SdqnResidualSpan *span = &layout->spans[i];
            kernels->softplus(residuals->parameters + span->rho + t * span->count, span->count, residuals->deviation + first + span->entry,
                              residuals->slope + first + span->entry);
        }
    }
    sdqn_residuals_perturb(graph, kernels, residuals);
}

/// Derivatives by the means, or with noise and a rank by the sample's factors, of one task.
static void gather_means(const SdqnGraph *graph, const SdqnResiduals *residuals, int task, const float *const *values,
                         const float *weights_gradient, float *gradient) {
    const SdqnResidualLayout *layout = &residuals->layout;
    for (int i = 0; i < layout->num_spans; i++) {
        const SdqnResidualSpan *span = &layout->spans[i], *next = span + 1;
        const float *d = weights_gradient + span->parameter;
        float *mean = gradient + span->mean + (size_t)task * span->count;
        if (span->form == SDQN_RESIDUAL_LEFT) {
            assert(values[i] && values[i + 1]);
            product_gradients(&graph->nodes[span->node], layout->rank, values[i], values[i + 1], d, mean,
                              gradient + next->mean + (size_t)task * next->count);
        } else if (span->form == SDQN_RESIDUAL_WHOLE) {
            memcpy(mean, d, span->count * sizeof(float));
        }
    }
}

void sdqn_residuals_gather(const SdqnGraph *graph, const SdqnResiduals *residuals, int task, const float *weights_gradient,
                           const float *noise_gradient, float *gradient) {
    const SdqnResidualLayout *layout = &residuals->layout;
    const size_t t = (size_t)task, first = t * layout->num_entries;
    const float *values[3 * SDQN_GRAPH_MAX_NODES] = {NULL};
    if (layout->rank > 0 && noise_gradient) {
        point_to_entries(layout, task, residuals->sample, values);
    } else {
        point_to_means(residuals, task, values);
    }
    for (size_t k = 0; k < graph->parameter_count; k++) gradient[k] += weights_gradient[k];
    gather_means(graph, residuals, task, values, weights_gradient, gradient);
    if (!noise_gradient) return;
    for (int i = 0; i < layout->num_spans; i++) {
        const SdqnResidualSpan *span = &layout->spans[i];
        const float *restrict d = layout->rank > 0 ? gradient + span->mean + t * span->count : noise_gradient + span->parameter;
        const float *restrict epsilon = residuals->epsilon + first + span->entry, *restrict slope = residuals->slope + first + span->entry;
        float *restrict rho = gradient + span->rho + t * span->count;
        for (size_t k = 0; k < span->count; k++) rho[k] = d[k] * epsilon[k] * slope[k];
    }
}

// ---- KL -------------------------------------------------------------------------------------------------------------------------

static double prior_of(const SdqnResidualLayout *layout, const float *parameters, double prior_scale) {
    return layout->learned_prior ? sdqn_exp((double)parameters[layout->log_prior]) : prior_scale;
}

/// Sum of sigma^2 + mu^2.
static double second_moment(const float *restrict mean, const float *restrict deviation, size_t count) {
    double partial[PARTIAL_SUMS] = {0.0};
    const size_t whole = count - count % PARTIAL_SUMS;
    for (size_t first = 0; first < whole; first += PARTIAL_SUMS) {
        for (size_t i = 0; i < PARTIAL_SUMS; i++) {
            const double mu = (double)mean[first + i], sigma = (double)deviation[first + i];
            partial[i] += mu * mu + sigma * sigma;
        }
    }
    for (size_t i = whole; i < count; i++) {
        partial[i - whole] += (double)mean[i] * (double)mean[i] + (double)deviation[i] * (double)deviation[i];
    }
    for (int half = PARTIAL_SUMS / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) partial[i] += partial[i + half];
    }
    return partial[0];
}

void sdqn_residuals_add_kl_gradient(const SdqnResiduals *residuals, double prior_scale, double beta, float *gradient) {
    const SdqnResidualLayout *layout = &residuals->layout;
    const double scale = prior_of(layout, residuals->parameters, prior_scale);
    const float by_square = (float)(beta / (scale * scale)), weight = (float)beta;
    double entries = 0.0, moments = 0.0;
    for (size_t t = 0; t < (size_t)layout->num_tasks; t++) {
        for (int i = 0; i < layout->num_spans; i++) {
            const SdqnResidualSpan *span = &layout->spans[i];
            const size_t own = t * span->count, place = t * layout->num_entries + span->entry;
            const float *restrict mean = residuals->parameters + span->mean + own, *restrict slope = residuals->slope + place;
            const float *restrict deviation = residuals->deviation + place;
            float *restrict d_mean = gradient + span->mean + own, *restrict d_rho = gradient + span->rho + own;
            for (size_t k = 0; k < span->count; k++) {
                d_mean[k] += by_square * mean[k];
                d_rho[k] += (by_square * deviation[k] - weight / deviation[k]) * slope[k];
            }
            if (!layout->learned_prior) continue;
            entries += (double)span->count;
            moments += second_moment(mean, deviation, span->count);
        }
    }
    if (layout->learned_prior) gradient[layout->log_prior] = (float)(beta * (entries - moments / (scale * scale)));
}

/// Entries of one task's span, or of all tasks' for -1. @param first  receives where they begin behind the span's place
static size_t entries_of(const SdqnResidualLayout *layout, const SdqnResidualSpan *span, int task, size_t *first) {
    *first = task < 0 ? 0 : (size_t)task * span->count;
    return task < 0 ? (size_t)layout->num_tasks * span->count : span->count;
}

/// softplus, in double.
static double deviation_of(double rho) {
    const double power = sdqn_exp(rho > -80.0 ? rho : -80.0);
    return rho > 30.0 ? rho : power < 1e-8 ? power : sdqn_log(1.0 + power);
}

double sdqn_residuals_kl(const SdqnResidualLayout *layout, const float *parameters, double prior_scale, int task) {
    const double scale = prior_of(layout, parameters, prior_scale), log_scale = sdqn_log(scale);
    double sum = 0.0;
    for (int i = 0; i < layout->num_spans; i++) {
        size_t first;
        const size_t count = entries_of(layout, &layout->spans[i], task, &first);
        for (size_t k = first; k < first + count; k++) {
            const double mu = (double)parameters[layout->spans[i].mean + k];
            const double sigma = deviation_of((double)parameters[layout->spans[i].rho + k]);
            sum += log_scale - sdqn_log(sigma) + (sigma * sigma + mu * mu) / (2.0 * scale * scale) - 0.5;
        }
    }
    return sum;
}
