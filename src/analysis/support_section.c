// support_section.c: what a method with a support of returns cuts off.
#include "analysis/sections.h"

#include "core/text.h"

#include <math.h>
#include <stdio.h>

#define WINDOW 20 ///< reports in the rolling mean

/// What the rewards of a task are multiplied by before anything is learned from them.
static double reward_scale(const SdqnConfig *config, int task) {
    const SdqnTaskValues *scales = &config->reward_scales;
    return scales->values[scales->count == 1 ? 0 : task];
}

static void add_table(const SdqnAnalysis *analysis) {
    const SdqnConfig *config = &analysis->run->config;
    const SdqnEpisodeRecord *training = &analysis->run->training;
    char caption[400], low[SDQN_TEXT_SIZE], high[SDQN_TEXT_SIZE];
    bool scaled = false;
    for (int t = 0; t < config->num_tasks; t++) scaled = scaled || reward_scale(config, t) != 1.0;
    snprintf(caption, sizeof caption,
             "Share of the training episodes whose return%s lies outside the support [%s, %s]. Returns are plain sums; the support bounds "
             "discounted ones, which are smaller in size.",
             scaled ? ", times the task's reward scale," : "", sdqn_text_from_double(config->network.value_min, low),
             sdqn_text_from_double(config->network.value_max, high));
    SdqnTable *table = sdqn_table_create(caption);
    sdqn_table_add_column(table, "task", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "episodes", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "below (%)", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "above (%)", SDQN_COLUMN_NUMBER, 1);
    for (int t = 0; t < config->num_tasks; t++) {
        int count = 0, below = 0, above = 0;
        for (int i = 0; i < training->count; i++) {
            if (training->tasks[i] != t) continue;
            const double value = training->returns[i] * reward_scale(config, t);
            count++;
            below += value < config->network.value_min;
            above += value > config->network.value_max;
        }
        sdqn_table_add_text(table, config->tasks[t]);
        sdqn_table_add_number(table, count);
        sdqn_table_add_number(table, count > 0 ? 100.0 * below / count : (double)NAN);
        sdqn_table_add_number(table, count > 0 ? 100.0 * above / count : (double)NAN);
    }
    sdqn_page_table(analysis->page, "support", table);
    sdqn_table_destroy(table);
}

SdqnStatus sdqn_analysis_support(const SdqnAnalysis *analysis, SdqnError *error) {
    const SdqnGradientRecord *gradients = analysis->gradients;
    SdqnSmoothCurve curve;
    sdqn_page_section(analysis->page, "Support of the returns");
    if (analysis->run->config.network.num_atoms == 0) {
        sdqn_page_text(analysis->page, "The method predicts plain values without a support, so no return is clipped.");
        return SDQN_OK;
    }
    if (analysis->run->config.dqn.reward_normalisation) {
        sdqn_page_text(analysis->page,
                       "Rewards are scaled to the range of the support by the largest return of each task so far (reward_normalisation), "
                       "which changes during the training and is not recorded: how many returns lie outside the support is left out.");
    } else {
        add_table(analysis);
    }
    SdqnStatus status = sdqn_smooth_curve_create(gradients->count, &curve, error);
    if (status != SDQN_OK) return status;
    for (int r = 0; r < gradients->count; r++)
        sdqn_smooth_curve_add(&curve, (double)gradients->updates[r] / 1000.0, 100.0 * gradients->cuts[r]);
    status = sdqn_smooth_curve_average(&curve, WINDOW, true, error);
    if (status == SDQN_OK && curve.count == 0)
        sdqn_page_text(analysis->page, "There is no report on what the support cuts from the targets.");
    if (status == SDQN_OK && curve.count > 0) {
        const SdqnSeries series[2] = {{.kind = SDQN_SERIES_POINTS,
                                       .label = "single report",
                                       .style = 5,
                                       .count = curve.count,
                                       .x = curve.x,
                                       .y = curve.values,
                                       .faint = true},
                                      {.label = "rolling mean of 20", .style = 0, .count = curve.count, .x = curve.x, .y = curve.means}};
        const SdqnPanel panel = {
            .x = {.label = "update (thousands)"}, .y = {.label = "cut probability (%)"}, .series = series, .num_series = 2};
        sdqn_page_figure(analysis->page,
                         &(SdqnChart){.name = "support",
                                      .caption = "Share of the batch's target probability that lay outside the support and was moved "
                                                 "to its edge, at each reported update.",
                                      .panels = &panel,
                                      .num_panels = 1});
    }
    sdqn_smooth_curve_clear(&curve);
    return status;
}
