// test_target_memory.c: which TD targets are remembered, and for how long.
#include "dqn/target_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_target_is_known_until_its_row_or_the_network_changes(void **state) {
    (void)state;
    SdqnTargetMemory memory = {0};
    assert_int_equal(sdqn_target_memory_create(&memory, 3, NULL), SDQN_OK);
    for (int row = 0; row < 3; row++) assert_false(sdqn_target_memory_knows(&memory, row));
    sdqn_target_memory_put(&memory, 0, 1.5f);
    sdqn_target_memory_put(&memory, 2, -2.5f);
    assert_true(sdqn_target_memory_knows(&memory, 0) && !sdqn_target_memory_knows(&memory, 1) && sdqn_target_memory_knows(&memory, 2));
    assert_true(sdqn_target_memory_get(&memory, 0) == 1.5f && sdqn_target_memory_get(&memory, 2) == -2.5f);
    sdqn_target_memory_forget(&memory, 0);
    assert_true(!sdqn_target_memory_knows(&memory, 0) && sdqn_target_memory_knows(&memory, 2));
    sdqn_target_memory_forget_all(&memory);
    for (int row = 0; row < 3; row++) assert_false(sdqn_target_memory_knows(&memory, row));
    sdqn_target_memory_destroy(&memory);
}

static void a_version_that_comes_round_forgets_too(void **state) {
    (void)state;
    SdqnTargetMemory memory = {0};
    assert_int_equal(sdqn_target_memory_create(&memory, 2, NULL), SDQN_OK);
    sdqn_target_memory_put(&memory, 0, 1.0f); // version 1
    memory.version = UINT32_MAX;
    sdqn_target_memory_put(&memory, 1, 2.0f);
    sdqn_target_memory_forget_all(&memory);
    assert_false(sdqn_target_memory_knows(&memory, 0) || sdqn_target_memory_knows(&memory, 1));
    sdqn_target_memory_destroy(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_known_until_its_row_or_the_network_changes),
        cmocka_unit_test(a_version_that_comes_round_forgets_too),
    };
    return cmocka_run_group_tests_name("target_memory", tests, NULL, NULL);
}
