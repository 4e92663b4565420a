// test_process.c: programs that are started: what they get, and what is said of those that are not there.
#define _GNU_SOURCE // pipe2

#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOWHERE                                                                                                                            \
    { .input = -1, .output = -1, .errors = -1, .extra = -1 }

/// Run a program and take what it writes to standard output. @return its status as of waitpid
static int run(SdqnProcessDef def, const char *const *arguments, char *said, size_t size) {
    int ends[2], ended = 0;
    pid_t process = -1;
    size_t length = 0;
    ssize_t got;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    def.arguments = arguments;
    def.output = ends[1];
    assert_int_equal(sdqn_process_start(&def, &process), 0);
    close(ends[1]);
    while ((got = read(ends[0], said + length, size - 1 - length)) > 0) length += (size_t)got;
    said[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(process, &ended, 0), process);
    return ended;
}

static int run_script(SdqnProcessDef def, const char *script, char *said, size_t size) {
    const char *const arguments[] = {"sh", "-c", script, NULL};
    return run(def, arguments, said, size);
}

static void a_program_is_found_in_path_and_its_status_is_given(void **state) {
    (void)state;
    char said[64];
    const int ended = run_script((SdqnProcessDef)NOWHERE, "echo hello; exit 7", said, sizeof said);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), 7);
    assert_string_equal(said, "hello\n");
}

static void descriptors_are_those_asked_for_and_no_others(void **state) {
    (void)state;
    char said[256], script[256];
    int input[2], extra[2];
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(extra, O_CLOEXEC), 0);
    const int ours = fcntl(input[0], F_DUPFD_CLOEXEC, 100);
    assert_int_equal(write(input[1], "in", 2), 2);
    assert_int_equal(write(extra[1], "more", 4), 4);
    close(input[1]);
    close(extra[1]);
    SdqnProcessDef def = NOWHERE;
    def.input = input[0];
    def.extra = extra[0];
    snprintf(script, sizeof script, "cat; cat <&3; echo; readlink /proc/$$/fd/2; test -e /proc/$$/fd/%d || echo closed", ours);
    run_script(def, script, said, sizeof said);
    assert_string_equal(said, "inmore\n/dev/null\nclosed\n");
    close(input[0]);
    close(extra[0]);
    close(ours);
}

/// Descriptors of ours may have the very numbers that the program's are to have.
static void descriptors_may_be_given_in_any_order(void **state) {
    (void)state;
    const pid_t child = fork();
    if (child == 0) { // in a process of its own, whose descriptors may be moved
        int ends[2];
        const char *const arguments[] = {"sh", "-c", "test \"$(cat; cat <&3)\" = x", NULL};
        pid_t process;
        int ended = 1;
        close(0);
        close(3);
        if (pipe2(ends, O_CLOEXEC) != 0 || ends[0] != 0) _exit(2); // 0 is to become 3
        const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (write(ends[1], "x", 1) != 1) _exit(3);
        SdqnProcessDef def = {.arguments = arguments, .input = file, .output = -1, .errors = -1, .extra = 0};
        if (ends[1] != 3 && file != 3) _exit(4); // and 3 or another is to become 0
        if (sdqn_process_start(&def, &process) != 0) _exit(5);
        close(ends[1]);
        _exit(waitpid(process, &ended, 0) == process && ended == 0 ? 0 : 6);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
}

static void the_folder_is_the_one_asked_for(void **state) {
    (void)state;
    char said[64];
    SdqnProcessDef def = NOWHERE;
    def.folder = "/usr";
    run_script(def, "pwd", said, sizeof said);
    assert_string_equal(said, "/usr\n");
}

static void what_cannot_be_started_has_a_reason_and_leaves_no_child(void **state) {
    (void)state;
    const char *const missing[] = {"sharedqn-no-such-program", NULL}, *const folder[] = {"/", NULL}, *const there[] = {"true", NULL};
    SdqnProcessDef def = NOWHERE;
    pid_t process = -1;
    def.arguments = missing;
    assert_int_equal(sdqn_process_start(&def, &process), ENOENT);
    def.arguments = folder;
    assert_int_equal(sdqn_process_start(&def, &process), EACCES);
    def.arguments = there;
    def.folder = "/no/such/folder";
    assert_int_equal(sdqn_process_start(&def, &process), ENOENT);
    assert_int_equal(process, -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void it_has_our_signal_mask_and_default_actions(void **state) {
    (void)state;
    const char *const arguments[] = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status", NULL};
    char said[256];
    unsigned long long blocked = 0, ignored = 0;
    sigset_t one, before;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_BLOCK, &one, &before);
    void (*old)(int) = signal(SIGPIPE, SIG_IGN);
    run((SdqnProcessDef)NOWHERE, arguments, said, sizeof said);
    signal(SIGPIPE, old);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(sscanf(said, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
    assert_true((blocked & 1ULL << (SIGUSR1 - 1)) != 0);
    assert_true((ignored & (1ULL << (SIGINT - 1) | 1ULL << (SIGTERM - 1) | 1ULL << (SIGPIPE - 1))) == 0);
}

static void it_has_a_group_of_its_own(void **state) {
    (void)state;
    char said[1024];
    int leader = -1, group = -2;
    run_script((SdqnProcessDef)NOWHERE, "read -r line </proc/$$/stat; echo $line", said, sizeof said);
    assert_int_equal(sscanf(said, "%d (sh) %*c %*d %d", &leader, &group), 2);
    assert_int_equal(group, leader);
}

/// A process that starts another and is then killed takes it along.
static void it_ends_with_its_parent(void **state) {
    (void)state;
    int ends[2];
    char byte;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const pid_t parent = fork();
    if (parent == 0) {
        const char *const arguments[] = {"sleep", "60", NULL};
        SdqnProcessDef def = NOWHERE;
        pid_t process;
        def.arguments = arguments;
        def.output = ends[1];
        def.end_signal = SIGTERM;
        if (sdqn_process_start(&def, &process) != 0) _exit(1);
        kill(getpid(), SIGKILL);
    }
    close(ends[1]);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    assert_int_equal(read(ends[0], &byte, 1), 0); // returns when nobody has the other end any more
    close(ends[0]);
}

static void the_last_line_is_the_last_with_anything_in_it(void **state) {
    (void)state;
    static const struct {
        const char *said, *line;
    } cases[] = {{"", "it said nothing"}, {" \n\n", "it said nothing"}, {"one", "one"}, {"one\n  two  \n\n", "two"}, {"a\nb\n \n", "b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char said[32];
        snprintf(said, sizeof said, "%s", cases[i].said);
        assert_string_equal(sdqn_process_last_line(said), cases[i].line);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_is_found_in_path_and_its_status_is_given),
        cmocka_unit_test(descriptors_are_those_asked_for_and_no_others),
        cmocka_unit_test(descriptors_may_be_given_in_any_order),
        cmocka_unit_test(the_folder_is_the_one_asked_for),
        cmocka_unit_test(what_cannot_be_started_has_a_reason_and_leaves_no_child),
        cmocka_unit_test(it_has_our_signal_mask_and_default_actions),
        cmocka_unit_test(it_has_a_group_of_its_own),
        cmocka_unit_test(it_ends_with_its_parent),
        cmocka_unit_test(the_last_line_is_the_last_with_anything_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
