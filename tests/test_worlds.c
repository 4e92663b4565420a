// Many worlds in one call against one at a time, where a lander seldom goes: heaps of contacts, sleep, fast bodies.
#include "physics/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 23 };

static const SdqnVec2 HULL[6] = {{0.57f, -0.33f}, {0.57f, 0.0f}, {0.47f, 0.57f}, {-0.47f, 0.57f}, {-0.57f, 0.0f}, {-0.57f, -0.33f}};

/// A lander 2 m above flat ground at height 0, of which `copies` edges lie on top of each other; the other edges are far below.
static SdqnWorldDef heaped_ground(int copies) {
    SdqnWorldDef def;
    memset(&def, 0, sizeof def);
    def.hull = sdqn_polygon_make(HULL, 6);
    def.leg = sdqn_polygon_box(0.066f, 0.266f);
    def.hull_density = 5.0f;
    def.leg_density = 1.0f;
    def.hull_friction = 0.1f;
    def.leg_friction = 0.2f;
    def.hull_position = sdqn_vec2(0.0f, 2.0f);
    for (int i = 0; i < SDQN_NUM_LEGS; i++) {
        float side = i == 0 ? -1.0f : 1.0f;
        def.legs[i] = (SdqnLegDef){.position = {-side * 0.66f, 2.0f},
                                   .angle = side * 0.05f,
                                   .anchor = {side * 0.66f, 0.6f},
                                   .lower_angle = i == 0 ? 0.4f : -0.9f,
                                   .upper_angle = i == 0 ? 0.9f : -0.4f,
                                   .motor_speed = side * 0.3f,
                                   .max_motor_torque = 40.0f};
    }
    for (int i = 0; i < SDQN_NUM_EDGES; i++) {
        float y = i < copies ? 0.0f : -50.0f;
        def.edges[i].v1 = sdqn_vec2(-20.0f, y);
        def.edges[i].v2 = sdqn_vec2(20.0f, y);
        def.edges[i].friction = 0.1f;
    }
    return def;
}

/// Worlds that differ in ground, motion and gravity; a few fall asleep, and are woken again.
static void check_level(SdqnCpuLevel level) {
    static SdqnWorld together[COUNT], alone[COUNT];
    SdqnWorld *worlds[COUNT], *order[COUNT];
    uint8_t group[COUNT], moved[COUNT];
    const SdqnWorldsScratch scratch = {order, group, moved};
    const SdqnIslandSolver *solver = sdqn_island_solver(level);
    assert_non_null(solver);
    int most = 0, slept = 0;
    for (int i = 0; i < COUNT; i++) {
        SdqnWorldDef def = heaped_ground(1 + i % SDQN_NUM_EDGES);
        worlds[i] = &together[i];
        sdqn_world_create(worlds[i], &def);
        worlds[i]->gravity = sdqn_vec2(0.0f, -4.0f - (float)(i % 7));
        for (int b = 0; b < SDQN_NUM_BODIES; b++) {
            worlds[i]->bodies[b].velocity = sdqn_vec2(0.3f * (float)(i % 5), i % 6 == 5 ? -120.0f : 0.0f); // 2.4 m a step: beyond the limit
            worlds[i]->bodies[b].angular_velocity = i % 8 == 7 ? 100.0f : 0.1f * (float)(i % 3);
        }
        memcpy(&alone[i], worlds[i], sizeof alone[i]);
    }
    for (int k = 0; k < 300; k++) {
        for (int i = 0; i < COUNT; i++) {
            if (k % 100 == 99 && i % 2) {
                sdqn_world_apply_force(worlds[i], i % SDQN_NUM_BODIES, sdqn_vec2(20.0f, 1.0f));
                sdqn_world_apply_force(&alone[i], i % SDQN_NUM_BODIES, sdqn_vec2(20.0f, 1.0f));
            }
            sdqn_world_step(&alone[i], 0.02f, 180, 60);
        }
        sdqn_worlds_step(solver, worlds, COUNT, 0.02f, 180, 60, &scratch);
        for (int i = 0; i < COUNT; i++) {
            if (memcmp(worlds[i], &alone[i], sizeof alone[i]) != 0)
                fail_msg("%s: step %d, world %d differs", sdqn_cpu_level_name(level), k, i);
            int touching = 0;
            for (int c = 0; c < alone[i].num_contacts; c++) touching += alone[i].contacts[c].touching;
            if (touching > most) most = touching;
            slept += !alone[i].awake;
        }
    }
    assert_true(most > SDQN_NUM_BODIES * SDQN_ISLAND_MAX_SLOTS); // some worlds had to be solved alone
    assert_true(slept > 0);
}

static void worlds_together_have_the_bytes_of_worlds_alone(void **state) {
    (void)state;
    for (SdqnCpuLevel level = SDQN_CPU_SCALAR; level < SDQN_NUM_CPU_LEVELS; level++) {
        if (sdqn_cpu_level_available(level))
            check_level(level);
        else
            assert_null(sdqn_island_solver(level));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(worlds_together_have_the_bytes_of_worlds_alone)};
    return cmocka_run_group_tests_name("worlds", tests, NULL, NULL);
}
