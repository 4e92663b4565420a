// distance.h: distance between a ground edge and a moved polygon (GJK).
#ifndef SDQN_PHYSICS_DISTANCE_H
#define SDQN_PHYSICS_DISTANCE_H

#include "physics/polygon.h"

/// Vertices of the closest features of the last query, to start the next one from. count = 0: none yet.
typedef struct SdqnDistanceCache {
    float metric; ///< length or area of the simplex, to see whether it went stale
    int count;
    int edge_vertex[3];
    int polygon_vertex[3];
} SdqnDistanceCache;

/// The edge's vertex (0 or 1) or the polygon's vertex farthest along `direction`; ties take the lowest index.
int sdqn_edge_support(const SdqnEdge *edge, SdqnVec2 direction);
int sdqn_polygon_support(const SdqnPolygon *polygon, SdqnVec2 direction);

/// Vertex 0 or 1 of an edge.
static inline SdqnVec2 sdqn_edge_vertex(const SdqnEdge *edge, int i) { return i ? edge->v2 : edge->v1; }

/// Distance in metres between the cores of the two shapes (their skins not counted), 0 when they overlap.
/// @param cache  read and written
/// Source: Gilbert, Johnson, Keerthi 1988, with the barycentric sub-algorithm as in Box2D 2.3 (Catto, GDC 2010), at most 20 rounds.
float sdqn_distance(const SdqnEdge *edge, const SdqnPolygon *polygon, SdqnTransform transform, SdqnDistanceCache *cache);

#endif
