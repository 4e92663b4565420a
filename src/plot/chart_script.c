// chart_script.c: every panel and the legend are a cell of a multiplot, whose place on the page is computed here.
#include "plot/chart_script.h"

#include "core/text.h"
#include "plot/markup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Sizes in pixels of the SVG and the PNG; the PDF has 100 of them to the inch.
#define WIDTH 860
#define FONT_SIZE 14
#define PANEL_HEIGHT 300
#define CATEGORY_HEIGHT 28 ///< of a level category
#define FRAME_HEIGHT 136   ///< of a panel around them: title, numbers and name of the axis
#define LEGEND_ROW 24
#define LEGEND_SAMPLE 86      ///< width of a legend's entry beside its text
#define LEGEND_CHARACTER 10.0 ///< that gnuplot counts for a character in the legend of an SVG; less elsewhere
#define CHARACTER_WIDTH 8.5   ///< of the widest usual text in FONT_SIZE
#define AXIS_WIDTH 80         ///< beside a panel, for the numbers of its axis
#define TURNED_CHARACTERS 16  ///< of a name that is turned, so that the first one stays on the page
#define TURNED_HEIGHT 70      ///< that such names need below a panel
#define BAR_SHARE 0.8         ///< of a category's room
#define MAX_TICS 10           ///< steps along a level axis
#define MARKS 8               ///< point shapes along a curve
#define BAND_OPACITY 0.18     ///< of a band
#define BANDS_OPACITY 0.72    ///< of all bands of a panel together, at most
#define BETWEEN ", \\\n    "  ///< elements of `plot`

/// Okabe and Ito's palette, told apart by colour-blind people; without its yellow, which is too light for lines on white.
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};
static const char *const dashes[] = {"solid", "(9,5)", "(3,3)", "(9,4,2,4)", "(16,5)", "(9,4,2,4,2,4)"};
static const int shapes[] = {7, 9, 5, 13, 6, 8, 4, 12, 11, 10}; ///< full circle, triangle, square, diamond; then hollow ones
static const int patterns[] = {3, 2, 1, 4, 5, 6, 7};            ///< full, then hatched

#define PICK(table, style) ((table)[(size_t)(style) % (sizeof(table) / sizeof *(table))])

static void write_number(FILE *out, double value) {
    char text[SDQN_TEXT_SIZE];
    fputs(sdqn_text_from_double(value, text), out);
}

/// Characters of the longest category that are drawn, at most `most`.
static int longest_category(const SdqnPanel *panel, int most) {
    int longest = 1;
    for (int i = 0; i < panel->num_categories; i++) {
        const int length = sdqn_markup_length(panel->categories[i]);
        if (length > longest) longest = length;
    }
    return longest < most ? longest : most;
}

static void write_label(FILE *out, const char *text) { sdqn_markup_gnuplot(out, text ? text : "", SDQN_CHART_LABEL_CHARACTERS); }

static bool has_interval(const SdqnSeries *series) { return series->low != NULL && series->high != NULL; }

// ---- how series look ------------------------------------------------------------------------------------------------------------

static void write_line_style(FILE *out, const SdqnSeries *series) {
    fprintf(out, "lc rgb '%s' lw %s dt %s", PICK(colours, series->style), series->faint ? "1" : "2", PICK(dashes, series->style));
}

static void write_point_style(FILE *out, const SdqnSeries *series) {
    fprintf(out, "lc rgb '%s%s' lw 1.5 pt %d ps %s", series->faint ? "#99" : "", PICK(colours, series->style) + (series->faint ? 1 : 0),
            series->faint ? shapes[0] : PICK(shapes, series->style), series->faint ? "0.3" : "0.9");
}

/// The look of a series as one plot element: `with ...`. @param legend  as a sample without data
static void write_look(FILE *out, const SdqnSeries *series, int points, bool legend) {
    switch (series->kind) {
    case SDQN_SERIES_LINE:
        fputs(series->faint ? "with lines " : "with linespoints ", out);
        write_line_style(out, series);
        if (!series->faint) fprintf(out, " pt %d ps 0.8", PICK(shapes, series->style));
        if (!series->faint && !legend) fprintf(out, " pi %d", points > MARKS ? points / MARKS : 1);
        break;
    case SDQN_SERIES_STEPS:
        fputs("with lines ", out); // the data hold its corners
        write_line_style(out, series);
        break;
    case SDQN_SERIES_POINTS:
        fputs(has_interval(series) && !legend ? "with yerrorbars " : "with points ", out);
        write_point_style(out, series);
        break;
    case SDQN_SERIES_BARS:
        fprintf(out, "with boxes lc rgb '%s' lw 1.5 fs pattern %d border", PICK(colours, series->style), PICK(patterns, series->style));
        break;
    case SDQN_SERIES_INTERVALS:
        fputs(legend ? "with points " : "with xerrorbars ", out);
        write_point_style(out, series);
        break;
    }
}

/// Bars and level intervals share a category's room. @return the place of series `s` in it and how wide it is, in units of the position
static double share_of(const SdqnPanel *panel, int s, double *offset) {
    int count = 0, place = 0;
    for (int i = 0; i < panel->num_series; i++) {
        if (panel->series[i].kind != panel->series[s].kind) continue;
        place += i < s;
        count++;
    }
    const double width = BAR_SHARE / count;
    *offset = (place - 0.5 * (count - 1)) * width;
    return width;
}

/// `'NAME.dat' index K every N using `
static void write_source(FILE *out, const SdqnChart *chart, const SdqnSeries *series, int block) {
    const int every = sdqn_chart_series_thinning(series);
    fprintf(out, "'%s.dat' index %d ", chart->name, block);
    if (every > 1) fprintf(out, "every %d ", every);
    fputs("using ", out);
}

static void write_bars(FILE *out, const SdqnChart *chart, const SdqnPanel *panel, int s, int block) {
    const SdqnSeries *series = &panel->series[s];
    double offset = 0.0, width = series->width;
    if (!(width > 0.0)) width = share_of(panel, s, &offset);
    write_source(out, chart, series, block);
    fputs("($1+", out);
    write_number(out, offset);
    fputs("):2:(", out);
    write_number(out, width);
    fputs(") ", out);
    write_look(out, series, series->count, false);
    fputs(" notitle", out);
    if (!has_interval(series)) return;
    fputs(BETWEEN, out);
    write_source(out, chart, series, block);
    fputs("($1+", out);
    write_number(out, offset);
    fputs("):2:3:4 with yerrorbars lc rgb '#000000' lw 1.5 pt 7 ps 0.3 notitle", out);
}

static bool has_band(const SdqnSeries *series) {
    return (series->kind == SDQN_SERIES_LINE || series->kind == SDQN_SERIES_STEPS) && has_interval(series) &&
           sdqn_chart_count_points(series) > 0;
}

/// The bands of the lines, below all of them; many are fainter, or the lines were lost in them. @return what comes before the next element
static const char *write_bands(FILE *out, const SdqnChart *chart, const SdqnPanel *panel, int block, const char *separator) {
    int bands = 0;
    for (int s = 0; s < panel->num_series; s++) bands += has_band(&panel->series[s]);
    for (int s = 0; s < panel->num_series; s++) {
        const SdqnSeries *series = &panel->series[s];
        if (has_band(series)) {
            fputs(separator, out);
            write_source(out, chart, series, block);
            fprintf(out, "1:3:4 with filledcurves lc rgb '%s' fs transparent solid %.3f noborder notitle", PICK(colours, series->style),
                    fmin(BAND_OPACITY, BANDS_OPACITY / bands));
            separator = BETWEEN;
        }
        block += sdqn_chart_count_points(series) > 0;
    }
    return separator;
}

/// A series as one or two elements of `plot`, without its band.
static void write_series(FILE *out, const SdqnChart *chart, const SdqnPanel *panel, int s, int block) {
    const SdqnSeries *series = &panel->series[s];
    const int points = sdqn_chart_count_points(series) / sdqn_chart_series_thinning(series);
    if (series->kind == SDQN_SERIES_BARS) {
        write_bars(out, chart, panel, s, block);
        return;
    }
    if (series->kind == SDQN_SERIES_INTERVALS) {
        double offset;
        share_of(panel, s, &offset);
        write_source(out, chart, series, block);
        fputs("2:($1+", out);
        write_number(out, offset);
        fputs("):3:4 ", out);
    } else {
        write_source(out, chart, series, block);
        fputs(series->kind == SDQN_SERIES_POINTS && has_interval(series) ? "1:2:3:4 " : "1:2 ", out);
    }
    write_look(out, series, points, false);
    fputs(" notitle", out);
}

// ---- panels ---------------------------------------------------------------------------------------------------------------------

static bool has_kind(const SdqnPanel *panel, SdqnSeriesKind kind) {
    for (int s = 0; s < panel->num_series; s++) {
        if (panel->series[s].kind == kind) return true;
    }
    return false;
}

static void write_range(FILE *out, const char *axis, const SdqnAxis *range, bool with_zero) {
    fprintf(out, "set %srange [", axis);
    if (range->low != range->high) {
        write_number(out, range->low);
        fputs(":", out);
        write_number(out, range->high);
    } else {
        fputs(with_zero ? "*<0:0<*" : "*:*", out);
    }
    fputs("]\n", out);
}

/// Whether the names below the bars would touch if they were level.
static bool has_turned_names(const SdqnPanel *panel, int panel_width) {
    if (panel->categories == NULL || has_kind(panel, SDQN_SERIES_INTERVALS)) return false;
    const int longest = longest_category(panel, SDQN_CHART_LABEL_CHARACTERS);
    return (longest + 2) * CHARACTER_WIDTH * panel->num_categories > panel_width - AXIS_WIDTH;
}

static void write_categories(FILE *out, const SdqnPanel *panel, const char *axis, int panel_width) {
    const bool turned = has_turned_names(panel, panel_width);
    fprintf(out, "set %stics %sscale 0 (", axis, turned ? "rotate by 40 right " : "");
    for (int i = 0; i < panel->num_categories; i++) {
        fputs(i > 0 ? ", " : "", out);
        sdqn_markup_gnuplot_tic(out, panel->categories[i], turned ? TURNED_CHARACTERS : SDQN_CHART_LABEL_CHARACTERS);
        fprintf(out, " %d", i);
    }
    fputs(")\n", out);
}

/// Where a panel begins and ends along its level axis, which is numeric. @return whether it shows anything
static bool find_range(const SdqnPanel *panel, double *low, double *high) {
    *low = panel->x.low;
    *high = panel->x.high;
    if (*low != *high) return *low < *high;
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (int s = 0; s < panel->num_series; s++) {
        const SdqnSeries *series = &panel->series[s];
        const bool turned = series->kind == SDQN_SERIES_INTERVALS;
        const double *const values[] = {turned ? series->y : series->x, turned ? series->low : NULL, turned ? series->high : NULL};
        for (int k = 0; k < 3; k++) {
            for (int i = 0; values[k] && i < series->count; i++) {
                if (!isfinite(values[k][i])) continue;
                *low = fmin(*low, values[k][i]);
                *high = fmax(*high, values[k][i]);
            }
        }
    }
    return *low < *high;
}

/// The smallest of 1, 2 and 5 times a power of ten that makes at most `most` steps.
static double round_step(double range, int most) {
    static const double factors[] = {1.0, 2.0, 5.0};
    const double power = pow(10.0, floor(log10(range / most)));
    for (int i = 0; i < 3; i++) {
        if (factors[i] * power * most >= range) return factors[i] * power;
    }
    return 10.0 * power;
}

/// Numbers along the level axis that do not touch each other; gnuplot's own choice looks at the height of the font only.
static void write_level_tics(FILE *out, const SdqnPanel *panel, int panel_width) {
    double low, high;
    fputs("set xtics ", out);
    if (panel->x.logarithmic || !find_range(panel, &low, &high)) {
        fputs("autofreq", out);
    } else {
        const double names = panel->categories ? longest_category(panel, SDQN_CHART_LABEL_CHARACTERS) * CHARACTER_WIDTH : 0.0;
        const double room = panel_width - AXIS_WIDTH - names;
        double step = round_step(high - low, MAX_TICS);
        for (int most = MAX_TICS - 1; most > 1; most--) {
            const double first = floor(low / step) * step, ends[] = {first, first + step, ceil(high / step) * step};
            size_t longest = 0;
            for (int i = 0; i < 3; i++) {
                char text[32];
                snprintf(text, sizeof text, "%g", ends[i]);
                if (strlen(text) > longest) longest = strlen(text);
            }
            if ((double)(longest + 1) * CHARACTER_WIDTH * ((high - low) / step + 1.0) < room) break;
            step = round_step(high - low, most);
        }
        write_number(out, step);
    }
    fputs(" norotate nomirror scale 0.5\n", out);
}

static void write_axes(FILE *out, const SdqnPanel *panel, int panel_width) {
    const bool level = has_kind(panel, SDQN_SERIES_INTERVALS);
    fputs("set title ", out);
    sdqn_markup_gnuplot(out, panel->title ? panel->title : "", (int)(panel_width / CHARACTER_WIDTH));
    fputs("\nset xlabel ", out);
    sdqn_markup_gnuplot(out, panel->x.label ? panel->x.label : "", (int)(panel_width / CHARACTER_WIDTH));
    fputs("\nset ylabel ", out);
    write_label(out, panel->y.label);
    fputc('\n', out);
    write_level_tics(out, panel, panel_width);
    fputs("set ytics autofreq nomirror scale 0.5\nunset logscale\n", out);
    if (panel->x.logarithmic) fputs("set logscale x\n", out);
    if (panel->y.logarithmic) fputs("set logscale y\n", out);
    write_range(out, "x", &panel->x, false);
    write_range(out, "y", &panel->y, has_kind(panel, SDQN_SERIES_BARS));
    if (panel->categories == NULL) return;
    write_categories(out, panel, level ? "y" : "x", panel_width);
    if (level) {
        fprintf(out, "set yrange [%d.5:-0.5]\n", panel->num_categories - 1); // the first category at the top
    } else {
        fprintf(out, "set xrange [-0.6:%d.6]\n", panel->num_categories - 1);
    }
}

static void write_references(FILE *out, const SdqnPanel *panel) {
    fputs("unset arrow\n", out);
    for (int i = 0; i < panel->num_references; i++) {
        const SdqnReference *reference = &panel->references[i];
        if (!reference->upright || !isfinite(reference->at)) continue;
        fputs("set arrow from first ", out);
        write_number(out, reference->at);
        fputs(", graph 0 to first ", out);
        write_number(out, reference->at);
        fputs(", graph 1 nohead front lc rgb '#666666' lw 1.5 dt (4,4)\n", out);
    }
}

/// @return the next block
static int write_panel(FILE *out, const SdqnChart *chart, const SdqnPanel *panel, int panel_width, int block) {
    const char *separator = "plot ";
    write_axes(out, panel, panel_width);
    write_references(out, panel);
    separator = write_bands(out, chart, panel, block, separator);
    for (int s = 0; s < panel->num_series; s++) {
        if (sdqn_chart_count_points(&panel->series[s]) == 0) continue;
        fputs(separator, out);
        write_series(out, chart, panel, s, block++);
        separator = BETWEEN;
    }
    const bool empty = strcmp(separator, "plot ") == 0;
    if (empty) {
        fputs("set xrange [0:1]\nset yrange [0:1]\nset label 1 'no data' at graph 0.5, 0.5 center\nplot 2 notitle\nunset label 1\n", out);
        return block;
    }
    for (int i = 0; i < panel->num_references; i++) {
        const SdqnReference *reference = &panel->references[i];
        if (reference->upright || !isfinite(reference->at)) continue;
        fputs(separator, out);
        write_number(out, reference->at);
        fputs(" with lines lc rgb '#666666' lw 1.5 dt (4,4) notitle", out);
    }
    fputc('\n', out);
    return block;
}

// ---- the legend -----------------------------------------------------------------------------------------------------------------

typedef struct LegendEntry {
    const char *label;
    const SdqnSeries *series; ///< NULL: a line of reference
} LegendEntry;

typedef struct Legend {
    int count, columns, rows;
    LegendEntry entries[SDQN_CHART_MAX_LEGEND];
} Legend;

static void add_entry(Legend *legend, const char *label, const SdqnSeries *series) {
    if (label == NULL || legend->count == SDQN_CHART_MAX_LEGEND) return;
    for (int i = 0; i < legend->count; i++) {
        const LegendEntry *entry = &legend->entries[i];
        const bool same_look = entry->series && series ? entry->series->style == series->style : entry->series == series;
        if (same_look && strcmp(entry->label, label) == 0) return;
    }
    legend->entries[legend->count++] = (LegendEntry){label, series};
}

static void make_legend(const SdqnChart *chart, Legend *legend) {
    double widest = 1.0;
    legend->count = 0;
    for (int p = 0; p < chart->num_panels; p++) {
        const SdqnPanel *panel = &chart->panels[p];
        for (int s = 0; s < panel->num_series; s++) {
            if (sdqn_chart_count_points(&panel->series[s]) > 0) add_entry(legend, panel->series[s].label, &panel->series[s]);
        }
    }
    for (int p = 0; p < chart->num_panels; p++) {
        const SdqnPanel *panel = &chart->panels[p];
        for (int i = 0; i < panel->num_references; i++) add_entry(legend, panel->references[i].label, NULL);
    }
    for (int i = 0; i < legend->count; i++) {
        int length = sdqn_markup_length(legend->entries[i].label);
        if (length > SDQN_CHART_LEGEND_CHARACTERS) length = SDQN_CHART_LEGEND_CHARACTERS;
        if (length * LEGEND_CHARACTER > widest) widest = length * LEGEND_CHARACTER;
    }
    legend->columns = (int)(WIDTH / (widest + LEGEND_SAMPLE));
    if (legend->columns < 1) legend->columns = 1;
    legend->rows = (legend->count + legend->columns - 1) / legend->columns;
}

static void write_legend(FILE *out, const Legend *legend) {
    fputs("unset title; unset xlabel; unset ylabel; unset border; unset xtics; unset ytics; unset grid; unset arrow; unset logscale\n"
          "set lmargin 0; set rmargin 0; set tmargin 0; set bmargin 0\nset xrange [0:1]; set yrange [0:1]\n",
          out);
    fprintf(out, "set key center center horizontal maxcols %d maxrows %d samplen 3.5 spacing 1.1 width 2 Left reverse\nplot 2 notitle",
            legend->columns, legend->rows);
    for (int i = 0; i < legend->count; i++) {
        const LegendEntry *entry = &legend->entries[i];
        fputs(BETWEEN "keyentry ", out);
        if (entry->series) {
            write_look(out, entry->series, 1, true);
        } else {
            fputs("with lines lc rgb '#666666' lw 1.5 dt (4,4)", out);
        }
        fputs(" title ", out);
        sdqn_markup_gnuplot(out, entry->label, SDQN_CHART_LEGEND_CHARACTERS);
    }
    fputc('\n', out);
}

// ---- the page -------------------------------------------------------------------------------------------------------------------

static int height_of(const SdqnChart *chart, int panel_width) {
    int most = 0;
    bool turned = false;
    if (chart->panel_height > 0) return chart->panel_height;
    for (int p = 0; p < chart->num_panels; p++) {
        const SdqnPanel *panel = &chart->panels[p];
        if (has_kind(panel, SDQN_SERIES_INTERVALS) && panel->num_categories > most) most = panel->num_categories;
        turned = turned || has_turned_names(panel, panel_width);
    }
    return most > 0 ? FRAME_HEIGHT + CATEGORY_HEIGHT * most : turned ? PANEL_HEIGHT + TURNED_HEIGHT : PANEL_HEIGHT;
}

static void write_cell(FILE *out, double x, double y, double width, double height) {
    fputs("set origin ", out);
    write_number(out, x);
    fputs(", ", out);
    write_number(out, y);
    fputs("; set size ", out);
    write_number(out, width);
    fputs(", ", out);
    write_number(out, height);
    fputc('\n', out);
}

static void write_terminals(FILE *out, const SdqnChart *chart, int height) {
    fprintf(out,
            "set encoding utf8\nformats = 'svg pdf png'\ndo for [i=1:3] {\nformat = word(formats, i)\n"
            "if (i == 1) { set terminal svg size %d,%d noenhanced font 'sans-serif,%d' dashed background '#ffffff' }\n"
            "if (i == 2) { set terminal pdfcairo size %d.%02din,%d.%02din noenhanced font 'sans-serif,%d' dashed }\n"
            "if (i == 3) { set terminal pngcairo size %d,%d noenhanced font 'sans-serif,%d' dashed background '#ffffff' }\n"
            "set output '%s.'.format\n",
            WIDTH, height, FONT_SIZE, WIDTH / 100, WIDTH % 100, height / 100, height % 100, FONT_SIZE - 4, WIDTH, height, FONT_SIZE - 3,
            chart->name);
}

void sdqn_chart_script_write(FILE *out, const SdqnChart *chart) {
    Legend legend;
    make_legend(chart, &legend);
    const int columns = chart->columns < 1 ? 1 : chart->columns > chart->num_panels ? chart->num_panels : chart->columns;
    const int rows = (chart->num_panels + columns - 1) / columns, panel_height = height_of(chart, WIDTH / columns);
    const int legend_height = legend.count > 0 ? legend.rows * LEGEND_ROW + 10 : 0, height = rows * panel_height + legend_height;
    fputs("# ", out);
    sdqn_markup_comment(out, chart->caption ? chart->caption : "");
    fprintf(out, "\n# Drawn by gnuplot 5.4 or newer: gnuplot %s.gp\n", chart->name);
    write_terminals(out, chart, height);
    fputs("set multiplot\nset border 3 lc rgb '#000000'\nset tics nomirror out\nset grid back lc rgb '#d0d0d0' lw 1 dt solid\n"
          "unset key\nset boxwidth 1\nset bars 0.6\nset pointintervalbox 0\nset rmargin 3\n",
          out);
    for (int p = 0, block = 0; p < chart->num_panels; p++) {
        const double cell = (double)panel_height / height;
        const int column = p % columns, row = p / columns;
        write_cell(out, (double)column / columns, 1.0 - cell * (1 + row), 1.0 / columns, cell);
        block = write_panel(out, chart, &chart->panels[p], WIDTH / columns, block);
    }
    if (legend.count > 0) {
        write_cell(out, 0.0, 0.0, 1.0, (double)legend_height / height);
        write_legend(out, &legend);
    }
    // the next format begins afresh
    fputs("unset multiplot\nset output\nset lmargin; set rmargin; set tmargin; set bmargin\n}\n", out);
}
