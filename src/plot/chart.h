// chart.h: charts as data and a gnuplot script, from which gnuplot (gnuplot.h) or anyone draws SVG, PDF and PNG.
//
// A chart is plain data that the caller owns; all its pointers are borrowed for the call. Curves differ in colour (a palette for the
// colour-blind), dashes and point shapes, bars in colour and pattern, so that a chart reads without colour. The legend stands below
// the panels, where it can cover nothing.
#ifndef SDQN_PLOT_CHART_H
#define SDQN_PLOT_CHART_H

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

#define SDQN_CHART_MAX_PANELS 48
#define SDQN_CHART_MAX_LEGEND 64        ///< entries in a legend
#define SDQN_CHART_DRAWN_POINTS 2000    ///< a longer series is drawn thinned (sdqn_chart_thinning); the data are written whole
#define SDQN_CHART_LABEL_CHARACTERS 32  ///< a longer name of a category or upright axis is cut, with an ellipsis
#define SDQN_CHART_LEGEND_CHARACTERS 72 ///< likewise a label in the legend

/// How a series is drawn. The first four take positions from `x` and values from `y`, along the usual axes.
typedef enum SdqnSeriesKind {
    SDQN_SERIES_LINE = 0,  ///< a curve; with `low` and `high` a band behind it
    SDQN_SERIES_STEPS,     ///< a staircase, which jumps at each x; with `low` and `high` a band likewise
    SDQN_SERIES_POINTS,    ///< points; with `low` and `high` upright intervals
    SDQN_SERIES_BARS,      ///< bars from 0; with `low` and `high` intervals
    SDQN_SERIES_INTERVALS, ///< points with level intervals: values run along the horizontal axis, positions (categories) downwards
} SdqnSeriesKind;

/// Numbers of one label.
typedef struct SdqnSeries {
    SdqnSeriesKind kind;
    const char *label;        ///< in the legend; NULL: not there. Series of one style and label share an entry
    int style;                ///< >= 0: colour, dashes, point shape and pattern; equal numbers look alike
    int count;                ///< >= 0
    const double *x;          ///< [count] positions; NULL: 0, 1, 2, ... (the categories of the panel)
    const double *y;          ///< [count] values; what is not finite leaves a gap
    const double *low, *high; ///< [count] interval around each value, or both NULL; what is not finite is no interval
    bool faint;               ///< small and light: raw data behind a curve
    double width;             ///< of bars in units of x; 0: a share of the room of a category, beside the other bars of the panel
} SdqnSeries;

/// A straight line across a panel, for a value of reference.
typedef struct SdqnReference {
    bool upright; ///< at x = `at`; else level, at y = `at`
    double at;
    const char *label; ///< in the legend; NULL: not there
} SdqnReference;

/// An axis. All but the label may be zero.
typedef struct SdqnAxis {
    const char *label; ///< with the unit in brackets
    double low, high;  ///< ends; equal: from the data
    bool logarithmic;
} SdqnAxis;

typedef struct SdqnPanel {
    const char *title; ///< may be NULL
    SdqnAxis x, y;
    const char *const *categories; ///< [num_categories] names of the positions 0, 1, ... of bars and intervals; NULL: a numeric axis
    int num_categories;
    const SdqnSeries *series;
    int num_series;
    const SdqnReference *references;
    int num_references;
} SdqnPanel;

typedef struct SdqnChart {
    const char *name;    ///< of its files: letters, digits, '-' and '_', 1 to 64 characters
    const char *caption; ///< what is shown, with n and the meaning of intervals
    const SdqnPanel *panels;
    int num_panels;
    int columns;      ///< panels side by side; 0: one
    int panel_height; ///< in pixels of 860 across; 0: 300, or with level categories as many as they need
} SdqnChart;

/// Write NAME.dat and NAME.gp into a folder, each as a whole; pictures of these names from before are removed, as they show other data.
/// `gnuplot NAME.gp`, run in that folder, draws NAME.svg, NAME.pdf and NAME.png.
/// @param folder  must exist
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (a name or number out of range), SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_chart_write(const SdqnChart *chart, const char *folder, SdqnError *error);

/// Remove NAME.svg, NAME.pdf and NAME.png; none is no error.
SdqnStatus sdqn_chart_remove_pictures(const SdqnChart *chart, const char *folder, SdqnError *error);

/// Every how many points are drawn of the chart's longest series: 1 is all.
int sdqn_chart_thinning(const SdqnChart *chart);

#endif
