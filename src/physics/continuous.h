// continuous.h: continuous collision: bodies that would pass into the ground within a step are stopped at the time of impact.
#ifndef SDQN_PHYSICS_CONTINUOUS_H
#define SDQN_PHYSICS_CONTINUOUS_H

#include "physics/world.h"

/// Resolve the step's impacts one by one, the earliest first, each as a small island of the body and the ground.
/// Source: Box2D 2.3's time-of-impact solver (Catto, GDC 2013).
void sdqn_world_solve_impacts(SdqnWorld *world, float dt, int velocity_iterations);

#endif
