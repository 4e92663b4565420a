// test_loss.c: the mean squared TD error by hand.
#include "nn/loss.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void loss_and_derivative_of_two_rows(void **state) {
    (void)state;
    static const float q[] = {1, 2, 3, 4, 5, 6}, y[] = {0.5f, 8.0f};
    static const uint8_t action[] = {1, 2};
    float dq[6] = {9, 9, 9, 9, 9, 9};
    // (2 - 0.5)^2 = 2.25 and (6 - 8)^2 = 4, mean 3.125; derivatives 2 * 1.5 / 2 and 2 * -2 / 2.
    assert_true(sdqn_mse_loss(q, action, y, 2, 3, dq) == 3.125f);
    static const float expected[] = {0, 1.5f, 0, 0, 0, -2};
    for (int i = 0; i < 6; i++) assert_true(dq[i] == expected[i]);
}

static void partial_sums_join_in_a_fixed_tree(void **state) {
    (void)state;
    // 17 rows: rows 0 and 16 share a partial sum. 2^24 + 1 + 1 is 2^24 if the ones are added one by one, not if they meet first.
    float q[17] = {0}, y[17] = {0}, dq[17];
    const uint8_t action[17] = {0};
    q[0] = 4096.0f; // squared 2^24
    q[16] = 1.0f;   // lost in row 0's sum
    q[1] = q[9] = 1.0f;
    assert_true(sdqn_mse_loss(q, action, y, 17, 1, dq) == (0x1p24f + 2.0f) / 17.0f);
}

static void nan_reaches_the_loss(void **state) {
    (void)state;
    const float q[] = {NAN, 1.0f}, y[] = {0.0f, INFINITY};
    const uint8_t action[] = {0, 0};
    float dq[2];
    assert_true(isnan(sdqn_mse_loss(q, action, y, 1, 1, dq)));
    assert_true(isinf(sdqn_mse_loss(q + 1, action, y + 1, 1, 1, dq)));
}

static void hubers_loss_is_a_square_then_a_line(void **state) {
    (void)state;
    // TD errors 0.5, -1, 3 and -2 with delta 1: 0.125 + 0.5 + 2.5 + 1.5, over 4. torch.nn.functional.huber_loss gives 1.15625.
    const float q[] = {0.5f, 9, 9, 1, 9, 4, -2, 9}, y[] = {0, 2, 1, 0};
    const uint8_t action[] = {0, 1, 1, 0};
    float dq[8];
    assert_true(sdqn_huber_loss(q, action, y, 1.0f, 4, 2, dq) == 1.15625f);
    const float expected[] = {0.125f, 0, 0, -0.25f, 0, 0.25f, -0.25f, 0};
    for (int i = 0; i < 8; i++) assert_true(dq[i] == expected[i]);
    // With delta 2 the line begins later: 0.125 + 0.5 + 2 (3 - 1) + 2.
    assert_true(sdqn_huber_loss(q, action, y, 2.0f, 4, 2, dq) == 6.625f / 4);
    assert_true(dq[5] == 0.5f && dq[6] == -0.5f);
    const float nan = NAN;
    assert_true(isnan(sdqn_huber_loss(&nan, action, y, 1.0f, 1, 1, dq)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_and_derivative_of_two_rows),
        cmocka_unit_test(partial_sums_join_in_a_fixed_tree),
        cmocka_unit_test(nan_reaches_the_loss),
        cmocka_unit_test(hubers_loss_is_a_square_then_a_line),
    };
    return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
