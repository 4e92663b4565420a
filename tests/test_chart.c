// test_chart.c: data and script of charts, by their text and by what gnuplot makes of them.
#include "plot/chart.h"

#include "plot/gnuplot.h"
#include "plot_data.h"

#include <math.h>

#define N 5
static const double x[N] = {0, 1, 2, 3, 4}, y[N] = {1.5, (double)NAN, 2.5, 1e-5, 0.1}, low[N] = {1, 1, 2, -(double)INFINITY, 0},
                    high[N] = {2, 2, 3, (double)NAN, 1};

static SdqnSeries curve(SdqnSeriesKind kind) {
    return (SdqnSeries){.kind = kind, .label = "a curve", .count = N, .x = x, .y = y, .low = low, .high = high};
}

/// Write a chart of one panel and read a file of it. @return to be freed
static char *write_and_read(const SdqnPanel *panel, const char *file) {
    const SdqnChart chart = {.name = "chart", .caption = "caption", .panels = panel, .num_panels = 1};
    SdqnError error = {0};
    if (sdqn_chart_write(&chart, plot_folder, &error) != SDQN_OK) fail_msg("%s", error.message);
    return plot_read(file);
}

static void data_hold_every_number_and_gaps_as_blank_lines(void **state) {
    (void)state;
    const SdqnSeries series = curve(SDQN_SERIES_LINE);
    char *data = write_and_read(&(SdqnPanel){.title = "t", .series = &series, .num_series = 1}, "chart.dat");
    const char *rows = strstr(data, "a curve\n");
    assert_non_null(rows);
    assert_string_equal(rows, "a curve\n0.0 1.5 1.0 2.0\n\n2.0 2.5 2.0 3.0\n3.0 1.0e-05 1.0e-05 1.0e-05\n4.0 0.1 0.0 1.0\n");
    free(data);
}

static void a_staircase_has_its_corners(void **state) {
    (void)state;
    const double values[3] = {1, 2, 3};
    const SdqnSeries series = {.kind = SDQN_SERIES_STEPS, .label = "s", .count = 3, .y = values};
    char *data = write_and_read(&(SdqnPanel){.series = &series, .num_series = 1}, "chart.dat");
    assert_non_null(strstr(data, "s\n0.0 1.0 1.0 1.0\n1.0 1.0 1.0 1.0\n1.0 2.0 2.0 2.0\n2.0 2.0 2.0 2.0\n2.0 3.0 3.0 3.0\n"));
    free(data);
}

static void a_series_without_points_has_no_block(void **state) {
    (void)state;
    const double none[2] = {(double)NAN, (double)INFINITY};
    const SdqnSeries series[2] = {{.label = "none", .count = 2, .y = none}, {.label = "some", .count = 1, .y = y}};
    char *data = write_and_read(&(SdqnPanel){.series = series, .num_series = 2}, "chart.dat"), *script = plot_read("chart.gp");
    assert_null(strstr(data, "none"));
    assert_non_null(strstr(data, "# block 0: some"));
    assert_null(strstr(script, "none"));
    assert_int_equal(plot_count(script, "'chart.dat' index 0"), 1);
    free(data);
    free(script);
}

/// No line is hidden by another one's band, and many bands do not add up to a wall.
static void bands_lie_below_all_lines(void **state) {
    (void)state;
    const double none[1] = {(double)NAN};
    const SdqnSeries band = {.count = 1, .y = y, .low = y, .high = y};
    const SdqnSeries series[4] = {band, {.count = 1, .y = none, .low = none, .high = none}, {.count = 1, .y = y}, band};
    SdqnPanel panel = {.series = series, .num_series = 4};
    char *script = write_and_read(&panel, "chart.gp");
    assert_non_null(strstr(script, "index 0 using 1:3:4 with filledcurves lc rgb '#0072b2' fs transparent solid 0.180 "));
    const char *last = strstr(script, "index 2 using 1:3:4 with filledcurves");
    assert_non_null(last);
    assert_null(strstr(script, "index 1 using 1:3:4"));
    for (int i = 0; i < 3; i++) {
        char text[48];
        snprintf(text, sizeof text, "index %d using 1:2 with", i);
        const char *line = strstr(script, text);
        assert_true(line > last);
    }
    free(script);
    const SdqnSeries many[8] = {band, band, band, band, band, band, band, band};
    panel = (SdqnPanel){.series = many, .num_series = 8};
    script = write_and_read(&panel, "chart.gp");
    assert_int_equal(plot_count(script, "transparent solid 0.090 "), 8);
    free(script);
}

static void bars_of_a_category_stand_side_by_side(void **state) {
    (void)state;
    const char *const names[] = {"one", "two"};
    const double values[2] = {1, 2};
    const SdqnSeries series[2] = {{.kind = SDQN_SERIES_BARS, .count = 2, .y = values}, {.kind = SDQN_SERIES_BARS, .count = 2, .y = values}};
    char *script = write_and_read(&(SdqnPanel){.categories = names, .num_categories = 2, .series = series, .num_series = 2}, "chart.gp");
    assert_non_null(strstr(script, "index 0 using ($1+-0.2):2:(0.4)"));
    assert_non_null(strstr(script, "index 1 using ($1+0.2):2:(0.4)"));
    assert_non_null(strstr(script, "('one' 0, 'two' 1)"));
    free(script);
}

static void long_series_are_drawn_thinned_and_written_whole(void **state) {
    (void)state;
    enum { COUNT = 10001 };
    double *values = calloc(COUNT, sizeof *values);
    const SdqnSeries series = {.kind = SDQN_SERIES_LINE, .count = COUNT, .y = values};
    const SdqnPanel panel = {.series = &series, .num_series = 1};
    char *data = write_and_read(&panel, "chart.dat"), *script = plot_read("chart.gp");
    assert_int_equal(sdqn_chart_thinning(&(SdqnChart){.panels = &panel, .num_panels = 1}), 6);
    assert_non_null(strstr(script, "every 6 using"));
    assert_non_null(strstr(data, "\n10000.0 0.0 0.0 0.0\n"));
    free(values);
    free(data);
    free(script);
}

/// Numbers along the level axis: as many as fit beside each other.
static void numbers_of_an_axis_do_not_touch(void **state) {
    (void)state;
    static const char *const names[] = {"a name of thirty-two characters."};
    static const double ends[2] = {0, 10}, returns[1] = {-300}, least[1] = {-600}, most[1] = {0};
    const SdqnSeries line = {.count = 2, .x = ends, .y = ends};
    const SdqnSeries interval = {.kind = SDQN_SERIES_INTERVALS, .count = 1, .y = returns, .low = least, .high = most};
    char *script = write_and_read(&(SdqnPanel){.series = &line, .num_series = 1}, "chart.gp");
    assert_non_null(strstr(script, "set xtics 1.0 "));
    free(script);
    const SdqnPanel panel = {.series = &interval, .num_series = 1, .categories = names, .num_categories = 1};
    script = write_and_read(&panel, "chart.gp");
    assert_non_null(strstr(script, "set xtics 100.0 "));
    free(script);
    const SdqnPanel narrow[2] = {panel, panel};
    assert_int_equal(sdqn_chart_write(&(SdqnChart){.name = "narrow", .panels = narrow, .num_panels = 2, .columns = 2}, plot_folder, NULL),
                     SDQN_OK);
    script = plot_read("narrow.gp");
    assert_int_equal(plot_count(script, "set xtics 500.0 "), 2);
    free(script);
    script = write_and_read(&(SdqnPanel){.x.logarithmic = true, .series = &line, .num_series = 1}, "chart.gp");
    assert_non_null(strstr(script, "set xtics autofreq "));
    free(script);
}

static void bad_names_and_sizes_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {"", "../x", "a b", "a.b", "-x", "a'b"};
    const SdqnPanel panel = {0};
    SdqnError error;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const SdqnChart chart = {.name = names[i], .panels = &panel, .num_panels = 1};
        assert_int_equal(sdqn_chart_write(&chart, plot_folder, &error), SDQN_ERR_ARGUMENT);
    }
    assert_int_equal(sdqn_chart_write(&(SdqnChart){.name = "a", .panels = &panel}, plot_folder, &error), SDQN_ERR_ARGUMENT);
    const SdqnSeries series = {.style = -1};
    const SdqnPanel wrong = {.series = &series, .num_series = 1};
    assert_int_equal(sdqn_chart_write(&(SdqnChart){.name = "a", .panels = &wrong, .num_panels = 1}, plot_folder, &error),
                     SDQN_ERR_ARGUMENT);
}

static void old_pictures_do_not_outlive_new_data(void **state) {
    (void)state;
    char path[SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_join(plot_folder, "chart.svg", path, NULL), SDQN_OK);
    assert_int_equal(sdqn_file_write(path, &(SdqnPiece){"old", 3}, 1, NULL), SDQN_OK);
    free(write_and_read(&(SdqnPanel){0}, "chart.gp"));
    assert_false(plot_has("chart.svg"));
}

// ---- by gnuplot -----------------------------------------------------------------------------------------------------------------

static void draw(const SdqnChart *chart) {
    char script[96];
    bool missing;
    SdqnError error = {0};
    snprintf(script, sizeof script, "%s.gp", chart->name);
    if (sdqn_chart_write(chart, plot_folder, &error) != SDQN_OK) fail_msg("%s", error.message);
    if (sdqn_gnuplot_run(plot_folder, script, 60.0, &missing, &error) != SDQN_OK) fail_msg("%s", error.message);
}

static void every_kind_is_drawn_with_hostile_names(void **state) {
    (void)state;
    plot_needs_gnuplot();
    const char *const names[] = {HOSTILE_NAME, "", "'", "\"", "}"};
    SdqnSeries series[10];
    const SdqnReference references[2] = {{false, 2.0, HOSTILE_NAME}, {true, 2.0, HOSTILE_NAME}};
    SdqnPanel panels[12];
    for (int k = 0; k < 5; k++) {
        series[k] = curve((SdqnSeriesKind)k);
        series[k].label = HOSTILE_NAME;
        series[5 + k] = series[k];
        series[5 + k].low = series[5 + k].high = NULL;
        series[5 + k].faint = true;
        series[5 + k].style = 1000003;
        for (int i = 0; i < 2; i++) {
            panels[2 * k + i] = (SdqnPanel){.title = HOSTILE_NAME,
                                            .x = {.label = HOSTILE_NAME},
                                            .y = {.label = HOSTILE_NAME},
                                            .series = &series[k + 5 * i],
                                            .num_series = 1,
                                            .references = &references[i],
                                            .num_references = 1};
            if (k >= SDQN_SERIES_BARS) {
                panels[2 * k + i].categories = names;
                panels[2 * k + i].num_categories = 5;
            }
        }
    }
    panels[10] = (SdqnPanel){.title = "nothing"};
    panels[11] = (SdqnPanel){.x = {.low = 1, .high = 10, .logarithmic = true}, .series = &series[0], .num_series = 1};
    const SdqnChart chart = {.name = "hostile", .caption = HOSTILE_NAME, .panels = panels, .num_panels = 12, .columns = 3};
    draw(&chart);
    assert_true(plot_has("hostile.svg") && plot_has("hostile.pdf") && plot_has("hostile.png"));
    assert_false(plot_has("pwned"));
    char *svg = plot_read("hostile.svg"), *script = plot_read("hostile.gp");
    assert_non_null(strstr(svg, "it's \"&lt;script>&amp;amp;\" {x}")); // cut, but as it is
    assert_null(strstr(svg, "<script"));
    assert_null(strstr(script, "\n%")); // the line feed in the name is gone
    free(svg);
    free(script);
}

/// gnuplot takes the label of a tic for a format.
static void categories_may_hold_percent_signs(void **state) {
    (void)state;
    plot_needs_gnuplot();
    static const char *const names[] = {"50% and %g", "%&", "%%", "%"};
    static const double values[4] = {1, 2, 3, 4};
    const SdqnSeries level = {.kind = SDQN_SERIES_INTERVALS, .count = 4, .y = values},
                     bars = {.kind = SDQN_SERIES_BARS, .count = 4, .y = values};
    const SdqnPanel panels[2] = {{.title = "%d", .series = &level, .num_series = 1, .categories = names, .num_categories = 4},
                                 {.y = {.label = "%s"}, .series = &bars, .num_series = 1, .categories = names, .num_categories = 4}};
    draw(&(SdqnChart){.name = "percent", .caption = "%n", .panels = panels, .num_panels = 2});
    char *svg = plot_read("percent.svg");
    assert_int_equal(plot_count(svg, ">50% and %g<"), 2);
    assert_int_equal(plot_count(svg, ">%&amp;<"), 2);
    assert_int_equal(plot_count(svg, ">%%<"), 2);
    assert_int_equal(plot_count(svg, ">%<"), 2);
    assert_int_equal(plot_count(svg, ">%d<") + plot_count(svg, ">%s<"), 2);
    free(svg);
}

/// Whatever their number and length, all labels of a legend lie inside the picture.
static void legends_are_never_cut(void **state) {
    (void)state;
    plot_needs_gnuplot();
    static const int lengths[] = {2, 9, 15, 24, 33, 72}, counts[] = {1, 4, 9};
    const double values[2] = {1, 2};
    for (int k = 0; k < 18; k++) {
        const int length = lengths[k / 3], count = counts[k % 3];
        char labels[9][80];
        SdqnSeries series[9];
        for (int i = 0; i < count; i++) {
            memset(labels[i], 'm', (size_t)length);
            labels[i][length] = '\0';
            labels[i][0] = 'Q';
            labels[i][1] = (char)('A' + i);
            series[i] =
                (SdqnSeries){.kind = i % 2 ? SDQN_SERIES_BARS : SDQN_SERIES_LINE, .label = labels[i], .style = i, .count = 2, .y = values};
        }
        const SdqnPanel panel = {.series = series, .num_series = count};
        draw(&(SdqnChart){.name = "legend", .panels = &panel, .num_panels = 1, .panel_height = 150});
        char *svg = plot_read("legend.svg");
        const char *size = strstr(svg, " height=\"");
        assert_non_null(size);
        const double height = strtod(size + strlen(" height=\""), NULL);
        int found = 0;
        for (const char *label = svg; (label = strstr(label, "<text>Q")) != NULL; label++, found++) {
            const char *place = label;
            char *comma;
            while (place > svg && strncmp(place, "translate(", strlen("translate(")) != 0) place--;
            const double left = strtod(place + strlen("translate("), &comma), down = strtod(comma + 1, NULL);
            if (!(left > 0.0 && left + 6.0 * length < 860.0 && down > 150.0 && down < height - 3.0))
                fail_msg("%d labels of %d characters: one at %g, %g of 860 x %g", count, length, left, down, height);
        }
        assert_int_equal(found, count);
        free(svg);
    }
}

/// However few categories it has, a panel gives each of them room between title and axis.
static void one_category_has_room(void **state) {
    (void)state;
    plot_needs_gnuplot();
    static const char *const names[] = {"a - b"};
    static const double middle[1] = {1}, least[1] = {-1}, most[1] = {3};
    const SdqnSeries interval = {.kind = SDQN_SERIES_INTERVALS, .count = 1, .y = middle, .low = least, .high = most};
    const SdqnReference zero = {true, 0.0, "zero"};
    const SdqnPanel panel = {.title = "title",
                             .x = {.label = "difference"},
                             .series = &interval,
                             .num_series = 1,
                             .references = &zero,
                             .num_references = 1,
                             .categories = names,
                             .num_categories = 1};
    draw(&(SdqnChart){.name = "one", .panels = &panel, .num_panels = 1});
    char *svg = plot_read("one.svg"), *comma;
    const char *line = strstr(svg, "<path stroke='rgb(102, 102, 102)'");
    assert_non_null(line);
    strtod(strstr(line, " d='M") + strlen(" d='M"), &comma);
    const double from = strtod(comma + 1, NULL);
    strtod(strstr(line, " L") + strlen(" L"), &comma);
    const double room = from - strtod(comma + 1, NULL);
    if (room < 24.0) fail_msg("the line of reference is %g pixels long", room);
    free(svg);
}

static void equal_charts_give_equal_bytes(void **state) {
    (void)state;
    plot_needs_gnuplot();
    const SdqnSeries series = curve(SDQN_SERIES_LINE);
    const SdqnPanel panel = {.title = "t", .series = &series, .num_series = 1};
    const SdqnChart chart = {.name = "twice", .caption = "c", .panels = &panel, .num_panels = 1};
    draw(&chart);
    char *first = plot_read("twice.svg");
    draw(&chart);
    char *second = plot_read("twice.svg");
    assert_string_equal(first, second);
    free(first);
    free(second);
}

// ---- the program ----------------------------------------------------------------------------------------------------------------

static void write_script(const char *name, const char *text) {
    char path[SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_join(plot_folder, name, path, NULL), SDQN_OK);
    assert_int_equal(sdqn_file_write(path, &(SdqnPiece){text, strlen(text)}, 1, NULL), SDQN_OK);
}

static void what_gnuplot_says_is_in_the_error(void **state) {
    (void)state;
    plot_needs_gnuplot();
    bool missing;
    SdqnError error = {0};
    write_script("bad.gp", "plot nothing_like_this\n");
    assert_int_equal(sdqn_gnuplot_run(plot_folder, "bad.gp", 60.0, &missing, &error), SDQN_ERR_IO);
    assert_false(missing);
    assert_non_null(strstr(error.message, "nothing_like_this"));
}

static void a_script_without_end_is_killed(void **state) {
    (void)state;
    plot_needs_gnuplot();
    bool missing;
    SdqnError error = {0};
    write_script("long.gp", "pause 600\n");
    assert_int_equal(sdqn_gnuplot_run(plot_folder, "long.gp", 0.3, &missing, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "did not end"));
}

static void a_missing_program_is_told_apart(void **state) {
    (void)state;
    bool missing = false;
    SdqnError error = {0};
    char *path = strdup(getenv("PATH"));
    write_script("any.gp", "\n");
    setenv("PATH", plot_folder, 1);
    const SdqnStatus status = sdqn_gnuplot_run(plot_folder, "any.gp", 60.0, &missing, &error);
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(status, SDQN_ERR_IO);
    assert_true(missing);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(data_hold_every_number_and_gaps_as_blank_lines, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(a_staircase_has_its_corners, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(a_series_without_points_has_no_block, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(bands_lie_below_all_lines, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(bars_of_a_category_stand_side_by_side, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(long_series_are_drawn_thinned_and_written_whole, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(numbers_of_an_axis_do_not_touch, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(bad_names_and_sizes_are_refused, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(old_pictures_do_not_outlive_new_data, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(every_kind_is_drawn_with_hostile_names, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(categories_may_hold_percent_signs, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(legends_are_never_cut, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(one_category_has_room, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(equal_charts_give_equal_bytes, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(what_gnuplot_says_is_in_the_error, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(a_script_without_end_is_killed, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(a_missing_program_is_told_apart, plot_setup, plot_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
