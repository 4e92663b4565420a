// agent_load.c: agents from files. Apart from agent.c, so that a library without JSON and YAML has all the rest.
#include "api/agent.h"
#include "lander/lander.h"
#include "run/config.h"
#include "run/run_folder.h"

#include <stdlib.h>
#include <sys/stat.h>

static SdqnStatus load_weights(const char *path, const char *const *tasks, int num_tasks, SdqnAgent **agent, SdqnError *error) {
    SdqnQNetworkSet set;
    SdqnError why = {{0}};
    SdqnStatus status = sdqn_q_network_set_read(path, SDQN_LANDER_OBSERVATION_SIZE, SDQN_LANDER_NUM_ACTIONS,
                                                sdqn_kernels(sdqn_cpu_level_best()), &set, error);
    if (status != SDQN_OK) return status;
    status = sdqn_agent_create_from(&set, tasks, num_tasks, agent, &why);
    return status == SDQN_OK ? status : sdqn_error_set(error, status, "%.900s: %s", path, why.message);
}

static SdqnStatus load_run(const char *folder, SdqnAgent **agent, SdqnError *error) {
    char config_path[SDQN_PATH_SIZE], weights[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_file_join(folder, SDQN_RUN_CONFIG, config_path, error);
    if (status == SDQN_OK) status = sdqn_file_join(folder, SDQN_RUN_FINAL, weights, error);
    if (status != SDQN_OK) return status;
    if (!sdqn_file_exists(config_path)) return sdqn_error_set(error, SDQN_ERR_IO, "%s: is no run: it holds no " SDQN_RUN_CONFIG, folder);
    if (!sdqn_file_exists(weights))
        return sdqn_error_set(error, SDQN_ERR_IO, "%s: the run is not finished: it holds no " SDQN_RUN_FINAL, folder);
    SdqnConfig *config = calloc(1, sizeof *config);
    if (config == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", folder);
    status = sdqn_config_read(config_path, config, error);
    if (status == SDQN_OK) {
        const char *tasks[SDQN_CONFIG_MAX_TASKS];
        for (int i = 0; i < config->num_tasks; i++) tasks[i] = config->tasks[i];
        status = load_weights(weights, tasks, config->num_tasks, agent, error);
    }
    free(config);
    return status;
}

SdqnStatus sdqn_agent_load(const char *path, SdqnAgent **agent, SdqnError *error) {
    struct stat info;
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    const SdqnStatus status = is_folder ? load_run(path, agent, error) : load_weights(path, NULL, 0, agent, error);
    sdqn_cpu_mode_restore(mode);
    return status;
}
