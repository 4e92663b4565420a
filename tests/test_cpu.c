// test_cpu.c: kernel levels and the floating-point mode.
#include "core/cpu.h"

#include <fenv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void scalar_is_always_available(void **state) {
    (void)state;
    assert_true(sdqn_cpu_level_available(SDQN_CPU_SCALAR));
    assert_true(sdqn_cpu_level_available(sdqn_cpu_level_best()));
}

static void available_levels_parse_to_themselves(void **state) {
    (void)state;
    for (int i = 0; i < SDQN_NUM_CPU_LEVELS; i++) {
        SdqnError error = {0};
        SdqnCpuLevel level = SDQN_NUM_CPU_LEVELS;
        const char *name = sdqn_cpu_level_name((SdqnCpuLevel)i);
        SdqnStatus status = sdqn_cpu_level_parse(name, &level, &error);
        if (sdqn_cpu_level_available((SdqnCpuLevel)i)) {
            assert_int_equal(status, SDQN_OK);
            assert_int_equal(level, i);
        } else {
            assert_int_equal(status, SDQN_ERR_ARGUMENT);
            assert_non_null(strstr(error.message, "not available here"));
            assert_int_equal(level, SDQN_NUM_CPU_LEVELS);
        }
    }
}

static void auto_is_the_best(void **state) {
    (void)state;
    SdqnCpuLevel level;
    assert_int_equal(sdqn_cpu_level_parse("auto", &level, NULL), SDQN_OK);
    assert_int_equal(level, sdqn_cpu_level_best());
}

static void unknown_level_names_the_allowed_ones(void **state) {
    (void)state;
    SdqnError error = {0};
    SdqnCpuLevel level;
    assert_int_equal(sdqn_cpu_level_parse("sse9", &level, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "isa = sse9: no such kernel level; this machine runs auto, scalar"));
}

static void mode_is_default_inside_and_restored_after(void **state) {
    (void)state;
    volatile double one = 1, three = 3, tiny = 0x1p-1022;
    volatile double nearest = one / three; // results are volatile too, or the divisions might move across the changes of mode
    assert_int_equal(fesetround(FE_UPWARD), 0);
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040); // FTZ and DAZ, as numerical libraries set them
#endif
    SdqnCpuMode before = sdqn_cpu_mode_set_default();
    volatile double inside = one / three, halved = tiny * 0.5;
    sdqn_cpu_mode_restore(before);
    volatile double after = one / three;
    fesetenv(FE_DFL_ENV);
    sdqn_cpu_mode_set_default();
    assert_true(inside == nearest && halved == 0x1p-1023);
    assert_true(after > nearest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalar_is_always_available),
        cmocka_unit_test(available_levels_parse_to_themselves),
        cmocka_unit_test(auto_is_the_best),
        cmocka_unit_test(unknown_level_names_the_allowed_ones),
        cmocka_unit_test(mode_is_default_inside_and_restored_after),
    };
    return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
