#include "plot/chart.h"

#include "core/file.h"
#include "core/text.h"
#include "core/text_file.h"
#include "plot/chart_script.h"
#include "plot/markup.h"

#include <math.h>
#include <string.h>

#define MAX_NAME 64

static bool is_name(const char *name) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const size_t length = strlen(name);
    return length > 0 && length <= MAX_NAME && strspn(name, allowed) == length && name[0] != '-';
}

static SdqnStatus check(const SdqnChart *chart, SdqnError *error) {
    if (!is_name(chart->name))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "chart '%.100s': a name has 1 to %d letters, digits, '_' and '-'", chart->name,
                              MAX_NAME);
    if (chart->num_panels < 1 || chart->num_panels > SDQN_CHART_MAX_PANELS)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "chart %s: %d panels: must be in [1, %d]", chart->name, chart->num_panels,
                              SDQN_CHART_MAX_PANELS);
    for (int p = 0; p < chart->num_panels; p++) {
        const SdqnPanel *panel = &chart->panels[p];
        for (int s = 0; s < panel->num_series; s++) {
            if (panel->series[s].style < 0 || panel->series[s].count < 0)
                return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "chart %s: panel %d, series %d: style and count must not be negative",
                                      chart->name, p, s);
        }
    }
    return SDQN_OK;
}

// ---- thinning -------------------------------------------------------------------------------------------------------------------

static bool is_drawn(const SdqnSeries *series, int i) { return isfinite(series->y[i]) && (!series->x || isfinite(series->x[i])); }

int sdqn_chart_count_points(const SdqnSeries *series) {
    int count = 0;
    for (int i = 0; i < series->count; i++) count += is_drawn(series, i);
    return count;
}

int sdqn_chart_series_thinning(const SdqnSeries *series) {
    const int count = sdqn_chart_count_points(series);
    if (series->kind == SDQN_SERIES_STEPS) return 1; // a corner left out would be a slope
    return count <= SDQN_CHART_DRAWN_POINTS ? 1 : (count - 1) / SDQN_CHART_DRAWN_POINTS + 1;
}

int sdqn_chart_thinning(const SdqnChart *chart) {
    int most = 1;
    for (int p = 0; p < chart->num_panels; p++) {
        for (int s = 0; s < chart->panels[p].num_series; s++) {
            const int every = sdqn_chart_series_thinning(&chart->panels[p].series[s]);
            if (every > most) most = every;
        }
    }
    return most;
}

// ---- data -----------------------------------------------------------------------------------------------------------------------

static void write_number(FILE *out, double value, char end) {
    char text[SDQN_TEXT_SIZE];
    fprintf(out, "%s%c", sdqn_text_from_double(value, text), end);
}

static void write_row(FILE *out, const SdqnSeries *series, double x, int i) {
    const double value = series->y[i], low = series->low ? series->low[i] : value, high = series->high ? series->high[i] : value;
    write_number(out, x, ' ');
    write_number(out, value, ' ');
    write_number(out, isfinite(low) ? low : value, ' ');
    write_number(out, isfinite(high) ? high : value, '\n');
}

/// Columns: position, value, low, high. A blank line is a gap in a curve. Of a staircase all corners are written.
static void write_rows(FILE *out, const SdqnSeries *series) {
    int last = -1; // what stands before
    for (int i = 0; i < series->count; i++) {
        if (!is_drawn(series, i)) continue;
        const double x = series->x ? series->x[i] : i;
        const bool gap = last >= 0 && last < i - 1;
        if (gap && (series->kind == SDQN_SERIES_LINE || series->kind == SDQN_SERIES_STEPS)) fputc('\n', out);
        if (last >= 0 && !gap && series->kind == SDQN_SERIES_STEPS) write_row(out, series, x, last);
        write_row(out, series, x, i);
        last = i;
    }
}

static void write_data(FILE *out, const SdqnChart *chart) {
    int block = 0;
    fprintf(out, "# %s: ", chart->name);
    sdqn_markup_comment(out, chart->caption ? chart->caption : "");
    fputs("\n# Blocks are separated by two blank lines. Columns: position, value, low and high end of its interval.\n", out);
    for (int p = 0; p < chart->num_panels; p++) {
        const SdqnPanel *panel = &chart->panels[p];
        for (int s = 0; s < panel->num_series; s++) {
            const SdqnSeries *series = &panel->series[s];
            if (sdqn_chart_count_points(series) == 0) continue;
            fprintf(out, "%s# block %d: ", block > 0 ? "\n\n" : "", block);
            sdqn_markup_comment(out, panel->title ? panel->title : "");
            fputs(panel->title && series->label ? ", " : "", out);
            sdqn_markup_comment(out, series->label ? series->label : "");
            fputc('\n', out);
            write_rows(out, series);
            block++;
        }
    }
}

// ---- files ----------------------------------------------------------------------------------------------------------------------

static SdqnStatus write_file(const SdqnChart *chart, const char *folder, const char *ending,
                             void (*writer)(FILE *out, const SdqnChart *chart), SdqnError *error) {
    char name[MAX_NAME + 8];
    SdqnTextFile file;
    snprintf(name, sizeof name, "%s%s", chart->name, ending);
    const SdqnStatus status = sdqn_text_file_begin(&file, error);
    if (status != SDQN_OK) return status;
    writer(file.out, chart);
    return sdqn_text_file_write(&file, folder, name, error);
}

SdqnStatus sdqn_chart_remove_pictures(const SdqnChart *chart, const char *folder, SdqnError *error) {
    static const char *const endings[] = {".svg", ".pdf", ".png"};
    SdqnStatus status = check(chart, error);
    for (size_t i = 0; i < sizeof endings / sizeof *endings && status == SDQN_OK; i++) {
        char name[MAX_NAME + 8], path[SDQN_PATH_SIZE];
        snprintf(name, sizeof name, "%s%s", chart->name, endings[i]);
        status = sdqn_file_join(folder, name, path, error);
        if (status == SDQN_OK) status = sdqn_file_remove(path, error);
    }
    return status;
}

SdqnStatus sdqn_chart_write(const SdqnChart *chart, const char *folder, SdqnError *error) {
    SdqnStatus status = sdqn_chart_remove_pictures(chart, folder, error);
    if (status == SDQN_OK) status = write_file(chart, folder, ".dat", write_data, error);
    return status == SDQN_OK ? write_file(chart, folder, ".gp", sdqn_chart_script_write, error) : status;
}
