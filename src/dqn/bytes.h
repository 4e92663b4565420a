// bytes.h: values to and from the flat bytes of a saved state, in the machine's byte order.
#ifndef SDQN_DQN_BYTES_H
#define SDQN_DQN_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Copy `size` bytes out and go on. @param cursor  has room for them
static inline void sdqn_bytes_put(uint8_t **cursor, const void *value, size_t size) {
    if (size > 0) memcpy(*cursor, value, size);
    *cursor += size;
}

/// Copy `size` bytes in and go on. @param cursor  has that many left (the caller has compared lengths)
static inline void sdqn_bytes_take(const uint8_t **cursor, void *value, size_t size) {
    if (size > 0) memcpy(value, *cursor, size);
    *cursor += size;
}

#endif
