// test_td_target.c: TD targets by hand.
#include "dqn/td_target.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void target_bootstraps_from_the_largest_value(void **state) {
    (void)state;
    static const float q[] = {1, 4, 2, -8, -6, -7}, reward[] = {0.5f, -1.0f};
    static const uint8_t terminated[] = {0, 0};
    float y[2];
    sdqn_td_target(q, reward, terminated, (const float[]){0.5f, 0.5f}, 2, 3, y);
    assert_true(y[0] == 2.5f && y[1] == -4.0f);
}

static void terminal_states_have_no_future(void **state) {
    (void)state;
    static const float q[] = {100, 200}, reward[] = {-100.0f};
    static const uint8_t terminated[] = {1};
    float y;
    sdqn_td_target(q, reward, terminated, (const float[]){0.99f}, 1, 2, &y);
    assert_true(y == -100.0f);
}

static void each_row_has_its_own_discount(void **state) {
    (void)state;
    static const float q[] = {1, 4, 2, 8}, reward[] = {1, 1}, discount[] = {0.5f, 0.25f};
    static const uint8_t terminated[] = {0, 0};
    float y[2];
    sdqn_td_target(q, reward, terminated, discount, 2, 2, y);
    assert_true(y[0] == 3 && y[1] == 3);
    sdqn_td_target_double((const float[]){1, 0, 1, 0}, q, reward, terminated, discount, 2, 2, y);
    assert_true(y[0] == 1.5f && y[1] == 1.5f);
}

static void each_operation_is_rounded_to_float(void **state) {
    (void)state;
    static const float q[] = {0x1.000002p0f}, reward[] = {-1.0f};
    static const uint8_t terminated[] = {0};
    const float gamma = 0x1.fffffep-1f;
    float y;
    sdqn_td_target(q, reward, terminated, &gamma, 1, 1, &y);
    const volatile float discounted = gamma * q[0]; // 1 + 2^-24 - 2^-47, rounded to 1: a fused operation would keep 2^-24
    assert_true(discounted == 1.0f);
    assert_true(y == 0.0f);
}

static void nan_is_not_hidden_by_the_maximum(void **state) {
    (void)state;
    static const float reward[] = {0};
    static const uint8_t terminated[] = {0};
    float y;
    sdqn_td_target((const float[]){NAN, 1, 2}, reward, terminated, (const float[]){0.9f}, 1, 3, &y);
    assert_true(isnan(y));
    sdqn_td_target((const float[]){1, NAN, 2}, reward, terminated, (const float[]){0.9f}, 1, 3, &y);
    assert_true(isnan(y));
}

static void double_targets_take_the_action_of_the_q_network(void **state) {
    (void)state;
    // The Q-network prefers action 2, then ties at 0 and 1, then nothing matters.
    static const float q_next[] = {1, 2, 3, 5, 5, 4, 7, 8, 9}, q_target_next[] = {10, 20, -4, 6, 7, 8, 1, 1, 1};
    static const float reward[] = {1, 2, -100};
    static const uint8_t terminated[] = {0, 0, 1};
    float y[3];
    sdqn_td_target_double(q_next, q_target_next, reward, terminated, (const float[]){0.5f, 0.5f, 0.5f}, 3, 3, y);
    assert_true(y[0] == 1 - 2 && y[1] == 2 + 3 && y[2] == -100);
    sdqn_td_target_double((const float[]){1, NAN, 2}, (const float[]){1, 1, 1}, reward, terminated, (const float[]){0.5f}, 1, 3, y);
    assert_true(isnan(y[0]));
    sdqn_td_target_double((const float[]){1, 3, 2}, (const float[]){1, NAN, 1}, reward, terminated, (const float[]){0.5f}, 1, 3, y);
    assert_true(isnan(y[0]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(target_bootstraps_from_the_largest_value),
        cmocka_unit_test(terminal_states_have_no_future),
        cmocka_unit_test(each_row_has_its_own_discount),
        cmocka_unit_test(each_operation_is_rounded_to_float),
        cmocka_unit_test(nan_is_not_hidden_by_the_maximum),
        cmocka_unit_test(double_targets_take_the_action_of_the_q_network),
    };
    return cmocka_run_group_tests_name("td_target", tests, NULL, NULL);
}
