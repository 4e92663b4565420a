// test_tail.c: lines of a file that grows, is cut, is replaced or vanishes.
#include "core/tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sdqn_tail_XXXXXX", path[64];

/// What came: lines with | behind each, # for a new beginning.
static char seen[4096];

static void note(const char *text) { strncat(seen, text, sizeof seen - strlen(seen) - 1); }
static void on_restart(void *context) {
    (void)context;
    note("#");
}
static void on_line(void *context, const char *line, size_t size) {
    (void)context;
    assert_int_equal(strlen(line), size);
    note(size < 100 ? line : "long");
    note("|");
}
static const SdqnTailReader reader = {NULL, on_restart, on_line};

static int set_up(void **state) {
    (void)state;
    strcpy(folder, "/tmp/sdqn_tail_XXXXXX"); // NOLINT
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/log", folder);
    return 0;
}
static int tear_down(void **state) {
    (void)state;
    return sdqn_file_remove_tree(folder, NULL) == SDQN_OK ? 0 : -1;
}

static void put(const char *mode, const char *text) {
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void expect(SdqnTail *tail, const char *expected) {
    seen[0] = '\0';
    assert_int_equal(sdqn_tail_read(tail, &reader, NULL), SDQN_OK);
    assert_string_equal(seen, expected);
}

static SdqnTail begin(void) {
    SdqnTail tail = {0};
    snprintf(tail.path, sizeof tail.path, "%s", path);
    return tail;
}

static void each_line_comes_once(void **state) {
    (void)state;
    SdqnTail tail = begin();
    expect(&tail, "");
    put("w", "a\nb\n\n");
    expect(&tail, "a|b||");
    expect(&tail, "");
    put("a", "c\n");
    expect(&tail, "c|");
}

static void a_torn_line_waits_for_its_end(void **state) {
    (void)state;
    SdqnTail tail = begin();
    put("w", "a\nhal");
    expect(&tail, "a|");
    put("a", "f");
    expect(&tail, "");
    put("a", " a line\nnext");
    expect(&tail, "half a line|");
}

static void a_file_that_was_cut_comes_again(void **state) {
    (void)state;
    SdqnTail tail = begin();
    put("w", "a\nb\nc\n");
    expect(&tail, "a|b|c|");
    assert_int_equal(truncate(path, 4), 0);
    expect(&tail, "#a|b|");
    put("a", "d\n");
    expect(&tail, "d|");
}

/// Cut and grown beyond where the reader stood between two looks.
static void a_cut_that_has_been_overgrown_is_seen(void **state) {
    (void)state;
    SdqnTail tail = begin();
    put("w", "a\nb\nc\n");
    expect(&tail, "a|b|c|");
    assert_int_equal(truncate(path, 2), 0);
    put("a", "x\ny\nz\n");
    expect(&tail, "#a|x|y|z|");
}

static void another_file_of_the_name_is_read_anew(void **state) {
    (void)state;
    char other[80];
    SdqnTail tail = begin();
    put("w", "a\nb\n");
    expect(&tail, "a|b|");
    snprintf(other, sizeof other, "%s.other", path);
    FILE *file = fopen(other, "w"); // beside the old one, so that it is another inode
    assert_non_null(file);
    fputs("a\nb\nc\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(other, path), 0);
    expect(&tail, "#a|b|c|");
    unlink(path);
    expect(&tail, "#");
    expect(&tail, "");
    put("w", "d\n");
    expect(&tail, "d|");
}

static void what_is_no_file_is_empty(void **state) {
    (void)state;
    SdqnTail tail = begin();
    assert_int_equal(mkfifo(path, 0600), 0);
    expect(&tail, "");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    expect(&tail, "");
}

static void lines_that_are_too_long_are_passed_over(void **state) {
    (void)state;
    SdqnTail tail = begin();
    put("w", "a\n");
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    for (size_t i = 0; i < 2 * SDQN_TAIL_MAX_LINE + 5; i++) fputc('x', file);
    assert_int_equal(fclose(file), 0);
    expect(&tail, "a|");
    put("a", "xx\nb\n");
    expect(&tail, "b|");
}

static void locks_are_seen(void **state) {
    (void)state;
    SdqnFileLock *lock;
    assert_false(sdqn_file_lock_is_held(path));
    assert_int_equal(sdqn_file_lock_take(path, &lock, NULL), SDQN_OK);
    assert_true(sdqn_file_lock_is_held(path));
    sdqn_file_lock_release(lock);
    assert_false(sdqn_file_lock_is_held(path));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_line_comes_once),
        TEST(a_torn_line_waits_for_its_end),
        TEST(a_file_that_was_cut_comes_again),
        TEST(a_cut_that_has_been_overgrown_is_seen),
        TEST(another_file_of_the_name_is_read_anew),
        TEST(what_is_no_file_is_empty),
        TEST(lines_that_are_too_long_are_passed_over),
        TEST(locks_are_seen),
    };
    return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}
