// json.c: reading with jansson, writing by hand: jansson's number format depends on a precision, not on the shortest round trip.
#include "core/json.h"

#include "core/file.h"
#include "core/text.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- reading --------------------------------------------------------------------------------------------------------------------

SdqnStatus sdqn_json_parse(const char *name, const char *text, size_t size, json_t **document, SdqnError *error) {
    json_error_t why;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s:%d:%d: no valid JSON: %s", name, why.line, why.column, why.text);
    if (!json_is_object(root)) {
        json_decref(root);
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: the root must be a JSON object", name);
    }
    *document = root;
    return SDQN_OK;
}

SdqnStatus sdqn_json_read(const char *path, size_t max_size, json_t **document, SdqnError *error) {
    uint8_t *text;
    size_t size;
    SdqnStatus status = sdqn_file_read(path, max_size, &text, &size, error);
    if (status != SDQN_OK) return status;
    status = sdqn_json_parse(path, (const char *)text, size, document, error);
    free(text);
    return status;
}

static const char *const TYPE_NAMES[] = {
    [JSON_OBJECT] = "an object",   [JSON_ARRAY] = "an array", [JSON_STRING] = "a string", [JSON_INTEGER] = "an integer",
    [JSON_REAL] = "a real number", [JSON_TRUE] = "true",      [JSON_FALSE] = "false",     [JSON_NULL] = "null",
};

/// Find a member. @return NULL, with a message, if there is none
static json_t *find(const char *name, const json_t *object, const char *key, const char *wanted, SdqnError *error) {
    json_t *value = json_object_get(object, key);
    if (value == NULL) sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: key '%s' is missing: must be %s", name, key, wanted);
    return value;
}

static SdqnStatus wrong_type(const char *name, const char *key, const json_t *value, const char *wanted, SdqnError *error) {
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s is %s: must be %s", name, key, TYPE_NAMES[json_typeof(value)], wanted);
}

SdqnStatus sdqn_json_get_object(const char *name, const json_t *object, const char *key, json_t **value, SdqnError *error) {
    json_t *found = find(name, object, key, "an object", error);
    if (found == NULL) return SDQN_ERR_FORMAT;
    if (!json_is_object(found)) return wrong_type(name, key, found, "an object", error);
    *value = found;
    return SDQN_OK;
}

SdqnStatus sdqn_json_get_array(const char *name, const json_t *object, const char *key, json_t **value, SdqnError *error) {
    json_t *found = find(name, object, key, "an array", error);
    if (found == NULL) return SDQN_ERR_FORMAT;
    if (!json_is_array(found)) return wrong_type(name, key, found, "an array", error);
    *value = found;
    return SDQN_OK;
}

SdqnStatus sdqn_json_get_string(const char *name, const json_t *object, const char *key, const char **value, SdqnError *error) {
    const json_t *found = find(name, object, key, "a string", error);
    if (found == NULL) return SDQN_ERR_FORMAT;
    if (!json_is_string(found)) return wrong_type(name, key, found, "a string", error);
    *value = json_string_value(found);
    return SDQN_OK;
}

SdqnStatus sdqn_json_get_bool(const char *name, const json_t *object, const char *key, bool *value, SdqnError *error) {
    const json_t *found = find(name, object, key, "true or false", error);
    if (found == NULL) return SDQN_ERR_FORMAT;
    if (!json_is_boolean(found)) return wrong_type(name, key, found, "true or false", error);
    *value = json_is_true(found);
    return SDQN_OK;
}

SdqnStatus sdqn_json_get_integer(const char *name, const json_t *object, const char *key, int64_t low, int64_t high, int64_t *value,
                                 SdqnError *error) {
    const json_t *found = find(name, object, key, "an integer", error);
    if (found == NULL) return SDQN_ERR_FORMAT;
    if (!json_is_integer(found)) return wrong_type(name, key, found, "an integer", error);
    int64_t integer = json_integer_value(found);
    if (integer < low || integer > high)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s = %" PRId64 ": must be in [%" PRId64 ", %" PRId64 "]", name, key, integer,
                              low, high);
    *value = integer;
    return SDQN_OK;
}

SdqnStatus sdqn_json_get_double(const char *name, const json_t *object, const char *key, double *value, SdqnError *error) {
    const json_t *found = find(name, object, key, "a number", error);
    if (found == NULL) return SDQN_ERR_FORMAT;
    if (!json_is_number(found)) return wrong_type(name, key, found, "a number", error);
    *value = json_number_value(found);
    return SDQN_OK;
}

// ---- writing --------------------------------------------------------------------------------------------------------------------

struct SdqnJsonWriter {
    char *text;
    size_t length, capacity;
    int indent, depth;
    bool empty; ///< nothing written yet in the innermost object or array
    bool failed;
};

SdqnJsonWriter *sdqn_json_writer_create(int indent) {
    assert(indent >= 0 && indent <= 8);
    SdqnJsonWriter *writer = calloc(1, sizeof *writer);
    if (writer == NULL) return NULL;
    writer->indent = indent;
    writer->empty = true;
    return writer;
}

void sdqn_json_writer_destroy(SdqnJsonWriter *writer) {
    if (writer == NULL) return;
    free(writer->text);
    free(writer);
}

void sdqn_json_writer_clear(SdqnJsonWriter *writer) {
    writer->length = 0;
    writer->depth = 0;
    writer->empty = true;
    writer->failed = false;
}

/// Append bytes, keeping room for a line feed and a zero.
static void append(SdqnJsonWriter *writer, const char *bytes, size_t size) {
    if (writer->failed) return;
    if (writer->capacity < 2 || size > writer->capacity - 2 - writer->length) {
        size_t needed = writer->length + size + 2, grown = needed < 128 ? 256 : 2 * needed;
        char *text = size > SIZE_MAX / 4 || needed > SIZE_MAX / 2 ? NULL : realloc(writer->text, grown);
        if (text == NULL) {
            writer->failed = true;
            return;
        }
        writer->text = text;
        writer->capacity = grown;
    }
    memcpy(writer->text + writer->length, bytes, size);
    writer->length += size;
}

static void append_text(SdqnJsonWriter *writer, const char *text) { append(writer, text, strlen(text)); }

static void begin_line(SdqnJsonWriter *writer) {
    if (writer->indent == 0) return;
    append(writer, "\n", 1);
    for (int i = 0; i < writer->depth * writer->indent; i++) append(writer, " ", 1);
}

static void append_quoted(SdqnJsonWriter *writer, const char *value) {
    append(writer, "\"", 1);
    for (const char *c = value; *c != '\0';) {
        size_t length = sdqn_text_utf8_length(c);
        char escape[8];
        if (length == 0) {
            append_text(writer, "\\ufffd");
            length = 1;
        } else if (*c == '"' || *c == '\\') {
            snprintf(escape, sizeof escape, "\\%c", *c);
            append_text(writer, escape);
        } else if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*c);
            append_text(writer, escape);
        } else {
            append(writer, c, length);
        }
        c += length;
    }
    append(writer, "\"", 1);
}

/// All that stands before a value: comma, new line, key.
static void begin_value(SdqnJsonWriter *writer, const char *key) {
    if (!writer->empty) append_text(writer, writer->indent == 0 ? ", " : ",");
    if (writer->depth > 0) begin_line(writer);
    writer->empty = false;
    if (key == NULL) return;
    append_quoted(writer, key);
    append_text(writer, ": ");
}

static void begin_group(SdqnJsonWriter *writer, const char *key, const char *bracket) {
    begin_value(writer, key);
    append_text(writer, bracket);
    writer->depth++;
    writer->empty = true;
}

static void end_group(SdqnJsonWriter *writer, const char *bracket) {
    assert(writer->depth > 0);
    writer->depth--;
    if (!writer->empty) begin_line(writer);
    writer->empty = false;
    append_text(writer, bracket);
}

void sdqn_json_begin_object(SdqnJsonWriter *writer, const char *key) { begin_group(writer, key, "{"); }
void sdqn_json_end_object(SdqnJsonWriter *writer) { end_group(writer, "}"); }
void sdqn_json_begin_array(SdqnJsonWriter *writer, const char *key) { begin_group(writer, key, "["); }
void sdqn_json_end_array(SdqnJsonWriter *writer) { end_group(writer, "]"); }

void sdqn_json_add_string(SdqnJsonWriter *writer, const char *key, const char *value) {
    begin_value(writer, key);
    append_quoted(writer, value);
}

void sdqn_json_add_i64(SdqnJsonWriter *writer, const char *key, int64_t value) {
    char text[SDQN_TEXT_SIZE];
    snprintf(text, sizeof text, "%" PRId64, value);
    begin_value(writer, key);
    append_text(writer, text);
}

void sdqn_json_add_u64(SdqnJsonWriter *writer, const char *key, uint64_t value) {
    char text[SDQN_TEXT_SIZE];
    snprintf(text, sizeof text, "%" PRIu64, value);
    begin_value(writer, key);
    append_text(writer, text);
}

void sdqn_json_add_double(SdqnJsonWriter *writer, const char *key, double value) {
    char text[SDQN_TEXT_SIZE];
    begin_value(writer, key);
    append_text(writer, isfinite(value) ? sdqn_text_from_double(value, text) : "null");
}

void sdqn_json_add_hex(SdqnJsonWriter *writer, const char *key, double value) {
    char text[SDQN_TEXT_SIZE];
    sdqn_json_add_string(writer, key, sdqn_text_from_double_hex(value, text));
}

void sdqn_json_add_bool(SdqnJsonWriter *writer, const char *key, bool value) {
    begin_value(writer, key);
    append_text(writer, value ? "true" : "false");
}

const char *sdqn_json_writer_text(SdqnJsonWriter *writer, size_t *size) {
    assert(writer->depth == 0);
    append(writer, "", 0); // an empty writer gets its room too
    if (writer->failed) return NULL;
    memcpy(writer->text + writer->length, "\n", 2); // not counted in `length`: further values would overwrite it
    if (size != NULL) *size = writer->length + 1;
    return writer->text;
}
