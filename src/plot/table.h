// table.h: tables that are written as Markdown, LaTeX, HTML and CSV.
//
//     SdqnTable *table = sdqn_table_create("Mean return of 100 greedy episodes.");
//     sdqn_table_add_column(table, "task", SDQN_COLUMN_TEXT, 0);
//     sdqn_table_add_column(table, "mean", SDQN_COLUMN_ESTIMATE, 1);
//     sdqn_table_add_text(table, "windy");
//     sdqn_table_add_estimate(table, 123.45, 110.0, 130.0);      // 123.5 [110.0, 130.0]; in CSV three columns, at full precision
#ifndef SDQN_PLOT_TABLE_H
#define SDQN_PLOT_TABLE_H

#include "core/error.h"

#include <stdint.h>
#include <stdio.h>

#define SDQN_TABLE_MAX_COLUMNS 64

/// What stands in a column. Numbers are aligned to the right.
typedef enum SdqnColumnKind {
    SDQN_COLUMN_TEXT = 0,
    SDQN_COLUMN_NUMBER,   ///< a number with `decimals` digits behind the dot
    SDQN_COLUMN_ESTIMATE, ///< a number with the ends of an interval
    SDQN_COLUMN_P_VALUE,  ///< likewise a number, but never 0.0000: what is below the last digit stands as "< 0.0001"; in CSV as it is
} SdqnColumnKind;

/// A table in the making. Cells are added row by row, from left to right; texts are copied. A failed allocation is remembered and reported
/// by sdqn_table_check and by the writer of files.
typedef struct SdqnTable SdqnTable;

/// @param caption  what the numbers are, with n and the meaning of intervals; may be "" @return NULL if out of memory
SdqnTable *sdqn_table_create(const char *caption);
/// NULL is allowed.
void sdqn_table_destroy(SdqnTable *table);

/// Add a column; all must be there before the first cell. NULL tables are ignored here and below, so that one check at the end suffices.
/// @param decimals  of its numbers, in [0, 9]; of p-values at least 1
void sdqn_table_add_column(SdqnTable *table, const char *header, SdqnColumnKind kind, int decimals);

// Each adds the next cell, which must be of a column of that kind. Numbers that are not finite stand as "-", in CSV as an empty field.
void sdqn_table_add_text(SdqnTable *table, const char *text);
void sdqn_table_add_number(SdqnTable *table, double value);
void sdqn_table_add_p_value(SdqnTable *table, double p);
/// @param low, high  NaN: no interval
void sdqn_table_add_estimate(SdqnTable *table, double value, double low, double high);

int sdqn_table_num_rows(const SdqnTable *table);
const char *sdqn_table_caption(const SdqnTable *table);

/// @return SDQN_OK, or SDQN_ERR_MEMORY if something could not be kept (also of a NULL table), or SDQN_ERR_ARGUMENT if the last row is not
/// whole
SdqnStatus sdqn_table_check(const SdqnTable *table, SdqnError *error);

/// Write a whole, checked table for a terminal: columns aligned, without the caption. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_table_write_text(FILE *out, const SdqnTable *table, SdqnError *error);

// Each writes a whole, checked table. Names are escaped (markup.h).
void sdqn_table_write_markdown(FILE *out, const SdqnTable *table);
/// A floating table in booktabs' rules; the caption is its caption.
void sdqn_table_write_latex(FILE *out, const SdqnTable *table);
/// A <table> without its caption, which a page sets beside it: as its part it would be as narrow, or be scrolled away with it.
void sdqn_table_write_html(FILE *out, const SdqnTable *table);
/// RFC 4180, lines ending in CR LF: a header, then the rows; numbers at full precision; an estimate fills three columns: "mean", "mean
/// low", "mean high".
void sdqn_table_write_csv(FILE *out, const SdqnTable *table);

/// Write NAME.md, NAME.tex and NAME.csv into a folder, each as a whole.
/// @param name  as a chart's (chart.h) @return SDQN_OK, SDQN_ERR_ARGUMENT, SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_table_write_files(const SdqnTable *table, const char *folder, const char *name, SdqnError *error);

#endif
