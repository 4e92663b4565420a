// conflict_gain.h: whether a run learned less where its gradients conflicted more.
#ifndef SDQN_ANALYSIS_CONFLICT_GAIN_H
#define SDQN_ANALYSIS_CONFLICT_GAIN_H

#include "analysis/gradient_record.h"

/// One run, cut at its periodic evaluations. Interval k: the training between evaluations k and k + 1; its gain: the growth of the mean
/// return over tasks from one to the other; its conflict: the mean, over the reports in it, of the share of pairs of tasks with a negative
/// cosine. Intervals without a report do not count.
typedef struct SdqnConflictGain {
    int low_count, high_count;            ///< intervals whose conflict is at most the median, and above it
    double low_gain, high_gain;           ///< mean gains of these; NaN without any
    double low_deviation, high_deviation; ///< standard deviations of the gains, n - 1; NaN with fewer than two
    double median;                        ///< of the conflicts
    double correlation;                   ///< Pearson's, of conflict and gain over the intervals; NaN with fewer than three, or no spread
} SdqnConflictGain;

/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_conflict_gain(const SdqnRunRecord *run, const SdqnGradientRecord *gradients, SdqnConflictGain *result, SdqnError *error);

/// Share of the pairs with a cosine whose cosine is negative, in a report; NaN without such pairs.
double sdqn_conflict_share(const SdqnGradientRecord *gradients, const SdqnCosines *cosines, int report);

#endif
