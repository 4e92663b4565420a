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
    // By length, not to the first zero: a %c of hostile input may be one, and what follows it is what the reader needs.
    size_t size = length < 0 ? 0 : (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        error->message[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    error->message[size] = '\0';
    return status;
}
