// test_learner.c: the learner's protocol, its numerics against a plain repetition, and its complete saved state.
#include "core/dmath.h"
#include "dqn/learner.h"
#include "dqn/td_target.h"
#include "nn/adam.h"
#include "nn/clip.h"
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

static const SdqnQNetworkDef small_network = {
    .observation_size = 5, .num_actions = 4, .num_tasks = 3, .embedding_size = 2, .hidden1_size = 21, .hidden2_size = 10};

static SdqnDqnDef small_dqn(void) {
    SdqnDqnDef def = sdqn_dqn_def_default();
    def.batch_size = 8;
    def.replay_capacity = 60;
    def.min_replay_size = 20;
    def.target_period = 2;
    def.epsilon_decay = 0.9;
    return def;
}

/// The same with every switch on.
static SdqnDqnDef switched_dqn(void) {
    SdqnDqnDef def = small_dqn();
    def.double_dqn = true;
    def.loss = SDQN_LOSS_HUBER;
    def.huber_delta = 0.75;
    def.target_tau = 0.05;
    def.clip_norm = 0.5;
    def.update_period = 3;
    def.weight_decay = 0.2;
    def.n_step = 4;
    def.prioritised = true;
    def.priority_alpha = 0.7;
    def.priority_beta = 0.5;
    def.priority_beta_updates = 50;
    return def;
}

static SdqnLearnerStreams streams_of(uint64_t seed) {
    SdqnLearnerStreams streams;
    sdqn_rng_seed_spawned(&streams.weights, seed, (const uint32_t[]){SDQN_STREAM_WEIGHTS}, 1);
    sdqn_rng_seed_spawned(&streams.exploration, seed, (const uint32_t[]){SDQN_STREAM_EXPLORATION}, 1);
    sdqn_rng_seed_spawned(&streams.replay, seed, (const uint32_t[]){SDQN_STREAM_REPLAY}, 1);
    sdqn_rng_seed_spawned(&streams.noise, seed, (const uint32_t[]){SDQN_STREAM_METHOD}, 1);
    return streams;
}

static SdqnLearner *make_learner(const SdqnDqnDef *def, SdqnCpuLevel level) {
    const SdqnLearnerStreams streams = streams_of(1);
    SdqnLearner *learner;
    SdqnError error = {0};
    if (sdqn_learner_create(&small_network, def, sdqn_kernels(level), NULL, &streams, &learner, &error) != SDQN_OK) {
        fail_msg("%s", error.message);
    }
    return learner;
}

/// Step `step` of a made-up environment: observations from a stream of its own, rewards that the observation explains.
static SdqnUpdate one_step(SdqnLearner *learner, int step) {
    SdqnRng rng;
    sdqn_rng_seed(&rng, (uint64_t)step);
    float observation[5], next[5];
    for (int i = 0; i < 5; i++) {
        observation[i] = (float)sdqn_rng_normal(&rng);
        next[i] = (float)sdqn_rng_normal(&rng);
    }
    const int task = step / 30 % 3, action = sdqn_learner_act(learner, observation, task);
    assert_true(action >= 0 && action < 4);
    sdqn_learner_push(learner, &(SdqnTransition){.observation = observation,
                                                 .next_observation = next,
                                                 .reward = (double)observation[action] + task,
                                                 .action = action,
                                                 .task = task,
                                                 .terminated = step % 10 == 0,
                                                 .truncated = step % 30 == 29});
    SdqnUpdate update;
    SdqnError error = {0};
    if (sdqn_learner_update(learner, &update, &error) != SDQN_OK) fail_msg("%s", error.message);
    if (step % 30 == 29) sdqn_learner_end_episode(learner);
    return update;
}

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

// Definition

static void default_definition_is_the_protocol(void **state) {
    (void)state;
    const SdqnDqnDef def = sdqn_dqn_def_default();
    SdqnError error = {0};
    assert_int_equal(sdqn_dqn_def_check(&def, &error), SDQN_OK);
    assert_true(def.learning_rate == 5e-4 && def.gamma == 0.99 && def.epsilon_decay == 0.995 && def.epsilon_floor == 0.01);
    assert_int_equal(def.batch_size, 64);
    assert_int_equal(def.replay_capacity, 100000);
    assert_int_equal(def.min_replay_size, 2000);
    assert_int_equal(def.target_period, 10);
}

static void check_refused(SdqnDqnDef def, const char *message) {
    SdqnError error = {0};
    assert_int_equal(sdqn_dqn_def_check(&def, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, message);
    const SdqnLearnerStreams streams = streams_of(1);
    SdqnLearner *learner = NULL;
    assert_int_equal(sdqn_learner_create(&small_network, &def, sdqn_kernels(SDQN_CPU_SCALAR), NULL, &streams, &learner, &error),
                     SDQN_ERR_ARGUMENT);
    assert_null(learner);
}

static void definition_errors_name_field_value_and_range(void **state) {
    (void)state;
    SdqnDqnDef def = sdqn_dqn_def_default();
    def.learning_rate = 0.0;
    check_refused(def, "learning_rate = 0: must be in (0, 1]");
    def = sdqn_dqn_def_default();
    def.gamma = 1.5;
    check_refused(def, "gamma = 1.5: must be in [0, 1]");
    def.gamma = (double)NAN;
    check_refused(def, "gamma = nan: must be in [0, 1]");
    def = sdqn_dqn_def_default();
    def.epsilon_decay = -0.5;
    check_refused(def, "epsilon_decay = -0.5: must be in (0, 1]");
    def = sdqn_dqn_def_default();
    def.batch_size = 0;
    check_refused(def, "batch_size = 0: must be in [1, 4096]");
    def = sdqn_dqn_def_default();
    def.replay_capacity = 63;
    check_refused(def, "replay_capacity = 63: must be in [64, 10000000]");
    def = sdqn_dqn_def_default();
    def.min_replay_size = 100000;
    check_refused(def, "min_replay_size = 100000: must be in [63, 99999]");
    def = sdqn_dqn_def_default();
    def.huber_delta = 0.0;
    check_refused(def, "huber_delta = 0: must be in (0, 1000000]");
    def = sdqn_dqn_def_default();
    def.target_tau = 1.5;
    check_refused(def, "target_tau = 1.5: must be in [0, 1]");
    def = sdqn_dqn_def_default();
    def.clip_norm = -1.0;
    check_refused(def, "clip_norm = -1: must be in [0, 1000000000]");
    def = sdqn_dqn_def_default();
    def.update_period = 0;
    check_refused(def, "update_period = 0: must be in [1, 1000000]");
    def = sdqn_dqn_def_default();
    def.loss = (SdqnLossKind)3;
    check_refused(def, "loss = 3: must be in [0, 2]");
    def = sdqn_dqn_def_default();
    def.n_step = 65;
    check_refused(def, "n_step = 65: must be in [1, 64]");
    def = sdqn_dqn_def_default();
    def.weight_decay = 2;
    check_refused(def, "weight_decay = 2: must be in [0, 1]");
    check_refused((SdqnDqnDef){0}, "learning_rate = 0: must be in (0, 1]");
}

static void loss_and_network_must_go_together(void **state) {
    (void)state;
    const SdqnLearnerStreams streams = streams_of(1);
    SdqnLearner *learner = NULL;
    SdqnError error = {0};
    for (int atoms = 0; atoms <= 5; atoms += 5) {
        SdqnDqnDef def = small_dqn();
        SdqnQNetworkDef network_def = small_network;
        def.loss = atoms == 0 ? SDQN_LOSS_CATEGORICAL : SDQN_LOSS_HUBER;
        network_def.num_atoms = atoms;
        network_def.value_max = 1;
        assert_int_equal(sdqn_learner_create(&network_def, &def, sdqn_kernels(SDQN_CPU_SCALAR), NULL, &streams, &learner, &error),
                         SDQN_ERR_ARGUMENT);
        assert_null(learner);
        assert_string_equal(error.message,
                            atoms == 0 ? "atoms = 0: loss categorical needs at least 2" : "atoms = 5: only loss categorical has any");
    }
}

// Protocol

static void updates_start_when_the_buffer_holds_more_than_the_minimum(void **state) {
    (void)state;
    const SdqnDqnDef def = small_dqn();
    SdqnLearner *learner = make_learner(&def, SDQN_CPU_SCALAR);
    for (int step = 0; step < 40; step++) {
        const SdqnUpdate update = one_step(learner, step);
        assert_int_equal(update.done, step + 1 > 20);
        assert_true(update.done ? update.loss > 0.0f : update.loss == 0.0f);
    }
    assert_int_equal(sdqn_learner_updates(learner), 20);
    sdqn_learner_destroy(learner);
}

static void epsilon_shrinks_once_an_episode(void **state) {
    (void)state;
    const SdqnDqnDef def = small_dqn();
    SdqnLearner *learner = make_learner(&def, SDQN_CPU_SCALAR);
    assert_true(sdqn_learner_epsilon(learner) == 1.0);
    sdqn_learner_end_episode(learner);
    sdqn_learner_end_episode(learner);
    assert_true(sdqn_learner_epsilon(learner) == 0.9 * 0.9);
    assert_int_equal(sdqn_learner_episodes(learner), 2);
    sdqn_learner_destroy(learner);
}

static void q_values_change_nothing_that_is_saved(void **state) {
    (void)state;
    enum { ROWS = 150 }; // more than are computed at a time
    const SdqnDqnDef def = small_dqn();
    SdqnLearner *learner = make_learner(&def, SDQN_CPU_SCALAR), *same = make_learner(&def, SDQN_CPU_SCALAR);
    float observation[ROWS * 5], q[ROWS * 4], single[4];
    int32_t task[ROWS];
    for (int i = 0; i < ROWS * 5; i++) observation[i] = (float)(i % 17) - 8.0f;
    for (int b = 0; b < ROWS; b++) task[b] = b % 3;
    sdqn_learner_q_values(learner, observation, task, ROWS, q);
    for (int b = 0; b < ROWS; b++) {
        sdqn_learner_q_values(learner, observation + (ptrdiff_t)b * 5, task + b, 1, single);
        assert_memory_equal(single, q + (ptrdiff_t)b * 4, sizeof single);
    }
    check_same_state(learner, same);
    sdqn_learner_destroy(learner);
    sdqn_learner_destroy(same);
}

/// Steps of an episode that wait for those that follow them: n-step returns in the plainest way.
typedef struct Waiting {
    int count;
    struct {
        float observation[5];
        double reward;
        int action;
    } steps[64];
} Waiting;

/// Take a step and push what is complete: with the n-th step the oldest, with the last step of an episode all.
static void push_n_steps(SdqnReplayBuffer *replay, Waiting *waiting, int n, const SdqnTransition *step) {
    const int last = waiting->count++;
    memcpy(waiting->steps[last].observation, step->observation, sizeof waiting->steps[last].observation);
    waiting->steps[last].reward = step->reward;
    waiting->steps[last].action = step->action;
    const bool ends = step->terminated || step->truncated;
    while (waiting->count > 0 && (ends || waiting->count == n)) {
        double sum = 0.0;
        for (int i = waiting->count - 1; i >= 0; i--) sum = waiting->steps[i].reward + 0.99 * sum;
        SdqnTransition complete = *step;
        complete.observation = waiting->steps[0].observation;
        complete.action = waiting->steps[0].action;
        complete.reward = sum;
        complete.extra_steps = waiting->count - 1;
        sdqn_replay_buffer_push(replay, &complete);
        memmove(waiting->steps, waiting->steps + 1, (size_t)--waiting->count * sizeof *waiting->steps);
    }
}

/// Sum of 2^k neighbours, as a tree adds them.
static double sum_of(const double *values, int count) {
    return count == 1 ? values[0] : sum_of(values, count / 2) + sum_of(values + count / 2, count / 2);
}

/// Prioritised draws in the plainest way: one row of each of eight equal parts of the running sum, and the batch's weights.
static void draw_prioritised(const double *priorities, double beta, SdqnRng *rng, SdqnBatch *batch, float *weights) {
    const double part = sum_of(priorities, 64) / 8;
    double least = (double)INFINITY;
    for (int b = 0; b < 8; b++) {
        double place = (b + sdqn_rng_double(rng)) * part;
        int row = 0;
        while (place >= priorities[row]) place -= priorities[row++];
        batch->row[b] = row;
        least = fmin(least, priorities[row]);
    }
    for (int b = 0; b < 8; b++) weights[b] = (float)sdqn_exp(-beta * sdqn_log(priorities[batch->row[b]] / least));
}

/// The learner's updates repeated with the parts it is made of, from the protocol's text: which batch, which target, when copied.
static void check_updates(SdqnDqnDef def) {
    const SdqnKernels *kernels = sdqn_kernels(SDQN_CPU_SCALAR);
    SdqnLearner *learner = make_learner(&def, SDQN_CPU_SCALAR);
    SdqnLearnerStreams streams = streams_of(1);
    SdqnQNetwork *network, *target;
    SdqnQWorkspace *workspace;
    SdqnReplayBuffer *replay;
    SdqnBatch batch;
    SdqnAdam adam;
    const size_t count = sdqn_q_network_def_parameter_count(&small_network);
    assert_int_equal(sdqn_q_network_create(&small_network, kernels, &network, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_network_create(&small_network, kernels, &target, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_workspace_create(&small_network, 8, true, &workspace, NULL), SDQN_OK);
    assert_int_equal(sdqn_replay_buffer_create(60, 5, &replay, NULL), SDQN_OK);
    assert_int_equal(sdqn_batch_create(&batch, 8, 5, NULL), SDQN_OK);
    assert_int_equal(sdqn_adam_create(&adam, count, NULL), SDQN_OK);
    float *gradient = calloc(count, sizeof(float));
    int clipped = 0, longer = 0;
    Waiting waiting = {0};
    double priorities[64] = {0}, largest = 1.0;
    int stored = 0, updates = 0;
    sdqn_q_network_init(network, &streams.weights);
    sdqn_q_network_copy(target, network);
    for (int step = 0; step < 200; step++) {
        const int episode = step / 30;
        SdqnRng rng;
        sdqn_rng_seed(&rng, (uint64_t)step);
        float observation[5], next[5], q[8 * 4], dq[8 * 4], y[8], loss = 0.0f;
        for (int i = 0; i < 5; i++) {
            observation[i] = (float)sdqn_rng_normal(&rng);
            next[i] = (float)sdqn_rng_normal(&rng);
        }
        const int32_t task = episode % 3;
        int action = 0;
        if (sdqn_rng_double(&streams.exploration) < fmax(0.01, pow(0.9, episode))) {
            action = (int)sdqn_rng_integers(&streams.exploration, 0, 4);
        } else {
            sdqn_q_network_forward(network, workspace, observation, &task, 1, q);
            for (int a = 1; a < 4; a++) action = q[a] > q[action] ? a : action;
        }
        push_n_steps(replay, &waiting, def.n_step,
                     &(SdqnTransition){.observation = observation,
                                       .next_observation = next,
                                       .reward = (double)observation[action] + task,
                                       .action = action,
                                       .task = task,
                                       .terminated = step % 10 == 0,
                                       .truncated = step % 30 == 29});
        for (; stored < step + 1 - waiting.count; stored++) priorities[stored % 60] = largest;
        if (sdqn_replay_buffer_size(replay) > 20 && (step + 1) % def.update_period == 0) {
            float q_next[8 * 4], discount[8], weights[8];
            if (def.prioritised) {
                const double passed = fmin(1.0, (double)updates / def.priority_beta_updates);
                draw_prioritised(priorities, def.priority_beta + (1.0 - def.priority_beta) * passed, &streams.replay, &batch, weights);
                sdqn_replay_buffer_gather(replay, 8, &batch);
            } else {
                sdqn_replay_buffer_sample(replay, &streams.replay, 8, &batch);
            }
            updates++;
            for (int b = 0; b < 8; b++) {
                double power = 0.99;
                for (int k = 0; k < batch.extra_steps[b]; k++) power *= 0.99;
                discount[b] = (float)power;
                longer += batch.extra_steps[b];
            }
            sdqn_q_network_forward(target, workspace, batch.next_observation, batch.task, 8, q);
            sdqn_q_network_forward(network, workspace, batch.next_observation, batch.task, 8, q_next);
            if (def.double_dqn) {
                sdqn_td_target_double(q_next, q, batch.reward, batch.terminated, discount, 8, 4, y);
            } else {
                sdqn_td_target(q, batch.reward, batch.terminated, discount, 8, 4, y);
            }
            sdqn_q_network_forward(network, workspace, batch.observation, batch.task, 8, q);
            if (def.loss == SDQN_LOSS_HUBER) {
                loss = sdqn_huber_loss(q, batch.action, y, (float)def.huber_delta, 8, 4, dq);
            } else {
                loss = sdqn_mse_loss(q, batch.action, y, 8, 4, dq);
            }
            for (int b = 0; def.prioritised && b < 8; b++) {
                const double size = (double)fabsf(q[b * 4 + batch.action[b]] - y[b]) + 1e-6;
                for (int a = 0; a < 4; a++) dq[b * 4 + a] *= weights[b];
                priorities[batch.row[b]] = sdqn_exp(def.priority_alpha * sdqn_log(size));
                largest = fmax(largest, priorities[batch.row[b]]);
            }
            sdqn_q_network_backward(network, workspace, batch.task, dq, 8, gradient);
            if (def.clip_norm > 0) clipped += sdqn_clip_norm(kernels, gradient, count, def.clip_norm) > def.clip_norm;
            float *parameters = sdqn_q_network_parameters_mutable(network);
            for (size_t i = 0; def.weight_decay > 0 && i < count; i++) parameters[i] *= (float)(1.0 - 5e-4 * def.weight_decay);
            sdqn_adam_step(&adam, kernels, gradient, 5e-4, parameters);
            sdqn_q_network_refresh(network);
            if (def.target_tau > 0) sdqn_q_network_mix(target, network, (float)def.target_tau);
        }
        if (step % 30 == 29 && episode > 0 && episode % 2 == 0 && def.target_tau == 0) sdqn_q_network_copy(target, network);
        assert_true(one_step(learner, step).loss == loss);
        assert_memory_equal(sdqn_q_network_parameters(sdqn_learner_network(learner)), sdqn_q_network_parameters(network),
                            count * sizeof(float));
    }
    assert_true(def.clip_norm == 0 || clipped > 0);
    assert_true((def.n_step > 1) == (longer > 0));
    free(gradient);
    sdqn_adam_destroy(&adam);
    sdqn_batch_destroy(&batch);
    sdqn_replay_buffer_destroy(replay);
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_network_destroy(network);
    sdqn_q_network_destroy(target);
    sdqn_learner_destroy(learner);
}

static void updates_equal_their_parts(void **state) {
    (void)state;
    check_updates(small_dqn());
}

/// Each switch alone, then all.
static void switches_change_their_part_of_an_update(void **state) {
    (void)state;
    const SdqnDqnDef all = switched_dqn();
    SdqnDqnDef def = small_dqn();
    def.double_dqn = true;
    check_updates(def);
    def = small_dqn();
    def.loss = SDQN_LOSS_HUBER;
    check_updates(def);
    def = small_dqn();
    def.target_tau = all.target_tau;
    check_updates(def);
    def = small_dqn();
    def.clip_norm = all.clip_norm;
    check_updates(def);
    def = small_dqn();
    def.update_period = all.update_period;
    check_updates(def);
    def = small_dqn();
    def.weight_decay = all.weight_decay;
    check_updates(def);
    def = small_dqn();
    def.n_step = all.n_step;
    check_updates(def);
    def = small_dqn();
    def.prioritised = true;
    check_updates(def);
    check_updates(all);
}

/// A first return of 32 scales all rewards by 8 / 32 from then on: the updates are those of rewards that are a quarter.
static void rewards_are_scaled_to_the_support(void **state) {
    (void)state;
    SdqnQNetworkDef network_def = small_network;
    network_def.num_atoms = 9;
    network_def.value_min = -8.0;
    network_def.value_max = 8.0;
    SdqnDqnDef def = small_dqn();
    def.loss = SDQN_LOSS_CATEGORICAL;
    const SdqnLearnerStreams streams = streams_of(1);
    SdqnLearner *scaled, *plain;
    def.reward_normalisation = true;
    assert_int_equal(sdqn_learner_create(&network_def, &def, sdqn_kernels(SDQN_CPU_SCALAR), NULL, &streams, &scaled, NULL), SDQN_OK);
    def.reward_normalisation = false;
    assert_int_equal(sdqn_learner_create(&network_def, &def, sdqn_kernels(SDQN_CPU_SCALAR), NULL, &streams, &plain, NULL), SDQN_OK);
    for (int step = 0; step < 200; step++) {
        SdqnRng rng;
        sdqn_rng_seed(&rng, (uint64_t)step);
        float observation[5], next[5];
        for (int i = 0; i < 5; i++) {
            observation[i] = (float)sdqn_rng_normal(&rng);
            next[i] = (float)sdqn_rng_normal(&rng);
        }
        SdqnTransition transition = {.observation = observation,
                                     .next_observation = next,
                                     .reward = step < 3 ? 32.0 : (double)observation[0],
                                     .action = step % 4,
                                     .task = step % 3,
                                     .terminated = true};
        SdqnUpdate update, expected;
        sdqn_learner_push(scaled, &transition);
        transition.reward *= 0.25;
        sdqn_learner_push(plain, &transition);
        assert_int_equal(sdqn_learner_update(scaled, &update, NULL), SDQN_OK);
        assert_int_equal(sdqn_learner_update(plain, &expected, NULL), SDQN_OK);
        assert_true(update.done == expected.done && update.loss == expected.loss);
    }
    assert_memory_equal(sdqn_q_network_parameters(sdqn_learner_network(scaled)), sdqn_q_network_parameters(sdqn_learner_network(plain)),
                        sdqn_q_network_def_parameter_count(&network_def) * sizeof(float));
    sdqn_learner_destroy(scaled);
    sdqn_learner_destroy(plain);
}

static void check_levels(SdqnDqnDef def) {
    SdqnLearner *scalar = make_learner(&def, SDQN_CPU_SCALAR);
    for (int step = 0; step < 300; step++) one_step(scalar, step);
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
        SdqnLearner *learner = make_learner(&def, (SdqnCpuLevel)level);
        for (int step = 0; step < 300; step++) one_step(learner, step);
        check_same_state(learner, scalar);
        sdqn_learner_destroy(learner);
    }
    sdqn_learner_destroy(scalar);
}

static void states_are_the_same_on_every_level(void **state) {
    (void)state;
    check_levels(small_dqn());
    check_levels(switched_dqn());
}

static void learning_lowers_the_loss(void **state) {
    (void)state;
    SdqnDqnDef def = small_dqn();
    def.gamma = 0.0;
    def.learning_rate = 3e-3;
    SdqnLearner *learner = make_learner(&def, sdqn_cpu_level_best());
    double early = 0.0, late = 0.0;
    for (int step = 0; step < 4020; step++) {
        const SdqnUpdate update = one_step(learner, step % 60); // the same 60 transitions, but for the actions
        if (step >= 20 && step < 120) early += (double)update.loss;
        if (step >= 3920) late += (double)update.loss;
    }
    assert_true(late < 0.05 * early);
    sdqn_learner_destroy(learner);
}

/// A learner that begins with another's weights goes on as that one, whose target network has the same weights too.
static void beginning_with_weights_sets_both_networks(void **state) {
    (void)state;
    const SdqnDqnDef def = small_dqn();
    SdqnLearnerStreams streams = streams_of(1);
    SdqnLearner *first = make_learner(&def, SDQN_CPU_SCALAR), *second;
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    int known = 0;
    sdqn_rng_seed(&streams.weights, 99);
    assert_int_equal(sdqn_learner_create(&small_network, &def, sdqn_kernels(SDQN_CPU_SCALAR), NULL, &streams, &second, NULL), SDQN_OK);
    const int count = sdqn_q_network_tensors(sdqn_learner_network(first), tensors);
    assert_int_equal(sdqn_learner_init_from(second, "first", tensors, count, &known, NULL), SDQN_OK);
    assert_int_equal(known, 3);
    for (int step = 0; step < 100; step++) { // over the first updates, whose targets are by the weights at the beginning
        const SdqnUpdate expected = one_step(first, step), update = one_step(second, step);
        assert_true(update.done == expected.done && update.loss == expected.loss);
    }
    check_same_state(first, second);
    sdqn_learner_destroy(first);
    sdqn_learner_destroy(second);
}

static void infinite_loss_is_an_error_and_steps_nothing(void **state) {
    (void)state;
    const SdqnDqnDef def = small_dqn();
    SdqnLearner *learner = make_learner(&def, sdqn_cpu_level_best());
    const size_t bytes = sdqn_q_network_def_parameter_count(&small_network) * sizeof(float);
    float *before = malloc(bytes);
    assert_non_null(before);
    memcpy(before, sdqn_q_network_parameters(sdqn_learner_network(learner)), bytes);
    const float observation[5] = {0};
    for (int i = 0; i < 21; i++) {
        sdqn_learner_push(learner, &(SdqnTransition){.observation = observation, .next_observation = observation, .reward = 1e300});
    }
    SdqnUpdate update;
    SdqnError error = {0};
    assert_int_equal(sdqn_learner_update(learner, &update, &error), SDQN_ERR_NUMERIC);
    assert_string_equal(error.message, "the loss is inf: training has diverged");
    assert_false(update.done);
    assert_memory_equal(before, sdqn_q_network_parameters(sdqn_learner_network(learner)), bytes);
    free(before);
    sdqn_learner_destroy(learner);
}

/// Whether a parameter belongs to the tasks from `first_task` on alone, by the names and shapes of tensors: embeddings and residuals have a
/// first dimension of tasks.
static bool belongs_to(const SdqnQNetwork *network, size_t parameter, int first_task) {
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    const float *place = sdqn_q_network_parameters(network) + parameter;
    for (int i = 0, count = sdqn_q_network_tensors(network, tensors); i < count; i++) {
        const size_t size = sdqn_tensor_count(&tensors[i]), tasks = tensors[i].shape[0];
        const bool by_task =
            strcmp(tensors[i].name, "task_embedding.weight") == 0 || strstr(tensors[i].name, "_mean") || strstr(tensors[i].name, "_rho");
        if (place < tensors[i].data || place >= tensors[i].data + size) continue;
        return by_task && (size_t)(place - tensors[i].data) / (size / tasks) >= (size_t)first_task;
    }
    fail_msg("parameter %zu is in no tensor", parameter);
    return false;
}

/// With frozen tasks nothing changes but what belongs to the others alone, whatever the switches.
static void frozen_parameters_keep_their_bits(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        SdqnQNetworkDef network_def = small_network;
        SdqnDqnDef def = switched_dqn();
        def.frozen_tasks = 2;
        def.target_tau = kind == 1 ? 0.1 : 0.0;
        network_def.prior_scale = 1.0;
        if (kind > 0) network_def.conditioning = SDQN_CONDITIONING_BLIND;
        if (kind > 0) network_def.residuals = kind == 1 ? SDQN_RESIDUALS_VECTOR : SDQN_RESIDUALS_GAUSSIAN;
        network_def.learned_prior = kind == 2;
        const SdqnLearnerStreams streams = streams_of(1);
        SdqnLearner *learner;
        SdqnError error = {0};
        if (sdqn_learner_create(&network_def, &def, sdqn_kernels(SDQN_CPU_SCALAR), NULL, &streams, &learner, &error) != SDQN_OK)
            fail_msg("%s", error.message);
        const SdqnQNetwork *network = sdqn_learner_network(learner);
        const size_t count = sdqn_q_network_parameter_count(network);
        const float *now = sdqn_q_network_parameters(network);
        float *before = malloc(count * sizeof(float));
        memcpy(before, now, count * sizeof(float));
        for (int step = 0; step < 300; step++) one_step(learner, step);
        size_t own = 0, changed = 0;
        for (size_t k = 0; k < count; k++) {
            const bool learns = belongs_to(network, k, 2);
            own += learns;
            changed += before[k] != now[k];
            if (!learns && before[k] != now[k]) fail_msg("kind %d: parameter %zu of %zu has changed", kind, k, count);
        }
        assert_true(changed > own / 2);
        free(before);
        sdqn_learner_destroy(learner);
    }
}

static void freezing_needs_something_to_learn(void **state) {
    (void)state;
    SdqnDqnDef def = small_dqn();
    const SdqnLearnerStreams streams = streams_of(1);
    SdqnQNetworkDef blind = small_network;
    SdqnLearner *learner = NULL;
    SdqnError error = {0};
    def.frozen_tasks = 3;
    assert_int_equal(sdqn_learner_create(&small_network, &def, sdqn_kernels(SDQN_CPU_SCALAR), NULL, &streams, &learner, &error),
                     SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "frozen_tasks = 3: leaves no task to learn");
    def.frozen_tasks = 1;
    blind.conditioning = SDQN_CONDITIONING_BLIND;
    assert_int_equal(sdqn_learner_create(&blind, &def, sdqn_kernels(SDQN_CPU_SCALAR), NULL, &streams, &learner, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "frozen_tasks = 1: nothing in the network belongs to one task alone"));
    assert_null(learner);
}

// Saved states

static void check_saved_states(SdqnDqnDef def) {
    static const int stops[] = {0, 7, 20, 21, 59, 60, 61, 119, 120, 200};
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        SdqnLearner *learner = make_learner(&def, sdqn_cpu_level_best()), *resumed = make_learner(&def, sdqn_cpu_level_best());
        for (int step = 0; step < stops[i]; step++) one_step(learner, step);
        for (int step = 500; step < 540; step++) one_step(resumed, step); // what it did before is forgotten
        Saved saved = save(learner);
        SdqnError error = {0};
        if (sdqn_learner_load_state(resumed, saved.bytes, saved.size, &error) != SDQN_OK) fail_msg("%s", error.message);
        check_same_state(learner, resumed);
        for (int step = stops[i]; step < stops[i] + 100; step++) {
            const SdqnUpdate update = one_step(learner, step), again = one_step(resumed, step);
            assert_true(update.done == again.done && update.loss == again.loss);
        }
        check_same_state(learner, resumed);
        free(saved.bytes);
        sdqn_learner_destroy(learner);
        sdqn_learner_destroy(resumed);
    }
}

static void check_state_refused(SdqnLearner *learner, const uint8_t *bytes, size_t size, const char *message) {
    SdqnError error = {0};
    Saved before = save(learner);
    assert_int_equal(sdqn_learner_load_state(learner, bytes, size, &error), SDQN_ERR_FORMAT);
    if (!strstr(error.message, message)) fail_msg("expected \"...%s...\", found \"%s\"", message, error.message);
    Saved after = save(learner);
    assert_memory_equal(before.bytes, after.bytes, before.size);
    free(before.bytes);
    free(after.bytes);
}

static void saved_state_goes_on_bit_for_bit(void **state) {
    (void)state;
    check_saved_states(small_dqn());
    check_saved_states(switched_dqn());
}

static void states_of_other_switches_are_refused(void **state) {
    (void)state;
    const SdqnDqnDef def = small_dqn();
    SdqnLearner *learner = make_learner(&def, SDQN_CPU_SCALAR);
    Saved saved = save(learner);
    for (int i = 0; i < 14; i++) {
        const SdqnDqnDef on = switched_dqn();
        SdqnDqnDef other = def;
        if (i == 0) other.double_dqn = on.double_dqn;
        if (i == 1) other.loss = on.loss;
        if (i == 2) other.huber_delta = on.huber_delta;
        if (i == 3) other.target_tau = on.target_tau;
        if (i == 4) other.clip_norm = on.clip_norm;
        if (i == 5) other.update_period = on.update_period;
        if (i == 6) other.weight_decay = on.weight_decay;
        if (i == 7) other.n_step = on.n_step;
        if (i == 8) other.projection = SDQN_PROJECTION_ORIGINAL;
        if (i == 9) other.prioritised = true;
        if (i == 10) other.environments = 2;
        if (i == 12) other.epsilon_start = 0.5;
        if (i == 13) other.frozen_tasks = 1;
        if (i == 11) other.priority_beta_updates = on.priority_beta_updates;
        SdqnLearner *refusing = make_learner(&other, SDQN_CPU_SCALAR);
        SdqnError error = {0};
        assert_int_equal(sdqn_learner_load_state(refusing, saved.bytes, saved.size, &error), SDQN_ERR_FORMAT);
        assert_string_equal(error.message, "saved learner: made with other settings");
        sdqn_learner_destroy(refusing);
    }
    free(saved.bytes);
    sdqn_learner_destroy(learner);
}

static void cut_or_longer_states_are_refused(void **state) {
    (void)state;
    const SdqnDqnDef def = small_dqn();
    SdqnLearner *learner = make_learner(&def, SDQN_CPU_SCALAR);
    for (int step = 0; step < 30; step++) one_step(learner, step);
    Saved saved = save(learner);
    for (size_t size = 0; size < saved.size; size += 1 + size / 50) {
        uint8_t *cut = malloc(size + 1); // a block of its own, so that a sanitizer sees any read behind it
        assert_non_null(cut);
        memcpy(cut, saved.bytes, size);
        check_state_refused(learner, cut, size, "saved learner");
        free(cut);
    }
    uint8_t *longer = calloc(saved.size + 4, 1);
    memcpy(longer, saved.bytes, saved.size);
    check_state_refused(learner, longer, saved.size + 4, "damaged");
    const uint64_t claimed = saved.size + 4; // the header agrees now, the replay buffer does not
    memcpy(longer + 8, &claimed, sizeof claimed);
    check_state_refused(learner, longer, saved.size + 4, "4 bytes too many");
    free(longer);
    free(saved.bytes);
    sdqn_learner_destroy(learner);
}

/// Offsets into the state: magic 0, size 8, parameter count 16, counters to 47, running powers to 71, then three streams, the definitions
/// of 18 numbers and more, the arrays, and the replay buffer behind its size.
enum { STREAMS = 72, DEFINITIONS = STREAMS + 3 * 40, ARRAYS = DEFINITIONS + 8 * (18 + SDQN_DQN_DEF_VALUES) };

static void damaged_states_are_refused(void **state) {
    (void)state;
    const SdqnDqnDef def = small_dqn();
    SdqnLearner *learner = make_learner(&def, SDQN_CPU_SCALAR);
    for (int step = 0; step < 30; step++) one_step(learner, step);
    Saved saved = save(learner);
    const size_t count = sdqn_q_network_def_parameter_count(&small_network);
    const double big = 1.5, none = (double)NAN;
    const float infinite = INFINITY, negative = -1.0f;
    const uint64_t even = 2;
    const uint32_t two = 2;
    const struct {
        size_t offset, size;
        const void *value;
        const char *message;
    } damages[] = {
        {0, 4, &two, "damaged"},
        {8, 8, &even, "damaged"},
        {16, 8, &even, "other settings"},
        {48, 8, &big, "running power"},
        {56, 8, &none, "running power"},
        {STREAMS + 24, 8, &even, "random stream"},
        {STREAMS + 40 + 36, 4, &two, "random stream"},
        {STREAMS + 80 + 24, 8, &even, "random stream"},
        {DEFINITIONS, 4, &two, "other settings"},
        {DEFINITIONS + 24, 8, &big, "other settings"},
        {ARRAYS + 4 * 5, 4, &infinite, "value 5 of"},
        {ARRAYS + 4 * (3 * count + 1), 4, &negative, "of the weights and moments is -1"},
        {ARRAYS + 4 * 4 * count, 8, &even, "saved replay buffer"},
        {ARRAYS + 4 * 4 * count + 16, 4, &negative, "saved replay buffer"},
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        uint8_t *damaged = malloc(saved.size);
        assert_non_null(damaged);
        memcpy(damaged, saved.bytes, saved.size);
        memcpy(damaged + damages[i].offset, damages[i].value, damages[i].size);
        check_state_refused(learner, damaged, saved.size, damages[i].message);
        free(damaged);
    }
    free(saved.bytes);
    sdqn_learner_destroy(learner);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_definition_is_the_protocol),
        cmocka_unit_test(definition_errors_name_field_value_and_range),
        cmocka_unit_test(loss_and_network_must_go_together),
        cmocka_unit_test(updates_start_when_the_buffer_holds_more_than_the_minimum),
        cmocka_unit_test(epsilon_shrinks_once_an_episode),
        cmocka_unit_test(q_values_change_nothing_that_is_saved),
        cmocka_unit_test(updates_equal_their_parts),
        cmocka_unit_test(switches_change_their_part_of_an_update),
        cmocka_unit_test(rewards_are_scaled_to_the_support),
        cmocka_unit_test(states_are_the_same_on_every_level),
        cmocka_unit_test(learning_lowers_the_loss),
        cmocka_unit_test(beginning_with_weights_sets_both_networks),
        cmocka_unit_test(infinite_loss_is_an_error_and_steps_nothing),
        cmocka_unit_test(frozen_parameters_keep_their_bits),
        cmocka_unit_test(freezing_needs_something_to_learn),
        cmocka_unit_test(saved_state_goes_on_bit_for_bit),
        cmocka_unit_test(states_of_other_switches_are_refused),
        cmocka_unit_test(cut_or_longer_states_are_refused),
        cmocka_unit_test(damaged_states_are_refused),
    };
    return cmocka_run_group_tests_name("learner", tests, NULL, NULL);
}
