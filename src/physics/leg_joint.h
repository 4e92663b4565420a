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

/// What a joint needs while a step is being solved: all that the velocity iterations do not change.
typedef struct SdqnLegJointConstraint {
    SdqnLegJoint *joint;
    const SdqnBody *hull, *leg;
    int leg_index; ///< into the arrays of velocities and positions; the hull is 0
    SdqnVec2 r_hull, r_leg;
    // Columns x, y, z of the symmetric 3 x 3 mass matrix, and what solving with it needs again and again.
    float k_xx, k_xy, k_yy, k_xz, k_yz, k_zz;
    float inverse_det_2, inverse_det_3; ///< reciprocal determinants of the 2 x 2 and the 3 x 3 matrix
    float cross_x, cross_y, cross_z;    ///< column y cross column z
    float motor_mass, max_motor_impulse;
} SdqnLegJointConstraint;

/// Lever arms, mass matrix and limit state at the given positions; then scale the old impulses by `dt_ratio` and apply them.
void sdqn_leg_joint_prepare(SdqnLegJointConstraint *c, const SdqnPosition *position, SdqnVelocity *velocity, float dt, float dt_ratio);
/// One velocity iteration: motor, then limit and point together. Source: Box2D 2.3's revolute joint (Catto).
void sdqn_leg_joint_solve_velocity(const SdqnLegJointConstraint *c, SdqnVelocity *velocity);
/// One position iteration. @return true once both errors are within the slop
bool sdqn_leg_joint_solve_position(const SdqnLegJointConstraint *c, SdqnPosition *position);

#endif
