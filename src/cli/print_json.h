// print_json.h: the JSON document of a command on standard output.
#ifndef SDQN_CLI_PRINT_JSON_H
#define SDQN_CLI_PRINT_JSON_H

#include "core/json.h"

/// Print a finished document and destroy its writer.
/// @param writer   NULL: there was no memory for one @param command  for the message
/// @return SDQN_OK, or SDQN_ERR_MEMORY if it ran out on the way: nothing is printed then
SdqnStatus sdqn_print_json(SdqnJsonWriter *writer, const char *command, SdqnError *error);

#endif
