// lander_step.h: what an environment step is made of, so that many landers can share one step of their worlds. Not for users.
#ifndef SDQN_LANDER_LANDER_STEP_H
#define SDQN_LANDER_LANDER_STEP_H

#include "lander/lander.h"

// Of every step of the world.
#define SDQN_LANDER_DT ((float)(1.0 / 50))
#define SDQN_LANDER_VELOCITY_ITERATIONS (6 * 30)
#define SDQN_LANDER_POSITION_ITERATIONS (2 * 30)

/// Terrain, bodies and draws of a new episode. The internal step of reset, with action 0, is still to be made.
void sdqn_lander_begin_episode(SdqnLander *lander);

/// Gravity, wind and engines: before the world's step.
/// @param sine, cosine  sdqn_sin and sdqn_cos of the hull's angle; read only if action is not 0
void sdqn_lander_begin_step(SdqnLander *lander, int action, double sine, double cosine);

/// Observation, reward and end of the episode: after the world's step. The step is not counted and not truncated.
/// @param observation [8] float32 written
SdqnStep sdqn_lander_end_step(SdqnLander *lander, int action, float *observation);

/// Count a step that an episode has made, and truncate it at the task's limit.
void sdqn_lander_count_step(SdqnLander *lander, SdqnStep *step);

#endif
