// arm.h: one arm of a study: a method with its settings, as they stand in the study's file and as a configuration.
#ifndef SDQN_STUDY_ARM_H
#define SDQN_STUDY_ARM_H

#include "core/error.h"
#include "core/file.h"
#include "run/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDQN_STUDY_NAME_SIZE 64
#define SDQN_STUDY_MAX_SETTINGS 48
#define SDQN_STUDY_SETTING_SIZE 512
#define SDQN_STUDY_NAME_ALLOWED "1 to 63 of the letters A-Z a-z 0-9 _ -" ///< for messages

typedef struct SdqnStudyArm {
    char name[SDQN_STUDY_NAME_SIZE];
    char config_file[SDQN_PATH_SIZE]; ///< "": none
    int num_settings;
    char settings[SDQN_STUDY_MAX_SETTINGS][SDQN_STUDY_SETTING_SIZE]; ///< key=value: those of all arms, its own, then tuned ones
    int num_tuned;                                                   ///< how many of the last settings come from a tuning grid
    SdqnConfig config;                                               ///< resolved, with the default seed
    int tier;                                                        ///< index; of a candidate the first that needs it
    int num_seeds;
    const uint64_t *seeds; ///< [num_seeds] of its tier or its tuning, borrowed from the plan
    // Indices of arms, or -1.
    int tuned_by;                        ///< the arm whose candidates decide settings of this one; of a tuned arm itself
    int candidate_of;                    ///< the tuned arm that this one is a candidate for
    int tuning;                          ///< of a tuned arm and its candidates: index of the tuning
    int first_candidate, num_candidates; ///< of a tuned arm
    int chosen;                          ///< of a tuned arm: the candidate that won
} SdqnStudyArm;

/// Whether a text may name a study, a tier or an arm: SDQN_STUDY_NAME_ALLOWED.
bool sdqn_study_name_is_good(const char *text);

/// Whether the settings hold a key.
bool sdqn_study_arm_has(const SdqnStudyArm *arm, const char *key);

/// Add `key=value` behind the settings. @return SDQN_OK, or SDQN_ERR_ARGUMENT if there are too many or it is too long
SdqnStatus sdqn_study_arm_set(SdqnStudyArm *arm, const char *key, const char *value, SdqnError *error);

/// Make the configuration from file and settings. @return SDQN_OK, SDQN_ERR_ARGUMENT with what is allowed, SDQN_ERR_IO, SDQN_ERR_MEMORY
SdqnStatus sdqn_study_arm_resolve(SdqnStudyArm *arm, SdqnError *error);

/// Give an arm the tuned settings of a candidate, and resolve it.
SdqnStatus sdqn_study_arm_tune(SdqnStudyArm *arm, const SdqnStudyArm *candidate, SdqnError *error);

/// Put a value of a grid behind the name of a candidate: `shared` and 2.5e-4 make `shared_25e-5`. Numbers lose their dot to the exponent;
/// in other values what may not stand in a name becomes _. @return SDQN_OK, or SDQN_ERR_ARGUMENT if it gets too long
SdqnStatus sdqn_study_arm_name_value(SdqnStudyArm *arm, const char *value, SdqnError *error);

#endif
