#include "physics/worlds.h"

/// How a world is solved in this step. Those in flight are parted by which joints are within their limits, because a vector is cheaper
/// when all of its lanes are, or none; the groups are ordered so that neighbours differ by one joint. This decides the time only.
enum { FLIGHT_BOTH, FLIGHT_FIRST, FLIGHT_NEITHER, FLIGHT_SECOND, CONTACT, ALONE, ASLEEP, NUM_GROUPS };

static bool within_limits(const SdqnWorld *world, int leg) {
    const SdqnLegJoint *joint = &world->joints[leg];
    float angle = world->bodies[1 + leg].sweep.angle - world->bodies[0].sweep.angle - joint->reference_angle;
    return angle > joint->lower_angle && angle < joint->upper_angle;
}

static int choose_group(const SdqnWorld *world) {
    if (!world->awake) return ASLEEP;
    int touching[SDQN_NUM_BODIES] = {0, 0, 0}, total = 0;
    for (int i = 0; i < world->num_contacts; i++) {
        const SdqnContact *contact = &world->contacts[i];
        if (!contact->touching || !contact->enabled) continue;
        total++;
        if (++touching[contact->body] > SDQN_ISLAND_MAX_SLOTS) return ALONE;
    }
    if (total > 0) return CONTACT;
    if (within_limits(world, 0)) return within_limits(world, 1) ? FLIGHT_BOTH : FLIGHT_FIRST;
    return within_limits(world, 1) ? FLIGHT_SECOND : FLIGHT_NEITHER;
}

void sdqn_worlds_step(const SdqnIslandSolver *solver, SdqnWorld *const *worlds, int count, float dt, int velocity_iterations,
                      int position_iterations, const SdqnWorldsScratch *scratch) {
    int start[NUM_GROUPS + 1] = {0};
    for (int i = 0; i < count; i++) {
        sdqn_world_begin_step(worlds[i]);
        scratch->group[i] = (uint8_t)choose_group(worlds[i]);
        start[scratch->group[i] + 1]++;
        scratch->moved[i] = 0;
    }
    for (int g = 0; g < NUM_GROUPS; g++) start[g + 1] += start[g];
    int next[NUM_GROUPS];
    for (int g = 0; g < NUM_GROUPS; g++) next[g] = start[g];
    for (int i = 0; i < count; i++) scratch->order[next[scratch->group[i]]++] = worlds[i];

    SdqnWorld **order = scratch->order;
    solver->solve_flight(order, start[CONTACT], dt, velocity_iterations, position_iterations, scratch->moved);
    solver->solve_contact(order + start[CONTACT], start[ALONE] - start[CONTACT], dt, velocity_iterations, position_iterations,
                          scratch->moved + start[CONTACT]);
    for (int i = start[ALONE]; i < start[ASLEEP]; i++)
        scratch->moved[i] = (uint8_t)sdqn_world_solve(order[i], dt, velocity_iterations, position_iterations);
    for (int i = 0; i < count; i++) sdqn_world_end_step(order[i], scratch->moved[i], dt, velocity_iterations);
}
