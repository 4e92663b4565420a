// evaluate.c: `sharedqn evaluate`: greedy episodes of a run's final weights or of a weights file.

#include "cli/command.h"
#include "cli/options.h"
#include "core/file.h"
#include "core/json.h"
#include "lander/lander.h"
#include "nn/kernels.h"
#include "run/config.h"
#include "run/evaluation_json.h"
#include "run/progress.h"
#include "run/run_folder.h"
#include "run/table.h"
#include "run/task_set.h"
#include "run/weights_policy.h"

#include <stdio.h>
#include <string.h>

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

/// What to evaluate: the weights, and the tasks they were trained on.
typedef struct Subject {
    char weights[SDQN_PATH_SIZE];
    SdqnConfig config;
} Subject;

static SdqnStatus subject_of_run(const char *folder, Subject *subject, SdqnError *error) {
    char config[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_file_join(folder, SDQN_RUN_CONFIG, config, error);
    if (status == SDQN_OK) status = sdqn_file_join(folder, SDQN_RUN_FINAL, subject->weights, error);
    if (status != SDQN_OK) return status;
    if (!sdqn_file_exists(config))
        return sdqn_error_set(error, SDQN_ERR_IO, "%s: is no run: it holds no " SDQN_RUN_CONFIG " (for a weights file: --weights FILE)",
                              folder);
    if (!sdqn_file_exists(subject->weights))
        return sdqn_error_set(error, SDQN_ERR_IO,
                              "%s: the run is not finished: it holds no " SDQN_RUN_FINAL " (weights so far: --weights FILE)", folder);
    return sdqn_config_read(config, &subject->config, error);
}

static SdqnStatus subject_of_weights(const Arguments *arguments, Subject *subject, SdqnError *error) {
    int length = snprintf(subject->weights, sizeof subject->weights, "%s", arguments->weights);
    if (length <= 0 || length >= SDQN_PATH_SIZE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--weights: the path must have 1 to %d bytes", SDQN_PATH_SIZE - 1);
    if (arguments->config != NULL) return sdqn_config_read(arguments->config, &subject->config, error);
    sdqn_config_default(&subject->config);
    return SDQN_OK;
}

static SdqnStatus find_subject(const Arguments *arguments, const SdqnOperands *operands, Subject *subject, SdqnError *error) {
    if ((operands->count == 1) == (arguments->weights != NULL))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "give either a run's folder or --weights FILE");
    if (operands->count == 1 && arguments->config != NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--config: only goes with --weights; a run knows its tasks");
    return operands->count == 1 ? subject_of_run(operands->values[0], subject, error) : subject_of_weights(arguments, subject, error);
}

/// Names of the tasks, with commas between them.
static void list_tasks(const SdqnConfig *config, char *text, size_t size) {
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < config->num_tasks && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i == 0 ? "" : ", ", config->tasks[i]);
}

/// Choose the tasks to evaluate and which of the network's tasks, or which network, each is.
static SdqnStatus choose_tasks(const Subject *subject, const char *name, SdqnWeightsPolicy *policy, SdqnTaskSet *set, SdqnError *error) {
    const SdqnConfig *config = &subject->config;
    int rows = sdqn_weights_policy_num_tasks(policy);
    char known[512];
    list_tasks(config, known, sizeof known);
    if (rows > 0 && rows != config->num_tasks)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: knows %d tasks, not the %d of the configuration (%s): name them with --config",
                              subject->weights, rows, config->num_tasks, known);
    sdqn_task_set_from_config(config, set);
    bool named = sdqn_weights_policy_is_named(policy);
    if (name == NULL || strcmp(name, "all") == 0) return named ? sdqn_weights_policy_choose(policy, set, error) : SDQN_OK;

    const SdqnTask *task = sdqn_config_find_task(config, name);
    if (task == NULL) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--task %s: no such task; the weights know %s", name, known);
    int32_t row = 0;
    while (row < config->num_tasks && strcmp(config->tasks[row], name) != 0) row++;
    // A blind network plays any task.
    if (row == config->num_tasks && rows != 0)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--task %s: the weights know only %s", name, known);
    set->count = 1;
    set->tasks[0] = sdqn_task_entry_lander(task);
    if (named) return sdqn_weights_policy_choose(policy, set, error);
    sdqn_weights_policy_set_rows(policy, &row, 1);
    return SDQN_OK;
}

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
    Subject subject;
    SdqnCpuLevel level;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = sdqn_cpu_level_parse(arguments.isa, &level, error);
    if (status == SDQN_OK) status = find_subject(&arguments, &operands, &subject, error);
    if (status != SDQN_OK) return status;
    const SdqnKernels *kernels = sdqn_kernels(level);
    if (kernels == NULL) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--isa %s: this program was built without it", arguments.isa);

    SdqnWeightsPolicy *policy = NULL;
    SdqnTaskSet set;
    status = sdqn_weights_policy_create(subject.weights, &sdqn_lander_family, kernels, &policy, error);
    if (status == SDQN_OK) status = choose_tasks(&subject, arguments.task, policy, &set, error);
    if (status == SDQN_OK) status = evaluate(&arguments, &set, policy, level, error);
    sdqn_weights_policy_destroy(policy);
    return status;
}
