#include "core/text.h"
#include "study/compare_parts.h"
#include "study/reach.h"
#include "study/training_curve.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_A_MINUTE 60.0

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory"); }

// ---- words ----------------------------------------------------------------------------------------------------------------------

const char *sdqn_compare_task_name(const SdqnCompareDef *def, int task) {
    return task < 0 ? "mean over tasks" : def->set.arms[0].runs[0]->tasks[task];
}

const char *sdqn_compare_n(const SdqnCompareDef *def, char words[SDQN_COMPARE_WORDS_SIZE]) {
    const SdqnArmSet *set = &def->set;
    int least = set->arms[0].num_runs, most = least;
    for (int a = 1; a < set->num_arms; a++) {
        const int n = set->arms[a].num_runs;
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    if (least == most) {
        snprintf(words, SDQN_COMPARE_WORDS_SIZE, "n = %d seed%s an arm", least, least == 1 ? "" : "s");
    } else {
        snprintf(words, SDQN_COMPARE_WORDS_SIZE, "n = %d to %d seeds an arm, as the table of arms says", least, most);
    }
    return words;
}

bool sdqn_compare_has_intervals(const SdqnCompareDef *def) {
    for (int a = 0; a < def->set.num_arms; a++) {
        if (def->set.arms[a].num_runs > 1) return true;
    }
    return false;
}

bool sdqn_compare_has_evaluations(const SdqnCompareDef *def) {
    for (int a = 0; a < def->set.num_arms; a++) {
        const SdqnArmRuns *arm = &def->set.arms[a];
        for (int i = 0; i < arm->num_runs; i++) {
            if (arm->runs[i]->curve.count > 0) return true;
        }
    }
    return false;
}

const char *sdqn_compare_intervals(const SdqnCompareDef *def, char words[SDQN_COMPARE_WORDS_SIZE]) {
    char n[SDQN_COMPARE_WORDS_SIZE];
    sdqn_compare_n(def, n);
    if (sdqn_compare_has_intervals(def)) {
        snprintf(words, SDQN_COMPARE_WORDS_SIZE, "%.300s; [low, high]: 95 %% bootstrap interval over the seeds, whole seeds drawn %d times",
                 n, def->bootstrap.repeats);
    } else {
        snprintf(words, SDQN_COMPARE_WORDS_SIZE, "%.300s, so there is no interval", n);
    }
    return words;
}

double sdqn_compare_common_end(const SdqnCompareDef *def, bool steps) {
    double end = (double)INFINITY;
    for (int a = 0; a < def->set.num_arms; a++) {
        const SdqnArmRuns *arm = &def->set.arms[a];
        for (int i = 0; i < arm->num_runs; i++) {
            double own = 0.0;
            for (int e = 0; e < arm->runs[i]->num_episodes; e++) own += steps ? arm->runs[i]->episode_steps[e] : 1;
            end = own < end ? own : end;
        }
    }
    return end;
}

/// The seeds of an arm, runs of them as ranges: "1-20", "3, 5-7". Cut where there is no room.
static void write_seeds(const SdqnArmRuns *arm, char *text, size_t size) {
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < arm->num_runs;) {
        int last = i;
        char part[64];
        while (last + 1 < arm->num_runs && arm->runs[last + 1]->seed == arm->runs[last]->seed + 1) last++;
        snprintf(part, sizeof part, last > i ? "%s%" PRIu64 "-%" PRIu64 : "%s%" PRIu64, i > 0 ? ", " : "", arm->runs[i]->seed,
                 arm->runs[last]->seed);
        if (length + strlen(part) + sizeof ", ..." > size) {
            memcpy(text + length, ", ...", sizeof ", ...");
            return;
        }
        memcpy(text + length, part, strlen(part) + 1);
        length += strlen(part);
        i = last + 1;
    }
}

// ---- parts of tables ------------------------------------------------------------------------------------------------------------

/// What most tables need while they are made. After an error nothing more is computed.
typedef struct Maker {
    const SdqnCompareDef *def;
    SdqnTable *table;
    SdqnStatus status;
    SdqnError *error;
} Maker;

static Maker begin(const SdqnCompareDef *def, const char *caption, SdqnError *error) {
    return (Maker){.def = def, .table = sdqn_table_create(caption), .error = error};
}

static SdqnStatus end(Maker *maker, SdqnTable **table) {
    if (maker->status == SDQN_OK) maker->status = sdqn_table_check(maker->table, maker->error);
    if (maker->status == SDQN_OK) {
        *table = maker->table;
    } else {
        sdqn_table_destroy(maker->table);
    }
    return maker->status;
}

static void add_arm_measure(Maker *maker, int arm, SdqnMeasureKind kind, int task) {
    SdqnEstimate estimate = {0};
    if (maker->status == SDQN_OK)
        maker->status =
            sdqn_measure_arm(&maker->def->bootstrap, &maker->def->set.arms[arm], (SdqnMeasure){kind, task}, &estimate, maker->error);
    sdqn_table_add_estimate(maker->table, estimate.value, estimate.low, estimate.high);
}

/// Columns for the mean over the tasks and for each of them.
static void add_task_columns(Maker *maker, int decimals) {
    sdqn_table_add_column(maker->table, "mean over tasks", SDQN_COLUMN_ESTIMATE, decimals);
    for (int t = 0; t < sdqn_compare_num_tasks(maker->def); t++)
        sdqn_table_add_column(maker->table, sdqn_compare_task_name(maker->def, t), SDQN_COLUMN_ESTIMATE, decimals);
}

// ---- arms and settings ----------------------------------------------------------------------------------------------------------

SdqnStatus sdqn_compare_arms_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    char words[SDQN_COMPARE_WORDS_SIZE], caption[2 * SDQN_COMPARE_WORDS_SIZE], seeds[64];
    snprintf(caption, sizeof caption, "The arms. Episodes, environment steps and updates are of the whole training over all tasks. %s.",
             sdqn_compare_intervals(def, words));
    Maker maker = begin(def, caption, error);
    sdqn_table_add_column(maker.table, "arm", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "method", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "n", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(maker.table, "seeds", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "parameters", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(maker.table, "episodes", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(maker.table, "environment steps", SDQN_COLUMN_ESTIMATE, 0);
    sdqn_table_add_column(maker.table, "updates", SDQN_COLUMN_ESTIMATE, 0);
    for (int a = 0; a < def->set.num_arms; a++) {
        const SdqnArmRuns *arm = &def->set.arms[a];
        write_seeds(arm, seeds, sizeof seeds);
        sdqn_table_add_text(maker.table, arm->name);
        sdqn_table_add_text(maker.table, arm->config->method);
        sdqn_table_add_number(maker.table, arm->num_runs);
        sdqn_table_add_text(maker.table, seeds);
        sdqn_table_add_number(maker.table, (double)arm->runs[0]->parameters);
        sdqn_table_add_number(maker.table, arm->runs[0]->num_episodes);
        add_arm_measure(&maker, a, SDQN_MEASURE_STEPS, SDQN_ALL_TASKS);
        add_arm_measure(&maker, a, SDQN_MEASURE_UPDATES, SDQN_ALL_TASKS);
    }
    return end(&maker, table);
}

/// Whether a setting that matters differs between arms.
static bool differs(const SdqnArmSet *set, int key) {
    char first[256], other[256];
    if (!sdqn_config_key_value(set->arms[0].config, key, first, sizeof first)) return false;
    for (int a = 1; a < set->num_arms; a++) {
        sdqn_config_key_value(set->arms[a].config, key, other, sizeof other);
        if (strcmp(first, other) != 0) return true;
    }
    return false;
}

SdqnStatus sdqn_compare_settings_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    const SdqnArmSet *set = &def->set;
    int keys[SDQN_TABLE_MAX_COLUMNS], count = 0;
    Maker maker = begin(def, "Settings in which the arms differ; all others but the seed are the same.", error);
    sdqn_table_add_column(maker.table, "arm", SDQN_COLUMN_TEXT, 0);
    for (int key = 0; key < sdqn_config_key_count() && count + 1 < SDQN_TABLE_MAX_COLUMNS; key++) {
        SdqnConfigKeyInfo info;
        sdqn_config_key_info(key, &info);
        if (strcmp(info.name, "seed") == 0 || !differs(set, key)) continue;
        sdqn_table_add_column(maker.table, info.name, SDQN_COLUMN_TEXT, 0);
        keys[count++] = key;
    }
    for (int a = 0; a < set->num_arms; a++) {
        char value[256];
        sdqn_table_add_text(maker.table, set->arms[a].name);
        for (int k = 0; k < count; k++) {
            sdqn_config_key_value(set->arms[a].config, keys[k], value, sizeof value);
            sdqn_table_add_text(maker.table, value);
        }
    }
    const SdqnStatus status = end(&maker, table);
    if (status != SDQN_OK || count > 0) return status;
    sdqn_table_destroy(*table);
    *table = NULL;
    return SDQN_OK;
}

// ---- performance ----------------------------------------------------------------------------------------------------------------

/// The statistics of one arm's scores. Without seeds to draw from the values alone.
static void add_statistics(Maker *maker, const SdqnScores *scores) {
    SdqnBootstrap bootstrap = maker->def->bootstrap;
    if (scores->num_seeds < 2) bootstrap.repeats = 1;
    for (int k = 0; k < SDQN_NUM_STATISTICS; k++) {
        SdqnEstimate estimate = {0};
        if (maker->status == SDQN_OK)
            maker->status = sdqn_bootstrap_statistic(&bootstrap, scores, 0, (SdqnStatistic)k, SDQN_SUCCESS_RETURN, &estimate, maker->error);
        if (scores->num_seeds < 2) sdqn_estimate_forget_interval(&estimate);
        sdqn_table_add_estimate(maker->table, estimate.value, estimate.low, estimate.high);
    }
}

SdqnStatus sdqn_compare_performance_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    char words[SDQN_COMPARE_WORDS_SIZE], caption[2 * SDQN_COMPARE_WORDS_SIZE];
    snprintf(
        caption, sizeof caption,
        "Mean return of the final policies. IQM: mean of the middle half of all (task, seed) scores; mean and median: of the tasks' means; "
        "gap: optimality gap, the mean of max(0, 200 - score); std: over the seeds of their means over the tasks. %s.",
        sdqn_compare_intervals(def, words));
    Maker maker = begin(def, caption, error);
    static const char *const headers[SDQN_NUM_STATISTICS] = {"IQM", "mean", "median", "gap"};
    sdqn_table_add_column(maker.table, "arm", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "n", SDQN_COLUMN_NUMBER, 0);
    for (int k = 0; k < SDQN_NUM_STATISTICS; k++) sdqn_table_add_column(maker.table, headers[k], SDQN_COLUMN_ESTIMATE, 1);
    sdqn_table_add_column(maker.table, "std", SDQN_COLUMN_NUMBER, 1);
    for (int a = 0; a < def->set.num_arms && maker.status == SDQN_OK; a++) {
        const SdqnArmRuns *arm = &def->set.arms[a];
        SdqnScores scores = {0};
        double *means = calloc((size_t)arm->num_runs, sizeof *means);
        maker.status = means ? sdqn_measure_scores(arm, SDQN_MEASURE_RETURN, &scores, error) : out_of_memory(error);
        if (maker.status == SDQN_OK) {
            sdqn_scores_seed_means(&scores, 0, means);
            sdqn_table_add_text(maker.table, arm->name);
            sdqn_table_add_number(maker.table, arm->num_runs);
            add_statistics(&maker, &scores);
            sdqn_table_add_number(maker.table, sdqn_deviation(means, (size_t)arm->num_runs));
        }
        free(means);
        sdqn_scores_clear(&scores);
    }
    return end(&maker, table);
}

SdqnStatus sdqn_compare_tasks_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    char words[SDQN_COMPARE_WORDS_SIZE], caption[2 * SDQN_COMPARE_WORDS_SIZE];
    snprintf(
        caption, sizeof caption,
        "Final policies, task by task: mean return, and shares of the episodes: success is a return of at least 200, at rest a landing "
        "that ended asleep on the ground, time-out an episode cut by its time limit. %s.",
        sdqn_compare_intervals(def, words));
    Maker maker = begin(def, caption, error);
    static const SdqnMeasureKind kinds[] = {SDQN_MEASURE_RETURN, SDQN_MEASURE_SUCCESS, SDQN_MEASURE_AT_REST, SDQN_MEASURE_TIMEOUT};
    static const char *const headers[] = {"return", "success", "at rest", "time-outs"};
    sdqn_table_add_column(maker.table, "task", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "arm", SDQN_COLUMN_TEXT, 0);
    for (int k = 0; k < 4; k++) sdqn_table_add_column(maker.table, headers[k], SDQN_COLUMN_ESTIMATE, k == 0 ? 1 : 3);
    for (int t = 0; t < sdqn_compare_num_tasks(def); t++) {
        for (int a = 0; a < def->set.num_arms; a++) {
            sdqn_table_add_text(maker.table, sdqn_compare_task_name(def, t));
            sdqn_table_add_text(maker.table, def->set.arms[a].name);
            for (int k = 0; k < 4; k++) add_arm_measure(&maker, a, kinds[k], t);
        }
    }
    return end(&maker, table);
}

/// A row an arm: a measure over all tasks and on each.
static SdqnStatus make_by_task(const SdqnCompareDef *def, const char *caption, SdqnMeasureKind kind, int decimals, SdqnTable **table,
                               SdqnError *error) {
    Maker maker = begin(def, caption, error);
    sdqn_table_add_column(maker.table, "arm", SDQN_COLUMN_TEXT, 0);
    if (kind == SDQN_MEASURE_EFFICIENCY) sdqn_table_add_column(maker.table, "parameters", SDQN_COLUMN_NUMBER, 0);
    add_task_columns(&maker, decimals);
    for (int a = 0; a < def->set.num_arms; a++) {
        sdqn_table_add_text(maker.table, def->set.arms[a].name);
        if (kind == SDQN_MEASURE_EFFICIENCY) sdqn_table_add_number(maker.table, (double)def->set.arms[a].runs[0]->parameters);
        for (int t = SDQN_ALL_TASKS; t < sdqn_compare_num_tasks(def); t++) add_arm_measure(&maker, a, kind, t);
    }
    return end(&maker, table);
}

SdqnStatus sdqn_compare_area_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    char words[SDQN_COMPARE_WORDS_SIZE], caption[2 * SDQN_COMPARE_WORDS_SIZE];
    snprintf(
        caption, sizeof caption,
        "Area under the curve of the periodic evaluations over each arm's own training episodes, divided by their distance from the first "
        "to the last: a mean return. %s.",
        sdqn_compare_intervals(def, words));
    return make_by_task(def, caption, SDQN_MEASURE_AREA, 1, table, error);
}

SdqnStatus sdqn_compare_efficiency_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    char words[SDQN_COMPARE_WORDS_SIZE], caption[2 * SDQN_COMPARE_WORDS_SIZE];
    snprintf(caption, sizeof caption, "Parameter efficiency: mean return of the final policies per 1,000 parameters. %s.",
             sdqn_compare_intervals(def, words));
    return make_by_task(def, caption, SDQN_MEASURE_EFFICIENCY, 2, table, error);
}

// ---- training -------------------------------------------------------------------------------------------------------------------

SdqnStatus sdqn_compare_equal_budget_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    char words[SDQN_COMPARE_WORDS_SIZE], caption[2 * SDQN_COMPARE_WORDS_SIZE], episodes[SDQN_TEXT_SIZE], steps[SDQN_TEXT_SIZE];
    const double ends[] = {sdqn_compare_common_end(def, false), sdqn_compare_common_end(def, true)};
    snprintf(
        caption, sizeof caption,
        "Training returns at equal cost: rolling mean of the last %d training episodes of each task when the shortest run had ended, after "
        "%s episodes over all tasks, and after %s environment steps. These episodes explore. %s.",
        def->window, sdqn_text_from_double_fixed(ends[0], 0, episodes), sdqn_text_from_double_fixed(ends[1], 0, steps),
        sdqn_compare_intervals(def, words));
    Maker maker = begin(def, caption, error);
    sdqn_table_add_column(maker.table, "at equal", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "arm", SDQN_COLUMN_TEXT, 0);
    add_task_columns(&maker, 0);
    for (int axis = 0; axis < 2; axis++) {
        for (int a = 0; a < def->set.num_arms; a++) {
            const SdqnArmRuns *arm = &def->set.arms[a];
            sdqn_table_add_text(maker.table, axis == 0 ? "episodes" : "steps");
            sdqn_table_add_text(maker.table, arm->name);
            for (int t = SDQN_ALL_TASKS; t < sdqn_compare_num_tasks(def); t++) {
                SdqnCurve curve = {0};
                SdqnEstimate last = {(double)NAN, (double)NAN, (double)NAN};
                if (maker.status == SDQN_OK)
                    maker.status = sdqn_training_curve(&def->bootstrap, arm->runs, arm->num_runs, t, (SdqnCurveAxis)axis, def->window,
                                                       ends[axis], 2, &curve, error);
                if (curve.num_points > 0) last = curve.y[curve.num_points - 1];
                if (arm->num_runs < 2) sdqn_estimate_forget_interval(&last);
                sdqn_table_add_estimate(maker.table, last.value, last.low, last.high);
                sdqn_curve_clear(&curve);
            }
        }
    }
    return end(&maker, table);
}

/// What it took one arm on a task. @param reaches [SDQN_NUM_THRESHOLDS] written
static void find_reaches(Maker *maker, const SdqnArmRuns *arm, int task, SdqnReach *reaches) {
    SdqnSampleCost *costs = calloc((size_t)arm->num_runs * SDQN_NUM_THRESHOLDS, sizeof *costs);
    if (!costs) maker->status = out_of_memory(maker->error);
    if (maker->status == SDQN_OK)
        maker->status =
            sdqn_arm_sample_costs(arm, task, maker->def->window, sdqn_sample_thresholds, SDQN_NUM_THRESHOLDS, costs, maker->error);
    if (maker->status == SDQN_OK) maker->status = sdqn_arm_reaches(costs, arm->num_runs, SDQN_NUM_THRESHOLDS, reaches, maker->error);
    free(costs);
}

/// Rows of a task: threshold by threshold the arms below each other.
static void add_reach_rows(Maker *maker, int task) {
    const SdqnArmSet *set = &maker->def->set;
    SdqnReach(*reaches)[SDQN_NUM_THRESHOLDS] = calloc((size_t)set->num_arms, sizeof *reaches);
    if (!reaches) {
        maker->status = out_of_memory(maker->error);
        return;
    }
    for (int a = 0; a < set->num_arms && maker->status == SDQN_OK; a++) find_reaches(maker, &set->arms[a], task, reaches[a]);
    for (int k = 0; k < SDQN_NUM_THRESHOLDS; k++) {
        for (int a = 0; a < set->num_arms && maker->status == SDQN_OK; a++) {
            sdqn_table_add_text(maker->table, sdqn_compare_task_name(maker->def, task));
            sdqn_table_add_number(maker->table, sdqn_sample_thresholds[k]);
            sdqn_table_add_text(maker->table, set->arms[a].name);
            sdqn_table_add_number(maker->table, reaches[a][k].reached);
            sdqn_table_add_number(maker->table, set->arms[a].num_runs);
            sdqn_table_add_number(maker->table, reaches[a][k].task_episodes);
            sdqn_table_add_number(maker->table, reaches[a][k].episodes);
            sdqn_table_add_number(maker->table, reaches[a][k].steps);
            sdqn_table_add_number(maker->table, reaches[a][k].updates);
        }
    }
    free(reaches);
}

SdqnStatus sdqn_compare_reach_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    char caption[2 * SDQN_COMPARE_WORDS_SIZE];
    snprintf(
        caption, sizeof caption,
        "Sample efficiency: episodes of the task and training of the whole run, over all tasks, until the rolling mean return of the last "
        "%d training episodes of the task (of every task, for the mean over tasks) first reached the threshold. Median over all n seeds, "
        "where a run that never did "
        "counts as later than any other; -: half of the runs or more never did.",
        def->window);
    Maker maker = begin(def, caption, error);
    static const char *const headers[] = {"threshold",         "arm",    "reached", "n", "episodes of the task", "episodes",
                                          "environment steps", "updates"};
    sdqn_table_add_column(maker.table, "task", SDQN_COLUMN_TEXT, 0);
    for (int i = 0; i < 8; i++) sdqn_table_add_column(maker.table, headers[i], i == 1 ? SDQN_COLUMN_TEXT : SDQN_COLUMN_NUMBER, 0);
    for (int t = SDQN_ALL_TASKS; t < sdqn_compare_num_tasks(def) && maker.status == SDQN_OK; t++) add_reach_rows(&maker, t);
    return end(&maker, table);
}

// ---- pairs ----------------------------------------------------------------------------------------------------------------------

static const char pairs_note[] = "n: seeds that both arms have, on which the difference is taken seed by seed; 0 where fewer than two are "
                                 "common, and then all seeds of both count apart";

static void add_pair_names(Maker *maker, int a, int b) {
    sdqn_table_add_text(maker->table, maker->def->set.arms[a].name);
    sdqn_table_add_text(maker->table, maker->def->set.arms[b].name);
}

static const char *word_of(const SdqnDifference *difference) {
    return difference->verdict > 0 ? "a is higher" : difference->verdict < 0 ? "b is higher" : "open";
}

SdqnStatus sdqn_compare_pairs_table(const SdqnCompareDef *def, const SdqnContrast *contrasts, const char *what, SdqnTable **table,
                                    SdqnError *error) {
    char caption[3 * SDQN_COMPARE_WORDS_SIZE];
    snprintf(
        caption, sizeof caption,
        "%s, means over tasks: a less b with its 95 %% bootstrap interval over the seeds; %s. P(a > b): probability that a run of a scores "
        "higher, mean over the tasks. p-values, two-sided: Welch's t-test, the same corrected by Holm for all %d %s, "
        "permutation of the arms, and of the signs of the paired differences.",
        what, pairs_note, def->num_planned,
        def->num_planned > def->num_pairs ? "planned pairs, also those that are not here yet" : "pairs of this table");
    Maker maker = begin(def, caption, error);
    static const char *const headers[] = {"Welch", "Holm", "permutation", "signs"};
    sdqn_table_add_column(maker.table, "a", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "b", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "n", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(maker.table, "a - b", SDQN_COLUMN_ESTIMATE, 1);
    sdqn_table_add_column(maker.table, "P(a > b)", SDQN_COLUMN_ESTIMATE, 2);
    for (int i = 0; i < 4; i++) sdqn_table_add_column(maker.table, headers[i], SDQN_COLUMN_P_VALUE, 4);
    for (int i = 0; i < def->num_pairs; i++) {
        const SdqnContrast *pair = &contrasts[i];
        const SdqnEstimate *difference = &pair->difference.estimate;
        add_pair_names(&maker, pair->a, pair->b);
        sdqn_table_add_number(maker.table, pair->difference.pairs);
        sdqn_table_add_estimate(maker.table, difference->value, difference->low, difference->high);
        sdqn_table_add_estimate(maker.table, pair->improvement.value, pair->improvement.low, pair->improvement.high);
        sdqn_table_add_p_value(maker.table, pair->welch_p);
        sdqn_table_add_p_value(maker.table, pair->holm_p);
        sdqn_table_add_p_value(maker.table, pair->permutation_p);
        sdqn_table_add_p_value(maker.table, pair->difference.pairs > 0 ? pair->difference.p : (double)NAN);
    }
    return end(&maker, table);
}

SdqnStatus sdqn_compare_task_pairs_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    char caption[3 * SDQN_COMPARE_WORDS_SIZE];
    snprintf(caption, sizeof caption,
             "Final policies, task by task: a less b with its 95 %% bootstrap interval over the seeds; %s. p: permutation test, two-sided, "
             "of the signs of the paired differences, of the arms where n is 0; not corrected for the number of rows.",
             pairs_note);
    Maker maker = begin(def, caption, error);
    sdqn_table_add_column(maker.table, "task", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "a", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "b", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(maker.table, "n", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(maker.table, "a - b", SDQN_COLUMN_ESTIMATE, 1);
    sdqn_table_add_column(maker.table, "p", SDQN_COLUMN_P_VALUE, 4);
    sdqn_table_add_column(maker.table, "verdict", SDQN_COLUMN_TEXT, 0);
    for (int t = 0; t < sdqn_compare_num_tasks(def); t++) {
        for (int i = 0; i < def->num_pairs; i++) {
            const SdqnArmPair *pair = &def->pairs[i];
            SdqnDifference difference = {0};
            if (maker.status == SDQN_OK)
                maker.status = sdqn_measure_difference(&def->bootstrap, &def->set.arms[pair->a], &def->set.arms[pair->b],
                                                       (SdqnMeasure){SDQN_MEASURE_RETURN, t}, &difference, error);
            sdqn_table_add_text(maker.table, sdqn_compare_task_name(def, t));
            add_pair_names(&maker, pair->a, pair->b);
            sdqn_table_add_number(maker.table, difference.pairs);
            sdqn_table_add_estimate(maker.table, difference.estimate.value, difference.estimate.low, difference.estimate.high);
            sdqn_table_add_p_value(maker.table, difference.p);
            sdqn_table_add_text(maker.table, word_of(&difference));
        }
    }
    return end(&maker, table);
}
