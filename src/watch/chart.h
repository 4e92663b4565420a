// chart.h: curves in a rectangle of characters: braille dots, 2 x 4 in a character, or on an ASCII screen one mark a column.
#ifndef SDQN_WATCH_CHART_H
#define SDQN_WATCH_CHART_H

#include "watch/screen.h"
#include "watch/series.h"

/// Where a chart lies and which range it shows.
typedef struct SdqnChart {
    int row, column, width, height; ///< characters
    double x_low, x_high;           ///< low < high
    double y_low, y_high;           ///< low < high
} SdqnChart;

/// A dotted line at a height, if it lies inside.
void sdqn_chart_level(SdqnScreen *screen, const SdqnChart *chart, double y);

#define SDQN_CHART_WINDOWS 30 ///< a curve is the mean over this part of the range before, so that single episodes do not hide its way

#define SDQN_CHART_LEAST_POINTS 10 ///< and over so many points, of a run that is still short

/// The part of the range, as a length on the x axis, that a point of a curve is the mean over.
double sdqn_chart_window(const SdqnSeries *series, double range);

/// A series as rolling means, one a column of dots, joined to one line; what is outside the range is drawn on its edge.
void sdqn_chart_curve(SdqnScreen *screen, const SdqnChart *chart, const SdqnSeries *series, SdqnColour colour);

/// Each point of a series as one mark.
void sdqn_chart_marks(SdqnScreen *screen, const SdqnChart *chart, const SdqnSeries *series, SdqnColour colour);

/// A curve of one line, level between the points: eight heights of blocks, or digits 0 to 9, over [y_low, y_high]; row and height of the
/// chart: row is used.
void sdqn_chart_line(SdqnScreen *screen, const SdqnChart *chart, const SdqnSeries *series, SdqnColour colour);

#endif
