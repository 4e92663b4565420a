// body.h: one moving rigid body: its motion over a step, its velocity and what accelerates it.
#ifndef SDQN_PHYSICS_BODY_H
#define SDQN_PHYSICS_BODY_H

#include "physics/polygon.h"

/// Motion of a centre of mass during one step: (center0, angle0) at the fraction alpha0 of the step, (center, angle) at its end.
typedef struct SdqnSweep {
    SdqnVec2 local_center; ///< centre of mass in the body's frame
    SdqnVec2 center0, center;
    float angle0, angle;
    float alpha0; ///< in [0, 1]
} SdqnSweep;

/// A moving body with one polygon.
typedef struct SdqnBody {
    SdqnTransform transform; ///< of the body's origin
    SdqnSweep sweep;
    SdqnVec2 velocity;      ///< of the centre of mass, m/s
    float angular_velocity; ///< rad/s
    SdqnVec2 force;         ///< gathered until the next step, N
    float torque;           ///< N m
    float inverse_mass, inverse_inertia;
    float sleep_time; ///< seconds at rest so far
    SdqnAabb fat;     ///< its box in the broad phase
} SdqnBody;

/// Where the sweep stands at the fraction `beta` of the step.
static inline SdqnTransform sdqn_sweep_transform(const SdqnSweep *sweep, float beta) {
    SdqnVec2 center = sdqn_add(sdqn_scale(1.0f - beta, sweep->center0), sdqn_scale(beta, sweep->center));
    float angle = (1.0f - beta) * sweep->angle0 + beta * sweep->angle;
    return sdqn_transform_at(center, angle, sweep->local_center);
}

/// Move the start of the sweep forward to the fraction `alpha` of the step.
static inline void sdqn_sweep_advance(SdqnSweep *sweep, float alpha) {
    float beta = (alpha - sweep->alpha0) / (1.0f - sweep->alpha0);
    sweep->center0 = sdqn_add(sdqn_scale(1.0f - beta, sweep->center0), sdqn_scale(beta, sweep->center));
    sweep->angle0 = (1.0f - beta) * sweep->angle0 + beta * sweep->angle;
    sweep->alpha0 = alpha;
}

/// Put the transform where the sweep ends.
static inline void sdqn_body_synchronize_transform(SdqnBody *body) {
    body->transform = sdqn_transform_at(body->sweep.center, body->sweep.angle, body->sweep.local_center);
}

/// Move the whole body to the fraction `alpha` of its step and stop the sweep there.
static inline void sdqn_body_advance(SdqnBody *body, float alpha) {
    sdqn_sweep_advance(&body->sweep, alpha);
    body->sweep.center = body->sweep.center0;
    body->sweep.angle = body->sweep.angle0;
    sdqn_body_synchronize_transform(body);
}

#endif
