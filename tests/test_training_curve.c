// test_training_curve.c: curves over the seeds of an arm, on runs worked by hand.
#include "study/training_curve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/// Two tasks in turn, two runs; the second is shorter. Windows of one episode: the curve is the last return.
static int tasks[] = {0, 1, 0, 1, 0, 1}, steps_a[] = {10, 10, 10, 10, 10, 10}, steps_b[] = {20, 20, 20, 20};
static double returns_a[] = {0, 100, 10, 110, 20, 120}, returns_b[] = {2, 200, 30, 230};
static int evaluations_a[] = {2, 4, 6}, evaluations_b[] = {2, 6};
static int64_t steps_at[] = {20, 40, 60}, updates_at[] = {0, 10, 30};
static double means_a[] = {1, 2, 3, 4, 5, 6}, means_b[] = {11, 12, 15, 16};
static const SdqnStudyResult a = {
    .num_tasks = 2,
    .num_episodes = 6,
    .environment_steps = 60,
    .updates = 30,
    .episode_tasks = tasks,
    .episode_steps = steps_a,
    .episode_returns = returns_a,
    .curve = {.count = 3, .episodes = evaluations_a, .steps = steps_at, .updates = updates_at, .means = means_a}};
static const SdqnStudyResult b = {.num_tasks = 2,
                                  .num_episodes = 4,
                                  .environment_steps = 80,
                                  .updates = 40,
                                  .episode_tasks = tasks,
                                  .episode_steps = steps_b,
                                  .episode_returns = returns_b,
                                  .curve = {.count = 2, .episodes = evaluations_b, .means = means_b}};
static const SdqnStudyResult *const runs[] = {&a, &b};
static const SdqnBootstrap bootstrap = {.repeats = 500};

static void check_point(const SdqnCurve *curve, int point, double x, double value) {
    if (fabs(curve->x[point] - x) > 1e-12 || fabs(curve->y[point].value - value) > 1e-12)
        fail_msg("point %d: %g at %g, expected %g at %g", point, curve->y[point].value, curve->x[point], value, x);
    assert_true(curve->y[point].low <= value && value <= curve->y[point].high);
}

static void curves_end_with_the_shortest_run(void **state) {
    (void)state;
    SdqnCurve curve;
    assert_int_equal(sdqn_training_curve(&bootstrap, runs, 2, 0, SDQN_CURVE_EPISODES, 1, (double)INFINITY, 4, &curve, NULL), SDQN_OK);
    assert_int_equal(curve.num_points, 4);
    check_point(&curve, 0, 1, 1);  // 0 and 2
    check_point(&curve, 1, 2, 1);  // an episode of the other task
    check_point(&curve, 2, 3, 20); // 10 and 30
    check_point(&curve, 3, 4, 20);
    assert_true(curve.y[2].low == 10.0 && curve.y[2].high == 30.0); // with two seeds the interval is all there is
    sdqn_curve_clear(&curve);
    // In steps the first begins at 10, the second at 20; the shorter has 60 of them.
    assert_int_equal(sdqn_training_curve(&bootstrap, runs, 2, 1, SDQN_CURVE_STEPS, 1, (double)INFINITY, 3, &curve, NULL), SDQN_OK);
    check_point(&curve, 0, 40, 0.5 * (110 + 200));
    check_point(&curve, 1, 50, 0.5 * (110 + 200));
    check_point(&curve, 2, 60, 0.5 * (120 + 200));
    sdqn_curve_clear(&curve);
    assert_int_equal(sdqn_training_curve(&bootstrap, runs, 2, SDQN_ALL_TASKS, SDQN_CURVE_STEPS, 1, 45.0, 2, &curve, NULL), SDQN_OK);
    check_point(&curve, 0, 40, 0.5 * (0.5 * (10 + 110) + 0.5 * (2 + 200)));
    check_point(&curve, 1, 45, 0.5 * (0.5 * (10 + 110) + 0.5 * (2 + 200)));
    sdqn_curve_clear(&curve);
}

static void what_no_run_has_makes_no_points(void **state) {
    (void)state;
    const SdqnStudyResult empty = {.num_tasks = 2};
    const SdqnStudyResult *const with_empty[] = {&a, &empty};
    SdqnCurve curve;
    assert_int_equal(sdqn_training_curve(&bootstrap, with_empty, 2, 0, SDQN_CURVE_STEPS, 1, (double)INFINITY, 5, &curve, NULL), SDQN_OK);
    assert_int_equal(curve.num_points, 0);
    sdqn_curve_clear(&curve);
    assert_int_equal(sdqn_training_curve(&bootstrap, runs, 2, 1, SDQN_CURVE_STEPS, 1, 39.0, 5, &curve, NULL), SDQN_OK);
    assert_int_equal(curve.num_points, 0);
    sdqn_curve_clear(&curve);
    assert_int_equal(sdqn_evaluation_curve(&bootstrap, with_empty, 2, 0, &curve, NULL), SDQN_OK);
    assert_int_equal(curve.num_points, 0);
    sdqn_curve_clear(&curve);
}

static void evaluations_are_those_of_all_runs(void **state) {
    (void)state;
    SdqnCurve curve;
    assert_int_equal(sdqn_evaluation_curve(&bootstrap, runs, 2, 1, &curve, NULL), SDQN_OK);
    assert_int_equal(curve.num_points, 2);
    check_point(&curve, 0, 2, 7);
    check_point(&curve, 1, 6, 11);
    sdqn_curve_clear(&curve);
    assert_int_equal(sdqn_evaluation_curve(&bootstrap, runs, 1, SDQN_ALL_TASKS, &curve, NULL), SDQN_OK);
    assert_int_equal(curve.num_points, 3);
    check_point(&curve, 2, 6, 5.5);
    sdqn_curve_clear(&curve);
}

/// Known at 20 (0), 40 (10) and 60 steps (30); in between as the steps go.
static void updates_lie_between_those_of_the_evaluations(void **state) {
    (void)state;
    static const int64_t expected[] = {0, 0, 5, 10, 20, 30}, straight[] = {10, 20, 30, 40};
    SdqnTrainingEpisodes episodes;
    int64_t *updates;
    assert_int_equal(sdqn_study_result_training(&a, &episodes, &updates, NULL), SDQN_OK);
    assert_memory_equal(updates, expected, sizeof expected);
    assert_ptr_equal(episodes.updates, updates);
    free(updates);
    SdqnStudyResult never_evaluated = b;
    never_evaluated.curve = (SdqnStudyCurve){0};
    assert_int_equal(sdqn_study_result_training(&never_evaluated, &episodes, &updates, NULL), SDQN_OK);
    assert_memory_equal(updates, straight, sizeof straight);
    free(updates);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_end_with_the_shortest_run),
        cmocka_unit_test(what_no_run_has_makes_no_points),
        cmocka_unit_test(evaluations_are_those_of_all_runs),
        cmocka_unit_test(updates_lie_between_those_of_the_evaluations),
    };
    return cmocka_run_group_tests_name("training_curve", tests, NULL, NULL);
}
