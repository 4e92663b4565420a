#include "run/metrics.h"

#include "run/evaluation_json.h"

#include <math.h>
#include <stdio.h>

void sdqn_metrics_episode_line(SdqnJsonWriter *writer, const SdqnEpisodeMetrics *metrics) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_i64(writer, "episode", metrics->episode);
    sdqn_json_add_string(writer, "task", metrics->task);
    sdqn_json_add_double(writer, "return", metrics->episode_return);
    sdqn_json_add_i64(writer, "steps", metrics->steps);
    sdqn_json_add_bool(writer, "terminated", metrics->terminated);
    sdqn_json_add_bool(writer, "truncated", metrics->truncated);
    sdqn_json_add_bool(writer, "at_rest", metrics->at_rest);
    sdqn_json_add_double(writer, "epsilon", metrics->epsilon);
    sdqn_json_add_double(writer, "loss", metrics->updates > 0 ? metrics->mean_loss : (double)NAN); // what is not finite becomes null
    sdqn_json_add_u64(writer, "total_steps", metrics->total_steps);
    sdqn_json_add_u64(writer, "total_updates", metrics->total_updates);
    sdqn_json_end_object(writer);
}

void sdqn_metrics_timing_line(SdqnJsonWriter *writer, const SdqnEpisodeMetrics *metrics) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_i64(writer, "episode", metrics->episode);
    sdqn_json_add_double(writer, "seconds", metrics->seconds);
    sdqn_json_add_double(writer, "updates_per_second", metrics->updates_per_second);
    sdqn_json_end_object(writer);
}

void sdqn_metrics_evaluation_line(SdqnJsonWriter *writer, int64_t episode, SdqnEvaluationKind kind, const SdqnEvaluation *evaluation) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_i64(writer, "episode", episode);
    sdqn_json_add_string(writer, "kind", kind == SDQN_EVALUATION_FINAL ? "final" : "periodic");
    sdqn_evaluation_json_add(writer, evaluation);
    sdqn_json_end_object(writer);
}

/// Numbers in an array; what is not finite becomes null.
static void add_numbers(SdqnJsonWriter *writer, const char *key, const double *values, int count) {
    sdqn_json_begin_array(writer, key);
    for (int i = 0; i < count; i++) sdqn_json_add_double(writer, NULL, values[i]);
    sdqn_json_end_array(writer);
}

/// The same if any is known.
static void add_known(SdqnJsonWriter *writer, const char *key, const double *values, int count) {
    bool known = false;
    for (int i = 0; i < count; i++) known = known || isfinite(values[i]);
    if (known) add_numbers(writer, key, values, count);
}

/// Lengths and cosines of the tasks' gradients.
static void add_gram(SdqnJsonWriter *writer, const double *gram, int tasks) {
    sdqn_json_begin_array(writer, "norms");
    for (int t = 0; t < tasks; t++) sdqn_json_add_double(writer, NULL, sqrt(gram[t * tasks + t]));
    sdqn_json_end_array(writer);
    sdqn_json_begin_array(writer, "cosines");
    for (int b = 1; b < tasks; b++) {
        for (int a = 0; a < b; a++) sdqn_json_add_double(writer, NULL, sdqn_gradient_cosine(gram, tasks, a, b));
    }
    sdqn_json_end_array(writer);
}

/// Lengths, cosines and conflict over the network, and lengths and cosines layer by layer.
static void add_grams(SdqnJsonWriter *writer, const SdqnGradientReport *report, bool shuffled) {
    const double *gram = shuffled ? report->shuffled : report->gram;
    add_gram(writer, gram, report->tasks);
    sdqn_json_add_double(writer, "conflict", sdqn_gradient_conflict(gram, report->tasks));
    sdqn_json_begin_object(writer, "layers");
    for (int i = 0; i < report->num_layers; i++) {
        sdqn_json_begin_object(writer, report->layers[i].name);
        add_gram(writer, shuffled ? report->layers[i].shuffled : report->layers[i].gram, report->tasks);
        sdqn_json_end_object(writer);
    }
    sdqn_json_end_object(writer);
}

void sdqn_metrics_gradients_line(SdqnJsonWriter *writer, int64_t episode, const char *const *tasks, const SdqnGradientReport *report) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_u64(writer, "update", report->update);
    sdqn_json_add_i64(writer, "episode", episode);
    sdqn_json_begin_array(writer, "tasks");
    for (int t = 0; t < report->tasks; t++) sdqn_json_add_string(writer, NULL, tasks[t]);
    sdqn_json_end_array(writer);
    add_numbers(writer, "weights", report->weights, report->tasks);
    add_numbers(writer, "errors", report->errors, report->tasks);
    add_grams(writer, report, false);
    if (isfinite(report->cut)) sdqn_json_add_double(writer, "cut", report->cut);
    add_known(writer, "kl", report->kl, report->tasks);
    add_known(writer, "kept", report->kept, report->tasks);
    if (report->has_shuffled) {
        sdqn_json_begin_object(writer, "shuffled");
        add_grams(writer, report, true);
        sdqn_json_end_object(writer);
    }
    sdqn_json_end_object(writer);
}

/// Tags are cut at their largest size; task names are shorter than that.
static void add_scalar(SdqnScalar *scalars, int *count, const char *kind, const char *task, double value) {
    SdqnScalar *scalar = &scalars[(*count)++];
    snprintf(scalar->tag, sizeof scalar->tag, "%s%s%s", kind, task != NULL ? "/" : "", task != NULL ? task : "");
    scalar->value = (float)value;
}

void sdqn_metrics_episode_record(const SdqnEpisodeMetrics *metrics, double wall_time, SdqnTensorboardRecord *record) {
    SdqnScalar scalars[SDQN_TENSORBOARD_MAX_SCALARS];
    int count = 0;
    add_scalar(scalars, &count, "return", metrics->task, metrics->episode_return);
    add_scalar(scalars, &count, "steps", metrics->task, (double)metrics->steps);
    add_scalar(scalars, &count, "epsilon", NULL, metrics->epsilon);
    if (metrics->updates > 0) {
        add_scalar(scalars, &count, "loss", NULL, metrics->mean_loss);
        add_scalar(scalars, &count, "updates_per_second", NULL, metrics->updates_per_second);
    }
    sdqn_tensorboard_scalars_record(wall_time, metrics->episode, scalars, count, record);
}

void sdqn_metrics_evaluation_record(int64_t episode, const SdqnEvaluation *evaluation, int task, double wall_time,
                                    SdqnTensorboardRecord *record) {
    SdqnScalar scalars[SDQN_TENSORBOARD_MAX_SCALARS];
    int count = 0;
    const SdqnTaskResult *result = &evaluation->tasks[task];
    if (task == 0) add_scalar(scalars, &count, "evaluation", "mean_over_tasks", evaluation->mean);
    add_scalar(scalars, &count, "evaluation", result->name, result->mean);
    add_scalar(scalars, &count, "success", result->name, result->success);
    add_scalar(scalars, &count, "at_rest", result->name, result->at_rest);
    sdqn_tensorboard_scalars_record(wall_time, episode, scalars, count, record);
}
