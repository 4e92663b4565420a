// compare_page.h: the page that sets arms side by side: tables, plots and what can be said of them.
#ifndef SDQN_STUDY_COMPARE_PAGE_H
#define SDQN_STUDY_COMPARE_PAGE_H

#include "core/error.h"
#include "core/json.h"
#include "plot/page.h"
#include "study/arm_runs.h"
#include "study/bootstrap.h"

#define SDQN_COMPARE_BAND_REPEATS 2000 ///< bootstrap samples behind the bands of curves, as many as rliable draws

/// Two arms, by index.
typedef struct SdqnArmPair {
    int a, b;
} SdqnArmPair;

/// What to set side by side. All is borrowed.
typedef struct SdqnCompareDef {
    SdqnArmSet set;
    const char *heading;      ///< behind the titles of the sections; "" for a page of one comparison
    const char *note;         ///< a sentence on which arms these are; NULL or "": none
    const char *suffix;       ///< behind the names of tables and figures: letters, digits and '-', at most 16; "" likewise
    const SdqnArmPair *pairs; ///< [num_pairs] to be tested
    int num_pairs;
    int num_planned;       ///< pairs that Holm's correction is for, >= num_pairs: with those that cannot be tested yet
    const char *pairs_are; ///< of what kind they are, as in "Pairs: each pair of arms."
    SdqnBootstrap bootstrap;
    int window; ///< episodes of a task in rolling means
} SdqnCompareDef;

/// What the arms' numbers come from: the section of the starting document's table (section 14), filled with measured values.
/// @param table  to be destroyed by the caller @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_compare_verdict_table(const SdqnCompareDef *def, SdqnTable **table, SdqnError *error);

/// Add the section that says what was left out, if anything was.
void sdqn_compare_page_add_exclusions(SdqnPage *page, const SdqnExclusion *exclusions, int count);

/// Add all sections about the arms. @param verdict  the table above
/// @return SDQN_OK or SDQN_ERR_MEMORY; errors of the page itself come from sdqn_page_write
SdqnStatus sdqn_compare_page_add_arms(SdqnPage *page, const SdqnCompareDef *def, const SdqnTable *verdict, SdqnError *error);

/// Add the section about the pairs, if there are any. @return as above
SdqnStatus sdqn_compare_page_add_pairs(SdqnPage *page, const SdqnCompareDef *def, SdqnError *error);

/// Add the members arms, pairs (of the final policies), left_out and repeats to the object being written; what is not known is null.
/// @return SDQN_OK or SDQN_ERR_MEMORY, after which the text is not whole
SdqnStatus sdqn_compare_json_add(SdqnJsonWriter *writer, const SdqnCompareDef *def, const SdqnExclusion *exclusions, int num_exclusions,
                                 SdqnError *error);

#endif
