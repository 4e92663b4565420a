// gradients_section.c: how the tasks' gradients lay to each other, beside a control in which tasks do not matter.
#include "analysis/sections.h"

#include "analysis/conflict_gain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTROL_STYLE SDQN_ANALYSIS_MAX_PAIRS ///< black, behind the styles of the pairs
#define MAX_LAYER_CURVES 12
#define MIN_WINDOW 10 ///< reports in a rolling mean
#define MAX_WINDOW 200
#define PAIR_NAME_SIZE 80
#define MAX_PAIR_ROWS 200 ///< of the table of pairs

/// Figures of a list of cosines; NaN values do not count.
typedef struct Spread {
    int count;
    double mean, low, high, negative; ///< low, high: percentiles 5 and 95; negative: share below 0
} Spread;

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/// Percentile by linear interpolation between order statistics. @param sorted [count], count >= 1
static double percentile(const double *sorted, int count, double share) {
    const double place = share * (count - 1);
    const int below = (int)place;
    return below + 1 < count ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[count - 1];
}

/// @param values  [reports, stride], of which column `column` is taken @param scratch [reports]
static Spread spread_of(const double *values, int reports, int stride, int column, double *scratch) {
    Spread spread = {.mean = (double)NAN, .low = (double)NAN, .high = (double)NAN, .negative = (double)NAN};
    double sum = 0.0;
    int negative = 0;
    for (int r = 0; r < reports; r++) {
        const double value = values[(size_t)r * (size_t)stride + (size_t)column];
        if (isnan(value)) continue;
        scratch[spread.count++] = value;
        sum += value;
        negative += value < 0.0;
    }
    if (spread.count == 0) return spread;
    qsort(scratch, (size_t)spread.count, sizeof *scratch, compare);
    spread.mean = sum / spread.count;
    spread.low = percentile(scratch, spread.count, 0.05);
    spread.high = percentile(scratch, spread.count, 0.95);
    spread.negative = (double)negative / spread.count;
    return spread;
}

static void name_pair(const SdqnConfig *config, int pair, char name[PAIR_NAME_SIZE]) {
    int a, b;
    sdqn_gradient_pair(pair, &a, &b);
    snprintf(name, PAIR_NAME_SIZE, "%s, %s", config->tasks[a], config->tasks[b]);
}

// ---- which pairs are drawn ------------------------------------------------------------------------------------------------------

/// All pairs, or those with the lowest mean cosines.
typedef struct Choice {
    int count;
    int pairs[SDQN_ANALYSIS_MAX_PAIRS];
    char names[SDQN_ANALYSIS_MAX_PAIRS][PAIR_NAME_SIZE];
} Choice;

static void choose_pairs(const SdqnAnalysis *analysis, double *scratch, Choice *choice) {
    const SdqnGradientRecord *gradients = analysis->gradients;
    double means[SDQN_ANALYSIS_MAX_PAIRS];
    choice->count = 0;
    for (int p = 0; p < gradients->pairs; p++) {
        const double mean = spread_of(gradients->seen.cosines, gradients->count, gradients->pairs, p, scratch).mean;
        int place = choice->count;
        if (isnan(mean)) continue;
        // With room for all they stay in their order.
        while (gradients->pairs > SDQN_ANALYSIS_MAX_PAIRS && place > 0 && mean < means[place - 1]) place--;
        if (place == SDQN_ANALYSIS_MAX_PAIRS) continue;
        if (choice->count < SDQN_ANALYSIS_MAX_PAIRS) choice->count++;
        const size_t behind = (size_t)(choice->count - place - 1);
        memmove(means + place + 1, means + place, behind * sizeof *means);
        memmove(choice->pairs + place + 1, choice->pairs + place, behind * sizeof *choice->pairs);
        means[place] = mean;
        choice->pairs[place] = p;
    }
    for (int i = 0; i < choice->count; i++) name_pair(&analysis->run->config, choice->pairs[i], choice->names[i]);
}

// ---- over time ------------------------------------------------------------------------------------------------------------------

/// Reports in a rolling mean: a twelfth of all, so that what stays is the drift and not the noise of single batches.
static int window_of(const SdqnGradientRecord *gradients) {
    const int window = gradients->count / 12;
    return window < MIN_WINDOW ? MIN_WINDOW : window > MAX_WINDOW ? MAX_WINDOW : window;
}

/// Mean over the pairs of a report; NaN without any.
static double mean_of_pairs(const SdqnGradientRecord *gradients, const SdqnCosines *cosines, int report) {
    int known = 0;
    double sum = 0.0;
    for (int p = 0; p < gradients->pairs; p++) {
        const double cosine = cosines->cosines[(size_t)report * (size_t)gradients->pairs + (size_t)p];
        if (isnan(cosine)) continue;
        sum += cosine;
        known++;
    }
    return known > 0 ? sum / known : (double)NAN;
}

/// Curves of the chosen pairs, of the control's mean over all pairs, of the conflict share and of that of the control.
enum { CONTROL = SDQN_ANALYSIS_MAX_PAIRS, CONFLICT, CONTROL_CONFLICT, NUM_CURVES };

static SdqnStatus fill_curves(const SdqnGradientRecord *gradients, const Choice *choice, SdqnSmoothCurve *curves, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int c = 0; c < NUM_CURVES && status == SDQN_OK; c++) {
        status = sdqn_smooth_curve_create(gradients->count, &curves[c], error);
        for (int r = 0; r < gradients->count && status == SDQN_OK; r++) {
            double value = (double)NAN;
            if (c < choice->count)
                value = gradients->seen.cosines[(size_t)r * (size_t)gradients->pairs + (size_t)choice->pairs[c]];
            else if (c == CONTROL)
                value = mean_of_pairs(gradients, &gradients->control, r);
            else if (c >= CONFLICT)
                value = 100.0 * sdqn_conflict_share(gradients, c == CONFLICT ? &gradients->seen : &gradients->control, r);
            sdqn_smooth_curve_add(&curves[c], (double)gradients->updates[r] / 1000.0, value);
        }
        if (status == SDQN_OK) status = sdqn_smooth_curve_average(&curves[c], window_of(gradients), true, error);
    }
    return status;
}

static SdqnSeries series_of(const SdqnSmoothCurve *curve, const char *label, int style) {
    return (SdqnSeries){.label = label, .style = style, .count = curve->count, .x = curve->x, .y = curve->means};
}

static SdqnStatus add_over_time(const SdqnAnalysis *analysis, const Choice *choice, SdqnError *error) {
    SdqnSmoothCurve curves[NUM_CURVES] = {{0}};
    SdqnSeries cosines[SDQN_ANALYSIS_MAX_PAIRS + 1], conflicts[2];
    char caption[400];
    const SdqnStatus status = fill_curves(analysis->gradients, choice, curves, error);
    if (status == SDQN_OK) {
        int count = 0;
        for (; count < choice->count; count++) cosines[count] = series_of(&curves[count], choice->names[count], count);
        cosines[count++] = series_of(&curves[CONTROL], "control", CONTROL_STYLE);
        conflicts[0] = series_of(&curves[CONFLICT], "conflicting pairs", CONTROL_STYLE + 1);
        conflicts[1] = series_of(&curves[CONTROL_CONFLICT], "control", CONTROL_STYLE);
        const SdqnReference zero = {.at = 0.0};
        const SdqnPanel panels[2] = {{.title = "Cosines of the tasks' gradients",
                                      .x = {.label = "update (thousands)"},
                                      .y = {.label = "cosine (rolling mean)"},
                                      .series = cosines,
                                      .num_series = count,
                                      .references = &zero,
                                      .num_references = 1},
                                     {.title = "Conflict",
                                      .x = {.label = "update (thousands)"},
                                      .y = {.label = "pairs with cosine < 0 (%)", .low = 0.0, .high = 100.0},
                                      .series = conflicts,
                                      .num_series = 2}};
        snprintf(
            caption, sizeof caption,
            "Gradients of the tasks' TD losses at %d updates, rolling mean of %d reports%s. Control: the same batch's rows dealt to the "
            "tasks at random, mean over all pairs.",
            analysis->gradients->count, window_of(analysis->gradients),
            analysis->gradients->pairs > choice->count ? "; the pairs with the lowest mean cosines" : "");
        sdqn_page_figure(analysis->page,
                         &(SdqnChart){.name = "gradient-cosines", .caption = caption, .panels = panels, .num_panels = 2, .columns = 2});
    }
    for (int c = 0; c < NUM_CURVES; c++) sdqn_smooth_curve_clear(&curves[c]);
    return status;
}

// ---- by pair --------------------------------------------------------------------------------------------------------------------

static void add_pair_table(const SdqnAnalysis *analysis, double *scratch) {
    const SdqnGradientRecord *gradients = analysis->gradients;
    const int shown = gradients->pairs < MAX_PAIR_ROWS ? gradients->pairs : MAX_PAIR_ROWS;
    SdqnTable *table =
        sdqn_table_create("Cosines by pair of tasks over all reported updates. [low, high]: percentiles 5 and 95 of the reports.");
    sdqn_table_add_column(table, "pair", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "reports", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "mean cosine", SDQN_COLUMN_ESTIMATE, 2);
    sdqn_table_add_column(table, "negative (%)", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "control: mean cosine", SDQN_COLUMN_ESTIMATE, 2);
    sdqn_table_add_column(table, "control: negative (%)", SDQN_COLUMN_NUMBER, 1);
    for (int p = 0; p < shown; p++) {
        char name[PAIR_NAME_SIZE];
        const Spread seen = spread_of(gradients->seen.cosines, gradients->count, gradients->pairs, p, scratch);
        const Spread control = spread_of(gradients->control.cosines, gradients->count, gradients->pairs, p, scratch);
        name_pair(&analysis->run->config, p, name);
        sdqn_table_add_text(table, name);
        sdqn_table_add_number(table, seen.count);
        sdqn_table_add_estimate(table, seen.mean, seen.low, seen.high);
        sdqn_table_add_number(table, 100.0 * seen.negative);
        sdqn_table_add_estimate(table, control.mean, control.low, control.high);
        sdqn_table_add_number(table, 100.0 * control.negative);
    }
    sdqn_page_table(analysis->page, "gradient-pairs", table);
    sdqn_table_destroy(table);
    if (shown < gradients->pairs) sdqn_page_text(analysis->page, "The first %d of %d pairs are in the table.", shown, gradients->pairs);
}

// ---- by layer -------------------------------------------------------------------------------------------------------------------

static Spread layer_spread(const SdqnGradientRecord *gradients, const SdqnCosines *cosines, int layer, int pair, double *scratch) {
    return spread_of(cosines->layer_cosines, gradients->count, gradients->num_layers * gradients->pairs, layer * gradients->pairs + pair,
                     scratch);
}

/// Layers in which gradients of two tasks can meet: rows of embeddings never do, their cosines are all 0.
static int find_layers(const SdqnGradientRecord *gradients, double *scratch, int *layers, const char **names) {
    int count = 0;
    for (int i = 0; i < gradients->num_layers; i++) {
        bool meets = false;
        for (int p = 0; p < gradients->pairs && !meets; p++) {
            const Spread spread = layer_spread(gradients, &gradients->seen, i, p, scratch);
            meets = spread.count > 0 && (spread.low != 0.0 || spread.high != 0.0 || spread.mean != 0.0);
        }
        if (!meets) continue;
        layers[count] = i;
        names[count++] = gradients->layers[i];
    }
    return count;
}

/// Mean over all pairs of the layer's mean cosine and of its share of negative ones.
static void layer_means(const SdqnGradientRecord *gradients, const SdqnCosines *cosines, int layer, double *scratch, double *mean,
                        double *negative) {
    int known = 0;
    *mean = *negative = 0.0;
    for (int p = 0; p < gradients->pairs; p++) {
        const Spread spread = layer_spread(gradients, cosines, layer, p, scratch);
        if (spread.count == 0) continue;
        *mean += spread.mean;
        *negative += spread.negative;
        known++;
    }
    *mean = known > 0 ? *mean / known : (double)NAN;
    *negative = known > 0 ? *negative / known : (double)NAN;
}

static void add_layers(const SdqnAnalysis *analysis, const Choice *choice, double *scratch) {
    const SdqnGradientRecord *gradients = analysis->gradients;
    int layers[SDQN_GRADIENT_MAX_LAYERS];
    const char *names[SDQN_GRADIENT_MAX_LAYERS];
    double values[SDQN_ANALYSIS_MAX_PAIRS + 1][SDQN_GRADIENT_MAX_LAYERS];
    SdqnSeries series[SDQN_ANALYSIS_MAX_PAIRS + 1];
    const int count = find_layers(gradients, scratch, layers, names);
    if (count == 0) return;
    SdqnTable *table = sdqn_table_create("Cosines by layer: means over all pairs of tasks and all reports. Layers that no two tasks share "
                                         "(rows of embeddings) are left out.");
    sdqn_table_add_column(table, "layer", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "mean cosine", SDQN_COLUMN_NUMBER, 3);
    sdqn_table_add_column(table, "negative (%)", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "control: mean cosine", SDQN_COLUMN_NUMBER, 3);
    sdqn_table_add_column(table, "control: negative (%)", SDQN_COLUMN_NUMBER, 1);
    for (int i = 0; i < count; i++) {
        double mean, negative, control, control_negative;
        layer_means(gradients, &gradients->seen, layers[i], scratch, &mean, &negative);
        layer_means(gradients, &gradients->control, layers[i], scratch, &control, &control_negative);
        sdqn_table_add_text(table, names[i]);
        sdqn_table_add_number(table, mean);
        sdqn_table_add_number(table, 100.0 * negative);
        sdqn_table_add_number(table, control);
        sdqn_table_add_number(table, 100.0 * control_negative);
        for (int c = 0; c < choice->count; c++)
            values[c][i] = layer_spread(gradients, &gradients->seen, layers[i], choice->pairs[c], scratch).mean;
        values[choice->count][i] = control;
    }
    for (int c = 0; c <= choice->count; c++)
        series[c] = (SdqnSeries){.kind = SDQN_SERIES_BARS,
                                 .label = c < choice->count ? choice->names[c] : "control",
                                 .style = c < choice->count ? c : CONTROL_STYLE,
                                 .count = count,
                                 .y = values[c]};
    const SdqnPanel panel = {
        .y = {.label = "mean cosine"}, .categories = names, .num_categories = count, .series = series, .num_series = choice->count + 1};
    sdqn_page_figure(analysis->page,
                     &(SdqnChart){.name = "gradient-layers",
                                  .caption = "Mean cosine of the tasks' gradients in each layer over all reports, by pair; control: "
                                             "mean over all pairs.",
                                  .panels = &panel,
                                  .num_panels = 1});
    sdqn_page_table(analysis->page, "gradient-layers", table);
    sdqn_table_destroy(table);
}

/// Mean over the pairs of a layer in a report; NaN without any.
static double layer_mean(const SdqnGradientRecord *gradients, int layer, int report) {
    const size_t pairs = (size_t)gradients->pairs, first = ((size_t)report * (size_t)gradients->num_layers + (size_t)layer) * pairs;
    int known = 0;
    double sum = 0.0;
    for (size_t p = 0; p < pairs; p++) {
        const double cosine = gradients->seen.layer_cosines[first + p];
        if (isnan(cosine)) continue;
        sum += cosine;
        known++;
    }
    return known > 0 ? sum / known : (double)NAN;
}

static SdqnStatus add_layers_over_time(const SdqnAnalysis *analysis, double *scratch, SdqnError *error) {
    const SdqnGradientRecord *gradients = analysis->gradients;
    int layers[SDQN_GRADIENT_MAX_LAYERS];
    const char *names[SDQN_GRADIENT_MAX_LAYERS];
    SdqnSmoothCurve curves[MAX_LAYER_CURVES] = {{0}};
    SdqnSeries series[MAX_LAYER_CURVES];
    char caption[300];
    const int all = find_layers(gradients, scratch, layers, names), count = all < MAX_LAYER_CURVES ? all : MAX_LAYER_CURVES;
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < count && status == SDQN_OK; i++) {
        status = sdqn_smooth_curve_create(gradients->count, &curves[i], error);
        for (int r = 0; r < gradients->count && status == SDQN_OK; r++)
            sdqn_smooth_curve_add(&curves[i], (double)gradients->updates[r] / 1000.0, layer_mean(gradients, layers[i], r));
        if (status == SDQN_OK) status = sdqn_smooth_curve_average(&curves[i], window_of(gradients), true, error);
        series[i] = series_of(&curves[i], names[i], i);
    }
    if (status == SDQN_OK && count > 0) {
        const SdqnReference zero = {.at = 0.0};
        const SdqnPanel panel = {.x = {.label = "update (thousands)"},
                                 .y = {.label = "mean cosine (rolling mean)"},
                                 .series = series,
                                 .num_series = count,
                                 .references = &zero,
                                 .num_references = 1};
        snprintf(caption, sizeof caption,
                 "Cosines of the tasks' gradients in each layer, mean over all pairs, rolling mean of %d reports%s.", window_of(gradients),
                 count < all ? "; the first layers of the network" : "");
        sdqn_page_figure(analysis->page,
                         &(SdqnChart){.name = "gradient-layers-over-time", .caption = caption, .panels = &panel, .num_panels = 1});
    }
    for (int i = 0; i < count; i++) sdqn_smooth_curve_clear(&curves[i]);
    return status;
}

// ---- robustness -----------------------------------------------------------------------------------------------------------------

static void add_robustness_table(const SdqnAnalysis *analysis) {
    const SdqnGradientRecord *gradients = analysis->gradients;
    char caption[600], weights[120];
    int unknown = 0;
    for (int r = 0; r < gradients->count; r++) unknown += !sdqn_gradient_weights_are_known(gradients, r);
    snprintf(weights, sizeof weights,
             unknown == 0 ? "of the recorded weights w_j" : "of the recorded weights w_j, all 1 in %d of %d reports that hold none",
             unknown, gradients->count);
    snprintf(
        caption, sizeof caption,
        "Conflict robustness: share of the reported updates whose step does not raise the task's own TD loss to first order, that is "
        "d . g_i >= 0 for the step's direction d = sum of w_j g_j, %s. 100 %%: conflict never turned a step against this task. Control: "
        "with the same weights, the batch's rows dealt to the tasks at random.",
        weights);
    SdqnTable *table = sdqn_table_create(caption);
    sdqn_table_add_column(table, "task", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "reports", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "conflict robustness (%)", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "control (%)", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "mean cosine with the step", SDQN_COLUMN_NUMBER, 2);
    for (int t = 0; t < gradients->tasks; t++) {
        int count;
        double sum = 0.0;
        const double share = sdqn_gradient_robustness(gradients, &gradients->seen, t, &count);
        for (int r = 0; r < gradients->count; r++) {
            const double cosine = sdqn_gradient_step_cosine(gradients, &gradients->seen, r, t);
            if (!isnan(cosine)) sum += cosine / count;
        }
        sdqn_table_add_text(table, analysis->run->config.tasks[t]);
        sdqn_table_add_number(table, count);
        sdqn_table_add_number(table, 100.0 * share);
        sdqn_table_add_number(table, 100.0 * sdqn_gradient_robustness(gradients, &gradients->control, t, NULL));
        sdqn_table_add_number(table, count > 0 ? sum : (double)NAN);
    }
    sdqn_page_table(analysis->page, "conflict-robustness", table);
    sdqn_table_destroy(table);
}

static SdqnStatus add_gains(const SdqnAnalysis *analysis, SdqnError *error) {
    SdqnConflictGain gain;
    const SdqnStatus status = sdqn_conflict_gain(analysis->run, analysis->gradients, &gain, error);
    if (status != SDQN_OK) return status;
    if (gain.low_count + gain.high_count < 3) {
        sdqn_page_text(analysis->page,
                       "Whether learning was slower where gradients conflicted more is left out: it takes at least four periodic "
                       "evaluations with reports between them.");
        return SDQN_OK;
    }
    SdqnTable *table =
        sdqn_table_create("Growth of the evaluation's mean return between one periodic evaluation and the next, in intervals with at "
                          "most the median share of conflicting pairs and with more. Within one run this shows no cause: both change "
                          "as training goes on.");
    sdqn_table_add_column(table, "intervals", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "number", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "mean growth of the return", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "std", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "correlation of conflict and growth", SDQN_COLUMN_NUMBER, 2);
    sdqn_table_add_text(table, "less conflict");
    sdqn_table_add_number(table, gain.low_count);
    sdqn_table_add_number(table, gain.low_gain);
    sdqn_table_add_number(table, gain.low_deviation);
    sdqn_table_add_number(table, gain.correlation);
    sdqn_table_add_text(table, "more conflict");
    sdqn_table_add_number(table, gain.high_count);
    sdqn_table_add_number(table, gain.high_gain);
    sdqn_table_add_number(table, gain.high_deviation);
    sdqn_table_add_number(table, gain.correlation);
    sdqn_page_table(analysis->page, "conflict-growth", table);
    sdqn_table_destroy(table);
    return SDQN_OK;
}

/// Why there is nothing to show. @return whether so
static bool is_left_out(const SdqnAnalysis *analysis) {
    const SdqnGradientRecord *gradients = analysis->gradients;
    if (analysis->run->config.num_tasks == 1) {
        sdqn_page_text(analysis->page, "The run has one task, so no two gradients can conflict.");
    } else if (analysis->run->config.dqn.gradient_period == 0) {
        sdqn_page_text(analysis->page, "The run made no reports on gradients (gradient_period: 0).");
    } else if (gradients->count == 0) {
        sdqn_page_text(analysis->page, "There is no report on gradients yet: one is made every %d updates.",
                       analysis->run->config.dqn.gradient_period);
    } else if (gradients->pairs == 0) {
        sdqn_page_text(analysis->page, "Each task has a network of its own, so no two gradients meet.");
    } else {
        return false;
    }
    return true;
}

SdqnStatus sdqn_analysis_gradients(const SdqnAnalysis *analysis, SdqnError *error) {
    const SdqnGradientRecord *gradients = analysis->gradients;
    Choice choice;
    sdqn_page_section(analysis->page, "Gradients of the tasks");
    if (is_left_out(analysis)) return SDQN_OK;
    double *scratch = calloc((size_t)gradients->count + 1, sizeof *scratch);
    if (!scratch) return sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for gradients");
    if (!gradients->has_control)
        sdqn_page_text(analysis->page,
                       "This run was made by a program that did not record the control with shuffled tasks yet: it is left out.");
    choose_pairs(analysis, scratch, &choice);
    SdqnStatus status = add_over_time(analysis, &choice, error);
    add_pair_table(analysis, scratch);
    add_layers(analysis, &choice, scratch);
    if (status == SDQN_OK) status = add_layers_over_time(analysis, scratch, error);
    free(scratch);
    sdqn_page_section(analysis->page, "Conflict robustness");
    add_robustness_table(analysis);
    return status == SDQN_OK ? add_gains(analysis, error) : status;
}
