// test_gradient_methods.c: the methods that combine gradients, against a learner that is told what to do with them here.
#include "methods/famo.h"
#include "methods/gradnorm.h"
#include "methods/method.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 3, OBSERVATION = 8, ACTIONS = 4, STEPS = 250 };

/// A network, and the last of its weights that all outputs share.
typedef struct Shape {
    SdqnArchitecture architecture;
    SdqnConditioning conditioning;
    bool dueling;
    const char *last_hidden;
} Shape;

static const Shape SHAPES[] = {
    {SDQN_ARCHITECTURE_MLP, SDQN_CONDITIONING_EMBEDDING, false, "fc2.weight"},
    {SDQN_ARCHITECTURE_MLP, SDQN_CONDITIONING_BLIND, true, "fc2.weight"},
    {SDQN_ARCHITECTURE_BRONET, SDQN_CONDITIONING_BLIND, false, "blocks.1.linear2.weight"},
    {SDQN_ARCHITECTURE_BRONET_PUBLISHED, SDQN_CONDITIONING_ONEHOT, true, "blocks.1.linear2.weight"},
};

static SdqnMethodDef def_of(const SdqnMethod *method, const Shape *shape) {
    static const char *const names[TASKS] = {"standard", "windy", "heavy"};
    SdqnMethodDef def = {.kernels = sdqn_kernels(sdqn_cpu_level_best()), .seed = 7};
    method->def_default(&def);
    def.network.architecture = shape->architecture;
    def.network.conditioning = shape->conditioning;
    def.network.dueling = shape->dueling;
    def.network.num_blocks = 2;
    def.network.hidden1_size = 12;
    def.network.hidden2_size = 9;
    def.dqn.batch_size = 8;
    def.dqn.replay_capacity = 60;
    def.dqn.min_replay_size = 30;
    sdqn_method_def_set_tasks(method, names, TASKS, &def);
    return def;
}

/// What stands in for a method.
typedef struct Stand {
    const char *last_hidden;
    const SdqnQNetwork *network; ///< set when it is there
    SdqnGradNorm gradnorm;
    SdqnFamo famo;
} Stand;

static SdqnStatus combine(const SdqnTaskGradients *in, const double *weights, float *direction) {
    return in->kernels->combine(in->gradients, weights, in->tasks, in->parameters, direction) ? SDQN_OK : SDQN_ERR_NUMERIC;
}

/// d = (1/T) sum w_i g_i; then the weights learn from the lengths of the gradients of one weight, found by its name.
static SdqnStatus as_gradnorm(void *context, const SdqnTaskGradients *in, float *direction, SdqnError *error) {
    (void)error;
    Stand *stand = context;
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    double weights[TASKS], norms[TASKS];
    const int count = sdqn_q_network_tensors(stand->network, tensors);
    int place = 0;
    while (place < count && strcmp(tensors[place].name, stand->last_hidden) != 0) place++;
    assert_true(place < count);
    const ptrdiff_t first = tensors[place].data - sdqn_q_network_parameters(stand->network);
    for (int t = 0; t < TASKS; t++) {
        double square;
        const size_t size = sdqn_tensor_count(&tensors[place]);
        in->kernels->gram(in->gradients + (size_t)t * in->parameters + first, 1, size, size, &square);
        norms[t] = sqrt(square);
        weights[t] = stand->gradnorm.weights[t] / TASKS;
    }
    const SdqnStatus status = combine(in, weights, direction);
    sdqn_gradnorm_step(&stand->gradnorm, norms, in->losses, TASKS);
    return status;
}

static SdqnStatus as_famo(void *context, const SdqnTaskGradients *in, float *direction, SdqnError *error) {
    (void)error;
    Stand *stand = context;
    double weights[TASKS];
    sdqn_famo_weights(&stand->famo, in->losses, TASKS, weights);
    return combine(in, weights, direction);
}

static void step_famo(void *context, const float *losses, int tasks) {
    Stand *stand = context;
    sdqn_famo_step(&stand->famo, losses, tasks);
}

/// The method and its stand-in learn from the same transitions: after every update they have the same weights.
static void check_method(const char *name, const Shape *shape, const SdqnTaskBuffersDef *stand_in, Stand *stand) {
    const SdqnMethod *method = sdqn_method_find(name);
    const SdqnMethodDef def = def_of(method, shape);
    const SdqnLearnerStreams streams = {
        .weights = sdqn_method_stream(def.seed, SDQN_STREAM_WEIGHTS),
        .exploration = sdqn_method_stream(def.seed, SDQN_STREAM_EXPLORATION),
        .replay = sdqn_method_stream(def.seed, SDQN_STREAM_REPLAY),
        .noise = sdqn_method_stream(def.seed, SDQN_STREAM_METHOD),
    };
    SdqnLearner *learner;
    void *self;
    int updates = 0;
    assert_int_equal(method->create(&def, &self, NULL), SDQN_OK);
    assert_int_equal(sdqn_learner_create(&def.network, &def.dqn, def.kernels, stand_in, &streams, &learner, NULL), SDQN_OK);
    stand->network = sdqn_learner_network(learner);
    SdqnTensor tensor;
    assert_true(method->tensors(self, &tensor, 1) > 1); // the first begins where the parameters do
    for (int step = 0; step < STEPS; step++) {
        SdqnRng rng;
        SdqnUpdate update, expected;
        float observation[OBSERVATION], next[OBSERVATION];
        sdqn_rng_seed(&rng, (uint64_t)step);
        for (int i = 0; i < OBSERVATION; i++) {
            observation[i] = (float)sdqn_rng_normal(&rng);
            next[i] = (float)sdqn_rng_normal(&rng);
        }
        const int task = step % TASKS;
        const SdqnTransition transition = {.observation = observation,
                                           .next_observation = next,
                                           .reward = (1 + task) * (double)observation[0], // losses of different sizes
                                           .action = step % ACTIONS,
                                           .task = task,
                                           .terminated = step % 7 == 0};
        method->push(self, &transition);
        sdqn_learner_push(learner, &transition);
        assert_int_equal(method->update(self, &update, NULL), SDQN_OK);
        assert_int_equal(sdqn_learner_update(learner, &expected, NULL), SDQN_OK);
        assert_true(update.done == expected.done && update.loss == expected.loss);
        updates += update.done;
        assert_memory_equal(tensor.data, sdqn_q_network_parameters(stand->network), method->parameter_count(self) * sizeof(float));
    }
    assert_true(updates > SDQN_GRADNORM_INITIAL_UPDATES + 50);
    method->destroy(self);
    sdqn_learner_destroy(learner);
}

static SdqnTaskBuffersDef buffers_of(SdqnAggregateFunction *aggregate, Stand *stand) {
    return (SdqnTaskBuffersDef){.weights = {1, 1, 1}, .reward_scales = {1, 1, 1}, .aggregate = aggregate, .context = stand};
}

static void gradnorm_measures_the_last_hidden_weight(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        Stand stand = {.last_hidden = SHAPES[i].last_hidden};
        const SdqnTaskBuffersDef buffers = buffers_of(as_gradnorm, &stand);
        sdqn_gradnorm_begin(&stand.gradnorm);
        check_method("gradnorm", &SHAPES[i], &buffers, &stand);
        assert_true(stand.gradnorm.weights[0] != 1.0); // they did learn
    }
}

static void famo_hears_what_its_steps_did(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
        Stand stand = {0};
        SdqnTaskBuffersDef buffers = buffers_of(as_famo, &stand);
        buffers.after_step = step_famo;
        sdqn_famo_begin(&stand.famo);
        check_method("famo", &SHAPES[i], &buffers, &stand);
        assert_true(stand.famo.logits[0] != 0.0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradnorm_measures_the_last_hidden_weight),
        cmocka_unit_test(famo_hears_what_its_steps_did),
    };
    return cmocka_run_group_tests_name("gradient_methods", tests, NULL, NULL);
}
