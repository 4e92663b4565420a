// evaluate.c: `sharedqn evaluate`: greedy episodes of a run's final weights or of a weights file.

#include "cli/command.h"
#include "cli/options.h"
#include "cli/subject.h"
#include "core/json.h"
#include "lander/lander.h"
#include "nn/kernels.h"
#include "run/evaluation_json.h"
#include "run/progress.h"
#include "run/table.h"

#include <stdio.h>

typedef struct Arguments {
    const char *weights, *config, *task, *isa;
    int episodes;
    uint64_t seed;
    bool json;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"weights", SDQN_OPTION_TEXT, offsetof(Arguments, weights), .value = "FILE", .help = "evaluate a safetensors file instead of a run"},
    {"config", SDQN_OPTION_TEXT, offsetof(Arguments, config), .value = "FILE",
     .help = "with --weights: the tasks it was trained on, in order (default standard, windy, heavy)"},
    {"task", SDQN_OPTION_TEXT, offsetof(Arguments, task), .value = "NAME", .help = "one task, or all of the run (default all)"},
    {"episodes", SDQN_OPTION_INT, offsetof(Arguments, episodes), .value = "N", .low = 1, .high = 1000000,
     .help = "episodes a task (default 100)"},
    {"seed", SDQN_OPTION_SEED, offsetof(Arguments, seed), .value = "S", .help = "episode i begins with reset(seed=S+i) (default 1000000)"},
    {"isa", SDQN_OPTION_TEXT, offsetof(Arguments, isa), .value = "L",
     .help = "kernel level: auto, scalar, avx2, avx512, neon (default auto)"},
    {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document with every episode"},
};
static const SdqnOptionTable TABLE = {
    .command = "evaluate",
    .usage = "(RUN_DIR | --weights FILE) [--task all|NAME] [--episodes N] [--seed S] [--json]",
    .help = "Run greedy episodes and print mean, standard deviation, success, share at rest, share of time-outs and steps.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .max_arguments = 1,
};

static bool show_progress(void *context, int done, int total) {
    sdqn_progress_count(context, "episode", done, total);
    return true;
}

static SdqnStatus print_json(const SdqnEvaluation *evaluation, SdqnError *error) {
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    const char *text = NULL;
    if (writer != NULL) {
        sdqn_json_begin_object(writer, NULL);
        sdqn_evaluation_json_add(writer, evaluation);
        sdqn_json_end_object(writer);
        text = sdqn_json_writer_text(writer, NULL);
    }
    SdqnStatus status = text != NULL ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "evaluate: out of memory for the JSON text");
    if (status == SDQN_OK) fputs(text, stdout);
    sdqn_json_writer_destroy(writer);
    return status;
}

static SdqnStatus evaluate(const Arguments *arguments, const SdqnTaskSet *set, SdqnWeightsPolicy *policy, SdqnCpuLevel level,
                           SdqnError *error) {
    SdqnProgress progress;
    SdqnEvaluation evaluation = {0};
    const SdqnEvaluationDef def = {
        .set = set,
        .policy = sdqn_weights_policy_as_policy(policy),
        .episodes = arguments->episodes,
        .seed = arguments->seed,
        .level = level,
        .progress = show_progress,
        .progress_context = &progress,
    };
    sdqn_progress_begin(&progress, stderr, 0, 0);
    SdqnStatus status = sdqn_evaluate(&def, &evaluation, error);
    sdqn_progress_end(&progress);
    if (status != SDQN_OK) return status;
    if (arguments->json)
        status = print_json(&evaluation, error);
    else
        sdqn_table_write(stdout, &evaluation, false);
    sdqn_evaluation_clear(&evaluation);
    return status;
}

SdqnStatus sdqn_command_evaluate(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {.task = "all", .isa = "auto", .episodes = 100, .seed = 1000000};
    SdqnOperands operands;
    SdqnSubject subject;
    SdqnCpuLevel level;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = sdqn_cpu_level_parse(arguments.isa, &level, error);
    if (status == SDQN_OK) {
        const char *folder = operands.count == 1 ? operands.values[0] : NULL;
        status = sdqn_subject_find(folder, arguments.weights, arguments.config, &subject, error);
    }
    if (status != SDQN_OK) return status;
    const SdqnKernels *kernels = sdqn_kernels(level);
    if (kernels == NULL) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--isa %s: this program was built without it", arguments.isa);

    SdqnWeightsPolicy *policy = NULL;
    SdqnTaskSet set;
    status = sdqn_weights_policy_create(subject.weights, &sdqn_lander_family, kernels, &policy, error);
    if (status == SDQN_OK) status = sdqn_subject_choose_tasks(&subject, arguments.task, policy, &set, error);
    if (status == SDQN_OK) status = evaluate(&arguments, &set, policy, level, error);
    sdqn_weights_policy_destroy(policy);
    return status;
}
