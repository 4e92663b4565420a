// flames.h: particles that fly from the engines: decoration, which no physics knows of.
//
// Gymnasium makes each a body of its world; here they follow the same start, gravity and bounce beside the lander's world, and are seen
// where Gymnasium shows them but for the last pixel of a bounce. Where and how fast one starts comes from a copy of the lander's generator,
// so nothing is drawn from the generator itself.
#ifndef SDQN_VIEW_FLAMES_H
#define SDQN_VIEW_FLAMES_H

#include "lander/lander_step.h"

/// A particle lives for 7 pictures, and a step makes two at most.
#define SDQN_MAX_FLAMES 16

#define SDQN_FLAME_RADIUS (2.0 / 30.0) ///< metres

typedef struct SdqnFlame {
    double x, y;                   ///< of its centre, metres
    double velocity_x, velocity_y; ///< m/s
    double heat;                   ///< time to live: the engine's share of its power when it starts, 0.15 less in each picture
} SdqnFlame;

/// Particles, oldest first. All zeros: none.
typedef struct SdqnFlames {
    int count;
    SdqnFlame flames[SDQN_MAX_FLAMES];
} SdqnFlames;

/// Let one step pass. To be called once before each step of the lander, with the thrust it will be given. @param lander  only read
void sdqn_flames_step(SdqnFlames *flames, const SdqnLander *lander, SdqnThrust thrust);

#endif
