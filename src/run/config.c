// config.c: defaults, ranks of sources, checks over several keys, comparison and writing.
#include "run/config.h"

#include "lander/lander.h"
#include "methods/method.h"
#include "run/config_builder.h"
#include "run/task_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SDQN_CONFIG_MAX_TASKS <= SDQN_MAX_TASKS, "a network must have a row for every task");
_Static_assert(SDQN_CONFIG_MAX_TASKS <= SDQN_TASK_SET_MAX, "a task set must have room for every task");

static const char DEFAULT_METHOD[] = "shared";

enum { MAX_FILE_SIZE = 1 << 18, MAX_VALUE_TEXT = 2048, SHOWN_TEXT = 80 };

// ---- defaults -------------------------------------------------------------------------------------------------------------------

/// One value if all are equal.
static void shorten(SdqnTaskValues *list) {
    for (int i = 1; i < list->count; i++)
        if (list->values[i] != list->values[0]) return;
    *list = (SdqnTaskValues){.count = 1, .values = {list->values[0]}};
}

/// The method's settings for the tasks of the configuration, and the episodes for so many.
static void default_of_tasks(const SdqnMethod *method, SdqnConfig *config) {
    SdqnTaskValues *lists[] = {&config->learning_rate, &config->epsilon_decay, &config->min_replay_size, &config->target_period};
    for (int l = 0; l < 4; l++) *lists[l] = (SdqnTaskValues){.count = config->num_tasks};
    const char *names[SDQN_CONFIG_MAX_TASKS];
    SdqnMethodDef def = {.dqn = config->dqn};
    for (int i = 0; i < config->num_tasks; i++) names[i] = config->tasks[i];
    sdqn_method_def_set_tasks(method, names, config->num_tasks, &def);
    for (int i = 0; i < config->num_tasks; i++) {
        config->learning_rate.values[i] = def.tasks[i].dqn.learning_rate;
        config->epsilon_decay.values[i] = def.tasks[i].dqn.epsilon_decay;
        config->min_replay_size.values[i] = def.tasks[i].dqn.min_replay_size;
        config->target_period.values[i] = def.tasks[i].dqn.target_period;
    }
    for (int l = 0; l < 4; l++) shorten(lists[l]);
    config->episodes = method->episodes_a_task > 0 ? method->episodes_a_task * config->num_tasks : SDQN_METHOD_DEFAULT_EPISODES;
}

static void default_of_method(const SdqnMethod *method, SdqnConfig *config) {
    *config = (SdqnConfig){
        .seed = 1,
        .threads = 1,
        .evaluation_period = 50,
        .evaluation_episodes = 5,
        .evaluation_seed = 2000000,
        .final_episodes = 100,
        .final_seed = 1000000,
        .checkpoint_period = 100,
        .state_period_episodes = 0,
        .state_period_seconds = 20,
        .keep_state = false,
        .tensorboard = true,
    };
    snprintf(config->method, sizeof config->method, "%s", method->name);
    config->num_tasks = SDQN_NUM_DEFAULT_TASKS;
    for (int i = 0; i < SDQN_NUM_DEFAULT_TASKS; i++) memcpy(config->tasks[i], sdqn_task_builtin(i)->name, SDQN_TASK_NAME_SIZE);
    SdqnMethodDef def = {0};
    method->def_default(&def);
    config->network = def.network;
    config->network.observation_size = SDQN_LANDER_OBSERVATION_SIZE;
    config->network.num_actions = SDQN_LANDER_NUM_ACTIONS;
    config->dqn = def.dqn;
    config->task_weights = config->reward_scales = (SdqnTaskValues){.count = 1, .values = {1.0}};
    default_of_tasks(method, config);
}

void sdqn_config_default(SdqnConfig *config) { default_of_method(sdqn_method_find(DEFAULT_METHOD), config); }

// ---- settings that differ by task -----------------------------------------------------------------------------------------------

static double value_of(const SdqnTaskValues *list, int task) { return list->values[list->count == 1 ? 0 : task]; }

/// The learner's settings for one task.
static SdqnDqnDef dqn_of_task(const SdqnConfig *config, int task) {
    SdqnDqnDef dqn = config->dqn;
    dqn.learning_rate = value_of(&config->learning_rate, task);
    dqn.epsilon_decay = value_of(&config->epsilon_decay, task);
    dqn.min_replay_size = (int)value_of(&config->min_replay_size, task);
    dqn.target_period = (int)value_of(&config->target_period, task);
    return dqn;
}

void sdqn_config_method_def(const SdqnConfig *config, const SdqnKernels *kernels, SdqnMethodDef *def) {
    *def = (SdqnMethodDef){.network = config->network, .dqn = config->dqn, .kernels = kernels, .seed = config->seed};
    for (int i = 0; i < config->num_tasks; i++) {
        def->tasks[i] = (SdqnMethodTask){
            .name = config->tasks[i],
            .dqn = dqn_of_task(config, i),
            .weight = value_of(&config->task_weights, i),
            .reward_scale = value_of(&config->reward_scales, i),
        };
    }
}

// ---- keys for people ------------------------------------------------------------------------------------------------------------

int sdqn_config_key_count(void) { return sdqn_config_table_size; }

void sdqn_config_key_info(int index, SdqnConfigKeyInfo *info) {
    const SdqnKey *key = &sdqn_config_table[index];
    SdqnConfig standard;
    sdqn_config_default(&standard);
    info->name = key->name;
    info->help = key->help;
    info->is_option = key->type != SDQN_KEY_DEFINITIONS;
    sdqn_key_allowed(key, info->allowed);
    sdqn_key_format(key, &standard, info->standard, sizeof info->standard);
}

static size_t add_word(char *text, size_t size, size_t length, const char *word) {
    if (length >= size) return length;
    return length + (size_t)snprintf(text + length, size - length, "%s%s", length == 0 ? "" : " ", word);
}

const char *sdqn_config_key_words(int index, char *text, size_t size) {
    const SdqnKey *key = &sdqn_config_table[index];
    size_t length = 0;
    int count = 0;
    text[0] = '\0';
    switch (key->type) {
    case SDQN_KEY_BOOL:
        snprintf(text, size, "true false");
        break;
    case SDQN_KEY_CHOICE:
        for (int i = 0; key->choices[i] != NULL; i++) length = add_word(text, size, length, key->choices[i]);
        break;
    case SDQN_KEY_METHOD: {
        const SdqnMethod *const *methods = sdqn_methods(&count);
        for (int i = 0; i < count; i++) length = add_word(text, size, length, methods[i]->name);
        break;
    }
    case SDQN_KEY_TASKS:
        length = add_word(text, size, length, "all");
        for (int i = 0; i < SDQN_NUM_BUILTIN_TASKS; i++) length = add_word(text, size, length, sdqn_task_builtin(i)->name);
        break;
    default:
        break;
    }
    return text;
}

bool sdqn_config_key_value(const SdqnConfig *config, int index, char *text, size_t size) {
    const SdqnKey *key = &sdqn_config_table[index];
    sdqn_key_format(key, config, text, size);
    return !key->no_effect;
}

// ---- collecting -----------------------------------------------------------------------------------------------------------------

SdqnConfigBuilder *sdqn_config_builder_create(void) { return calloc(1, sizeof(SdqnConfigBuilder)); }

void sdqn_config_builder_destroy(SdqnConfigBuilder *builder) { free(builder); }

/// Begin of a message about a key's value: where it was given, key and value. @return `text`
static const char *describe(const SdqnConfigBuilder *builder, const SdqnKey *key, SdqnSource source, const char *value,
                            char text[SDQN_ERROR_SIZE]) {
    char option[SDQN_CONFIG_NAME_SIZE];
    switch (source.kind) {
    case SDQN_SOURCE_FILE:
        snprintf(text, SDQN_ERROR_SIZE, "%.700s:%d: %s = %.*s", builder->paths[source.file], source.line, key->name, SHOWN_TEXT, value);
        break;
    case SDQN_SOURCE_SET:
        snprintf(text, SDQN_ERROR_SIZE, "--set %s=%.*s", key->name, SHOWN_TEXT, value);
        break;
    case SDQN_SOURCE_OPTION:
        snprintf(option, sizeof option, "%s", key->name);
        for (char *c = option; *c != '\0'; c++)
            if (*c == '_') *c = '-';
        snprintf(text, SDQN_ERROR_SIZE, "--%s %.*s", option, SHOWN_TEXT, value);
        break;
    case SDQN_SOURCE_ADDED:
        snprintf(text, SDQN_ERROR_SIZE, "--add-task: %s = %.*s", key->name, SHOWN_TEXT, value);
        break;
    default:
        snprintf(text, SDQN_ERROR_SIZE, "%s = %.*s (the default)", key->name, SHOWN_TEXT, value);
        break;
    }
    return text;
}

SdqnStatus sdqn_config_builder_take(SdqnConfigBuilder *builder, int key, SdqnSource source, const char *text, SdqnError *error) {
    const SdqnKey *row = &sdqn_config_table[key];
    SdqnConfigLayer *layer = source.kind == SDQN_SOURCE_FILE ? &builder->files : &builder->command_line;
    if (sdqn_key_parse(row, text, &layer->values)) {
        layer->sources[key] = source;
        return SDQN_OK;
    }
    char where[SDQN_ERROR_SIZE], allowed[256];
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: must be %s", describe(builder, row, source, text, where),
                          sdqn_key_allowed(row, allowed));
}

SdqnStatus sdqn_config_unknown_key(const char *where, const SdqnKey *table, int size, const char *name, SdqnError *error) {
    const char *nearest = sdqn_key_nearest(table, size, name);
    if (nearest != NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s%.*s: no such key; did you mean %s?", where, SHOWN_TEXT, name, nearest);
    if (table != sdqn_task_table)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s%.*s: no such key; `sharedqn train --help` lists them", where, SHOWN_TEXT, name);
    char fields[512] = "";
    for (int i = 0; i < size; i++) {
        size_t length = strlen(fields);
        snprintf(fields + length, sizeof fields - length, "%s%s", i == 0 ? "" : ", ", table[i].name);
    }
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s%.*s: no such field of a task; base and %s are", where, SHOWN_TEXT, name, fields);
}

SdqnStatus sdqn_config_builder_read(SdqnConfigBuilder *builder, const char *path, SdqnError *error) {
    if (builder->num_files == SDQN_CONFIG_MAX_FILES || strlen(path) >= SDQN_PATH_SIZE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.200s: too many configuration files or too long a path", path);
    uint8_t *text;
    size_t size;
    SdqnStatus status = sdqn_file_read(path, MAX_FILE_SIZE, &text, &size, error);
    if (status != SDQN_OK) return status == SDQN_ERR_FORMAT ? SDQN_ERR_ARGUMENT : status;
    int file = builder->num_files++;
    memcpy(builder->paths[file], path, strlen(path) + 1);
    status = sdqn_config_read_yaml(builder, file, text, size, error);
    free(text);
    return status;
}

SdqnStatus sdqn_config_builder_set(SdqnConfigBuilder *builder, const char *assignment, SdqnError *error) {
    const char *equals = strchr(assignment, '=');
    if (equals == NULL) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--set %.*s: must be key=value", SHOWN_TEXT, assignment);
    char name[SDQN_CONFIG_NAME_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)(equals - assignment < SHOWN_TEXT ? equals - assignment : SHOWN_TEXT), assignment);
    int key = sdqn_key_find(sdqn_config_table, sdqn_config_table_size, name);
    if (key < 0) return sdqn_config_unknown_key("--set ", sdqn_config_table, sdqn_config_table_size, name, error);
    return sdqn_config_builder_take(builder, key, (SdqnSource){.kind = SDQN_SOURCE_SET}, equals + 1, error);
}

SdqnStatus sdqn_config_builder_option(SdqnConfigBuilder *builder, const char *key, const char *value, SdqnError *error) {
    int index = sdqn_key_find(sdqn_config_table, sdqn_config_table_size, key);
    if (index < 0) return sdqn_config_unknown_key("--", sdqn_config_table, sdqn_config_table_size, key, error);
    return sdqn_config_builder_take(builder, index, (SdqnSource){.kind = SDQN_SOURCE_OPTION}, value, error);
}

void sdqn_config_builder_forget(SdqnConfigBuilder *builder, const char *key) {
    builder->files.sources[sdqn_key_find(sdqn_config_table, sdqn_config_table_size, key)].kind = SDQN_SOURCE_NONE;
}

// ---- putting together -----------------------------------------------------------------------------------------------------------

/// The layer that decides a key, or NULL: the default.
static const SdqnConfigLayer *deciding_layer(const SdqnConfigBuilder *builder, int key) {
    if (builder->command_line.sources[key].kind != SDQN_SOURCE_NONE) return &builder->command_line;
    return builder->files.sources[key].kind != SDQN_SOURCE_NONE ? &builder->files : NULL;
}

static void take_given(const SdqnConfigBuilder *builder, int key, SdqnConfig *config);

SdqnStatus sdqn_config_builder_add_tasks(SdqnConfigBuilder *builder, const char *names, SdqnError *error) {
    const int tasks = sdqn_key_find(sdqn_config_table, sdqn_config_table_size, "tasks");
    const int new_tasks = sdqn_key_find(sdqn_config_table, sdqn_config_table_size, "new_tasks");
    const SdqnSource source = {.kind = SDQN_SOURCE_ADDED};
    SdqnConfig present;
    char text[MAX_VALUE_TEXT], count[16];
    int added = 1;
    sdqn_config_default(&present);
    take_given(builder, tasks, &present);
    sdqn_key_format(&sdqn_config_table[tasks], &present, text, sizeof text);
    const size_t length = strlen(text);
    if (length + strlen(names) + 2 > sizeof text) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--add-task: too many names");
    snprintf(text + length, sizeof text - length, ",%s", names);
    for (const char *c = names; *c != '\0'; c++) added += *c == ',';
    snprintf(count, sizeof count, "%d", added);
    const SdqnStatus status = sdqn_config_builder_take(builder, tasks, source, text, error);
    return status == SDQN_OK ? sdqn_config_builder_take(builder, new_tasks, source, count, error) : status;
}

bool sdqn_config_builder_has(const SdqnConfigBuilder *builder, const char *key) {
    return deciding_layer(builder, sdqn_key_find(sdqn_config_table, sdqn_config_table_size, key)) != NULL;
}

const char *sdqn_config_builder_method(const SdqnConfigBuilder *builder) {
    const SdqnConfigLayer *layer = deciding_layer(builder, sdqn_key_find(sdqn_config_table, sdqn_config_table_size, "method"));
    return layer == NULL ? DEFAULT_METHOD : layer->values.method;
}

/// Message about a key of the finished configuration. @return SDQN_ERR_ARGUMENT
static SdqnStatus refuse(const SdqnConfigBuilder *builder, const SdqnConfig *config, const char *name, const char *why, SdqnError *error) {
    int key = sdqn_key_find(sdqn_config_table, sdqn_config_table_size, name);
    const SdqnConfigLayer *layer = deciding_layer(builder, key);
    SdqnSource source = {0};
    if (layer != NULL) source = layer->sources[key];
    char value[MAX_VALUE_TEXT], where[SDQN_ERROR_SIZE];
    sdqn_key_format(&sdqn_config_table[key], config, value, sizeof value);
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: %s", describe(builder, &sdqn_config_table[key], source, value, where), why);
}

const SdqnTask *sdqn_config_find_task(const SdqnConfig *config, const char *name) {
    for (int i = 0; i < config->num_task_definitions; i++)
        if (strcmp(config->task_definitions[i].name, name) == 0) return &config->task_definitions[i];
    return sdqn_task_find(name);
}

static SdqnStatus refuse_unknown_task(const SdqnConfigBuilder *builder, const SdqnConfig *config, const char *task, SdqnError *error) {
    char why[SDQN_ERROR_SIZE];
    size_t length = (size_t)snprintf(why, sizeof why, "no task is called %s; there are", task);
    for (int i = 0; i < SDQN_NUM_BUILTIN_TASKS + config->num_task_definitions && length < 400; i++) {
        const char *name =
            i < SDQN_NUM_BUILTIN_TASKS ? sdqn_task_builtin(i)->name : config->task_definitions[i - SDQN_NUM_BUILTIN_TASKS].name;
        length += (size_t)snprintf(why + length, sizeof why - length, "%s %s", i == 0 ? "" : ",", name);
    }
    return refuse(builder, config, "tasks", why, error);
}

static SdqnStatus check_tasks(const SdqnConfigBuilder *builder, const SdqnConfig *config, SdqnError *error) {
    for (int i = 0; i < config->num_tasks; i++) {
        if (sdqn_config_find_task(config, config->tasks[i]) == NULL) return refuse_unknown_task(builder, config, config->tasks[i], error);
        for (int j = 0; j < i; j++) {
            char why[128];
            if (strcmp(config->tasks[i], config->tasks[j]) != 0) continue;
            snprintf(why, sizeof why, "task %s is named twice", config->tasks[i]);
            return refuse(builder, config, "tasks", why, error);
        }
    }
    return SDQN_OK;
}

static bool has_default(const SdqnMethod *method, const SdqnKey *key, const SdqnConfig *config) {
    SdqnConfig standard;
    char value[MAX_VALUE_TEXT], default_value[MAX_VALUE_TEXT];
    default_of_method(method, &standard);
    return strcmp(sdqn_key_format(key, config, value, sizeof value),
                  sdqn_key_format(key, &standard, default_value, sizeof default_value)) == 0;
}

/// Whether every list has one value or one a task, and the method knows the keys that are not at their default.
static SdqnStatus check_lists(const SdqnConfigBuilder *builder, const SdqnMethod *method, const SdqnConfig *config, SdqnError *error) {
    for (int i = 0; i < sdqn_config_table_size; i++) {
        const SdqnKey *key = &sdqn_config_table[i];
        char why[128];
        if (key->task_buffers_only && (method->uses & SDQN_METHOD_TASK_BUFFERS) == 0 && !has_default(method, key, config)) {
            snprintf(why, sizeof why, "method %s has no replay buffer for each task: it does not know this key", method->name);
            return refuse(builder, config, key->name, why, error);
        }
        if (key->type != SDQN_KEY_TASK_INTS && key->type != SDQN_KEY_TASK_DOUBLES) continue;
        SdqnTaskValues list;
        memcpy(&list, (const char *)config + key->offset, sizeof list);
        if (list.count != 1 && list.count != config->num_tasks) {
            snprintf(why, sizeof why, "must be one value, or one for each of the %d tasks", config->num_tasks);
            return refuse(builder, config, key->name, why, error);
        }
        if (list.count != 1 && !key->task_buffers_only && (method->uses & SDQN_METHOD_TASK_SETTINGS) == 0) {
            snprintf(why, sizeof why, "must be one value: method %s has one learner for all tasks", method->name);
            return refuse(builder, config, key->name, why, error);
        }
    }
    return SDQN_OK;
}

static SdqnStatus check_replay(const SdqnConfigBuilder *builder, const SdqnConfig *config, const SdqnDqnDef *dqn, SdqnError *error) {
    char why[128];
    if (dqn->min_replay_size >= dqn->replay_capacity) {
        snprintf(why, sizeof why, "must be less than replay_capacity = %d", dqn->replay_capacity);
        return refuse(builder, config, "min_replay_size", why, error);
    }
    if (dqn->batch_size > dqn->min_replay_size + 1) {
        snprintf(why, sizeof why, "must be at most min_replay_size + 1 = %d", dqn->min_replay_size + 1);
        return refuse(builder, config, "batch_size", why, error);
    }
    return SDQN_OK;
}

/// Whether distributions and their loss go together.
static SdqnStatus check_atoms(const SdqnConfigBuilder *builder, const SdqnConfig *config, SdqnError *error) {
    const bool categorical = config->dqn.loss == SDQN_LOSS_CATEGORICAL;
    if (config->network.num_atoms == 1) return refuse(builder, config, "atoms", "must be 0 or at least 2", error);
    if (categorical && config->network.num_atoms == 0) return refuse(builder, config, "loss", "needs atoms of at least 2", error);
    if (!categorical && config->network.num_atoms > 0)
        return refuse(builder, config, "atoms", "must be 0 unless loss is categorical", error);
    if (categorical && !((float)config->network.value_min < (float)config->network.value_max)) {
        return refuse(builder, config, "value_max", "must be larger than value_min", error);
    }
    return SDQN_OK;
}

/// Whether what is said of new tasks can be.
static SdqnStatus check_new_tasks(const SdqnConfigBuilder *builder, const SdqnMethod *method, const SdqnConfig *config, SdqnError *error) {
    const bool begins_trained = config->initial_weights[0] != '\0';
    if (config->new_tasks >= config->num_tasks) return refuse(builder, config, "new_tasks", "must be less than all tasks", error);
    if (config->new_tasks > 0 && !begins_trained) return refuse(builder, config, "new_tasks", "needs --init-from", error);
    if (!config->freeze) return SDQN_OK;
    if (config->new_tasks == 0) return refuse(builder, config, "freeze", "needs a new task: --add-task", error);
    if ((method->uses & SDQN_METHOD_TASK_BUFFERS) != 0) {
        return refuse(builder, config, "freeze", "the method has a replay buffer for each task, and those of the frozen ones stay empty",
                      error);
    }
    const bool has_own = config->network.conditioning == SDQN_CONDITIONING_EMBEDDING || config->network.residuals != SDQN_RESIDUALS_NONE;
    if (!has_own)
        return refuse(builder, config, "freeze", "needs conditioning embedding or residuals: nothing else belongs to one task", error);
    if (config->network.unit_embeddings) return refuse(builder, config, "freeze", "not with unit_embeddings", error);
    return SDQN_OK;
}

/// The method asked for.
static SdqnStatus choose_method(const SdqnConfigBuilder *builder, const SdqnMethod **method, SdqnError *error) {
    int key = sdqn_key_find(sdqn_config_table, sdqn_config_table_size, "method"), count;
    const SdqnConfigLayer *layer = deciding_layer(builder, key);
    *method = sdqn_method_find(sdqn_config_builder_method(builder));
    if (*method != NULL) return SDQN_OK;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    char why[512];
    size_t length = (size_t)snprintf(why, sizeof why, "no such method; known:");
    for (int i = 0; i < count && length < 400; i++)
        length += (size_t)snprintf(why + length, sizeof why - length, "%s %s", i == 0 ? "" : ",", methods[i]->name);
    return refuse(builder, &layer->values, "method", why, error);
}

/// Take a key's value over the default, if there is one.
static void take_given(const SdqnConfigBuilder *builder, int key, SdqnConfig *config) {
    const SdqnConfigLayer *layer = deciding_layer(builder, key);
    if (layer != NULL) sdqn_key_copy(&sdqn_config_table[key], &layer->values, config);
}

SdqnStatus sdqn_config_builder_finish(const SdqnConfigBuilder *builder, SdqnConfig *config, SdqnError *error) {
    const SdqnMethod *method;
    SdqnStatus status = choose_method(builder, &method, error);
    if (status != SDQN_OK) return status;
    SdqnConfig built;
    default_of_method(method, &built);
    // The tasks come first: defaults follow from them.
    take_given(builder, sdqn_key_find(sdqn_config_table, sdqn_config_table_size, "tasks"), &built);
    default_of_tasks(method, &built);
    for (int i = 0; i < sdqn_config_table_size; i++) take_given(builder, i, &built);
    built.network.num_tasks = built.num_tasks;
    status = check_tasks(builder, &built, error);
    if (status == SDQN_OK) status = check_lists(builder, method, &built, error);
    if (status == SDQN_OK) status = check_atoms(builder, &built, error);
    if (status == SDQN_OK) status = check_new_tasks(builder, method, &built, error);
    if (status == SDQN_OK) {
        built.dqn = dqn_of_task(&built, 0);
        built.dqn.frozen_tasks = built.freeze ? built.num_tasks - built.new_tasks : 0;
    }
    for (int i = 0; i < built.num_tasks && status == SDQN_OK; i++) {
        const SdqnDqnDef dqn = dqn_of_task(&built, i);
        status = check_replay(builder, &built, &dqn, error);
        if (status == SDQN_OK) status = sdqn_dqn_def_check(&dqn, error);
    }
    if (status == SDQN_OK) status = sdqn_q_network_def_check(&built.network, error);
    if (status == SDQN_OK) *config = built;
    return status;
}

SdqnStatus sdqn_config_read(const char *path, SdqnConfig *config, SdqnError *error) {
    SdqnConfigBuilder *builder = sdqn_config_builder_create();
    if (builder == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", path);
    SdqnStatus status = sdqn_config_builder_read(builder, path, error);
    if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, config, error);
    sdqn_config_builder_destroy(builder);
    return status;
}

SdqnStatus sdqn_config_parse(const char *name, const char *text, size_t size, SdqnConfig *config, SdqnError *error) {
    SdqnConfigBuilder *builder = sdqn_config_builder_create();
    if (builder == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", name);
    snprintf(builder->paths[0], sizeof builder->paths[0], "%s", name);
    builder->num_files = 1;
    SdqnStatus status = sdqn_config_read_yaml(builder, 0, (const uint8_t *)text, size, error);
    if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, config, error);
    sdqn_config_builder_destroy(builder);
    return status;
}

SdqnStatus sdqn_config_level(const SdqnConfig *config, SdqnCpuLevel *level, SdqnError *error) {
    return sdqn_cpu_level_parse(config->isa == 0 ? "auto" : sdqn_cpu_level_name((SdqnCpuLevel)(config->isa - 1)), level, error);
}

// ---- comparing and writing ------------------------------------------------------------------------------------------------------

/// Compare one key; shortest round-trip text is equal only for equal values.
static SdqnStatus check_same_value(const SdqnKey *key, const char *prefix, const void *wanted, const void *recorded, SdqnError *error) {
    char now[MAX_VALUE_TEXT], before[MAX_VALUE_TEXT];
    sdqn_key_format(key, wanted, now, sizeof now);
    sdqn_key_format(key, recorded, before, sizeof before);
    if (strcmp(now, before) == 0) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s%s = %.300s: the run was made with %.300s", prefix, key->name, now, before);
}

SdqnStatus sdqn_config_check_same(const SdqnConfig *wanted, const SdqnConfig *recorded, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < sdqn_config_table_size && status == SDQN_OK; i++) {
        const SdqnKey *key = &sdqn_config_table[i];
        if (!key->no_effect && key->type != SDQN_KEY_DEFINITIONS) status = check_same_value(key, "", wanted, recorded, error);
    }
    // Of the definitions only those of the run's tasks count; their names are equal by now.
    for (int i = 0; i < wanted->num_tasks && status == SDQN_OK; i++) {
        const SdqnTask *now = sdqn_config_find_task(wanted, wanted->tasks[i]);
        const SdqnTask *before = sdqn_config_find_task(recorded, wanted->tasks[i]);
        char prefix[64];
        snprintf(prefix, sizeof prefix, "task %s: ", wanted->tasks[i]);
        if (now == NULL || before == NULL) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%sit is not defined", prefix);
        for (int k = 0; k < sdqn_task_table_size && status == SDQN_OK; k++)
            status = check_same_value(&sdqn_task_table[k], prefix, now, before, error);
    }
    return status;
}

/// A name as YAML: quoted where another reader would take it for something else (`-`, a number, or a word of YAML's own).
static void write_name(FILE *out, const char *name) {
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    bool plain = name[0] >= 'a' && name[0] <= 'z';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) plain = plain && strcmp(name, words[i]) != 0;
    const char *quote = plain ? "" : "\"";
    fprintf(out, "%s%s%s", quote, name, quote);
}

static void write_tasks(FILE *out, const SdqnConfig *config) {
    for (int i = 0; i < config->num_tasks; i++) {
        fputs(i == 0 ? "[" : ", ", out);
        write_name(out, config->tasks[i]);
    }
    fputs("]\n", out);
}

static void write_definitions(FILE *out, const SdqnConfig *config) {
    char value[MAX_VALUE_TEXT];
    fputs(config->num_task_definitions == 0 ? "{}\n" : "\n", out);
    for (int i = 0; i < config->num_task_definitions; i++) {
        fputs("  ", out);
        write_name(out, config->task_definitions[i].name);
        fputs(":\n", out);
        for (int k = 0; k < sdqn_task_table_size; k++)
            fprintf(out, "    %s: %s\n", sdqn_task_table[k].name,
                    sdqn_key_format(&sdqn_task_table[k], &config->task_definitions[i], value, sizeof value));
    }
}

SdqnStatus sdqn_config_format(const SdqnConfig *config, char **text, size_t *size, SdqnError *error) {
    char *written = NULL, value[MAX_VALUE_TEXT];
    size_t length = 0;
    FILE *out = open_memstream(&written, &length);
    if (out == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "configuration: out of memory");
    for (int i = 0; i < sdqn_config_table_size; i++) {
        const SdqnKey *key = &sdqn_config_table[i];
        fprintf(out, "%s:%s", key->name, key->type == SDQN_KEY_DEFINITIONS && config->num_task_definitions > 0 ? "" : " ");
        bool is_list = key->type == SDQN_KEY_TASK_INTS || key->type == SDQN_KEY_TASK_DOUBLES;
        if (key->type == SDQN_KEY_TASKS)
            write_tasks(out, config);
        else if (is_list && strchr(sdqn_key_format(key, config, value, sizeof value), ',') != NULL)
            fprintf(out, "[%s]\n", value);
        else if (key->type == SDQN_KEY_DEFINITIONS)
            write_definitions(out, config);
        else
            fprintf(out, "%s\n", sdqn_key_format(key, config, value, sizeof value));
    }
    bool failed = ferror(out) != 0;
    failed |= fclose(out) != 0;
    if (failed) {
        free(written);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "configuration: out of memory");
    }
    *text = written;
    *size = length;
    return SDQN_OK;
}
