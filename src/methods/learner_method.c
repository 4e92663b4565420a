#include "methods/learner_method.h"

#include "dqn/bytes.h"
#include "methods/gram.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct LearnerMethod {
    SdqnLearner *learner;
    const SdqnAggregator *aggregator; ///< or NULL
    SdqnAggregatorState state;        ///< of the aggregator
} LearnerMethod;

_Static_assert(sizeof(SdqnAggregatorState) == sizeof(SdqnRng) + sizeof(((SdqnAggregatorState *)NULL)->similarity), "no padding");

/// One pass over the gradients for their inner products, one for the weighted sum.
static SdqnStatus aggregate(void *context, const float *gradients, int tasks, size_t parameters, float *direction, SdqnError *error) {
    LearnerMethod *method = context;
    double gram[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS], weights[SDQN_AGGREGATE_MAX_TASKS];
    sdqn_gram_matrix(gradients, tasks, parameters, gram);
    for (int t = 0; t < tasks; t++) {
        if (isfinite(gram[t * tasks + t])) continue;
        return sdqn_error_set(error, SDQN_ERR_NUMERIC, "the gradient of task %d is not finite: training has diverged", t);
    }
    method->aggregator->weights(gram, tasks, &method->state, weights);
    if (sdqn_gram_combine(gradients, weights, tasks, parameters, direction)) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_NUMERIC, "%s: the direction is not finite: training has diverged", method->aggregator->name);
}

static SdqnStatus create_learner(const SdqnMethodDef *def, LearnerMethod *method, SdqnError *error) {
    const SdqnLearnerStreams streams = {
        .weights = sdqn_method_stream(def->seed, SDQN_STREAM_WEIGHTS),
        .exploration = sdqn_method_stream(def->seed, SDQN_STREAM_EXPLORATION),
        .replay = sdqn_method_stream(def->seed, SDQN_STREAM_REPLAY),
    };
    SdqnTaskBuffersDef task_buffers = {.weight_decay = def->weight_decay, .aggregate = aggregate, .context = method};
    for (int t = 0; t < SDQN_MAX_TASKS; t++) {
        task_buffers.weights[t] = def->tasks[t].weight;
        task_buffers.reward_scales[t] = def->tasks[t].reward_scale;
    }
    return sdqn_learner_create(&def->network, &def->dqn, def->kernels, method->aggregator ? &task_buffers : NULL, &streams,
                               &method->learner, error);
}

SdqnStatus sdqn_learner_method_create(const SdqnMethodDef *def, const SdqnAggregator *aggregator, void **self, SdqnError *error) {
    if (aggregator && def->network.num_tasks > SDQN_AGGREGATE_MAX_TASKS) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "tasks: %d given: %s combines the gradients of at most %d", def->network.num_tasks,
                              aggregator->name, SDQN_AGGREGATE_MAX_TASKS);
    }
    LearnerMethod *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "method: out of memory");
    const SdqnRng rng = sdqn_method_stream(def->seed, SDQN_STREAM_METHOD);
    made->aggregator = aggregator;
    sdqn_aggregator_state_begin(&made->state, &rng);
    const SdqnStatus status = create_learner(def, made, error);
    if (status != SDQN_OK) {
        sdqn_learner_method_destroy(made);
        return status;
    }
    *self = made;
    return SDQN_OK;
}

void sdqn_learner_method_destroy(void *self) {
    LearnerMethod *method = self;
    if (!method) return;
    sdqn_learner_destroy(method->learner);
    free(method);
}

static SdqnLearner *learner_of(const void *self) { return ((const LearnerMethod *)self)->learner; }

size_t sdqn_learner_method_parameter_count(const void *self) {
    return sdqn_q_network_parameter_count(sdqn_learner_network(learner_of(self)));
}

void sdqn_learner_method_q_values(void *self, const float *observation, const int32_t *task, int n, float *q) {
    sdqn_learner_q_values(learner_of(self), observation, task, n, q);
}

int sdqn_learner_method_act(void *self, const float *observation, int task) {
    return sdqn_learner_act(learner_of(self), observation, task);
}

void sdqn_learner_method_push(void *self, const SdqnTransition *transition) { sdqn_learner_push(learner_of(self), transition); }

SdqnStatus sdqn_learner_method_update(void *self, SdqnUpdate *update, SdqnError *error) {
    return sdqn_learner_update(learner_of(self), update, error);
}

// One schedule for all tasks: episodes count over all of them.
void sdqn_learner_method_end_episode(void *self, int task) {
    (void)task;
    sdqn_learner_end_episode(learner_of(self));
}

double sdqn_learner_method_epsilon(const void *self, int task) {
    (void)task;
    return sdqn_learner_epsilon(learner_of(self));
}

int sdqn_learner_method_tensors(const void *self, SdqnTensor *tensors, int capacity) {
    SdqnTensor all[SDQN_Q_NETWORK_MAX_TENSORS];
    const int count = sdqn_q_network_tensors(sdqn_learner_network(learner_of(self)), all);
    for (int i = 0; i < count && i < capacity; i++) tensors[i] = all[i];
    return count;
}

// ---- state: that of the aggregator, if there is one, then that of the learner ---------------------------------------------------

static size_t aggregator_size(const LearnerMethod *method) { return method->aggregator ? sizeof method->state : 0; }

size_t sdqn_learner_method_state_size(const void *self) {
    const LearnerMethod *method = self;
    return aggregator_size(method) + sdqn_learner_state_size(method->learner);
}

void sdqn_learner_method_save_state(const void *self, uint8_t *bytes) {
    const LearnerMethod *method = self;
    sdqn_bytes_put(&bytes, &method->state, aggregator_size(method));
    sdqn_learner_save_state(method->learner, bytes);
}

static bool aggregator_state_is_sound(const SdqnAggregatorState *state) {
    if ((state->rng.increment_low & 1) != 1 || state->rng.has_half_word > 1) return false;
    for (size_t i = 0; i < sizeof state->similarity / sizeof state->similarity[0]; i++) {
        if (!(fabs(state->similarity[i]) <= 1.0)) return false;
    }
    return true;
}

SdqnStatus sdqn_learner_method_load_state(void *self, const uint8_t *bytes, size_t size, SdqnError *error) {
    LearnerMethod *method = self;
    SdqnAggregatorState state = method->state;
    if (size < aggregator_size(method)) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved aggregator: %zu bytes, too short", size);
    sdqn_bytes_take(&bytes, &state, aggregator_size(method));
    if (!aggregator_state_is_sound(&state)) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved aggregator: its random stream or a cosine is out of range");
    }
    const SdqnStatus status = sdqn_learner_load_state(method->learner, bytes, size - aggregator_size(method), error);
    if (status == SDQN_OK) method->state = state;
    return status;
}
