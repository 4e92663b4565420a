// result.h: what a study keeps of one finished run: a small file from which everything it reports can be made again.
#ifndef SDQN_STUDY_RESULT_H
#define SDQN_STUDY_RESULT_H

#include "core/error.h"
#include "core/sha256.h"
#include "run/config.h"
#include "run/evaluator.h"
#include "study/plan.h"

#include <stdint.h>

/// A run of a study. Arrays over evaluations and training episodes are owned.
typedef struct SdqnStudyResult {
    char arm[SDQN_STUDY_NAME_SIZE];
    uint64_t seed;
    char *settings;                      ///< text of its config.yaml, owned
    char numerics[SDQN_SHA256_HEX_SIZE]; ///< numerics.h
    char weights_sha256[SDQN_SHA256_HEX_SIZE];
    int64_t parameters, environment_steps, updates;
    double seconds;
    int num_tasks;
    char tasks[SDQN_CONFIG_MAX_TASKS][SDQN_TASK_NAME_SIZE];
    SdqnTaskResult final[SDQN_CONFIG_MAX_TASKS]; ///< of the final evaluation: its means alone
    int num_evaluations;
    int *evaluation_episodes; ///< [num_evaluations]
    double *evaluation_means; ///< [num_evaluations, num_tasks]
    int num_episodes;
    int *episode_tasks, *episode_steps, *episode_updates; ///< [num_episodes] of the training; updates are those so far
    double *episode_returns;                              ///< [num_episodes] rounded to 0.01
} SdqnStudyResult;

/// Free what it owns. All zeros is allowed.
void sdqn_study_result_clear(SdqnStudyResult *result);

/// Make a result from the folder of a finished run.
/// @param numerics  taken over @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT (FILE:LINE and what) or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_result_collect(const char *folder, const char *arm, uint64_t seed, const char *numerics, SdqnStudyResult *result,
                                     SdqnError *error);

/// Write it as JSON, a line. @return SDQN_OK, SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_result_write(const SdqnStudyResult *result, const char *path, SdqnError *error);
/// Read it back. @param result  overwritten on success only; to be cleared @return also SDQN_ERR_FORMAT
SdqnStatus sdqn_study_result_read(const char *path, SdqnStudyResult *result, SdqnError *error);

/// Area under a task's evaluation curve over the training episodes, by trapezoids, divided by their number: a mean return.
double sdqn_study_result_area(const SdqnStudyResult *result, int task);

#endif
