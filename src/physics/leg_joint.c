#include "physics/leg_joint.h"

#include "physics/tuning.h"

/// K = J M^-1 J^T of the point and angle constraints, with its determinants.
static void prepare_mass(SdqnLegJointConstraint *c) {
    float ma = c->hull_inverse_mass, mb = c->leg_inverse_mass, ia = c->hull_inverse_inertia, ib = c->leg_inverse_inertia;
    SdqnVec2 ra = c->r_hull, rb = c->r_leg;
    c->k_xx = ma + mb + ra.y * ra.y * ia + rb.y * rb.y * ib;
    c->k_xy = -ra.y * ra.x * ia - rb.y * rb.x * ib;
    c->k_xz = -ra.y * ia - rb.y * ib;
    c->k_yy = ma + mb + ra.x * ra.x * ia + rb.x * rb.x * ib;
    c->k_yz = ra.x * ia + rb.x * ib;
    c->k_zz = ia + ib;
    c->motor_mass = ia + ib;
    if (c->motor_mass > 0.0f) c->motor_mass = 1.0f / c->motor_mass;

    float det = c->k_xx * c->k_yy - c->k_xy * c->k_xy;
    c->inverse_det_2 = det != 0.0f ? 1.0f / det : det;
    c->cross_x = c->k_yy * c->k_zz - c->k_yz * c->k_yz;
    c->cross_y = c->k_yz * c->k_xz - c->k_xy * c->k_zz;
    c->cross_z = c->k_xy * c->k_yz - c->k_yy * c->k_xz;
    det = c->k_xx * c->cross_x + c->k_xy * c->cross_y + c->k_xz * c->cross_z;
    c->inverse_det_3 = det != 0.0f ? 1.0f / det : det;
}

/// Which limit the angle has reached; its impulse starts anew when that changes.
static void begin_limit(SdqnLegJointConstraint *c, const SdqnLegJoint *j, float angle) {
    c->limit_state = SDQN_LIMIT_INACTIVE;
    if (angle <= j->lower_angle)
        c->limit_state = SDQN_LIMIT_LOWER;
    else if (angle >= j->upper_angle)
        c->limit_state = SDQN_LIMIT_UPPER;
    bool goes_on = c->limit_state == j->limit_state && c->limit_state != SDQN_LIMIT_INACTIVE;
    c->limit_impulse = goes_on ? j->limit_impulse : 0.0f;
}

static SdqnVec2 lever(const SdqnBody *body, float angle, SdqnVec2 anchor) {
    return sdqn_rotate(sdqn_rot(angle), sdqn_sub(anchor, body->sweep.local_center));
}

void sdqn_leg_joint_begin(SdqnLegJointConstraint *c, const SdqnLegJoint *joint, const SdqnBody *hull, const SdqnBody *leg,
                          const SdqnPosition *hull_position, const SdqnPosition *leg_position, SdqnVelocity *hull_velocity,
                          SdqnVelocity *leg_velocity, float dt, float dt_ratio) {
    c->hull_inverse_mass = hull->inverse_mass;
    c->leg_inverse_mass = leg->inverse_mass;
    c->hull_inverse_inertia = hull->inverse_inertia;
    c->leg_inverse_inertia = leg->inverse_inertia;
    c->r_hull = lever(hull, hull_position->a, joint->anchor_hull);
    c->r_leg = lever(leg, leg_position->a, joint->anchor_leg);
    prepare_mass(c);
    c->motor_speed = joint->motor_speed;
    c->max_motor_impulse = dt * joint->max_motor_torque;
    begin_limit(c, joint, leg_position->a - hull_position->a - joint->reference_angle);

    c->impulse = sdqn_scale(dt_ratio, joint->impulse);
    c->limit_impulse *= dt_ratio;
    c->motor_impulse = dt_ratio * joint->motor_impulse;
    hull_velocity->v = sdqn_sub(hull_velocity->v, sdqn_scale(hull->inverse_mass, c->impulse));
    leg_velocity->v = sdqn_add(leg_velocity->v, sdqn_scale(leg->inverse_mass, c->impulse));
    hull_velocity->w -= hull->inverse_inertia * (sdqn_cross(c->r_hull, c->impulse) + c->motor_impulse + c->limit_impulse);
    leg_velocity->w += leg->inverse_inertia * (sdqn_cross(c->r_leg, c->impulse) + c->motor_impulse + c->limit_impulse);
}

void sdqn_leg_joint_end(const SdqnLegJointConstraint *c, SdqnLegJoint *joint) {
    joint->impulse = c->impulse;
    joint->limit_impulse = c->limit_impulse;
    joint->motor_impulse = c->motor_impulse;
    joint->limit_state = c->limit_state;
}

/// Turn the bodies back towards a limit that they have passed. @return how far they were past it, rad
static float correct_limit(const SdqnLegJointConstraint *c, const SdqnLegJoint *j, SdqnPosition *hull, SdqnPosition *leg) {
    float angle = leg->a - hull->a - j->reference_angle;
    float error, correction;
    if (c->limit_state == SDQN_LIMIT_LOWER) {
        float past = angle - j->lower_angle;
        error = -past;
        correction = sdqn_clamp(past + SDQN_ANGULAR_SLOP, -SDQN_MAX_ANGULAR_CORRECTION, 0.0f);
    } else {
        float past = angle - j->upper_angle;
        error = past;
        correction = sdqn_clamp(past - SDQN_ANGULAR_SLOP, 0.0f, SDQN_MAX_ANGULAR_CORRECTION);
    }
    float impulse = -c->motor_mass * correction;
    hull->a -= c->hull_inverse_inertia * impulse;
    leg->a += c->leg_inverse_inertia * impulse;
    return error;
}

bool sdqn_leg_joint_solve_position(const SdqnLegJointConstraint *c, const SdqnLegJoint *joint, const SdqnBody *hull, const SdqnBody *leg,
                                   SdqnPosition *hull_position, SdqnPosition *leg_position) {
    SdqnPosition h = *hull_position, l = *leg_position;
    float angular_error = c->limit_state == SDQN_LIMIT_INACTIVE ? 0.0f : correct_limit(c, joint, &h, &l);

    float ma = c->hull_inverse_mass, mb = c->leg_inverse_mass, ia = c->hull_inverse_inertia, ib = c->leg_inverse_inertia;
    SdqnVec2 ra = lever(hull, h.a, joint->anchor_hull), rb = lever(leg, l.a, joint->anchor_leg);
    SdqnVec2 error = sdqn_sub(sdqn_sub(sdqn_add(l.c, rb), h.c), ra);
    float k11 = ma + mb + ia * ra.y * ra.y + ib * rb.y * rb.y;
    float k12 = -ia * ra.x * ra.y - ib * rb.x * rb.y;
    float k22 = ma + mb + ia * ra.x * ra.x + ib * rb.x * rb.x;
    float det = k11 * k22 - k12 * k12;
    if (det != 0.0f) det = 1.0f / det;
    SdqnVec2 impulse = {-(det * (k22 * error.x - k12 * error.y)), -(det * (k11 * error.y - k12 * error.x))};
    h.c = sdqn_sub(h.c, sdqn_scale(ma, impulse));
    h.a -= ia * sdqn_cross(ra, impulse);
    l.c = sdqn_add(l.c, sdqn_scale(mb, impulse));
    l.a += ib * sdqn_cross(rb, impulse);
    *hull_position = h;
    *leg_position = l;
    return sdqn_length(error) <= SDQN_LINEAR_SLOP && angular_error <= SDQN_ANGULAR_SLOP;
}
