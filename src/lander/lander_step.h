// lander_step.h: what an environment step is made of, so that many landers can share one step of their worlds. Not for users.
#ifndef SDQN_LANDER_LANDER_STEP_H
#define SDQN_LANDER_LANDER_STEP_H

#include "lander/lander.h"

// Of every step of the world.
#define SDQN_LANDER_DT ((float)(1.0 / 50))
#define SDQN_LANDER_VELOCITY_ITERATIONS (6 * 30)
#define SDQN_LANDER_POSITION_ITERATIONS (2 * 30)

/// Terrain, bodies and draws of a new episode. The internal step of reset, without engines, is still to be made.
void sdqn_lander_begin_episode(SdqnLander *lander);

/// What the engines do in a step, as shares of their power.
typedef struct SdqnThrust {
    double main; ///< 0, or in [0.5, 1]
    double side; ///< 0, or in [0.5, 1] to the right, or in [-1, -0.5] to the left
} SdqnThrust;

/// Engines of a discrete action. @param action in [0, 4)
static inline SdqnThrust sdqn_thrust_of_action(int action) {
    return (SdqnThrust){.main = action == 2 ? 1.0 : 0.0, .side = action == 1 ? -1.0 : action == 3 ? 1.0 : 0.0};
}
/// Engines of a continuous action, as Gymnasium's: the main engine runs above 0, from half its power on; a side engine beyond +-0.5.
/// @param action [2] main engine, side engines; finite, beyond +-1 as +-1
SdqnThrust sdqn_thrust_of_continuous(const double *action);
/// Whether any engine runs.
static inline bool sdqn_thrust_fires(SdqnThrust thrust) { return thrust.main != 0.0 || thrust.side != 0.0; }

/// Gravity, wind and engines: before the world's step.
/// @param sine, cosine  sdqn_sin and sdqn_cos of the hull's angle; read only if an engine runs
void sdqn_lander_begin_step(SdqnLander *lander, SdqnThrust thrust, double sine, double cosine);

/// Observation, reward and end of the episode: after the world's step. The step is not counted and not truncated.
/// @param observation [8] float32 written
SdqnStep sdqn_lander_end_step(SdqnLander *lander, SdqnThrust thrust, float *observation);

/// What an engine throws out in a step; the hull is pushed the other way.
typedef struct SdqnExhaust {
    bool is_main;                ///< else a side engine's
    double share;                ///< of the engine's power, in [0.5, 1]
    double x, y;                 ///< where, metres
    double impulse_x, impulse_y; ///< newton seconds
} SdqnExhaust;

/// Of the main engine, then of a side engine: those that run.
typedef struct SdqnExhausts {
    int count; ///< in [0, 2]
    SdqnExhaust exhausts[2];
} SdqnExhausts;

/// What a step with this thrust would throw out now. The lander is only read: for pictures.
SdqnExhausts sdqn_lander_foresee_exhausts(const SdqnLander *lander, SdqnThrust thrust);

/// The wind's force across on the hull in the step that comes now, newtons; 0 if it does not blow. The lander is only read.
double sdqn_lander_foresee_wind(const SdqnLander *lander);

/// Count a step that an episode has made, and truncate it at the task's limit.
void sdqn_lander_count_step(SdqnLander *lander, SdqnStep *step);

#endif
