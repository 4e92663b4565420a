// test_error.c: error messages stay one bounded line.
#include "core/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void formats_and_returns_status(void **state) {
    (void)state;
    SdqnError error = {0};
    assert_int_equal(sdqn_error_set(&error, SDQN_ERR_IO, "%s:%d: no", "a.yaml", 14), SDQN_ERR_IO);
    assert_string_equal(error.message, "a.yaml:14: no");
}

static void null_error_is_ignored(void **state) {
    (void)state;
    assert_int_equal(sdqn_error_set(NULL, SDQN_ERR_MEMORY, "x"), SDQN_ERR_MEMORY);
}

static void control_characters_become_question_marks(void **state) {
    (void)state;
    SdqnError error = {0};
    sdqn_error_set(&error, SDQN_ERR_FORMAT, "%s", "a\nb\tc\x1b[0m\x7f\xc3\xa4");
    assert_string_equal(error.message, "a?b?c?[0m?\xc3\xa4");
}

static void zero_byte_does_not_end_a_message(void **state) {
    (void)state;
    SdqnError error = {0};
    sdqn_error_set(&error, SDQN_ERR_FORMAT, "character 3 is '%c': must be a digit", 0);
    assert_string_equal(error.message, "character 3 is '?': must be a digit");
}

static void long_message_is_cut(void **state) {
    (void)state;
    char text[3 * SDQN_ERROR_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    SdqnError error = {0};
    sdqn_error_set(&error, SDQN_ERR_FORMAT, "%s", text);
    assert_int_equal(strlen(error.message), SDQN_ERROR_SIZE - 1);
}

static void old_message_may_be_an_argument(void **state) {
    (void)state;
    SdqnError error = {0};
    sdqn_error_set(&error, SDQN_ERR_IO, "disk full");
    sdqn_error_set(&error, SDQN_ERR_IO, "checkpoint: %s", error.message);
    assert_string_equal(error.message, "checkpoint: disk full");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_returns_status),
        cmocka_unit_test(null_error_is_ignored),
        cmocka_unit_test(control_characters_become_question_marks),
        cmocka_unit_test(zero_byte_does_not_end_a_message),
        cmocka_unit_test(long_message_is_cut),
        cmocka_unit_test(old_message_may_be_an_argument),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
