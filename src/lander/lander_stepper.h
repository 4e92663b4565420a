// lander_stepper.h: one step of many landers wherever they lie, each with the bits it would have alone.
#ifndef SDQN_LANDER_LANDER_STEPPER_H
#define SDQN_LANDER_LANDER_STEPPER_H

#include "core/cpu.h"
#include "core/error.h"
#include "lander/lander.h"
#include "lander/lander_step.h"

/// The room that stepping needs. Holds nothing of the landers from one call to the next. Not thread-safe.
typedef struct SdqnLanderStepper SdqnLanderStepper;

/// @param capacity  landers of one call, >= 1 @param level  kernel level; the results do not depend on it
/// @return SDQN_OK; SDQN_ERR_ARGUMENT for a level this machine lacks; SDQN_ERR_MEMORY
SdqnStatus sdqn_lander_stepper_create(int capacity, SdqnCpuLevel level, SdqnLanderStepper **stepper, SdqnError *error);
/// NULL is allowed.
void sdqn_lander_stepper_destroy(SdqnLanderStepper *stepper);

/// sdqn_lander_begin_step and the world's step of each lander; sdqn_lander_end_step is still to be called.
/// @param landers [n] each an SdqnLander, none twice @param n in [0, capacity]
/// @param thrusts [n] what their engines do, or NULL: nothing
void sdqn_lander_stepper_advance(SdqnLanderStepper *stepper, void *const *landers, const SdqnThrust *thrusts, int n);

/// [capacity] of the stepper, for a caller who has no array of thrusts.
SdqnThrust *sdqn_lander_stepper_thrusts(SdqnLanderStepper *stepper);

#endif
