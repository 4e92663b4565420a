#include "exchange/weights_map.h"

#include "core/file.h"
#include "core/text.h"
#include "core/yaml_document.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Entry {
    char ours[SDQN_TENSOR_NAME_SIZE], theirs[SDQN_TENSOR_NAME_SIZE];
    bool transpose;
    int line;
} Entry;

struct SdqnWeightsMap {
    char where[256];
    int count, num_ignored;
    Entry *entries;                         ///< [count]
    char (*ignored)[SDQN_TENSOR_NAME_SIZE]; ///< [num_ignored] without the star
    bool *ignored_begins;                   ///< [num_ignored] whether there was one
};

// ---- reading --------------------------------------------------------------------------------------------------------------------

/// A document while it is read.
typedef struct Reader {
    const SdqnYaml *yaml;
    SdqnWeightsMap *map;
    SdqnError *error;
} Reader;

static SdqnStatus refuse(const Reader *reader, const yaml_node_t *node, const char *what, const char *why) {
    return sdqn_yaml_refuse(reader->yaml, node, what, why, reader->error);
}

/// The name of a tensor.
static SdqnStatus read_name(const Reader *reader, const yaml_node_t *node, const char *what, char name[SDQN_TENSOR_NAME_SIZE]) {
    char why[96];
    const char *text = sdqn_yaml_text(node);
    snprintf(why, sizeof why, "must be the name of a tensor, 1 to %d letters", SDQN_TENSOR_NAME_SIZE - 1);
    if (text == NULL || text[0] == '\0' || strlen(text) >= SDQN_TENSOR_NAME_SIZE) return refuse(reader, node, what, why);
    memcpy(name, text, strlen(text) + 1);
    return SDQN_OK;
}

static SdqnStatus read_bool(const Reader *reader, const yaml_node_t *node, const char *what, bool *value) {
    const char *text = sdqn_yaml_text(node);
    if (text == NULL || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
        return refuse(reader, node, what, "must be true or false");
    *value = strcmp(text, "true") == 0;
    return SDQN_OK;
}

/// `{from: NAME, transpose: true}`
static SdqnStatus read_details(const Reader *reader, const yaml_node_t *node, Entry *entry) {
    bool has_from = false, has_transpose = false;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = sdqn_yaml_node(reader->yaml, pair->key), *value = sdqn_yaml_node(reader->yaml, pair->value);
        const char *name = sdqn_yaml_text(key);
        SdqnStatus status;
        if (name != NULL && strcmp(name, "from") == 0 && !has_from) {
            has_from = true;
            status = read_name(reader, value, "from", entry->theirs);
        } else if (name != NULL && strcmp(name, "transpose") == 0 && !has_transpose) {
            has_transpose = true;
            status = read_bool(reader, value, "transpose", &entry->transpose);
        } else {
            status = refuse(reader, key, entry->ours, "takes from and transpose, each once");
        }
        if (status != SDQN_OK) return status;
    }
    return has_from ? SDQN_OK : refuse(reader, node, entry->ours, "from is missing: the name of their tensor");
}

static SdqnStatus read_entry(const Reader *reader, const yaml_node_pair_t *pair) {
    SdqnWeightsMap *map = reader->map;
    Entry *entry = &map->entries[map->count];
    const yaml_node_t *key = sdqn_yaml_node(reader->yaml, pair->key), *value = sdqn_yaml_node(reader->yaml, pair->value);
    entry->line = (int)key->start_mark.line + 1;
    SdqnStatus status = read_name(reader, key, "tensors", entry->ours);
    if (status != SDQN_OK) return status;
    status = value->type == YAML_MAPPING_NODE ? read_details(reader, value, entry) : read_name(reader, value, entry->ours, entry->theirs);
    if (status != SDQN_OK) return status;
    for (int i = 0; i < map->count; i++) {
        char why[SDQN_TENSOR_NAME_SIZE + 64];
        if (strcmp(map->entries[i].ours, entry->ours) == 0) return refuse(reader, key, entry->ours, "given twice");
        snprintf(why, sizeof why, "%s is taken already, by line %d", entry->theirs, map->entries[i].line);
        if (strcmp(map->entries[i].theirs, entry->theirs) == 0) return refuse(reader, key, entry->ours, why);
    }
    map->count++;
    return SDQN_OK;
}

static SdqnStatus no_memory(const Reader *reader) {
    return sdqn_error_set(reader->error, SDQN_ERR_MEMORY, "%s: out of memory", reader->map->where);
}

static SdqnStatus read_tensors(const Reader *reader, const yaml_node_t *node) {
    if (node->type != YAML_MAPPING_NODE) return refuse(reader, node, "tensors", "must map our names to theirs");
    const yaml_node_pair_t *first = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;
    if (end - first > SDQN_WEIGHTS_MAP_MAX_TENSORS) return refuse(reader, node, "tensors", "too many");
    reader->map->entries = calloc((size_t)(end - first) + 1, sizeof *reader->map->entries);
    if (reader->map->entries == NULL) return no_memory(reader);
    SdqnStatus status = SDQN_OK;
    for (const yaml_node_pair_t *pair = first; pair < end && status == SDQN_OK; pair++) status = read_entry(reader, pair);
    return status;
}

static SdqnStatus read_ignored(const Reader *reader, const yaml_node_t *node) {
    SdqnWeightsMap *map = reader->map;
    if (node->type != YAML_SEQUENCE_NODE) return refuse(reader, node, "ignore", "must be a list of their names");
    const yaml_node_item_t *first = node->data.sequence.items.start, *end = node->data.sequence.items.top;
    if (end - first > SDQN_WEIGHTS_MAP_MAX_TENSORS) return refuse(reader, node, "ignore", "too many");
    map->ignored = calloc((size_t)(end - first) + 1, sizeof *map->ignored);
    map->ignored_begins = calloc((size_t)(end - first) + 1, sizeof *map->ignored_begins);
    if (map->ignored == NULL || map->ignored_begins == NULL) return no_memory(reader);
    for (const yaml_node_item_t *item = first; item < end; item++) {
        char *name = map->ignored[map->num_ignored];
        const SdqnStatus status = read_name(reader, sdqn_yaml_node(reader->yaml, *item), "ignore", name);
        if (status != SDQN_OK) return status;
        char *star = strchr(name, '*');
        if (star != NULL && star[1] != '\0')
            return refuse(reader, sdqn_yaml_node(reader->yaml, *item), name, "* can only be the last letter");
        map->ignored_begins[map->num_ignored++] = star != NULL;
        if (star != NULL) *star = '\0';
    }
    return SDQN_OK;
}

static SdqnStatus read_document(const Reader *reader) {
    const yaml_node_t *root = sdqn_yaml_root(reader->yaml);
    if (root == NULL || root->type != YAML_MAPPING_NODE)
        return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%s: must be a mapping with tensors, and perhaps ignore",
                              reader->map->where);
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = sdqn_yaml_node(reader->yaml, pair->key), *value = sdqn_yaml_node(reader->yaml, pair->value);
        const char *name = sdqn_yaml_text(key);
        SdqnStatus status;
        if (name != NULL && strcmp(name, "tensors") == 0 && reader->map->entries == NULL) {
            status = read_tensors(reader, value);
        } else if (name != NULL && strcmp(name, "ignore") == 0 && reader->map->ignored == NULL) {
            status = read_ignored(reader, value);
        } else {
            status = refuse(reader, key, name != NULL ? name : "key", "must be tensors or ignore, each once");
        }
        if (status != SDQN_OK) return status;
    }
    if (reader->map->count > 0) return SDQN_OK;
    return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%s: tensors: names none", reader->map->where);
}

static SdqnStatus parse_into(SdqnWeightsMap *map, const char *text, size_t size, SdqnError *error) {
    SdqnYaml yaml;
    SdqnStatus status = sdqn_yaml_parse(map->where, (const uint8_t *)text, size, &yaml, error);
    if (status != SDQN_OK) return status;
    status = read_document(&(Reader){&yaml, map, error});
    sdqn_yaml_clear(&yaml);
    return status;
}

SdqnStatus sdqn_weights_map_parse(const char *where, const char *text, size_t size, SdqnWeightsMap **map, SdqnError *error) {
    SdqnWeightsMap *made = calloc(1, sizeof *made);
    if (made == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%.200s: out of memory", where);
    snprintf(made->where, sizeof made->where, "%.250s", where);
    const SdqnStatus status = parse_into(made, text, size, error);
    if (status == SDQN_OK) {
        *map = made;
    } else {
        sdqn_weights_map_destroy(made);
    }
    return status;
}

SdqnStatus sdqn_weights_map_read(const char *path, SdqnWeightsMap **map, SdqnError *error) {
    uint8_t *text;
    size_t size;
    SdqnStatus status = sdqn_file_read(path, SDQN_WEIGHTS_MAP_MAX_SIZE, &text, &size, error);
    if (status != SDQN_OK) return status;
    status = sdqn_weights_map_parse(path, (const char *)text, size, map, error);
    free(text);
    return status;
}

void sdqn_weights_map_destroy(SdqnWeightsMap *map) {
    if (map == NULL) return;
    free(map->entries);
    free(map->ignored);
    free(map->ignored_begins);
    free(map);
}

// ---- applying -------------------------------------------------------------------------------------------------------------------

static const SdqnTensor *find(const SdqnTensor *tensors, int count, const char *name) {
    for (int i = 0; i < count; i++) {
        if (strcmp(tensors[i].name, name) == 0) return &tensors[i];
    }
    return NULL;
}

static bool is_ignored(const SdqnWeightsMap *map, const char *name) {
    for (int i = 0; i < map->num_ignored; i++) {
        const char *ignored = map->ignored[i];
        if (map->ignored_begins[i] ? strncmp(name, ignored, strlen(ignored)) == 0 : strcmp(name, ignored) == 0) return true;
    }
    return false;
}

static bool is_taken(const SdqnWeightsMap *map, const char *name) {
    for (int i = 0; i < map->count; i++) {
        if (strcmp(map->entries[i].theirs, name) == 0) return true;
    }
    return false;
}

static SdqnStatus missing(const SdqnWeightsMap *map, const Entry *entry, const char *where, const SdqnTensor *tensors, int count,
                          SdqnError *error) {
    const char *names[SDQN_WEIGHTS_MAP_MAX_TENSORS], *nearest;
    const int shown = count < SDQN_WEIGHTS_MAP_MAX_TENSORS ? count : SDQN_WEIGHTS_MAP_MAX_TENSORS;
    for (int i = 0; i < shown; i++) names[i] = tensors[i].name;
    nearest = sdqn_text_nearest(entry->theirs, names, (size_t)shown);
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.300s: tensor %s: missing, but line %d of %s takes it for %s%s%s%s", where,
                          entry->theirs, entry->line, map->where, entry->ours, nearest != NULL ? "; did you mean " : "",
                          nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
}

/// Copy the values of one tensor. @param values  room for them
static SdqnStatus take(const Entry *entry, const char *where, const SdqnTensor *theirs, SdqnTensor *ours, float *values, SdqnError *error) {
    const size_t count = sdqn_tensor_count(theirs);
    if (entry->transpose && theirs->rank != 2)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.300s: tensor %s: has %d dimensions, only two can be transposed", where,
                              theirs->name, theirs->rank);
    *ours = *theirs;
    memcpy(ours->name, entry->ours, sizeof ours->name);
    ours->data = values;
    for (size_t k = 0; k < count; k++) {
        if (!isfinite(theirs->data[k]))
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.300s: tensor %s: value %zu is %g as float32: must be finite", where,
                                  theirs->name, k, (double)theirs->data[k]);
        values[k] = theirs->data[k];
    }
    if (!entry->transpose) return SDQN_OK;
    const size_t rows = theirs->shape[0], columns = theirs->shape[1];
    ours->shape[0] = columns;
    ours->shape[1] = rows;
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) values[c * rows + r] = theirs->data[r * columns + c];
    }
    return SDQN_OK;
}

/// Check that every tensor is used or ignored, and every one that is used is there with values. @param total  receives how many values
static SdqnStatus check(const SdqnWeightsMap *map, const char *where, const SdqnTensor *tensors, int count, size_t *total,
                        SdqnError *error) {
    *total = 0;
    for (int i = 0; i < map->count; i++) {
        const SdqnTensor *found = find(tensors, count, map->entries[i].theirs);
        if (found == NULL) return missing(map, &map->entries[i], where, tensors, count, error);
        if (found->data == NULL)
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.300s: tensor %s: its type is not F32, F64, F16 or BF16", where, found->name);
        *total += sdqn_tensor_count(found);
    }
    for (int i = 0; i < count; i++) {
        if (is_taken(map, tensors[i].name) || is_ignored(map, tensors[i].name)) continue;
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.300s: tensor %s: is not in %s: take it under tensors, or name it under ignore",
                              where, tensors[i].name, map->where);
    }
    return SDQN_OK;
}

SdqnStatus sdqn_weights_map_apply(const SdqnWeightsMap *map, const char *where, const SdqnTensor *tensors, int count,
                                  SdqnMappedWeights *mapped, SdqnError *error) {
    size_t total, used = 0;
    SdqnStatus status = check(map, where, tensors, count, &total, error);
    if (status != SDQN_OK) return status;
    SdqnMappedWeights made = {.tensors = calloc((size_t)map->count + 1, sizeof *made.tensors),
                              .values = malloc((total + 1) * sizeof *made.values)};
    if (made.tensors == NULL || made.values == NULL) {
        sdqn_mapped_weights_clear(&made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "%.300s: out of memory for %zu values", where, total);
    }
    for (int i = 0; i < map->count && status == SDQN_OK; i++) {
        const SdqnTensor *theirs = find(tensors, count, map->entries[i].theirs);
        status = take(&map->entries[i], where, theirs, &made.tensors[i], made.values + used, error);
        used += sdqn_tensor_count(theirs);
        made.count++;
    }
    if (status == SDQN_OK) {
        *mapped = made;
    } else {
        sdqn_mapped_weights_clear(&made);
    }
    return status;
}

void sdqn_mapped_weights_clear(SdqnMappedWeights *mapped) {
    free(mapped->tensors);
    free(mapped->values);
    *mapped = (SdqnMappedWeights){0};
}
