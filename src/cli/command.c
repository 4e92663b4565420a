// command.c: the table of subcommands.
#include "cli/command.h"

#include <stddef.h>

static const SdqnCommand COMMANDS[] = {
    {"train", sdqn_command_train, "train a method on tasks, in a folder that holds all about the run"},
    {"evaluate", sdqn_command_evaluate, "run greedy episodes of a run's final weights or of a weights file"},
    {NULL, NULL, NULL}, // the end
};

const SdqnCommand *sdqn_commands(int *count) {
    *count = (int)(sizeof COMMANDS / sizeof *COMMANDS) - 1;
    return COMMANDS;
}
