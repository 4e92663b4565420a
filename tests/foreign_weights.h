// foreign_weights.h: safetensors files as other programs write them, made by hand.
#ifndef SDQN_TESTS_FOREIGN_WEIGHTS_H
#define SDQN_TESTS_FOREIGN_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FOREIGN_ROOM = 1 << 16 };

/// A file in the making.
typedef struct ForeignFile {
    char header[8192];
    size_t header_size, values_size;
    uint8_t values[FOREIGN_ROOM];
} ForeignFile;

/// @param shape  as JSON, "[2, 3]"
static inline void foreign_add(ForeignFile *file, const char *name, const char *dtype, const char *shape, const void *values, size_t size) {
    file->header_size +=
        (size_t)snprintf(file->header + file->header_size, sizeof file->header - file->header_size,
                         "%s\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", file->header_size == 0 ? "{" : ",", name,
                         dtype, shape, file->values_size, file->values_size + size);
    memcpy(file->values + file->values_size, values, size);
    file->values_size += size;
}

/// @param bytes  [FOREIGN_ROOM + sizeof header + 9] written @return how many
static inline size_t foreign_bytes(const ForeignFile *file, uint8_t *bytes) {
    const uint64_t length = file->header_size + 1;
    memcpy(bytes, &length, sizeof length);
    memcpy(bytes + sizeof length, file->header, file->header_size);
    bytes[sizeof length + file->header_size] = '}';
    memcpy(bytes + sizeof length + length, file->values, file->values_size);
    return sizeof length + length + file->values_size;
}

#endif
