// error.h: status codes and one-line error messages. The library never prints and never exits.
#ifndef SDQN_CORE_ERROR_H
#define SDQN_CORE_ERROR_H

#include <sharedqn.h>

/// Format a message into `error` (ignored if NULL; control characters become '?', so that one message stays one line).
/// @return `status`, so that a caller can write `return sdqn_error_set(error, SDQN_ERR_IO, ...)`
SdqnStatus sdqn_error_set(SdqnError *error, SdqnStatus status, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
