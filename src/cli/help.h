// help.h: what a subcommand takes, in the forms of a text, of its section of the manual page, and of its part of the completion of bash.
//
// `sharedqn COMMAND --help` prints the first; `sharedqn --help=mdoc` and `sharedqn --help=bash` make the manual page and the completion of
// all commands. All come from the same tables, so that none says what the program does not do.
#ifndef SDQN_CLI_HELP_H
#define SDQN_CLI_HELP_H

#include "cli/command.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stdio.h>

typedef enum SdqnHelpForm {
    SDQN_HELP_TEXT = 0,
    SDQN_HELP_MDOC, ///< the language of manual pages, mdoc(7)
    SDQN_HELP_BASH, ///< branches of a case on the word before the one that is completed
} SdqnHelpForm;

/// Read `--help`, `-h`, `--help=mdoc` or `--help=bash`. @return whether `word` is one of them (`form` untouched otherwise)
bool sdqn_help_parse(const char *word, SdqnHelpForm *form);

/// Print what a subcommand takes. @param with_settings  the configuration's keys are options too
void sdqn_help_print(FILE *out, const SdqnOptionTable *table, bool with_settings, SdqnHelpForm form);

/// Print the whole manual page, or the whole completion. @param form  not SDQN_HELP_TEXT
/// @return SDQN_OK, or what a subcommand says that cannot print its part
SdqnStatus sdqn_help_print_all(FILE *out, const SdqnCommand *commands, int count, SdqnHelpForm form, SdqnError *error);

#endif
