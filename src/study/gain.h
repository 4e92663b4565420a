// gain.h: how much higher an arm scores than another, relative to it and on one task against the others.
#ifndef SDQN_STUDY_GAIN_H
#define SDQN_STUDY_GAIN_H

#include "core/error.h"
#include "run/config.h"
#include "study/bootstrap.h"

typedef struct SdqnGain {
    SdqnEstimate relative; ///< mean of a / mean of b - 1, over tasks and seeds; NaN if the interval of b's mean is not above 0
    SdqnEstimate beyond_others[SDQN_CONFIG_MAX_TASKS]; ///< a - b on the task less the mean of a - b on the other tasks; NaN if it is alone
} SdqnGain;

/// @param bootstrap  must draw whole seeds @param scores  arms a and b, on the same seeds in the same order
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_gain(const SdqnBootstrap *bootstrap, const SdqnScores *scores, SdqnGain *gain, SdqnError *error);

#endif
