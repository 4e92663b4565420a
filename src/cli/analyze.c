// analyze.c: `sharedqn analyze`: pages of plots and tables on runs.

#include "analysis/analysis.h"
#include "cli/command.h"
#include "cli/options.h"
#include "core/file.h"
#include "run/run_folder.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_RUNS 1000

typedef struct Arguments {
    const char *out;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "DIR",
     .help = "folder of the page (default RUN/analysis; of several runs: analysis)"},
};
static const SdqnOptionTable TABLE = {
    .command = "analyze",
    .usage = "RUN... [--out DIR]",
    .help = "Write a page of plots and tables on each run, finished or not: returns, loss, evaluations, sample and parameter efficiency,\n"
            "landings, gradients of the tasks with a control, embeddings. DIR/index.html works from disk; DIR/index.md is the same as\n"
            "Markdown; figures/ and tables/ hold data, gnuplot scripts, SVG, PDF, PNG, CSV and LaTeX. Of several runs DIR holds a folder\n"
            "each and an index.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .min_arguments = 1,
    .max_arguments = MAX_RUNS,
};

static void tell(const char *run, const SdqnAnalysisResult *result) {
    if (result->notes > 0)
        fprintf(stderr, "%s: %d thing%s could not be used: see \"Left out\" on the page\n", run, result->notes,
                result->notes > 1 ? "s" : "");
    if (result->undrawn[0] != '\0') fprintf(stderr, "%s: %s\n", run, result->undrawn);
}

static void tell_of_run(const SdqnAnalysedRun *run) {
    if (run->done) {
        tell(run->run, &run->result);
    } else {
        fprintf(stderr, "%s\n", run->error.message);
    }
}

static SdqnStatus analyse_one(const char *run, const char *out, SdqnError *error) {
    char folder[SDQN_PATH_SIZE];
    SdqnAnalysisResult result;
    SdqnStatus status = SDQN_OK;
    if (!out) status = sdqn_file_join(run, SDQN_RUN_ANALYSIS, folder, error);
    if (status == SDQN_OK) status = sdqn_analyse_run(run, out ? out : folder, &result, error);
    if (status != SDQN_OK) return status;
    tell(run, &result);
    printf("%s/index.html\n", out ? out : folder);
    return SDQN_OK;
}

static SdqnStatus analyse_several(char *const *runs, int count, const char *out, SdqnError *error) {
    int failed = 0;
    SdqnAnalysedRun *analysed = calloc((size_t)count, sizeof *analysed);
    if (!analysed) return sdqn_error_set(error, SDQN_ERR_MEMORY, "analyze: out of memory for %d runs", count);
    SdqnStatus status = sdqn_analyse_runs(runs, count, out, analysed, tell_of_run, error);
    for (int i = 0; i < count; i++) failed += !analysed[i].done;
    free(analysed);
    if (status != SDQN_OK) return status;
    printf("%s/index.html\n", out);
    if (failed == 0) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%d of %d runs could not be analysed; %s/index.html names them", failed, count, out);
}

SdqnStatus sdqn_command_analyze(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {0};
    SdqnOperands operands;
    const SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    if (arguments.out && arguments.out[0] == '\0') return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--out: must not be empty");
    if (operands.count == 1) return analyse_one(operands.values[0], arguments.out, error);
    return analyse_several(operands.values, operands.count, arguments.out ? arguments.out : SDQN_RUN_ANALYSIS, error);
}
