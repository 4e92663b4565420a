// test_page.c: tables and pages, with names that try to get out of their place.
#include "plot/page.h"

#include "plot/markup.h"
#include "plot/svg.h"
#include "plot_data.h"

#include <math.h>

// ---- markup ---------------------------------------------------------------------------------------------------------------------

/// What one of the escapes makes of a text. @return valid until the next call
static const char *escaped(void (*escape)(FILE *out, const char *text), const char *text) {
    static char result[1024];
    FILE *out = fmemopen(result, sizeof result, "w");
    assert_non_null(out);
    escape(out, text);
    assert_int_equal(fclose(out), 0);
    return result;
}

static void gnuplot_ten(FILE *out, const char *text) { sdqn_markup_gnuplot(out, text, 10); }

static void text_stays_text_everywhere(void **state) {
    (void)state;
    assert_string_equal(escaped(sdqn_markup_html, "<a href='x'>&\"\n\x01\xff\xc3\xa4"),
                        "&lt;a href=&#39;x&#39;&gt;&amp;&quot;??\xef\xbf\xbd\xc3\xa4");
    assert_string_equal(escaped(sdqn_markup_markdown, "a|b_c*`<i>[x](y)"), "a\\|b\\_c\\*\\`&lt;i&gt;\\[x\\](y)");
    assert_string_equal(escaped(sdqn_markup_latex, "50% \\input{x} $#_&~^"),
                        "50\\% \\textbackslash{}input\\{x\\} \\$\\#\\_\\&\\textasciitilde{}\\textasciicircum{}");
    assert_string_equal(escaped(sdqn_markup_csv, "plain text"), "plain text");
    assert_string_equal(escaped(sdqn_markup_csv, "a,\"b\""), "\"a,\"\"b\"\"\"");
    assert_string_equal(escaped(gnuplot_ten, "it's"), "'it''s'");
    assert_string_equal(escaped(gnuplot_ten, "0123456789"), "'0123456789'");
    assert_string_equal(escaped(gnuplot_ten, "01234567890"), "'012345678\xe2\x80\xa6'");
    assert_string_equal(escaped(sdqn_markup_comment, "a\nb\xc2\x85"), "a?b?");
    assert_int_equal(sdqn_markup_length("\xc3\xa4\xffx"), 3);
}

// ---- tables ---------------------------------------------------------------------------------------------------------------------

static SdqnTable *make_table(void) {
    SdqnTable *table = sdqn_table_create("About 50 % & more");
    sdqn_table_add_column(table, "a_rm", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "mean", SDQN_COLUMN_ESTIMATE, 1);
    sdqn_table_add_column(table, "n", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_text(table, "x,y");
    sdqn_table_add_estimate(table, 12.349, -0.04, 100.0);
    sdqn_table_add_number(table, 20);
    sdqn_table_add_text(table, "[z]");
    sdqn_table_add_estimate(table, 1e-7, (double)NAN, (double)NAN);
    sdqn_table_add_number(table, (double)NAN);
    return table;
}

static void a_table_for_a_terminal_is_aligned(void **state) {
    (void)state;
    char text[512] = "";
    SdqnTable *table = make_table();
    sdqn_table_add_text(table, "\xc3\xa4\n");
    sdqn_table_add_estimate(table, -1234.56, -2000, 0.25);
    sdqn_table_add_number(table, 3);
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_int_equal(sdqn_table_write_text(out, table, NULL), SDQN_OK);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "a_rm                    mean   n\n"
                              "x,y        12.3 [0.0, 100.0]  20\n"
                              "[z]                      0.0   -\n"
                              "\xc3\xa4?    -1234.6 [-2000.0, 0.2]   3\n");
    sdqn_table_destroy(table);
}

static void a_table_is_the_same_in_every_format(void **state) {
    (void)state;
    SdqnTable *table = make_table();
    SdqnError error = {0};
    if (sdqn_table_write_files(table, plot_folder, "t", &error) != SDQN_OK) fail_msg("%s", error.message);
    char *markdown = plot_read("t.md"), *latex = plot_read("t.tex"), *csv = plot_read("t.csv");
    assert_string_equal(markdown, "| a\\_rm | mean | n |\n|---|---:|---:|\n| x,y | 12.3 [0.0, 100.0] | 20 |\n| \\[z\\] | 0.0 | - |\n");
    assert_string_equal(csv, "a_rm,mean,mean low,mean high,n\r\n\"x,y\",12.349,-0.04,100.0,20.0\r\n[z],1.0e-07,,,\r\n");
    assert_non_null(strstr(
        latex, "\\begin{tabular}{lrr}\n\\toprule\na\\_rm & mean & n \\\\\n\\midrule\n{}x,y & 12.3 [0.0, 100.0] & 20 \\\\\n{}[z] & "));
    assert_non_null(strstr(latex, "\\caption{About 50 \\% \\& more}"));
    sdqn_table_destroy(table);
    free(markdown);
    free(latex);
    free(csv);
}

/// A test never finds a p-value of 0.
static void a_small_p_value_stands_below_a_bound(void **state) {
    (void)state;
    static const double values[] = {0.04004, 0.0001, 0.00009, 0.0, (double)NAN};
    SdqnTable *table = sdqn_table_create("");
    SdqnError error = {0};
    sdqn_table_add_column(table, "p", SDQN_COLUMN_P_VALUE, 4);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) sdqn_table_add_p_value(table, values[i]);
    if (sdqn_table_write_files(table, plot_folder, "p", &error) != SDQN_OK) fail_msg("%s", error.message);
    char *markdown = plot_read("p.md"), *latex = plot_read("p.tex"), *csv = plot_read("p.csv");
    assert_string_equal(markdown, "| p |\n|---:|\n| 0.0400 |\n| 0.0001 |\n| &lt; 0.0001 |\n| &lt; 0.0001 |\n| - |\n");
    assert_non_null(strstr(latex, "{}\\textless{} 0.0001 \\\\"));
    assert_string_equal(csv, "p\r\n0.04004\r\n0.0001\r\n9.0e-05\r\n0.0\r\n\r\n");
    sdqn_table_destroy(table);
    free(markdown);
    free(latex);
    free(csv);
}

static void half_a_row_is_refused(void **state) {
    (void)state;
    SdqnTable *table = make_table();
    SdqnError error = {0};
    sdqn_table_add_text(table, "half");
    assert_int_equal(sdqn_table_check(table, &error), SDQN_ERR_ARGUMENT);
    assert_int_equal(sdqn_table_check(NULL, &error), SDQN_ERR_MEMORY);
    sdqn_table_destroy(table);
}

// ---- pages ----------------------------------------------------------------------------------------------------------------------

static void pictures_become_elements_of_the_page(void **state) {
    (void)state;
    static const char svg[] =
        "<?xml version=\"1.0\"?>\n<svg width=\"9\">\n<title>Gnuplot</title><g id=\"a\" color=\"black\"><title>x</title>"
        "<use xlink:href='#a' fill='url(#a)'/><rect fill=\"#ffffff\"/><text>'black' id='a'</text></g>\n</svg>\n";
    char result[512];
    FILE *out = fmemopen(result, sizeof result, "w");
    assert_int_equal(sdqn_svg_write_inline(out, svg, strlen(svg), "f1-", "c1"), 0);
    assert_int_equal(sdqn_svg_write_inline(out, "no picture", 10, "f1-", "c1"), -1);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(result,
                        "<svg role=\"img\" aria-labelledby=\"c1\" width=\"9\">\n<g id=\"f1-a\" color=\"currentColor\">"
                        "<use xlink:href='#f1-a' fill='url(#f1-a)'/><rect fill=\"none\"/><text>'black' id='a'</text></g>\n</svg>\n");
}

/// Write a page with one of everything. @return the status of writing it
static SdqnStatus write_page(SdqnError *error, char undrawn[512]) {
    const double values[] = {1, 2, 3};
    const SdqnSeries series = {.kind = SDQN_SERIES_LINE, .label = HOSTILE_NAME, .count = 3, .y = values};
    const SdqnPanel panel = {.title = HOSTILE_NAME, .series = &series, .num_series = 1};
    const SdqnChart charts[] = {{.name = "one", .caption = HOSTILE_NAME, .panels = &panel, .num_panels = 1},
                                {.name = "two", .caption = "second", .panels = &panel, .num_panels = 1}};
    SdqnTable *table = make_table();
    SdqnPage *page = sdqn_page_create(plot_folder, HOSTILE_NAME, error);
    assert_non_null(page);
    sdqn_page_section(page, HOSTILE_NAME);
    sdqn_page_text(page, "%s %d", HOSTILE_NAME, 7);
    sdqn_page_figure(page, &charts[0]);
    sdqn_page_section(page, "Second");
    sdqn_page_item(page, "first item");
    sdqn_page_link(page, "a\"b)/index.html", HOSTILE_NAME);
    sdqn_page_figure(page, &charts[1]);
    sdqn_page_table(page, "t", table);
    const SdqnStatus status = sdqn_page_write(page, "index", error);
    snprintf(undrawn, 512, "%s", sdqn_page_undrawn(page) ? sdqn_page_undrawn(page) : "");
    sdqn_page_destroy(page);
    sdqn_table_destroy(table);
    return status;
}

/// Every id of the page is there once.
static void assert_unique_ids(const char *html) {
    for (const char *c = html; (c = strpbrk(c, "<")) != NULL; c++) {
        const char *end = strchr(c, '>'), *id = strstr(c, " id=");
        char wanted[128];
        if (!end || !id || id > end) continue;
        snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(id + 5, "'\"") + 6, id);
        if (plot_count(html, wanted) != 1) fail_msg("%s is there %d times", wanted, plot_count(html, wanted));
    }
}

static void a_page_is_one_file_without_scripts_or_network(void **state) {
    (void)state;
    char undrawn[512];
    SdqnError error = {0};
    plot_needs_gnuplot();
    if (write_page(&error, undrawn) != SDQN_OK) fail_msg("%s", error.message);
    assert_string_equal(undrawn, "");
    char *html = plot_read("index.html"), *markdown = plot_read("index.md");
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "<link"));
    assert_int_equal(plot_count(html, "http"), plot_count(html, "xmlns=\"http") + plot_count(html, "xmlns:xlink=\"http"));
    assert_int_equal(plot_count(html, "<svg "), 2);
    assert_int_equal(plot_count(html, "<ul>"), plot_count(html, "</ul>"));
    assert_non_null(strstr(html, "<a href=\"a%22b%29/index.html\">"));
    assert_unique_ids(html);
    assert_non_null(strstr(markdown, "](figures/one.svg)"));
    assert_non_null(strstr(markdown, "| x,y | 12.3 [0.0, 100.0] | 20 |"));
    free(html);
    free(markdown);
}

static void equal_pages_have_equal_bytes(void **state) {
    (void)state;
    char undrawn[512];
    SdqnError error = {0};
    assert_int_equal(write_page(&error, undrawn), SDQN_OK);
    char *first = plot_read("index.html");
    assert_int_equal(write_page(&error, undrawn), SDQN_OK);
    char *second = plot_read("index.html");
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void without_gnuplot_the_page_says_so_and_has_all_else(void **state) {
    (void)state;
    char undrawn[512], *path = strdup(getenv("PATH"));
    SdqnError error = {0};
    setenv("PATH", plot_folder, 1);
    const SdqnStatus status = write_page(&error, undrawn);
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(status, SDQN_OK);
    assert_non_null(strstr(undrawn, "gnuplot-nox"));
    assert_true(plot_has("figures/one.dat") && plot_has("figures/two.gp") && !plot_has("figures/one.svg") && plot_has("tables/t.csv"));
    char *html = plot_read("index.html");
    assert_non_null(strstr(html, "gnuplot was not installed"));
    assert_null(strstr(html, "one.svg"));
    free(html);
}

/// Two pages in one folder would replace each other's files half written.
static void a_folder_takes_one_page_at_a_time(void **state) {
    (void)state;
    SdqnError error = {0};
    SdqnPage *first = sdqn_page_create(plot_folder, "first", &error);
    assert_non_null(first);
    assert_null(sdqn_page_create(plot_folder, "second", &error));
    assert_non_null(strstr(error.message, plot_folder));
    assert_non_null(strstr(error.message, "another process is writing a page there"));
    assert_int_equal(sdqn_page_write(first, "index", &error), SDQN_OK);
    sdqn_page_destroy(first);
    assert_false(plot_has("figures/.lock"));
    SdqnPage *second = sdqn_page_create(plot_folder, "second", &error);
    assert_non_null(second);
    sdqn_page_destroy(second);
}

static void the_first_error_is_told_at_the_end(void **state) {
    (void)state;
    SdqnError error = {0};
    SdqnPage *page = sdqn_page_create(plot_folder, "t", &error);
    const SdqnPanel panel = {0};
    sdqn_page_figure(page, &(SdqnChart){.name = "not a name", .panels = &panel, .num_panels = 1});
    sdqn_page_text(page, "more");
    assert_int_equal(sdqn_page_write(page, "index", &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "not a name"));
    assert_false(plot_has("index.html"));
    sdqn_page_destroy(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_text_everywhere),
        cmocka_unit_test(a_table_for_a_terminal_is_aligned),
        cmocka_unit_test_setup_teardown(a_table_is_the_same_in_every_format, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(a_small_p_value_stands_below_a_bound, plot_setup, plot_teardown),
        cmocka_unit_test(half_a_row_is_refused),
        cmocka_unit_test(pictures_become_elements_of_the_page),
        cmocka_unit_test_setup_teardown(a_page_is_one_file_without_scripts_or_network, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(equal_pages_have_equal_bytes, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(without_gnuplot_the_page_says_so_and_has_all_else, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(the_first_error_is_told_at_the_end, plot_setup, plot_teardown),
        cmocka_unit_test_setup_teardown(a_folder_takes_one_page_at_a_time, plot_setup, plot_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
