// command.h: the subcommands of the program. A new one is a file src/cli/NAME.c with one function, declared here, and one row in command.c.
#ifndef SDQN_CLI_COMMAND_H
#define SDQN_CLI_COMMAND_H

#include "core/error.h"

/// One subcommand.
typedef struct SdqnCommand {
    const char *name;
    /// Do the work: read the options (cli/options.h), results on stdout, talk on stderr. `main` reports the error and checks that stdout
    /// could be written.
    /// @param argv  [argc] argv[0] is the subcommand's name
    /// @return SDQN_OK: exit code 0; SDQN_ERR_ARGUMENT: 2; any other: 1
    SdqnStatus (*run)(int argc, char **argv, SdqnError *error);
    const char *help; ///< one line
} SdqnCommand;

SdqnStatus sdqn_command_train(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_watch(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_evaluate(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_export(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_import(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_analyze(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_play(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_prune(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_study(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_compare(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_stats(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_verify(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_trace(int argc, char **argv, SdqnError *error);
SdqnStatus sdqn_command_bench(int argc, char **argv, SdqnError *error);

/// All subcommands, in the order of --help. @param count  receives how many
const SdqnCommand *sdqn_commands(int *count);

#endif
