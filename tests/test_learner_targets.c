// test_learner_targets.c: updates towards distributions of targets, repeated with the parts they are made of.
#include "dqn/learner.h"
#include "dqn/n_step.h"
#include "dqn/reward_scale.h"
#include "nn/adam.h"
#include "nn/categorical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OBSERVATION = 5, ACTIONS = 4, ATOMS = 11, BATCH = 8, CAPACITY = 60, EPISODE_STEPS = 25, STEPS = 250 };

static const SdqnQNetworkDef network_def = {
    .observation_size = OBSERVATION,
    .num_actions = ACTIONS,
    .num_tasks = 3,
    .embedding_size = 2,
    .hidden1_size = 21,
    .hidden2_size = 10,
    .num_atoms = ATOMS,
    .value_min = -3.0, // of rewards about 1 in size: some probability is cut
    .value_max = 2.0,
};

static SdqnDqnDef dqn_def(void) {
    SdqnDqnDef def = sdqn_dqn_def_default();
    def.batch_size = BATCH;
    def.replay_capacity = CAPACITY;
    def.min_replay_size = 20;
    def.target_period = 2;
    def.learning_rate = 3e-3;
    def.loss = SDQN_LOSS_CATEGORICAL;
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

/// The learner's own parts once more.
typedef struct Repetition {
    SdqnQNetwork *network, *target;
    SdqnQWorkspace *workspace;
    SdqnReplayBuffer *replay;
    SdqnNStep *n_step;
    SdqnBatch batch;
    SdqnAdam adam;
    SdqnRewardScale scale;
    SdqnRng replay_rng;
    float *gradient, discounts[SDQN_MAX_N_STEP];
} Repetition;

static void repetition_create(Repetition *r, const SdqnDqnDef *def, const SdqnKernels *kernels) {
    SdqnLearnerStreams own = streams();
    *r = (Repetition){.replay_rng = own.replay};
    assert_int_equal(sdqn_q_network_create(&network_def, kernels, &r->network, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_network_create(&network_def, kernels, &r->target, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_workspace_create(&network_def, BATCH, true, &r->workspace, NULL), SDQN_OK);
    assert_int_equal(sdqn_replay_buffer_create(CAPACITY, OBSERVATION, &r->replay, NULL), SDQN_OK);
    assert_int_equal(sdqn_n_step_create(def->n_step, def->gamma, 1, OBSERVATION, &r->n_step, NULL), SDQN_OK);
    assert_int_equal(sdqn_batch_create(&r->batch, BATCH, OBSERVATION, NULL), SDQN_OK);
    const size_t count = sdqn_q_network_parameter_count(r->network);
    assert_int_equal(sdqn_adam_create(&r->adam, count, NULL), SDQN_OK);
    r->gradient = calloc(count, sizeof *r->gradient);
    sdqn_n_step_discounts(def->gamma, def->n_step, r->discounts);
    sdqn_q_network_init(r->network, &own.weights);
    sdqn_q_network_copy(r->target, r->network);
}

static void repetition_destroy(Repetition *r) {
    free(r->gradient);
    sdqn_adam_destroy(&r->adam);
    sdqn_batch_destroy(&r->batch);
    sdqn_n_step_destroy(r->n_step);
    sdqn_replay_buffer_destroy(r->replay);
    sdqn_q_workspace_destroy(r->workspace);
    sdqn_q_network_destroy(r->target);
    sdqn_q_network_destroy(r->network);
}

/// One update. @param cut  receives the share of probability that was cut @return the loss
static float repetition_update(Repetition *r, const SdqnDqnDef *def, const SdqnKernels *kernels, float *cut) {
    SdqnBatch *batch = &r->batch;
    const SdqnSupport support = {ATOMS, sdqn_q_network_support(r->network)};
    float targets[BATCH * ACTIONS * ATOMS], own[BATCH * ACTIONS * ATOMS], derivative[BATCH * ACTIONS * ATOMS];
    float q[BATCH * ACTIONS], projected[BATCH * ATOMS], probabilities[ATOMS];
    sdqn_replay_buffer_sample(r->replay, &r->replay_rng, BATCH, batch);
    sdqn_q_network_forward(r->target, r->workspace, batch->next_observation, batch->task, BATCH, targets);
    sdqn_q_network_q_values(def->double_dqn ? r->network : r->target, r->workspace, batch->next_observation, batch->task, BATCH, q);
    *cut = 0.0f;
    for (size_t b = 0; b < BATCH; b++) {
        size_t best = 0;
        for (size_t a = 1; a < ACTIONS; a++) best = q[b * ACTIONS + a] > q[b * ACTIONS + best] ? a : best;
        const double factor = def->reward_normalisation ? sdqn_reward_scale_factor(&r->scale, batch->task[b], 3.0) : 1.0;
        const float discount = batch->terminated[b] ? 0.0f : r->discounts[batch->extra_steps[b]];
        sdqn_softmax(sdqn_kernels(SDQN_CPU_SCALAR), targets + (b * ACTIONS + best) * ATOMS, ATOMS, probabilities);
        *cut += sdqn_categorical_project(&support, def->projection, probabilities, batch->reward[b] * (float)factor, discount,
                                         projected + b * ATOMS);
    }
    *cut /= BATCH;
    sdqn_q_network_forward(r->network, r->workspace, batch->observation, batch->task, BATCH, own);
    const float loss =
        sdqn_categorical_loss(sdqn_kernels(SDQN_CPU_SCALAR), own, batch->action, projected, NULL, BATCH, ACTIONS, ATOMS, NULL, derivative);
    sdqn_q_network_backward(r->network, r->workspace, batch->task, derivative, BATCH, r->gradient);
    sdqn_adam_step(&r->adam, kernels, r->gradient, def->learning_rate, sdqn_q_network_parameters_mutable(r->network));
    sdqn_q_network_refresh(r->network);
    return loss;
}

static void check_updates(const SdqnDqnDef *def) {
    const SdqnKernels *kernels = sdqn_kernels(sdqn_cpu_level_best());
    const SdqnLearnerStreams own = streams();
    Repetition repetition;
    SdqnLearner *learner;
    float all_cut = 0.0f;
    int updates = 0;
    assert_int_equal(sdqn_learner_create(&network_def, def, kernels, NULL, &own, &learner, NULL), SDQN_OK);
    repetition_create(&repetition, def, kernels);
    for (int step = 0; step < STEPS; step++) {
        SdqnRng rng;
        SdqnUpdate update;
        float observation[OBSERVATION], next[OBSERVATION], loss = 0.0f, cut = 0.0f;
        sdqn_rng_seed(&rng, (uint64_t)step);
        for (int i = 0; i < OBSERVATION; i++) {
            observation[i] = (float)sdqn_rng_normal(&rng);
            next[i] = (float)sdqn_rng_normal(&rng);
        }
        const bool last = step % EPISODE_STEPS == EPISODE_STEPS - 1;
        const SdqnTransition transition = {.observation = observation,
                                           .next_observation = next,
                                           .reward = sdqn_rng_normal(&rng),
                                           .action = step % ACTIONS,
                                           .task = step / EPISODE_STEPS % 3,
                                           .terminated = last && step % 2 == 0,
                                           .truncated = last && step % 2 == 1};
        sdqn_learner_push(learner, &transition);
        assert_int_equal(sdqn_learner_update(learner, &update, NULL), SDQN_OK);
        const SdqnTransition *complete;
        sdqn_reward_scale_take(&repetition.scale, def->gamma, 0, transition.task, transition.reward, last);
        const int count = sdqn_n_step_push(repetition.n_step, &transition, &complete);
        for (int i = 0; i < count; i++) sdqn_replay_buffer_push(repetition.replay, &complete[i]);
        const bool ready = sdqn_replay_buffer_size(repetition.replay) > def->min_replay_size;
        if (ready) loss = repetition_update(&repetition, def, kernels, &cut);
        updates += ready;
        all_cut += cut;
        assert_true(update.done == ready && update.loss == loss && update.cut == cut);
        assert_memory_equal(sdqn_q_network_parameters(sdqn_learner_network(learner)), sdqn_q_network_parameters(repetition.network),
                            repetition.adam.count * sizeof(float));
        if (!last) continue;
        const int episode = step / EPISODE_STEPS;
        sdqn_learner_end_episode(learner);
        if (episode > 0 && episode % def->target_period == 0) sdqn_q_network_copy(repetition.target, repetition.network);
    }
    assert_true(updates > STEPS / 2 && all_cut > 0.0f);
    repetition_destroy(&repetition);
    sdqn_learner_destroy(learner);
}

/// Each switch that meets the distributions alone, then all.
static void categorical_updates_equal_their_parts(void **state) {
    (void)state;
    SdqnDqnDef def = dqn_def();
    check_updates(&def);
    def.double_dqn = true;
    check_updates(&def);
    def = dqn_def();
    def.n_step = 3;
    check_updates(&def);
    def = dqn_def();
    def.reward_normalisation = true;
    check_updates(&def);
    def = dqn_def();
    def.projection = SDQN_PROJECTION_ORIGINAL;
    check_updates(&def);
    def.double_dqn = def.reward_normalisation = true;
    def.n_step = 3;
    check_updates(&def);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(categorical_updates_equal_their_parts),
    };
    return cmocka_run_group_tests_name("learner_targets", tests, NULL, NULL);
}
