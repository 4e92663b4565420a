// performance_profile.h: the share of an arm's scores above each of many thresholds.
//
// The run-score distribution of Agarwal et al. 2021, arXiv:2108.13264, section 4.2: of all (task, seed) scores the share that is greater
// than tau, as a function of tau; equal to create_performance_profile of their program rliable. Of two profiles that do not cross, the
// upper one belongs to the arm that is better whatever score one asks for.
#ifndef SDQN_STUDY_PERFORMANCE_PROFILE_H
#define SDQN_STUDY_PERFORMANCE_PROFILE_H

#include "core/error.h"
#include "study/bootstrap.h"
#include "study/scores.h"

/// @param bootstrap  for the bands, which hold for each tau by itself; rliable's are SDQN_RESAMPLE_TASK
/// @param taus       [count] @param profile [count] written, shares in [0, 1] @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_performance_profile(const SdqnBootstrap *bootstrap, const SdqnScores *scores, int arm, const double *taus, int count,
                                    SdqnEstimate *profile, SdqnError *error);

#endif
