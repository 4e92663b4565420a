// integrate.h: from velocities to positions, with Box2D's limits on how far a body may move in one step.
#ifndef SDQN_PHYSICS_INTEGRATE_H
#define SDQN_PHYSICS_INTEGRATE_H

#include "physics/contact_solver.h"
#include "physics/tuning.h"

/// Semi-implicit Euler: c += h v, a += h w; v and w are scaled down where they go beyond the limits.
static inline void sdqn_integrate_position(SdqnPosition *position, SdqnVelocity *velocity, float h) {
    SdqnVec2 translation = sdqn_scale(h, velocity->v);
    if (sdqn_dot(translation, translation) > SDQN_MAX_TRANSLATION * SDQN_MAX_TRANSLATION) {
        float ratio = SDQN_MAX_TRANSLATION / sdqn_length(translation);
        velocity->v = sdqn_scale(ratio, velocity->v);
    }
    float rotation = h * velocity->w;
    if (rotation * rotation > SDQN_MAX_ROTATION * SDQN_MAX_ROTATION) velocity->w *= SDQN_MAX_ROTATION / sdqn_abs(rotation);
    position->c = sdqn_add(position->c, sdqn_scale(h, velocity->v));
    position->a += h * velocity->w;
}

#endif
