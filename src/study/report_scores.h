// report_scores.h: the parts of a study's report that are made from scores. Each writes Markdown.
#ifndef SDQN_STUDY_REPORT_SCORES_H
#define SDQN_STUDY_REPORT_SCORES_H

#include "core/error.h"
#include "study/plan.h"
#include "study/runner.h"

#include <stdio.h>

/// A table of each tier and of its tasks, and the planned comparisons, by one score. @param kind  one without a budget
SdqnStatus sdqn_report_scores(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, SdqnError *error);

/// The same in short at equal budgets. @param value, area  the two kinds of score of one budget @param unit  what the budget counts
SdqnStatus sdqn_report_budget(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind value, SdqnScoreKind area,
                              const char *unit, SdqnError *error);

/// Seeds an arm that the planned comparisons need for a power of 80 %, by the final policy.
SdqnStatus sdqn_report_power(FILE *out, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error);

#endif
