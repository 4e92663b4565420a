#include "study/plan.h"

#include "core/text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define MAX_FILE_SIZE ((size_t)1 << 20)
#define SHOWN 80

typedef struct Reader {
    const char *path;
    yaml_document_t document;
    SdqnStudyPlan *plan;
    SdqnError *error;
    int num_common; ///< settings of all arms
    char common[SDQN_STUDY_MAX_SETTINGS][SDQN_STUDY_SETTING_SIZE];
} Reader;

static SdqnStatus refuse(const Reader *reader, const yaml_node_t *node, const char *what, const char *why) {
    return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.700s:%zu: %.*s: %s", reader->path, node->start_mark.line + 1, SHOWN, what,
                          why);
}

static yaml_node_t *node_of(Reader *reader, int index) { return yaml_document_get_node(&reader->document, index); }

/// The text of a scalar node; NULL if it is none, or holds a zero byte.
static const char *text_of(const yaml_node_t *node) {
    if (node->type != YAML_SCALAR_NODE) return NULL;
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

static bool good_name(const char *text) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return text[0] != '\0' && strlen(text) < SDQN_STUDY_NAME_SIZE && strspn(text, allowed) == strlen(text);
}

// ---- seeds ----------------------------------------------------------------------------------------------------------------------

static SdqnStatus add_seed(const Reader *reader, const yaml_node_t *node, uint64_t seed) {
    SdqnStudyPlan *plan = reader->plan;
    char text[SDQN_TEXT_SIZE];
    snprintf(text, sizeof text, "seed %llu", (unsigned long long)seed);
    if (plan->num_seeds == SDQN_STUDY_MAX_SEEDS) return refuse(reader, node, "seeds", "more than 10000");
    for (int i = 0; i < plan->num_seeds; i++) {
        if (plan->seeds[i] == seed) return refuse(reader, node, text, "is there twice");
    }
    plan->seeds[plan->num_seeds++] = seed;
    return SDQN_OK;
}

/// `1-20`, or one seed.
static SdqnStatus add_range(const Reader *reader, const yaml_node_t *node, const char *text) {
    static const char why[] = "must be seeds: a range like 1-20, or a list like [1, 2, 5]";
    char first_text[SDQN_TEXT_SIZE];
    uint64_t first, last;
    const char *dash = strchr(text, '-');
    snprintf(first_text, sizeof first_text, "%.*s", (int)(dash && dash - text < SDQN_TEXT_SIZE ? dash - text : SDQN_TEXT_SIZE - 1), text);
    if (!sdqn_text_to_seed(first_text, &first) || (dash && !sdqn_text_to_seed(dash + 1, &last))) return refuse(reader, node, text, why);
    if (!dash) last = first;
    if (last < first) return refuse(reader, node, text, "the range ends before it begins");
    SdqnStatus status = SDQN_OK;
    for (uint64_t seed = first; seed <= last && status == SDQN_OK; seed++) status = add_seed(reader, node, seed);
    return status;
}

static SdqnStatus read_seeds(Reader *reader, const yaml_node_t *node) {
    const char *text = text_of(node);
    if (text) return add_range(reader, node, text);
    if (node->type != YAML_SEQUENCE_NODE) return refuse(reader, node, "seeds", "must be a range like 1-20, or a list");
    SdqnStatus status = SDQN_OK;
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top && status == SDQN_OK;
         item++) {
        const yaml_node_t *seed = node_of(reader, *item);
        text = text_of(seed);
        status = text ? add_range(reader, seed, text) : refuse(reader, seed, "seeds", "must be numbers or ranges");
    }
    return status;
}

// ---- settings -------------------------------------------------------------------------------------------------------------------

/// A value as --set takes it: a scalar, or a list of them with commas between.
static SdqnStatus value_text(Reader *reader, const yaml_node_t *value, const char *key, char *text, size_t size) {
    const char *scalar = text_of(value);
    size_t length = 0;
    if (scalar) {
        length = (size_t)snprintf(text, size, "%s", scalar);
    } else if (value->type == YAML_SEQUENCE_NODE) {
        text[0] = '\0';
        for (const yaml_node_item_t *item = value->data.sequence.items.start; item < value->data.sequence.items.top; item++) {
            scalar = text_of(node_of(reader, *item));
            if (!scalar || length >= size) return refuse(reader, value, key, "must be a list of names or numbers");
            length += (size_t)snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ",", scalar);
        }
    } else {
        return refuse(reader, value, key, "must be a value or a list of values");
    }
    return length < size ? SDQN_OK : refuse(reader, value, key, "is too long");
}

/// Read `key: value` pairs behind the settings that are there. @param config_file  receives what `config` says; NULL: it is not allowed
static SdqnStatus read_settings(Reader *reader, const yaml_node_t *node, char settings[][SDQN_STUDY_SETTING_SIZE], int *count,
                                char *config_file) {
    if (node->type != YAML_MAPPING_NODE) return refuse(reader, node, "settings", "must be a mapping of keys to values");
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = node_of(reader, pair->key);
        const char *name = text_of(key);
        if (!name) return refuse(reader, key, "settings", "a key must be a word");
        if (strcmp(name, "seed") == 0) return refuse(reader, key, name, "is not a setting: `seeds` gives them");
        if (*count == SDQN_STUDY_MAX_SETTINGS) return refuse(reader, key, name, "too many settings");
        char value[SDQN_STUDY_SETTING_SIZE];
        SdqnStatus status = value_text(reader, node_of(reader, pair->value), name, value, sizeof value);
        if (status != SDQN_OK) return status;
        if (config_file && strcmp(name, "config") == 0) {
            snprintf(config_file, SDQN_PATH_SIZE, "%s", value);
            continue;
        }
        const int length = snprintf(settings[*count], SDQN_STUDY_SETTING_SIZE, "%s=%s", name, value);
        if (length >= SDQN_STUDY_SETTING_SIZE) return refuse(reader, key, name, "is too long");
        (*count)++;
    }
    return SDQN_OK;
}

// ---- arms -----------------------------------------------------------------------------------------------------------------------

static SdqnStatus resolve(const Reader *reader, const yaml_node_t *node, SdqnStudyArm *arm) {
    SdqnConfigBuilder *builder = sdqn_config_builder_create();
    if (!builder) return sdqn_error_set(reader->error, SDQN_ERR_MEMORY, "%s: out of memory", reader->path);
    SdqnError cause = {0};
    SdqnStatus status = SDQN_OK;
    if (arm->config_file[0] != '\0') status = sdqn_config_builder_read(builder, arm->config_file, &cause);
    for (int i = 0; i < arm->num_settings && status == SDQN_OK; i++) status = sdqn_config_builder_set(builder, arm->settings[i], &cause);
    if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, &arm->config, &cause);
    sdqn_config_builder_destroy(builder);
    if (status == SDQN_OK) return SDQN_OK;
    char what[SDQN_STUDY_NAME_SIZE + 8];
    snprintf(what, sizeof what, "arm %s", arm->name);
    return refuse(reader, node, what, cause.message);
}

/// Whether two arms can be compared: the same tasks, evaluated in the same way.
static SdqnStatus check_protocol(const Reader *reader, const yaml_node_t *node, const SdqnStudyArm *arm) {
    const SdqnStudyArm *first = &reader->plan->arms[0];
    const SdqnConfig *a = &arm->config, *b = &first->config;
    const char *differs = NULL;
    if (a->evaluation_seed != b->evaluation_seed || a->evaluation_period != b->evaluation_period)
        differs = "evaluation_seed or evaluation_period";
    if (a->evaluation_episodes != b->evaluation_episodes) differs = "evaluation_episodes";
    if (a->final_episodes != b->final_episodes || a->final_seed != b->final_seed) differs = "final_episodes or final_seed";
    if (a->num_tasks != b->num_tasks || memcmp(a->tasks, b->tasks, sizeof a->tasks) != 0) differs = "tasks";
    for (int t = 0; t < a->num_tasks && !differs; t++) {
        const SdqnTask *own = sdqn_config_find_task(a, a->tasks[t]), *other = sdqn_config_find_task(b, b->tasks[t]);
        if (!own || !other || !sdqn_task_is_same(own, other)) differs = "the definition of a task";
    }
    if (!differs) return SDQN_OK;
    char what[SDQN_STUDY_NAME_SIZE + 8], why[256];
    snprintf(what, sizeof what, "arm %s", arm->name);
    snprintf(why, sizeof why, "%s is not that of arm %s: results of different protocols are not compared", differs, first->name);
    return refuse(reader, node, what, why);
}

static SdqnStatus read_arm(Reader *reader, const yaml_node_t *key, const yaml_node_t *value) {
    SdqnStudyPlan *plan = reader->plan;
    const char *name = text_of(key);
    if (!name || !good_name(name))
        return refuse(reader, key, name ? name : "arms", "an arm's name has 1 to 63 of the letters A-Z a-z 0-9 _ -");
    if (sdqn_study_plan_find(plan, name) >= 0) return refuse(reader, key, name, "there are two arms of this name");
    if (plan->num_arms == SDQN_STUDY_MAX_ARMS) return refuse(reader, key, name, "more than 128 arms");
    SdqnStudyArm *arm = &plan->arms[plan->num_arms];
    snprintf(arm->name, sizeof arm->name, "%s", name);
    arm->num_settings = reader->num_common;
    memcpy(arm->settings, reader->common, sizeof arm->settings);
    SdqnStatus status = read_settings(reader, value, arm->settings, &arm->num_settings, arm->config_file);
    if (status == SDQN_OK) status = resolve(reader, key, arm);
    if (status == SDQN_OK) plan->num_arms++;
    return status == SDQN_OK ? check_protocol(reader, key, arm) : status;
}

static SdqnStatus read_arms(Reader *reader, const yaml_node_t *node) {
    if (node->type != YAML_MAPPING_NODE) return refuse(reader, node, "arms", "must be a mapping of names to settings");
    SdqnStatus status = SDQN_OK;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top && status == SDQN_OK; pair++) {
        status = read_arm(reader, node_of(reader, pair->key), node_of(reader, pair->value));
    }
    return status;
}

// ---- comparisons ----------------------------------------------------------------------------------------------------------------

static SdqnStatus read_comparison(Reader *reader, const yaml_node_t *node) {
    SdqnStudyPlan *plan = reader->plan;
    int arms[2];
    const bool pair = node->type == YAML_SEQUENCE_NODE && node->data.sequence.items.top - node->data.sequence.items.start == 2;
    if (!pair) return refuse(reader, node, "comparisons", "each must be a list of two arms");
    for (int i = 0; i < 2; i++) {
        const char *name = text_of(node_of(reader, node->data.sequence.items.start[i]));
        arms[i] = name ? sdqn_study_plan_find(plan, name) : -1;
        if (arms[i] < 0) return refuse(reader, node, name ? name : "comparisons", "no arm has this name");
    }
    if (arms[0] == arms[1]) return refuse(reader, node, plan->arms[arms[0]].name, "is compared with itself");
    if (plan->num_comparisons == SDQN_STUDY_MAX_COMPARISONS) return refuse(reader, node, "comparisons", "more than 256");
    plan->comparisons[plan->num_comparisons++] = (SdqnStudyComparison){arms[0], arms[1]};
    return SDQN_OK;
}

static SdqnStatus read_comparisons(Reader *reader, const yaml_node_t *node) {
    if (node->type != YAML_SEQUENCE_NODE) return refuse(reader, node, "comparisons", "must be a list of pairs of arms");
    SdqnStatus status = SDQN_OK;
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top && status == SDQN_OK;
         item++) {
        status = read_comparison(reader, node_of(reader, *item));
    }
    return status;
}

// ---- the whole file -------------------------------------------------------------------------------------------------------------

static SdqnStatus read_name(Reader *reader, const yaml_node_t *node) {
    const char *text = text_of(node);
    if (!text || !good_name(text)) return refuse(reader, node, "name", "must have 1 to 63 of the letters A-Z a-z 0-9 _ -");
    snprintf(reader->plan->name, sizeof reader->plan->name, "%s", text);
    return SDQN_OK;
}

static SdqnStatus read_common(Reader *reader, const yaml_node_t *node) {
    return read_settings(reader, node, reader->common, &reader->num_common, NULL);
}

/// Read the parts in the order in which they build on each other, whatever their order in the file.
static SdqnStatus read_parts(Reader *reader, const yaml_node_t *root) {
    static const struct {
        const char *key;
        bool needed;
        SdqnStatus (*read)(Reader *reader, const yaml_node_t *node);
    } parts[] = {{"name", true, read_name},
                 {"seeds", true, read_seeds},
                 {"settings", false, read_common},
                 {"arms", true, read_arms},
                 {"comparisons", false, read_comparisons}};
    enum { NUM_PARTS = sizeof parts / sizeof *parts };
    const yaml_node_t *found[NUM_PARTS] = {NULL};
    for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = node_of(reader, pair->key);
        const char *name = text_of(key);
        int part = 0;
        while (part < NUM_PARTS && (!name || strcmp(name, parts[part].key) != 0)) part++;
        if (part == NUM_PARTS)
            return refuse(reader, key, name ? name : "a key", "no such part: name, seeds, settings, arms, comparisons are");
        if (found[part]) return refuse(reader, key, name, "is there twice");
        found[part] = node_of(reader, pair->value);
    }
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < NUM_PARTS && status == SDQN_OK; i++) {
        if (!found[i] && parts[i].needed) return refuse(reader, root, parts[i].key, "is missing");
        if (found[i]) status = parts[i].read(reader, found[i]);
    }
    if (status == SDQN_OK && reader->plan->num_seeds == 0) return refuse(reader, root, "seeds", "there is none");
    if (status == SDQN_OK && reader->plan->num_arms == 0) return refuse(reader, root, "arms", "there is none");
    return status;
}

static SdqnStatus read_document(Reader *reader, const uint8_t *text, size_t size) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return sdqn_error_set(reader->error, SDQN_ERR_MEMORY, "%s: out of memory", reader->path);
    yaml_parser_set_input_string(&parser, text, size);
    SdqnStatus status = SDQN_OK;
    if (!yaml_parser_load(&parser, &reader->document)) {
        status = sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.700s:%zu: no valid YAML: %s", reader->path,
                                parser.problem_mark.line + 1, parser.problem ? parser.problem : "unknown problem");
        yaml_parser_delete(&parser);
        return status;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
    if (!root || root->type != YAML_MAPPING_NODE) {
        status = sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.700s:1: must be a mapping with name, seeds and arms", reader->path);
    } else {
        status = read_parts(reader, root);
    }
    yaml_document_delete(&reader->document);
    yaml_parser_delete(&parser);
    return status;
}

SdqnStatus sdqn_study_plan_read(const char *path, SdqnStudyPlan *plan, SdqnError *error) {
    SdqnStudyPlan made = {0};
    if (snprintf(made.path, sizeof made.path, "%s", path) >= SDQN_PATH_SIZE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.80s...: too long a path", path);
    uint8_t *text;
    size_t size;
    SdqnStatus status = sdqn_file_read(path, MAX_FILE_SIZE, &text, &size, error);
    if (status != SDQN_OK) return status == SDQN_ERR_FORMAT ? SDQN_ERR_ARGUMENT : status;
    Reader *reader = calloc(1, sizeof *reader);
    made.arms = calloc(SDQN_STUDY_MAX_ARMS, sizeof *made.arms);
    made.seeds = calloc(SDQN_STUDY_MAX_SEEDS, sizeof *made.seeds);
    if (reader && made.arms && made.seeds) {
        reader->path = path;
        reader->plan = &made;
        reader->error = error;
        status = read_document(reader, text, size);
    } else {
        status = sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", path);
    }
    free(reader);
    free(text);
    if (status == SDQN_OK) {
        *plan = made;
    } else {
        sdqn_study_plan_clear(&made);
    }
    return status;
}

void sdqn_study_plan_clear(SdqnStudyPlan *plan) {
    free(plan->arms);
    free(plan->seeds);
    *plan = (SdqnStudyPlan){0};
}

int sdqn_study_plan_find(const SdqnStudyPlan *plan, const char *name) {
    for (int i = 0; i < plan->num_arms; i++) {
        if (strcmp(plan->arms[i].name, name) == 0) return i;
    }
    return -1;
}
