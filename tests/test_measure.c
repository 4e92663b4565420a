// test_measure.c: one number a run, over arms and between two of them, and thresholds reached; worked by hand.
#include "study/compare_page.h"
#include "study/measure.h"
#include "study/reach.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_RUNS = 16 };
static const SdqnBootstrap bootstrap = {.repeats = 2000, .resampling = SDQN_RESAMPLE_SEED};

/// An arm in memory: two tasks, the second with a return higher by 100.
typedef struct Arm {
    SdqnStudyResult results[MAX_RUNS];
    const SdqnStudyResult *list[MAX_RUNS];
    SdqnArmRuns runs;
} Arm;

static void make_arm(Arm *arm, const uint64_t *seeds, const double *returns, int count) {
    memset(arm, 0, sizeof *arm);
    for (int i = 0; i < count; i++) {
        SdqnStudyResult *result = &arm->results[i];
        *result = (SdqnStudyResult){.seed = seeds[i], .num_tasks = 2, .parameters = 2000, .environment_steps = 500, .num_episodes = 30};
        result->final[0] = (SdqnTaskResult){.mean = returns[i], .success = 0.25, .at_rest = 0.5, .timeout = 0.125};
        result->final[1] = (SdqnTaskResult){.mean = returns[i] + 100, .success = 0.75, .at_rest = 0.25, .timeout = 0.5};
        arm->list[i] = result;
    }
    arm->runs = (SdqnArmRuns){.name = "arm", .num_runs = count, .runs = arm->list};
}

static const uint64_t seeds[] = {1, 2, 3, 4, 5, 6, 7, 8};

static void measures_are_those_of_a_run(void **state) {
    (void)state;
    Arm arm;
    make_arm(&arm, seeds, (const double[]){10}, 1);
    static const struct {
        SdqnMeasure measure;
        double value;
    } cases[] = {{{SDQN_MEASURE_RETURN, 1}, 110},
                 {{SDQN_MEASURE_RETURN, SDQN_ALL_TASKS}, 60},
                 {{SDQN_MEASURE_EFFICIENCY, 0}, 5},
                 {{SDQN_MEASURE_EFFICIENCY, SDQN_ALL_TASKS}, 30},
                 {{SDQN_MEASURE_SUCCESS, 0}, 0.25},
                 {{SDQN_MEASURE_SUCCESS, SDQN_ALL_TASKS}, 0.5},
                 {{SDQN_MEASURE_AT_REST, 1}, 0.25},
                 {{SDQN_MEASURE_TIMEOUT, 0}, 0.125},
                 {{SDQN_MEASURE_PARAMETERS, 0}, 2000},
                 {{SDQN_MEASURE_EPISODES, SDQN_ALL_TASKS}, 30},
                 {{SDQN_MEASURE_STEPS, SDQN_ALL_TASKS}, 500}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(sdqn_measure_run(&arm.runs, 0, cases[i].measure) == cases[i].value);
    assert_true(isnan(sdqn_measure_run(&arm.runs, 0, (SdqnMeasure){SDQN_MEASURE_SECONDS, 0})));
    assert_true(isnan(sdqn_measure_run(&arm.runs, 0, (SdqnMeasure){SDQN_MEASURE_AREA, 0}))); // no evaluations
}

static void one_run_has_no_interval(void **state) {
    (void)state;
    static const SdqnMeasure mean = {SDQN_MEASURE_RETURN, SDQN_ALL_TASKS};
    Arm a, b;
    SdqnEstimate estimate;
    SdqnDifference difference;
    make_arm(&a, seeds, (const double[]){10}, 1);
    make_arm(&b, seeds, (const double[]){20, 30, 40}, 3);
    assert_int_equal(sdqn_measure_arm(&bootstrap, &a.runs, mean, &estimate, NULL), SDQN_OK);
    assert_true(estimate.value == 60.0 && isnan(estimate.low) && isnan(estimate.high));
    assert_int_equal(sdqn_measure_difference(&bootstrap, &a.runs, &b.runs, mean, &difference, NULL), SDQN_OK);
    assert_true(difference.estimate.value == -20.0 && isnan(difference.estimate.low) && isnan(difference.p));
    assert_true(difference.pairs == 0 && difference.verdict == 0);
    const SdqnArmRuns arms[] = {a.runs, b.runs};
    SdqnContrast contrast = {.a = 0, .b = 1};
    assert_int_equal(sdqn_contrast_list(&bootstrap, &(SdqnArmSet){2, arms}, SDQN_MEASURE_RETURN, &contrast, 1, 1, NULL), SDQN_OK);
    assert_true(contrast.improvement.value == 0.0 && isnan(contrast.improvement.low) && isnan(contrast.welch_p));
    assert_true(isnan(contrast.permutation_p) && isnan(contrast.holm_p));
}

static void common_seeds_are_compared_in_pairs(void **state) {
    (void)state;
    Arm a, b;
    SdqnDifference difference;
    int of_a[MAX_RUNS], of_b[MAX_RUNS];
    make_arm(&a, (const uint64_t[]){1, 3, 5, 7}, (const double[]){100, 200, 300, 1000}, 4);
    make_arm(&b, (const uint64_t[]){2, 3, 4, 5, 6}, (const double[]){-500, 190, 0, 280, 9}, 5);
    assert_int_equal(sdqn_common_seeds(&a.runs, &b.runs, of_a, of_b), 2);
    assert_true(of_a[0] == 1 && of_b[0] == 1 && of_a[1] == 2 && of_b[1] == 3);
    assert_int_equal(sdqn_measure_difference(&bootstrap, &a.runs, &b.runs, (SdqnMeasure){SDQN_MEASURE_RETURN, 0}, &difference, NULL),
                     SDQN_OK);
    assert_true(difference.pairs == 2 && difference.estimate.value == 15.0);
    assert_true(difference.estimate.low == 10.0 && difference.estimate.high == 20.0);
    assert_int_equal(difference.verdict, 0); // two seeds decide nothing, though the interval excludes 0
    make_arm(&b, (const uint64_t[]){2, 4, 6}, (const double[]){-100, 0, 100}, 3);
    assert_int_equal(sdqn_measure_difference(&bootstrap, &a.runs, &b.runs, (SdqnMeasure){SDQN_MEASURE_RETURN, 0}, &difference, NULL),
                     SDQN_OK);
    assert_true(difference.pairs == 0 && difference.estimate.value == 400.0 && difference.seeds_a == 4 && difference.seeds_b == 3);
}

static void six_pairs_can_decide_and_five_cannot(void **state) {
    (void)state;
    static const double low[] = {1, 2, 3, 4, 5, 6, 7, 8}, high[] = {11, 13, 12, 15, 14, 17, 16, 18}, mixed[] = {2, 1, 4, 3, 6, 5, 8, 7};
    static const SdqnMeasure measure = {SDQN_MEASURE_RETURN, 0};
    Arm a, b;
    SdqnDifference difference;
    for (int n = 5; n <= 8; n++) {
        make_arm(&a, seeds, low, n);
        make_arm(&b, seeds, high, n);
        assert_int_equal(sdqn_measure_difference(&bootstrap, &a.runs, &b.runs, measure, &difference, NULL), SDQN_OK);
        assert_true(difference.estimate.high < 0.0);
        assert_int_equal(difference.verdict, n < 6 ? 0 : -1);
        assert_true(fabs(difference.p - 2.0 / (1 << n)) < 1e-12); // all signs are the same
        assert_int_equal(sdqn_measure_difference(&bootstrap, &b.runs, &a.runs, measure, &difference, NULL), SDQN_OK);
        assert_int_equal(difference.verdict, n < 6 ? 0 : 1);
    }
    make_arm(&b, seeds, mixed, 8);
    assert_int_equal(sdqn_measure_difference(&bootstrap, &a.runs, &b.runs, measure, &difference, NULL), SDQN_OK);
    assert_int_equal(difference.verdict, 0);
}

static void contrasts_are_corrected_together(void **state) {
    (void)state;
    Arm a, b, c;
    make_arm(&a, seeds, (const double[]){1, 2, 3, 4}, 4);
    make_arm(&b, seeds, (const double[]){3, 4, 5, 9}, 4);
    make_arm(&c, seeds, (const double[]){2, 1, 4, 3}, 4);
    const SdqnArmRuns arms[] = {a.runs, b.runs, c.runs};
    SdqnContrast contrasts[] = {{.a = 0, .b = 1}, {.a = 0, .b = 2}};
    assert_int_equal(sdqn_contrast_list(&bootstrap, &(SdqnArmSet){3, arms}, SDQN_MEASURE_RETURN, contrasts, 2, 2, NULL), SDQN_OK);
    assert_true(contrasts[0].holm_p == 2.0 * contrasts[0].welch_p && contrasts[0].welch_p < contrasts[1].welch_p);
    assert_true(contrasts[1].holm_p == contrasts[1].welch_p && contrasts[1].welch_p == 1.0);
    // Of the 16 pairs of runs the first wins one (4 over 3) and ties two; the same on both tasks.
    assert_true(fabs(contrasts[0].improvement.value - 2.0 / 16.0) < 1e-12);
    assert_true(contrasts[1].improvement.value == 0.5);
    assert_true(contrasts[0].improvement.low >= 0.0 && contrasts[0].improvement.high <= 1.0);
}

/// Runs without periodic evaluations have no area: no number may stand there, least of all a small p-value.
static void contrasts_of_what_was_not_measured_are_nan(void **state) {
    (void)state;
    Arm a, b;
    make_arm(&a, seeds, (const double[]){1, 2, 3, 4}, 4);
    make_arm(&b, seeds, (const double[]){3, 4, 5, 9}, 4);
    const SdqnArmRuns arms[] = {a.runs, b.runs};
    SdqnContrast contrast = {.a = 0, .b = 1};
    assert_int_equal(sdqn_contrast_list(&bootstrap, &(SdqnArmSet){2, arms}, SDQN_MEASURE_AREA, &contrast, 1, 1, NULL), SDQN_OK);
    assert_true(isnan(contrast.difference.estimate.value) && isnan(contrast.difference.p) && contrast.difference.verdict == 0);
    assert_true(isnan(contrast.improvement.value) && isnan(contrast.improvement.low) && isnan(contrast.improvement.high));
    assert_true(isnan(contrast.welch_p) && isnan(contrast.holm_p) && isnan(contrast.permutation_p));
}

static void contrasts_that_cannot_be_made_yet_are_corrected_for_too(void **state) {
    (void)state;
    Arm a, b;
    make_arm(&a, seeds, (const double[]){1, 2, 3, 4}, 4);
    make_arm(&b, seeds, (const double[]){11, 12, 13, 17}, 4);
    const SdqnArmRuns arms[] = {a.runs, b.runs};
    SdqnContrast contrast = {.a = 0, .b = 1};
    assert_int_equal(sdqn_contrast_list(&bootstrap, &(SdqnArmSet){2, arms}, SDQN_MEASURE_RETURN, &contrast, 1, 3, NULL), SDQN_OK);
    assert_true(contrast.welch_p < 0.05);
    assert_true(contrast.holm_p == 3.0 * contrast.welch_p);
}

static void runs_that_never_reach_count_as_late(void **state) {
    (void)state;
    static const SdqnSampleCost costs[] = {{true, 10, 100, 5, 4},   {false, 0, 0, 0, 0}, {true, 30, 300, 15, 12},
                                           {true, 20, 900, 10, 10}, {false, 0, 0, 0, 0}, {false, 0, 0, 0, 0}};
    SdqnReach reach;
    assert_int_equal(sdqn_arm_reaches(costs, 5, 1, &reach, NULL), SDQN_OK);
    assert_true(reach.reached == 3 && reach.episodes == 30.0 && reach.steps == 900.0 && reach.updates == 15.0);
    assert_true(reach.task_episodes == 12.0);
    assert_int_equal(sdqn_arm_reaches(costs, 4, 1, &reach, NULL), SDQN_OK);
    assert_true(reach.reached == 3 && reach.episodes == 25.0 && reach.steps == 600.0);
    assert_int_equal(sdqn_arm_reaches(costs, 6, 1, &reach, NULL), SDQN_OK);
    assert_true(reach.reached == 3 && isnan(reach.episodes) && isnan(reach.steps) && isnan(reach.updates)); // half of them never did
}

/// Of what every seed has the same, those that share the best value are named; only if all do it says "equal".
static void arms_that_tie_are_named(void **state) {
    (void)state;
    Arm arms[3];
    SdqnArmRuns runs[3];
    SdqnTable *table = NULL;
    char *text = NULL;
    size_t size;
    for (int a = 0; a < 3; a++) {
        make_arm(&arms[a], seeds, (const double[]){10, 20}, 2);
        runs[a] = arms[a].runs;
        snprintf(runs[a].name, sizeof runs[a].name, "%c", "ABC"[a]);
        for (int i = 0; i < 2; i++) {
            snprintf(arms[a].results[i].tasks[0], SDQN_TASK_NAME_SIZE, "x");
            snprintf(arms[a].results[i].tasks[1], SDQN_TASK_NAME_SIZE, "y");
            if (a == 1) arms[a].results[i].parameters = 3000;
        }
    }
    const SdqnCompareDef def = {.set = {3, runs}, .heading = "", .suffix = "", .bootstrap = bootstrap, .window = 1};
    assert_int_equal(sdqn_compare_verdict_table(&def, &table, NULL), SDQN_OK);
    FILE *out = open_memstream(&text, &size);
    sdqn_table_write_csv(out, table);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "\nparameters,2000,3000,2000,\"A, C\"\r\n"));
    assert_non_null(strstr(text, "\ntraining episodes,30,30,30,equal\r\n"));
    free(text);
    sdqn_table_destroy(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_are_those_of_a_run),
        cmocka_unit_test(one_run_has_no_interval),
        cmocka_unit_test(common_seeds_are_compared_in_pairs),
        cmocka_unit_test(six_pairs_can_decide_and_five_cannot),
        cmocka_unit_test(contrasts_of_what_was_not_measured_are_nan),
        cmocka_unit_test(contrasts_that_cannot_be_made_yet_are_corrected_for_too),
        cmocka_unit_test(contrasts_are_corrected_together),
        cmocka_unit_test(arms_that_tie_are_named),
        cmocka_unit_test(runs_that_never_reach_count_as_late),
    };
    return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
