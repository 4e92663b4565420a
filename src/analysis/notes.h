// notes.h: what an analysis had to leave out, counted and named, so that nothing is dropped in silence.
#ifndef SDQN_ANALYSIS_NOTES_H
#define SDQN_ANALYSIS_NOTES_H

#include "core/error.h"

#define SDQN_NOTES_MAX 24 ///< those that are kept word by word; the others are counted

/// Sentences, in the order in which they came. All zeros is none.
typedef struct SdqnNotes {
    int count; ///< all that were added
    char texts[SDQN_NOTES_MAX][400];
} SdqnNotes;

/// Add one; longer text is cut. NULL notes are ignored.
void sdqn_notes_add(SdqnNotes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Turn an error of a file that can be done without into a note: "WHAT: message".
/// @return SDQN_OK for SDQN_ERR_IO and SDQN_ERR_FORMAT, which are noted; else `status`, and `error` is set
SdqnStatus sdqn_notes_take(SdqnNotes *notes, const char *what, SdqnStatus status, const SdqnError *cause, SdqnError *error);

#endif
