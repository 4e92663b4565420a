// compare.c: `sharedqn compare`: runs, folders of runs and studies side by side.

#include "cli/command.h"
#include "cli/options.h"
#include "core/file.h"
#include "plot/page.h"
#include "run/sample_efficiency.h"
#include "study/collection.h"
#include "study/compare_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPERANDS 1000
#define MAX_ALL_PAIRS_ARMS 8 ///< with more arms the first is compared with each other one only

typedef struct Arguments {
    const char *out, *names;
    int repeats, window;
    uint64_t seed;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "DIR", .help = "folder of the page (default comparison)"},
    {"names", SDQN_OPTION_TEXT, offsetof(Arguments, names), .value = "A,B,...",
     .help = "a name for each operand, each of which is then one arm"},
    {"window", SDQN_OPTION_INT, offsetof(Arguments, window), .value = "N", .low = 1, .high = 1000000,
     .help = "training episodes of a task in a rolling mean (default 100)"},
    {"repeats", SDQN_OPTION_INT, offsetof(Arguments, repeats), .value = "N", .low = 100, .high = 10000000,
     .help = "bootstrap samples of an interval (default 50000)"},
    {"seed", SDQN_OPTION_SEED, offsetof(Arguments, seed), .value = "S", .help = "of the bootstrap's random draws (default 0)"},
};
static const SdqnOptionTable TABLE = {
    .command = "compare",
    .usage = "A [B ...] [--out DIR] [--names A,B,...]",
    .help =
        "Set runs side by side: a page (DIR/index.html and index.md) with tables and plots of the final policies, training curves, sample\n"
        "and parameter efficiency, with intervals over the training seeds. A, B, ... are folders of runs, folders of such folders, or\n"
        "folders of studies. Runs of the same settings but the seed are one arm. What cannot be used is left out by name.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .min_arguments = 1,
    .max_arguments = MAX_OPERANDS,
};

/// Cut a list of names at its commas. @param names [count] receive pointers into `text`
static SdqnStatus split_names(const char *list, char *text, const char **names, int count, SdqnError *error) {
    int found = 0;
    for (char *name = text; name != NULL; found++) {
        char *comma = strchr(name, ',');
        if (comma) *comma = '\0';
        if (name[0] == '\0' || strlen(name) >= SDQN_SCORES_NAME_SIZE)
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--names %.200s: each must have 1 to %d bytes", list,
                                  SDQN_SCORES_NAME_SIZE - 1);
        for (int i = 0; i < found && i < count; i++) {
            if (strcmp(names[i], name) == 0)
                return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--names %.200s: %.100s is there twice", list, name);
        }
        if (found < count) names[found] = name;
        name = comma ? comma + 1 : NULL;
    }
    if (found == count) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--names %.200s: has %d names for %d folders", list, found, count);
}

static SdqnStatus read_runs(const SdqnOperands *operands, const char *list, SdqnCollection **collection, SdqnError *error) {
    const char *const *folders = (const char *const *)operands->values;
    if (!list) return sdqn_collection_read(folders, operands->count, NULL, collection, error);
    const char **names = calloc((size_t)operands->count, sizeof *names);
    char *text = strdup(list);
    SdqnStatus status = names && text ? split_names(list, text, names, operands->count, error)
                                      : sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory");
    if (status == SDQN_OK) status = sdqn_collection_read(folders, operands->count, names, collection, error);
    free(text);
    free(names);
    return status;
}

/// Each pair of arms; of many arms, each with the first.
static int make_pairs(int num_arms, SdqnArmPair *pairs) {
    int count = 0;
    for (int a = 0; a < num_arms && (a == 0 || num_arms <= MAX_ALL_PAIRS_ARMS); a++) {
        for (int b = a + 1; b < num_arms; b++) pairs[count++] = (SdqnArmPair){a, b};
    }
    return count;
}

static SdqnStatus write_page(const char *folder, const SdqnCompareDef *def, const SdqnTable *verdict, const SdqnExclusion *exclusions,
                             int num_exclusions, SdqnError *error) {
    SdqnPage *page = sdqn_page_create(folder, def->set.num_arms > 1 ? "Comparison" : "One arm", error);
    if (!page) return SDQN_ERR_IO;
    sdqn_compare_page_add_exclusions(page, exclusions, num_exclusions);
    SdqnStatus status = sdqn_compare_page_add_arms(page, def, verdict, error);
    if (status == SDQN_OK) status = sdqn_compare_page_add_pairs(page, def, error);
    if (status == SDQN_OK) status = sdqn_page_write(page, "index", error);
    if (status == SDQN_OK && sdqn_page_undrawn(page)) fprintf(stderr, "%s\n", sdqn_page_undrawn(page));
    sdqn_page_destroy(page);
    if (status == SDQN_OK) fprintf(stderr, "page: %s/index.html\n", folder);
    return status;
}

static void tell_exclusions(const SdqnExclusion *exclusions, int count) {
    for (int i = 0; i < count; i++) fprintf(stderr, "left out: %s: %s\n", exclusions[i].what, exclusions[i].reason);
    if (count > 0) fprintf(stderr, "%d left out\n", count);
}

SdqnStatus sdqn_command_compare(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {.out = "comparison", .repeats = SDQN_BOOTSTRAP_REPEATS, .window = SDQN_SAMPLE_WINDOW};
    SdqnOperands operands;
    SdqnCollection *collection = NULL;
    SdqnTable *verdict = NULL;
    SdqnArmPair pairs[SDQN_COLLECTION_MAX_ARMS + MAX_ALL_PAIRS_ARMS * MAX_ALL_PAIRS_ARMS];
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = read_runs(&operands, arguments.names, &collection, error);
    if (status != SDQN_OK) return status;
    int num_exclusions;
    const SdqnExclusion *exclusions = sdqn_collection_exclusions(collection, &num_exclusions);
    SdqnCompareDef def = {.set = sdqn_collection_arms(collection),
                          .heading = "",
                          .suffix = "",
                          .pairs = pairs,
                          .bootstrap = {SDQN_RESAMPLE_SEED, arguments.repeats, arguments.seed},
                          .window = arguments.window};
    def.num_pairs = make_pairs(def.set.num_arms, pairs);
    def.pairs_are = def.set.num_arms <= MAX_ALL_PAIRS_ARMS ? "each pair of arms" : "the first arm with each other one, as there are many";
    tell_exclusions(exclusions, num_exclusions);
    status = sdqn_compare_verdict_table(&def, &verdict, error);
    if (status == SDQN_OK) status = write_page(arguments.out, &def, verdict, exclusions, num_exclusions, error);
    if (status == SDQN_OK) status = sdqn_table_write_text(stdout, verdict, error);
    sdqn_table_destroy(verdict);
    sdqn_collection_destroy(collection);
    return status;
}
