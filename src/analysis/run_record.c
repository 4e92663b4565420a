#include "analysis/run_record.h"

#include "analysis/run_log.h"
#include "core/file.h"
#include "core/json.h"
#include "run/evaluation_json.h"
#include "run/run_folder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_TOTAL INT64_C(1000000000000000) ///< of steps and updates: exact in doubles
#define MAX_SUMMARY ((size_t)1 << 28)

int sdqn_run_record_task(const SdqnRunRecord *record, const char *name) {
    for (int t = 0; t < record->config.num_tasks; t++) {
        if (strcmp(record->config.tasks[t], name) == 0) return t;
    }
    return -1;
}

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for a run"); }

void sdqn_run_record_destroy(SdqnRunRecord *record) {
    if (!record) return;
    SdqnEpisodeRecord *training = &record->training;
    SdqnEvaluationRecord *evaluations = &record->evaluations;
    void *owned[] = {training->tasks,   training->steps,    training->episodes,   training->total_steps, training->updates,
                     training->returns, training->losses,   training->epsilons,   training->truncated,   training->at_rest,
                     record->folder,    evaluations->means, evaluations->at_rest, evaluations->episodes};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    free(record);
}

// ---- training episodes ----------------------------------------------------------------------------------------------------------

static SdqnStatus acquire_episodes(void *context, int lines, SdqnError *error) {
    SdqnEpisodeRecord *training = &((SdqnRunRecord *)context)->training;
    const size_t n = (size_t)lines + 1;
    training->tasks = calloc(n, sizeof *training->tasks);
    training->steps = calloc(n, sizeof *training->steps);
    training->episodes = calloc(n, sizeof *training->episodes);
    training->total_steps = calloc(n, sizeof *training->total_steps);
    training->updates = calloc(n, sizeof *training->updates);
    training->returns = calloc(n, sizeof *training->returns);
    training->losses = calloc(n, sizeof *training->losses);
    training->epsilons = calloc(n, sizeof *training->epsilons);
    training->truncated = calloc(n, sizeof *training->truncated);
    training->at_rest = calloc(n, sizeof *training->at_rest);
    const bool whole = training->tasks && training->steps && training->episodes && training->total_steps && training->updates &&
                       training->returns && training->losses && training->epsilons && training->truncated && training->at_rest;
    return whole ? SDQN_OK : out_of_memory(error);
}

static SdqnStatus get_task(const SdqnRunRecord *record, const char *where, const json_t *line, int *task, SdqnError *error) {
    const char *name;
    const SdqnStatus status = sdqn_json_get_string(where, line, "task", &name, error);
    if (status != SDQN_OK) return status;
    *task = sdqn_run_record_task(record, name);
    return *task >= 0 ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: task '%.60s' is none of the run's", where, name);
}

/// A number, or null for NaN.
static SdqnStatus get_double_or_null(const char *where, const json_t *line, const char *key, double *value, SdqnError *error) {
    if (!json_is_null(json_object_get(line, key))) return sdqn_json_get_double(where, line, key, value, error);
    *value = (double)NAN;
    return SDQN_OK;
}

static SdqnStatus take_episode(void *context, const char *where, const json_t *line, SdqnError *error) {
    SdqnRunRecord *record = context;
    SdqnEpisodeRecord *training = &record->training;
    const int i = training->count; // a line that is refused is overwritten by the next
    int64_t steps = 0;
    SdqnStatus status = sdqn_json_get_integer(where, line, "episode", 0, SDQN_CONFIG_MAX_EPISODES, &training->episodes[i], error);
    if (status == SDQN_OK) status = get_task(record, where, line, &training->tasks[i], error);
    if (status == SDQN_OK) status = sdqn_return_json_get(where, line, "return", &training->returns[i], error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "steps", 0, INT32_MAX, &steps, error);
    if (status == SDQN_OK) status = sdqn_json_get_bool(where, line, "truncated", &training->truncated[i], error);
    if (status == SDQN_OK) status = sdqn_json_get_bool(where, line, "at_rest", &training->at_rest[i], error);
    if (status == SDQN_OK) status = sdqn_json_get_double(where, line, "epsilon", &training->epsilons[i], error);
    if (status == SDQN_OK) status = get_double_or_null(where, line, "loss", &training->losses[i], error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "total_steps", 0, MAX_TOTAL, &training->total_steps[i], error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "total_updates", 0, MAX_TOTAL, &training->updates[i], error);
    if (status != SDQN_OK) return status;
    if (i > 0 && training->episodes[i] <= training->episodes[i - 1])
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: episode %lld is not behind that of the line before", where,
                              (long long)training->episodes[i]);
    training->steps[i] = (int)steps;
    training->count++;
    return SDQN_OK;
}

// ---- evaluations ----------------------------------------------------------------------------------------------------------------

static SdqnStatus acquire_evaluations(void *context, int lines, SdqnError *error) {
    SdqnRunRecord *record = context;
    SdqnEvaluationRecord *evaluations = &record->evaluations;
    const size_t n = (size_t)lines + 1, tasks = (size_t)record->config.num_tasks;
    evaluations->episodes = calloc(n, sizeof *evaluations->episodes);
    evaluations->means = calloc(n * tasks, sizeof *evaluations->means);
    evaluations->at_rest = calloc(n * tasks, sizeof *evaluations->at_rest);
    return evaluations->episodes && evaluations->means && evaluations->at_rest ? SDQN_OK : out_of_memory(error);
}

static SdqnStatus take_evaluation(void *context, const char *where, const json_t *line, SdqnError *error) {
    SdqnRunRecord *record = context;
    SdqnEvaluationRecord *evaluations = &record->evaluations;
    const char *kind;
    const int i = evaluations->count;
    json_t *tasks;
    SdqnStatus status = sdqn_json_get_string(where, line, "kind", &kind, error);
    const bool is_final = status == SDQN_OK && strcmp(kind, "final") == 0;
    if (status == SDQN_OK)
        status = sdqn_json_get_integer(where, line, "episode", 0, SDQN_CONFIG_MAX_EPISODES, &evaluations->episodes[i], error);
    if (status == SDQN_OK && !is_final && strcmp(kind, "periodic") != 0)
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: kind '%.40s': must be periodic or final", where, kind);
    // The final one may come after the same episode as the last periodic one.
    if (status == SDQN_OK && i > 0 && (evaluations->has_final || evaluations->episodes[i] < evaluations->episodes[i - 1] + !is_final))
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is not behind the line before", where);
    if (status == SDQN_OK) status = sdqn_evaluation_json_check(where, line, &record->config, is_final, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, line, "tasks", &tasks, error);
    for (int t = 0; t < record->config.num_tasks && status == SDQN_OK; t++) {
        const int cell = i * record->config.num_tasks + t;
        SdqnTaskResult result = {0};
        json_t *object;
        status = sdqn_json_get_object(where, tasks, record->config.tasks[t], &object, error);
        if (status == SDQN_OK) status = sdqn_task_result_json_read(where, object, &result, error);
        evaluations->means[cell] = result.mean;
        evaluations->at_rest[cell] = result.at_rest;
        if (is_final) evaluations->final[t] = result;
    }
    if (status != SDQN_OK) return status;
    evaluations->has_final = is_final;
    evaluations->count++;
    return SDQN_OK;
}

// ---- the folder -----------------------------------------------------------------------------------------------------------------

/// What summary.json adds. A run without one is not finished; one that cannot be read is noted.
static SdqnStatus read_summary(SdqnRunRecord *record, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    const char *sha256;
    json_t *document;
    SdqnStatus status = sdqn_file_join(record->folder, SDQN_RUN_SUMMARY, path, error);
    if (status != SDQN_OK || !sdqn_file_exists(path)) return status;
    SdqnError cause = {0};
    status = sdqn_json_read(path, MAX_SUMMARY, &document, &cause);
    if (status == SDQN_OK) {
        status = sdqn_json_get_integer(SDQN_RUN_SUMMARY, document, "parameters", 1, INT64_MAX, &record->parameters, &cause);
        if (status == SDQN_OK) status = sdqn_json_get_string(SDQN_RUN_SUMMARY, document, "weights_sha256", &sha256, &cause);
        if (status == SDQN_OK && sdqn_sha256_is_hex(sha256)) memcpy(record->weights_sha256, sha256, SDQN_SHA256_HEX_SIZE);
        json_decref(document);
    }
    record->finished = status == SDQN_OK;
    return status == SDQN_OK ? SDQN_OK : sdqn_notes_take(&record->notes, "left out", status, &cause, error);
}

static SdqnStatus read_config(SdqnRunRecord *record, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    struct stat entry;
    if (stat(record->folder, &entry) != 0 || !S_ISDIR(entry.st_mode))
        return sdqn_error_set(error, SDQN_ERR_IO, "%s: there is no such folder", record->folder);
    const SdqnStatus status = sdqn_file_join(record->folder, SDQN_RUN_CONFIG, path, error);
    if (status != SDQN_OK) return status;
    if (!sdqn_file_exists(path)) return sdqn_error_set(error, SDQN_ERR_IO, "%s: is no run: it holds no " SDQN_RUN_CONFIG, record->folder);
    // A damaged file of the run is no wrong usage of the command.
    const SdqnStatus read = sdqn_config_read(path, &record->config, error);
    return read == SDQN_ERR_ARGUMENT ? SDQN_ERR_FORMAT : read;
}

/// What is not as a whole run has it.
static void note_gaps(SdqnRunRecord *record) {
    const SdqnEpisodeRecord *training = &record->training;
    const int64_t last = training->count > 0 ? training->episodes[training->count - 1] + 1 : 0;
    if (training->count < last)
        sdqn_notes_add(&record->notes, "%lld of the first %lld training episodes are missing from metrics.jsonl: means run over those left",
                       (long long)(last - training->count), (long long)last);
    if (record->finished && last != record->config.episodes)
        sdqn_notes_add(&record->notes, "metrics.jsonl ends after %lld episodes although the finished run had %d", (long long)last,
                       record->config.episodes);
    if (record->finished && !record->evaluations.has_final)
        sdqn_notes_add(&record->notes, "evaluations.jsonl holds no final evaluation although the run is finished");
}

SdqnStatus sdqn_run_record_read(const char *folder, SdqnRunRecord **record, SdqnError *error) {
    SdqnRunRecord *made = calloc(1, sizeof *made);
    if (!made) return out_of_memory(error);
    made->folder = strdup(folder);
    SdqnStatus status = made->folder ? read_config(made, error) : out_of_memory(error);
    if (status == SDQN_OK) status = read_summary(made, error);
    if (status == SDQN_OK)
        status = sdqn_run_log_read(folder, "metrics.jsonl", acquire_episodes, take_episode, made, &made->notes, NULL, error);
    if (status == SDQN_OK)
        status = sdqn_run_log_read(folder, "evaluations.jsonl", acquire_evaluations, take_evaluation, made, &made->notes, NULL, error);
    if (status == SDQN_OK && made->training.count == 0 && made->evaluations.count == 0)
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: there is nothing to analyse yet: no training episode and no evaluation%s%s",
                                folder, made->notes.count > 0 ? "; " : "", made->notes.count > 0 ? made->notes.texts[0] : "");
    if (status != SDQN_OK) {
        sdqn_run_record_destroy(made);
        return status;
    }
    note_gaps(made);
    *record = made;
    return SDQN_OK;
}
