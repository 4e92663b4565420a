// vec2.h: float32 vectors, rotations, transforms and boxes of the plane, each operation in one fixed order.
//
// Every result is part of the physics' bits: no reassociation, no fma. A rotation by q is (c x - s y, s x + c y).
#ifndef SDQN_PHYSICS_VEC2_H
#define SDQN_PHYSICS_VEC2_H

#include "core/dmath.h"

#include <math.h>
#include <stdbool.h>

/// A point or a vector, metres (or metres per second, newtons, ... where the user says so).
typedef struct SdqnVec2 {
    float x, y;
} SdqnVec2;

/// A rotation as sine and cosine of its angle.
typedef struct SdqnRot {
    float s, c;
} SdqnRot;

/// Body frame to world frame: rotate by q, then move by p.
typedef struct SdqnTransform {
    SdqnVec2 p;
    SdqnRot q;
} SdqnTransform;

/// Axis-aligned box, lower <= upper in both axes.
typedef struct SdqnAabb {
    SdqnVec2 lower, upper;
} SdqnAabb;

// Minimum, maximum and clamp by one explicit comparison: which zero, and which of equal values, is part of the bits.
static inline float sdqn_min(float a, float b) { return a < b ? a : b; }
static inline float sdqn_max(float a, float b) { return a > b ? a : b; }
static inline float sdqn_clamp(float a, float low, float high) { return sdqn_max(low, sdqn_min(a, high)); }
static inline float sdqn_abs(float a) { return a > 0.0f ? a : -a; }

static inline SdqnVec2 sdqn_vec2(float x, float y) { return (SdqnVec2){x, y}; }
static inline SdqnVec2 sdqn_add(SdqnVec2 a, SdqnVec2 b) { return (SdqnVec2){a.x + b.x, a.y + b.y}; }
static inline SdqnVec2 sdqn_sub(SdqnVec2 a, SdqnVec2 b) { return (SdqnVec2){a.x - b.x, a.y - b.y}; }
static inline SdqnVec2 sdqn_scale(float s, SdqnVec2 a) { return (SdqnVec2){s * a.x, s * a.y}; }
static inline SdqnVec2 sdqn_negate(SdqnVec2 a) { return (SdqnVec2){-a.x, -a.y}; }
static inline float sdqn_dot(SdqnVec2 a, SdqnVec2 b) { return a.x * b.x + a.y * b.y; }
/// z component of a x b.
static inline float sdqn_cross(SdqnVec2 a, SdqnVec2 b) { return a.x * b.y - a.y * b.x; }
/// (0, 0, s) x a: velocity of a point at `a` of a body that turns at s rad/s.
static inline SdqnVec2 sdqn_cross_scalar(float s, SdqnVec2 a) { return (SdqnVec2){-s * a.y, s * a.x}; }
/// a x (0, 0, 1): `a` turned by -90 degrees, the outward normal of a counter-clockwise edge.
static inline SdqnVec2 sdqn_right_normal(SdqnVec2 a) { return (SdqnVec2){a.y, -a.x}; }
static inline float sdqn_length(SdqnVec2 a) { return sqrtf(a.x * a.x + a.y * a.y); }

/// `a` at unit length, by a multiplication with the reciprocal; vectors shorter than FLT_EPSILON are left alone.
static inline SdqnVec2 sdqn_normalize(SdqnVec2 a) {
    float length = sdqn_length(a);
    if (length < 1.1920929e-7f) return a;
    float inverse = 1.0f / length;
    return (SdqnVec2){a.x * inverse, a.y * inverse};
}

static inline SdqnRot sdqn_rot(float angle) {
    SdqnRot q;
    sdqn_sincosf(angle, &q.s, &q.c);
    return q;
}
static inline SdqnVec2 sdqn_rotate(SdqnRot q, SdqnVec2 v) { return (SdqnVec2){q.c * v.x - q.s * v.y, q.s * v.x + q.c * v.y}; }
static inline SdqnVec2 sdqn_rotate_back(SdqnRot q, SdqnVec2 v) { return (SdqnVec2){q.c * v.x + q.s * v.y, -q.s * v.x + q.c * v.y}; }

static inline SdqnVec2 sdqn_transform(SdqnTransform t, SdqnVec2 v) {
    return (SdqnVec2){(t.q.c * v.x - t.q.s * v.y) + t.p.x, (t.q.s * v.x + t.q.c * v.y) + t.p.y};
}
static inline SdqnVec2 sdqn_transform_back(SdqnTransform t, SdqnVec2 v) { return sdqn_rotate_back(t.q, sdqn_sub(v, t.p)); }

/// The transform of a body whose centre of mass (`local_center` in its frame) is at `center`, turned by `angle`.
static inline SdqnTransform sdqn_transform_at(SdqnVec2 center, float angle, SdqnVec2 local_center) {
    SdqnRot q = sdqn_rot(angle);
    return (SdqnTransform){sdqn_sub(center, sdqn_rotate(q, local_center)), q};
}

static inline bool sdqn_aabb_overlap(SdqnAabb a, SdqnAabb b) {
    return !(b.lower.x > a.upper.x || b.lower.y > a.upper.y || a.lower.x > b.upper.x || a.lower.y > b.upper.y);
}
static inline bool sdqn_aabb_contains(SdqnAabb outer, SdqnAabb inner) {
    return outer.lower.x <= inner.lower.x && outer.lower.y <= inner.lower.y && inner.upper.x <= outer.upper.x &&
           inner.upper.y <= outer.upper.y;
}

#endif
