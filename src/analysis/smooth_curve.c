#include "analysis/sections.h"

#include "run/sample_efficiency.h"

#include <math.h>
#include <stdlib.h>

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for a curve"); }

SdqnStatus sdqn_smooth_curve_create(int count, SdqnSmoothCurve *curve, SdqnError *error) {
    const size_t n = (size_t)count + 1;
    SdqnSmoothCurve made = {.x = calloc(n, sizeof(double)), .values = calloc(n, sizeof(double)), .means = calloc(n, sizeof(double))};
    *curve = made;
    if (made.x && made.values && made.means) return SDQN_OK;
    sdqn_smooth_curve_clear(curve);
    return out_of_memory(error);
}

void sdqn_smooth_curve_clear(SdqnSmoothCurve *curve) {
    free(curve->x);
    free(curve->values);
    free(curve->means);
    *curve = (SdqnSmoothCurve){0};
}

void sdqn_smooth_curve_add(SdqnSmoothCurve *curve, double x, double value) {
    if (!isfinite(value)) return;
    curve->x[curve->count] = x;
    curve->values[curve->count++] = value;
}

SdqnStatus sdqn_smooth_curve_average(SdqnSmoothCurve *curve, int window, bool whole_windows, SdqnError *error) {
    int *tasks = calloc((size_t)curve->count + 1, sizeof *tasks);
    if (!tasks) return out_of_memory(error);
    const SdqnTrainingEpisodes points = {.count = curve->count, .num_tasks = 1, .tasks = tasks, .returns = curve->values};
    const SdqnStatus status = sdqn_rolling_mean(&points, 0, window, curve->means, NULL, error);
    free(tasks);
    for (int i = 0; status == SDQN_OK && whole_windows && curve->count >= 2 * window && i < window - 1; i++) curve->means[i] = (double)NAN;
    return status;
}
