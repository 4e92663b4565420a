// gnuplot.h: run gnuplot on a script, as a program without a shell.
#ifndef SDQN_PLOT_GNUPLOT_H
#define SDQN_PLOT_GNUPLOT_H

#include "core/error.h"

#include <stdbool.h>

#define SDQN_GNUPLOT_PACKAGE "gnuplot-nox" ///< of Debian and its kin
#define SDQN_GNUPLOT_SECONDS 60.0          ///< a chart takes a quarter of one

/// Run `gnuplot SCRIPT` in a folder, with its default settings, nothing to read and its output thrown away. It is found on the PATH.
/// @param seconds  after which it is killed, > 0
/// @param missing  receives whether there is no such program; the status is then SDQN_ERR_IO
/// @return SDQN_OK, or SDQN_ERR_IO with the last line it said
SdqnStatus sdqn_gnuplot_run(const char *folder, const char *script, double seconds, bool *missing, SdqnError *error);

#endif
