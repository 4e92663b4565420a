// body_isa.h: the bodies of many worlds while a step is solved, one world a lane. Operations and their order are those of body.h,
// integrate.h and polygon.h.
#ifndef SDQN_PHYSICS_BODY_ISA_H
#define SDQN_PHYSICS_BODY_ISA_H

#include "core/lanes_isa.h"
#include "physics/tuning.h"
#include "physics/world.h"

/// A point or vector in every lane.
typedef struct LanesVec {
    Lanes x, y;
} LanesVec;

typedef struct LanesRot {
    Lanes s, c;
} LanesRot;

typedef struct LanesBox {
    LanesVec lower, upper;
} LanesBox;

/// One body of every lane. Masses and shapes are the same in all lanes: scalars from the first world.
typedef struct BodyLanes {
    LanesVec center0, center, velocity;
    Lanes angle0, angle, w;
    LanesRot rotation; ///< of angle0 until the velocities are solved, then of angle
    Lanes sleep_time;
    LanesBox fat;
    LanesVec local_center;
    Lanes inverse_mass, inverse_inertia;
} BodyLanes;

LANES_INLINE LanesVec vec(Lanes x, Lanes y) { return (LanesVec){x, y}; }
LANES_INLINE LanesVec vec_all(SdqnVec2 v) { return (LanesVec){lanes_all(v.x), lanes_all(v.y)}; }
LANES_INLINE LanesVec vec_add(LanesVec a, LanesVec b) { return (LanesVec){a.x + b.x, a.y + b.y}; }
LANES_INLINE LanesVec vec_sub(LanesVec a, LanesVec b) { return (LanesVec){a.x - b.x, a.y - b.y}; }
LANES_INLINE LanesVec vec_scale(Lanes s, LanesVec a) { return (LanesVec){s * a.x, s * a.y}; }
LANES_INLINE LanesVec vec_negate(LanesVec a) { return (LanesVec){-a.x, -a.y}; }
LANES_INLINE Lanes vec_dot(LanesVec a, LanesVec b) { return a.x * b.x + a.y * b.y; }
LANES_INLINE Lanes vec_cross(LanesVec a, LanesVec b) { return a.x * b.y - a.y * b.x; }
LANES_INLINE LanesVec vec_cross_scalar(Lanes s, LanesVec a) { return (LanesVec){-s * a.y, s * a.x}; }
LANES_INLINE LanesVec vec_choose(Mask m, LanesVec a, LanesVec b) {
    return (LanesVec){lanes_choose(m, a.x, b.x), lanes_choose(m, a.y, b.y)};
}
LANES_INLINE LanesVec vec_rotate(LanesRot q, LanesVec v) { return (LanesVec){q.c * v.x - q.s * v.y, q.s * v.x + q.c * v.y}; }
LANES_INLINE LanesRot rot_of(Lanes angle) {
    LanesRot q;
    lanes_sincos(angle, &q.s, &q.c);
    return q;
}
LANES_INLINE void vec_put(LanesVec *v, int lane, SdqnVec2 value) {
    lanes_put(&v->x, lane, value.x);
    lanes_put(&v->y, lane, value.y);
}
LANES_INLINE SdqnVec2 vec_get(const LanesVec *v, int lane) { return (SdqnVec2){lanes_get(&v->x, lane), lanes_get(&v->y, lane)}; }

/// Take a body of one world into a lane, with gravity and forces already acting on its velocity.
LANES_INLINE void body_put(BodyLanes *lanes, int lane, const SdqnBody *body, SdqnVec2 gravity, float h) {
    SdqnVec2 acceleration = sdqn_add(gravity, sdqn_scale(body->inverse_mass, body->force));
    vec_put(&lanes->center, lane, body->sweep.center);
    lanes_put(&lanes->angle, lane, body->sweep.angle);
    vec_put(&lanes->velocity, lane, sdqn_add(body->velocity, sdqn_scale(h, acceleration)));
    lanes_put(&lanes->w, lane, body->angular_velocity + h * body->inverse_inertia * body->torque);
    lanes_put(&lanes->rotation.s, lane, body->transform.q.s); // the transform always stands at the end of the sweep
    lanes_put(&lanes->rotation.c, lane, body->transform.q.c);
    lanes_put(&lanes->sleep_time, lane, body->sleep_time);
    vec_put(&lanes->fat.lower, lane, body->fat.lower);
    vec_put(&lanes->fat.upper, lane, body->fat.upper);
}

/// What is the same in all lanes; and the sweep starts anew.
LANES_INLINE void body_begin(BodyLanes *lanes, const SdqnBody *body) {
    lanes->center0 = lanes->center;
    lanes->angle0 = lanes->angle;
    lanes->local_center = vec_all(body->sweep.local_center);
    lanes->inverse_mass = lanes_all(body->inverse_mass);
    lanes->inverse_inertia = lanes_all(body->inverse_inertia);
}

/// sdqn_integrate_position.
LANES_INLINE void body_integrate(BodyLanes *b, Lanes h) {
    LanesVec translation = vec_scale(h, b->velocity);
    Lanes squared = vec_dot(translation, translation);
    Mask far = lanes_greater(squared, lanes_all(SDQN_MAX_TRANSLATION * SDQN_MAX_TRANSLATION));
    if (mask_any(far)) {
        Lanes ratio = lanes_all(SDQN_MAX_TRANSLATION) / lanes_sqrt(squared);
        b->velocity = vec_choose(far, vec_scale(ratio, b->velocity), b->velocity);
    }
    Lanes rotation = h * b->w;
    Mask fast = lanes_greater(rotation * rotation, lanes_all(SDQN_MAX_ROTATION * SDQN_MAX_ROTATION));
    if (mask_any(fast)) {
        Lanes magnitude = lanes_choose(lanes_greater(rotation, lanes_all(0.0f)), rotation, -rotation);
        b->w = lanes_choose(fast, b->w * (lanes_all(SDQN_MAX_ROTATION) / magnitude), b->w);
    }
    b->center = vec_add(b->center, vec_scale(h, b->velocity));
    b->angle = b->angle + h * b->w;
}

/// Origin of the body's frame.
LANES_INLINE LanesVec body_origin(const BodyLanes *b, LanesVec center, LanesRot q) {
    return vec_sub(center, vec_rotate(q, b->local_center));
}

LANES_INLINE LanesVec vec_transform(LanesVec p, LanesRot q, LanesVec v) {
    return (LanesVec){(q.c * v.x - q.s * v.y) + p.x, (q.s * v.x + q.c * v.y) + p.y};
}

/// sdqn_polygon_aabb.
LANES_INLINE LanesBox polygon_box(const SdqnPolygon *polygon, LanesVec p, LanesRot q) {
    LanesVec lower = vec_transform(p, q, vec_all(polygon->vertex[0])), upper = lower;
    for (int i = 1; i < polygon->count; i++) {
        LanesVec v = vec_transform(p, q, vec_all(polygon->vertex[i]));
        lower = vec(lanes_min(lower.x, v.x), lanes_min(lower.y, v.y));
        upper = vec(lanes_max(upper.x, v.x), lanes_max(upper.y, v.y));
    }
    LanesVec skin = vec_all(sdqn_vec2(SDQN_POLYGON_RADIUS, SDQN_POLYGON_RADIUS));
    return (LanesBox){vec_sub(lower, skin), vec_add(upper, skin)};
}

/// sdqn_body_synchronize_box: from (origin0, rotation0) to (origin, rotation). @return lanes whose fat box changed
LANES_INLINE Mask body_synchronize_box(BodyLanes *b, const SdqnPolygon *polygon, LanesVec origin0, LanesRot rotation0, LanesVec origin) {
    LanesBox first = polygon_box(polygon, origin0, rotation0), last = polygon_box(polygon, origin, b->rotation);
    LanesVec lower = vec(lanes_min(first.lower.x, last.lower.x), lanes_min(first.lower.y, last.lower.y));
    LanesVec upper = vec(lanes_max(first.upper.x, last.upper.x), lanes_max(first.upper.y, last.upper.y));
    Mask inside = mask_and(mask_and(lanes_at_most(b->fat.lower.x, lower.x), lanes_at_most(b->fat.lower.y, lower.y)),
                           mask_and(lanes_at_most(upper.x, b->fat.upper.x), lanes_at_most(upper.y, b->fat.upper.y)));
    LanesVec extension = vec_all(sdqn_vec2(SDQN_AABB_EXTENSION, SDQN_AABB_EXTENSION));
    LanesVec ahead = vec_scale(lanes_all(SDQN_AABB_MULTIPLIER), vec_sub(origin, origin0));
    lower = vec_sub(lower, extension);
    upper = vec_add(upper, extension);
    Mask left = lanes_less(ahead.x, lanes_all(0.0f)), down = lanes_less(ahead.y, lanes_all(0.0f));
    lower = vec(lanes_choose(left, lower.x + ahead.x, lower.x), lanes_choose(down, lower.y + ahead.y, lower.y));
    upper = vec(lanes_choose(left, upper.x, upper.x + ahead.x), lanes_choose(down, upper.y, upper.y + ahead.y));
    b->fat = (LanesBox){vec_choose(inside, b->fat.lower, lower), vec_choose(inside, b->fat.upper, upper)};
    return mask_not(inside);
}

#endif
