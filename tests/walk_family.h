// walk_family.h: a tiny family of environments for tests: walk along a line to its end before the time runs out.
#ifndef SDQN_TESTS_WALK_FAMILY_H
#define SDQN_TESTS_WALK_FAMILY_H

#include "core/environment.h"

#include <string.h>

/// A walk's task. Position begins at random within (-spread, spread); at +1 the episode terminates at rest, at -1 it terminates.
typedef struct WalkTask {
    double step;   ///< length of one step
    double spread; ///< of the beginning
    double goal;   ///< reward at +1
    int64_t limit; ///< steps
} WalkTask;

typedef struct Walk {
    WalkTask task;
    SdqnRng rng;
    double position;
    int64_t steps;
    double unused; // to a multiple of 16 bytes
} Walk;

_Static_assert(sizeof(Walk) % 16 == 0, "environments lie one after the other");

static inline void walk_observe(const Walk *walk, float *observation) {
    observation[0] = (float)walk->position;
    observation[1] = (float)walk->steps / (float)walk->task.limit;
}

static inline void walk_create(void *environment, const void *task, const SdqnRng *rng) {
    Walk walk = {.task = *(const WalkTask *)task, .rng = *rng};
    memcpy(environment, &walk, sizeof walk);
}

static inline void walk_reset(void *environment, float *observation) {
    Walk *walk = environment;
    walk->position = sdqn_rng_uniform(&walk->rng, -walk->task.spread, walk->task.spread);
    walk->steps = 0;
    walk_observe(walk, observation);
}

static inline void walk_reset_seeded(void *environment, uint64_t seed, float *observation) {
    sdqn_rng_seed(&((Walk *)environment)->rng, seed);
    walk_reset(environment, observation);
}

/// Action 0 goes left, 1 stays, 2 goes right; a small random push comes on top.
static inline SdqnStep walk_step(void *environment, int action, float *observation) {
    Walk *walk = environment;
    walk->position += (action - 1 + sdqn_rng_uniform(&walk->rng, -0.1, 0.1)) * walk->task.step;
    walk->steps++;
    SdqnStep step = {.reward = -0.01};
    step.at_rest = walk->position >= 1;
    step.terminated = step.at_rest || walk->position <= -1;
    step.truncated = !step.terminated && walk->steps >= walk->task.limit;
    if (step.terminated) step.reward = step.at_rest ? walk->task.goal : -1;
    walk_observe(walk, observation);
    return step;
}

static const SdqnEnvironmentFamily walk_family = {
    .name = "walk",
    .observation_size = 2,
    .num_actions = 3,
    .state_size = sizeof(Walk),
    .task_size = sizeof(WalkTask),
    .create = walk_create,
    .reset = walk_reset,
    .reset_seeded = walk_reset_seeded,
    .step = walk_step,
};

#endif
