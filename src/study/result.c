#include "study/result.h"

#include "core/file.h"
#include "core/json.h"
#include "run/evaluation_json.h"
#include "run/run_folder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_SIZE ((size_t)1 << 28)
#define MAX_SETTINGS_SIZE ((size_t)1 << 18)
#define MAX_COUNT (SDQN_CONFIG_MAX_EPISODES)

void sdqn_study_result_clear(SdqnStudyResult *result) {
    free(result->settings);
    free(result->evaluation_episodes);
    free(result->evaluation_means);
    free(result->episode_tasks);
    free(result->episode_steps);
    free(result->episode_updates);
    free(result->episode_returns);
    *result = (SdqnStudyResult){0};
}

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for a result"); }

static SdqnStatus acquire_evaluations(SdqnStudyResult *result, int count, SdqnError *error) {
    result->evaluation_episodes = calloc((size_t)count + 1, sizeof *result->evaluation_episodes);
    result->evaluation_means = calloc((size_t)count * (size_t)result->num_tasks + 1, sizeof *result->evaluation_means);
    return result->evaluation_episodes && result->evaluation_means ? SDQN_OK : out_of_memory(error);
}

static SdqnStatus acquire_episodes(SdqnStudyResult *result, int count, SdqnError *error) {
    result->episode_tasks = calloc((size_t)count + 1, sizeof *result->episode_tasks);
    result->episode_steps = calloc((size_t)count + 1, sizeof *result->episode_steps);
    result->episode_updates = calloc((size_t)count + 1, sizeof *result->episode_updates);
    result->episode_returns = calloc((size_t)count + 1, sizeof *result->episode_returns);
    const bool whole = result->episode_tasks && result->episode_steps && result->episode_updates && result->episode_returns;
    return whole ? SDQN_OK : out_of_memory(error);
}

static int task_index(const SdqnStudyResult *result, const char *name) {
    for (int t = 0; t < result->num_tasks; t++) {
        if (strcmp(result->tasks[t], name) == 0) return t;
    }
    return -1;
}

// ---- from a run's folder --------------------------------------------------------------------------------------------------------

/// Names and figures of the tasks of an object in its order.
static SdqnStatus read_tasks(const char *where, json_t *tasks, SdqnStudyResult *result, SdqnError *error) {
    const char *name;
    json_t *task;
    json_object_foreach(tasks, name, task) {
        if (result->num_tasks == SDQN_CONFIG_MAX_TASKS || strlen(name) >= SDQN_TASK_NAME_SIZE)
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: too many tasks, or too long a name", where);
        snprintf(result->tasks[result->num_tasks], SDQN_TASK_NAME_SIZE, "%s", name);
        const SdqnStatus status = sdqn_task_result_json_read(where, task, &result->final[result->num_tasks++], error);
        if (status != SDQN_OK) return status;
    }
    return result->num_tasks > 0 ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: no task", where);
}

static SdqnStatus get_sha256(const char *where, const json_t *object, const char *key, char sha256[SDQN_SHA256_HEX_SIZE],
                             SdqnError *error) {
    const char *text;
    const SdqnStatus status = sdqn_json_get_string(where, object, key, &text, error);
    if (status != SDQN_OK) return status;
    if (!sdqn_sha256_is_hex(text)) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s: must be 64 hexadecimal digits", where, key);
    memcpy(sha256, text, SDQN_SHA256_HEX_SIZE);
    return SDQN_OK;
}

static SdqnStatus read_counts(const char *where, const json_t *object, SdqnStudyResult *result, SdqnError *error) {
    SdqnStatus status = sdqn_json_get_integer(where, object, "parameters", 0, INT64_MAX, &result->parameters, error);
    if (status == SDQN_OK)
        status = sdqn_json_get_integer(where, object, "environment_steps", 0, INT64_MAX, &result->environment_steps, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, object, "updates", 0, INT64_MAX, &result->updates, error);
    if (status == SDQN_OK) status = sdqn_json_get_double(where, object, "seconds", &result->seconds, error);
    return status == SDQN_OK ? get_sha256(where, object, "weights_sha256", result->weights_sha256, error) : status;
}

static SdqnStatus take_summary(const char *path, SdqnStudyResult *result, SdqnError *error) {
    json_t *document, *evaluation, *tasks;
    SdqnStatus status = sdqn_json_read(path, MAX_FILE_SIZE, &document, error);
    if (status != SDQN_OK) return status;
    status = read_counts(path, document, result, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(path, document, "evaluation", &evaluation, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(path, evaluation, "tasks", &tasks, error);
    if (status == SDQN_OK) status = read_tasks(path, tasks, result, error);
    json_decref(document);
    return status;
}

/// Called with each line of a log. @param where  FILE:LINE
typedef SdqnStatus TakeLine(const char *where, const json_t *line, SdqnStudyResult *result, SdqnError *error);

static SdqnStatus take_evaluation(const char *where, const json_t *line, SdqnStudyResult *result, SdqnError *error) {
    const char *kind;
    int64_t episode;
    json_t *tasks;
    SdqnStatus status = sdqn_json_get_string(where, line, "kind", &kind, error);
    if (status != SDQN_OK || strcmp(kind, "periodic") != 0) return status;
    status = sdqn_json_get_integer(where, line, "episode", 0, MAX_COUNT, &episode, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, line, "tasks", &tasks, error);
    for (int t = 0; t < result->num_tasks && status == SDQN_OK; t++) {
        json_t *task;
        double *mean = &result->evaluation_means[(size_t)result->num_evaluations * (size_t)result->num_tasks + (size_t)t];
        status = sdqn_json_get_object(where, tasks, result->tasks[t], &task, error);
        if (status == SDQN_OK) status = sdqn_json_get_double(where, task, "mean", mean, error);
    }
    if (status == SDQN_OK) result->evaluation_episodes[result->num_evaluations++] = (int)episode;
    return status;
}

static SdqnStatus take_episode(const char *where, const json_t *line, SdqnStudyResult *result, SdqnError *error) {
    const char *task;
    int64_t steps, updates;
    double value;
    SdqnStatus status = sdqn_json_get_string(where, line, "task", &task, error);
    if (status == SDQN_OK) status = sdqn_json_get_double(where, line, "return", &value, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "steps", 0, INT32_MAX, &steps, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "total_updates", 0, INT32_MAX, &updates, error);
    if (status != SDQN_OK) return status;
    const int index = task_index(result, task), e = result->num_episodes;
    if (index < 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: task %s is none of the final evaluation", where, task);
    result->episode_tasks[e] = index;
    result->episode_steps[e] = (int)steps;
    result->episode_updates[e] = (int)updates;
    result->episode_returns[e] = round(value * 100.0) / 100.0;
    result->num_episodes++;
    return SDQN_OK;
}

static int count_lines(const uint8_t *text, size_t size) {
    int count = 0;
    for (size_t i = 0; i < size; i++) count += text[i] == '\n';
    return count;
}

static SdqnStatus take_log(const char *folder, const char *name, SdqnStatus (*acquire)(SdqnStudyResult *, int, SdqnError *), TakeLine *take,
                           SdqnStudyResult *result, SdqnError *error) {
    char path[SDQN_PATH_SIZE], where[SDQN_ERROR_SIZE];
    uint8_t *text = NULL;
    size_t size = 0;
    SdqnStatus status = sdqn_file_join(folder, name, path, error);
    if (status == SDQN_OK) status = sdqn_file_read(path, MAX_FILE_SIZE, &text, &size, error);
    if (status != SDQN_OK) return status;
    status = acquire(result, count_lines(text, size), error);
    int number = 1;
    for (const char *line = (const char *)text, *end;
         status == SDQN_OK && (end = memchr(line, '\n', size - (size_t)(line - (const char *)text))); line = end + 1, number++) {
        json_t *document;
        snprintf(where, sizeof where, "%.900s:%d", path, number);
        status = sdqn_json_parse(where, line, (size_t)(end - line), &document, error);
        if (status != SDQN_OK) break;
        status = take(where, document, result, error);
        json_decref(document);
    }
    free(text);
    return status;
}

static SdqnStatus take_settings(const char *folder, SdqnStudyResult *result, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    uint8_t *text = NULL;
    size_t size;
    SdqnStatus status = sdqn_file_join(folder, SDQN_RUN_CONFIG, path, error);
    if (status == SDQN_OK) status = sdqn_file_read(path, MAX_SETTINGS_SIZE, &text, &size, error); // with a zero byte behind it
    if (status == SDQN_OK) result->settings = (char *)text;
    return status;
}

SdqnStatus sdqn_study_result_collect(const char *folder, const char *arm, uint64_t seed, const char *numerics, SdqnStudyResult *result,
                                     SdqnError *error) {
    SdqnStudyResult made = {.seed = seed};
    char path[SDQN_PATH_SIZE];
    snprintf(made.arm, sizeof made.arm, "%s", arm);
    snprintf(made.numerics, sizeof made.numerics, "%s", numerics);
    SdqnStatus status = sdqn_file_join(folder, SDQN_RUN_SUMMARY, path, error);
    if (status == SDQN_OK) status = take_summary(path, &made, error);
    if (status == SDQN_OK) status = take_settings(folder, &made, error);
    if (status == SDQN_OK) status = take_log(folder, "evaluations.jsonl", acquire_evaluations, take_evaluation, &made, error);
    if (status == SDQN_OK) status = take_log(folder, "metrics.jsonl", acquire_episodes, take_episode, &made, error);
    if (status == SDQN_OK) {
        *result = made;
    } else {
        sdqn_study_result_clear(&made);
    }
    return status;
}

// ---- as JSON --------------------------------------------------------------------------------------------------------------------

static void add_integers(SdqnJsonWriter *writer, const char *key, const int *values, int count) {
    sdqn_json_begin_array(writer, key);
    for (int i = 0; i < count; i++) sdqn_json_add_i64(writer, NULL, values[i]);
    sdqn_json_end_array(writer);
}

static void add_doubles(SdqnJsonWriter *writer, const char *key, const double *values, int count) {
    sdqn_json_begin_array(writer, key);
    for (int i = 0; i < count; i++) sdqn_json_add_double(writer, NULL, values[i]);
    sdqn_json_end_array(writer);
}

static void add_result(SdqnJsonWriter *writer, const SdqnStudyResult *result) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_string(writer, "arm", result->arm);
    sdqn_json_add_u64(writer, "seed", result->seed);
    sdqn_json_add_string(writer, "settings", result->settings);
    sdqn_json_add_string(writer, "numerics", result->numerics);
    sdqn_json_add_string(writer, "weights_sha256", result->weights_sha256);
    sdqn_json_add_i64(writer, "parameters", result->parameters);
    sdqn_json_add_i64(writer, "environment_steps", result->environment_steps);
    sdqn_json_add_i64(writer, "updates", result->updates);
    sdqn_json_add_double(writer, "seconds", result->seconds);
    sdqn_json_begin_object(writer, "final");
    for (int t = 0; t < result->num_tasks; t++) {
        sdqn_json_begin_object(writer, result->tasks[t]);
        sdqn_task_result_json_add(writer, &result->final[t]);
        sdqn_json_end_object(writer);
    }
    sdqn_json_end_object(writer);
    sdqn_json_begin_object(writer, "evaluations");
    add_integers(writer, "episode", result->evaluation_episodes, result->num_evaluations);
    add_doubles(writer, "means", result->evaluation_means, result->num_evaluations * result->num_tasks);
    sdqn_json_end_object(writer);
    sdqn_json_begin_object(writer, "training");
    add_integers(writer, "task", result->episode_tasks, result->num_episodes);
    add_doubles(writer, "return", result->episode_returns, result->num_episodes);
    add_integers(writer, "steps", result->episode_steps, result->num_episodes);
    add_integers(writer, "updates", result->episode_updates, result->num_episodes);
    sdqn_json_end_object(writer);
    sdqn_json_end_object(writer);
}

SdqnStatus sdqn_study_result_write(const SdqnStudyResult *result, const char *path, SdqnError *error) {
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    SdqnPiece piece = {0};
    if (writer) {
        add_result(writer, result);
        piece.data = sdqn_json_writer_text(writer, &piece.size);
    }
    const SdqnStatus status = piece.data ? sdqn_file_write(path, &piece, 1, error) : out_of_memory(error);
    sdqn_json_writer_destroy(writer);
    return status;
}

/// An array of `count` integers in [0, most], or of any number if count is -1.
static SdqnStatus get_integers(const char *where, const json_t *object, const char *key, int64_t most, const json_t **array,
                               SdqnError *error) {
    json_t *found;
    const SdqnStatus status = sdqn_json_get_array(where, object, key, &found, error);
    if (status != SDQN_OK) return status;
    for (size_t i = 0; i < json_array_size(found); i++) {
        const json_t *item = json_array_get(found, i);
        if (json_is_integer(item) && json_integer_value(item) >= 0 && json_integer_value(item) <= most) continue;
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s[%zu]: must be an integer in [0, %lld]", where, key, i, (long long)most);
    }
    *array = found;
    return SDQN_OK;
}

static SdqnStatus get_doubles(const char *where, const json_t *object, const char *key, size_t count, double *values, SdqnError *error) {
    json_t *found;
    const SdqnStatus status = sdqn_json_get_array(where, object, key, &found, error);
    if (status != SDQN_OK) return status;
    if (json_array_size(found) != count)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s: has %zu numbers, expected %zu", where, key, json_array_size(found), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(found, i);
        if (!json_is_number(item)) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s[%zu]: must be a number", where, key, i);
        values[i] = json_number_value(item);
    }
    return SDQN_OK;
}

static void copy_integers(const json_t *array, int *values) {
    for (size_t i = 0; i < json_array_size(array); i++) values[i] = (int)json_integer_value(json_array_get(array, i));
}

static SdqnStatus read_evaluations(const char *where, const json_t *object, SdqnStudyResult *result, SdqnError *error) {
    const json_t *episodes = NULL;
    SdqnStatus status = get_integers(where, object, "episode", MAX_COUNT, &episodes, error);
    if (status != SDQN_OK) return status;
    const size_t count = json_array_size(episodes);
    status = acquire_evaluations(result, (int)count, error);
    if (status != SDQN_OK) return status;
    copy_integers(episodes, result->evaluation_episodes);
    result->num_evaluations = (int)count;
    return get_doubles(where, object, "means", count * (size_t)result->num_tasks, result->evaluation_means, error);
}

static SdqnStatus read_training(const char *where, const json_t *object, SdqnStudyResult *result, SdqnError *error) {
    const json_t *tasks = NULL, *steps = NULL, *updates = NULL;
    SdqnStatus status = get_integers(where, object, "task", result->num_tasks - 1, &tasks, error);
    if (status == SDQN_OK) status = get_integers(where, object, "steps", INT32_MAX, &steps, error);
    if (status == SDQN_OK) status = get_integers(where, object, "updates", INT32_MAX, &updates, error);
    if (status != SDQN_OK) return status;
    const size_t count = json_array_size(tasks);
    if (json_array_size(steps) != count || json_array_size(updates) != count)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: training: its lists have different lengths", where);
    status = acquire_episodes(result, (int)count, error);
    if (status != SDQN_OK) return status;
    copy_integers(tasks, result->episode_tasks);
    copy_integers(steps, result->episode_steps);
    copy_integers(updates, result->episode_updates);
    result->num_episodes = (int)count;
    return get_doubles(where, object, "return", count, result->episode_returns, error);
}

/// A string as a copy.
static SdqnStatus read_text(const char *where, const json_t *object, const char *key, char **copy, SdqnError *error) {
    const char *text;
    const SdqnStatus status = sdqn_json_get_string(where, object, key, &text, error);
    if (status != SDQN_OK) return status;
    *copy = strdup(text);
    return *copy ? SDQN_OK : out_of_memory(error);
}

static SdqnStatus read_document(const char *where, const json_t *document, SdqnStudyResult *result, SdqnError *error) {
    const char *arm;
    int64_t seed = 0;
    json_t *final = NULL, *evaluations = NULL, *training = NULL;
    SdqnStatus status = sdqn_json_get_string(where, document, "arm", &arm, error);
    if (status == SDQN_OK && strlen(arm) >= sizeof result->arm) status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: arm: too long", where);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, document, "seed", 0, INT64_MAX, &seed, error);
    if (status == SDQN_OK) status = read_text(where, document, "settings", &result->settings, error);
    if (status == SDQN_OK) status = get_sha256(where, document, "numerics", result->numerics, error);
    if (status == SDQN_OK) status = read_counts(where, document, result, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, document, "final", &final, error);
    if (status == SDQN_OK) status = read_tasks(where, final, result, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, document, "evaluations", &evaluations, error);
    if (status == SDQN_OK) status = read_evaluations(where, evaluations, result, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, document, "training", &training, error);
    if (status == SDQN_OK) status = read_training(where, training, result, error);
    if (status != SDQN_OK) return status;
    snprintf(result->arm, sizeof result->arm, "%s", arm);
    result->seed = (uint64_t)seed;
    return SDQN_OK;
}

SdqnStatus sdqn_study_result_read(const char *path, SdqnStudyResult *result, SdqnError *error) {
    SdqnStudyResult made = {0};
    json_t *document;
    SdqnStatus status = sdqn_json_read(path, MAX_FILE_SIZE, &document, error);
    if (status != SDQN_OK) return status;
    status = read_document(path, document, &made, error);
    json_decref(document);
    if (status == SDQN_OK) {
        *result = made;
    } else {
        sdqn_study_result_clear(&made);
    }
    return status;
}

double sdqn_study_result_area(const SdqnStudyResult *result, int task) {
    const int n = result->num_evaluations;
    const size_t tasks = (size_t)result->num_tasks;
    double sum = 0.0;
    if (n == 0) return (double)NAN;
    if (n == 1) return result->evaluation_means[task];
    for (int i = 1; i < n; i++) {
        const double before = result->evaluation_means[(size_t)(i - 1) * tasks + (size_t)task];
        const double after = result->evaluation_means[(size_t)i * tasks + (size_t)task];
        sum += 0.5 * (before + after) * (result->evaluation_episodes[i] - result->evaluation_episodes[i - 1]);
    }
    return sum / (result->evaluation_episodes[n - 1] - result->evaluation_episodes[0]);
}
