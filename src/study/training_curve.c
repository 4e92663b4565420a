#include "study/training_curve.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for a curve"); }

void sdqn_curve_clear(SdqnCurve *curve) {
    free(curve->x);
    free(curve->y);
    *curve = (SdqnCurve){0};
}

/// Updates after so many environment steps. @param next  evaluation to look from, moved on as steps grow
static int64_t updates_after(const SdqnStudyResult *result, int64_t steps, int *next) {
    const SdqnStudyCurve *curve = &result->curve;
    while (*next < curve->count && curve->steps[*next] < steps) ++*next;
    const int64_t x0 = *next > 0 ? curve->steps[*next - 1] : 0, y0 = *next > 0 ? curve->updates[*next - 1] : 0;
    const int64_t x1 = *next < curve->count ? curve->steps[*next] : result->environment_steps;
    const int64_t y1 = *next < curve->count ? curve->updates[*next] : result->updates;
    if (steps >= x1 || x1 <= x0) return y1;
    return y0 + llround((double)(y1 - y0) * ((double)(steps - x0) / (double)(x1 - x0)));
}

SdqnStatus sdqn_study_result_training(const SdqnStudyResult *result, SdqnTrainingEpisodes *episodes, int64_t **updates, SdqnError *error) {
    *episodes = (SdqnTrainingEpisodes){.count = result->num_episodes,
                                       .num_tasks = result->num_tasks,
                                       .tasks = result->episode_tasks,
                                       .steps = result->episode_steps,
                                       .returns = result->episode_returns};
    if (!updates) return SDQN_OK;
    int64_t *made = calloc((size_t)result->num_episodes + 1, sizeof *made), steps = 0;
    if (!made) return out_of_memory(error);
    for (int e = 0, next = 0; e < result->num_episodes; e++) {
        steps += result->episode_steps[e];
        made[e] = updates_after(result, steps, &next);
    }
    episodes->updates = *updates = made;
    return SDQN_OK;
}

/// @return whether there was memory; else nothing is left to clear
static bool acquire(int num_points, SdqnCurve *curve) {
    *curve = (SdqnCurve){.num_points = num_points};
    curve->x = calloc((size_t)num_points + 1, sizeof *curve->x);
    curve->y = calloc((size_t)num_points + 1, sizeof *curve->y);
    if (curve->x && curve->y) return true;
    sdqn_curve_clear(curve);
    return false;
}

/// Mean and band of each point. @param rows [num_points, num_runs]
static SdqnStatus estimate(const SdqnBootstrap *bootstrap, const double *rows, int num_runs, SdqnCurve *curve, SdqnError *error) {
    SdqnBootstrap whole_runs = *bootstrap;
    whole_runs.resampling = SDQN_RESAMPLE_SEED;
    if (curve->num_points == 0) return SDQN_OK;
    return sdqn_bootstrap_rows(&whole_runs, rows, curve->num_points, num_runs, sdqn_rows_means, NULL, curve->num_points, curve->y, error);
}

// ---- rolling means --------------------------------------------------------------------------------------------------------------

/// Rolling means of one run and where on the axis its episodes ended.
typedef struct Series {
    int count;
    double *x, *y; ///< [count]; y is NaN before the first episode of the task
} Series;

static SdqnStatus make_series(const SdqnStudyResult *run, int task, SdqnCurveAxis axis, int window, Series *series, SdqnError *error) {
    SdqnTrainingEpisodes episodes;
    sdqn_study_result_training(run, &episodes, NULL, NULL); // allocates nothing
    series->count = run->num_episodes;
    series->x = calloc((size_t)series->count + 1, sizeof *series->x);
    series->y = calloc((size_t)series->count + 1, sizeof *series->y);
    if (!series->x || !series->y) return out_of_memory(error);
    double x = 0.0;
    for (int e = 0; e < series->count; e++) {
        x += axis == SDQN_CURVE_EPISODES ? 1.0 : run->episode_steps[e];
        series->x[e] = x;
    }
    return sdqn_rolling_mean(&episodes, task, window, series->y, NULL, error);
}

/// The part of the axis, up to `end`, where all series have a value. @return whether there is one
static bool common_range(const Series *series, int num_runs, double end, double *low, double *high) {
    *low = 0.0;
    *high = end;
    for (int i = 0; i < num_runs; i++) {
        int first = 0;
        while (first < series[i].count && isnan(series[i].y[first])) first++;
        if (first == series[i].count) return false;
        *low = fmax(*low, series[i].x[first]);
        *high = fmin(*high, series[i].x[series[i].count - 1]);
    }
    return *low <= *high;
}

/// Read a series at ascending places. @param rows [count of x, num_runs] its column `run` is written
static void sample(const Series *series, const double *x, int count, double *rows, int num_runs, int run) {
    int e = 0;
    for (int k = 0; k < count; k++) {
        while (e + 1 < series->count && (series->x[e + 1] <= x[k] || isnan(series->y[e]))) e++;
        rows[(size_t)k * (size_t)num_runs + (size_t)run] = series->y[e];
    }
}

static SdqnStatus make_curve(const SdqnBootstrap *bootstrap, const Series *series, int num_runs, double end, int num_points,
                             SdqnCurve *curve, SdqnError *error) {
    double low, high;
    const bool any = common_range(series, num_runs, end, &low, &high);
    SdqnStatus status = SDQN_OK;
    if (!acquire(any ? num_points : 0, curve)) return out_of_memory(error);
    if (!any) return SDQN_OK;
    double *rows = malloc((size_t)num_points * (size_t)num_runs * sizeof *rows);
    if (rows) {
        for (int k = 0; k < num_points; k++) curve->x[k] = low + (high - low) * k / (num_points - 1);
        curve->x[num_points - 1] = high;
        for (int i = 0; i < num_runs; i++) sample(&series[i], curve->x, num_points, rows, num_runs, i);
        status = estimate(bootstrap, rows, num_runs, curve, error);
    } else {
        status = out_of_memory(error);
    }
    free(rows);
    if (status != SDQN_OK) sdqn_curve_clear(curve);
    return status;
}

SdqnStatus sdqn_training_curve(const SdqnBootstrap *bootstrap, const SdqnStudyResult *const *runs, int num_runs, int task,
                               SdqnCurveAxis axis, int window, double end, int num_points, SdqnCurve *curve, SdqnError *error) {
    assert(num_runs >= 1 && num_points >= 2);
    Series *series = calloc((size_t)num_runs, sizeof *series);
    if (!series) return out_of_memory(error);
    SdqnCurve made = {0};
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < num_runs && status == SDQN_OK; i++) status = make_series(runs[i], task, axis, window, &series[i], error);
    if (status == SDQN_OK) status = make_curve(bootstrap, series, num_runs, end, num_points, &made, error);
    for (int i = 0; i < num_runs; i++) {
        free(series[i].x);
        free(series[i].y);
    }
    free(series);
    if (status == SDQN_OK) *curve = made;
    return status;
}

// ---- evaluations ----------------------------------------------------------------------------------------------------------------

/// Index of the evaluation after an episode; -1 if there was none.
static int evaluation_after(const SdqnStudyResult *run, int episode) {
    for (int i = 0; i < run->curve.count; i++) {
        if (run->curve.episodes[i] == episode) return i;
    }
    return -1;
}

static double evaluated(const SdqnStudyResult *run, int evaluation, int task) {
    const double *means = run->curve.means + (size_t)evaluation * (size_t)run->num_tasks;
    double sum = 0.0;
    if (task >= 0) return means[task];
    for (int t = 0; t < run->num_tasks; t++) sum += means[t];
    return sum / run->num_tasks;
}

SdqnStatus sdqn_evaluation_curve(const SdqnBootstrap *bootstrap, const SdqnStudyResult *const *runs, int num_runs, int task,
                                 SdqnCurve *curve, SdqnError *error) {
    assert(num_runs >= 1);
    const int most = runs[0]->curve.count;
    SdqnCurve made;
    if (!acquire(most, &made)) return out_of_memory(error);
    double *rows = calloc((size_t)most * (size_t)num_runs + 1, sizeof *rows);
    if (!rows) {
        sdqn_curve_clear(&made);
        return out_of_memory(error);
    }
    made.num_points = 0;
    for (int k = 0; k < most; k++) {
        const int episode = runs[0]->curve.episodes[k];
        bool everywhere = true;
        for (int i = 0; i < num_runs && everywhere; i++) {
            const int place = evaluation_after(runs[i], episode);
            everywhere = place >= 0;
            if (everywhere) rows[(size_t)made.num_points * (size_t)num_runs + (size_t)i] = evaluated(runs[i], place, task);
        }
        if (everywhere) made.x[made.num_points++] = episode;
    }
    const SdqnStatus status = estimate(bootstrap, rows, num_runs, &made, error);
    free(rows);
    if (status == SDQN_OK) {
        *curve = made;
    } else {
        sdqn_curve_clear(&made);
    }
    return status;
}
