// kept_weights.h: which weights a run has kept on its way.
#ifndef SDQN_ANALYSIS_KEPT_WEIGHTS_H
#define SDQN_ANALYSIS_KEPT_WEIGHTS_H

#include "core/error.h"

#include <stdint.h>

/// The episodes after which checkpoints/episode_*.safetensors were written, in ascending order.
/// @param episodes  written; to be freed, also on an error @param count  receives how many; 0 without such a folder
/// @return SDQN_OK, SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_kept_weights_list(const char *run, int64_t **episodes, int *count, SdqnError *error);

#endif
