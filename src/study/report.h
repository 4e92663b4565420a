// report.h: what a study found: tables from its results.
//
// Mean returns of the final policy, areas under the evaluation curve, and both of the curve where all compared runs have had equally many
// training episodes and equally many environment steps; per tier with 95 % intervals that resample whole seeds, per task, and for the
// planned comparisons: paired differences, tests, Holm's correction over all that were planned, and the seeds that they would need.
#ifndef SDQN_STUDY_REPORT_H
#define SDQN_STUDY_REPORT_H

#include "core/error.h"
#include "study/plan.h"
#include "study/runner.h"

#include <stdio.h>

/// Write the report as Markdown. What is not there or was left out is named with its reason and counted.
SdqnStatus sdqn_study_report_write(FILE *stream, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error);

/// Write report.md, and the scores of the final policy as scores.csv (of each tier that has a name as scores-NAME.csv), into the study's
/// folder. @param copy  receives the report too; NULL: none does
SdqnStatus sdqn_study_report_files(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, FILE *copy, SdqnError *error);

#endif
