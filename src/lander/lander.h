// lander.h: Gymnasium's LunarLander-v3, bit for bit, on our own world.
#ifndef SDQN_LANDER_LANDER_H
#define SDQN_LANDER_LANDER_H

#include "core/environment.h"
#include "core/rng.h"
#include "lander/task.h"
#include "physics/world.h"

#include <stdbool.h>
#include <stdint.h>

/// One LunarLander. Plain data without pointers: a copy is a snapshot.
typedef struct SdqnLander {
    SdqnTask task;
    SdqnRng rng;
    SdqnWorld world;                  ///< bodies: 0 hull, 1 the leg with observation 6, 2 the leg with observation 7
    double helipad_y;                 ///< height of the landing pad, metres
    double previous_shaping;          ///< potential of the last state, once has_shaping is set
    int64_t wind_index, torque_index; ///< where Gymnasium's wind stands
    int32_t has_shaping;
    int32_t steps; ///< steps since reset; the internal step of reset is not counted
} SdqnLander;

/// Make a lander for a task (checked by the caller), its generator a copy of `rng`. No episode has begun yet.
void sdqn_lander_create(SdqnLander *lander, const SdqnTask *task, const SdqnRng *rng);

/// Begin an episode with draws from the lander's own generator. @param observation [8] float32 written
void sdqn_lander_reset(SdqnLander *lander, float *observation);

/// Seed the generator as Gymnasium's reset(seed=seed), then begin an episode.
void sdqn_lander_reset_seeded(SdqnLander *lander, uint64_t seed, float *observation);

/// One environment step of 1/50 s. `truncated` is set when the task's time limit is reached without termination.
/// @param action in [0, 4) @param observation [8] float32 written
SdqnStep sdqn_lander_step(SdqnLander *lander, int action, float *observation);
/// The same with a continuous action, as Gymnasium's with continuous=True. @param action [2] main engine, side engines; finite
SdqnStep sdqn_lander_step_continuous(SdqnLander *lander, const double *action, float *observation);

/// LunarLander as the learner sees it; its tasks are SdqnTask.
extern const SdqnEnvironmentFamily sdqn_lander_family;

#endif
