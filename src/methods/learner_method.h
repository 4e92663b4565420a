// learner_method.h: the functions of methods with one learner for all tasks, with or without a combiner of per-task gradients.
#ifndef SDQN_METHODS_LEARNER_METHOD_H
#define SDQN_METHODS_LEARNER_METHOD_H

#include "methods/aggregate.h"
#include "methods/method.h"

#include <stdbool.h>

/// How a method makes one direction of the tasks' gradients.
typedef struct SdqnCombiner {
    const char *name;
    const void *object; ///< given back to `combine`; outlives the method
    size_t state_size;  ///< bytes of what it keeps from update to update: plain data without padding, part of the full state
    void (*begin)(void *state, const SdqnRng *rng);
    /// @return SDQN_OK or SDQN_ERR_NUMERIC @param direction [parameters] written
    SdqnStatus (*combine)(const void *object, void *state, const SdqnTaskGradients *gradients, float *direction, SdqnError *error);
    /// What the step did to the losses of the batch; NULL: not asked for. @param losses [tasks] by the new weights, finite
    void (*after_step)(void *state, const float *losses, int tasks);
    bool (*state_is_sound)(const void *state); ///< of one that was read from a file
} SdqnCombiner;

/// The combiner of an aggregator: its weights from the Gram matrix, then the weighted sum.
SdqnCombiner sdqn_aggregator_combiner(const SdqnAggregator *aggregator);

/// The weighted sum of the gradients. @param weights [tasks] @return SDQN_OK, or SDQN_ERR_NUMERIC if it is not finite
SdqnStatus sdqn_combine_gradients(const char *name, const SdqnTaskGradients *gradients, const double *weights, float *direction,
                                  SdqnError *error);

/// The settings that methods with a combiner start from: Shared's, with a third of its capacity for each of three tasks.
void sdqn_task_buffers_def_default(SdqnMethodDef *def);

/// Make the method, with the run's streams.
/// @param combiner  NULL: one replay buffer and one gradient for all tasks; else a replay buffer for each, with the definition's weights
///                  and reward scales, and a step along what it makes of the gradients of at most SDQN_AGGREGATE_MAX_TASKS
SdqnStatus sdqn_learner_method_create(const SdqnMethodDef *def, const SdqnCombiner *combiner, void **self, SdqnError *error);

// As in SdqnMethod.
SdqnStatus sdqn_learner_method_init_from(void *self, const char *where, const SdqnTensor *tensors, int count, int *known, SdqnError *error);
void sdqn_learner_method_destroy(void *self);
size_t sdqn_learner_method_parameter_count(const void *self);
void sdqn_learner_method_q_values(void *self, const float *observation, const int32_t *task, int n, float *q);
int sdqn_learner_method_act(void *self, const float *observation, int task);
void sdqn_learner_method_push(void *self, const SdqnTransition *transition);
SdqnStatus sdqn_learner_method_update(void *self, SdqnUpdate *update, SdqnError *error);
void sdqn_learner_method_end_episode(void *self, int task);
double sdqn_learner_method_epsilon(const void *self, int task);
int sdqn_learner_method_tensors(const void *self, SdqnTensor *tensors, int capacity);
size_t sdqn_learner_method_state_size(const void *self);
void sdqn_learner_method_save_state(const void *self, uint8_t *bytes);
SdqnStatus sdqn_learner_method_load_state(void *self, const uint8_t *bytes, size_t size, SdqnError *error);

/// All of them but create, for a row of the table.
#define SDQN_LEARNER_METHOD_FUNCTIONS                                                                                                      \
    .init_from = sdqn_learner_method_init_from, .destroy = sdqn_learner_method_destroy,                                                    \
    .parameter_count = sdqn_learner_method_parameter_count, .q_values = sdqn_learner_method_q_values, .act = sdqn_learner_method_act,      \
    .push = sdqn_learner_method_push, .update = sdqn_learner_method_update, .end_episode = sdqn_learner_method_end_episode,                \
    .epsilon = sdqn_learner_method_epsilon, .tensors = sdqn_learner_method_tensors, .state_size = sdqn_learner_method_state_size,          \
    .save_state = sdqn_learner_method_save_state, .load_state = sdqn_learner_method_load_state

#endif
