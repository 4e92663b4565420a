// aggregate_projection.c: aggregators that correct each gradient against the others one by one: PCGrad and GradVac.
//
// A corrected gradient is kept as its coefficients over the original ones: g = sum x_k g_k, so g . g_j = (K x)_j and |g|^2 = x' K x.
#include "methods/aggregators.h"

#include <math.h>
#include <string.h>

#define GRADVAC_BETA 0.01               // of the running mean of cosines; Wang et al. 2021
#define GRADVAC_MAX_COSINE (1.0 - 1e-6) // keeps 1 / sqrt(1 - s^2) under 1000

/// Coefficients after correcting x, the gradient of task i, against task j.
typedef void (*Correction)(const double *gram, int tasks, int i, int j, SdqnAggregatorState *state, double *x);

static double dot_row(const double *gram, int tasks, int j, const double *x) {
    double sum = 0.0;
    for (int k = 0; k < tasks; k++) sum += gram[j * tasks + k] * x[k];
    return sum;
}

static void pcgrad_correct(const double *gram, int tasks, int i, int j, SdqnAggregatorState *state, double *x) {
    (void)i, (void)state;
    double product = dot_row(gram, tasks, j, x);
    if (product < 0.0) x[j] -= product / gram[j * tasks + j];
}

static void gradvac_correct(const double *gram, int tasks, int i, int j, SdqnAggregatorState *state, double *x) {
    double square = 0.0;
    for (int k = 0; k < tasks; k++) square += x[k] * dot_row(gram, tasks, k, x);
    double other = sqrt(gram[j * tasks + j]), norm = square > 0.0 ? sqrt(square) : 0.0;
    if (!(other > 0.0 && norm > 0.0)) return;
    double cosine = dot_row(gram, tasks, j, x) / norm / other;
    cosine = cosine > 1.0 ? 1.0 : cosine < -1.0 ? -1.0 : cosine;
    double *target = &state->similarity[i * tasks + j];
    if (cosine < *target) {
        double target_sine = sqrt(1.0 - *target * *target);
        x[j] += norm * (*target * sqrt(1.0 - cosine * cosine) - cosine * target_sine) / (other * target_sine);
    }
    double mean = (1.0 - GRADVAC_BETA) * *target + GRADVAC_BETA * cosine;
    *target = mean > GRADVAC_MAX_COSINE ? GRADVAC_MAX_COSINE : mean < -GRADVAC_MAX_COSINE ? -GRADVAC_MAX_COSINE : mean;
}

/// The tasks other than i in a random order, every order equally likely (Fisher and Yates).
static void shuffle_others(SdqnRng *rng, int tasks, int i, int *order) {
    for (int k = 0; k < tasks - 1; k++) order[k] = k < i ? k : k + 1;
    for (int k = tasks - 2; k > 0; k--) {
        int other = (int)sdqn_rng_integers(rng, 0, k + 1), kept = order[k];
        order[k] = order[other];
        order[other] = kept;
    }
}

static void correct_all(const double *gram, int tasks, SdqnAggregatorState *state, Correction correct, double *weights) {
    memset(weights, 0, sizeof *weights * (size_t)tasks);
    for (int i = 0; i < tasks; i++) {
        double x[SDQN_AGGREGATE_MAX_TASKS] = {0};
        int order[SDQN_AGGREGATE_MAX_TASKS];
        x[i] = 1.0;
        shuffle_others(&state->rng, tasks, i, order);
        for (int k = 0; k < tasks - 1; k++) correct(gram, tasks, i, order[k], state, x);
        for (int k = 0; k < tasks; k++) weights[k] += x[k] / tasks;
    }
}

void sdqn_aggregate_pcgrad(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    correct_all(gram, tasks, state, pcgrad_correct, weights);
}

void sdqn_aggregate_gradvac(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    correct_all(gram, tasks, state, gradvac_correct, weights);
}
