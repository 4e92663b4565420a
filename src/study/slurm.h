// slurm.h: a study as job arrays of Slurm: a script for the runs that are left, each run an array task.
//
// A task calls `sharedqn study FILE --job K`, which runs the K-th run of the study and writes its result. Candidates of tuning are an array
// of their own, after which the other one has to come: what tuning chose is known to a task from the candidates' results.
#ifndef SDQN_STUDY_SLURM_H
#define SDQN_STUDY_SLURM_H

#include "core/error.h"
#include "study/plan.h"
#include "study/runner.h"

#include <stdbool.h>

/// What a script needs to know.
typedef struct SdqnSlurmDef {
    const SdqnStudyPlan *plan;
    const SdqnStudy *study;
    const SdqnStudyFolder *folder;
    const char *program; ///< path of sharedqn
    const char *file;    ///< of the study, as on the command line
} SdqnSlurmDef;

/// Write FOLDER/tuning.sbatch (candidates) or FOLDER/runs.sbatch (all others) for the wanted runs that are not done, or remove one that has
/// nothing to do. @param path  receives its path @param count  receives how many runs it has
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_MEMORY, or SDQN_ERR_ARGUMENT if a path is too long
SdqnStatus sdqn_slurm_write(const SdqnSlurmDef *def, bool candidates, char path[SDQN_PATH_SIZE], int *count, SdqnError *error);

/// Give a script to sbatch. @param after  number of the job array that has to end before, or "" @param id  receives the array's number
/// @return SDQN_OK, or SDQN_ERR_IO with what sbatch said
SdqnStatus sdqn_slurm_submit(const char *script, const char *after, char id[32], SdqnError *error);

#endif
