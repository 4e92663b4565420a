// toi.h: when, within one step, a moving polygon first touches a ground edge.
#ifndef SDQN_PHYSICS_TOI_H
#define SDQN_PHYSICS_TOI_H

#include "physics/body.h"

/// Time of impact.
/// @param sweep     the body's motion; only the part from alpha0 on is looked at
/// @param fraction  written when they touch: the time as a fraction of the sweep, in [0, 1]
/// @return true if they come to touch; false if they stay apart, overlap already, or the search fails
/// Source: conservative advancement on separating axes with a mixed bisection and secant root finder (Catto, GDC 2013), constants of
/// Box2D 2.3.
bool sdqn_time_of_impact(const SdqnEdge *edge, const SdqnPolygon *polygon, const SdqnSweep *sweep, float *fraction);

#endif
