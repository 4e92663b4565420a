// result.h: what a study keeps of one finished run: a small file from which everything it reports can be made again.
#ifndef SDQN_STUDY_RESULT_H
#define SDQN_STUDY_RESULT_H

#include "core/error.h"
#include "core/sha256.h"
#include "run/config.h"
#include "run/evaluator.h"
#include "study/plan.h"

#include <stdint.h>

/// How a training episode ended.
typedef enum SdqnEpisodeEnd {
    SDQN_END_CRASH = 'c',   ///< terminated, but not at rest
    SDQN_END_REST = 'r',    ///< terminated at rest
    SDQN_END_TIMEOUT = 't', ///< cut by the time limit
} SdqnEpisodeEnd;

/// The periodic evaluations of a run, an array each; owned. Returns are rounded to 0.01, shares and cosines to 0.0001.
typedef struct SdqnStudyCurve {
    int count;
    int *episodes;           ///< [count] the training episode after which it was made
    int64_t *steps;          ///< [count] environment steps of the training until then
    int64_t *updates;        ///< [count] likewise
    double *means;           ///< [count, tasks] mean return
    double *success;         ///< [count, tasks] share with a return of at least SDQN_SUCCESS_RETURN
    double *at_rest;         ///< [count, tasks] share that ended at rest
    double *timeout;         ///< [count, tasks] share cut by the time limit
    int *gradient_reports;   ///< [count + 1] lines of gradients.jsonl before each evaluation and behind the last, since the one before
    double *cosines;         ///< [count + 1] their mean cosine over the pairs of tasks; 0 without reports
    double *conflict_shares; ///< [count + 1] their mean share of pairs whose gradients conflict; 0 without reports
} SdqnStudyCurve;

/// A run of a study. Holds no time: the same run gives the same bytes wherever it is made. Pointers are owned.
typedef struct SdqnStudyResult {
    char arm[SDQN_STUDY_NAME_SIZE];
    uint64_t seed;
    char *settings;                      ///< text of its config.yaml
    char numerics[SDQN_SHA256_HEX_SIZE]; ///< numerics.h
    char weights_sha256[SDQN_SHA256_HEX_SIZE];
    int64_t parameters, environment_steps, updates;
    int num_tasks;
    char tasks[SDQN_CONFIG_MAX_TASKS][SDQN_TASK_NAME_SIZE];
    SdqnTaskResult final[SDQN_CONFIG_MAX_TASKS]; ///< of the final evaluation: its means alone
    SdqnStudyCurve curve;
    int num_episodes;
    int *episode_tasks;      ///< [num_episodes] of the training, in the order in which they ended
    char *episode_ends;      ///< [num_episodes] SdqnEpisodeEnd, with a zero behind
    int *episode_steps;      ///< [num_episodes]
    double *episode_returns; ///< [num_episodes] rounded to 0.1
} SdqnStudyResult;

/// Free what it owns. All zeros is allowed.
void sdqn_study_result_clear(SdqnStudyResult *result);

/// Make a result from the folder of a finished run, all of which must be there: as many episodes and evaluations as its settings say.
/// @param numerics  taken over @param seconds  receives the wall time of its training; NULL: not
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT (FILE:LINE and what) or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_result_collect(const char *folder, const char *arm, uint64_t seed, const char *numerics, SdqnStudyResult *result,
                                     double *seconds, SdqnError *error);

/// Write it as JSON, a line. @return SDQN_OK, SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_result_write(const SdqnStudyResult *result, const char *path, SdqnError *error);
/// Read it back. @param result  overwritten on success only; to be cleared @return also SDQN_ERR_FORMAT
SdqnStatus sdqn_study_result_read(const char *path, SdqnStudyResult *result, SdqnError *error);

/// The largest budget up to which a score of this kind is known: episodes or environment steps until the last periodic evaluation; infinity
/// for the kinds without a budget.
double sdqn_study_result_reach(const SdqnStudyResult *result, SdqnScoreKind kind);

/// A score of one task. @param budget  episodes or environment steps, for the kinds that have one @return NaN before the first evaluation
double sdqn_study_result_score(const SdqnStudyResult *result, SdqnScoreKind kind, double budget, int task);

#endif
