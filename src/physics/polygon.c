#include "physics/polygon.h"

#include "physics/tuning.h"

static const float one_third = 1.0f / 3.0f;

static int next(const SdqnPolygon *p, int i) { return i + 1 < p->count ? i + 1 : 0; }

/// Centroid as the area-weighted mean of the triangles (origin, v_i, v_i+1).
static SdqnVec2 centroid(const SdqnPolygon *p) {
    SdqnVec2 c = {0.0f, 0.0f};
    float area = 0.0f;
    for (int i = 0; i < p->count; i++) {
        SdqnVec2 a = p->vertex[i], b = p->vertex[next(p, i)];
        float triangle = 0.5f * sdqn_cross(a, b);
        area += triangle;
        c = sdqn_add(c, sdqn_scale(triangle * one_third, sdqn_add(a, b)));
    }
    return sdqn_scale(1.0f / area, c);
}

SdqnPolygon sdqn_polygon_make(const SdqnVec2 *vertices, int count) {
    SdqnPolygon p = {.count = count};
    for (int i = 0; i < count; i++) p.vertex[i] = vertices[i];
    for (int i = 0; i < count; i++) p.normal[i] = sdqn_normalize(sdqn_right_normal(sdqn_sub(p.vertex[next(&p, i)], p.vertex[i])));
    p.centroid = centroid(&p);
    return p;
}

SdqnPolygon sdqn_polygon_box(float half_width, float half_height) {
    return (SdqnPolygon){
        .vertex = {{-half_width, -half_height}, {half_width, -half_height}, {half_width, half_height}, {-half_width, half_height}},
        .normal = {{0.0f, -1.0f}, {1.0f, 0.0f}, {0.0f, 1.0f}, {-1.0f, 0.0f}},
        .centroid = {0.0f, 0.0f},
        .count = 4,
    };
}

SdqnMass sdqn_polygon_mass(const SdqnPolygon *p, float density) {
    // Triangles are taken about the mean of the vertices, s, and the inertia is moved to the body's origin and back to the centre of
    // mass, as Box2D's fixture and body do it: the detour decides the last bits.
    SdqnVec2 s = {0.0f, 0.0f};
    for (int i = 0; i < p->count; i++) s = sdqn_add(s, p->vertex[i]);
    s = sdqn_scale(1.0f / (float)p->count, s);
    SdqnVec2 center = {0.0f, 0.0f};
    float area = 0.0f, inertia = 0.0f;
    for (int i = 0; i < p->count; i++) {
        SdqnVec2 e1 = sdqn_sub(p->vertex[i], s), e2 = sdqn_sub(p->vertex[next(p, i)], s);
        float d = sdqn_cross(e1, e2);
        float triangle = 0.5f * d;
        area += triangle;
        center = sdqn_add(center, sdqn_scale(triangle * one_third, sdqn_add(e1, e2)));
        float xx = e1.x * e1.x + e2.x * e1.x + e2.x * e2.x;
        float yy = e1.y * e1.y + e2.y * e1.y + e2.y * e2.y;
        inertia += (0.25f * one_third * d) * (xx + yy);
    }
    float mass = density * area;
    center = sdqn_scale(1.0f / area, center);
    SdqnVec2 fixture_center = sdqn_add(center, s);
    float about_origin = density * inertia + mass * (sdqn_dot(fixture_center, fixture_center) - sdqn_dot(center, center));
    SdqnVec2 body_center = sdqn_scale(1.0f / mass, sdqn_scale(mass, fixture_center));
    return (SdqnMass){mass, about_origin - mass * sdqn_dot(body_center, body_center), body_center};
}

SdqnAabb sdqn_polygon_aabb(const SdqnPolygon *p, SdqnTransform transform) {
    SdqnVec2 lower = sdqn_transform(transform, p->vertex[0]);
    SdqnVec2 upper = lower;
    for (int i = 1; i < p->count; i++) {
        SdqnVec2 v = sdqn_transform(transform, p->vertex[i]);
        lower = sdqn_vec2(sdqn_min(lower.x, v.x), sdqn_min(lower.y, v.y));
        upper = sdqn_vec2(sdqn_max(upper.x, v.x), sdqn_max(upper.y, v.y));
    }
    SdqnVec2 skin = {SDQN_POLYGON_RADIUS, SDQN_POLYGON_RADIUS};
    return (SdqnAabb){sdqn_sub(lower, skin), sdqn_add(upper, skin)};
}

SdqnEdge sdqn_edge_make(SdqnVec2 v1, SdqnVec2 v2, float friction) {
    SdqnVec2 skin = {SDQN_POLYGON_RADIUS, SDQN_POLYGON_RADIUS};
    SdqnVec2 extension = {SDQN_AABB_EXTENSION, SDQN_AABB_EXTENSION};
    SdqnVec2 lower = {sdqn_min(v1.x, v2.x), sdqn_min(v1.y, v2.y)};
    SdqnVec2 upper = {sdqn_max(v1.x, v2.x), sdqn_max(v1.y, v2.y)};
    return (SdqnEdge){
        .v1 = v1,
        .v2 = v2,
        .normal = sdqn_right_normal(sdqn_normalize(sdqn_sub(v2, v1))),
        .fat = {sdqn_sub(sdqn_sub(lower, skin), extension), sdqn_add(sdqn_add(upper, skin), extension)},
        .friction = friction,
    };
}
