// test_gain.c: ratios of means and gains of a task beyond the others; worked by hand.
#include "study/gain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const SdqnBootstrap BOOTSTRAP = {.resampling = SDQN_RESAMPLE_SEED, .repeats = 2000, .seed = 0};

/// @param values [2 arms, tasks, seeds]
static SdqnGain gain_of(const double *values, int tasks, int seeds) {
    SdqnScores scores;
    SdqnGain gain;
    assert_int_equal(sdqn_scores_create(2, tasks, seeds, &scores, NULL), SDQN_OK);
    memcpy(scores.values, values, 2 * (size_t)tasks * (size_t)seeds * sizeof *values);
    assert_int_equal(sdqn_gain(&BOOTSTRAP, &scores, &gain, NULL), SDQN_OK);
    sdqn_scores_clear(&scores);
    return gain;
}

static void assert_near(double found, double expected) {
    if (!(fabs(found - expected) < 1e-12)) fail_msg("expected %.17g, found %.17g", expected, found);
}

static void gains_are_of_means_over_seeds(void **state) {
    (void)state;
    // Three tasks, two seeds. Means of a: 110, 60, 130; of b: 100, 20, 150. Seed by seed a's total is 290 or 310 and b's 260 or 280.
    static const double values[] = {100, 120, 50, 70, 140, 120, 90, 110, 10, 30, 160, 140};
    const SdqnGain gain = gain_of(values, 3, 2);
    assert_near(gain.relative.value, 100.0 / 90.0 - 1.0);
    assert_near(gain.relative.low, 310.0 / 280.0 - 1.0); // the same seeds of both arms are drawn
    assert_near(gain.relative.high, 290.0 / 260.0 - 1.0);
    assert_near(gain.beyond_others[0].value, 10.0 - (40.0 - 20.0) / 2.0);
    assert_near(gain.beyond_others[1].value, 40.0 - (10.0 - 20.0) / 2.0);
    assert_near(gain.beyond_others[2].value, -20.0 - (10.0 + 40.0) / 2.0);
    assert_near(gain.beyond_others[1].low, 45.0); // each seed has the same differences
    assert_near(gain.beyond_others[1].high, 45.0);
}

static void a_ratio_needs_a_positive_mean(void **state) {
    (void)state;
    static const double negative[] = {50, 60, 70, -50, -60, -70}, unsure[] = {50, 60, 70, 100, -80, 5};
    const SdqnGain below = gain_of(negative, 1, 3), both = gain_of(unsure, 1, 3);
    assert_true(isnan(below.relative.value) && isnan(below.relative.low) && isnan(below.relative.high));
    assert_true(isnan(both.relative.value));         // 8.3, but drawn below 0 as well
    assert_true(isnan(both.beyond_others[0].value)); // there are no others
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains_are_of_means_over_seeds),
        cmocka_unit_test(a_ratio_needs_a_positive_mean),
    };
    return cmocka_run_group_tests_name("gain", tests, NULL, NULL);
}
