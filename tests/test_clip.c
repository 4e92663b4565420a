// test_clip.c: clipping by the norm, by hand.
#include "nn/clip.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void longer_gradients_are_scaled_to_the_norm(void **state) {
    (void)state;
    float gradient[40] = {0};
    gradient[3] = 3.0f;
    gradient[36] = -4.0f; // norm 5
    assert_true(sdqn_clip_norm(sdqn_kernels(SDQN_CPU_SCALAR), gradient, 40, 10.0) == 5.0);
    assert_true(gradient[3] == 3.0f && gradient[36] == -4.0f); // shorter: as it was
    assert_true(sdqn_clip_norm(sdqn_kernels(SDQN_CPU_SCALAR), gradient, 40, 2.5) == 5.0);
    const float factor = (float)(2.5 / (5.0 + 1e-6));
    assert_true(gradient[3] == 3.0f * factor && gradient[36] == -4.0f * factor && gradient[0] == 0.0f);
}

static void every_parameter_counts_once(void **state) {
    (void)state;
    float gradient[1000];
    for (size_t count = 1; count <= 1000; count += 37) {
        for (size_t i = 0; i < count; i++) gradient[i] = 2.0f;
        assert_true(sdqn_clip_norm(sdqn_kernels(SDQN_CPU_SCALAR), gradient, count, 1e9) == sqrt(4.0 * (double)count));
    }
}

static void squares_do_not_overflow_float(void **state) {
    (void)state;
    float gradient[2] = {3e30f, 4e30f};
    const double norm = sdqn_clip_norm(sdqn_kernels(SDQN_CPU_SCALAR), gradient, 2, 1.0);
    assert_true(fabs(norm / 5e30 - 1) < 1e-6);
    assert_true(fabsf(gradient[0] - 0.6f) < 1e-6f && fabsf(gradient[1] - 0.8f) < 1e-6f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longer_gradients_are_scaled_to_the_norm),
        cmocka_unit_test(every_parameter_counts_once),
        cmocka_unit_test(squares_do_not_overflow_float),
    };
    return cmocka_run_group_tests_name("clip", tests, NULL, NULL);
}
