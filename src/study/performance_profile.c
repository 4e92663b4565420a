#include "study/performance_profile.h"

typedef struct Thresholds {
    const double *taus;
    int count;
} Thresholds;

/// SdqnRowsStatistic: the share of all scores above each threshold.
static void shares_above(const void *context, const double *rows, int num_rows, int seeds, double *values) {
    const Thresholds *thresholds = context;
    const size_t cells = (size_t)num_rows * (size_t)seeds;
    for (int k = 0; k < thresholds->count; k++) {
        size_t above = 0;
        for (size_t i = 0; i < cells; i++) above += rows[i] > thresholds->taus[k];
        values[k] = (double)above / (double)cells;
    }
}

SdqnStatus sdqn_performance_profile(const SdqnBootstrap *bootstrap, const SdqnScores *scores, int arm, const double *taus, int count,
                                    SdqnEstimate *profile, SdqnError *error) {
    const Thresholds thresholds = {taus, count};
    return sdqn_bootstrap_rows(bootstrap, sdqn_scores_of(scores, arm, 0), scores->num_tasks, scores->num_seeds, shares_above, &thresholds,
                               count, profile, error);
}
