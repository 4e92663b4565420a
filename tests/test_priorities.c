// test_priorities.c: how often rows are drawn, the weights that make up for it, and the saved priorities.
#include "dqn/priorities.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static SdqnPriorities *make(int capacity) {
    SdqnPriorities *priorities;
    SdqnError error = {0};
    if (sdqn_priorities_create(capacity, &priorities, &error) != SDQN_OK) fail_msg("%s", error.message);
    return priorities;
}

static void new_rows_get_the_largest_priority(void **state) {
    (void)state;
    SdqnPriorities *priorities = make(5);
    sdqn_priorities_add(priorities, 0);
    assert_true(sdqn_priorities_get(priorities, 0) == 1.0);
    sdqn_priorities_set(priorities, 0, 0.25);
    sdqn_priorities_add(priorities, 1);
    assert_true(sdqn_priorities_get(priorities, 1) == 1.0);
    sdqn_priorities_set(priorities, 1, 7.5);
    sdqn_priorities_set(priorities, 1, 0.5);
    sdqn_priorities_add(priorities, 2);
    assert_true(sdqn_priorities_get(priorities, 2) == 7.5);
    sdqn_priorities_destroy(priorities);
}

/// Rows come in proportion to their priorities: with n parts of equal size each row's share is exact up to less than two parts.
static void rows_are_drawn_in_proportion(void **state) {
    (void)state;
    enum { ROWS = 11, N = 64, BATCHES = 4000 };
    SdqnPriorities *priorities = make(ROWS);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 3);
    double sum = 0.0;
    for (int r = 0; r < ROWS; r++) {
        sdqn_priorities_add(priorities, r);
        sdqn_priorities_set(priorities, r, 0.1 + r * r);
        sum += 0.1 + r * r;
    }
    int counts[ROWS] = {0};
    for (int i = 0; i < BATCHES; i++) {
        int32_t rows[N];
        float weights[N];
        int own[ROWS] = {0};
        sdqn_priorities_sample(priorities, &rng, N, 0.4, rows, weights);
        for (int b = 0; b < N; b++) {
            assert_in_range(rows[b], 0, ROWS - 1);
            assert_true(b == 0 || rows[b] >= rows[b - 1]); // one of each part, in order
            counts[rows[b]]++;
            own[rows[b]]++;
        }
        for (int r = 0; r < ROWS; r++) assert_true(fabs(own[r] - N * (0.1 + r * r) / sum) < 2.0);
    }
    for (int r = 0; r < ROWS; r++) {
        const double share = (0.1 + r * r) / sum, found = (double)counts[r] / (N * BATCHES);
        if (fabs(found - share) > 4.0 * sqrt(share / (N * BATCHES))) fail_msg("row %d: %g, expected %g", r, found, share);
    }
    sdqn_priorities_destroy(priorities);
}

/// w = (N P)^-beta over the largest of the batch, equation 6 and section 3.4 of Schaul et al. 2016.
static void weights_make_up_for_unequal_chances(void **state) {
    (void)state;
    static const double betas[] = {0.0, 0.4, 1.0};
    SdqnPriorities *priorities = make(100);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 4);
    double sum = 0.0;
    for (int r = 0; r < 37; r++) {
        sdqn_priorities_add(priorities, r);
        sdqn_priorities_set(priorities, r, exp(sdqn_rng_normal(&rng)));
        sum += sdqn_priorities_get(priorities, r);
    }
    for (size_t k = 0; k < sizeof betas / sizeof *betas; k++) {
        int32_t rows[16];
        float weights[16];
        double expected[16], largest = 0.0;
        sdqn_priorities_sample(priorities, &rng, 16, betas[k], rows, weights);
        for (int b = 0; b < 16; b++) {
            expected[b] = pow(37.0 * sdqn_priorities_get(priorities, rows[b]) / sum, -betas[k]);
            largest = fmax(largest, expected[b]);
        }
        for (int b = 0; b < 16; b++) assert_true(fabs((double)weights[b] - expected[b] / largest) < 1e-6);
    }
    sdqn_priorities_destroy(priorities);
}

/// One row, rows with the smallest priorities that can be, and a draw at the very end of the sum: never a row that is not there.
static void rows_that_are_not_there_are_never_drawn(void **state) {
    (void)state;
    for (int stored = 1; stored <= 33; stored += 4) {
        SdqnPriorities *priorities = make(100);
        SdqnRng rng;
        sdqn_rng_seed(&rng, 5);
        for (int r = 0; r < stored; r++) {
            sdqn_priorities_add(priorities, r);
            sdqn_priorities_set(priorities, r, r % 3 == 0 ? 1e-12 : 1e12 / (r + 1.0));
        }
        for (int i = 0; i < 2000; i++) {
            int32_t rows[7];
            float weights[7];
            sdqn_priorities_sample(priorities, &rng, 7, 1.0, rows, weights);
            for (int b = 0; b < 7; b++) {
                assert_in_range(rows[b], 0, stored - 1);
                assert_true(weights[b] >= 0.0f && weights[b] <= 1.0f);
            }
        }
        sdqn_priorities_destroy(priorities);
    }
}

/// Whatever the order of changes, and after a load, the same priorities draw the same rows.
static void history_leaves_no_trace(void **state) {
    (void)state;
    enum { ROWS = 50 };
    SdqnPriorities *a = make(ROWS), *b = make(ROWS), *c = make(ROWS);
    SdqnRng rng, draws[3];
    sdqn_rng_seed(&rng, 6);
    for (int r = 0; r < ROWS; r++) sdqn_priorities_add(a, r);
    for (int i = 0; i < 500; i++) sdqn_priorities_set(a, (int)sdqn_rng_integers(&rng, 0, ROWS), exp(sdqn_rng_normal(&rng)));
    for (int r = ROWS - 1; r >= 0; r--) sdqn_priorities_set(b, r, sdqn_priorities_get(a, r));
    const size_t size = sdqn_priorities_state_size(ROWS);
    uint8_t *bytes = malloc(size);
    sdqn_priorities_save_state(a, ROWS, bytes);
    sdqn_priorities_add(c, 3); // what was there before is forgotten
    assert_int_equal(sdqn_priorities_load_state(c, bytes, size, NULL), SDQN_OK);
    const SdqnPriorities *all[3] = {a, b, c};
    for (int k = 0; k < 3; k++) sdqn_rng_seed(&draws[k], 7);
    for (int i = 0; i < 200; i++) {
        int32_t rows[3][9];
        float weights[3][9];
        for (int k = 0; k < 3; k++) sdqn_priorities_sample(all[k], &draws[k], 9, 0.7, rows[k], weights[k]);
        for (int k = 1; k < 3; k++) {
            assert_memory_equal(rows[0], rows[k], sizeof rows[0]);
            assert_memory_equal(weights[0], weights[k], sizeof weights[0]);
        }
    }
    free(bytes);
    sdqn_priorities_destroy(a);
    sdqn_priorities_destroy(b);
    sdqn_priorities_destroy(c);
}

static void damaged_states_are_refused(void **state) {
    (void)state;
    SdqnPriorities *priorities = make(8);
    for (int r = 0; r < 4; r++) sdqn_priorities_add(priorities, r);
    double values[10] = {2.0, 1.0, 2.0, 0.5, 1e-9};
    const double wrong[] = {0.0, -1.0, 2.5, (double)NAN, (double)INFINITY};
    assert_int_equal(sdqn_priorities_check_state(priorities, (const uint8_t *)values, 5 * sizeof(double), NULL), SDQN_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        SdqnError error = {0};
        values[3] = wrong[i];
        assert_int_equal(sdqn_priorities_load_state(priorities, (const uint8_t *)values, 5 * sizeof(double), &error), SDQN_ERR_FORMAT);
        assert_non_null(strstr(error.message, "saved priorities: value 3 is "));
        assert_true(sdqn_priorities_get(priorities, 1) == 1.0);
    }
    assert_int_equal(sdqn_priorities_load_state(priorities, (const uint8_t *)values, 0, NULL), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_priorities_load_state(priorities, (const uint8_t *)values, 9, NULL), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_priorities_load_state(priorities, (const uint8_t *)values, sizeof values, NULL), SDQN_ERR_FORMAT);
    sdqn_priorities_destroy(priorities);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_rows_get_the_largest_priority),
        cmocka_unit_test(rows_are_drawn_in_proportion),
        cmocka_unit_test(weights_make_up_for_unequal_chances),
        cmocka_unit_test(rows_that_are_not_there_are_never_drawn),
        cmocka_unit_test(history_leaves_no_trace),
        cmocka_unit_test(damaged_states_are_refused),
    };
    return cmocka_run_group_tests_name("priorities", tests, NULL, NULL);
}
