// evaluator.h: greedy evaluation of a policy on tasks, by a protocol that is stored with every result.
#ifndef SDQN_RUN_EVALUATOR_H
#define SDQN_RUN_EVALUATOR_H

#include "core/cpu.h"
#include "core/error.h"
#include "run/task_set.h"

#include <stdbool.h>
#include <stdint.h>

#define SDQN_SUCCESS_RETURN 200.0 ///< an episode is a success if its return reaches this

/// Whatever chooses actions. `act` is greedy: the same observation always gives the same action, whatever stands beside it, and nothing
/// random is drawn.
typedef struct SdqnPolicy {
    void *object;
    /// @param tasks         [n] each a task's index in the evaluated set
    /// @param observations  [n, family->observation_size]
    /// @param n             in [1, SDQN_EVALUATION_LANES]
    /// @param actions       [n] written, each in [0, family->num_actions)
    void (*act)(void *object, const int32_t *tasks, const float *observations, int n, int32_t *actions);
} SdqnPolicy;

/// Episodes that an evaluation plays at once.
#define SDQN_EVALUATION_LANES 128

/// One evaluated episode.
typedef struct SdqnEpisodeResult {
    uint64_t seed;         ///< of reset
    double episode_return; ///< plain left-to-right sum of the rewards, in double
    int64_t steps;
    bool terminated, truncated, at_rest;
} SdqnEpisodeResult;

/// All episodes of one task. Shares are in [0, 1].
typedef struct SdqnTaskResult {
    const char *name; ///< borrowed from the task set
    int time_limit_steps;
    double mean;    ///< of the returns
    double std;     ///< population standard deviation of the returns
    double success; ///< share of episodes with return >= SDQN_SUCCESS_RETURN
    double at_rest; ///< share of episodes that ended at rest
    double timeout; ///< share of episodes cut by the time limit
    double steps;   ///< mean length
    int num_episodes;
    SdqnEpisodeResult *episodes; ///< [num_episodes]; NULL if read back from a file
} SdqnTaskResult;

/// The result of one evaluation. Filled by sdqn_evaluate, freed by sdqn_evaluation_clear; all zeros is an empty one.
typedef struct SdqnEvaluation {
    int num_tasks;
    int num_episodes; ///< asked for, per task; sdqn_evaluate plays them all
    uint64_t seed;    ///< episode i of each task began with reset(seed + i)
    double mean;      ///< mean over the tasks of their means
    SdqnTaskResult *tasks;
} SdqnEvaluation;

/// Called after each episode; `done` of `total` episodes are finished. @return false to stop the evaluation
typedef bool SdqnEvaluationProgress(void *context, int done, int total);

/// Sees the episodes as they are played, many at once: called with the first observation of each (`step` NULL) and after each step.
/// @param episode  in [0, def.episodes) of its task
typedef void SdqnEvaluationWatch(void *context, int task, int episode, const float *observation, const SdqnStep *step);

/// What to evaluate. All fields count.
typedef struct SdqnEvaluationDef {
    const SdqnTaskSet *set;
    SdqnPolicy policy;
    int episodes;                     ///< per task, in [1, 1000000]
    uint64_t seed;                    ///< of the first episode of every task; seed + i of the i-th (modulo 2^64)
    SdqnCpuLevel level;               ///< kernel level of the environments; the result does not depend on it
    SdqnEvaluationProgress *progress; ///< may be NULL
    void *progress_context;
    SdqnEvaluationWatch *watch; ///< may be NULL
    void *watch_context;
} SdqnEvaluationDef;

/// Run greedy episodes on each task of a set, each on a fresh environment: nothing of training is read or changed. Many are played at
/// once, and each is what it would be alone.
/// @param evaluation  overwritten on success only; the caller clears it
/// @return SDQN_OK, SDQN_ERR_ARGUMENT, SDQN_ERR_MEMORY, or SDQN_ERR_INTERRUPTED if `progress` said stop
SdqnStatus sdqn_evaluate(const SdqnEvaluationDef *def, SdqnEvaluation *evaluation, SdqnError *error);

/// Make an evaluation to be filled in: room for the episodes of each task, none of them played.
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (`episodes` not in [1, 1000000]) or SDQN_ERR_MEMORY; to be cleared by the caller if OK
SdqnStatus sdqn_evaluation_create(const SdqnTaskSet *set, int episodes, uint64_t seed, SdqnEvaluation *evaluation, SdqnError *error);
/// Work out the figures of each task, which has at least one episode, and the mean.
void sdqn_evaluation_summarise(SdqnEvaluation *evaluation);

/// Free what sdqn_evaluate allocated. Safe on an empty evaluation.
void sdqn_evaluation_clear(SdqnEvaluation *evaluation);

#endif
