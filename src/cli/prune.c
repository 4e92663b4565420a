// prune.c: `sharedqn prune`: what the residuals of a trained VarShare network are worth, threshold by threshold.

#include "cli/command.h"
#include "cli/options.h"
#include "cli/print_json.h"
#include "cli/subject.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "lander/lander.h"
#include "nn/kernels.h"
#include "nn/network.h"
#include "nn/network_file.h"
#include "nn/safetensors.h"
#include "run/evaluator.h"
#include "run/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THRESHOLDS 32

typedef struct Arguments {
    const char *weights, *config, *isa, *thresholds, *threshold, *out;
    int episodes;
    uint64_t seed;
    bool json;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"weights", SDQN_OPTION_TEXT, offsetof(Arguments, weights), .value = "FILE", .help = "prune a safetensors file instead of a run"},
    {"config", SDQN_OPTION_TEXT, offsetof(Arguments, config), .value = "FILE",
     .help = "with --weights: the tasks it was trained on, in order (default standard, windy, heavy)"},
    {"thresholds", SDQN_OPTION_TEXT, offsetof(Arguments, thresholds), .value = "LIST",
     .help = "sizes below which a residual is set to 0, with commas between them (default 0,1e-4,1e-3,3e-3,1e-2,3e-2,1e-1,inf)"},
    {"threshold", SDQN_OPTION_TEXT, offsetof(Arguments, threshold), .value = "X", .help = "the one that --out is for (default 1e-2)"},
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "FILE", .help = "write the weights pruned at --threshold, as safetensors"},
    {"episodes", SDQN_OPTION_INT, offsetof(Arguments, episodes), .value = "N", .low = 1, .high = 1000000,
     .help = "greedy episodes a task and threshold (default 100)"},
    {"seed", SDQN_OPTION_SEED, offsetof(Arguments, seed), .value = "S", .help = "episode i begins with reset(seed=S+i) (default 1000000)"},
    {"isa", SDQN_OPTION_TEXT, offsetof(Arguments, isa), .value = "L",
     .help = "kernel level: auto, scalar, avx2, avx512, neon (default auto)"},
    {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document"},
};
static const SdqnOptionTable TABLE = {
    .command = "prune",
    .usage = "(RUN_DIR | --weights FILE) [--thresholds LIST] [--out FILE [--threshold X]] [--episodes N] [--json]",
    .help =
        "Set the small residuals of a VarShare network to 0: for each threshold the share that is kept and the returns without the rest.\n"
        "At 0 the network is whole, at inf all tasks have the shared weights alone.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .max_arguments = 1,
};

/// A number >= 0 or inf. @return whether `text` is one
static bool read_threshold(const char *text, double *threshold) {
    if (strcmp(text, "inf") == 0) {
        *threshold = (double)INFINITY;
        return true;
    }
    return sdqn_text_to_double(text, threshold) && *threshold >= 0.0;
}

static SdqnStatus check_threshold(const char *option, const char *text, double *threshold, SdqnError *error) {
    if (read_threshold(text, threshold)) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s %.80s: must be a number >= 0, or inf", option, text);
}

/// @param thresholds [MAX_THRESHOLDS] @param count  receives how many
static SdqnStatus read_thresholds(const char *list, double *thresholds, int *count, SdqnError *error) {
    *count = 0;
    for (const char *rest = list;; rest++) {
        char item[64];
        const size_t length = strcspn(rest, ",");
        if (length >= sizeof item) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--thresholds %.63s...: is too long for a number", rest);
        snprintf(item, sizeof item, "%.*s", (int)length, rest);
        if (*count == MAX_THRESHOLDS) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--thresholds: more than %d", MAX_THRESHOLDS);
        const SdqnStatus status = check_threshold("--thresholds", item, &thresholds[(*count)++], error);
        if (status != SDQN_OK) return status;
        rest += length;
        if (*rest == '\0') return SDQN_OK;
    }
}

/// What was found at one threshold.
typedef struct Row {
    double threshold, kept; ///< kept of all tasks
    double kept_of[SDQN_MAX_TASKS];
    SdqnEvaluation evaluation;
} Row;

static SdqnStatus evaluate(const Arguments *arguments, const SdqnSubject *subject, SdqnQNetwork *network, SdqnCpuLevel level,
                           SdqnTaskSet *set, SdqnEvaluation *evaluation, SdqnError *error) {
    SdqnQNetworkSet networks = {.count = 1, .networks = {network}};
    SdqnWeightsPolicy *policy = NULL;
    SdqnStatus status = sdqn_weights_policy_create_from(&networks, &policy, error);
    if (status == SDQN_OK) status = sdqn_subject_choose_tasks(subject, "all", policy, set, error);
    if (status == SDQN_OK) {
        const SdqnEvaluationDef def = {
            .set = set,
            .policy = sdqn_weights_policy_as_policy(policy),
            .episodes = arguments->episodes,
            .seed = arguments->seed,
            .level = level,
        };
        status = sdqn_evaluate(&def, evaluation, error);
    }
    sdqn_weights_policy_destroy(policy);
    return status;
}

static SdqnStatus find_row(const Arguments *arguments, const SdqnSubject *subject, const SdqnQNetwork *network, SdqnCpuLevel level,
                           SdqnTaskSet *set, Row *row, SdqnError *error) {
    SdqnQNetwork *pruned = NULL;
    const SdqnStatus status = sdqn_q_network_prune(network, row->threshold, &pruned, error);
    if (status != SDQN_OK) return status;
    // At threshold 0 every entry counts as kept, 0 too.
    row->kept = sdqn_q_network_kept_share(network, row->threshold, -1);
    for (int t = 0; t < sdqn_q_network_def(network)->num_tasks; t++) {
        row->kept_of[t] = sdqn_q_network_kept_share(network, row->threshold, t);
    }
    return evaluate(arguments, subject, pruned, level, set, &row->evaluation, error);
}

static SdqnStatus write_pruned(const char *path, const SdqnQNetwork *network, double threshold, SdqnError *error) {
    SdqnQNetwork *pruned = NULL;
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    uint8_t *bytes = NULL;
    size_t size = 0;
    SdqnStatus status = sdqn_q_network_prune(network, threshold, &pruned, error);
    if (status != SDQN_OK) return status;
    const int count = sdqn_q_network_tensors(pruned, tensors);
    status = sdqn_safetensors_encode(tensors, count, &bytes, &size, error);
    const SdqnPiece piece = {bytes, size};
    if (status == SDQN_OK) status = sdqn_file_write(path, &piece, 1, error);
    free(bytes);
    sdqn_q_network_destroy(pruned);
    return status;
}

// ---- output ---------------------------------------------------------------------------------------------------------------------

static void print_table(const Row *rows, int count) {
    const SdqnEvaluation *first = &rows[0].evaluation;
    printf("%9s", "threshold");
    for (int t = 0; t < first->num_tasks; t++) printf("  %*s", 17, first->tasks[t].name);
    printf("  %17s\n%9s", "all tasks", "");
    for (int t = 0; t <= first->num_tasks; t++) printf("  %8s %8s", "kept", t < first->num_tasks ? "return" : "mean");
    putchar('\n');
    for (int i = 0; i < count; i++) {
        printf("%9g", rows[i].threshold);
        for (int t = 0; t < first->num_tasks; t++) printf("  %7.2f%% %8.2f", 100 * rows[i].kept_of[t], rows[i].evaluation.tasks[t].mean);
        printf("  %7.2f%% %8.2f\n", 100 * rows[i].kept, rows[i].evaluation.mean);
    }
    printf("kept: residuals of at least the threshold; return: mean of %d greedy episodes, seeds from %llu\n", first->num_episodes,
           (unsigned long long)first->seed);
}

static SdqnStatus print_json(const Row *rows, int count, SdqnError *error) {
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    if (writer == NULL) return sdqn_print_json(NULL, "prune", error);
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_begin_array(writer, "thresholds");
    for (int i = 0; i < count; i++) {
        sdqn_json_begin_object(writer, NULL);
        if (isfinite(rows[i].threshold)) {
            sdqn_json_add_double(writer, "threshold", rows[i].threshold);
        } else {
            sdqn_json_add_string(writer, "threshold", "inf");
        }
        sdqn_json_add_double(writer, "kept", rows[i].kept);
        sdqn_json_add_double(writer, "mean", rows[i].evaluation.mean);
        sdqn_json_begin_object(writer, "tasks");
        for (int t = 0; t < rows[i].evaluation.num_tasks; t++) {
            sdqn_json_begin_object(writer, rows[i].evaluation.tasks[t].name);
            sdqn_json_add_double(writer, "kept", rows[i].kept_of[t]);
            sdqn_json_add_double(writer, "mean", rows[i].evaluation.tasks[t].mean);
            sdqn_json_end_object(writer);
        }
        sdqn_json_end_object(writer);
        sdqn_json_end_object(writer);
    }
    sdqn_json_end_array(writer);
    sdqn_json_add_u64(writer, "episodes", (uint64_t)rows[0].evaluation.num_episodes);
    sdqn_json_add_u64(writer, "seed", rows[0].evaluation.seed);
    sdqn_json_end_object(writer);
    return sdqn_print_json(writer, "prune", error);
}

static SdqnStatus sweep(const Arguments *arguments, const SdqnSubject *subject, const SdqnQNetwork *network, SdqnCpuLevel level,
                        const double *thresholds, int count, SdqnError *error) {
    static Row rows[MAX_THRESHOLDS];
    SdqnTaskSet set;
    SdqnProgress progress;
    SdqnStatus status = SDQN_OK;
    sdqn_progress_begin(&progress, stderr, 0, 0);
    for (int i = 0; i < count && status == SDQN_OK; i++) {
        rows[i] = (Row){.threshold = thresholds[i]};
        status = find_row(arguments, subject, network, level, &set, &rows[i], error);
        if (status == SDQN_OK) sdqn_progress_count(&progress, "threshold", i + 1, count);
    }
    sdqn_progress_end(&progress);
    if (status == SDQN_OK && arguments->json) {
        status = print_json(rows, count, error);
    } else if (status == SDQN_OK) {
        print_table(rows, count);
    }
    for (int i = 0; i < count; i++) sdqn_evaluation_clear(&rows[i].evaluation);
    return status;
}

SdqnStatus sdqn_command_prune(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {
        .isa = "auto", .thresholds = "0,1e-4,1e-3,3e-3,1e-2,3e-2,1e-1,inf", .threshold = "1e-2", .episodes = 100, .seed = 1000000};
    SdqnOperands operands;
    static SdqnSubject subject;
    SdqnCpuLevel level;
    double thresholds[MAX_THRESHOLDS], threshold = 0.0;
    int count = 0;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = sdqn_cpu_level_parse(arguments.isa, &level, error);
    if (status == SDQN_OK) status = read_thresholds(arguments.thresholds, thresholds, &count, error);
    if (status == SDQN_OK) status = check_threshold("--threshold", arguments.threshold, &threshold, error);
    if (status == SDQN_OK && arguments.out != NULL && sdqn_file_exists(arguments.out))
        status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--out %.800s: is there already", arguments.out);
    if (status == SDQN_OK) {
        const char *folder = operands.count == 1 ? operands.values[0] : NULL;
        status = sdqn_subject_find(folder, arguments.weights, arguments.config, &subject, error);
    }
    if (status != SDQN_OK) return status;
    const SdqnKernels *kernels = sdqn_kernels(level);
    if (kernels == NULL) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--isa %s: this program was built without it", arguments.isa);

    SdqnQNetworkSet set = {0};
    status =
        sdqn_q_network_set_read(subject.weights, sdqn_lander_family.observation_size, sdqn_lander_family.num_actions, kernels, &set, error);
    if (status == SDQN_OK && sdqn_q_network_def(set.networks[0])->residuals == SDQN_RESIDUALS_NONE)
        status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: has no residuals to prune: only networks of VarShare have", subject.weights);
    if (status == SDQN_OK && set.tasks[0][0] != '\0')
        status =
            sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: has a network for each task; residuals belong to one for all", subject.weights);
    if (status == SDQN_OK) status = sweep(&arguments, &subject, set.networks[0], level, thresholds, count, error);
    if (status == SDQN_OK && arguments.out != NULL) {
        status = write_pruned(arguments.out, set.networks[0], threshold, error);
        if (status == SDQN_OK) fprintf(stderr, "pruned at %g: %s\n", threshold, arguments.out);
    }
    sdqn_q_network_set_clear(&set);
    return status;
}
