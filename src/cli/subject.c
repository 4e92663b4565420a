#include "cli/subject.h"

#include "run/run_folder.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_file(const char *path) {
    struct stat entry;
    return stat(path, &entry) == 0 && S_ISREG(entry.st_mode);
}

static SdqnStatus subject_of_run(const char *folder, SdqnSubject *subject, SdqnError *error) {
    char config[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_file_join(folder, SDQN_RUN_CONFIG, config, error);
    if (status == SDQN_OK) status = sdqn_file_join(folder, SDQN_RUN_FINAL, subject->weights, error);
    if (status != SDQN_OK) return status;
    if (!sdqn_file_exists(config))
        return sdqn_error_set(error, SDQN_ERR_IO, "%s: is no run: it holds no " SDQN_RUN_CONFIG "%s", folder,
                              is_file(folder) ? " (for a weights file: --weights FILE)" : "");
    if (!sdqn_file_exists(subject->weights))
        return sdqn_error_set(error, SDQN_ERR_IO,
                              "%s: the run is not finished: it holds no " SDQN_RUN_FINAL " (of its weights so far: " SDQN_RUN_BEST ")",
                              folder);
    return sdqn_config_read(config, &subject->config, error);
}

static SdqnStatus subject_of_weights(const char *weights, const char *config, SdqnSubject *subject, SdqnError *error) {
    int length = snprintf(subject->weights, sizeof subject->weights, "%s", weights);
    if (length <= 0 || length >= SDQN_PATH_SIZE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--weights: the path must have 1 to %d bytes", SDQN_PATH_SIZE - 1);
    if (config != NULL) return sdqn_config_read(config, &subject->config, error);
    sdqn_config_default(&subject->config);
    return SDQN_OK;
}

SdqnStatus sdqn_subject_find(const char *folder, const char *weights, const char *config, SdqnSubject *subject, SdqnError *error) {
    if ((folder != NULL) == (weights != NULL))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "give either a run's folder or --weights FILE");
    if (folder != NULL && config != NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--config: only goes with --weights; a run knows its tasks");
    return folder != NULL ? subject_of_run(folder, subject, error) : subject_of_weights(weights, config, subject, error);
}

/// Names of the tasks, with commas between them.
static void list_tasks(const SdqnConfig *config, char *text, size_t size) {
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < config->num_tasks && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i == 0 ? "" : ", ", config->tasks[i]);
}

SdqnStatus sdqn_subject_choose_tasks(const SdqnSubject *subject, const char *name, SdqnWeightsPolicy *policy, SdqnTaskSet *set,
                                     SdqnError *error) {
    const SdqnConfig *config = &subject->config;
    int rows = sdqn_weights_policy_num_tasks(policy);
    char known[512];
    list_tasks(config, known, sizeof known);
    if (rows > 0 && rows != config->num_tasks)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: knows %d tasks, not the %d of the configuration (%s): name them with --config",
                              subject->weights, rows, config->num_tasks, known);
    sdqn_task_set_from_config(config, set);
    bool named = sdqn_weights_policy_is_named(policy);
    if (strcmp(name, "all") == 0) return named ? sdqn_weights_policy_choose(policy, set, error) : SDQN_OK;

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
