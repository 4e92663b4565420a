// record.h: a session into a file: a film, or the last picture of each episode.
#ifndef SDQN_VIEW_RECORD_H
#define SDQN_VIEW_RECORD_H

#include "view/draw.h"
#include "view/film.h"
#include "view/session.h"

/// What to record and how. Pointers are borrowed for the call.
typedef struct SdqnRecordDef {
    const SdqnDraw *draw;
    SdqnSession *session;         ///< with a policy, and at its beginning
    const char *path;             ///< ends with .mp4, .gif or .png. Several episodes as .png: NAME-TASK-SEED.png each
    bool overlay;                 ///< write task, step, return, action, Q-values and wind over the pictures
    bool replace;                 ///< files that are there
    bool (*stops)(void *context); ///< asked before every step; may be NULL
    void (*ended)(void *context, const SdqnSession *session); ///< told of every episode that ends; may be NULL
    void *context;
} SdqnRecordDef;

/// Play the session to its end, a picture before the first step and after each, and a second of the last one of every episode.
/// @return SDQN_OK; SDQN_ERR_ARGUMENT (ending), SDQN_ERR_IO (a file is there, no such folder, ffmpeg), SDQN_ERR_MEMORY;
///         SDQN_ERR_INTERRUPTED if `stops` said so: the film then holds what was recorded until then
SdqnStatus sdqn_record(const SdqnRecordDef *def, SdqnError *error);

#endif
