#include "study/plan.h"

#include "core/text.h"
#include "core/yaml_document.h"
#include "run/protocol.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_SIZE ((size_t)1 << 20)

typedef struct Reader {
    SdqnYaml yaml;
    SdqnStudyPlan *plan;
    SdqnError *error;
    SdqnStudyArm common;                                      ///< settings of all arms
    const yaml_node_t *nodes[SDQN_STUDY_MAX_ARMS];            ///< of each arm's name
    char tuned_as[SDQN_STUDY_MAX_ARMS][SDQN_STUDY_NAME_SIZE]; ///< arms whose tuning counts for an arm; "": none
} Reader;

static SdqnStatus refuse(const Reader *reader, const yaml_node_t *node, const char *what, const char *why) {
    return sdqn_yaml_refuse(&reader->yaml, node, what, why, reader->error);
}

/// The same about an arm.
static SdqnStatus refuse_arm(const Reader *reader, const yaml_node_t *node, const SdqnStudyArm *arm, const char *why) {
    char what[SDQN_STUDY_NAME_SIZE + 8];
    snprintf(what, sizeof what, "arm %s", arm->name);
    return refuse(reader, node, what, why);
}

static SdqnStatus out_of_memory(const Reader *reader) {
    return sdqn_error_set(reader->error, SDQN_ERR_MEMORY, "%s: out of memory", reader->yaml.where);
}

/// One part of a mapping: its key, whether it must be there, and the node found for it.
typedef struct Part {
    const char *key;
    bool needed;
    const yaml_node_t *found;
} Part;

/// Find the parts of a mapping, whatever their order. @param allowed  for messages
static SdqnStatus find_parts(Reader *reader, const yaml_node_t *node, const char *what, const char *allowed, Part *parts, int count) {
    if (node->type != YAML_MAPPING_NODE) return refuse(reader, node, what, "must be a mapping");
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = sdqn_yaml_node(&reader->yaml, pair->key);
        const char *name = sdqn_yaml_text(key);
        int part = 0;
        while (part < count && (!name || strcmp(name, parts[part].key) != 0)) part++;
        if (part == count) return refuse(reader, key, name ? name : what, allowed);
        if (parts[part].found) return refuse(reader, key, name, "is there twice");
        parts[part].found = sdqn_yaml_node(&reader->yaml, pair->value);
    }
    for (int i = 0; i < count; i++) {
        if (parts[i].needed && !parts[i].found) return refuse(reader, node, parts[i].key, "is missing");
    }
    return SDQN_OK;
}

// ---- seeds ----------------------------------------------------------------------------------------------------------------------

/// Seeds in the making.
typedef struct SeedList {
    int count;
    uint64_t *values; ///< [SDQN_STUDY_MAX_SEEDS]
} SeedList;

static SdqnStatus add_seed(const Reader *reader, const yaml_node_t *node, uint64_t seed, SeedList *list) {
    char text[SDQN_TEXT_SIZE];
    snprintf(text, sizeof text, "seed %llu", (unsigned long long)seed);
    if (list->count == SDQN_STUDY_MAX_SEEDS) return refuse(reader, node, "seeds", "more than 10000");
    for (int i = 0; i < list->count; i++) {
        if (list->values[i] == seed) return refuse(reader, node, text, "is there twice");
    }
    list->values[list->count++] = seed;
    return SDQN_OK;
}

/// `1-20`, or one seed.
static SdqnStatus add_range(const Reader *reader, const yaml_node_t *node, const char *text, SeedList *list) {
    static const char why[] = "must be seeds: a range like 1-20, or a list like [1, 2, 5]";
    char first_text[SDQN_TEXT_SIZE];
    uint64_t first, last;
    const char *dash = strchr(text, '-');
    snprintf(first_text, sizeof first_text, "%.*s", (int)(dash && dash - text < SDQN_TEXT_SIZE ? dash - text : SDQN_TEXT_SIZE - 1), text);
    if (!sdqn_text_to_seed(first_text, &first) || (dash && !sdqn_text_to_seed(dash + 1, &last))) return refuse(reader, node, text, why);
    if (!dash) last = first;
    if (last < first) return refuse(reader, node, text, "the range ends before it begins");
    SdqnStatus status = SDQN_OK;
    for (uint64_t seed = first; seed <= last && status == SDQN_OK; seed++) status = add_seed(reader, node, seed, list);
    return status;
}

static SdqnStatus list_seeds(Reader *reader, const yaml_node_t *node, SeedList *list) {
    const char *text = sdqn_yaml_text(node);
    if (text) return add_range(reader, node, text, list);
    if (node->type != YAML_SEQUENCE_NODE) return refuse(reader, node, "seeds", "must be a range like 1-20, or a list");
    SdqnStatus status = SDQN_OK;
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top && status == SDQN_OK;
         item++) {
        const yaml_node_t *seed = sdqn_yaml_node(&reader->yaml, *item);
        text = sdqn_yaml_text(seed);
        status = text ? add_range(reader, seed, text, list) : refuse(reader, seed, "seeds", "must be numbers or ranges");
    }
    return status == SDQN_OK && list->count == 0 ? refuse(reader, node, "seeds", "there is none") : status;
}

/// @param seeds  receives the seeds, whoever clears the plan frees them
static SdqnStatus read_seeds(Reader *reader, const yaml_node_t *node, int *count, uint64_t **seeds) {
    SeedList list = {.values = calloc(SDQN_STUDY_MAX_SEEDS, sizeof *list.values)};
    if (!list.values) return out_of_memory(reader);
    const SdqnStatus status = list_seeds(reader, node, &list);
    *count = list.count;
    *seeds = list.values;
    return status;
}

// ---- settings -------------------------------------------------------------------------------------------------------------------

/// A value as --set takes it: a scalar, or a list of them with commas between.
static SdqnStatus value_text(Reader *reader, const yaml_node_t *value, const char *key, char *text, size_t size) {
    const char *scalar = sdqn_yaml_text(value);
    size_t length = 0;
    if (scalar) {
        length = (size_t)snprintf(text, size, "%s", scalar);
    } else if (value->type == YAML_SEQUENCE_NODE) {
        text[0] = '\0';
        for (const yaml_node_item_t *item = value->data.sequence.items.start; item < value->data.sequence.items.top; item++) {
            scalar = sdqn_yaml_text(sdqn_yaml_node(&reader->yaml, *item));
            if (!scalar || length >= size) return refuse(reader, value, key, "must be a list of names or numbers");
            length += (size_t)snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ",", scalar);
        }
    } else {
        return refuse(reader, value, key, "must be a value or a list of values");
    }
    return length < size ? SDQN_OK : refuse(reader, value, key, "is too long");
}

/// Read `key: value` pairs behind the settings that are there. @param tuned_as  receives what `tuned_as` says; NULL: it is not allowed, and
/// neither is `config`
static SdqnStatus read_settings(Reader *reader, const yaml_node_t *node, SdqnStudyArm *arm, char *tuned_as) {
    if (node->type != YAML_MAPPING_NODE) return refuse(reader, node, "settings", "must be a mapping of keys to values");
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = sdqn_yaml_node(&reader->yaml, pair->key);
        const char *name = sdqn_yaml_text(key);
        char value[SDQN_STUDY_SETTING_SIZE];
        SdqnError cause = {0};
        if (!name) return refuse(reader, key, "settings", "a key must be a word");
        if (strcmp(name, "seed") == 0) return refuse(reader, key, name, "is not a setting: `seeds` gives them");
        for (const yaml_node_pair_t *other = node->data.mapping.pairs.start; other < pair; other++) {
            if (strcmp(sdqn_yaml_text(sdqn_yaml_node(&reader->yaml, other->key)), name) == 0)
                return refuse(reader, key, name, "is there twice");
        }
        const SdqnStatus status = value_text(reader, sdqn_yaml_node(&reader->yaml, pair->value), name, value, sizeof value);
        if (status != SDQN_OK) return status;
        if (tuned_as && strcmp(name, "config") == 0) {
            snprintf(arm->config_file, sizeof arm->config_file, "%s", value);
        } else if (tuned_as && strcmp(name, "tuned_as") == 0) {
            if (!sdqn_study_name_is_good(value)) return refuse(reader, key, name, "must be the name of an arm");
            snprintf(tuned_as, SDQN_STUDY_NAME_SIZE, "%.63s", value);
        } else if (sdqn_study_arm_set(arm, name, value, &cause) != SDQN_OK) {
            return refuse(reader, key, name, cause.message);
        }
    }
    return SDQN_OK;
}

// ---- arms -----------------------------------------------------------------------------------------------------------------------

static SdqnStatus resolve(const Reader *reader, const yaml_node_t *node, SdqnStudyArm *arm) {
    SdqnError cause = {0};
    const SdqnStatus status = sdqn_study_arm_resolve(arm, &cause);
    if (status == SDQN_ERR_MEMORY) return out_of_memory(reader);
    return status == SDQN_OK ? SDQN_OK : refuse_arm(reader, node, arm, cause.message);
}

/// Whether two arms can be compared: the same tasks, evaluated in the same way.
static SdqnStatus check_protocol(const Reader *reader, const yaml_node_t *node, const SdqnStudyArm *arm) {
    const SdqnStudyArm *first = &reader->plan->arms[0];
    const char *differs = sdqn_protocol_difference(&arm->config, &first->config);
    if (!differs) return SDQN_OK;
    char why[256];
    snprintf(why, sizeof why, "%s is not that of arm %s: results of different protocols are not compared", differs, first->name);
    return refuse_arm(reader, node, arm, why);
}

/// The next free place for an arm, with a copy of another one in it. @return NULL if there is none, which is refused
static SdqnStudyArm *copy_arm(const Reader *reader, const yaml_node_t *node, const SdqnStudyArm *from) {
    SdqnStudyPlan *plan = reader->plan;
    if (plan->num_arms == SDQN_STUDY_MAX_ARMS) {
        refuse(reader, node, "arms", "more than 256, with the candidates of tuning");
        return NULL;
    }
    SdqnStudyArm *arm = &plan->arms[plan->num_arms];
    *arm = *from;
    arm->tuned_by = arm->candidate_of = arm->tuning = arm->chosen = -1;
    return arm;
}

/// Check the name and the settings of the arm in that place, and count it.
static SdqnStatus add_arm(Reader *reader, const yaml_node_t *node, SdqnStudyArm *arm) {
    SdqnStudyPlan *plan = reader->plan;
    if (sdqn_study_plan_find(plan, arm->name) >= 0) return refuse(reader, node, arm->name, "there are two arms of this name");
    const SdqnStatus status = resolve(reader, node, arm);
    if (status != SDQN_OK) return status;
    reader->nodes[plan->num_arms++] = node;
    return check_protocol(reader, node, arm);
}

static SdqnStatus read_arm(Reader *reader, const yaml_node_t *key, const yaml_node_t *value) {
    SdqnStudyPlan *plan = reader->plan;
    const SdqnStudyTier *tier = &plan->tiers[plan->num_tiers - 1];
    const char *name = sdqn_yaml_text(key);
    if (!name || !sdqn_study_name_is_good(name))
        return refuse(reader, key, name ? name : "arms", "an arm's name has " SDQN_STUDY_NAME_ALLOWED);
    SdqnStudyArm *arm = copy_arm(reader, key, &reader->common);
    if (!arm) return SDQN_ERR_ARGUMENT;
    snprintf(arm->name, sizeof arm->name, "%s", name);
    arm->tier = plan->num_tiers - 1;
    arm->num_seeds = tier->num_seeds;
    arm->seeds = tier->seeds;
    const SdqnStatus status = read_settings(reader, value, arm, reader->tuned_as[plan->num_arms]);
    return status == SDQN_OK ? add_arm(reader, key, arm) : status;
}

static SdqnStatus read_arms(Reader *reader, const yaml_node_t *node) {
    if (node->type != YAML_MAPPING_NODE) return refuse(reader, node, "arms", "must be a mapping of names to settings");
    if (node->data.mapping.pairs.start == node->data.mapping.pairs.top) return refuse(reader, node, "arms", "there is none");
    SdqnStatus status = SDQN_OK;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top && status == SDQN_OK; pair++) {
        status = read_arm(reader, sdqn_yaml_node(&reader->yaml, pair->key), sdqn_yaml_node(&reader->yaml, pair->value));
    }
    return status;
}

// ---- tiers ----------------------------------------------------------------------------------------------------------------------

static SdqnStatus read_tier(Reader *reader, const yaml_node_t *node, const char *name, const yaml_node_t *seeds, const yaml_node_t *arms) {
    SdqnStudyPlan *plan = reader->plan;
    if (plan->num_tiers == SDQN_STUDY_MAX_TIERS) return refuse(reader, node, "tiers", "more than 16");
    SdqnStudyTier *tier = &plan->tiers[plan->num_tiers++];
    snprintf(tier->name, sizeof tier->name, "%s", name);
    const SdqnStatus status = read_seeds(reader, seeds, &tier->num_seeds, &tier->seeds);
    return status == SDQN_OK ? read_arms(reader, arms) : status;
}

static SdqnStatus read_tiers(Reader *reader, const yaml_node_t *node) {
    if (node->type != YAML_MAPPING_NODE || node->data.mapping.pairs.start == node->data.mapping.pairs.top)
        return refuse(reader, node, "tiers", "must be a mapping of names to seeds and arms");
    SdqnStatus status = SDQN_OK;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top && status == SDQN_OK; pair++) {
        const yaml_node_t *key = sdqn_yaml_node(&reader->yaml, pair->key);
        const char *name = sdqn_yaml_text(key);
        Part parts[] = {{"seeds", true, NULL}, {"arms", true, NULL}};
        if (!name || !sdqn_study_name_is_good(name))
            return refuse(reader, key, name ? name : "tiers", "a tier's name has " SDQN_STUDY_NAME_ALLOWED);
        for (int i = 0; i < reader->plan->num_tiers; i++) {
            if (strcmp(reader->plan->tiers[i].name, name) == 0) return refuse(reader, key, name, "there are two tiers of this name");
        }
        status = find_parts(reader, sdqn_yaml_node(&reader->yaml, pair->value), name, "no such part: a tier has seeds and arms", parts, 2);
        if (status == SDQN_OK) status = read_tier(reader, key, name, parts[0].found, parts[1].found);
    }
    return status;
}

// ---- tuning ---------------------------------------------------------------------------------------------------------------------

/// The grid of one tuning.
typedef struct Grid {
    int num_keys, num_points; ///< points: combinations of values
    const char *keys[SDQN_STUDY_MAX_SETTINGS];
    const yaml_node_t *values[SDQN_STUDY_MAX_SETTINGS];
} Grid;

static int length_of(const yaml_node_t *sequence) { return (int)(sequence->data.sequence.items.top - sequence->data.sequence.items.start); }

static SdqnStatus read_grid(Reader *reader, const yaml_node_t *node, Grid *grid) {
    static const char why[] = "must be a mapping of keys to lists of values";
    grid->num_points = 1;
    if (node->type != YAML_MAPPING_NODE || node->data.mapping.pairs.start == node->data.mapping.pairs.top)
        return refuse(reader, node, "grid", why);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = sdqn_yaml_node(&reader->yaml, pair->key), *values = sdqn_yaml_node(&reader->yaml, pair->value);
        const char *name = sdqn_yaml_text(key);
        if (!name || values->type != YAML_SEQUENCE_NODE || length_of(values) < 1) return refuse(reader, key, name ? name : "grid", why);
        if (strcmp(name, "seed") == 0) return refuse(reader, key, name, "is not a setting: `seeds` gives them");
        for (int i = 0; i < grid->num_keys; i++) {
            if (strcmp(grid->keys[i], name) == 0) return refuse(reader, key, name, "is there twice");
        }
        if (grid->num_keys == SDQN_STUDY_MAX_SETTINGS || length_of(values) > SDQN_STUDY_MAX_ARMS / grid->num_points)
            return refuse(reader, key, name, "the grid has more points than a study can have arms (256)");
        grid->keys[grid->num_keys] = name;
        grid->values[grid->num_keys++] = values;
        grid->num_points *= length_of(values);
    }
    return SDQN_OK;
}

/// Add one combination of values, the last key's changing fastest, to an arm's settings and name.
static SdqnStatus set_point(Reader *reader, const Grid *grid, int point, SdqnStudyArm *arm) {
    int stride = grid->num_points;
    SdqnStatus status = SDQN_OK;
    for (int k = 0; k < grid->num_keys && status == SDQN_OK; k++) {
        const yaml_node_t *list = grid->values[k];
        char value[SDQN_STUDY_SETTING_SIZE];
        SdqnError cause = {0};
        stride /= length_of(list);
        const yaml_node_t *node = sdqn_yaml_node(&reader->yaml, list->data.sequence.items.start[point / stride % length_of(list)]);
        status = value_text(reader, node, grid->keys[k], value, sizeof value);
        if (status != SDQN_OK) return status;
        status = sdqn_study_arm_set(arm, grid->keys[k], value, &cause);
        if (status == SDQN_OK) status = sdqn_study_arm_name_value(arm, value, &cause);
        if (status != SDQN_OK) return refuse(reader, node, grid->keys[k], cause.message);
        arm->num_tuned++;
    }
    return status;
}

/// Make the candidates of an arm.
static SdqnStatus read_tuned_arm(Reader *reader, const yaml_node_t *node, const Grid *grid) {
    SdqnStudyPlan *plan = reader->plan;
    const SdqnStudyTuning *tuning = &plan->tunings[plan->num_tunings - 1];
    const char *name = sdqn_yaml_text(node);
    const int index = name ? sdqn_study_plan_find(plan, name) : -1;
    if (index < 0 || plan->arms[index].candidate_of >= 0) return refuse(reader, node, name ? name : "arms", "no arm has this name");
    SdqnStudyArm *arm = &plan->arms[index];
    if (arm->num_candidates > 0) return refuse_arm(reader, node, arm, "is tuned twice");
    if (tuning->select == SDQN_SCORE_AREA && arm->config.evaluation_period >= arm->config.episodes)
        return refuse_arm(reader, node, arm, "select: area: it has no periodic evaluation: evaluation_period must be below episodes");
    if (reader->tuned_as[index][0] != '\0') return refuse_arm(reader, node, arm, "is tuned, and tuned_as another one");
    arm->tuned_by = index;
    arm->tuning = plan->num_tunings - 1;
    arm->first_candidate = plan->num_arms;
    arm->num_candidates = grid->num_points;
    SdqnStatus status = SDQN_OK;
    for (int point = 0; point < grid->num_points && status == SDQN_OK; point++) {
        SdqnStudyArm *candidate = copy_arm(reader, node, arm);
        if (!candidate) return SDQN_ERR_ARGUMENT;
        candidate->candidate_of = index;
        candidate->tuning = arm->tuning;
        candidate->num_candidates = 0;
        candidate->num_seeds = tuning->num_seeds;
        candidate->seeds = tuning->seeds;
        status = set_point(reader, grid, point, candidate);
        if (status == SDQN_OK) status = add_arm(reader, node, candidate);
    }
    return status;
}

static SdqnStatus read_select(const Reader *reader, const yaml_node_t *node, SdqnScoreKind *kind) {
    const char *text = sdqn_yaml_text(node);
    const bool area = text && strcmp(text, "area") == 0;
    if (!area && (!text || strcmp(text, "final") != 0)) return refuse(reader, node, "select", "must be area or final");
    *kind = area ? SDQN_SCORE_AREA : SDQN_SCORE_FINAL;
    return SDQN_OK;
}

static SdqnStatus read_tuning(Reader *reader, const yaml_node_t *node) {
    SdqnStudyPlan *plan = reader->plan;
    Part parts[] = {{"seeds", true, NULL}, {"select", true, NULL}, {"grid", true, NULL}, {"arms", true, NULL}};
    Grid grid = {0};
    SdqnStatus status = find_parts(reader, node, "tuning", "no such part: tuning has seeds, select, grid and arms", parts, 4);
    if (status != SDQN_OK) return status;
    if (plan->num_tunings == SDQN_STUDY_MAX_TUNINGS) return refuse(reader, node, "tuning", "more than 16");
    SdqnStudyTuning *tuning = &plan->tunings[plan->num_tunings++];
    const yaml_node_t *arms = parts[3].found;
    status = read_seeds(reader, parts[0].found, &tuning->num_seeds, &tuning->seeds);
    if (status == SDQN_OK) status = read_select(reader, parts[1].found, &tuning->select);
    if (status == SDQN_OK) status = read_grid(reader, parts[2].found, &grid);
    if (status == SDQN_OK && (arms->type != YAML_SEQUENCE_NODE || length_of(arms) < 1))
        status = refuse(reader, arms, "arms", "must be a list of arms");
    for (int i = 0; status == SDQN_OK && i < length_of(arms); i++)
        status = read_tuned_arm(reader, sdqn_yaml_node(&reader->yaml, arms->data.sequence.items.start[i]), &grid);
    return status;
}

static SdqnStatus read_tunings(Reader *reader, const yaml_node_t *node) {
    if (node->type != YAML_SEQUENCE_NODE) return read_tuning(reader, node);
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < length_of(node) && status == SDQN_OK; i++)
        status = read_tuning(reader, sdqn_yaml_node(&reader->yaml, node->data.sequence.items.start[i]));
    return status;
}

/// A seed that chose a setting must not judge it too.
static SdqnStatus check_tuning_seeds(const Reader *reader, const yaml_node_t *node) {
    const SdqnStudyPlan *plan = reader->plan;
    for (int u = 0; u < plan->num_tunings; u++) {
        for (int i = 0; i < plan->num_tiers; i++) {
            for (int j = 0; j < plan->tunings[u].num_seeds * plan->tiers[i].num_seeds; j++) {
                const uint64_t seed = plan->tunings[u].seeds[j / plan->tiers[i].num_seeds];
                if (seed != plan->tiers[i].seeds[j % plan->tiers[i].num_seeds]) continue;
                char what[SDQN_TEXT_SIZE];
                snprintf(what, sizeof what, "seed %llu", (unsigned long long)seed);
                return refuse(reader, node, what, "is one of the study's: tuning must have seeds of its own");
            }
        }
    }
    return SDQN_OK;
}

/// An arm with tuned settings: none may be its own, and it must be sound with each candidate's. Candidates belong to the first tier that
/// needs them.
static SdqnStatus check_tuned(const Reader *reader, int index, SdqnStudyArm *scratch) {
    SdqnStudyPlan *plan = reader->plan;
    const SdqnStudyArm *arm = &plan->arms[index], *tuned = &plan->arms[arm->tuned_by];
    for (int c = tuned->first_candidate; c < tuned->first_candidate + tuned->num_candidates; c++) {
        SdqnStudyArm *candidate = &plan->arms[c];
        SdqnError cause = {0};
        for (int i = candidate->num_settings - candidate->num_tuned; i < candidate->num_settings; i++) {
            char key[SDQN_STUDY_SETTING_SIZE];
            snprintf(key, sizeof key, "%.*s", (int)strcspn(candidate->settings[i], "="), candidate->settings[i]);
            if (!sdqn_study_arm_has(arm, key)) continue;
            char why[SDQN_STUDY_SETTING_SIZE + 32];
            snprintf(why, sizeof why, "%.40s is tuned: the arm must not set it", key);
            return refuse_arm(reader, reader->nodes[index], arm, why);
        }
        *scratch = *arm;
        if (sdqn_study_arm_tune(scratch, candidate, &cause) != SDQN_OK) return refuse_arm(reader, reader->nodes[index], arm, cause.message);
        if (arm->tier < candidate->tier) candidate->tier = arm->tier;
    }
    return SDQN_OK;
}

static SdqnStatus link_tuned(Reader *reader) {
    SdqnStudyPlan *plan = reader->plan;
    SdqnStudyArm *scratch = malloc(sizeof *scratch);
    SdqnStatus status = SDQN_OK;
    if (!scratch) return out_of_memory(reader);
    for (int i = 0; i < plan->num_arms && status == SDQN_OK; i++) {
        SdqnStudyArm *arm = &plan->arms[i];
        if (reader->tuned_as[i][0] != '\0') {
            arm->tuned_by = sdqn_study_plan_find(plan, reader->tuned_as[i]);
            if (arm->tuned_by < 0 || plan->arms[arm->tuned_by].num_candidates == 0)
                status = refuse(reader, reader->nodes[i], reader->tuned_as[i], "tuned_as must name an arm of tuning");
        }
        if (status == SDQN_OK && arm->tuned_by >= 0) status = check_tuned(reader, i, scratch);
    }
    free(scratch);
    return status;
}

// ---- comparisons ----------------------------------------------------------------------------------------------------------------

static SdqnStatus read_comparison(Reader *reader, const yaml_node_t *node) {
    SdqnStudyPlan *plan = reader->plan;
    int arms[2];
    const bool pair = node->type == YAML_SEQUENCE_NODE && node->data.sequence.items.top - node->data.sequence.items.start == 2;
    if (!pair) return refuse(reader, node, "comparisons", "each must be a list of two arms");
    for (int i = 0; i < 2; i++) {
        const char *name = sdqn_yaml_text(sdqn_yaml_node(&reader->yaml, node->data.sequence.items.start[i]));
        arms[i] = name ? sdqn_study_plan_find(plan, name) : -1;
        if (arms[i] < 0 || plan->arms[arms[i]].candidate_of >= 0)
            return refuse(reader, node, name ? name : "comparisons", "no arm has this name");
    }
    if (arms[0] == arms[1]) return refuse(reader, node, plan->arms[arms[0]].name, "is compared with itself");
    for (int i = 0; i < plan->num_comparisons; i++) {
        const SdqnStudyComparison *other = &plan->comparisons[i];
        const bool same = (other->a == arms[0] && other->b == arms[1]) || (other->a == arms[1] && other->b == arms[0]);
        if (same) return refuse(reader, node, "comparisons", "two are of the same arms: Holm's correction would count them twice");
    }
    if (plan->num_comparisons == SDQN_STUDY_MAX_COMPARISONS) return refuse(reader, node, "comparisons", "more than 256");
    plan->comparisons[plan->num_comparisons++] = (SdqnStudyComparison){arms[0], arms[1]};
    return SDQN_OK;
}

static SdqnStatus read_comparisons(Reader *reader, const yaml_node_t *node) {
    if (node->type != YAML_SEQUENCE_NODE) return refuse(reader, node, "comparisons", "must be a list of pairs of arms");
    SdqnStatus status = SDQN_OK;
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top && status == SDQN_OK;
         item++) {
        status = read_comparison(reader, sdqn_yaml_node(&reader->yaml, *item));
    }
    return status;
}

// ---- the whole file -------------------------------------------------------------------------------------------------------------

static SdqnStatus read_name(const Reader *reader, const yaml_node_t *node) {
    const char *text = sdqn_yaml_text(node);
    if (!text || !sdqn_study_name_is_good(text)) return refuse(reader, node, "name", "must have " SDQN_STUDY_NAME_ALLOWED);
    snprintf(reader->plan->name, sizeof reader->plan->name, "%s", text);
    return SDQN_OK;
}

/// Read the parts in the order in which they build on each other, whatever their order in the file.
static SdqnStatus read_parts(Reader *reader, const yaml_node_t *root) {
    enum { NAME = 0, SEEDS, SETTINGS, ARMS, TIERS, TUNING, COMPARISONS, NUM_PARTS };
    Part parts[NUM_PARTS] = {[NAME] = {"name", true, NULL},
                             [SEEDS] = {"seeds", false, NULL},
                             [SETTINGS] = {"settings", false, NULL},
                             [ARMS] = {"arms", false, NULL},
                             [TIERS] = {"tiers", false, NULL},
                             [TUNING] = {"tuning", false, NULL},
                             [COMPARISONS] = {"comparisons", false, NULL}};
    SdqnStatus status = find_parts(reader, root, "the study",
                                   "no such part: name, seeds and arms, or tiers, settings, tuning and comparisons are", parts, NUM_PARTS);
    if (status != SDQN_OK) return status;
    const yaml_node_t *seeds = parts[SEEDS].found, *arms = parts[ARMS].found, *tiers = parts[TIERS].found;
    if (tiers && (seeds || arms)) return refuse(reader, tiers, "tiers", "each has its own seeds and arms: the study itself must have none");
    if (!tiers && (!seeds || !arms)) return refuse(reader, root, seeds ? "arms" : "seeds", "is missing");
    status = read_name(reader, parts[NAME].found);
    if (status == SDQN_OK && parts[SETTINGS].found) status = read_settings(reader, parts[SETTINGS].found, &reader->common, NULL);
    if (status == SDQN_OK) status = tiers ? read_tiers(reader, tiers) : read_tier(reader, root, "", seeds, arms);
    if (status == SDQN_OK && parts[TUNING].found) status = read_tunings(reader, parts[TUNING].found);
    if (status == SDQN_OK && parts[TUNING].found) status = check_tuning_seeds(reader, parts[TUNING].found);
    if (status == SDQN_OK) status = link_tuned(reader);
    if (status == SDQN_OK && parts[COMPARISONS].found) status = read_comparisons(reader, parts[COMPARISONS].found);
    return status;
}

static SdqnStatus read_document(Reader *reader) {
    const yaml_node_t *root = sdqn_yaml_root(&reader->yaml);
    if (root && root->type == YAML_MAPPING_NODE) return read_parts(reader, root);
    return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%s:1: must be a mapping with name, seeds and arms", reader->yaml.where);
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
    if (reader && made.arms) {
        reader->plan = &made;
        reader->error = error;
        status = sdqn_yaml_parse(path, text, size, &reader->yaml, error);
        if (status == SDQN_OK) {
            status = read_document(reader);
            sdqn_yaml_clear(&reader->yaml);
        }
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
    for (int i = 0; i < plan->num_tiers; i++) free(plan->tiers[i].seeds);
    for (int i = 0; i < plan->num_tunings; i++) free(plan->tunings[i].seeds);
    free(plan->arms);
    *plan = (SdqnStudyPlan){0};
}

int sdqn_study_plan_find(const SdqnStudyPlan *plan, const char *name) {
    for (int i = 0; i < plan->num_arms; i++) {
        if (strcmp(plan->arms[i].name, name) == 0) return i;
    }
    return -1;
}

bool sdqn_study_plan_is_settled(const SdqnStudyPlan *plan, int arm) {
    const int tuned_by = plan->arms[arm].tuned_by;
    return tuned_by < 0 || plan->arms[tuned_by].chosen >= 0;
}

SdqnStatus sdqn_study_plan_choose(SdqnStudyPlan *plan, int arm, int candidate, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    assert(plan->arms[candidate].candidate_of == arm);
    for (int i = 0; i < plan->num_arms && status == SDQN_OK; i++) {
        if (plan->arms[i].tuned_by == arm) status = sdqn_study_arm_tune(&plan->arms[i], &plan->arms[candidate], error);
    }
    if (status == SDQN_OK) plan->arms[arm].chosen = candidate;
    return status;
}
