// polygon.h: convex polygons and ground edges: normals, mass, boxes.
#ifndef SDQN_PHYSICS_POLYGON_H
#define SDQN_PHYSICS_POLYGON_H

#include "physics/vec2.h"

#include <stdint.h>

#define SDQN_MAX_POLYGON_VERTICES 6

/// A convex polygon, counter-clockwise, in its body's frame. normal[i] belongs to the edge from vertex i to i + 1.
typedef struct SdqnPolygon {
    SdqnVec2 vertex[SDQN_MAX_POLYGON_VERTICES];
    SdqnVec2 normal[SDQN_MAX_POLYGON_VERTICES];
    SdqnVec2 centroid;
    int32_t count;
} SdqnPolygon;

/// A segment of the ground, without neighbours (Box2D's edge shape without ghost vertices).
typedef struct SdqnEdge {
    SdqnVec2 v1, v2;
    SdqnVec2 normal; ///< unit, to the right of v1 -> v2: down, for ground laid from left to right
    SdqnAabb fat;    ///< its box in the broad phase
    float friction;
} SdqnEdge;

/// Mass properties of a body with one fixture.
typedef struct SdqnMass {
    float mass;            ///< kilograms
    float inertia;         ///< about the centre of mass, kg m^2
    SdqnVec2 local_center; ///< centre of mass in the body's frame
} SdqnMass;

/// Make a polygon of vertices that are already convex and counter-clockwise; the first one must be the right-most (of those, the
/// lowest), since Box2D 2.3's hull starts there. @param count in [3, SDQN_MAX_POLYGON_VERTICES]
SdqnPolygon sdqn_polygon_make(const SdqnVec2 *vertices, int count);

/// A box of half width and half height about the origin, first vertex at the lower left, as Box2D's SetAsBox makes it.
SdqnPolygon sdqn_polygon_box(float half_width, float half_height);

/// Mass, centre and inertia of a body made of one polygon of the given density (kg/m^2).
SdqnMass sdqn_polygon_mass(const SdqnPolygon *polygon, float density);

/// Box around the polygon, skin included, under a transform.
SdqnAabb sdqn_polygon_aabb(const SdqnPolygon *polygon, SdqnTransform transform);

/// Make a ground edge and its fat box.
SdqnEdge sdqn_edge_make(SdqnVec2 v1, SdqnVec2 v2, float friction);

#endif
