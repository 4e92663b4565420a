// trainer.h: the training protocol: episodes, updates, evaluations, checkpoints and the final result of one run.
#ifndef SDQN_RUN_TRAINER_H
#define SDQN_RUN_TRAINER_H

#include "core/error.h"
#include "core/sha256.h"
#include "methods/method.h"
#include "nn/safetensors.h"
#include "run/config.h"
#include "run/evaluator.h"
#include "run/metrics.h"
#include "run/run_folder.h"
#include "run/task_set.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/// What to train and by which protocol. Periods count episodes: something happens after episode e if e > 0 and e mod period = 0.
typedef struct SdqnTrainerDef {
    const SdqnMethod *method;
    SdqnMethodDef method_def; ///< with the run's seed
    const SdqnTaskSet *tasks; ///< borrowed for the trainer's life
    SdqnTaskSampling task_sampling;
    int first_task; ///< training plays the tasks from this one on; evaluation all
    /// Trained weights to begin with: all tasks but the last new_tasks are known to them. NULL: none.
    const SdqnSafetensors *initial;
    const char *initial_path; ///< what error messages call them
    int new_tasks;
    int64_t episodes;            ///< over all tasks, >= 1
    int evaluation_period;       ///< episodes, >= 1
    int evaluation_episodes;     ///< greedy episodes a task in a periodic evaluation, >= 1
    uint64_t evaluation_seed;    ///< reset seed of the first of them
    int final_episodes;          ///< greedy episodes a task of the final weights, >= 1
    uint64_t final_seed;         ///< reset seed of the first of them
    int checkpoint_period;       ///< episodes, >= 1: weights kept
    int state_period_episodes;   ///< a full state is written when so many episodes have passed since the last one; 0: by time alone
    double state_period_seconds; ///< and when so many seconds have passed; 0: by episodes alone. One also comes after the last episode.
    bool keep_state;             ///< keep the full states of a finished run
    bool tensorboard;            ///< write an event file
    char configuration[SDQN_SHA256_HEX_SIZE]; ///< SHA-256 of the run's config.yaml; a state of another one is refused
} SdqnTrainerDef;

/// Who wants to see a run go on. Every function may be NULL; none may change anything of the run.
typedef struct SdqnTrainerObserver {
    void *context;
    /// Training begins or goes on. @param episodes, updates  done already
    void (*began)(void *context, int64_t episodes, int64_t updates);
    void (*episode)(void *context, const SdqnEpisodeMetrics *metrics);
    /// A periodic evaluation was made after this episode.
    void (*evaluation)(void *context, int64_t episode, const SdqnEvaluation *evaluation, bool is_best);
    /// `done` of `total` episodes of the final evaluation are finished.
    void (*final_evaluation)(void *context, int done, int total);
    /// Something went wrong and was mended.
    void (*notice)(void *context, const char *text);
} SdqnTrainerObserver;

/// What a finished run gives. All zeros is an empty result.
typedef struct SdqnTrainerResult {
    SdqnEvaluation evaluation;                 ///< of the final weights; cleared by the caller
    char weights_sha256[SDQN_SHA256_HEX_SIZE]; ///< of final.safetensors
} SdqnTrainerResult;

/// One training run. Not thread-safe.
typedef struct SdqnTrainer SdqnTrainer;

/// Allocate all that training needs. Nothing is written. @return SDQN_OK, SDQN_ERR_ARGUMENT or SDQN_ERR_MEMORY
SdqnStatus sdqn_trainer_create(const SdqnTrainerDef *def, SdqnTrainer **trainer, SdqnError *error);
/// NULL is allowed.
void sdqn_trainer_destroy(SdqnTrainer *trainer);

/// Train to the end in a folder that holds the run's config.yaml. Called once a trainer.
/// @param resume    go on from the newest full state, from the beginning if there is none; else the folder must hold nothing else
/// @param observer  may be NULL
/// @param stop      may be NULL; set from outside (a signal handler), it ends the run after the present episode
/// @param result    overwritten on success only
/// @return SDQN_OK; SDQN_ERR_INTERRUPTED after `stop`, with a full state written; SDQN_ERR_NUMERIC if a loss was NaN or infinite, naming
///         episode and update; SDQN_ERR_IO, SDQN_ERR_FORMAT, SDQN_ERR_MEMORY. After any error the run can be resumed from its last state.
SdqnStatus sdqn_trainer_run(SdqnTrainer *trainer, SdqnRunFolder *folder, bool resume, const SdqnTrainerObserver *observer,
                            const volatile sig_atomic_t *stop, SdqnTrainerResult *result, SdqnError *error);

#endif
