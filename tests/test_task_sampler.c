// test_task_sampler.c: which tasks come, by each kind of sampling.
#include "run/task_sampler.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static SdqnTaskSampler begin(void) {
    SdqnRng rng;
    SdqnTaskSampler sampler;
    sdqn_rng_seed(&rng, 11);
    sdqn_task_sampler_begin(&sampler, &rng);
    return sampler;
}

static void in_turn_nothing_is_drawn(void **state) {
    (void)state;
    SdqnTaskSampler sampler = begin();
    const SdqnRng before = sampler.rng;
    for (int i = 0; i < 20; i++) assert_int_equal(sdqn_task_sampler_next(&sampler, SDQN_TASK_SAMPLING_ROUND_ROBIN, 3), i % 3);
    assert_memory_equal(&before, &sampler.rng, sizeof before);
}

/// Draw often and compare the shares with what the sampler says its probabilities are.
static void check_shares(SdqnTaskSampler sampler, SdqnTaskSampling kind, int tasks, const double *expected) {
    enum { DRAWS = 100000 };
    double probabilities[SDQN_TASK_SET_MAX];
    int counts[SDQN_TASK_SET_MAX] = {0};
    sdqn_task_sampler_probabilities(&sampler, kind, tasks, probabilities);
    for (int i = 0; i < DRAWS; i++) counts[sdqn_task_sampler_next(&sampler, kind, tasks)]++;
    for (int t = 0; t < tasks; t++) {
        assert_true(fabs(probabilities[t] - expected[t]) < 1e-12);
        const double share = (double)counts[t] / DRAWS, deviation = sqrt(expected[t] * (1.0 - expected[t]) / DRAWS);
        if (fabs(share - expected[t]) > 4.0 * deviation) fail_msg("task %d: share %g, expected %g", t, share, expected[t]);
    }
}

static void uniform_draws_are_uniform(void **state) {
    (void)state;
    const double thirds[] = {1.0 / 3, 1.0 / 3, 1.0 / 3};
    check_shares(begin(), SDQN_TASK_SAMPLING_UNIFORM, 3, thirds);
}

static void draws_by_loss_follow_the_running_means(void **state) {
    (void)state;
    SdqnTaskSampler sampler = begin();
    for (int i = 0; i < 6; i++) { // in turn until all have had an update
        assert_int_equal(sdqn_task_sampler_next(&sampler, SDQN_TASK_SAMPLING_LOSS, 3), i % 3);
        sdqn_task_sampler_take_error(&sampler, SDQN_TASK_SAMPLING_LOSS, 0, 2.0);
        sdqn_task_sampler_take_error(&sampler, SDQN_TASK_SAMPLING_LOSS, 1, 1.0);
        sdqn_task_sampler_take_error(&sampler, SDQN_TASK_SAMPLING_LOSS, 2, (double)NAN);
    }
    sdqn_task_sampler_take_error(&sampler, SDQN_TASK_SAMPLING_LOSS, 2, 5.0);
    sdqn_task_sampler_take_error(&sampler, SDQN_TASK_SAMPLING_LOSS, 2, 1005.0); // one in 1000: the mean is 6
    const double expected[] = {0.1 / 3 + 0.9 * 2 / 9, 0.1 / 3 + 0.9 * 1 / 9, 0.1 / 3 + 0.9 * 6 / 9};
    check_shares(sampler, SDQN_TASK_SAMPLING_LOSS, 3, expected);
    sdqn_task_sampler_take_error(&sampler, SDQN_TASK_SAMPLING_LOSS, 2, (double)INFINITY);
    assert_int_equal(sdqn_task_sampler_check(&sampler, NULL), SDQN_OK);
}

static void draws_by_success_favour_the_task_that_fails(void **state) {
    (void)state;
    SdqnTaskSampler sampler = begin();
    const double halves[] = {0.5, 0.5}, expected[] = {0.05 + 0.9 * 0.95 / 1.95, 0.05 + 0.9 * 1 / 1.95};
    check_shares(sampler, SDQN_TASK_SAMPLING_SUCCESS, 2, halves);
    sdqn_task_sampler_take_episode(&sampler, SDQN_TASK_SAMPLING_SUCCESS, 0, true);
    sdqn_task_sampler_take_episode(&sampler, SDQN_TASK_SAMPLING_SUCCESS, 1, false);
    check_shares(sampler, SDQN_TASK_SAMPLING_SUCCESS, 2, expected);
    for (int i = 0; i < 5000; i++) {
        for (int t = 0; t < 2; t++) sdqn_task_sampler_take_episode(&sampler, SDQN_TASK_SAMPLING_SUCCESS, t, true);
    }
    double probabilities[2];
    sdqn_task_sampler_probabilities(&sampler, SDQN_TASK_SAMPLING_SUCCESS, 2, probabilities);
    assert_true(fabs(probabilities[0] + probabilities[1] - 1.0) < 1e-12 && probabilities[0] > 0.05);
}

static void damaged_states_are_refused(void **state) {
    (void)state;
    SdqnTaskSampler good = begin(), bad = good;
    assert_int_equal(sdqn_task_sampler_check(&good, NULL), SDQN_OK);
    bad.score[1] = (double)NAN;
    assert_int_equal(sdqn_task_sampler_check(&bad, NULL), SDQN_ERR_FORMAT);
    bad = good;
    bad.seen[2] = 0.5;
    assert_int_equal(sdqn_task_sampler_check(&bad, NULL), SDQN_ERR_FORMAT);
    bad = good;
    bad.rng.increment_low = 2;
    assert_int_equal(sdqn_task_sampler_check(&bad, NULL), SDQN_ERR_FORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_turn_nothing_is_drawn),
        cmocka_unit_test(uniform_draws_are_uniform),
        cmocka_unit_test(draws_by_loss_follow_the_running_means),
        cmocka_unit_test(draws_by_success_favour_the_task_that_fails),
        cmocka_unit_test(damaged_states_are_refused),
    };
    return cmocka_run_group_tests_name("task_sampler", tests, NULL, NULL);
}
