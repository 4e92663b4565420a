#include "physics/contact_solver.h"

#include "physics/tuning.h"

#include <assert.h>

void sdqn_contact_begin(SdqnContactConstraint *c, const SdqnManifold *manifold, const SdqnBody *body, int body_index, float friction,
                        float impulse_scale) {
    c->manifold = manifold;
    c->body = body;
    c->body_index = body_index;
    c->friction = friction;
    c->points = manifold->count;
    for (int i = 0; i < manifold->count; i++) {
        c->point[i].normal_impulse = impulse_scale * manifold->point[i].normal_impulse;
        c->point[i].tangent_impulse = impulse_scale * manifold->point[i].tangent_impulse;
    }
}

/// Normal and points of the manifold in the world: midway between the two skins.
static SdqnVec2 world_manifold(const SdqnManifold *m, SdqnTransform transform, SdqnVec2 point[2]) {
    const float radius = SDQN_POLYGON_RADIUS;
    bool edge_face = m->type == SDQN_MANIFOLD_EDGE_FACE;
    SdqnVec2 normal = edge_face ? m->local_normal : sdqn_rotate(transform.q, m->local_normal);
    SdqnVec2 plane = edge_face ? m->local_point : sdqn_transform(transform, m->local_point);
    for (int i = 0; i < m->count; i++) {
        SdqnVec2 clip = edge_face ? sdqn_transform(transform, m->point[i].local_point) : m->point[i].local_point;
        float depth = radius - sdqn_dot(sdqn_sub(clip, plane), normal);
        SdqnVec2 on_face = sdqn_add(clip, sdqn_scale(depth, normal));
        SdqnVec2 on_other = sdqn_sub(clip, sdqn_scale(radius, normal));
        point[i] = sdqn_scale(0.5f, sdqn_add(on_face, on_other));
    }
    return edge_face ? normal : sdqn_negate(normal);
}

/// Velocity of the body at a contact point.
static SdqnVec2 point_velocity(const SdqnVelocity *velocity, SdqnVec2 r) {
    return sdqn_add(velocity->v, sdqn_cross_scalar(velocity->w, r));
}

/// 1 / (m + i (r x direction)^2): mass felt by an impulse along the direction.
static float effective_mass(const SdqnBody *body, SdqnVec2 r, SdqnVec2 direction) {
    float rd = sdqn_cross(r, direction);
    float k = body->inverse_mass + body->inverse_inertia * rd * rd;
    return k > 0.0f ? 1.0f / k : 0.0f;
}

/// Matrix of the two normal constraints, and its inverse; back to one point when it is nearly singular.
static void prepare_block(SdqnContactConstraint *c) {
    float m = c->body->inverse_mass, i = c->body->inverse_inertia;
    float rn1 = sdqn_cross(c->point[0].r, c->normal), rn2 = sdqn_cross(c->point[1].r, c->normal);
    float k11 = m + i * rn1 * rn1, k22 = m + i * rn2 * rn2, k12 = m + i * rn1 * rn2;
    if (!(k11 * k11 < SDQN_MAX_CONDITION_NUMBER * (k11 * k22 - k12 * k12))) {
        c->points = 1; // the two are redundant
        return;
    }
    c->k_x = sdqn_vec2(k11, k12);
    c->k_y = sdqn_vec2(k12, k22);
    float det = k11 * k22 - k12 * k12;
    if (det != 0.0f) det = 1.0f / det;
    c->inverse_x = sdqn_vec2(det * k22, -det * k12);
    c->inverse_y = sdqn_vec2(-det * k12, det * k11);
}

void sdqn_contact_prepare(SdqnContactConstraint *c, const SdqnPosition *position, const SdqnVelocity *velocity) {
    const float restitution = 0.0f; // of every fixture of LunarLander
    const SdqnPosition *p = &position[c->body_index];
    const SdqnVelocity *vel = &velocity[c->body_index];
    assert(c->points >= 0 && c->points <= 2);
    SdqnVec2 world_point[2] = {{0.0f, 0.0f}, {0.0f, 0.0f}};
    c->normal = world_manifold(c->manifold, sdqn_transform_at(p->c, p->a, c->body->sweep.local_center), world_point);
    c->tangent = sdqn_right_normal(c->normal);
    for (int i = 0; i < c->points; i++) {
        SdqnContactPoint *cp = &c->point[i];
        cp->r = sdqn_sub(world_point[i], p->c);
        cp->normal_mass = effective_mass(c->body, cp->r, c->normal);
        cp->tangent_mass = effective_mass(c->body, cp->r, c->tangent);
        float approach = sdqn_dot(c->normal, point_velocity(vel, cp->r));
        cp->velocity_bias = approach < -SDQN_VELOCITY_THRESHOLD ? -restitution * approach : 0.0f;
    }
    if (c->points == 2) prepare_block(c);
}

static void apply(const SdqnBody *body, SdqnVelocity *velocity, SdqnVec2 r, SdqnVec2 impulse) {
    velocity->v = sdqn_add(velocity->v, sdqn_scale(body->inverse_mass, impulse));
    velocity->w += body->inverse_inertia * sdqn_cross(r, impulse);
}

void sdqn_contact_warm_start(const SdqnContactConstraint *c, SdqnVelocity *velocity) {
    SdqnVelocity vel = velocity[c->body_index];
    for (int i = 0; i < c->points; i++) {
        const SdqnContactPoint *cp = &c->point[i];
        SdqnVec2 impulse = sdqn_add(sdqn_scale(cp->normal_impulse, c->normal), sdqn_scale(cp->tangent_impulse, c->tangent));
        apply(c->body, &vel, cp->r, impulse);
    }
    velocity[c->body_index] = vel;
}

/// Give both points the total impulses x.
static void apply_block(SdqnContactConstraint *c, SdqnVelocity *vel, SdqnVec2 old, SdqnVec2 x) {
    const SdqnBody *body = c->body;
    SdqnVec2 d = sdqn_sub(x, old);
    SdqnVec2 p1 = sdqn_scale(d.x, c->normal), p2 = sdqn_scale(d.y, c->normal);
    vel->v = sdqn_add(vel->v, sdqn_scale(body->inverse_mass, sdqn_add(p1, p2)));
    vel->w += body->inverse_inertia * (sdqn_cross(c->point[0].r, p1) + sdqn_cross(c->point[1].r, p2));
    c->point[0].normal_impulse = x.x;
    c->point[1].normal_impulse = x.y;
}

/// Find x >= 0 with vn = K x + b >= 0 and x . vn = 0 by trying the four cases in order; if none fits, leave things as they are.
static void solve_block(SdqnContactConstraint *c, SdqnVelocity *vel) {
    const SdqnContactPoint *cp1 = &c->point[0], *cp2 = &c->point[1];
    SdqnVec2 old = {cp1->normal_impulse, cp2->normal_impulse};
    SdqnVec2 b = {sdqn_dot(point_velocity(vel, cp1->r), c->normal) - cp1->velocity_bias,
                  sdqn_dot(point_velocity(vel, cp2->r), c->normal) - cp2->velocity_bias};
    b.x -= c->k_x.x * old.x + c->k_y.x * old.y;
    b.y -= c->k_x.y * old.x + c->k_y.y * old.y;

    SdqnVec2 x = {-(c->inverse_x.x * b.x + c->inverse_y.x * b.y), -(c->inverse_x.y * b.x + c->inverse_y.y * b.y)};
    if (x.x >= 0.0f && x.y >= 0.0f) { // both points push
        apply_block(c, vel, old, x);
        return;
    }
    x = sdqn_vec2(-cp1->normal_mass * b.x, 0.0f);
    if (x.x >= 0.0f && c->k_x.y * x.x + b.y >= 0.0f) { // the first alone
        apply_block(c, vel, old, x);
        return;
    }
    x = sdqn_vec2(0.0f, -cp2->normal_mass * b.y);
    if (x.y >= 0.0f && c->k_y.x * x.y + b.x >= 0.0f) { // the second alone
        apply_block(c, vel, old, x);
        return;
    }
    if (b.x >= 0.0f && b.y >= 0.0f) apply_block(c, vel, old, sdqn_vec2(0.0f, 0.0f)); // neither: they part
}

void sdqn_contact_solve_velocity(SdqnContactConstraint *c, SdqnVelocity *velocity) {
    const SdqnBody *body = c->body;
    SdqnVelocity vel = velocity[c->body_index];
    for (int i = 0; i < c->points; i++) {
        SdqnContactPoint *cp = &c->point[i];
        float vt = sdqn_dot(point_velocity(&vel, cp->r), c->tangent);
        float limit = c->friction * cp->normal_impulse;
        float total = sdqn_clamp(cp->tangent_impulse + cp->tangent_mass * -vt, -limit, limit);
        float lambda = total - cp->tangent_impulse;
        cp->tangent_impulse = total;
        apply(body, &vel, cp->r, sdqn_scale(lambda, c->tangent));
    }
    if (c->points == 2) {
        solve_block(c, &vel);
    } else {
        SdqnContactPoint *cp = &c->point[0];
        float vn = sdqn_dot(point_velocity(&vel, cp->r), c->normal);
        float total = sdqn_max(cp->normal_impulse + -cp->normal_mass * (vn - cp->velocity_bias), 0.0f);
        float lambda = total - cp->normal_impulse;
        cp->normal_impulse = total;
        apply(body, &vel, cp->r, sdqn_scale(lambda, c->normal));
    }
    velocity[c->body_index] = vel;
}

float sdqn_contact_solve_position(const SdqnContactConstraint *c, SdqnPosition *position, float baumgarte) {
    const SdqnManifold *m = c->manifold;
    const SdqnBody *body = c->body;
    SdqnPosition p = position[c->body_index];
    float min_separation = 0.0f;
    for (int i = 0; i < m->count; i++) {
        SdqnTransform transform = sdqn_transform_at(p.c, p.a, body->sweep.local_center);
        SdqnVec2 normal, point;
        float separation;
        if (m->type == SDQN_MANIFOLD_EDGE_FACE) {
            normal = m->local_normal;
            point = sdqn_transform(transform, m->point[i].local_point);
            separation = sdqn_dot(sdqn_sub(point, m->local_point), normal) - SDQN_POLYGON_RADIUS - SDQN_POLYGON_RADIUS;
        } else {
            normal = sdqn_rotate(transform.q, m->local_normal);
            SdqnVec2 plane = sdqn_transform(transform, m->local_point);
            point = m->point[i].local_point;
            separation = sdqn_dot(sdqn_sub(point, plane), normal) - SDQN_POLYGON_RADIUS - SDQN_POLYGON_RADIUS;
            normal = sdqn_negate(normal);
        }
        SdqnVec2 r = sdqn_sub(point, p.c);
        min_separation = sdqn_min(min_separation, separation);
        float correction = sdqn_clamp(baumgarte * (separation + SDQN_LINEAR_SLOP), -SDQN_MAX_LINEAR_CORRECTION, 0.0f);
        float rn = sdqn_cross(r, normal);
        float k = body->inverse_mass + body->inverse_inertia * rn * rn;
        SdqnVec2 impulse = sdqn_scale(k > 0.0f ? -correction / k : 0.0f, normal);
        p.c = sdqn_add(p.c, sdqn_scale(body->inverse_mass, impulse));
        p.a += body->inverse_inertia * sdqn_cross(r, impulse);
    }
    position[c->body_index] = p;
    return min_separation;
}
