// study_scores.h: tables of scores from the runs of a study.
#ifndef SDQN_STUDY_STUDY_SCORES_H
#define SDQN_STUDY_STUDY_SCORES_H

#include "core/error.h"
#include "study/plan.h"
#include "study/runner.h"
#include "study/scores.h"

/// Scores of the arms of a tier whose runs are all there.
/// @param arms    [plan->num_arms] receives the index of each among the scores, or -1
/// @param budget  receives how many episodes or environment steps all of them reach, for the kinds of score that have a budget
/// @return SDQN_OK, SDQN_ERR_MEMORY, or SDQN_ERR_FORMAT: no arm of it is complete, or one has no evaluation within the budget
SdqnStatus sdqn_study_tier_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, int tier, SdqnScoreKind kind, SdqnScores *scores,
                                  int *arms, double *budget, SdqnError *error);

/// Scores of two complete arms on the seeds that both have, as arms 0 and 1.
/// @return SDQN_OK, SDQN_ERR_MEMORY, or SDQN_ERR_FORMAT: no seed in common, or no evaluation within the budget
SdqnStatus sdqn_study_pair_scores(const SdqnStudyPlan *plan, const SdqnStudy *study, const SdqnStudyComparison *pair, SdqnScoreKind kind,
                                  SdqnScores *scores, double *budget, SdqnError *error);

#endif
