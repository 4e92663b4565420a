// frame.h: the picture of a watched run on a screen of any size.
#ifndef SDQN_WATCH_FRAME_H
#define SDQN_WATCH_FRAME_H

#include "watch/run_watch.h"
#include "watch/screen.h"

#define SDQN_FRAME_MIN_WIDTH 40
#define SDQN_FRAME_MIN_HEIGHT 8

/// Draw a run: head and progress; where there is room a chart of returns for each task; a table of evaluations; gradients; keys.
/// A screen smaller than the least size gets a line that says so.
/// @param first_task  the first task shown, for runs with more tasks than fit; made to fit where tasks are shown
/// @param keys        whether there is somebody at the keys
/// @return how many tasks are shown
int sdqn_frame_draw(SdqnScreen *screen, const SdqnWatchedRun *run, int *first_task, bool keys);

#endif
