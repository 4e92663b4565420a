// learner_state.c: the saved state of a learner.
#include "dqn/learner_parts.h"

#include "dqn/bytes.h"

#include <math.h>
#include <string.h>

#define STATE_MAGIC UINT64_C(0x35304e5244514453) ///< "SDQDRN05" as little-endian bytes; another machine's byte order does not match
#define NETWORK_DEF_VALUES 18
#define STATE_ARRAYS 4 ///< parameters, target parameters, both moments

/// The saved state begins with this; STATE_ARRAYS arrays of parameter_count floats and the parts follow, each of these behind its size as
/// uint64_t.
typedef struct StateHeader {
    uint64_t magic;
    uint64_t size; ///< bytes of the whole state
    uint64_t parameter_count;
    uint64_t updates, episodes, pushes;
    double exploration_power, beta1_power, beta2_power;
    SdqnRng exploration_rng, replay_rng, noise_rng;
    double network_def[NETWORK_DEF_VALUES];
    double def[SDQN_DQN_DEF_VALUES];
} StateHeader;

// Padding would put bytes of no meaning into checkpoints.
_Static_assert(sizeof(SdqnRng) == 40, "no padding");
_Static_assert(sizeof(StateHeader) == sizeof(double) * (9 + 15 + NETWORK_DEF_VALUES + SDQN_DQN_DEF_VALUES), "no padding");

/// The network's definition as numbers. What is not looked at counts as 0. @param values  written
static void network_def_values(const SdqnQNetworkDef *def, double values[NETWORK_DEF_VALUES]) {
    const bool embeds = def->conditioning == SDQN_CONDITIONING_EMBEDDING, is_mlp = def->architecture == SDQN_ARCHITECTURE_MLP;
    const bool is_gaussian = def->residuals == SDQN_RESIDUALS_GAUSSIAN;
    const double numbers[NETWORK_DEF_VALUES] = {
        def->observation_size,
        def->num_actions,
        def->num_tasks,
        def->conditioning,
        embeds ? def->embedding_size : 0,
        embeds && def->unit_embeddings,
        def->architecture,
        def->hidden1_size,
        is_mlp ? def->hidden2_size : 0,
        is_mlp ? 0 : def->num_blocks,
        def->dueling,
        def->num_atoms,
        def->num_atoms > 0 ? def->value_min : 0.0,
        def->num_atoms > 0 ? def->value_max : 0.0,
        def->residuals,
        def->residuals != SDQN_RESIDUALS_NONE ? def->residual_rank : 0,
        is_gaussian ? def->prior_scale : 0.0,
        is_gaussian && def->learned_prior,
    };
    memcpy(values, numbers, sizeof numbers);
}

static bool same_values(const double *a, const double *b, size_t count) {
    bool same = true;
    for (size_t i = 0; i < count; i++) same = same && a[i] == b[i];
    return same;
}

// ---- parts: what has a saved state of its own -----------------------------------------------------------------------------------

#define MAX_PARTS (2 * SDQN_MAX_TASKS + 2)

typedef enum PartKind { REPLAY, PRIORITIES, N_STEP, REWARD_SCALE } PartKind;

typedef struct Part {
    PartKind kind;
    int buffer; ///< of the first two
} Part;

/// The parts there are: each replay buffer, priorities, steps that wait for n-step returns, the reward scale. @return how many
static int list_parts(const SdqnLearner *learner, Part parts[MAX_PARTS]) {
    int count = 0;
    for (int i = 0; i < learner->num_buffers; i++) parts[count++] = (Part){REPLAY, i};
    for (int i = 0; i < learner->num_buffers && learner->def.prioritised; i++) parts[count++] = (Part){PRIORITIES, i};
    if (learner->n_step) parts[count++] = (Part){N_STEP, 0};
    if (learner->def.reward_normalisation) parts[count++] = (Part){REWARD_SCALE, 0};
    return count;
}

static size_t part_size(const SdqnLearner *learner, Part part) {
    switch (part.kind) {
    case REPLAY:
        return sdqn_replay_buffer_state_size(learner->replays[part.buffer]);
    case PRIORITIES:
        return sdqn_priorities_state_size(sdqn_replay_buffer_size(learner->replays[part.buffer]));
    case N_STEP:
        return sdqn_n_step_state_size(learner->n_step);
    default:
        return sizeof learner->reward_scale;
    }
}

static void save_part(const SdqnLearner *learner, Part part, uint8_t *bytes) {
    switch (part.kind) {
    case REPLAY:
        sdqn_replay_buffer_save_state(learner->replays[part.buffer], bytes);
        break;
    case PRIORITIES:
        sdqn_priorities_save_state(learner->priorities[part.buffer], sdqn_replay_buffer_size(learner->replays[part.buffer]), bytes);
        break;
    case N_STEP:
        sdqn_n_step_save_state(learner->n_step, bytes);
        break;
    default:
        memcpy(bytes, &learner->reward_scale, sizeof learner->reward_scale);
    }
}

static SdqnReplayBounds bounds_of(const SdqnLearner *learner) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    return (SdqnReplayBounds){.num_actions = def->num_actions, .num_tasks = def->num_tasks, .n_step = learner->def.n_step};
}

static SdqnStatus check_part(const SdqnLearner *learner, Part part, const uint8_t *bytes, size_t size, SdqnError *error) {
    const SdqnReplayBounds bounds = bounds_of(learner);
    switch (part.kind) {
    case REPLAY:
        return sdqn_replay_buffer_check_state(learner->replays[part.buffer], &bounds, bytes, size, error);
    case PRIORITIES:
        return sdqn_priorities_check_state(learner->priorities[part.buffer], bytes, size, error);
    case N_STEP:
        return sdqn_n_step_check_state(learner->n_step, bounds.num_actions, bytes, size, error);
    default:
        return sdqn_reward_scale_check(bytes, size, error);
    }
}

static SdqnStatus load_part(SdqnLearner *learner, Part part, const uint8_t *bytes, size_t size, SdqnError *error) {
    const SdqnReplayBounds bounds = bounds_of(learner);
    switch (part.kind) {
    case REPLAY:
        return sdqn_replay_buffer_load_state(learner->replays[part.buffer], &bounds, bytes, size, error);
    case PRIORITIES:
        return sdqn_priorities_load_state(learner->priorities[part.buffer], bytes, size, error);
    case N_STEP:
        return sdqn_n_step_load_state(learner->n_step, bounds.num_actions, bytes, size, error);
    default:
        memcpy(&learner->reward_scale, bytes, sizeof learner->reward_scale);
        return SDQN_OK;
    }
}

// ---- the whole ------------------------------------------------------------------------------------------------------------------

/// Where the parts begin.
static size_t parts_offset(const SdqnLearner *learner) { return sizeof(StateHeader) + STATE_ARRAYS * learner->adam.count * sizeof(float); }

size_t sdqn_learner_state_size(const SdqnLearner *learner) {
    Part parts[MAX_PARTS];
    const int count = list_parts(learner, parts);
    size_t size = parts_offset(learner);
    for (int i = 0; i < count; i++) size += sizeof(uint64_t) + part_size(learner, parts[i]);
    return size;
}

void sdqn_learner_save_state(const SdqnLearner *learner, uint8_t *bytes) {
    const size_t array_bytes = learner->adam.count * sizeof(float);
    StateHeader header = {
        .magic = STATE_MAGIC,
        .size = sdqn_learner_state_size(learner),
        .parameter_count = learner->adam.count,
        .updates = learner->updates,
        .episodes = learner->episodes,
        .pushes = learner->pushes,
        .exploration_power = learner->exploration.power,
        .beta1_power = learner->adam.beta1_power,
        .beta2_power = learner->adam.beta2_power,
        .exploration_rng = learner->exploration_rng,
        .replay_rng = learner->replay_rng,
        .noise_rng = learner->noise_rng,
    };
    network_def_values(sdqn_q_network_def(learner->network), header.network_def);
    sdqn_dqn_def_values(&learner->def, header.def);
    sdqn_bytes_put(&bytes, &header, sizeof header);
    sdqn_bytes_put(&bytes, sdqn_q_network_parameters(learner->network), array_bytes);
    sdqn_bytes_put(&bytes, sdqn_q_network_parameters(learner->target), array_bytes);
    sdqn_bytes_put(&bytes, learner->adam.m, array_bytes);
    sdqn_bytes_put(&bytes, learner->adam.v, array_bytes);
    Part parts[MAX_PARTS];
    const int count = list_parts(learner, parts);
    for (int i = 0; i < count; i++) {
        const uint64_t size = part_size(learner, parts[i]);
        sdqn_bytes_put(&bytes, &size, sizeof size);
        save_part(learner, parts[i], bytes);
        bytes += size;
    }
}

/// A power of a factor in [0, 1]; false for NaN.
static bool is_power(double power) { return power >= 0.0 && power <= 1.0; }

/// Check all that precedes the parts.
static SdqnStatus check_state(const SdqnLearner *learner, const uint8_t *bytes, size_t size, StateHeader *header, SdqnError *error) {
    const size_t floats = STATE_ARRAYS * learner->adam.count;
    if (size < sizeof *header + floats * sizeof(float)) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: %zu bytes, too short for %zu parameters", size, learner->adam.count);
    }
    const uint8_t *cursor = bytes;
    sdqn_bytes_take(&cursor, header, sizeof *header);
    if (header->magic != STATE_MAGIC || header->size != size) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: not the state of a learner of this version, or damaged");
    }
    double network_def[NETWORK_DEF_VALUES], def[SDQN_DQN_DEF_VALUES];
    network_def_values(sdqn_q_network_def(learner->network), network_def);
    sdqn_dqn_def_values(&learner->def, def);
    if (header->parameter_count != learner->adam.count || !same_values(header->def, def, SDQN_DQN_DEF_VALUES) ||
        !same_values(header->network_def, network_def, NETWORK_DEF_VALUES)) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: made with other settings");
    }
    if (!sdqn_rng_is_sound(&header->exploration_rng) || !sdqn_rng_is_sound(&header->replay_rng) || !sdqn_rng_is_sound(&header->noise_rng) ||
        !is_power(header->exploration_power) || !is_power(header->beta1_power) || !is_power(header->beta2_power)) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: a random stream or a running power is out of range");
    }
    for (size_t i = 0; i < floats; i++) {
        float value;
        sdqn_bytes_take(&cursor, &value, sizeof value);
        const bool second_moment = i >= 3 * learner->adam.count;
        if (!isfinite(value) || (second_moment && value < 0.0f)) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: value %zu of the weights and moments is %g", i, (double)value);
        }
    }
    return SDQN_OK;
}

/// A part of a saved state.
typedef struct StatePart {
    Part part;
    const uint8_t *bytes;
    size_t size;
} StatePart;

/// Rows that the saved replay buffer of these priorities holds. @param found  the parts before
static size_t saved_rows(const SdqnLearner *learner, const StatePart *found, int buffer) {
    const size_t empty = sdqn_replay_buffer_state_size_of(learner->replays[buffer], 0);
    return (found[buffer].size - empty) / (sdqn_replay_buffer_state_size_of(learner->replays[buffer], 1) - empty);
}

/// Find the parts behind all else, and check them. @param parts [MAX_PARTS] written @param count  receives how many
static SdqnStatus check_parts(const SdqnLearner *learner, const uint8_t *bytes, size_t size, StatePart *parts, int *count,
                              SdqnError *error) {
    Part list[MAX_PARTS];
    *count = list_parts(learner, list);
    bytes += parts_offset(learner);
    size -= parts_offset(learner);
    for (int i = 0; i < *count; i++) {
        uint64_t found = UINT64_MAX;
        if (size >= sizeof found) {
            sdqn_bytes_take(&bytes, &found, sizeof found);
            size -= sizeof found;
        }
        if (found > size) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: too short for part %d", i);
        parts[i] = (StatePart){list[i], bytes, (size_t)found};
        SdqnStatus status = check_part(learner, list[i], bytes, parts[i].size, error);
        if (status == SDQN_OK && list[i].kind == PRIORITIES &&
            parts[i].size != sdqn_priorities_state_size((int)saved_rows(learner, parts, list[i].buffer))) {
            status =
                sdqn_error_set(error, SDQN_ERR_FORMAT, "saved priorities: %zu bytes do not fit the saved replay buffer", parts[i].size);
        }
        if (status != SDQN_OK) return status;
        bytes += parts[i].size;
        size -= parts[i].size;
    }
    if (size > 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: %zu bytes too many", size);
    return SDQN_OK;
}

SdqnStatus sdqn_learner_check_state(const SdqnLearner *learner, const uint8_t *bytes, size_t size, SdqnError *error) {
    StateHeader header = {0};
    StatePart parts[MAX_PARTS];
    int count;
    const SdqnStatus status = check_state(learner, bytes, size, &header, error);
    return status == SDQN_OK ? check_parts(learner, bytes, size, parts, &count, error) : status;
}

SdqnStatus sdqn_learner_load_state(SdqnLearner *learner, const uint8_t *bytes, size_t size, SdqnError *error) {
    const size_t array_bytes = learner->adam.count * sizeof(float);
    StateHeader header = {0};
    StatePart parts[MAX_PARTS] = {0};
    int count = 0;
    SdqnStatus status = check_state(learner, bytes, size, &header, error);
    if (status == SDQN_OK) status = check_parts(learner, bytes, size, parts, &count, error);
    // All has been looked at: from here on nothing fails.
    for (int i = 0; i < count && status == SDQN_OK; i++) {
        status = load_part(learner, parts[i].part, parts[i].bytes, parts[i].size, error);
    }
    if (status != SDQN_OK) return status;
    learner->updates = header.updates;
    learner->episodes = header.episodes;
    learner->pushes = header.pushes;
    learner->exploration.power = header.exploration_power;
    learner->adam.beta1_power = header.beta1_power;
    learner->adam.beta2_power = header.beta2_power;
    learner->exploration_rng = header.exploration_rng;
    learner->replay_rng = header.replay_rng;
    learner->noise_rng = header.noise_rng;
    const uint8_t *cursor = bytes + sizeof header;
    sdqn_bytes_take(&cursor, sdqn_q_network_parameters_mutable(learner->network), array_bytes);
    sdqn_bytes_take(&cursor, sdqn_q_network_parameters_mutable(learner->target), array_bytes);
    sdqn_bytes_take(&cursor, learner->adam.m, array_bytes);
    sdqn_bytes_take(&cursor, learner->adam.v, array_bytes);
    sdqn_q_network_refresh(learner->network);
    sdqn_q_network_refresh(learner->target);
    sdqn_learner_forget_targets(learner);
    return SDQN_OK;
}
