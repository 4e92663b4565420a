#include "study/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double sdqn_mean(const double *values, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += values[i];
    return sum / (double)n;
}

double sdqn_deviation(const double *values, size_t n) {
    const double mean = sdqn_mean(values, n);
    double largest = 0.0, sum = 0.0;
    int exponent;
    if (n < 2) return (double)NAN;
    for (size_t i = 0; i < n; i++) largest = fabs(values[i] - mean) > largest ? fabs(values[i] - mean) : largest;
    frexp(largest, &exponent); // squares of tiny values would be 0; a power of two changes no other bit
    for (size_t i = 0; i < n; i++) {
        const double scaled = ldexp(values[i] - mean, -exponent);
        sum += scaled * scaled;
    }
    return ldexp(sqrt(sum / (double)(n - 1)), exponent);
}

double sdqn_quantile(const double *sorted, size_t n, double share) {
    const double place = share * (double)(n - 1);
    const size_t below = (size_t)place;
    if (below + 1 >= n) return sorted[n - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

static void swap(double *a, double *b) {
    const double other = *a;
    *a = *b;
    *b = other;
}

static double middle_of(double a, double b, double c) { return fmax(fmin(a, b), fmin(fmax(a, b), c)); }

/// Put the value of place k there, smaller ones before it and larger ones behind it. Hoare 1961, "Algorithm 65: Find". Both scans stop at
/// values equal to the pivot: many equal ones, as few seeds make them, still halve the range.
static void select_place(double *values, size_t n, size_t k) {
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1;
    const ptrdiff_t place = (ptrdiff_t)k;
    while (low < high) {
        const double pivot = middle_of(values[low], values[low + (high - low) / 2], values[high]);
        ptrdiff_t left = low, right = high;
        while (left <= right) {
            while (values[left] < pivot) left++;
            while (values[right] > pivot) right--;
            if (left > right) break;
            swap(values + left++, values + right--);
        }
        if (place > right && place < left) return;
        if (place <= right) {
            high = right;
        } else {
            low = left;
        }
    }
}

double sdqn_quantile_unsorted(double *values, size_t n, double share) {
    const size_t below = (size_t)(share * (double)(n - 1));
    select_place(values, n, below);
    for (size_t i = below + 2; i < n; i++) { // the least of those behind it
        if (values[i] < values[below + 1]) swap(values + i, values + below + 1);
    }
    return sdqn_quantile(values, n, share); // which looks at these two alone
}

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

#define SORT_BY_INSERTION 64 ///< up to so many values; a bootstrap sorts as many as there are scores thousands of times

void sdqn_sort(double *values, size_t n) {
    if (n > SORT_BY_INSERTION) {
        qsort(values, n, sizeof *values, compare);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const double value = values[i];
        size_t k = i;
        for (; k > 0 && values[k - 1] > value; k--) values[k] = values[k - 1];
        values[k] = value;
    }
}

const char *sdqn_statistic_name(SdqnStatistic statistic) {
    static const char *const names[SDQN_NUM_STATISTICS] = {"iqm", "mean", "median", "optimality_gap"};
    return names[statistic];
}

static double interquartile_mean(const double *scores, size_t n, double *scratch) {
    const size_t cut = n / 4;
    memcpy(scratch, scores, n * sizeof *scratch);
    sdqn_sort(scratch, n);
    return sdqn_mean(scratch + cut, n - 2 * cut);
}

/// @param means [tasks] written
static void means_of_tasks(const double *scores, int tasks, int seeds, double *means) {
    for (int t = 0; t < tasks; t++) means[t] = sdqn_mean(scores + (size_t)t * (size_t)seeds, (size_t)seeds);
}

double sdqn_statistic(SdqnStatistic statistic, const double *scores, int tasks, int seeds, double target, double *scratch) {
    const size_t n = (size_t)tasks * (size_t)seeds;
    double sum = 0.0;
    switch (statistic) {
    case SDQN_STATISTIC_IQM:
        return interquartile_mean(scores, n, scratch);
    case SDQN_STATISTIC_MEAN:
        means_of_tasks(scores, tasks, seeds, scratch);
        return sdqn_mean(scratch, (size_t)tasks);
    case SDQN_STATISTIC_MEDIAN:
        means_of_tasks(scores, tasks, seeds, scratch);
        sdqn_sort(scratch, (size_t)tasks);
        return sdqn_quantile(scratch, (size_t)tasks, 0.5);
    default:
        for (size_t i = 0; i < n; i++) sum += scores[i] < target ? target - scores[i] : 0.0;
        return sum / (double)n;
    }
}

double sdqn_probability_of_improvement(const double *a, int n, const double *b, int m) {
    double wins = 0.0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++) wins += a[i] > b[j] ? 1.0 : a[i] == b[j] ? 0.5 : 0.0;
    }
    return wins / ((double)n * (double)m);
}
