// behaviour_section.c: where landings end, hovering and time-outs, and how much of the reachable return is reached.
#include "analysis/sections.h"

#include "lander/task.h"

#include <math.h>
#include <stdio.h>

#define BINS 20           ///< over the world's width
#define FLAG_X 0.2        ///< of the flags that bound the pad
#define AT_REST_WIDTH 0.5 ///< of the bar of landings, beside that of all episodes

/// Shares of the episodes (%) by where they ended.
typedef struct Histogram {
    double x[BINS], all[BINS], at_rest[BINS];
} Histogram;

static void fill_histogram(const SdqnBehaviour *behaviour, int task, Histogram *histogram) {
    const SdqnTaskBehaviour *seen = &behaviour->tasks[task];
    for (int i = 0; i < BINS; i++) {
        histogram->x[i] = -1.0 + (2.0 * i + 1.0) / BINS;
        histogram->all[i] = histogram->at_rest[i] = 0.0;
    }
    for (int e = 0; e < behaviour->episodes; e++) {
        int bin = (int)floor((seen->final_x[e] + 1.0) * BINS / 2.0);
        bin = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin; // flown out at a side
        histogram->all[bin] += 100.0 / behaviour->episodes;
        if (seen->ends[e] == SDQN_END_AT_REST) histogram->at_rest[bin] += 100.0 / behaviour->episodes;
    }
}

static void add_landings(const SdqnAnalysis *analysis) {
    const SdqnBehaviour *behaviour = analysis->behaviour;
    const int shown = behaviour->num_tasks < SDQN_ANALYSIS_MAX_PANELS ? behaviour->num_tasks : SDQN_ANALYSIS_MAX_PANELS;
    static const SdqnReference flags[2] = {{.upright = true, .at = -FLAG_X, .label = "flags"},
                                           {.upright = true, .at = FLAG_X, .label = "flags"}};
    Histogram histograms[SDQN_ANALYSIS_MAX_PANELS];
    SdqnSeries series[SDQN_ANALYSIS_MAX_PANELS][2];
    SdqnPanel panels[SDQN_ANALYSIS_MAX_PANELS];
    char caption[300];
    for (int t = 0; t < shown; t++) {
        Histogram *histogram = &histograms[t];
        fill_histogram(behaviour, t, histogram);
        series[t][0] = (SdqnSeries){.kind = SDQN_SERIES_BARS,
                                    .label = "all episodes",
                                    .style = 1,
                                    .count = BINS,
                                    .x = histogram->x,
                                    .y = histogram->all,
                                    .width = 2.0 / BINS};
        series[t][1] = series[t][0];
        series[t][1].label = "at rest";
        series[t][1].style = 0;
        series[t][1].y = histogram->at_rest;
        series[t][1].width = AT_REST_WIDTH * 2.0 / BINS;
        panels[t] = (SdqnPanel){.title = analysis->run->config.tasks[t],
                                .x = {.label = "x at the end (10 m; 0: middle of the pad)", .low = -1.0, .high = 1.0},
                                .y = {.label = "share of episodes (%)"},
                                .series = series[t],
                                .num_series = 2,
                                .references = flags,
                                .num_references = 2};
    }
    snprintf(caption, sizeof caption,
             "Where the lander was when the episode ended, in bins of 1 m; episodes that flew out at a side are in the outermost bins. %d "
             "episodes a task.",
             behaviour->episodes);
    sdqn_page_figure(
        analysis->page,
        &(SdqnChart){.name = "landings", .caption = caption, .panels = panels, .num_panels = shown, .columns = 2, .panel_height = 270});
    if (shown < behaviour->num_tasks) sdqn_page_text(analysis->page, "Shown are the first %d of %d tasks.", shown, behaviour->num_tasks);
}

static void add_ends(const SdqnAnalysis *analysis) {
    const SdqnBehaviour *behaviour = analysis->behaviour;
    SdqnTable *table =
        sdqn_table_create("How the episodes ended, in % of them. Hovering step: no leg touches the ground, more than 0.5 m above the "
                          "pad's height, slower than 0.5 m/s. Hovering episode: more than half of its steps hover.");
    sdqn_table_add_column(table, "task", SDQN_COLUMN_TEXT, 0);
    for (int k = 0; k < SDQN_NUM_ENDS; k++) sdqn_table_add_column(table, sdqn_episode_end_name((SdqnEpisodeEnd)k), SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "hovering steps", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "hovering episodes", SDQN_COLUMN_NUMBER, 1);
    for (int t = 0; t < behaviour->num_tasks; t++) {
        const SdqnTaskBehaviour *seen = &behaviour->tasks[t];
        sdqn_table_add_text(table, analysis->run->config.tasks[t]);
        for (int k = 0; k < SDQN_NUM_ENDS; k++) sdqn_table_add_number(table, 100.0 * seen->ended[k] / behaviour->episodes);
        sdqn_table_add_number(table, 100.0 * (double)seen->hovered / (double)seen->steps);
        sdqn_table_add_number(table, 100.0 * seen->hovering_episodes / behaviour->episodes);
    }
    sdqn_page_table(analysis->page, "ends", table);
    sdqn_table_destroy(table);
}

static void add_reachable(const SdqnAnalysis *analysis) {
    const SdqnBehaviour *behaviour = analysis->behaviour;
    const SdqnConfig *config = &analysis->run->config;
    SdqnTable *table =
        sdqn_table_create("How much of the reachable return is reached. Reachable: mean over the episodes of 20 - P(s0), where P is the "
                          "potential whose growth is the reward, and 100 more where the lander can come to rest. It counts no engine "
                          "cost, so 100 % is out of reach.");
    bool some_restless = false;
    sdqn_page_section(analysis->page, "Reachable return");
    sdqn_table_add_column(table, "task", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "mean return", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "reachable", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "reached (%)", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "+100 of a landing", SDQN_COLUMN_TEXT, 0);
    for (int t = 0; t < behaviour->num_tasks; t++) {
        const SdqnTaskBehaviour *seen = &behaviour->tasks[t];
        const bool rests = sdqn_task_allows_rest(sdqn_config_find_task(config, config->tasks[t]));
        some_restless = some_restless || !rests;
        sdqn_table_add_text(table, config->tasks[t]);
        sdqn_table_add_number(table, seen->mean);
        sdqn_table_add_number(table, seen->reachable);
        sdqn_table_add_number(table, 100.0 * seen->share_reached);
        sdqn_table_add_text(table, rests ? "within reach" : "out of reach");
    }
    sdqn_page_table(analysis->page, "reachable", table);
    sdqn_table_destroy(table);
    for (int t = 0; t < config->num_tasks && some_restless; t++) {
        if (sdqn_task_allows_rest(sdqn_config_find_task(config, config->tasks[t]))) continue;
        sdqn_page_text(analysis->page,
                       "In %s the wind also blows on the ground and never lets the lander come to rest: the +100 of a landing is out of "
                       "reach, and so are most returns of 200 and more. Episodes that land there end by the time limit.",
                       config->tasks[t]);
    }
}

/// Whether playing again gave the figures on record.
static void add_check(const SdqnAnalysis *analysis) {
    const SdqnBehaviour *behaviour = analysis->behaviour;
    const SdqnRunRecord *run = analysis->run;
    int equal = 0;
    sdqn_page_text(analysis->page, "Played again for this page: %d greedy episodes a task, seeds from %llu, with %s.", behaviour->episodes,
                   (unsigned long long)behaviour->seed, behaviour->weights);
    if (!run->evaluations.has_final || behaviour->episodes != run->config.final_episodes) return;
    for (int t = 0; t < behaviour->num_tasks; t++) equal += behaviour->tasks[t].mean == run->evaluations.final[t].mean;
    sdqn_page_text(analysis->page, "The mean returns of %d of %d tasks are those of the run's final evaluation, to the last bit.%s", equal,
                   behaviour->num_tasks, equal < behaviour->num_tasks ? " The weights or the records of this folder were changed." : "");
}

SdqnStatus sdqn_analysis_behaviour(const SdqnAnalysis *analysis, SdqnError *error) {
    (void)error;
    sdqn_page_section(analysis->page, "Landings");
    if (!analysis->behaviour) {
        sdqn_page_text(analysis->page,
                       "No episode could be played, as there are no usable weights: where landings end, hovering and the share of the "
                       "reachable return are left out.");
        return SDQN_OK;
    }
    add_check(analysis);
    add_landings(analysis);
    add_ends(analysis);
    add_reachable(analysis);
    return SDQN_OK;
}
