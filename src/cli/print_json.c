#include "cli/print_json.h"

#include <stdio.h>

SdqnStatus sdqn_print_json(SdqnJsonWriter *writer, const char *command, SdqnError *error) {
    const char *text = writer != NULL ? sdqn_json_writer_text(writer, NULL) : NULL;
    const SdqnStatus status =
        text != NULL ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory for the JSON text", command);
    if (text != NULL) fputs(text, stdout);
    sdqn_json_writer_destroy(writer);
    return status;
}
