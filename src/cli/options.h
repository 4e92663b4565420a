// options.h: one parser for the options of every subcommand, from tables.
//
//     typedef struct Arguments { const char *out; int episodes; bool json; } Arguments;
//     static const SdqnOption OPTIONS[] = {
//         {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "DIR", .help = "folder of the run"},
//         {"episodes", SDQN_OPTION_INT, offsetof(Arguments, episodes), .value = "N", .low = 1, .high = 1000, .help = "episodes a task"},
//         {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document"},
//     };
//     static const SdqnOptionTable TABLE = {"evaluate", "RUN_DIR [options]", "Evaluate a policy.", OPTIONS, 3, .max_arguments = 1};
//     Arguments arguments = {.episodes = 100};
//     SdqnOperands operands;
//     SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
//     if (status != SDQN_OK || operands.help_printed) return status;
#ifndef SDQN_CLI_OPTIONS_H
#define SDQN_CLI_OPTIONS_H

#include "core/error.h"
#include "run/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What an option takes, and the type of the field it fills.
typedef enum SdqnOptionKind {
    SDQN_OPTION_FLAG = 0, ///< nothing; bool, becomes true
    SDQN_OPTION_TEXT,     ///< any text; const char *, borrowed from argv
    SDQN_OPTION_INT,      ///< an integer in [low, high]; int
    SDQN_OPTION_SEED,     ///< an integer in [0, SDQN_MAX_SEED]; uint64_t
    SDQN_OPTION_CHOICE,   ///< one of `choices`; int, its index
} SdqnOptionKind;

/// One option `--name value` or `--name=value`. Given twice, the last counts.
typedef struct SdqnOption {
    const char *name; ///< without dashes
    SdqnOptionKind kind;
    size_t offset;              ///< of the field in the subcommand's struct of arguments
    const char *value;          ///< what --help calls the value; NULL for a flag
    const char *help;           ///< one line
    int low, high;              ///< of an INT
    const char *const *choices; ///< of a CHOICE, NULL behind the last
} SdqnOption;

/// All that one subcommand takes on its command line.
typedef struct SdqnOptionTable {
    const char *command; ///< its name
    const char *usage;   ///< the usage line behind the name
    const char *help;    ///< what it does: one or more lines
    const SdqnOption *options;
    int num_options;
    int min_arguments, max_arguments; ///< how many operands (what is no option) are allowed
} SdqnOptionTable;

/// What is left beside the options.
typedef struct SdqnOperands {
    bool help_printed; ///< --help was there and has been answered: the subcommand has nothing more to do
    int count;
    char **values; ///< [count], inside argv
} SdqnOperands;

/// Read a command line. `--help` and `-h` print the help of the subcommand; `--` ends the options.
/// @param argv       [argc] operands are moved to its front, behind argv[0]
/// @param arguments  the subcommand's struct, with its defaults
/// @param builder    NULL, or receives `--set key=value` and the options made from the configuration's keys (`--learning-rate 1e-3`);
///                   an option of the table hides the key of the same name
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT with the option, its value and what is allowed; `arguments` may be half filled
SdqnStatus sdqn_options_read(const SdqnOptionTable *table, int argc, char **argv, void *arguments, SdqnConfigBuilder *builder,
                             SdqnOperands *operands, SdqnError *error);

#endif
