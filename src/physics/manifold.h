// manifold.h: where a convex polygon touches a ground edge: up to two points, a normal, and ids that outlive a step.
#ifndef SDQN_PHYSICS_MANIFOLD_H
#define SDQN_PHYSICS_MANIFOLD_H

#include "physics/polygon.h"

/// Which shape owns the face that the points are measured from.
typedef enum SdqnManifoldType { SDQN_MANIFOLD_EDGE_FACE, SDQN_MANIFOLD_POLYGON_FACE } SdqnManifoldType;

/// One contact point.
typedef struct SdqnManifoldPoint {
    SdqnVec2 local_point;                  ///< in the polygon's frame (edge face) or the world's (polygon face)
    uint32_t id;                           ///< which features meet here: equal ids in two steps are the same point, and keep its impulses
    float normal_impulse, tangent_impulse; ///< accumulated in the last step, N s
} SdqnManifoldPoint;

/// A contact manifold. The ground does not move, so its frame is the world's.
typedef struct SdqnManifold {
    SdqnManifoldPoint point[2];
    SdqnVec2 local_normal; ///< in the frame of the shape that owns the face
    SdqnVec2 local_point;  ///< a point on that face, in the same frame
    int32_t type;          ///< SdqnManifoldType
    int32_t count;         ///< 0, 1 or 2 points
} SdqnManifold;

/// Collide an edge with a polygon under a transform. Impulses of the points are set to zero.
/// Source: Box2D 2.3's edge-polygon collider (Catto), for edges without neighbours: the axis of least penetration among the edge's
/// normal and the polygon's faces, then the incident edge clipped to the reference face.
void sdqn_manifold_collide(const SdqnEdge *edge, const SdqnPolygon *polygon, SdqnTransform transform, SdqnManifold *out);

#endif
