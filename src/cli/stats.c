// stats.c: `sharedqn stats`: statistics of anybody's scores.

#include "cli/command.h"
#include "cli/options.h"
#include "cli/print_json.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "study/comparison.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_FILE_SIZE ((size_t)64 << 20)

typedef struct Arguments {
    int resample, repeats;
    uint64_t seed;
    const char *target;
    bool json;
} Arguments;

static const char *const RESAMPLINGS[] = {"task", "seed", NULL}; // SdqnResampling

static const SdqnOption OPTIONS[] = {
    {"resample", SDQN_OPTION_CHOICE, offsetof(Arguments, resample), .value = "WHAT", .choices = RESAMPLINGS,
     .help = "what the bootstrap draws again: task, the seeds of each task apart (default), or seed, whole seeds"},
    {"repeats", SDQN_OPTION_INT, offsetof(Arguments, repeats), .value = "N", .low = 100, .high = 10000000,
     .help = "how often it does (default 50000)"},
    {"seed", SDQN_OPTION_SEED, offsetof(Arguments, seed), .value = "S", .help = "of its random draws (default 0)"},
    {"target", SDQN_OPTION_TEXT, offsetof(Arguments, target), .value = "X",
     .help = "score from which the optimality gap is 0 (default 200)"},
    {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document"},
};
static const SdqnOptionTable TABLE = {
    .command = "stats",
    .usage = "FILE.csv [--resample task|seed] [--json]",
    .help = "Compare arms by their scores: interquartile mean, mean, median and optimality gap with bootstrap intervals, probability of\n"
            "improvement, Welch's and permutation tests with Holm's correction.\n"
            "FILE.csv has the columns arm, task, seed and score: one line for each, all arms with the same tasks and as many seeds.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .min_arguments = 1,
    .max_arguments = 1,
};

static SdqnStatus print(const SdqnComparison *comparison, bool json, SdqnError *error) {
    if (!json) return sdqn_comparison_table_write(stdout, comparison, error);
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    if (writer) {
        sdqn_json_begin_object(writer, NULL);
        sdqn_comparison_json_add(writer, comparison);
        sdqn_json_end_object(writer);
    }
    return sdqn_print_json(writer, "stats", error);
}

SdqnStatus sdqn_command_stats(int argc, char **argv, SdqnError *error) {
    SdqnComparisonDef def = sdqn_comparison_def_default();
    Arguments arguments = {.repeats = def.bootstrap.repeats, .target = "200"};
    SdqnOperands operands;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    if (!sdqn_text_to_double(arguments.target, &def.target))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--target %.80s: must be a number", arguments.target);
    def.bootstrap = (SdqnBootstrap){(SdqnResampling)arguments.resample, arguments.repeats, arguments.seed};

    uint8_t *text = NULL;
    size_t size;
    SdqnScores scores = {0};
    SdqnComparison *comparison = NULL;
    status = sdqn_file_read(operands.values[0], MAX_FILE_SIZE, &text, &size, error);
    if (status == SDQN_OK) status = sdqn_scores_parse_csv(operands.values[0], (const char *)text, size, &scores, error);
    if (status == SDQN_OK) status = sdqn_comparison_create(&def, &scores, &comparison, error);
    if (status == SDQN_OK) status = print(comparison, arguments.json, error);
    sdqn_comparison_destroy(comparison);
    sdqn_scores_clear(&scores);
    free(text);
    return status;
}
