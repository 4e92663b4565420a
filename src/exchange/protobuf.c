#include "exchange/protobuf.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "floats are copied as little-endian");

typedef enum WireType {
    WIRE_VARINT = 0,
    WIRE_BYTES = 2,
    WIRE_4_BYTES = 5,
} WireType;

#define VARINT_SIZE 10

/// Make room for `size` more bytes behind the end. @return where they go, or NULL
static uint8_t *reserve(SdqnProtobuf *message, size_t size) {
    if (message->failed || size > SDQN_PROTOBUF_MAX_SIZE - message->size) {
        message->failed = true;
        return NULL;
    }
    if (message->capacity - message->size < size) {
        const size_t doubled = message->capacity * 2, needed = message->size + size;
        const size_t capacity = doubled > needed ? doubled : needed + 256;
        uint8_t *grown = realloc(message->bytes, capacity);
        if (!grown) {
            message->failed = true;
            return NULL;
        }
        message->bytes = grown;
        message->capacity = capacity;
    }
    return message->bytes + message->size;
}

/// 7 bits a byte, the lowest first; all but the last have the top bit set. @return how many bytes
static size_t write_varint(uint64_t value, uint8_t bytes[VARINT_SIZE]) {
    size_t count = 0;
    for (; value >= 0x80; value >>= 7) bytes[count++] = (uint8_t)(value | 0x80);
    bytes[count++] = (uint8_t)value;
    return count;
}

static void append(SdqnProtobuf *message, const void *data, size_t size) {
    uint8_t *end = reserve(message, size);
    if (!end) return;
    if (size > 0) memcpy(end, data, size);
    message->size += size;
}

static void append_varint(SdqnProtobuf *message, uint64_t value) {
    uint8_t bytes[VARINT_SIZE];
    append(message, bytes, write_varint(value, bytes));
}

static void append_tag(SdqnProtobuf *message, int field, WireType type) { append_varint(message, (uint64_t)field << 3 | (uint64_t)type); }

void sdqn_protobuf_int(SdqnProtobuf *message, int field, int64_t value) {
    append_tag(message, field, WIRE_VARINT);
    append_varint(message, (uint64_t)value);
}

void sdqn_protobuf_float(SdqnProtobuf *message, int field, float value) {
    append_tag(message, field, WIRE_4_BYTES);
    append(message, &value, sizeof value);
}

void sdqn_protobuf_bytes(SdqnProtobuf *message, int field, const void *data, size_t size) {
    append_tag(message, field, WIRE_BYTES);
    append_varint(message, size);
    append(message, data, size);
}

void sdqn_protobuf_string(SdqnProtobuf *message, int field, const char *text) { sdqn_protobuf_bytes(message, field, text, strlen(text)); }

size_t sdqn_protobuf_begin(SdqnProtobuf *message, int field) {
    append_tag(message, field, WIRE_BYTES);
    return message->size;
}

void sdqn_protobuf_end(SdqnProtobuf *message, size_t begun) {
    if (message->failed) return;
    uint8_t length[VARINT_SIZE];
    const size_t size = message->size - begun, length_size = write_varint(size, length);
    if (!reserve(message, length_size)) return;
    memmove(message->bytes + begun + length_size, message->bytes + begun, size);
    memcpy(message->bytes + begun, length, length_size);
    message->size += length_size;
}
