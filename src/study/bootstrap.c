#include "study/bootstrap.h"

#include "core/rng.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// Streams of the random draws, children of the bootstrap's seed.
enum { STREAM_STATISTIC = 0, STREAM_IMPROVEMENT, STREAM_PAIRED };

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "bootstrap: out of memory"); }

/// The interval of the resampled values. @param values [repeats] sorted on return
static void set_interval(double *values, int repeats, SdqnEstimate *estimate) {
    sdqn_sort(values, (size_t)repeats);
    estimate->low = sdqn_quantile(values, (size_t)repeats, 0.025);
    estimate->high = sdqn_quantile(values, (size_t)repeats, 0.975);
}

/// Memory of one interval.
typedef struct Memory {
    double *values;  ///< [repeats]
    double *drawn;   ///< [2, tasks, seeds]
    int32_t *chosen; ///< [seeds]
} Memory;

static void release(Memory *memory) {
    free(memory->values);
    free(memory->drawn);
    free(memory->chosen);
}

/// @return whether there was enough; else nothing is left to release
static bool acquire(const SdqnBootstrap *bootstrap, const SdqnScores *scores, Memory *memory) {
    const size_t seeds = (size_t)scores->num_seeds, cells = (size_t)scores->num_tasks * seeds;
    *memory = (Memory){
        .values = malloc((size_t)bootstrap->repeats * sizeof(double)),
        .drawn = malloc(2 * cells * sizeof(double)),
        .chosen = malloc(seeds * sizeof(int32_t)),
    };
    if (memory->values && memory->drawn && memory->chosen) return true;
    release(memory);
    return false;
}

/// Draw the seeds of one arm again. @param drawn [tasks, seeds] written
static void resample(const SdqnScores *scores, int arm, SdqnResampling resampling, SdqnRng *rng, int32_t *chosen, double *drawn) {
    const size_t seeds = (size_t)scores->num_seeds;
    for (int t = 0; t < scores->num_tasks; t++) {
        const double *values = sdqn_scores_of(scores, arm, t);
        const bool draws = t == 0 || resampling == SDQN_RESAMPLE_TASK;
        for (size_t i = 0; i < seeds; i++) {
            if (draws) chosen[i] = (int32_t)sdqn_rng_integers(rng, 0, scores->num_seeds);
            drawn[(size_t)t * seeds + i] = values[chosen[i]];
        }
    }
}

SdqnStatus sdqn_bootstrap_statistic(const SdqnBootstrap *bootstrap, const SdqnScores *scores, int arm, SdqnStatistic statistic,
                                    double target, SdqnEstimate *estimate, SdqnError *error) {
    const int tasks = scores->num_tasks, seeds = scores->num_seeds;
    Memory memory;
    SdqnRng rng;
    if (!acquire(bootstrap, scores, &memory)) return out_of_memory(error);
    double *scratch = memory.drawn + (size_t)tasks * (size_t)seeds;
    sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_STATISTIC, (uint32_t)arm, (uint32_t)statistic}, 3);
    estimate->value = sdqn_statistic(statistic, sdqn_scores_of(scores, arm, 0), tasks, seeds, target, scratch);
    for (int i = 0; i < bootstrap->repeats; i++) {
        resample(scores, arm, bootstrap->resampling, &rng, memory.chosen, memory.drawn);
        memory.values[i] = sdqn_statistic(statistic, memory.drawn, tasks, seeds, target, scratch);
    }
    set_interval(memory.values, bootstrap->repeats, estimate);
    release(&memory);
    return SDQN_OK;
}

/// Mean over the tasks. @param a, b [tasks, seeds]
static double improvement(const double *a, const double *b, int tasks, int seeds) {
    double sum = 0.0;
    for (int t = 0; t < tasks; t++) {
        const size_t first = (size_t)t * (size_t)seeds;
        sum += sdqn_probability_of_improvement(a + first, seeds, b + first, seeds);
    }
    return sum / tasks;
}

SdqnStatus sdqn_bootstrap_improvement(const SdqnBootstrap *bootstrap, const SdqnScores *scores, int a, int b, SdqnEstimate *estimate,
                                      SdqnError *error) {
    const int tasks = scores->num_tasks, seeds = scores->num_seeds;
    Memory memory;
    SdqnRng rng;
    if (!acquire(bootstrap, scores, &memory)) return out_of_memory(error);
    double *other = memory.drawn + (size_t)tasks * (size_t)seeds;
    sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_IMPROVEMENT, (uint32_t)a, (uint32_t)b}, 3);
    estimate->value = improvement(sdqn_scores_of(scores, a, 0), sdqn_scores_of(scores, b, 0), tasks, seeds);
    for (int i = 0; i < bootstrap->repeats; i++) {
        resample(scores, a, bootstrap->resampling, &rng, memory.chosen, memory.drawn);
        resample(scores, b, bootstrap->resampling, &rng, memory.chosen, other);
        memory.values[i] = improvement(memory.drawn, other, tasks, seeds);
    }
    set_interval(memory.values, bootstrap->repeats, estimate);
    release(&memory);
    return SDQN_OK;
}

SdqnStatus sdqn_bootstrap_paired_difference(const SdqnBootstrap *bootstrap, const double *a, const double *b, int n, SdqnEstimate *estimate,
                                            SdqnError *error) {
    double *values = malloc((size_t)bootstrap->repeats * sizeof *values);
    if (!values) return out_of_memory(error);
    SdqnRng rng;
    sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_PAIRED}, 1);
    estimate->value = sdqn_mean(a, (size_t)n) - sdqn_mean(b, (size_t)n);
    for (int i = 0; i < bootstrap->repeats; i++) {
        double sum = 0.0;
        for (int k = 0; k < n; k++) {
            const int64_t chosen = sdqn_rng_integers(&rng, 0, n);
            sum += a[chosen] - b[chosen];
        }
        values[i] = sum / n;
    }
    set_interval(values, bootstrap->repeats, estimate);
    free(values);
    return SDQN_OK;
}
