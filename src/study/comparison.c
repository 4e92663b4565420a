#include "study/comparison.h"

#include "study/significance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

SdqnComparisonDef sdqn_comparison_def_default(void) {
    return (SdqnComparisonDef){.bootstrap = {.resampling = SDQN_RESAMPLE_TASK, .repeats = SDQN_BOOTSTRAP_REPEATS}, .target = 200.0};
}

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "statistics: out of memory"); }

// ---- making ---------------------------------------------------------------------------------------------------------------------

static SdqnStatus describe_arm(const SdqnComparison *comparison, int arm, double *means, SdqnError *error) {
    const SdqnScores *scores = comparison->scores;
    SdqnArmStatistics *statistics = &comparison->arms[arm];
    SdqnStatus status = SDQN_OK;
    for (int k = 0; k < SDQN_NUM_STATISTICS && status == SDQN_OK; k++) {
        status = sdqn_bootstrap_statistic(&comparison->def.bootstrap, scores, arm, (SdqnStatistic)k, comparison->def.target,
                                          &statistics->statistics[k], error);
    }
    for (int t = 0; t < scores->num_tasks; t++) {
        statistics->task_means[t] = sdqn_mean(sdqn_scores_of(scores, arm, t), (size_t)scores->num_seeds);
    }
    sdqn_scores_seed_means(scores, arm, means);
    statistics->deviation = sdqn_deviation(means, (size_t)scores->num_seeds);
    return status;
}

/// @param a, b [seeds] means over the tasks
static SdqnStatus compare_pair(const SdqnComparison *comparison, SdqnPairStatistics *pair, const double *a, double *b, SdqnError *error) {
    const SdqnScores *scores = comparison->scores;
    const int seeds = scores->num_seeds;
    const uint64_t seed = comparison->def.bootstrap.seed;
    SdqnStatus status = sdqn_bootstrap_improvement(&comparison->def.bootstrap, scores, pair->a, scores, pair->b, &pair->improvement, error);
    pair->difference = sdqn_mean(a, (size_t)seeds) - sdqn_mean(b, (size_t)seeds);
    pair->welch_p = sdqn_welch_p(a, seeds, b, seeds);
    pair->permutation_p = seeds > 1 ? sdqn_permutation_p(a, seeds, b, seeds, seed) : (double)NAN;
    pair->paired_permutation_p = (double)NAN;
    pair->has_pairs = seeds > 1 && sdqn_scores_are_paired(scores, pair->a, pair->b);
    if (!pair->has_pairs) return status;
    if (status == SDQN_OK) status = sdqn_bootstrap_paired_difference(&comparison->def.bootstrap, a, b, seeds, &pair->paired, error);
    for (int s = 0; s < seeds; s++) b[s] = a[s] - b[s];
    pair->paired_permutation_p = sdqn_paired_permutation_p(b, seeds, seed);
    return status;
}

static SdqnStatus compare_all(SdqnComparison *comparison, double *a, double *b, SdqnError *error) {
    const SdqnScores *scores = comparison->scores;
    SdqnStatus status = SDQN_OK;
    int count = 0;
    for (int i = 0; i < scores->num_arms && comparison->num_pairs > 0 && status == SDQN_OK; i++) {
        for (int j = i + 1; j < scores->num_arms && status == SDQN_OK; j++) {
            SdqnPairStatistics *pair = &comparison->pairs[count++];
            pair->a = i;
            pair->b = j;
            sdqn_scores_seed_means(scores, i, a);
            sdqn_scores_seed_means(scores, j, b);
            status = compare_pair(comparison, pair, a, b, error);
        }
    }
    return status;
}

static SdqnStatus correct(const SdqnComparison *comparison, SdqnError *error) {
    const size_t count = (size_t)comparison->num_pairs;
    double *p = calloc(2 * (count + 1), sizeof *p);
    if (!p) return out_of_memory(error);
    for (size_t i = 0; i < count; i++) p[i] = comparison->pairs[i].welch_p;
    sdqn_holm(p, comparison->num_pairs, p + count);
    for (size_t i = 0; i < count; i++) comparison->pairs[i].holm_p = p[count + i];
    free(p);
    return SDQN_OK;
}

static bool acquire(SdqnComparison *comparison) {
    const SdqnScores *scores = comparison->scores;
    comparison->num_pairs = comparison->def.arms_only ? 0 : scores->num_arms * (scores->num_arms - 1) / 2;
    comparison->arms = calloc((size_t)scores->num_arms, sizeof *comparison->arms);
    comparison->pairs = calloc((size_t)comparison->num_pairs + 1, sizeof *comparison->pairs);
    bool whole = comparison->arms && comparison->pairs;
    for (int i = 0; whole && i < scores->num_arms; i++) {
        comparison->arms[i].task_means = calloc((size_t)scores->num_tasks, sizeof(double));
        whole = comparison->arms[i].task_means != NULL;
    }
    return whole;
}

SdqnStatus sdqn_comparison_create(const SdqnComparisonDef *def, const SdqnScores *scores, SdqnComparison **comparison, SdqnError *error) {
    SdqnComparison *made = calloc(1, sizeof *made);
    double *means = calloc(2 * (size_t)scores->num_seeds, sizeof *means);
    if (!made || !means) {
        free(made);
        free(means);
        return out_of_memory(error);
    }
    made->def = *def;
    made->scores = scores;
    SdqnStatus status = acquire(made) ? SDQN_OK : out_of_memory(error);
    for (int i = 0; i < scores->num_arms && status == SDQN_OK; i++) status = describe_arm(made, i, means, error);
    if (status == SDQN_OK) status = compare_all(made, means, means + scores->num_seeds, error);
    if (status == SDQN_OK) status = correct(made, error);
    free(means);
    if (status == SDQN_OK) {
        *comparison = made;
    } else {
        sdqn_comparison_destroy(made);
    }
    return status;
}

void sdqn_comparison_destroy(SdqnComparison *comparison) {
    if (!comparison) return;
    for (int i = 0; comparison->arms && i < comparison->scores->num_arms; i++) free(comparison->arms[i].task_means);
    free(comparison->arms);
    free(comparison->pairs);
    free(comparison);
}

// ---- JSON -----------------------------------------------------------------------------------------------------------------------

static void add_estimate(SdqnJsonWriter *writer, const char *key, const SdqnEstimate *estimate) {
    sdqn_json_begin_object(writer, key);
    sdqn_json_add_double(writer, "value", estimate->value);
    sdqn_json_add_double(writer, "low", estimate->low);
    sdqn_json_add_double(writer, "high", estimate->high);
    sdqn_json_end_object(writer);
}

static void add_arm(SdqnJsonWriter *writer, const SdqnComparison *comparison, int arm) {
    const SdqnScores *scores = comparison->scores;
    const SdqnArmStatistics *statistics = &comparison->arms[arm];
    sdqn_json_begin_object(writer, scores->arms[arm]);
    for (int k = 0; k < SDQN_NUM_STATISTICS; k++) {
        add_estimate(writer, sdqn_statistic_name((SdqnStatistic)k), &statistics->statistics[k]);
    }
    sdqn_json_add_double(writer, "std", statistics->deviation);
    sdqn_json_begin_object(writer, "tasks");
    for (int t = 0; t < scores->num_tasks; t++) sdqn_json_add_double(writer, scores->tasks[t], statistics->task_means[t]);
    sdqn_json_end_object(writer);
    sdqn_json_end_object(writer);
}

static void add_pair(SdqnJsonWriter *writer, const SdqnScores *scores, const SdqnPairStatistics *pair) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_string(writer, "a", scores->arms[pair->a]);
    sdqn_json_add_string(writer, "b", scores->arms[pair->b]);
    add_estimate(writer, "probability_of_improvement", &pair->improvement);
    sdqn_json_add_double(writer, "difference", pair->difference);
    if (pair->has_pairs) add_estimate(writer, "paired_difference", &pair->paired);
    sdqn_json_add_double(writer, "welch_p", pair->welch_p);
    sdqn_json_add_double(writer, "permutation_p", pair->permutation_p);
    if (pair->has_pairs) sdqn_json_add_double(writer, "paired_permutation_p", pair->paired_permutation_p);
    sdqn_json_add_double(writer, "holm_p", pair->holm_p);
    sdqn_json_end_object(writer);
}

static const char *resampling_name(const SdqnComparison *comparison) {
    return comparison->def.bootstrap.resampling == SDQN_RESAMPLE_TASK ? "task" : "seed";
}

void sdqn_comparison_json_add(SdqnJsonWriter *writer, const SdqnComparison *comparison) {
    const SdqnScores *scores = comparison->scores;
    sdqn_json_begin_object(writer, "arms");
    for (int i = 0; i < scores->num_arms; i++) add_arm(writer, comparison, i);
    sdqn_json_end_object(writer);
    sdqn_json_begin_array(writer, "pairs");
    for (int i = 0; i < comparison->num_pairs; i++) add_pair(writer, scores, &comparison->pairs[i]);
    sdqn_json_end_array(writer);
    sdqn_json_add_i64(writer, "seeds", scores->num_seeds);
    sdqn_json_add_string(writer, "resample", resampling_name(comparison));
    sdqn_json_add_i64(writer, "repeats", comparison->def.bootstrap.repeats);
    sdqn_json_add_double(writer, "target", comparison->def.target);
}

// ---- tables ---------------------------------------------------------------------------------------------------------------------

static int widest_arm(const SdqnScores *scores) {
    size_t width = strlen("arm");
    for (int i = 0; i < scores->num_arms; i++) {
        if (strlen(scores->arms[i]) > width) width = strlen(scores->arms[i]);
    }
    return (int)width;
}

static void print_estimate(FILE *stream, const SdqnEstimate *estimate, int decimals) {
    char text[96];
    snprintf(text, sizeof text, "%.*f [%.*f, %.*f]", decimals, estimate->value, decimals, estimate->low, decimals, estimate->high);
    fprintf(stream, "  %-24s", text);
}

/// Four digits, or a bound for what 50,000 or 100,000 draws cannot tell from 0.
static void print_p(FILE *stream, double p) {
    if (isnan(p)) {
        fprintf(stream, "  %8s", "-");
    } else if (p < 1e-4) {
        fprintf(stream, "  %8s", "<0.0001");
    } else {
        fprintf(stream, "  %8.4f", p);
    }
}

void sdqn_comparison_table_write(FILE *stream, const SdqnComparison *comparison) {
    const SdqnScores *scores = comparison->scores;
    const int width = widest_arm(scores);
    fprintf(stream, "%-*s  %-24s  %-24s  %-24s  %-24s  %8s\n", width, "arm", "IQM", "mean", "median of tasks", "optimality gap", "std");
    for (int i = 0; i < scores->num_arms; i++) {
        fprintf(stream, "%-*s", width, scores->arms[i]);
        for (int k = 0; k < SDQN_NUM_STATISTICS; k++) print_estimate(stream, &comparison->arms[i].statistics[k], 2);
        fprintf(stream, "  %8.2f\n", comparison->arms[i].deviation);
    }
    fprintf(stream, "\n%-*s", width, "arm");
    for (int t = 0; t < scores->num_tasks; t++) fprintf(stream, "  %12.12s", scores->tasks[t]);
    fputc('\n', stream);
    for (int i = 0; i < scores->num_arms; i++) {
        fprintf(stream, "%-*s", width, scores->arms[i]);
        for (int t = 0; t < scores->num_tasks; t++) fprintf(stream, "  %12.2f", comparison->arms[i].task_means[t]);
        fputc('\n', stream);
    }
    if (comparison->num_pairs > 0) {
        fprintf(stream, "\n%-*s  %-*s  %-24s  %-24s  %8s  %8s  %8s  %8s\n", width, "a", width, "b", "P(a > b)", "a - b, same seeds",
                "Welch", "Holm", "permut.", "paired");
    }
    for (int i = 0; i < comparison->num_pairs; i++) {
        const SdqnPairStatistics *pair = &comparison->pairs[i];
        fprintf(stream, "%-*s  %-*s", width, scores->arms[pair->a], width, scores->arms[pair->b]);
        print_estimate(stream, &pair->improvement, 3);
        if (pair->has_pairs) {
            print_estimate(stream, &pair->paired, 2);
        } else {
            fprintf(stream, "  %-24s", "-");
        }
        print_p(stream, pair->welch_p);
        print_p(stream, pair->holm_p);
        print_p(stream, pair->permutation_p);
        print_p(stream, pair->paired_permutation_p);
        fputc('\n', stream);
    }
    fprintf(
        stream,
        "\n%d seeds an arm. [low, high]: 95 %% bootstrap interval, %d times, of %s. std: of the seeds' means over the tasks.\n"
        "Gap to %g. P(a > b): that a run of a scores higher, mean over tasks. Welch, permut., paired: p-values, two-sided, of the seeds'\n"
        "means over tasks; Holm: Welch's for all %d pair%s.\n",
        scores->num_seeds, comparison->def.bootstrap.repeats,
        comparison->def.bootstrap.resampling == SDQN_RESAMPLE_TASK ? "each task's seeds apart" : "whole seeds", comparison->def.target,
        comparison->num_pairs, comparison->num_pairs == 1 ? "" : "s");
}
