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
    const size_t cells = (size_t)scores->num_tasks * (size_t)scores->num_seeds;
    double *values = malloc((size_t)bootstrap->repeats * sizeof *values), *drawn = malloc(2 * cells * sizeof *drawn);
    int32_t *chosen = malloc((size_t)scores->num_seeds * sizeof *chosen);
    const bool whole = values && drawn && chosen;
    if (whole) {
        SdqnRng rng;
        sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_STATISTIC, (uint32_t)arm, (uint32_t)statistic}, 3);
        const double *own = sdqn_scores_of(scores, arm, 0);
        estimate->value = sdqn_statistic(statistic, own, scores->num_tasks, scores->num_seeds, target, drawn + cells);
        for (int i = 0; i < bootstrap->repeats; i++) {
            resample(scores, arm, bootstrap->resampling, &rng, chosen, drawn);
            values[i] = sdqn_statistic(statistic, drawn, scores->num_tasks, scores->num_seeds, target, drawn + cells);
        }
        set_interval(values, bootstrap->repeats, estimate);
    }
    free(values);
    free(drawn);
    free(chosen);
    return whole ? SDQN_OK : out_of_memory(error);
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
    const size_t cells = (size_t)scores->num_tasks * (size_t)scores->num_seeds;
    double *values = malloc((size_t)bootstrap->repeats * sizeof *values), *drawn = malloc(2 * cells * sizeof *drawn);
    int32_t *chosen = malloc((size_t)scores->num_seeds * sizeof *chosen);
    const bool whole = values && drawn && chosen;
    if (whole) {
        SdqnRng rng;
        sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_IMPROVEMENT, (uint32_t)a, (uint32_t)b}, 3);
        estimate->value = improvement(sdqn_scores_of(scores, a, 0), sdqn_scores_of(scores, b, 0), scores->num_tasks, scores->num_seeds);
        for (int i = 0; i < bootstrap->repeats; i++) {
            resample(scores, a, bootstrap->resampling, &rng, chosen, drawn);
            resample(scores, b, bootstrap->resampling, &rng, chosen, drawn + cells);
            values[i] = improvement(drawn, drawn + cells, scores->num_tasks, scores->num_seeds);
        }
        set_interval(values, bootstrap->repeats, estimate);
    }
    free(values);
    free(drawn);
    free(chosen);
    return whole ? SDQN_OK : out_of_memory(error);
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
