#include "plot/table.h"

#include "core/text.h"
#include "core/text_file.h"
#include "plot/markup.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct Column {
    char *header;
    SdqnColumnKind kind;
    int decimals;
} Column;

typedef struct Cell {
    char *text; ///< of a text column
    double value, low, high;
} Cell;

struct SdqnTable {
    char *caption;
    int num_columns;
    Column columns[SDQN_TABLE_MAX_COLUMNS];
    size_t num_cells, capacity;
    Cell *cells;
    bool failed; ///< memory ran out
};

SdqnTable *sdqn_table_create(const char *caption) {
    SdqnTable *table = calloc(1, sizeof *table);
    if (!table) return NULL;
    table->caption = strdup(caption);
    table->failed = !table->caption;
    return table;
}

void sdqn_table_destroy(SdqnTable *table) {
    if (!table) return;
    for (int i = 0; i < table->num_columns; i++) free(table->columns[i].header);
    for (size_t i = 0; i < table->num_cells; i++) free(table->cells[i].text);
    free(table->cells);
    free(table->caption);
    free(table);
}

void sdqn_table_add_column(SdqnTable *table, const char *header, SdqnColumnKind kind, int decimals) {
    if (!table) return;
    assert(table->num_cells == 0 && table->num_columns < SDQN_TABLE_MAX_COLUMNS && decimals >= 0 && decimals <= 9);
    assert(kind != SDQN_COLUMN_P_VALUE || decimals >= 1);
    Column *column = &table->columns[table->num_columns++];
    column->header = strdup(header);
    column->kind = kind;
    column->decimals = decimals;
    if (!column->header) table->failed = true;
}

/// The place of the next cell. @return NULL if there is none, which the table then knows
static Cell *next_cell(SdqnTable *table, SdqnColumnKind kind) {
    if (!table || table->failed) return NULL;
    assert(table->num_columns > 0 && table->columns[table->num_cells % (size_t)table->num_columns].kind == kind);
    (void)kind;
    if (table->num_cells == table->capacity) {
        const size_t capacity = table->capacity > 0 ? 2 * table->capacity : 64;
        Cell *grown = realloc(table->cells, capacity * sizeof *grown);
        if (!grown) {
            table->failed = true;
            return NULL;
        }
        table->cells = grown;
        table->capacity = capacity;
    }
    table->cells[table->num_cells] = (Cell){NULL, (double)NAN, (double)NAN, (double)NAN};
    return &table->cells[table->num_cells++];
}

void sdqn_table_add_text(SdqnTable *table, const char *text) {
    Cell *cell = next_cell(table, SDQN_COLUMN_TEXT);
    if (!cell) return;
    cell->text = strdup(text);
    if (!cell->text) table->failed = true;
}

void sdqn_table_add_number(SdqnTable *table, double value) {
    Cell *cell = next_cell(table, SDQN_COLUMN_NUMBER);
    if (cell) cell->value = value;
}

void sdqn_table_add_p_value(SdqnTable *table, double p) {
    Cell *cell = next_cell(table, SDQN_COLUMN_P_VALUE);
    if (cell) cell->value = p;
}

void sdqn_table_add_estimate(SdqnTable *table, double value, double low, double high) {
    Cell *cell = next_cell(table, SDQN_COLUMN_ESTIMATE);
    if (!cell) return;
    cell->value = value;
    cell->low = low;
    cell->high = high;
}

int sdqn_table_num_rows(const SdqnTable *table) {
    return table && table->num_columns > 0 ? (int)(table->num_cells / (size_t)table->num_columns) : 0;
}

const char *sdqn_table_caption(const SdqnTable *table) { return table->caption; }

SdqnStatus sdqn_table_check(const SdqnTable *table, SdqnError *error) {
    if (!table || table->failed) return sdqn_error_set(error, SDQN_ERR_MEMORY, "table: out of memory");
    if (table->num_columns == 0 || table->num_cells % (size_t)table->num_columns != 0)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "table: %zu cells in %d columns: the last row is not whole", table->num_cells,
                              table->num_columns);
    return SDQN_OK;
}

// ---- writers --------------------------------------------------------------------------------------------------------------------

/// Write text so that it stays text.
typedef void Escape(FILE *out, const char *text);

static const Cell *cell_at(const SdqnTable *table, int row, int column) {
    return &table->cells[(size_t)row * (size_t)table->num_columns + (size_t)column];
}

static void write_cell(FILE *out, const Cell *cell, const Column *column, Escape *escape) {
    char value[SDQN_TEXT_SIZE], low[SDQN_TEXT_SIZE], high[SDQN_TEXT_SIZE];
    if (column->kind == SDQN_COLUMN_TEXT) {
        escape(out, cell->text);
    } else if (!isfinite(cell->value)) {
        fputc('-', out);
    } else if (column->kind == SDQN_COLUMN_P_VALUE) {
        escape(out, sdqn_text_from_p_value(cell->value, column->decimals, value)); // it may begin with <
    } else {
        fputs(sdqn_text_from_double_fixed(cell->value, column->decimals, value), out);
        if (isfinite(cell->low) && isfinite(cell->high))
            fprintf(out, " [%s, %s]", sdqn_text_from_double_fixed(cell->low, column->decimals, low),
                    sdqn_text_from_double_fixed(cell->high, column->decimals, high));
    }
}

/// A header (row -1) or a cell as plain text. @return memory to be freed; NULL if there is none
static char *plain_text(const SdqnTable *table, int row, int column) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    if (row < 0) {
        sdqn_markup_comment(out, table->columns[column].header);
    } else {
        write_cell(out, cell_at(table, row, column), &table->columns[column], sdqn_markup_comment);
    }
    const bool failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed) return text;
    free(text);
    return NULL;
}

/// @param texts [rows + 1, columns] headers first
static void write_aligned(FILE *out, const SdqnTable *table, char *const *texts) {
    const size_t columns = (size_t)table->num_columns, rows = (size_t)sdqn_table_num_rows(table) + 1;
    int widths[SDQN_TABLE_MAX_COLUMNS] = {0};
    for (size_t i = 0; i < rows * columns; i++) {
        const int length = sdqn_markup_length(texts[i]);
        if (length > widths[i % columns]) widths[i % columns] = length;
    }
    for (size_t i = 0; i < rows * columns; i++) {
        const size_t c = i % columns;
        const int gap = widths[c] - sdqn_markup_length(texts[i]);
        const bool right = table->columns[c].kind != SDQN_COLUMN_TEXT, last = c + 1 == columns;
        fprintf(out, "%*s%s%*s", right ? gap : 0, "", texts[i], right || last ? 0 : gap, "");
        fputs(last ? "\n" : "  ", out);
    }
}

SdqnStatus sdqn_table_write_text(FILE *out, const SdqnTable *table, SdqnError *error) {
    const size_t columns = (size_t)table->num_columns, count = ((size_t)sdqn_table_num_rows(table) + 1) * columns;
    char **texts = calloc(count, sizeof *texts);
    bool whole = texts != NULL;
    for (size_t i = 0; i < count && whole; i++) {
        texts[i] = plain_text(table, (int)(i / columns) - 1, (int)(i % columns));
        whole = texts[i] != NULL;
    }
    if (whole) write_aligned(out, table, texts);
    for (size_t i = 0; i < count && texts; i++) free(texts[i]);
    free(texts);
    return whole ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "table: out of memory");
}

void sdqn_table_write_markdown(FILE *out, const SdqnTable *table) {
    fputc('|', out);
    for (int c = 0; c < table->num_columns; c++) {
        fputc(' ', out);
        sdqn_markup_markdown(out, table->columns[c].header);
        fputs(" |", out);
    }
    fputs("\n|", out);
    for (int c = 0; c < table->num_columns; c++) fputs(table->columns[c].kind == SDQN_COLUMN_TEXT ? "---|" : "---:|", out);
    fputc('\n', out);
    for (int r = 0; r < sdqn_table_num_rows(table); r++) {
        fputc('|', out);
        for (int c = 0; c < table->num_columns; c++) {
            fputc(' ', out);
            write_cell(out, cell_at(table, r, c), &table->columns[c], sdqn_markup_markdown);
            fputs(" |", out);
        }
        fputc('\n', out);
    }
}

void sdqn_table_write_latex(FILE *out, const SdqnTable *table) {
    fputs("% needs \\usepackage{booktabs}\n\\begin{table}\n\\centering\n\\begin{tabular}{", out);
    for (int c = 0; c < table->num_columns; c++) fputc(table->columns[c].kind == SDQN_COLUMN_TEXT ? 'l' : 'r', out);
    fputs("}\n\\toprule\n", out);
    for (int c = 0; c < table->num_columns; c++) {
        fputs(c > 0 ? " & " : "", out);
        sdqn_markup_latex(out, table->columns[c].header);
    }
    fputs(" \\\\\n\\midrule\n", out);
    for (int r = 0; r < sdqn_table_num_rows(table); r++) {
        for (int c = 0; c < table->num_columns; c++) {
            fputs(c > 0 ? " & " : "", out);
            if (c == 0) fputs("{}", out); // a row that begins with [ would be an option of the line break before it
            write_cell(out, cell_at(table, r, c), &table->columns[c], sdqn_markup_latex);
        }
        fputs(" \\\\\n", out);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", out);
    if (table->caption[0] != '\0') {
        fputs("\\caption{", out);
        sdqn_markup_latex(out, table->caption);
        fputs("}\n", out);
    }
    fputs("\\end{table}\n", out);
}

void sdqn_table_write_html(FILE *out, const SdqnTable *table) {
    fputs("<table>\n<thead><tr>", out);
    for (int c = 0; c < table->num_columns; c++) {
        fputs(table->columns[c].kind == SDQN_COLUMN_TEXT ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"number\">", out);
        sdqn_markup_html(out, table->columns[c].header);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (int r = 0; r < sdqn_table_num_rows(table); r++) {
        fputs("<tr>", out);
        for (int c = 0; c < table->num_columns; c++) {
            fputs(table->columns[c].kind == SDQN_COLUMN_TEXT ? "<td>" : "<td class=\"number\">", out);
            write_cell(out, cell_at(table, r, c), &table->columns[c], sdqn_markup_html);
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody>\n</table>\n", out);
}

static void write_csv_header(FILE *out, const Column *column) {
    static const char *const ends[] = {" low", " high"};
    sdqn_markup_csv(out, column->header);
    if (column->kind != SDQN_COLUMN_ESTIMATE) return;
    for (int i = 0; i < 2; i++) {
        char name[256];
        snprintf(name, sizeof name, "%.240s%s", column->header, ends[i]);
        fputc(',', out);
        sdqn_markup_csv(out, name);
    }
}

static void write_csv_number(FILE *out, double value) {
    char text[SDQN_TEXT_SIZE];
    if (isfinite(value)) fputs(sdqn_text_from_double(value, text), out);
}

void sdqn_table_write_csv(FILE *out, const SdqnTable *table) {
    for (int c = 0; c < table->num_columns; c++) {
        fputs(c > 0 ? "," : "", out);
        write_csv_header(out, &table->columns[c]);
    }
    fputs("\r\n", out);
    for (int r = 0; r < sdqn_table_num_rows(table); r++) {
        for (int c = 0; c < table->num_columns; c++) {
            const Cell *cell = cell_at(table, r, c);
            const SdqnColumnKind kind = table->columns[c].kind;
            fputs(c > 0 ? "," : "", out);
            if (kind == SDQN_COLUMN_TEXT) {
                sdqn_markup_csv(out, cell->text);
                continue;
            }
            write_csv_number(out, cell->value);
            if (kind != SDQN_COLUMN_ESTIMATE) continue;
            fputc(',', out);
            write_csv_number(out, cell->low);
            fputc(',', out);
            write_csv_number(out, cell->high);
        }
        fputs("\r\n", out);
    }
}

static SdqnStatus write_file(const SdqnTable *table, const char *folder, const char *name, const char *ending,
                             void (*writer)(FILE *out, const SdqnTable *table), SdqnError *error) {
    char file_name[128];
    SdqnTextFile file;
    snprintf(file_name, sizeof file_name, "%.100s%s", name, ending);
    const SdqnStatus status = sdqn_text_file_begin(&file, error);
    if (status != SDQN_OK) return status;
    writer(file.out, table);
    return sdqn_text_file_write(&file, folder, file_name, error);
}

SdqnStatus sdqn_table_write_files(const SdqnTable *table, const char *folder, const char *name, SdqnError *error) {
    SdqnStatus status = sdqn_table_check(table, error);
    if (status == SDQN_OK) status = write_file(table, folder, name, ".md", sdqn_table_write_markdown, error);
    if (status == SDQN_OK) status = write_file(table, folder, name, ".tex", sdqn_table_write_latex, error);
    return status == SDQN_OK ? write_file(table, folder, name, ".csv", sdqn_table_write_csv, error) : status;
}
