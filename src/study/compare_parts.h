// compare_parts.h: words, tables and figures of compare_page.c; internal to it.
#ifndef SDQN_STUDY_COMPARE_PARTS_H
#define SDQN_STUDY_COMPARE_PARTS_H

#include "study/compare_page.h"
#include "study/measure.h"

#include <stdbool.h>

/// How many tasks the arms have.
static inline int sdqn_compare_num_tasks(const SdqnCompareDef *def) { return def->set.arms[0].runs[0]->num_tasks; }
/// The name of a task, or "mean over tasks".
const char *sdqn_compare_task_name(const SdqnCompareDef *def, int task);

#define SDQN_COMPARE_WORDS_SIZE 512
/// "n = 20 seeds an arm", or how many each has.
const char *sdqn_compare_n(const SdqnCompareDef *def, char words[SDQN_COMPARE_WORDS_SIZE]);
/// n, and what [low, high] is; or that there is no interval.
const char *sdqn_compare_intervals(const SdqnCompareDef *def, char words[SDQN_COMPARE_WORDS_SIZE]);
/// Whether any arm has several seeds.
bool sdqn_compare_has_intervals(const SdqnCompareDef *def);
/// Whether any run was evaluated while it trained: without, there are no evaluation curves and no areas under them.
bool sdqn_compare_has_evaluations(const SdqnCompareDef *def);

/// Where the shortest run of all arms ends on an axis: environment steps, or episodes over all tasks.
double sdqn_compare_common_end(const SdqnCompareDef *def, bool steps);

// Tables; each to be destroyed by the caller. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_compare_arms_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);
/// Settings in which the arms differ. @param table  receives NULL if there is none
SdqnStatus sdqn_compare_settings_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);
SdqnStatus sdqn_compare_performance_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);
SdqnStatus sdqn_compare_tasks_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);
SdqnStatus sdqn_compare_area_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);
SdqnStatus sdqn_compare_equal_budget_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);
SdqnStatus sdqn_compare_efficiency_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);
SdqnStatus sdqn_compare_reach_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);
/// @param contrasts [def->num_pairs] @param what  of which measure, for the caption
SdqnStatus sdqn_compare_pairs_table(const SdqnCompareDef *def, const SdqnContrast *contrasts, const char *what, SdqnTable **table,
                                    SdqnError *error);
SdqnStatus sdqn_compare_task_pairs_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);

// Figures.
SdqnStatus sdqn_compare_performance_figure(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error);
SdqnStatus sdqn_compare_pairs_figure(SdqnPage *page, const SdqnCompareDef *def, const SdqnContrast *contrasts, SdqnError *error);
SdqnStatus sdqn_compare_curves_figures(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error);
SdqnStatus sdqn_compare_reach_figure(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error);
SdqnStatus sdqn_compare_profile_figure(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error);

#endif
