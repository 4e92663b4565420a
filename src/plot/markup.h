// markup.h: any text, hostile names too, inside HTML, Markdown, LaTeX, CSV and gnuplot scripts.
//
// In all of them bytes that are no UTF-8 become U+FFFD and control characters (line feeds too) become '?'; nothing in the text can end the
// place it stands in.
#ifndef SDQN_PLOT_MARKUP_H
#define SDQN_PLOT_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/// HTML, in text and in quoted attributes.
void sdqn_markup_html(FILE *out, const char *text);
/// Markdown (CommonMark with tables), inside a line or a cell: what could be markup or HTML is escaped.
void sdqn_markup_markdown(FILE *out, const char *text);
/// LaTeX with UTF-8 input (the default of every LaTeX since 2018).
void sdqn_markup_latex(FILE *out, const char *text);
/// A field of RFC 4180: quoted if it has to be.
void sdqn_markup_csv(FILE *out, const char *text);
/// A gnuplot string in single quotes, in which gnuplot expands nothing. The terminals must be `noenhanced`.
/// @param most  characters; a longer text is cut and ends in an ellipsis. 0: any length
void sdqn_markup_gnuplot(FILE *out, const char *text, int most);
/// Likewise where gnuplot takes the string for the format of a number, as it does in labels of tics.
void sdqn_markup_gnuplot_tic(FILE *out, const char *text, int most);
/// Plain text on one line, for comments in scripts and data.
void sdqn_markup_comment(FILE *out, const char *text);

/// Characters (code points) of a text, bytes that are no UTF-8 counting one each.
int sdqn_markup_length(const char *text);

#endif
