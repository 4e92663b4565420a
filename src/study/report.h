// report.h: what a study found: tables from its results.
#ifndef SDQN_STUDY_REPORT_H
#define SDQN_STUDY_REPORT_H

#include "core/error.h"
#include "study/plan.h"
#include "study/runner.h"
#include "study/scores.h"

#include <stdio.h>

/// Scores of the arms of a tier whose runs are all there. @param arms [plan->num_arms] receives the index of each among the scores, or -1
/// @return SDQN_OK, SDQN_ERR_FORMAT (no arm of it is complete) or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnScoreKind kind, SdqnScores *scores, int *arms,
                             SdqnError *error);

/// Scores of two complete arms on the seeds that both have, as arms 0 and 1. @return SDQN_OK, SDQN_ERR_FORMAT (no such seed) or
/// SDQN_ERR_MEMORY
SdqnStatus sdqn_study_pair_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, const SdqnStudyComparison *pair, SdqnScoreKind kind,
                                  SdqnScores *scores, SdqnError *error);

/// Write the report as Markdown: what was run, what is missing, what tuning chose, and for the final policy and the area under the curve a
/// table of each tier and the planned comparisons.
SdqnStatus sdqn_study_report_write(FILE *stream, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error);

/// Write report.md, and the scores of the final policy as scores.csv (of each tier that has a name as scores-NAME.csv), into the study's
/// folder.
SdqnStatus sdqn_study_report_files(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error);

#endif
