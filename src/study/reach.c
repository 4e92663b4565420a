#include "study/reach.h"

#include "study/statistics.h"
#include "study/training_curve.h"

#include <math.h>
#include <stdlib.h>

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory"); }

SdqnStatus sdqn_arm_sample_costs(const SdqnArmRuns *arm, int task, int window, const double *thresholds, int num_thresholds,
                                 SdqnSampleCost *costs, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < arm->num_runs && status == SDQN_OK; i++) {
        SdqnTrainingEpisodes episodes;
        int64_t *updates = NULL;
        status = sdqn_study_result_training(arm->runs[i], &episodes, &updates, error);
        if (status == SDQN_OK)
            status =
                sdqn_sample_costs(&episodes, task, window, thresholds, num_thresholds, costs + (size_t)i * (size_t)num_thresholds, error);
        free(updates);
    }
    return status;
}

/// Median with runs that never did as infinitely late. @param values [n] sorted on return; NaN is later than anything
static double censored_median(double *values, int n) {
    for (int i = 0; i < n; i++) values[i] = isnan(values[i]) ? (double)INFINITY : values[i];
    sdqn_sort(values, (size_t)n);
    const double low = values[(n - 1) / 2], high = values[n / 2];
    return isinf(high) ? (double)NAN : 0.5 * (low + high);
}

static double cost_of(const SdqnSampleCost *cost, int which) {
    if (!cost->reached) return (double)NAN;
    return which == 0   ? (double)cost->episodes
           : which == 1 ? (double)cost->steps
           : which == 2 ? (double)cost->updates
                        : (double)cost->task_episodes;
}

SdqnStatus sdqn_arm_reaches(const SdqnSampleCost *costs, int num_runs, int num_thresholds, SdqnReach *reaches, SdqnError *error) {
    double *values = malloc((size_t)num_runs * sizeof *values);
    if (!values) return out_of_memory(error);
    for (int k = 0; k < num_thresholds; k++) {
        double *const medians[] = {&reaches[k].episodes, &reaches[k].steps, &reaches[k].updates, &reaches[k].task_episodes};
        reaches[k].reached = 0;
        for (int i = 0; i < num_runs; i++) reaches[k].reached += costs[(size_t)i * (size_t)num_thresholds + (size_t)k].reached;
        for (int which = 0; which < 4; which++) {
            for (int i = 0; i < num_runs; i++) values[i] = cost_of(&costs[(size_t)i * (size_t)num_thresholds + (size_t)k], which);
            *medians[which] = censored_median(values, num_runs);
        }
    }
    free(values);
    return SDQN_OK;
}
