// plan.h: what a study will run and compare, from its file.
//
// A study file is YAML:
//     name: first                        # [A-Za-z0-9_-]+
//     seeds: 1-20                        # or a list: [1, 2, 5]
//     settings: {episodes: 1500}         # keys of the configuration, for all arms; may be left out
//     arms:                              # each with keys of its own, and `config: FILE` for those only files can hold
//       shared: {method: shared}
//       independent: {method: independent}
//     comparisons:                       # planned before running
//       - [shared, independent]
#ifndef SDQN_STUDY_PLAN_H
#define SDQN_STUDY_PLAN_H

#include "core/error.h"
#include "core/file.h"
#include "run/config.h"

#include <stdint.h>

#define SDQN_STUDY_NAME_SIZE 64
#define SDQN_STUDY_MAX_ARMS 128
#define SDQN_STUDY_MAX_SEEDS 10000
#define SDQN_STUDY_MAX_SETTINGS 48
#define SDQN_STUDY_SETTING_SIZE 512
#define SDQN_STUDY_MAX_COMPARISONS 256

/// One arm: a method with its settings.
typedef struct SdqnStudyArm {
    char name[SDQN_STUDY_NAME_SIZE];
    char config_file[SDQN_PATH_SIZE]; ///< "": none
    int num_settings;
    char settings[SDQN_STUDY_MAX_SETTINGS][SDQN_STUDY_SETTING_SIZE]; ///< key=value, those of all arms first
    SdqnConfig config;                                               ///< resolved, with the default seed
} SdqnStudyArm;

/// Two arms to compare, by index.
typedef struct SdqnStudyComparison {
    int a, b;
} SdqnStudyComparison;

typedef struct SdqnStudyPlan {
    char path[SDQN_PATH_SIZE];
    char name[SDQN_STUDY_NAME_SIZE];
    int num_arms, num_seeds, num_comparisons;
    SdqnStudyArm *arms; ///< [num_arms]
    uint64_t *seeds;    ///< [num_seeds] all different
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

#endif
