// environment.h: what is inside an environment of the public API, for other parts of it. What users need is in sharedqn.h.
#ifndef SDQN_API_ENVIRONMENT_H
#define SDQN_API_ENVIRONMENT_H

#include "lander/lander.h"

#include <stdbool.h>

struct SdqnEnv {
    SdqnLander lander;
    bool begun; ///< an episode has begun
};

#endif
