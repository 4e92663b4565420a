// world.h: the rigid-body world of one lander: a hull on two jointed legs above fixed ground, with the bits of Box2D 2.3.
//
// Bodies, joints and contacts are visited in Box2D's order. Its lists grow at the front, so the newest comes first: the right-hand
// leg (made last), then the hull, then the other leg, as its search through the joints reaches them.
#ifndef SDQN_PHYSICS_WORLD_H
#define SDQN_PHYSICS_WORLD_H

#include "physics/body.h"
#include "physics/leg_joint.h"
#include "physics/manifold.h"

#define SDQN_NUM_BODIES 3 ///< 0 hull, 1 and 2 legs
#define SDQN_NUM_LEGS 2
#define SDQN_NUM_EDGES 11
#define SDQN_MAX_CONTACTS (SDQN_NUM_BODIES * SDQN_NUM_EDGES)

/// A pair of a ground edge and a body whose fat boxes overlap.
typedef struct SdqnContact {
    SdqnManifold manifold;
    int32_t edge, body;
    float friction;
    int32_t touching; ///< 1 while the manifold has points
    int32_t enabled;  ///< 0 after an impact found in this step turned out to be none
    int32_t toi_count;
    int32_t toi_known; ///< 1 while `toi` holds for the present sweeps
    float toi;         ///< time of impact as a fraction of the step, 1 for none
} SdqnContact;

/// How to make a leg: position and angle of its origin, and its joint to the hull.
typedef struct SdqnLegDef {
    SdqnVec2 position;
    float angle;
    SdqnVec2 anchor; ///< the hull's origin, in the leg's frame
    float lower_angle, upper_angle;
    float motor_speed, max_motor_torque;
} SdqnLegDef;

/// What a world is made of.
typedef struct SdqnWorldDef {
    SdqnPolygon hull, leg;
    float hull_density, leg_density;   ///< kg/m^2
    float hull_friction, leg_friction; ///< Coulomb coefficients; a contact mixes two by sqrt(a b)
    SdqnVec2 hull_position;
    SdqnLegDef legs[SDQN_NUM_LEGS];
    struct {
        SdqnVec2 v1, v2;
        float friction;
    } edges[SDQN_NUM_EDGES];
} SdqnWorldDef;

/// The world. Plain data, no pointers: a copy is a snapshot.
typedef struct SdqnWorld {
    SdqnVec2 gravity; ///< m/s^2
    SdqnPolygon hull, leg;
    SdqnBody bodies[SDQN_NUM_BODIES];
    SdqnLegJoint joints[SDQN_NUM_LEGS];
    SdqnEdge edges[SDQN_NUM_EDGES];
    float ground_top; ///< highest point of the edges' fat boxes
    float body_friction[SDQN_NUM_BODIES];
    SdqnContact contacts[SDQN_MAX_CONTACTS]; ///< oldest first; Box2D visits the newest first
    int32_t num_contacts;
    float ground_alpha0;                  ///< how far into the step the ground's (empty) sweep has been advanced
    float inverse_dt_last;                ///< of the last step, 1/s; 0 before the first
    int32_t awake;                        ///< all bodies sleep and wake together: the joints make them one island
    int32_t pairs_outdated;               ///< 1 until the first step has looked for contacts
    int32_t touch_state[SDQN_NUM_BODIES]; ///< what the last begin (1) or end (0) of a contact said
    int32_t has_touched[SDQN_NUM_BODIES]; ///< 1 once any contact has begun
} SdqnWorld;

/// Make a world at rest, awake, without contacts yet.
void sdqn_world_create(SdqnWorld *world, const SdqnWorldDef *def);

/// Forces act over the next step. @param body index of the body @param force newtons, at the centre of mass; wakes the world
void sdqn_world_apply_force(SdqnWorld *world, int body, SdqnVec2 force);
/// @param torque newton metres
void sdqn_world_apply_torque(SdqnWorld *world, int body, float torque);
/// Impulses act at once. @param impulse newton seconds @param point where, in the world
void sdqn_world_apply_impulse(SdqnWorld *world, int body, SdqnVec2 impulse, SdqnVec2 point);

/// One step of `dt` seconds: contacts, solver, continuous collision.
void sdqn_world_step(SdqnWorld *world, float dt, int velocity_iterations, int position_iterations);

// What a step is made of, for a solver of many worlds: begin; if awake, solve; end.
/// Contacts at the start of a step.
void sdqn_world_begin_step(SdqnWorld *world);
/// The discrete solver of a world that is awake: velocities, positions, sleep, fat boxes. @return bit b set if body b has a new fat box
unsigned sdqn_world_solve(SdqnWorld *world, float dt, int velocity_iterations, int position_iterations);
/// All bodies stop and stay until something wakes them.
void sdqn_world_put_to_sleep(SdqnWorld *world);
/// New contacts, continuous collision, forces cleared. @param moved bit b if body b has a new fat box
void sdqn_world_end_step(SdqnWorld *world, unsigned moved, float dt, int velocity_iterations);

/// The polygon of a body.
static inline const SdqnPolygon *sdqn_world_polygon(const SdqnWorld *world, int body) { return body == 0 ? &world->hull : &world->leg; }

#endif
