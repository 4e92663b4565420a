#include "lander/lander_stepper.h"

#include "core/sincos.h"
#include "physics/worlds.h"

#include <assert.h>
#include <stdlib.h>

struct SdqnLanderStepper {
    int capacity;
    const SdqnIslandSolver *solver;
    SdqnSincos *sincos;
    SdqnWorld **worlds;            ///< [capacity]
    SdqnThrust *thrusts;           ///< [capacity]
    double *angle, *sine, *cosine; ///< [capacity] of the hulls
    SdqnWorldsScratch scratch;
};

void sdqn_lander_stepper_destroy(SdqnLanderStepper *stepper) {
    if (stepper == NULL) return;
    free(stepper->worlds);
    free(stepper->thrusts);
    free(stepper->angle);
    free(stepper->sine);
    free(stepper->cosine);
    free(stepper->scratch.order);
    free(stepper->scratch.group);
    free(stepper->scratch.moved);
    free(stepper);
}

static bool allocate(SdqnLanderStepper *stepper, size_t capacity) {
    stepper->worlds = calloc(capacity, sizeof(SdqnWorld *));
    stepper->thrusts = calloc(capacity, sizeof *stepper->thrusts);
    stepper->angle = calloc(capacity, sizeof *stepper->angle);
    stepper->sine = calloc(capacity, sizeof *stepper->sine);
    stepper->cosine = calloc(capacity, sizeof *stepper->cosine);
    stepper->scratch.order = calloc(capacity, sizeof(SdqnWorld *));
    stepper->scratch.group = calloc(capacity, sizeof *stepper->scratch.group);
    stepper->scratch.moved = calloc(capacity, sizeof *stepper->scratch.moved);
    return stepper->worlds && stepper->thrusts && stepper->angle && stepper->sine && stepper->cosine && stepper->scratch.order &&
           stepper->scratch.group && stepper->scratch.moved;
}

SdqnStatus sdqn_lander_stepper_create(int capacity, SdqnCpuLevel level, SdqnLanderStepper **stepper, SdqnError *error) {
    assert(capacity >= 1);
    if (sdqn_island_solver(level) == NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "landers: level %d is not available on this machine", (int)level);
    SdqnLanderStepper *made = calloc(1, sizeof *made);
    if (made == NULL || !allocate(made, (size_t)capacity)) {
        sdqn_lander_stepper_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "landers: out of memory for stepping %d together", capacity);
    }
    made->capacity = capacity;
    made->solver = sdqn_island_solver(level);
    made->sincos = sdqn_sincos(level);
    *stepper = made;
    return SDQN_OK;
}

SdqnThrust *sdqn_lander_stepper_thrusts(SdqnLanderStepper *stepper) { return stepper->thrusts; }

void sdqn_lander_stepper_advance(SdqnLanderStepper *stepper, void *const *landers, const SdqnThrust *thrusts, int n) {
    assert(n <= stepper->capacity);
    for (int i = 0; i < n; i++) stepper->angle[i] = (double)((const SdqnLander *)landers[i])->world.bodies[0].sweep.angle;
    stepper->sincos(stepper->angle, n, stepper->sine, stepper->cosine);
    for (int i = 0; i < n; i++) {
        SdqnLander *lander = landers[i];
        sdqn_lander_begin_step(lander, thrusts ? thrusts[i] : (SdqnThrust){0.0, 0.0}, stepper->sine[i], stepper->cosine[i]);
        stepper->worlds[i] = &lander->world;
    }
    sdqn_worlds_step(stepper->solver, stepper->worlds, n, SDQN_LANDER_DT, SDQN_LANDER_VELOCITY_ITERATIONS, SDQN_LANDER_POSITION_ITERATIONS,
                     &stepper->scratch);
}
