#include "run/tensorboard.h"

#include "run/crc32c.h"

#include <assert.h>
#include <string.h>

// Wire types of protocol buffers, and a field's key: (number << 3) | wire type.
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };
enum { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2 };
// A frame: length (8 bytes), checksum of the length (4), the message, checksum of the message (4).
enum { FRAME_HEADER = 12, FRAME_FOOTER = 4 };

static void put_bytes(SdqnTensorboardRecord *record, const void *data, size_t size) {
    assert(size <= sizeof record->bytes - record->size);
    memcpy(record->bytes + record->size, data, size);
    record->size += size;
}

static void put_fixed(SdqnTensorboardRecord *record, uint64_t value, int size) {
    for (int i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        put_bytes(record, &byte, 1);
    }
}

static size_t varint_size(uint64_t value) {
    size_t size = 1;
    while (value >>= 7) size++;
    return size;
}

static void put_varint(SdqnTensorboardRecord *record, uint64_t value) {
    while (value >= 0x80) {
        put_fixed(record, (value & 0x7f) | 0x80, 1);
        value >>= 7;
    }
    put_fixed(record, value, 1);
}

static void put_key(SdqnTensorboardRecord *record, int field, int wire_type) { put_varint(record, (uint64_t)(field << 3 | wire_type)); }

static void put_double(SdqnTensorboardRecord *record, int field, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(record, field, WIRE_FIXED64);
    put_fixed(record, bits, 8);
}

static void put_float(SdqnTensorboardRecord *record, int field, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_key(record, field, WIRE_FIXED32);
    put_fixed(record, bits, 4);
}

static void put_string(SdqnTensorboardRecord *record, int field, const char *text) {
    size_t size = strlen(text);
    put_key(record, field, WIRE_BYTES);
    put_varint(record, size);
    put_bytes(record, text, size);
}

static void begin_frame(SdqnTensorboardRecord *record) { record->size = FRAME_HEADER; }

/// Fill in the header that begin_frame left open, and append the message's checksum.
static void end_frame(SdqnTensorboardRecord *record) {
    size_t end = record->size;
    uint32_t checksum = sdqn_crc32c_masked(record->bytes + FRAME_HEADER, end - FRAME_HEADER);
    record->size = 0;
    put_fixed(record, end - FRAME_HEADER, 8);
    put_fixed(record, sdqn_crc32c_masked(record->bytes, 8), 4);
    record->size = end;
    put_fixed(record, checksum, FRAME_FOOTER);
}

/// Bytes of an encoded Summary.Value: tag's key, length and text, then the key and four bytes of the value.
static size_t value_size(const SdqnScalar *scalar) {
    size_t tag = strlen(scalar->tag);
    return 1 + varint_size(tag) + tag + 1 + 4;
}

void sdqn_tensorboard_version_record(double wall_time, SdqnTensorboardRecord *record) {
    begin_frame(record);
    put_double(record, EVENT_WALL_TIME, wall_time);
    put_string(record, EVENT_FILE_VERSION, "brain.Event:2");
    end_frame(record);
}

void sdqn_tensorboard_scalars_record(double wall_time, int64_t step, const SdqnScalar *scalars, int count, SdqnTensorboardRecord *record) {
    assert(count >= 0 && count <= SDQN_TENSORBOARD_MAX_SCALARS);
    size_t summary_size = 0;
    for (int i = 0; i < count; i++) summary_size += 1 + varint_size(value_size(&scalars[i])) + value_size(&scalars[i]);

    begin_frame(record);
    put_double(record, EVENT_WALL_TIME, wall_time);
    put_key(record, EVENT_STEP, WIRE_VARINT);
    put_varint(record, (uint64_t)step);
    put_key(record, EVENT_SUMMARY, WIRE_BYTES);
    put_varint(record, summary_size);
    for (int i = 0; i < count; i++) {
        put_key(record, SUMMARY_VALUE, WIRE_BYTES);
        put_varint(record, value_size(&scalars[i]));
        put_string(record, VALUE_TAG, scalars[i].tag);
        put_float(record, VALUE_SIMPLE, scalars[i].value);
    }
    end_frame(record);
}
