// test_sample_efficiency.c: rolling means and what it took to reach a threshold, on cases worked by hand.
#include "run/sample_efficiency.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/// Two tasks in turn; windows of two episodes.
static const int TASKS[] = {0, 1, 0, 1, 0, 1, 0, 1}, STEPS[] = {10, 20, 30, 40, 50, 60, 70, 80};
static const int64_t UPDATES[] = {0, 0, 5, 9, 14, 20, 27, 35};
static const double RETURNS[] = {300, -100, 0, 50, 100, 150, 100, 150};
static const SdqnTrainingEpisodes EPISODES = {8, 2, TASKS, STEPS, UPDATES, RETURNS};

static void rolling_means_are_of_one_task(void **state) {
    (void)state;
    static const double of_first[] = {300, 300, 150, 150, 50, 50, 100, 100}, of_all[] = {0, 100, 25, 62.5, 12.5, 75, 100, 125};
    static const bool whole_first[] = {false, false, true, true, true, true, true, true};
    double means[8];
    bool whole[8];
    assert_int_equal(sdqn_rolling_mean(&EPISODES, 0, 2, means, whole, NULL), SDQN_OK);
    assert_memory_equal(means, of_first, sizeof means);
    assert_memory_equal(whole, whole_first, sizeof whole);
    assert_int_equal(sdqn_rolling_mean(&EPISODES, 1, 2, means, NULL, NULL), SDQN_OK);
    assert_true(isnan(means[0]) && means[1] == -100.0 && means[3] == -25.0 && means[7] == 150.0);
    assert_int_equal(sdqn_rolling_mean(&EPISODES, SDQN_ALL_TASKS, 2, means, whole, NULL), SDQN_OK);
    assert_true(isnan(means[0])); // one task has none yet
    for (int e = 1; e < 8; e++) assert_true(means[e] == of_all[e]);
    assert_true(!whole[2] && whole[3]);
}

static void costs_are_those_of_the_first_whole_window(void **state) {
    (void)state;
    static const double thresholds[] = {50, 100, 150, 200};
    SdqnSampleCost costs[4];
    assert_int_equal(sdqn_sample_costs(&EPISODES, 0, 2, thresholds, 4, costs, NULL), SDQN_OK);
    // Of the first episode alone the mean is 300, but its window is not full.
    for (int k = 0; k < 3; k++) {
        assert_true(costs[k].reached && costs[k].episodes == 3 && costs[k].steps == 60 && costs[k].updates == 5);
        assert_int_equal(costs[k].task_episodes, 2);
    }
    assert_true(!costs[3].reached && costs[3].episodes == 0 && costs[3].steps == 0 && costs[3].updates == 0);
    assert_int_equal(sdqn_sample_costs(&EPISODES, 1, 2, thresholds, 4, costs, NULL), SDQN_OK);
    assert_true(costs[0].reached && costs[0].episodes == 6 && costs[0].task_episodes == 3 && costs[0].steps == 210);
    assert_true(costs[2].reached && costs[2].episodes == 8 && costs[2].updates == 35);
    assert_int_equal(sdqn_sample_costs(&EPISODES, SDQN_ALL_TASKS, 2, thresholds, 4, costs, NULL), SDQN_OK);
    assert_true(costs[0].reached && costs[0].episodes == 4 && costs[0].task_episodes == 4); // 62.5: windows 150 and -25
    assert_true(costs[1].reached && costs[1].episodes == 7);
    assert_false(costs[2].reached);
}

static void windows_that_never_fill_reach_nothing(void **state) {
    (void)state;
    static const double threshold = -1000.0;
    const SdqnTrainingEpisodes none = {.num_tasks = 2};
    SdqnSampleCost cost;
    assert_int_equal(sdqn_sample_costs(&EPISODES, 0, 5, &threshold, 1, &cost, NULL), SDQN_OK);
    assert_false(cost.reached);
    assert_int_equal(sdqn_sample_costs(&none, SDQN_ALL_TASKS, 1, &threshold, 1, &cost, NULL), SDQN_OK);
    assert_false(cost.reached);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rolling_means_are_of_one_task),
        cmocka_unit_test(costs_are_those_of_the_first_whole_window),
        cmocka_unit_test(windows_that_never_fill_reach_nothing),
    };
    return cmocka_run_group_tests_name("sample_efficiency", tests, NULL, NULL);
}
