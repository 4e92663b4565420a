// test_task_buffers.c: the learner with a replay buffer and a gradient for each task, against a plain repetition of its updates.
#include "core/dmath.h"
#include "dqn/learner.h"
#include "dqn/priorities.h"
#include "dqn/td_target.h"
#include "nn/adam.h"
#include "nn/loss.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 3, OBSERVATION = 5, ACTIONS = 4, BATCH = 8, CAPACITY = 60, MINIMUM = 40, ROWS = TASKS * BATCH };

static const SdqnQNetworkDef network_def = {.observation_size = OBSERVATION,
                                            .num_actions = ACTIONS,
                                            .num_tasks = TASKS,
                                            .embedding_size = 2,
                                            .hidden1_size = 21,
                                            .hidden2_size = 10};

static SdqnDqnDef dqn_def(void) {
    SdqnDqnDef def = sdqn_dqn_def_default();
    def.batch_size = BATCH;
    def.replay_capacity = CAPACITY;
    def.min_replay_size = MINIMUM;
    def.target_period = 2;
    def.learning_rate = 1e-3;
    return def;
}

static SdqnLearnerStreams streams(void) {
    SdqnLearnerStreams made;
    sdqn_rng_seed(&made.weights, 1);
    sdqn_rng_seed(&made.exploration, 2);
    sdqn_rng_seed(&made.replay, 3);
    sdqn_rng_seed(&made.noise, 4);
    return made;
}

/// What an aggregator was given last, and what it shall say.
typedef struct Recorder {
    float *gradients;
    int calls;
    bool fails;
    SdqnTaskGradients given; ///< of the last call, and its losses
    float losses[TASKS];
    float losses_after[TASKS]; ///< by the new weights
    int steps;                 ///< calls of record_losses
} Recorder;

static SdqnStatus record_mean(void *context, const SdqnTaskGradients *in, float *direction, SdqnError *error) {
    Recorder *recorder = context;
    const float *gradients = in->gradients;
    const size_t parameters = in->parameters;
    assert_int_equal(in->tasks, TASKS);
    recorder->calls++;
    recorder->given = *in;
    for (int t = 0; t < TASKS; t++) recorder->losses[t] = in->losses[t];
    if (recorder->fails) return sdqn_error_set(error, SDQN_ERR_NUMERIC, "no direction");
    if (recorder->gradients) memcpy(recorder->gradients, gradients, TASKS * parameters * sizeof(float));
    for (size_t i = 0; i < parameters; i++) {
        direction[i] = ((gradients[i] + gradients[parameters + i]) + gradients[2 * parameters + i]) / 3.0f;
    }
    return SDQN_OK;
}

static void record_losses(void *context, const float *losses, int tasks) {
    Recorder *recorder = context;
    assert_int_equal(tasks, TASKS);
    memcpy(recorder->losses_after, losses, sizeof recorder->losses_after);
    recorder->steps++;
}

static SdqnTaskBuffersDef buffers_def(Recorder *recorder) {
    return (SdqnTaskBuffersDef){.weights = {1, 1, 1}, .reward_scales = {1, 1, 1}, .aggregate = record_mean, .context = recorder};
}

static SdqnLearner *make_learner_of(const SdqnDqnDef *def, const SdqnTaskBuffersDef *buffers, SdqnCpuLevel level) {
    const SdqnLearnerStreams made = streams();
    SdqnLearner *learner;
    SdqnError error = {0};
    if (sdqn_learner_create(&network_def, def, sdqn_kernels(level), buffers, &made, &learner, &error) != SDQN_OK)
        fail_msg("%s", error.message);
    return learner;
}

static SdqnLearner *make_learner(const SdqnTaskBuffersDef *buffers, SdqnCpuLevel level) {
    const SdqnDqnDef def = dqn_def();
    return make_learner_of(&def, buffers, level);
}

/// A made-up transition of one task; `observation` and `next` are written.
static SdqnTransition transition_of(int step, int task, float *observation, float *next) {
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1000 + (uint64_t)step);
    for (int i = 0; i < OBSERVATION; i++) {
        observation[i] = (float)sdqn_rng_normal(&rng);
        next[i] = (float)sdqn_rng_normal(&rng);
    }
    return (SdqnTransition){.observation = observation,
                            .next_observation = next,
                            .reward = 3.0 * sdqn_rng_normal(&rng) + task,
                            .action = step % ACTIONS,
                            .task = task,
                            .terminated = step % 7 == 0};
}

static SdqnUpdate one_step(SdqnLearner *learner, int step, int task) {
    float observation[OBSERVATION], next[OBSERVATION];
    const SdqnTransition transition = transition_of(step, task, observation, next);
    sdqn_learner_push(learner, &transition);
    SdqnUpdate update;
    SdqnError error = {0};
    if (sdqn_learner_update(learner, &update, &error) != SDQN_OK) fail_msg("%s", error.message);
    if (step % 20 == 19) sdqn_learner_end_episode(learner);
    return update;
}

static void updates_start_when_all_hold_enough_and_each_a_batch(void **state) {
    (void)state;
    Recorder recorder = {0};
    const SdqnTaskBuffersDef buffers = buffers_def(&recorder);
    SdqnLearner *learner = make_learner(&buffers, SDQN_CPU_SCALAR);
    int step = 0;
    for (int i = 0; i < 50; i++) assert_false(one_step(learner, step++, 0).done);        // 50 > 40 together, but none of the others
    for (int i = 0; i < BATCH; i++) assert_false(one_step(learner, step++, 1).done);     // none of the third
    for (int i = 0; i < BATCH - 1; i++) assert_false(one_step(learner, step++, 2).done); // one too few
    assert_true(one_step(learner, step++, 2).done);
    sdqn_learner_destroy(learner);

    learner = make_learner(&buffers, SDQN_CPU_SCALAR); // now each has a batch long before there are enough together
    for (int i = 0; i <= MINIMUM; i++) assert_int_equal(one_step(learner, i, i % TASKS).done, i + 1 > MINIMUM);
    assert_int_equal(sdqn_learner_updates(learner), 1);
    sdqn_learner_destroy(learner);
}

/// The learner's updates repeated with the parts they are made of.
static void check_updates(const double *weights, const double *scales, bool prioritised) {
    SdqnDqnDef def = dqn_def();
    def.prioritised = prioritised;
    def.priority_beta_updates = 100;
    const SdqnKernels *kernels = sdqn_kernels(SDQN_CPU_SCALAR);
    const size_t count = sdqn_q_network_def_parameter_count(&network_def);
    Recorder recorder = {.gradients = calloc(TASKS * count, sizeof(float))};
    SdqnTaskBuffersDef buffers = buffers_def(&recorder);
    memcpy(buffers.weights, weights, TASKS * sizeof *weights);
    memcpy(buffers.reward_scales, scales, TASKS * sizeof *scales);
    buffers.after_step = record_losses;
    SdqnLearner *learner = make_learner_of(&def, &buffers, SDQN_CPU_SCALAR);
    SdqnPriorities *priorities[TASKS];
    for (int t = 0; t < TASKS; t++) assert_int_equal(sdqn_priorities_create(CAPACITY, &priorities[t], NULL), SDQN_OK);
    SdqnLearnerStreams own = streams();
    SdqnQNetwork *network, *target;
    SdqnQWorkspace *workspace;
    SdqnReplayBuffer *replays[TASKS];
    SdqnBatch batch;
    SdqnAdam adam;
    assert_int_equal(sdqn_q_network_create(&network_def, kernels, &network, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_network_create(&network_def, kernels, &target, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_workspace_create(&network_def, ROWS, true, &workspace, NULL), SDQN_OK);
    assert_int_equal(sdqn_batch_create(&batch, BATCH, OBSERVATION, NULL), SDQN_OK);
    assert_int_equal(sdqn_adam_create(&adam, count, NULL), SDQN_OK);
    for (int t = 0; t < TASKS; t++) assert_int_equal(sdqn_replay_buffer_create(CAPACITY, OBSERVATION, &replays[t], NULL), SDQN_OK);
    float *gradient = calloc(count, sizeof(float)), *mean = calloc(count, sizeof(float)), *stacked = calloc(count, sizeof(float));
    sdqn_q_network_init(network, &own.weights);
    sdqn_q_network_copy(target, network);
    for (int step = 0; step < 260; step++) {
        const int task = step / 20 % TASKS, episode = step / 20;
        float observation[OBSERVATION], next[OBSERVATION], loss = 0.0f;
        SdqnTransition transition = transition_of(step, task, observation, next);
        transition.reward *= scales[task];
        sdqn_priorities_add(priorities[task], sdqn_replay_buffer_push(replays[task], &transition));
        const bool ready = step + 1 >= 2 * 20 + BATCH && step + 1 > MINIMUM;
        float all_observation[ROWS * OBSERVATION], all_y[ROWS], losses[TASKS] = {0.0f}, row_weights[ROWS];
        int32_t all_task[ROWS];
        uint8_t all_action[ROWS];
        memset(mean, 0, count * sizeof(float));
        for (int t = 0; t < TASKS && ready; t++) {
            float q[BATCH * ACTIONS], dq[BATCH * ACTIONS], y[BATCH], discount[BATCH];
            for (int b = 0; b < BATCH; b++) discount[b] = 0.99f;
            float *own_weights = row_weights + (ptrdiff_t)t * BATCH;
            for (int b = 0; b < BATCH; b++) own_weights[b] = 1.0f;
            if (prioritised) {
                const double share = (double)(recorder.calls < 100 ? recorder.calls : 100) / 100, beta = def.priority_beta;
                sdqn_priorities_sample(priorities[t], &own.replay, BATCH, beta + (1.0 - beta) * share, batch.row, own_weights);
                sdqn_replay_buffer_gather(replays[t], BATCH, &batch);
            } else {
                sdqn_replay_buffer_sample(replays[t], &own.replay, BATCH, &batch);
            }
            for (int b = 0; b < BATCH; b++) assert_int_equal(batch.task[b], t);
            sdqn_q_network_forward(target, workspace, batch.next_observation, batch.task, BATCH, q);
            sdqn_td_target(q, batch.reward, batch.terminated, discount, BATCH, ACTIONS, y);
            sdqn_q_network_forward(network, workspace, batch.observation, batch.task, BATCH, q);
            losses[t] = sdqn_mse_loss(q, batch.action, y, BATCH, ACTIONS, dq);
            loss += losses[t];
            for (int b = 0; b < BATCH; b++) {
                const float size = fabsf(q[b * ACTIONS + batch.action[b]] - y[b]);
                sdqn_priorities_set(priorities[t], batch.row[b], sdqn_exp(def.priority_alpha * sdqn_log((double)size + 1e-6)));
            }
            for (int i = 0; i < BATCH * ACTIONS; i++) dq[i] = dq[i] * own_weights[i / ACTIONS] * (float)weights[t];
            sdqn_q_network_backward(network, workspace, batch.task, dq, BATCH, gradient);
            for (size_t i = 0; i < count; i++) mean[i] += gradient[i];
            memcpy(all_observation + (ptrdiff_t)t * BATCH * OBSERVATION, batch.observation, BATCH * OBSERVATION * sizeof(float));
            memcpy(all_task + (ptrdiff_t)t * BATCH, batch.task, BATCH * sizeof(int32_t));
            memcpy(all_action + (ptrdiff_t)t * BATCH, batch.action, BATCH);
            memcpy(all_y + (ptrdiff_t)t * BATCH, y, sizeof y);
            if (t < TASKS - 1) continue;
            for (size_t i = 0; i < count; i++) mean[i] /= 3.0f;
            float all_q[ROWS * ACTIONS], all_dq[ROWS * ACTIONS];
            sdqn_q_network_forward(network, workspace, all_observation, all_task, ROWS, all_q);
            sdqn_mse_loss(all_q, all_action, all_y, ROWS, ACTIONS, all_dq);
            for (int i = 0; i < ROWS * ACTIONS; i++) all_dq[i] *= row_weights[i / ACTIONS] * (float)weights[i / (BATCH * ACTIONS)];
            sdqn_q_network_backward(network, workspace, all_task, all_dq, ROWS, stacked);
        }
        const SdqnUpdate update = one_step(learner, step, task);
        assert_int_equal(update.done, ready);
        if (ready) {
            // The gradient of the last task, alone; then what the mean of all is near to; then the step.
            assert_memory_equal(recorder.gradients + 2 * count, gradient, count * sizeof(float));
            float largest = 0.0f;
            for (size_t i = 0; i < count; i++) largest = fabsf(stacked[i]) > largest ? fabsf(stacked[i]) : largest;
            for (size_t i = 0; i < count; i++) assert_true(fabsf(mean[i] - stacked[i]) <= 1e-5f * largest);
            assert_true(update.loss == loss / 3.0f);
            assert_memory_equal(recorder.losses, losses, sizeof losses);
            float *parameters = sdqn_q_network_parameters_mutable(network), all_q[ROWS * ACTIONS], all_dq[ROWS * ACTIONS];
            sdqn_adam_step(&adam, kernels, mean, def.learning_rate, parameters);
            sdqn_q_network_refresh(network);
            // The same rows and targets by the new weights.
            sdqn_q_network_forward(network, workspace, all_observation, all_task, ROWS, all_q);
            for (ptrdiff_t t = 0; t < TASKS; t++) {
                losses[t] = sdqn_mse_loss(all_q + t * BATCH * ACTIONS, all_action + t * BATCH, all_y + t * BATCH, BATCH, ACTIONS, all_dq);
            }
            assert_memory_equal(recorder.losses_after, losses, sizeof losses);
        }
        if (step % 20 == 19 && episode > 0 && episode % def.target_period == 0) sdqn_q_network_copy(target, network);
        assert_memory_equal(sdqn_q_network_parameters(sdqn_learner_network(learner)), sdqn_q_network_parameters(network),
                            count * sizeof(float));
    }
    assert_int_equal((uint64_t)recorder.calls, sdqn_learner_updates(learner));
    assert_true(recorder.calls > 200 && recorder.steps == recorder.calls);
    free(gradient);
    free(mean);
    free(stacked);
    free(recorder.gradients);
    sdqn_adam_destroy(&adam);
    sdqn_batch_destroy(&batch);
    for (int t = 0; t < TASKS; t++) {
        sdqn_replay_buffer_destroy(replays[t]);
        sdqn_priorities_destroy(priorities[t]);
    }
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_network_destroy(network);
    sdqn_q_network_destroy(target);
    sdqn_learner_destroy(learner);
}

static void updates_equal_their_parts(void **state) {
    (void)state;
    check_updates((const double[]){1, 1, 1}, (const double[]){1, 1, 1}, false);
}

static void weights_scales_and_decay_act_where_they_should(void **state) {
    (void)state;
    check_updates((const double[]){0.5, 1, 3}, (const double[]){1, 0.1, 2.5}, false);
}

static void each_buffer_has_priorities_of_its_own(void **state) {
    (void)state;
    check_updates((const double[]){0.5, 1, 3}, (const double[]){1, 0.1, 2.5}, true);
}

static void wrong_definitions_are_refused(void **state) {
    (void)state;
    const SdqnDqnDef def = dqn_def();
    const SdqnLearnerStreams made = streams();
    const SdqnTaskBuffersDef good = buffers_def(NULL);
    SdqnTaskBuffersDef bad[2] = {good, good};
    static const char *const messages[] = {"task_weights = 0 for task 2: must be in (0, 1e6]",
                                           "reward_scales = nan for task 0: must be in (0, 1e6]"};
    bad[0].weights[2] = 0;
    bad[1].reward_scales[0] = (double)NAN;
    for (int i = 0; i < 2; i++) {
        SdqnLearner *learner = NULL;
        SdqnError error = {0};
        assert_int_equal(sdqn_learner_create(&network_def, &def, sdqn_kernels(SDQN_CPU_SCALAR), &bad[i], &made, &learner, &error),
                         SDQN_ERR_ARGUMENT);
        assert_null(learner);
        assert_string_equal(error.message, messages[i]);
    }
}

static void nothing_is_stepped_without_a_direction_or_with_an_infinite_loss(void **state) {
    (void)state;
    Recorder recorder = {0};
    const SdqnTaskBuffersDef buffers = buffers_def(&recorder);
    SdqnLearner *learner = make_learner(&buffers, SDQN_CPU_SCALAR);
    int step = 0;
    for (; step < 60; step++) one_step(learner, step, step % TASKS);
    const size_t bytes = sdqn_q_network_def_parameter_count(&network_def) * sizeof(float);
    float *before = malloc(bytes);
    assert_non_null(before);
    memcpy(before, sdqn_q_network_parameters(sdqn_learner_network(learner)), bytes);
    SdqnUpdate update;
    SdqnError error = {0};
    recorder.fails = true;
    assert_int_equal(sdqn_learner_update(learner, &update, &error), SDQN_ERR_NUMERIC);
    assert_string_equal(error.message, "no direction");
    recorder.fails = false;
    const float observation[OBSERVATION] = {0};
    for (int i = 0; i < CAPACITY; i++)
        sdqn_learner_push(learner,
                          &(SdqnTransition){.observation = observation, .next_observation = observation, .reward = 1e300, .task = 1});
    assert_int_equal(sdqn_learner_update(learner, &update, &error), SDQN_ERR_NUMERIC);
    assert_string_equal(error.message, "the loss of task 1 is inf: training has diverged");
    assert_false(update.done);
    assert_memory_equal(before, sdqn_q_network_parameters(sdqn_learner_network(learner)), bytes);
    free(before);
    sdqn_learner_destroy(learner);
}

// ---- saved states ---------------------------------------------------------------------------------------------------------------

typedef struct Saved {
    uint8_t *bytes;
    size_t size;
} Saved;

static Saved save(const SdqnLearner *learner) {
    Saved saved = {.size = sdqn_learner_state_size(learner)};
    saved.bytes = malloc(saved.size);
    assert_non_null(saved.bytes);
    sdqn_learner_save_state(learner, saved.bytes);
    return saved;
}

static void check_same_state(const SdqnLearner *a, const SdqnLearner *b) {
    Saved left = save(a), right = save(b);
    assert_int_equal(left.size, right.size);
    assert_memory_equal(left.bytes, right.bytes, left.size);
    free(left.bytes);
    free(right.bytes);
}

static void saved_state_goes_on_bit_for_bit_on_every_level(void **state) {
    (void)state;
    Recorder recorder = {0};
    const SdqnTaskBuffersDef buffers = buffers_def(&recorder);
    static const int stops[] = {0, 5, 41, 100, 190}; // empty buffers, before the first update, after it, full ones
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        SdqnLearner *learner = make_learner(&buffers, SDQN_CPU_SCALAR), *resumed = make_learner(&buffers, sdqn_cpu_level_best());
        for (int step = 0; step < stops[i]; step++) one_step(learner, step, step % TASKS);
        for (int step = 500; step < 560; step++) one_step(resumed, step, step % TASKS); // is forgotten
        Saved saved = save(learner);
        SdqnError error = {0};
        if (sdqn_learner_load_state(resumed, saved.bytes, saved.size, &error) != SDQN_OK) fail_msg("%s", error.message);
        check_same_state(learner, resumed);
        for (int step = stops[i]; step < stops[i] + 80; step++) {
            const SdqnUpdate update = one_step(learner, step, step % TASKS), again = one_step(resumed, step, step % TASKS);
            assert_true(update.done == again.done && update.loss == again.loss);
        }
        check_same_state(learner, resumed);
        free(saved.bytes);
        sdqn_learner_destroy(learner);
        sdqn_learner_destroy(resumed);
    }
}

static void cut_or_damaged_states_are_refused_and_change_nothing(void **state) {
    (void)state;
    Recorder recorder = {0};
    const SdqnTaskBuffersDef buffers = buffers_def(&recorder);
    SdqnLearner *learner = make_learner(&buffers, SDQN_CPU_SCALAR), *other = make_learner(&buffers, SDQN_CPU_SCALAR);
    SdqnLearner *untouched = make_learner(&buffers, SDQN_CPU_SCALAR);
    for (int step = 0; step < 50; step++) one_step(learner, step, step % TASKS);
    Saved saved = save(learner);
    SdqnError error = {0};
    for (size_t size = 0; size < saved.size; size += 1 + size / 60) {
        uint8_t *cut = malloc(size + 1);
        assert_non_null(cut);
        memcpy(cut, saved.bytes, size);
        if (size >= 16) memcpy(cut + 8, &(uint64_t){size}, sizeof(uint64_t)); // the header agrees
        assert_int_equal(sdqn_learner_load_state(other, cut, size, &error), SDQN_ERR_FORMAT);
        free(cut);
    }
    // The size of the last replay buffer's state: too small, too large.
    const size_t row = 2 * OBSERVATION * sizeof(float) + 8, last = saved.size - (16 + 16 * row) - 8;
    const uint64_t sizes[] = {0, 15, UINT64_MAX, 16 + 15 * row, 16 + 17 * row};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t recorded;
        memcpy(&recorded, saved.bytes + last, sizeof recorded);
        assert_int_equal(recorded, 16 + 16 * row);
        memcpy(saved.bytes + last, &sizes[i], sizeof sizes[i]);
        assert_int_equal(sdqn_learner_load_state(other, saved.bytes, saved.size, &error), SDQN_ERR_FORMAT);
        memcpy(saved.bytes + last, &recorded, sizeof recorded);
    }
    check_same_state(other, untouched);
    free(saved.bytes);
    sdqn_learner_destroy(learner);
    sdqn_learner_destroy(other);
    sdqn_learner_destroy(untouched);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_start_when_all_hold_enough_and_each_a_batch),
        cmocka_unit_test(updates_equal_their_parts),
        cmocka_unit_test(each_buffer_has_priorities_of_its_own),
        cmocka_unit_test(weights_scales_and_decay_act_where_they_should),
        cmocka_unit_test(wrong_definitions_are_refused),
        cmocka_unit_test(nothing_is_stepped_without_a_direction_or_with_an_infinite_loss),
        cmocka_unit_test(saved_state_goes_on_bit_for_bit_on_every_level),
        cmocka_unit_test(cut_or_damaged_states_are_refused_and_change_nothing),
    };
    return cmocka_run_group_tests_name("task_buffers", tests, NULL, NULL);
}
