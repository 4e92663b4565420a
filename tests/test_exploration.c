// test_exploration.c: the epsilon schedule, exploring draws, greedy actions.
#include "dqn/exploration.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void epsilon_is_a_running_product_with_a_floor(void **state) {
    (void)state;
    SdqnExploration exploration;
    sdqn_exploration_init(&exploration, 1.0, 0.995, 0.01);
    double power = 1.0;
    for (int episode = 0; episode < 1500; episode++) {
        assert_true(sdqn_exploration_epsilon(&exploration) == (power > 0.01 ? power : 0.01));
        sdqn_exploration_next_episode(&exploration);
        power *= 0.995;
    }
    assert_true(sdqn_exploration_epsilon(&exploration) == 0.01);
}

static void draws_explore_as_often_as_epsilon_says(void **state) {
    (void)state;
    SdqnExploration exploration = {.decay = 1.0, .floor = 0.0, .power = 0.3};
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1);
    int counts[5] = {0};
    for (int i = 0; i < 100000; i++) counts[1 + sdqn_exploration_draw(&exploration, &rng, 4)]++;
    assert_true(abs(counts[0] - 70000) < 750); // five standard deviations
    for (int a = 1; a < 5; a++) assert_true(abs(counts[a] - 7500) < 450);
}

static void one_always_explores_and_zero_never(void **state) {
    (void)state;
    SdqnExploration always = {.decay = 1.0, .floor = 0.0, .power = 1.0}, never = {.decay = 1.0, .floor = 0.0, .power = 0.0};
    SdqnRng rng;
    sdqn_rng_seed(&rng, 2);
    for (int i = 0; i < 10000; i++) {
        assert_true(sdqn_exploration_draw(&always, &rng, 4) >= 0);
        assert_int_equal(sdqn_exploration_draw(&never, &rng, 4), -1);
    }
}

static void greedy_ties_take_the_lowest_action(void **state) {
    (void)state;
    assert_int_equal(sdqn_greedy_action((const float[]){1, 3, 3, 2}, 4), 1);
    assert_int_equal(sdqn_greedy_action((const float[]){-0.0f, 0.0f}, 2), 0);
    assert_int_equal(sdqn_greedy_action((const float[]){-5, -4, -3}, 3), 2);
    assert_int_equal(sdqn_greedy_action((const float[]){7}, 1), 0);
}

static void the_first_epsilon_can_be_any(void **state) {
    (void)state;
    SdqnExploration exploration;
    sdqn_exploration_init(&exploration, 0.25, 0.5, 0.1);
    const double expected[] = {0.25, 0.125, 0.1, 0.1};
    for (int e = 0; e < 4; e++, sdqn_exploration_next_episode(&exploration)) {
        assert_true(sdqn_exploration_epsilon(&exploration) == expected[e]);
    }
    sdqn_exploration_init(&exploration, 0.0, 0.5, 0.0);
    assert_true(sdqn_exploration_epsilon(&exploration) == 0.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_epsilon_can_be_any),           cmocka_unit_test(epsilon_is_a_running_product_with_a_floor),
        cmocka_unit_test(draws_explore_as_often_as_epsilon_says), cmocka_unit_test(one_always_explores_and_zero_never),
        cmocka_unit_test(greedy_ties_take_the_lowest_action),
    };
    return cmocka_run_group_tests_name("exploration", tests, NULL, NULL);
}
