#include "analysis/conflict_gain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double sdqn_conflict_share(const SdqnGradientRecord *gradients, const SdqnCosines *cosines, int report) {
    int known = 0, negative = 0;
    for (int p = 0; p < gradients->pairs; p++) {
        const double cosine = cosines->cosines[(size_t)report * (size_t)gradients->pairs + (size_t)p];
        known += !isnan(cosine);
        negative += cosine < 0.0;
    }
    return known > 0 ? (double)negative / known : (double)NAN;
}

static double mean_of_tasks(const SdqnRunRecord *run, int evaluation) {
    double sum = 0.0;
    for (int t = 0; t < run->config.num_tasks; t++) sum += run->evaluations.means[evaluation * run->config.num_tasks + t];
    return sum / run->config.num_tasks;
}

/// Conflicts and gains of the intervals that have a report. @return how many
static int find_intervals(const SdqnRunRecord *run, const SdqnGradientRecord *gradients, double *conflicts, double *gains) {
    const SdqnEvaluationRecord *evaluations = &run->evaluations;
    const int periodic = evaluations->count - evaluations->has_final;
    int count = 0, report = 0;
    for (int k = 0; k + 1 < periodic; k++) {
        int reports = 0;
        double sum = 0.0;
        while (report < gradients->count && gradients->episodes[report] <= evaluations->episodes[k]) report++;
        for (; report < gradients->count && gradients->episodes[report] <= evaluations->episodes[k + 1]; report++) {
            const double share = sdqn_conflict_share(gradients, &gradients->seen, report);
            if (isnan(share)) continue;
            sum += share;
            reports++;
        }
        if (reports == 0) continue;
        conflicts[count] = sum / reports;
        gains[count++] = mean_of_tasks(run, k + 1) - mean_of_tasks(run, k);
    }
    return count;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *sorted, int count) {
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    return 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2]);
}

/// Mean and deviation of the gains of one side of the median. @return how many
static int summarise(const double *conflicts, const double *gains, int count, double median, bool above, double *mean, double *deviation) {
    int n = 0;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < count; i++) {
        if ((conflicts[i] > median) != above) continue;
        sum += gains[i];
        n++;
    }
    *mean = n > 0 ? sum / n : (double)NAN;
    for (int i = 0; i < count; i++) {
        if ((conflicts[i] > median) == above) squares += (gains[i] - *mean) * (gains[i] - *mean);
    }
    *deviation = n > 1 ? sqrt(squares / (n - 1)) : (double)NAN;
    return n;
}

static double correlation_of(const double *x, const double *y, int count) {
    double mean_x = 0.0, mean_y = 0.0, xx = 0.0, yy = 0.0, xy = 0.0;
    for (int i = 0; i < count; i++) {
        mean_x += x[i] / count;
        mean_y += y[i] / count;
    }
    for (int i = 0; i < count; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    return count >= 3 && xx > 0.0 && yy > 0.0 ? xy / sqrt(xx * yy) : (double)NAN;
}

SdqnStatus sdqn_conflict_gain(const SdqnRunRecord *run, const SdqnGradientRecord *gradients, SdqnConflictGain *result, SdqnError *error) {
    const size_t n = (size_t)run->evaluations.count + 1;
    double *conflicts = calloc(n, sizeof *conflicts), *gains = calloc(n, sizeof *gains), *sorted = calloc(n, sizeof *sorted);
    const bool whole = conflicts && gains && sorted;
    *result = (SdqnConflictGain){.low_gain = (double)NAN,
                                 .high_gain = (double)NAN,
                                 .low_deviation = (double)NAN,
                                 .high_deviation = (double)NAN,
                                 .median = (double)NAN,
                                 .correlation = (double)NAN};
    const int count = whole ? find_intervals(run, gradients, conflicts, gains) : 0;
    if (count > 0) {
        memcpy(sorted, conflicts, (size_t)count * sizeof *sorted);
        result->median = median_of(sorted, count);
        result->low_count = summarise(conflicts, gains, count, result->median, false, &result->low_gain, &result->low_deviation);
        result->high_count = summarise(conflicts, gains, count, result->median, true, &result->high_gain, &result->high_deviation);
        result->correlation = correlation_of(conflicts, gains, count);
    }
    free(conflicts);
    free(gains);
    free(sorted);
    return whole ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for conflicts");
}
