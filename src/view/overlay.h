// overlay.h: what is written over a scene: task, step, return, action, Q-values, wind, messages, help.
#ifndef SDQN_VIEW_OVERLAY_H
#define SDQN_VIEW_OVERLAY_H

#include "view/scene.h"
#include "view/session.h"

/// Beside what the session says.
typedef struct SdqnOverlay {
    bool panels; ///< task, step, return, action, Q-values, wind
    bool help;   ///< all keys
    bool paused;
    double speed;        ///< times Gymnasium's 50 steps a second
    const char *message; ///< a line at the lower edge; NULL: none
    double q_scale;      ///< difference of a Q-value from the mean of all whose bar has its full length, > 0; see sdqn_overlay_follow
} SdqnOverlay;

/// Add to a scene of the session's lander.
void sdqn_overlay_add(SdqnScene *scene, const SdqnSession *session, const SdqnOverlay *overlay);

/// Let the largest difference of late set the scale of the bars. To be called once a step: the scale follows at once where a bar would
/// not fit, and sinks by 2 % a step, so that bars can be compared with those just before, and are never small for long. At least 1.
void sdqn_overlay_follow(SdqnOverlay *overlay, const SdqnSession *session);

/// How an episode has ended, in a line.
void sdqn_overlay_describe_end(const SdqnSession *session, char text[SDQN_SHAPE_TEXT_SIZE]);

#endif
