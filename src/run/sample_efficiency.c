#include "run/sample_efficiency.h"

#include <math.h>
#include <stdlib.h>

const double sdqn_sample_thresholds[SDQN_NUM_THRESHOLDS] = {50.0, 100.0, 150.0, 200.0};

/// The windows of all tasks while an episode after the other goes in.
typedef struct Windows {
    int window, num_tasks;
    double *returns; ///< [num_tasks, window] rings
    double *means;   ///< [num_tasks] NaN: none yet
    int64_t *counts; ///< [num_tasks] episodes so far
} Windows;

static void release(Windows *windows) {
    free(windows->returns);
    free(windows->means);
    free(windows->counts);
}

/// @return whether there was memory; else nothing is left to release
static bool acquire(Windows *windows, int window, int num_tasks) {
    const size_t tasks = (size_t)num_tasks;
    *windows = (Windows){.window = window, .num_tasks = num_tasks};
    windows->returns = calloc(tasks * (size_t)window, sizeof *windows->returns);
    windows->means = calloc(tasks, sizeof *windows->means);
    windows->counts = calloc(tasks, sizeof *windows->counts);
    if (windows->returns && windows->means && windows->counts) {
        for (size_t t = 0; t < tasks; t++) windows->means[t] = (double)NAN;
        return true;
    }
    release(windows);
    return false;
}

/// Take an episode in. The sum is made anew each time, so that no rounding is carried along.
static void push(Windows *windows, int task, double value) {
    double *ring = windows->returns + (size_t)task * (size_t)windows->window, sum = 0.0;
    ring[windows->counts[task]++ % windows->window] = value;
    const int filled = windows->counts[task] < windows->window ? (int)windows->counts[task] : windows->window;
    for (int i = 0; i < filled; i++) sum += ring[i];
    windows->means[task] = sum / filled;
}

/// Mean over the tasks; NaN as long as one has none.
static double mean_of_all(const Windows *windows, bool *whole) {
    double sum = 0.0;
    *whole = true;
    for (int t = 0; t < windows->num_tasks; t++) {
        sum += windows->means[t];
        *whole = *whole && windows->counts[t] >= windows->window;
    }
    return sum / windows->num_tasks;
}

SdqnStatus sdqn_rolling_mean(const SdqnTrainingEpisodes *episodes, int task, int window, double *means, bool *whole, SdqnError *error) {
    Windows windows;
    if (!acquire(&windows, window, episodes->num_tasks))
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "sample efficiency: out of memory for windows of %d episodes", window);
    for (int e = 0; e < episodes->count; e++) {
        push(&windows, episodes->tasks[e], episodes->returns[e]);
        bool full = task >= 0 && windows.counts[task] >= window;
        means[e] = task >= 0 ? windows.means[task] : mean_of_all(&windows, &full);
        if (whole) whole[e] = full;
    }
    release(&windows);
    return SDQN_OK;
}

SdqnStatus sdqn_sample_costs(const SdqnTrainingEpisodes *episodes, int task, int window, const double *thresholds, int num_thresholds,
                             SdqnSampleCost *costs, SdqnError *error) {
    double *means = calloc((size_t)episodes->count + 1, sizeof *means);
    bool *whole = calloc((size_t)episodes->count + 1, sizeof *whole);
    if (!means || !whole) {
        free(means);
        free(whole);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "sample efficiency: out of memory");
    }
    const SdqnStatus status = sdqn_rolling_mean(episodes, task, window, means, whole, error);
    for (int k = 0; k < num_thresholds && status == SDQN_OK; k++) costs[k] = (SdqnSampleCost){0};
    SdqnSampleCost spent = {.reached = true};
    for (int e = 0; status == SDQN_OK && e < episodes->count; e++) {
        spent.episodes++;
        spent.steps += episodes->steps[e];
        spent.updates = episodes->updates[e];
        spent.task_episodes += task < 0 || episodes->tasks[e] == task;
        for (int k = 0; k < num_thresholds; k++) {
            if (!costs[k].reached && whole[e] && means[e] >= thresholds[k]) costs[k] = spent;
        }
    }
    free(means);
    free(whole);
    return status;
}
