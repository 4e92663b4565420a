#include "cli/train_settings.h"

#include "cli/subject.h"
#include "run/run_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const SdqnOption OPTIONS[] = {
    {"config", SDQN_OPTION_TEXT, offsetof(SdqnTrainArguments, config), .value = "FILE", .help = "read settings from a YAML file"},
    {"out", SDQN_OPTION_TEXT, offsetof(SdqnTrainArguments, out), .value = "DIR", .help = "folder of the run (default runs/METHOD-seedN)"},
    {"resume", SDQN_OPTION_FLAG, offsetof(SdqnTrainArguments, resume),
     .help = "go on with the run in the folder, with the settings it was begun with; a finished run shows its result again"},
    {"force", SDQN_OPTION_FLAG, offsetof(SdqnTrainArguments, force), .help = "clear the folder if it holds a run"},
    {"init-from", SDQN_OPTION_TEXT, offsetof(SdqnTrainArguments, init_from), .value = "RUN",
     .help = "begin with the final weights, and the settings, of a finished run; or with the weights of a safetensors file"},
    {"add-task", SDQN_OPTION_TEXT, offsetof(SdqnTrainArguments, add_task), .value = "NAME",
     .help = "with --init-from: a task, or several with commas between them, behind those of the run"},
    {"list-methods", SDQN_OPTION_FLAG, offsetof(SdqnTrainArguments, list_methods), .help = "list the methods and stop"},
};
static const SdqnOptionTable TABLE = {
    .command = "train",
    .usage = "[--method NAME] [--config FILE] [--set key=value]... [--init-from RUN [--add-task NAME]] [--out DIR] [--resume | --force]",
    .help = "Train on several tasks at once. Ctrl-C stops after the present episode, with all that --resume needs.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
};

void sdqn_initial_weights_clear(SdqnInitialWeights *initial) {
    free(initial->bytes);
    sdqn_safetensors_destroy(initial->tensors);
    *initial = (SdqnInitialWeights){0};
}

SdqnStatus sdqn_initial_weights_read(SdqnInitialWeights *initial, SdqnError *error) {
    SdqnStatus status = sdqn_file_read(initial->path, SDQN_SAFETENSORS_MAX_SIZE, &initial->bytes, &initial->size, error);
    if (status != SDQN_OK) return status;
    sdqn_sha256_hex(initial->bytes, initial->size, initial->sha256);
    return sdqn_safetensors_decode(initial->path, initial->bytes, initial->size, &initial->tensors, error);
}

/// Take what --init-from gives: of a run settings and weights, else weights alone.
static SdqnStatus take_init_from(const char *source, SdqnConfigBuilder *builder, SdqnInitialWeights *initial, SdqnError *error) {
    struct stat entry;
    if (stat(source, &entry) == 0 && S_ISDIR(entry.st_mode)) {
        static const char *const own[] = {"initial_weights", "new_tasks", "freeze"}; // how that run began is no setting of this one
        char path[SDQN_PATH_SIZE];
        SdqnSubject subject;
        SdqnStatus status = sdqn_subject_find(source, NULL, NULL, &subject, error);
        if (status == SDQN_OK) status = sdqn_file_join(source, SDQN_RUN_CONFIG, path, error);
        if (status == SDQN_OK) status = sdqn_config_builder_read(builder, path, error);
        if (status != SDQN_OK) return status;
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) sdqn_config_builder_forget(builder, own[i]);
        memcpy(initial->path, subject.weights, sizeof initial->path);
        memcpy(initial->method, subject.config.method, sizeof initial->method);
    } else {
        const int length = snprintf(initial->path, sizeof initial->path, "%s", source);
        if (length <= 0 || length >= SDQN_PATH_SIZE)
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--init-from: the path must have 1 to %d bytes", SDQN_PATH_SIZE - 1);
    }
    return sdqn_initial_weights_read(initial, error);
}

/// Settings that one method's run has recorded, all of them, would outrank another method's defaults: a network of shared, called brc.
static SdqnStatus check_method(const SdqnTrainArguments *arguments, const SdqnConfigBuilder *builder, const SdqnInitialWeights *initial,
                               SdqnError *error) {
    const char *method = sdqn_config_builder_method(builder);
    if (initial->method[0] == '\0' || strcmp(initial->method, method) == 0) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                          "--init-from %.200s: is a run of %s, whose settings make no run of %s; for its weights alone: --init-from %.400s",
                          arguments->init_from, initial->method, method, initial->path);
}

/// The settings of a run that is to begin.
static SdqnStatus read_new_settings(const SdqnTrainArguments *arguments, SdqnConfigBuilder *builder, SdqnInitialWeights *initial,
                                    SdqnConfig *config, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    if (arguments->add_task != NULL && arguments->init_from == NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--add-task %.80s: needs --init-from", arguments->add_task);
    if (arguments->init_from != NULL) status = take_init_from(arguments->init_from, builder, initial, error);
    if (status == SDQN_OK && arguments->config != NULL) status = sdqn_config_builder_read(builder, arguments->config, error);
    if (status == SDQN_OK) status = check_method(arguments, builder, initial, error);
    if (status == SDQN_OK && initial->tensors != NULL && !sdqn_config_builder_has(builder, "initial_weights"))
        status = sdqn_config_builder_option(builder, "initial_weights", initial->sha256, error);
    if (status == SDQN_OK && arguments->add_task != NULL) status = sdqn_config_builder_add_tasks(builder, arguments->add_task, error);
    if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, config, error);
    if (status != SDQN_OK || strcmp(config->initial_weights, initial->sha256) == 0) return status;
    return initial->tensors == NULL
               ? sdqn_error_set(error, SDQN_ERR_ARGUMENT, "initial_weights = %s: give that file with --init-from", config->initial_weights)
               : sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--init-from %s: has SHA-256 %s, initial_weights = %s", arguments->init_from,
                                initial->sha256, config->initial_weights);
}

/// SHA-256 of what --init-from names, if it is still there. @return whether it is
static bool find_sha256(const char *source, char sha256[SDQN_SHA256_HEX_SIZE]) {
    char path[SDQN_PATH_SIZE];
    struct stat entry;
    uint8_t *bytes;
    size_t size;
    if (stat(source, &entry) == 0 && S_ISDIR(entry.st_mode)) {
        if (sdqn_file_join(source, SDQN_RUN_FINAL, path, NULL) != SDQN_OK) return false;
        source = path;
    }
    if (sdqn_file_read(source, SDQN_SAFETENSORS_MAX_SIZE, &bytes, &size, NULL) != SDQN_OK) return false;
    sdqn_sha256_hex(bytes, size, sha256);
    free(bytes);
    return true;
}

/// Whether two lists of names are the same but for blanks.
static bool same_names(const char *a, const char *b) {
    for (;; a++, b++) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (*a != *b) return false;
        if (*a == '\0') return true;
    }
}

/// A run that was begun has its weights and tasks: --init-from and --add-task have done their work, and may be said again, but not
/// otherwise.
static SdqnStatus check_beginning(const SdqnTrainArguments *arguments, const SdqnConfig *config, SdqnError *error) {
    char sha256[SDQN_SHA256_HEX_SIZE], added[SDQN_CONFIG_MAX_TASKS * (SDQN_TASK_NAME_SIZE + 1)] = "";
    if (arguments->init_from != NULL && config->initial_weights[0] == '\0')
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                              "--init-from %.200s: the run began with no trained weights; --resume keeps its settings",
                              arguments->init_from);
    if (arguments->init_from != NULL && find_sha256(arguments->init_from, sha256) && strcmp(sha256, config->initial_weights) != 0)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                              "--init-from %.200s: has SHA-256 %s, the run began with %s; --resume keeps its settings",
                              arguments->init_from, sha256, config->initial_weights);
    if (arguments->add_task == NULL) return SDQN_OK;
    for (int i = config->num_tasks - config->new_tasks; i < config->num_tasks; i++) {
        const size_t length = strlen(added);
        snprintf(added + length, sizeof added - length, "%s%s", length > 0 ? "," : "", config->tasks[i]);
    }
    if (same_names(arguments->add_task, added)) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--add-task %.200s: the run was begun with %.300s; --resume keeps its settings",
                          arguments->add_task, added[0] != '\0' ? added : "no new task");
}

SdqnStatus sdqn_train_settings_read(int argc, char **argv, const char *recorded, SdqnTrainArguments *arguments, SdqnOperands *operands,
                                    SdqnConfig *config, SdqnInitialWeights *initial, SdqnError *error) {
    SdqnConfigBuilder *builder = sdqn_config_builder_create();
    if (builder == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "configuration: out of memory");
    *arguments = (SdqnTrainArguments){0};
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, arguments, builder, operands, error);
    if (status == SDQN_OK && !operands->help_printed) {
        char path[SDQN_PATH_SIZE];
        bool resumes = recorded == NULL && arguments->resume && arguments->out != NULL;
        if (resumes && sdqn_file_join(arguments->out, SDQN_RUN_CONFIG, path, NULL) == SDQN_OK && sdqn_file_exists(path)) recorded = path;
        if (recorded != NULL) {
            status = sdqn_config_builder_read(builder, recorded, error);
            if (status == SDQN_OK && arguments->config != NULL) status = sdqn_config_builder_read(builder, arguments->config, error);
            if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, config, error);
            if (status == SDQN_OK) status = check_beginning(arguments, config, error);
        } else {
            status = read_new_settings(arguments, builder, initial, config, error);
        }
    }
    sdqn_config_builder_destroy(builder);
    return status;
}
