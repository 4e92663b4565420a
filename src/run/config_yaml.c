// config_yaml.c: a strict small part of YAML: one document, a mapping of keys to plain values, lists of names and task definitions.
//
// Anchors, aliases, tags, further documents and repeated keys are refused: a configuration has no use for them, and each is a way to say
// something other than what a reader sees.
#include "core/yaml_document.h"
#include "run/config_builder.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { MAX_SCALAR = 1024, SHOWN = 80 };

/// A document while it is read. `event` is the present one, to be deleted.
typedef struct Reader {
    SdqnConfigBuilder *builder;
    int file;
    yaml_parser_t parser;
    yaml_event_t event;
    SdqnError *error;
} Reader;

static const char *path_of(const Reader *reader) { return reader->builder->paths[reader->file]; }

static int line_of(const Reader *reader) { return (int)reader->event.start_mark.line + 1; }

/// Message `FILE:LINE: what: why` about the present event. @return SDQN_ERR_ARGUMENT
static SdqnStatus refuse(const Reader *reader, const char *what, const char *why) {
    return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.700s:%d: %.*s: %s", path_of(reader), line_of(reader), SHOWN, what, why);
}

/// Go on to the next event.
static SdqnStatus next(Reader *reader) {
    yaml_event_delete(&reader->event);
    if (yaml_parser_parse(&reader->parser, &reader->event)) return SDQN_OK;
    return sdqn_yaml_problem(&reader->parser, path_of(reader), reader->error);
}

/// Whether the present event is of a type, and has neither anchor nor tag.
static SdqnStatus expect(const Reader *reader, yaml_event_type_t type, const char *what, const char *why) {
    const char *objection = sdqn_yaml_objection(&reader->event);
    if (objection) return refuse(reader, what, objection);
    return reader->event.type == type ? SDQN_OK : refuse(reader, what, why);
}

/// The present scalar as text. @param text  [MAX_SCALAR] written
static SdqnStatus scalar(const Reader *reader, const char *what, const char *why, char text[MAX_SCALAR]) {
    SdqnStatus status = expect(reader, YAML_SCALAR_EVENT, what, why);
    if (status != SDQN_OK) return status;
    size_t length = reader->event.data.scalar.length;
    const char *value = (const char *)reader->event.data.scalar.value;
    if (length >= MAX_SCALAR || memchr(value, '\0', length) != NULL) return refuse(reader, what, "too long, or it holds a zero byte");
    memcpy(text, value, length + 1);
    return SDQN_OK;
}

static bool is_quoted(const Reader *reader) { return reader->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE; }

/// The present scalar as a number, a boolean or a word; a quoted one is text and never a number.
static SdqnStatus value_text(const Reader *reader, const SdqnKey *key, char text[MAX_SCALAR]) {
    char allowed[256], why[300];
    snprintf(why, sizeof why, "must be %s", sdqn_key_allowed(key, allowed));
    SdqnStatus status = scalar(reader, key->name, why, text);
    bool wants_text =
        key->type == SDQN_KEY_CHOICE || key->type == SDQN_KEY_METHOD || key->type == SDQN_KEY_TASKS || key->type == SDQN_KEY_SHA256;
    if (status != SDQN_OK || wants_text || !is_quoted(reader)) return status;
    char what[MAX_SCALAR];
    snprintf(what, sizeof what, "%s = \"%.*s\"", key->name, SHOWN / 2, text);
    return refuse(reader, what, why);
}

// ---- tasks ----------------------------------------------------------------------------------------------------------------------

static bool is_list(const SdqnKey *key) {
    return key->type == SDQN_KEY_TASKS || key->type == SDQN_KEY_TASK_INTS || key->type == SDQN_KEY_TASK_DOUBLES;
}

/// A sequence of names or numbers, as text separated by commas.
static SdqnStatus read_list(Reader *reader, const SdqnKey *key, char text[MAX_SCALAR]) {
    bool names = key->type == SDQN_KEY_TASKS;
    SdqnStatus status = expect(reader, YAML_SEQUENCE_START_EVENT, key->name, "must be a list");
    size_t length = 0;
    text[0] = '\0';
    while (status == SDQN_OK && (status = next(reader)) == SDQN_OK && reader->event.type != YAML_SEQUENCE_END_EVENT) {
        char item[MAX_SCALAR];
        status = names ? scalar(reader, key->name, "must be a list of names", item) : value_text(reader, key, item);
        if (status != SDQN_OK) break;
        size_t added = strlen(item) + 1;
        if (strpbrk(item, ", ") != NULL || length + added >= MAX_SCALAR)
            return refuse(reader, item, names ? "not the name of a task, or too many of them" : "no number, or too many of them");
        length += (size_t)snprintf(text + length, MAX_SCALAR - length, "%s%s", length == 0 ? "" : ",", item);
    }
    return status;
}

/// One definition while it is read.
typedef struct Definition {
    SdqnTask values;                 ///< fields given
    int lines[SDQN_CONFIG_MAX_KEYS]; ///< of the fields given, 0 for the others
    const SdqnTask *base;
    int base_line;
} Definition;

/// Read the value of one field, the present event.
static SdqnStatus read_field(Reader *reader, const char *name, Definition *definition) {
    char text[MAX_SCALAR], where[SDQN_ERROR_SIZE];
    if (strcmp(name, "base") == 0) {
        SdqnStatus status = scalar(reader, name, "must be the name of a built-in task", text);
        if (status != SDQN_OK) return status;
        if (definition->base_line != 0) return refuse(reader, name, "given twice");
        definition->base = sdqn_task_find(text);
        definition->base_line = line_of(reader);
        snprintf(where, sizeof where, "base = %.*s", SHOWN, text);
        return definition->base != NULL ? SDQN_OK : refuse(reader, where, "must be standard, windy, heavy or gymwind");
    }
    int key = sdqn_key_find(sdqn_task_table, sdqn_task_table_size, name);
    if (key < 0) {
        snprintf(where, sizeof where, "%.700s:%d: ", path_of(reader), line_of(reader));
        return sdqn_config_unknown_key(where, sdqn_task_table, sdqn_task_table_size, name, reader->error);
    }
    if (definition->lines[key] != 0) return refuse(reader, name, "given twice");
    SdqnStatus status = value_text(reader, &sdqn_task_table[key], text);
    if (status != SDQN_OK) return status;
    definition->lines[key] = line_of(reader);
    if (sdqn_key_parse(&sdqn_task_table[key], text, &definition->values)) return SDQN_OK;
    char allowed[256], why[300];
    snprintf(where, sizeof where, "%s = %.*s", sdqn_task_table[key].name, SHOWN, text);
    snprintf(why, sizeof why, "must be %s", sdqn_key_allowed(&sdqn_task_table[key], allowed));
    return refuse(reader, where, why);
}

/// Put the fields given over the base one by one, so that an error has the line of the field at fault.
static SdqnStatus finish_definition(const Reader *reader, const char *name, int line, const Definition *definition, SdqnTask *task) {
    SdqnError why = {0};
    *task = definition->base != NULL ? *definition->base : sdqn_task_default();
    memset(task->name, 0, sizeof task->name);
    memcpy(task->name, name, strlen(name));          // shorter than the array, as the caller has checked
    SdqnStatus status = sdqn_task_check(task, &why); // the name
    for (int i = 0; i < sdqn_task_table_size && status == SDQN_OK; i++) {
        if (definition->lines[i] == 0) continue;
        sdqn_key_copy(&sdqn_task_table[i], &definition->values, task);
        line = definition->lines[i];
        status = sdqn_task_check(task, &why);
    }
    if (status != SDQN_OK) return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.700s:%d: %s", path_of(reader), line, why.message);
    // A wind whose power was forgotten would be none; a power of zero that is written down is meant.
    bool power_given = task->wind_power != 0 || definition->lines[sdqn_key_find(sdqn_task_table, sdqn_task_table_size, "wind_power")] != 0;
    if (task->wind != SDQN_WIND_NONE && !power_given)
        return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.700s:%d: task %s: wind_power is missing: this wind needs one",
                              path_of(reader), line, name);
    return SDQN_OK;
}

/// Add a definition, or replace the one of an earlier file.
static SdqnStatus keep_definition(Reader *reader, const SdqnTask *task) {
    SdqnConfig *config = &reader->builder->files.values;
    int i = 0;
    while (i < config->num_task_definitions && strcmp(config->task_definitions[i].name, task->name) != 0) i++;
    if (i == SDQN_CONFIG_MAX_TASKS) return refuse(reader, "task_definitions", "at most 32 are allowed");
    config->task_definitions[i] = *task;
    if (i == config->num_task_definitions) config->num_task_definitions++;
    return SDQN_OK;
}

/// `NAME: {field: value, ...}`; the present event is the name.
static SdqnStatus read_definition(Reader *reader, char seen[][SDQN_TASK_NAME_SIZE], int *num_seen) {
    char name[MAX_SCALAR], field[MAX_SCALAR];
    SdqnStatus status = scalar(reader, "task_definitions", "must map names to definitions", name);
    if (status != SDQN_OK) return status;
    int line = line_of(reader);
    if (strlen(name) >= SDQN_TASK_NAME_SIZE) return refuse(reader, name, "a task's name has at most 31 letters");
    if (sdqn_task_find(name) != NULL || strcmp(name, "all") == 0) return refuse(reader, name, "this name is built in: choose another");
    for (int i = 0; i < *num_seen; i++)
        if (strcmp(seen[i], name) == 0) return refuse(reader, name, "defined twice");
    if (*num_seen == SDQN_CONFIG_MAX_TASKS) return refuse(reader, name, "at most 32 definitions are allowed");
    memcpy(seen[(*num_seen)++], name, strlen(name) + 1);

    Definition definition = {0};
    if ((status = next(reader)) != SDQN_OK) return status;
    status = expect(reader, YAML_MAPPING_START_EVENT, name, "must be a mapping of fields such as gravity to values");
    while (status == SDQN_OK && (status = next(reader)) == SDQN_OK && reader->event.type != YAML_MAPPING_END_EVENT) {
        status = scalar(reader, name, "a field's name must be plain text", field);
        if (status == SDQN_OK) status = next(reader);
        if (status == SDQN_OK) status = read_field(reader, field, &definition);
    }
    SdqnTask task;
    if (status == SDQN_OK) status = finish_definition(reader, name, line, &definition, &task);
    return status == SDQN_OK ? keep_definition(reader, &task) : status;
}

static SdqnStatus read_definitions(Reader *reader) {
    char seen[SDQN_CONFIG_MAX_TASKS][SDQN_TASK_NAME_SIZE];
    int num_seen = 0;
    SdqnStatus status = expect(reader, YAML_MAPPING_START_EVENT, "task_definitions", "must map names to definitions");
    while (status == SDQN_OK && (status = next(reader)) == SDQN_OK && reader->event.type != YAML_MAPPING_END_EVENT)
        status = read_definition(reader, seen, &num_seen);
    return status;
}

// ---- the document ---------------------------------------------------------------------------------------------------------------

/// `key: value`; the present event is the key.
static SdqnStatus read_setting(Reader *reader, bool given[SDQN_CONFIG_MAX_KEYS]) {
    char name[MAX_SCALAR], text[MAX_SCALAR], where[SDQN_ERROR_SIZE];
    SdqnStatus status = scalar(reader, "configuration", "a key must be plain text", name);
    if (status != SDQN_OK) return status;
    SdqnSource source = {SDQN_SOURCE_FILE, reader->file, line_of(reader)};
    int key = sdqn_key_find(sdqn_config_table, sdqn_config_table_size, name);
    if (key < 0) {
        snprintf(where, sizeof where, "%.700s:%d: ", path_of(reader), source.line);
        return sdqn_config_unknown_key(where, sdqn_config_table, sdqn_config_table_size, name, reader->error);
    }
    if (given[key]) return refuse(reader, name, "given twice");
    given[key] = true;
    if ((status = next(reader)) != SDQN_OK) return status;
    const SdqnKey *row = &sdqn_config_table[key];
    if (row->type == SDQN_KEY_DEFINITIONS) {
        status = read_definitions(reader);
        reader->builder->files.sources[key] = source;
        return status;
    }
    if (is_list(row) && reader->event.type == YAML_SEQUENCE_START_EVENT)
        status = read_list(reader, row, text);
    else
        status = value_text(reader, row, text);
    return status == SDQN_OK ? sdqn_config_builder_take(reader->builder, key, source, text, reader->error) : status;
}

static SdqnStatus read_document(Reader *reader) {
    bool given[SDQN_CONFIG_MAX_KEYS] = {false};
    SdqnStatus status = next(reader); // the stream begins
    if (status == SDQN_OK) status = next(reader);
    if (status != SDQN_OK || reader->event.type == YAML_STREAM_END_EVENT) return status; // nothing but comments
    status = next(reader);                                                               // the document began
    if (status == SDQN_OK) status = expect(reader, YAML_MAPPING_START_EVENT, "configuration", "must be a mapping of keys to values");
    while (status == SDQN_OK && (status = next(reader)) == SDQN_OK && reader->event.type != YAML_MAPPING_END_EVENT)
        status = read_setting(reader, given);
    if (status == SDQN_OK) status = next(reader); // the document ends
    if (status == SDQN_OK) status = next(reader);
    if (status == SDQN_OK && reader->event.type != YAML_STREAM_END_EVENT)
        status = refuse(reader, "configuration", "a second YAML document is not allowed");
    return status;
}

SdqnStatus sdqn_config_read_yaml(SdqnConfigBuilder *builder, int file, const uint8_t *text, size_t size, SdqnError *error) {
    Reader reader = {.builder = builder, .file = file, .error = error};
    if (!yaml_parser_initialize(&reader.parser))
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "%.700s: out of memory", builder->paths[file]);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, text, size);
    SdqnStatus status = read_document(&reader);
    yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return status;
}
