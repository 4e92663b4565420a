#include "methods/learner_method.h"

#include "dqn/bytes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct LearnerMethod {
    SdqnLearner *learner;
    bool combines; ///< else `combiner` and `state` are not looked at
    SdqnCombiner combiner;
    void *state;      ///< [combiner.state_size]
    void *read_state; ///< [combiner.state_size] room for one from a file until all of the file is checked
} LearnerMethod;

// ---- aggregators as combiners ---------------------------------------------------------------------------------------------------

_Static_assert(sizeof(SdqnAggregatorState) == sizeof(SdqnRng) + sizeof(((SdqnAggregatorState *)NULL)->similarity), "no padding");

SdqnStatus sdqn_combine_gradients(const char *name, const SdqnTaskGradients *gradients, const double *weights, float *direction,
                                  SdqnError *error) {
    memcpy(gradients->weights, weights, (size_t)gradients->tasks * sizeof *weights);
    if (gradients->kernels->combine(gradients->gradients, weights, gradients->tasks, gradients->parameters, direction)) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_NUMERIC, "%s: the direction is not finite: training has diverged", name);
}

/// One pass over the gradients for their inner products, one for the weighted sum.
static SdqnStatus aggregate(const void *object, void *state, const SdqnTaskGradients *gradients, float *direction, SdqnError *error) {
    const SdqnAggregator *aggregator = object;
    const int tasks = gradients->tasks;
    double gram[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS], weights[SDQN_AGGREGATE_MAX_TASKS];
    gradients->kernels->gram(gradients->gradients, tasks, gradients->parameters, gradients->parameters, gram);
    for (int t = 0; t < tasks; t++) {
        if (isfinite(gram[t * tasks + t])) continue;
        return sdqn_error_set(error, SDQN_ERR_NUMERIC, "the gradient of task %d is not finite: training has diverged", t);
    }
    aggregator->weights(gram, tasks, state, weights);
    return sdqn_combine_gradients(aggregator->name, gradients, weights, direction, error);
}

static void begin_aggregator(void *state, const SdqnRng *rng) { sdqn_aggregator_state_begin(state, rng); }

static bool aggregator_state_is_sound(const void *object) {
    const SdqnAggregatorState *state = object;
    if (!sdqn_rng_is_sound(&state->rng)) return false;
    for (size_t i = 0; i < sizeof state->similarity / sizeof state->similarity[0]; i++) {
        if (!(fabs(state->similarity[i]) <= 1.0)) return false;
    }
    return true;
}

SdqnCombiner sdqn_aggregator_combiner(const SdqnAggregator *aggregator) {
    return (SdqnCombiner){
        .name = aggregator->name,
        .object = aggregator,
        .state_size = sizeof(SdqnAggregatorState),
        .begin = begin_aggregator,
        .combine = aggregate,
        .state_is_sound = aggregator_state_is_sound,
    };
}

// ---- creation -------------------------------------------------------------------------------------------------------------------

static SdqnStatus combine(void *context, const SdqnTaskGradients *gradients, float *direction, SdqnError *error) {
    LearnerMethod *method = context;
    return method->combiner.combine(method->combiner.object, method->state, gradients, direction, error);
}

static void after_step(void *context, const float *losses, int tasks) {
    LearnerMethod *method = context;
    method->combiner.after_step(method->state, losses, tasks);
}

static SdqnStatus create_learner(const SdqnMethodDef *def, LearnerMethod *method, SdqnError *error) {
    const SdqnLearnerStreams streams = {
        .weights = sdqn_method_stream(def->seed, SDQN_STREAM_WEIGHTS),
        .exploration = sdqn_method_stream(def->seed, SDQN_STREAM_EXPLORATION),
        .replay = sdqn_method_stream(def->seed, SDQN_STREAM_REPLAY),
        .noise = sdqn_method_stream(def->seed, SDQN_STREAM_METHOD),
    };
    SdqnTaskBuffersDef task_buffers = {
        .aggregate = combine, .after_step = method->combiner.after_step ? after_step : NULL, .context = method};
    for (int t = 0; t < SDQN_MAX_TASKS; t++) {
        task_buffers.weights[t] = def->tasks[t].weight;
        task_buffers.reward_scales[t] = def->tasks[t].reward_scale;
    }
    return sdqn_learner_create(&def->network, &def->dqn, def->kernels, method->combines ? &task_buffers : NULL, &streams, &method->learner,
                               error);
}

static SdqnStatus create_combiner(const SdqnMethodDef *def, const SdqnCombiner *combiner, LearnerMethod *method, SdqnError *error) {
    const SdqnRng rng = sdqn_method_stream(def->seed, SDQN_STREAM_METHOD);
    method->combines = true;
    method->combiner = *combiner;
    method->state = calloc(1, combiner->state_size);
    method->read_state = calloc(1, combiner->state_size);
    if (!method->state || !method->read_state) return sdqn_error_set(error, SDQN_ERR_MEMORY, "method: out of memory");
    combiner->begin(method->state, &rng);
    return SDQN_OK;
}

SdqnStatus sdqn_learner_method_create(const SdqnMethodDef *def, const SdqnCombiner *combiner, void **self, SdqnError *error) {
    if (combiner && def->network.num_tasks > SDQN_AGGREGATE_MAX_TASKS) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "tasks: %d given: %s combines the gradients of at most %d", def->network.num_tasks,
                              combiner->name, SDQN_AGGREGATE_MAX_TASKS);
    }
    LearnerMethod *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "method: out of memory");
    SdqnStatus status = combiner ? create_combiner(def, combiner, made, error) : SDQN_OK;
    if (status == SDQN_OK) status = create_learner(def, made, error);
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
    free(method->state);
    free(method->read_state);
    free(method);
}

static SdqnLearner *learner_of(const void *self) { return ((const LearnerMethod *)self)->learner; }

SdqnStatus sdqn_learner_method_init_from(void *self, const char *where, const SdqnTensor *tensors, int count, int *known,
                                         SdqnError *error) {
    return sdqn_learner_init_from(learner_of(self), where, tensors, count, known, error);
}

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

// ---- state: that of the combiner, if there is one, then that of the learner -----------------------------------------------------

static size_t combiner_size(const LearnerMethod *method) { return method->combines ? method->combiner.state_size : 0; }

size_t sdqn_learner_method_state_size(const void *self) {
    const LearnerMethod *method = self;
    return combiner_size(method) + sdqn_learner_state_size(method->learner);
}

void sdqn_learner_method_save_state(const void *self, uint8_t *bytes) {
    const LearnerMethod *method = self;
    sdqn_bytes_put(&bytes, method->state, combiner_size(method));
    sdqn_learner_save_state(method->learner, bytes);
}

SdqnStatus sdqn_learner_method_load_state(void *self, const uint8_t *bytes, size_t size, SdqnError *error) {
    LearnerMethod *method = self;
    const size_t own = combiner_size(method);
    if (size < own) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved %s: %zu bytes, too short", method->combiner.name, size);
    sdqn_bytes_take(&bytes, method->read_state, own);
    if (method->combines && !method->combiner.state_is_sound(method->read_state)) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved %s: its random stream or a number is out of range", method->combiner.name);
    }
    const SdqnStatus status = sdqn_learner_load_state(method->learner, bytes, size - own, error);
    if (status == SDQN_OK && own > 0) memcpy(method->state, method->read_state, own);
    return status;
}
