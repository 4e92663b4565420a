#include "analysis/analysis.h"

#include "analysis/sections.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/// Last part of a path, for a title.
static void name_of(const char *path, char *name, size_t size) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    size_t begin = length;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    snprintf(name, size, "%.*s", (int)(length - begin), path + begin);
}

static void describe_protocol(const SdqnConfig *config, char *text, size_t size) {
    size_t length = 0;
    for (int t = 0; t < config->num_tasks && length < size; t++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", t > 0 ? ", " : "", config->tasks[t]);
    if (length < size)
        snprintf(text + length, size - length, "; %d episodes; evaluated on %d a task from seed %llu", config->episodes,
                 config->final_episodes, (unsigned long long)config->final_seed);
}

static double last_mean(const SdqnRunRecord *run) {
    const SdqnEvaluationRecord *evaluations = &run->evaluations;
    const int tasks = run->config.num_tasks;
    double sum = 0.0;
    if (evaluations->count == 0) return (double)NAN;
    for (int t = 0; t < tasks; t++) sum += evaluations->means[(evaluations->count - 1) * tasks + t];
    return sum / tasks;
}

static void fill_result(const SdqnAnalysis *analysis, SdqnAnalysisResult *result) {
    const SdqnRunRecord *run = analysis->run;
    const char *undrawn = sdqn_page_undrawn(analysis->page);
    *result = (SdqnAnalysisResult){.config = run->config, .finished = run->finished, .mean = last_mean(run), .notes = run->notes.count};
    describe_protocol(&run->config, result->protocol, sizeof result->protocol);
    result->episodes = run->training.count > 0 ? run->training.episodes[run->training.count - 1] + 1 : 0;
    snprintf(result->undrawn, sizeof result->undrawn, "%s", undrawn ? undrawn : "");
}

/// What the page is about, and what could not be used.
static void add_introduction(const SdqnAnalysis *analysis) {
    const SdqnRunRecord *run = analysis->run;
    const SdqnConfig *config = &run->config;
    char protocol[160];
    describe_protocol(config, protocol, sizeof protocol);
    sdqn_page_text(analysis->page, "Method %s, seed %llu. Protocol: %s.", config->method, (unsigned long long)config->seed, protocol);
    if (run->finished) {
        sdqn_page_text(analysis->page, "The run is finished. SHA-256 of the final weights: %s.",
                       run->weights_sha256[0] != '\0' ? run->weights_sha256 : "not recorded");
    } else {
        sdqn_page_text(analysis->page, "The run is not finished: %d of %d training episodes are here.", run->training.count,
                       config->episodes);
    }
    sdqn_page_text(analysis->page,
                   "One run is an anecdote: returns of single seeds differ by a hundred points. Intervals over many seeds are the "
                   "matter of sharedqn study and sharedqn compare. How each figure is computed: docs/analysis.md.");
    if (run->notes.count == 0) return;
    sdqn_page_section(analysis->page, "Left out");
    for (int i = 0; i < run->notes.count && i < SDQN_NOTES_MAX; i++) sdqn_page_item(analysis->page, "%s", run->notes.texts[i]);
    if (run->notes.count > SDQN_NOTES_MAX) sdqn_page_item(analysis->page, "and %d more", run->notes.count - SDQN_NOTES_MAX);
}

static SdqnStatus read_all(const char *run, SdqnAnalysis *analysis, SdqnError *error) {
    SdqnStatus status = sdqn_run_record_read(run, &analysis->run, error);
    if (status == SDQN_OK) status = sdqn_gradient_record_read(analysis->run, &analysis->gradients, error);
    if (status == SDQN_OK) status = sdqn_embeddings_read(analysis->run, &analysis->embeddings, error);
    return status == SDQN_OK ? sdqn_behaviour_play(analysis->run, &analysis->behaviour, error) : status;
}

static SdqnStatus write_page(const char *out, SdqnAnalysis *analysis, SdqnError *error) {
    char name[200], title[300];
    name_of(analysis->run->folder, name, sizeof name);
    snprintf(title, sizeof title, "Run %s", name);
    analysis->page = sdqn_page_create(out, title, error);
    if (!analysis->page) return SDQN_ERR_IO;
    add_introduction(analysis);
    SdqnStatus status = sdqn_analysis_training(analysis, error);
    if (status == SDQN_OK) status = sdqn_analysis_efficiency(analysis, error);
    if (status == SDQN_OK) status = sdqn_analysis_behaviour(analysis, error);
    if (status == SDQN_OK) status = sdqn_analysis_gradients(analysis, error);
    if (status == SDQN_OK) status = sdqn_analysis_embeddings(analysis, error);
    if (status == SDQN_OK) status = sdqn_analysis_support(analysis, error);
    return status == SDQN_OK ? sdqn_page_write(analysis->page, "index", error) : status;
}

SdqnStatus sdqn_analyse_run(const char *run, const char *out, SdqnAnalysisResult *result, SdqnError *error) {
    SdqnAnalysis analysis = {0};
    SdqnStatus status = read_all(run, &analysis, error);
    if (status == SDQN_OK) status = write_page(out, &analysis, error);
    if (status == SDQN_OK) fill_result(&analysis, result);
    sdqn_page_destroy(analysis.page);
    sdqn_behaviour_destroy(analysis.behaviour);
    sdqn_embeddings_clear(&analysis.embeddings);
    sdqn_gradient_record_destroy(analysis.gradients);
    sdqn_run_record_destroy(analysis.run);
    return status;
}
