// process.h: starting another program (gnuplot, ffmpeg, sbatch, the runs of a study).
#ifndef SDQN_CORE_PROCESS_H
#define SDQN_CORE_PROCESS_H

#include <sys/types.h>

/// Which program, and what it gets. All is borrowed until the call returns.
typedef struct SdqnProcessDef {
    const char *const *arguments; ///< ends with NULL; the first is the program: a path, or a name that is looked for in PATH
    const char *folder;           ///< in which it runs; NULL: that of this process
    int input, output, errors;    ///< descriptors that become its standard input, output and errors; -1: /dev/null
    int extra;                    ///< becomes its descriptor 3; -1: it has none
    int end_signal;               ///< what it gets when the thread that started it ends; 0: nothing
} SdqnProcessDef;

/// Start it in a process group of its own, so that Ctrl-C is for this process, which decides what becomes of it. It has none of the other
/// descriptors that are closed on exec, the default actions of SIGINT, SIGTERM and SIGPIPE, and this thread's signal mask. A signal that is
/// sent to it once this has returned finds the program, not this process's handlers.
/// @param process  receives its number, to be waited for by the caller @return 0; or the system's error number, of which ENOENT says that
/// there is no such program or folder: then nothing runs and nothing is to be waited for
int sdqn_process_start(const SdqnProcessDef *def, pid_t *process);

/// The last line that is not empty of what a program has said. @param said  zero-terminated; changed @return within `said`, or other words
/// if there is none
const char *sdqn_process_last_line(char *said);

#endif
