#include "plot/page.h"

#include "core/file.h"
#include "core/text_file.h"
#include "plot/gnuplot.h"
#include "plot/markup.h"
#include "plot/svg.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT 8192
#define MAX_SVG ((size_t)1 << 26)

struct SdqnPage {
    char figures[SDQN_PATH_SIZE], tables[SDQN_PATH_SIZE], lock_path[SDQN_PATH_SIZE];
    SdqnFileLock *lock; ///< files of two pages would replace each other half written
    char *folder, *title;
    SdqnTextFile contents, body, markdown; ///< the list of sections and the rest of the HTML; all of the Markdown
    int num_sections, num_figures;
    bool in_list, gnuplot_missing;
    SdqnStatus status; ///< of the page as such
    SdqnError error;
    SdqnStatus drawn; ///< of the pictures
    SdqnError undrawn;
};

static const char style[] =
    ":root{color-scheme:light dark;--text:#1b1b1b;--back:#ffffff;--line:#c8c8c8;--faint:#595959;--link:#0b57a4;--grid:#d0d0d0}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#e6e6e6;--back:#16181c;--line:#4a4d53;--faint:#a9adb5;--link:#8ab8f0;--grid:#3a3d42}}\n"
    "@media print{:root{--text:#000;--back:#fff;--line:#999;--faint:#333;--link:#000;--grid:#d0d0d0}figure{break-inside:avoid}"
    "h2{break-after:avoid}nav,.files{display:none}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);max-width:60rem;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.2rem;border-bottom:1px solid var(--line)}\n"
    "a{color:var(--link)}nav ul{columns:16rem;padding-left:1.2rem}\n"
    "figure{margin:1.2rem 0}figure svg{max-width:100%;height:auto;color:var(--text)}figure svg .gridline{stroke:var(--grid)}\n"
    "@media screen and (max-width:40rem){figure{overflow-x:auto}figure>svg{max-width:none;width:44rem}}\n"
    "figcaption{color:var(--faint);font-size:.9rem}\n"
    ".files{font-size:.8rem;margin:.2rem 0}.wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;margin:.4rem 0;font-size:.95rem}th,td{padding:.2rem .7rem;text-align:left;vertical-align:top}\n"
    "thead th{border-top:2px solid var(--text);border-bottom:1px solid var(--text)}tbody tr:last-child td{border-bottom:2px solid "
    "var(--text)}\n"
    "tbody tr:nth-child(even){background:color-mix(in srgb,var(--line) 25%,transparent)}\n"
    ".number{text-align:right;font-variant-numeric:tabular-nums}td.number,td:first-child{white-space:nowrap}p,li{overflow-wrap:anywhere}\n"
    "@media print{table{font-size:.7rem}th,td{padding:.15rem .4rem}td:first-child{white-space:normal}.wide{overflow:visible}}\n";

static void remember(SdqnPage *page, SdqnStatus status, const SdqnError *error) {
    if (page->status != SDQN_OK || status == SDQN_OK) return;
    page->status = status;
    page->error = *error;
}

static bool is_open(const SdqnPage *page) { return page != NULL && page->status == SDQN_OK; }

static SdqnStatus make_folders(SdqnPage *page, SdqnError *error) {
    SdqnStatus status = sdqn_file_join(page->folder, "figures", page->figures, error);
    if (status == SDQN_OK) status = sdqn_file_join(page->folder, "tables", page->tables, error);
    if (status == SDQN_OK) status = sdqn_file_make_folder(page->figures, error);
    return status == SDQN_OK ? sdqn_file_make_folder(page->tables, error) : status;
}

static SdqnStatus lock_folder(SdqnPage *page, SdqnError *error) {
    SdqnStatus status = sdqn_file_join(page->figures, ".lock", page->lock_path, error);
    if (status == SDQN_OK) status = sdqn_file_lock_take(page->lock_path, &page->lock, error);
    if (status == SDQN_OK || !sdqn_file_lock_is_held(page->lock_path)) return status;
    return sdqn_error_set(error, status, "%.900s: another process is writing a page there", page->folder);
}

SdqnPage *sdqn_page_create(const char *folder, const char *title, SdqnError *error) {
    SdqnPage *page = calloc(1, sizeof *page);
    if (page) {
        page->folder = strdup(folder);
        page->title = strdup(title);
    }
    if (!page || !page->folder || !page->title) {
        sdqn_error_set(error, SDQN_ERR_MEMORY, "page: out of memory");
        sdqn_page_destroy(page);
        return NULL;
    }
    SdqnStatus status = make_folders(page, error);
    if (status == SDQN_OK) status = lock_folder(page, error);
    if (status == SDQN_OK) status = sdqn_text_file_begin(&page->contents, error);
    if (status == SDQN_OK) status = sdqn_text_file_begin(&page->body, error);
    if (status == SDQN_OK) status = sdqn_text_file_begin(&page->markdown, error);
    if (status != SDQN_OK) {
        sdqn_page_destroy(page);
        return NULL;
    }
    fputs("# ", page->markdown.out);
    sdqn_markup_markdown(page->markdown.out, title);
    fputc('\n', page->markdown.out);
    return page;
}

void sdqn_page_destroy(SdqnPage *page) {
    if (!page) return;
    if (page->lock) sdqn_file_remove(page->lock_path, NULL);
    sdqn_file_lock_release(page->lock);
    sdqn_text_file_drop(&page->contents);
    sdqn_text_file_drop(&page->body);
    sdqn_text_file_drop(&page->markdown);
    free(page->folder);
    free(page->title);
    free(page);
}

// ---- text -----------------------------------------------------------------------------------------------------------------------

/// Begin or end a list where the next thing is or is not an item.
static void set_list(SdqnPage *page, bool in_list) {
    if (page->in_list != in_list) {
        fputs(in_list ? "<ul>\n" : "</ul>\n", page->body.out);
        fputc('\n', page->markdown.out);
    }
    page->in_list = in_list;
}

void sdqn_page_section(SdqnPage *page, const char *title) {
    if (!is_open(page)) return;
    const int number = ++page->num_sections;
    set_list(page, false);
    fprintf(page->contents.out, "<li><a href=\"#s%d\">", number);
    sdqn_markup_html(page->contents.out, title);
    fputs("</a></li>\n", page->contents.out);
    fprintf(page->body.out, "<h2 id=\"s%d\">", number);
    sdqn_markup_html(page->body.out, title);
    fputs("</h2>\n", page->body.out);
    fputs("\n## ", page->markdown.out);
    sdqn_markup_markdown(page->markdown.out, title);
    fputc('\n', page->markdown.out);
}

__attribute__((format(printf, 3, 0))) static void write_formatted(SdqnPage *page, bool item, const char *format, va_list list) {
    char text[MAX_TEXT];
    vsnprintf(text, sizeof text, format, list);
    set_list(page, item);
    fputs(item ? "<li>" : "<p>", page->body.out);
    sdqn_markup_html(page->body.out, text);
    fputs(item ? "</li>\n" : "</p>\n", page->body.out);
    fputs(item ? "- " : "\n", page->markdown.out);
    sdqn_markup_markdown(page->markdown.out, text);
    fputc('\n', page->markdown.out);
}

void sdqn_page_text(SdqnPage *page, const char *format, ...) {
    if (!is_open(page)) return;
    va_list list;
    va_start(list, format);
    write_formatted(page, false, format, list);
    va_end(list);
}

void sdqn_page_item(SdqnPage *page, const char *format, ...) {
    if (!is_open(page)) return;
    va_list list;
    va_start(list, format);
    write_formatted(page, true, format, list);
    va_end(list);
}

/// A relative address: what has a meaning in addresses, HTML or Markdown is written as %XX.
static void write_address(FILE *out, const char *target) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
    for (const char *c = target; *c != '\0'; c++) {
        if (strchr(plain, *c)) {
            fputc(*c, out);
        } else {
            fprintf(out, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
}

void sdqn_page_link(SdqnPage *page, const char *target, const char *text) {
    if (!is_open(page)) return;
    set_list(page, true);
    fputs("<li><a href=\"", page->body.out);
    write_address(page->body.out, target);
    fputs("\">", page->body.out);
    sdqn_markup_html(page->body.out, text);
    fputs("</a></li>\n", page->body.out);
    fputs("- [", page->markdown.out);
    sdqn_markup_markdown(page->markdown.out, text);
    fputs("](", page->markdown.out);
    write_address(page->markdown.out, target);
    fputs(")\n", page->markdown.out);
}

// ---- tables and figures ---------------------------------------------------------------------------------------------------------

/// Links to files beside the page: NAME.ENDING for each.
static void write_files(FILE *out, const char *folder, const char *name, const char *const *endings, int count) {
    fputs("<p class=\"files\">", out);
    for (int i = 0; i < count; i++)
        fprintf(out, "%s<a href=\"%s/%s.%s\">%s.%s</a>", i > 0 ? " · " : "", folder, name, endings[i], name, endings[i]);
    fputs("</p>\n", out);
}

void sdqn_page_table(SdqnPage *page, const char *name, const SdqnTable *table) {
    static const char *const endings[] = {"csv", "tex", "md"};
    SdqnError error = {0};
    if (!is_open(page)) return;
    remember(page, sdqn_table_write_files(table, page->tables, name, &error), &error);
    if (!is_open(page)) return;
    set_list(page, false);
    fputs("<figure>\n", page->body.out);
    if (sdqn_table_caption(table)[0] != '\0') {
        fputs("<figcaption>", page->body.out);
        sdqn_markup_html(page->body.out, sdqn_table_caption(table));
        fputs("</figcaption>\n", page->body.out);
    }
    fputs("<div class=\"wide\" tabindex=\"0\">\n", page->body.out);
    sdqn_table_write_html(page->body.out, table);
    fputs("</div>\n", page->body.out);
    write_files(page->body.out, "tables", name, endings, 3);
    fputs("</figure>\n", page->body.out);
    fputc('\n', page->markdown.out);
    sdqn_table_write_markdown(page->markdown.out, table);
    if (sdqn_table_caption(table)[0] == '\0') return;
    fputc('\n', page->markdown.out);
    sdqn_markup_markdown(page->markdown.out, sdqn_table_caption(table));
    fputc('\n', page->markdown.out);
}

/// Draw a chart, unless gnuplot is known to be missing.
static void draw(SdqnPage *page, const SdqnChart *chart, bool *drawn) {
    char script[96];
    SdqnError error = {0};
    *drawn = false;
    if (page->gnuplot_missing) return;
    snprintf(script, sizeof script, "%.80s.gp", chart->name);
    const SdqnStatus status = sdqn_gnuplot_run(page->figures, script, SDQN_GNUPLOT_SECONDS, &page->gnuplot_missing, &error);
    *drawn = status == SDQN_OK;
    if (page->gnuplot_missing) {
        sdqn_error_set(&page->undrawn, SDQN_OK,
                       "gnuplot is not installed (package " SDQN_GNUPLOT_PACKAGE
                       "): no figure is drawn; data and scripts are in %.300s: install it and run the same command again",
                       page->figures);
    } else if (status != SDQN_OK && page->drawn == SDQN_OK) {
        page->drawn = status;
        page->undrawn = error;
    }
    if (status != SDQN_OK) remember(page, sdqn_chart_remove_pictures(chart, page->figures, &error), &error); // half of one is none
}

/// Put the picture of a chart into the page. @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
static SdqnStatus write_picture(SdqnPage *page, const SdqnChart *chart, SdqnError *error) {
    char path[SDQN_PATH_SIZE], name[96], prefix[32], caption[32];
    uint8_t *svg = NULL;
    size_t size = 0;
    snprintf(name, sizeof name, "%.80s.svg", chart->name);
    snprintf(prefix, sizeof prefix, "f%d-", page->num_figures);
    snprintf(caption, sizeof caption, "caption%d", page->num_figures);
    SdqnStatus status = sdqn_file_join(page->figures, name, path, error);
    if (status == SDQN_OK) status = sdqn_file_read(path, MAX_SVG, &svg, &size, error);
    if (status != SDQN_OK) return status;
    if (sdqn_svg_write_inline(page->body.out, (const char *)svg, size, prefix, caption) != 0)
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: gnuplot wrote no SVG", path);
    free(svg);
    return status;
}

static void write_caption(FILE *out, const SdqnChart *chart, void (*escape)(FILE *out, const char *text)) {
    const int every = sdqn_chart_thinning(chart);
    escape(out, chart->caption ? chart->caption : "");
    if (every > 1) fprintf(out, " Of the longest series one point in %d is drawn.", every);
}

void sdqn_page_figure(SdqnPage *page, const SdqnChart *chart) {
    static const char *const endings[] = {"dat", "gp", "svg", "pdf", "png"};
    SdqnError error = {0};
    bool drawn;
    if (!is_open(page)) return;
    remember(page, sdqn_chart_write(chart, page->figures, &error), &error);
    if (!is_open(page)) return;
    draw(page, chart, &drawn);
    page->num_figures++;
    set_list(page, false);
    fputs("<figure>\n", page->body.out);
    if (drawn) {
        remember(page, write_picture(page, chart, &error), &error);
    } else {
        fprintf(page->body.out, "<p>Not drawn: %s. Data and script are in the folder.</p>\n",
                page->gnuplot_missing ? "gnuplot was not installed" : "gnuplot failed");
    }
    fprintf(page->body.out, "<figcaption id=\"caption%d\">", page->num_figures);
    write_caption(page->body.out, chart, sdqn_markup_html);
    fputs("</figcaption>\n", page->body.out);
    write_files(page->body.out, "figures", chart->name, endings, drawn ? 5 : 2);
    fputs("</figure>\n", page->body.out);
    if (drawn) {
        fputs("\n![", page->markdown.out);
        sdqn_markup_markdown(page->markdown.out, chart->caption ? chart->caption : "");
        fprintf(page->markdown.out, "](figures/%s.svg)\n", chart->name);
    } else {
        fprintf(page->markdown.out, "\nNot drawn: figures/%s.gp\n", chart->name);
    }
    fputc('\n', page->markdown.out);
    write_caption(page->markdown.out, chart, sdqn_markup_markdown);
    fputc('\n', page->markdown.out);
}

// ---- the whole ------------------------------------------------------------------------------------------------------------------

/// Append one text to another. @return whether it could be done
static bool append(FILE *out, SdqnTextFile *part) { return fflush(part->out) == 0 && fwrite(part->text, 1, part->size, out) == part->size; }

static SdqnStatus write_html(SdqnPage *page, const char *name, SdqnError *error) {
    SdqnTextFile file;
    char file_name[96];
    snprintf(file_name, sizeof file_name, "%.80s.html", name);
    const SdqnStatus status = sdqn_text_file_begin(&file, error);
    if (status != SDQN_OK) return status;
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
          "content=\"width=device-width,initial-scale=1\">\n<title>",
          file.out);
    sdqn_markup_html(file.out, page->title);
    fprintf(file.out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
    sdqn_markup_html(file.out, page->title);
    fputs("</h1>\n", file.out);
    if (page->num_sections > 1) fputs("<nav aria-label=\"Contents\">\n<ul>\n", file.out);
    bool whole = page->num_sections <= 1 || append(file.out, &page->contents);
    if (page->num_sections > 1) fputs("</ul>\n</nav>\n", file.out);
    whole = append(file.out, &page->body) && whole;
    fputs("</main>\n</body>\n</html>\n", file.out);
    if (whole) return sdqn_text_file_write(&file, page->folder, file_name, error);
    sdqn_text_file_drop(&file);
    return sdqn_error_set(error, SDQN_ERR_MEMORY, "page: out of memory");
}

static SdqnStatus write_page(SdqnPage *page, const char *name, bool with_markdown, SdqnError *error) {
    char file_name[96];
    snprintf(file_name, sizeof file_name, "%.80s.md", name);
    if (page->status == SDQN_OK) {
        set_list(page, false);
        remember(page, write_html(page, name, &page->error), &page->error);
    }
    if (page->status == SDQN_OK && with_markdown)
        remember(page, sdqn_text_file_write(&page->markdown, page->folder, file_name, &page->error), &page->error);
    if (page->status == SDQN_OK && page->drawn == SDQN_OK) return SDQN_OK;
    const bool whole = page->status == SDQN_OK;
    return sdqn_error_set(error, whole ? page->drawn : page->status, "%s", whole ? page->undrawn.message : page->error.message);
}

SdqnStatus sdqn_page_write(SdqnPage *page, const char *name, SdqnError *error) { return write_page(page, name, true, error); }

SdqnStatus sdqn_page_write_html(SdqnPage *page, const char *name, SdqnError *error) { return write_page(page, name, false, error); }

const char *sdqn_page_undrawn(const SdqnPage *page) { return page->undrawn.message[0] != '\0' ? page->undrawn.message : NULL; }
