// leg_joint.h: the revolute joint between hull and leg, with motor and limits.
#ifndef SDQN_PHYSICS_LEG_JOINT_H
#define SDQN_PHYSICS_LEG_JOINT_H

#include "physics/contact_solver.h"

/// Which limit of the angle holds in this step.
typedef enum SdqnLimitState { SDQN_LIMIT_INACTIVE = 0, SDQN_LIMIT_LOWER, SDQN_LIMIT_UPPER } SdqnLimitState;

/// A revolute joint, motor and limit always on. Anchors are relative to the bodies' origins.
typedef struct SdqnLegJoint {
    SdqnVec2 anchor_hull, anchor_leg;
    float reference_angle; ///< angle of the leg minus that of the hull when the joint was made, rad
    float lower_angle, upper_angle;
    float motor_speed;      ///< rad/s
    float max_motor_torque; ///< N m
    // Kept from step to step, for warm starting.
    SdqnVec2 impulse;
    float limit_impulse, motor_impulse;
    int32_t limit_state; ///< SdqnLimitState
} SdqnLegJoint;

/// A joint while a step is being solved. All by value, so that the 180 velocity iterations can keep it in registers.
typedef struct SdqnLegJointConstraint {
    float hull_inverse_mass, leg_inverse_mass, hull_inverse_inertia, leg_inverse_inertia;
    SdqnVec2 r_hull, r_leg; ///< from the centres of mass to the joint
    // The symmetric 3 x 3 mass matrix of point (x, y) and angle (z), and what solving with it needs again and again.
    float k_xx, k_xy, k_yy, k_xz, k_yz, k_zz;
    float inverse_det_2, inverse_det_3; ///< reciprocal determinants of the 2 x 2 and the 3 x 3 matrix
    float cross_x, cross_y, cross_z;    ///< column y cross column z
    float motor_mass, motor_speed, max_motor_impulse;
    int32_t limit_state; ///< SdqnLimitState
    // Accumulated impulses: all that the iterations change besides the velocities.
    SdqnVec2 impulse;
    float limit_impulse, motor_impulse;
} SdqnLegJointConstraint;

/// Lever arms, mass matrix and limit state at the given positions; then scale the joint's old impulses by `dt_ratio` and apply them.
void sdqn_leg_joint_begin(SdqnLegJointConstraint *c, const SdqnLegJoint *joint, const SdqnBody *hull, const SdqnBody *leg,
                          const SdqnPosition *hull_position, const SdqnPosition *leg_position, SdqnVelocity *hull_velocity,
                          SdqnVelocity *leg_velocity, float dt, float dt_ratio);
/// Keep the impulses and the limit state for the next step.
void sdqn_leg_joint_end(const SdqnLegJointConstraint *c, SdqnLegJoint *joint);
/// One position iteration. @return true once both errors are within the slop
bool sdqn_leg_joint_solve_position(const SdqnLegJointConstraint *c, const SdqnLegJoint *joint, const SdqnBody *hull, const SdqnBody *leg,
                                   SdqnPosition *hull_position, SdqnPosition *leg_position);

/// K22 x = b.
static inline SdqnVec2 sdqn_leg_joint_solve_2(const SdqnLegJointConstraint *c, SdqnVec2 b) {
    return sdqn_vec2(c->inverse_det_2 * (c->k_yy * b.x - c->k_xy * b.y), c->inverse_det_2 * (c->k_xx * b.y - c->k_xy * b.x));
}

/// K33 (x, z) = (b, bz), by Cramer's rule. @param z  written
static inline SdqnVec2 sdqn_leg_joint_solve_3(const SdqnLegJointConstraint *c, SdqnVec2 b, float bz, float *z) {
    // b cross column z, and column y cross b
    float bcz_x = b.y * c->k_zz - bz * c->k_yz, bcz_y = bz * c->k_xz - b.x * c->k_zz, bcz_z = b.x * c->k_yz - b.y * c->k_xz;
    float cyb_x = c->k_yy * bz - c->k_yz * b.y, cyb_y = c->k_yz * b.x - c->k_xy * bz, cyb_z = c->k_xy * b.y - c->k_yy * b.x;
    *z = c->inverse_det_3 * (c->k_xx * cyb_x + c->k_xy * cyb_y + c->k_xz * cyb_z);
    return sdqn_vec2(c->inverse_det_3 * (b.x * c->cross_x + b.y * c->cross_y + bz * c->cross_z),
                     c->inverse_det_3 * (c->k_xx * bcz_x + c->k_xy * bcz_y + c->k_xz * bcz_z));
}

/// One velocity iteration: motor, then limit and point together. Inline, since nine tenths of a step are spent here.
/// Source: Box2D 2.3's revolute joint (Catto).
static inline void sdqn_leg_joint_solve_velocity(SdqnLegJointConstraint *c, SdqnVelocity *hull, SdqnVelocity *leg) {
    float ma = c->hull_inverse_mass, mb = c->leg_inverse_mass, ia = c->hull_inverse_inertia, ib = c->leg_inverse_inertia;
    float motor_error = leg->w - hull->w - c->motor_speed;
    float motor_total = sdqn_clamp(c->motor_impulse + -c->motor_mass * motor_error, -c->max_motor_impulse, c->max_motor_impulse);
    float motor_impulse = motor_total - c->motor_impulse;
    c->motor_impulse = motor_total;
    hull->w -= ia * motor_impulse;
    leg->w += ib * motor_impulse;

    SdqnVec2 error =
        sdqn_sub(sdqn_sub(sdqn_add(leg->v, sdqn_cross_scalar(leg->w, c->r_leg)), hull->v), sdqn_cross_scalar(hull->w, c->r_hull));
    SdqnVec2 impulse;
    if (c->limit_state == SDQN_LIMIT_INACTIVE) {
        impulse = sdqn_leg_joint_solve_2(c, sdqn_negate(error));
        hull->w -= ia * sdqn_cross(c->r_hull, impulse);
        leg->w += ib * sdqn_cross(c->r_leg, impulse);
    } else {
        float limit_impulse;
        impulse = sdqn_negate(sdqn_leg_joint_solve_3(c, error, leg->w - hull->w, &limit_impulse));
        limit_impulse = -limit_impulse;
        float total = c->limit_impulse + limit_impulse;
        bool pulls = c->limit_state == SDQN_LIMIT_LOWER ? total < 0.0f : total > 0.0f;
        if (pulls) { // a limit can only push: solve the point alone, with the limit's impulse taken back
            SdqnVec2 rhs = sdqn_add(sdqn_negate(error), sdqn_scale(c->limit_impulse, sdqn_vec2(c->k_xz, c->k_yz)));
            impulse = sdqn_leg_joint_solve_2(c, rhs);
            limit_impulse = -c->limit_impulse;
            total = 0.0f;
        }
        c->limit_impulse = total;
        hull->w -= ia * (sdqn_cross(c->r_hull, impulse) + limit_impulse);
        leg->w += ib * (sdqn_cross(c->r_leg, impulse) + limit_impulse);
    }
    c->impulse = sdqn_add(c->impulse, impulse);
    hull->v = sdqn_sub(hull->v, sdqn_scale(ma, impulse));
    leg->v = sdqn_add(leg->v, sdqn_scale(mb, impulse));
}

#endif
