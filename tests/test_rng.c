// test_rng.c: the generator against numpy's (tests/data/rng.txt, made by tools/make_rng_data.py).
#include "core/rng.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void begin_stream(SdqnRng *rng, const char *line) {
    uint64_t seed;
    int length, offset;
    assert_int_equal(sscanf(line, "stream %" SCNu64 " %d%n", &seed, &length, &offset), 2);
    uint32_t key[4] = {0};
    for (int i = 0; i < length; i++) {
        int used;
        assert_int_equal(sscanf(line + offset, "%" SCNu32 "%n", &key[i], &used), 1);
        offset += used;
    }
    sdqn_rng_seed_spawned(rng, seed, key, length);
    if (length == 0) {
        SdqnRng plain;
        sdqn_rng_seed(&plain, seed);
        assert_memory_equal(&plain, rng, sizeof plain);
    }
}

/// One line of the file: begins a stream or compares one draw. @return false if the draw differs or the line is strange
static bool line_holds(SdqnRng *rng, const char *line) {
    uint64_t word, state[4];
    int64_t low, high, integer;
    double from, to, value;
    if (strncmp(line, "stream ", 7) == 0) {
        begin_stream(rng, line);
        return true;
    }
    if (sscanf(line, "state %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &state[0], &state[1], &state[2], &state[3]) == 4)
        return rng->state_high == state[0] && rng->state_low == state[1] && rng->increment_high == state[2] &&
               rng->increment_low == state[3];
    if (sscanf(line, "u64 %" SCNu64, &word) == 1) return sdqn_rng_next_u64(rng) == word;
    if (sscanf(line, "double %la", &value) == 1) return sdqn_rng_double(rng) == value;
    if (sscanf(line, "uniform %lf %lf %la", &from, &to, &value) == 3) return sdqn_rng_uniform(rng, from, to) == value;
    if (sscanf(line, "integers %" SCNd64 " %" SCNd64 " %" SCNd64, &low, &high, &integer) == 3)
        return sdqn_rng_integers(rng, low, high) == integer;
    return false;
}

static void every_draw_equals_numpy(void **state) {
    (void)state;
    FILE *file = fopen("tests/data/rng.txt", "r");
    assert_non_null(file);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 0);
    char line[256];
    int checked = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#') continue;
        if (!line_holds(&rng, line)) fail_msg("draw %d of tests/data/rng.txt differs: %s", checked, line);
        checked++;
    }
    fclose(file);
    assert_true(checked > 400);
}

static void half_word_is_the_high_half(void **state) {
    (void)state;
    SdqnRng words, halves;
    sdqn_rng_seed(&words, 3);
    sdqn_rng_seed(&halves, 3);
    uint64_t word = sdqn_rng_next_u64(&words);
    assert_true(sdqn_rng_next_u32(&halves) == (uint32_t)word);
    assert_true(sdqn_rng_next_u32(&halves) == (uint32_t)(word >> 32));
    assert_true(sdqn_rng_next_u64(&halves) == sdqn_rng_next_u64(&words));
}

static void integers_reach_negative_ends(void **state) {
    (void)state;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 5);
    int seen[3] = {0};
    for (int i = 0; i < 200; i++) seen[sdqn_rng_integers(&rng, INT64_MIN, INT64_MIN + 3) - INT64_MIN]++;
    assert_true(seen[0] > 0 && seen[1] > 0 && seen[2] > 0);
}

static void normals_have_the_moments_of_a_normal(void **state) {
    (void)state;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 11);
    enum { COUNT = 200000 };
    double sum = 0, squares = 0, fourths = 0;
    for (int i = 0; i < COUNT; i++) {
        double x = sdqn_rng_normal(&rng);
        assert_true(isfinite(x));
        sum += x;
        squares += x * x;
        fourths += x * x * x * x;
    }
    assert_true(fabs(sum / COUNT) < 0.01);          // 4.5 standard errors
    assert_true(fabs(squares / COUNT - 1) < 0.015); // 4.7
    assert_true(fabs(fourths / COUNT - 3) < 0.11);  // 5
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_draw_equals_numpy),
        cmocka_unit_test(half_word_is_the_high_half),
        cmocka_unit_test(integers_reach_negative_ends),
        cmocka_unit_test(normals_have_the_moments_of_a_normal),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
