// test_statistics.c: statistics, intervals and tests against rliable and scipy (tools/make_statistics_data.py).
#include "core/json.h"
#include "core/rng.h"
#include "study/comparison.h"
#include "study/performance_profile.h"
#include "study/significance.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static json_t *data;

static int read_data(void **state) {
    (void)state;
    SdqnError error = {0};
    return sdqn_json_read("tests/data/statistics.json", (size_t)1 << 24, &data, &error) == SDQN_OK ? 0 : -1;
}

static int forget_data(void **state) {
    (void)state;
    json_decref(data);
    return 0;
}

static double number(const json_t *value) {
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static double member(const json_t *object, const char *key) { return number(json_object_get(object, key)); }

static int size_of(const json_t *array) {
    assert_true(json_is_array(array));
    return (int)json_array_size(array);
}

static void check_near(double value, double expected, double tolerance, const char *what) {
    if (fabs(value - expected) > tolerance) fail_msg("%s: %.17g, expected %.17g", what, value, expected);
}

static SdqnScores scores_of(const json_t *one) {
    const json_t *arms = json_object_get(one, "scores");
    SdqnScores scores;
    assert_int_equal(sdqn_scores_create(size_of(arms), (int)member(one, "tasks"), (int)member(one, "seeds"), &scores, NULL), SDQN_OK);
    for (int a = 0; a < scores.num_arms; a++) {
        for (int t = 0; t < scores.num_tasks; t++) {
            const json_t *row = json_array_get(json_array_get(arms, (size_t)a), (size_t)t);
            for (int s = 0; s < scores.num_seeds; s++) sdqn_scores_of(&scores, a, t)[s] = number(json_array_get(row, (size_t)s));
        }
    }
    return scores;
}

/// Values are equal to the last digits; the ends of intervals within what both bootstraps' noise allows, a share of their length.
static void check_estimate(const SdqnEstimate *estimate, const json_t *expected, double noise, const char *what) {
    const double length = member(expected, "high") - member(expected, "low");
    check_near(estimate->value, member(expected, "value"), 1e-10 * (1.0 + fabs(estimate->value)), what);
    check_near(estimate->low, member(expected, "low"), noise * length + 1e-9, what);
    check_near(estimate->high, member(expected, "high"), noise * length + 1e-9, what);
}

/// @param step  between probabilities of improvement that so many seeds and tasks can give
static void check_pair(const SdqnPairStatistics *pair, const json_t *expected, double step) {
    const bool exact = json_is_true(json_object_get(expected, "exact"));
    const json_t *improvement = json_object_get(expected, "probability_of_improvement");
    const double length = member(improvement, "high") - member(improvement, "low");
    check_near(pair->improvement.value, member(improvement, "value"), 1e-10, "probability of improvement");
    check_near(pair->improvement.low, member(improvement, "low"), 0.05 * length + step, "low end of the probability of improvement");
    check_near(pair->improvement.high, member(improvement, "high"), 0.05 * length + step, "high end of the probability of improvement");
    const double welch = member(expected, "welch_p"), permutation = member(expected, "permutation_p");
    check_near(pair->welch_p, welch, 1e-10 * welch + 1e-15, "Welch");
    check_near(pair->holm_p, member(expected, "holm_p"), 1e-10, "Holm");
    // Drawn on both sides: five standard errors of the difference.
    const double error = 5.0 * sqrt(permutation * (1.0 - permutation) * (1.0 / SDQN_PERMUTATION_DRAWS + 1.0 / 200000.0)) + 1e-4;
    check_near(pair->permutation_p, permutation, exact ? 1e-12 : 2.0 * error, "permutation");
    const double paired = member(expected, "paired_permutation_p");
    check_near(pair->paired_permutation_p, paired, 2.0 * (5.0 * sqrt(paired / SDQN_PERMUTATION_DRAWS) + 1e-4), "paired permutation");
}

static void everything_equals_rliable_and_scipy(void **state) {
    (void)state;
    const json_t *cases = json_object_get(data, "cases");
    for (int i = 0; i < size_of(cases); i++) {
        const json_t *one = json_array_get(cases, (size_t)i), *arms = json_object_get(one, "arms"), *pairs = json_object_get(one, "pairs");
        SdqnScores scores = scores_of(one);
        SdqnComparisonDef def = sdqn_comparison_def_default();
        SdqnComparison *comparison;
        def.target = member(one, "target");
        assert_int_equal(sdqn_comparison_create(&def, &scores, &comparison, NULL), SDQN_OK);
        for (int a = 0; a < scores.num_arms; a++) {
            const json_t *arm = json_array_get(arms, (size_t)a);
            for (int k = 0; k < SDQN_NUM_STATISTICS; k++) {
                const char *name = sdqn_statistic_name((SdqnStatistic)k);
                check_estimate(&comparison->arms[a].statistics[k], json_object_get(arm, name), k == SDQN_STATISTIC_MEDIAN ? 0.08 : 0.04,
                               name);
            }
            check_near(comparison->arms[a].deviation, member(arm, "std"), 1e-10 * member(arm, "std"), "std");
        }
        assert_int_equal(comparison->num_pairs, size_of(pairs));
        const double step = 1.0 / (scores.num_seeds * scores.num_seeds * scores.num_tasks) + 1e-9;
        for (int p = 0; p < comparison->num_pairs; p++) check_pair(&comparison->pairs[p], json_array_get(pairs, (size_t)p), step);
        sdqn_comparison_destroy(comparison);
        sdqn_scores_clear(&scores);
    }
}

static void profiles_equal_rliables(void **state) {
    (void)state;
    enum { MAX_TAUS = 32 };
    const json_t *cases = json_object_get(data, "cases"), *list = json_object_get(data, "taus");
    const SdqnBootstrap bootstrap = {.resampling = SDQN_RESAMPLE_TASK, .repeats = SDQN_BOOTSTRAP_REPEATS};
    const int count = size_of(list);
    double taus[MAX_TAUS];
    SdqnEstimate profile[MAX_TAUS];
    assert_in_range(count, 10, MAX_TAUS);
    for (int k = 0; k < count; k++) taus[k] = number(json_array_get(list, (size_t)k));
    for (int i = 0; i < size_of(cases); i++) {
        const json_t *one = json_array_get(cases, (size_t)i), *profiles = json_object_get(one, "profiles");
        SdqnScores scores = scores_of(one);
        assert_int_equal(size_of(profiles), scores.num_arms);
        for (int a = 0; a < scores.num_arms; a++) {
            assert_int_equal(sdqn_performance_profile(&bootstrap, &scores, a, taus, count, profile, NULL), SDQN_OK);
            for (int k = 0; k < count; k++) {
                const json_t *expected = json_array_get(json_array_get(profiles, (size_t)a), (size_t)k);
                // Shares of n scores: where an end stands between two of them, the draws decide for one or the other.
                const double step = 1.0 / (scores.num_tasks * scores.num_seeds) + 1e-9;
                check_near(profile[k].value, member(expected, "value"), 1e-15, "profile");
                check_near(profile[k].low, member(expected, "low"), step, "low end of a profile");
                check_near(profile[k].high, member(expected, "high"), step, "high end of a profile");
            }
        }
        sdqn_scores_clear(&scores);
    }
}

static void only_scores_above_count_in_a_profile(void **state) {
    (void)state;
    static const double taus[] = {0.5, 1.0, 2.5, 4.0};
    const SdqnBootstrap bootstrap = {.repeats = 200};
    SdqnEstimate profile[4];
    SdqnScores scores;
    assert_int_equal(sdqn_scores_create(1, 2, 2, &scores, NULL), SDQN_OK);
    memcpy(scores.values, (const double[]){1, 2, 3, 4}, 4 * sizeof(double));
    assert_int_equal(sdqn_performance_profile(&bootstrap, &scores, 0, taus, 4, profile, NULL), SDQN_OK);
    assert_true(profile[0].value == 1.0 && profile[1].value == 0.75 && profile[2].value == 0.5 && profile[3].value == 0.0);
    // Task by task: whatever is drawn, half of the scores are above 2.5.
    assert_true(profile[2].low == 0.5 && profile[2].high == 0.5);
    assert_true(profile[1].low == 0.5 && profile[1].high == 1.0);
    sdqn_scores_clear(&scores);
}

/// Seeds of one arm, means by hand; whole seeds against tasks apart, pairs against samples that have nothing to do with each other.
static void intervals_of_differences_know_what_is_paired(void **state) {
    (void)state;
    static const double a[] = {101, 202, 303, 404}, b[] = {100, 200, 300, 400}, c[] = {0, 10};
    const SdqnBootstrap bootstrap = {.repeats = 4000, .resampling = SDQN_RESAMPLE_SEED};
    SdqnEstimate paired, apart, rows[2];
    assert_int_equal(sdqn_bootstrap_paired_difference(&bootstrap, a, b, 4, &paired, NULL), SDQN_OK);
    assert_int_equal(sdqn_bootstrap_difference(&bootstrap, a, 4, b, 4, &apart, NULL), SDQN_OK);
    assert_true(paired.value == 2.5 && apart.value == 2.5);
    assert_true(paired.low >= 1.0 && paired.high <= 4.0 && apart.low < -50.0 && apart.high > 50.0);
    assert_int_equal(sdqn_bootstrap_difference(&bootstrap, a, 4, c, 2, &apart, NULL), SDQN_OK);
    assert_true(apart.value == 252.5 - 5.0 && apart.low >= 101.0 - 10.0 && apart.high <= 404.0);
    const double both[] = {1, 2, 3, 4, -1, -2, -3, -4};
    assert_int_equal(sdqn_bootstrap_rows(&bootstrap, both, 2, 4, sdqn_rows_means, NULL, 2, rows, NULL), SDQN_OK);
    assert_true(rows[0].value == 2.5 && rows[1].value == -2.5);
    check_near(rows[0].low, -rows[1].high, 1e-12, "whole columns are drawn");
    check_near(rows[0].high, -rows[1].low, 1e-12, "whole columns are drawn");
}

/// Rows of arguments and value.
static const json_t *rows_of(const char *name) { return json_object_get(json_object_get(data, "functions"), name); }

static void functions_equal_scipys(void **state) {
    (void)state;
    size_t i;
    const json_t *row;
    double x[6];
    json_array_foreach(rows_of("incomplete_beta"), i, row) {
        for (size_t k = 0; k < 4; k++) x[k] = number(json_array_get(row, k));
        check_near(sdqn_incomplete_beta(x[0], x[1], x[2]), x[3], 1e-11 * x[3] + 1e-300, "incomplete beta");
    }
    json_array_foreach(rows_of("student_p"), i, row) {
        for (size_t k = 0; k < 3; k++) x[k] = number(json_array_get(row, k));
        check_near(sdqn_student_p(x[0], x[1]), x[2], 1e-11 * x[2], "Student's p");
    }
    json_array_foreach(rows_of("student_quantile"), i, row) {
        for (size_t k = 0; k < 3; k++) x[k] = number(json_array_get(row, k));
        check_near(sdqn_student_quantile(x[0], x[1]), x[2], 1e-9 * x[2], "Student's quantile");
    }
    json_array_foreach(rows_of("welch_power"), i, row) {
        for (size_t k = 0; k < 6; k++) x[k] = number(json_array_get(row, k));
        check_near(sdqn_welch_power(x[0], x[1], x[2], (int)x[3], x[4]), x[5], 1e-7, "power");
    }
    assert_true(sdqn_incomplete_beta(2.0, 3.0, 0.0) == 0.0 && sdqn_incomplete_beta(2.0, 3.0, 1.0) == 1.0);
}

static void what_is_not_defined_is_nan(void **state) {
    (void)state;
    const double same[3] = {1.0, 1.0, 1.0}, other[3] = {2.0, 2.0, 2.0}, p[3] = {(double)NAN, 0.04, 0.03};
    double corrected[3];
    assert_true(isnan(sdqn_welch_p(same, 3, same, 3)));
    assert_true(isnan(sdqn_welch_p(same, 1, other, 3)));
    assert_true(sdqn_welch_p(same, 3, other, 3) == 0.0);
    assert_true(sdqn_permutation_p(same, 3, same, 3, 0) == 1.0);
    assert_true(fabs(sdqn_permutation_p(same, 3, other, 3, 0) - 0.1) < 1e-15);
    assert_true(isnan(sdqn_deviation(same, 1)));
    sdqn_holm(p, 3, corrected);
    assert_true(isnan(corrected[0]) && fabs(corrected[1] - 0.06) < 1e-15 && fabs(corrected[2] - 0.06) < 1e-15);
    assert_true(sdqn_probability_of_improvement(same, 3, same, 3) == 0.5);
    // What was not measured is no rare outcome.
    static const double unknown[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (int i = 0; i < 3; i++) {
        double some[20] = {0.0}, known[20];
        for (int k = 0; k < 20; k++) known[k] = some[k] = k;
        some[i] = unknown[i];
        for (int n = 3; n <= 20; n += 17) {
            assert_true(isnan(sdqn_welch_p(some, n, known, n)) && isnan(sdqn_welch_p(known, n, some, n)));
            assert_true(isnan(sdqn_permutation_p(some, n, known, n, 0)) && isnan(sdqn_permutation_p(known, n, some, n, 0)));
            assert_true(isnan(sdqn_paired_permutation_p(some, n, 0)));
        }
    }
}

/// Of values in any order, of few and many, different and mostly equal ones, and of what is no number at all.
static void quantiles_need_no_order(void **state) {
    (void)state;
    enum { MOST = 300 };
    static const double shares[] = {0.0, 0.025, 0.3, 0.5, 0.975, 1.0};
    double sorted[MOST], values[MOST];
    SdqnRng rng;
    sdqn_rng_seed(&rng, 5);
    for (size_t n = 1; n <= MOST; n++) {
        const int64_t different = n % 3 == 0 ? 1000000 : (int64_t)(n % 3);
        for (size_t i = 0; i < n; i++) sorted[i] = values[i] = (double)sdqn_rng_integers(&rng, 0, different + 1);
        sdqn_sort(sorted, n);
        for (size_t i = 1; i < n; i++) assert_true(sorted[i - 1] <= sorted[i]);
        for (size_t s = 0; s < sizeof shares / sizeof *shares; s++)
            assert_true(sdqn_quantile_unsorted(values, n, shares[s]) == sdqn_quantile(sorted, n, shares[s]));
        sdqn_sort(values, n);
        assert_memory_equal(values, sorted, n * sizeof *values); // none is lost, none made up
    }
    for (size_t i = 0; i < MOST; i++) values[i] = i % 3 == 0 ? (double)NAN : i % 3 == 1 ? (double)INFINITY : (double)i;
    sdqn_quantile_unsorted(values, MOST, 0.5); // ends
}

static void the_same_settings_give_the_same_intervals(void **state) {
    (void)state;
    SdqnScores scores = scores_of(json_array_get(json_object_get(data, "cases"), 4)); // its tasks are correlated
    SdqnBootstrap bootstrap = {.repeats = 5000, .seed = 3};
    SdqnEstimate first, again, other, whole;
    assert_int_equal(sdqn_bootstrap_statistic(&bootstrap, &scores, 0, SDQN_STATISTIC_MEAN, 0.0, &first, NULL), SDQN_OK);
    assert_int_equal(sdqn_bootstrap_statistic(&bootstrap, &scores, 0, SDQN_STATISTIC_MEAN, 0.0, &again, NULL), SDQN_OK);
    assert_memory_equal(&first, &again, sizeof first);
    bootstrap.seed = 4;
    assert_int_equal(sdqn_bootstrap_statistic(&bootstrap, &scores, 0, SDQN_STATISTIC_MEAN, 0.0, &other, NULL), SDQN_OK);
    assert_true(first.low != other.low);
    bootstrap.resampling = SDQN_RESAMPLE_SEED;
    assert_int_equal(sdqn_bootstrap_statistic(&bootstrap, &scores, 0, SDQN_STATISTIC_MEAN, 0.0, &whole, NULL), SDQN_OK);
    assert_true(whole.high - whole.low > 1.2 * (first.high - first.low)); // what tasks have in common does not average out
    sdqn_scores_clear(&scores);
}

/// With the same draws as by comparing each score with each other one.
static void improvement_of_many_seeds_is_quick_and_the_same(void **state) {
    (void)state;
    enum { N = 3000, M = 2000, SMALL = 7 };
    SdqnScores a, b;
    SdqnEstimate estimate;
    assert_int_equal(sdqn_scores_create(1, 2, N, &a, NULL), SDQN_OK);
    assert_int_equal(sdqn_scores_create(1, 2, M, &b, NULL), SDQN_OK);
    for (int i = 0; i < 2 * N; i++) a.values[i] = i * 37 % 101; // with many ties
    for (int i = 0; i < 2 * M; i++) b.values[i] = i * 53 % 97;
    const SdqnBootstrap bootstrap = {.repeats = 2000};
    assert_int_equal(sdqn_bootstrap_improvement(&bootstrap, &a, 0, &b, 0, &estimate, NULL), SDQN_OK);
    const double expected = 0.5 * (sdqn_probability_of_improvement(a.values, N, b.values, M) +
                                   sdqn_probability_of_improvement(a.values + N, N, b.values + M, M));
    assert_true(fabs(estimate.value - expected) < 1e-15);
    // Standard error for two uniform samples: sqrt((1/N + 1/M) / 12) on each of two tasks.
    const double error = sqrt((1.0 / N + 1.0 / M) / 24.0);
    assert_true(fabs(estimate.high - estimate.low - 2 * 1.96 * error) < 0.15 * error);
    sdqn_scores_clear(&a);
    sdqn_scores_clear(&b);
}

static void tiny_scores_are_tested_like_others(void **state) {
    (void)state;
    double a[5] = {1, 2, 3, 4, 5}, b[5] = {2, 3, 4, 5, 7};
    const double p = sdqn_welch_p(a, 5, b, 5), deviation = sdqn_deviation(b, 5);
    for (int i = 0; i < 5; i++) {
        a[i] = ldexp(a[i], -1040); // subnormal, so that squares are 0
        b[i] = ldexp(b[i], -1040);
    }
    check_near(sdqn_welch_p(a, 5, b, 5), p, 1e-6, "Welch's p");
    check_near(ldexp(sdqn_deviation(b, 5), 1040), deviation, 1e-6, "deviation");
}

// ---- CSV ------------------------------------------------------------------------------------------------------------------------

static void tables_are_read_in_any_order(void **state) {
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf"
        "score,seed,\"task\",arm\r\n1,s2,windy,\"a, \"\"b\"\"\"\n\n-2.5e1,s1,windy,\"a, \"\"b\"\"\"\n"
        "3,s1,heavy,\"a, \"\"b\"\"\"\n4,s2,heavy,\"a, \"\"b\"\"\"\n5,s1,heavy,c\n6,s2,heavy,c\n7,s1,windy,c\n8,s2,windy,c";
    SdqnScores scores;
    SdqnError error = {0};
    if (sdqn_scores_parse_csv("t.csv", text, sizeof text - 1, &scores, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_int_equal(scores.num_arms, 2);
    assert_int_equal(scores.num_tasks, 2);
    assert_int_equal(scores.num_seeds, 2);
    assert_string_equal(scores.arms[0], "a, \"b\"");
    assert_string_equal(scores.tasks[1], "heavy");
    assert_string_equal(scores.seeds[0], "s2");
    assert_true(sdqn_scores_are_paired(&scores, 0, 1));
    const double expected[8] = {1, -25, 4, 3, 8, 7, 6, 5};
    assert_memory_equal(scores.values, expected, sizeof expected);
    sdqn_scores_clear(&scores);
}

static void bad_tables_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "t.csv: is empty"},
        {"arm,task,seed,score\n", "t.csv: holds no score"},
        {"arm,task,seed,value\na,t,1,2\n", "t.csv:1: the first line must name the columns"},
        {"arm,task,score\na,t,2\n", "t.csv:1: must have the four fields"},
        {"arm,task,seed,score,more\n", "t.csv:1: must have the four fields"},
        {"arm,task,seed,score\na,t,1\n", "t.csv:2: must have the four fields"},
        {"arm,task,seed,score\na,t,1,nan\n", "t.csv:2: score = nan: must be a finite number"},
        {"arm,task,seed,score\na,t,1,\n", "t.csv:2: score = : must be a finite number"},
        {"arm,task,seed,score\na,t,1,0x10\n", "t.csv:2: score = 0x10: must be"},
        {"arm,task,seed,score\na,t,1,-1e151\n", "t.csv:2: score = -1e151: must be a finite number, of at most 1e150 in size"},
        {"arm,task,seed,score\na,,1,2\n", "t.csv:2: arm, task and seed must not be empty"},
        {"arm,task,seed,score\n\"a,t,1,2\n", "t.csv:2: a control character in a field"},
        {"arm,task,seed,score\n\"a", "t.csv:2: a quoted field without an end"},
        {"arm,task,seed,score\n\"a\"b,t,1,2\n", "t.csv:2: something behind the end of a quoted field"},
        {"arm,task,seed,score\ra,t,1,2\n", "t.csv:1: a carriage return without a line feed"},
        {"arm,task,seed,score\na,t,1,2\na,t,1,3\n", "t.csv:3: arm a, task t, seed 1: was there before, in line 2"},
        {"arm,task,seed,score\na,t,1,2\na,u,2,3\n", "t.csv: arm a, task t, seed 2: the score is missing"},
        {"arm,task,seed,score\na,t,1,2\nb,t,1,3\nb,t,2,3\n", "t.csv: arm b has 2 seeds, arm a 1: must be as many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SdqnScores scores = {0};
        SdqnError error = {0};
        const SdqnStatus status = sdqn_scores_parse_csv("t.csv", cases[i].text, strlen(cases[i].text), &scores, &error);
        if (status != SDQN_ERR_FORMAT || strncmp(error.message, cases[i].message, strlen(cases[i].message)) != 0) {
            fail_msg("expected \"%s...\", found %d \"%s\"", cases[i].message, status, error.message);
        }
        assert_null(scores.values);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_equals_rliable_and_scipy),
        cmocka_unit_test(functions_equal_scipys),
        cmocka_unit_test(profiles_equal_rliables),
        cmocka_unit_test(only_scores_above_count_in_a_profile),
        cmocka_unit_test(intervals_of_differences_know_what_is_paired),
        cmocka_unit_test(what_is_not_defined_is_nan),
        cmocka_unit_test(improvement_of_many_seeds_is_quick_and_the_same),
        cmocka_unit_test(tiny_scores_are_tested_like_others),
        cmocka_unit_test(quantiles_need_no_order),
        cmocka_unit_test(the_same_settings_give_the_same_intervals),
        cmocka_unit_test(tables_are_read_in_any_order),
        cmocka_unit_test(bad_tables_are_refused),
    };
    return cmocka_run_group_tests_name("statistics", tests, read_data, forget_data);
}
