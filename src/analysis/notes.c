#include "analysis/notes.h"

#include <stdarg.h>
#include <stdio.h>

void sdqn_notes_add(SdqnNotes *notes, const char *format, ...) {
    if (!notes) return;
    if (notes->count < SDQN_NOTES_MAX) {
        va_list list;
        va_start(list, format);
        vsnprintf(notes->texts[notes->count], sizeof notes->texts[0], format, list);
        va_end(list);
    }
    notes->count++;
}

SdqnStatus sdqn_notes_take(SdqnNotes *notes, const char *what, SdqnStatus status, const SdqnError *cause, SdqnError *error) {
    if (status != SDQN_ERR_IO && status != SDQN_ERR_FORMAT) return sdqn_error_set(error, status, "%s", cause->message);
    sdqn_notes_add(notes, "%s: %.360s", what, cause->message);
    return SDQN_OK;
}
