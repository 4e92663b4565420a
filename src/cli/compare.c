// compare.c: `sharedqn compare`: runs, folders of runs and studies side by side.

#include "cli/command.h"
#include "cli/options.h"
#include "cli/print_json.h"
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
    const char *out, *names, *arms;
    int repeats, window;
    uint64_t seed;
    bool json;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "DIR", .help = "folder of the page (default comparison)"},
    {"names", SDQN_OPTION_TEXT, offsetof(Arguments, names), .value = "A,B,...",
     .help = "a name for each operand, each of which is then one arm"},
    {"arms", SDQN_OPTION_TEXT, offsetof(Arguments, arms), .value = "A,B,...",
     .help = "compare these arms alone, in this order (default: all, as they come)"},
    {"window", SDQN_OPTION_INT, offsetof(Arguments, window), .value = "N", .low = 1, .high = 1000000,
     .help = "training episodes of a task in a rolling mean (default 100)"},
    {"repeats", SDQN_OPTION_INT, offsetof(Arguments, repeats), .value = "N", .low = 100, .high = 10000000,
     .help = "bootstrap samples of an interval (default 50000)"},
    {"seed", SDQN_OPTION_SEED, offsetof(Arguments, seed), .value = "S", .help = "of the bootstrap's random draws (default 0)"},
    {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document instead of the table"},
};
static const SdqnOptionTable TABLE = {
    .command = "compare",
    .usage = "A [B ...] [--out DIR] [--names A,B,...] [--arms A,B,...]",
    .help =
        "Set runs side by side: a page (DIR/index.html and index.md) with tables and plots of the final policies, training curves, sample\n"
        "and parameter efficiency, with intervals over the training seeds. A, B, ... are folders of runs, folders of such folders, or\n"
        "folders of studies. Runs of the same settings but the seed are one arm. What cannot be used is left out by name.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .min_arguments = 1,
    .max_arguments = MAX_OPERANDS,
};

/// Cut a list of different names at its commas.
/// @param option  for messages @param names [most] receive pointers into `text` @param count  receives how many there are
static SdqnStatus split_names(const char *option, const char *list, char *text, const char **names, int most, int *count,
                              SdqnError *error) {
    *count = 0;
    for (char *name = text; name != NULL; ++*count) {
        char *comma = strchr(name, ',');
        if (comma) *comma = '\0';
        if (name[0] == '\0' || strlen(name) >= SDQN_SCORES_NAME_SIZE)
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s %.200s: each must have 1 to %d bytes", option, list,
                                  SDQN_SCORES_NAME_SIZE - 1);
        for (int i = 0; i < *count; i++) {
            if (strcmp(names[i], name) == 0)
                return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s %.200s: %.100s is there twice", option, list, name);
        }
        if (*count == most) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s %.200s: more than %d names", option, list, most);
        names[*count] = name;
        name = comma ? comma + 1 : NULL;
    }
    return SDQN_OK;
}

static SdqnStatus read_runs(const SdqnOperands *operands, const char *list, SdqnCollection **collection, SdqnError *error) {
    const char *const *folders = (const char *const *)operands->values;
    if (!list) return sdqn_collection_read(folders, operands->count, NULL, collection, error);
    const char **names = calloc((size_t)operands->count, sizeof *names);
    char *text = strdup(list);
    int count = 0;
    SdqnStatus status = names && text ? split_names("--names", list, text, names, operands->count, &count, error)
                                      : sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory");
    if (status == SDQN_OK && count < operands->count)
        status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--names %.200s: %d names for %d folders", list, count, operands->count);
    if (status == SDQN_OK) status = sdqn_collection_read(folders, operands->count, names, collection, error);
    free(text);
    free(names);
    return status;
}

/// Where an arm of a name stands. @return -1, and the error names what there is, if there is none
static int find_arm(const SdqnArmSet *set, const char *name, SdqnError *error) {
    char known[512] = "";
    size_t length = 0;
    for (int a = 0; a < set->num_arms; a++) {
        if (strcmp(set->arms[a].name, name) == 0) return a;
        if (length < sizeof known)
            length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", a > 0 ? ", " : "", set->arms[a].name);
    }
    sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--arms %.100s: no arm has this name; there are: %s", name, known);
    return -1;
}

/// Take some of the arms, in the order of a list. @param arms [SDQN_COLLECTION_MAX_ARMS] room for them
static SdqnStatus choose_arms(const char *list, SdqnArmSet *set, SdqnArmRuns *arms, SdqnError *error) {
    const char *names[SDQN_COLLECTION_MAX_ARMS];
    int count = 0;
    char *text = strdup(list);
    SdqnStatus status = text ? split_names("--arms", list, text, names, SDQN_COLLECTION_MAX_ARMS, &count, error)
                             : sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory");
    for (int i = 0; i < count && status == SDQN_OK; i++) {
        const int arm = find_arm(set, names[i], error);
        if (arm < 0) {
            status = SDQN_ERR_ARGUMENT;
        } else {
            arms[i] = set->arms[arm];
        }
    }
    free(text);
    if (status == SDQN_OK) *set = (SdqnArmSet){count, arms};
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

static SdqnStatus write_page(const char *folder, const SdqnCompareDef *def, const SdqnTable *verdict, const SdqnCollection *collection,
                             SdqnError *error) {
    int num_exclusions;
    const SdqnExclusion *exclusions = sdqn_collection_exclusions(collection, &num_exclusions);
    const int num_arms = sdqn_collection_arms(collection).num_arms;
    SdqnPage *page = sdqn_page_create(folder, def->set.num_arms > 1 ? "Comparison" : "One arm", error);
    if (!page) return SDQN_ERR_IO;
    if (def->set.num_arms < num_arms) sdqn_page_text(page, "%d of %d arms were chosen.", def->set.num_arms, num_arms);
    sdqn_compare_page_add_exclusions(page, exclusions, num_exclusions);
    SdqnStatus status = sdqn_compare_page_add_arms(page, def, verdict, error);
    if (status == SDQN_OK) status = sdqn_compare_page_add_pairs(page, def, error);
    if (status == SDQN_OK) status = sdqn_page_write(page, "index", error);
    if (status == SDQN_OK && sdqn_page_undrawn(page)) fprintf(stderr, "%s\n", sdqn_page_undrawn(page));
    sdqn_page_destroy(page);
    if (status == SDQN_OK) fprintf(stderr, "page: %s/index.html\n", folder);
    return status;
}

static SdqnStatus print_json(const SdqnCompareDef *def, const SdqnCollection *collection, SdqnError *error) {
    int num_exclusions;
    const SdqnExclusion *exclusions = sdqn_collection_exclusions(collection, &num_exclusions);
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    if (!writer) return sdqn_print_json(NULL, "compare", error);
    sdqn_json_begin_object(writer, NULL);
    const SdqnStatus status = sdqn_compare_json_add(writer, def, exclusions, num_exclusions, error);
    if (status != SDQN_OK) {
        sdqn_json_writer_destroy(writer);
        return status;
    }
    sdqn_json_end_object(writer);
    return sdqn_print_json(writer, "compare", error);
}

static void tell_exclusions(const SdqnCollection *collection) {
    int count;
    const SdqnExclusion *exclusions = sdqn_collection_exclusions(collection, &count);
    for (int i = 0; i < count; i++) fprintf(stderr, "left out: %s: %s\n", exclusions[i].what, exclusions[i].reason);
    if (count > 0) fprintf(stderr, "%d left out\n", count);
}

SdqnStatus sdqn_command_compare(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {.out = "comparison", .repeats = SDQN_BOOTSTRAP_REPEATS, .window = SDQN_SAMPLE_WINDOW};
    SdqnOperands operands;
    SdqnCollection *collection = NULL;
    SdqnTable *verdict = NULL;
    SdqnArmRuns chosen[SDQN_COLLECTION_MAX_ARMS];
    SdqnArmPair pairs[SDQN_COLLECTION_MAX_ARMS + MAX_ALL_PAIRS_ARMS * MAX_ALL_PAIRS_ARMS];
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = read_runs(&operands, arguments.names, &collection, error);
    if (status != SDQN_OK) return status;
    SdqnCompareDef def = {.set = sdqn_collection_arms(collection),
                          .heading = "",
                          .suffix = "",
                          .pairs = pairs,
                          .bootstrap = {SDQN_RESAMPLE_SEED, arguments.repeats, arguments.seed},
                          .window = arguments.window};
    tell_exclusions(collection);
    if (arguments.arms) status = choose_arms(arguments.arms, &def.set, chosen, error);
    def.num_pairs = def.num_planned = make_pairs(def.set.num_arms, pairs);
    def.pairs_are = def.set.num_arms <= MAX_ALL_PAIRS_ARMS ? "each pair of arms" : "the first arm with each other one, as there are many";
    if (status == SDQN_OK) status = sdqn_compare_verdict_table(&def, &verdict, error);
    if (status == SDQN_OK) status = write_page(arguments.out, &def, verdict, collection, error);
    if (status == SDQN_OK) status = arguments.json ? print_json(&def, collection, error) : sdqn_table_write_text(stdout, verdict, error);
    sdqn_table_destroy(verdict);
    sdqn_collection_destroy(collection);
    return status;
}
