// A full state comes back as it was written, and every damage is noticed.
#include "core/file.h"
#include "run/state_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[96];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/sdqn_state_XXXXXX");
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/state", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    return sdqn_file_remove_tree(folder, NULL) == SDQN_OK ? 0 : -1;
}

static const SdqnStateSection sample[3] = {{"numbers", "\1\2\3\4\5", 5}, {"nothing", "", 0}, {"text", "hello", 5}};

static void write_sample(void) {
    SdqnError error = {0};
    assert_int_equal(sdqn_state_file_write(path, sample, 3, &error), SDQN_OK);
}

/// Put bytes in the place of the state file.
static void replace(const uint8_t *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void assert_refused(const char *reason) {
    SdqnError error = {0};
    SdqnStateFile file = {0};
    assert_int_equal(sdqn_state_file_read(path, &file, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, path));
    if (reason != NULL && strstr(error.message, reason) == NULL) fail_msg("expected \"%s\" in \"%s\"", reason, error.message);
    assert_null(file.bytes);
}

static void sections_come_back_as_written(void **state) {
    (void)state;
    write_sample();
    SdqnError error = {0};
    SdqnStateFile file;
    assert_int_equal(sdqn_state_file_read(path, &file, &error), SDQN_OK);
    for (int i = 0; i < 3; i++) {
        const SdqnStateSection *section = sdqn_state_file_find(&file, sample[i].name);
        assert_non_null(section);
        assert_int_equal(section->size, sample[i].size);
        assert_memory_equal(section->data, sample[i].data, sample[i].size);
    }
    assert_null(sdqn_state_file_find(&file, "other"));
    sdqn_state_file_clear(&file);
}

static void no_temporary_file_stays(void **state) {
    (void)state;
    write_sample();
    char temporary[128];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    assert_false(sdqn_file_exists(temporary));
}

static void every_cut_is_noticed(void **state) {
    (void)state;
    write_sample();
    uint8_t *bytes;
    size_t size;
    assert_int_equal(sdqn_file_read(path, 1 << 20, &bytes, &size, NULL), SDQN_OK);
    for (size_t cut = 0; cut < size; cut++) {
        replace(bytes, cut);
        assert_refused(NULL);
    }
    free(bytes);
}

static void every_changed_byte_is_noticed(void **state) {
    (void)state;
    write_sample();
    uint8_t *bytes;
    size_t size;
    assert_int_equal(sdqn_file_read(path, 1 << 20, &bytes, &size, NULL), SDQN_OK);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x40;
        replace(bytes, size);
        assert_refused(NULL);
        bytes[i] ^= 0x40;
    }
    free(bytes);
}

static void messages_say_what_is_wrong(void **state) {
    (void)state;
    write_sample();
    uint8_t *bytes;
    size_t size;
    assert_int_equal(sdqn_file_read(path, 1 << 20, &bytes, &size, NULL), SDQN_OK);
    bytes[0] ^= 1;
    replace(bytes, size);
    assert_refused("is no training state");
    bytes[0] ^= 1;
    bytes[8] += 1;
    replace(bytes, size);
    assert_refused("has format version 3");
    bytes[8] -= 1;
    bytes[size - 40] ^= 1;
    replace(bytes, size);
    assert_refused("is damaged");
    free(bytes);
}

static void a_missing_file_is_an_io_error(void **state) {
    (void)state;
    SdqnError error = {0};
    SdqnStateFile file;
    assert_int_equal(sdqn_state_file_read("/nonexistent/state", &file, &error), SDQN_ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sections_come_back_as_written, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(no_temporary_file_stays, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(every_cut_is_noticed, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(every_changed_byte_is_noticed, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(messages_say_what_is_wrong, make_folder, remove_folder),
        cmocka_unit_test(a_missing_file_is_an_io_error),
    };
    return cmocka_run_group_tests_name("state_file", tests, NULL, NULL);
}
