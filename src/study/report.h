// report.h: what a study found: tables from its results.
#ifndef SDQN_STUDY_REPORT_H
#define SDQN_STUDY_REPORT_H

#include "core/error.h"
#include "study/plan.h"
#include "study/runner.h"
#include "study/scores.h"

#include <stdio.h>

/// Which score of a run.
typedef enum SdqnScoreKind {
    SDQN_SCORE_FINAL = 0, ///< mean return of the final policy
    SDQN_SCORE_AREA,      ///< area under the evaluation curve, over the training episodes, as a mean return
} SdqnScoreKind;

/// Scores of the arms whose runs are all there. @param arms [plan->num_arms] receives the index of each arm among the scores, or -1
/// @return SDQN_OK, SDQN_ERR_FORMAT (no arm is complete) or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnScoreKind kind, SdqnScores *scores, int *arms,
                             SdqnError *error);

/// Write the report as Markdown: what was run, what is missing, the final policy, the area under the curve, and the planned comparisons.
SdqnStatus sdqn_study_report_write(FILE *stream, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error);

/// Write scores.csv (final policy) and report.md into the study's folder.
SdqnStatus sdqn_study_report_files(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error);

#endif
