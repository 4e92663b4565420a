#define _GNU_SOURCE // strcasestr

#include "watch/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

// Alternate screen, no cursor, no line wrap; and all of it back.
static const char ENTER[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
static const char LEAVE[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

#define PATIENCE_MILLISECONDS 300 ///< for a terminal that takes nothing, before what waits for it is dropped

// All that end a process, but for SIGKILL.
static const int END_SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU};
static const int CRASH_SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};

// Signal handlers can know nothing else: there is one terminal.
static volatile sig_atomic_t taken, keys_taken, resized, ending;
static struct termios before;

/// Whether the terminal takes more. @param milliseconds  to wait for that; -1: for ever @return -1 with errno EINTR after a signal
static int takes_more(int milliseconds) {
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, milliseconds);
}

/// Nobody may be reading at the other end (a connection that hangs), and the process must end all the same: a frame that still waits is
/// dropped.
static void write_quietly(const char *text, size_t size) {
    if (takes_more(PATIENCE_MILLISECONDS) == 0) tcflush(STDOUT_FILENO, TCOFLUSH);
    while (size > 0 && takes_more(PATIENCE_MILLISECONDS) != 0) {
        const ssize_t written = write(STDOUT_FILENO, text, size);
        if (written < 0 && errno != EINTR && errno != EAGAIN) return;
        if (written <= 0) continue;
        text += written;
        size -= (size_t)written;
    }
}

/// Calls only what a signal handler may.
static void give_back(void) {
    if (!taken) return;
    taken = 0;
    write_quietly(LEAVE, sizeof LEAVE - 1);
    if (keys_taken) tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static void take(void) {
    struct termios raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); // Ctrl-C and Ctrl-Z stay signals
    raw.c_iflag &= ~(tcflag_t)IXON;            // Ctrl-S is no way to make it hang
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    taken = 1; // first: what comes in between gives all of it back
    if (keys_taken) tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    write_quietly(ENTER, sizeof ENTER - 1);
}

static void on_end(int number) { ending = number; }
static void on_resize(int number) {
    (void)number;
    resized = 1;
}

static void on_crash(int number) {
    give_back();
    signal(number, SIG_DFL);
    raise(number);
}

/// Ctrl-Z: the terminal is given back until the process goes on.
static void on_stop(int number) {
    const int code = errno;
    sigset_t stop;
    struct sigaction handler, standard = {.sa_handler = SIG_DFL};
    give_back();
    sigemptyset(&standard.sa_mask);
    sigaction(number, &standard, &handler);
    raise(number);
    sigemptyset(&stop);
    sigaddset(&stop, number);
    sigprocmask(SIG_UNBLOCK, &stop, NULL); // stops here
    sigprocmask(SIG_BLOCK, &stop, NULL);
    sigaction(number, &handler, NULL);
    take();
    resized = 1;
    errno = code;
}

/// Stopped by a signal that no process sees, and continued: a shell has used the terminal meanwhile.
static void on_continue(int number) {
    const int code = errno;
    (void)number;
    if (taken) {
        take();
        resized = 1;
    }
    errno = code;
}

static void handle(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler}; // no SA_RESTART: waiting is to end
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

bool sdqn_terminal_can_draw(void) {
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
}

bool sdqn_terminal_has_braille(void) {
    const char *terminal = getenv("TERM");
    return terminal == NULL || strncmp(terminal, "linux", strlen("linux")) != 0;
}

/// A locale that is not installed here, as one that ssh has brought along: what its name says of it.
static bool names_utf8(void) {
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *name = NULL;
    for (size_t i = 0; i < sizeof variables / sizeof *variables && (name == NULL || name[0] == '\0'); i++) name = getenv(variables[i]);
    return name != NULL && (strcasestr(name, ".UTF-8") != NULL || strcasestr(name, ".utf8") != NULL);
}

bool sdqn_terminal_speaks_utf8(void) {
    const locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale == (locale_t)0) return names_utf8();
    const bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

SdqnStatus sdqn_terminal_open(SdqnError *error) {
    if (!isatty(STDOUT_FILENO)) return sdqn_error_set(error, SDQN_ERR_IO, "standard output is no terminal");
    keys_taken = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    ending = resized = 0;
    for (size_t i = 0; i < sizeof END_SIGNALS / sizeof *END_SIGNALS; i++) handle(END_SIGNALS[i], on_end);
    for (size_t i = 0; i < sizeof CRASH_SIGNALS / sizeof *CRASH_SIGNALS; i++) handle(CRASH_SIGNALS[i], on_crash);
    handle(SIGWINCH, on_resize);
    handle(SIGTSTP, on_stop);
    handle(SIGCONT, on_continue);
    take();
    return SDQN_OK;
}

void sdqn_terminal_close(void) {
    handle(SIGTSTP, SIG_IGN); // nothing takes it again
    handle(SIGCONT, SIG_DFL);
    give_back();
    for (size_t i = 0; i < sizeof END_SIGNALS / sizeof *END_SIGNALS; i++) handle(END_SIGNALS[i], SIG_DFL);
    for (size_t i = 0; i < sizeof CRASH_SIGNALS / sizeof *CRASH_SIGNALS; i++) handle(CRASH_SIGNALS[i], SIG_DFL);
    handle(SIGWINCH, SIG_DFL);
    handle(SIGTSTP, SIG_DFL);
}

void sdqn_terminal_size(int *width, int *height) {
    struct winsize size;
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    *width = known ? size.ws_col : 80;
    *height = known ? size.ws_row : 24;
}

SdqnTerminalEvent sdqn_terminal_wait(int milliseconds, char *key) {
    struct pollfd keys = {.fd = keys_taken ? STDIN_FILENO : -1, .events = POLLIN};
    const int ready = ending || resized ? 0 : poll(&keys, 1, milliseconds);
    if (ending) return SDQN_TERMINAL_END;
    if (resized) {
        resized = 0;
        return SDQN_TERMINAL_RESIZED;
    }
    if (ready <= 0) return SDQN_TERMINAL_TIME;
    if (keys.revents & POLLIN) {
        const ssize_t got = read(STDIN_FILENO, key, 1);
        if (got == 1) return SDQN_TERMINAL_KEY;
        return got == 0 && !(keys.revents & POLLHUP) ? SDQN_TERMINAL_TIME : SDQN_TERMINAL_END;
    }
    return SDQN_TERMINAL_END; // the other side has hung up
}

bool sdqn_terminal_show(const char *frame, size_t size) {
    while (size > 0) {
        if (ending) return false; // perhaps nobody will ever take the rest
        const ssize_t written = write(STDOUT_FILENO, frame, size);
        if (written < 0 && errno == EINTR) continue;
        // Who has this terminal too may have set it not to block.
        if (written < 0 && errno == EAGAIN && (takes_more(-1) >= 0 || errno == EINTR)) continue;
        if (written < 0) return false;
        frame += written;
        size -= (size_t)written;
    }
    return true;
}

int sdqn_terminal_signal(void) { return ending; }
