// lander_batch.h: many LunarLanders stepped together, each with the bits it would have alone.
#ifndef SDQN_LANDER_LANDER_BATCH_H
#define SDQN_LANDER_LANDER_BATCH_H

#include "core/cpu.h"
#include "lander/lander.h"

/// Lanes a batch may have.
#define SDQN_LANDER_BATCH_MAX_LANES (1 << 20)

/// What happens to a lane whose episode has ended. The modes are those of gymnasium.vector.AutoresetMode.
typedef enum SdqnAutoreset {
    /// Nothing: the caller resets it. A step of an ended episode goes on as Gymnasium's environment does.
    SDQN_AUTORESET_DISABLED = 0,
    /// The lane's next step is a reset: its action is ignored, the observation is the first of the new episode, the reward 0, and
    /// nothing is terminated, truncated or at rest.
    SDQN_AUTORESET_NEXT_STEP,
    /// The same step resets the lane: the observation is the first of the new episode, while reward and flags are those of the step that
    /// ended the old one, whose last observation goes to `final_observation`.
    SDQN_AUTORESET_SAME_STEP,
} SdqnAutoreset;

/// How to make a batch. All fields count.
typedef struct SdqnLanderBatchDef {
    int lanes;             ///< N, in [1, SDQN_LANDER_BATCH_MAX_LANES]
    const SdqnTask *tasks; ///< [lanes], any mix; copied
    const SdqnRng *rngs;   ///< [lanes] the lanes' generators; copied
    SdqnAutoreset autoreset;
    SdqnCpuLevel level; ///< kernel level; sdqn_cpu_level_best() is the fastest, and the results do not depend on it
} SdqnLanderBatchDef;

/// What a step of N lanes gives. Arrays of the caller; NULL for what is not wanted.
typedef struct SdqnLanderBatchStep {
    float *observation;       ///< [N, 8] float32
    double *reward;           ///< [N]
    uint8_t *terminated;      ///< [N] 0 or 1
    uint8_t *truncated;       ///< [N] 0 or 1
    uint8_t *at_rest;         ///< [N] 0 or 1: terminated asleep on the ground, reward +100
    float *final_observation; ///< [N, 8] in mode same step: rows of lanes that ended in this step are written, others left alone
} SdqnLanderBatchStep;

/// N landers. Owns its memory; not thread-safe. After creation nothing is allocated.
typedef struct SdqnLanderBatch SdqnLanderBatch;

/// Make a batch; no lane has an episode before it is reset.
/// @return SDQN_OK; SDQN_ERR_ARGUMENT naming lanes, a task's field, the mode or a level this machine lacks; SDQN_ERR_MEMORY
SdqnStatus sdqn_lander_batch_create(const SdqnLanderBatchDef *def, SdqnLanderBatch **batch, SdqnError *error);
/// @param batch may be NULL
void sdqn_lander_batch_destroy(SdqnLanderBatch *batch);

int sdqn_lander_batch_lanes(const SdqnLanderBatch *batch);

/// Begin episodes.
/// @param chosen  [N] lanes with a value other than 0 are reset; NULL: all
/// @param seeds   [N] the chosen lanes are seeded as by Gymnasium's reset(seed=seed); NULL: every lane goes on with its generator
/// @param observation  [N, 8] float32: rows of the chosen lanes are written
void sdqn_lander_batch_reset(SdqnLanderBatch *batch, const uint8_t *chosen, const uint64_t *seeds, float *observation);

/// One step of every lane.
/// @param actions  [N], each in [0, 4), also where a reset makes it meaningless
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT naming the lane whose action is out of range or which has not been reset (nothing changed)
SdqnStatus sdqn_lander_batch_step(SdqnLanderBatch *batch, const int32_t *actions, const SdqnLanderBatchStep *out, SdqnError *error);

/// A lane as the lander it is; whether its next step is a reset (mode next step) is not part of it. @param lane in [0, N)
const SdqnLander *sdqn_lander_batch_lane(const SdqnLanderBatch *batch, int lane);
/// Put a copy of a lander that has been reset in the place of a lane, which then goes on with it, whatever its task.
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT if its task is not sound, no episode has begun in it or it is not built as LunarLander's
SdqnStatus sdqn_lander_batch_set_lane(SdqnLanderBatch *batch, int lane, const SdqnLander *lander, SdqnError *error);

#endif
