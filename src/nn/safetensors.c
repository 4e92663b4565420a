#include "nn/safetensors.h"

#include "core/file.h"
#include "core/json.h"
#include "nn/aligned.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values and the header length are copied as little-endian");

#define LENGTH_SIZE sizeof(uint64_t)
// Longest text of one tensor in a header: name, keys and punctuation, rank + 2 numbers of 20 digits.
#define ENTRY_SIZE (SDQN_TENSOR_NAME_SIZE + 64 + 21 * (SDQN_TENSOR_MAX_RANK + 2))

struct SdqnSafetensors {
    int count;
    SdqnTensor *tensors;
    float *values; ///< of all tensors, one behind the other
};

static bool name_is_sound(const char *name) {
    const size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");
    return length > 0 && length < SDQN_TENSOR_NAME_SIZE && name[length] == '\0';
}

/// The same of a name that others gave.
static bool name_is_printable(const char *name) {
    size_t length = 0;
    while (name[length] > ' ' && name[length] <= '~') length++;
    return length > 0 && length < SDQN_TENSOR_NAME_SIZE && name[length] == '\0';
}

// Encoding

static int compare_names(const void *a, const void *b) {
    const SdqnTensor *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static SdqnStatus check_for_encoding(const SdqnTensor *sorted, int count, SdqnError *error) {
    for (int i = 0; i < count; i++) {
        const SdqnTensor *tensor = &sorted[i];
        if (!name_is_sound(tensor->name)) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "tensor \"%s\": a name must be 1 to %d of A-Z a-z 0-9 _ . -", tensor->name,
                                  SDQN_TENSOR_NAME_SIZE - 1);
        }
        if (i > 0 && strcmp(sorted[i - 1].name, tensor->name) == 0) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "tensor %s: there are two of this name", tensor->name);
        }
        const size_t values = sdqn_tensor_count(tensor);
        for (size_t k = 0; k < values; k++) {
            if (!isfinite(tensor->data[k])) {
                return sdqn_error_set(error, SDQN_ERR_NUMERIC, "tensor %s: value %zu is %g", tensor->name, k, (double)tensor->data[k]);
            }
        }
    }
    return SDQN_OK;
}

/// Write the header of sorted tensors. @param room  of `header`, at least ENTRY_SIZE * count + 16 @return its length, a multiple of 8
static size_t write_header(const SdqnTensor *sorted, int count, char *header, size_t room) {
    size_t length = 0, begin = 0;
    header[length++] = '{';
    for (int i = 0; i < count; i++) {
        const SdqnTensor *tensor = &sorted[i];
        const size_t end = begin + sdqn_tensor_count(tensor) * sizeof(float);
        length +=
            (size_t)snprintf(header + length, room - length, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[", i > 0 ? "," : "", tensor->name);
        for (int d = 0; d < tensor->rank; d++) {
            length += (size_t)snprintf(header + length, room - length, "%s%zu", d > 0 ? "," : "", tensor->shape[d]);
        }
        length += (size_t)snprintf(header + length, room - length, "],\"data_offsets\":[%zu,%zu]}", begin, end);
        begin = end;
    }
    header[length++] = '}';
    while (length % 8 != 0) header[length++] = ' ';
    return length;
}

static uint8_t *encode_sorted(const SdqnTensor *sorted, int count, size_t *size) {
    size_t value_bytes = 0;
    for (int i = 0; i < count; i++) value_bytes += sdqn_tensor_count(&sorted[i]) * sizeof(float);
    const size_t room = ENTRY_SIZE * (size_t)count + 16;
    uint8_t *bytes = malloc(LENGTH_SIZE + room + value_bytes);
    if (!bytes) return NULL;
    const uint64_t header_size = write_header(sorted, count, (char *)bytes + LENGTH_SIZE, room);
    memcpy(bytes, &header_size, LENGTH_SIZE);
    *size = LENGTH_SIZE + header_size;
    for (int i = 0; i < count; i++) {
        const size_t tensor_bytes = sdqn_tensor_count(&sorted[i]) * sizeof(float);
        memcpy(bytes + *size, sorted[i].data, tensor_bytes);
        *size += tensor_bytes;
    }
    return bytes;
}

SdqnStatus sdqn_safetensors_encode(const SdqnTensor *tensors, int count, uint8_t **bytes, size_t *size, SdqnError *error) {
    assert(count >= 1 && count <= SDQN_SAFETENSORS_MAX_TENSORS);
    SdqnTensor *sorted = calloc((size_t)count, sizeof *sorted);
    if (!sorted) return sdqn_error_set(error, SDQN_ERR_MEMORY, "safetensors: out of memory for %d tensors", count);
    memcpy(sorted, tensors, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
    SdqnStatus status = check_for_encoding(sorted, count, error);
    if (status == SDQN_OK) {
        size_t encoded_size = 0;
        uint8_t *encoded = encode_sorted(sorted, count, &encoded_size);
        if (encoded) {
            *bytes = encoded;
            *size = encoded_size;
        } else {
            status = sdqn_error_set(error, SDQN_ERR_MEMORY, "safetensors: out of memory for %d tensors", count);
        }
    }
    free(sorted);
    return status;
}

// Decoding

/// How a file writes one value.
typedef enum ValueType {
    VALUE_F32 = 0,
    VALUE_F64,
    VALUE_F16,
    VALUE_BF16,
    VALUE_OTHER, ///< not converted
} ValueType;

static const struct ValueTypeRow {
    const char *name;
    ValueType type;
    size_t size; ///< bytes a value
} VALUE_TYPES[] = {
    {"F32", VALUE_F32, 4},
    {"F64", VALUE_F64, 8},
    {"F16", VALUE_F16, 2},
    {"BF16", VALUE_BF16, 2},
    // The others of the format that take whole bytes: tensors of these can be there, to be passed over.
    {"I64", VALUE_OTHER, 8},
    {"U64", VALUE_OTHER, 8},
    {"C64", VALUE_OTHER, 8},
    {"I32", VALUE_OTHER, 4},
    {"U32", VALUE_OTHER, 4},
    {"I16", VALUE_OTHER, 2},
    {"U16", VALUE_OTHER, 2},
    {"I8", VALUE_OTHER, 1},
    {"U8", VALUE_OTHER, 1},
    {"BOOL", VALUE_OTHER, 1},
    {"F8_E4M3", VALUE_OTHER, 1},
    {"F8_E5M2", VALUE_OTHER, 1},
    {"F8_E8M0", VALUE_OTHER, 1},
    {"F8_E4M3FNUZ", VALUE_OTHER, 1},
    {"F8_E5M2FNUZ", VALUE_OTHER, 1},
};

/// Where a tensor's values lie, for the check that they cover the file, and how they are written.
typedef struct Extent {
    size_t begin, end;
    const char *name;
    const struct ValueTypeRow *type;
} Extent;

/// A file while it is read.
typedef struct Decoder {
    const char *where;
    const uint8_t *values;
    size_t value_bytes;
    bool foreign;
} Decoder;

static int compare_extents(const void *a, const void *b) {
    const Extent *left = a, *right = b;
    if (left->begin != right->begin) return left->begin < right->begin ? -1 : 1;
    return left->end < right->end ? -1 : left->end > right->end;
}

/// Read shape and rank of one entry. @param label  file and tensor, for messages @param count  receives the number of values
static SdqnStatus decode_shape(const char *label, const json_t *entry, size_t max_values, SdqnTensor *tensor, size_t *count,
                               SdqnError *error) {
    json_t *shape;
    const SdqnStatus status = sdqn_json_get_array(label, entry, "shape", &shape, error);
    if (status != SDQN_OK) return status;
    const size_t rank = json_array_size(shape);
    if (rank > SDQN_TENSOR_MAX_RANK) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %zu dimensions: at most %d are allowed", label, rank, SDQN_TENSOR_MAX_RANK);
    }
    tensor->rank = (int)rank;
    *count = 1;
    for (size_t d = 0; d < rank; d++) {
        const json_t *number = json_array_get(shape, d);
        const json_int_t length = json_integer_value(number);
        if (!json_is_integer(number) || length < 1 || (uint64_t)length > max_values / *count) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT,
                                  "%s: dimension %zu of the shape must be an integer >= 1 that fits the file's size", label, d);
        }
        tensor->shape[d] = (size_t)length;
        *count *= (size_t)length;
    }
    return SDQN_OK;
}

/// @param count  values of the tensor, of extent->type
static SdqnStatus decode_offsets(const char *label, const json_t *entry, size_t value_bytes, size_t count, Extent *extent,
                                 SdqnError *error) {
    const size_t tensor_bytes = count * extent->type->size;
    json_t *offsets;
    const SdqnStatus status = sdqn_json_get_array(label, entry, "data_offsets", &offsets, error);
    if (status != SDQN_OK) return status;
    const json_t *first = json_array_get(offsets, 0), *second = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(second)) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: data_offsets must be two integers", label);
    }
    const json_int_t begin = json_integer_value(first), end = json_integer_value(second);
    if (begin < 0 || end < begin || (uint64_t)end > value_bytes || (uint64_t)(end - begin) != tensor_bytes) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT,
                              "%s: data_offsets [%" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
                              "]: must span %zu bytes for the shape, within the %zu that follow the header",
                              label, begin, end, tensor_bytes, value_bytes);
    }
    extent->begin = (size_t)begin;
    extent->end = (size_t)end;
    return SDQN_OK;
}

/// The type of a tensor's values. Of our own files it is float32.
static SdqnStatus decode_type(const Decoder *decoder, const char *label, const json_t *entry, const struct ValueTypeRow **type,
                              SdqnError *error) {
    const char *dtype;
    const SdqnStatus status = sdqn_json_get_string(label, entry, "dtype", &dtype, error);
    if (status != SDQN_OK) return status;
    for (size_t i = 0; i < sizeof VALUE_TYPES / sizeof *VALUE_TYPES; i++) {
        if (strcmp(VALUE_TYPES[i].name, dtype) != 0 || (VALUE_TYPES[i].type != VALUE_F32 && !decoder->foreign)) continue;
        *type = &VALUE_TYPES[i];
        return SDQN_OK;
    }
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: dtype %.16s: must be %s", label, dtype,
                          decoder->foreign ? "a type of the format with whole bytes" : "F32");
}

static SdqnStatus decode_entry(const Decoder *decoder, const char *name, const json_t *entry, SdqnTensor *tensor, Extent *extent,
                               SdqnError *error) {
    if (!(decoder->foreign ? name_is_printable(name) : name_is_sound(name))) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor \"%.80s\": a name must be 1 to %d of %s", decoder->where, name,
                              SDQN_TENSOR_NAME_SIZE - 1, decoder->foreign ? "printable ASCII without spaces" : "A-Z a-z 0-9 _ . -");
    }
    char label[SDQN_ERROR_SIZE / 2];
    snprintf(label, sizeof label, "%.400s: tensor %s", decoder->where, name);
    if (!json_is_object(entry)) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: must be an object", label);
    if (json_object_size(entry) != 3) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: must have exactly dtype, shape and data_offsets", label);
    }
    size_t count = 0;
    SdqnStatus status = decode_type(decoder, label, entry, &extent->type, error);
    if (status != SDQN_OK) return status;
    status = decode_shape(label, entry, decoder->value_bytes / extent->type->size, tensor, &count, error);
    if (status != SDQN_OK) return status;
    memcpy(tensor->name, name, strlen(name) + 1); // fits: the name is sound
    extent->name = tensor->name;
    return decode_offsets(label, entry, decoder->value_bytes, count, extent, error);
}

/// The extents, sorted, must follow each other from 0 to the end of the file.
static SdqnStatus check_extents(const char *where, const Extent *extents, int count, size_t value_bytes, SdqnError *error) {
    size_t covered = 0;
    for (int i = 0; i < count; i++) {
        if (extents[i].begin != covered) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: begins at byte %zu, expected %zu: %s", where, extents[i].name,
                                  extents[i].begin, covered, extents[i].begin < covered ? "tensors overlap" : "a gap between tensors");
        }
        covered = extents[i].end;
    }
    if (covered != value_bytes) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %zu bytes behind the last tensor: none are allowed", where,
                              value_bytes - covered);
    }
    return SDQN_OK;
}

/// IEEE 754 half precision: sign, 5 bits of exponent with bias 15, 10 of fraction.
static float float_from_half(uint16_t bits) {
    const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    float magnitude = exponent == 0 ? ldexpf((float)fraction, -24) : ldexpf((float)(fraction + 0x400), exponent - 25);
    if (exponent == 0x1f) magnitude = fraction == 0 ? INFINITY : NAN;
    return bits & 0x8000 ? -magnitude : magnitude;
}

/// @param bytes  of one value
static float convert(ValueType type, const uint8_t *bytes) {
    float single;
    double wide;
    uint16_t half;
    uint32_t word;
    switch (type) {
    case VALUE_F64:
        memcpy(&wide, bytes, sizeof wide);
        return (float)wide;
    case VALUE_F16:
        memcpy(&half, bytes, sizeof half);
        return float_from_half(half);
    case VALUE_BF16: // the upper half of a float
        memcpy(&half, bytes, sizeof half);
        word = (uint32_t)half << 16;
        memcpy(&single, &word, sizeof single);
        return single;
    default:
        memcpy(&single, bytes, sizeof single);
        return single;
    }
}

static SdqnStatus check_finite(const Decoder *decoder, const SdqnTensor *tensor, SdqnError *error) {
    const size_t count = sdqn_tensor_count(tensor);
    for (size_t k = 0; k < count; k++) {
        if (isfinite(tensor->data[k])) continue;
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: value %zu is %g: must be finite", decoder->where, tensor->name, k,
                              (double)tensor->data[k]);
    }
    return SDQN_OK;
}

/// Copy the values and set the tensors' data. @param extents  in the order of the tensors
static SdqnStatus take_values(const Decoder *decoder, SdqnSafetensors *file, const Extent *extents, SdqnError *error) {
    float *next = file->values;
    for (int i = 0; i < file->count; i++) {
        SdqnTensor *tensor = &file->tensors[i];
        const struct ValueTypeRow *type = extents[i].type;
        if (type->type == VALUE_OTHER) continue;
        const size_t count = sdqn_tensor_count(tensor);
        for (size_t k = 0; k < count; k++) next[k] = convert(type->type, decoder->values + extents[i].begin + k * type->size);
        tensor->data = next;
        next += count;
        const SdqnStatus status = decoder->foreign ? SDQN_OK : check_finite(decoder, tensor, error);
        if (status != SDQN_OK) return status;
    }
    return SDQN_OK;
}

/// Floats of all tensors together.
static size_t count_values(const SdqnSafetensors *file, const Extent *extents) {
    size_t count = 0;
    for (int i = 0; i < file->count; i++) count += extents[i].type->type == VALUE_OTHER ? 0 : sdqn_tensor_count(&file->tensors[i]);
    return count;
}

/// Read the entries of a parsed header into `file`, whose array has room for all of them.
/// @param extents, sorted  scratch, one an entry
static SdqnStatus decode_tensors(const Decoder *decoder, const json_t *header, SdqnSafetensors *file, Extent *extents, Extent *sorted,
                                 SdqnError *error) {
    const char *name, *where = decoder->where;
    const json_t *entry;
    json_object_foreach((json_t *)header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) {
            if (!json_is_object(entry)) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: __metadata__ must be an object", where);
            continue;
        }
        const SdqnStatus status = decode_entry(decoder, name, entry, &file->tensors[file->count], &extents[file->count], error);
        if (status != SDQN_OK) return status;
        file->count++;
    }
    if (file->count == 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: holds no tensor", where);
    memcpy(sorted, extents, (size_t)file->count * sizeof *sorted);
    qsort(sorted, (size_t)file->count, sizeof *sorted, compare_extents);
    const SdqnStatus status = check_extents(where, sorted, file->count, decoder->value_bytes, error);
    if (status != SDQN_OK) return status;
    const size_t values = count_values(file, extents);
    file->values = sdqn_aligned_floats(values > 0 ? values : 1);
    if (!file->values) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory for %zu values", where, values);
    return take_values(decoder, file, extents, error);
}

static SdqnStatus decode_with_header(const Decoder *decoder, const json_t *header, SdqnSafetensors **file, SdqnError *error) {
    const size_t entries = json_object_size(header);
    if (entries > SDQN_SAFETENSORS_MAX_TENSORS) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %zu tensors: at most %d are allowed", decoder->where, entries,
                              SDQN_SAFETENSORS_MAX_TENSORS);
    }
    SdqnSafetensors *made = calloc(1, sizeof *made);
    Extent *extents = calloc(2 * entries + 1, sizeof *extents);
    SdqnStatus status = SDQN_ERR_MEMORY;
    if (made && extents) made->tensors = calloc(entries + 1, sizeof *made->tensors);
    if (made && made->tensors) {
        status = decode_tensors(decoder, header, made, extents, extents + entries, error);
    } else {
        sdqn_error_set(error, status, "%s: out of memory for %zu tensors", decoder->where, entries);
    }
    free(extents);
    if (status == SDQN_OK) {
        *file = made;
    } else {
        sdqn_safetensors_destroy(made);
    }
    return status;
}

static SdqnStatus decode(const char *where, const uint8_t *bytes, size_t size, bool foreign, SdqnSafetensors **file, SdqnError *error) {
    uint64_t header_size;
    if (size > SDQN_SAFETENSORS_MAX_SIZE) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %zu bytes: at most %zu are allowed", where, size, SDQN_SAFETENSORS_MAX_SIZE);
    }
    if (size < LENGTH_SIZE) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %zu bytes: too short for a safetensors file", where, size);
    memcpy(&header_size, bytes, LENGTH_SIZE);
    if (header_size > size - LENGTH_SIZE || header_size > SDQN_SAFETENSORS_MAX_HEADER_SIZE) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT,
                              "%s: a header of %" PRIu64 " bytes in a file of %zu (at most %zu are allowed): truncated, or not safetensors",
                              where, header_size, size, SDQN_SAFETENSORS_MAX_HEADER_SIZE);
    }
    json_t *header;
    SdqnStatus status = sdqn_json_parse(where, (const char *)bytes + LENGTH_SIZE, header_size, &header, error);
    if (status != SDQN_OK) return status;
    const size_t start = LENGTH_SIZE + header_size;
    const Decoder decoder = {where, bytes + start, size - start, foreign};
    status = decode_with_header(&decoder, header, file, error);
    json_decref(header);
    return status;
}

SdqnStatus sdqn_safetensors_decode(const char *where, const uint8_t *bytes, size_t size, SdqnSafetensors **file, SdqnError *error) {
    return decode(where, bytes, size, false, file, error);
}

SdqnStatus sdqn_safetensors_decode_foreign(const char *where, const uint8_t *bytes, size_t size, SdqnSafetensors **file, SdqnError *error) {
    return decode(where, bytes, size, true, file, error);
}

static SdqnStatus read_file(const char *path, bool foreign, SdqnSafetensors **file, SdqnError *error) {
    uint8_t *bytes;
    size_t size;
    SdqnStatus status = sdqn_file_read(path, SDQN_SAFETENSORS_MAX_SIZE, &bytes, &size, error);
    if (status != SDQN_OK) return status;
    status = decode(path, bytes, size, foreign, file, error);
    free(bytes);
    return status;
}

SdqnStatus sdqn_safetensors_read(const char *path, SdqnSafetensors **file, SdqnError *error) { return read_file(path, false, file, error); }

SdqnStatus sdqn_safetensors_read_foreign(const char *path, SdqnSafetensors **file, SdqnError *error) {
    return read_file(path, true, file, error);
}

void sdqn_safetensors_destroy(SdqnSafetensors *file) {
    if (!file) return;
    free(file->tensors);
    free(file->values);
    free(file);
}

const SdqnTensor *sdqn_safetensors_tensors(const SdqnSafetensors *file, int *count) {
    *count = file->count;
    return file->tensors;
}
