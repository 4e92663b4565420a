// environment.h: all that a learner knows of a family of environments. LunarLander is the one built now.
#ifndef SDQN_CORE_ENVIRONMENT_H
#define SDQN_CORE_ENVIRONMENT_H

#include "core/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Upper bounds that let callers keep observations and Q-values on the stack.
#define SDQN_MAX_OBSERVATION_SIZE 64
#define SDQN_MAX_ACTIONS 32

/// What one environment step gives besides the observation.
typedef struct SdqnStep {
    double reward;
    bool terminated; ///< the episode ended by the rules: no bootstrap from here
    bool truncated;  ///< the task's time limit was reached: the stored `done` stays false
    bool at_rest;    ///< the episode ended with the family's mark of success (LunarLander: asleep on the ground, reward +100)
} SdqnStep;

/// A family of environments as a table of functions over plain memory. `environment` points at state_size bytes, aligned to 16, that
/// may be copied, compared and written to a file; nothing inside points anywhere. The task's parameters are copied into it.
typedef struct SdqnEnvironmentFamily {
    const char *name;
    int observation_size; ///< floats an observation, <= SDQN_MAX_OBSERVATION_SIZE
    int num_actions;      ///< discrete actions, <= SDQN_MAX_ACTIONS
    size_t state_size;    ///< bytes of one environment
    size_t task_size;     ///< bytes of one task's plain-data description

    /// Make an environment for a task, its generator a copy of `rng`. Every byte of `environment` is written.
    void (*create)(void *environment, const void *task, const SdqnRng *rng);
    /// Begin an episode, drawing from the environment's own generator. @param observation [observation_size] written
    void (*reset)(void *environment, float *observation);
    /// Reseed the generator as `reset(seed=seed)` does in Gymnasium, then begin an episode.
    void (*reset_seeded)(void *environment, uint64_t seed, float *observation);
    /// One step. @param action in [0, num_actions) @param observation [observation_size] written
    SdqnStep (*step)(void *environment, int action, float *observation);
} SdqnEnvironmentFamily;

#endif
