#include "physics/toi.h"

#include "physics/distance.h"
#include "physics/tuning.h"

#define MAX_ITERATIONS 20
#define MAX_ROOT_ITERATIONS 50
/// Times the axis may be pushed back: Box2D takes its limit of polygon vertices, 16 in the Python build.
#define MAX_PUSH_BACKS 16

/// A separating axis that moves with the features it was made from.
typedef struct SeparationAxis {
    enum { BETWEEN_POINTS, EDGE_FACE, POLYGON_FACE } type;
    SdqnVec2 local_point; ///< on the face, in its owner's frame
    SdqnVec2 axis;        ///< unit, in its owner's frame (between points: in the world)
} SeparationAxis;

/// The two things and the motion: what every separation below is measured on.
typedef struct Motion {
    const SdqnEdge *edge;
    const SdqnPolygon *polygon;
    SdqnSweep sweep;
} Motion;

/// Take the axis from the closest features at time t.
static SeparationAxis make_axis(const Motion *m, const SdqnDistanceCache *cache, float t) {
    SdqnTransform transform = sdqn_sweep_transform(&m->sweep, t);
    const SdqnVec2 *vertex = m->polygon->vertex;
    SdqnVec2 on_edge = sdqn_edge_vertex(m->edge, cache->edge_vertex[0]);
    SdqnVec2 on_polygon = sdqn_transform(transform, vertex[cache->polygon_vertex[0]]);
    if (cache->count == 1) return (SeparationAxis){BETWEEN_POINTS, {0.0f, 0.0f}, sdqn_normalize(sdqn_sub(on_polygon, on_edge))};
    if (cache->edge_vertex[0] == cache->edge_vertex[1]) { // two points on the polygon, one on the edge
        SdqnVec2 p1 = vertex[cache->polygon_vertex[0]], p2 = vertex[cache->polygon_vertex[1]];
        SdqnVec2 axis = sdqn_normalize(sdqn_right_normal(sdqn_sub(p2, p1)));
        SdqnVec2 middle = sdqn_scale(0.5f, sdqn_add(p1, p2));
        float s = sdqn_dot(sdqn_sub(on_edge, sdqn_transform(transform, middle)), sdqn_rotate(transform.q, axis));
        return (SeparationAxis){POLYGON_FACE, middle, s < 0.0f ? sdqn_negate(axis) : axis};
    }
    SdqnVec2 p1 = on_edge, p2 = sdqn_edge_vertex(m->edge, cache->edge_vertex[1]);
    SdqnVec2 axis = sdqn_normalize(sdqn_right_normal(sdqn_sub(p2, p1)));
    SdqnVec2 middle = sdqn_scale(0.5f, sdqn_add(p1, p2));
    float s = sdqn_dot(sdqn_sub(on_polygon, middle), axis);
    return (SeparationAxis){EDGE_FACE, middle, s < 0.0f ? sdqn_negate(axis) : axis};
}

/// Separation along the axis at time t of the given vertices (whichever of the two the axis does not fix itself).
static float separation_of(const Motion *m, const SeparationAxis *a, SdqnTransform transform, int edge_vertex, int polygon_vertex) {
    switch (a->type) {
    case BETWEEN_POINTS:
        return sdqn_dot(sdqn_sub(sdqn_transform(transform, m->polygon->vertex[polygon_vertex]), sdqn_edge_vertex(m->edge, edge_vertex)),
                        a->axis);
    case EDGE_FACE:
        return sdqn_dot(sdqn_sub(sdqn_transform(transform, m->polygon->vertex[polygon_vertex]), a->local_point), a->axis);
    default:
        return sdqn_dot(sdqn_sub(sdqn_edge_vertex(m->edge, edge_vertex), sdqn_transform(transform, a->local_point)),
                        sdqn_rotate(transform.q, a->axis));
    }
}

/// Smallest separation along the axis at time t, and the vertices that give it.
static float min_separation(const Motion *m, const SeparationAxis *a, float t, int *edge_vertex, int *polygon_vertex) {
    SdqnTransform transform = sdqn_sweep_transform(&m->sweep, t);
    *edge_vertex = *polygon_vertex = 0;
    if (a->type == POLYGON_FACE) {
        *edge_vertex = sdqn_edge_support(m->edge, sdqn_negate(sdqn_rotate(transform.q, a->axis)));
    } else {
        if (a->type == BETWEEN_POINTS) *edge_vertex = sdqn_edge_support(m->edge, a->axis);
        *polygon_vertex = sdqn_polygon_support(m->polygon, sdqn_rotate_back(transform.q, sdqn_negate(a->axis)));
    }
    return separation_of(m, a, transform, *edge_vertex, *polygon_vertex);
}

/// Find t in [t1, t2] where the separation s of two vertices reaches the target: s1 = s(t1) > target > s(t2) = s2.
/// Bisection and secant take turns; a search that does not converge leaves t2 as it was.
static float find_root(const Motion *m, const SeparationAxis *a, int edge_vertex, int polygon_vertex, float t1, float s1, float t2,
                       float s2, float target, float tolerance) {
    float a1 = t1, a2 = t2;
    for (int i = 0; i < MAX_ROOT_ITERATIONS; i++) {
        float t = i & 1 ? a1 + (target - s1) * (a2 - a1) / (s2 - s1) : 0.5f * (a1 + a2);
        float s = separation_of(m, a, sdqn_sweep_transform(&m->sweep, t), edge_vertex, polygon_vertex);
        if (sdqn_abs(s - target) < tolerance) return t;
        if (s > target) {
            a1 = t;
            s1 = s;
        } else {
            a2 = t;
            s2 = s;
        }
    }
    return t2;
}

/// Bring angles near zero: full turns are taken off both ends alike.
static void normalize_sweep(SdqnSweep *sweep) {
    const float two_pi = 2.0f * SDQN_PI;
    float turns = two_pi * floorf(sweep->angle0 / two_pi);
    sweep->angle0 -= turns;
    sweep->angle -= turns;
}

typedef enum AdvanceResult { ADVANCED, TOUCHES, APART } AdvanceResult;

/// Push t1 as far as the axis made at t1 allows: the deepest vertices at the end of the step are resolved one after another.
static AdvanceResult advance(const Motion *m, const SeparationAxis *axis, float target, float tolerance, float *t1) {
    float t2 = 1.0f;
    for (int i = 0; i < MAX_PUSH_BACKS; i++) {
        int edge_vertex, polygon_vertex;
        float s2 = min_separation(m, axis, t2, &edge_vertex, &polygon_vertex);
        if (s2 > target + tolerance) return APART;
        if (s2 > target - tolerance) {
            *t1 = t2;
            return ADVANCED;
        }
        float s1 = separation_of(m, axis, sdqn_sweep_transform(&m->sweep, *t1), edge_vertex, polygon_vertex);
        if (s1 < target - tolerance) return APART; // the search has failed: Box2D then goes on as if they did not touch
        if (s1 <= target + tolerance) return TOUCHES;
        t2 = find_root(m, axis, edge_vertex, polygon_vertex, *t1, s1, t2, s2, target, tolerance);
    }
    return ADVANCED;
}

bool sdqn_time_of_impact(const SdqnEdge *edge, const SdqnPolygon *polygon, const SdqnSweep *sweep, float *fraction) {
    const float radius = SDQN_POLYGON_RADIUS + SDQN_POLYGON_RADIUS;
    const float target = sdqn_max(SDQN_LINEAR_SLOP, radius - 3.0f * SDQN_LINEAR_SLOP);
    const float tolerance = 0.25f * SDQN_LINEAR_SLOP;
    Motion m = {edge, polygon, *sweep};
    normalize_sweep(&m.sweep);
    SdqnDistanceCache cache = {.count = 0};
    float t1 = 0.0f;
    for (int i = 0; i < MAX_ITERATIONS; i++) {
        float distance = sdqn_distance(edge, polygon, sdqn_sweep_transform(&m.sweep, t1), &cache);
        if (distance <= 0.0f) return false;
        *fraction = t1;
        if (distance < target + tolerance) return true;
        SeparationAxis axis = make_axis(&m, &cache, t1);
        AdvanceResult result = advance(&m, &axis, target, tolerance, &t1);
        *fraction = t1;
        if (result != ADVANCED) return result == TOUCHES;
    }
    return false;
}
