// island.h: the discrete solver for many worlds at once, one world a lane; one table of functions for each instruction set.
#ifndef SDQN_PHYSICS_ISLAND_H
#define SDQN_PHYSICS_ISLAND_H

#include "core/cpu.h"
#include "physics/world.h"

/// Touching contacts a body may have here; worlds with more are stepped one at a time.
#define SDQN_ISLAND_MAX_SLOTS 4

/// What solves islands at one level. None allocates or fails, and every world gets the bits of the one-at-a-time solver.
typedef struct SdqnIslandSolver {
    SdqnCpuLevel level;
    int lanes; ///< worlds a vector
    /// Solver, positions, sleep and fat boxes of worlds that are awake and in flight: none has a touching contact.
    /// @param worlds [count] all made from the same bodies and joints @param moved [count] written: bit b if body b has a new fat box
    void (*solve_flight)(SdqnWorld *const *worlds, int count, float dt, int velocity_iterations, int position_iterations, uint8_t *moved);
    /// The same for worlds with touching contacts, at most SDQN_ISLAND_MAX_SLOTS a body.
    void (*solve_contact)(SdqnWorld *const *worlds, int count, float dt, int velocity_iterations, int position_iterations, uint8_t *moved);
} SdqnIslandSolver;

extern const SdqnIslandSolver sdqn_island_solver_scalar, sdqn_island_solver_avx2, sdqn_island_solver_avx512, sdqn_island_solver_neon;

/// The solver of a level. @return NULL if this build has none or this processor cannot run it
const SdqnIslandSolver *sdqn_island_solver(SdqnCpuLevel level);

#endif
