#include "run/evaluator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EPISODES 1000000

static SdqnEpisodeResult run_episode(const SdqnEnvironmentFamily *family, void *environment, const SdqnPolicy *policy, int task,
                                     uint64_t seed) {
    float observation[SDQN_MAX_OBSERVATION_SIZE];
    SdqnEpisodeResult result = {.seed = seed};
    family->reset_seeded(environment, seed, observation);
    while (!result.terminated && !result.truncated) {
        SdqnStep step = family->step(environment, policy->act(policy->object, task, observation), observation);
        result.episode_return += step.reward;
        result.steps++;
        result.terminated = step.terminated;
        result.truncated = step.truncated;
        result.at_rest = step.at_rest;
    }
    return result;
}

/// mean = sum R / n; std = sqrt(sum (R - mean)^2 / n), both summed in episode order.
static void summarise(SdqnTaskResult *task, int episodes) {
    double n = episodes, sum = 0, steps = 0, successes = 0, at_rest = 0, timeouts = 0, squares = 0;
    for (int i = 0; i < episodes; i++) {
        const SdqnEpisodeResult *episode = &task->episodes[i];
        sum += episode->episode_return;
        steps += (double)episode->steps;
        successes += episode->episode_return >= SDQN_SUCCESS_RETURN;
        at_rest += episode->at_rest;
        timeouts += episode->truncated;
    }
    task->mean = sum / n;
    for (int i = 0; i < episodes; i++) {
        double deviation = task->episodes[i].episode_return - task->mean;
        squares += deviation * deviation;
    }
    task->std = sqrt(squares / n);
    task->success = successes / n;
    task->at_rest = at_rest / n;
    task->timeout = timeouts / n;
    task->steps = steps / n;
}

static SdqnStatus allocate(const SdqnTaskSet *set, int episodes, SdqnEvaluation *evaluation) {
    evaluation->tasks = calloc((size_t)set->count, sizeof *evaluation->tasks);
    if (evaluation->tasks == NULL) return SDQN_ERR_MEMORY;
    evaluation->num_tasks = set->count;
    for (int t = 0; t < set->count; t++) {
        evaluation->tasks[t].name = set->tasks[t].name;
        evaluation->tasks[t].time_limit_steps = set->tasks[t].time_limit_steps;
        evaluation->tasks[t].episodes = calloc((size_t)episodes, sizeof(SdqnEpisodeResult));
        if (evaluation->tasks[t].episodes == NULL) return SDQN_ERR_MEMORY;
    }
    return SDQN_OK;
}

static SdqnStatus run_tasks(const SdqnTaskSet *set, const SdqnPolicy *policy, void *environment, SdqnEvaluationProgress *progress,
                            void *context, SdqnEvaluation *evaluation, SdqnError *error) {
    // A fresh environment needs some generator; the first reset replaces it.
    SdqnRng rng;
    sdqn_rng_seed(&rng, evaluation->seed);
    int done = 0, total = set->count * evaluation->num_episodes;
    for (int t = 0; t < set->count; t++) {
        for (int i = 0; i < evaluation->num_episodes; i++) {
            set->family->create(environment, set->tasks[t].data, &rng);
            evaluation->tasks[t].episodes[i] = run_episode(set->family, environment, policy, t, evaluation->seed + (uint64_t)i);
            if (progress != NULL && !progress(context, ++done, total))
                return sdqn_error_set(error, SDQN_ERR_INTERRUPTED, "evaluation: stopped after %d of %d episodes", done, total);
        }
        summarise(&evaluation->tasks[t], evaluation->num_episodes);
        evaluation->mean += evaluation->tasks[t].mean;
    }
    evaluation->mean /= set->count;
    return SDQN_OK;
}

SdqnStatus sdqn_evaluate(const SdqnTaskSet *set, const SdqnPolicy *policy, int episodes, uint64_t seed, SdqnEvaluationProgress *progress,
                         void *context, SdqnEvaluation *evaluation, SdqnError *error) {
    if (episodes < 1 || episodes > MAX_EPISODES)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "evaluation: episodes = %d: must be in [1, %d]", episodes, MAX_EPISODES);

    SdqnEvaluation result = {.num_episodes = episodes, .seed = seed};
    // Environments ask for an alignment of 16, and aligned_alloc for a multiple of it.
    void *environment = aligned_alloc(16, (set->family->state_size + 15) / 16 * 16);
    SdqnStatus status = environment != NULL ? allocate(set, episodes, &result) : SDQN_ERR_MEMORY;
    if (status != SDQN_OK)
        sdqn_error_set(error, status, "evaluation: out of memory for %d episodes of %d tasks", episodes, set->count);
    else
        status = run_tasks(set, policy, environment, progress, context, &result, error);
    free(environment);
    if (status != SDQN_OK) {
        sdqn_evaluation_clear(&result);
        return status;
    }
    *evaluation = result;
    return SDQN_OK;
}

void sdqn_evaluation_clear(SdqnEvaluation *evaluation) {
    for (int t = 0; t < evaluation->num_tasks; t++) free(evaluation->tasks[t].episodes);
    free(evaluation->tasks);
    *evaluation = (SdqnEvaluation){0};
}
