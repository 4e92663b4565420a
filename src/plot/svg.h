// svg.h: pictures that gnuplot has drawn, made fit to stand inside an HTML page.
#ifndef SDQN_PLOT_SVG_H
#define SDQN_PLOT_SVG_H

#include <stddef.h>
#include <stdio.h>

/// Write an SVG document as an element of HTML: without XML's declaration, names and descriptions; every id made unique by a prefix;
/// black and white becoming the page's own text colour and background.
/// @param svg         [size] the document, zero-terminated
/// @param prefix      letters, digits and '-', different for every picture of the page
/// @param labelled_by id of the element that describes it
/// @return 0, or -1 if it is no SVG document (nothing is written then)
int sdqn_svg_write_inline(FILE *out, const char *svg, size_t size, const char *prefix, const char *labelled_by);

#endif
