// yaml_document.h: a YAML file as a tree of nodes, for files of more than one shape (studies, maps of weights).
#ifndef SDQN_CORE_YAML_DOCUMENT_H
#define SDQN_CORE_YAML_DOCUMENT_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

/// A document that was read.
typedef struct SdqnYaml {
    char where[720]; ///< its file, for messages
    yaml_document_t document;
} SdqnYaml;

/// Read one document in UTF-8. Refused, with file and line: what is no YAML, anchors, aliases and tags (each a way to say something other
/// than what a reader sees), a second document, and lists and mappings more than 8 deep, over which libyaml takes quadratic time.
/// @param where  its file, for messages @param yaml  to be cleared @return SDQN_OK, SDQN_ERR_ARGUMENT or SDQN_ERR_MEMORY
SdqnStatus sdqn_yaml_parse(const char *where, const uint8_t *text, size_t size, SdqnYaml *yaml, SdqnError *error);
void sdqn_yaml_clear(SdqnYaml *yaml);

/// @return NULL for an empty document
const yaml_node_t *sdqn_yaml_root(const SdqnYaml *yaml);
/// The node of an item or pair.
const yaml_node_t *sdqn_yaml_node(const SdqnYaml *yaml, int index);
/// The text of a plain value; NULL if the node is none, or holds a zero byte.
const char *sdqn_yaml_text(const yaml_node_t *node);

/// Message `FILE:LINE: what: why` about a node. @return SDQN_ERR_ARGUMENT
SdqnStatus sdqn_yaml_refuse(const SdqnYaml *yaml, const yaml_node_t *node, const char *what, const char *why, SdqnError *error);

/// What an event has that says something other than what a reader sees, as a message: an alias, an anchor or a tag. @return NULL: nothing
const char *sdqn_yaml_objection(const yaml_event_t *event);

/// Why a parser stopped. @return SDQN_ERR_ARGUMENT or SDQN_ERR_MEMORY
SdqnStatus sdqn_yaml_problem(const yaml_parser_t *parser, const char *where, SdqnError *error);

#endif
