// study_page.h: the page of a study: its arms side by side, tier by tier, and its planned comparisons.
#ifndef SDQN_STUDY_STUDY_PAGE_H
#define SDQN_STUDY_STUDY_PAGE_H

#include "core/error.h"
#include "study/plan.h"
#include "study/runner.h"

/// Write report.html, figures/ and tables/ into the folder of a study, from its results alone; it is the page of compare_page.h. Arms of
/// which a run is missing are left out by name. It holds no times, so that equal results make equal pages.
/// @param undrawn  receives why figures are not drawn, or ""
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_ARGUMENT (more arms in a tier than a chart can hold), SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_page_write(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *undrawn,
                                 SdqnError *error);

#endif
