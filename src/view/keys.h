// keys.h: what keys mean: commands, and which engine a person fires.
#ifndef SDQN_VIEW_KEYS_H
#define SDQN_VIEW_KEYS_H

#include "view/window.h"

/// What a person can ask for while episodes are shown.
typedef enum SdqnCommandKind {
    SDQN_COMMAND_NONE = 0,
    SDQN_COMMAND_PAUSE,       ///< or go on
    SDQN_COMMAND_SINGLE_STEP, ///< and stay paused
    SDQN_COMMAND_FASTER,
    SDQN_COMMAND_SLOWER,
    SDQN_COMMAND_NEXT_EPISODE,
    SDQN_COMMAND_NEXT_TASK,
    SDQN_COMMAND_RESTART, ///< the same seed once more
    SDQN_COMMAND_FLY,     ///< take over by hand, or hand back
    SDQN_COMMAND_OVERLAY, ///< on or off
    SDQN_COMMAND_HELP,    ///< on or off
    SDQN_COMMAND_QUIT,
} SdqnCommandKind;

/// Arrow keys that are held down. All zeros: none.
typedef struct SdqnHands {
    int count;
    int held[3]; ///< [count] keys in the order in which they were pressed
} SdqnHands;

/// Take an event. An arrow changes the hands, and asks for SDQN_COMMAND_FLY by `arrow_pressed` only.
/// @param arrow_pressed  receives whether an arrow that fires an engine went down
/// @return what it asks for
SdqnCommandKind sdqn_keys_take(SdqnHands *hands, const SdqnEvent *event, bool *arrow_pressed);

/// The action of the arrow that was pressed last and is still held: left 1, up 2, right 3; none 0. Each pushes the lander where it points.
int sdqn_hands_action(const SdqnHands *hands);

/// A line of help.
typedef struct SdqnKeyHelp {
    const char *keys, *meaning;
} SdqnKeyHelp;

/// All keys, for people. @param count  receives how many
const SdqnKeyHelp *sdqn_keys_help(int *count);

#endif
