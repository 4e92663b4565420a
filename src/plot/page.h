// page.h: a report as one self-contained HTML file and as Markdown, with its figures and tables as files beside it.
//
// The HTML needs no script and no network: pictures are inside it. It follows the reader's light or dark colours and prints. Equal calls
// give equal bytes.
//
//     SdqnPage *page = sdqn_page_create("out", "Run shared-seed1", error);
//     sdqn_page_section(page, "Returns");
//     sdqn_page_text(page, "%d training episodes.", 1500);
//     sdqn_page_figure(page, &chart);              // out/figures/NAME.dat, .gp, .svg, .pdf, .png
//     sdqn_page_table(page, "last-100", table);    // out/tables/NAME.md, .tex, .csv
//     SdqnStatus status = sdqn_page_write(page, "index", error);   // out/index.html, out/index.md
//     if (sdqn_page_undrawn(page)) fprintf(stderr, "%s\n", sdqn_page_undrawn(page));
//     sdqn_page_destroy(page);
#ifndef SDQN_PLOT_PAGE_H
#define SDQN_PLOT_PAGE_H

#include "core/error.h"
#include "plot/chart.h"
#include "plot/table.h"

/// A page in the making. The first error is remembered, after which nothing more is added, and is returned by sdqn_page_write; NULL pages
/// are ignored.
typedef struct SdqnPage SdqnPage;

/// @param folder  created if it is not there, with figures/ and tables/; locked until the page is destroyed
/// @return NULL on an error, also if another process (or this one) is making a page in that folder
SdqnPage *sdqn_page_create(const char *folder, const char *title, SdqnError *error);
/// NULL is allowed.
void sdqn_page_destroy(SdqnPage *page);

/// A heading of the second level; the HTML lists them at its top. It ends a list.
void sdqn_page_section(SdqnPage *page, const char *title);
/// A paragraph: one line of text, of at most 8 kB. Numbers must come as text (core/text.h) or as integers, to be free of the locale.
void sdqn_page_text(SdqnPage *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// An item of a list; items in a row make one list.
void sdqn_page_item(SdqnPage *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// An item that is a link. @param target  relative to the page's folder
void sdqn_page_link(SdqnPage *page, const char *target, const char *text);

/// A table, also written to tables/. @param name  as a chart's
void sdqn_page_table(SdqnPage *page, const char *name, const SdqnTable *table);
/// A chart, written to figures/ and drawn by gnuplot. Without gnuplot there is a sentence in its place, and the page goes on.
void sdqn_page_figure(SdqnPage *page, const SdqnChart *chart);

/// Write NAME.html and NAME.md; once, at the end.
/// @return SDQN_OK, or the first error: SDQN_ERR_ARGUMENT, SDQN_ERR_IO (also if gnuplot failed on a chart; all else is written then),
/// SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_page_write(SdqnPage *page, const char *name, SdqnError *error);
/// The same without NAME.md, where there is one of another make.
SdqnStatus sdqn_page_write_html(SdqnPage *page, const char *name, SdqnError *error);

/// Why figures are not drawn, and what to do about it; NULL if none is missing. Borrowed.
const char *sdqn_page_undrawn(const SdqnPage *page);

#endif
