// viewer.h: a session in a window, and what a person does with it.
#ifndef SDQN_VIEW_VIEWER_H
#define SDQN_VIEW_VIEWER_H

#include "view/draw.h"
#include "view/overlay.h"
#include "view/window.h"

/// What to show and how. Pointers are borrowed for the call.
typedef struct SdqnViewerDef {
    const SdqnDraw *draw;
    const SdqnWindowModule *window;
    SdqnSession *session;
    const char *title;
    bool waits;                                               ///< for the person: before the first step and after the last of an episode
    double pictures_per_second;                               ///< 50 as Gymnasium; 0: as fast as it goes
    bool (*stops)(void *context);                             ///< asked before every picture; may be NULL
    void (*ended)(void *context, const SdqnSession *session); ///< told of every episode that ends; may be NULL
    void *context;
} SdqnViewerDef;

/// Open a window and show the session until it is complete, or the person closes the window or quits.
/// @return SDQN_OK, or what opening, drawing or showing said
SdqnStatus sdqn_viewer_run(const SdqnViewerDef *def, SdqnError *error);

#endif
