// aggregate.h: gradient aggregators: from the Gram matrix of the tasks' gradients to a weight for each task.
//
// The direction of every aggregator here is a sum of the gradients with weights that depend on their inner products alone. So one pass over
// the parameters makes the Gram matrix (gram.h), the aggregator works on [tasks, tasks] numbers in double, and a second pass combines.
#ifndef SDQN_METHODS_AGGREGATE_H
#define SDQN_METHODS_AGGREGATE_H

#include "core/rng.h"
#include "methods/dense.h"

#define SDQN_AGGREGATE_MAX_TASKS SDQN_DENSE_MAX

/// What an aggregator keeps from call to call. Plain data: a copy is a snapshot.
typedef struct SdqnAggregatorState {
    SdqnRng rng; ///< random orders of pcgrad and gradvac
    /// Of gradvac: running mean cosine of task i's gradient to task j's, at [i * tasks + j].
    double similarity[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS];
} SdqnAggregatorState;

/// Start without history. @param rng  copied
void sdqn_aggregator_state_begin(SdqnAggregatorState *state, const SdqnRng *rng);

/// An aggregator.
typedef struct SdqnAggregator {
    const char *name;
    /// @param gram     [tasks, tasks] of SdqnKernels.gram, finite
    /// @param tasks    1 to SDQN_AGGREGATE_MAX_TASKS, the same in every call with one state
    /// @param state    in and out
    /// @param weights  [tasks] written, finite; the direction is sum over t of weights[t] * g_t
    void (*weights)(const double *gram, int tasks, SdqnAggregatorState *state, double *weights);
} SdqnAggregator;

/// All aggregators. @param count  receives how many
const SdqnAggregator *sdqn_aggregators(int *count);
/// Aggregator by name. @return NULL if there is none
const SdqnAggregator *sdqn_aggregator_find(const char *name);

#endif
