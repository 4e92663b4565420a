// chart_script.h: the gnuplot script of a chart; a part of chart.c.
#ifndef SDQN_PLOT_CHART_SCRIPT_H
#define SDQN_PLOT_CHART_SCRIPT_H

#include "plot/chart.h"

#include <stdio.h>

/// Points of a series that can be drawn. A series without any has no block in the data and no place in the script.
int sdqn_chart_count_points(const SdqnSeries *series);
/// Every how many points of a series are drawn.
int sdqn_chart_series_thinning(const SdqnSeries *series);

/// Write NAME.gp. Block k of NAME.dat is the k-th series, panel by panel, that has points.
void sdqn_chart_script_write(FILE *out, const SdqnChart *chart);

#endif
