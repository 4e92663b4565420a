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
