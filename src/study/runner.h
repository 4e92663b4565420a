// runner.h: the runs of a study: in which order, by whom, and what has become of them.
//
// Tier by tier, and within each the candidates of its tunings first; an arm starts when its tuning is decided: by the candidate whose score
// (of the kind asked for) has the highest mean over tasks and tuning seeds, of equal ones the first. While candidates still run, arms that
// need none of them run beside. A candidate of which a run diverged is behind all others; if all diverged, nothing is decided.
#ifndef SDQN_STUDY_RUNNER_H
#define SDQN_STUDY_RUNNER_H

#include "core/error.h"
#include "study/launcher.h"
#include "study/plan.h"
#include "study/result.h"
#include "study/study_folder.h"

#include <signal.h>
#include <stdbool.h>

typedef enum SdqnJobState {
    SDQN_JOB_WAITING = 0,
    SDQN_JOB_RUNNING,
    SDQN_JOB_DONE,
    SDQN_JOB_FAILED,
    SDQN_JOB_DIVERGED, ///< a run of a candidate that always does: it is over, without a result
} SdqnJobState;

/// One run of a study.
typedef struct SdqnJob {
    int arm; ///< index into the plan
    uint64_t seed;
    bool wanted; ///< whether it belongs to the tiers to run
    SdqnJobState state;
    int64_t episodes;                      ///< finished so far, if running
    char failure[SDQN_STUDY_FAILURE_SIZE]; ///< why, if failed or diverged
    SdqnStudyResult result;                ///< if done
} SdqnJob;

/// A study while it runs. Not thread-safe.
typedef struct SdqnStudy SdqnStudy;

/// What to run.
typedef struct SdqnStudyDef {
    SdqnStudyPlan *plan;           ///< borrowed for the study's life; its tunings are decided as their results come
    const SdqnStudyFolder *folder; ///< likewise; locked by the caller
    int num_tiers;                 ///< how many of the plan's tiers to run, from the first
    int only_job;                  ///< index of the one run that is wanted; -1: all of these tiers
    char numerics[SDQN_SHA256_HEX_SIZE];
} SdqnStudyDef;

/// Take the results that lie in the folder. One of other settings, of another seed or arm than its name says, or of other
/// numerics is an error: nothing is mixed and nothing thrown away. @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_create(const SdqnStudyDef *def, SdqnStudy **study, SdqnError *error);
/// Nothing may run any more. NULL is allowed.
void sdqn_study_destroy(SdqnStudy *study);

/// The jobs, arm by arm. @param count  receives how many
const SdqnJob *sdqn_study_jobs(const SdqnStudy *study, int *count);
/// Of one arm and of one of its seeds, by index.
const SdqnJob *sdqn_study_job(const SdqnStudy *study, int arm, int seed);

/// Whether all runs of an arm are done.
bool sdqn_study_is_complete(const SdqnStudy *study, int arm);
/// Mean over tasks and seeds of a complete arm's scores. @param kind  one without a budget
double sdqn_study_mean_score(const SdqnStudy *study, int arm, SdqnScoreKind kind);

/// Run what is left, each tier seed by seed so that its arms stay comparable on the way. Arms whose tuning stays undecided, because a run
/// of a candidate failed or all candidates diverged, are not run. @param stop  looked at all the time: if it becomes not 0 the runs are
/// asked to stop, and waited for
/// @param watch  called several times a second; NULL: not @return SDQN_OK (jobs may have failed), SDQN_ERR_INTERRUPTED or SDQN_ERR_IO
SdqnStatus sdqn_study_run(SdqnStudy *study, const SdqnLauncher *launcher, const volatile sig_atomic_t *stop,
                          void (*watch)(void *context, const SdqnStudy *study), void *context, SdqnError *error);

#endif
