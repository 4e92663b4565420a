// The rigid-body world, piece by piece, against cases worked by hand and against Box2D's own figures.
#include "physics/contacts.h"
#include "physics/distance.h"
#include "physics/toi.h"
#include "physics/tuning.h"
#include "physics/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(float found, float expected) { assert_true(sdqn_abs(found - expected) <= 1e-6f * sdqn_abs(expected)); }

static SdqnPolygon hull(void) {
    const int corners[6][2] = {{17, -10}, {17, 0}, {14, 17}, {-14, 17}, {-17, 0}, {-17, -10}};
    SdqnVec2 v[6];
    for (int i = 0; i < 6; i++) v[i] = sdqn_vec2((float)(corners[i][0] / 30.0), (float)(corners[i][1] / 30.0));
    return sdqn_polygon_make(v, 6);
}

static SdqnPolygon leg(void) { return sdqn_polygon_box((float)(2 / 30.0), (float)(8 / 30.0)); }

// Figures printed by Box2D 2.3.10 for Gymnasium's shapes.
static void mass_of_hull_and_leg_equals_box2d(void **state) {
    (void)state;
    SdqnPolygon p = hull();
    SdqnMass m = sdqn_polygon_mass(&p, 5.0f);
    assert_true(m.mass == 0x1.344444p+2f);
    assert_true(m.local_center.x == 0.0f && m.local_center.y == 0x1.9ef44ap-4f);
    assert_true(p.centroid.x == 0x1.09be72p-28f && p.centroid.y == 0x1.9ef446p-4f);
    assert_true(p.normal[1].x == 0x1.f8358ep-1f && p.normal[1].y == 0x1.63e99p-3f);
    p = leg();
    m = sdqn_polygon_mass(&p, 1.0f);
    assert_true(m.mass == 0x1.23456ap-4f && m.inertia == 0x1.d57c6cp-10f);
    assert_true(1.0f / m.mass == 0x1.c1fffcp+3f && 1.0f / m.inertia == 0x1.172e92p+9f);
}

static void distance_of_parted_and_overlapping_shapes(void **state) {
    (void)state;
    SdqnPolygon box = sdqn_polygon_box(1.0f, 1.0f);
    SdqnEdge edge = sdqn_edge_make(sdqn_vec2(-5.0f, 0.0f), sdqn_vec2(5.0f, 0.0f), 0.1f);
    SdqnDistanceCache cache = {.count = 0};
    SdqnTransform above = {{0.0f, 3.0f}, {0.0f, 1.0f}};
    assert_near(sdqn_distance(&edge, &box, above, &cache), 2.0f);
    cache.count = 0;
    SdqnTransform beyond = {{9.0f, 5.0f}, {0.0f, 1.0f}}; // nearest corner (8, 4), nearest end (5, 0)
    assert_near(sdqn_distance(&edge, &box, beyond, &cache), 5.0f);
    cache.count = 0;
    SdqnTransform through = {{0.25f, 0.5f}, {0.0f, 1.0f}};
    assert_true(sdqn_distance(&edge, &box, through, &cache) == 0.0f);
}

// Sweep and answer of Box2D 2.3.10's b2TimeOfImpact for a leg that hits a slope.
static void time_of_impact_equals_box2d(void **state) {
    (void)state;
    SdqnPolygon box = leg();
    SdqnEdge edge = sdqn_edge_make(sdqn_vec2(14.0f, 0x1.b2af4ep+1f), sdqn_vec2(16.0f, 0x1.1699cp+2f), 0.1f);
    SdqnSweep sweep = {.center0 = {0x1.d3e27ep+3f, 0x1.06c6p+2f},
                       .center = {0x1.d6c092p+3f, 0x1.f2d9dap+1f},
                       .angle0 = -0x1.dc79bcp-2f,
                       .angle = -0x1.ee580cp-2f};
    float fraction = -1.0f;
    assert_true(sdqn_time_of_impact(&edge, &box, &sweep, &fraction));
    assert_true(fraction == 0x1.59854p-1f);
    SdqnSweep away = sweep;
    away.center = sdqn_vec2(sweep.center0.x, sweep.center0.y + 1.0f);
    assert_false(sdqn_time_of_impact(&edge, &box, &away, &fraction));
}

static void manifold_of_a_level_box_has_two_points(void **state) {
    (void)state;
    SdqnPolygon box = sdqn_polygon_box(1.0f, 0.5f);
    SdqnEdge edge = sdqn_edge_make(sdqn_vec2(-5.0f, 0.0f), sdqn_vec2(5.0f, 0.0f), 0.1f);
    SdqnManifold m;
    sdqn_manifold_collide(&edge, &box, (SdqnTransform){{0.0f, 0.51f}, {0.0f, 1.0f}}, &m);
    assert_int_equal(m.count, 2);
    assert_int_equal(m.type, SDQN_MANIFOLD_EDGE_FACE);
    assert_true(m.local_normal.y == 1.0f);
    assert_int_not_equal(m.point[0].id, m.point[1].id);
    sdqn_manifold_collide(&edge, &box, (SdqnTransform){{0.0f, 0.53f}, {0.0f, 1.0f}}, &m);
    assert_int_equal(m.count, 0); // farther than both skins
}

static void boxes_follow_only_bodies_that_leave_them(void **state) {
    (void)state;
    SdqnPolygon box = sdqn_polygon_box(0.5f, 0.5f);
    SdqnBody body;
    memset(&body, 0, sizeof body);
    body.fat = (SdqnAabb){{-0.61f, -0.61f}, {0.61f, 0.61f}};
    body.sweep.center = sdqn_vec2(0.05f, 0.0f);
    sdqn_body_synchronize_transform(&body);
    assert_false(sdqn_body_synchronize_box(&body, &box));
    body.sweep.center = sdqn_vec2(0.5f, -0.25f);
    sdqn_body_synchronize_transform(&body);
    assert_true(sdqn_body_synchronize_box(&body, &box));
    // 0.5 of half width, 0.01 of skin, 0.1 of extension, and twice the displacement ahead
    assert_near(body.fat.upper.x, 0.5f + 0.5f + 0.01f + 0.1f + 1.0f);
    assert_near(body.fat.lower.y, -0.25f - 0.5f - 0.01f - 0.1f - 0.5f);
    assert_near(body.fat.lower.x, -0.5f - 0.01f - 0.1f);
}

static SdqnWorldDef flat_ground(float height) {
    SdqnWorldDef def;
    memset(&def, 0, sizeof def);
    def.hull = hull();
    def.leg = leg();
    def.hull_density = 5.0f;
    def.leg_density = 1.0f;
    def.hull_friction = 0.1f;
    def.leg_friction = 0.2f;
    def.hull_position = sdqn_vec2(10.0f, 13.0f);
    for (int i = 0; i < 2; i++) {
        float side = i == 0 ? -1.0f : 1.0f;
        def.legs[i] = (SdqnLegDef){.position = {10.0f - side * 20.0f / 30.0f, 13.0f},
                                   .angle = side * 0.05f,
                                   .anchor = {side * 20.0f / 30.0f, 18.0f / 30.0f},
                                   .lower_angle = i == 0 ? 0.4f : -0.9f,
                                   .upper_angle = i == 0 ? 0.9f : -0.4f,
                                   .motor_speed = side * 0.3f,
                                   .max_motor_torque = 40.0f};
    }
    for (int i = 0; i < SDQN_NUM_EDGES; i++) {
        def.edges[i].v1 = sdqn_vec2(2.0f * (float)(i - 1), i ? height : 0.0f);
        def.edges[i].v2 = sdqn_vec2(2.0f * (float)i, i ? height : 0.0f);
        def.edges[i].friction = 0.1f;
    }
    def.edges[0].v1.x = 0.0f;
    def.edges[0].v2.x = 20.0f;
    return def;
}

static void a_dropped_lander_comes_to_rest_on_its_legs(void **state) {
    (void)state;
    SdqnWorldDef def = flat_ground(12.0f);
    static SdqnWorld world;
    sdqn_world_create(&world, &def);
    world.gravity = sdqn_vec2(0.0f, -10.0f);
    int steps = 0;
    for (; steps < 1000 && world.awake; steps++) sdqn_world_step(&world, 0.02f, 180, 60);
    assert_in_range(steps, 30, 999);
    assert_true(world.touch_state[1] && world.touch_state[2]);
    assert_true(world.bodies[0].velocity.y == 0.0f);
    assert_true(sdqn_abs(world.bodies[0].sweep.angle) < 0.05f);
    SdqnWorld before = world;
    sdqn_world_step(&world, 0.02f, 180, 60);
    assert_memory_equal(&before, &world, sizeof world); // asleep: nothing moves
}

static void a_fast_lander_does_not_pass_through_the_ground(void **state) {
    (void)state;
    SdqnWorldDef def = flat_ground(5.0f);
    static SdqnWorld world;
    sdqn_world_create(&world, &def);
    world.gravity = sdqn_vec2(0.0f, -10.0f);
    for (int b = 0; b < SDQN_NUM_BODIES; b++) world.bodies[b].velocity = sdqn_vec2(0.0f, -90.0f); // 1.8 m a step
    for (int i = 0; i < 100; i++) sdqn_world_step(&world, 0.02f, 180, 60);
    for (int b = 0; b < SDQN_NUM_BODIES; b++) assert_true(world.bodies[b].sweep.center.y > 5.0f);
    assert_true(world.has_touched[1] || world.has_touched[2]);
}

static void a_copy_of_the_world_is_a_snapshot(void **state) {
    (void)state;
    SdqnWorldDef def = flat_ground(11.0f);
    static SdqnWorld world, copy;
    sdqn_world_create(&world, &def);
    world.gravity = sdqn_vec2(0.0f, -10.0f);
    for (int i = 0; i < 25; i++) sdqn_world_step(&world, 0.02f, 180, 60);
    memcpy(&copy, &world, sizeof world);
    for (int i = 0; i < 25; i++) {
        sdqn_world_step(&world, 0.02f, 180, 60);
        sdqn_world_step(&copy, 0.02f, 180, 60);
    }
    assert_memory_equal(&copy, &world, sizeof world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mass_of_hull_and_leg_equals_box2d),
        cmocka_unit_test(distance_of_parted_and_overlapping_shapes),
        cmocka_unit_test(time_of_impact_equals_box2d),
        cmocka_unit_test(manifold_of_a_level_box_has_two_points),
        cmocka_unit_test(boxes_follow_only_bodies_that_leave_them),
        cmocka_unit_test(a_dropped_lander_comes_to_rest_on_its_legs),
        cmocka_unit_test(a_fast_lander_does_not_pass_through_the_ground),
        cmocka_unit_test(a_copy_of_the_world_is_a_snapshot),
    };
    return cmocka_run_group_tests_name("physics", tests, NULL, NULL);
}
