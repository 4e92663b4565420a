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
    double q_scale;      ///< Q-value whose bar has its full length, > 0; sdqn_overlay_follow raises it
} SdqnOverlay;

/// Add to a scene of the session's lander.
void sdqn_overlay_add(SdqnScene *scene, const SdqnSession *session, const SdqnOverlay *overlay);

/// Let the largest Q-value so far set the scale of the bars: it changes seldom, so bars can be compared with those before.
void sdqn_overlay_follow(SdqnOverlay *overlay, const SdqnSession *session);

/// How an episode has ended, in a line.
void sdqn_overlay_describe_end(const SdqnSession *session, char text[SDQN_SHAPE_TEXT_SIZE]);

#endif
