#include "dqn/learner.h"

#include "core/environment.h"
#include "dqn/bytes.h"
#include "dqn/exploration.h"
#include "dqn/target_memory.h"
#include "dqn/td_target.h"
#include "nn/adam.h"
#include "nn/aligned.h"
#include "nn/loss.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BATCH_SIZE 4096
#define MAX_REPLAY_CAPACITY 10000000
#define MAX_TARGET_PERIOD 1000000
#define INFERENCE_ROWS 64 ///< rows that Q-values are computed for at a time

#define STATE_MAGIC UINT64_C(0x31304e5244514453) ///< "SDQDRN01" as little-endian bytes; another machine's byte order does not match
#define STATE_ARRAYS 4                           ///< parameters, target parameters, both moments

struct SdqnLearner {
    SdqnDqnDef def;
    const SdqnKernels *kernels;
    SdqnQNetwork *network, *target;
    SdqnAdam adam;
    SdqnReplayBuffer *replay;
    SdqnExploration exploration;
    SdqnRng exploration_rng, replay_rng;
    uint64_t updates, episodes;

    // Derived or scratch: nothing below is part of the state.
    SdqnTargetMemory targets;
    SdqnQWorkspace *training, *inference;
    SdqnBatch batch, unknown; ///< the batch drawn, and its rows whose TD targets are not remembered
    float *q, *dq, *y, *gradient;
};

/// The sizes of the network as they are saved.
typedef struct SavedNetworkDef {
    int32_t observation_size, num_actions, num_tasks;
    int32_t conditioning; ///< the embedding's size, or minus the SdqnConditioning if it is another
    int32_t hidden1_size, hidden2_size;
} SavedNetworkDef;

/// The saved state begins with this; STATE_ARRAYS arrays of parameter_count floats and the replay buffer's state follow.
typedef struct StateHeader {
    uint64_t magic;
    uint64_t size; ///< bytes of the whole state
    uint64_t parameter_count;
    uint64_t updates, episodes;
    double exploration_power, beta1_power, beta2_power;
    SdqnRng exploration_rng, replay_rng;
    SavedNetworkDef network_def;
    SdqnDqnDef def;
} StateHeader;

// Padding would put bytes of no meaning into checkpoints.
_Static_assert(sizeof(SdqnRng) == 40 && sizeof(SavedNetworkDef) == 24 && sizeof(SdqnDqnDef) == 48, "no padding");
_Static_assert(sizeof(StateHeader) == 8 * 8 + 2 * 40 + 24 + 48, "no padding");

SdqnDqnDef sdqn_dqn_def_default(void) {
    return (SdqnDqnDef){
        .learning_rate = 5e-4,
        .gamma = 0.99,
        .epsilon_decay = 0.995,
        .epsilon_floor = 0.01,
        .batch_size = 64,
        .replay_capacity = 100000,
        .min_replay_size = 2000,
        .target_period = 10,
    };
}

SdqnStatus sdqn_dqn_def_check(const SdqnDqnDef *def, SdqnError *error) {
    const struct {
        const char *name;
        double value;
        bool allowed;
        const char *range;
    } reals[] = {
        {"learning_rate", def->learning_rate, def->learning_rate > 0.0 && def->learning_rate <= 1.0, "(0, 1]"},
        {"gamma", def->gamma, def->gamma >= 0.0 && def->gamma <= 1.0, "[0, 1]"},
        {"epsilon_decay", def->epsilon_decay, def->epsilon_decay > 0.0 && def->epsilon_decay <= 1.0, "(0, 1]"},
        {"epsilon_floor", def->epsilon_floor, def->epsilon_floor >= 0.0 && def->epsilon_floor <= 1.0, "[0, 1]"},
    };
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        if (!reals[i].allowed) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %g: must be in %s", reals[i].name, reals[i].value, reals[i].range);
        }
    }
    const struct {
        const char *name;
        int value, low, high;
    } integers[] = {
        {"batch_size", def->batch_size, 1, MAX_BATCH_SIZE},
        {"replay_capacity", def->replay_capacity, def->batch_size, MAX_REPLAY_CAPACITY},
        {"min_replay_size", def->min_replay_size, def->batch_size - 1, def->replay_capacity - 1},
        {"target_period", def->target_period, 1, MAX_TARGET_PERIOD},
    };
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        if (integers[i].value < integers[i].low || integers[i].value > integers[i].high) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %d: must be in [%d, %d]", integers[i].name, integers[i].value,
                                  integers[i].low, integers[i].high);
        }
    }
    return SDQN_OK;
}

/// Acquire all memory of a learner; what was acquired stays in it on error.
static SdqnStatus acquire(SdqnLearner *learner, const SdqnQNetworkDef *network_def, SdqnError *error) {
    const SdqnDqnDef *def = &learner->def;
    const size_t q_values = (size_t)def->batch_size * (size_t)network_def->num_actions;
    const size_t parameters = sdqn_q_network_def_parameter_count(network_def);
    SdqnStatus status = sdqn_q_network_create(network_def, learner->kernels, &learner->network, error);
    if (status == SDQN_OK) status = sdqn_q_network_create(network_def, learner->kernels, &learner->target, error);
    if (status == SDQN_OK) status = sdqn_adam_create(&learner->adam, parameters, error);
    if (status == SDQN_OK) {
        status = sdqn_replay_buffer_create(def->replay_capacity, network_def->observation_size, &learner->replay, error);
    }
    if (status == SDQN_OK) status = sdqn_q_workspace_create(network_def, def->batch_size, true, &learner->training, error);
    if (status == SDQN_OK) status = sdqn_q_workspace_create(network_def, INFERENCE_ROWS, false, &learner->inference, error);
    if (status == SDQN_OK) status = sdqn_batch_create(&learner->batch, def->batch_size, network_def->observation_size, error);
    if (status == SDQN_OK) status = sdqn_batch_create(&learner->unknown, def->batch_size, network_def->observation_size, error);
    if (status == SDQN_OK) status = sdqn_target_memory_create(&learner->targets, def->replay_capacity, error);
    if (status != SDQN_OK) return status;
    learner->q = sdqn_aligned_floats(q_values);
    learner->dq = sdqn_aligned_floats(q_values);
    learner->y = sdqn_aligned_floats((size_t)def->batch_size);
    learner->gradient = sdqn_aligned_floats(parameters);
    if (!learner->q || !learner->dq || !learner->y || !learner->gradient) {
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "learner: out of memory for %zu parameters", parameters);
    }
    return SDQN_OK;
}

SdqnStatus sdqn_learner_create(const SdqnQNetworkDef *network_def, const SdqnDqnDef *def, const SdqnKernels *kernels,
                               const SdqnLearnerStreams *streams, SdqnLearner **learner, SdqnError *error) {
    SdqnStatus status = sdqn_q_network_def_check(network_def, error);
    if (status == SDQN_OK) status = sdqn_dqn_def_check(def, error);
    if (status != SDQN_OK) return status;
    SdqnLearner *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "learner: out of memory");
    made->def = *def;
    made->kernels = kernels;
    status = acquire(made, network_def, error);
    if (status != SDQN_OK) {
        sdqn_learner_destroy(made);
        return status;
    }
    SdqnRng weights = streams->weights;
    sdqn_q_network_init(made->network, &weights);
    sdqn_q_network_copy(made->target, made->network);
    sdqn_exploration_init(&made->exploration, def->epsilon_decay, def->epsilon_floor);
    made->exploration_rng = streams->exploration;
    made->replay_rng = streams->replay;
    *learner = made;
    return SDQN_OK;
}

void sdqn_learner_destroy(SdqnLearner *learner) {
    if (!learner) return;
    sdqn_q_network_destroy(learner->network);
    sdqn_q_network_destroy(learner->target);
    sdqn_adam_destroy(&learner->adam);
    sdqn_replay_buffer_destroy(learner->replay);
    sdqn_q_workspace_destroy(learner->training);
    sdqn_q_workspace_destroy(learner->inference);
    sdqn_batch_destroy(&learner->batch);
    sdqn_batch_destroy(&learner->unknown);
    sdqn_target_memory_destroy(&learner->targets);
    free(learner->q);
    free(learner->dq);
    free(learner->y);
    free(learner->gradient);
    free(learner);
}

void sdqn_learner_q_values(SdqnLearner *learner, const float *observation, const int32_t *task, int n, float *q) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    for (int first = 0; first < n; first += INFERENCE_ROWS) {
        const int rows = n - first < INFERENCE_ROWS ? n - first : INFERENCE_ROWS;
        sdqn_q_network_forward(learner->network, learner->inference, observation + (size_t)first * (size_t)def->observation_size,
                               task + first, rows, q + (size_t)first * (size_t)def->num_actions);
    }
}

int sdqn_learner_act(SdqnLearner *learner, const float *observation, int task) {
    const int num_actions = sdqn_q_network_def(learner->network)->num_actions;
    const int explored = sdqn_exploration_draw(&learner->exploration, &learner->exploration_rng, num_actions);
    if (explored >= 0) return explored;
    const int32_t row_task = (int32_t)task;
    float q[SDQN_MAX_ACTIONS];
    sdqn_q_network_forward(learner->network, learner->inference, observation, &row_task, 1, q);
    return sdqn_greedy_action(q, num_actions);
}

void sdqn_learner_push(SdqnLearner *learner, const SdqnTransition *transition) {
    assert(transition->action < sdqn_q_network_def(learner->network)->num_actions);
    assert(transition->task < sdqn_q_network_def(learner->network)->num_tasks);
    sdqn_target_memory_forget(&learner->targets, sdqn_replay_buffer_push(learner->replay, transition));
}

/// TD targets of the batch into y. Rows are independent of each other, so those not remembered are computed together.
static void td_targets(SdqnLearner *learner, int n) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const size_t observation_size = (size_t)def->observation_size;
    const SdqnBatch *batch = &learner->batch, *unknown = &learner->unknown;
    int count = 0;
    for (int b = 0; b < n; b++) {
        if (sdqn_target_memory_knows(&learner->targets, batch->row[b])) continue;
        memcpy(unknown->next_observation + (size_t)count * observation_size, batch->next_observation + (size_t)b * observation_size,
               observation_size * sizeof(float));
        unknown->reward[count] = batch->reward[b];
        unknown->task[count] = batch->task[b];
        unknown->terminated[count] = batch->terminated[b];
        unknown->row[count++] = batch->row[b];
    }
    if (count > 0) {
        sdqn_q_network_forward(learner->target, learner->training, unknown->next_observation, unknown->task, count, learner->q);
        sdqn_td_target(learner->q, unknown->reward, unknown->terminated, (float)learner->def.gamma, count, def->num_actions, learner->y);
        for (int i = 0; i < count; i++) sdqn_target_memory_put(&learner->targets, unknown->row[i], learner->y[i]);
    }
    for (int b = 0; b < n; b++) learner->y[b] = sdqn_target_memory_get(&learner->targets, batch->row[b]);
}

SdqnStatus sdqn_learner_update(SdqnLearner *learner, SdqnUpdate *update, SdqnError *error) {
    *update = (SdqnUpdate){0};
    if (sdqn_replay_buffer_size(learner->replay) <= learner->def.min_replay_size) return SDQN_OK;
    const int n = learner->def.batch_size;
    const int num_actions = sdqn_q_network_def(learner->network)->num_actions;
    const SdqnBatch *batch = &learner->batch;
    sdqn_replay_buffer_sample(learner->replay, &learner->replay_rng, n, &learner->batch);
    td_targets(learner, n);
    sdqn_q_network_forward(learner->network, learner->training, batch->observation, batch->task, n, learner->q);
    const float loss = sdqn_mse_loss(learner->q, batch->action, learner->y, n, num_actions, learner->dq);
    if (!isfinite(loss)) {
        return sdqn_error_set(error, SDQN_ERR_NUMERIC, "the loss is %g: training has diverged", (double)loss);
    }
    sdqn_q_network_backward(learner->network, learner->training, batch->task, learner->dq, n, learner->gradient);
    sdqn_adam_step(&learner->adam, learner->kernels, learner->gradient, learner->def.learning_rate,
                   sdqn_q_network_parameters_mutable(learner->network));
    sdqn_q_network_refresh(learner->network);
    learner->updates++;
    *update = (SdqnUpdate){.done = true, .loss = loss};
    return SDQN_OK;
}

void sdqn_learner_end_episode(SdqnLearner *learner) {
    const uint64_t episode = learner->episodes++;
    if (episode > 0 && episode % (uint64_t)learner->def.target_period == 0) {
        sdqn_q_network_copy(learner->target, learner->network);
        sdqn_target_memory_forget_all(&learner->targets);
    }
    sdqn_exploration_next_episode(&learner->exploration);
}

double sdqn_learner_epsilon(const SdqnLearner *learner) { return sdqn_exploration_epsilon(&learner->exploration); }
uint64_t sdqn_learner_updates(const SdqnLearner *learner) { return learner->updates; }
uint64_t sdqn_learner_episodes(const SdqnLearner *learner) { return learner->episodes; }
const SdqnQNetwork *sdqn_learner_network(const SdqnLearner *learner) { return learner->network; }

static SavedNetworkDef saved_network_def(const SdqnLearner *learner) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    return (SavedNetworkDef){
        .observation_size = def->observation_size,
        .num_actions = def->num_actions,
        .num_tasks = def->num_tasks,
        .conditioning = def->conditioning == SDQN_CONDITIONING_EMBEDDING ? def->embedding_size : -(int32_t)def->conditioning,
        .hidden1_size = def->hidden1_size,
        .hidden2_size = def->hidden2_size,
    };
}

size_t sdqn_learner_state_size(const SdqnLearner *learner) {
    return sizeof(StateHeader) + STATE_ARRAYS * learner->adam.count * sizeof(float) + sdqn_replay_buffer_state_size(learner->replay);
}

void sdqn_learner_save_state(const SdqnLearner *learner, uint8_t *bytes) {
    const size_t array_bytes = learner->adam.count * sizeof(float);
    const StateHeader header = {
        .magic = STATE_MAGIC,
        .size = sdqn_learner_state_size(learner),
        .parameter_count = learner->adam.count,
        .updates = learner->updates,
        .episodes = learner->episodes,
        .exploration_power = learner->exploration.power,
        .beta1_power = learner->adam.beta1_power,
        .beta2_power = learner->adam.beta2_power,
        .exploration_rng = learner->exploration_rng,
        .replay_rng = learner->replay_rng,
        .network_def = saved_network_def(learner),
        .def = learner->def,
    };
    sdqn_bytes_put(&bytes, &header, sizeof header);
    sdqn_bytes_put(&bytes, sdqn_q_network_parameters(learner->network), array_bytes);
    sdqn_bytes_put(&bytes, sdqn_q_network_parameters(learner->target), array_bytes);
    sdqn_bytes_put(&bytes, learner->adam.m, array_bytes);
    sdqn_bytes_put(&bytes, learner->adam.v, array_bytes);
    sdqn_replay_buffer_save_state(learner->replay, bytes);
}

static bool rng_is_sound(const SdqnRng *rng) { return (rng->increment_low & 1) == 1 && rng->has_half_word <= 1; }

/// A power of a factor in [0, 1]; false for NaN.
static bool is_power(double power) { return power >= 0.0 && power <= 1.0; }

static bool same_dqn_def(const SdqnDqnDef *a, const SdqnDqnDef *b) {
    return a->learning_rate == b->learning_rate && a->gamma == b->gamma && a->epsilon_decay == b->epsilon_decay &&
           a->epsilon_floor == b->epsilon_floor && a->batch_size == b->batch_size && a->replay_capacity == b->replay_capacity &&
           a->min_replay_size == b->min_replay_size && a->target_period == b->target_period;
}

/// Check all that precedes the replay buffer's state.
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
    const SavedNetworkDef network_def = saved_network_def(learner);
    if (header->parameter_count != learner->adam.count || !same_dqn_def(&header->def, &learner->def) ||
        memcmp(&header->network_def, &network_def, sizeof network_def) != 0) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: made with other settings");
    }
    if (!rng_is_sound(&header->exploration_rng) || !rng_is_sound(&header->replay_rng) || !is_power(header->exploration_power) ||
        !is_power(header->beta1_power) || !is_power(header->beta2_power)) {
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

/// Where the replay buffer's state begins.
static size_t replay_offset(const SdqnLearner *learner) { return sizeof(StateHeader) + STATE_ARRAYS * learner->adam.count * sizeof(float); }

SdqnStatus sdqn_learner_check_state(const SdqnLearner *learner, const uint8_t *bytes, size_t size, SdqnError *error) {
    const SdqnQNetworkDef *network_def = sdqn_q_network_def(learner->network);
    StateHeader header = {0};
    const SdqnStatus status = check_state(learner, bytes, size, &header, error);
    if (status != SDQN_OK) return status;
    return sdqn_replay_buffer_check_state(learner->replay, network_def->num_actions, network_def->num_tasks, bytes + replay_offset(learner),
                                          size - replay_offset(learner), error);
}

SdqnStatus sdqn_learner_load_state(SdqnLearner *learner, const uint8_t *bytes, size_t size, SdqnError *error) {
    const SdqnQNetworkDef *network_def = sdqn_q_network_def(learner->network);
    const size_t array_bytes = learner->adam.count * sizeof(float);
    StateHeader header = {0};
    SdqnStatus status = check_state(learner, bytes, size, &header, error);
    if (status != SDQN_OK) return status;
    status = sdqn_replay_buffer_load_state(learner->replay, network_def->num_actions, network_def->num_tasks,
                                           bytes + replay_offset(learner), size - replay_offset(learner), error);
    if (status != SDQN_OK) return status;
    learner->updates = header.updates;
    learner->episodes = header.episodes;
    learner->exploration.power = header.exploration_power;
    learner->adam.beta1_power = header.beta1_power;
    learner->adam.beta2_power = header.beta2_power;
    learner->exploration_rng = header.exploration_rng;
    learner->replay_rng = header.replay_rng;
    const uint8_t *cursor = bytes + sizeof header;
    sdqn_bytes_take(&cursor, sdqn_q_network_parameters_mutable(learner->network), array_bytes);
    sdqn_bytes_take(&cursor, sdqn_q_network_parameters_mutable(learner->target), array_bytes);
    sdqn_bytes_take(&cursor, learner->adam.m, array_bytes);
    sdqn_bytes_take(&cursor, learner->adam.v, array_bytes);
    sdqn_q_network_refresh(learner->network);
    sdqn_q_network_refresh(learner->target);
    sdqn_target_memory_forget_all(&learner->targets);
    return SDQN_OK;
}
