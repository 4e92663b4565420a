// study_display.h: how a running study shows itself on stderr: a live table on a terminal, else a line for each run that ends.
#ifndef SDQN_CLI_STUDY_DISPLAY_H
#define SDQN_CLI_STUDY_DISPLAY_H

#include "study/plan.h"
#include "study/runner.h"

#include <stdbool.h>

typedef struct SdqnStudyDisplay {
    const SdqnStudyPlan *plan; ///< borrowed
    bool is_terminal;
    int lines; ///< of the table on the screen
    double began, shown;
    double work_before; ///< runs done when it began
    int told;           ///< runs whose end was told, without a terminal
} SdqnStudyDisplay;

/// Begin: say how many runs are there already.
void sdqn_study_display_begin(SdqnStudyDisplay *display, const SdqnStudyPlan *plan, const SdqnStudy *study);
/// For sdqn_study_run. @param context  the display
void sdqn_study_display_watch(void *context, const SdqnStudy *study);
/// The last table, and why runs failed or diverged.
void sdqn_study_display_end(SdqnStudyDisplay *display, const SdqnStudy *study);

/// @param done, failed  receive how many of the wanted runs are; one that diverged is done @return how many are wanted
int sdqn_study_display_count(const SdqnStudy *study, int *done, int *failed);

#endif
