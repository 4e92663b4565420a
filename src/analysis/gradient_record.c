#include "analysis/gradient_record.h"

#include "analysis/run_log.h"
#include "core/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UPDATES INT64_C(1000000000000000)
#define MAX_SIZE 1e50     ///< of a gradient or a weight: products of six stay finite
#define MOST_ONE 1.000001 ///< of cosines and shares, which rounding may lift above 1

/// Reading: the record, and room for reports, which is known once the first line has said how many tasks and layers there are.
typedef struct Reading {
    const SdqnRunRecord *run;
    SdqnGradientRecord *record;
    int lines;
} Reading;

static SdqnStatus out_of_memory(SdqnError *error) {
    return sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for gradients.jsonl");
}

static void free_cosines(SdqnCosines *cosines) {
    free(cosines->norms);
    free(cosines->cosines);
    free(cosines->layer_cosines);
}

void sdqn_gradient_record_destroy(SdqnGradientRecord *record) {
    if (!record) return;
    free_cosines(&record->seen);
    free_cosines(&record->control);
    free(record->updates);
    free(record->episodes);
    free(record->weights);
    free(record->cuts);
    free(record);
}

void sdqn_gradient_pair(int pair, int *a, int *b) {
    *b = 1;
    while (pair >= *b) pair -= (*b)++;
    *a = pair;
}

static int pair_of(int a, int b) { return a < b ? b * (b - 1) / 2 + a : a * (a - 1) / 2 + b; }

// ---- reading --------------------------------------------------------------------------------------------------------------------

static bool acquire_cosines(SdqnCosines *cosines, size_t reports, size_t tasks, size_t pairs, size_t layers) {
    cosines->norms = calloc(reports * tasks, sizeof *cosines->norms);
    cosines->cosines = calloc(reports * pairs + 1, sizeof *cosines->cosines);
    cosines->layer_cosines = calloc(reports * pairs * layers + 1, sizeof *cosines->layer_cosines);
    return cosines->norms && cosines->cosines && cosines->layer_cosines;
}

/// Names of the layers and room, from the first report. Sizes are bounded by the log's: a report holds as many numbers as are made room
/// for.
static SdqnStatus begin(Reading *reading, const char *where, json_t *layers, size_t tasks, SdqnError *error) {
    SdqnGradientRecord *record = reading->record;
    const char *name;
    json_t *layer;
    const size_t reports = (size_t)reading->lines;
    if (json_object_size(layers) > SDQN_GRADIENT_MAX_LAYERS)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: holds %zu layers: at most %d are read", where, json_object_size(layers),
                              SDQN_GRADIENT_MAX_LAYERS);
    record->num_layers = 0;
    json_object_foreach(layers, name, layer) {
        if (strlen(name) >= SDQN_GRADIENT_LAYER_SIZE)
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: layer '%.60s...': too long a name", where, name);
        snprintf(record->layers[record->num_layers++], SDQN_GRADIENT_LAYER_SIZE, "%s", name);
    }
    record->tasks = (int)tasks;
    record->pairs = (int)(tasks * (tasks - 1) / 2);
    record->updates = calloc(reports, sizeof *record->updates);
    record->episodes = calloc(reports, sizeof *record->episodes);
    record->weights = calloc(reports * tasks, sizeof *record->weights);
    record->cuts = calloc(reports, sizeof *record->cuts);
    const size_t pairs = (size_t)record->pairs, num_layers = (size_t)record->num_layers;
    const bool whole = record->updates && record->episodes && record->weights && record->cuts &&
                       acquire_cosines(&record->seen, reports, tasks, pairs, num_layers) &&
                       acquire_cosines(&record->control, reports, tasks, pairs, num_layers);
    return whole ? SDQN_OK : out_of_memory(error);
}

/// A list of `count` numbers in [low, high] or nulls, which become NaN.
static SdqnStatus get_numbers(const char *where, const json_t *object, const char *key, int count, double low, double high, double *values,
                              SdqnError *error) {
    json_t *list;
    const SdqnStatus status = sdqn_json_get_array(where, object, key, &list, error);
    if (status != SDQN_OK) return status;
    if (json_array_size(list) != (size_t)count)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s: has %zu numbers, expected %d", where, key, json_array_size(list), count);
    for (int i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        if (!json_is_number(item) && !json_is_null(item))
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s[%d]: must be a number or null", where, key, i);
        values[i] = json_is_null(item) ? (double)NAN : json_number_value(item);
        if (values[i] < low || values[i] > high)
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s[%d]: must be in [%g, %g]", where, key, i, low, high);
    }
    return SDQN_OK;
}

static SdqnStatus take_cosines(const SdqnGradientRecord *record, const char *where, const json_t *object, int report, SdqnCosines *cosines,
                               SdqnError *error) {
    json_t *layers;
    SdqnStatus status =
        get_numbers(where, object, "norms", record->tasks, 0.0, MAX_SIZE, cosines->norms + (size_t)report * (size_t)record->tasks, error);
    if (status == SDQN_OK)
        status = get_numbers(where, object, "cosines", record->pairs, -MOST_ONE, MOST_ONE,
                             cosines->cosines + (size_t)report * (size_t)record->pairs, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, object, "layers", &layers, error);
    for (int i = 0; i < record->num_layers && status == SDQN_OK; i++) {
        const size_t first = ((size_t)report * (size_t)record->num_layers + (size_t)i) * (size_t)record->pairs;
        json_t *layer;
        status = sdqn_json_get_object(where, layers, record->layers[i], &layer, error);
        if (status == SDQN_OK)
            status = get_numbers(where, layer, "cosines", record->pairs, -MOST_ONE, MOST_ONE, cosines->layer_cosines + first, error);
    }
    return status;
}

static void forget_cosines(const SdqnGradientRecord *record, int report, SdqnCosines *cosines) {
    const size_t tasks = (size_t)record->tasks, pairs = (size_t)record->pairs, layers = (size_t)record->num_layers, r = (size_t)report;
    for (size_t i = 0; i < tasks; i++) cosines->norms[r * tasks + i] = (double)NAN;
    for (size_t i = 0; i < pairs; i++) cosines->cosines[r * pairs + i] = (double)NAN;
    for (size_t i = 0; i < pairs * layers; i++) cosines->layer_cosines[r * pairs * layers + i] = (double)NAN;
}

static SdqnStatus take_report(void *context, const char *where, const json_t *line, SdqnError *error) {
    Reading *reading = context;
    SdqnGradientRecord *record = reading->record;
    const int i = record->count;
    json_t *tasks, *layers;
    SdqnStatus status = sdqn_json_get_array(where, line, "tasks", &tasks, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, line, "layers", &layers, error);
    if (status != SDQN_OK) return status;
    const size_t count = json_array_size(tasks);
    if (count != 1 && count != (size_t)reading->run->config.num_tasks)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is of %zu tasks: the run has %d", where, count, reading->run->config.num_tasks);
    if (record->updates == NULL) status = begin(reading, where, layers, count, error);
    assert(status != SDQN_OK || record->updates != NULL);
    if (status == SDQN_OK && count != (size_t)record->tasks)
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is of %zu tasks: the first report has %d", where, count, record->tasks);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "update", 1, MAX_UPDATES, &record->updates[i], error);
    // With a network for each task each counts its own updates.
    if (status == SDQN_OK && i > 0 && record->tasks > 1 && record->updates[i] <= record->updates[i - 1])
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: update %lld is not behind that of the line before", where,
                                (long long)record->updates[i]);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, line, "episode", 0, SDQN_CONFIG_MAX_EPISODES, &record->episodes[i], error);
    if (status == SDQN_OK)
        status = get_numbers(where, line, "weights", record->tasks, -MAX_SIZE, MAX_SIZE, record->weights + (size_t)i * count, error);
    if (status == SDQN_OK) status = take_cosines(record, where, line, i, &record->seen, error);
    if (status != SDQN_OK) return status;
    record->cuts[i] = (double)NAN;
    if (json_object_get(line, "cut")) status = sdqn_json_get_double(where, line, "cut", &record->cuts[i], error);
    if (status == SDQN_OK && (record->cuts[i] < 0.0 || record->cuts[i] > MOST_ONE)) // false for NaN
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: cut: must be in [0, 1]", where);
    json_t *control = json_object_get(line, "shuffled");
    if (status == SDQN_OK && control) status = take_cosines(record, where, control, i, &record->control, error);
    if (status != SDQN_OK) return status;
    if (!control) forget_cosines(record, i, &record->control);
    record->has_control = record->has_control || control;
    record->count++;
    return SDQN_OK;
}

static SdqnStatus remember_lines(void *context, int lines, SdqnError *error) {
    (void)error;
    ((Reading *)context)->lines = lines;
    return SDQN_OK;
}

SdqnStatus sdqn_gradient_record_read(SdqnRunRecord *run, SdqnGradientRecord **record, SdqnError *error) {
    SdqnGradientRecord *made = calloc(1, sizeof *made);
    if (!made) return out_of_memory(error);
    Reading reading = {.run = run, .record = made};
    const SdqnStatus status =
        sdqn_run_log_read(run->folder, "gradients.jsonl", remember_lines, take_report, &reading, &run->notes, NULL, error);
    if (status == SDQN_OK) {
        *record = made;
    } else {
        sdqn_gradient_record_destroy(made);
    }
    return status;
}

// ---- what steps do to tasks -----------------------------------------------------------------------------------------------------

/// Inner product of the gradients of two tasks.
static double inner(const SdqnGradientRecord *record, const SdqnCosines *cosines, int report, int a, int b) {
    const double *norms = cosines->norms + (size_t)report * (size_t)record->tasks;
    if (a == b) return norms[a] * norms[a];
    const double cosine = cosines->cosines[(size_t)report * (size_t)record->pairs + (size_t)pair_of(a, b)];
    return isnan(cosine) ? 0.0 : norms[a] * norms[b] * cosine; // no cosine: one of them is 0
}

bool sdqn_gradient_weights_are_known(const SdqnGradientRecord *record, int report) {
    const double *weights = record->weights + (size_t)report * (size_t)record->tasks;
    bool known = true;
    for (int t = 0; t < record->tasks; t++) known = known && isfinite(weights[t]);
    return known;
}

double sdqn_gradient_step_cosine(const SdqnGradientRecord *record, const SdqnCosines *cosines, int report, int task) {
    const double *weights = record->weights + (size_t)report * (size_t)record->tasks;
    const bool known = sdqn_gradient_weights_are_known(record, report);
    double along = 0.0, square = 0.0;
    for (int a = 0; a < record->tasks; a++) {
        const double w_a = known ? weights[a] : 1.0;
        along += w_a * inner(record, cosines, report, a, task);
        for (int b = 0; b < record->tasks; b++) square += w_a * (known ? weights[b] : 1.0) * inner(record, cosines, report, a, b);
    }
    const double own = inner(record, cosines, report, task, task);
    return own > 0.0 && square > 0.0 ? along / sqrt(own * square) : (double)NAN;
}

double sdqn_gradient_robustness(const SdqnGradientRecord *record, const SdqnCosines *cosines, int task, int *count) {
    int known = 0, lowered = 0;
    for (int r = 0; r < record->count; r++) {
        const double cosine = sdqn_gradient_step_cosine(record, cosines, r, task);
        known += !isnan(cosine);
        lowered += cosine >= 0.0;
    }
    if (count) *count = known;
    return known > 0 ? (double)lowered / known : (double)NAN;
}
