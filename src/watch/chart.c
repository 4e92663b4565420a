#include "watch/chart.h"

#include <math.h>

#define BRAILLE 0x2800U
#define DOTS_ACROSS 2
#define DOTS_DOWN 4

/// Rows of dots, or of characters on an ASCII screen.
static int num_rows(const SdqnScreen *screen, const SdqnChart *chart) { return chart->height * (screen->ascii ? 1 : DOTS_DOWN); }
static int num_columns(const SdqnScreen *screen, const SdqnChart *chart) { return chart->width * (screen->ascii ? 1 : DOTS_ACROSS); }

/// The row of dots of a value, 0 the highest.
static int row_of(const SdqnChart *chart, int rows, double y) {
    const double share = (y - chart->y_low) / (chart->y_high - chart->y_low);
    if (!(share > 0)) return rows - 1;
    return share < 1 ? rows - 1 - (int)(share * rows) : 0;
}

static void put_dot(SdqnScreen *screen, const SdqnChart *chart, int row, int column, SdqnColour colour) {
    // Dots 1-3 and 7 on the left, 4-6 and 8 on the right: their bits in the character's number.
    static const uint8_t bits[DOTS_DOWN][DOTS_ACROSS] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (screen->ascii) {
        sdqn_screen_put(screen, chart->row + row, chart->column + column, colour, '*');
        return;
    }
    const int y = chart->row + row / DOTS_DOWN, x = chart->column + column / DOTS_ACROSS;
    if (y >= screen->height || x >= screen->width) return;
    const uint32_t old = screen->cells[(size_t)y * (size_t)screen->width + (size_t)x].letter;
    const uint32_t dots = old >= BRAILLE && old <= BRAILLE + 0xff ? old : BRAILLE;
    sdqn_screen_put(screen, y, x, colour, dots | bits[row % DOTS_DOWN][column % DOTS_ACROSS]);
}

void sdqn_chart_level(SdqnScreen *screen, const SdqnChart *chart, double y) {
    if (!(y > chart->y_low && y < chart->y_high)) return;
    const int row = row_of(chart, num_rows(screen, chart), y) / (screen->ascii ? 1 : DOTS_DOWN);
    for (int x = 0; x < chart->width; x++)
        sdqn_screen_put(screen, chart->row + row, chart->column + x, SDQN_COLOUR_DIM, screen->ascii ? '-' : 0x2508);
}

double sdqn_chart_window(const SdqnSeries *series, double range) {
    const double part = range / SDQN_CHART_WINDOWS;
    if (series->count < 2) return part;
    const double between = ((double)series->x[series->count - 1] - (double)series->x[0]) / (series->count - 1);
    const double least = SDQN_CHART_LEAST_POINTS * between;
    return least > part ? least : part;
}

void sdqn_chart_curve(SdqnScreen *screen, const SdqnChart *chart, const SdqnSeries *series, SdqnColour colour) {
    const int rows = num_rows(screen, chart), columns = num_columns(screen, chart);
    const double range = chart->x_high - chart->x_low, step = range / columns, window = sdqn_chart_window(series, range);
    const double span = window > step ? window : step;
    int last_row = -1, last_column = 0;
    for (int column = 0; column < columns; column++) {
        const double x = chart->x_low + (column + 1) * step;
        // Nothing new: the curve goes on at the next point.
        if (!isfinite(sdqn_series_mean(series, x - step, x))) continue;
        const int row = row_of(chart, rows, sdqn_series_mean(series, x - span, x));
        if (last_row < 0) {
            last_row = row;
            last_column = column;
        }
        // Each column between has the part of the way that is its own.
        for (int c = last_column; c <= column; c++) {
            const int way = column - last_column;
            const int from = way == 0 ? last_row : last_row + (row - last_row) * (c - last_column) / way;
            const int to = c == column || way == 0 ? row : last_row + (row - last_row) * (c + 1 - last_column) / way;
            for (int r = from < to ? from : to; r <= (from < to ? to : from); r++) put_dot(screen, chart, r, c, colour);
        }
        last_row = row;
        last_column = column;
    }
}

void sdqn_chart_marks(SdqnScreen *screen, const SdqnChart *chart, const SdqnSeries *series, SdqnColour colour) {
    for (int i = 0; i < series->count; i++) {
        const double share = ((double)series->x[i] - chart->x_low) / (chart->x_high - chart->x_low);
        if (!(share >= 0 && share < 1)) continue;
        const int column = (int)(share * chart->width);
        sdqn_screen_put(screen, chart->row + row_of(chart, chart->height, (double)series->y[i]), chart->column + column, colour, 'o');
    }
}

void sdqn_chart_line(SdqnScreen *screen, const SdqnChart *chart, const SdqnSeries *series, SdqnColour colour) {
    const double step = (chart->x_high - chart->x_low) / chart->width;
    double y = (double)NAN;
    for (int column = 0; column < chart->width; column++) {
        const double x = chart->x_low + column * step, mean = sdqn_series_mean(series, x, x + step);
        if (isfinite(mean)) y = mean; // nothing new: as it was, up to the last point
        if (!isfinite(y) || (double)series->x[series->count - 1] < x) continue;
        const int heights = screen->ascii ? 10 : 8;
        const int height = heights - 1 - row_of(chart, heights, y);
        sdqn_screen_put(screen, chart->row, chart->column + column, colour,
                        screen->ascii ? (uint32_t)('0' + height) : 0x2581U + (uint32_t)height);
    }
}
