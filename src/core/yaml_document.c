#include "core/yaml_document.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 8, SHOWN = 80 };

SdqnStatus sdqn_yaml_problem(const yaml_parser_t *parser, const char *where, SdqnError *error) {
    if (parser->error == YAML_MEMORY_ERROR) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%.700s: out of memory", where);
    const size_t line = parser->error == YAML_READER_ERROR ? 0 : parser->problem_mark.line;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.700s:%zu: no valid YAML: %s", where, line + 1,
                          parser->problem ? parser->problem : "unknown problem");
}

static SdqnStatus begin(yaml_parser_t *parser, const char *where, const uint8_t *text, size_t size, SdqnError *error) {
    if (!yaml_parser_initialize(parser)) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%.700s: out of memory", where);
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, text, size);
    return SDQN_OK;
}

const char *sdqn_yaml_objection(const yaml_event_t *event) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return "YAML aliases are not allowed";
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor, tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor, tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor, tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
    return anchor ? "YAML anchors are not allowed" : tag ? "YAML tags are not allowed" : NULL;
}

/// What is not allowed about an event of a document; NULL: nothing. @param depth, documents  counted on
static const char *objection(const yaml_event_t *event, int *depth, int *documents) {
    *documents += event->type == YAML_DOCUMENT_START_EVENT;
    *depth += event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
    *depth -= event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT;
    if (*documents > 1) return "a second YAML document is not allowed";
    if (*depth > MAX_DEPTH) return "lists and mappings are too deep in each other";
    return sdqn_yaml_objection(event);
}

/// Whether the whole is what a document may be. Stops where it is not, before libyaml has read on.
static SdqnStatus check(const char *where, const uint8_t *text, size_t size, SdqnError *error) {
    yaml_parser_t parser;
    int depth = 0, documents = 0;
    bool ended = false;
    SdqnStatus status = begin(&parser, where, text, size, error);
    if (status != SDQN_OK) return status;
    while (status == SDQN_OK && !ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            status = sdqn_yaml_problem(&parser, where, error);
            break;
        }
        const char *why = objection(&event, &depth, &documents);
        if (why) status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.700s:%zu: %s", where, event.start_mark.line + 1, why);
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return status;
}

SdqnStatus sdqn_yaml_parse(const char *where, const uint8_t *text, size_t size, SdqnYaml *yaml, SdqnError *error) {
    yaml_parser_t parser;
    SdqnStatus status = check(where, text, size, error);
    if (status == SDQN_OK) status = begin(&parser, where, text, size, error);
    if (status != SDQN_OK) return status;
    if (!yaml_parser_load(&parser, &yaml->document)) status = sdqn_yaml_problem(&parser, where, error);
    yaml_parser_delete(&parser);
    if (status == SDQN_OK) snprintf(yaml->where, sizeof yaml->where, "%.700s", where);
    return status;
}

void sdqn_yaml_clear(SdqnYaml *yaml) { yaml_document_delete(&yaml->document); }

// libyaml takes documents that it does not change without const.
static yaml_document_t *document_of(const SdqnYaml *yaml) { return (yaml_document_t *)&yaml->document; }

const yaml_node_t *sdqn_yaml_root(const SdqnYaml *yaml) { return yaml_document_get_root_node(document_of(yaml)); }

const yaml_node_t *sdqn_yaml_node(const SdqnYaml *yaml, int index) { return yaml_document_get_node(document_of(yaml), index); }

const char *sdqn_yaml_text(const yaml_node_t *node) {
    if (node->type != YAML_SCALAR_NODE) return NULL;
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

SdqnStatus sdqn_yaml_refuse(const SdqnYaml *yaml, const yaml_node_t *node, const char *what, const char *why, SdqnError *error) {
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s:%zu: %.*s: %s", yaml->where, node->start_mark.line + 1, SHOWN, what, why);
}
