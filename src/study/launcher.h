// launcher.h: who runs the runs of a study: processes here, or the ranks of an MPI job.
#ifndef SDQN_STUDY_LAUNCHER_H
#define SDQN_STUDY_LAUNCHER_H

#include "core/error.h"
#include "study/plan.h"
#include "study/study_folder.h"

#include <stdbool.h>
#include <stdint.h>

/// A table of functions on an object. None of them waits.
typedef struct SdqnLauncher {
    void *object;
    /// Start a run if there is a place for it. @param job  number by which `next` calls it @param started  receives whether there was
    SdqnStatus (*start)(void *object, int job, int arm, uint64_t seed, bool *started, SdqnError *error);
    /// A run that has ended. @param job  receives its number, or -1 if none has since the last call @param wait_status  as of waitpid
    SdqnStatus (*next)(void *object, int *job, int *wait_status, SdqnError *error);
    /// Ask all to stop: each finishes its episode and saves its state. `next` tells their ends as ever.
    void (*stop)(void *object);
} SdqnLauncher;

/// Processes on this machine, as many at a time as asked for.
typedef struct SdqnLocalLauncher SdqnLocalLauncher;

/// @param plan, folder, program  borrowed for the launcher's life @param places  >= 1 @return NULL if out of memory
SdqnLocalLauncher *sdqn_local_launcher_create(const SdqnStudyPlan *plan, const SdqnStudyFolder *folder, const char *program, int places);
/// Nothing may run any more. NULL is allowed.
void sdqn_local_launcher_destroy(SdqnLocalLauncher *launcher);
SdqnLauncher sdqn_local_launcher(SdqnLocalLauncher *launcher);

#endif
