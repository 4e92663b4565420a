// test_gradient_report.c: cosines and conflicts worked by hand, and reports of a learner against backward passes over each task's rows.
#include "dqn/learner.h"
#include "dqn/td_target.h"
#include "nn/loss.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 3, OBSERVATION = 5, ACTIONS = 4, BATCH = 8, CAPACITY = 60, PERIOD = 5 };

static const SdqnQNetworkDef network_def = {.observation_size = OBSERVATION,
                                            .num_actions = ACTIONS,
                                            .num_tasks = TASKS,
                                            .embedding_size = 2,
                                            .hidden1_size = 21,
                                            .hidden2_size = 10};

static void cosines_and_conflicts_follow_from_inner_products(void **state) {
    (void)state;
    // (1, 0), (1, 1), (-2, 0) and 0.
    const double gram[16] = {1, 1, -2, 0, 1, 2, -2, 0, -2, -2, 4, 0, 0, 0, 0, 0}, one[1] = {4}, zeros[4] = {0};
    assert_true(sdqn_gradient_cosine(gram, 4, 0, 0) == 1.0);
    assert_true(fabs(sdqn_gradient_cosine(gram, 4, 0, 1) - sqrt(0.5)) < 1e-15);
    assert_true(sdqn_gradient_cosine(gram, 4, 0, 2) == -1.0);
    assert_true(isnan(sdqn_gradient_cosine(gram, 4, 1, 3)));
    assert_true(fabs(sdqn_gradient_conflict(gram, 4) - 2.0 / 3.0) < 1e-15); // the pairs with the zero do not count
    assert_true(isnan(sdqn_gradient_conflict(one, 1)));
    assert_true(isnan(sdqn_gradient_conflict(zeros, 2)));
}

static SdqnDqnDef dqn_def(int period) {
    SdqnDqnDef def = sdqn_dqn_def_default();
    def.batch_size = BATCH;
    def.replay_capacity = CAPACITY;
    def.min_replay_size = 20;
    def.gradient_period = period;
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

static SdqnLearner *make_learner(int period, const SdqnTaskBuffersDef *buffers) {
    const SdqnDqnDef def = dqn_def(period);
    const SdqnLearnerStreams made = streams();
    SdqnLearner *learner;
    SdqnError error = {0};
    if (sdqn_learner_create(&network_def, &def, sdqn_kernels(sdqn_cpu_level_best()), buffers, &made, &learner, &error) != SDQN_OK)
        fail_msg("%s", error.message);
    return learner;
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

static SdqnUpdate push_and_update(SdqnLearner *learner, const SdqnTransition *transition) {
    SdqnUpdate update;
    SdqnError error = {0};
    sdqn_learner_push(learner, transition);
    if (sdqn_learner_update(learner, &update, &error) != SDQN_OK) fail_msg("%s", error.message);
    return update;
}

/// What a backward pass over one task's rows of a batch alone gives. @param dealt [BATCH] the task that each row is counted to
static int gradient_of_task(const SdqnBatch *batch, const int32_t *dealt, int wanted, const SdqnQNetwork *network,
                            const SdqnQNetwork *target, SdqnQWorkspace *workspace, float *gradient, double *error) {
    float observation[BATCH * OBSERVATION], next[BATCH * OBSERVATION], reward[BATCH], discount[BATCH], y[BATCH], q[BATCH * ACTIONS],
        dq[BATCH * ACTIONS];
    int32_t task[BATCH];
    uint8_t action[BATCH], terminated[BATCH];
    int n = 0;
    for (ptrdiff_t b = 0; b < BATCH; b++) {
        if (dealt[b] != wanted) continue;
        memcpy(observation + n * OBSERVATION, batch->observation + b * OBSERVATION, OBSERVATION * sizeof(float));
        memcpy(next + n * OBSERVATION, batch->next_observation + b * OBSERVATION, OBSERVATION * sizeof(float));
        reward[n] = batch->reward[b];
        action[n] = batch->action[b];
        terminated[n] = batch->terminated[b];
        task[n] = batch->task[b];
        discount[n++] = 0.99f;
    }
    *error = (double)NAN;
    if (n == 0) return 0;
    sdqn_q_network_forward(target, workspace, next, task, n, q);
    sdqn_td_target(q, reward, terminated, discount, n, ACTIONS, y);
    sdqn_q_network_forward(network, workspace, observation, task, n, q);
    sdqn_mse_loss(q, action, y, n, ACTIONS, dq);
    sdqn_q_network_backward(network, workspace, task, dq, n, gradient);
    *error = 0.0;
    for (int b = 0; b < n; b++) *error += fabs((double)q[b * ACTIONS + action[b]] - (double)y[b]) / n;
    return n;
}

static double dot(const float *a, const float *b, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/// Compare the inner products, over all and layer by layer, with those of [tasks, parameters].
static void check_gram(const SdqnGradientReport *report, const float *gradients, size_t parameters, bool shuffled) {
    static const struct {
        const char *name;
        size_t count;
    } layers[] = {{"fc1", 7 * 21 + 21}, {"fc2", 21 * 10 + 10}, {"fc3", 44}, {"task_embedding", 6}};
    size_t first = 0;
    assert_int_equal(report->num_layers, 4);
    for (int i = -1; i < 4; i++) {
        const double *whole = shuffled ? report->shuffled : report->gram;
        const double *gram = i < 0 ? whole : shuffled ? report->layers[i].shuffled : report->layers[i].gram;
        const size_t count = i < 0 ? parameters : layers[i].count;
        if (i >= 0) {
            assert_string_equal(report->layers[i].name, layers[i].name);
            assert_int_equal(report->layers[i].first, first);
            assert_int_equal(report->layers[i].count, count);
        }
        for (size_t a = 0; a < TASKS; a++) {
            for (size_t b = 0; b < TASKS; b++) {
                const float *x = gradients + a * parameters + first, *y = gradients + b * parameters + first;
                const double expected = dot(x, y, count), size = sqrt(dot(x, x, count) * dot(y, y, count));
                if (fabs(gram[a * TASKS + b] - expected) > 1e-5 * size) {
                    fail_msg("layer %d, tasks %zu and %zu: %g, expected %g", i, a, b, gram[a * TASKS + b], expected);
                }
            }
        }
        if (i >= 0) first += count;
    }
    assert_int_equal(first, parameters);
}

/// Deal rows to tasks as the control of update `update` does: Fisher and Yates's shuffle from the last row down.
static void deal(const SdqnBatch *batch, uint64_t update, int32_t dealt[BATCH]) {
    SdqnRng rng;
    sdqn_rng_seed(&rng, update - 1);
    memcpy(dealt, batch->task, BATCH * sizeof *dealt);
    for (int b = BATCH - 1; b > 0; b--) {
        const int other = (int)sdqn_rng_integers(&rng, 0, b + 1);
        const int32_t task = dealt[b];
        dealt[b] = dealt[other];
        dealt[other] = task;
    }
}

/// Squared length of the gradients' sum with the tasks' shares of the rows: of the whole batch's gradient, whoever the rows are dealt to.
static double square_of_sum(const SdqnGradientReport *report, const double *gram) {
    double sum = 0.0;
    for (int a = 0; a < TASKS; a++) {
        for (int b = 0; b < TASKS; b++) sum += report->weights[a] * report->weights[b] * gram[a * TASKS + b];
    }
    return sum;
}

/// Each period a report; the steps are the same with and without.
static void reports_of_a_mixed_batch_split_it_by_task(void **state) {
    (void)state;
    SdqnLearner *learner = make_learner(PERIOD, NULL), *silent = make_learner(0, NULL);
    const SdqnKernels *kernels = sdqn_kernels(sdqn_cpu_level_best());
    const size_t count = sdqn_q_network_def_parameter_count(&network_def);
    SdqnLearnerStreams made = streams();
    SdqnQNetwork *network, *target;
    SdqnQWorkspace *workspace;
    SdqnReplayBuffer *replay;
    SdqnBatch batch;
    assert_int_equal(sdqn_q_network_create(&network_def, kernels, &network, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_network_create(&network_def, kernels, &target, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_workspace_create(&network_def, BATCH, true, &workspace, NULL), SDQN_OK);
    assert_int_equal(sdqn_replay_buffer_create(CAPACITY, OBSERVATION, &replay, NULL), SDQN_OK);
    assert_int_equal(sdqn_batch_create(&batch, BATCH, OBSERVATION, NULL), SDQN_OK);
    float *gradients = malloc(TASKS * count * sizeof(float));
    sdqn_q_network_init(target, &made.weights); // never copied here: no episode ends
    int reports = 0, updates = 0, absent = 0, moved = 0;
    for (int step = 0; step < 150; step++) {
        float observation[OBSERVATION], next[OBSERVATION];
        const SdqnTransition transition = transition_of(step, step / 25 % TASKS, observation, next);
        memcpy(sdqn_q_network_parameters_mutable(network), sdqn_q_network_parameters(sdqn_learner_network(learner)), count * sizeof(float));
        sdqn_q_network_refresh(network);
        const SdqnUpdate update = push_and_update(learner, &transition), same = push_and_update(silent, &transition);
        assert_true(update.loss == same.loss && same.report == NULL);
        sdqn_replay_buffer_push(replay, &transition);
        if (!update.done) continue;
        sdqn_replay_buffer_sample(replay, &made.replay, BATCH, &batch);
        assert_int_equal(update.report != NULL, ++updates % PERIOD == 0);
        if (update.report == NULL) continue;
        assert_int_equal(update.report->update, updates);
        memset(gradients, 0, TASKS * count * sizeof(float));
        for (int t = 0; t < TASKS; t++) {
            double error;
            const int rows = gradient_of_task(&batch, batch.task, t, network, target, workspace, gradients + (size_t)t * count, &error);
            assert_true(update.report->weights[t] == (double)rows / BATCH);
            if (rows > 0) {
                assert_true(fabs(update.report->errors[t] - error) < 1e-5 * error);
            } else {
                assert_true(isnan(update.report->errors[t]));
            }
            absent += rows == 0;
        }
        check_gram(update.report, gradients, count, false);
        int32_t dealt[BATCH];
        double unused;
        deal(&batch, update.report->update, dealt);
        memset(gradients, 0, TASKS * count * sizeof(float));
        for (int t = 0; t < TASKS; t++)
            (void)gradient_of_task(&batch, dealt, t, network, target, workspace, gradients + (size_t)t * count, &unused);
        assert_true(update.report->has_shuffled);
        check_gram(update.report, gradients, count, true);
        const double square = square_of_sum(update.report, update.report->gram);
        assert_true(fabs(square_of_sum(update.report, update.report->shuffled) - square) < 1e-4 * square);
        moved += memcmp(dealt, batch.task, sizeof dealt) != 0;
        assert_true(isnan(update.report->cut) && isnan(update.report->kl[0]) && isnan(update.report->kept[0]));
        reports++;
    }
    assert_true(reports > 20 && absent > 0 && moved > 15);
    free(gradients);
    sdqn_batch_destroy(&batch);
    sdqn_replay_buffer_destroy(replay);
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_network_destroy(network);
    sdqn_q_network_destroy(target);
    sdqn_learner_destroy(learner);
    sdqn_learner_destroy(silent);
}

/// The gradients of the last call, and weights as an aggregator says them.
static SdqnStatus record_first(void *context, const SdqnTaskGradients *in, float *direction, SdqnError *error) {
    (void)error;
    memcpy(context, in->gradients, TASKS * in->parameters * sizeof(float));
    memcpy(direction, in->gradients, in->parameters * sizeof(float));
    for (int t = 0; t < TASKS; t++) in->weights[t] = t == 0;
    return SDQN_OK;
}

static void reports_of_task_buffers_show_what_the_aggregator_saw(void **state) {
    (void)state;
    const size_t count = sdqn_q_network_def_parameter_count(&network_def);
    float *seen = malloc(TASKS * count * sizeof(float));
    const SdqnTaskBuffersDef buffers = {.weights = {1, 2, 0.5}, .reward_scales = {1, 1, 3}, .aggregate = record_first, .context = seen};
    SdqnLearner *learner = make_learner(PERIOD, &buffers);
    int reports = 0, different = 0;
    for (int step = 0; step < 150; step++) {
        float observation[OBSERVATION], next[OBSERVATION];
        const SdqnTransition transition = transition_of(step, step % TASKS, observation, next);
        const SdqnUpdate update = push_and_update(learner, &transition);
        if (update.report == NULL) continue;
        check_gram(update.report, seen, count, false);
        // The control's gradients have the same sum; each task has as many rows as any other.
        double square = 0.0, control = 0.0;
        for (int k = 0; k < TASKS * TASKS; k++) square += update.report->gram[k], control += update.report->shuffled[k];
        assert_true(update.report->has_shuffled && fabs(control - square) < 1e-4 * square);
        different += fabs(update.report->shuffled[1] - update.report->gram[1]) > 1e-3 * fabs(update.report->gram[1]);
        for (int t = 0; t < TASKS; t++) assert_true(update.report->weights[t] == (t == 0) && update.report->errors[t] > 0.0);
        reports++;
    }
    assert_true(reports > 20 && different > 15);
    sdqn_learner_destroy(learner);
    free(seen);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosines_and_conflicts_follow_from_inner_products),
        cmocka_unit_test(reports_of_a_mixed_batch_split_it_by_task),
        cmocka_unit_test(reports_of_task_buffers_show_what_the_aggregator_saw),
    };
    return cmocka_run_group_tests_name("gradient_report", tests, NULL, NULL);
}
