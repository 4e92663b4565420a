// evaluator.h: greedy evaluation of a policy on tasks, by a protocol that is stored with every result.
#ifndef SDQN_RUN_EVALUATOR_H
#define SDQN_RUN_EVALUATOR_H

#include "core/error.h"
#include "run/task_set.h"

#include <stdbool.h>
#include <stdint.h>

#define SDQN_SUCCESS_RETURN 200.0 ///< an episode is a success if its return reaches this

/// Whatever chooses actions. `act` is greedy: the same observation always gives the same action, and nothing random is drawn.
typedef struct SdqnPolicy {
    void *object;
    /// @param task         the task's index in the evaluated set
    /// @param observation  [family->observation_size]
    /// @return an action in [0, family->num_actions)
    int (*act)(void *object, int task, const float *observation);
} SdqnPolicy;

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
    SdqnEpisodeResult *episodes;
} SdqnTaskResult;

/// The result of one evaluation. Filled by sdqn_evaluate, freed by sdqn_evaluation_clear; all zeros is an empty one.
typedef struct SdqnEvaluation {
    int num_tasks;
    int num_episodes; ///< per task
    uint64_t seed;    ///< episode i of each task began with reset(seed + i)
    double mean;      ///< mean over the tasks of their means
    SdqnTaskResult *tasks;
} SdqnEvaluation;

/// Called after each episode; `done` of `total` episodes are finished. @return false to stop the evaluation
typedef bool SdqnEvaluationProgress(void *context, int done, int total);

/// Run `episodes` greedy episodes on each task of `set`, each on a fresh environment: nothing of training is read or changed.
/// @param episodes     per task, in [1, 1000000]
/// @param seed         seed of the first episode of every task; seed + i for the i-th (modulo 2^64)
/// @param progress     may be NULL
/// @param evaluation   overwritten on success only; the caller clears it
/// @return SDQN_OK, SDQN_ERR_ARGUMENT, SDQN_ERR_MEMORY, or SDQN_ERR_INTERRUPTED if `progress` said stop
SdqnStatus sdqn_evaluate(const SdqnTaskSet *set, const SdqnPolicy *policy, int episodes, uint64_t seed, SdqnEvaluationProgress *progress,
                         void *context, SdqnEvaluation *evaluation, SdqnError *error);

/// Free what sdqn_evaluate allocated. Safe on an empty evaluation.
void sdqn_evaluation_clear(SdqnEvaluation *evaluation);

#endif
