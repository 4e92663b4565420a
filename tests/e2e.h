// e2e.h: for tests of the built program: run it, kill it, compare folders. $SHAREDQN names it, else build/sharedqn.
#ifndef SDQN_TESTS_E2E_H
#define SDQN_TESTS_E2E_H

#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { E2E_MAX_ARGUMENTS = 64, E2E_TEXT_SIZE = 65536, E2E_MAX_FILES = 64, E2E_MAX_PATHS = 32 };

/// A folder for the running test, and the paths in it that were asked for.
static char e2e_base[64];
static struct { char name[128], path[256]; } e2e_paths[E2E_MAX_PATHS];
static int e2e_num_paths;

static inline int e2e_setup(void **state) {
    (void)state;
    e2e_num_paths = 0;
    snprintf(e2e_base, sizeof e2e_base, "/tmp/sdqn_e2e_XXXXXX");
    return mkdtemp(e2e_base) != NULL ? 0 : -1;
}

static inline int e2e_teardown(void **state) {
    (void)state;
    return sdqn_file_remove_tree(e2e_base, NULL) == SDQN_OK ? 0 : -1;
}

/// Path in the test's folder, valid to the test's end.
static inline const char *e2e_path(const char *name) {
    for (int i = 0; i < e2e_num_paths; i++)
        if (strcmp(e2e_paths[i].name, name) == 0) return e2e_paths[i].path;
    assert_true(e2e_num_paths < E2E_MAX_PATHS && strlen(name) < sizeof e2e_paths->name);
    int last = e2e_num_paths++;
    snprintf(e2e_paths[last].name, sizeof e2e_paths[last].name, "%s", name);
    snprintf(e2e_paths[last].path, sizeof e2e_paths[last].path, "%s/%s", e2e_base, name);
    return e2e_paths[last].path;
}

/// How a program ended and what it printed.
typedef struct Outcome {
    int code; ///< -1: by a signal
    int signal;
    char out[E2E_TEXT_SIZE], err[E2E_TEXT_SIZE];
} Outcome;

/// Where the next program's standard output goes instead of a file, if not NULL.
static const char *e2e_stdout;

static inline void e2e_redirect(const char *path, int descriptor) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
    close(file);
}

/// Start any program, looked for in PATH if its name has no slash. @param argv  NULL at the end
static inline pid_t e2e_start_program(const char *const *argv) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        e2e_redirect(e2e_stdout != NULL ? e2e_stdout : e2e_path("stdout"), STDOUT_FILENO);
        e2e_redirect(e2e_path("stderr"), STDERR_FILENO);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

static inline const char *e2e_program(void) {
    const char *program = getenv("SHAREDQN");
    return program != NULL ? program : "build/sharedqn";
}

/// Start the program. @param arguments  behind the program's name, NULL at the end
static inline pid_t e2e_start(const char *const *arguments) {
    const char *argv[E2E_MAX_ARGUMENTS] = {e2e_program()};
    for (int i = 1; i < E2E_MAX_ARGUMENTS - 1 && *arguments != NULL; i++) argv[i] = *arguments++;
    return e2e_start_program(argv);
}

static inline void e2e_read_text(const char *path, char text[E2E_TEXT_SIZE]) {
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL ? fread(text, 1, E2E_TEXT_SIZE - 1, file) : 0;
    text[size] = '\0';
    if (file != NULL) fclose(file);
}

/// Wait for the end of the program. @return what it printed and how it ended, valid until the next call
static inline const Outcome *e2e_wait(pid_t child) {
    static Outcome outcome;
    int status;
    pid_t waited;
    do {
        waited = waitpid(child, &status, 0);
    } while (waited < 0 && errno == EINTR);
    assert_int_equal(waited, child);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    outcome.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    e2e_read_text(e2e_path("stdout"), outcome.out);
    e2e_read_text(e2e_path("stderr"), outcome.err);
    return &outcome;
}

/// Run the program to its end. Arguments: strings, NULL at the end.
static inline const Outcome *e2e_run(const char *first, ...) {
    const char *arguments[E2E_MAX_ARGUMENTS] = {first};
    int count = 1;
    va_list list;
    va_start(list, first);
    while (count < E2E_MAX_ARGUMENTS && (arguments[count] = va_arg(list, const char *)) != NULL) count++;
    va_end(list);
    return e2e_wait(e2e_start(arguments));
}

static inline void e2e_sleep(double seconds) {
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

static inline double e2e_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline int e2e_compare_names(const void *a, const void *b) { return strcmp(a, b); }

/// Names in a folder that end with `suffix`, sorted. @return how many; 0 if there is no such folder
static inline int e2e_list(const char *path, const char *suffix, char names[E2E_MAX_FILES][128]) {
    DIR *folder = opendir(path);
    int count = 0;
    if (folder == NULL) return 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL && count < E2E_MAX_FILES;) {
        size_t length = strlen(entry->d_name), end = strlen(suffix);
        if (entry->d_name[0] == '.' || length < end || strcmp(entry->d_name + length - end, suffix) != 0) continue;
        snprintf(names[count++], 128, "%.127s", entry->d_name);
    }
    closedir(folder);
    qsort(names, (size_t)count, 128, e2e_compare_names);
    return count;
}

/// The bytes of a file, which must be there. @return memory to be freed
static inline uint8_t *e2e_read(const char *folder, const char *name, size_t *size) {
    char path[SDQN_PATH_SIZE];
    uint8_t *bytes = NULL;
    SdqnError error = {0};
    if (sdqn_file_join(folder, name, path, &error) != SDQN_OK) fail_msg("%s", error.message);
    if (sdqn_file_read(path, (size_t)1 << 30, &bytes, size, &error) != SDQN_OK) fail_msg("%s", error.message);
    return bytes;
}

/// Fail unless both files are there with the same bytes.
static inline void e2e_assert_same_file(const char *run, const char *other, const char *name) {
    size_t a_size, b_size, at = 0;
    uint8_t *a = e2e_read(run, name, &a_size), *b = e2e_read(other, name, &b_size);
    while (at < a_size && at < b_size && a[at] == b[at]) at++;
    if (a_size != b_size || at != a_size) fail_msg("%s: %s and %s differ at byte %zu of %zu and %zu", name, run, other, at, a_size, b_size);
    free(a);
    free(b);
}

/// Fail unless all that must be the same in equal runs is the same in two folders.
static inline void e2e_assert_same_runs(const char *run, const char *other) {
    static const char *const files[] = {"metrics.jsonl", "evaluations.jsonl", "gradients.jsonl", "best.safetensors", "final.safetensors"};
    static char names[2][E2E_MAX_FILES][128];
    char folders[2][SDQN_PATH_SIZE], name[160];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) e2e_assert_same_file(run, other, files[i]);
    assert_int_equal(sdqn_file_join(run, "checkpoints", folders[0], NULL), SDQN_OK);
    assert_int_equal(sdqn_file_join(other, "checkpoints", folders[1], NULL), SDQN_OK);
    int count = e2e_list(folders[0], "", names[0]);
    assert_true(count > 0);
    assert_int_equal(e2e_list(folders[1], "", names[1]), count);
    for (int i = 0; i < count; i++) {
        assert_string_equal(names[0][i], names[1][i]);
        snprintf(name, sizeof name, "checkpoints/%.127s", names[0][i]);
        e2e_assert_same_file(run, other, name);
    }
}

#endif
