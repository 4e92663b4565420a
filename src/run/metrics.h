// metrics.h: the lines of metrics.jsonl, evaluations.jsonl, gradients.jsonl and timing.jsonl, and the same figures for TensorBoard.
//
// None but timing holds a time, host, path or version: equal runs give equal bytes. Keys have a fixed order, numbers are the
// shortest that read back the same.
#ifndef SDQN_RUN_METRICS_H
#define SDQN_RUN_METRICS_H

#include "core/json.h"
#include "dqn/gradient_report.h"
#include "run/evaluator.h"
#include "run/tensorboard.h"

#include <stdbool.h>
#include <stdint.h>

/// What is known of a training episode when it is over.
typedef struct SdqnEpisodeMetrics {
    int64_t episode; ///< 0, 1, ...
    const char *task;
    double episode_return; ///< plain sum of the rewards
    int64_t steps;
    bool terminated, truncated, at_rest;
    double epsilon;                      ///< it explored with this
    int64_t updates;                     ///< gradient steps in this episode
    double mean_loss;                    ///< mean of their losses; 0 without any
    uint64_t total_steps, total_updates; ///< of the run, this episode included
    double seconds;                      ///< wall time of the run so far: for timing and TensorBoard only
    double updates_per_second;           ///< in this episode: likewise
} SdqnEpisodeMetrics;

/// Why an evaluation was made.
typedef enum SdqnEvaluationKind { SDQN_EVALUATION_PERIODIC, SDQN_EVALUATION_FINAL } SdqnEvaluationKind;

// Each makes one whole line with its line feed in `writer`, which must be empty and write without indentation.

/// metrics.jsonl: episode, task, return, steps, terminated, truncated, at_rest, epsilon, loss (null without updates), total_steps,
/// total_updates.
void sdqn_metrics_episode_line(SdqnJsonWriter *writer, const SdqnEpisodeMetrics *metrics);
/// timing.jsonl: episode, seconds, updates_per_second.
void sdqn_metrics_timing_line(SdqnJsonWriter *writer, const SdqnEpisodeMetrics *metrics);
/// evaluations.jsonl: episode, kind, and what sdqn_evaluation_json_add writes. @param episode  the last one trained
void sdqn_metrics_evaluation_line(SdqnJsonWriter *writer, int64_t episode, SdqnEvaluationKind kind, const SdqnEvaluation *evaluation);

/// gradients.jsonl: update, episode (of the step), tasks, weights, errors, norms, cosines (of the pairs (0, 1), (0, 2), (1, 2), (0, 3),
/// ...), conflict, layers (of each norms and cosines), and where there are any cut, kl, kept, and shuffled: norms, cosines, conflict and
/// layers of the control. What is not known is null.
/// @param tasks [report->tasks] names
void sdqn_metrics_gradients_line(SdqnJsonWriter *writer, int64_t episode, const char *const *tasks, const SdqnGradientReport *report);

/// The episode's figures for TensorBoard: return/TASK, steps/TASK, epsilon, loss, updates_per_second.
void sdqn_metrics_episode_record(const SdqnEpisodeMetrics *metrics, double wall_time, SdqnTensorboardRecord *record);
/// One task's figures of an evaluation: evaluation/TASK, success/TASK, at_rest/TASK; with the mean over tasks in the first one.
void sdqn_metrics_evaluation_record(int64_t episode, const SdqnEvaluation *evaluation, int task, double wall_time,
                                    SdqnTensorboardRecord *record);

#endif
