// evaluate.c: `sharedqn evaluate`: greedy episodes of a run's final weights or of a weights file, to be seen if wanted.

#include "cli/command.h"
#include "cli/options.h"
#include "cli/print_json.h"
#include "cli/show.h"
#include "cli/subject.h"
#include "core/json.h"
#include "lander/lander.h"
#include "nn/kernels.h"
#include "run/evaluation_json.h"
#include "run/progress.h"
#include "run/table.h"
#include "view/film.h"

#include <stdio.h>

typedef struct Arguments {
    const char *weights, *config, *task, *isa, *record;
    int episodes; ///< 0: not given
    uint64_t seed;
    bool json, render, no_overlay, force;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"weights", SDQN_OPTION_TEXT, offsetof(Arguments, weights), .value = "FILE", .help = "evaluate a safetensors file instead of a run"},
    {"config", SDQN_OPTION_TEXT, offsetof(Arguments, config), .value = "FILE",
     .help = "with --weights: the tasks it was trained on, in order (default standard, windy, heavy)"},
    {"task", SDQN_OPTION_TEXT, offsetof(Arguments, task), .value = "NAME", .help = "one task, or all of the run (default all)"},
    {"episodes", SDQN_OPTION_INT, offsetof(Arguments, episodes), .value = "N", .low = 1, .high = 1000000,
     .help = "episodes a task (default 100; 1 with --record)"},
    {"seed", SDQN_OPTION_SEED, offsetof(Arguments, seed), .value = "S", .help = "episode i begins with reset(seed=S+i) (default 1000000)"},
    {"isa", SDQN_OPTION_TEXT, offsetof(Arguments, isa), .value = "L",
     .help = "kernel level: auto, scalar, avx2, avx512, neon (default auto)"},
    {"render", SDQN_OPTION_FLAG, offsetof(Arguments, render), .help = "show the episodes in a window; h shows its keys"},
    {"record", SDQN_OPTION_TEXT, offsetof(Arguments, record), .value = "FILE",
     .help = "record them: FILE.mp4 or .gif (by ffmpeg), or .png, the last picture of each episode"},
    {"no-overlay", SDQN_OPTION_FLAG, offsetof(Arguments, no_overlay), .help = "record the scene alone"},
    {"force", SDQN_OPTION_FLAG, offsetof(Arguments, force), .help = "record into FILE though it is there"},
    {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document with every episode"},
};
static const SdqnOptionTable TABLE = {
    .command = "evaluate",
    .usage = "(RUN_DIR | --weights FILE) [--task all|NAME] [--episodes N] [--seed S] [--render | --record FILE] [--json]",
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
    if (writer != NULL) {
        sdqn_json_begin_object(writer, NULL);
        sdqn_evaluation_json_add(writer, evaluation);
        sdqn_json_end_object(writer);
    }
    return sdqn_print_json(writer, "evaluate", error);
}

/// @param context  the arguments
static SdqnStatus print(void *context, const SdqnEvaluation *evaluation, SdqnError *error) {
    const Arguments *arguments = context;
    if (arguments->json) return print_json(evaluation, error);
    sdqn_table_write(stdout, evaluation, false);
    return SDQN_OK;
}

static SdqnStatus evaluate(Arguments *arguments, const SdqnTaskSet *set, SdqnWeightsPolicy *policy, SdqnCpuLevel level, SdqnError *error) {
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
    status = print(arguments, &evaluation, error);
    sdqn_evaluation_clear(&evaluation);
    return status;
}

static SdqnStatus show(Arguments *arguments, const SdqnTaskSet *set, SdqnWeightsPolicy *policy, SdqnError *error) {
    const SdqnShowDef def = {
        .set = set,
        .policy = policy,
        .episodes = arguments->episodes,
        .seed = arguments->seed,
        .record = arguments->record,
        .overlay = !arguments->no_overlay,
        .replace = arguments->force,
    };
    return sdqn_show(&def, print, arguments, error);
}

/// What goes together, and how many episodes that makes.
static SdqnStatus settle(Arguments *arguments, SdqnError *error) {
    SdqnFilmKind kind;
    if (arguments->render && arguments->record != NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--render and --record: give one of the two");
    if (arguments->record == NULL && (arguments->no_overlay || arguments->force))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--%s: only goes with --record", arguments->force ? "force" : "no-overlay");
    if (arguments->episodes == 0) arguments->episodes = arguments->record != NULL ? 1 : 100;
    return arguments->record != NULL ? sdqn_film_kind(arguments->record, &kind, error) : SDQN_OK;
}

SdqnStatus sdqn_command_evaluate(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {.task = "all", .isa = "auto", .seed = 1000000};
    SdqnOperands operands;
    SdqnSubject subject;
    SdqnCpuLevel level;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = settle(&arguments, error);
    if (status == SDQN_OK) status = sdqn_cpu_level_parse(arguments.isa, &level, error);
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
    const bool seen = arguments.render || arguments.record != NULL;
    if (status == SDQN_OK) status = seen ? show(&arguments, &set, policy, error) : evaluate(&arguments, &set, policy, level, error);
    sdqn_weights_policy_destroy(policy);
    return status;
}
