// command.c: the table of subcommands.
#include "cli/command.h"

#include <stddef.h>

static const SdqnCommand COMMANDS[] = {
    {NULL, NULL, NULL}, // the end
};

const SdqnCommand *sdqn_commands(int *count) {
    *count = (int)(sizeof COMMANDS / sizeof *COMMANDS) - 1;
    return COMMANDS;
}
