#define _GNU_SOURCE // pipe2, prctl's PR_SET_PDEATHSIG

#include "core/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXTRA_DESCRIPTOR 3
#define FIRST_FREE_DESCRIPTOR 10 ///< for copies, so that none is overwritten by those that the program is to have

/// What the child needs from before the fork.
typedef struct Origin {
    pid_t process;
    sigset_t signals; ///< the mask to restore
    int failed;       ///< where to write why there is no program
} Origin;

/// A copy out of the way of the descriptors that are about to be replaced.
static int copy_of(int descriptor, int null) { return fcntl(descriptor < 0 ? null : descriptor, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR); }

static bool place_descriptors(const SdqnProcessDef *def) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int input = copy_of(def->input, null), output = copy_of(def->output, null), errors = copy_of(def->errors, null);
    const int extra = def->extra < 0 ? -1 : copy_of(def->extra, null);
    if (null < 0 || input < 0 || output < 0 || errors < 0 || (def->extra >= 0 && extra < 0)) return false;
    return dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0 &&
           (extra < 0 || dup2(extra, EXTRA_DESCRIPTOR) >= 0);
}

/// Become the program. Between fork and exec only what a signal handler may do; no signal comes in until this process's own handlers, which
/// would swallow it, are gone.
static void become(const SdqnProcessDef *def, const Origin *origin) {
    const int failed = fcntl(origin->failed, F_DUPFD_CLOEXEC, FIRST_FREE_DESCRIPTOR);
    if (def->end_signal != 0) prctl(PR_SET_PDEATHSIG, def->end_signal);
    if (getppid() != origin->process) _exit(127); // it ended before the line above
    setpgid(0, 0);
    signal(SIGINT, SIG_IGN); // a Ctrl-C that came before is forgotten
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    if (place_descriptors(def) && (!def->folder || chdir(def->folder) == 0)) {
        sigprocmask(SIG_SETMASK, &origin->signals, NULL);
        execvp(def->arguments[0], (char *const *)def->arguments);
    }
    const int reason = errno;
    const ssize_t written = write(failed, &reason, sizeof reason);
    (void)written; // nothing better could be done about it here
    _exit(127);
}

int sdqn_process_start(const SdqnProcessDef *def, pid_t *process) {
    int ends[2], reason = 0;
    sigset_t all;
    Origin origin = {.process = getpid()};
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    origin.failed = ends[1];
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &origin.signals);
    const pid_t child = fork();
    if (child == 0) become(def, &origin);
    if (child < 0) reason = errno;
    pthread_sigmask(SIG_SETMASK, &origin.signals, NULL);
    close(ends[1]);
    ssize_t got = 0;
    while (child > 0 && (got = read(ends[0], &reason, sizeof reason)) < 0 && errno == EINTR) { // ends when it has become the program
    }
    close(ends[0]);
    if (got == (ssize_t)sizeof reason) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
        }
    } else if (child > 0) {
        *process = child;
    }
    return reason;
}

const char *sdqn_process_last_line(char *said) {
    size_t length = strlen(said);
    while (length > 0 && (said[length - 1] == '\n' || said[length - 1] == ' ')) said[--length] = '\0';
    const char *line = strrchr(said, '\n');
    line = line ? line + 1 : said;
    while (*line == ' ') line++;
    return *line != '\0' ? line : "it said nothing";
}
