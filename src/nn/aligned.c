#include "nn/aligned.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *sdqn_aligned_zeroed(size_t count, size_t size) {
    if (size != 0 && count > (SIZE_MAX - SDQN_ALIGNMENT) / size) return NULL;
    const size_t bytes = count * size / SDQN_ALIGNMENT * SDQN_ALIGNMENT + SDQN_ALIGNMENT;
    void *memory = aligned_alloc(SDQN_ALIGNMENT, bytes);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

float *sdqn_aligned_floats(size_t count) { return sdqn_aligned_zeroed(count, sizeof(float)); }
