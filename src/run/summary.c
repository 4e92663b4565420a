#include "run/summary.h"

#include "core/file.h"
#include "core/version.h"
#include "nn/safetensors.h"
#include "run/evaluation_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SUMMARY_SIZE ((size_t)1 << 30) // the largest evaluation allowed has 32 tasks of 1,000,000 episodes; who has so many waits

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "GCC " __VERSION__
#endif

static void add_best(SdqnJsonWriter *writer, const SdqnCounters *counters) {
    if (counters->best_episode < 0) return;
    sdqn_json_begin_object(writer, "best");
    sdqn_json_add_i64(writer, "episode", counters->best_episode);
    sdqn_json_add_double(writer, "mean", counters->best_mean);
    sdqn_json_end_object(writer);
}

SdqnStatus sdqn_summary_write(SdqnRunFolder *folder, const SdqnSummary *summary, SdqnError *error) {
    SdqnJsonWriter *writer = sdqn_json_writer_create(2);
    if (writer == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, SDQN_RUN_SUMMARY ": out of memory");
    const SdqnCounters *counters = summary->counters;
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_string(writer, "method", summary->method);
    sdqn_json_add_u64(writer, "seed", summary->seed);
    sdqn_json_add_u64(writer, "episodes", counters->episodes);
    sdqn_json_add_u64(writer, "environment_steps", counters->steps);
    sdqn_json_add_u64(writer, "updates", counters->updates);
    sdqn_json_add_u64(writer, "parameters", summary->parameters);
    sdqn_json_add_string(writer, "weights_sha256", summary->weights_sha256);
    add_best(writer, counters);
    sdqn_json_begin_object(writer, "evaluation");
    sdqn_evaluation_json_add(writer, summary->evaluation);
    sdqn_json_end_object(writer);
    sdqn_json_add_double(writer, "seconds", summary->seconds);
    sdqn_json_add_double(writer, "updates_per_second", summary->seconds > 0 ? (double)counters->updates / summary->seconds : 0);
    sdqn_json_add_string(writer, "version", SDQN_VERSION);
    sdqn_json_add_string(writer, "isa", summary->isa);
    sdqn_json_add_string(writer, "compiler", COMPILER);
    sdqn_json_end_object(writer);

    size_t size;
    const char *text = sdqn_json_writer_text(writer, &size);
    SdqnStatus status = text != NULL ? sdqn_run_folder_write(folder, SDQN_RUN_SUMMARY, text, size, error)
                                     : sdqn_error_set(error, SDQN_ERR_MEMORY, SDQN_RUN_SUMMARY ": out of memory");
    sdqn_json_writer_destroy(writer);
    return status;
}

/// Check that the final weights are those of the summary.
static SdqnStatus check_weights(const SdqnRunFolder *folder, const char *digest, SdqnError *error) {
    char path[SDQN_PATH_SIZE], found[SDQN_SHA256_HEX_SIZE];
    uint8_t *bytes;
    size_t size;
    SdqnStatus status = sdqn_run_folder_join(folder, SDQN_RUN_FINAL, path, error);
    if (status == SDQN_OK) status = sdqn_file_read(path, SDQN_SAFETENSORS_MAX_SIZE, &bytes, &size, error);
    if (status != SDQN_OK) return status;
    sdqn_sha256_hex(bytes, size, found);
    free(bytes);
    if (strcmp(found, digest) == 0) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.800s: is not what the run wrote: its SHA-256 is not the one in " SDQN_RUN_SUMMARY,
                          path);
}

SdqnStatus sdqn_summary_read(const SdqnRunFolder *folder, SdqnFinishedRun *run, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnFinishedRun result = {0};
    json_t *evaluation;
    const char *method, *digest;
    SdqnStatus status = sdqn_run_folder_join(folder, SDQN_RUN_SUMMARY, path, error);
    if (status == SDQN_OK) status = sdqn_json_read(path, MAX_SUMMARY_SIZE, &result.document, error);
    if (status != SDQN_OK) return status;
    status = sdqn_json_get_string(path, result.document, "method", &method, error);
    if (status == SDQN_OK) status = sdqn_json_get_string(path, result.document, "weights_sha256", &digest, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(path, result.document, "evaluation", &evaluation, error);
    if (status == SDQN_OK) status = sdqn_evaluation_json_read(path, evaluation, &result.evaluation, error);
    if (status == SDQN_OK) status = check_weights(folder, digest, error);
    if (status != SDQN_OK) {
        sdqn_finished_run_clear(&result);
        return status;
    }
    snprintf(result.method, sizeof result.method, "%s", method);
    snprintf(result.weights_sha256, sizeof result.weights_sha256, "%s", digest);
    *run = result;
    return SDQN_OK;
}

void sdqn_finished_run_clear(SdqnFinishedRun *run) {
    sdqn_evaluation_clear(&run->evaluation);
    json_decref(run->document);
    *run = (SdqnFinishedRun){0};
}
