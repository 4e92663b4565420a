// test_reward_scale.c: the largest returns of the tasks and the factors that follow from them.
#include "dqn/reward_scale.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/// Episodes of two tasks in two environments at the same time, the returns summed up beside it.
static void factors_follow_the_largest_return_of_each_task(void **state) {
    (void)state;
    SdqnRewardScale scale = {0};
    const double gamma = 0.9, rewards[2][4] = {{1.0, -3.0, 2.0, 0.5}, {-7.0, 0.25, 1.0, -1.0}};
    double returns[2] = {0.0, 0.0};
    for (int t = 0; t < 2; t++) {
        assert_true(sdqn_reward_scale_factor(&scale, t, 10.0) == 1.0);
        for (int i = 3; i >= 0; i--) returns[t] = rewards[t][i] + gamma * returns[t];
    }
    for (int i = 0; i < 4; i++) {
        for (int t = 0; t < 2; t++) sdqn_reward_scale_take(&scale, gamma, t, t, rewards[t][i], i == 3);
    }
    for (int t = 0; t < 2; t++) assert_true(fabs(sdqn_reward_scale_factor(&scale, t, 10.0) - 10.0 / fabs(returns[t])) < 1e-12);
    // A smaller return changes nothing, a larger one does.
    sdqn_reward_scale_take(&scale, gamma, 5, 0, 0.01, true);
    assert_true(fabs(sdqn_reward_scale_factor(&scale, 0, 10.0) - 10.0 / fabs(returns[0])) < 1e-12);
    sdqn_reward_scale_take(&scale, gamma, 5, 0, -200.0, true);
    assert_true(sdqn_reward_scale_factor(&scale, 0, 10.0) == 0.05);
}

static void endless_and_rewardless_episodes_do_no_harm(void **state) {
    (void)state;
    SdqnRewardScale scale = {0};
    for (int i = 0; i < 100000; i++) sdqn_reward_scale_take(&scale, 0.5, 0, 0, i == 0 ? 4.0 : 1.0, i == 99999);
    assert_true(fabs(scale.largest[0] - 5.0) < 1e-12); // 4 + 0.5 + 0.25 + ...
    sdqn_reward_scale_take(&scale, 0.5, 1, 1, 0.0, true);
    assert_true(sdqn_reward_scale_factor(&scale, 1, 10.0) == 10.0 / 1e-3);
}

static void damaged_states_are_refused(void **state) {
    (void)state;
    SdqnRewardScale scale = {0};
    uint8_t bytes[sizeof scale];
    memcpy(bytes, &scale, sizeof scale);
    assert_int_equal(sdqn_reward_scale_check(bytes, sizeof bytes, NULL), SDQN_OK);
    assert_int_equal(sdqn_reward_scale_check(bytes, sizeof bytes - 1, NULL), SDQN_ERR_FORMAT);
    const double wrong[3] = {(double)NAN, 1.5, -1.0};
    const size_t offsets[3] = {offsetof(SdqnRewardScale, sum), offsetof(SdqnRewardScale, power), offsetof(SdqnRewardScale, largest)};
    for (int i = 0; i < 3; i++) {
        memcpy(bytes, &scale, sizeof scale);
        memcpy(bytes + offsets[i] + sizeof(double), &wrong[i], sizeof(double));
        assert_int_equal(sdqn_reward_scale_check(bytes, sizeof bytes, NULL), SDQN_ERR_FORMAT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_follow_the_largest_return_of_each_task),
        cmocka_unit_test(endless_and_rewardless_episodes_do_no_harm),
        cmocka_unit_test(damaged_states_are_refused),
    };
    return cmocka_run_group_tests_name("reward_scale", tests, NULL, NULL);
}
