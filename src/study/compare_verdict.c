// The starting document's comparison table (its section 14): a row a quantity, a column an arm, and a winner where there is one.

#include "core/text.h"
#include "study/compare_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TIES_SIZE ((size_t)4 * SDQN_SCORES_NAME_SIZE)
#define VALUE_SIZE ((size_t)4 * SDQN_TEXT_SIZE) ///< of a value with its interval as text

/// A row.
typedef struct Row {
    const char *label;
    SdqnMeasure measure;
    double scale; ///< shown is the value times this
    int decimals;
    bool lower_is_better;
    bool exact;         ///< the same for every seed
    bool positive_only; ///< negative values cannot be ranked
    bool no_winner;     ///< less or more of it is not better as such
} Row;

static void write_value(const Row *row, const SdqnEstimate *estimate, char text[VALUE_SIZE]) {
    char value[SDQN_TEXT_SIZE], low[SDQN_TEXT_SIZE], high[SDQN_TEXT_SIZE];
    if (!isfinite(estimate->value)) {
        snprintf(text, VALUE_SIZE, "-");
        return;
    }
    sdqn_text_from_double_fixed(row->scale * estimate->value, row->decimals, value);
    if (row->exact || !isfinite(estimate->low)) {
        snprintf(text, VALUE_SIZE, "%s", value);
        return;
    }
    snprintf(text, VALUE_SIZE, "%s [%s, %s]", value, sdqn_text_from_double_fixed(row->scale * estimate->low, row->decimals, low),
             sdqn_text_from_double_fixed(row->scale * estimate->high, row->decimals, high));
}

static bool is_better(const Row *row, double value, double than) { return row->lower_is_better ? value < than : value > than; }

/// The arm with the best value. @param estimates [arms] @return -1 if a value is not known, or they cannot be ranked
static int best_arm(const Row *row, const SdqnEstimate *estimates, int num_arms) {
    int best = 0;
    if (row->no_winner) return -1;
    for (int a = 0; a < num_arms; a++) {
        if (!isfinite(estimates[a].value) || (row->positive_only && estimates[a].value <= 0.0)) return -1;
        if (is_better(row, estimates[a].value, estimates[best].value)) best = a;
    }
    return best;
}

/// The arms that share the best value of what is the same for every seed: "equal" if it is all of them.
static void write_ties(const SdqnCompareDef *def, const SdqnEstimate *estimates, int best, char text[TIES_SIZE]) {
    int ties = 0;
    size_t length = 0;
    for (int a = 0; a < def->set.num_arms; a++) {
        if (estimates[a].value != estimates[best].value) continue;
        if (length < TIES_SIZE)
            length += (size_t)snprintf(text + length, TIES_SIZE - length, "%s%s", ties > 0 ? ", " : "", def->set.arms[a].name);
        ties++;
    }
    if (ties == def->set.num_arms) {
        snprintf(text, TIES_SIZE, "equal");
    } else if (length >= TIES_SIZE) {
        snprintf(text, TIES_SIZE, "%d arms", ties);
    }
}

/// Whether the best arm is better than each other one beyond doubt.
static SdqnStatus beats_all(const SdqnCompareDef *def, const Row *row, int best, const SdqnEstimate *estimates, bool *beats,
                            SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    *beats = true;
    for (int a = 0; a < def->set.num_arms && status == SDQN_OK && *beats; a++) {
        SdqnDifference difference = {0};
        if (a == best) continue;
        if (row->exact) {
            *beats = is_better(row, estimates[best].value, estimates[a].value);
            continue;
        }
        status = sdqn_measure_difference(&def->bootstrap, &def->set.arms[best], &def->set.arms[a], row->measure, &difference, error);
        *beats = difference.verdict == (row->lower_is_better ? -1 : 1);
    }
    return status;
}

/// The difference of two arms, first less second, as text.
static SdqnStatus write_difference(const SdqnCompareDef *def, const Row *row, char text[VALUE_SIZE], SdqnError *error) {
    SdqnDifference difference;
    const SdqnStatus status =
        sdqn_measure_difference(&def->bootstrap, &def->set.arms[0], &def->set.arms[1], row->measure, &difference, error);
    if (status == SDQN_OK) write_value(row, &difference.estimate, text);
    return status;
}

static SdqnStatus add_row(const SdqnCompareDef *def, const Row *row, SdqnTable *table, SdqnError *error) {
    SdqnEstimate estimates[SDQN_SCORES_MAX_ARMS];
    const int num_arms = def->set.num_arms;
    char text[VALUE_SIZE], ties[TIES_SIZE] = "-";
    bool beats = false;
    SdqnStatus status = SDQN_OK;
    for (int a = 0; a < num_arms && status == SDQN_OK; a++)
        status = sdqn_measure_arm(&def->bootstrap, &def->set.arms[a], row->measure, &estimates[a], error);
    if (status != SDQN_OK) return status;
    const int best = best_arm(row, estimates, num_arms);
    if (best >= 0) status = beats_all(def, row, best, estimates, &beats, error);
    sdqn_table_add_text(table, row->label);
    for (int a = 0; a < num_arms; a++) {
        write_value(row, &estimates[a], text);
        sdqn_table_add_text(table, text);
    }
    if (num_arms == 2) {
        if (status == SDQN_OK) status = write_difference(def, row, text, error);
        sdqn_table_add_text(table, text);
    }
    if (best >= 0 && row->exact) write_ties(def, estimates, best, ties);
    if (num_arms > 1) sdqn_table_add_text(table, best < 0 || row->exact ? ties : beats ? def->set.arms[best].name : "open");
    return status;
}

static SdqnTable *create(const SdqnCompareDef *def) {
    char words[SDQN_COMPARE_WORDS_SIZE], caption[4 * SDQN_COMPARE_WORDS_SIZE], difference[2 * SDQN_SCORES_NAME_SIZE + 8];
    const SdqnArmSet *set = &def->set;
    snprintf(
        caption, sizeof caption, "Final policies and what they cost. %s.%s", sdqn_compare_intervals(def, words),
        set->num_arms < 2
            ? ""
            : " Winner: the arm whose difference to each other arm has an interval that excludes 0 and p < 0.05 in a permutation test, on "
              "at least 6 seeds (fewer cannot decide); else open. Not corrected for the number of rows. -: where neither more nor less is "
              "better as such, what is not known, and negative returns per parameter.");
    SdqnTable *table = sdqn_table_create(caption);
    sdqn_table_add_column(table, "quantity", SDQN_COLUMN_TEXT, 0);
    for (int a = 0; a < set->num_arms; a++) sdqn_table_add_column(table, set->arms[a].name, SDQN_COLUMN_TEXT, 0);
    if (set->num_arms == 2) {
        snprintf(difference, sizeof difference, "%s - %s", set->arms[0].name, set->arms[1].name);
        sdqn_table_add_column(table, difference, SDQN_COLUMN_TEXT, 0);
    }
    if (set->num_arms > 1) sdqn_table_add_column(table, "winner", SDQN_COLUMN_TEXT, 0);
    return table;
}

/// Whether wall times are known of any run.
static bool has_times(const SdqnArmSet *set) {
    for (int a = 0; a < set->num_arms; a++) {
        for (int i = 0; set->arms[a].seconds && i < set->arms[a].num_runs; i++) {
            if (isfinite(set->arms[a].seconds[i])) return true;
        }
    }
    return false;
}

SdqnStatus sdqn_compare_verdict_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error) {
    static const Row others[] = {
        {"area under the evaluation curve", {SDQN_MEASURE_AREA, SDQN_ALL_TASKS}, 1.0, 1, .exact = false},
        {"return per 1,000 parameters", {SDQN_MEASURE_EFFICIENCY, SDQN_ALL_TASKS}, 1.0, 2, .positive_only = true},
        {"training episodes", {SDQN_MEASURE_EPISODES, SDQN_ALL_TASKS}, 1.0, 0, .lower_is_better = true, .exact = true},
        {"environment steps", {SDQN_MEASURE_STEPS, SDQN_ALL_TASKS}, 1.0, 0, .no_winner = true},
        {"updates", {SDQN_MEASURE_UPDATES, SDQN_ALL_TASKS}, 1.0, 0, .no_winner = true},
        {"training time (minutes)",
         {SDQN_MEASURE_SECONDS, SDQN_ALL_TASKS},
         1.0 / 60.0,
         1,
         .lower_is_better = true}, // the last, which may be unknown
    };
    const size_t num_others = sizeof others / sizeof *others - (has_times(&def->set) ? 0 : 1);
    static const Row parameters = {"parameters", {SDQN_MEASURE_PARAMETERS, SDQN_ALL_TASKS}, 1.0, 0, .lower_is_better = true, .exact = true};
    SdqnTable *made = create(def);
    SdqnStatus status = add_row(def, &parameters, made, error);
    for (int t = 0; t <= sdqn_compare_num_tasks(def) && status == SDQN_OK; t++) { // the mean over tasks behind the tasks
        const int task = t < sdqn_compare_num_tasks(def) ? t : SDQN_ALL_TASKS;
        char label[SDQN_TASK_NAME_SIZE + 32];
        snprintf(label, sizeof label, "return, %s", sdqn_compare_task_name(def, task));
        status = add_row(def, &(Row){label, {SDQN_MEASURE_RETURN, task}, 1.0, 1, .exact = false}, made, error);
    }
    for (size_t i = 0; i < num_others && status == SDQN_OK; i++) status = add_row(def, &others[i], made, error);
    if (status == SDQN_OK) status = sdqn_table_check(made, error);
    if (status == SDQN_OK) {
        *table = made;
    } else {
        sdqn_table_destroy(made);
    }
    return status;
}
