// shared.c: Shared DQN: one network for all tasks, told apart by a learned task embedding, trained from one shared replay buffer.

#include "methods/method_table.h"

static void shared_def_default(SdqnMethodDef *def) {
    def->network = sdqn_q_network_def_default();
    def->dqn = sdqn_dqn_def_default();
}

// The capacity of three independent Q-networks in one network.
static void shared_wide_def_default(SdqnMethodDef *def) {
    shared_def_default(def);
    def->network.hidden1_size = 444;
    def->network.hidden2_size = 222;
}

static SdqnStatus shared_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    const SdqnLearnerStreams streams = {
        .weights = sdqn_method_stream(def->seed, SDQN_STREAM_WEIGHTS),
        .exploration = sdqn_method_stream(def->seed, SDQN_STREAM_EXPLORATION),
        .replay = sdqn_method_stream(def->seed, SDQN_STREAM_REPLAY),
    };
    SdqnLearner *learner;
    const SdqnStatus status = sdqn_learner_create(&def->network, &def->dqn, def->kernels, &streams, &learner, error);
    if (status == SDQN_OK) *self = learner;
    return status;
}

static void shared_destroy(void *self) { sdqn_learner_destroy(self); }

static size_t shared_parameter_count(const void *self) { return sdqn_q_network_parameter_count(sdqn_learner_network(self)); }

static void shared_q_values(void *self, const float *observation, const int32_t *task, int n, float *q) {
    sdqn_learner_q_values(self, observation, task, n, q);
}

static int shared_act(void *self, const float *observation, int task) { return sdqn_learner_act(self, observation, task); }

static void shared_push(void *self, const SdqnTransition *transition) { sdqn_learner_push(self, transition); }

static SdqnStatus shared_update(void *self, SdqnUpdate *update, SdqnError *error) { return sdqn_learner_update(self, update, error); }

// One schedule for all tasks: episodes count over all of them.
static void shared_end_episode(void *self, int task) {
    (void)task;
    sdqn_learner_end_episode(self);
}

static double shared_epsilon(const void *self, int task) {
    (void)task;
    return sdqn_learner_epsilon(self);
}

static int shared_tensors(const void *self, SdqnTensor *tensors, int capacity) {
    SdqnTensor all[SDQN_Q_NETWORK_MAX_TENSORS];
    const int count = sdqn_q_network_tensors(sdqn_learner_network(self), all);
    for (int i = 0; i < count && i < capacity; i++) tensors[i] = all[i];
    return count;
}

static size_t shared_state_size(const void *self) { return sdqn_learner_state_size(self); }

static void shared_save_state(const void *self, uint8_t *bytes) { sdqn_learner_save_state(self, bytes); }

static SdqnStatus shared_load_state(void *self, const uint8_t *bytes, size_t size, SdqnError *error) {
    return sdqn_learner_load_state(self, bytes, size, error);
}

#define SHARED_FUNCTIONS                                                                                                                   \
    .create = shared_create, .destroy = shared_destroy, .parameter_count = shared_parameter_count, .q_values = shared_q_values,            \
    .act = shared_act, .push = shared_push, .update = shared_update, .end_episode = shared_end_episode, .epsilon = shared_epsilon,         \
    .tensors = shared_tensors, .state_size = shared_state_size, .save_state = shared_save_state, .load_state = shared_load_state

const SdqnMethod sdqn_method_shared = {
    .name = "shared",
    .help = "one network for all tasks, told the task by an embedding (or see conditioning), one replay buffer",
    .def_default = shared_def_default,
    SHARED_FUNCTIONS,
};

const SdqnMethod sdqn_method_shared_wide = {
    .name = "shared-wide",
    .help = "shared with hidden layers of 444 and 222: as many parameters as independent",
    .def_default = shared_wide_def_default,
    SHARED_FUNCTIONS,
};
