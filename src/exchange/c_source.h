// c_source.h: a policy as one C file with its weights, which needs libm at most and gives the bits of the trainer.
#ifndef SDQN_EXCHANGE_C_SOURCE_H
#define SDQN_EXCHANGE_C_SOURCE_H

#include "core/error.h"
#include "exchange/portable.h"

#include <stddef.h>

#define SDQN_C_NAME_MAX 40 ///< letters of the prefix of the functions

/// Check a prefix for the functions. @return SDQN_OK, or SDQN_ERR_ARGUMENT with what is allowed
SdqnStatus sdqn_c_source_check_name(const char *name, SdqnError *error);

/// Write the file: C11, `int NAME_act(const float observation[], int task)` and `void NAME_q(const float observation[], int task, float
/// q[])`, all else static and constant. Every product is a chain of fmaf in the trainer's order, so that Q-values have the trainer's bits.
/// @param name    a checked prefix
/// @param source  what the weights come from, for the comment at its head; control characters become '?'
/// @param text    receives memory that the caller frees @param size  of it
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (more than SDQN_C_MAX_PARAMETERS) or SDQN_ERR_MEMORY
SdqnStatus sdqn_c_source_write(const SdqnPortable *portable, const char *name, const char *source, char **text, size_t *size,
                               SdqnError *error);

#define SDQN_C_MAX_PARAMETERS 16000000 ///< of all networks together: 250 MB of text

#endif
