// aggregate.c: the table of aggregators, and the public call.
#include "methods/aggregate.h"

#include "core/cpu.h"
#include "methods/aggregators.h"
#include "nn/kernels.h"

#include <sharedqn.h>

#include <math.h>
#include <string.h>

static const SdqnAggregator AGGREGATORS[] = {
    {"mean", sdqn_aggregate_mean},         {"sum", sdqn_aggregate_sum},
    {"pcgrad", sdqn_aggregate_pcgrad},     {"cagrad", sdqn_aggregate_cagrad},
    {"mgda", sdqn_aggregate_mgda},         {"imtl_g", sdqn_aggregate_imtl_g},
    {"nash_mtl", sdqn_aggregate_nash_mtl}, {"aligned_mtl", sdqn_aggregate_aligned_mtl},
    {"gradvac", sdqn_aggregate_gradvac},   {"upgrad", sdqn_aggregate_upgrad},
};
#define NUM_AGGREGATORS ((int)(sizeof AGGREGATORS / sizeof AGGREGATORS[0]))

const SdqnAggregator *sdqn_aggregators(int *count) {
    *count = NUM_AGGREGATORS;
    return AGGREGATORS;
}

const SdqnAggregator *sdqn_aggregator_find(const char *name) {
    for (int i = 0; i < NUM_AGGREGATORS; i++) {
        if (strcmp(AGGREGATORS[i].name, name) == 0) return &AGGREGATORS[i];
    }
    return NULL;
}

void sdqn_aggregator_state_begin(SdqnAggregatorState *state, const SdqnRng *rng) {
    memset(state, 0, sizeof *state);
    state->rng = *rng;
}

void sdqn_aggregate_mean(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    (void)gram, (void)state;
    for (int i = 0; i < tasks; i++) weights[i] = 1.0 / tasks;
}

void sdqn_aggregate_sum(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    (void)gram, (void)state;
    for (int i = 0; i < tasks; i++) weights[i] = 1.0;
}

static SdqnStatus aggregate(const SdqnAggregator *aggregator, const float *gradients, int tasks, size_t parameters, uint64_t seed,
                            float *out) {
    double gram[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS], weights[SDQN_AGGREGATE_MAX_TASKS];
    const SdqnKernels *kernels = sdqn_kernels(sdqn_cpu_level_best());
    kernels->gram(gradients, tasks, parameters, parameters, gram);
    for (int i = 0; i < tasks; i++) {
        if (!isfinite(gram[i * tasks + i])) return SDQN_ERR_ARGUMENT;
    }
    SdqnRng rng;
    SdqnAggregatorState state;
    sdqn_rng_seed(&rng, seed);
    sdqn_aggregator_state_begin(&state, &rng);
    aggregator->weights(gram, tasks, &state, weights);
    return kernels->combine(gradients, weights, tasks, parameters, out) ? SDQN_OK : SDQN_ERR_NUMERIC;
}

SdqnStatus sdqn_aggregate(const char *name, const float *gradients, int tasks, size_t parameters, uint64_t seed, float *out) {
    if (name == NULL || gradients == NULL || out == NULL || tasks < 1 || tasks > SDQN_AGGREGATE_MAX_TASKS || parameters < 1 ||
        parameters > SIZE_MAX / sizeof *gradients / (size_t)tasks)
        return SDQN_ERR_ARGUMENT;
    const SdqnAggregator *aggregator = sdqn_aggregator_find(name);
    if (aggregator == NULL) return SDQN_ERR_ARGUMENT;
    SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    SdqnStatus status = aggregate(aggregator, gradients, tasks, parameters, seed, out);
    sdqn_cpu_mode_restore(mode);
    return status;
}
