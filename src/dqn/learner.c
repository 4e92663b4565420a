#include "dqn/learner.h"

#include "core/environment.h"
#include "dqn/bytes.h"
#include "dqn/exploration.h"
#include "dqn/target_memory.h"
#include "dqn/td_target.h"
#include "nn/adam.h"
#include "nn/aligned.h"
#include "nn/clip.h"
#include "nn/loss.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BATCH_SIZE 4096
#define MAX_REPLAY_CAPACITY 10000000
#define MAX_TARGET_PERIOD 1000000
#define INFERENCE_ROWS 64 ///< rows that Q-values are computed for at a time

#define MAX_UPDATE_PERIOD 1000000

#define STATE_MAGIC UINT64_C(0x32304e5244514453) ///< "SDQDRN02" as little-endian bytes; another machine's byte order does not match
#define STATE_ARRAYS 4                           ///< parameters, target parameters, both moments

struct SdqnLearner {
    SdqnDqnDef def;
    const SdqnKernels *kernels;
    SdqnQNetwork *network, *target;
    SdqnAdam adam;
    bool by_task; ///< a replay buffer and a gradient for each task; else one of either, and task_buffers is not looked at
    SdqnTaskBuffersDef task_buffers;
    int num_buffers;
    SdqnReplayBuffer *replays[SDQN_MAX_TASKS]; ///< num_buffers of them
    SdqnExploration exploration;
    SdqnRng exploration_rng, replay_rng;
    uint64_t updates, episodes, pushes;

    // Derived or scratch: nothing below is part of the state.
    SdqnTargetMemory targets[SDQN_MAX_TASKS]; ///< of each replay buffer
    SdqnQWorkspace *training, *inference;
    SdqnBatch batch;   ///< what was drawn: batch_size rows of each replay buffer
    SdqnBatch unknown; ///< those whose TD targets are not remembered; its `row` is that of `batch`
    float *q, *q_next, *dq, *y;
    float *gradients;             ///< [num_buffers, parameters]
    float losses[SDQN_MAX_TASKS]; ///< of each replay buffer's part of the batch
    float *direction;             ///< [parameters] along which the optimiser steps; without task buffers the only gradient
};

/// The sizes of the network as they are saved.
typedef struct SavedNetworkDef {
    int32_t observation_size, num_actions, num_tasks;
    int32_t conditioning; ///< the embedding's size, or minus the SdqnConditioning if it is another
    int32_t hidden1_size, hidden2_size;
} SavedNetworkDef;

/// The settings as they are saved.
typedef struct SavedDqnDef {
    double reals[7];
    int32_t integers[8]; ///< the last one is 0
} SavedDqnDef;

/// The saved state begins with this; STATE_ARRAYS arrays of parameter_count floats and the replay buffers' states
/// follow, each of several buffers behind its size as uint64_t.
typedef struct StateHeader {
    uint64_t magic;
    uint64_t size; ///< bytes of the whole state
    uint64_t parameter_count;
    uint64_t updates, episodes, pushes;
    double exploration_power, beta1_power, beta2_power;
    SdqnRng exploration_rng, replay_rng;
    SavedNetworkDef network_def;
    SavedDqnDef def;
} StateHeader;

// Padding would put bytes of no meaning into checkpoints.
_Static_assert(sizeof(SdqnRng) == 40 && sizeof(SavedNetworkDef) == 24 && sizeof(SavedDqnDef) == 88, "no padding");
_Static_assert(sizeof(StateHeader) == 9 * 8 + 2 * 40 + 24 + 88, "no padding");

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
        .huber_delta = 1.0,
        .update_period = 1,
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
        {"huber_delta", def->huber_delta, def->huber_delta > 0.0 && def->huber_delta <= 1e6, "(0, 1e6]"},
        {"target_tau", def->target_tau, def->target_tau >= 0.0 && def->target_tau <= 1.0, "[0, 1]"},
        {"clip_norm", def->clip_norm, def->clip_norm >= 0.0 && def->clip_norm <= 1e9, "[0, 1e9]"},
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
        {"update_period", def->update_period, 1, MAX_UPDATE_PERIOD},
        {"loss", (int)def->loss, SDQN_LOSS_MSE, SDQN_LOSS_HUBER},
    };
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        if (integers[i].value < integers[i].low || integers[i].value > integers[i].high) {
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %d: must be in [%d, %d]", integers[i].name, integers[i].value,
                                  integers[i].low, integers[i].high);
        }
    }
    return SDQN_OK;
}

static SdqnStatus check_task_buffers(const SdqnTaskBuffersDef *def, int num_tasks, SdqnError *error) {
    for (int t = 0; t < num_tasks; t++) {
        const double values[] = {def->weights[t], def->reward_scales[t]};
        for (int i = 0; i < 2; i++) {
            if (values[i] > 0.0 && values[i] <= 1e6) continue;
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %g for task %d: must be in (0, 1e6]",
                                  i == 0 ? "task_weights" : "reward_scales", values[i], t);
        }
    }
    if (def->weight_decay >= 0.0 && def->weight_decay <= 1.0) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "weight_decay = %g: must be in [0, 1]", def->weight_decay);
}

/// Acquire all memory of a learner; what was acquired stays in it on error.
static SdqnStatus acquire(SdqnLearner *learner, const SdqnQNetworkDef *network_def, SdqnError *error) {
    const SdqnDqnDef *def = &learner->def;
    const int rows = learner->num_buffers * def->batch_size;
    const size_t q_values = (size_t)rows * (size_t)network_def->num_actions;
    const size_t parameters = sdqn_q_network_def_parameter_count(network_def);
    SdqnStatus status = sdqn_q_network_create(network_def, learner->kernels, &learner->network, error);
    if (status == SDQN_OK) status = sdqn_q_network_create(network_def, learner->kernels, &learner->target, error);
    if (status == SDQN_OK) status = sdqn_adam_create(&learner->adam, parameters, error);
    for (int i = 0; i < learner->num_buffers && status == SDQN_OK; i++) {
        status = sdqn_replay_buffer_create(def->replay_capacity, network_def->observation_size, &learner->replays[i], error);
        if (status == SDQN_OK) status = sdqn_target_memory_create(&learner->targets[i], def->replay_capacity, error);
    }
    if (status == SDQN_OK) status = sdqn_q_workspace_create(network_def, rows, true, &learner->training, error);
    if (status == SDQN_OK) status = sdqn_q_workspace_create(network_def, INFERENCE_ROWS, false, &learner->inference, error);
    if (status == SDQN_OK) status = sdqn_batch_create(&learner->batch, rows, network_def->observation_size, error);
    if (status == SDQN_OK) status = sdqn_batch_create(&learner->unknown, rows, network_def->observation_size, error);
    if (status != SDQN_OK) return status;
    learner->q = sdqn_aligned_floats(q_values);
    learner->q_next = sdqn_aligned_floats(q_values);
    learner->dq = sdqn_aligned_floats(q_values);
    learner->y = sdqn_aligned_floats((size_t)rows);
    learner->gradients = sdqn_aligned_floats((size_t)learner->num_buffers * parameters);
    learner->direction = learner->by_task ? sdqn_aligned_floats(parameters) : learner->gradients;
    if (!learner->q || !learner->q_next || !learner->dq || !learner->y || !learner->gradients || !learner->direction) {
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "learner: out of memory for %zu parameters", parameters);
    }
    return SDQN_OK;
}

SdqnStatus sdqn_learner_create(const SdqnQNetworkDef *network_def, const SdqnDqnDef *def, const SdqnKernels *kernels,
                               const SdqnTaskBuffersDef *task_buffers, const SdqnLearnerStreams *streams, SdqnLearner **learner,
                               SdqnError *error) {
    SdqnStatus status = sdqn_q_network_def_check(network_def, error);
    if (status == SDQN_OK) status = sdqn_dqn_def_check(def, error);
    if (status == SDQN_OK && task_buffers) status = check_task_buffers(task_buffers, network_def->num_tasks, error);
    if (status != SDQN_OK) return status;
    SdqnLearner *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "learner: out of memory");
    made->def = *def;
    made->kernels = kernels;
    made->by_task = task_buffers != NULL;
    if (task_buffers) made->task_buffers = *task_buffers;
    made->num_buffers = task_buffers ? network_def->num_tasks : 1;
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
    for (int i = 0; i < learner->num_buffers; i++) {
        sdqn_replay_buffer_destroy(learner->replays[i]);
        sdqn_target_memory_destroy(&learner->targets[i]);
    }
    sdqn_q_workspace_destroy(learner->training);
    sdqn_q_workspace_destroy(learner->inference);
    sdqn_batch_destroy(&learner->batch);
    sdqn_batch_destroy(&learner->unknown);
    free(learner->q);
    free(learner->q_next);
    free(learner->dq);
    free(learner->y);
    if (learner->by_task) free(learner->direction);
    free(learner->gradients);
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
    const int buffer = learner->by_task ? transition->task : 0;
    SdqnTransition stored = *transition;
    if (learner->by_task) stored.reward *= learner->task_buffers.reward_scales[buffer];
    learner->pushes++;
    sdqn_target_memory_forget(&learner->targets[buffer], sdqn_replay_buffer_push(learner->replays[buffer], &stored));
}

/// Whether the replay buffers hold enough for an update, and it is due.
static bool is_ready(const SdqnLearner *learner) {
    int64_t transitions = 0;
    for (int i = 0; i < learner->num_buffers; i++) {
        const int size = sdqn_replay_buffer_size(learner->replays[i]);
        if (size < learner->def.batch_size) return false;
        transitions += size;
    }
    return transitions > learner->def.min_replay_size && learner->pushes % (uint64_t)learner->def.update_period == 0;
}

/// Draw the batch, buffer by buffer.
static void draw_batch(SdqnLearner *learner) {
    const size_t observation_size = (size_t)sdqn_q_network_def(learner->network)->observation_size;
    const SdqnBatch *batch = &learner->batch;
    for (int i = 0; i < learner->num_buffers; i++) {
        const size_t first = (size_t)i * (size_t)learner->def.batch_size;
        SdqnBatch part = {
            .max_rows = learner->def.batch_size,
            .observation = batch->observation + first * observation_size,
            .next_observation = batch->next_observation + first * observation_size,
            .reward = batch->reward + first,
            .task = batch->task + first,
            .action = batch->action + first,
            .terminated = batch->terminated + first,
            .row = batch->row + first,
        };
        sdqn_replay_buffer_sample(learner->replays[i], &learner->replay_rng, learner->def.batch_size, &part);
    }
}

/// Whether TD targets hold until the next target copy: they depend on the target network alone, and that changes at its copies alone.
static bool remembers_targets(const SdqnLearner *learner) { return !learner->def.double_dqn && learner->def.target_tau == 0.0; }

/// Gather the rows of the batch whose TD targets are not remembered. @return how many
static int gather_unknown(SdqnLearner *learner) {
    const size_t observation_size = (size_t)sdqn_q_network_def(learner->network)->observation_size;
    const SdqnBatch *batch = &learner->batch, *unknown = &learner->unknown;
    const int rows_each = learner->def.batch_size, n = learner->num_buffers * rows_each;
    const bool remembers = remembers_targets(learner);
    int count = 0;
    for (int b = 0; b < n; b++) {
        if (remembers && sdqn_target_memory_knows(&learner->targets[b / rows_each], batch->row[b])) continue;
        memcpy(unknown->next_observation + (size_t)count * observation_size, batch->next_observation + (size_t)b * observation_size,
               observation_size * sizeof(float));
        unknown->reward[count] = batch->reward[b];
        unknown->task[count] = batch->task[b];
        unknown->terminated[count] = batch->terminated[b];
        unknown->row[count++] = b;
    }
    return count;
}

/// TD targets of `count` unknown rows into the first places of y.
static void compute_targets(SdqnLearner *learner, int count) {
    const SdqnBatch *unknown = &learner->unknown;
    const int num_actions = sdqn_q_network_def(learner->network)->num_actions;
    const float gamma = (float)learner->def.gamma;
    sdqn_q_network_forward(learner->target, learner->training, unknown->next_observation, unknown->task, count, learner->q);
    if (learner->def.double_dqn) {
        sdqn_q_network_forward(learner->network, learner->training, unknown->next_observation, unknown->task, count, learner->q_next);
        sdqn_td_target_double(learner->q_next, learner->q, unknown->reward, unknown->terminated, gamma, count, num_actions, learner->y);
    } else {
        sdqn_td_target(learner->q, unknown->reward, unknown->terminated, gamma, count, num_actions, learner->y);
    }
}

/// TD targets of the batch into y. Rows are independent of each other, so those not remembered are computed together.
static void td_targets(SdqnLearner *learner) {
    const SdqnBatch *batch = &learner->batch, *unknown = &learner->unknown;
    const int rows_each = learner->def.batch_size, n = learner->num_buffers * rows_each;
    const int count = gather_unknown(learner);
    if (count > 0) compute_targets(learner, count);
    if (!remembers_targets(learner)) return; // all were unknown, and stand in their places
    for (int i = 0; i < count; i++) {
        const int b = unknown->row[i];
        sdqn_target_memory_put(&learner->targets[b / rows_each], batch->row[b], learner->y[i]);
    }
    for (int b = 0; b < n; b++) learner->y[b] = sdqn_target_memory_get(&learner->targets[b / rows_each], batch->row[b]);
}

/// The loss of one buffer's part of the batch and its derivative. @param first  its first row
static float loss_of_part(SdqnLearner *learner, size_t first) {
    const SdqnDqnDef *def = &learner->def;
    const int num_actions = sdqn_q_network_def(learner->network)->num_actions;
    const size_t q_first = first * (size_t)num_actions;
    const float *q = learner->q + q_first, *y = learner->y + first;
    const uint8_t *action = learner->batch.action + first;
    float *dq = learner->dq + q_first;
    return def->loss == SDQN_LOSS_HUBER ? sdqn_huber_loss(q, action, y, (float)def->huber_delta, def->batch_size, num_actions, dq)
                                        : sdqn_mse_loss(q, action, y, def->batch_size, num_actions, dq);
}

/// The loss of each buffer's part of the batch and its derivative, the latter times the task's weight.
/// @param loss  the mean of the losses
static SdqnStatus losses(SdqnLearner *learner, float *loss, SdqnError *error) {
    const int rows_each = learner->def.batch_size, num_actions = sdqn_q_network_def(learner->network)->num_actions;
    float sum = 0.0f;
    for (int i = 0; i < learner->num_buffers; i++) {
        const size_t first = (size_t)i * (size_t)rows_each, q_first = first * (size_t)num_actions;
        float *dq = learner->dq + q_first;
        const float part = loss_of_part(learner, first);
        if (!isfinite(part)) {
            return learner->by_task
                       ? sdqn_error_set(error, SDQN_ERR_NUMERIC, "the loss of task %d is %g: training has diverged", i, (double)part)
                       : sdqn_error_set(error, SDQN_ERR_NUMERIC, "the loss is %g: training has diverged", (double)part);
        }
        learner->losses[i] = part;
        sum += part;
        const float weight = learner->by_task ? (float)learner->task_buffers.weights[i] : 1.0f;
        if (weight == 1.0f) continue;
        for (int j = 0; j < rows_each * num_actions; j++) dq[j] *= weight;
    }
    *loss = sum / (float)learner->num_buffers;
    return SDQN_OK;
}

static void step(SdqnLearner *learner) {
    float *parameters = sdqn_q_network_parameters_mutable(learner->network);
    if (learner->by_task && learner->task_buffers.weight_decay > 0.0) {
        sdqn_weight_decay(learner->def.learning_rate, learner->task_buffers.weight_decay, learner->adam.count, parameters);
    }
    if (learner->def.clip_norm > 0.0) sdqn_clip_norm(learner->direction, learner->adam.count, learner->def.clip_norm);
    sdqn_adam_step(&learner->adam, learner->kernels, learner->direction, learner->def.learning_rate, parameters);
    sdqn_q_network_refresh(learner->network);
    if (learner->def.target_tau > 0.0) sdqn_q_network_mix(learner->target, learner->network, (float)learner->def.target_tau);
    learner->updates++;
}

SdqnStatus sdqn_learner_update(SdqnLearner *learner, SdqnUpdate *update, SdqnError *error) {
    *update = (SdqnUpdate){0};
    if (!is_ready(learner)) return SDQN_OK;
    const SdqnBatch *batch = &learner->batch;
    const SdqnTaskBuffersDef *by_task = &learner->task_buffers;
    float loss = 0.0f;
    draw_batch(learner);
    td_targets(learner);
    sdqn_q_network_forward(learner->network, learner->training, batch->observation, batch->task, batch->max_rows, learner->q);
    SdqnStatus status = losses(learner, &loss, error);
    if (status != SDQN_OK) return status;
    sdqn_q_network_backward_groups(learner->network, learner->training, batch->task, learner->dq, learner->num_buffers,
                                   learner->def.batch_size, learner->gradients);
    if (learner->by_task) {
        SdqnTaskGradients gradients = {
            .tasks = learner->num_buffers,
            .parameters = learner->adam.count,
            .gradients = learner->gradients,
            .losses = learner->losses,
        };
        sdqn_q_network_last_hidden_weight(learner->network, &gradients.shared_first, &gradients.shared_count);
        status = by_task->aggregate(by_task->context, &gradients, learner->direction, error);
        if (status != SDQN_OK) return status;
    }
    step(learner);
    *update = (SdqnUpdate){.done = true, .loss = loss};
    return SDQN_OK;
}

static void forget_targets(SdqnLearner *learner) {
    for (int i = 0; i < learner->num_buffers; i++) sdqn_target_memory_forget_all(&learner->targets[i]);
}

void sdqn_learner_end_episode(SdqnLearner *learner) {
    const uint64_t episode = learner->episodes++;
    if (episode > 0 && episode % (uint64_t)learner->def.target_period == 0 && learner->def.target_tau == 0.0) {
        sdqn_q_network_copy(learner->target, learner->network);
        forget_targets(learner);
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

static SavedDqnDef saved_dqn_def(const SdqnDqnDef *def) {
    return (SavedDqnDef){
        .reals = {def->learning_rate, def->gamma, def->epsilon_decay, def->epsilon_floor, def->huber_delta, def->target_tau,
                  def->clip_norm},
        .integers = {def->batch_size, def->replay_capacity, def->min_replay_size, def->target_period, def->double_dqn, (int32_t)def->loss,
                     def->update_period},
    };
}

static bool same_settings(const SavedDqnDef *a, const SavedDqnDef *b) {
    bool same = true;
    for (size_t i = 0; i < sizeof a->reals / sizeof a->reals[0]; i++) same = same && a->reals[i] == b->reals[i];
    for (size_t i = 0; i < sizeof a->integers / sizeof a->integers[0]; i++) same = same && a->integers[i] == b->integers[i];
    return same;
}

/// Where the replay buffers' states begin.
static size_t replay_offset(const SdqnLearner *learner) { return sizeof(StateHeader) + STATE_ARRAYS * learner->adam.count * sizeof(float); }

/// Bytes before the state of each replay buffer: its size, where there are several.
static size_t part_prefix(const SdqnLearner *learner) { return learner->num_buffers > 1 ? sizeof(uint64_t) : 0; }

size_t sdqn_learner_state_size(const SdqnLearner *learner) {
    size_t size = replay_offset(learner);
    for (int i = 0; i < learner->num_buffers; i++) size += part_prefix(learner) + sdqn_replay_buffer_state_size(learner->replays[i]);
    return size;
}

void sdqn_learner_save_state(const SdqnLearner *learner, uint8_t *bytes) {
    const size_t array_bytes = learner->adam.count * sizeof(float);
    const StateHeader header = {
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
        .network_def = saved_network_def(learner),
        .def = saved_dqn_def(&learner->def),
    };
    sdqn_bytes_put(&bytes, &header, sizeof header);
    sdqn_bytes_put(&bytes, sdqn_q_network_parameters(learner->network), array_bytes);
    sdqn_bytes_put(&bytes, sdqn_q_network_parameters(learner->target), array_bytes);
    sdqn_bytes_put(&bytes, learner->adam.m, array_bytes);
    sdqn_bytes_put(&bytes, learner->adam.v, array_bytes);
    for (int i = 0; i < learner->num_buffers; i++) {
        const uint64_t size = sdqn_replay_buffer_state_size(learner->replays[i]);
        sdqn_bytes_put(&bytes, &size, part_prefix(learner));
        sdqn_replay_buffer_save_state(learner->replays[i], bytes);
        bytes += size;
    }
}

static bool rng_is_sound(const SdqnRng *rng) { return (rng->increment_low & 1) == 1 && rng->has_half_word <= 1; }

/// A power of a factor in [0, 1]; false for NaN.
static bool is_power(double power) { return power >= 0.0 && power <= 1.0; }

/// Check all that precedes the replay buffers' states.
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
    const SavedDqnDef dqn_def = saved_dqn_def(&learner->def);
    if (header->parameter_count != learner->adam.count || !same_settings(&header->def, &dqn_def) ||
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

/// The state of one replay buffer.
typedef struct StatePart {
    const uint8_t *bytes;
    size_t size;
} StatePart;

/// Find the replay buffers' states behind all else, and check them. @param parts [num_buffers] written
static SdqnStatus check_replays(const SdqnLearner *learner, const uint8_t *bytes, size_t size, StatePart *parts, SdqnError *error) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    bytes += replay_offset(learner);
    size -= replay_offset(learner);
    for (int i = 0; i < learner->num_buffers; i++) {
        uint64_t part_size = size; // a single one has the rest
        if (size < part_prefix(learner)) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: too short for replay buffer %d", i);
        }
        sdqn_bytes_take(&bytes, &part_size, part_prefix(learner));
        size -= part_prefix(learner);
        if (part_size > size) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: too short for replay buffer %d", i);
        parts[i] = (StatePart){bytes, (size_t)part_size};
        const SdqnStatus status =
            sdqn_replay_buffer_check_state(learner->replays[i], def->num_actions, def->num_tasks, bytes, (size_t)part_size, error);
        if (status != SDQN_OK) return status;
        bytes += part_size;
        size -= (size_t)part_size;
    }
    if (size > 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learner: %zu bytes too many", size);
    return SDQN_OK;
}

SdqnStatus sdqn_learner_check_state(const SdqnLearner *learner, const uint8_t *bytes, size_t size, SdqnError *error) {
    StateHeader header = {0};
    StatePart parts[SDQN_MAX_TASKS] = {{0}};
    const SdqnStatus status = check_state(learner, bytes, size, &header, error);
    return status == SDQN_OK ? check_replays(learner, bytes, size, parts, error) : status;
}

SdqnStatus sdqn_learner_load_state(SdqnLearner *learner, const uint8_t *bytes, size_t size, SdqnError *error) {
    const SdqnQNetworkDef *network_def = sdqn_q_network_def(learner->network);
    const size_t array_bytes = learner->adam.count * sizeof(float);
    StateHeader header = {0};
    StatePart parts[SDQN_MAX_TASKS] = {{0}};
    SdqnStatus status = check_state(learner, bytes, size, &header, error);
    if (status == SDQN_OK) status = check_replays(learner, bytes, size, parts, error);
    // All has been looked at: from here on nothing fails.
    for (int i = 0; i < learner->num_buffers && status == SDQN_OK; i++) {
        status = sdqn_replay_buffer_load_state(learner->replays[i], network_def->num_actions, network_def->num_tasks, parts[i].bytes,
                                               parts[i].size, error);
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
    const uint8_t *cursor = bytes + sizeof header;
    sdqn_bytes_take(&cursor, sdqn_q_network_parameters_mutable(learner->network), array_bytes);
    sdqn_bytes_take(&cursor, sdqn_q_network_parameters_mutable(learner->target), array_bytes);
    sdqn_bytes_take(&cursor, learner->adam.m, array_bytes);
    sdqn_bytes_take(&cursor, learner->adam.v, array_bytes);
    sdqn_q_network_refresh(learner->network);
    sdqn_q_network_refresh(learner->target);
    forget_targets(learner);
    return SDQN_OK;
}
