// training_section.c: returns, loss, epsilon and evaluations over the training, and the tables of its end.
#include "analysis/sections.h"

#include "run/sample_efficiency.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LAST_EPISODES 100 ///< of each task in the table of the end of training

/// What of each training episode a chart shows.
typedef enum Quantity { RETURN, LOSS, EPSILON } Quantity;

/// A curve of one task's training episodes.
static SdqnStatus curve_of_task(const SdqnEpisodeRecord *training, int task, Quantity quantity, SdqnSmoothCurve *curve, SdqnError *error) {
    const double *values = quantity == RETURN ? training->returns : quantity == LOSS ? training->losses : training->epsilons;
    SdqnStatus status = sdqn_smooth_curve_create(training->count, curve, error);
    if (status != SDQN_OK) return status;
    for (int i = 0; i < training->count; i++) {
        if (training->tasks[i] == task) sdqn_smooth_curve_add(curve, (double)training->episodes[i], values[i]);
    }
    status = sdqn_smooth_curve_average(curve, SDQN_SAMPLE_WINDOW, false, error);
    if (status != SDQN_OK) sdqn_smooth_curve_clear(curve);
    return status;
}

/// Curves of all tasks. On an error those made so far are to be cleared by the caller too.
static SdqnStatus curves_of_tasks(const SdqnRunRecord *run, Quantity quantity, SdqnSmoothCurve *curves, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int t = 0; t < run->config.num_tasks && status == SDQN_OK; t++)
        status = curve_of_task(&run->training, t, quantity, &curves[t], error);
    return status;
}

static void clear_curves(SdqnSmoothCurve *curves) {
    for (int t = 0; t < SDQN_CONFIG_MAX_TASKS; t++) sdqn_smooth_curve_clear(&curves[t]);
}

static SdqnSeries line_of(const SdqnSmoothCurve *curve, const double *values, const char *label, int style) {
    return (SdqnSeries){.kind = SDQN_SERIES_LINE, .label = label, .style = style, .count = curve->count, .x = curve->x, .y = values};
}

// ---- returns --------------------------------------------------------------------------------------------------------------------

static void add_returns_together(const SdqnAnalysis *analysis, const SdqnSmoothCurve *curves) {
    const SdqnConfig *config = &analysis->run->config;
    SdqnSeries series[SDQN_CONFIG_MAX_TASKS];
    for (int t = 0; t < config->num_tasks; t++) series[t] = line_of(&curves[t], curves[t].means, config->tasks[t], t);
    const SdqnReference solved = {.at = SDQN_SUCCESS_RETURN, .label = "success (200)"};
    const SdqnPanel panel = {.x = {.label = "training episode of the run"},
                             .y = {.label = "return (rolling mean)"},
                             .series = series,
                             .num_series = config->num_tasks,
                             .references = &solved,
                             .num_references = 1};
    sdqn_page_figure(
        analysis->page,
        &(SdqnChart){.name = "returns",
                     .caption = "Mean return of the last 100 training episodes of each task (of fewer at the beginning), one run.",
                     .panels = &panel,
                     .num_panels = 1});
}

static void add_returns_apart(const SdqnAnalysis *analysis, const SdqnSmoothCurve *curves) {
    const SdqnConfig *config = &analysis->run->config;
    const int shown = config->num_tasks < SDQN_ANALYSIS_MAX_PANELS ? config->num_tasks : SDQN_ANALYSIS_MAX_PANELS;
    SdqnSeries series[SDQN_ANALYSIS_MAX_PANELS][2];
    SdqnPanel panels[SDQN_ANALYSIS_MAX_PANELS];
    for (int t = 0; t < shown; t++) {
        series[t][0] = (SdqnSeries){.kind = SDQN_SERIES_POINTS,
                                    .label = "single episode",
                                    .style = 5,
                                    .count = curves[t].count,
                                    .x = curves[t].x,
                                    .y = curves[t].values,
                                    .faint = true};
        series[t][1] = line_of(&curves[t], curves[t].means, "rolling mean of 100", 0);
        panels[t] = (SdqnPanel){.title = config->tasks[t],
                                .x = {.label = "training episode of the run"},
                                .y = {.label = "return"},
                                .series = series[t],
                                .num_series = 2};
    }
    sdqn_page_figure(analysis->page,
                     &(SdqnChart){.name = "returns-by-task",
                                  .caption = "Return of every training episode, with exploration, and the rolling mean of 100 "
                                             "episodes of the task.",
                                  .panels = panels,
                                  .num_panels = shown,
                                  .columns = 2,
                                  .panel_height = 270});
    if (shown < config->num_tasks) sdqn_page_text(analysis->page, "Shown are the first %d of %d tasks.", shown, config->num_tasks);
}

static SdqnStatus add_returns(const SdqnAnalysis *analysis, SdqnError *error) {
    SdqnSmoothCurve curves[SDQN_CONFIG_MAX_TASKS] = {{0}};
    const SdqnStatus status = curves_of_tasks(analysis->run, RETURN, curves, error);
    if (status == SDQN_OK) {
        add_returns_together(analysis, curves);
        add_returns_apart(analysis, curves);
    }
    clear_curves(curves);
    return status;
}

// ---- loss and epsilon -----------------------------------------------------------------------------------------------------------

static SdqnStatus add_loss_and_epsilon(const SdqnAnalysis *analysis, SdqnError *error) {
    const SdqnConfig *config = &analysis->run->config;
    SdqnSmoothCurve losses[SDQN_CONFIG_MAX_TASKS] = {{0}}, epsilons[SDQN_CONFIG_MAX_TASKS] = {{0}};
    SdqnSeries loss[SDQN_CONFIG_MAX_TASKS], epsilon[SDQN_CONFIG_MAX_TASKS];
    SdqnStatus status = curves_of_tasks(analysis->run, LOSS, losses, error);
    if (status == SDQN_OK) status = curves_of_tasks(analysis->run, EPSILON, epsilons, error);
    int updated = 0;
    bool positive = true;
    for (int t = 0; t < config->num_tasks && status == SDQN_OK; t++) {
        loss[t] = line_of(&losses[t], losses[t].means, config->tasks[t], t);
        epsilon[t] = line_of(&epsilons[t], epsilons[t].values, config->tasks[t], t);
        updated += losses[t].count;
        for (int i = 0; i < losses[t].count; i++) positive = positive && losses[t].means[i] > 0.0;
    }
    if (status == SDQN_OK) {
        const SdqnPanel panels[2] = {{.title = "Loss",
                                      .x = {.label = "training episode of the run"},
                                      .y = {.label = "loss (rolling mean)", .logarithmic = positive},
                                      .series = loss,
                                      .num_series = config->num_tasks},
                                     {.title = "Exploration",
                                      .x = {.label = "training episode of the run"},
                                      .y = {.label = "epsilon", .low = 0.0, .high = 1.0},
                                      .series = epsilon,
                                      .num_series = config->num_tasks}};
        if (updated == 0) sdqn_page_text(analysis->page, "No update was made yet, so there is no loss to show.");
        sdqn_page_figure(analysis->page,
                         &(SdqnChart){.name = "loss",
                                      .caption =
                                          "Mean loss of the updates made during an episode of the task, rolling mean of 100 episodes "
                                          "(the batches are of all tasks that share a replay buffer); epsilon of each episode.",
                                      .panels = updated > 0 ? panels : panels + 1,
                                      .num_panels = updated > 0 ? 2 : 1,
                                      .columns = 2});
    }
    clear_curves(losses);
    clear_curves(epsilons);
    return status;
}

// ---- evaluations ----------------------------------------------------------------------------------------------------------------

static SdqnStatus add_evaluations(const SdqnAnalysis *analysis, SdqnError *error) {
    const SdqnConfig *config = &analysis->run->config;
    const SdqnEvaluationRecord *evaluations = &analysis->run->evaluations;
    const int count = evaluations->count - evaluations->has_final, tasks = config->num_tasks;
    SdqnSeries means[SDQN_CONFIG_MAX_TASKS], rests[SDQN_CONFIG_MAX_TASKS];
    char caption[300];
    if (count == 0) {
        sdqn_page_text(analysis->page, "There is no periodic evaluation yet: the first comes after episode %d.", config->evaluation_period);
        return SDQN_OK;
    }
    const size_t n = (size_t)count;
    double *x = calloc(n, sizeof *x), *values = calloc(n * (size_t)tasks, sizeof *values),
           *at_rest = calloc(n * (size_t)tasks, sizeof *at_rest);
    if (x && values && at_rest) {
        for (int i = 0; i < count; i++) {
            x[i] = (double)evaluations->episodes[i];
            for (int t = 0; t < tasks; t++) {
                values[t * count + i] = evaluations->means[i * tasks + t];
                at_rest[t * count + i] = 100.0 * evaluations->at_rest[i * tasks + t];
            }
        }
        for (int t = 0; t < tasks; t++) {
            means[t] = (SdqnSeries){.label = config->tasks[t], .style = t, .count = count, .x = x, .y = values + (size_t)t * n};
            rests[t] = (SdqnSeries){.label = config->tasks[t], .style = t, .count = count, .x = x, .y = at_rest + (size_t)t * n};
        }
        const SdqnPanel panels[2] = {{.title = "Return",
                                      .x = {.label = "training episode of the run"},
                                      .y = {.label = "mean return"},
                                      .series = means,
                                      .num_series = tasks},
                                     {.title = "At rest",
                                      .x = {.label = "training episode of the run"},
                                      .y = {.label = "share of episodes (%)", .low = 0.0, .high = 100.0},
                                      .series = rests,
                                      .num_series = tasks}};
        snprintf(caption, sizeof caption, "Periodic evaluations: %d greedy episodes a task, seeds from %llu, the same each time.",
                 config->evaluation_episodes, (unsigned long long)config->evaluation_seed);
        sdqn_page_figure(analysis->page,
                         &(SdqnChart){.name = "evaluations", .caption = caption, .panels = panels, .num_panels = 2, .columns = 2});
    }
    const bool whole = x && values && at_rest;
    free(x);
    free(values);
    free(at_rest);
    return whole ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for evaluations");
}

// ---- tables ---------------------------------------------------------------------------------------------------------------------

/// Figures of the last episodes of a task in training.
typedef struct Tail {
    int count;
    double mean, deviation, steps, success, at_rest, timeout;
} Tail;

static Tail tail_of(const SdqnEpisodeRecord *training, int task) {
    Tail tail = {0};
    double squares = 0.0;
    int first = training->count;
    while (first > 0 && tail.count < LAST_EPISODES) tail.count += training->tasks[--first] == task;
    if (tail.count == 0) return (Tail){0, (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    for (int i = first; i < training->count; i++) {
        if (training->tasks[i] != task) continue;
        tail.mean += training->returns[i];
        tail.steps += training->steps[i];
        tail.success += training->returns[i] >= SDQN_SUCCESS_RETURN;
        tail.at_rest += training->at_rest[i];
        tail.timeout += training->truncated[i];
    }
    tail.mean /= tail.count;
    for (int i = first; i < training->count; i++) {
        if (training->tasks[i] == task) squares += (training->returns[i] - tail.mean) * (training->returns[i] - tail.mean);
    }
    tail.deviation = sqrt(squares / tail.count);
    tail.steps /= tail.count;
    tail.success /= tail.count;
    tail.at_rest /= tail.count;
    tail.timeout /= tail.count;
    return tail;
}

static void add_result_columns(SdqnTable *table) {
    sdqn_table_add_column(table, "task", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "episodes", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "mean return", SDQN_COLUMN_NUMBER, 2);
    sdqn_table_add_column(table, "std", SDQN_COLUMN_NUMBER, 2);
    sdqn_table_add_column(table, "steps", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "success (%)", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "at rest (%)", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "time-outs (%)", SDQN_COLUMN_NUMBER, 1);
}

static void add_result_row(SdqnTable *table, const char *task, double episodes, double mean, double deviation, double steps, double success,
                           double at_rest, double timeout) {
    const double numbers[] = {episodes, mean, deviation, steps, 100.0 * success, 100.0 * at_rest, 100.0 * timeout};
    sdqn_table_add_text(table, task);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sdqn_table_add_number(table, numbers[i]);
}

static void add_tail_table(const SdqnAnalysis *analysis) {
    const SdqnConfig *config = &analysis->run->config;
    SdqnTable *table =
        sdqn_table_create("The last 100 training episodes of each task, with exploration. std: of the single episodes (population). "
                          "Success: return of at least 200. At rest: landed and asleep (reward +100).");
    double sum = 0.0;
    add_result_columns(table);
    for (int t = 0; t < config->num_tasks; t++) {
        const Tail tail = tail_of(&analysis->run->training, t);
        add_result_row(table, config->tasks[t], tail.count, tail.mean, tail.deviation, tail.steps, tail.success, tail.at_rest,
                       tail.timeout);
        sum += tail.mean;
    }
    if (config->num_tasks > 1)
        add_result_row(table, "mean over tasks", (double)NAN, sum / config->num_tasks, (double)NAN, (double)NAN, (double)NAN, (double)NAN,
                       (double)NAN);
    sdqn_page_table(analysis->page, "last-100", table);
    sdqn_table_destroy(table);
}

static void add_final_table(const SdqnAnalysis *analysis) {
    const SdqnRunRecord *run = analysis->run;
    char caption[300];
    if (!run->evaluations.has_final) {
        sdqn_page_text(analysis->page, "There is no final evaluation: %s.",
                       run->finished ? "its line is missing from evaluations.jsonl" : "the run is not finished");
        return;
    }
    snprintf(caption, sizeof caption, "Final evaluation: %d greedy episodes a task with the final weights, seeds from %llu.",
             run->config.final_episodes, (unsigned long long)run->config.final_seed);
    SdqnTable *table = sdqn_table_create(caption);
    double sum = 0.0;
    add_result_columns(table);
    for (int t = 0; t < run->config.num_tasks; t++) {
        const SdqnTaskResult *task = &run->evaluations.final[t];
        add_result_row(table, run->config.tasks[t], run->config.final_episodes, task->mean, task->std, task->steps, task->success,
                       task->at_rest, task->timeout);
        sum += task->mean;
    }
    if (run->config.num_tasks > 1)
        add_result_row(table, "mean over tasks", (double)NAN, sum / run->config.num_tasks, (double)NAN, (double)NAN, (double)NAN,
                       (double)NAN, (double)NAN);
    sdqn_page_table(analysis->page, "final", table);
    sdqn_table_destroy(table);
}

SdqnStatus sdqn_analysis_training(const SdqnAnalysis *analysis, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    sdqn_page_section(analysis->page, "Results");
    add_final_table(analysis);
    if (analysis->run->training.count > 0) add_tail_table(analysis);
    sdqn_page_section(analysis->page, "Training");
    if (analysis->run->training.count == 0) {
        sdqn_page_text(analysis->page, "No training episode could be read, so there are no curves of the training.");
    } else {
        status = add_returns(analysis, error);
        if (status == SDQN_OK) status = add_loss_and_epsilon(analysis, error);
    }
    sdqn_page_section(analysis->page, "Evaluations");
    return status == SDQN_OK ? add_evaluations(analysis, error) : status;
}
