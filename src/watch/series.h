// series.h: points (x, y) with ascending x in bounded memory, however many there are.
#ifndef SDQN_WATCH_SERIES_H
#define SDQN_WATCH_SERIES_H

#define SDQN_SERIES_CAPACITY 4096

/// When it is full, neighbours are joined to their mean, and from then on so many points make one. All zeros is an empty series.
typedef struct SdqnSeries {
    int count;           ///< points kept
    int each;            ///< points that make one kept; 0: as 1
    int pending;         ///< points of the next one that have come
    double x_sum, y_sum; ///< of them
    float x[SDQN_SERIES_CAPACITY], y[SDQN_SERIES_CAPACITY];
} SdqnSeries;

void sdqn_series_add(SdqnSeries *series, double x, double y);

/// Mean of y over the points with x in [low, high). @return NaN if there are none
double sdqn_series_mean(const SdqnSeries *series, double low, double high);

/// Smallest and largest y; untouched if there is none.
void sdqn_series_range(const SdqnSeries *series, double *low, double *high);

#endif
