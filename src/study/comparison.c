#include "study/comparison.h"

#include "core/text.h"
#include "plot/table.h"
#include "study/significance.h"

#include <math.h>
#include <stdlib.h>

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

/// What is known of an estimate: resampling one seed gives the same value each time, which is no interval.
static SdqnEstimate known_part(const SdqnScores *scores, const SdqnEstimate *estimate) {
    SdqnEstimate known = *estimate;
    if (scores->num_seeds < 2) sdqn_estimate_forget_interval(&known);
    return known;
}

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
        const SdqnEstimate estimate = known_part(scores, &statistics->statistics[k]);
        add_estimate(writer, sdqn_statistic_name((SdqnStatistic)k), &estimate);
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
    const SdqnEstimate improvement = known_part(scores, &pair->improvement);
    add_estimate(writer, "probability_of_improvement", &improvement);
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

/// Write a table and free it.
static SdqnStatus show(FILE *stream, SdqnTable *table, SdqnError *error) {
    SdqnStatus status = sdqn_table_check(table, error);
    if (status == SDQN_OK) status = sdqn_table_write_text(stream, table, error);
    sdqn_table_destroy(table);
    return status;
}

/// An estimate; of one seed there is no interval.
static void add_cell(SdqnTable *table, const SdqnComparison *comparison, const SdqnEstimate *estimate) {
    const SdqnEstimate known = known_part(comparison->scores, estimate);
    sdqn_table_add_estimate(table, known.value, known.low, known.high);
}

static SdqnStatus write_arms(FILE *stream, const SdqnComparison *comparison, SdqnError *error) {
    static const char *const headers[SDQN_NUM_STATISTICS] = {"IQM", "mean", "median of tasks", "optimality gap"};
    const SdqnScores *scores = comparison->scores;
    SdqnTable *table = sdqn_table_create("");
    sdqn_table_add_column(table, "arm", SDQN_COLUMN_TEXT, 0);
    for (int k = 0; k < SDQN_NUM_STATISTICS; k++) sdqn_table_add_column(table, headers[k], SDQN_COLUMN_ESTIMATE, 2);
    sdqn_table_add_column(table, "std", SDQN_COLUMN_NUMBER, 2);
    for (int i = 0; i < scores->num_arms; i++) {
        sdqn_table_add_text(table, scores->arms[i]);
        for (int k = 0; k < SDQN_NUM_STATISTICS; k++) add_cell(table, comparison, &comparison->arms[i].statistics[k]);
        sdqn_table_add_number(table, comparison->arms[i].deviation);
    }
    return show(stream, table, error);
}

/// Means task by task, as many tasks beside each other as a table has columns.
static SdqnStatus write_tasks(FILE *stream, const SdqnComparison *comparison, SdqnError *error) {
    const SdqnScores *scores = comparison->scores;
    SdqnStatus status = SDQN_OK;
    for (int first = 0, last; first < scores->num_tasks && status == SDQN_OK; first = last) {
        last = first + SDQN_TABLE_MAX_COLUMNS - 1;
        if (last > scores->num_tasks) last = scores->num_tasks;
        SdqnTable *table = sdqn_table_create("");
        sdqn_table_add_column(table, "arm", SDQN_COLUMN_TEXT, 0);
        for (int t = first; t < last; t++) sdqn_table_add_column(table, scores->tasks[t], SDQN_COLUMN_NUMBER, 2);
        for (int i = 0; i < scores->num_arms; i++) {
            sdqn_table_add_text(table, scores->arms[i]);
            for (int t = first; t < last; t++) sdqn_table_add_number(table, comparison->arms[i].task_means[t]);
        }
        fputc('\n', stream);
        status = show(stream, table, error);
    }
    return status;
}

static SdqnStatus write_pairs(FILE *stream, const SdqnComparison *comparison, SdqnError *error) {
    static const char *const tests[] = {"Welch", "Holm", "permut.", "paired"};
    static const SdqnEstimate none = {(double)NAN, (double)NAN, (double)NAN};
    const SdqnScores *scores = comparison->scores;
    if (comparison->num_pairs == 0) return SDQN_OK;
    SdqnTable *table = sdqn_table_create("");
    sdqn_table_add_column(table, "a", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "b", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "P(a > b)", SDQN_COLUMN_ESTIMATE, 3);
    sdqn_table_add_column(table, "a - b, same seeds", SDQN_COLUMN_ESTIMATE, 2);
    for (int k = 0; k < 4; k++) sdqn_table_add_column(table, tests[k], SDQN_COLUMN_P_VALUE, 4);
    for (int i = 0; i < comparison->num_pairs; i++) {
        const SdqnPairStatistics *pair = &comparison->pairs[i];
        sdqn_table_add_text(table, scores->arms[pair->a]);
        sdqn_table_add_text(table, scores->arms[pair->b]);
        add_cell(table, comparison, &pair->improvement);
        add_cell(table, comparison, pair->has_pairs ? &pair->paired : &none);
        const double p[] = {pair->welch_p, pair->holm_p, pair->permutation_p, pair->paired_permutation_p};
        for (int k = 0; k < 4; k++) sdqn_table_add_p_value(table, p[k]);
    }
    fputc('\n', stream);
    return show(stream, table, error);
}

SdqnStatus sdqn_comparison_table_write(FILE *stream, const SdqnComparison *comparison, SdqnError *error) {
    const int seeds = comparison->scores->num_seeds, pairs = comparison->num_pairs;
    char target[SDQN_TEXT_SIZE];
    SdqnStatus status = write_arms(stream, comparison, error);
    if (status == SDQN_OK) status = write_tasks(stream, comparison, error);
    if (status == SDQN_OK) status = write_pairs(stream, comparison, error);
    if (status != SDQN_OK) return status;
    if (seeds > 1) {
        fprintf(stream, "\n%d seeds an arm. [low, high]: 95 %% bootstrap interval, %d times, of %s.", seeds,
                comparison->def.bootstrap.repeats,
                comparison->def.bootstrap.resampling == SDQN_RESAMPLE_TASK ? "each task's seeds apart" : "whole seeds");
    } else {
        fputs("\n1 seed an arm, so there is no interval and no test.", stream);
    }
    fprintf(
        stream,
        " std: of the seeds' means over the tasks.\n"
        "Gap to %s. P(a > b): that a run of a scores higher, mean over tasks. Welch, permut., paired: p-values, two-sided, of the seeds'\n"
        "means over tasks; Holm: Welch's for all %d pair%s.\n",
        sdqn_text_from_double(comparison->def.target, target), pairs, pairs == 1 ? "" : "s");
    return SDQN_OK;
}
