// efficiency_section.c: what it took to reach thresholds, and how much return a parameter earns.
#include "analysis/sections.h"

#include "run/sample_efficiency.h"

#include <math.h>
#include <stdlib.h>

/// The best rolling mean over a whole window. @param best  written; NaN if no window is whole
static SdqnStatus best_mean(const SdqnTrainingEpisodes *episodes, int task, double *best, SdqnError *error) {
    const size_t n = (size_t)episodes->count + 1;
    double *means = calloc(n, sizeof *means);
    bool *whole = calloc(n, sizeof *whole);
    SdqnStatus status = SDQN_ERR_MEMORY;
    *best = (double)NAN;
    if (means && whole) {
        status = sdqn_rolling_mean(episodes, task, SDQN_SAMPLE_WINDOW, means, whole, error);
        for (int i = 0; i < episodes->count && status == SDQN_OK; i++) {
            if (whole[i] && !(means[i] <= *best)) *best = means[i];
        }
    } else {
        sdqn_error_set(error, status, "analysis: out of memory for rolling means");
    }
    free(means);
    free(whole);
    return status;
}

static SdqnStatus add_costs(SdqnTable *table, const SdqnTrainingEpisodes *episodes, int task, const char *name, SdqnError *error) {
    SdqnSampleCost costs[SDQN_NUM_THRESHOLDS];
    double best = 0.0;
    SdqnStatus status = sdqn_sample_costs(episodes, task, SDQN_SAMPLE_WINDOW, sdqn_sample_thresholds, SDQN_NUM_THRESHOLDS, costs, error);
    if (status == SDQN_OK) status = best_mean(episodes, task, &best, error);
    for (int k = 0; k < SDQN_NUM_THRESHOLDS && status == SDQN_OK; k++) {
        const double numbers[] = {(double)costs[k].task_episodes, (double)costs[k].episodes, (double)costs[k].steps,
                                  (double)costs[k].updates};
        sdqn_table_add_text(table, name);
        sdqn_table_add_number(table, sdqn_sample_thresholds[k]);
        for (int i = 0; i < 4; i++) sdqn_table_add_number(table, costs[k].reached ? numbers[i] : (double)NAN);
        sdqn_table_add_number(table, best);
    }
    return status;
}

static SdqnStatus add_sample_efficiency(const SdqnAnalysis *analysis, SdqnError *error) {
    const SdqnConfig *config = &analysis->run->config;
    const SdqnEpisodeRecord *training = &analysis->run->training;
    const SdqnTrainingEpisodes episodes = {.count = training->count,
                                           .num_tasks = config->num_tasks,
                                           .tasks = training->tasks,
                                           .steps = training->steps,
                                           .updates = training->updates,
                                           .returns = training->returns};
    SdqnTable *table =
        sdqn_table_create("Training until the rolling mean of a task's last 100 training episodes (a whole window, with exploration) "
                          "first reached a threshold. Steps and updates are of the whole run up to then, all tasks together. "
                          "-: not reached.");
    static const char *const headers[] = {"threshold (return)", "episodes of the task", "episodes of the run", "environment steps",
                                          "updates"};
    sdqn_table_add_column(table, "task", SDQN_COLUMN_TEXT, 0);
    for (int i = 0; i < 5; i++) sdqn_table_add_column(table, headers[i], SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "best rolling mean", SDQN_COLUMN_NUMBER, 1);
    SdqnStatus status = SDQN_OK;
    for (int t = 0; t < config->num_tasks && status == SDQN_OK; t++) status = add_costs(table, &episodes, t, config->tasks[t], error);
    if (status == SDQN_OK && config->num_tasks > 1) status = add_costs(table, &episodes, SDQN_ALL_TASKS, "mean over tasks", error);
    if (status == SDQN_OK) sdqn_page_table(analysis->page, "sample-efficiency", table);
    sdqn_table_destroy(table);
    return status;
}

static void add_parameter_efficiency(const SdqnAnalysis *analysis) {
    const SdqnRunRecord *run = analysis->run;
    double sum = 0.0;
    if (run->parameters == 0 || !run->evaluations.has_final) {
        sdqn_page_text(analysis->page, "Parameter efficiency is left out: it is the final evaluation's mean return a parameter, and %s.",
                       run->finished ? "a part of it is missing" : "the run is not finished");
        return;
    }
    for (int t = 0; t < run->config.num_tasks; t++) sum += run->evaluations.final[t].mean / run->config.num_tasks;
    SdqnTable *table =
        sdqn_table_create("Parameter efficiency: mean return over tasks of the final evaluation, divided by the trained parameters of "
                          "all networks of the run, times 1,000. The starting document reports 5.44 for its Shared DQN (one "
                          "unseeded run). It says nothing where returns are negative.");
    sdqn_table_add_column(table, "parameters", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "parameters a task", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "mean return over tasks", SDQN_COLUMN_NUMBER, 2);
    sdqn_table_add_column(table, "return per 1,000 parameters", SDQN_COLUMN_NUMBER, 3);
    sdqn_table_add_number(table, (double)run->parameters);
    sdqn_table_add_number(table, (double)run->parameters / run->config.num_tasks);
    sdqn_table_add_number(table, sum);
    sdqn_table_add_number(table, 1000.0 * sum / (double)run->parameters);
    sdqn_page_table(analysis->page, "parameter-efficiency", table);
    sdqn_table_destroy(table);
}

SdqnStatus sdqn_analysis_efficiency(const SdqnAnalysis *analysis, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    sdqn_page_section(analysis->page, "Efficiency");
    if (analysis->run->training.count > 0) {
        status = add_sample_efficiency(analysis, error);
    } else {
        sdqn_page_text(analysis->page, "Sample efficiency is left out: no training episode could be read.");
    }
    add_parameter_efficiency(analysis);
    return status;
}
