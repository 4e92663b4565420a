#define _GNU_SOURCE // pipe2

#include "plot/gnuplot.h"

#include "core/clock.h"
#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NANOSECONDS 2000000

/// Keep the end of what it says. Blocks no longer than until `deadline`.
static void listen_until(int said, double deadline, char tail[512]) {
    size_t length = 0;
    for (;;) {
        char bytes[256];
        const double left = deadline - sdqn_clock_seconds();
        struct pollfd wait = {.fd = said, .events = POLLIN};
        if (left <= 0.0) break;
        const int ready = poll(&wait, 1, (int)(left * 1e3) + 1);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) break;
        const ssize_t got = read(said, bytes, sizeof bytes);
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
    kill(-process, SIGKILL); // with what it has started itself
    while (waitpid(process, ended, 0) < 0 && errno == EINTR) {
    }
    return false;
}

SdqnStatus sdqn_gnuplot_run(const char *folder, const char *script, double seconds, bool *missing, SdqnError *error) {
    const char *const arguments[] = {"gnuplot", "-d", script, NULL};
    char tail[512];
    int said[2], ended = 0;
    pid_t process;
    const double deadline = sdqn_clock_seconds() + seconds;
    *missing = false;
    if (pipe2(said, O_CLOEXEC) != 0) return sdqn_error_set(error, SDQN_ERR_IO, "gnuplot: cannot make a pipe: %s", strerror(errno));
    // Killed with this process: a Ctrl-C does not reach it.
    const int reason = sdqn_process_start(
        &(SdqnProcessDef){
            .arguments = arguments, .folder = folder, .input = -1, .output = -1, .errors = said[1], .extra = -1, .end_signal = SIGKILL},
        &process);
    close(said[1]);
    if (reason != 0) {
        close(said[0]);
        *missing = reason == ENOENT;
        return sdqn_error_set(error, SDQN_ERR_IO, "gnuplot: cannot run it: %s", strerror(reason));
    }
    listen_until(said[0], deadline, tail);
    const bool in_time = wait_until(process, deadline, &ended);
    close(said[0]);
    if (!in_time) return sdqn_error_set(error, SDQN_ERR_IO, "%s: gnuplot did not end within %d s", script, (int)seconds);
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_IO, "gnuplot failed: %s", sdqn_process_last_line(tail));
}
