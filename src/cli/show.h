// show.h: episodes before somebody's eyes: in a window, or into a file.
#ifndef SDQN_CLI_SHOW_H
#define SDQN_CLI_SHOW_H

#include "view/session.h"

/// How `evaluate` shows its episodes.
typedef struct SdqnShowDef {
    const SdqnTaskSet *set;
    SdqnWeightsPolicy *policy;
    int episodes; ///< a task, >= 1
    uint64_t seed;
    const char *record; ///< a file to record into; NULL: a window
    bool overlay;       ///< in what is recorded
    bool replace;       ///< a file that is there
} SdqnShowDef;

/// Show or record greedy episodes, telling of each on stderr.
/// @param print  given the evaluation of what the policy alone played to the end, also if somebody closed the window or stopped before all
///               was shown; not called if that is nothing
SdqnStatus sdqn_show(const SdqnShowDef *def, SdqnStatus (*print)(void *context, const SdqnEvaluation *evaluation, SdqnError *error),
                     void *context, SdqnError *error);

/// Let a person fly: a line on stdout for each episode. @param set  the first task first
SdqnStatus sdqn_show_play(const SdqnTaskSet *set, uint64_t seed, SdqnError *error);

#endif
