// run_log.h: the lines of a run's log, of a run that may still be training, have been killed or been damaged.
#ifndef SDQN_ANALYSIS_RUN_LOG_H
#define SDQN_ANALYSIS_RUN_LOG_H

#include "analysis/notes.h"
#include "core/error.h"

#include <jansson.h>

#define SDQN_RUN_LOG_MAX_SIZE ((size_t)1 << 28) ///< bytes of a log that is read

/// Called with each line that is JSON. @param where  FILE:LINE
/// @return SDQN_OK; SDQN_ERR_FORMAT leaves the line out and goes on; any other status ends the reading
typedef SdqnStatus SdqnTakeLine(void *context, const char *where, const json_t *line, SdqnError *error);

/// Read FOLDER/NAME line by line. What cannot be used is left out with a note: a line that is no JSON or that `take` refuses (FILE:LINE and
/// why), a last line without its end (a killed run leaves one), a missing or too large file.
/// @param acquire  called first, with the number of lines, to make room; may be NULL
/// @param taken    receives how many lines were taken; may be NULL
/// @return SDQN_OK, or SDQN_ERR_MEMORY and what `acquire` and `take` return
SdqnStatus sdqn_run_log_read(const char *folder, const char *name, SdqnStatus (*acquire)(void *context, int lines, SdqnError *error),
                             SdqnTakeLine *take, void *context, SdqnNotes *notes, int *taken, SdqnError *error);

#endif
