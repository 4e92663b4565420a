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
    } else {
        const int length = snprintf(initial->path, sizeof initial->path, "%s", source);
        if (length <= 0 || length >= SDQN_PATH_SIZE)
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--init-from: the path must have 1 to %d bytes", SDQN_PATH_SIZE - 1);
    }
    return sdqn_initial_weights_read(initial, error);
}

/// The settings of a run that is to begin.
static SdqnStatus read_new_settings(const SdqnTrainArguments *arguments, SdqnConfigBuilder *builder, SdqnInitialWeights *initial,
                                    SdqnConfig *config, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    if (arguments->add_task != NULL && arguments->init_from == NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--add-task %.80s: needs --init-from", arguments->add_task);
    if (arguments->init_from != NULL) status = take_init_from(arguments->init_from, builder, initial, error);
    if (status == SDQN_OK && arguments->config != NULL) status = sdqn_config_builder_read(builder, arguments->config, error);
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
            // A run that was begun has its weights and tasks: --init-from and --add-task have done their work.
            status = sdqn_config_builder_read(builder, recorded, error);
            if (status == SDQN_OK && arguments->config != NULL) status = sdqn_config_builder_read(builder, arguments->config, error);
            if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, config, error);
        } else {
            status = read_new_settings(arguments, builder, initial, config, error);
        }
    }
    sdqn_config_builder_destroy(builder);
    return status;
}
