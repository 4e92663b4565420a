// export.c: `sharedqn export`: networks of a run or of a weights file in the forms that other programs read.

#include "cli/command.h"
#include "cli/options.h"
#include "cli/subject.h"
#include "core/file.h"
#include "exchange/c_source.h"
#include "exchange/onnx.h"
#include "exchange/portable.h"
#include "lander/lander.h"
#include "nn/kernels.h"
#include "nn/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum Format {
    FORMAT_SAFETENSORS = 0,
    FORMAT_ONNX,
    FORMAT_C,
} Format;

static const char *const FORMATS[] = {"safetensors", "onnx", "c", NULL};

typedef struct Arguments {
    const char *weights, *config, *task, *out, *name;
    int format;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"format", SDQN_OPTION_CHOICE, offsetof(Arguments, format), .value = "F", .choices = FORMATS,
     .help = "weights for PyTorch (default), a model for ONNX runtimes, or a C file with weights and an act function"},
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "FILE",
     .help = "what to write (default: the run's name with .safetensors, .onnx or .c behind it, here)"},
    {"task", SDQN_OPTION_TEXT, offsetof(Arguments, task), .value = "NAME", .help = "one task alone, or all of the run (default all)"},
    {"weights", SDQN_OPTION_TEXT, offsetof(Arguments, weights), .value = "FILE", .help = "export a safetensors file instead of a run"},
    {"config", SDQN_OPTION_TEXT, offsetof(Arguments, config), .value = "FILE",
     .help = "with --weights: the tasks it was trained on, in order (default standard, windy, heavy)"},
    {"name", SDQN_OPTION_TEXT, offsetof(Arguments, name), .value = "NAME",
     .help = "of the C functions NAME_act and NAME_q (default sharedqn)"},
};
static const SdqnOptionTable TABLE = {
    .command = "export",
    .usage = "(RUN_DIR | --weights FILE) [--format safetensors|onnx|c] [--out FILE] [--task NAME]",
    .help = "Write the final networks of a run for other programs. docs/weights.md shows how each file is used.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .max_arguments = 1,
};

/// The policy that is exported, and where it comes from.
typedef struct Source {
    SdqnSubject subject;
    SdqnWeightsPolicy *policy;
    SdqnTaskSet set; ///< points into subject
    const SdqnQNetwork *networks[SDQN_TASK_SET_MAX];
    SdqnPortable portable;
} Source;

static SdqnStatus read_source(const Arguments *arguments, const char *folder, Source *source, SdqnError *error) {
    const SdqnKernels *kernels = sdqn_kernels(SDQN_CPU_SCALAR);
    SdqnStatus status = sdqn_subject_find(folder, arguments->weights, arguments->config, &source->subject, error);
    if (status == SDQN_OK)
        status = sdqn_weights_policy_create(source->subject.weights, &sdqn_lander_family, kernels, &source->policy, error);
    if (status == SDQN_OK) status = sdqn_subject_choose_tasks(&source->subject, arguments->task, source->policy, &source->set, error);
    if (status != SDQN_OK) return status;
    const char *tasks[SDQN_TASK_SET_MAX];
    int32_t rows[SDQN_TASK_SET_MAX];
    for (int t = 0; t < source->set.count; t++) {
        tasks[t] = source->set.tasks[t].name;
        source->networks[t] = sdqn_weights_policy_network(source->policy, t, &rows[t]);
    }
    sdqn_portable_make(tasks, source->networks, rows, source->set.count, &source->portable);
    return SDQN_OK;
}

/// Tensors of the networks as they are, each behind its task's name if every task has one.
/// @param tensors [num_networks * SDQN_Q_NETWORK_MAX_TENSORS]
static SdqnStatus list_tensors(const Source *source, SdqnTensor *tensors, int *count, SdqnError *error) {
    const bool named = sdqn_weights_policy_is_named(source->policy);
    if (!named) {
        *count = sdqn_q_network_tensors(source->networks[0], tensors);
        return SDQN_OK;
    }
    for (int t = 0; t < source->set.count; t++) {
        const int own = sdqn_q_network_tensors(source->networks[t], tensors + *count);
        for (int i = *count; i < *count + own; i++) {
            char name[2 * SDQN_TENSOR_NAME_SIZE];
            const int length = snprintf(name, sizeof name, "%s.%s", source->set.tasks[t].name, tensors[i].name);
            if (length >= SDQN_TENSOR_NAME_SIZE)
                return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "tensor %s: a name must have at most %d letters", name,
                                      SDQN_TENSOR_NAME_SIZE - 1);
            memcpy(tensors[i].name, name, (size_t)length + 1);
        }
        *count += own;
    }
    return SDQN_OK;
}

static SdqnStatus encode_safetensors(const Source *source, bool one_task, uint8_t **bytes, size_t *size, SdqnError *error) {
    const size_t room = (size_t)source->set.count * SDQN_Q_NETWORK_MAX_TENSORS;
    SdqnTensor *tensors = calloc(room, sizeof *tensors);
    if (tensors == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "export: out of memory for %zu tensors", room);
    int count = 0;
    SdqnStatus status =
        one_task ? sdqn_portable_tensors(&source->portable, tensors, &count, error) : list_tensors(source, tensors, &count, error);
    if (status == SDQN_OK) status = sdqn_safetensors_encode(tensors, count, bytes, size, error);
    free(tensors);
    return status;
}

static SdqnStatus encode(const Arguments *arguments, const char *label, const Source *source, uint8_t **bytes, size_t *size,
                         SdqnError *error) {
    char *text;
    SdqnStatus status;
    switch ((Format)arguments->format) {
    case FORMAT_ONNX:
        return sdqn_onnx_write(&source->portable, bytes, size, error);
    case FORMAT_C:
        status = sdqn_c_source_write(&source->portable, arguments->name, label, &text, size, error);
        if (status == SDQN_OK) *bytes = (uint8_t *)text;
        return status;
    default:
        return encode_safetensors(source, strcmp(arguments->task, "all") != 0, bytes, size, error);
    }
}

/// The last part of a path, without slashes at its end and without ".safetensors".
static void base_name(const char *path, char *name, size_t size) {
    static const char ending[] = ".safetensors";
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    size_t first = length;
    while (first > 0 && path[first - 1] != '/') first--;
    if (length - first > strlen(ending) && strncmp(path + length - strlen(ending), ending, strlen(ending)) == 0) length -= strlen(ending);
    snprintf(name, size, "%.*s", (int)(length - first), path + first);
}

/// What the source is called: the last part of its path, and where that is a place's own `.` or `..`, of the place's.
static void choose_label(const char *path, char label[SDQN_PATH_SIZE]) {
    base_name(path, label, SDQN_PATH_SIZE);
    if (strcmp(label, ".") != 0 && strcmp(label, "..") != 0) return;
    char *place = realpath(path, NULL);
    if (place != NULL) base_name(place, label, SDQN_PATH_SIZE);
    free(place);
}

/// The file to write, which must not be there yet.
static SdqnStatus choose_out(const Arguments *arguments, const char *label, char out[SDQN_PATH_SIZE], SdqnError *error) {
    const int length = arguments->out != NULL ? snprintf(out, SDQN_PATH_SIZE, "%s", arguments->out)
                                              : snprintf(out, SDQN_PATH_SIZE, "%s.%s", label, FORMATS[arguments->format]);
    if (length <= 0 || length >= SDQN_PATH_SIZE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--out: the path must have 1 to %d bytes", SDQN_PATH_SIZE - 1);
    if (sdqn_file_exists(out))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.800s: is there already: remove it, or choose another --out", out);
    return SDQN_OK;
}

static void print_written(const Arguments *arguments, const Source *source, const char *out, size_t size) {
    const bool asks = arguments->format != FORMAT_SAFETENSORS && sdqn_portable_needs_task(&source->portable);
    printf("%s: %zu bytes", out, size);
    for (int t = 0; t < source->set.count; t++) {
        printf("%s", t == 0 ? asks ? "; task " : "; for " : ", ");
        if (asks) printf("%d ", t);
        printf("%s", source->set.tasks[t].name);
    }
    putchar('\n');
}

SdqnStatus sdqn_command_export(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {.task = "all", .name = "sharedqn"};
    SdqnOperands operands;
    static Source source;
    char label[SDQN_PATH_SIZE], out[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = sdqn_c_source_check_name(arguments.name, error);
    if (status != SDQN_OK) return status;
    const char *folder = operands.count == 1 ? operands.values[0] : NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    status = read_source(&arguments, folder, &source, error);
    if (status == SDQN_OK) {
        choose_label(folder != NULL ? folder : arguments.weights, label);
        status = choose_out(&arguments, label, out, error);
    }
    if (status == SDQN_OK) status = encode(&arguments, label, &source, &bytes, &size, error);
    if (status == SDQN_OK) status = sdqn_file_write(out, &(SdqnPiece){bytes, size}, 1, error);
    if (status == SDQN_OK) print_written(&arguments, &source, out, size);
    free(bytes);
    sdqn_weights_policy_destroy(source.policy);
    return status;
}
