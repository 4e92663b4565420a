#include "physics/world.h"

#include "physics/contacts.h"
#include "physics/continuous.h"
#include "physics/integrate.h"
#include "physics/tuning.h"

#include <float.h>
#include <string.h>

/// The order in which Box2D's island search reaches the bodies: it starts at the body made last and follows the joints.
static const int island_order[SDQN_NUM_BODIES] = {2, 0, 1};

/// What the island keeps while a step is solved.
typedef struct Island {
    SdqnPosition position[SDQN_NUM_BODIES];
    SdqnVelocity velocity[SDQN_NUM_BODIES];
    SdqnLegJointConstraint joints[SDQN_NUM_LEGS];
    SdqnContactConstraint contacts[SDQN_MAX_CONTACTS];
    SdqnManifold *manifolds[SDQN_MAX_CONTACTS];
    int num_contacts;
} Island;

static void create_body(SdqnBody *body, const SdqnPolygon *polygon, float density, SdqnVec2 position, float angle) {
    SdqnMass mass = sdqn_polygon_mass(polygon, density);
    body->transform = (SdqnTransform){position, sdqn_rot(angle)};
    body->sweep.local_center = mass.local_center;
    body->sweep.center0 = body->sweep.center = sdqn_transform(body->transform, mass.local_center);
    body->sweep.angle0 = body->sweep.angle = angle;
    body->inverse_mass = 1.0f / mass.mass;
    body->inverse_inertia = 1.0f / mass.inertia;
    SdqnVec2 extension = {SDQN_AABB_EXTENSION, SDQN_AABB_EXTENSION};
    SdqnAabb box = sdqn_polygon_aabb(polygon, body->transform);
    body->fat = (SdqnAabb){sdqn_sub(box.lower, extension), sdqn_add(box.upper, extension)};
}

void sdqn_world_create(SdqnWorld *world, const SdqnWorldDef *def) {
    memset(world, 0, sizeof *world); // padding too: worlds are compared and written as bytes
    world->hull = def->hull;
    world->leg = def->leg;
    create_body(&world->bodies[0], &def->hull, def->hull_density, def->hull_position, 0.0f);
    world->body_friction[0] = def->hull_friction;
    for (int i = 0; i < SDQN_NUM_LEGS; i++) {
        const SdqnLegDef *leg = &def->legs[i];
        create_body(&world->bodies[1 + i], &def->leg, def->leg_density, leg->position, leg->angle);
        world->body_friction[1 + i] = def->leg_friction;
        world->joints[i] = (SdqnLegJoint){
            .anchor_leg = leg->anchor,
            .reference_angle = world->bodies[1 + i].sweep.angle - world->bodies[0].sweep.angle,
            .lower_angle = leg->lower_angle,
            .upper_angle = leg->upper_angle,
            .motor_speed = leg->motor_speed,
            .max_motor_torque = leg->max_motor_torque,
        };
    }
    for (int i = 0; i < SDQN_NUM_EDGES; i++) {
        world->edges[i] = sdqn_edge_make(def->edges[i].v1, def->edges[i].v2, def->edges[i].friction);
        world->ground_top = i == 0 ? world->edges[i].fat.upper.y : sdqn_max(world->ground_top, world->edges[i].fat.upper.y);
    }
    world->awake = 1;
    world->pairs_outdated = 1;
}

void sdqn_world_apply_force(SdqnWorld *world, int body, SdqnVec2 force) {
    world->awake = 1;
    world->bodies[body].force = sdqn_add(world->bodies[body].force, force);
}

void sdqn_world_apply_torque(SdqnWorld *world, int body, float torque) {
    world->awake = 1;
    world->bodies[body].torque += torque;
}

void sdqn_world_apply_impulse(SdqnWorld *world, int body, SdqnVec2 impulse, SdqnVec2 point) {
    world->awake = 1;
    SdqnBody *b = &world->bodies[body];
    b->velocity = sdqn_add(b->velocity, sdqn_scale(b->inverse_mass, impulse));
    b->angular_velocity += b->inverse_inertia * sdqn_cross(sdqn_sub(point, b->sweep.center), impulse);
}

/// Gravity and forces act on the velocities; the sweeps start anew.
static void begin_bodies(Island *island, SdqnWorld *world, float h) {
    for (int b = 0; b < SDQN_NUM_BODIES; b++) {
        SdqnBody *body = &world->bodies[b];
        body->sweep.center0 = body->sweep.center;
        body->sweep.angle0 = body->sweep.angle;
        SdqnVec2 acceleration = sdqn_add(world->gravity, sdqn_scale(body->inverse_mass, body->force));
        island->position[b] = (SdqnPosition){body->sweep.center, body->sweep.angle};
        island->velocity[b].v = sdqn_add(body->velocity, sdqn_scale(h, acceleration));
        island->velocity[b].w = body->angular_velocity + h * body->inverse_inertia * body->torque;
    }
}

/// Touching contacts, body by body in island order, each body's newest first; then the joints.
static void begin_constraints(Island *island, SdqnWorld *world, float h, float dt_ratio) {
    island->num_contacts = 0;
    for (int i = 0; i < SDQN_NUM_BODIES; i++) {
        for (int k = world->num_contacts - 1; k >= 0; k--) {
            SdqnContact *contact = &world->contacts[k];
            if (contact->body != island_order[i] || !contact->touching || !contact->enabled) continue;
            island->manifolds[island->num_contacts] = &contact->manifold;
            sdqn_contact_begin(&island->contacts[island->num_contacts++], &contact->manifold, &world->bodies[contact->body], contact->body,
                               contact->friction, dt_ratio);
        }
    }
    for (int i = 0; i < island->num_contacts; i++) sdqn_contact_prepare(&island->contacts[i], island->position, island->velocity);
    for (int i = 0; i < island->num_contacts; i++) sdqn_contact_warm_start(&island->contacts[i], island->velocity);
    for (int leg = SDQN_NUM_LEGS - 1; leg >= 0; leg--)
        sdqn_leg_joint_begin(&island->joints[leg], &world->joints[leg], &world->bodies[0], &world->bodies[1 + leg], &island->position[0],
                             &island->position[1 + leg], &island->velocity[0], &island->velocity[1 + leg], h, dt_ratio);
}

/// Joints alone, the newest first: most steps are flight. Local copies stay in registers.
static void solve_joints(Island *island, int iterations) {
    SdqnLegJointConstraint first = island->joints[0], second = island->joints[1];
    SdqnVelocity hull = island->velocity[0], first_leg = island->velocity[1], second_leg = island->velocity[2];
    for (int n = 0; n < iterations; n++) {
        sdqn_leg_joint_solve_velocity(&second, &hull, &second_leg);
        sdqn_leg_joint_solve_velocity(&first, &hull, &first_leg);
    }
    island->joints[0] = first;
    island->joints[1] = second;
    island->velocity[0] = hull;
    island->velocity[1] = first_leg;
    island->velocity[2] = second_leg;
}

static void solve_velocities(Island *island, SdqnWorld *world, int iterations) {
    if (island->num_contacts == 0) {
        solve_joints(island, iterations);
    } else {
        for (int n = 0; n < iterations; n++) {
            solve_joints(island, 1);
            for (int i = 0; i < island->num_contacts; i++) sdqn_contact_solve_velocity(&island->contacts[i], island->velocity);
        }
    }
    for (int leg = 0; leg < SDQN_NUM_LEGS; leg++) sdqn_leg_joint_end(&island->joints[leg], &world->joints[leg]);
    for (int i = 0; i < island->num_contacts; i++) {
        SdqnManifold *manifold = island->manifolds[i];
        for (int k = 0; k < island->contacts[i].points; k++) {
            manifold->point[k].normal_impulse = island->contacts[i].point[k].normal_impulse;
            manifold->point[k].tangent_impulse = island->contacts[i].point[k].tangent_impulse;
        }
    }
}

/// @return true if all errors came within the slop before the iterations ran out
static bool solve_positions(Island *island, const SdqnWorld *world, int iterations) {
    for (int n = 0; n < iterations; n++) {
        float min_separation = 0.0f;
        for (int i = 0; i < island->num_contacts; i++)
            min_separation = sdqn_min(min_separation, sdqn_contact_solve_position(&island->contacts[i], island->position, SDQN_BAUMGARTE));
        bool done = min_separation >= -3.0f * SDQN_LINEAR_SLOP;
        for (int leg = SDQN_NUM_LEGS - 1; leg >= 0; leg--)
            done &= sdqn_leg_joint_solve_position(&island->joints[leg], &world->joints[leg], &world->bodies[0], &world->bodies[1 + leg],
                                                  &island->position[0], &island->position[1 + leg]);
        if (done) return true;
    }
    return false;
}

void sdqn_world_put_to_sleep(SdqnWorld *world) {
    world->awake = 0;
    for (int b = 0; b < SDQN_NUM_BODIES; b++) {
        SdqnBody *body = &world->bodies[b];
        body->velocity = body->force = sdqn_vec2(0.0f, 0.0f);
        body->angular_velocity = body->torque = body->sleep_time = 0.0f;
    }
}

/// The island sleeps once every body has been slow for long enough.
static void update_sleep(SdqnWorld *world, float h, bool positions_solved) {
    float min_sleep_time = FLT_MAX;
    for (int b = 0; b < SDQN_NUM_BODIES; b++) {
        SdqnBody *body = &world->bodies[b];
        bool moves = body->angular_velocity * body->angular_velocity > SDQN_ANGULAR_SLEEP_TOLERANCE * SDQN_ANGULAR_SLEEP_TOLERANCE ||
                     sdqn_dot(body->velocity, body->velocity) > SDQN_LINEAR_SLEEP_TOLERANCE * SDQN_LINEAR_SLEEP_TOLERANCE;
        body->sleep_time = moves ? 0.0f : body->sleep_time + h;
        min_sleep_time = sdqn_min(min_sleep_time, body->sleep_time);
    }
    if (min_sleep_time >= SDQN_TIME_TO_SLEEP && positions_solved) sdqn_world_put_to_sleep(world);
}

/// The discrete solver: joints and contacts as one island.
static void solve_island(SdqnWorld *world, float h, float dt_ratio, int velocity_iterations, int position_iterations) {
    Island island;
    begin_bodies(&island, world, h);
    begin_constraints(&island, world, h, dt_ratio);
    solve_velocities(&island, world, velocity_iterations);
    for (int b = 0; b < SDQN_NUM_BODIES; b++) sdqn_integrate_position(&island.position[b], &island.velocity[b], h);
    bool positions_solved = solve_positions(&island, world, position_iterations);
    for (int b = 0; b < SDQN_NUM_BODIES; b++) {
        SdqnBody *body = &world->bodies[b];
        body->sweep.center = island.position[b].c;
        body->sweep.angle = island.position[b].a;
        body->velocity = island.velocity[b].v;
        body->angular_velocity = island.velocity[b].w;
        sdqn_body_synchronize_transform(body);
    }
    update_sleep(world, h, positions_solved);
}

void sdqn_world_begin_step(SdqnWorld *world) {
    if (world->pairs_outdated) {
        sdqn_contacts_find_new(world, (1u << SDQN_NUM_BODIES) - 1u);
        world->pairs_outdated = 0;
    }
    sdqn_contacts_collide(world);
}

unsigned sdqn_world_solve(SdqnWorld *world, float dt, int velocity_iterations, int position_iterations) {
    solve_island(world, dt, world->inverse_dt_last * dt, velocity_iterations, position_iterations);
    unsigned moved = 0;
    for (int b = 0; b < SDQN_NUM_BODIES; b++)
        if (sdqn_body_synchronize_box(&world->bodies[b], sdqn_world_polygon(world, b))) moved |= 1u << b;
    return moved;
}

void sdqn_world_end_step(SdqnWorld *world, unsigned moved, float dt, int velocity_iterations) {
    if (moved) sdqn_contacts_find_new(world, moved);
    sdqn_world_solve_impacts(world, dt, velocity_iterations);
    world->inverse_dt_last = 1.0f / dt;
    for (int b = 0; b < SDQN_NUM_BODIES; b++) {
        world->bodies[b].force = sdqn_vec2(0.0f, 0.0f);
        world->bodies[b].torque = 0.0f;
    }
}

void sdqn_world_step(SdqnWorld *world, float dt, int velocity_iterations, int position_iterations) {
    sdqn_world_begin_step(world);
    unsigned moved = world->awake ? sdqn_world_solve(world, dt, velocity_iterations, position_iterations) : 0;
    sdqn_world_end_step(world, moved, dt, velocity_iterations);
}
