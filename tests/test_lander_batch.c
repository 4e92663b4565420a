// Many landers stepped together: every lane must have the bytes of a lander stepped alone, at every kernel level.
#include "lander/lander_batch.h"

#include "core/dmath.h"
#include "core/sincos.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_LANES 70
#define OBSERVATION SDQN_LANDER_OBSERVATION_SIZE
#define GUARD 0xa5

/// What a step writes, with guard bytes behind every array.
typedef struct Arrays {
    float observation[(MAX_LANES + 1) * OBSERVATION], final_observation[(MAX_LANES + 1) * OBSERVATION];
    double reward[MAX_LANES + 1];
    uint8_t terminated[MAX_LANES + 1], truncated[MAX_LANES + 1], at_rest[MAX_LANES + 1];
    int32_t steps[MAX_LANES + 1];
} Arrays;

/// A batch and the same landers one by one.
typedef struct Pair {
    int lanes;
    SdqnLanderBatch *batch;
    SdqnTask tasks[MAX_LANES];
    SdqnRng rngs[MAX_LANES];
    SdqnLander alone[MAX_LANES];
    uint8_t reset_due[MAX_LANES];
    Arrays arrays;
    SdqnLanderBatchStep out;
    SdqnRng policy;
    bool continuous; ///< which kind of actions
} Pair;

/// Built-in tasks in turn, every fifth one with values of its own.
static SdqnTask lane_task(int lane) {
    SdqnTask task = *sdqn_task_builtin(lane % SDQN_NUM_BUILTIN_TASKS);
    if (lane % 5 != 4) return task;
    task.gravity = -4.0 - 0.37 * (lane % 23);
    task.initial_random = 400.0 * (lane % 9);
    task.main_engine_power = 9.0 + lane % 13;
    task.side_engine_power = 0.25 * (lane % 7);
    task.wind_on_ground = lane % 2;
    task.time_limit_steps = 60 + lane;
    return task;
}

static Pair *make_pair(int lanes, SdqnAutoreset autoreset, SdqnCpuLevel level, uint64_t seed) {
    Pair *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    pair->lanes = lanes;
    memset(&pair->arrays, GUARD, sizeof pair->arrays);
    for (int i = 0; i < lanes; i++) {
        pair->tasks[i] = lane_task(i);
        sdqn_rng_seed(&pair->rngs[i], seed * 1000 + (uint64_t)i);
        sdqn_lander_create(&pair->alone[i], &pair->tasks[i], &pair->rngs[i]);
    }
    sdqn_rng_seed(&pair->policy, seed);
    SdqnLanderBatchDef def = {.lanes = lanes, .tasks = pair->tasks, .rngs = pair->rngs, .autoreset = autoreset, .level = level};
    SdqnError error = {{0}};
    if (sdqn_lander_batch_create(&def, &pair->batch, &error)) fail_msg("%s", error.message);
    Arrays *a = &pair->arrays;
    pair->out = (SdqnLanderBatchStep){a->observation, a->reward, a->terminated, a->truncated, a->at_rest, a->final_observation, a->steps};
    return pair;
}

static void free_pair(Pair *pair) {
    sdqn_lander_batch_destroy(pair->batch);
    free(pair);
}

static void check_guards(const Pair *pair) {
    const Arrays *a = &pair->arrays;
    const struct {
        const void *end;
        size_t bytes;
    } guards[] = {
        {a->observation + pair->lanes * OBSERVATION, OBSERVATION * sizeof(float)},
        {a->final_observation + pair->lanes * OBSERVATION, OBSERVATION * sizeof(float)},
        {a->reward + pair->lanes, sizeof(double)},
        {a->terminated + pair->lanes, 1},
        {a->truncated + pair->lanes, 1},
        {a->at_rest + pair->lanes, 1},
        {a->steps + pair->lanes, sizeof(int32_t)},
    };
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++)
        for (size_t k = 0; k < guards[i].bytes; k++) assert_int_equal(((const uint8_t *)guards[i].end)[k], GUARD);
}

static void check_bytes(const char *what, int step, int lane, const void *found, const void *expected, size_t bytes) {
    if (memcmp(found, expected, bytes) != 0) fail_msg("step %d, lane %d: %s differs", step, lane, what);
}

static void reset_both(Pair *pair) {
    float observation[OBSERVATION];
    sdqn_lander_batch_reset(pair->batch, NULL, NULL, pair->arrays.observation);
    for (int i = 0; i < pair->lanes; i++) {
        sdqn_lander_reset(&pair->alone[i], observation);
        check_bytes("observation of reset", 0, i, pair->arrays.observation + i * OBSERVATION, observation, sizeof observation);
    }
}

/// Lanes with even numbers act at random; the others brake their fall and level themselves, so that they touch the ground often and softly.
static int choose_action(Pair *pair, int lane) {
    const float *s = pair->arrays.observation + lane * OBSERVATION;
    uint32_t draw = sdqn_rng_next_u32(&pair->policy);
    if (lane % 2 == 0 || draw % 16 == 0) return (int)(draw >> 8 & 3);
    if (s[6] + s[7] > 0) return s[3] < -0.05f ? 2 : 0;
    if (s[3] < -0.1f - 0.25f * s[1]) return 2;
    float lean = s[4] + s[5] + 0.3f * (s[0] + s[2]);
    return lean > 0.1f ? 3 : lean < -0.1f ? 1 : 0;
}

/// An action of one of the two kinds.
typedef struct Action {
    int32_t discrete;
    double continuous[2];
} Action;

/// A continuous action about the discrete one: thrusts of all sizes, many of them near or beyond the bounds.
static Action draw_action(Pair *pair, int lane) {
    Action action = {.discrete = choose_action(pair, lane)};
    const double main = sdqn_rng_uniform(&pair->policy, -0.2, 1.3), side = sdqn_rng_uniform(&pair->policy, 0.4, 1.3);
    action.continuous[0] = action.discrete == 2 ? main : main - 1.3;
    action.continuous[1] = action.discrete == 1 ? -side : action.discrete == 3 ? side : 0.5 * (side - 0.4);
    return action;
}

/// What the lane should give, from its lander alone, by the rules of the mode.
static SdqnStep step_alone(Pair *pair, SdqnAutoreset autoreset, int lane, const Action *action, float *observation, float *final,
                           bool *ended, int32_t *steps) {
    SdqnLander *lander = &pair->alone[lane];
    *ended = false;
    *steps = 0;
    if (pair->reset_due[lane]) {
        pair->reset_due[lane] = 0;
        sdqn_lander_reset(lander, observation);
        return (SdqnStep){.reward = 0.0};
    }
    SdqnStep step = pair->continuous ? sdqn_lander_step_continuous(lander, action->continuous, observation)
                                     : sdqn_lander_step(lander, action->discrete, observation);
    *ended = step.terminated || step.truncated;
    *steps = lander->steps;
    if (*ended && autoreset == SDQN_AUTORESET_NEXT_STEP) pair->reset_due[lane] = 1;
    if (*ended && autoreset == SDQN_AUTORESET_SAME_STEP) {
        memcpy(final, observation, OBSERVATION * sizeof *final);
        sdqn_lander_reset(lander, observation);
    }
    return step;
}

/// Step both and compare all that they give, and every byte of every lander.
/// @return episodes that ended
static int step_both(Pair *pair, SdqnAutoreset autoreset, int number) {
    Action actions[MAX_LANES];
    int32_t discrete[MAX_LANES];
    double continuous[MAX_LANES * 2];
    int episodes = 0;
    for (int i = 0; i < pair->lanes; i++) {
        actions[i] = pair->continuous ? draw_action(pair, i) : (Action){.discrete = choose_action(pair, i)};
        discrete[i] = actions[i].discrete;
        memcpy(continuous + (size_t)i * 2, actions[i].continuous, sizeof actions[i].continuous);
    }
    SdqnError error = {{0}};
    const SdqnStatus status = pair->continuous ? sdqn_lander_batch_step_continuous(pair->batch, continuous, &pair->out, &error)
                                               : sdqn_lander_batch_step(pair->batch, discrete, &pair->out, &error);
    if (status) fail_msg("%s", error.message);
    const Arrays *a = &pair->arrays;
    for (int i = 0; i < pair->lanes; i++) {
        float observation[OBSERVATION], final[OBSERVATION];
        bool ended;
        int32_t steps;
        SdqnStep step = step_alone(pair, autoreset, i, &actions[i], observation, final, &ended, &steps);
        check_bytes("lander", number, i, sdqn_lander_batch_lane(pair->batch, i), &pair->alone[i], sizeof(SdqnLander));
        check_bytes("observation", number, i, a->observation + i * OBSERVATION, observation, sizeof observation);
        check_bytes("reward", number, i, &a->reward[i], &step.reward, sizeof step.reward);
        assert_int_equal(a->terminated[i], step.terminated);
        assert_int_equal(a->truncated[i], step.truncated);
        assert_int_equal(a->at_rest[i], step.at_rest);
        assert_int_equal(a->steps[i], steps);
        if (ended && autoreset == SDQN_AUTORESET_SAME_STEP)
            check_bytes("final observation", number, i, a->final_observation + i * OBSERVATION, final, sizeof final);
        episodes += ended;
    }
    return episodes;
}

static void compare(SdqnCpuLevel level, int lanes, SdqnAutoreset autoreset, int steps, uint64_t seed, int min_episodes) {
    Pair *pair = make_pair(lanes, autoreset, level, seed);
    reset_both(pair);
    int episodes = 0;
    for (int k = 0; k < steps; k++) episodes += step_both(pair, autoreset, k);
    check_guards(pair);
    if (episodes < min_episodes) fail_msg("only %d episodes ended: the comparison shows too little", episodes);
    free_pair(pair);
}

#define FOR_EACH_LEVEL(level)                                                                                                              \
    for (SdqnCpuLevel level = SDQN_CPU_SCALAR; level < SDQN_NUM_CPU_LEVELS; level++)                                                       \
        if (sdqn_cpu_level_available(level))

static void every_lane_has_the_bytes_of_a_lander_alone(void **state) {
    (void)state;
    static const int sizes[] = {1, 3, 17, 64, MAX_LANES};
    FOR_EACH_LEVEL(level)
    for (int i = 0; i < 5; i++) compare(level, sizes[i], SDQN_AUTORESET_NEXT_STEP, 200, (uint64_t)(10 + i), sizes[i] / 2);
}

static void same_step_mode_resets_at_once_and_keeps_the_last_observation(void **state) {
    (void)state;
    FOR_EACH_LEVEL(level) compare(level, 37, SDQN_AUTORESET_SAME_STEP, 260, 20, 20);
}

static void disabled_mode_goes_on_after_the_end_as_gymnasium_does(void **state) {
    (void)state;
    FOR_EACH_LEVEL(level) compare(level, 37, SDQN_AUTORESET_DISABLED, 260, 30, 20);
}

static void continuous_actions_have_the_bytes_of_a_lander_alone(void **state) {
    (void)state;
    FOR_EACH_LEVEL(level) {
        Pair *pair = make_pair(37, SDQN_AUTORESET_NEXT_STEP, level, 25);
        pair->continuous = true;
        reset_both(pair);
        int episodes = 0;
        for (int k = 0; k < 260; k++) episodes += step_both(pair, SDQN_AUTORESET_NEXT_STEP, k);
        check_guards(pair);
        assert_true(episodes >= 20);
        free_pair(pair);
    }
}

static void full_thrust_is_the_discrete_action(void **state) {
    (void)state;
    static const double full[4][2] = {{0.0, 0.0}, {-1.0, -1.0}, {1.0, 0.5}, {0.0, 7.0}};
    Pair *pair = make_pair(1, SDQN_AUTORESET_DISABLED, SDQN_CPU_SCALAR, 26);
    reset_both(pair);
    SdqnLander *a = &pair->alone[0], b;
    memcpy(&b, a, sizeof b);
    for (int k = 0; k < 100; k++) {
        float x[OBSERVATION], y[OBSERVATION];
        const SdqnStep one = sdqn_lander_step(a, k % 4, x), other = sdqn_lander_step_continuous(&b, full[k % 4], y);
        assert_memory_equal(a, &b, sizeof b);
        assert_memory_equal(x, y, sizeof x);
        assert_true(one.reward == other.reward);
    }
    free_pair(pair);
}

static void chosen_lanes_are_reset_with_their_seeds(void **state) {
    (void)state;
    Pair *pair = make_pair(20, SDQN_AUTORESET_NEXT_STEP, sdqn_cpu_level_best(), 40);
    reset_both(pair);
    for (int k = 0; k < 30; k++) step_both(pair, SDQN_AUTORESET_NEXT_STEP, k);
    uint8_t chosen[20] = {[3] = 1, [4] = 1, [19] = 1};
    uint64_t seeds[20] = {[3] = 7, [4] = 8, [19] = 9};
    float before[20 * OBSERVATION], expected[OBSERVATION];
    memcpy(before, pair->arrays.observation, sizeof before);
    sdqn_lander_batch_reset(pair->batch, chosen, seeds, pair->arrays.observation);
    for (int i = 0; i < 20; i++) {
        const float *found = pair->arrays.observation + i * OBSERVATION;
        memcpy(expected, before + i * OBSERVATION, sizeof expected);
        if (chosen[i]) {
            sdqn_lander_reset_seeded(&pair->alone[i], seeds[i], expected);
            pair->reset_due[i] = 0;
        }
        check_bytes("observation", 30, i, found, expected, sizeof expected);
    }
    for (int k = 31; k < 60; k++) step_both(pair, SDQN_AUTORESET_NEXT_STEP, k);
    free_pair(pair);
}

static void a_lander_can_be_taken_out_and_put_into_another_lane(void **state) {
    (void)state;
    Pair *pair = make_pair(9, SDQN_AUTORESET_NEXT_STEP, sdqn_cpu_level_best(), 50);
    reset_both(pair);
    for (int k = 0; k < 40; k++) step_both(pair, SDQN_AUTORESET_NEXT_STEP, k);
    SdqnLander out = *sdqn_lander_batch_lane(pair->batch, 2);
    SdqnError error = {{0}};
    assert_int_equal(sdqn_lander_batch_set_lane(pair->batch, 7, &out, &error), SDQN_OK);
    pair->alone[7] = out;
    pair->reset_due[7] = 0;
    for (int k = 40; k < 80; k++) step_both(pair, SDQN_AUTORESET_NEXT_STEP, k);

    SdqnLander wrong;
    sdqn_lander_create(&wrong, sdqn_task_builtin(0), &pair->rngs[0]); // no episode
    assert_int_equal(sdqn_lander_batch_set_lane(pair->batch, 7, &wrong, &error), SDQN_ERR_ARGUMENT);
    wrong = out;
    wrong.world.num_contacts = SDQN_MAX_CONTACTS + 1;
    assert_int_equal(sdqn_lander_batch_set_lane(pair->batch, 7, &wrong, &error), SDQN_ERR_ARGUMENT);
    wrong = out;
    wrong.world.bodies[1].inverse_mass *= 2.0f;
    assert_int_equal(sdqn_lander_batch_set_lane(pair->batch, 7, &wrong, &error), SDQN_ERR_ARGUMENT);
    free_pair(pair);
}

/// Many turns, and lanes of one vector on both sides of where the reduction of angles changes.
static void a_lander_that_has_turned_far_keeps_its_bits(void **state) {
    (void)state;
    FOR_EACH_LEVEL(level) {
        Pair *pair = make_pair(21, SDQN_AUTORESET_DISABLED, level, 60);
        reset_both(pair);
        for (int i = 0; i < 21; i += 2) {
            SdqnLander *lander = &pair->alone[i];
            float turn = 110.0f + (float)i; // limits and shapes of the joints see only differences of angles
            for (int b = 0; b < SDQN_NUM_BODIES; b++) {
                SdqnBody *body = &lander->world.bodies[b];
                body->sweep.angle += turn;
                body->sweep.angle0 = body->sweep.angle;
                sdqn_body_synchronize_transform(body);
            }
            SdqnError error = {{0}};
            assert_int_equal(sdqn_lander_batch_set_lane(pair->batch, i, lander, &error), SDQN_OK);
        }
        for (int k = 0; k < 60; k++) step_both(pair, SDQN_AUTORESET_DISABLED, k);
        free_pair(pair);
    }
}

static void wrong_definitions_and_steps_are_refused_and_change_nothing(void **state) {
    (void)state;
    SdqnTask tasks[2] = {*sdqn_task_builtin(0), *sdqn_task_builtin(1)};
    SdqnRng rngs[2];
    for (int i = 0; i < 2; i++) sdqn_rng_seed(&rngs[i], (uint64_t)i);
    const SdqnLanderBatchDef good = {.lanes = 2, .tasks = tasks, .rngs = rngs, .level = SDQN_CPU_SCALAR};
    SdqnLanderBatch *batch = NULL;
    SdqnError error = {{0}};
    SdqnLanderBatchDef def = good;
    def.lanes = 0;
    assert_int_equal(sdqn_lander_batch_create(&def, &batch, &error), SDQN_ERR_ARGUMENT);
    def.lanes = SDQN_LANDER_BATCH_MAX_LANES + 1;
    assert_int_equal(sdqn_lander_batch_create(&def, &batch, &error), SDQN_ERR_ARGUMENT);
    def = good;
    def.autoreset = (SdqnAutoreset)3;
    assert_int_equal(sdqn_lander_batch_create(&def, &batch, &error), SDQN_ERR_ARGUMENT);
    def = good;
    def.level = SDQN_NUM_CPU_LEVELS;
    assert_int_equal(sdqn_lander_batch_create(&def, &batch, &error), SDQN_ERR_ARGUMENT);
    tasks[1].gravity = 3.0;
    assert_int_equal(sdqn_lander_batch_create(&good, &batch, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "gravity"));
    assert_null(batch);
    tasks[1].gravity = -3.0;
    assert_int_equal(sdqn_lander_batch_create(&good, &batch, &error), SDQN_OK);
    assert_int_equal(sdqn_lander_batch_lanes(batch), 2);

    int32_t actions[2] = {0, 1};
    SdqnLanderBatchStep nothing_wanted = {0};
    uint8_t first_only[2] = {1, 0};
    sdqn_lander_batch_reset(batch, first_only, NULL, NULL);
    assert_int_equal(sdqn_lander_batch_step(batch, actions, &nothing_wanted, &error), SDQN_ERR_ARGUMENT); // lane 1 has no episode
    assert_non_null(strstr(error.message, "lane 1"));
    sdqn_lander_batch_reset(batch, NULL, NULL, NULL);
    SdqnLander before = *sdqn_lander_batch_lane(batch, 0);
    actions[1] = 4;
    assert_int_equal(sdqn_lander_batch_step(batch, actions, &nothing_wanted, &error), SDQN_ERR_ARGUMENT);
    assert_memory_equal(&before, sdqn_lander_batch_lane(batch, 0), sizeof before);
    static const double wrong[][4] = {{0, 0, 0, (double)NAN}, {0, 0, (double)INFINITY, 0}, {0, -(double)INFINITY, 0, 0}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sdqn_lander_batch_step_continuous(batch, wrong[i], &nothing_wanted, &error), SDQN_ERR_ARGUMENT);
        assert_non_null(strstr(error.message, i < 2 ? "lane 1" : "lane 0"));
    }
    assert_memory_equal(&before, sdqn_lander_batch_lane(batch, 0), sizeof before);
    actions[1] = 3;
    assert_int_equal(sdqn_lander_batch_step(batch, actions, &nothing_wanted, &error), SDQN_OK);
    sdqn_lander_batch_destroy(batch);
    sdqn_lander_batch_destroy(NULL);
}

static void sines_of_many_have_the_bits_of_one(void **state) {
    (void)state;
    enum { COUNT = 1003 };
    static double x[COUNT], sine[COUNT + 1], cosine[COUNT + 1];
    SdqnRng rng;
    sdqn_rng_seed(&rng, 70);
    for (int i = 0; i < COUNT; i++) x[i] = sdqn_rng_uniform(&rng, -1.0, 1.0) * ldexp(1.0, i % 40 - 30);
    static const double special[] = {0.0, -0.0, 0x1p-27, -0x1p-27, 0x1p-30, 1e4, -1e4, 10001.0, 1.5e6, 2e6, (double)INFINITY, (double)NAN};
    memcpy(x + 400, special, sizeof special);
    FOR_EACH_LEVEL(level) {
        SdqnSincos *sincos = sdqn_sincos(level);
        assert_non_null(sincos);
        sine[COUNT] = cosine[COUNT] = 5.0;
        sincos(x, COUNT, sine, cosine);
        for (int i = 0; i < COUNT; i++) {
            double s = sdqn_sin(x[i]), c = sdqn_cos(x[i]);
            if (memcmp(&s, &sine[i], sizeof s) != 0 || memcmp(&c, &cosine[i], sizeof c) != 0)
                fail_msg("%s: x = %a: %a, %a, expected %a, %a", sdqn_cpu_level_name(level), x[i], sine[i], cosine[i], s, c);
        }
        assert_true(sine[COUNT] == 5.0 && cosine[COUNT] == 5.0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lane_has_the_bytes_of_a_lander_alone),
        cmocka_unit_test(same_step_mode_resets_at_once_and_keeps_the_last_observation),
        cmocka_unit_test(disabled_mode_goes_on_after_the_end_as_gymnasium_does),
        cmocka_unit_test(continuous_actions_have_the_bytes_of_a_lander_alone),
        cmocka_unit_test(full_thrust_is_the_discrete_action),
        cmocka_unit_test(chosen_lanes_are_reset_with_their_seeds),
        cmocka_unit_test(a_lander_can_be_taken_out_and_put_into_another_lane),
        cmocka_unit_test(a_lander_that_has_turned_far_keeps_its_bits),
        cmocka_unit_test(wrong_definitions_and_steps_are_refused_and_change_nothing),
        cmocka_unit_test(sines_of_many_have_the_bits_of_one),
    };
    return cmocka_run_group_tests_name("lander_batch", tests, NULL, NULL);
}
