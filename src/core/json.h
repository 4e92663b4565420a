// json.h: JSON documents from outside (by jansson, bounded and strict) and JSON of our own (numbers as core/text.h writes them).
#ifndef SDQN_CORE_JSON_H
#define SDQN_CORE_JSON_H

#include "core/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Parse a document whose root is an object; duplicate keys are refused. @param name  of the document, for messages
/// @param document  new reference: the caller calls json_decref
/// @return SDQN_OK, or SDQN_ERR_FORMAT with line and column
SdqnStatus sdqn_json_parse(const char *name, const char *text, size_t size, json_t **document, SdqnError *error);

/// Read and parse a file of at most `max_size` bytes. @return also SDQN_ERR_IO, SDQN_ERR_MEMORY
SdqnStatus sdqn_json_read(const char *path, size_t max_size, json_t **document, SdqnError *error);

// Members of an object by key. All return SDQN_ERR_FORMAT if the key is missing or of another type, the message naming document, key and
// what is allowed; the output is then untouched. Objects, arrays and strings are borrowed from `object`.
SdqnStatus sdqn_json_get_object(const char *name, const json_t *object, const char *key, json_t **value, SdqnError *error);
SdqnStatus sdqn_json_get_array(const char *name, const json_t *object, const char *key, json_t **value, SdqnError *error);
SdqnStatus sdqn_json_get_string(const char *name, const json_t *object, const char *key, const char **value, SdqnError *error);
SdqnStatus sdqn_json_get_bool(const char *name, const json_t *object, const char *key, bool *value, SdqnError *error);
/// An integer in [low, high].
SdqnStatus sdqn_json_get_integer(const char *name, const json_t *object, const char *key, int64_t low, int64_t high, int64_t *value,
                                 SdqnError *error);
/// A number, integers too; always finite.
SdqnStatus sdqn_json_get_double(const char *name, const json_t *object, const char *key, double *value, SdqnError *error);

/// A JSON text in the making. Members appear in the order of the calls. A failed allocation is remembered and reported at the end.
typedef struct SdqnJsonWriter SdqnJsonWriter;

/// @param indent  spaces a level, in [0, 8]; 0 keeps all on one line, as in JSON lines
/// @return NULL if out of memory
SdqnJsonWriter *sdqn_json_writer_create(int indent);
void sdqn_json_writer_destroy(SdqnJsonWriter *writer);

// Each adds one value: to the object being written under `key`, to an array or as the root with key NULL.
void sdqn_json_begin_object(SdqnJsonWriter *writer, const char *key);
void sdqn_json_end_object(SdqnJsonWriter *writer);
void sdqn_json_begin_array(SdqnJsonWriter *writer, const char *key);
void sdqn_json_end_array(SdqnJsonWriter *writer);
/// Text as UTF-8; bytes that are none become U+FFFD.
void sdqn_json_add_string(SdqnJsonWriter *writer, const char *key, const char *value);
void sdqn_json_add_i64(SdqnJsonWriter *writer, const char *key, int64_t value);
void sdqn_json_add_u64(SdqnJsonWriter *writer, const char *key, uint64_t value);
/// Shortest round trip, always with a dot; null if not finite (JSON has no such numbers).
void sdqn_json_add_double(SdqnJsonWriter *writer, const char *key, double value);
/// The double as a string in C's %a.
void sdqn_json_add_hex(SdqnJsonWriter *writer, const char *key, double value);
void sdqn_json_add_bool(SdqnJsonWriter *writer, const char *key, bool value);

/// The finished text with a line feed at its end, zero-terminated; borrowed until the next call on the writer.
/// @param size  bytes without the terminating zero; may be NULL
/// @return NULL if memory ran out on the way
const char *sdqn_json_writer_text(SdqnJsonWriter *writer, size_t *size);

/// Forget the text, keep the memory: for the next line.
void sdqn_json_writer_clear(SdqnJsonWriter *writer);

#endif
