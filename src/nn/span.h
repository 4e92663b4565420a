// span.h: a run of the parameters in a flat array.
#ifndef SDQN_NN_SPAN_H
#define SDQN_NN_SPAN_H

#include <stddef.h>

typedef struct SdqnSpan {
    size_t first, count;
} SdqnSpan;

#endif
