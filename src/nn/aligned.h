// aligned.h: zeroed memory on cache-line boundaries, for vectors.
#ifndef SDQN_NN_ALIGNED_H
#define SDQN_NN_ALIGNED_H

#include <stddef.h>

#define SDQN_ALIGNMENT 64

/// `count` elements of `size` bytes, all zero, aligned to SDQN_ALIGNMENT; the caller frees it with free().
/// @return NULL if out of memory or if the product overflows; never NULL because count is 0
void *sdqn_aligned_zeroed(size_t count, size_t size);

/// The same for floats.
float *sdqn_aligned_floats(size_t count);

/// Floats a row of `columns` takes when every row begins on a boundary, and rows do not lie a multiple of 512 bytes apart: a processor
/// would keep those in a few lines of its first-level cache.
static inline size_t sdqn_aligned_row(int columns) {
    const size_t line = SDQN_ALIGNMENT / sizeof(float), crowded = 512 / sizeof(float);
    const size_t row = ((size_t)columns + line - 1) / line * line;
    return row % crowded == 0 ? row + line : row;
}

#endif
