// config_table.c: every key of a configuration and of a task definition, and the conversions of their values.
#include "run/config_table.h"

#include "core/text.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const CONDITIONINGS[] = {"embedding", "onehot", "id", "blind", NULL};    // SdqnConditioning
static const char *const ARCHITECTURES[] = {"mlp", "bronet", "bronet-published", NULL};     // SdqnArchitecture
static const char *const LOSSES[] = {"mse", "huber", "categorical", NULL};                  // SdqnLossKind
static const char *const PROJECTIONS[] = {"correct", "original", NULL};                     // SdqnProjection
static const char *const RESIDUALS[] = {"none", "vector", "gaussian", NULL};                // SdqnResidualKind
static const char *const SAMPLINGS[] = {"round-robin", "uniform", "loss", "success", NULL}; // SdqnTaskSampling
static const char *const ISAS[] = {"auto", "scalar", "avx2", "avx512", "neon", NULL};       // auto, then SdqnCpuLevel
static const char *const WINDS[] = {"none", "uniform", "gymnasium", NULL};                  // SdqnWindKind

#define FIELD(field) offsetof(SdqnConfig, field), sizeof(((SdqnConfig *)NULL)->field)
#define TASK_FIELD(field) offsetof(SdqnTask, field), sizeof(((SdqnTask *)NULL)->field)

const SdqnKey sdqn_config_table[] = {
    {"method", SDQN_KEY_METHOD, FIELD(method), .help = "how the tasks are learned together; see --list-methods"},
    {"conditioning", SDQN_KEY_CHOICE, FIELD(network.conditioning), .choices = CONDITIONINGS,
     .help = "what the network is told about the task: a learned vector, one-hot, its number, nothing"},
    {"tasks", SDQN_KEY_TASKS, FIELD(tasks), .help = "tasks in turn, one an episode; all: standard, windy, heavy"},
    {"task_definitions", SDQN_KEY_DEFINITIONS, FIELD(task_definitions), .help = "tasks of your own by name, only in a file"},
    {"initial_weights", SDQN_KEY_SHA256, FIELD(initial_weights), .help = "SHA-256 of the weights that --init-from gives"},
    {"new_tasks", SDQN_KEY_INT, FIELD(new_tasks), 0, SDQN_CONFIG_MAX_TASKS - 1, .help = "how many of the last tasks those do not know"},
    {"freeze", SDQN_KEY_BOOL, FIELD(freeze),
     .help = "only what belongs to the new tasks alone learns (embeddings, residuals), and only they are played"},
    {"seed", SDQN_KEY_SEED, FIELD(seed), .help = "seed of every random stream of the run"},
    {"episodes", SDQN_KEY_INT, FIELD(episodes), 1, SDQN_CONFIG_MAX_EPISODES, .help = "training episodes, over all tasks"},
    {"task_sampling", SDQN_KEY_CHOICE, FIELD(task_sampling), .choices = SAMPLINGS,
     .help = "the task of the next episode: in turn, drawn uniformly, or by the size of TD errors or the lack of success"},
    {"learning_rate", SDQN_KEY_TASK_DOUBLES, FIELD(learning_rate), 0, 1, .low_excluded = true, .help = "step size of Adam"},
    {"gamma", SDQN_KEY_DOUBLE, FIELD(dqn.gamma), 0, 1, .help = "discount per environment step"},
    {"batch_size", SDQN_KEY_INT, FIELD(dqn.batch_size), 1, 4096,
     .help = "transitions per update, of each task where it has a replay buffer"},
    {"replay_capacity", SDQN_KEY_INT, FIELD(dqn.replay_capacity), 1, 10000000, .help = "transitions kept in a replay buffer"},
    {"min_replay_size", SDQN_KEY_TASK_INTS, FIELD(min_replay_size), 0, 9999999,
     .help = "updates start once the replay buffers together hold more transitions than this"},
    {"epsilon_decay", SDQN_KEY_TASK_DOUBLES, FIELD(epsilon_decay), 0, 1, .low_excluded = true,
     .help = "factor on the share of random actions after each episode"},
    {"epsilon_start", SDQN_KEY_DOUBLE, FIELD(dqn.epsilon_start), 0, 1, .help = "share of random actions in the first episode"},
    {"epsilon_floor", SDQN_KEY_DOUBLE, FIELD(dqn.epsilon_floor), 0, 1, .help = "smallest share of random actions"},
    {"target_period", SDQN_KEY_TASK_INTS, FIELD(target_period), 1, 1000000, .help = "episodes between copies into the target network"},
    {"weight_decay", SDQN_KEY_DOUBLE, FIELD(dqn.weight_decay), 0, 1, .help = "decoupled weight decay of AdamW; 0: Adam"},
    {"double_dqn", SDQN_KEY_BOOL, FIELD(dqn.double_dqn), .help = "the Q-network chooses the action whose value the target network gives"},
    {"loss", SDQN_KEY_CHOICE, FIELD(dqn.loss), .choices = LOSSES,
     .help = "of TD errors: their mean square, Huber's loss; of distributions (see atoms): cross-entropy"},
    {"huber_delta", SDQN_KEY_DOUBLE, FIELD(dqn.huber_delta), 0, 1e6, .low_excluded = true,
     .help = "TD error from which Huber's loss is a line"},
    {"projection", SDQN_KEY_CHOICE, FIELD(dqn.projection), .choices = PROJECTIONS,
     .help = "of distributions to the atoms; original loses the targets that lie on an atom, for comparison only"},
    {"target_tau", SDQN_KEY_DOUBLE, FIELD(dqn.target_tau), 0, 1,
     .help = "share of the Q-network mixed into the target network after each update; 0: copies every target_period"},
    {"clip_norm", SDQN_KEY_DOUBLE, FIELD(dqn.clip_norm), 0, 1e9, .help = "longer gradients are scaled to this norm; 0: none is"},
    {"update_period", SDQN_KEY_INT, FIELD(dqn.update_period), 1, 1000000, .help = "environment steps an update"},
    {"prioritised", SDQN_KEY_BOOL, FIELD(dqn.prioritised), .help = "transitions are drawn by their last TD error instead of uniformly"},
    {"priority_alpha", SDQN_KEY_DOUBLE, FIELD(dqn.priority_alpha), 0, 1, .help = "exponent of the TD error in a priority"},
    {"priority_beta", SDQN_KEY_DOUBLE, FIELD(dqn.priority_beta), 0, 1,
     .help = "exponent of the weights that make up for unequal chances, at the first update"},
    {"priority_beta_updates", SDQN_KEY_INT, FIELD(dqn.priority_beta_updates), 1, 1000000000, .help = "updates over which it grows to 1"},
    {"reward_normalisation", SDQN_KEY_BOOL, FIELD(dqn.reward_normalisation),
     .help = "rewards are scaled by each task's largest return to the range of the atoms"},
    {"environments", SDQN_KEY_INT, FIELD(dqn.environments), 1, SDQN_MAX_ENVIRONMENTS, .help = "episodes that are played at the same time"},
    {"n_step", SDQN_KEY_INT, FIELD(dqn.n_step), 1, 64, .help = "environment steps whose rewards make one transition"},
    {"task_weights", SDQN_KEY_TASK_DOUBLES, FIELD(task_weights), 0, 1e6, .low_excluded = true, .task_buffers_only = true,
     .help = "factor on each task's loss, of methods with a replay buffer for each task"},
    {"reward_scales", SDQN_KEY_TASK_DOUBLES, FIELD(reward_scales), 0, 1e6, .low_excluded = true, .task_buffers_only = true,
     .help = "factor on each task's rewards as they are learned from, likewise"},
    {"architecture", SDQN_KEY_CHOICE, FIELD(network.architecture), .choices = ARCHITECTURES,
     .help = "two hidden layers, or the residual BroNet with a norm before each block, or as published behind each layer"},
    {"embedding_size", SDQN_KEY_INT, FIELD(network.embedding_size), 1, SDQN_MAX_LAYER_SIZE,
     .help = "values of a task's embedding, with conditioning embedding"},
    {"hidden1_size", SDQN_KEY_INT, FIELD(network.hidden1_size), 1, SDQN_MAX_LAYER_SIZE,
     .help = "units of the first hidden layer, of BroNet of all"},
    {"hidden2_size", SDQN_KEY_INT, FIELD(network.hidden2_size), 1, SDQN_MAX_LAYER_SIZE, .help = "units of the second hidden layer"},
    {"blocks", SDQN_KEY_INT, FIELD(network.num_blocks), 1, SDQN_MAX_BLOCKS, .help = "residual blocks of BroNet"},
    {"dueling", SDQN_KEY_BOOL, FIELD(network.dueling), .help = "a state value and advantages make the Q-values"},
    {"unit_embeddings", SDQN_KEY_BOOL, FIELD(network.unit_embeddings), .help = "task embeddings keep length 1"},
    {"atoms", SDQN_KEY_INT, FIELD(network.num_atoms), 0, SDQN_MAX_ATOMS,
     .help = "values of the distribution that stands for each Q-value, with loss categorical; 0: Q-values themselves"},
    {"value_min", SDQN_KEY_DOUBLE, FIELD(network.value_min), -SDQN_MAX_VALUE, SDQN_MAX_VALUE, .help = "the first of them"},
    {"value_max", SDQN_KEY_DOUBLE, FIELD(network.value_max), -SDQN_MAX_VALUE, SDQN_MAX_VALUE, .help = "the last of them"},
    {"residuals", SDQN_KEY_CHOICE, FIELD(network.residuals), .choices = RESIDUALS,
     .help = "what each task adds to the shared weights: nothing, a learned vector, or a learned Gaussian (VarShare)"},
    {"residual_rank", SDQN_KEY_INT, FIELD(network.residual_rank), 0, SDQN_MAX_RESIDUAL_RANK,
     .help = "rank of what a task adds to a weight matrix; 0: any"},
    {"prior_scale", SDQN_KEY_DOUBLE, FIELD(network.prior_scale), 0, 1e3, .low_excluded = true,
     .help = "deviation of the Gaussians' prior, or where it starts"},
    {"learned_prior", SDQN_KEY_BOOL, FIELD(network.learned_prior), .help = "the prior's deviation is learned"},
    {"kl_weight", SDQN_KEY_DOUBLE, FIELD(dqn.kl_weight), 0, 1e3,
     .help = "weight of the Gaussians' divergence from their prior, divided by batch_size, in the loss"},
    {"kl_anneal", SDQN_KEY_INT, FIELD(dqn.kl_anneal), 0, 1000000000, .help = "updates over which that weight grows from 0; 0: at once"},
    {"evaluation_period", SDQN_KEY_INT, FIELD(evaluation_period), 1, SDQN_CONFIG_MAX_EPISODES, .help = "episodes between evaluations"},
    {"evaluation_episodes", SDQN_KEY_INT, FIELD(evaluation_episodes), 1, 1000000, .help = "greedy episodes a task in each of them"},
    {"evaluation_seed", SDQN_KEY_SEED, FIELD(evaluation_seed), .help = "seed of their first episode, i more for the i-th"},
    {"final_episodes", SDQN_KEY_INT, FIELD(final_episodes), 1, 1000000, .help = "greedy episodes a task in the final evaluation"},
    {"final_seed", SDQN_KEY_SEED, FIELD(final_seed), .help = "seed of its first episode, i more for the i-th"},
    {"gradient_period", SDQN_KEY_INT, FIELD(dqn.gradient_period), 0, 1000000000,
     .help = "updates between lines of gradients.jsonl, on how the tasks' gradients lie to each other; 0: none"},
    {"checkpoint_period", SDQN_KEY_INT, FIELD(checkpoint_period), 1, SDQN_CONFIG_MAX_EPISODES, .help = "episodes between kept weights"},
    {"state_period_episodes", SDQN_KEY_INT, FIELD(state_period_episodes), 0, SDQN_CONFIG_MAX_EPISODES, .no_effect = true,
     .help = "episodes between full states, from which --resume goes on; 0: by time alone"},
    {"state_period_seconds", SDQN_KEY_DOUBLE, FIELD(state_period_seconds), 0, 1e9, .no_effect = true,
     .help = "seconds between full states; 0: by episodes alone"},
    {"keep_state", SDQN_KEY_BOOL, FIELD(keep_state), .no_effect = true, .help = "keep the last full state of a finished run"},
    {"tensorboard", SDQN_KEY_BOOL, FIELD(tensorboard), .no_effect = true, .help = "write an event file for TensorBoard"},
    {"threads", SDQN_KEY_INT, FIELD(threads), 1, 256, .no_effect = true,
     .help = "threads to use at most; any number gives the same bytes (so far one is used)"},
    {"isa", SDQN_KEY_CHOICE, FIELD(isa), .choices = ISAS, .no_effect = true,
     .help = "kernel level; auto: the best of this machine; all give the same bytes"},
};
const int sdqn_config_table_size = sizeof sdqn_config_table / sizeof *sdqn_config_table;

#define ANY_NUMBER .low = -HUGE_VAL, .high = HUGE_VAL // sdqn_task_check knows the range

const SdqnKey sdqn_task_table[] = {
    {"gravity", SDQN_KEY_DOUBLE, TASK_FIELD(gravity), ANY_NUMBER},
    {"wind", SDQN_KEY_CHOICE, TASK_FIELD(wind), .choices = WINDS},
    {"wind_power", SDQN_KEY_DOUBLE, TASK_FIELD(wind_power), ANY_NUMBER},
    {"turbulence_power", SDQN_KEY_DOUBLE, TASK_FIELD(turbulence_power), ANY_NUMBER},
    {"wind_on_ground", SDQN_KEY_BOOL, TASK_FIELD(wind_on_ground), .low = 0},
    {"initial_random", SDQN_KEY_DOUBLE, TASK_FIELD(initial_random), ANY_NUMBER},
    {"main_engine_power", SDQN_KEY_DOUBLE, TASK_FIELD(main_engine_power), ANY_NUMBER},
    {"side_engine_power", SDQN_KEY_DOUBLE, TASK_FIELD(side_engine_power), ANY_NUMBER},
    {"time_limit_steps", SDQN_KEY_INT, TASK_FIELD(time_limit_steps), .low = INT_MIN, .high = INT_MAX},
};
const int sdqn_task_table_size = sizeof sdqn_task_table / sizeof *sdqn_task_table;

int sdqn_key_find(const SdqnKey *table, int size, const char *name) {
    for (int i = 0; i < size; i++)
        if (strcmp(table[i].name, name) == 0) return i;
    return -1;
}

enum { MAX_KEYS = 128 };

const char *sdqn_key_nearest(const SdqnKey *table, int size, const char *name) {
    const char *names[MAX_KEYS];
    int count = size < MAX_KEYS ? size : MAX_KEYS;
    for (int i = 0; i < count; i++) names[i] = table[i].name;
    return sdqn_text_nearest(name, names, (size_t)count);
}

// ---- from text ------------------------------------------------------------------------------------------------------------------

/// [a-z0-9_-]+ that fits with its terminating zero.
static bool good_name(const char *text, size_t length, size_t size) {
    if (length == 0 || length >= size) return false;
    for (size_t i = 0; i < length; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", text[i]) == NULL) return false;
    return true;
}

/// Append one task, or three for `all`. @return false if there are too many
static bool add_task(SdqnConfig *config, const char *name, size_t length) {
    bool all = length == 3 && memcmp(name, "all", 3) == 0;
    for (int i = 0; i < (all ? SDQN_NUM_DEFAULT_TASKS : 1); i++) {
        if (config->num_tasks == SDQN_CONFIG_MAX_TASKS) return false;
        char *target = config->tasks[config->num_tasks++];
        if (all)
            memcpy(target, sdqn_task_builtin(i)->name, SDQN_TASK_NAME_SIZE);
        else
            memcpy(target, name, length);
    }
    return true;
}

/// Names separated by commas; spaces around them are dropped.
static bool parse_tasks(const char *text, SdqnConfig *config) {
    SdqnConfig parsed = {0};
    for (;;) {
        text += strspn(text, " ");
        size_t part = strcspn(text, ","), length = part;
        while (length > 0 && text[length - 1] == ' ') length--;
        if (!good_name(text, length, SDQN_TASK_NAME_SIZE) || !add_task(&parsed, text, length)) return false;
        if (text[part] == '\0') break;
        text += part + 1;
    }
    config->num_tasks = parsed.num_tasks;
    memcpy(config->tasks, parsed.tasks, sizeof config->tasks);
    return true;
}

static bool number_of(const SdqnKey *key, const char *text, double *value) {
    return sdqn_text_to_double(text, value) && *value >= key->low && *value <= key->high && !(key->low_excluded && *value == key->low);
}

static bool parse_double(const SdqnKey *key, const char *text, void *field) {
    double value;
    if (!number_of(key, text, &value)) return false;
    memcpy(field, &value, sizeof value);
    return true;
}

static bool integer_of(const SdqnKey *key, const char *text, int64_t *value) {
    return sdqn_text_to_i64(text, value) && *value >= (int64_t)key->low && *value <= (int64_t)key->high;
}

static bool parse_int(const SdqnKey *key, const char *text, void *field) {
    int64_t value;
    if (!integer_of(key, text, &value)) return false;
    int narrow = (int)value;
    memcpy(field, &narrow, sizeof narrow);
    return true;
}

/// Numbers separated by commas; spaces around them are dropped.
static bool parse_task_values(const SdqnKey *key, const char *text, void *field) {
    SdqnTaskValues parsed = {0};
    for (;; text++) {
        char number[64];
        int64_t integer;
        text += strspn(text, " ");
        size_t part = strcspn(text, ","), length = part;
        while (length > 0 && text[length - 1] == ' ') length--;
        if (length >= sizeof number || parsed.count == SDQN_CONFIG_MAX_TASKS) return false;
        memcpy(number, text, length);
        number[length] = '\0';
        double *value = &parsed.values[parsed.count++];
        if (key->type == SDQN_KEY_TASK_DOUBLES) {
            if (!number_of(key, number, value)) return false;
        } else {
            if (!integer_of(key, number, &integer)) return false;
            *value = (double)integer;
        }
        text += part;
        if (*text == '\0') break;
    }
    memcpy(field, &parsed, sizeof parsed);
    return true;
}

static bool parse_choice(const SdqnKey *key, const char *text, void *field) {
    for (int i = 0; key->choices[i] != NULL; i++) {
        if (strcmp(text, key->choices[i]) != 0) continue;
        memcpy(field, &i, sizeof i); // enums of small positive values have the size of an int here, as the assertions below say
        return true;
    }
    return false;
}

_Static_assert(sizeof(SdqnConditioning) == sizeof(int) && sizeof(SdqnWindKind) == sizeof(int) && sizeof(SdqnLossKind) == sizeof(int) &&
                   sizeof(SdqnArchitecture) == sizeof(int) && sizeof(SdqnTaskSampling) == sizeof(int) &&
                   sizeof(SdqnResidualKind) == sizeof(int) && sizeof(SdqnProjection) == sizeof(int),
               "choices are stored as int");

static bool parse_bool(const char *text, void *field) {
    bool truth = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    if (!truth && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) return false;
    memcpy(field, &truth, sizeof truth);
    return true;
}

static bool parse_sha256(const char *text, char *field) {
    const bool none = strcmp(text, "none") == 0;
    if (!none && !sdqn_sha256_is_hex(text)) return false;
    memset(field, 0, SDQN_SHA256_HEX_SIZE);
    if (!none) memcpy(field, text, SDQN_SHA256_HEX_SIZE - 1);
    return true;
}

static bool parse_method(const char *text, SdqnConfig *config) {
    size_t length = strlen(text);
    if (!good_name(text, length, sizeof config->method)) return false;
    memset(config->method, 0, sizeof config->method);
    memcpy(config->method, text, length);
    return true;
}

bool sdqn_key_parse(const SdqnKey *key, const char *text, void *object) {
    char *field = (char *)object + key->offset;
    uint64_t word;
    switch (key->type) {
    case SDQN_KEY_INT:
        return parse_int(key, text, field);
    case SDQN_KEY_DOUBLE:
        return parse_double(key, text, field);
    case SDQN_KEY_TASK_INTS:
    case SDQN_KEY_TASK_DOUBLES:
        return parse_task_values(key, text, field);
    case SDQN_KEY_CHOICE:
        return parse_choice(key, text, field);
    case SDQN_KEY_SHA256:
        return parse_sha256(text, field);
    case SDQN_KEY_METHOD:
        return parse_method(text, object);
    case SDQN_KEY_TASKS:
        return parse_tasks(text, object);
    case SDQN_KEY_SEED:
        if (!sdqn_text_to_seed(text, &word)) return false;
        memcpy(field, &word, sizeof word);
        return true;
    case SDQN_KEY_BOOL:
        return parse_bool(text, field);
    default:
        return false;
    }
}

// ---- to text --------------------------------------------------------------------------------------------------------------------

const char *sdqn_key_allowed(const SdqnKey *key, char text[256]) {
    char low[SDQN_TEXT_SIZE], high[SDQN_TEXT_SIZE];
    size_t length = 0;
    switch (key->type) {
    case SDQN_KEY_INT:
    case SDQN_KEY_TASK_INTS:
        snprintf(text, 256, "an integer in [%.0f, %.0f]%s", key->low, key->high, key->type == SDQN_KEY_INT ? "" : ", or one a task");
        break;
    case SDQN_KEY_SEED:
        snprintf(text, 256, SDQN_SEED_ALLOWED);
        break;
    case SDQN_KEY_DOUBLE:
    case SDQN_KEY_TASK_DOUBLES:
        if (isinf(key->high))
            snprintf(text, 256, "a number");
        else
            snprintf(text, 256, "a number in %c%s, %s]%s", key->low_excluded ? '(' : '[', sdqn_text_from_double(key->low, low),
                     sdqn_text_from_double(key->high, high), key->type == SDQN_KEY_DOUBLE ? "" : ", or one a task");
        break;
    case SDQN_KEY_BOOL:
        snprintf(text, 256, "true or false (1 or 0)");
        break;
    case SDQN_KEY_CHOICE:
        for (int i = 0; key->choices[i] != NULL && length < 200; i++)
            length += (size_t)snprintf(text + length, 256 - length, "%s%s",
                                       i == 0                        ? ""
                                       : key->choices[i + 1] == NULL ? " or "
                                                                     : ", ",
                                       key->choices[i]);
        break;
    case SDQN_KEY_SHA256:
        snprintf(text, 256, "64 hexadecimal digits, or none");
        break;
    case SDQN_KEY_METHOD:
        snprintf(text, 256, "the name of a method");
        break;
    case SDQN_KEY_TASKS:
        snprintf(text, 256, "1 to %d names of tasks, separated by commas", SDQN_CONFIG_MAX_TASKS);
        break;
    case SDQN_KEY_DEFINITIONS:
        snprintf(text, 256, "a mapping of names to definitions, in a file");
        break;
    }
    return text;
}

static void format_tasks(const SdqnConfig *config, char *text, size_t size) {
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < config->num_tasks && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i == 0 ? "" : ",", config->tasks[i]);
}

static void format_task_values(const SdqnKey *key, const void *field, char *text, size_t size) {
    SdqnTaskValues list;
    size_t length = 0;
    memcpy(&list, field, sizeof list);
    text[0] = '\0';
    for (int i = 0; i < list.count && length < size; i++) {
        char number[SDQN_TEXT_SIZE];
        if (key->type == SDQN_KEY_TASK_DOUBLES)
            sdqn_text_from_double(list.values[i], number);
        else
            snprintf(number, sizeof number, "%.0f", list.values[i]);
        length += (size_t)snprintf(text + length, size - length, "%s%s", i == 0 ? "" : ",", number);
    }
}

const char *sdqn_key_format(const SdqnKey *key, const void *object, char *text, size_t size) {
    const char *field = (const char *)object + key->offset;
    char number[SDQN_TEXT_SIZE];
    int integer;
    double real;
    uint64_t word;
    bool truth;
    switch (key->type) {
    case SDQN_KEY_INT:
        memcpy(&integer, field, sizeof integer);
        snprintf(text, size, "%d", integer);
        break;
    case SDQN_KEY_SEED:
        memcpy(&word, field, sizeof word);
        snprintf(text, size, "%" PRIu64, word);
        break;
    case SDQN_KEY_DOUBLE:
        memcpy(&real, field, sizeof real);
        snprintf(text, size, "%s", sdqn_text_from_double(real, number));
        break;
    case SDQN_KEY_TASK_INTS:
    case SDQN_KEY_TASK_DOUBLES:
        format_task_values(key, field, text, size);
        break;
    case SDQN_KEY_BOOL:
        memcpy(&truth, field, sizeof truth);
        snprintf(text, size, "%s", truth ? "true" : "false");
        break;
    case SDQN_KEY_CHOICE:
        memcpy(&integer, field, sizeof integer);
        snprintf(text, size, "%s", key->choices[integer]);
        break;
    case SDQN_KEY_SHA256:
        snprintf(text, size, "%s", field[0] != '\0' ? field : "none");
        break;
    case SDQN_KEY_METHOD:
        snprintf(text, size, "%s", field);
        break;
    case SDQN_KEY_TASKS:
        format_tasks(object, text, size);
        break;
    case SDQN_KEY_DEFINITIONS:
        snprintf(text, size, "%d", ((const SdqnConfig *)object)->num_task_definitions);
        break;
    }
    return text;
}

void sdqn_key_copy(const SdqnKey *key, const void *source, void *target) {
    memcpy((char *)target + key->offset, (const char *)source + key->offset, key->size);
    if (key->type == SDQN_KEY_TASKS) ((SdqnConfig *)target)->num_tasks = ((const SdqnConfig *)source)->num_tasks;
    if (key->type == SDQN_KEY_DEFINITIONS)
        ((SdqnConfig *)target)->num_task_definitions = ((const SdqnConfig *)source)->num_task_definitions;
}
