#include "physics/continuous.h"

#include "physics/contacts.h"
#include "physics/integrate.h"
#include "physics/toi.h"
#include "physics/tuning.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static void forget_times(SdqnWorld *world, int body) {
    for (int i = 0; i < world->num_contacts; i++)
        if (world->contacts[i].body == body) world->contacts[i].toi_known = 0;
}

/// Whether the body stays so far from the edge over its whole sweep that the search for a time of impact would find none: a circle about
/// its centre of mass, which moves on a straight line, stays on one side of the edge's line, or beyond one of its ends.
static bool stays_apart(const SdqnEdge *edge, const SdqnPolygon *polygon, const SdqnSweep *sweep) {
    const float margin = 0.1f; // the search calls shapes apart at 0.00625 m; the rest is for rounding
    float reach = 0.0f;
    for (int i = 0; i < polygon->count; i++) {
        SdqnVec2 r = sdqn_sub(polygon->vertex[i], sweep->local_center);
        reach = sdqn_max(reach, sdqn_dot(r, r));
    }
    reach = sqrtf(reach) + margin;
    float side0 = sdqn_dot(edge->normal, sdqn_sub(sweep->center0, edge->v1)),
          side = sdqn_dot(edge->normal, sdqn_sub(sweep->center, edge->v1));
    if ((side0 > reach && side > reach) || (side0 < -reach && side < -reach)) return true;
    float left = sdqn_min(edge->v1.x, edge->v2.x) - reach, right = sdqn_max(edge->v1.x, edge->v2.x) + reach;
    return (sweep->center0.x < left && sweep->center.x < left) || (sweep->center0.x > right && sweep->center.x > right);
}

/// Time of impact of one contact, as a fraction of the whole step; 1 if there is none.
static float contact_toi(SdqnWorld *world, const SdqnContact *contact) {
    // Ground and body must stand at the same time: whichever is behind is brought forward.
    SdqnSweep *sweep = &world->bodies[contact->body].sweep;
    float alpha0 = world->ground_alpha0;
    if (world->ground_alpha0 < sweep->alpha0) {
        alpha0 = sweep->alpha0;
        world->ground_alpha0 = alpha0;
    } else if (sweep->alpha0 < world->ground_alpha0) {
        sdqn_sweep_advance(sweep, alpha0);
    }
    const SdqnEdge *edge = &world->edges[contact->edge];
    const SdqnPolygon *polygon = sdqn_world_polygon(world, contact->body);
    float beta;
    if (stays_apart(edge, polygon, sweep) || !sdqn_time_of_impact(edge, polygon, sweep, &beta)) return 1.0f;
    return sdqn_min(alpha0 + (1.0f - alpha0) * beta, 1.0f);
}

/// The contact with the earliest impact; among equal ones the newest. @return NULL if nothing more happens in this step
static SdqnContact *first_impact(SdqnWorld *world, float *alpha) {
    SdqnContact *first = NULL;
    *alpha = 1.0f;
    for (int i = world->num_contacts - 1; i >= 0; i--) {
        SdqnContact *contact = &world->contacts[i];
        if (!contact->enabled || contact->toi_count > SDQN_MAX_SUB_STEPS) continue;
        if (!contact->toi_known) {
            contact->toi = contact_toi(world, contact);
            contact->toi_known = 1;
        }
        if (contact->toi < *alpha) {
            first = contact;
            *alpha = contact->toi;
        }
    }
    return 1.0f - 10.0f * SDQN_FLOAT_EPSILON < *alpha ? NULL : first;
}

/// All that velocity iterations change.
typedef struct IterationState {
    SdqnVelocity velocity;
    struct {
        float normal, tangent;
    } impulse[SDQN_TOI_MAX_CONTACTS][2];
} IterationState;

/// @return bytes written, without gaps
static size_t read_state(const SdqnContactConstraint *constraints, int count, const SdqnVelocity *velocity, IterationState *state) {
    state->velocity = *velocity;
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < 2; k++) {
            bool used = k < constraints[i].points;
            state->impulse[i][k].normal = used ? constraints[i].point[k].normal_impulse : 0.0f;
            state->impulse[i][k].tangent = used ? constraints[i].point[k].tangent_impulse : 0.0f;
        }
    }
    return sizeof state->velocity + (size_t)count * sizeof state->impulse[0];
}

/// The velocity iterations. Contacts alone soon reach a state that an iteration leaves as it is, to the bit; the rest are then left out.
static void iterate_velocities(SdqnContactConstraint *constraints, int count, SdqnVelocity *velocity, int iterations) {
    IterationState states[2];
    read_state(constraints, count, velocity, &states[0]);
    for (int n = 1; n <= iterations; n++) {
        for (int i = 0; i < count; i++) sdqn_contact_solve_velocity(&constraints[i], velocity);
        size_t bytes = read_state(constraints, count, velocity, &states[n & 1]);
        if (memcmp(&states[0], &states[1], bytes) == 0) return;
    }
}

/// Push the body out of the ground, then let its contacts change its velocity over what is left of the step.
static void solve_island(SdqnWorld *world, int body_index, SdqnContact *const *contacts, int count, float dt, int velocity_iterations) {
    SdqnBody *body = &world->bodies[body_index];
    SdqnContactConstraint constraints[SDQN_TOI_MAX_CONTACTS];
    SdqnPosition position = {body->sweep.center, body->sweep.angle};
    SdqnVelocity velocity = {body->velocity, body->angular_velocity};
    for (int i = 0; i < count; i++) sdqn_contact_begin(&constraints[i], &contacts[i]->manifold, body, 0, contacts[i]->friction, 0.0f);
    for (int n = 0; n < SDQN_TOI_POSITION_ITERATIONS; n++) {
        float min_separation = 0.0f;
        for (int i = 0; i < count; i++)
            min_separation = sdqn_min(min_separation, sdqn_contact_solve_position(&constraints[i], &position, SDQN_TOI_BAUMGARTE));
        if (min_separation >= -1.5f * SDQN_LINEAR_SLOP) break;
    }
    body->sweep.center0 = position.c; // from here on the way is free
    body->sweep.angle0 = position.a;
    for (int i = 0; i < count; i++) sdqn_contact_prepare(&constraints[i], &position, &velocity);
    iterate_velocities(constraints, count, &velocity, velocity_iterations);
    // The impulses are not kept: those of an impact are too large to start the next step with.
    sdqn_integrate_position(&position, &velocity, dt);
    body->sweep.center = position.c;
    body->sweep.angle = position.a;
    body->velocity = velocity.v;
    body->angular_velocity = velocity.w;
    sdqn_body_synchronize_transform(body);
}

/// Advance body and ground to the impact and gather the contacts that touch there.
/// @return their number, or 0 if the impact turned out to be none (all is put back)
static int begin_impact(SdqnWorld *world, SdqnContact *first, float alpha, SdqnContact **island) {
    SdqnBody *body = &world->bodies[first->body];
    SdqnSweep saved_sweep = body->sweep;
    float saved_ground = world->ground_alpha0;
    world->ground_alpha0 = alpha;
    sdqn_body_advance(body, alpha);
    sdqn_contact_update(world, first);
    first->toi_known = 0;
    first->toi_count++;
    if (!first->touching) {
        first->enabled = 0;
        body->sweep = saved_sweep;
        world->ground_alpha0 = saved_ground;
        sdqn_body_synchronize_transform(body);
        return 0;
    }
    int count = 0;
    island[count++] = first;
    for (int i = world->num_contacts - 1; i >= 0 && count < SDQN_TOI_MAX_CONTACTS; i--) {
        SdqnContact *contact = &world->contacts[i];
        if (contact->body != first->body || contact == first) continue;
        sdqn_contact_update(world, contact);
        if (contact->touching) island[count++] = contact;
    }
    return count;
}

void sdqn_world_solve_impacts(SdqnWorld *world, float dt, int velocity_iterations) {
    if (!world->awake) return;
    world->ground_alpha0 = 0.0f;
    for (int b = 0; b < SDQN_NUM_BODIES; b++) world->bodies[b].sweep.alpha0 = 0.0f;
    for (int i = 0; i < world->num_contacts; i++) {
        world->contacts[i].toi_known = 0;
        world->contacts[i].toi_count = 0;
        world->contacts[i].toi = 1.0f;
    }
    float alpha;
    for (SdqnContact *first; (first = first_impact(world, &alpha)) != NULL;) {
        SdqnContact *island[SDQN_TOI_MAX_CONTACTS];
        int b = first->body;
        int count = begin_impact(world, first, alpha, island);
        if (count == 0) continue;
        solve_island(world, b, island, count, (1.0f - alpha) * dt, velocity_iterations);
        forget_times(world, b);
        if (sdqn_body_synchronize_box(&world->bodies[b], sdqn_world_polygon(world, b))) sdqn_contacts_find_new(world, 1u << b);
    }
}
