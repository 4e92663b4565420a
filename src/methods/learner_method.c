#include "methods/learner_method.h"

void sdqn_task_buffers_def_default(SdqnMethodDef *def) {
    def->network = sdqn_q_network_def_default();
    def->dqn = sdqn_dqn_def_default();
    def->dqn.replay_capacity = 33333; // a third of Shared's for each of three tasks
}

SdqnStatus sdqn_learner_method_create(const SdqnMethodDef *def, SdqnAggregateFunction *aggregate, void *context, void **self,
                                      SdqnError *error) {
    const SdqnLearnerStreams streams = {
        .weights = sdqn_method_stream(def->seed, SDQN_STREAM_WEIGHTS),
        .exploration = sdqn_method_stream(def->seed, SDQN_STREAM_EXPLORATION),
        .replay = sdqn_method_stream(def->seed, SDQN_STREAM_REPLAY),
    };
    SdqnTaskBuffersDef task_buffers = {.weight_decay = def->weight_decay, .aggregate = aggregate, .context = context};
    for (int t = 0; t < SDQN_MAX_TASKS; t++) {
        task_buffers.weights[t] = def->tasks[t].weight;
        task_buffers.reward_scales[t] = def->tasks[t].reward_scale;
    }
    SdqnLearner *learner;
    const SdqnStatus status =
        sdqn_learner_create(&def->network, &def->dqn, def->kernels, aggregate ? &task_buffers : NULL, &streams, &learner, error);
    if (status == SDQN_OK) *self = learner;
    return status;
}

void sdqn_learner_method_destroy(void *self) { sdqn_learner_destroy(self); }

size_t sdqn_learner_method_parameter_count(const void *self) { return sdqn_q_network_parameter_count(sdqn_learner_network(self)); }

void sdqn_learner_method_q_values(void *self, const float *observation, const int32_t *task, int n, float *q) {
    sdqn_learner_q_values(self, observation, task, n, q);
}

int sdqn_learner_method_act(void *self, const float *observation, int task) { return sdqn_learner_act(self, observation, task); }

void sdqn_learner_method_push(void *self, const SdqnTransition *transition) { sdqn_learner_push(self, transition); }

SdqnStatus sdqn_learner_method_update(void *self, SdqnUpdate *update, SdqnError *error) { return sdqn_learner_update(self, update, error); }

// One schedule for all tasks: episodes count over all of them.
void sdqn_learner_method_end_episode(void *self, int task) {
    (void)task;
    sdqn_learner_end_episode(self);
}

double sdqn_learner_method_epsilon(const void *self, int task) {
    (void)task;
    return sdqn_learner_epsilon(self);
}

int sdqn_learner_method_tensors(const void *self, SdqnTensor *tensors, int capacity) {
    SdqnTensor all[SDQN_Q_NETWORK_MAX_TENSORS];
    const int count = sdqn_q_network_tensors(sdqn_learner_network(self), all);
    for (int i = 0; i < count && i < capacity; i++) tensors[i] = all[i];
    return count;
}

size_t sdqn_learner_method_state_size(const void *self) { return sdqn_learner_state_size(self); }

void sdqn_learner_method_save_state(const void *self, uint8_t *bytes) { sdqn_learner_save_state(self, bytes); }

SdqnStatus sdqn_learner_method_load_state(void *self, const uint8_t *bytes, size_t size, SdqnError *error) {
    return sdqn_learner_load_state(self, bytes, size, error);
}
