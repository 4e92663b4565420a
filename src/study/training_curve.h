// training_curve.h: curves of an arm's runs on a common grid: mean over the seeds, with a band.
//
// Every point is the mean over the runs, and its interval that of the bootstrap over the seeds, point by point (Efron 1979). A curve ends
// where the first of the runs ends, so that each point holds all seeds.
#ifndef SDQN_STUDY_TRAINING_CURVE_H
#define SDQN_STUDY_TRAINING_CURVE_H

#include "core/error.h"
#include "run/sample_efficiency.h"
#include "study/bootstrap.h"
#include "study/result.h"

/// What training is counted in.
typedef enum SdqnCurveAxis {
    SDQN_CURVE_EPISODES = 0, ///< of all tasks
    SDQN_CURVE_STEPS,        ///< environment steps of all tasks
} SdqnCurveAxis;

/// Points of a curve. Owns its arrays. There may be none.
typedef struct SdqnCurve {
    int num_points;
    double *x;       ///< [num_points] ascending
    SdqnEstimate *y; ///< [num_points] mean returns
} SdqnCurve;

/// NULL arrays are allowed.
void sdqn_curve_clear(SdqnCurve *curve);

/// The training episodes of a result, borrowed from it. Updates, which it knows at its evaluations and at the end only, are in between as
/// if they came evenly with the environment steps: exact but for the period in which they begin.
/// @param updates  receives the memory of episodes->updates, to be freed by the caller; NULL: episodes->updates stays NULL
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_study_result_training(const SdqnStudyResult *result, SdqnTrainingEpisodes *episodes, int64_t **updates, SdqnError *error);

/// The rolling mean of the training returns (run/sample_efficiency.h) at equally spaced x; between two episodes it is that of the earlier.
/// @param runs       [num_runs >= 1] all with the same tasks @param task  or SDQN_ALL_TASKS @param window  episodes of a task
/// @param end        where the curve ends at the latest; INFINITY: where the shortest run does
/// @param num_points  of the grid, >= 2; none is made if a run has no episode of the task before its end
/// @param curve      overwritten on success only; to be cleared @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_training_curve(const SdqnBootstrap *bootstrap, const SdqnStudyResult *const *runs, int num_runs, int task,
                               SdqnCurveAxis axis, int window, double end, int num_points, SdqnCurve *curve, SdqnError *error);

/// The mean returns of the periodic evaluations, after those episodes at which all runs were evaluated. Parameters as above.
SdqnStatus sdqn_evaluation_curve(const SdqnBootstrap *bootstrap, const SdqnStudyResult *const *runs, int num_runs, int task,
                                 SdqnCurve *curve, SdqnError *error);

#endif
