// colors.h: all colours of a picture: Gymnasium's for the scene, ours for what is written over it.
#ifndef SDQN_VIEW_COLORS_H
#define SDQN_VIEW_COLORS_H

#include "view/scene.h"

#define SDQN_WHITE ((SdqnColor){255, 255, 255, 255})
#define SDQN_BLACK ((SdqnColor){0, 0, 0, 255})
#define SDQN_PURPLE ((SdqnColor){128, 102, 230, 255}) ///< hull and legs
#define SDQN_DARK_PURPLE ((SdqnColor){77, 77, 128, 255})
#define SDQN_YELLOW ((SdqnColor){204, 204, 0, 255}) ///< flags

#define SDQN_PANEL ((SdqnColor){40, 40, 56, 150})       ///< behind what is written in the sky; a lander behind it is seen
#define SDQN_DENSE_PANEL ((SdqnColor){24, 24, 36, 240}) ///< behind what is written in the middle of the scene or on the moon
#define SDQN_GREY ((SdqnColor){170, 170, 180, 255})
#define SDQN_ORANGE ((SdqnColor){255, 150, 50, 255})
#define SDQN_BLUE ((SdqnColor){96, 128, 200, 255})
#define SDQN_SKY_BLUE ((SdqnColor){120, 200, 255, 255})

/// A flame's colour. @param heat  see SdqnFlame
SdqnColor sdqn_color_of_heat(double heat);

#endif
