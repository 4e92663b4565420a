// index.c: several runs, a page each, and an index of the pages.
#include "analysis/analysis.h"

#include "core/file.h"
#include "plot/page.h"
#include "run/protocol.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/// A folder's name made of the last part of a run's path, different from those before it.
static void choose_name(SdqnAnalysedRun *analysed, int index) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *path = analysed[index].run;
    size_t end = strlen(path);
    char base[48];
    while (end > 1 && path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    snprintf(base, sizeof base, "%.*s", (int)(end - begin), path + begin);
    for (char *c = base; *c != '\0'; c++) {
        if (!strchr(allowed, *c)) *c = '_';
    }
    // The index has files of its own beside these folders.
    const bool taken = strncmp(base, "index.", 6) == 0 || strcmp(base, "figures") == 0 || strcmp(base, "tables") == 0;
    if (taken || base[0] == '\0' || base[0] == '.') snprintf(base, sizeof base, "run");
    snprintf(analysed[index].name, sizeof analysed[index].name, "%s", base);
    for (int again = 2, i = 0; i < index; i++) {
        if (strcmp(analysed[i].name, analysed[index].name) != 0) continue;
        snprintf(analysed[index].name, sizeof analysed[index].name, "%s-%d", base, again++);
        i = -1; // the new name may be taken too
    }
}

/// In what these runs differ so that their figures must not be compared, in words; NULL: in nothing.
static const char *difference(const SdqnAnalysedRun *analysed, int count) {
    const SdqnConfig *first = NULL;
    for (int i = 0; i < count; i++) {
        const SdqnConfig *config = &analysed[i].result.config;
        if (!analysed[i].done) continue;
        if (!first) first = config;
        if (first->episodes != config->episodes) return "training episodes";
        const char *what = sdqn_protocol_difference(first, config);
        if (what) return what;
    }
    return NULL;
}

static void add_table(SdqnPage *page, const SdqnAnalysedRun *analysed, int count) {
    SdqnTable *table =
        sdqn_table_create("Mean return over tasks: of the final evaluation, of an unfinished run of its last periodic one. One run is an "
                          "anecdote.");
    sdqn_table_add_column(table, "run", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "method", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "seed", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "episodes", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "state", SDQN_COLUMN_TEXT, 0);
    sdqn_table_add_column(table, "mean return", SDQN_COLUMN_NUMBER, 1);
    sdqn_table_add_column(table, "notes", SDQN_COLUMN_NUMBER, 0);
    sdqn_table_add_column(table, "protocol", SDQN_COLUMN_TEXT, 0);
    for (int i = 0; i < count; i++) {
        const SdqnAnalysisResult *result = &analysed[i].result;
        char seed[24];
        if (!analysed[i].done) continue;
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)result->config.seed);
        sdqn_table_add_text(table, analysed[i].name);
        sdqn_table_add_text(table, result->config.method);
        sdqn_table_add_text(table, seed);
        sdqn_table_add_number(table, (double)result->episodes);
        sdqn_table_add_text(table, result->finished ? "finished" : "not finished");
        sdqn_table_add_number(table, result->mean);
        sdqn_table_add_number(table, result->notes);
        sdqn_table_add_text(table, result->protocol);
    }
    sdqn_page_table(page, "runs", table);
    sdqn_table_destroy(table);
}

static SdqnStatus write_index(const SdqnAnalysedRun *analysed, int count, const char *out, SdqnError *error) {
    SdqnPage *page = sdqn_page_create(out, "Runs", error);
    int done = 0;
    if (!page) return SDQN_ERR_IO;
    for (int i = 0; i < count; i++) done += analysed[i].done;
    sdqn_page_text(page, "%d of %d runs are analysed.", done, count);
    const char *different = difference(analysed, count);
    if (different)
        sdqn_page_text(page, "These runs have different protocols (%s): their figures must not be compared with each other.", different);
    sdqn_page_section(page, "Pages");
    for (int i = 0; i < count; i++) {
        char target[128];
        snprintf(target, sizeof target, "%s/index.html", analysed[i].name);
        if (analysed[i].done) sdqn_page_link(page, target, analysed[i].name);
    }
    if (done > 0) add_table(page, analysed, count);
    if (done < count) sdqn_page_section(page, "Left out");
    for (int i = 0; i < count; i++) {
        if (analysed[i].done) continue;
        const bool names_it = strncmp(analysed[i].error.message, analysed[i].run, strlen(analysed[i].run)) == 0;
        sdqn_page_item(page, "%s%s%s", names_it ? "" : analysed[i].run, names_it ? "" : ": ", analysed[i].error.message);
    }
    const SdqnStatus status = sdqn_page_write(page, "index", error);
    sdqn_page_destroy(page);
    return status;
}

SdqnStatus sdqn_analyse_runs(char *const *runs, int count, const char *out, SdqnAnalysedRun *analysed,
                             void (*finished)(const SdqnAnalysedRun *run), SdqnError *error) {
    for (int i = 0; i < count; i++) {
        char folder[SDQN_PATH_SIZE];
        analysed[i] = (SdqnAnalysedRun){.run = runs[i]};
        choose_name(analysed, i);
        SdqnStatus status = sdqn_file_join(out, analysed[i].name, folder, &analysed[i].error);
        if (status == SDQN_OK) status = sdqn_analyse_run(runs[i], folder, &analysed[i].result, &analysed[i].error);
        analysed[i].done = status == SDQN_OK;
        if (finished) finished(&analysed[i]);
        if (status == SDQN_ERR_MEMORY) {
            *error = analysed[i].error;
            return status;
        }
    }
    return write_index(analysed, count, out, error);
}
