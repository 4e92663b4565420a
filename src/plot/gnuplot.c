#define _GNU_SOURCE // pipe2, prctl's PR_SET_PDEATHSIG

#include "plot/gnuplot.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NANOSECONDS 2000000

/// What a child says: its errors, and the number of the system's error if it could not become gnuplot.
typedef struct Child {
    pid_t process;
    int said, failed; ///< descriptors to read from
} Child;

/// Become gnuplot. Between fork and exec only what a signal handler may do.
static void become(const char *folder, const char *script, pid_t parent, int said, int failed) {
    char *const arguments[] = {(char *)"gnuplot", (char *)"-d", (char *)script, NULL};
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL); // Ctrl-C, which its own group does not get, ends it too
    if (getppid() != parent) _exit(127);
    setpgid(0, 0); // so that what it starts itself is killed with it
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(said, STDERR_FILENO) >= 0 &&
        chdir(folder) == 0)
        execvp(arguments[0], arguments);
    const int reason = errno;
    const ssize_t written = write(failed, &reason, sizeof reason);
    (void)written;
    _exit(127);
}

static SdqnStatus start(const char *folder, const char *script, Child *child, SdqnError *error) {
    int said[2], failed[2];
    if (pipe2(said, O_CLOEXEC) != 0) return sdqn_error_set(error, SDQN_ERR_IO, "gnuplot: cannot make a pipe: %s", strerror(errno));
    if (pipe2(failed, O_CLOEXEC) != 0) {
        const SdqnStatus status = sdqn_error_set(error, SDQN_ERR_IO, "gnuplot: cannot make a pipe: %s", strerror(errno));
        close(said[0]);
        close(said[1]);
        return status;
    }
    const pid_t parent = getpid(), process = fork();
    const int reason = errno;
    if (process == 0) become(folder, script, parent, said[1], failed[1]);
    close(said[1]);
    close(failed[1]);
    if (process < 0) {
        close(said[0]);
        close(failed[0]);
        return sdqn_error_set(error, SDQN_ERR_IO, "gnuplot: cannot start a process: %s", strerror(reason));
    }
    *child = (Child){process, said[0], failed[0]};
    return SDQN_OK;
}

/// Keep the end of what it says. Blocks no longer than until `deadline`.
static void listen_until(const Child *child, double deadline, char tail[512]) {
    size_t length = 0;
    for (;;) {
        char bytes[256];
        const double left = deadline - sdqn_clock_seconds();
        struct pollfd wait = {.fd = child->said, .events = POLLIN};
        if (left <= 0.0) break;
        const int ready = poll(&wait, 1, (int)(left * 1e3) + 1);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) break;
        const ssize_t got = read(child->said, bytes, sizeof bytes);
        if (got <= 0) break;
        if (length + (size_t)got >= 512) {
            const size_t keep = 511 - (size_t)got < length ? 511 - (size_t)got : length;
            memmove(tail, tail + length - keep, keep);
            length = keep;
        }
        memcpy(tail + length, bytes, (size_t)got);
        length += (size_t)got;
    }
    tail[length] = '\0';
}

/// @return whether it ended by itself
static bool wait_until(pid_t process, double deadline, int *ended) {
    for (;;) {
        const pid_t got = waitpid(process, ended, WNOHANG);
        if (got == process) return true;
        if (got < 0 && errno != EINTR) return true; // somebody else has waited for it: `ended` says success
        if (sdqn_clock_seconds() >= deadline) break;
        nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
    }
    kill(-process, SIGKILL);
    kill(process, SIGKILL); // before it had a group of its own
    while (waitpid(process, ended, 0) < 0 && errno == EINTR) {
    }
    return false;
}

/// The last line that is not empty.
static const char *last_line(char *text) {
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' ')) text[--length] = '\0';
    const char *line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    while (*line == ' ') line++;
    return *line != '\0' ? line : "it said nothing";
}

SdqnStatus sdqn_gnuplot_run(const char *folder, const char *script, double seconds, bool *missing, SdqnError *error) {
    Child child = {0};
    char tail[512];
    int ended = 0, reason = 0;
    const double deadline = sdqn_clock_seconds() + seconds;
    *missing = false;
    SdqnStatus status = start(folder, script, &child, error);
    if (status != SDQN_OK) return status;
    ssize_t got;
    while ((got = read(child.failed, &reason, sizeof reason)) < 0 && errno == EINTR) { // ends when it is gnuplot
    }
    const bool not_started = got == (ssize_t)sizeof reason;
    listen_until(&child, deadline, tail);
    const bool in_time = wait_until(child.process, deadline, &ended);
    close(child.said);
    close(child.failed);
    if (not_started) {
        *missing = reason == ENOENT;
        return sdqn_error_set(error, SDQN_ERR_IO, "gnuplot: cannot run it: %s", strerror(reason));
    }
    if (!in_time) return sdqn_error_set(error, SDQN_ERR_IO, "%s: gnuplot did not end within %d s", script, (int)seconds);
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_IO, "gnuplot failed: %s", last_line(tail));
}
