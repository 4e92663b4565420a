// embeddings_section.c: distances between the task embeddings over time, and a plane to look at them in.
#include "analysis/sections.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>

#define PAIR_NAME_SIZE 80
#define FIRST_STYLE 27 ///< black, hollow diamonds

/// Distances of all pairs at the first and the last moment.
static void add_table(const SdqnAnalysis *analysis) {
    const SdqnEmbeddings *embeddings = &analysis->embeddings;
    const int last = embeddings->count - 1, pairs = embeddings->tasks * (embeddings->tasks - 1) / 2;
    char caption[200];
    snprintf(caption, sizeof caption,
             "Euclidean distances between the task embeddings (%d numbers each) at the first and the last kept weights.", embeddings->size);
    SdqnTable *table = sdqn_table_create(caption);
    sdqn_table_add_column(table, "pair", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "first", SDQN_COLUMN_NUMBER, 3);
    sdqn_table_add_column(table, "last", SDQN_COLUMN_NUMBER, 3);
    for (int p = 0; p < pairs; p++) {
        int a, b;
        char name[PAIR_NAME_SIZE];
        sdqn_gradient_pair(p, &a, &b);
        snprintf(name, sizeof name, "%s, %s", analysis->run->config.tasks[a], analysis->run->config.tasks[b]);
        sdqn_table_add_text(table, name);
        sdqn_table_add_number(table, sdqn_embedding_distance(embeddings, 0, a, b));
        sdqn_table_add_number(table, sdqn_embedding_distance(embeddings, last, a, b));
    }
    sdqn_page_table(analysis->page, "embedding-distances", table);
    sdqn_table_destroy(table);
}

/// @param x [moments] @param values [pairs, moments] @param shares [2] of the variance, by component @param paths [tasks, 2, moments]
static void add_figure(const SdqnAnalysis *analysis, const double *x, const double *values, const double *shares, const double *paths) {
    const SdqnEmbeddings *embeddings = &analysis->embeddings;
    const SdqnConfig *config = &analysis->run->config;
    const int n = embeddings->count; // moments
    const size_t moments = (size_t)n;
    const int all = embeddings->tasks * (embeddings->tasks - 1) / 2;
    const int pairs = all < SDQN_ANALYSIS_MAX_PAIRS ? all : SDQN_ANALYSIS_MAX_PAIRS;
    SdqnSeries distances[SDQN_ANALYSIS_MAX_PAIRS], lines[2 * SDQN_CONFIG_MAX_TASKS];
    char names[SDQN_ANALYSIS_MAX_PAIRS][PAIR_NAME_SIZE], axes[2][64], share[SDQN_TEXT_SIZE], caption[400];
    for (int p = 0; p < pairs; p++) {
        int a, b;
        sdqn_gradient_pair(p, &a, &b);
        snprintf(names[p], sizeof names[p], "%s, %s", config->tasks[a], config->tasks[b]);
        distances[p] =
            (SdqnSeries){.label = names[p], .style = embeddings->tasks + p, .count = n, .x = x, .y = values + (size_t)p * moments};
    }
    for (int k = 0; k < 2; k++)
        snprintf(axes[k], sizeof axes[k], "component %d (%s %%)", k + 1, sdqn_text_from_double_fixed(100.0 * shares[k], 1, share));
    for (int t = 0; t < embeddings->tasks; t++) {
        const double *path_x = paths + 2 * (size_t)t * moments, *path_y = path_x + moments;
        SdqnSeries *line = &lines[2 * (size_t)t];
        line[0] = (SdqnSeries){.label = config->tasks[t], .style = t, .count = n, .x = path_x, .y = path_y};
        line[1] = (SdqnSeries){
            .kind = SDQN_SERIES_POINTS, .label = "first kept weights", .style = FIRST_STYLE, .count = 1, .x = path_x, .y = path_y};
    }
    const SdqnPanel panels[2] = {{.title = "Distances",
                                  .x = {.label = "training episode of the run"},
                                  .y = {.label = "Euclidean distance"},
                                  .series = distances,
                                  .num_series = pairs},
                                 {.title = "Paths in the plane of two components",
                                  .x = {.label = axes[0]},
                                  .y = {.label = axes[1]},
                                  .series = lines,
                                  .num_series = 2 * embeddings->tasks}};
    snprintf(caption, sizeof caption,
             "Task embeddings in %d of %d kept weights: distances between them%s, and their way in the plane of the first two principal "
             "components of all of them.",
             n, embeddings->available, pairs < all ? " (the first pairs)" : "");
    sdqn_page_figure(analysis->page,
                     &(SdqnChart){.name = "embeddings", .caption = caption, .panels = panels, .num_panels = 2, .columns = 2});
}

/// @param points [moments, tasks, 2] @param x [moments] @param values [pairs, moments] @param paths [tasks, 2, moments]
static void arrange(const SdqnEmbeddings *embeddings, const double *points, double *x, double *values, double *paths) {
    const size_t n = (size_t)embeddings->count, tasks = (size_t)embeddings->tasks, pairs = tasks * (tasks - 1) / 2;
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)embeddings->episodes[i];
        for (size_t p = 0; p < pairs; p++) {
            int a, b;
            sdqn_gradient_pair((int)p, &a, &b);
            values[p * n + i] = sdqn_embedding_distance(embeddings, (int)i, a, b);
        }
        for (size_t t = 0; t < tasks; t++) {
            for (size_t k = 0; k < 2; k++) paths[(2 * t + k) * n + i] = points[2 * (i * tasks + t) + k];
        }
    }
}

SdqnStatus sdqn_analysis_embeddings(const SdqnAnalysis *analysis, SdqnError *error) {
    const SdqnEmbeddings *embeddings = &analysis->embeddings;
    double shares[2] = {0.0, 0.0};
    sdqn_page_section(analysis->page, "Task embeddings");
    if (embeddings->count == 0) {
        sdqn_page_text(analysis->page,
                       embeddings->available == 0 ? "No weights are kept yet: the first come after episode %d."
                                                  : "The network has no task embedding, so there are no distances to show.",
                       analysis->run->config.checkpoint_period);
        return SDQN_OK;
    }
    if (embeddings->tasks < 2) {
        sdqn_page_text(analysis->page, "There is one task, so there is no distance to show.");
        return SDQN_OK;
    }
    const size_t n = (size_t)embeddings->count, tasks = (size_t)embeddings->tasks, pairs = tasks * (tasks - 1) / 2;
    double *x = calloc(n, sizeof *x), *values = calloc(n * pairs, sizeof *values), *points = calloc(2 * n * tasks, sizeof *points);
    double *paths = calloc(2 * n * tasks, sizeof *paths);
    SdqnStatus status = SDQN_ERR_MEMORY;
    if (x && values && points && paths) {
        status = sdqn_embeddings_project(embeddings, points, shares, error);
        arrange(embeddings, points, x, values, paths);
    } else {
        sdqn_error_set(error, status, "analysis: out of memory for embeddings");
    }
    if (status == SDQN_OK) {
        add_figure(analysis, x, values, shares, paths);
        add_table(analysis);
    }
    free(x);
    free(values);
    free(points);
    free(paths);
    return status;
}
