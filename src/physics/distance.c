#include "physics/distance.h"

#include "physics/tuning.h"

#include <assert.h>

#define MAX_ITERATIONS 20

/// A vertex of the Minkowski difference polygon - edge.
typedef struct SimplexVertex {
    SdqnVec2 on_edge, on_polygon; ///< support points in the world
    SdqnVec2 w;                   ///< on_polygon - on_edge
    float a;                      ///< barycentric coordinate of the closest point
    int edge_vertex, polygon_vertex;
} SimplexVertex;

typedef struct Simplex {
    SimplexVertex v[3];
    int count;
} Simplex;

int sdqn_edge_support(const SdqnEdge *edge, SdqnVec2 direction) {
    return sdqn_dot(edge->v2, direction) > sdqn_dot(edge->v1, direction) ? 1 : 0;
}

int sdqn_polygon_support(const SdqnPolygon *polygon, SdqnVec2 direction) {
    int best = 0;
    float best_value = sdqn_dot(polygon->vertex[0], direction);
    for (int i = 1; i < polygon->count; i++) {
        float value = sdqn_dot(polygon->vertex[i], direction);
        if (value > best_value) {
            best = i;
            best_value = value;
        }
    }
    return best;
}

static SimplexVertex simplex_vertex(const SdqnEdge *edge, const SdqnPolygon *polygon, SdqnTransform transform, int on_edge,
                                    int on_polygon) {
    SimplexVertex v = {.edge_vertex = on_edge, .polygon_vertex = on_polygon};
    v.on_edge = sdqn_edge_vertex(edge, on_edge);
    v.on_polygon = sdqn_transform(transform, polygon->vertex[on_polygon]);
    v.w = sdqn_sub(v.on_polygon, v.on_edge);
    return v;
}

static float metric(const Simplex *s) {
    if (s->count == 2) return sdqn_length(sdqn_sub(s->v[0].w, s->v[1].w));
    if (s->count == 3) return sdqn_cross(sdqn_sub(s->v[1].w, s->v[0].w), sdqn_sub(s->v[2].w, s->v[0].w));
    return 0.0f;
}

/// Start from the cached features, unless they have changed their size too much since.
static void read_cache(Simplex *s, const SdqnDistanceCache *cache, const SdqnEdge *edge, const SdqnPolygon *polygon,
                       SdqnTransform transform) {
    s->count = cache->count;
    for (int i = 0; i < s->count; i++) s->v[i] = simplex_vertex(edge, polygon, transform, cache->edge_vertex[i], cache->polygon_vertex[i]);
    if (s->count > 1) {
        float before = cache->metric, now = metric(s);
        if (now < 0.5f * before || 2.0f * before < now || now < SDQN_FLOAT_EPSILON) s->count = 0;
    }
    if (s->count == 0) {
        s->v[0] = simplex_vertex(edge, polygon, transform, 0, 0);
        s->count = 1;
    }
}

static void write_cache(const Simplex *s, SdqnDistanceCache *cache) {
    cache->metric = metric(s);
    cache->count = s->count;
    for (int i = 0; i < s->count; i++) {
        cache->edge_vertex[i] = s->v[i].edge_vertex;
        cache->polygon_vertex[i] = s->v[i].polygon_vertex;
    }
}

static void keep_vertex(Simplex *s, int i) {
    if (i) s->v[0] = s->v[i];
    s->v[0].a = 1.0f;
    s->count = 1;
}

/// Keep the segment between two vertices, with the closest point at weights d1 : d2.
static void keep_segment(Simplex *s, int i, float d1, int j, float d2) {
    float inverse = 1.0f / (d1 + d2);
    s->v[i].a = d1 * inverse;
    s->v[j].a = d2 * inverse;
    if (i == 2) s->v[0] = s->v[2];
    if (j == 2) s->v[1] = s->v[2];
    s->count = 2;
}

/// Closest point of a segment to the origin: d1, d2 are the unnormalised barycentric coordinates.
static void solve_segment(Simplex *s) {
    SdqnVec2 w1 = s->v[0].w, w2 = s->v[1].w;
    SdqnVec2 e12 = sdqn_sub(w2, w1);
    float d2 = -sdqn_dot(w1, e12);
    if (d2 <= 0.0f) {
        keep_vertex(s, 0);
        return;
    }
    float d1 = sdqn_dot(w2, e12);
    if (d1 <= 0.0f) {
        keep_vertex(s, 1);
        return;
    }
    keep_segment(s, 0, d1, 1, d2);
}

/// Closest point of a triangle to the origin. The order of the regions is part of the result.
static void solve_triangle(Simplex *s) {
    SdqnVec2 w1 = s->v[0].w, w2 = s->v[1].w, w3 = s->v[2].w;
    SdqnVec2 e12 = sdqn_sub(w2, w1), e13 = sdqn_sub(w3, w1), e23 = sdqn_sub(w3, w2);
    float d12_1 = sdqn_dot(w2, e12), d12_2 = -sdqn_dot(w1, e12);
    float d13_1 = sdqn_dot(w3, e13), d13_2 = -sdqn_dot(w1, e13);
    float d23_1 = sdqn_dot(w3, e23), d23_2 = -sdqn_dot(w2, e23);
    float n123 = sdqn_cross(e12, e13);
    float d123_1 = n123 * sdqn_cross(w2, w3), d123_2 = n123 * sdqn_cross(w3, w1), d123_3 = n123 * sdqn_cross(w1, w2);
    if (d12_2 <= 0.0f && d13_2 <= 0.0f) {
        keep_vertex(s, 0);
    } else if (d12_1 > 0.0f && d12_2 > 0.0f && d123_3 <= 0.0f) {
        keep_segment(s, 0, d12_1, 1, d12_2);
    } else if (d13_1 > 0.0f && d13_2 > 0.0f && d123_2 <= 0.0f) {
        keep_segment(s, 0, d13_1, 2, d13_2);
    } else if (d12_1 <= 0.0f && d23_2 <= 0.0f) {
        keep_vertex(s, 1);
    } else if (d13_1 <= 0.0f && d23_1 <= 0.0f) {
        keep_vertex(s, 2);
    } else if (d23_1 > 0.0f && d23_2 > 0.0f && d123_1 <= 0.0f) {
        keep_segment(s, 2, d23_2, 1, d23_1);
    } else {
        float inverse = 1.0f / (d123_1 + d123_2 + d123_3);
        s->v[0].a = d123_1 * inverse;
        s->v[1].a = d123_2 * inverse;
        s->v[2].a = d123_3 * inverse;
        s->count = 3;
    }
}

/// Direction from the simplex's closest point towards the origin.
static SdqnVec2 search_direction(const Simplex *s) {
    if (s->count == 1) return sdqn_negate(s->v[0].w);
    assert(s->count == 2);
    SdqnVec2 e12 = sdqn_sub(s->v[1].w, s->v[0].w);
    bool origin_left = sdqn_cross(e12, sdqn_negate(s->v[0].w)) > 0.0f;
    return origin_left ? sdqn_cross_scalar(1.0f, e12) : sdqn_right_normal(e12);
}

static SdqnVec2 blend(float a, SdqnVec2 p, float b, SdqnVec2 q) { return sdqn_add(sdqn_scale(a, p), sdqn_scale(b, q)); }

/// Distance between the two witness points.
static float witness_distance(const Simplex *s) {
    const SimplexVertex *v = s->v;
    if (s->count == 1) return sdqn_length(sdqn_sub(v[0].on_edge, v[0].on_polygon));
    if (s->count == 3) return 0.0f; // the origin is inside: both witness points are the same
    SdqnVec2 a = blend(v[0].a, v[0].on_edge, v[1].a, v[1].on_edge);
    SdqnVec2 b = blend(v[0].a, v[0].on_polygon, v[1].a, v[1].on_polygon);
    return sdqn_length(sdqn_sub(a, b));
}

float sdqn_distance(const SdqnEdge *edge, const SdqnPolygon *polygon, SdqnTransform transform, SdqnDistanceCache *cache) {
    Simplex s;
    read_cache(&s, cache, edge, polygon, transform);
    for (int iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
        int saved = s.count, saved_edge[3], saved_polygon[3];
        for (int i = 0; i < saved; i++) {
            saved_edge[i] = s.v[i].edge_vertex;
            saved_polygon[i] = s.v[i].polygon_vertex;
        }
        if (s.count == 2) solve_segment(&s);
        if (s.count == 3) solve_triangle(&s);
        if (s.count == 3) break;
        SdqnVec2 d = search_direction(&s);
        if (sdqn_dot(d, d) < SDQN_FLOAT_EPSILON * SDQN_FLOAT_EPSILON) break;
        int on_edge = sdqn_edge_support(edge, sdqn_negate(d));
        int on_polygon = sdqn_polygon_support(polygon, sdqn_rotate_back(transform.q, d));
        s.v[s.count] = simplex_vertex(edge, polygon, transform, on_edge, on_polygon);
        bool duplicate = false;
        for (int i = 0; i < saved; i++) duplicate |= saved_edge[i] == on_edge && saved_polygon[i] == on_polygon;
        if (duplicate) break; // no progress is possible: converged
        s.count++;
    }
    float distance = witness_distance(&s);
    write_cache(&s, cache);
    return distance;
}
