// learner_method.h: the functions of methods with one learner for all tasks, with or without an aggregator of per-task gradients.
#ifndef SDQN_METHODS_LEARNER_METHOD_H
#define SDQN_METHODS_LEARNER_METHOD_H

#include "methods/aggregate.h"
#include "methods/method.h"

/// Make the method, with the run's streams.
/// @param aggregator  NULL: one replay buffer and one gradient for all tasks; else a replay buffer for each, with the definition's weights,
///                    reward scales and weight decay, and a step along what it makes of the gradients of at most SDQN_AGGREGATE_MAX_TASKS
SdqnStatus sdqn_learner_method_create(const SdqnMethodDef *def, const SdqnAggregator *aggregator, void **self, SdqnError *error);

// As in SdqnMethod.
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
    .destroy = sdqn_learner_method_destroy, .parameter_count = sdqn_learner_method_parameter_count,                                        \
    .q_values = sdqn_learner_method_q_values, .act = sdqn_learner_method_act, .push = sdqn_learner_method_push,                            \
    .update = sdqn_learner_method_update, .end_episode = sdqn_learner_method_end_episode, .epsilon = sdqn_learner_method_epsilon,          \
    .tensors = sdqn_learner_method_tensors, .state_size = sdqn_learner_method_state_size, .save_state = sdqn_learner_method_save_state,    \
    .load_state = sdqn_learner_method_load_state

#endif
