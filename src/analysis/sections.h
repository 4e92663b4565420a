// sections.h: the parts of an analysis page; for analysis.c alone.
#ifndef SDQN_ANALYSIS_SECTIONS_H
#define SDQN_ANALYSIS_SECTIONS_H

#include "analysis/behaviour.h"
#include "analysis/embeddings.h"
#include "analysis/gradient_record.h"
#include "analysis/run_record.h"
#include "plot/page.h"

#define SDQN_ANALYSIS_MAX_PANELS 12 ///< tasks with a panel of their own in a chart
#define SDQN_ANALYSIS_MAX_PAIRS 6   ///< pairs of tasks with a curve of their own

/// All that was read, and the page that is written from it.
typedef struct SdqnAnalysis {
    SdqnRunRecord *run;
    SdqnGradientRecord *gradients;
    SdqnEmbeddings embeddings;
    SdqnBehaviour *behaviour; ///< NULL: not played
    SdqnPage *page;
} SdqnAnalysis;

// Each adds sections. @return SDQN_OK or SDQN_ERR_MEMORY; the page remembers its own errors
SdqnStatus sdqn_analysis_training(const SdqnAnalysis *analysis, SdqnError *error);
SdqnStatus sdqn_analysis_efficiency(const SdqnAnalysis *analysis, SdqnError *error);
SdqnStatus sdqn_analysis_gradients(const SdqnAnalysis *analysis, SdqnError *error);
SdqnStatus sdqn_analysis_embeddings(const SdqnAnalysis *analysis, SdqnError *error);
SdqnStatus sdqn_analysis_behaviour(const SdqnAnalysis *analysis, SdqnError *error);
SdqnStatus sdqn_analysis_support(const SdqnAnalysis *analysis, SdqnError *error);

/// Values against positions and their rolling mean: points of a curve. Owned.
typedef struct SdqnSmoothCurve {
    int count;
    double *x, *values, *means; ///< [count]
} SdqnSmoothCurve;

/// A curve with room for `count` points, none of them there yet. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_smooth_curve_create(int count, SdqnSmoothCurve *curve, SdqnError *error);
/// All zeros is allowed.
void sdqn_smooth_curve_clear(SdqnSmoothCurve *curve);
/// Add a point; what is not finite is left out.
void sdqn_smooth_curve_add(SdqnSmoothCurve *curve, double x, double value);
/// Fill in the means over the last `window` points, of fewer as long as there are fewer; with `whole_windows` and at least two windows of
/// points, NaN there instead: means of few points would spread the axis.
SdqnStatus sdqn_smooth_curve_average(SdqnSmoothCurve *curve, int window, bool whole_windows, SdqnError *error);

#endif
