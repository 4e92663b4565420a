// `sharedqn verify`: every check passes here, and the document says so.
#include "e2e.h"

#include "core/json.h"

static void every_check_passes(void **state) {
    (void)state;
    const Outcome *outcome = e2e_run("verify", "--json", NULL);
    json_t *document;
    SdqnError error = {0};
    if (sdqn_json_parse("stdout", outcome->out, strlen(outcome->out), &document, &error) != SDQN_OK) fail_msg("%s", error.message);
    const json_t *checks = json_object_get(document, "checks");
    assert_true(json_array_size(checks) >= 11);
    size_t i;
    json_t *check;
    json_array_foreach(checks, i, check) {
        if (json_is_true(json_object_get(check, "passes"))) continue;
        fail_msg("%s: %s", json_string_value(json_object_get(check, "check")), json_string_value(json_object_get(check, "detail")));
    }
    assert_int_equal(outcome->code, 0);
    json_decref(document);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_check_passes),
    };
    return cmocka_run_group_tests_name("e2e_verify", tests, NULL, NULL);
}
