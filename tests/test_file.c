// test_file.c: files, locks and folders, in a temporary folder of each test's own.
#include "core/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/sdqn_test_file_XXXXXX";

static int make_folder(void **state) {
    (void)state;
    memcpy(strrchr(folder, '_'), "_XXXXXX", 7);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    return sdqn_file_remove_tree(folder, NULL) != SDQN_OK || sdqn_file_exists(folder);
}

static const char *inside(const char *name) {
    static char path[SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_join(folder, name, path, NULL), SDQN_OK);
    return path;
}

static void expect_content(const char *path, const char *content) {
    uint8_t *data = NULL;
    size_t size = 0;
    SdqnError error = {0};
    if (sdqn_file_read(path, 1000, &data, &size, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_int_equal(size, strlen(content));
    assert_string_equal((const char *)data, content);
    free(data);
}

static void write_text(const char *path, const char *text) {
    SdqnPiece piece = {text, strlen(text)};
    assert_int_equal(sdqn_file_write(path, &piece, 1, NULL), SDQN_OK);
}

/// Let no file grow beyond `bytes`, so that writes fail as on a full disk. @return the old limit
static struct rlimit limit_file_size(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = (struct rlimit){bytes, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return old;
}

static void writes_all_pieces_and_replaces(void **state) {
    (void)state;
    const char *path = inside("a.txt");
    write_text(path, "old and longer than the new one");
    SdqnPiece pieces[] = {{"one", 3}, {"", 0}, {NULL, 0}, {" two", 4}};
    assert_int_equal(sdqn_file_write(path, pieces, 4, NULL), SDQN_OK);
    expect_content(path, "one two");
    assert_false(sdqn_file_exists(inside("a.txt.tmp")));
}

static void stale_temporary_file_is_replaced(void **state) {
    (void)state;
    write_text(inside("a.txt.tmp"), "left by a killed process, longer");
    write_text(inside("a.txt"), "x");
    expect_content(inside("a.txt"), "x");
    assert_false(sdqn_file_exists(inside("a.txt.tmp")));
}

static void failed_write_keeps_the_old_file(void **state) {
    (void)state;
    const char *path = inside("a.txt");
    write_text(path, "old");
    static const char large[5000];
    SdqnPiece piece = {large, sizeof large};
    SdqnError error = {0};
    struct rlimit old = limit_file_size(1000);
    SdqnStatus status = sdqn_file_write(path, &piece, 1, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(status, SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "a.txt.tmp: cannot write: "));
    expect_content(path, "old");
    assert_false(sdqn_file_exists(inside("a.txt.tmp")));
}

static void write_into_missing_folder_names_it(void **state) {
    (void)state;
    SdqnPiece piece = {"x", 1};
    SdqnError error = {0};
    assert_int_equal(sdqn_file_write(inside("none/a.txt"), &piece, 1, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "none/a.txt.tmp: cannot create: No such file or directory"));
}

static void write_over_a_folder_fails(void **state) {
    (void)state;
    assert_int_equal(sdqn_file_make_folder(inside("d"), NULL), SDQN_OK);
    SdqnPiece piece = {"x", 1};
    assert_int_equal(sdqn_file_write(inside("d"), &piece, 1, NULL), SDQN_ERR_IO);
    assert_false(sdqn_file_exists(inside("d.tmp")));
}

static void read_is_bounded(void **state) {
    (void)state;
    write_text(inside("a"), "12345");
    uint8_t *data = NULL;
    size_t size = 77;
    SdqnError error = {0};
    assert_int_equal(sdqn_file_read(inside("a"), 4, &data, &size, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "5 bytes: at most 4 are allowed"));
    assert_true(data == NULL && size == 77);
    assert_int_equal(sdqn_file_read(inside("a"), 5, &data, &size, &error), SDQN_OK);
    free(data);
}

static void read_takes_regular_files_only(void **state) {
    (void)state;
    uint8_t *data = NULL;
    size_t size = 0;
    SdqnError error = {0};
    assert_int_equal(sdqn_file_read(folder, 100, &data, &size, &error), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_file_read("/dev/zero", 100, &data, &size, &error), SDQN_ERR_FORMAT);
    assert_int_equal(mkfifo(inside("pipe"), 0600), 0);
    assert_int_equal(sdqn_file_read(inside("pipe"), 100, &data, &size, &error), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_file_read(inside("none"), 100, &data, &size, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "cannot open: No such file or directory"));
}

static void read_refuses_a_file_that_hides_its_size(void **state) {
    (void)state;
    uint8_t *data = NULL;
    size_t size = 0;
    SdqnError error = {0};
    assert_int_equal(sdqn_file_read("/proc/self/status", 100000, &data, &size, &error), SDQN_ERR_FORMAT);
    assert_string_equal(error.message, "/proc/self/status: holds more than its size of 0 bytes");
}

static void a_pipe_without_a_reader_is_no_place_to_write(void **state) {
    (void)state;
    char path[SDQN_PATH_SIZE];
    memcpy(path, inside("log"), sizeof path);
    assert_int_equal(mkfifo(path, 0600), 0);
    SdqnAppendFile *file = NULL;
    SdqnPiece piece = {"x", 1};
    alarm(10); // should it wait after all
    assert_int_equal(sdqn_append_file_open(path, &(SdqnAppendMark){0}, &file, NULL), SDQN_ERR_FORMAT);
    assert_int_equal(mkfifo(inside("a.txt.tmp"), 0600), 0);
    assert_int_equal(sdqn_file_write(inside("a.txt"), &piece, 1, NULL), SDQN_ERR_IO);
    alarm(0);
}

static void a_long_path_leaves_room_for_the_reason(void **state) {
    (void)state;
    char path[3000];
    uint8_t *data = NULL;
    size_t size = 0;
    SdqnError error = {0};
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(sdqn_file_read(path, 100, &data, &size, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "cannot open: File name too long"));
}

static void makes_folders_with_parents(void **state) {
    (void)state;
    assert_int_equal(sdqn_file_make_folder(inside("a/b//c/"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_make_folder(inside("a/b/c"), NULL), SDQN_OK);
    write_text(inside("a/file"), "x");
    SdqnError error = {0};
    assert_int_equal(sdqn_file_make_folder(inside("a/file/d"), &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "a/file: cannot create folder"));
    assert_int_equal(sdqn_file_make_folder("", &error), SDQN_ERR_ARGUMENT);
}

static void removes_trees_but_not_through_links(void **state) {
    (void)state;
    assert_int_equal(sdqn_file_make_folder(inside("keep"), NULL), SDQN_OK);
    write_text(inside("keep/file"), "x");
    assert_int_equal(sdqn_file_make_folder(inside("tree/deep"), NULL), SDQN_OK);
    write_text(inside("tree/deep/file"), "x");
    assert_int_equal(symlink("../keep", inside("tree/link")), 0);
    assert_int_equal(sdqn_file_remove_tree(inside("tree"), NULL), SDQN_OK);
    assert_false(sdqn_file_exists(inside("tree")));
    expect_content(inside("keep/file"), "x");
    assert_int_equal(sdqn_file_remove_tree(inside("tree"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove(inside("tree"), NULL), SDQN_OK);
}

static void join_refuses_long_paths(void **state) {
    (void)state;
    char name[SDQN_PATH_SIZE], path[SDQN_PATH_SIZE];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(sdqn_file_join("a", name, path, NULL), SDQN_ERR_ARGUMENT);
    assert_int_equal(sdqn_file_join("a/", "b", path, NULL), SDQN_OK);
    assert_string_equal(path, "a/b");
}

static void append_file_is_cut_and_continued(void **state) {
    (void)state;
    const char *path = inside("m.jsonl");
    SdqnAppendFile *file = NULL;
    assert_int_equal(sdqn_append_file_open(path, &(SdqnAppendMark){0}, &file, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_write(file, "one\n", 4, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_sync(file, NULL), SDQN_OK);
    const SdqnAppendMark mark = sdqn_append_file_mark(file);
    assert_int_equal(mark.length, 4);
    assert_int_equal(sdqn_append_file_write(file, "two\n", 4, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_close(file, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_open(path, &mark, &file, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_write(file, "2\n", 2, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_write(file, "3\n", 2, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_close(file, NULL), SDQN_OK);
    expect_content(path, "one\n2\n3\n");
}

static void append_file_shorter_than_recorded_is_refused(void **state) {
    (void)state;
    write_text(inside("m"), "12");
    SdqnAppendFile *file = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_append_file_open(inside("m"), &(SdqnAppendMark){.length = 3}, &file, &error), SDQN_ERR_FORMAT);
    assert_null(file);
    assert_non_null(strstr(error.message, "2 bytes: at least 3 were written before"));
    expect_content(inside("m"), "12");
}

static void append_file_whose_bytes_were_changed_is_refused(void **state) {
    (void)state;
    SdqnAppendFile *file = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_append_file_open(inside("m"), &(SdqnAppendMark){0}, &file, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_write(file, "one\n", 4, NULL), SDQN_OK);
    const SdqnAppendMark mark = sdqn_append_file_mark(file);
    assert_int_equal(sdqn_append_file_close(file, NULL), SDQN_OK);
    file = NULL;
    write_text(inside("m"), "uno\ntwo\n");
    assert_int_equal(sdqn_append_file_open(inside("m"), &mark, &file, &error), SDQN_ERR_FORMAT);
    assert_null(file);
    assert_non_null(strstr(error.message, "m: its first 4 bytes are not those that were written before"));
    expect_content(inside("m"), "uno\ntwo\n");
    assert_int_equal(sdqn_file_remove(inside("m"), NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_open(inside("m"), &mark, &file, &error), SDQN_ERR_IO);
    assert_false(sdqn_file_exists(inside("m")));
}

static void failed_append_leaves_the_old_length(void **state) {
    (void)state;
    SdqnAppendFile *file = NULL;
    assert_int_equal(sdqn_append_file_open(inside("m"), &(SdqnAppendMark){0}, &file, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_write(file, "first", 5, NULL), SDQN_OK);
    char line[200];
    memset(line, 'x', sizeof line);
    SdqnError error = {0};
    struct rlimit old = limit_file_size(100);
    SdqnStatus status = sdqn_append_file_write(file, line, sizeof line, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(status, SDQN_ERR_IO);
    assert_int_equal(sdqn_append_file_mark(file).length, 5);
    expect_content(inside("m"), "first");
    assert_int_equal(sdqn_append_file_write(file, "!", 1, NULL), SDQN_OK);
    assert_int_equal(sdqn_append_file_close(file, NULL), SDQN_OK);
    expect_content(inside("m"), "first!");
}

static void lock_excludes_until_released(void **state) {
    (void)state;
    SdqnFileLock *first = NULL, *second = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_file_lock_take(inside(".lock"), &first, NULL), SDQN_OK);
    assert_int_equal(sdqn_file_lock_take(inside(".lock"), &second, &error), SDQN_ERR_IO);
    assert_null(second);
    assert_non_null(strstr(error.message, "in use by another process"));
    sdqn_file_lock_release(first);
    assert_int_equal(sdqn_file_lock_take(inside(".lock"), &second, NULL), SDQN_OK);
    sdqn_file_lock_release(second);
    sdqn_file_lock_release(NULL);
}

static void killed_process_leaves_no_lock(void **state) {
    (void)state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        SdqnFileLock *lock = NULL;
        char answer = sdqn_file_lock_take(inside(".lock"), &lock, NULL) == SDQN_OK ? 'y' : 'n';
        if (write(ready[1], &answer, 1) != 1) _exit(1);
        for (;;) pause();
    }
    char answer = 'n';
    assert_int_equal(read(ready[0], &answer, 1), 1);
    SdqnFileLock *lock = NULL;
    SdqnStatus held = sdqn_file_lock_take(inside(".lock"), &lock, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    assert_true(answer == 'y' && held == SDQN_ERR_IO);
    assert_int_equal(sdqn_file_lock_take(inside(".lock"), &lock, NULL), SDQN_OK);
    sdqn_file_lock_release(lock);
}

/// Take and release the lock many times, removing its file each time. @return 0, or 1 if another process was inside meanwhile
static int lock_and_remove(int rounds) {
    for (int i = 0; i < rounds; i++) {
        SdqnFileLock *lock = NULL;
        if (sdqn_file_lock_take(inside(".lock"), &lock, NULL) != SDQN_OK) continue;
        if (mkdir(inside("inside"), 0777) != 0 || rmdir(inside("inside")) != 0) return 1;
        if (unlink(inside(".lock")) != 0) return 1;
        sdqn_file_lock_release(lock);
    }
    return 0;
}

static void lock_excludes_while_its_file_comes_and_goes(void **state) {
    (void)state;
    enum { PROCESSES = 4, ROUNDS = 800 };
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) _exit(lock_and_remove(ROUNDS));
    }
    int overlaps = 0;
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        overlaps += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    assert_int_equal(overlaps, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(writes_all_pieces_and_replaces),
        TEST(stale_temporary_file_is_replaced),
        TEST(failed_write_keeps_the_old_file),
        TEST(write_into_missing_folder_names_it),
        TEST(write_over_a_folder_fails),
        TEST(read_is_bounded),
        TEST(read_takes_regular_files_only),
        TEST(makes_folders_with_parents),
        TEST(read_refuses_a_file_that_hides_its_size),
        TEST(a_pipe_without_a_reader_is_no_place_to_write),
        TEST(a_long_path_leaves_room_for_the_reason),
        TEST(append_file_whose_bytes_were_changed_is_refused),
        TEST(removes_trees_but_not_through_links),
        TEST(join_refuses_long_paths),
        TEST(append_file_is_cut_and_continued),
        TEST(append_file_shorter_than_recorded_is_refused),
        TEST(failed_append_leaves_the_old_length),
        TEST(lock_excludes_until_released),
        TEST(killed_process_leaves_no_lock),
        TEST(lock_excludes_while_its_file_comes_and_goes),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
