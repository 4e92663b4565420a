// environment.h: all that a learner knows of a family of environments. LunarLander is the one built now.
#ifndef SDQN_CORE_ENVIRONMENT_H
#define SDQN_CORE_ENVIRONMENT_H

#include "core/cpu.h"
#include "core/error.h"
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

    // Many environments at once, faster but with the same bits. All four functions are NULL in a family that has no such way.
    /// Make what stepping at most `capacity` environments needs. @return SDQN_OK, SDQN_ERR_ARGUMENT (the level) or SDQN_ERR_MEMORY
    SdqnStatus (*stepper_create)(int capacity, SdqnCpuLevel level, void **stepper, SdqnError *error);
    void (*stepper_destroy)(void *stepper); ///< NULL is allowed
    /// reset_seeded of each. @param seeds [n] @param observations [n, observation_size] written
    void (*reset_many_seeded)(void *stepper, void *const *environments, const uint64_t *seeds, int n, float *observations);
    /// step of each. @param actions [n] @param observations [n, observation_size] written @param steps [n] written
    void (*step_many)(void *stepper, void *const *environments, const int32_t *actions, int n, float *observations, SdqnStep *steps);
} SdqnEnvironmentFamily;

/// Steps many environments of a family, together where the family can, else one after the other.
typedef struct SdqnStepper {
    const SdqnEnvironmentFamily *family;
    void *own; ///< the family's; NULL in one that has none
} SdqnStepper;

/// @param capacity  environments of one call, >= 1 @return SDQN_OK, SDQN_ERR_ARGUMENT (the level) or SDQN_ERR_MEMORY
SdqnStatus sdqn_stepper_create(const SdqnEnvironmentFamily *family, int capacity, SdqnCpuLevel level, SdqnStepper *stepper,
                               SdqnError *error);
/// An all-zero struct is allowed.
void sdqn_stepper_destroy(SdqnStepper *stepper);
/// Reseed each environment and begin an episode in it.
/// @param environments [n] any mix of tasks, none twice @param seeds [n] @param n in [0, capacity]
/// @param observations [n, observation_size] written
void sdqn_stepper_reset_seeded(const SdqnStepper *stepper, void *const *environments, const uint64_t *seeds, int n, float *observations);
/// One step of each. @param actions [n] @param steps [n] written
void sdqn_stepper_step(const SdqnStepper *stepper, void *const *environments, const int32_t *actions, int n, float *observations,
                       SdqnStep *steps);

#endif
