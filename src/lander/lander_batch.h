// lander_batch.h: many LunarLanders stepped together, each with the bits it would have alone. What users need too is in sharedqn.h.
#ifndef SDQN_LANDER_LANDER_BATCH_H
#define SDQN_LANDER_LANDER_BATCH_H

#include "core/cpu.h"
#include "lander/lander.h"

/// How to make a batch. All fields count.
typedef struct SdqnLanderBatchDef {
    int lanes;             ///< N, in [1, SDQN_LANDER_BATCH_MAX_LANES]
    const SdqnTask *tasks; ///< [lanes], any mix; copied
    const SdqnRng *rngs;   ///< [lanes] the lanes' generators; copied
    SdqnAutoreset autoreset;
    SdqnCpuLevel level; ///< kernel level; sdqn_cpu_level_best() is the fastest, and the results do not depend on it
} SdqnLanderBatchDef;

/// Make a batch; no lane has an episode before it is reset.
/// @return SDQN_OK; SDQN_ERR_ARGUMENT naming lanes, a task's field, the mode or a level this machine lacks; SDQN_ERR_MEMORY
SdqnStatus sdqn_lander_batch_create(const SdqnLanderBatchDef *def, SdqnLanderBatch **batch, SdqnError *error);
/// A lane as the lander it is; whether its next step is a reset (mode next step) is not part of it. @param lane in [0, N)
const SdqnLander *sdqn_lander_batch_lane(const SdqnLanderBatch *batch, int lane);
/// Put a copy of a lander that has been reset in the place of a lane, which then goes on with it, whatever its task.
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT if its task is not sound, no episode has begun in it or it is not built as LunarLander's
SdqnStatus sdqn_lander_batch_set_lane(SdqnLanderBatch *batch, int lane, const SdqnLander *lander, SdqnError *error);

#endif
