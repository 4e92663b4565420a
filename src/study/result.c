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

#define MAX_STEPS INT64_C(1000000000000000)                          ///< sums of steps stay exact in doubles
#define MOST_COSINE 1.000001                                         ///< rounding may lift one above 1
static const char DIGITS[] = "0123456789abcdefghijklmnopqrstuvwxyz"; ///< a task in a result's text
_Static_assert(SDQN_CONFIG_MAX_TASKS < sizeof DIGITS, "a digit for each task");

void sdqn_study_result_clear(SdqnStudyResult *result) {
    SdqnStudyCurve *curve = &result->curve;
    void *owned[] = {result->settings, result->episode_tasks, result->episode_ends,    result->episode_steps, result->episode_returns,
                     curve->episodes,  curve->steps,          curve->updates,          curve->means,          curve->success,
                     curve->at_rest,   curve->timeout,        curve->gradient_reports, curve->cosines,        curve->conflict_shares};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *result = (SdqnStudyResult){0};
}

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for a result"); }

/// Room for `count` evaluations; none is there yet.
static SdqnStatus acquire_evaluations(SdqnStudyResult *result, int count, SdqnError *error) {
    SdqnStudyCurve *curve = &result->curve;
    const size_t n = (size_t)count + 1, cells = n * (size_t)result->num_tasks;
    curve->episodes = calloc(n, sizeof *curve->episodes);
    curve->steps = calloc(n, sizeof *curve->steps);
    curve->updates = calloc(n, sizeof *curve->updates);
    curve->means = calloc(cells, sizeof *curve->means);
    curve->success = calloc(cells, sizeof *curve->success);
    curve->at_rest = calloc(cells, sizeof *curve->at_rest);
    curve->timeout = calloc(cells, sizeof *curve->timeout);
    curve->gradient_reports = calloc(n, sizeof *curve->gradient_reports);
    curve->cosines = calloc(n, sizeof *curve->cosines);
    curve->conflict_shares = calloc(n, sizeof *curve->conflict_shares);
    const bool whole = curve->episodes && curve->steps && curve->updates && curve->means && curve->success && curve->at_rest &&
                       curve->timeout && curve->gradient_reports && curve->cosines && curve->conflict_shares;
    return whole ? SDQN_OK : out_of_memory(error);
}

static SdqnStatus acquire_episodes(SdqnStudyResult *result, int count, SdqnError *error) {
    result->episode_tasks = calloc((size_t)count + 1, sizeof *result->episode_tasks);
    result->episode_ends = calloc((size_t)count + 1, sizeof *result->episode_ends);
    result->episode_steps = calloc((size_t)count + 1, sizeof *result->episode_steps);
    result->episode_returns = calloc((size_t)count + 1, sizeof *result->episode_returns);
    const bool whole = result->episode_tasks && result->episode_ends && result->episode_steps && result->episode_returns;
    return whole ? SDQN_OK : out_of_memory(error);
}

static double rounded(double value, double steps_a_unit) { return round(value * steps_a_unit) / steps_a_unit + 0.0; } // no -0.0

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
        status = sdqn_json_get_integer(where, object, "environment_steps", 0, MAX_STEPS, &result->environment_steps, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, object, "updates", 0, MAX_STEPS, &result->updates, error);
    return status == SDQN_OK ? get_sha256(where, object, "weights_sha256", result->weights_sha256, error) : status;
}

/// A result while it is collected.
typedef struct Collection {
    SdqnStudyResult result;
    SdqnConfig config;   ///< of the run
    int64_t last_report; ///< update of the last report on gradients
} Collection;

static SdqnStatus take_summary(const char *path, Collection *collection, double *seconds, SdqnError *error) {
    SdqnStudyResult *result = &collection->result;
    json_t *document, *evaluation, *tasks;
    SdqnStatus status = sdqn_json_read(path, MAX_FILE_SIZE, &document, error);
    if (status != SDQN_OK) return status;
    status = read_counts(path, document, result, error);
    if (status == SDQN_OK && seconds) status = sdqn_json_get_double(path, document, "seconds", seconds, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(path, document, "evaluation", &evaluation, error);
    if (status == SDQN_OK) status = sdqn_evaluation_json_check(path, evaluation, &collection->config, true, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(path, evaluation, "tasks", &tasks, error);
    if (status == SDQN_OK) status = read_tasks(path, tasks, result, error);
    json_decref(document);
    return status;
}

/// Called with each line of a log. @param where  FILE:LINE
typedef SdqnStatus TakeLine(const char *where, const json_t *line, Collection *collection, SdqnError *error);

static SdqnStatus take_evaluation(const char *where, const json_t *line, Collection *collection, SdqnError *error) {
    SdqnStudyResult *result = &collection->result;
    SdqnStudyCurve *curve = &result->curve;
    const char *kind;
    int64_t episode;
    json_t *tasks;
    SdqnStatus status = sdqn_json_get_string(where, line, "kind", &kind, error);
    if (status != SDQN_OK || strcmp(kind, "final") == 0) return status; // the final one is taken from the summary
    if (strcmp(kind, "periodic") != 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: kind '%.40s': must be periodic or final", where, kind);
    status = sdqn_json_get_integer(where, line, "episode", 0, MAX_COUNT, &episode, error);
    if (status == SDQN_OK && curve->count > 0 && episode <= curve->episodes[curve->count - 1])
        status =
            sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: episode %lld is not behind that of the line before", where, (long long)episode);
    if (status == SDQN_OK) status = sdqn_evaluation_json_check(where, line, &collection->config, false, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, line, "tasks", &tasks, error);
    for (int t = 0; t < result->num_tasks && status == SDQN_OK; t++) {
        const size_t cell = (size_t)curve->count * (size_t)result->num_tasks + (size_t)t;
        json_t *object;
        SdqnTaskResult task = {0};
        status = sdqn_json_get_object(where, tasks, result->tasks[t], &object, error);
        if (status == SDQN_OK) status = sdqn_task_result_json_read(where, object, &task, error);
        curve->means[cell] = rounded(task.mean, 100.0);
        curve->success[cell] = rounded(task.success, 10000.0);
        curve->at_rest[cell] = rounded(task.at_rest, 10000.0);
        curve->timeout[cell] = rounded(task.timeout, 10000.0);
    }
    if (status == SDQN_OK) curve->episodes[curve->count++] = (int)episode;
    return status;
}

/// Index of the evaluation made after this episode or, of those there are, the next.
static int evaluation_of(const SdqnStudyCurve *curve, int64_t episode) {
    int low = 0, high = curve->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (curve->episodes[middle] < episode) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static SdqnStatus take_episode(const char *where, const json_t *line, Collection *collection, SdqnError *error) {
    SdqnStudyResult *result = &collection->result;
    SdqnStudyCurve *curve = &result->curve;
    const char *task;
    int64_t episode, steps, all_steps, all_updates;
    bool truncated, at_rest;
    double value;
    SdqnStatus status = sdqn_json_get_integer(where, line, "episode", 0, MAX_COUNT, &episode, error);
    if (status == SDQN_OK) status = sdqn_json_get_string(where, line, "task", &task, error);
    if (status == SDQN_OK) status = sdqn_return_json_get(where, line, "return", &value, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "steps", 0, INT32_MAX, &steps, error);
    if (status == SDQN_OK) status = sdqn_json_get_bool(where, line, "truncated", &truncated, error);
    if (status == SDQN_OK) status = sdqn_json_get_bool(where, line, "at_rest", &at_rest, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "total_steps", 0, MAX_STEPS, &all_steps, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "total_updates", 0, MAX_STEPS, &all_updates, error);
    if (status != SDQN_OK) return status;
    const int index = task_index(result, task), e = result->num_episodes, evaluation = evaluation_of(curve, episode);
    if (index < 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: task %s is none of the final evaluation", where, task);
    if (episode != e) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: episode %lld, expected %d", where, (long long)episode, e);
    if (evaluation < curve->count && curve->episodes[evaluation] == episode) {
        curve->steps[evaluation] = all_steps;
        curve->updates[evaluation] = all_updates;
    }
    result->episode_tasks[e] = index;
    result->episode_ends[e] = (char)(at_rest ? SDQN_END_REST : truncated ? SDQN_END_TIMEOUT : SDQN_END_CRASH);
    result->episode_steps[e] = (int)steps;
    result->episode_returns[e] = rounded(value, 10.0);
    result->num_episodes++;
    return SDQN_OK;
}

/// Add a report to the sums of its place on the curve. The cosine with a gradient of length 0 (a task without a transition in the batch) is
/// null; a report without any cosine says nothing.
static SdqnStatus take_gradients(const char *where, const json_t *line, Collection *collection, SdqnError *error) {
    SdqnStudyCurve *curve = &collection->result.curve;
    int64_t episode, update;
    int known = 0;
    double conflict, sum = 0.0;
    json_t *cosines;
    SdqnStatus status = sdqn_json_get_integer(where, line, "episode", 0, MAX_COUNT, &episode, error);
    if (status == SDQN_OK) status = sdqn_json_get_array(where, line, "cosines", &cosines, error);
    if (status != SDQN_OK) return status;
    for (size_t i = 0; i < json_array_size(cosines); i++) {
        const json_t *cosine = json_array_get(cosines, i);
        if (json_is_null(cosine)) continue;
        if (!json_is_number(cosine) || fabs(json_number_value(cosine)) > MOST_COSINE)
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: cosines[%zu]: must be a number in [-1, 1] or null", where, i);
        sum += json_number_value(cosine);
        known++;
    }
    if (known == 0) return SDQN_OK;
    status = sdqn_json_get_double(where, line, "conflict", &conflict, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "update", 1, MAX_STEPS, &update, error);
    if (status != SDQN_OK) return status;
    if (update <= collection->last_report)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: update %lld is not behind that of the line before", where, (long long)update);
    if (!(conflict >= 0.0 && conflict <= 1.0)) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: conflict: must be in [0, 1]", where);
    collection->last_report = update;
    const int place = evaluation_of(curve, episode);
    curve->gradient_reports[place]++;
    curve->cosines[place] += sum / known;
    curve->conflict_shares[place] += conflict;
    return SDQN_OK;
}

/// From sums to means.
static void average_gradients(SdqnStudyCurve *curve) {
    for (int i = 0; i <= curve->count; i++) {
        const double reports = curve->gradient_reports[i] > 0 ? curve->gradient_reports[i] : 1.0;
        curve->cosines[i] = rounded(curve->cosines[i] / reports, 10000.0);
        curve->conflict_shares[i] = rounded(curve->conflict_shares[i] / reports, 10000.0);
    }
}

static int count_lines(const uint8_t *text, size_t size) {
    int count = 0;
    for (size_t i = 0; i < size; i++) count += text[i] == '\n';
    return count;
}

/// Read a log line by line. @param acquire  makes room for as many; NULL: none is needed
static SdqnStatus take_log(const char *folder, const char *name, SdqnStatus (*acquire)(SdqnStudyResult *, int, SdqnError *), TakeLine *take,
                           Collection *collection, SdqnError *error) {
    char path[SDQN_PATH_SIZE], where[SDQN_ERROR_SIZE];
    uint8_t *text = NULL;
    size_t size = 0;
    SdqnStatus status = sdqn_file_join(folder, name, path, error);
    if (status == SDQN_OK) status = sdqn_file_read(path, MAX_FILE_SIZE, &text, &size, error);
    if (status != SDQN_OK) return status;
    if (acquire) status = acquire(&collection->result, count_lines(text, size), error);
    const char *line = (const char *)text, *end;
    int number = 1;
    for (; status == SDQN_OK && (end = memchr(line, '\n', size - (size_t)(line - (const char *)text))); line = end + 1, number++) {
        json_t *document;
        snprintf(where, sizeof where, "%.900s:%d", path, number);
        status = sdqn_json_parse(where, line, (size_t)(end - line), &document, error);
        if (status != SDQN_OK) break;
        status = take(where, document, collection, error);
        json_decref(document);
    }
    if (status == SDQN_OK && (size_t)(line - (const char *)text) < size)
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%.900s:%d: the line is cut off", path, number);
    free(text);
    return status;
}

static SdqnStatus take_settings(const char *folder, Collection *collection, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    uint8_t *text = NULL;
    size_t size;
    SdqnStatus status = sdqn_file_join(folder, SDQN_RUN_CONFIG, path, error);
    if (status == SDQN_OK) status = sdqn_file_read(path, MAX_SETTINGS_SIZE, &text, &size, error); // with a zero byte behind it
    if (status != SDQN_OK) return status;
    collection->result.settings = (char *)text;
    return sdqn_config_parse(SDQN_RUN_CONFIG, (const char *)text, size, &collection->config, error);
}

/// Whether the logs hold what the settings say.
static SdqnStatus check_whole(const char *folder, const Collection *collection, SdqnError *error) {
    const SdqnStudyResult *result = &collection->result;
    const SdqnConfig *config = &collection->config;
    if (result->num_episodes != config->episodes)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.900s/metrics.jsonl: holds %d episodes: the run had %d", folder,
                              result->num_episodes, config->episodes);
    if (result->curve.count != (config->episodes - 1) / config->evaluation_period)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.900s/evaluations.jsonl: holds %d periodic evaluations: the run had %d", folder,
                              result->curve.count, (config->episodes - 1) / config->evaluation_period);
    return SDQN_OK;
}

SdqnStatus sdqn_study_result_collect(const char *folder, const char *arm, uint64_t seed, const char *numerics, SdqnStudyResult *result,
                                     double *seconds, SdqnError *error) {
    Collection *made = calloc(1, sizeof *made);
    char path[SDQN_PATH_SIZE];
    if (!made) return out_of_memory(error);
    made->result.seed = seed;
    snprintf(made->result.arm, sizeof made->result.arm, "%s", arm);
    snprintf(made->result.numerics, sizeof made->result.numerics, "%s", numerics);
    SdqnStatus status = sdqn_file_join(folder, SDQN_RUN_SUMMARY, path, error);
    if (status == SDQN_OK) status = take_settings(folder, made, error);
    if (status == SDQN_OK) status = take_summary(path, made, seconds, error);
    if (status == SDQN_OK) status = take_log(folder, "evaluations.jsonl", acquire_evaluations, take_evaluation, made, error);
    if (status == SDQN_OK) status = take_log(folder, "metrics.jsonl", acquire_episodes, take_episode, made, error);
    if (status == SDQN_OK) status = take_log(folder, "gradients.jsonl", NULL, take_gradients, made, error);
    if (status == SDQN_OK) status = check_whole(folder, made, error);
    if (status == SDQN_OK) {
        average_gradients(&made->result.curve);
        *result = made->result;
    } else {
        sdqn_study_result_clear(&made->result);
    }
    free(made);
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

static void add_longs(SdqnJsonWriter *writer, const char *key, const int64_t *values, int count) {
    sdqn_json_begin_array(writer, key);
    for (int i = 0; i < count; i++) sdqn_json_add_i64(writer, NULL, values[i]);
    sdqn_json_end_array(writer);
}

static void add_curve(SdqnJsonWriter *writer, const SdqnStudyCurve *curve, int tasks) {
    sdqn_json_begin_object(writer, "evaluations");
    add_integers(writer, "episode", curve->episodes, curve->count);
    add_longs(writer, "environment_steps", curve->steps, curve->count);
    add_longs(writer, "updates", curve->updates, curve->count);
    add_doubles(writer, "means", curve->means, curve->count * tasks);
    add_doubles(writer, "success", curve->success, curve->count * tasks);
    add_doubles(writer, "at_rest", curve->at_rest, curve->count * tasks);
    add_doubles(writer, "timeout", curve->timeout, curve->count * tasks);
    sdqn_json_end_object(writer);
    sdqn_json_begin_object(writer, "gradients");
    add_integers(writer, "reports", curve->gradient_reports, curve->count + 1);
    add_doubles(writer, "cosine", curve->cosines, curve->count + 1);
    add_doubles(writer, "conflict", curve->conflict_shares, curve->count + 1);
    sdqn_json_end_object(writer);
}

/// Tasks and ends as a letter an episode. @return whether there was memory
static bool add_training(SdqnJsonWriter *writer, const SdqnStudyResult *result) {
    char *tasks = calloc((size_t)result->num_episodes + 1, 1);
    if (!tasks) return false;
    for (int e = 0; e < result->num_episodes; e++) tasks[e] = DIGITS[result->episode_tasks[e]];
    sdqn_json_begin_object(writer, "training");
    sdqn_json_add_string(writer, "task", tasks);
    sdqn_json_add_string(writer, "end", result->episode_ends);
    add_doubles(writer, "return", result->episode_returns, result->num_episodes);
    add_integers(writer, "steps", result->episode_steps, result->num_episodes);
    sdqn_json_end_object(writer);
    free(tasks);
    return true;
}

/// @return whether there was memory; else the text is not whole
static bool add_result(SdqnJsonWriter *writer, const SdqnStudyResult *result) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_string(writer, "arm", result->arm);
    sdqn_json_add_u64(writer, "seed", result->seed);
    sdqn_json_add_string(writer, "settings", result->settings);
    sdqn_json_add_string(writer, "numerics", result->numerics);
    sdqn_json_add_string(writer, "weights_sha256", result->weights_sha256);
    sdqn_json_add_i64(writer, "parameters", result->parameters);
    sdqn_json_add_i64(writer, "environment_steps", result->environment_steps);
    sdqn_json_add_i64(writer, "updates", result->updates);
    sdqn_json_begin_object(writer, "final");
    for (int t = 0; t < result->num_tasks; t++) {
        sdqn_json_begin_object(writer, result->tasks[t]);
        sdqn_task_result_json_add(writer, &result->final[t]);
        sdqn_json_end_object(writer);
    }
    sdqn_json_end_object(writer);
    add_curve(writer, &result->curve, result->num_tasks);
    if (!add_training(writer, result)) return false;
    sdqn_json_end_object(writer);
    return true;
}

SdqnStatus sdqn_study_result_write(const SdqnStudyResult *result, const char *path, SdqnError *error) {
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    SdqnPiece piece = {0};
    if (writer && add_result(writer, result)) piece.data = sdqn_json_writer_text(writer, &piece.size);
    const SdqnStatus status = piece.data ? sdqn_file_write(path, &piece, 1, error) : out_of_memory(error);
    sdqn_json_writer_destroy(writer);
    return status;
}

/// An array of integers in [0, most].
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

/// `count` integers in [0, most].
static SdqnStatus get_longs(const char *where, const json_t *object, const char *key, int64_t most, size_t count, int64_t *values,
                            SdqnError *error) {
    const json_t *array = NULL;
    SdqnStatus status = get_integers(where, object, key, most, &array, error);
    if (status == SDQN_OK && json_array_size(array) != count)
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s: has %zu numbers, expected %zu", where, key, json_array_size(array), count);
    for (size_t i = 0; status == SDQN_OK && i < count; i++) values[i] = json_integer_value(json_array_get(array, i));
    return status;
}

static SdqnStatus read_evaluations(const char *where, const json_t *object, SdqnStudyResult *result, SdqnError *error) {
    SdqnStudyCurve *curve = &result->curve;
    const json_t *episodes = NULL;
    SdqnStatus status = get_integers(where, object, "episode", MAX_COUNT, &episodes, error);
    if (status != SDQN_OK) return status;
    const size_t count = json_array_size(episodes), cells = count * (size_t)result->num_tasks;
    status = acquire_evaluations(result, (int)count, error);
    if (status != SDQN_OK) return status;
    copy_integers(episodes, curve->episodes);
    curve->count = (int)count;
    for (size_t i = 1; i < count; i++) {
        if (curve->episodes[i] <= curve->episodes[i - 1])
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: evaluations: episode[%zu]: must be larger than the one before", where, i);
    }
    status = get_longs(where, object, "environment_steps", MAX_STEPS, count, curve->steps, error);
    if (status == SDQN_OK) status = get_longs(where, object, "updates", MAX_STEPS, count, curve->updates, error);
    if (status == SDQN_OK) status = get_doubles(where, object, "means", cells, curve->means, error);
    if (status == SDQN_OK) status = get_doubles(where, object, "success", cells, curve->success, error);
    if (status == SDQN_OK) status = get_doubles(where, object, "at_rest", cells, curve->at_rest, error);
    return status == SDQN_OK ? get_doubles(where, object, "timeout", cells, curve->timeout, error) : status;
}

static SdqnStatus read_gradients(const char *where, const json_t *object, SdqnStudyResult *result, SdqnError *error) {
    SdqnStudyCurve *curve = &result->curve;
    const json_t *reports = NULL;
    const size_t count = (size_t)curve->count + 1;
    SdqnStatus status = get_integers(where, object, "reports", INT32_MAX, &reports, error);
    if (status != SDQN_OK) return status;
    if (json_array_size(reports) != count)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: reports: has %zu numbers, expected %zu", where, json_array_size(reports), count);
    copy_integers(reports, curve->gradient_reports);
    status = get_doubles(where, object, "cosine", count, curve->cosines, error);
    return status == SDQN_OK ? get_doubles(where, object, "conflict", count, curve->conflict_shares, error) : status;
}

/// Tasks and ends, a letter an episode.
static SdqnStatus read_letters(const char *where, const char *tasks, const char *ends, SdqnStudyResult *result, SdqnError *error) {
    const int count = result->num_episodes;
    for (int e = 0; e < count; e++) {
        const char *digit = memchr(DIGITS, tasks[e], (size_t)result->num_tasks);
        if (!digit) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: training: task: '%c' is no task", where, tasks[e]);
        if (!strchr("crt", ends[e]))
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: training: end: '%c' is none of crt", where, ends[e]);
        result->episode_tasks[e] = (int)(digit - DIGITS);
        result->episode_ends[e] = ends[e];
    }
    return SDQN_OK;
}

static SdqnStatus read_training(const char *where, const json_t *object, SdqnStudyResult *result, SdqnError *error) {
    const json_t *steps = NULL;
    const char *tasks = NULL, *ends = NULL;
    SdqnStatus status = sdqn_json_get_string(where, object, "task", &tasks, error);
    if (status == SDQN_OK) status = sdqn_json_get_string(where, object, "end", &ends, error);
    if (status == SDQN_OK) status = get_integers(where, object, "steps", INT32_MAX, &steps, error);
    if (status != SDQN_OK) return status;
    const size_t count = json_array_size(steps);
    if (strlen(tasks) != count || strlen(ends) != count)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: training: its lists have different lengths", where);
    status = acquire_episodes(result, (int)count, error);
    if (status != SDQN_OK) return status;
    copy_integers(steps, result->episode_steps);
    result->num_episodes = (int)count;
    status = read_letters(where, tasks, ends, result, error);
    return status == SDQN_OK ? get_doubles(where, object, "return", count, result->episode_returns, error) : status;
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
    json_t *final = NULL, *evaluations = NULL, *gradients = NULL, *training = NULL;
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
    if (status == SDQN_OK) status = sdqn_json_get_object(where, document, "gradients", &gradients, error);
    if (status == SDQN_OK) status = read_gradients(where, gradients, result, error);
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

// ---- scores ---------------------------------------------------------------------------------------------------------------------

/// Where an evaluation lies on the axis of a kind of score.
static double place_of(const SdqnStudyCurve *curve, SdqnScoreKind kind, int evaluation) {
    const bool steps = kind == SDQN_SCORE_VALUE_AT_STEPS || kind == SDQN_SCORE_AREA_TO_STEPS;
    return steps ? (double)curve->steps[evaluation] : (double)curve->episodes[evaluation];
}

/// The curve's value at the budget, and its area until there.
static void follow(const SdqnStudyResult *result, SdqnScoreKind kind, double budget, int task, double *value, double *area) {
    const SdqnStudyCurve *curve = &result->curve;
    const size_t tasks = (size_t)result->num_tasks;
    *value = *area = (double)NAN;
    if (curve->count == 0 || place_of(curve, kind, 0) > budget) return;
    double sum = 0.0, at = place_of(curve, kind, 0);
    *value = curve->means[task];
    for (int i = 1; i < curve->count && at < budget; i++) {
        const double next = place_of(curve, kind, i), end = next < budget ? next : budget, before = *value;
        const double mean = curve->means[(size_t)i * tasks + (size_t)task];
        *value = next > end ? before + (mean - before) * (end - at) / (next - at) : mean;
        sum += 0.5 * (before + *value) * (end - at);
        at = end;
    }
    *area = at > place_of(curve, kind, 0) ? sum / (at - place_of(curve, kind, 0)) : *value;
}

double sdqn_study_result_reach(const SdqnStudyResult *result, SdqnScoreKind kind) {
    const bool has_budget = kind >= SDQN_SCORE_VALUE_AT_EPISODES && kind <= SDQN_SCORE_AREA_TO_STEPS;
    if (!has_budget) return (double)INFINITY;
    return result->curve.count > 0 ? place_of(&result->curve, kind, result->curve.count - 1) : 0.0;
}

double sdqn_study_result_score(const SdqnStudyResult *result, SdqnScoreKind kind, double budget, int task) {
    double value, area;
    if (kind == SDQN_SCORE_FINAL) return result->final[task].mean;
    if (kind == SDQN_SCORE_TIMEOUT) return result->final[task].timeout;
    if (kind == SDQN_SCORE_LENGTH) return result->final[task].steps;
    follow(result, kind, kind == SDQN_SCORE_AREA ? (double)INFINITY : budget, task, &value, &area);
    return kind == SDQN_SCORE_VALUE_AT_EPISODES || kind == SDQN_SCORE_VALUE_AT_STEPS ? value : area;
}
