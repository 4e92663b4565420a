#include "physics/leg_joint.h"

#include "physics/tuning.h"

/// The linear part of an impulse at the joint: the leg takes it, the hull its opposite.
static void push(const SdqnLegJointConstraint *c, SdqnVelocity *hull, SdqnVelocity *leg, SdqnVec2 impulse) {
    hull->v = sdqn_sub(hull->v, sdqn_scale(c->hull->inverse_mass, impulse));
    leg->v = sdqn_add(leg->v, sdqn_scale(c->leg->inverse_mass, impulse));
}

/// Mass matrix of point (x, y) and angle (z) constraints, K = J M^-1 J^T, with its determinants.
static void prepare_mass(SdqnLegJointConstraint *c) {
    float ma = c->hull->inverse_mass, mb = c->leg->inverse_mass, ia = c->hull->inverse_inertia, ib = c->leg->inverse_inertia;
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
static void update_limit(SdqnLegJoint *j, float angle) {
    int32_t state = SDQN_LIMIT_INACTIVE;
    if (angle <= j->lower_angle)
        state = SDQN_LIMIT_LOWER;
    else if (angle >= j->upper_angle)
        state = SDQN_LIMIT_UPPER;
    if (state != j->limit_state || state == SDQN_LIMIT_INACTIVE) j->limit_impulse = 0.0f;
    j->limit_state = state;
}

void sdqn_leg_joint_prepare(SdqnLegJointConstraint *c, const SdqnPosition *position, SdqnVelocity *velocity, float dt, float dt_ratio) {
    SdqnLegJoint *j = c->joint;
    const SdqnPosition *hull = &position[0], *leg = &position[c->leg_index];
    c->r_hull = sdqn_rotate(sdqn_rot(hull->a), sdqn_sub(j->anchor_hull, c->hull->sweep.local_center));
    c->r_leg = sdqn_rotate(sdqn_rot(leg->a), sdqn_sub(j->anchor_leg, c->leg->sweep.local_center));
    prepare_mass(c);
    c->max_motor_impulse = dt * j->max_motor_torque;
    update_limit(j, leg->a - hull->a - j->reference_angle);

    j->impulse = sdqn_scale(dt_ratio, j->impulse);
    j->limit_impulse *= dt_ratio;
    j->motor_impulse *= dt_ratio;
    SdqnVelocity *vh = &velocity[0], *vl = &velocity[c->leg_index];
    push(c, vh, vl, j->impulse);
    vh->w -= c->hull->inverse_inertia * (sdqn_cross(c->r_hull, j->impulse) + j->motor_impulse + j->limit_impulse);
    vl->w += c->leg->inverse_inertia * (sdqn_cross(c->r_leg, j->impulse) + j->motor_impulse + j->limit_impulse);
}

/// K22 x = b.
static SdqnVec2 solve_2(const SdqnLegJointConstraint *c, SdqnVec2 b) {
    return sdqn_vec2(c->inverse_det_2 * (c->k_yy * b.x - c->k_xy * b.y), c->inverse_det_2 * (c->k_xx * b.y - c->k_xy * b.x));
}

/// K33 (x, z) = (b, bz), by Cramer's rule.
static SdqnVec2 solve_3(const SdqnLegJointConstraint *c, SdqnVec2 b, float bz, float *z) {
    // b x column z, and column y x b, dotted with column x
    float bcz_x = b.y * c->k_zz - bz * c->k_yz, bcz_y = bz * c->k_xz - b.x * c->k_zz, bcz_z = b.x * c->k_yz - b.y * c->k_xz;
    float cyb_x = c->k_yy * bz - c->k_yz * b.y, cyb_y = c->k_yz * b.x - c->k_xy * bz, cyb_z = c->k_xy * b.y - c->k_yy * b.x;
    *z = c->inverse_det_3 * (c->k_xx * cyb_x + c->k_xy * cyb_y + c->k_xz * cyb_z);
    return sdqn_vec2(c->inverse_det_3 * (b.x * c->cross_x + b.y * c->cross_y + bz * c->cross_z),
                     c->inverse_det_3 * (c->k_xx * bcz_x + c->k_xy * bcz_y + c->k_xz * bcz_z));
}

static void solve_motor(const SdqnLegJointConstraint *c, SdqnVelocity *hull, SdqnVelocity *leg) {
    SdqnLegJoint *j = c->joint;
    float error = leg->w - hull->w - j->motor_speed;
    float total = sdqn_clamp(j->motor_impulse + -c->motor_mass * error, -c->max_motor_impulse, c->max_motor_impulse);
    float impulse = total - j->motor_impulse;
    j->motor_impulse = total;
    hull->w -= c->hull->inverse_inertia * impulse;
    leg->w += c->leg->inverse_inertia * impulse;
}

void sdqn_leg_joint_solve_velocity(const SdqnLegJointConstraint *c, SdqnVelocity *velocity) {
    SdqnLegJoint *j = c->joint;
    SdqnVelocity hull = velocity[0], leg = velocity[c->leg_index];
    solve_motor(c, &hull, &leg);
    SdqnVec2 hull_point = sdqn_cross_scalar(hull.w, c->r_hull);
    SdqnVec2 error = sdqn_sub(sdqn_sub(sdqn_add(leg.v, sdqn_cross_scalar(leg.w, c->r_leg)), hull.v), hull_point);
    float ia = c->hull->inverse_inertia, ib = c->leg->inverse_inertia;
    if (j->limit_state == SDQN_LIMIT_INACTIVE) {
        SdqnVec2 impulse = solve_2(c, sdqn_negate(error));
        j->impulse = sdqn_add(j->impulse, impulse);
        push(c, &hull, &leg, impulse);
        hull.w -= ia * sdqn_cross(c->r_hull, impulse);
        leg.w += ib * sdqn_cross(c->r_leg, impulse);
    } else {
        float limit_impulse;
        SdqnVec2 impulse = sdqn_negate(solve_3(c, error, leg.w - hull.w, &limit_impulse));
        limit_impulse = -limit_impulse;
        float total = j->limit_impulse + limit_impulse;
        bool pulls = j->limit_state == SDQN_LIMIT_LOWER ? total < 0.0f : total > 0.0f;
        if (pulls) { // a limit can only push: solve the point alone, with the limit's impulse taken back
            SdqnVec2 rhs = sdqn_add(sdqn_negate(error), sdqn_scale(j->limit_impulse, sdqn_vec2(c->k_xz, c->k_yz)));
            impulse = solve_2(c, rhs);
            limit_impulse = -j->limit_impulse;
            total = 0.0f;
        }
        j->impulse = sdqn_add(j->impulse, impulse);
        j->limit_impulse = total;
        push(c, &hull, &leg, impulse);
        hull.w -= ia * (sdqn_cross(c->r_hull, impulse) + limit_impulse);
        leg.w += ib * (sdqn_cross(c->r_leg, impulse) + limit_impulse);
    }
    velocity[0] = hull;
    velocity[c->leg_index] = leg;
}

/// Turn the bodies back towards a limit that they have passed. @return how far they were past it, rad
static float correct_limit(const SdqnLegJointConstraint *c, SdqnPosition *hull, SdqnPosition *leg) {
    const SdqnLegJoint *j = c->joint;
    float angle = leg->a - hull->a - j->reference_angle;
    float error, correction;
    if (j->limit_state == SDQN_LIMIT_LOWER) {
        float past = angle - j->lower_angle;
        error = -past;
        correction = sdqn_clamp(past + SDQN_ANGULAR_SLOP, -SDQN_MAX_ANGULAR_CORRECTION, 0.0f);
    } else {
        float past = angle - j->upper_angle;
        error = past;
        correction = sdqn_clamp(past - SDQN_ANGULAR_SLOP, 0.0f, SDQN_MAX_ANGULAR_CORRECTION);
    }
    float impulse = -c->motor_mass * correction;
    hull->a -= c->hull->inverse_inertia * impulse;
    leg->a += c->leg->inverse_inertia * impulse;
    return error;
}

bool sdqn_leg_joint_solve_position(const SdqnLegJointConstraint *c, SdqnPosition *position) {
    const SdqnLegJoint *j = c->joint;
    SdqnPosition hull = position[0], leg = position[c->leg_index];
    float angular_error = j->limit_state == SDQN_LIMIT_INACTIVE ? 0.0f : correct_limit(c, &hull, &leg);

    float ma = c->hull->inverse_mass, mb = c->leg->inverse_mass, ia = c->hull->inverse_inertia, ib = c->leg->inverse_inertia;
    SdqnVec2 ra = sdqn_rotate(sdqn_rot(hull.a), sdqn_sub(j->anchor_hull, c->hull->sweep.local_center));
    SdqnVec2 rb = sdqn_rotate(sdqn_rot(leg.a), sdqn_sub(j->anchor_leg, c->leg->sweep.local_center));
    SdqnVec2 error = sdqn_sub(sdqn_sub(sdqn_add(leg.c, rb), hull.c), ra);
    float k11 = ma + mb + ia * ra.y * ra.y + ib * rb.y * rb.y;
    float k12 = -ia * ra.x * ra.y - ib * rb.x * rb.y;
    float k22 = ma + mb + ia * ra.x * ra.x + ib * rb.x * rb.x;
    float det = k11 * k22 - k12 * k12;
    if (det != 0.0f) det = 1.0f / det;
    SdqnVec2 impulse = {-(det * (k22 * error.x - k12 * error.y)), -(det * (k11 * error.y - k12 * error.x))};
    hull.c = sdqn_sub(hull.c, sdqn_scale(ma, impulse));
    hull.a -= ia * sdqn_cross(ra, impulse);
    leg.c = sdqn_add(leg.c, sdqn_scale(mb, impulse));
    leg.a += ib * sdqn_cross(rb, impulse);
    position[0] = hull;
    position[c->leg_index] = leg;
    return sdqn_length(error) <= SDQN_LINEAR_SLOP && angular_error <= SDQN_ANGULAR_SLOP;
}
