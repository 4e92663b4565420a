// study_folder.h: the folder of a study: results/ARM-seedN.json (.diverged: divergence.h), which is all that its report needs;
// runs/ARM-seedN, the folders of the runs, which may be thrown away once their results are there, each with a log beside it; times.csv.
#ifndef SDQN_STUDY_STUDY_FOLDER_H
#define SDQN_STUDY_STUDY_FOLDER_H

#include "core/error.h"
#include "core/file.h"
#include "study/arm.h"
#include "study/result.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SDQN_STUDY_FAILURE_SIZE 512

typedef struct SdqnStudyFolder {
    char path[SDQN_PATH_SIZE], results[SDQN_PATH_SIZE], runs[SDQN_PATH_SIZE];
} SdqnStudyFolder;

/// Make the folder where it is not there. @return SDQN_OK, SDQN_ERR_IO, or SDQN_ERR_ARGUMENT if the path is too long
SdqnStatus sdqn_study_folder_open(const char *path, SdqnStudyFolder *folder, SdqnError *error);

/// Read the result of a run, if it is there. One of other settings, of another seed or arm than its name says, or of other numerics is an
/// error. @param result  overwritten if it was there; to be cleared @param found  receives whether it was
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_folder_take(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, const char *numerics,
                                  SdqnStudyResult *result, bool *found, SdqnError *error);

/// Make the result of a run that has ended well, and write it. @param result  overwritten on success; to be cleared
SdqnStatus sdqn_study_folder_keep(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, const char *numerics,
                                  SdqnStudyResult *result, SdqnError *error);

/// Read that a run has diverged, if it was noted. Errors as above. @param why  overwritten if it was @param found  receives whether it was
SdqnStatus sdqn_study_folder_take_divergence(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, const char *numerics,
                                             char why[SDQN_STUDY_FAILURE_SIZE], bool *found, SdqnError *error);

/// Note that a run has diverged. @param why  one line
SdqnStatus sdqn_study_folder_keep_divergence(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, const char *numerics,
                                             const char *why, SdqnError *error);

/// Why a run failed: the signal, or the last line that it said. @param wait_status  as of waitpid
void sdqn_study_folder_failure(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, int wait_status,
                               char failure[SDQN_STUDY_FAILURE_SIZE]);

/// Whether a process uses a run's folder: one that a killed study has left behind ends soon.
bool sdqn_study_folder_is_in_use(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed);

/// How many episodes a run has finished, by the end of its metrics; -1 if that cannot be told.
int64_t sdqn_study_folder_episodes(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed);

/// Start a run as a process, or go on with it. It ends when this process does; SIGTERM makes it save its state.
/// @param program  path of sharedqn @return SDQN_OK, SDQN_ERR_IO or SDQN_ERR_ARGUMENT
SdqnStatus sdqn_study_folder_start(const SdqnStudyFolder *folder, const char *program, const SdqnStudyArm *arm, uint64_t seed,
                                   pid_t *process, SdqnError *error);

#endif
