#include "study/compare_page.h"

#include "study/compare_parts.h"

#include <stdio.h>
#include <stdlib.h>

/// A page in the making. After an error nothing more is computed.
typedef struct Writer {
    SdqnPage *page;
    const SdqnCompareDef *def;
    SdqnStatus status;
    SdqnError *error;
} Writer;

static void add_section(Writer *writer, const char *title) {
    char text[256];
    snprintf(text, sizeof text, "%s%s", title, writer->def->heading);
    sdqn_page_section(writer->page, text);
}

static void show_table(Writer *writer, const char *name, const SdqnTable *table) {
    char text[64];
    snprintf(text, sizeof text, "%s%s", name, writer->def->suffix);
    sdqn_page_table(writer->page, text, table);
}

typedef SdqnStatus MakeTable(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);

/// Make a table, if there is one to make, and show it.
static void add_table(Writer *writer, const char *name, MakeTable *make) {
    SdqnTable *table = NULL;
    if (writer->status == SDQN_OK) writer->status = make(writer->def, &table, writer->error);
    if (writer->status == SDQN_OK && table) show_table(writer, name, table);
    if (writer->status == SDQN_OK) sdqn_table_destroy(table);
}

typedef SdqnStatus AddFigure(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error);

static void add_figure(Writer *writer, AddFigure *add) {
    if (writer->status == SDQN_OK) writer->status = add(writer->page, writer->def, writer->error);
}

// ---- sections -------------------------------------------------------------------------------------------------------------------

static void add_arms(Writer *writer) {
    const SdqnCompareDef *def = writer->def;
    const SdqnConfig *config = def->set.arms[0].config;
    add_section(writer, "What is compared");
    sdqn_page_text(
        writer->page,
        "The unit is the training seed: every number is made from one score a seed. Final policies: %d greedy episodes a task with "
        "the last weights, seeds from %llu, the same for every run.",
        config->final_episodes, (unsigned long long)config->final_seed);
    if (def->note && def->note[0]) sdqn_page_text(writer->page, "%s", def->note);
    add_table(writer, "arms", sdqn_compare_arms_table);
    add_table(writer, "settings", sdqn_compare_settings_table);
}

void sdqn_compare_page_add_exclusions(SdqnPage *page, const SdqnExclusion *exclusions, int count) {
    if (count == 0) return;
    sdqn_page_section(page, "Left out");
    sdqn_page_text(page, "%d %s left out of everything on this page:", count, count == 1 ? "is" : "are");
    for (int i = 0; i < count; i++) sdqn_page_item(page, "%s: %s", exclusions[i].what, exclusions[i].reason);
}

/// Differences of one measure between the pairs.
static SdqnContrast *contrast(Writer *writer, SdqnMeasureKind kind) {
    const SdqnCompareDef *def = writer->def;
    SdqnContrast *contrasts = calloc((size_t)def->num_pairs + 1, sizeof *contrasts);
    if (!contrasts) {
        writer->status = sdqn_error_set(writer->error, SDQN_ERR_MEMORY, "compare: out of memory");
        return NULL;
    }
    for (int i = 0; i < def->num_pairs; i++) {
        contrasts[i].a = def->pairs[i].a;
        contrasts[i].b = def->pairs[i].b;
    }
    writer->status = sdqn_contrast_list(&def->bootstrap, &def->set, kind, contrasts, def->num_pairs, def->num_planned, writer->error);
    return contrasts;
}

static void add_pairs_table(Writer *writer, const char *name, const char *what, const SdqnContrast *contrasts) {
    SdqnTable *table = NULL;
    if (writer->status == SDQN_OK) writer->status = sdqn_compare_pairs_table(writer->def, contrasts, what, &table, writer->error);
    if (writer->status != SDQN_OK) return;
    show_table(writer, name, table);
    sdqn_table_destroy(table);
}

static void add_training(Writer *writer) {
    add_section(writer, "Training");
    add_figure(writer, sdqn_compare_curves_figures);
    if (sdqn_compare_has_evaluations(writer->def)) {
        add_table(writer, "area", sdqn_compare_area_table);
    } else {
        sdqn_page_text(writer->page, "No run was evaluated while it trained, so there is no evaluation curve and no area under one.");
    }
    add_table(writer, "equal-cost", sdqn_compare_equal_budget_table);
    add_section(writer, "Sample efficiency");
    add_figure(writer, sdqn_compare_reach_figure);
    add_table(writer, "sample-efficiency", sdqn_compare_reach_table);
}

SdqnStatus sdqn_compare_page_add_arms(SdqnPage *page, const SdqnCompareDef *def, const SdqnTable *verdict, SdqnError *error) {
    Writer writer = {.page = page, .def = def, .error = error};
    add_arms(&writer);
    add_section(&writer, "Side by side");
    if (!sdqn_compare_has_intervals(def))
        sdqn_page_text(page, "Every arm has one seed. One run is an anecdote: no interval can be given and no winner named.");
    show_table(&writer, "side-by-side", verdict);
    add_section(&writer, "Performance");
    add_figure(&writer, sdqn_compare_performance_figure);
    add_table(&writer, "performance", sdqn_compare_performance_table);
    add_table(&writer, "tasks", sdqn_compare_tasks_table);
    add_section(&writer, "Performance profile");
    add_figure(&writer, sdqn_compare_profile_figure);
    add_training(&writer);
    add_section(&writer, "Parameter efficiency");
    add_table(&writer, "parameter-efficiency", sdqn_compare_efficiency_table);
    return writer.status;
}

SdqnStatus sdqn_compare_page_add_pairs(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error) {
    Writer writer = {.page = page, .def = def, .error = error};
    if (def->num_pairs == 0) return SDQN_OK;
    add_section(&writer, "Pairs");
    sdqn_page_text(page, "Pairs: %s.", def->pairs_are);
    SdqnContrast *contrasts = contrast(&writer, SDQN_MEASURE_RETURN);
    if (writer.status == SDQN_OK) writer.status = sdqn_compare_pairs_figure(page, def, contrasts, error);
    add_pairs_table(&writer, "pairs", "Final policies", contrasts);
    free(contrasts);
    add_table(&writer, "pairs-by-task", sdqn_compare_task_pairs_table);
    if (!sdqn_compare_has_evaluations(def)) return writer.status;
    contrasts = writer.status == SDQN_OK ? contrast(&writer, SDQN_MEASURE_AREA) : NULL;
    add_pairs_table(&writer, "pairs-area", "Area under the evaluation curve", contrasts);
    free(contrasts);
    return writer.status;
}
