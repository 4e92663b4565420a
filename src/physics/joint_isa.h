// joint_isa.h: the leg joints of many worlds while a step is solved. Operations and their order are those of leg_joint.h.
#ifndef SDQN_PHYSICS_JOINT_ISA_H
#define SDQN_PHYSICS_JOINT_ISA_H

#include "physics/body_isa.h"

/// Vectors of worlds that are solved side by side, as measured.
#if defined(SDQN_ISA_avx512)
#define MAX_VECTORS 2
#else
#define MAX_VECTORS 4
#endif

/// What is the same in all lanes.
typedef struct JointShape {
    LanesVec anchor_hull, anchor_leg; ///< from the bodies' centres of mass
    Lanes reference_angle, lower_angle, upper_angle;
    Lanes motor_speed, motor_mass, max_motor_impulse;
    Lanes hull_inverse_mass, leg_inverse_mass, hull_inverse_inertia, leg_inverse_inertia;
} JointShape;

/// A joint of every lane.
///
/// A joint within its limits is solved as one whose limit pulls: the same operations with limit_impulse +0. For these lanes `release` is
/// -1, so that limit_impulse * release is -0, which changes no number that it is added to.
typedef struct JointLanes {
    LanesVec r_hull, r_leg;
    Lanes k_xx, k_xy, k_yy, k_xz, k_yz, k_zz;
    Lanes inverse_det_2, inverse_det_3;
    Lanes cross_x, cross_y, cross_z;
    LanesVec release; ///< (k_xz, k_yz), or -1 within the limits
    Lanes sign;       ///< -0 at the upper limit, else +0: total * sign(..) < 0 is a limit that would pull
    Mask inside;      ///< within the limits
    Mask upper;       ///< at the upper limit
    bool all_inside;
    LanesVec impulse;
    Lanes limit_impulse, motor_impulse;
} JointLanes;

static void joint_shape(JointShape *shape, const SdqnWorld *world, int leg, float dt) {
    const SdqnLegJoint *joint = &world->joints[leg];
    const SdqnBody *a = &world->bodies[0], *b = &world->bodies[1 + leg];
    shape->anchor_hull = vec_all(sdqn_sub(joint->anchor_hull, a->sweep.local_center));
    shape->anchor_leg = vec_all(sdqn_sub(joint->anchor_leg, b->sweep.local_center));
    shape->reference_angle = lanes_all(joint->reference_angle);
    shape->lower_angle = lanes_all(joint->lower_angle);
    shape->upper_angle = lanes_all(joint->upper_angle);
    shape->motor_speed = lanes_all(joint->motor_speed);
    float mass = a->inverse_inertia + b->inverse_inertia;
    shape->motor_mass = lanes_all(mass > 0.0f ? 1.0f / mass : mass);
    shape->max_motor_impulse = lanes_all(dt * joint->max_motor_torque);
    shape->hull_inverse_mass = lanes_all(a->inverse_mass);
    shape->leg_inverse_mass = lanes_all(b->inverse_mass);
    shape->hull_inverse_inertia = lanes_all(a->inverse_inertia);
    shape->leg_inverse_inertia = lanes_all(b->inverse_inertia);
}

LANES_INLINE void joint_put(JointLanes *lanes, int lane, const SdqnLegJoint *joint, float dt_ratio) {
    vec_put(&lanes->impulse, lane, sdqn_scale(dt_ratio, joint->impulse));
    lanes_put(&lanes->limit_impulse, lane, joint->limit_impulse * dt_ratio);
    lanes_put(&lanes->motor_impulse, lane, dt_ratio * joint->motor_impulse);
}

LANES_INLINE Lanes reciprocal_or_zero(Lanes x) {
    Lanes zero = lanes_all(0.0f);
    return lanes_choose(lanes_equal(x, zero), x, lanes_all(1.0f) / x);
}

/// prepare_mass of leg_joint.c.
LANES_INLINE void joint_prepare_mass(JointLanes *c, const JointShape *s) {
    Lanes ma = s->hull_inverse_mass, mb = s->leg_inverse_mass, ia = s->hull_inverse_inertia, ib = s->leg_inverse_inertia;
    LanesVec ra = c->r_hull, rb = c->r_leg;
    c->k_xx = ma + mb + ra.y * ra.y * ia + rb.y * rb.y * ib;
    c->k_xy = -ra.y * ra.x * ia - rb.y * rb.x * ib;
    c->k_xz = -ra.y * ia - rb.y * ib;
    c->k_yy = ma + mb + ra.x * ra.x * ia + rb.x * rb.x * ib;
    c->k_yz = ra.x * ia + rb.x * ib;
    c->k_zz = ia + ib;
    c->inverse_det_2 = reciprocal_or_zero(c->k_xx * c->k_yy - c->k_xy * c->k_xy);
    c->cross_x = c->k_yy * c->k_zz - c->k_yz * c->k_yz;
    c->cross_y = c->k_yz * c->k_xz - c->k_xy * c->k_zz;
    c->cross_z = c->k_xy * c->k_yz - c->k_yy * c->k_xz;
    c->inverse_det_3 = reciprocal_or_zero(c->k_xx * c->cross_x + c->k_xy * c->cross_y + c->k_xz * c->cross_z);
}

/// sdqn_leg_joint_begin. limit_impulse is the old one, times dt_ratio.
/// @param was_lower, was_upper  limit states of the last step
LANES_INLINE void joint_begin(JointLanes *c, const JointShape *s, BodyLanes *hull, BodyLanes *leg, Mask was_lower, Mask was_upper) {
    const Lanes zero = lanes_all(0.0f);
    c->r_hull = vec_rotate(hull->rotation, s->anchor_hull);
    c->r_leg = vec_rotate(leg->rotation, s->anchor_leg);
    joint_prepare_mass(c, s);

    Lanes angle = leg->angle - hull->angle - s->reference_angle;
    Mask lower = lanes_at_most(angle, s->lower_angle);
    c->upper = mask_and(lanes_at_least(angle, s->upper_angle), mask_not(lower));
    c->inside = mask_not(mask_or(lower, c->upper));
    c->all_inside = (mask_bits(c->inside) & ALL_LANES) == ALL_LANES;
    c->sign = lanes_choose(c->upper, lanes_all(-0.0f), zero);
    c->release = vec_choose(c->inside, vec(lanes_all(-1.0f), lanes_all(-1.0f)), vec(c->k_xz, c->k_yz));
    Mask goes_on = mask_or(mask_and(lower, was_lower), mask_and(c->upper, was_upper));
    c->limit_impulse = lanes_choose(goes_on, c->limit_impulse, zero);

    hull->velocity = vec_sub(hull->velocity, vec_scale(s->hull_inverse_mass, c->impulse));
    leg->velocity = vec_add(leg->velocity, vec_scale(s->leg_inverse_mass, c->impulse));
    hull->w = hull->w - s->hull_inverse_inertia * (vec_cross(c->r_hull, c->impulse) + c->motor_impulse + c->limit_impulse);
    leg->w = leg->w + s->leg_inverse_inertia * (vec_cross(c->r_leg, c->impulse) + c->motor_impulse + c->limit_impulse);
}

/// sdqn_leg_joint_solve_3: (b, bz) -> (x, z).
LANES_INLINE LanesVec joint_solve_3(const JointLanes *c, LanesVec b, Lanes bz, Lanes *z) {
    Lanes bcz_x = b.y * c->k_zz - bz * c->k_yz, bcz_y = bz * c->k_xz - b.x * c->k_zz, bcz_z = b.x * c->k_yz - b.y * c->k_xz;
    Lanes cyb_x = c->k_yy * bz - c->k_yz * b.y, cyb_y = c->k_yz * b.x - c->k_xy * bz, cyb_z = c->k_xy * b.y - c->k_yy * b.x;
    *z = c->inverse_det_3 * (c->k_xx * cyb_x + c->k_xy * cyb_y + c->k_xz * cyb_z);
    return vec(c->inverse_det_3 * (b.x * c->cross_x + b.y * c->cross_y + bz * c->cross_z),
               c->inverse_det_3 * (c->k_xx * bcz_x + c->k_xy * bcz_y + c->k_xz * bcz_z));
}

/// sdqn_leg_joint_solve_velocity for `vectors` (a constant) vectors of worlds, operation by operation: one joint is one long chain of
/// operations that wait for each other, and those of the other vectors fill the gaps.
LANES_INLINE void joint_solve_velocity(JointLanes *const *joint, const JointShape *s, BodyLanes *const *hull, BodyLanes *const *leg,
                                       int vectors) {
#define EACH for (int v = 0; v < vectors; v++)
    const Lanes ma = s->hull_inverse_mass, mb = s->leg_inverse_mass, ia = s->hull_inverse_inertia, ib = s->leg_inverse_inertia;
    Lanes hull_w[MAX_VECTORS], leg_w[MAX_VECTORS], motor_impulse[MAX_VECTORS];
    EACH {
        Lanes motor_error = leg[v]->w - hull[v]->w - s->motor_speed, old = joint[v]->motor_impulse;
        Lanes total = lanes_clamp(old - s->motor_mass * motor_error, -s->max_motor_impulse, s->max_motor_impulse);
        motor_impulse[v] = total - old;
        joint[v]->motor_impulse = total;
    }
    EACH hull_w[v] = hull[v]->w - ia * motor_impulse[v];
    EACH leg_w[v] = leg[v]->w + ib * motor_impulse[v];

    LanesVec error[MAX_VECTORS], impulse[MAX_VECTORS];
    Lanes limit_impulse[MAX_VECTORS], total[MAX_VECTORS];
    Mask pulls[MAX_VECTORS];
    EACH error[v] = vec_add(leg[v]->velocity, vec_cross_scalar(leg_w[v], joint[v]->r_leg));
    EACH error[v] = vec_sub(vec_sub(error[v], hull[v]->velocity), vec_cross_scalar(hull_w[v], joint[v]->r_hull));
    bool all_inside = true;
    EACH all_inside &= joint[v]->all_inside;
    EACH {
        impulse[v] = error[v];
        limit_impulse[v] = total[v] = motor_impulse[v];
        pulls[v] = joint[v]->inside;
    }
    if (!all_inside) {
        Lanes relative_w[MAX_VECTORS];
        EACH relative_w[v] = leg_w[v] - hull_w[v];
        EACH impulse[v] = vec_negate(joint_solve_3(joint[v], error[v], relative_w[v], &limit_impulse[v]));
        EACH limit_impulse[v] = -limit_impulse[v];
        EACH total[v] = joint[v]->limit_impulse + limit_impulse[v];
        EACH pulls[v] = mask_or(pulls[v], lanes_less(lanes_flip(total[v], joint[v]->sign), lanes_all(0.0f)));
    }
    Mask any = pulls[0];
    EACH any = mask_or(any, pulls[v]);
    if (mask_any(any)) { // solve the point alone, with the limit's impulse taken back
        EACH {
            const JointLanes *c = joint[v];
            LanesVec rhs = vec_sub(vec_scale(c->limit_impulse, c->release), error[v]);
            LanesVec alone =
                vec(c->inverse_det_2 * (c->k_yy * rhs.x - c->k_xy * rhs.y), c->inverse_det_2 * (c->k_xx * rhs.y - c->k_xy * rhs.x));
            impulse[v] = vec_choose(pulls[v], alone, impulse[v]);
            limit_impulse[v] = lanes_choose(pulls[v], -c->limit_impulse, limit_impulse[v]);
            total[v] = lanes_choose(pulls[v], lanes_all(0.0f), total[v]);
        }
    }
    EACH joint[v]->limit_impulse = total[v];
    EACH hull[v]->w = hull_w[v] - ia * (vec_cross(joint[v]->r_hull, impulse[v]) + limit_impulse[v]);
    EACH leg[v]->w = leg_w[v] + ib * (vec_cross(joint[v]->r_leg, impulse[v]) + limit_impulse[v]);
    EACH joint[v]->impulse = vec_add(joint[v]->impulse, impulse[v]);
    EACH hull[v]->velocity = vec_sub(hull[v]->velocity, vec_scale(ma, impulse[v]));
    EACH leg[v]->velocity = vec_add(leg[v]->velocity, vec_scale(mb, impulse[v]));
#undef EACH
}

/// sdqn_leg_joint_solve_position. @return lanes whose errors were within the slop
LANES_INLINE Mask joint_solve_position(const JointLanes *c, const JointShape *s, BodyLanes *hull, BodyLanes *leg) {
    const Lanes zero = lanes_all(0.0f);
    Lanes ma = s->hull_inverse_mass, mb = s->leg_inverse_mass, ia = s->hull_inverse_inertia, ib = s->leg_inverse_inertia;
    Lanes hull_angle = hull->angle, leg_angle = leg->angle, angular_error = zero;
    if (!c->all_inside) {
        Lanes angle = leg_angle - hull_angle - s->reference_angle, slop = lanes_all(SDQN_ANGULAR_SLOP);
        Lanes past_lower = angle - s->lower_angle, past_upper = angle - s->upper_angle;
        Lanes back_lower = lanes_clamp(past_lower + slop, lanes_all(-SDQN_MAX_ANGULAR_CORRECTION), zero);
        Lanes back_upper = lanes_clamp(past_upper - slop, zero, lanes_all(SDQN_MAX_ANGULAR_CORRECTION));
        Lanes impulse = -s->motor_mass * lanes_choose(c->upper, back_upper, back_lower);
        angular_error = lanes_choose(c->inside, zero, lanes_choose(c->upper, past_upper, -past_lower));
        hull_angle = lanes_choose(c->inside, hull_angle, hull_angle - ia * impulse);
        leg_angle = lanes_choose(c->inside, leg_angle, leg_angle + ib * impulse);
    }
    LanesVec ra = vec_rotate(rot_of(hull_angle), s->anchor_hull), rb = vec_rotate(rot_of(leg_angle), s->anchor_leg);
    LanesVec error = vec_sub(vec_sub(vec_add(leg->center, rb), hull->center), ra);
    Lanes k11 = ma + mb + ia * ra.y * ra.y + ib * rb.y * rb.y;
    Lanes k12 = -ia * ra.x * ra.y - ib * rb.x * rb.y;
    Lanes k22 = ma + mb + ia * ra.x * ra.x + ib * rb.x * rb.x;
    Lanes det = reciprocal_or_zero(k11 * k22 - k12 * k12);
    LanesVec impulse = vec(-(det * (k22 * error.x - k12 * error.y)), -(det * (k11 * error.y - k12 * error.x)));
    hull->center = vec_sub(hull->center, vec_scale(ma, impulse));
    hull->angle = hull_angle - ia * vec_cross(ra, impulse);
    leg->center = vec_add(leg->center, vec_scale(mb, impulse));
    leg->angle = leg_angle + ib * vec_cross(rb, impulse);
    Lanes length = lanes_sqrt(error.x * error.x + error.y * error.y);
    return mask_and(lanes_at_most(length, lanes_all(SDQN_LINEAR_SLOP)), lanes_at_most(angular_error, lanes_all(SDQN_ANGULAR_SLOP)));
}

#endif
