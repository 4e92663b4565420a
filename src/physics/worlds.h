// worlds.h: one step of many worlds, grouped so that vectors of them can be solved together.
#ifndef SDQN_PHYSICS_WORLDS_H
#define SDQN_PHYSICS_WORLDS_H

#include "physics/island.h"

/// What sdqn_worlds_step needs for `capacity` worlds. Owned by the caller; the arrays have `capacity` elements each.
typedef struct SdqnWorldsScratch {
    SdqnWorld **order; ///< worlds in the order in which they are solved
    uint8_t *group;    ///< of each world, by its place in the call
    uint8_t *moved;    ///< of each world in `order`
} SdqnWorldsScratch;

/// sdqn_world_step for every one of `count` worlds, with the same bits. All are made from the same bodies and joints.
/// @param scratch  of at least `count` worlds; contents do not matter before and after
void sdqn_worlds_step(const SdqnIslandSolver *solver, SdqnWorld *const *worlds, int count, float dt, int velocity_iterations,
                      int position_iterations, const SdqnWorldsScratch *scratch);

#endif
