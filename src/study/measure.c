#include "study/measure.h"

#include "study/significance.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define LEVEL 0.05 ///< of the tests behind a verdict

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory"); }

// ---- one run --------------------------------------------------------------------------------------------------------------------

static double of_task(const SdqnStudyResult *run, SdqnMeasureKind kind, int task) {
    switch (kind) {
    case SDQN_MEASURE_RETURN:
        return run->final[task].mean;
    case SDQN_MEASURE_AREA:
        return sdqn_study_result_score(run, SDQN_SCORE_AREA, 0.0, task);
    case SDQN_MEASURE_EFFICIENCY:
        return 1000.0 * run->final[task].mean / (double)run->parameters;
    case SDQN_MEASURE_SUCCESS:
        return run->final[task].success;
    case SDQN_MEASURE_AT_REST:
        return run->final[task].at_rest;
    default:
        assert(kind == SDQN_MEASURE_TIMEOUT);
        return run->final[task].timeout;
    }
}

double sdqn_measure_run(const SdqnArmRuns *arm, int run, SdqnMeasure measure) {
    const SdqnStudyResult *result = arm->runs[run];
    double sum = 0.0;
    switch (measure.kind) {
    case SDQN_MEASURE_PARAMETERS:
        return (double)result->parameters;
    case SDQN_MEASURE_EPISODES:
        return result->num_episodes;
    case SDQN_MEASURE_STEPS:
        return (double)result->environment_steps;
    case SDQN_MEASURE_UPDATES:
        return (double)result->updates;
    case SDQN_MEASURE_SECONDS:
        return arm->seconds ? arm->seconds[run] : (double)NAN;
    default:
        if (measure.task >= 0) return of_task(result, measure.kind, measure.task);
        for (int t = 0; t < result->num_tasks; t++) sum += of_task(result, measure.kind, t);
        return sum / result->num_tasks;
    }
}

// ---- one arm --------------------------------------------------------------------------------------------------------------------

/// Of some of the runs. @param chosen  [count] indices; NULL: the first ones
static void read_runs(const SdqnArmRuns *arm, SdqnMeasure measure, const int *chosen, int count, double *values) {
    for (int i = 0; i < count; i++) values[i] = sdqn_measure_run(arm, chosen ? chosen[i] : i, measure);
}

SdqnStatus sdqn_measure_arm(const SdqnBootstrap *bootstrap, const SdqnArmRuns *arm, SdqnMeasure measure, SdqnEstimate *estimate,
                            SdqnError *error) {
    double *values = malloc((size_t)arm->num_runs * sizeof *values);
    if (!values) return out_of_memory(error);
    read_runs(arm, measure, NULL, arm->num_runs, values);
    SdqnStatus status = SDQN_OK;
    *estimate = (SdqnEstimate){.value = sdqn_mean(values, (size_t)arm->num_runs)};
    if (arm->num_runs > 1 && isfinite(estimate->value)) {
        status = sdqn_bootstrap_rows(bootstrap, values, 1, arm->num_runs, sdqn_rows_means, NULL, 1, estimate, error);
    } else {
        sdqn_estimate_forget_interval(estimate);
    }
    free(values);
    return status;
}

static SdqnStatus scores_of_runs(const SdqnArmRuns *arm, SdqnMeasureKind kind, const int *chosen, int count, SdqnScores *scores,
                                 SdqnError *error) {
    const int tasks = arm->runs[0]->num_tasks;
    const SdqnStatus status = sdqn_scores_create(1, tasks, count, scores, error);
    for (int t = 0; status == SDQN_OK && t < tasks; t++)
        read_runs(arm, (SdqnMeasure){kind, t}, chosen, count, sdqn_scores_of(scores, 0, t));
    return status;
}

SdqnStatus sdqn_measure_scores(const SdqnArmRuns *arm, SdqnMeasureKind kind, SdqnScores *scores, SdqnError *error) {
    return scores_of_runs(arm, kind, NULL, arm->num_runs, scores, error);
}

// ---- two arms -------------------------------------------------------------------------------------------------------------------

int sdqn_common_seeds(const SdqnArmRuns *a, const SdqnArmRuns *b, int *of_a, int *of_b) {
    int count = 0;
    for (int i = 0, j = 0; i < a->num_runs && j < b->num_runs;) {
        const uint64_t seed_a = a->runs[i]->seed, seed_b = b->runs[j]->seed;
        if (seed_a == seed_b) {
            of_a[count] = i;
            of_b[count++] = j;
        }
        i += seed_a <= seed_b;
        j += seed_b <= seed_a;
    }
    return count;
}

/// Which runs of two arms a comparison takes.
typedef struct Choice {
    int *of_a, *of_b;     ///< [num_a], [num_b]
    int num_a, num_b;     ///< equal if paired
    bool paired;          ///< run by run the same seeds
    double *values;       ///< [num_a + num_b]
    double *pair_changes; ///< [num_a] a less b, if paired
} Choice;

static void release(Choice *choice) {
    free(choice->of_a);
    free(choice->of_b);
    free(choice->values);
    free(choice->pair_changes);
}

/// @return whether there was memory; else nothing is left to release
static bool choose(const SdqnArmRuns *a, const SdqnArmRuns *b, Choice *choice) {
    const size_t n = (size_t)a->num_runs, m = (size_t)b->num_runs;
    *choice = (Choice){.of_a = malloc(n * sizeof(int)),
                       .of_b = malloc(m * sizeof(int)),
                       .values = malloc((n + m) * sizeof(double)),
                       .pair_changes = malloc(n * sizeof(double))};
    if (!choice->of_a || !choice->of_b || !choice->values || !choice->pair_changes) {
        release(choice);
        return false;
    }
    const int common = sdqn_common_seeds(a, b, choice->of_a, choice->of_b);
    choice->paired = common >= 2;
    choice->num_a = choice->paired ? common : a->num_runs;
    choice->num_b = choice->paired ? common : b->num_runs;
    for (int i = 0; !choice->paired && i < choice->num_a; i++) choice->of_a[i] = i;
    for (int i = 0; !choice->paired && i < choice->num_b; i++) choice->of_b[i] = i;
    return true;
}

static void decide(SdqnDifference *difference) {
    const SdqnEstimate *estimate = &difference->estimate;
    const int seeds = difference->seeds_a < difference->seeds_b ? difference->seeds_a : difference->seeds_b;
    const bool certain = seeds >= SDQN_MIN_PAIRS && difference->p < LEVEL;
    difference->verdict = certain && estimate->low > 0.0 ? 1 : certain && estimate->high < 0.0 ? -1 : 0;
}

static SdqnStatus compare(const SdqnBootstrap *bootstrap, const SdqnArmRuns *a, const SdqnArmRuns *b, SdqnMeasure measure,
                          const Choice *choice, SdqnDifference *difference, SdqnError *error) {
    const int n = choice->num_a, m = choice->num_b;
    double *of_a = choice->values, *of_b = choice->values + n;
    read_runs(a, measure, choice->of_a, n, of_a);
    read_runs(b, measure, choice->of_b, m, of_b);
    *difference = (SdqnDifference){.pairs = choice->paired ? n : 0, .seeds_a = n, .seeds_b = m, .p = (double)NAN};
    difference->estimate.value = sdqn_mean(of_a, (size_t)n) - sdqn_mean(of_b, (size_t)m);
    if (n < 2 || m < 2 || !isfinite(difference->estimate.value)) {
        sdqn_estimate_forget_interval(&difference->estimate);
        return SDQN_OK;
    }
    SdqnStatus status;
    if (choice->paired) {
        status = sdqn_bootstrap_paired_difference(bootstrap, of_a, of_b, n, &difference->estimate, error);
        for (int i = 0; i < n; i++) choice->pair_changes[i] = of_a[i] - of_b[i];
        difference->p = sdqn_paired_permutation_p(choice->pair_changes, n, bootstrap->seed);
    } else {
        status = sdqn_bootstrap_difference(bootstrap, of_a, n, of_b, m, &difference->estimate, error);
        difference->p = sdqn_permutation_p(of_a, n, of_b, m, bootstrap->seed);
    }
    decide(difference);
    return status;
}

SdqnStatus sdqn_measure_difference(const SdqnBootstrap *bootstrap, const SdqnArmRuns *a, const SdqnArmRuns *b, SdqnMeasure measure,
                                   SdqnDifference *difference, SdqnError *error) {
    Choice choice;
    if (!choose(a, b, &choice)) return out_of_memory(error);
    const SdqnStatus status = compare(bootstrap, a, b, measure, &choice, difference, error);
    release(&choice);
    return status;
}

/// Probability of improvement, with an interval if both have several runs.
static SdqnStatus improve(const SdqnBootstrap *bootstrap, const SdqnArmRuns *a, const SdqnArmRuns *b, SdqnMeasureKind kind,
                          const Choice *choice, SdqnEstimate *improvement, SdqnError *error) {
    SdqnScores of_a = {0}, of_b = {0};
    SdqnBootstrap quick = *bootstrap;
    if (choice->num_a < 2 || choice->num_b < 2) quick.repeats = 1; // for the value alone
    SdqnStatus status = scores_of_runs(a, kind, choice->of_a, choice->num_a, &of_a, error);
    if (status == SDQN_OK) status = scores_of_runs(b, kind, choice->of_b, choice->num_b, &of_b, error);
    if (status == SDQN_OK) status = sdqn_bootstrap_improvement(&quick, &of_a, 0, &of_b, 0, improvement, error);
    if (choice->num_a < 2 || choice->num_b < 2) sdqn_estimate_forget_interval(improvement);
    sdqn_scores_clear(&of_a);
    sdqn_scores_clear(&of_b);
    return status;
}

static SdqnStatus contrast(const SdqnBootstrap *bootstrap, const SdqnArmSet *set, SdqnMeasureKind kind, SdqnContrast *made,
                           SdqnError *error) {
    const SdqnArmRuns *a = &set->arms[made->a], *b = &set->arms[made->b];
    Choice choice;
    if (!choose(a, b, &choice)) return out_of_memory(error);
    const int n = choice.num_a, m = choice.num_b;
    SdqnStatus status = compare(bootstrap, a, b, (SdqnMeasure){kind, SDQN_ALL_TASKS}, &choice, &made->difference, error);
    made->improvement = (SdqnEstimate){(double)NAN, (double)NAN, (double)NAN}; // of what was not measured there is none
    if (status == SDQN_OK && isfinite(made->difference.estimate.value))
        status = improve(bootstrap, a, b, kind, &choice, &made->improvement, error);
    made->welch_p = sdqn_welch_p(choice.values, n, choice.values + n, m);
    made->permutation_p = n > 1 && m > 1 ? sdqn_permutation_p(choice.values, n, choice.values + n, m, bootstrap->seed) : (double)NAN;
    release(&choice);
    return status;
}

SdqnStatus sdqn_contrast_list(const SdqnBootstrap *bootstrap, const SdqnArmSet *set, SdqnMeasureKind kind, SdqnContrast *contrasts,
                              int count, int planned, SdqnError *error) {
    assert(planned >= count);
    double *p = calloc(2 * ((size_t)planned + 1), sizeof *p);
    if (!p) return out_of_memory(error);
    SdqnStatus status = SDQN_OK;
    for (int i = count; i < planned; i++) p[i] = 1.0;
    for (int i = 0; i < count && status == SDQN_OK; i++) {
        status = contrast(bootstrap, set, kind, &contrasts[i], error);
        p[i] = contrasts[i].welch_p;
    }
    if (status == SDQN_OK) sdqn_holm(p, planned, p + planned);
    for (int i = 0; i < count && status == SDQN_OK; i++) contrasts[i].holm_p = p[planned + i];
    free(p);
    return status;
}
