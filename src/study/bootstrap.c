#include "study/bootstrap.h"

#include "core/rng.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// Streams of the random draws, children of the bootstrap's seed.
enum { STREAM_STATISTIC = 0, STREAM_IMPROVEMENT, STREAM_PAIRED, STREAM_DIFFERENCE, STREAM_ROWS };

void sdqn_estimate_forget_interval(SdqnEstimate *estimate) { estimate->low = estimate->high = (double)NAN; }

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "bootstrap: out of memory"); }

/// The interval of the resampled values. @param values [repeats] in another order on return
static void set_interval(double *values, int repeats, SdqnEstimate *estimate) {
    estimate->low = sdqn_quantile_unsorted(values, (size_t)repeats, 0.025);
    estimate->high = sdqn_quantile_unsorted(values, (size_t)repeats, 0.975);
}

/// Memory of the intervals.
typedef struct Memory {
    double *values;  ///< [repeats, values]
    double *drawn;   ///< [2, rows, seeds]
    int32_t *chosen; ///< [seeds]
} Memory;

static void release(Memory *memory) {
    free(memory->values);
    free(memory->drawn);
    free(memory->chosen);
}

/// @param values  resampled at a time @return whether there was enough; else nothing is left to release
static bool acquire(const SdqnBootstrap *bootstrap, int values, int rows, int seeds, Memory *memory) {
    const size_t cells = (size_t)rows * (size_t)seeds;
    *memory = (Memory){
        .values = malloc((size_t)bootstrap->repeats * (size_t)values * sizeof(double)),
        .drawn = malloc(2 * cells * sizeof(double)),
        .chosen = malloc((size_t)seeds * sizeof(int32_t)),
    };
    if (memory->values && memory->drawn && memory->chosen) return true;
    release(memory);
    return false;
}

/// Draw the seeds again: of each row apart, or whole columns. @param rows [num_rows, seeds] @param drawn [num_rows, seeds] written
static void resample(const double *rows, int num_rows, int num_seeds, SdqnResampling resampling, SdqnRng *rng, int32_t *chosen,
                     double *drawn) {
    const size_t seeds = (size_t)num_seeds;
    for (int t = 0; t < num_rows; t++) {
        const double *values = rows + (size_t)t * seeds;
        const bool draws = t == 0 || resampling == SDQN_RESAMPLE_TASK;
        for (size_t i = 0; i < seeds; i++) {
            if (draws) chosen[i] = (int32_t)sdqn_rng_integers(rng, 0, num_seeds);
            drawn[(size_t)t * seeds + i] = values[chosen[i]];
        }
    }
}

static void resample_arm(const SdqnScores *scores, int arm, SdqnResampling resampling, SdqnRng *rng, int32_t *chosen, double *drawn) {
    resample(sdqn_scores_of(scores, arm, 0), scores->num_tasks, scores->num_seeds, resampling, rng, chosen, drawn);
}

SdqnStatus sdqn_bootstrap_statistic(const SdqnBootstrap *bootstrap, const SdqnScores *scores, int arm, SdqnStatistic statistic,
                                    double target, SdqnEstimate *estimate, SdqnError *error) {
    const int tasks = scores->num_tasks, seeds = scores->num_seeds;
    Memory memory;
    SdqnRng rng;
    if (!acquire(bootstrap, 1, tasks, seeds, &memory)) return out_of_memory(error);
    double *scratch = memory.drawn + (size_t)tasks * (size_t)seeds;
    sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_STATISTIC, (uint32_t)arm, (uint32_t)statistic}, 3);
    estimate->value = sdqn_statistic(statistic, sdqn_scores_of(scores, arm, 0), tasks, seeds, target, scratch);
    for (int i = 0; i < bootstrap->repeats; i++) {
        resample_arm(scores, arm, bootstrap->resampling, &rng, memory.chosen, memory.drawn);
        memory.values[i] = sdqn_statistic(statistic, memory.drawn, tasks, seeds, target, scratch);
    }
    set_interval(memory.values, bootstrap->repeats, estimate);
    release(&memory);
    return SDQN_OK;
}

/// Scores of two arms as their ranks on each task, from 0, equal scores sharing one: all that counts for who scores higher, and quick to
/// count.
typedef struct Ranks {
    int tasks, n, m; ///< m, n: seeds of a, of b
    double *a, *b;   ///< [tasks, n], [tasks, m]
    double *sorted;  ///< [n + m]
    int32_t *in_a;   ///< [2, n + m] how many of a drawn sample have a rank, and then of b
} Ranks;

static void release_ranks(Ranks *ranks) {
    free(ranks->a);
    free(ranks->b);
    free(ranks->sorted);
    free(ranks->in_a);
}

/// @return whether there was memory; else nothing is left to release
static bool acquire_ranks(int tasks, int n, int m, Ranks *ranks) {
    const size_t all = (size_t)n + (size_t)m;
    *ranks = (Ranks){.tasks = tasks,
                     .n = n,
                     .m = m,
                     .a = malloc((size_t)tasks * (size_t)n * sizeof(double)),
                     .b = malloc((size_t)tasks * (size_t)m * sizeof(double)),
                     .sorted = malloc(all * sizeof(double)),
                     .in_a = malloc(2 * all * sizeof(int32_t))};
    if (ranks->a && ranks->b && ranks->sorted && ranks->in_a) return true;
    release_ranks(ranks);
    return false;
}

/// How many different values are below. @param sorted [count] different values
static double rank_of(const double *sorted, int count, double value) {
    int low = 0, high = count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (sorted[middle] < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void rank_task(Ranks *ranks, int task, const double *a, const double *b) {
    const int n = ranks->n, m = ranks->m;
    int different = 0;
    memcpy(ranks->sorted, a, (size_t)n * sizeof *a);
    memcpy(ranks->sorted + n, b, (size_t)m * sizeof *b);
    sdqn_sort(ranks->sorted, (size_t)n + (size_t)m);
    for (int i = 0; i < n + m; i++) {
        if (different == 0 || ranks->sorted[i] != ranks->sorted[different - 1]) ranks->sorted[different++] = ranks->sorted[i];
    }
    for (int i = 0; i < n; i++) ranks->a[(size_t)task * (size_t)n + (size_t)i] = rank_of(ranks->sorted, different, a[i]);
    for (int i = 0; i < m; i++) ranks->b[(size_t)task * (size_t)m + (size_t)i] = rank_of(ranks->sorted, different, b[i]);
}

/// Probability of improvement of drawn ranks, mean over the tasks: wins by rank, which are exact. @param a [tasks, n] @param b [tasks, m]
static double improvement(const Ranks *ranks, const double *a, const double *b) {
    const size_t n = (size_t)ranks->n, m = (size_t)ranks->m;
    int32_t *const in_a = ranks->in_a, *const in_b = in_a + n + m;
    double sum = 0.0;
    for (int t = 0; t < ranks->tasks; t++) {
        double wins = 0.0, below = 0.0;
        memset(in_a, 0, 2 * (n + m) * sizeof *in_a);
        for (size_t i = 0; i < n; i++) in_a[(size_t)a[(size_t)t * n + i]]++;
        for (size_t i = 0; i < m; i++) in_b[(size_t)b[(size_t)t * m + i]]++;
        for (size_t r = 0; r < n + m; r++) {
            wins += in_a[r] * (below + 0.5 * in_b[r]);
            below += in_b[r];
        }
        sum += wins / ((double)n * (double)m);
    }
    return sum / ranks->tasks;
}

SdqnStatus sdqn_bootstrap_improvement(const SdqnBootstrap *bootstrap, const SdqnScores *a_scores, int a, const SdqnScores *b_scores, int b,
                                      SdqnEstimate *estimate, SdqnError *error) {
    const int tasks = a_scores->num_tasks, n = a_scores->num_seeds, m = b_scores->num_seeds;
    Memory memory;
    Ranks ranks;
    SdqnRng rng;
    assert(b_scores->num_tasks == tasks);
    if (!acquire_ranks(tasks, n, m, &ranks)) return out_of_memory(error);
    if (!acquire(bootstrap, 1, tasks, n > m ? n : m, &memory)) {
        release_ranks(&ranks);
        return out_of_memory(error);
    }
    double *other = memory.drawn + (size_t)tasks * (size_t)n;
    for (int t = 0; t < tasks; t++) rank_task(&ranks, t, sdqn_scores_of(a_scores, a, t), sdqn_scores_of(b_scores, b, t));
    sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_IMPROVEMENT, (uint32_t)a, (uint32_t)b}, 3);
    estimate->value = improvement(&ranks, ranks.a, ranks.b);
    for (int i = 0; i < bootstrap->repeats; i++) {
        resample(ranks.a, tasks, n, bootstrap->resampling, &rng, memory.chosen, memory.drawn);
        resample(ranks.b, tasks, m, bootstrap->resampling, &rng, memory.chosen, other);
        memory.values[i] = improvement(&ranks, memory.drawn, other);
    }
    set_interval(memory.values, bootstrap->repeats, estimate);
    release(&memory);
    release_ranks(&ranks);
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

static double mean_drawn(SdqnRng *rng, const double *values, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) sum += values[sdqn_rng_integers(rng, 0, n)];
    return sum / n;
}

SdqnStatus sdqn_bootstrap_difference(const SdqnBootstrap *bootstrap, const double *a, int n, const double *b, int m, SdqnEstimate *estimate,
                                     SdqnError *error) {
    double *values = malloc((size_t)bootstrap->repeats * sizeof *values);
    if (!values) return out_of_memory(error);
    SdqnRng rng;
    sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_DIFFERENCE}, 1);
    estimate->value = sdqn_mean(a, (size_t)n) - sdqn_mean(b, (size_t)m);
    for (int i = 0; i < bootstrap->repeats; i++) {
        const double mean = mean_drawn(&rng, a, n);
        values[i] = mean - mean_drawn(&rng, b, m);
    }
    set_interval(values, bootstrap->repeats, estimate);
    free(values);
    return SDQN_OK;
}

SdqnStatus sdqn_bootstrap_rows(const SdqnBootstrap *bootstrap, const double *rows, int num_rows, int seeds, SdqnRowsStatistic *statistic,
                               const void *context, int num_values, SdqnEstimate *estimates, SdqnError *error) {
    const size_t repeats = (size_t)bootstrap->repeats;
    Memory memory;
    SdqnRng rng;
    if (!acquire(bootstrap, num_values, num_rows, seeds, &memory)) return out_of_memory(error);
    double *found = malloc((size_t)num_values * sizeof *found);
    if (!found) {
        release(&memory);
        return out_of_memory(error);
    }
    sdqn_rng_seed_spawned(&rng, bootstrap->seed, (const uint32_t[]){STREAM_ROWS}, 1);
    for (size_t i = 0; i < repeats; i++) {
        resample(rows, num_rows, seeds, bootstrap->resampling, &rng, memory.chosen, memory.drawn);
        statistic(context, memory.drawn, num_rows, seeds, found);
        for (int k = 0; k < num_values; k++) memory.values[(size_t)k * repeats + i] = found[k];
    }
    statistic(context, rows, num_rows, seeds, found);
    for (int k = 0; k < num_values; k++) {
        estimates[k].value = found[k];
        set_interval(memory.values + (size_t)k * repeats, bootstrap->repeats, &estimates[k]);
    }
    free(found);
    release(&memory);
    return SDQN_OK;
}

void sdqn_rows_means(const void *context, const double *rows, int num_rows, int seeds, double *values) {
    (void)context;
    for (int t = 0; t < num_rows; t++) values[t] = sdqn_mean(rows + (size_t)t * (size_t)seeds, (size_t)seeds);
}
