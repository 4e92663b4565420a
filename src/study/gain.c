#include "study/gain.h"

#include <assert.h>
#include <math.h>

/// Values of a resample: relative gain, b's mean, and then each task beyond the others.
enum { RELATIVE = 0, MEAN_B, FIRST_TASK };

static double mean_of_task(const double *rows, int row, int seeds) { return sdqn_mean(rows + (size_t)row * (size_t)seeds, (size_t)seeds); }

/// SdqnRowsStatistic: the first half of the rows are the tasks of a, the second those of b.
static void gain_of_rows(const void *context, const double *rows, int num_rows, int seeds, double *values) {
    const int tasks = num_rows / 2;
    double mean_a = 0.0, mean_b = 0.0;
    (void)context;
    for (int t = 0; t < tasks; t++) {
        const double a = mean_of_task(rows, t, seeds), b = mean_of_task(rows, tasks + t, seeds);
        mean_a += a / tasks;
        mean_b += b / tasks;
        values[FIRST_TASK + t] = a - b;
    }
    values[MEAN_B] = mean_b;
    values[RELATIVE] = mean_b > 0.0 ? mean_a / mean_b - 1.0 : (double)INFINITY; // sorted behind all others
    // Less the mean of the other tasks' differences: sum of all = tasks (mean_a - mean_b).
    const double sum = tasks * (mean_a - mean_b);
    for (int t = 0; t < tasks && tasks > 1; t++) {
        const double own = values[FIRST_TASK + t];
        values[FIRST_TASK + t] = own - (sum - own) / (tasks - 1);
    }
}

SdqnStatus sdqn_gain(const SdqnBootstrap *bootstrap, const SdqnScores *scores, SdqnGain *gain, SdqnError *error) {
    static const SdqnEstimate unknown = {(double)NAN, (double)NAN, (double)NAN};
    const int tasks = scores->num_tasks;
    SdqnEstimate found[FIRST_TASK + SDQN_CONFIG_MAX_TASKS];
    assert(scores->num_arms == 2 && tasks <= SDQN_CONFIG_MAX_TASKS && bootstrap->resampling == SDQN_RESAMPLE_SEED);
    const SdqnStatus status = sdqn_bootstrap_rows(bootstrap, sdqn_scores_of(scores, 0, 0), 2 * tasks, scores->num_seeds, gain_of_rows, NULL,
                                                  FIRST_TASK + tasks, found, error);
    if (status != SDQN_OK) return status;
    gain->relative = found[MEAN_B].low > 0.0 ? found[RELATIVE] : unknown;
    for (int t = 0; t < tasks; t++) gain->beyond_others[t] = tasks > 1 ? found[FIRST_TASK + t] : unknown;
    return SDQN_OK;
}
