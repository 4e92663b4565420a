#include "run/table.h"

#include <stddef.h>
#include <string.h>

/// What the starting document reports for Shared DQN: one run without a seed, 20 episodes a task.
static const struct {
    const char *task;
    double mean;
} document_figures[] = {{"standard", 263.09}, {"windy", 129.54}, {"heavy", 224.19}};
static const double document_mean = 205.61;

static const double *document_figure(const char *task) {
    for (size_t i = 0; i < sizeof document_figures / sizeof *document_figures; i++)
        if (strcmp(document_figures[i].task, task) == 0) return &document_figures[i].mean;
    return NULL;
}

static int name_width(const SdqnEvaluation *evaluation) {
    size_t width = strlen("mean over tasks");
    for (int t = 0; t < evaluation->num_tasks; t++) {
        size_t length = strlen(evaluation->tasks[t].name);
        if (length > width) width = length;
    }
    return (int)width;
}

static void write_row(FILE *stream, int width, const SdqnTaskResult *task) {
    fprintf(stream, "%-*s  %8.2f  %7.2f  %6.1f%%  %6.1f%%  %8.1f%%  %6.1f", width, task->name, task->mean, task->std, 100 * task->success,
            100 * task->at_rest, 100 * task->timeout, task->steps);
}

/// Whether somebody stopped before all episodes were played.
static bool is_partial(const SdqnEvaluation *evaluation) {
    bool partial = false;
    for (int t = 0; t < evaluation->num_tasks; t++) partial |= evaluation->tasks[t].num_episodes != evaluation->num_episodes;
    return partial;
}

void sdqn_table_write(FILE *stream, const SdqnEvaluation *evaluation, bool with_seed_figures) {
    const int width = name_width(evaluation);
    const bool partial = is_partial(evaluation);
    fprintf(stream, "%-*s  %8s  %7s  %7s  %7s  %9s  %6s%s%s\n", width, "task", "mean", "std", "success", "at rest", "time-outs", "steps",
            with_seed_figures ? "  document*" : "", partial ? "  episodes" : "");
    for (int t = 0; t < evaluation->num_tasks; t++) {
        const double *figure = with_seed_figures ? document_figure(evaluation->tasks[t].name) : NULL;
        write_row(stream, width, &evaluation->tasks[t]);
        if (figure != NULL) fprintf(stream, "  %9.2f", *figure);
        if (partial) fprintf(stream, "  %8d", evaluation->tasks[t].num_episodes);
        fputc('\n', stream);
    }
    if (evaluation->num_tasks > 1) {
        fprintf(stream, "%-*s  %8.2f", width, "mean over tasks", evaluation->mean);
        if (with_seed_figures) fprintf(stream, "%*s  %9.2f", 49, "", document_mean);
        fputc('\n', stream);
    }
    fprintf(stream, "%s%d episode%s a task, seeds from %llu; greedy; success: return >= %g; at rest: landed and asleep (reward +100)\n",
            partial ? "of " : "", evaluation->num_episodes, evaluation->num_episodes == 1 ? "" : "s", (unsigned long long)evaluation->seed,
            SDQN_SUCCESS_RETURN);
    if (with_seed_figures) fputs("* the seed document's Shared DQN: one run without a seed, 20 episodes a task\n", stream);
}
