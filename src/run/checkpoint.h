// checkpoint.h: what a full state holds, written into a run's folder and taken back from it.
#ifndef SDQN_RUN_CHECKPOINT_H
#define SDQN_RUN_CHECKPOINT_H

#include "core/error.h"
#include "core/sha256.h"
#include "methods/method.h"
#include "run/player.h"
#include "run/run_folder.h"
#include "run/task_set.h"

#include <stdbool.h>
#include <stdint.h>

/// Counters of a run at the end of an episode.
typedef struct SdqnCounters {
    uint64_t episodes;                      ///< finished
    uint64_t steps, updates;                ///< environment steps and gradient steps
    int64_t best_episode;                   ///< after which the best periodic evaluation was made; -1: none yet
    double best_mean;                       ///< its mean over the tasks
    double seconds;                         ///< wall time, for timing.jsonl and summary.json only
    SdqnAppendMark logs[SDQN_RUN_NUM_LOGS]; ///< where each log stood
} SdqnCounters;

/// The bytes of best.safetensors. They are part of the state: what lies in the folder may come from later than the state.
typedef struct SdqnBestWeights {
    uint8_t *bytes; ///< owned, freed by whoever owns the struct; NULL: none yet
    size_t size;
} SdqnBestWeights;

/// Everything that lives while a run trains. All is borrowed.
typedef struct SdqnCheckpoint {
    char configuration[SDQN_SHA256_HEX_SIZE]; ///< SHA-256 of the run's config.yaml: a state of another configuration is refused
    const SdqnMethod *method;
    void *self;
    const SdqnTaskSet *tasks;
    SdqnPlayer *player;
    SdqnCounters *counters;
    SdqnBestWeights *best;
    bool with_events; ///< keep TensorBoard's event file open
} SdqnCheckpoint;

/// Called with one line about something that went wrong and was mended.
typedef void SdqnNotice(void *context, const char *text);

/// Sync the logs, write a full state named by the finished episodes, then remove all states but it and the newest one before it.
/// A kill at any point leaves at least one whole state, if there was one.
SdqnStatus sdqn_checkpoint_save(const SdqnCheckpoint *checkpoint, SdqnRunFolder *folder, SdqnError *error);

/// Take back the newest state that is whole, and make the folder what it was then: logs cut, later files removed, best.safetensors put
/// back. The logs are open after it.
/// @param notice  told of each state that could not be used; may be NULL
/// @param found   receives false if no state was ever written: then nothing is changed and no log opened
/// @return SDQN_OK, or the reason why none of the states can be used
SdqnStatus sdqn_checkpoint_load(SdqnCheckpoint *checkpoint, SdqnRunFolder *folder, SdqnNotice *notice, void *context, bool *found,
                                SdqnError *error);

#endif
