// test_module.c: helpers are found beside the program, checked, and missed with advice.
#include "module_sample.h"

#include "core/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const SdqnModuleDef SAMPLE = {"sample", "sample_module", {SAMPLE_VERSION, sizeof(SampleModule)}, "do this"};

static void a_helper_beside_the_program_is_used(void **state) {
    (void)state;
    const SampleModule *sample = NULL;
    SdqnError error = {0};
    if (sdqn_module_load(&SAMPLE, (const void **)&sample, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_int_equal(sample->twice(21), 42);
}

static void expect(const SdqnModuleDef *def, const char *message) {
    const void *table = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_module_load(def, &table, &error), SDQN_ERR_IO);
    if (!strstr(error.message, message)) fail_msg("expected \"%s\" in \"%s\"", message, error.message);
    assert_non_null(strstr(error.message, "do this"));
    assert_null(table);
}

static void another_version_is_refused(void **state) {
    (void)state;
    SdqnModuleDef def = SAMPLE;
    def.head.version++;
    expect(&def, "sharedqn-sample.so belongs to another version of this program");
    def = SAMPLE;
    def.head.size += 8;
    expect(&def, "sharedqn-sample.so belongs to another version of this program");
    def = SAMPLE;
    def.symbol = "sample_table";
    expect(&def, "sharedqn-sample.so belongs to another version of this program");
}

static void a_missing_helper_is_named_with_advice(void **state) {
    (void)state;
    const SdqnModuleDef def = {"nothing", "sample_module", {SAMPLE_VERSION, sizeof(SampleModule)}, "do this"};
    expect(&def, "/tests/sharedqn-nothing.so is missing");
}

/// Path of a file beside this program.
static void beside(const char *name, char path[SDQN_PATH_SIZE]) {
    char own[SDQN_PATH_SIZE];
    const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    assert_true(length > 0);
    own[length] = '\0';
    *strrchr(own, '/') = '\0';
    assert_int_equal(sdqn_file_join(own, name, path, NULL), SDQN_OK);
}

static void what_is_no_helper_is_refused(void **state) {
    (void)state;
    const SdqnModuleDef def = {"broken", "sample_module", {SAMPLE_VERSION, sizeof(SampleModule)}, "do this"};
    char path[SDQN_PATH_SIZE];
    beside("sharedqn-broken.so", path);
    const SdqnPiece piece = {"no shared object\n", 17};
    assert_int_equal(sdqn_file_write(path, &piece, 1, NULL), SDQN_OK);
    expect(&def, "cannot load a helper: ");
    assert_int_equal(unlink(path), 0);
}

static void helpers_of_an_installed_program_are_found(void **state) {
    (void)state;
    const SdqnModuleDef def = {"installed", "sample_module", {SAMPLE_VERSION, sizeof(SampleModule)}, "do this"};
    char folder[SDQN_PATH_SIZE], from[SDQN_PATH_SIZE], to[SDQN_PATH_SIZE];
    beside("../lib/sharedqn", folder);
    beside("sharedqn-sample.so", from);
    beside("../lib/sharedqn/sharedqn-installed.so", to);
    assert_int_equal(sdqn_file_make_folder(folder, NULL), SDQN_OK);
    unlink(to);
    assert_int_equal(symlink(from, to), 0);
    const SampleModule *sample = NULL;
    SdqnError error = {0};
    const SdqnStatus status = sdqn_module_load(&def, (const void **)&sample, &error);
    unlink(to);
    rmdir(folder);
    if (status != SDQN_OK) fail_msg("%s", error.message);
    assert_int_equal(sample->twice(4), 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_helper_beside_the_program_is_used),       cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(a_missing_helper_is_named_with_advice),     cmocka_unit_test(what_is_no_helper_is_refused),
        cmocka_unit_test(helpers_of_an_installed_program_are_found),
    };
    return cmocka_run_group_tests_name("module", tests, NULL, NULL);
}
