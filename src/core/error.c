// error.c: formatting of one-line error messages.
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

SdqnStatus sdqn_error_set(SdqnError *error, SdqnStatus status, const char *format, ...) {
    if (error == NULL) return status;
    // Formatted aside first: an argument may be the old message itself ("%s: ...", error->message).
    char text[SDQN_ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) text[0] = '\0';
    size_t i = 0;
    for (; text[i] != '\0'; i++) {
        unsigned char c = (unsigned char)text[i];
        error->message[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    error->message[i] = '\0';
    return status;
}
