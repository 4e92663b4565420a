#include "watch/series.h"

#include <math.h>
#include <stddef.h>

static void join_neighbours(SdqnSeries *series) {
    const size_t half = (size_t)series->count / 2;
    for (size_t i = 0; i < half; i++) {
        series->x[i] = 0.5f * (series->x[2 * i] + series->x[2 * i + 1]);
        series->y[i] = 0.5f * (series->y[2 * i] + series->y[2 * i + 1]);
    }
    series->count = (int)half;
    series->each *= 2;
}

void sdqn_series_add(SdqnSeries *series, double x, double y) {
    if (series->each == 0) series->each = 1;
    if (series->count == SDQN_SERIES_CAPACITY) join_neighbours(series);
    series->x_sum += x;
    series->y_sum += y;
    if (++series->pending < series->each) return;
    series->x[series->count] = (float)(series->x_sum / series->pending);
    series->y[series->count++] = (float)(series->y_sum / series->pending);
    series->pending = 0;
    series->x_sum = series->y_sum = 0.0;
}

/// The first point whose x is at least `low`.
static int first_from(const SdqnSeries *series, double low) {
    int begin = 0, end = series->count;
    while (begin < end) {
        const int middle = begin + (end - begin) / 2;
        if ((double)series->x[middle] < low) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

double sdqn_series_mean(const SdqnSeries *series, double low, double high) {
    double sum = 0.0;
    int count = 0;
    for (int i = first_from(series, low); i < series->count && (double)series->x[i] < high; i++, count++) sum += (double)series->y[i];
    return count > 0 ? sum / count : (double)NAN;
}

void sdqn_series_range(const SdqnSeries *series, double *low, double *high) {
    for (int i = 0; i < series->count; i++) {
        if ((double)series->y[i] < *low) *low = (double)series->y[i];
        if ((double)series->y[i] > *high) *high = (double)series->y[i];
    }
}
