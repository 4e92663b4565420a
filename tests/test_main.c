// test_main.c: exit codes and messages of the program itself, run by a shell. $SHAREDQN names the program (`make test` sets it).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

/// What a command printed, both outputs together, and how it ended.
typedef struct Outcome {
    int code;
    char text[65536];
} Outcome;

/// Run a shell command in which `$SHAREDQN` is the program.
static Outcome shell(const char *command) {
    Outcome outcome = {0};
    if (getenv("SHAREDQN") == NULL) skip();
    FILE *pipe = popen(command, "r"); // NOLINT(cert-env33-c): the commands are constants of this file
    assert_non_null(pipe);
    outcome.text[fread(outcome.text, 1, sizeof outcome.text - 1, pipe)] = '\0';
    assert_int_equal(fgetc(pipe), EOF); // all of it; else the command would end by SIGPIPE
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    outcome.code = WEXITSTATUS(status);
    return outcome;
}

static void expect(const char *command, int code, const char *text) {
    Outcome outcome = shell(command);
    if (outcome.code != code || strstr(outcome.text, text) == NULL)
        fail_msg("%s: code %d, expected %d; text, expected '%s':\n%s", command, outcome.code, code, text, outcome.text);
}

static void help_and_version_are_results(void **state) {
    (void)state;
    expect("\"$SHAREDQN\" --help 2>/dev/null", 0, "usage: sharedqn COMMAND");
    expect("\"$SHAREDQN\" -h 2>/dev/null", 0, "commands:");
    expect("\"$SHAREDQN\" --version 2>/dev/null", 0, "sharedqn 0.");
    expect("for c in train evaluate trace bench; do \"$SHAREDQN\" $c --help 2>/dev/null || echo bad; done", 0,
           "usage: sharedqn bench [--seconds S]");
    expect("\"$SHAREDQN\" train --list-methods 2>/dev/null | grep -v '^[a-z0-9_-]\\+  [a-z]' | wc -l", 0, "0\n");
    expect("\"$SHAREDQN\" train --list-methods 2>/dev/null", 0, "shared  ");
}

/// The manual page and the completion are whole: they end as they should, and every line of a command is there once.
static void help_has_other_forms(void **state) {
    (void)state;
    expect("\"$SHAREDQN\" --help=mdoc 2>/dev/null | sed -n 2,4p", 0, ".Dd ");
    expect("\"$SHAREDQN\" --help=mdoc 2>/dev/null | tail -n 1", 0, ".In sharedqn.h .\n");
    expect("\"$SHAREDQN\" --help=mdoc 2>/dev/null | grep -c '^.Ss train$'", 0, "1\n");
    expect("\"$SHAREDQN\" --help=bash 2>/dev/null | tail -n 1", 0, "complete -o default -F _sharedqn sharedqn\n");
    expect("\"$SHAREDQN\" evaluate --help=bash 2>/dev/null | grep -c 'evaluate/--task)'", 0, "1\n");
    expect("\"$SHAREDQN\" evaluate --help=tex 2>&1", 2, "--help=tex: must be --help, --help=mdoc or --help=bash");
    expect("\"$SHAREDQN\" --help=tex 2>&1", 2, "no command is called --help=tex");
}

static void wrong_usage_gives_2(void **state) {
    (void)state;
    expect("\"$SHAREDQN\" 2>&1", 2, "usage: sharedqn COMMAND");
    expect("\"$SHAREDQN\" zzzzzzz 2>&1", 2, "sharedqn: no command is called zzzzzzz; `sharedqn --help` lists them\n");
    expect("\"$SHAREDQN\" --zzzzzzz 2>&1", 2, "no command is called --zzzzzzz");
    expect("\"$SHAREDQN\" '' 2>&1", 2, "no command is called ");
    expect("\"$SHAREDQN\" zzzzzzz 2>/dev/null | wc -c", 0, "0\n");
}

static void lost_output_gives_1(void **state) {
    (void)state;
    expect("\"$SHAREDQN\" --help 2>&1 >/dev/full", 1, "sharedqn: standard output: cannot write: No space left on device\n");
    expect("\"$SHAREDQN\" --help 2>&1 >&-", 1, "sharedqn: standard output: cannot write: Bad file descriptor\n");
    expect("exec 3>&1; (sleep 0.1; \"$SHAREDQN\" --help 2>&3; echo \"code $?\" >&3) | true", 0, "cannot write: Broken pipe\ncode 1\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_and_version_are_results),
        cmocka_unit_test(help_has_other_forms),
        cmocka_unit_test(wrong_usage_gives_2),
        cmocka_unit_test(lost_output_gives_1),
    };
    return cmocka_run_group_tests_name("main", tests, NULL, NULL);
}
