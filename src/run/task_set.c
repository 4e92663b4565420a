#include "run/task_set.h"

#include "lander/lander.h"

_Static_assert(SDQN_CONFIG_MAX_TASKS <= SDQN_TASK_SET_MAX, "a set must hold every task of a configuration");

SdqnTaskEntry sdqn_task_entry_lander(const SdqnTask *task) {
    return (SdqnTaskEntry){.name = task->name, .data = task, .time_limit_steps = task->time_limit_steps};
}

void sdqn_task_set_from_config(const SdqnConfig *config, SdqnTaskSet *set) {
    *set = (SdqnTaskSet){.family = &sdqn_lander_family, .count = config->num_tasks};
    for (int i = 0; i < config->num_tasks; i++) set->tasks[i] = sdqn_task_entry_lander(sdqn_config_find_task(config, config->tasks[i]));
}
