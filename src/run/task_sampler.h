// task_sampler.h: which task an episode is of.
#ifndef SDQN_RUN_TASK_SAMPLER_H
#define SDQN_RUN_TASK_SAMPLER_H

#include "core/error.h"
#include "core/rng.h"
#include "run/config.h"
#include "run/task_set.h"

#include <stdbool.h>
#include <stdint.h>

/// Plain data without padding or pointers: part of a full state as it is.
///
/// With `loss` and `success` each task has a need n_i, and is drawn with probability 0.1 / tasks + 0.9 n_i / sum of the needs. By loss it
/// is the running mean of the TD errors' sizes over the updates (with atoms of the cross-entropies), in which a new one counts 1/1000; by
/// success it is 1 less the running share of successful episodes, in which a new one counts 1/20, beginning at 0. By loss tasks come in
/// turn until all have had an update.
typedef struct SdqnTaskSampler {
    SdqnRng rng;
    uint64_t drawn;                  ///< episodes begun
    double score[SDQN_TASK_SET_MAX]; ///< the running mean or share
    double seen[SDQN_TASK_SET_MAX];  ///< 1 if there is one yet, else 0
} SdqnTaskSampler;

/// @param rng  the stream for task sampling
void sdqn_task_sampler_begin(SdqnTaskSampler *sampler, const SdqnRng *rng);
/// The task of the next episode. Draws from the stream only if the kind is not round-robin.
int sdqn_task_sampler_next(SdqnTaskSampler *sampler, SdqnTaskSampling kind, int tasks);
/// Probability of each task at the next draw. @param probabilities [tasks] written
void sdqn_task_sampler_probabilities(const SdqnTaskSampler *sampler, SdqnTaskSampling kind, int tasks, double *probabilities);
/// An update saw this mean size of a task's TD errors. @param error  NaN: none of its transitions
void sdqn_task_sampler_take_error(SdqnTaskSampler *sampler, SdqnTaskSampling kind, int task, double error);
/// An episode has ended.
void sdqn_task_sampler_take_episode(SdqnTaskSampler *sampler, SdqnTaskSampling kind, int task, bool success);
/// Whether one that was read from a file can be one. @return SDQN_OK or SDQN_ERR_FORMAT
SdqnStatus sdqn_task_sampler_check(const SdqnTaskSampler *sampler, SdqnError *error);

#endif
