#include "run/task_sampler.h"

#include <math.h>
#include <string.h>

#define UNIFORM_SHARE 0.1  ///< of the draws, so that no task is forgotten
#define ERROR_RATE 1e-3    ///< share of a new TD error in the running mean
#define SUCCESS_RATE 0.05  ///< share of a new episode in the running share
#define LARGEST_SCORE 1e30 ///< so that sums stay finite

_Static_assert(sizeof(SdqnTaskSampler) == sizeof(SdqnRng) + sizeof(uint64_t) + 2 * sizeof(double) * SDQN_TASK_SET_MAX, "no padding");

void sdqn_task_sampler_begin(SdqnTaskSampler *sampler, const SdqnRng *rng) {
    memset(sampler, 0, sizeof *sampler);
    sampler->rng = *rng;
}

void sdqn_task_sampler_probabilities(const SdqnTaskSampler *sampler, SdqnTaskSampling kind, int tasks, double *probabilities) {
    double needs[SDQN_TASK_SET_MAX], sum = 0.0;
    for (int t = 0; t < tasks; t++) {
        needs[t] = kind == SDQN_TASK_SAMPLING_LOSS ? sampler->score[t] : kind == SDQN_TASK_SAMPLING_SUCCESS ? 1.0 - sampler->score[t] : 1.0;
        sum += needs[t];
    }
    for (int t = 0; t < tasks; t++) {
        probabilities[t] = sum > 0.0 ? UNIFORM_SHARE / tasks + (1.0 - UNIFORM_SHARE) * needs[t] / sum : 1.0 / tasks;
    }
}

static bool all_seen(const SdqnTaskSampler *sampler, int tasks) {
    bool all = true;
    for (int t = 0; t < tasks; t++) all = all && sampler->seen[t] > 0.0;
    return all;
}

int sdqn_task_sampler_next(SdqnTaskSampler *sampler, SdqnTaskSampling kind, int tasks) {
    const int turn = (int)(sampler->drawn++ % (uint64_t)tasks);
    if (kind == SDQN_TASK_SAMPLING_ROUND_ROBIN || (kind == SDQN_TASK_SAMPLING_LOSS && !all_seen(sampler, tasks))) return turn;
    if (kind == SDQN_TASK_SAMPLING_UNIFORM) return (int)sdqn_rng_integers(&sampler->rng, 0, tasks);
    double probabilities[SDQN_TASK_SET_MAX] = {0.0}, place = sdqn_rng_double(&sampler->rng);
    sdqn_task_sampler_probabilities(sampler, kind, tasks, probabilities);
    int task = 0;
    while (task < tasks - 1 && place >= probabilities[task]) place -= probabilities[task++];
    return task;
}

/// The first value counts wholly if nothing was known before.
static void mix(SdqnTaskSampler *sampler, int task, double value, double rate, bool from_zero) {
    const double own = sampler->seen[task] > 0.0 || from_zero ? rate : 1.0;
    sampler->score[task] += own * (value - sampler->score[task]);
    sampler->seen[task] = 1.0;
}

void sdqn_task_sampler_take_error(SdqnTaskSampler *sampler, SdqnTaskSampling kind, int task, double error) {
    if (kind != SDQN_TASK_SAMPLING_LOSS || isnan(error)) return;
    mix(sampler, task, error < LARGEST_SCORE ? error : LARGEST_SCORE, ERROR_RATE, false);
}

void sdqn_task_sampler_take_episode(SdqnTaskSampler *sampler, SdqnTaskSampling kind, int task, bool success) {
    if (kind == SDQN_TASK_SAMPLING_SUCCESS) mix(sampler, task, success ? 1.0 : 0.0, SUCCESS_RATE, true);
}

SdqnStatus sdqn_task_sampler_check(const SdqnTaskSampler *sampler, SdqnError *error) {
    bool sound = sdqn_rng_is_sound(&sampler->rng);
    for (int t = 0; t < SDQN_TASK_SET_MAX; t++) {
        sound =
            sound && sampler->score[t] >= 0.0 && sampler->score[t] <= LARGEST_SCORE && (sampler->seen[t] == 0.0 || sampler->seen[t] == 1.0);
    }
    return sound ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_FORMAT, "the task sampler's random stream or a number is out of range");
}
