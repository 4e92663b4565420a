// contact_solver.h: sequential impulses for the contacts between moving bodies and the fixed ground.
#ifndef SDQN_PHYSICS_CONTACT_SOLVER_H
#define SDQN_PHYSICS_CONTACT_SOLVER_H

#include "physics/body.h"
#include "physics/manifold.h"

/// Velocity of a body while a step is being solved.
typedef struct SdqnVelocity {
    SdqnVec2 v;
    float w;
} SdqnVelocity;

/// Position of a body's centre of mass while a step is being solved.
typedef struct SdqnPosition {
    SdqnVec2 c;
    float a;
} SdqnPosition;

/// One point of a velocity constraint.
typedef struct SdqnContactPoint {
    SdqnVec2 r; ///< from the body's centre of mass to the contact
    float normal_impulse, tangent_impulse;
    float normal_mass, tangent_mass;
    float velocity_bias;
} SdqnContactPoint;

/// One contact while it is being solved. Only the body moves: the ground's terms, all zero, are left out.
typedef struct SdqnContactConstraint {
    const SdqnManifold *manifold;
    const SdqnBody *body;
    int body_index; ///< into the arrays of velocities and positions
    float friction;
    SdqnVec2 normal, tangent; ///< from the ground to the body
    int points;               ///< solved for: the manifold's, or 1 if two would be ill-conditioned
    SdqnContactPoint point[2];
    SdqnVec2 k_x, k_y;             ///< columns of the 2 x 2 block matrix
    SdqnVec2 inverse_x, inverse_y; ///< columns of its inverse
} SdqnContactConstraint;

/// Begin with the manifold's impulses times `impulse_scale`; 0 starts cold.
void sdqn_contact_begin(SdqnContactConstraint *c, const SdqnManifold *manifold, const SdqnBody *body, int body_index, float friction,
                        float impulse_scale);
/// Masses and bias at the body's transform under `position`.
void sdqn_contact_prepare(SdqnContactConstraint *c, const SdqnPosition *position, const SdqnVelocity *velocity);
/// Apply the impulses it began with.
void sdqn_contact_warm_start(const SdqnContactConstraint *c, SdqnVelocity *velocity);
/// One velocity iteration: friction first, then the normal impulses, two at once where there are two points.
/// Source: Catto 2006, "Fast and simple physics using sequential impulses"; block solver of Box2D 2.3 (total enumeration of the LCP).
void sdqn_contact_solve_velocity(SdqnContactConstraint *c, SdqnVelocity *velocity);
/// One position iteration: push the body out by `baumgarte` of the overlap beyond the slop.
/// @return the smallest separation met, at most 0
float sdqn_contact_solve_position(const SdqnContactConstraint *c, SdqnPosition *position, float baumgarte);

#endif
