#include "physics/manifold.h"

#include "physics/tuning.h"

#include <assert.h>
#include <float.h>

// A feature id packs what Box2D keeps in four bytes: index and kind of the feature on the edge, then on the polygon.
enum { VERTEX = 0, FACE = 1 };

static uint32_t feature_id(int index_a, int kind_a, int index_b, int kind_b) {
    return (uint32_t)index_a | (uint32_t)index_b << 8 | (uint32_t)kind_a << 16 | (uint32_t)kind_b << 24;
}
static int index_b(uint32_t id) { return (int)(id >> 8 & 255u); }
/// The same contact, named from the polygon's side.
static uint32_t swap_id(uint32_t id) { return (id & 0x00ff00ffu) << 8 | (id & 0xff00ff00u) >> 8; }

typedef struct ClipVertex {
    SdqnVec2 v;
    uint32_t id;
} ClipVertex;

/// The polygon in the world's frame.
typedef struct MovedPolygon {
    SdqnVec2 vertex[SDQN_MAX_POLYGON_VERTICES];
    SdqnVec2 normal[SDQN_MAX_POLYGON_VERTICES];
    int count;
} MovedPolygon;

/// The face that the incident edge is clipped to.
typedef struct ReferenceFace {
    int i1, i2;
    SdqnVec2 v1, v2, normal;
} ReferenceFace;

/// Keep the part of a segment with dot(normal, v) <= offset. @return points kept
static int clip_segment(ClipVertex out[2], const ClipVertex in[2], SdqnVec2 normal, float offset, int vertex_index) {
    int n = 0;
    float d0 = sdqn_dot(normal, in[0].v) - offset;
    float d1 = sdqn_dot(normal, in[1].v) - offset;
    if (d0 <= 0.0f) out[n++] = in[0];
    if (d1 <= 0.0f) out[n++] = in[1];
    if (d0 * d1 < 0.0f) { // the ends lie on different sides: n is 1 here
        float t = d0 / (d0 - d1);
        out[n].v = sdqn_add(in[0].v, sdqn_scale(t, sdqn_sub(in[1].v, in[0].v)));
        out[n].id = feature_id(vertex_index, VERTEX, index_b(in[0].id), FACE);
        n++;
    }
    return n;
}

/// Separation along the edge's own normal: the deepest vertex.
static float edge_separation(const MovedPolygon *p, SdqnVec2 normal, SdqnVec2 v1) {
    float separation = FLT_MAX;
    for (int i = 0; i < p->count; i++) {
        float s = sdqn_dot(normal, sdqn_sub(p->vertex[i], v1));
        if (s < separation) separation = s;
    }
    return separation;
}

/// Separation along the polygon's normals, those that point away from `normal` by more than the slop left out.
/// @param best  written: the polygon's face, or -1 if none counts
static float polygon_separation(const MovedPolygon *p, const SdqnEdge *edge, SdqnVec2 normal, float radius, int *best) {
    float separation = -FLT_MAX;
    *best = -1;
    SdqnVec2 limit = sdqn_negate(normal);
    for (int i = 0; i < p->count; i++) {
        SdqnVec2 n = sdqn_negate(p->normal[i]);
        float s1 = sdqn_dot(n, sdqn_sub(p->vertex[i], edge->v1));
        float s2 = sdqn_dot(n, sdqn_sub(p->vertex[i], edge->v2));
        float s = sdqn_min(s1, s2);
        if (s > radius) { // a separating axis: no contact
            *best = i;
            return s;
        }
        // Both of Box2D's neighbour limits are -normal for an edge without neighbours.
        if (sdqn_dot(sdqn_sub(n, limit), normal) < -SDQN_ANGULAR_SLOP) continue;
        if (s > separation) {
            *best = i;
            separation = s;
        }
    }
    return separation;
}

/// The polygon's face that looks most against `normal`.
static int incident_face(const MovedPolygon *p, SdqnVec2 normal) {
    int best = 0;
    float best_value = sdqn_dot(normal, p->normal[0]);
    for (int i = 1; i < p->count; i++) {
        float value = sdqn_dot(normal, p->normal[i]);
        if (value < best_value) {
            best_value = value;
            best = i;
        }
    }
    return best;
}

/// Prefer the polygon's axis only when it is clearly better: keeps the manifold from flipping between steps.
static bool polygon_axis_wins(float polygon_axis, float edge_axis) { return polygon_axis > 0.98f * edge_axis + 0.001f; }

void sdqn_manifold_collide(const SdqnEdge *edge, const SdqnPolygon *polygon, SdqnTransform transform, SdqnManifold *out) {
    const float radius = 2.0f * SDQN_POLYGON_RADIUS;
    out->count = 0;
    SdqnVec2 centroid = sdqn_transform(transform, polygon->centroid);
    bool front = sdqn_dot(edge->normal, sdqn_sub(centroid, edge->v1)) >= 0.0f;
    SdqnVec2 normal = front ? edge->normal : sdqn_negate(edge->normal);
    MovedPolygon p;
    p.count = polygon->count;
    assert(p.count >= 3);
    for (int i = 0; i < p.count; i++) {
        p.vertex[i] = sdqn_transform(transform, polygon->vertex[i]);
        p.normal[i] = sdqn_rotate(transform.q, polygon->normal[i]);
    }
    float edge_axis = edge_separation(&p, normal, edge->v1);
    if (edge_axis > radius) return;
    int face;
    float polygon_axis = polygon_separation(&p, edge, normal, radius, &face);
    if (face >= 0 && polygon_axis > radius) return;

    ClipVertex incident[2], clip1[2], clip2[2];
    ReferenceFace ref;
    bool edge_face = !(face >= 0 && polygon_axis_wins(polygon_axis, edge_axis));
    if (edge_face) {
        int i1 = incident_face(&p, normal);
        int i2 = i1 + 1 < p.count ? i1 + 1 : 0;
        incident[0] = (ClipVertex){p.vertex[i1], feature_id(0, FACE, i1, VERTEX)};
        incident[1] = (ClipVertex){p.vertex[i2], feature_id(0, FACE, i2, VERTEX)};
        ref = front ? (ReferenceFace){0, 1, edge->v1, edge->v2, normal} : (ReferenceFace){1, 0, edge->v2, edge->v1, normal};
    } else {
        int i2 = face + 1 < p.count ? face + 1 : 0;
        incident[0] = (ClipVertex){edge->v1, feature_id(0, VERTEX, face, FACE)};
        incident[1] = (ClipVertex){edge->v2, feature_id(0, VERTEX, face, FACE)};
        ref = (ReferenceFace){face, i2, p.vertex[face], p.vertex[i2], p.normal[face]};
    }
    SdqnVec2 side1 = sdqn_right_normal(ref.normal);
    SdqnVec2 side2 = sdqn_negate(side1);
    if (clip_segment(clip1, incident, side1, sdqn_dot(side1, ref.v1), ref.i1) < 2) return;
    if (clip_segment(clip2, clip1, side2, sdqn_dot(side2, ref.v2), ref.i2) < 2) return;

    out->type = edge_face ? SDQN_MANIFOLD_EDGE_FACE : SDQN_MANIFOLD_POLYGON_FACE;
    out->local_normal = edge_face ? ref.normal : polygon->normal[ref.i1];
    out->local_point = edge_face ? ref.v1 : polygon->vertex[ref.i1];
    for (int i = 0; i < 2; i++) {
        if (sdqn_dot(ref.normal, sdqn_sub(clip2[i].v, ref.v1)) > radius) continue;
        SdqnManifoldPoint *point = &out->point[out->count++];
        point->local_point = edge_face ? sdqn_transform_back(transform, clip2[i].v) : clip2[i].v;
        point->id = edge_face ? clip2[i].id : swap_id(clip2[i].id);
        point->normal_impulse = 0.0f;
        point->tangent_impulse = 0.0f;
    }
}
