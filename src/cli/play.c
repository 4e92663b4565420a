// play.c: `sharedqn play`: a person flies, with the arrow keys.

#include "cli/command.h"
#include "cli/options.h"
#include "cli/show.h"
#include "lander/lander.h"

#include <stdio.h>

typedef struct Arguments {
    const char *task, *config;
    uint64_t seed;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"task", SDQN_OPTION_TEXT, offsetof(Arguments, task), .value = "NAME", .help = "the first task (default standard); the key t goes on"},
    {"config", SDQN_OPTION_TEXT, offsetof(Arguments, config), .value = "FILE", .help = "a configuration with tasks of your own"},
    {"seed", SDQN_OPTION_SEED, offsetof(Arguments, seed), .value = "S", .help = "episode i begins with reset(seed=S+i) (default 0)"},
};
static const SdqnOptionTable TABLE = {
    .command = "play",
    .usage = "[--task NAME] [--config FILE] [--seed S]",
    .help = "Fly the lander yourself, in a window: the arrow keys fire the engines, h shows all keys. Prints each episode's return.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
};

static void add_task(const SdqnTask *task, SdqnTaskSet *set) {
    for (int i = 0; i < set->count; i++)
        if (set->tasks[i].data == task) return;
    if (set->count < SDQN_TASK_SET_MAX) set->tasks[set->count++] = sdqn_task_entry_lander(task);
}

/// The task named, then all others there are.
static SdqnStatus choose_tasks(const SdqnConfig *config, const char *name, SdqnTaskSet *set, SdqnError *error) {
    const SdqnTask *first = sdqn_config_find_task(config, name);
    *set = (SdqnTaskSet){.family = &sdqn_lander_family};
    if (first != NULL) add_task(first, set);
    for (int i = 0; i < config->num_task_definitions; i++) add_task(&config->task_definitions[i], set);
    for (int i = 0; i < SDQN_NUM_BUILTIN_TASKS; i++) add_task(sdqn_task_builtin(i), set);
    if (first != NULL) return SDQN_OK;
    char known[512];
    size_t length = 0;
    for (int i = 0; i < set->count && length < sizeof known; i++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i == 0 ? "" : ", ", set->tasks[i].name);
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--task %s: no such task; there are %s (a task of your own: --config FILE)", name,
                          known);
}

SdqnStatus sdqn_command_play(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {.task = "standard"};
    SdqnOperands operands;
    SdqnConfig config;
    SdqnTaskSet set;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    sdqn_config_default(&config);
    if (arguments.config != NULL) status = sdqn_config_read(arguments.config, &config, error);
    if (status == SDQN_OK) status = choose_tasks(&config, arguments.task, &set, error);
    return status == SDQN_OK ? sdqn_show_play(&set, arguments.seed, error) : status;
}
