// error.h: status codes and one-line error messages. The library never prints and never exits.
#ifndef SDQN_CORE_ERROR_H
#define SDQN_CORE_ERROR_H

#include <stddef.h>

/// What a fallible call returns. `main` alone turns it into an exit code: ARGUMENT is wrong usage (2), every other error is failed work
/// (1).
typedef enum SdqnStatus {
    SDQN_OK = 0,
    SDQN_ERR_ARGUMENT,    ///< the caller or user asked for something that is not allowed
    SDQN_ERR_MEMORY,      ///< an allocation failed
    SDQN_ERR_IO,          ///< the operating system refused a read, write, create or lock
    SDQN_ERR_FORMAT,      ///< a file from outside is malformed, truncated or of the wrong kind
    SDQN_ERR_NUMERIC,     ///< training produced a NaN or an infinity
    SDQN_ERR_INTERRUPTED, ///< the user asked to stop; the work was left in a resumable state
} SdqnStatus;

/// Longest message kept, in bytes, with the terminating zero. Longer ones are cut.
#define SDQN_ERROR_SIZE 1024

/// One line that says where, what was found and what is allowed. Zero-initialise before first use.
typedef struct SdqnError {
    char message[SDQN_ERROR_SIZE];
} SdqnError;

/// Format a message into `error` (ignored if NULL; control characters become '?', so that one message stays one line).
/// @return `status`, so that a caller can write `return sdqn_error_set(error, SDQN_ERR_IO, ...)`
SdqnStatus sdqn_error_set(SdqnError *error, SdqnStatus status, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
