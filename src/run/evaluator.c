#include "run/evaluator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EPISODES 1000000

/// mean = sum R / n; std = sqrt(sum (R - mean)^2 / n), both summed in episode order.
static void summarise(SdqnTaskResult *task) {
    const int episodes = task->num_episodes;
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

void sdqn_evaluation_summarise(SdqnEvaluation *evaluation) {
    evaluation->mean = 0;
    for (int t = 0; t < evaluation->num_tasks; t++) {
        summarise(&evaluation->tasks[t]);
        evaluation->mean += evaluation->tasks[t].mean;
    }
    evaluation->mean /= evaluation->num_tasks;
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

SdqnStatus sdqn_evaluation_create(const SdqnTaskSet *set, int episodes, uint64_t seed, SdqnEvaluation *evaluation, SdqnError *error) {
    if (episodes < 1 || episodes > MAX_EPISODES)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "evaluation: episodes = %d: must be in [1, %d]", episodes, MAX_EPISODES);
    SdqnEvaluation made = {.num_episodes = episodes, .seed = seed};
    const SdqnStatus status = allocate(set, episodes, &made);
    if (status != SDQN_OK) {
        sdqn_evaluation_clear(&made);
        return sdqn_error_set(error, status, "evaluation: out of memory for %d episodes of %d tasks", episodes, set->count);
    }
    *evaluation = made;
    return SDQN_OK;
}

/// Episodes in play. A lane is one of them: an environment and where its result goes.
typedef struct Lanes {
    const SdqnEvaluationDef *def;
    SdqnEvaluation *evaluation;
    SdqnStepper stepper;
    uint8_t *memory; ///< of the environments, freed with the lanes
    float *observations, *fresh_observations;
    int begun, total; ///< episodes, over all tasks; they begin in order, those of the first task first
    int done;         ///< episodes
    int count;        ///< lanes
    void *environments[SDQN_EVALUATION_LANES];
    SdqnEpisodeResult *results[SDQN_EVALUATION_LANES]; ///< NULL: the lane has no episode
    int32_t tasks[SDQN_EVALUATION_LANES], actions[SDQN_EVALUATION_LANES];
    SdqnStep steps[SDQN_EVALUATION_LANES];
    // Lanes that begin an episode.
    int num_fresh;
    int fresh[SDQN_EVALUATION_LANES];
    void *fresh_environments[SDQN_EVALUATION_LANES];
    uint64_t fresh_seeds[SDQN_EVALUATION_LANES];
} Lanes;

/// Environments ask for an alignment of 16.
static size_t stride_of(const SdqnEnvironmentFamily *family) { return (family->state_size + 15) / 16 * 16; }

static SdqnStatus create_lanes(const SdqnEvaluationDef *def, SdqnEvaluation *evaluation, Lanes *lanes, SdqnError *error) {
    const SdqnEnvironmentFamily *family = def->set->family;
    const int64_t total = (int64_t)def->set->count * def->episodes;
    const int count = total < SDQN_EVALUATION_LANES ? (int)total : SDQN_EVALUATION_LANES;
    const size_t floats = (size_t)count * (size_t)family->observation_size;
    *lanes = (Lanes){.def = def, .evaluation = evaluation, .total = (int)total, .count = count};
    const SdqnStatus status = sdqn_stepper_create(family, count, def->level, &lanes->stepper, error);
    if (status != SDQN_OK) return status;
    lanes->memory = aligned_alloc(16, (size_t)count * stride_of(family));
    lanes->observations = calloc(floats, sizeof *lanes->observations);
    lanes->fresh_observations = calloc(floats, sizeof *lanes->fresh_observations);
    if (!lanes->memory || !lanes->observations || !lanes->fresh_observations) {
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "evaluation: out of memory for %d episodes at once", count);
    }
    for (int i = 0; i < count; i++) lanes->environments[i] = lanes->memory + (size_t)i * stride_of(family);
    return SDQN_OK;
}

static void destroy_lanes(Lanes *lanes) {
    sdqn_stepper_destroy(&lanes->stepper);
    free(lanes->memory);
    free(lanes->observations);
    free(lanes->fresh_observations);
}

static float *observation_of(const Lanes *lanes, float *observations, int lane) {
    return observations + (size_t)lane * (size_t)lanes->def->set->family->observation_size;
}

/// Give a lane the next episode, to be begun with the others of this round.
static void take_next(Lanes *lanes, int lane) {
    const SdqnEvaluationDef *def = lanes->def;
    const int task = lanes->begun / def->episodes, episode = lanes->begun % def->episodes;
    const uint64_t seed = def->seed + (uint64_t)episode;
    // A fresh environment needs some generator; the reset replaces it.
    SdqnRng rng;
    sdqn_rng_seed(&rng, seed);
    def->set->family->create(lanes->environments[lane], def->set->tasks[task].data, &rng);
    lanes->begun++;
    lanes->tasks[lane] = task;
    lanes->results[lane] = &lanes->evaluation->tasks[task].episodes[episode];
    *lanes->results[lane] = (SdqnEpisodeResult){.seed = seed};
    lanes->fresh[lanes->num_fresh] = lane;
    lanes->fresh_environments[lanes->num_fresh] = lanes->environments[lane];
    lanes->fresh_seeds[lanes->num_fresh++] = seed;
}

/// Tell who watches of a lane's episode. @param step  NULL: it begins
static void show(const Lanes *lanes, int lane, const SdqnStep *step) {
    const SdqnEvaluationDef *def = lanes->def;
    if (def->watch == NULL) return;
    const int task = lanes->tasks[lane], episode = (int)(lanes->results[lane] - lanes->evaluation->tasks[task].episodes);
    def->watch(def->watch_context, task, episode, observation_of(lanes, lanes->observations, lane), step);
}

static void begin_fresh(Lanes *lanes) {
    const size_t bytes = (size_t)lanes->def->set->family->observation_size * sizeof(float);
    sdqn_stepper_reset_seeded(&lanes->stepper, lanes->fresh_environments, lanes->fresh_seeds, lanes->num_fresh, lanes->fresh_observations);
    for (int i = 0; i < lanes->num_fresh; i++) {
        memcpy(observation_of(lanes, lanes->observations, lanes->fresh[i]), observation_of(lanes, lanes->fresh_observations, i), bytes);
        show(lanes, lanes->fresh[i], NULL);
    }
    lanes->num_fresh = 0;
}

/// Close the gaps of lanes without an episode, each with the last lane then.
static void drop_idle(Lanes *lanes) {
    for (int lane = lanes->count - 1; lane >= 0; lane--) {
        if (lanes->results[lane] != NULL) continue;
        const int last = --lanes->count;
        lanes->environments[lane] = lanes->environments[last];
        lanes->results[lane] = lanes->results[last];
        lanes->tasks[lane] = lanes->tasks[last];
        memmove(observation_of(lanes, lanes->observations, lane), observation_of(lanes, lanes->observations, last),
                (size_t)lanes->def->set->family->observation_size * sizeof(float));
    }
}

/// Add a step to its episode. @return whether the episode is over
static bool add_step(SdqnEpisodeResult *result, const SdqnStep *step) {
    result->episode_return += step->reward;
    result->steps++;
    result->terminated = step->terminated;
    result->truncated = step->truncated;
    result->at_rest = step->at_rest;
    return step->terminated || step->truncated;
}

/// One step of every lane, and what follows for those whose episode is over.
static SdqnStatus advance(Lanes *lanes, SdqnError *error) {
    const SdqnEvaluationDef *def = lanes->def;
    def->policy.act(def->policy.object, lanes->tasks, lanes->observations, lanes->count, lanes->actions);
    sdqn_stepper_step(&lanes->stepper, lanes->environments, lanes->actions, lanes->count, lanes->observations, lanes->steps);
    for (int lane = 0; lane < lanes->count; lane++) {
        show(lanes, lane, &lanes->steps[lane]);
        if (!add_step(lanes->results[lane], &lanes->steps[lane])) continue;
        lanes->results[lane] = NULL;
        lanes->done++;
        if (def->progress != NULL && !def->progress(def->progress_context, lanes->done, lanes->total))
            return sdqn_error_set(error, SDQN_ERR_INTERRUPTED, "evaluation: stopped after %d of %d episodes", lanes->done, lanes->total);
        if (lanes->begun < lanes->total) take_next(lanes, lane);
    }
    return SDQN_OK;
}

static SdqnStatus play(Lanes *lanes, SdqnError *error) {
    for (int lane = 0; lane < lanes->count; lane++) take_next(lanes, lane);
    while (lanes->count > 0) {
        if (lanes->num_fresh > 0) begin_fresh(lanes);
        if (lanes->begun == lanes->total) drop_idle(lanes);
        const SdqnStatus status = lanes->count > 0 ? advance(lanes, error) : SDQN_OK;
        if (status != SDQN_OK) return status;
    }
    return SDQN_OK;
}

SdqnStatus sdqn_evaluate(const SdqnEvaluationDef *def, SdqnEvaluation *evaluation, SdqnError *error) {
    SdqnEvaluation result;
    Lanes lanes = {0};
    SdqnStatus status = sdqn_evaluation_create(def->set, def->episodes, def->seed, &result, error);
    if (status != SDQN_OK) return status;
    status = create_lanes(def, &result, &lanes, error);
    if (status == SDQN_OK) status = play(&lanes, error);
    destroy_lanes(&lanes);
    if (status != SDQN_OK) {
        sdqn_evaluation_clear(&result);
        return status;
    }
    for (int t = 0; t < result.num_tasks; t++) result.tasks[t].num_episodes = result.num_episodes;
    sdqn_evaluation_summarise(&result);
    *evaluation = result;
    return SDQN_OK;
}

void sdqn_evaluation_clear(SdqnEvaluation *evaluation) {
    for (int t = 0; t < evaluation->num_tasks; t++) free(evaluation->tasks[t].episodes);
    free(evaluation->tasks);
    *evaluation = (SdqnEvaluation){0};
}
