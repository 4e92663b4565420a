#include "dqn/learner.h"

#include "core/dmath.h"
#include "core/environment.h"
#include "dqn/learner_parts.h"
#include "nn/aligned.h"
#include "nn/categorical.h"
#include "nn/clip.h"
#include "nn/loss.h"
#include "nn/network_file.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_TD_ERROR 1e-6 ///< added to each, so that every row keeps a chance
#define INFERENCE_ROWS 64      ///< rows that Q-values are computed for at a time

static SdqnStatus check_frozen(const SdqnQNetworkDef *network_def, const SdqnDqnDef *def, bool by_task, SdqnError *error) {
    const char *why = NULL;
    if (def->frozen_tasks == 0) return SDQN_OK;
    if (def->frozen_tasks >= network_def->num_tasks) why = "leaves no task to learn";
    if (by_task) why = "not with a replay buffer for each task: those of the frozen ones stay empty";
    if (network_def->unit_embeddings) why = "not with unit_embeddings, which are scaled at every step";
    if (network_def->conditioning != SDQN_CONDITIONING_EMBEDDING && network_def->residuals == SDQN_RESIDUALS_NONE) {
        why = "nothing in the network belongs to one task alone: that needs conditioning embedding, or residuals";
    }
    return why ? sdqn_error_set(error, SDQN_ERR_ARGUMENT, "frozen_tasks = %d: %s", def->frozen_tasks, why) : SDQN_OK;
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
    return SDQN_OK;
}

/// Whether network and loss go together.
static SdqnStatus check_loss(const SdqnQNetworkDef *network_def, const SdqnDqnDef *def, SdqnError *error) {
    if (def->reward_normalisation && network_def->num_atoms == 0) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "reward_normalisation: needs atoms, whose range the rewards are scaled to");
    }
    if ((network_def->num_atoms > 0) == (def->loss == SDQN_LOSS_CATEGORICAL)) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "atoms = %d: %s", network_def->num_atoms,
                          def->loss == SDQN_LOSS_CATEGORICAL ? "loss categorical needs at least 2" : "only loss categorical has any");
}

/// Acquire the arrays of a batch. @return whether all memory was there
static bool acquire_arrays(SdqnLearner *learner, const SdqnQNetworkDef *network_def, size_t rows) {
    const size_t actions = rows * (size_t)network_def->num_actions, atoms = (size_t)network_def->num_atoms;
    const size_t outputs = actions * (size_t)sdqn_q_network_def_action_outputs(network_def);
    const size_t parameters = learner->adam.count;
    const bool doubles = learner->def.double_dqn;
    learner->outputs = sdqn_aligned_floats(outputs);
    learner->d_outputs = sdqn_aligned_floats(outputs);
    learner->next_outputs = doubles ? sdqn_aligned_floats(outputs) : NULL;
    learner->y = sdqn_aligned_floats(rows);
    learner->discount = sdqn_aligned_floats(rows);
    learner->row_weights = learner->def.prioritised ? sdqn_aligned_floats(rows) : NULL;
    learner->row_errors = sdqn_aligned_floats(rows);
    learner->next_q = atoms > 0 ? sdqn_aligned_floats(actions) : NULL;
    learner->distributions = atoms > 0 ? sdqn_aligned_floats(rows * atoms) : NULL;
    learner->gradients = sdqn_aligned_floats((size_t)learner->num_buffers * parameters);
    learner->direction = learner->by_task ? sdqn_aligned_floats(parameters) : learner->gradients;
    bool whole = learner->outputs && learner->d_outputs && (learner->next_outputs || !doubles) && learner->y && learner->discount;
    whole = whole && learner->row_errors && (learner->row_weights || !learner->def.prioritised);
    if (learner->report && network_def->num_tasks > 1) {
        learner->task_gradients = sdqn_aligned_floats((size_t)network_def->num_tasks * parameters);
        learner->task_d_outputs = sdqn_aligned_floats(outputs);
        learner->shuffled_tasks = calloc(rows, sizeof *learner->shuffled_tasks);
        whole = whole && learner->task_gradients && learner->task_d_outputs && learner->shuffled_tasks;
    }
    return whole && (atoms == 0 || (learner->next_q && learner->distributions)) && learner->gradients && learner->direction;
}

/// Acquire all memory of a learner; what was acquired stays in it on error.
static SdqnStatus acquire(SdqnLearner *learner, const SdqnQNetworkDef *network_def, SdqnError *error) {
    const SdqnDqnDef *def = &learner->def;
    const int rows = learner->num_buffers * def->batch_size, observation_size = network_def->observation_size;
    const size_t parameters = sdqn_q_network_def_parameter_count(network_def);
    SdqnStatus status = sdqn_q_network_create(network_def, learner->kernels, &learner->network, error);
    if (status == SDQN_OK) status = sdqn_q_network_create(network_def, learner->kernels, &learner->target, error);
    if (status == SDQN_OK) status = sdqn_adam_create(&learner->adam, parameters, error);
    for (int i = 0; i < learner->num_buffers && status == SDQN_OK; i++) {
        status = sdqn_replay_buffer_create(def->replay_capacity, observation_size, &learner->replays[i], error);
        if (status == SDQN_OK && def->prioritised) status = sdqn_priorities_create(def->replay_capacity, &learner->priorities[i], error);
        if (status == SDQN_OK && learner->remembers) status = sdqn_target_memory_create(&learner->targets[i], def->replay_capacity, error);
    }
    if (status == SDQN_OK && def->n_step > 1) {
        status = sdqn_n_step_create(def->n_step, def->gamma, def->environments, observation_size, &learner->n_step, error);
    }
    if (status == SDQN_OK && def->gradient_period > 0) {
        status = sdqn_gradient_report_create(learner->network, network_def->num_tasks, &learner->report, error);
    }
    if (status == SDQN_OK) status = sdqn_q_workspace_create(network_def, rows, true, &learner->training, error);
    if (status == SDQN_OK) status = sdqn_q_workspace_create(network_def, INFERENCE_ROWS, false, &learner->inference, error);
    if (status == SDQN_OK) status = sdqn_batch_create(&learner->batch, rows, observation_size, error);
    if (status == SDQN_OK && learner->remembers) status = sdqn_batch_create(&learner->unknown, rows, observation_size, error);
    if (status != SDQN_OK || acquire_arrays(learner, network_def, (size_t)rows)) return status;
    return sdqn_error_set(error, SDQN_ERR_MEMORY, "learner: out of memory for %zu parameters", parameters);
}

SdqnStatus sdqn_learner_create(const SdqnQNetworkDef *network_def, const SdqnDqnDef *def, const SdqnKernels *kernels,
                               const SdqnTaskBuffersDef *task_buffers, const SdqnLearnerStreams *streams, SdqnLearner **learner,
                               SdqnError *error) {
    SdqnStatus status = sdqn_q_network_def_check(network_def, error);
    if (status == SDQN_OK) status = sdqn_dqn_def_check(def, error);
    if (status == SDQN_OK) status = check_loss(network_def, def, error);
    if (status == SDQN_OK) status = check_frozen(network_def, def, task_buffers != NULL, error);
    if (status == SDQN_OK && task_buffers && network_def->residuals != SDQN_RESIDUALS_NONE) {
        status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "residuals: must be none with a replay buffer for each task");
    }
    if (status == SDQN_OK && task_buffers) status = check_task_buffers(task_buffers, network_def->num_tasks, error);
    if (status != SDQN_OK) return status;
    SdqnLearner *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "learner: out of memory");
    made->def = *def;
    made->kernels = kernels;
    made->by_task = task_buffers != NULL;
    if (task_buffers) made->task_buffers = *task_buffers;
    made->num_buffers = task_buffers ? network_def->num_tasks : 1;
    made->remembers = !def->double_dqn && def->target_tau == 0.0 && def->loss != SDQN_LOSS_CATEGORICAL; // with atoms rewards may be scaled
    status = acquire(made, network_def, error);
    if (status != SDQN_OK) {
        sdqn_learner_destroy(made);
        return status;
    }
    sdqn_n_step_discounts(def->gamma, def->n_step, made->discounts);
    if (def->frozen_tasks > 0) made->num_trained = sdqn_q_network_task_spans(made->network, def->frozen_tasks, made->trained);
    SdqnRng weights = streams->weights;
    sdqn_q_network_init(made->network, &weights);
    sdqn_q_network_copy(made->target, made->network);
    sdqn_exploration_init(&made->exploration, def->epsilon_start, def->epsilon_decay, def->epsilon_floor);
    made->exploration_rng = streams->exploration;
    made->replay_rng = streams->replay;
    made->noise_rng = streams->noise;
    *learner = made;
    return SDQN_OK;
}

SdqnStatus sdqn_learner_init_from(SdqnLearner *learner, const char *where, const SdqnTensor *tensors, int count, int *known,
                                  SdqnError *error) {
    const SdqnStatus status = sdqn_q_network_load_first(learner->network, where, tensors, count, known, error);
    if (status == SDQN_OK) sdqn_q_network_copy(learner->target, learner->network);
    return status;
}

void sdqn_learner_destroy(SdqnLearner *learner) {
    if (!learner) return;
    sdqn_q_network_destroy(learner->network);
    sdqn_q_network_destroy(learner->target);
    sdqn_adam_destroy(&learner->adam);
    for (int i = 0; i < learner->num_buffers; i++) {
        sdqn_replay_buffer_destroy(learner->replays[i]);
        sdqn_priorities_destroy(learner->priorities[i]);
        sdqn_target_memory_destroy(&learner->targets[i]);
    }
    sdqn_n_step_destroy(learner->n_step);
    sdqn_q_workspace_destroy(learner->training);
    sdqn_q_workspace_destroy(learner->inference);
    sdqn_batch_destroy(&learner->batch);
    sdqn_batch_destroy(&learner->unknown);
    free(learner->outputs);
    free(learner->d_outputs);
    free(learner->next_outputs);
    free(learner->y);
    free(learner->discount);
    free(learner->row_weights);
    free(learner->row_errors);
    sdqn_gradient_report_destroy(learner->report);
    free(learner->task_gradients);
    free(learner->task_d_outputs);
    free(learner->shuffled_tasks);
    free(learner->next_q);
    free(learner->distributions);
    if (learner->by_task) free(learner->direction);
    free(learner->gradients);
    free(learner);
}

void sdqn_learner_q_values(SdqnLearner *learner, const float *observation, const int32_t *task, int n, float *q) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    for (int first = 0; first < n; first += INFERENCE_ROWS) {
        const int rows = n - first < INFERENCE_ROWS ? n - first : INFERENCE_ROWS;
        sdqn_q_network_q_values(learner->network, learner->inference, observation + (size_t)first * (size_t)def->observation_size,
                                task + first, rows, q + (size_t)first * (size_t)def->num_actions);
    }
}

int sdqn_learner_act(SdqnLearner *learner, const float *observation, int task) {
    const int num_actions = sdqn_q_network_def(learner->network)->num_actions;
    const int explored = sdqn_exploration_draw(&learner->exploration, &learner->exploration_rng, num_actions);
    if (explored >= 0) return explored;
    const int32_t row_task = (int32_t)task;
    float q[SDQN_MAX_ACTIONS];
    sdqn_q_network_q_values(learner->network, learner->inference, observation, &row_task, 1, q);
    return sdqn_greedy_action(q, num_actions);
}

static void store(SdqnLearner *learner, int buffer, const SdqnTransition *transition) {
    const int row = sdqn_replay_buffer_push(learner->replays[buffer], transition);
    if (learner->def.prioritised) sdqn_priorities_add(learner->priorities[buffer], row);
    if (learner->remembers) sdqn_target_memory_forget(&learner->targets[buffer], row);
}

void sdqn_learner_push(SdqnLearner *learner, const SdqnTransition *transition) {
    assert(transition->action < sdqn_q_network_def(learner->network)->num_actions);
    assert(transition->task < sdqn_q_network_def(learner->network)->num_tasks);
    assert(transition->environment >= 0 && transition->environment < learner->def.environments && transition->extra_steps == 0);
    const int buffer = learner->by_task ? transition->task : 0;
    SdqnTransition step = *transition;
    if (learner->by_task) step.reward *= learner->task_buffers.reward_scales[buffer];
    learner->pushes++;
    if (learner->def.reward_normalisation) {
        sdqn_reward_scale_take(&learner->reward_scale, learner->def.gamma, step.environment, step.task, step.reward,
                               step.terminated || step.truncated);
    }
    const SdqnTransition *complete = &step;
    const int count = learner->n_step ? sdqn_n_step_push(learner->n_step, &step, &complete) : 1;
    for (int i = 0; i < count; i++) store(learner, buffer, &complete[i]);
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

/// Exponent of the weights that make up for unequal chances, at the update that follows.
static double priority_beta(const SdqnLearner *learner) {
    const double share = (double)learner->updates / learner->def.priority_beta_updates;
    return learner->def.priority_beta + (1.0 - learner->def.priority_beta) * (share < 1.0 ? share : 1.0);
}

/// Scale the batch's rewards to the range of the support, by the returns met so far.
static void scale_rewards(SdqnLearner *learner) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const double low = fabs(def->value_min), high = fabs(def->value_max);
    float factors[SDQN_MAX_TASKS] = {0.0f};
    for (int t = 0; t < def->num_tasks; t++) {
        factors[t] = (float)sdqn_reward_scale_factor(&learner->reward_scale, t, low > high ? low : high);
    }
    for (int b = 0; b < learner->batch.max_rows; b++) learner->batch.reward[b] *= factors[learner->batch.task[b]];
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
            .extra_steps = batch->extra_steps + first,
            .row = batch->row + first,
        };
        if (learner->def.prioritised) {
            sdqn_priorities_sample(learner->priorities[i], &learner->replay_rng, part.max_rows, priority_beta(learner), part.row,
                                   learner->row_weights + first);
            sdqn_replay_buffer_gather(learner->replays[i], part.max_rows, &part);
        } else {
            sdqn_replay_buffer_sample(learner->replays[i], &learner->replay_rng, part.max_rows, &part);
        }
    }
    if (learner->def.reward_normalisation) scale_rewards(learner);
}

/// The loss of one buffer's part of the batch and its derivative. @param first  its first row
static float loss_of_part(SdqnLearner *learner, size_t first) {
    const SdqnDqnDef *def = &learner->def;
    const SdqnQNetworkDef *network_def = sdqn_q_network_def(learner->network);
    const int num_actions = network_def->num_actions, n = def->batch_size;
    const size_t outputs_first = first * (size_t)num_actions * (size_t)sdqn_q_network_def_action_outputs(network_def);
    const float *outputs = learner->outputs + outputs_first, *y = learner->y + first;
    const uint8_t *action = learner->batch.action + first;
    float *d_outputs = learner->d_outputs + outputs_first;
    switch (def->loss) {
    case SDQN_LOSS_HUBER:
        return sdqn_huber_loss(outputs, action, y, (float)def->huber_delta, n, num_actions, d_outputs);
    case SDQN_LOSS_CATEGORICAL:
        return sdqn_categorical_loss(learner->kernels, outputs, action, learner->distributions + first * (size_t)network_def->num_atoms,
                                     NULL, n, num_actions, network_def->num_atoms, learner->row_errors + first, d_outputs);
    default:
        return sdqn_mse_loss(outputs, action, y, n, num_actions, d_outputs);
    }
}

/// The sizes of the batch's TD errors, and their means by task.
static void find_errors(SdqnLearner *learner) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const SdqnBatch *batch = &learner->batch;
    const size_t actions = (size_t)def->num_actions;
    int rows[SDQN_MAX_TASKS] = {0};
    memset(learner->task_errors, 0, sizeof learner->task_errors);
    for (size_t b = 0; b < (size_t)batch->max_rows; b++) {
        // The categorical loss has written its rows' cross-entropies.
        if (def->num_atoms == 0) learner->row_errors[b] = fabsf(learner->outputs[b * actions + batch->action[b]] - learner->y[b]);
        learner->task_errors[batch->task[b]] += learner->row_errors[b];
        rows[batch->task[b]]++;
    }
    for (int t = 0; t < def->num_tasks; t++) learner->task_errors[t] = rows[t] > 0 ? learner->task_errors[t] / (float)rows[t] : NAN;
}

/// The weights of one buffer's rows into their derivatives. @param first  its first row
static void weigh_rows(SdqnLearner *learner, size_t first) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const size_t row = (size_t)def->num_actions * (size_t)sdqn_q_network_def_action_outputs(def);
    for (size_t b = first; b < first + (size_t)learner->def.batch_size; b++) {
        for (size_t j = 0; j < row; j++) learner->d_outputs[b * row + j] *= learner->row_weights[b];
    }
}

/// Give the rows of the batch the priorities of their TD errors.
static void update_priorities(SdqnLearner *learner) {
    const SdqnBatch *batch = &learner->batch;
    for (int b = 0; b < batch->max_rows; b++) {
        const double size = (double)learner->row_errors[b] + SMALLEST_TD_ERROR;
        sdqn_priorities_set(learner->priorities[b / learner->def.batch_size], batch->row[b],
                            sdqn_exp(learner->def.priority_alpha * sdqn_log(size)));
    }
}

/// Multiply the derivatives of one buffer's part of the batch by its task's weight.
static void weigh_part(SdqnLearner *learner, int part) {
    const float weight = learner->by_task ? (float)learner->task_buffers.weights[part] : 1.0f;
    if (weight == 1.0f) return;
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const size_t count = (size_t)learner->def.batch_size * (size_t)def->num_actions * (size_t)sdqn_q_network_def_action_outputs(def);
    float *d_outputs = learner->d_outputs + (size_t)part * count;
    for (size_t j = 0; j < count; j++) d_outputs[j] *= weight;
}

/// The loss of each buffer's part of the batch and its derivative, the latter times the task's weight.
/// @param loss  the mean of the losses
static SdqnStatus losses(SdqnLearner *learner, float *loss, SdqnError *error) {
    const SdqnBatch *batch = &learner->batch;
    float sum = 0.0f;
    sdqn_q_network_forward_noisy(learner->network, learner->training, &learner->noise_rng, batch->observation, batch->task, batch->max_rows,
                                 learner->outputs);
    for (int i = 0; i < learner->num_buffers; i++) {
        const float part = loss_of_part(learner, (size_t)i * (size_t)learner->def.batch_size);
        if (!isfinite(part)) {
            return learner->by_task
                       ? sdqn_error_set(error, SDQN_ERR_NUMERIC, "the loss of task %d is %g: training has diverged", i, (double)part)
                       : sdqn_error_set(error, SDQN_ERR_NUMERIC, "the loss is %g: training has diverged", (double)part);
        }
        learner->losses[i] = part;
        sum += part;
        if (learner->def.prioritised) weigh_rows(learner, (size_t)i * (size_t)learner->def.batch_size);
        weigh_part(learner, i);
    }
    *loss = sum / (float)learner->num_buffers;
    return SDQN_OK;
}

/// Leave no gradient but those of the parameters that learn: the moments of the others stay 0, and so do their steps.
static void mask_frozen(const SdqnLearner *learner, float *gradient) {
    size_t end = 0;
    for (int i = 0; i < learner->num_trained; i++) {
        const SdqnSpan span = learner->trained[i];
        memset(gradient + end, 0, (span.first - end) * sizeof *gradient);
        end = span.first + span.count;
    }
    memset(gradient + end, 0, (learner->adam.count - end) * sizeof *gradient);
}

static void decay_weights(const SdqnLearner *learner, float *parameters) {
    const SdqnSpan all = {0, learner->adam.count}, *spans = learner->num_trained > 0 ? learner->trained : &all;
    for (int i = 0; i < (learner->num_trained > 0 ? learner->num_trained : 1); i++) {
        sdqn_weight_decay(learner->def.learning_rate, learner->def.weight_decay, spans[i].count, parameters + spans[i].first);
    }
}

static void step(SdqnLearner *learner) {
    float *parameters = sdqn_q_network_parameters_mutable(learner->network);
    if (learner->num_trained > 0) mask_frozen(learner, learner->direction);
    if (learner->def.weight_decay > 0.0) decay_weights(learner, parameters);
    if (learner->def.clip_norm > 0.0) sdqn_clip_norm(learner->kernels, learner->direction, learner->adam.count, learner->def.clip_norm);
    sdqn_adam_step(&learner->adam, learner->kernels, learner->direction, learner->def.learning_rate, parameters);
    sdqn_q_network_refresh(learner->network);
    if (learner->def.target_tau > 0.0) sdqn_q_network_mix(learner->target, learner->network, (float)learner->def.target_tau);
    learner->updates++;
}

/// Weight of KL in the loss of the update that follows.
static double kl_weight(const SdqnLearner *learner) {
    const SdqnDqnDef *def = &learner->def;
    const double share = (double)learner->updates / (double)(def->kl_anneal > 0 ? def->kl_anneal : 1);
    return def->kl_weight / def->batch_size * (def->kl_anneal > 0 && share < 1.0 ? share : 1.0);
}

/// What the optimiser steps along, from the gradients of the parts.
static SdqnStatus find_direction(SdqnLearner *learner, SdqnError *error) {
    if (!learner->by_task) return SDQN_OK; // the only gradient
    const SdqnTaskBuffersDef *by_task = &learner->task_buffers;
    SdqnTaskGradients gradients = {
        .kernels = learner->kernels,
        .tasks = learner->num_buffers,
        .parameters = learner->adam.count,
        .gradients = learner->gradients,
        .losses = learner->losses,
        .weights = learner->weights,
    };
    for (int t = 0; t < gradients.tasks; t++) learner->weights[t] = (double)NAN;
    sdqn_q_network_last_hidden_weight(learner->network, &gradients.shared_first, &gradients.shared_count);
    return by_task->aggregate(by_task->context, &gradients, learner->direction, error);
}

/// Tell the method what its step did to the losses of the batch.
static SdqnStatus report_step(SdqnLearner *learner, SdqnError *error) {
    const SdqnTaskBuffersDef *by_task = &learner->task_buffers;
    if (!learner->by_task || !by_task->after_step) return SDQN_OK;
    float loss = 0.0f;
    const SdqnStatus status = losses(learner, &loss, error);
    if (status == SDQN_OK) by_task->after_step(by_task->context, learner->losses, learner->num_buffers);
    return status;
}

SdqnStatus sdqn_learner_update(SdqnLearner *learner, SdqnUpdate *update, SdqnError *error) {
    *update = (SdqnUpdate){0};
    if (!is_ready(learner)) return SDQN_OK;
    float loss = 0.0f;
    draw_batch(learner);
    const float cut = sdqn_learner_td_targets(learner);
    sdqn_q_network_draw_noise(learner->network, &learner->noise_rng);
    SdqnStatus status = losses(learner, &loss, error);
    if (status != SDQN_OK) return status;
    find_errors(learner);
    sdqn_q_network_backward_groups(learner->network, learner->training, learner->batch.task, learner->d_outputs, learner->num_buffers,
                                   learner->def.batch_size, learner->gradients);
    status = find_direction(learner, error);
    if (status != SDQN_OK) return status;
    const bool reports = sdqn_learner_report_is_due(learner);
    if (reports) sdqn_learner_report(learner, cut);
    if (learner->def.prioritised) update_priorities(learner);
    sdqn_q_network_add_kl_gradient(learner->network, kl_weight(learner), learner->gradients);
    step(learner);
    status = report_step(learner, error);
    if (status != SDQN_OK) return status;
    *update = (SdqnUpdate){
        .done = true,
        .loss = loss,
        .cut = cut,
        .tasks = sdqn_q_network_def(learner->network)->num_tasks,
        .errors = learner->task_errors,
        .report = reports ? learner->report : NULL,
    };
    return SDQN_OK;
}

void sdqn_learner_end_episode(SdqnLearner *learner) {
    const uint64_t episode = learner->episodes++;
    if (episode > 0 && episode % (uint64_t)learner->def.target_period == 0 && learner->def.target_tau == 0.0) {
        sdqn_q_network_copy(learner->target, learner->network);
        sdqn_learner_forget_targets(learner);
    }
    sdqn_exploration_next_episode(&learner->exploration);
}

double sdqn_learner_epsilon(const SdqnLearner *learner) { return sdqn_exploration_epsilon(&learner->exploration); }
uint64_t sdqn_learner_updates(const SdqnLearner *learner) { return learner->updates; }
uint64_t sdqn_learner_episodes(const SdqnLearner *learner) { return learner->episodes; }
const SdqnQNetwork *sdqn_learner_network(const SdqnLearner *learner) { return learner->network; }
