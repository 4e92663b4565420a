// contact_isa.h: touching contacts of many worlds while a step is solved. Operations and their order are those of contact_solver.c.
//
// A slot holds one contact of one body in every lane that has so many; the other lanes are masked off and keep their bits.
#ifndef SDQN_PHYSICS_CONTACT_ISA_H
#define SDQN_PHYSICS_CONTACT_ISA_H

#include "physics/body_isa.h"
#include "physics/contact_solver.h"

typedef struct PointLanes {
    Mask on;    ///< lanes whose velocity solver has this point
    Mask apart; ///< lanes whose manifold has this point
    LanesVec r, local_point;
    Lanes normal_impulse, tangent_impulse, normal_mass, tangent_mass;
} PointLanes;

typedef struct SlotLanes {
    PointLanes point[2];
    Mask edge_face;
    bool any_edge_face, any_polygon_face, any_double, any_second;
    Lanes friction;
    LanesVec normal, tangent, local_normal, local_point;
    Lanes k11, k12, k22;
    Lanes inverse11, inverse12, inverse22;
} SlotLanes;

/// Flags of a slot's lanes as bits, gathered before they become masks.
typedef struct SlotBits {
    unsigned on[2], apart[2], edge_face;
} SlotBits;

LANES_INLINE Mask mask_from_bits(unsigned bits) {
    Lanes flags = lanes_all(0.0f);
    for (int i = 0; i < LANES; i++) lanes_put(&flags, i, bits >> i & 1u ? 1.0f : 0.0f);
    return lanes_greater(flags, lanes_all(0.0f));
}

/// Take a prepared constraint into a lane.
static void slot_put(SlotLanes *slot, SlotBits *bits, int lane, const SdqnContactConstraint *c) {
    const SdqnManifold *m = c->manifold;
    if (m->type == SDQN_MANIFOLD_EDGE_FACE) bits->edge_face |= 1u << lane;
    lanes_put(&slot->friction, lane, c->friction);
    vec_put(&slot->normal, lane, c->normal);
    vec_put(&slot->tangent, lane, c->tangent);
    vec_put(&slot->local_normal, lane, m->local_normal);
    vec_put(&slot->local_point, lane, m->local_point);
    for (int i = 0; i < m->count; i++) {
        bits->apart[i] |= 1u << lane;
        vec_put(&slot->point[i].local_point, lane, m->point[i].local_point);
    }
    for (int i = 0; i < c->points; i++) {
        const SdqnContactPoint *from = &c->point[i];
        PointLanes *to = &slot->point[i];
        bits->on[i] |= 1u << lane;
        vec_put(&to->r, lane, from->r);
        lanes_put(&to->normal_impulse, lane, from->normal_impulse);
        lanes_put(&to->tangent_impulse, lane, from->tangent_impulse);
        lanes_put(&to->normal_mass, lane, from->normal_mass);
        lanes_put(&to->tangent_mass, lane, from->tangent_mass);
    }
    if (c->points == 2) {
        lanes_put(&slot->k11, lane, c->k_x.x);
        lanes_put(&slot->k12, lane, c->k_x.y);
        lanes_put(&slot->k22, lane, c->k_y.y);
        lanes_put(&slot->inverse11, lane, c->inverse_x.x);
        lanes_put(&slot->inverse12, lane, c->inverse_x.y);
        lanes_put(&slot->inverse22, lane, c->inverse_y.y);
    }
}

static void slot_set_masks(SlotLanes *slot, const SlotBits *bits) {
    for (int i = 0; i < 2; i++) {
        slot->point[i].on = mask_from_bits(bits->on[i]);
        slot->point[i].apart = mask_from_bits(bits->apart[i]);
    }
    slot->edge_face = mask_from_bits(bits->edge_face);
    slot->any_edge_face = (bits->apart[0] & bits->edge_face) != 0;
    slot->any_polygon_face = (bits->apart[0] & ~bits->edge_face) != 0;
    slot->any_double = bits->on[1] != 0;
    slot->any_second = bits->apart[1] != 0;
}

static void slot_get(const SlotLanes *slot, int lane, int points, SdqnManifold *manifold) {
    for (int i = 0; i < points; i++) {
        manifold->point[i].normal_impulse = lanes_get(&slot->point[i].normal_impulse, lane);
        manifold->point[i].tangent_impulse = lanes_get(&slot->point[i].tangent_impulse, lane);
    }
}

LANES_INLINE LanesVec point_velocity(const BodyLanes *b, LanesVec r) { return vec_add(b->velocity, vec_cross_scalar(b->w, r)); }

/// The impulse acts at r in the lanes of the mask.
LANES_INLINE void apply_impulse(BodyLanes *b, Mask on, LanesVec r, LanesVec impulse) {
    b->velocity = vec_choose(on, vec_add(b->velocity, vec_scale(b->inverse_mass, impulse)), b->velocity);
    b->w = lanes_choose(on, b->w + b->inverse_inertia * vec_cross(r, impulse), b->w);
}

/// sdqn_contact_warm_start.
static void slot_warm_start(const SlotLanes *slot, BodyLanes *b) {
    for (int i = 0; i < 2; i++) {
        const PointLanes *p = &slot->point[i];
        apply_impulse(b, p->on, p->r, vec_add(vec_scale(p->normal_impulse, slot->normal), vec_scale(p->tangent_impulse, slot->tangent)));
    }
}

LANES_INLINE void solve_friction(PointLanes *p, const SlotLanes *slot, BodyLanes *b) {
    Lanes vt = vec_dot(point_velocity(b, p->r), slot->tangent);
    Lanes limit = slot->friction * p->normal_impulse;
    Lanes total = lanes_clamp(p->tangent_impulse - p->tangent_mass * vt, -limit, limit);
    Lanes lambda = total - p->tangent_impulse;
    p->tangent_impulse = lanes_choose(p->on, total, p->tangent_impulse);
    apply_impulse(b, p->on, p->r, vec_scale(lambda, slot->tangent));
}

/// The one normal impulse x of lanes with one point. b is the approach at the point.
LANES_INLINE Lanes single_impulse(const PointLanes *p, Lanes b) {
    return lanes_max(p->normal_impulse - p->normal_mass * b, lanes_all(0.0f));
}

/// solve_block of contact_solver.c for lanes with two points: all four cases at once, and the first that fits in each lane.
/// @param b1, b2  approach at the points @param fits  written: lanes where a case fits; the others keep their impulses
LANES_INLINE LanesVec double_impulse(const SlotLanes *slot, Lanes b1, Lanes b2, Mask *fits) {
    const PointLanes *p1 = &slot->point[0], *p2 = &slot->point[1];
    const Lanes zero = lanes_all(0.0f);
    LanesVec old = vec(p1->normal_impulse, p2->normal_impulse);
    b1 = b1 - (slot->k11 * old.x + slot->k12 * old.y);
    b2 = b2 - (slot->k12 * old.x + slot->k22 * old.y);

    LanesVec both = vec(-(slot->inverse11 * b1 + slot->inverse12 * b2), -(slot->inverse12 * b1 + slot->inverse22 * b2));
    Mask both_fit = mask_and(lanes_at_least(both.x, zero), lanes_at_least(both.y, zero));
    Lanes first = -p1->normal_mass * b1, second = -p2->normal_mass * b2;
    Mask first_fits = mask_and(lanes_at_least(first, zero), lanes_at_least(slot->k12 * first + b2, zero));
    Mask second_fits = mask_and(lanes_at_least(second, zero), lanes_at_least(slot->k12 * second + b1, zero));
    Mask none_fits = mask_and(lanes_at_least(b1, zero), lanes_at_least(b2, zero));
    LanesVec x = vec_choose(second_fits, vec(zero, second), vec(zero, zero));
    x = vec_choose(first_fits, vec(first, zero), x);
    *fits = mask_or(mask_or(both_fit, first_fits), mask_or(second_fits, none_fits));
    return vec_choose(both_fit, both, x);
}

/// The normal impulses: one in lanes with one point, two at once in lanes with two.
LANES_INLINE void solve_normal(SlotLanes *slot, BodyLanes *b) {
    PointLanes *p1 = &slot->point[0], *p2 = &slot->point[1];
    Lanes b1 = vec_dot(point_velocity(b, p1->r), slot->normal);
    Lanes x1 = single_impulse(p1, b1);
    LanesVec push = vec_scale(x1 - p1->normal_impulse, slot->normal);
    Lanes turn = vec_cross(p1->r, push);
    Mask on = p1->on;
    if (slot->any_double) {
        Mask fits;
        LanesVec x = double_impulse(slot, b1, vec_dot(point_velocity(b, p2->r), slot->normal), &fits);
        LanesVec n1 = vec_scale(x.x - p1->normal_impulse, slot->normal), n2 = vec_scale(x.y - p2->normal_impulse, slot->normal);
        on = mask_and(on, mask_or(mask_not(p2->on), fits));
        push = vec_choose(p2->on, vec_add(n1, n2), push);
        turn = lanes_choose(p2->on, vec_cross(p1->r, n1) + vec_cross(p2->r, n2), turn);
        x1 = lanes_choose(p2->on, x.x, x1);
        p2->normal_impulse = lanes_choose(mask_and(on, p2->on), x.y, p2->normal_impulse);
    }
    p1->normal_impulse = lanes_choose(on, x1, p1->normal_impulse);
    b->velocity = vec_choose(on, vec_add(b->velocity, vec_scale(b->inverse_mass, push)), b->velocity);
    b->w = lanes_choose(on, b->w + b->inverse_inertia * turn, b->w);
}

/// sdqn_contact_solve_velocity.
LANES_INLINE void slot_solve_velocity(SlotLanes *slot, BodyLanes *b) {
    solve_friction(&slot->point[0], slot, b);
    if (slot->any_double) solve_friction(&slot->point[1], slot, b);
    solve_normal(slot, b);
}

/// sdqn_contact_solve_position for lanes of `on`. @return the smaller of `min_separation` and the separations met
static Lanes slot_solve_position(const SlotLanes *slot, BodyLanes *b, Mask on, Lanes min_separation) {
    const Lanes zero = lanes_all(0.0f), radius = lanes_all(SDQN_POLYGON_RADIUS);
    for (int i = 0; i < (slot->any_second ? 2 : 1); i++) {
        const PointLanes *p = &slot->point[i];
        Mask active = mask_and(on, p->apart);
        LanesRot q = rot_of(b->angle);
        LanesVec origin = body_origin(b, b->center, q);
        LanesVec normal = slot->local_normal, point = vec_transform(origin, q, p->local_point);
        Lanes separation = vec_dot(vec_sub(point, slot->local_point), normal) - radius - radius;
        if (slot->any_polygon_face) {
            LanesVec turned = vec_rotate(q, slot->local_normal), plane = vec_transform(origin, q, slot->local_point);
            Lanes other = vec_dot(vec_sub(p->local_point, plane), turned) - radius - radius;
            separation = lanes_choose(slot->edge_face, separation, other);
            point = vec_choose(slot->edge_face, point, p->local_point);
            normal = vec_choose(slot->edge_face, normal, vec_negate(turned));
        }
        LanesVec r = vec_sub(point, b->center);
        min_separation = lanes_choose(active, lanes_min(min_separation, separation), min_separation);
        Lanes correction = lanes_clamp(lanes_all(SDQN_BAUMGARTE) * (separation + lanes_all(SDQN_LINEAR_SLOP)),
                                       lanes_all(-SDQN_MAX_LINEAR_CORRECTION), zero);
        Lanes rn = vec_cross(r, normal);
        Lanes k = b->inverse_mass + b->inverse_inertia * rn * rn;
        LanesVec impulse = vec_scale(lanes_choose(lanes_greater(k, zero), -correction / k, zero), normal);
        b->center = vec_choose(active, vec_add(b->center, vec_scale(b->inverse_mass, impulse)), b->center);
        b->angle = lanes_choose(active, b->angle + b->inverse_inertia * vec_cross(r, impulse), b->angle);
    }
    return min_separation;
}

#endif
