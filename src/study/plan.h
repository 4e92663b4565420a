// plan.h: what a study will run and compare, from its file.
//
// A study file is YAML:
//     name: first                        # [A-Za-z0-9_-]+
//     seeds: 1-20                        # or a list: [1, 2, 5]
//     settings: {episodes: 1500}         # keys of the configuration, for all arms; may be left out
//     arms:                              # each with keys of its own, and `config: FILE` for those only files can hold
//       shared: {method: shared}
//       independent: {method: independent}
//       wide: {method: shared-wide, tuned_as: shared}
//     tuning:                            # may be left out; or a list of several such
//       seeds: 101-103                     none of the seeds of any arm
//       select: area                       or final: the score whose mean over tasks and seeds decides
//       grid: {learning_rate: [2.5e-4, 5e-4, 1e-3]}
//       arms: [shared, independent]
//     comparisons:                       # planned before running
//       - [shared, independent]
// In place of seeds and arms it may have several groups, which are finished one after the other:
//     tiers:
//       first: {seeds: 1-20, arms: {...}}
//       second: {seeds: 1-10, arms: {...}}
// Every combination of a grid's values is a candidate: an arm of its own, run with the tuning's seeds before the arms that need it.
#ifndef SDQN_STUDY_PLAN_H
#define SDQN_STUDY_PLAN_H

#include "core/error.h"
#include "core/file.h"
#include "study/arm.h"

#include <stdint.h>

#define SDQN_STUDY_MAX_ARMS 256 ///< with the candidates of tuning
#define SDQN_STUDY_MAX_TIERS 16
#define SDQN_STUDY_MAX_TUNINGS 16
#define SDQN_STUDY_MAX_SEEDS 10000
#define SDQN_STUDY_MAX_COMPARISONS 256

/// Which score of a run and task: a mean return, but for the last two. The four with a budget are of the evaluation curve up to it, so that
/// runs with different lengths can be compared: the curve's value there, between two evaluations on the line through them, or its area from
/// the first evaluation until there over the width, by trapezoids.
typedef enum SdqnScoreKind {
    SDQN_SCORE_FINAL = 0,         ///< of the final evaluation
    SDQN_SCORE_AREA,              ///< area under the whole curve, over training episodes
    SDQN_SCORE_VALUE_AT_EPISODES, ///< value after so many training episodes
    SDQN_SCORE_AREA_TO_EPISODES,  ///< area until then
    SDQN_SCORE_VALUE_AT_STEPS,    ///< value after so many environment steps
    SDQN_SCORE_AREA_TO_STEPS,     ///< area until then
    SDQN_SCORE_TIMEOUT,           ///< share of the final evaluation's episodes that were cut by the time limit
    SDQN_SCORE_LENGTH,            ///< mean length of the final evaluation's episodes, in environment steps
} SdqnScoreKind;

/// Two arms to compare, by index.
typedef struct SdqnStudyComparison {
    int a, b;
} SdqnStudyComparison;

/// Arms with the same seeds.
typedef struct SdqnStudyTier {
    char name[SDQN_STUDY_NAME_SIZE]; ///< "" where the file has none
    int num_seeds;
    uint64_t *seeds; ///< [num_seeds] all different
} SdqnStudyTier;

/// A grid of settings, tried on seeds of its own.
typedef struct SdqnStudyTuning {
    SdqnScoreKind select;
    int num_seeds;
    uint64_t *seeds; ///< [num_seeds] all different, and in no tier
} SdqnStudyTuning;

typedef struct SdqnStudyPlan {
    char path[SDQN_PATH_SIZE];
    char name[SDQN_STUDY_NAME_SIZE];
    int num_arms, num_tiers, num_tunings, num_comparisons;
    SdqnStudyArm *arms; ///< [num_arms] those of the tiers in their order, then the candidates
    SdqnStudyTier tiers[SDQN_STUDY_MAX_TIERS];
    SdqnStudyTuning tunings[SDQN_STUDY_MAX_TUNINGS];
    SdqnStudyComparison comparisons[SDQN_STUDY_MAX_COMPARISONS];
} SdqnStudyPlan;

/// Read a study file and resolve every arm's settings. All arms must have the same tasks and be evaluated in the same way.
/// @param plan  overwritten on success only; to be cleared by the caller
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_MEMORY, or SDQN_ERR_ARGUMENT: `FILE:LINE: what: what is allowed`
SdqnStatus sdqn_study_plan_read(const char *path, SdqnStudyPlan *plan, SdqnError *error);
/// All zeros is allowed.
void sdqn_study_plan_clear(SdqnStudyPlan *plan);

/// Index of an arm by name; -1 if there is none.
int sdqn_study_plan_find(const SdqnStudyPlan *plan, const char *name);

/// Whether an arm's settings are all known: it is not tuned, or its tuning is decided.
bool sdqn_study_plan_is_settled(const SdqnStudyPlan *plan, int arm);

/// Decide a tuning: the arm, and all that are tuned as it is, get the settings of the candidate.
/// @param arm  a tuned one @param candidate  index of one of its candidates @return SDQN_OK or SDQN_ERR_MEMORY, SDQN_ERR_IO (config files)
SdqnStatus sdqn_study_plan_choose(SdqnStudyPlan *plan, int arm, int candidate, SdqnError *error);

#endif
