// `sharedqn watch`: one picture without a terminal; under a pseudo-terminal the live view, keys, resizing, and a terminal that is always
// given back as it was.
#define _GNU_SOURCE // openpty
#include "e2e.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <utmp.h>

#define ENTER "\033[?1049h"
#define LEAVE "\033[0m\033[?7h\033[?25h\033[?1049l"

/// A program in a terminal of its own, and what it has written there.
typedef struct Terminal {
    pid_t child;
    int descriptor;
    struct termios before;
    char text[1 << 20];
    size_t size;
} Terminal;

static void read_some(Terminal *terminal, int milliseconds) {
    struct pollfd ready = {.fd = terminal->descriptor, .events = POLLIN};
    if (poll(&ready, 1, milliseconds) <= 0) return;
    const ssize_t got = read(terminal->descriptor, terminal->text + terminal->size, sizeof terminal->text - terminal->size - 1);
    if (got > 0) terminal->size += (size_t)got;
    terminal->text[terminal->size] = '\0';
}

/// Wait until `text` has come behind what came before `from`.
static void expect_text(Terminal *terminal, size_t from, const char *text) {
    for (const double end = e2e_now() + 20.0; e2e_now() < end && strstr(terminal->text + from, text) == NULL;) read_some(terminal, 100);
    if (strstr(terminal->text + from, text) == NULL) fail_msg("no \"%s\" in:\n%s", text, terminal->text + from);
}

/// In the place of a shell: the watch as a job of its own, so that it can be stopped; says when it was.
static void lead(const char *program, const char *folder) {
    int status;
    const pid_t job = fork();
    if (job == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(STDIN_FILENO, getpid());
        signal(SIGTTOU, SIG_DFL);
        execl(program, "sharedqn", "watch", folder, (char *)NULL);
        _exit(127);
    }
    while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
        const ssize_t written = write(STDOUT_FILENO, "[stopped]", 9);
        (void)written;
    }
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
}

static void start(Terminal *terminal, const char *folder, int width, int height) {
    const struct winsize size = {.ws_col = (unsigned short)width, .ws_row = (unsigned short)height};
    const char *program = getenv("SHAREDQN");
    int slave;
    memset(terminal, 0, sizeof *terminal);
    assert_int_equal(openpty(&terminal->descriptor, &slave, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(slave, &terminal->before), 0);
    terminal->child = fork();
    assert_true(terminal->child >= 0);
    if (terminal->child == 0) {
        close(terminal->descriptor);
        if (login_tty(slave) != 0) _exit(126);
        if (getenv("E2E_DOES_NOT_BLOCK") != NULL) fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
        setenv("TERM", getenv("E2E_TERM") != NULL ? getenv("E2E_TERM") : "xterm", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        unsetenv("NO_COLOR");
        lead(program != NULL ? program : "build/sharedqn", folder);
    }
    close(slave);
}

/// The job in the foreground: the watch.
static pid_t job_of(const Terminal *terminal) { return tcgetpgrp(terminal->descriptor); }

static bool same_mode(const struct termios *a, const struct termios *b) {
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag;
}

/// Wait for the end. The last that was written must give the screen back, and the terminal must have its old mode. @return wait's status
static int finish(Terminal *terminal) {
    int status = 0;
    struct termios after;
    pid_t waited = 0;
    for (const double end = e2e_now() + 20.0; e2e_now() < end && waited == 0;) {
        read_some(terminal, 50);
        waited = waitpid(terminal->child, &status, WNOHANG);
    }
    if (waited != terminal->child) kill(terminal->child, SIGKILL);
    assert_int_equal(waited, terminal->child);
    read_some(terminal, 50);
    const size_t length = strlen(LEAVE);
    assert_true(terminal->size >= length);
    assert_string_equal(terminal->text + terminal->size - length, LEAVE);
    assert_int_equal(tcgetattr(terminal->descriptor, &after), 0);
    assert_true(same_mode(&after, &terminal->before));
    close(terminal->descriptor);
    return status;
}

static Terminal terminal;

static const char *trained(void) {
    const char *out = e2e_path("run");
    const Outcome *outcome = e2e_run("train", "--out", out, "--method", "mean", "--episodes", "12", "--hidden1-size", "16",
                                     "--hidden2-size", "8", "--min-replay-size", "200", "--gradient-period", "50", "--evaluation-period",
                                     "5", "--evaluation-episodes", "1", "--final-episodes", "1", "--tensorboard", "false", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    return out;
}

static void without_a_terminal_it_prints_one_picture(void **state) {
    (void)state;
    const char *out = trained();
    unsetenv("COLUMNS");
    unsetenv("LINES");
    setenv("LC_ALL", "C", 1);
    const Outcome *outcome = e2e_run("watch", out, NULL);
    assert_int_equal(outcome->code, 0);
    assert_string_equal(outcome->err, "");
    assert_non_null(strstr(outcome->out, "mean, seed 1"));
    assert_non_null(strstr(outcome->out, "finished\n"));
    assert_non_null(strstr(outcome->out, "12/12 episodes"));
    assert_non_null(strstr(outcome->out, "of pairs conflict"));
    int lines = 0;
    for (const char *c = outcome->out; *c != '\0'; c++) {
        assert_true((*c >= ' ' && *c < 0x7f) || *c == '\n'); // ASCII: the locale is C
        lines += *c == '\n';
    }
    assert_int_equal(lines, 24);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("COLUMNS", "100", 1);
    setenv("LINES", "9", 1);
    outcome = e2e_run("watch", "--once", out, NULL);
    assert_non_null(strstr(outcome->out, "\xe2\x96\x88")); // a block
    outcome = e2e_run("watch", "--once", "--ascii", out, NULL);
    assert_null(strchr(outcome->out, '\xe2'));
    unsetenv("COLUMNS");
    unsetenv("LINES");
    outcome = e2e_run("watch", e2e_path("nowhere"), NULL);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "nowhere: no run is there: it holds no config.yaml"));
    assert_int_equal(e2e_run("watch", NULL)->code, 2);
}

static void q_and_signals_give_the_terminal_back(void **state) {
    (void)state;
    static const int signals[] = {0, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM, SIGXCPU, SIGSEGV, SIGABRT, SIGSYS, SIGTRAP};
    const char *out = trained();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct termios during;
        start(&terminal, out, 80, 24);
        expect_text(&terminal, 0, "q quits");
        assert_non_null(strstr(terminal.text, ENTER));
        assert_int_equal(tcgetattr(terminal.descriptor, &during), 0);
        assert_int_equal(during.c_lflag & (tcflag_t)(ICANON | ECHO), 0);
        if (signals[i] == 0) {
            assert_int_equal(write(terminal.descriptor, "q", 1), 1);
        } else if (signals[i] == SIGINT) {
            assert_int_equal(write(terminal.descriptor, "\003", 1), 1); // Ctrl-C as it is typed
        } else {
            kill(job_of(&terminal), signals[i]);
        }
        const int status = finish(&terminal);
        if (signals[i] == 0 || signals[i] == SIGINT) {
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), 0);
        } else {
            // Sanitizers have handlers of their own for crashes, and end with an exit code.
            assert_true((WIFSIGNALED(status) && WTERMSIG(status) == signals[i]) || (WIFEXITED(status) && WEXITSTATUS(status) != 0));
        }
    }
}

static void stopping_gives_the_terminal_back_and_going_on_takes_it(void **state) {
    (void)state;
    struct termios during;
    start(&terminal, trained(), 80, 24);
    expect_text(&terminal, 0, "q quits");
    assert_int_equal(write(terminal.descriptor, "\032", 1), 1); // Ctrl-Z as it is typed
    expect_text(&terminal, 0, LEAVE "[stopped]");
    assert_int_equal(tcgetattr(terminal.descriptor, &during), 0);
    assert_true(same_mode(&during, &terminal.before));
    const size_t from = terminal.size;
    kill(job_of(&terminal), SIGCONT);
    expect_text(&terminal, from, ENTER);
    expect_text(&terminal, from, "q quits");
    assert_int_equal(write(terminal.descriptor, "q", 1), 1);
    assert_int_equal(finish(&terminal), 0);
}

/// A signal that no process sees stops it, and what has the terminal meanwhile sets it otherwise.
static void going_on_after_any_stop_takes_the_terminal(void **state) {
    (void)state;
    start(&terminal, trained(), 80, 24);
    expect_text(&terminal, 0, "q quits");
    kill(job_of(&terminal), SIGSTOP);
    expect_text(&terminal, 0, "[stopped]");
    assert_int_equal(tcsetattr(terminal.descriptor, TCSANOW, &terminal.before), 0);
    const size_t from = terminal.size;
    kill(job_of(&terminal), SIGCONT);
    expect_text(&terminal, from, ENTER);
    expect_text(&terminal, from, "q quits");
    assert_int_equal(write(terminal.descriptor, "\023q", 2), 2); // Ctrl-S does not make it hang
    assert_int_equal(finish(&terminal), 0);
}

static void resize(int width, int height) {
    const struct winsize size = {.ws_col = (unsigned short)width, .ws_row = (unsigned short)height};
    assert_int_equal(ioctl(terminal.descriptor, TIOCSWINSZ, &size), 0);
}

static void it_follows_the_size_of_the_terminal(void **state) {
    (void)state;
    start(&terminal, trained(), 30, 5);
    expect_text(&terminal, 0, "too small: 40 x 8 is needed");
    size_t from = terminal.size;
    resize(120, 40);
    expect_text(&terminal, from, "returns by episode");
    from = terminal.size;
    resize(40, 8);
    expect_text(&terminal, from, "windy");
    assert_int_equal(write(terminal.descriptor, "q", 1), 1);
    assert_int_equal(finish(&terminal), 0);
}

/// A run appears, is cut back, and vanishes under the eyes of the watcher.
static void it_survives_what_becomes_of_the_folder(void **state) {
    (void)state;
    char moved[256];
    const char *out = e2e_path("run");
    start(&terminal, out, 80, 24);
    expect_text(&terminal, 0, "no run is there");
    size_t from = terminal.size;
    trained();
    expect_text(&terminal, from, "12/12");
    from = terminal.size;
    assert_int_equal(truncate(e2e_path("run/metrics.jsonl"), 700), 0); // torn in a line
    expect_text(&terminal, from, "3/12");
    from = terminal.size;
    snprintf(moved, sizeof moved, "%s.moved", out);
    assert_int_equal(rename(out, moved), 0);
    expect_text(&terminal, from, "waiting");
    from = terminal.size;
    assert_int_equal(rename(moved, out), 0);
    expect_text(&terminal, from, "3/12");
    assert_int_equal(write(terminal.descriptor, "q", 1), 1);
    assert_int_equal(finish(&terminal), 0);
}

/// The console of Linux has no braille; a locale that is not installed still says what the terminal reads.
static void letters_are_those_that_the_terminal_has(void **state) {
    (void)state;
    const char *out = trained();
    setenv("E2E_TERM", "linux", 1);
    start(&terminal, out, 80, 24);
    unsetenv("E2E_TERM");
    expect_text(&terminal, 0, "q quits");
    for (size_t i = 0; i < terminal.size; i++) assert_true((unsigned char)terminal.text[i] < 0x80);
    assert_int_equal(write(terminal.descriptor, "q", 1), 1);
    assert_int_equal(finish(&terminal), 0);
    setenv("LC_ALL", "xx_YY.UTF-8", 1);
    assert_non_null(strstr(e2e_run("watch", out, "--once", NULL)->out, "\xe2\x96\x88"));
    setenv("LC_ALL", "xx_YY", 1);
    assert_null(strchr(e2e_run("watch", out, "--once", NULL)->out, '\xe2'));
    setenv("LC_ALL", "C.UTF-8", 1);
}

/// Nothing is sent again that stands there already.
static void a_run_that_rests_costs_nothing(void **state) {
    (void)state;
    start(&terminal, trained(), 80, 24);
    expect_text(&terminal, 0, "q quits");
    for (const double end = e2e_now() + 0.2; e2e_now() < end;) read_some(&terminal, 20);
    const size_t size = terminal.size;
    for (const double end = e2e_now() + 1.3; e2e_now() < end;) read_some(&terminal, 50);
    assert_int_equal(terminal.size, size);
    resize(80, 23);
    expect_text(&terminal, size, "q quits");
    assert_int_equal(write(terminal.descriptor, "q", 1), 1);
    assert_int_equal(finish(&terminal), 0);
}

/// The other end of an ssh connection hangs: nobody reads what is written.
static void it_ends_though_the_terminal_takes_nothing(void **state) {
    (void)state;
    int status = 0;
    pid_t waited = 0;
    start(&terminal, trained(), 80, 24);
    expect_text(&terminal, 0, "q quits");
    for (int i = 0; i < 10; i++, e2e_sleep(0.15)) resize(200 + i, 60);
    kill(job_of(&terminal), SIGTERM);
    for (const double end = e2e_now() + 10.0; e2e_now() < end && waited == 0; e2e_sleep(0.05))
        waited = waitpid(terminal.child, &status, WNOHANG);
    if (waited != terminal.child) kill(job_of(&terminal), SIGKILL);
    assert_int_equal(waited, terminal.child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    close(terminal.descriptor);
}

/// Another program has left the terminal with writes that do not block.
static void a_terminal_that_does_not_block_is_waited_for(void **state) {
    (void)state;
    const char *out = trained();
    setenv("E2E_DOES_NOT_BLOCK", "1", 1);
    start(&terminal, out, 80, 24);
    unsetenv("E2E_DOES_NOT_BLOCK");
    expect_text(&terminal, 0, "q quits");
    for (int i = 0; i < 10; i++, e2e_sleep(0.15)) resize(200 + i, 60);
    const size_t from = terminal.size;
    for (const double end = e2e_now() + 1.0; e2e_now() < end;) read_some(&terminal, 50);
    expect_text(&terminal, from, "q quits");
    assert_int_equal(write(terminal.descriptor, "q", 1), 1);
    assert_int_equal(finish(&terminal), 0);
}

/// The other end of an ssh connection breaks: the program must not stay behind.
static void it_ends_when_the_terminal_goes(void **state) {
    (void)state;
    int status;
    start(&terminal, trained(), 80, 24);
    expect_text(&terminal, 0, "q quits");
    close(terminal.descriptor);
    pid_t waited = 0;
    for (const double end = e2e_now() + 20.0; e2e_now() < end && waited == 0; e2e_sleep(0.05))
        waited = waitpid(terminal.child, &status, WNOHANG);
    if (waited != terminal.child) kill(terminal.child, SIGKILL);
    assert_int_equal(waited, terminal.child);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(without_a_terminal_it_prints_one_picture),
        TEST(q_and_signals_give_the_terminal_back),
        TEST(stopping_gives_the_terminal_back_and_going_on_takes_it),
        TEST(going_on_after_any_stop_takes_the_terminal),
        TEST(it_follows_the_size_of_the_terminal),
        TEST(letters_are_those_that_the_terminal_has),
        TEST(it_ends_though_the_terminal_takes_nothing),
        TEST(a_terminal_that_does_not_block_is_waited_for),
        TEST(it_survives_what_becomes_of_the_folder),
        TEST(a_run_that_rests_costs_nothing),
        TEST(it_ends_when_the_terminal_goes),
    };
    return cmocka_run_group_tests_name("e2e_watch", tests, NULL, NULL);
}
