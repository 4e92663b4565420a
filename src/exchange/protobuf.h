// protobuf.h: messages in the wire format of protocol buffers, which ONNX files are made of; writing only.
//
// Source: https://protobuf.dev/programming-guides/encoding. Of its wire types the three that ONNX's messages use: integers of variable
// length, 4 bytes, and lengths followed by bytes (text, arrays, messages inside messages).
#ifndef SDQN_EXCHANGE_PROTOBUF_H
#define SDQN_EXCHANGE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDQN_PROTOBUF_MAX_SIZE ((size_t)INT32_MAX) ///< readers take no larger message

/// A message in the making. All zeros is an empty one. Once memory or room has run out, `failed` is set and calls do nothing.
typedef struct SdqnProtobuf {
    uint8_t *bytes; ///< freed by the caller
    size_t size, capacity;
    bool failed;
} SdqnProtobuf;

// Each appends one field.
void sdqn_protobuf_int(SdqnProtobuf *message, int field, int64_t value);
void sdqn_protobuf_float(SdqnProtobuf *message, int field, float value);
void sdqn_protobuf_bytes(SdqnProtobuf *message, int field, const void *data, size_t size);
void sdqn_protobuf_string(SdqnProtobuf *message, int field, const char *text);

/// Begin a message inside the message; what follows, up to the end, are its fields. @return what sdqn_protobuf_end wants
size_t sdqn_protobuf_begin(SdqnProtobuf *message, int field);
void sdqn_protobuf_end(SdqnProtobuf *message, size_t begun);

#endif
