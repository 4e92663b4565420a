// player.h: the training episodes of a run: environments that are played at the same time, and what the method learns from their steps.
#ifndef SDQN_RUN_PLAYER_H
#define SDQN_RUN_PLAYER_H

#include "core/error.h"
#include "methods/method.h"
#include "run/metrics.h"
#include "run/task_sampler.h"
#include "run/task_set.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDQN_PLAYER_PAUSE_STEPS 4096

/// What to play. All pointers are borrowed for the player's life.
typedef struct SdqnPlayerDef {
    const SdqnMethod *method;
    void *self;
    const SdqnTaskSet *tasks;
    uint64_t seed;
    int environments; ///< lanes, each with an episode of its own, in [1, SDQN_MAX_ENVIRONMENTS]
    SdqnTaskSampling sampling;
    int first_task; ///< the tasks from this one on are played
    /// Told of each report on gradients. @param task  of the step before it
    SdqnStatus (*report)(void *context, const SdqnGradientReport *report, int task, SdqnError *error);
    /// Asked every SDQN_PLAYER_PAUSE_STEPS steps of the run whether to come back before an episode has ended. Changes no result.
    bool (*pauses)(void *context);
    void *context; ///< of both
} SdqnPlayerDef;

/// Lanes take a step each in turn; the method is asked for an update after every step. Episodes begin in the order of the lanes and are
/// numbered in the order in which they end. Not thread-safe.
typedef struct SdqnPlayer SdqnPlayer;

/// Make a player at the beginning. Lane l's episodes of task t are drawn from the stream (environment, t) for l = 0, and (environment, t,
/// l) for others. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_player_create(const SdqnPlayerDef *def, SdqnPlayer **player, SdqnError *error);
/// NULL is allowed.
void sdqn_player_destroy(SdqnPlayer *player);

/// Play until an episode ends, or def.pauses says so.
/// @param steps, updates  counters of the run, which go on
/// @param ended           receives whether an episode has ended; else the next call goes on
/// @param metrics         written if so, without the times
/// @param error           of an update: its number and what is wrong
SdqnStatus sdqn_player_play(SdqnPlayer *player, uint64_t *steps, uint64_t *updates, bool *ended, SdqnEpisodeMetrics *metrics,
                            SdqnError *error);

/// All of the player that a full state must hold, as plain bytes. @param size  receives how many
const void *sdqn_player_state(const SdqnPlayer *player, size_t *size);
/// What sdqn_player_load_state would say of saved bytes, without taking them.
SdqnStatus sdqn_player_check_state(const SdqnPlayer *player, const void *bytes, size_t size, SdqnError *error);
/// @return SDQN_OK, or SDQN_ERR_FORMAT with what is wrong; the player is then unchanged
SdqnStatus sdqn_player_load_state(SdqnPlayer *player, const void *bytes, size_t size, SdqnError *error);

#endif
