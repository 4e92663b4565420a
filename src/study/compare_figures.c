#include "study/compare_parts.h"
#include "study/performance_profile.h"
#include "study/reach.h"
#include "study/training_curve.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CURVE_POINTS 120   ///< of a training curve
#define PROFILE_POINTS 150 ///< thresholds of a profile
#define MAX_PAIRS 28       ///< in a figure: those of eight arms
#define MAX_OVERLAID 6     ///< arms whose curves one panel can hold and still be read
#define SMALL_HEIGHT 240   ///< of the panels of many arms

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory"); }

// ---- memory and panels ----------------------------------------------------------------------------------------------------------

/// Memory that is freed with the figure.
typedef struct Block {
    struct Block *next;
    max_align_t data[];
} Block;

/// A chart in the making: panels of one size, an axis each. After an error nothing more is made.
typedef struct Figure {
    const SdqnCompareDef *def;
    Block *blocks;
    SdqnPanel panels[SDQN_CHART_MAX_PANELS];
    int num_panels;
    SdqnStatus status;
    SdqnError *error;
} Figure;

/// Zeros; NULL after an error.
static void *take(Figure *figure, size_t count, size_t size) {
    Block *block = figure->status == SDQN_OK ? calloc(1, sizeof *block + (count + 1) * size) : NULL;
    if (!block) {
        if (figure->status == SDQN_OK) figure->status = out_of_memory(figure->error);
        return NULL;
    }
    block->next = figure->blocks;
    figure->blocks = block;
    return block->data;
}

/// Show the figure and free it.
static SdqnStatus end(Figure *figure, SdqnPage *page, const char *name, const char *caption, int columns, int height) {
    char full_name[64];
    snprintf(full_name, sizeof full_name, "%s%s", name, figure->def->suffix);
    if (figure->status == SDQN_OK && figure->num_panels > 0) {
        sdqn_page_figure(page, &(SdqnChart){.name = full_name,
                                            .caption = caption,
                                            .panels = figure->panels,
                                            .num_panels = figure->num_panels,
                                            .columns = columns < figure->num_panels ? columns : figure->num_panels,
                                            .panel_height = height});
    }
    while (figure->blocks) {
        Block *next = figure->blocks->next;
        free(figure->blocks);
        figure->blocks = next;
    }
    return figure->status;
}

static SdqnSeries *take_series(Figure *figure, int count) { return take(figure, (size_t)count, sizeof(SdqnSeries)); }

/// Room for the numbers of a series.
typedef struct Numbers {
    double *x, *y, *low, *high; ///< NULL after an error
} Numbers;

static Numbers take_numbers(Figure *figure, int count) {
    double *memory = take(figure, 4 * (size_t)count, sizeof(double));
    if (!memory) return (Numbers){NULL, NULL, NULL, NULL};
    return (Numbers){memory, memory + count, memory + 2 * (size_t)count, memory + 3 * (size_t)count};
}

static void put(const Numbers *numbers, int i, double x, const SdqnEstimate *estimate) {
    assert(numbers->x && numbers->y && numbers->low && numbers->high);
    numbers->x[i] = x;
    numbers->y[i] = estimate->value;
    numbers->low[i] = estimate->low;
    numbers->high[i] = estimate->high;
}

static SdqnSeries line(const Numbers *numbers, int count, const SdqnArmRuns *arm, int style) {
    const bool band = arm->num_runs > 1;
    return (SdqnSeries){.kind = SDQN_SERIES_LINE,
                        .label = arm->name,
                        .style = style,
                        .count = count,
                        .x = numbers->x,
                        .y = numbers->y,
                        .low = band ? numbers->low : NULL,
                        .high = band ? numbers->high : NULL};
}

/// Panels there is room for: the mean over the tasks and as many tasks as fit.
static int count_task_panels(const SdqnCompareDef *def) {
    const int tasks = sdqn_compare_num_tasks(def);
    if (tasks == 1) return 1; // which is the mean
    return tasks + 1 < SDQN_CHART_MAX_PANELS ? tasks + 1 : SDQN_CHART_MAX_PANELS;
}

/// The task of a panel: the mean first, then task by task; with one task that one.
static int task_of_panel(const SdqnCompareDef *def, int panel) { return sdqn_compare_num_tasks(def) == 1 ? 0 : panel - 1; }

/// Whether the arms are too many for their curves to share a panel: then each has one of its own, for the mean over the tasks.
static bool is_crowded(const SdqnCompareDef *def) { return def->set.num_arms > MAX_OVERLAID; }

/// What a caption says of panels for each arm. @param behind  whether the first arm is in each
static const char *describe_panels(const SdqnCompareDef *def, bool behind, char words[SDQN_COMPARE_WORDS_SIZE]) {
    words[0] = '\0';
    if (is_crowded(def) && behind) {
        snprintf(words, SDQN_COMPARE_WORDS_SIZE, "A panel an arm, mean over the tasks, with %.300s in each. ", def->set.arms[0].name);
    } else if (is_crowded(def)) {
        snprintf(words, SDQN_COMPARE_WORDS_SIZE, "A panel an arm. ");
    }
    return words;
}

// ---- intervals ------------------------------------------------------------------------------------------------------------------

static const char **arm_names(Figure *figure) {
    const SdqnArmSet *set = &figure->def->set;
    const char **names = take(figure, (size_t)set->num_arms, sizeof *names);
    for (int a = 0; names && a < set->num_arms; a++) names[a] = set->arms[a].name;
    return names;
}

SdqnStatus sdqn_compare_performance_figure(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error) {
    Figure figure = {.def = def, .error = error};
    char words[SDQN_COMPARE_WORDS_SIZE], caption[2 * SDQN_COMPARE_WORDS_SIZE];
    const int num_arms = def->set.num_arms, panels = count_task_panels(def);
    const char **names = arm_names(&figure);
    for (int p = 0; p < panels && figure.status == SDQN_OK; p++) {
        const SdqnMeasure measure = {SDQN_MEASURE_RETURN, task_of_panel(def, p)};
        SdqnSeries *series = take_series(&figure, 1);
        const Numbers numbers = take_numbers(&figure, num_arms);
        for (int a = 0; a < num_arms && figure.status == SDQN_OK; a++) {
            SdqnEstimate estimate = {0};
            figure.status = sdqn_measure_arm(&def->bootstrap, &def->set.arms[a], measure, &estimate, error);
            put(&numbers, a, a, &estimate);
        }
        if (figure.status != SDQN_OK) break;
        *series = (SdqnSeries){.kind = SDQN_SERIES_INTERVALS, .count = num_arms, .y = numbers.y, .low = numbers.low, .high = numbers.high};
        figure.panels[figure.num_panels++] = (SdqnPanel){.title = sdqn_compare_task_name(def, measure.task),
                                                         .x = {.label = "mean return"},
                                                         .categories = names,
                                                         .num_categories = num_arms,
                                                         .series = series,
                                                         .num_series = 1};
    }
    snprintf(caption, sizeof caption, "Mean return of the final policies, with its interval. %s.", sdqn_compare_intervals(def, words));
    return end(&figure, page, "performance", caption, 2, 0);
}

static const char **pair_names(Figure *figure) {
    const SdqnCompareDef *def = figure->def;
    enum { SIZE = 2 * SDQN_SCORES_NAME_SIZE + 8 };
    const char **names = take(figure, (size_t)def->num_pairs, sizeof *names);
    char *texts = take(figure, (size_t)def->num_pairs, SIZE);
    for (int i = 0; texts && i < def->num_pairs; i++) {
        char *text = texts + (size_t)i * SIZE;
        snprintf(text, SIZE, "%s - %s", def->set.arms[def->pairs[i].a].name, def->set.arms[def->pairs[i].b].name);
        names[i] = text;
    }
    return names;
}

SdqnStatus sdqn_compare_pairs_figure(SdqnPage *page, const SdqnCompareDef *def, const SdqnContrast *contrasts, SdqnError *error) {
    static const SdqnReference none = {.upright = true, .at = 0.0, .label = "no difference"};
    static const SdqnReference even = {.upright = true, .at = 0.5, .label = "no difference"};
    Figure figure = {.def = def, .error = error};
    const int count = def->num_pairs;
    if (count > MAX_PAIRS) {
        sdqn_page_text(page, "There are %d pairs, too many to draw; the tables hold them all.", count);
        return SDQN_OK;
    }
    const char **names = pair_names(&figure);
    SdqnSeries *series = take_series(&figure, 2);
    const Numbers changes = take_numbers(&figure, count), chances = take_numbers(&figure, count);
    if (figure.status == SDQN_OK) {
        for (int i = 0; i < count; i++) {
            put(&changes, i, i, &contrasts[i].difference.estimate);
            put(&chances, i, i, &contrasts[i].improvement);
        }
        series[0] = (SdqnSeries){.kind = SDQN_SERIES_INTERVALS, .count = count, .y = changes.y, .low = changes.low, .high = changes.high};
        series[1] = (SdqnSeries){.kind = SDQN_SERIES_INTERVALS, .count = count, .y = chances.y, .low = chances.low, .high = chances.high};
        figure.panels[0] = (SdqnPanel){.title = "difference of the mean return",
                                       .x = {.label = "a - b (return)"},
                                       .categories = names,
                                       .num_categories = count,
                                       .series = &series[0],
                                       .num_series = 1,
                                       .references = &none,
                                       .num_references = 1};
        figure.panels[1] = (SdqnPanel){.title = "probability of improvement",
                                       .x = {.label = "P(a > b)", .low = 0.0, .high = 1.0},
                                       .categories = names,
                                       .num_categories = count,
                                       .series = &series[1],
                                       .num_series = 1,
                                       .references = &even,
                                       .num_references = 1};
        figure.num_panels = 2;
    }
    return end(
        &figure, page, "pairs",
        "Pairs of arms a - b, final policies, means over tasks: difference of the returns, and the probability that a run of a scores "
        "higher than one of b. The points have 95 % bootstrap intervals over the seeds; n of each pair stands in the table.",
        1, 0);
}

// ---- curves ---------------------------------------------------------------------------------------------------------------------

#define STEPS_UNIT 1000.0 ///< of axes in environment steps, so that their numbers stay short
static const char *const axis_labels[] = {"training episodes (all tasks)", "environment steps (thousands, all tasks)"};

/// Which curves a figure shows.
typedef enum CurveKind { CURVE_TRAINING_STEPS = 0, CURVE_TRAINING_EPISODES, CURVE_EVALUATION } CurveKind;

static SdqnStatus make_curve(const SdqnCompareDef *def, CurveKind kind, const SdqnArmRuns *arm, int task, SdqnCurve *curve,
                             SdqnError *error) {
    SdqnBootstrap bootstrap = def->bootstrap;
    bootstrap.repeats = SDQN_COMPARE_BAND_REPEATS;
    if (kind == CURVE_EVALUATION) return sdqn_evaluation_curve(&bootstrap, arm->runs, arm->num_runs, task, curve, error);
    const SdqnCurveAxis axis = kind == CURVE_TRAINING_STEPS ? SDQN_CURVE_STEPS : SDQN_CURVE_EPISODES;
    return sdqn_training_curve(&bootstrap, arm->runs, arm->num_runs, task, axis, def->window, (double)INFINITY, CURVE_POINTS, curve, error);
}

/// Ends of an axis that all curves and their bands fit.
static void span_curves(const SdqnSeries *curves, int count, SdqnAxis *axis) {
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (int c = 0; c < count; c++) {
        const double *const values[] = {curves[c].y, curves[c].low, curves[c].high};
        for (int i = 0; i < 3 * curves[c].count; i++) {
            const double value = values[i % 3] ? values[i % 3][i / 3] : (double)NAN;
            if (!isfinite(value)) continue;
            low = fmin(low, value);
            high = fmax(high, value);
        }
    }
    if (!(low < high)) return;
    const double step = 0.5 * pow(10.0, floor(log10(high - low)));
    axis->low = floor(low / step) * step;
    axis->high = ceil(high / step) * step;
}

static void add_curve(Figure *figure, CurveKind kind, int arm, int task, SdqnSeries *series) {
    const SdqnArmRuns *runs = &figure->def->set.arms[arm];
    SdqnCurve curve = {0};
    if (figure->status == SDQN_OK) figure->status = make_curve(figure->def, kind, runs, task, &curve, figure->error);
    const Numbers numbers = take_numbers(figure, curve.num_points);
    if (figure->status == SDQN_OK) {
        const double unit = kind == CURVE_TRAINING_STEPS ? STEPS_UNIT : 1.0;
        for (int k = 0; k < curve.num_points; k++) put(&numbers, k, curve.x[k] / unit, &curve.y[k]);
        *series = line(&numbers, curve.num_points, runs, arm);
    }
    sdqn_curve_clear(&curve);
}

/// A curve in a panel for each arm but the first, whose curve lies behind each: many arms in one panel cannot be told apart. All have one
/// vertical axis.
/// @param curves [arms]
static void add_arm_panels(Figure *figure, const SdqnSeries *curves, SdqnAxis x, SdqnAxis y) {
    const SdqnArmSet *set = &figure->def->set;
    if (figure->status == SDQN_OK && y.low == y.high) span_curves(curves, set->num_arms, &y);
    for (int a = 1; a < set->num_arms; a++) {
        SdqnSeries *both = take_series(figure, 2);
        if (!both) return;
        both[0] = curves[0];
        both[1] = curves[a];
        both[1].label = "the arm of the title";
        both[1].style = 1;
        figure->panels[figure->num_panels++] = (SdqnPanel){.title = set->arms[a].name, .x = x, .y = y, .series = both, .num_series = 2};
    }
}

static SdqnStatus add_curves(SdqnPage *page, const SdqnCompareDef *def, CurveKind kind, const char *name, const char *caption,
                             SdqnError *error) {
    Figure figure = {.def = def, .error = error};
    const SdqnAxis x = {.label = axis_labels[kind == CURVE_TRAINING_STEPS ? SDQN_CURVE_STEPS : SDQN_CURVE_EPISODES]};
    const SdqnAxis y = {.label = kind == CURVE_EVALUATION ? "mean return" : "rolling mean return"};
    const int num_arms = def->set.num_arms, panels = is_crowded(def) ? 1 : count_task_panels(def);
    for (int p = 0; p < panels && figure.status == SDQN_OK; p++) {
        const int task = task_of_panel(def, p);
        SdqnSeries *series = take_series(&figure, num_arms);
        for (int a = 0; a < num_arms && figure.status == SDQN_OK; a++) add_curve(&figure, kind, a, task, &series[a]);
        if (is_crowded(def)) {
            add_arm_panels(&figure, series, x, y);
        } else {
            figure.panels[figure.num_panels++] =
                (SdqnPanel){.title = sdqn_compare_task_name(def, task), .x = x, .y = y, .series = series, .num_series = num_arms};
        }
    }
    return end(&figure, page, name, caption, 2, is_crowded(def) ? SMALL_HEIGHT : 0);
}

/// What the bands of curves are.
static const char *describe_bands(const SdqnCompareDef *def, char words[SDQN_COMPARE_WORDS_SIZE]) {
    char n[SDQN_COMPARE_WORDS_SIZE];
    sdqn_compare_n(def, n);
    if (sdqn_compare_has_intervals(def)) {
        snprintf(words, SDQN_COMPARE_WORDS_SIZE,
                 "%.300s; bands: 95 %% bootstrap intervals over the seeds, point by point, whole seeds drawn %d times", n,
                 SDQN_COMPARE_BAND_REPEATS);
    } else {
        snprintf(words, SDQN_COMPARE_WORDS_SIZE, "%.300s, so there are no bands", n);
    }
    return words;
}

SdqnStatus sdqn_compare_curves_figures(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error) {
    static const char *const names[] = {"training-steps", "training-episodes", "evaluations"};
    char words[SDQN_COMPARE_WORDS_SIZE], panels[SDQN_COMPARE_WORDS_SIZE], caption[4 * SDQN_COMPARE_WORDS_SIZE];
    SdqnStatus status = SDQN_OK;
    describe_bands(def, words);
    describe_panels(def, true, panels);
    for (int kind = 0; kind <= CURVE_EVALUATION && status == SDQN_OK; kind++) {
        if (kind == CURVE_EVALUATION && !sdqn_compare_has_evaluations(def)) break;
        if (kind == CURVE_EVALUATION) {
            const SdqnConfig *config = def->set.arms[0].config;
            snprintf(caption, sizeof caption,
                     "Greedy evaluations during the training: mean over the seeds of the mean of %d episodes a task. %s%s.",
                     config->evaluation_episodes, panels, words);
        } else {
            snprintf(
                caption, sizeof caption,
                "Returns of the training episodes, which explore: mean over the seeds of the rolling mean of a task's last %d training "
                "episodes (of fewer at first), by %s. A curve ends with the shortest of its runs. %s%s.",
                def->window, kind == CURVE_TRAINING_STEPS ? "environment steps" : "episodes", panels, words);
        }
        status = add_curves(page, def, (CurveKind)kind, names[kind], caption, error);
    }
    return status;
}

// ---- sample efficiency ----------------------------------------------------------------------------------------------------------

static double steps_of(const SdqnStudyResult *run) {
    double steps = 0.0;
    for (int e = 0; e < run->num_episodes; e++) steps += run->episode_steps[e];
    return steps;
}

/// Where the runs that reached a threshold did so, ascending, as a staircase of shares that ends where the longest run does.
static void add_reached(Figure *figure, int arm, const SdqnSampleCost *costs, int threshold, SdqnSeries *series) {
    const SdqnArmRuns *runs = &figure->def->set.arms[arm];
    const Numbers numbers = take_numbers(figure, runs->num_runs + 2);
    int count = 1; // from 0 at 0
    double last = 0.0;
    if (!numbers.x || !numbers.y) return;
    for (int i = 0; i < runs->num_runs; i++) {
        const SdqnSampleCost *cost = &costs[i * SDQN_NUM_THRESHOLDS + threshold];
        last = fmax(last, steps_of(runs->runs[i]));
        if (cost->reached) numbers.x[count++] = (double)cost->steps / STEPS_UNIT;
    }
    sdqn_sort(numbers.x, (size_t)count);
    for (int i = 0; i < count; i++) numbers.y[i] = (double)i / runs->num_runs;
    numbers.x[count] = last / STEPS_UNIT;
    numbers.y[count] = numbers.y[count - 1];
    *series = (SdqnSeries){.kind = SDQN_SERIES_STEPS, .count = count + 1, .x = numbers.x, .y = numbers.y};
}

/// "mean over tasks of at least 50", or without the first words.
static const char *threshold_name(Figure *figure, int threshold, bool is_short) {
    enum { SIZE = 64 };
    char *name = take(figure, SIZE, 1);
    if (name) snprintf(name, SIZE, "%sat least %.0f", is_short ? "" : "mean over tasks of ", sdqn_sample_thresholds[threshold]);
    return name;
}

/// Panels and series are the thresholds and the arms, or the other way round if the arms are many.
/// @param reached [SDQN_NUM_THRESHOLDS][arms]
static void add_reach_panels(Figure *figure, SdqnSeries *const *reached) {
    const SdqnArmSet *set = &figure->def->set;
    const bool by_arm = is_crowded(figure->def);
    const int panels = by_arm ? set->num_arms : SDQN_NUM_THRESHOLDS, each = by_arm ? SDQN_NUM_THRESHOLDS : set->num_arms;
    for (int p = 0; p < panels && figure->status == SDQN_OK; p++) {
        SdqnSeries *series = take_series(figure, each);
        for (int i = 0; series && i < each; i++) {
            const int arm = by_arm ? p : i, threshold = by_arm ? i : p;
            series[i] = reached[threshold][arm];
            series[i].style = i;
            series[i].label = by_arm ? threshold_name(figure, threshold, true) : set->arms[arm].name;
        }
        figure->panels[figure->num_panels++] = (SdqnPanel){.title = by_arm ? set->arms[p].name : threshold_name(figure, p, false),
                                                           .x = {.label = axis_labels[SDQN_CURVE_STEPS]},
                                                           .y = {.label = "share of the seeds", .low = 0.0, .high = 1.05},
                                                           .series = series,
                                                           .num_series = each};
    }
}

SdqnStatus sdqn_compare_reach_figure(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error) {
    Figure figure = {.def = def, .error = error};
    char words[SDQN_COMPARE_WORDS_SIZE], panels[SDQN_COMPARE_WORDS_SIZE], caption[3 * SDQN_COMPARE_WORDS_SIZE];
    const int num_arms = def->set.num_arms;
    SdqnSeries *reached[SDQN_NUM_THRESHOLDS];
    for (int k = 0; k < SDQN_NUM_THRESHOLDS; k++) reached[k] = take_series(&figure, num_arms);
    for (int a = 0; a < num_arms && figure.status == SDQN_OK; a++) {
        const SdqnArmRuns *arm = &def->set.arms[a];
        SdqnSampleCost *costs = take(&figure, (size_t)arm->num_runs * SDQN_NUM_THRESHOLDS, sizeof *costs);
        if (costs)
            figure.status =
                sdqn_arm_sample_costs(arm, SDQN_ALL_TASKS, def->window, sdqn_sample_thresholds, SDQN_NUM_THRESHOLDS, costs, error);
        for (int k = 0; k < SDQN_NUM_THRESHOLDS && figure.status == SDQN_OK; k++) add_reached(&figure, a, costs, k, &reached[k][a]);
    }
    add_reach_panels(&figure, reached);
    snprintf(
        caption, sizeof caption,
        "Sample efficiency: share of an arm's seeds whose rolling mean return (the last %d training episodes of every task) had reached a "
        "threshold after so many environment steps. %s%s.",
        def->window, describe_panels(def, false, panels), sdqn_compare_n(def, words));
    return end(&figure, page, "sample-efficiency", caption, 2, is_crowded(def) ? SMALL_HEIGHT : 0);
}

// ---- performance profile --------------------------------------------------------------------------------------------------------

/// The range of all final scores, with some room.
static void score_range(const SdqnCompareDef *def, double *low, double *high) {
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (int a = 0; a < def->set.num_arms; a++) {
        const SdqnArmRuns *arm = &def->set.arms[a];
        for (int i = 0; i < arm->num_runs; i++) {
            for (int t = 0; t < sdqn_compare_num_tasks(def); t++) {
                *low = fmin(*low, arm->runs[i]->final[t].mean);
                *high = fmax(*high, arm->runs[i]->final[t].mean);
            }
        }
    }
    const double room = 0.03 * (*high - *low) + 1.0;
    *low -= room;
    *high += room;
}

static void add_profile(Figure *figure, int arm, const double *taus, SdqnSeries *series) {
    const SdqnArmRuns *runs = &figure->def->set.arms[arm];
    SdqnBootstrap bootstrap = figure->def->bootstrap;
    SdqnScores scores = {0};
    bootstrap.repeats = SDQN_COMPARE_BAND_REPEATS;
    SdqnEstimate *profile = take(figure, PROFILE_POINTS, sizeof *profile);
    const Numbers numbers = take_numbers(figure, PROFILE_POINTS);
    if (figure->status == SDQN_OK) figure->status = sdqn_measure_scores(runs, SDQN_MEASURE_RETURN, &scores, figure->error);
    if (figure->status == SDQN_OK)
        figure->status = sdqn_performance_profile(&bootstrap, &scores, 0, taus, PROFILE_POINTS, profile, figure->error);
    sdqn_scores_clear(&scores);
    if (figure->status != SDQN_OK) return;
    for (int k = 0; k < PROFILE_POINTS; k++) put(&numbers, k, taus[k], &profile[k]);
    *series = line(&numbers, PROFILE_POINTS, runs, arm);
}

SdqnStatus sdqn_compare_profile_figure(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error) {
    static const SdqnAxis x = {.label = "tau (return of a final policy on a task)"}, y = {.label = "share above tau", .high = 1.05};
    Figure figure = {.def = def, .error = error};
    char words[SDQN_COMPARE_WORDS_SIZE], panels[SDQN_COMPARE_WORDS_SIZE], caption[3 * SDQN_COMPARE_WORDS_SIZE];
    double taus[PROFILE_POINTS], low, high;
    const int num_arms = def->set.num_arms;
    SdqnSeries *series = take_series(&figure, num_arms);
    score_range(def, &low, &high);
    for (int k = 0; k < PROFILE_POINTS; k++) taus[k] = low + (high - low) * k / (PROFILE_POINTS - 1);
    for (int a = 0; a < num_arms && figure.status == SDQN_OK; a++) add_profile(&figure, a, taus, &series[a]);
    if (is_crowded(def)) {
        add_arm_panels(&figure, series, x, y);
    } else {
        figure.panels[figure.num_panels++] = (SdqnPanel){.x = x, .y = y, .series = series, .num_series = num_arms};
    }
    snprintf(caption, sizeof caption,
             "Performance profile: share of an arm's (task, seed) scores that are above tau (Agarwal et al. 2021, arXiv:2108.13264). %s%s.",
             describe_panels(def, true, panels), describe_bands(def, words));
    return end(&figure, page, "performance-profile", caption, is_crowded(def) ? 2 : 1, is_crowded(def) ? SMALL_HEIGHT : 380);
}
