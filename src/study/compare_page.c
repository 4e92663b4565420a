#include "study/compare_page.h"

#include "study/compare_parts.h"

#include <stdlib.h>

/// A page in the making. After an error nothing more is computed.
typedef struct Writer {
    SdqnPage *page;
    const SdqnCompareDef *def;
    SdqnStatus status;
    SdqnError *error;
} Writer;

typedef SdqnStatus MakeTable(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);

/// Make a table, if there is one to make, and show it.
static void add_table(Writer *writer, const char *name, MakeTable *make) {
    SdqnTable *table = NULL;
    if (writer->status == SDQN_OK) writer->status = make(writer->def, &table, writer->error);
    if (writer->status == SDQN_OK && table) sdqn_page_table(writer->page, name, table);
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
    sdqn_page_section(writer->page, "What is compared");
    sdqn_page_text(
        writer->page,
        "The unit is the training seed: every number is made from one score a seed. Final policies: %d greedy episodes a task with "
        "the last weights, seeds from %llu, the same for every run.",
        config->final_episodes, (unsigned long long)config->final_seed);
    add_table(writer, "arms", sdqn_compare_arms_table);
    add_table(writer, "settings", sdqn_compare_settings_table);
}

static void add_exclusions(Writer *writer) {
    const SdqnCompareDef *def = writer->def;
    if (def->num_exclusions == 0) return;
    sdqn_page_section(writer->page, "Left out");
    sdqn_page_text(writer->page, "%d %s left out of everything on this page:", def->num_exclusions,
                   def->num_exclusions == 1 ? "is" : "are");
    for (int i = 0; i < def->num_exclusions; i++)
        sdqn_page_item(writer->page, "%s: %s", def->exclusions[i].what, def->exclusions[i].reason);
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
    writer->status = sdqn_contrast_list(&def->bootstrap, &def->set, kind, contrasts, def->num_pairs, writer->error);
    return contrasts;
}

static void add_pairs_table(Writer *writer, const char *name, const char *what, const SdqnContrast *contrasts) {
    SdqnTable *table = NULL;
    if (writer->status == SDQN_OK) writer->status = sdqn_compare_pairs_table(writer->def, contrasts, what, &table, writer->error);
    if (writer->status != SDQN_OK) return;
    sdqn_page_table(writer->page, name, table);
    sdqn_table_destroy(table);
}

static void add_pairs(Writer *writer) {
    const SdqnCompareDef *def = writer->def;
    if (def->num_pairs == 0 || writer->status != SDQN_OK) return;
    sdqn_page_section(writer->page, "Pairs");
    sdqn_page_text(writer->page, "Pairs: %s.", def->pairs_are);
    SdqnContrast *contrasts = contrast(writer, SDQN_MEASURE_RETURN);
    if (writer->status == SDQN_OK) writer->status = sdqn_compare_pairs_figure(writer->page, def, contrasts, writer->error);
    add_pairs_table(writer, "pairs", "Final policies", contrasts);
    free(contrasts);
    add_table(writer, "pairs-by-task", sdqn_compare_task_pairs_table);
    contrasts = writer->status == SDQN_OK ? contrast(writer, SDQN_MEASURE_AREA) : NULL;
    add_pairs_table(writer, "pairs-area", "Area under the evaluation curve", contrasts);
    free(contrasts);
}

static void add_training(Writer *writer) {
    sdqn_page_section(writer->page, "Training");
    add_figure(writer, sdqn_compare_curves_figures);
    add_table(writer, "area", sdqn_compare_area_table);
    add_table(writer, "equal-cost", sdqn_compare_equal_budget_table);
    sdqn_page_section(writer->page, "Sample efficiency");
    add_figure(writer, sdqn_compare_reach_figure);
    add_table(writer, "sample-efficiency", sdqn_compare_reach_table);
}

SdqnStatus sdqn_compare_page_add(SdqnPage *page, const SdqnCompareDef *def, const SdqnTable *verdict, SdqnError *error) {
    Writer writer = {.page = page, .def = def, .error = error};
    add_arms(&writer);
    add_exclusions(&writer);
    sdqn_page_section(page, "Side by side");
    if (!sdqn_compare_has_intervals(def))
        sdqn_page_text(page, "Every arm has one seed. One run is an anecdote: no interval can be given and no winner named.");
    sdqn_page_table(page, "side-by-side", verdict);
    sdqn_page_section(page, "Performance");
    add_figure(&writer, sdqn_compare_performance_figure);
    add_table(&writer, "performance", sdqn_compare_performance_table);
    add_table(&writer, "tasks", sdqn_compare_tasks_table);
    add_pairs(&writer);
    sdqn_page_section(page, "Performance profile");
    add_figure(&writer, sdqn_compare_profile_figure);
    add_training(&writer);
    sdqn_page_section(page, "Parameter efficiency");
    add_table(&writer, "parameter-efficiency", sdqn_compare_efficiency_table);
    return writer.status;
}
