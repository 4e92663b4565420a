// protocol.h: whether runs were evaluated in the same way, so that their returns can be compared.
#ifndef SDQN_RUN_PROTOCOL_H
#define SDQN_RUN_PROTOCOL_H

#include "run/config.h"

/// What differs of the tasks, their definitions, or the evaluations of two runs, in words for a message; NULL: nothing.
const char *sdqn_protocol_difference(const SdqnConfig *a, const SdqnConfig *b);

#endif
