// method.h: what a multi-task method is to the trainer: one table of functions, one file and one row a method.
#ifndef SDQN_METHODS_METHOD_H
#define SDQN_METHODS_METHOD_H

#include "core/error.h"
#include "dqn/learner.h"
#include "dqn/replay_buffer.h"
#include "nn/kernels.h"
#include "nn/network.h"
#include "nn/tensor.h"

#include <stddef.h>
#include <stdint.h>

/// What a method is made from. The method copies it.
typedef struct SdqnMethodDef {
    SdqnQNetworkDef network;
    SdqnDqnDef dqn;
    const SdqnKernels *kernels;
    uint64_t seed; ///< the run's; every stream is spawned from it by purpose (SdqnStream)
} SdqnMethodDef;

/// A method. `self` is what create made. Only create allocates. Nothing is thread-safe.
typedef struct SdqnMethod {
    const char *name; ///< as in --method and the configuration: [a-z0-9_-]+
    const char *help; ///< one line

    /// Settings the method starts from before the user's configuration; sets network and dqn.
    void (*def_default)(SdqnMethodDef *def);
    /// @return SDQN_OK, SDQN_ERR_ARGUMENT (a field of the definition) or SDQN_ERR_MEMORY
    SdqnStatus (*create)(const SdqnMethodDef *def, void **self, SdqnError *error);
    void (*destroy)(void *self); ///< NULL is allowed
    size_t (*parameter_count)(const void *self);

    /// Q-values for evaluation: draws from no stream and changes nothing that is saved.
    /// @param observation [n, observation_size] @param task [n] @param n >= 1 @param q [n, num_actions] written
    void (*q_values)(void *self, const float *observation, const int32_t *task, int n, float *q);

    /// Training: the exploring action for one environment step; @param observation [observation_size]
    int (*act)(void *self, const float *observation, int task);
    /// Training: store what the step gave.
    void (*push)(void *self, const SdqnTransition *transition);
    /// Training: after each environment step, one update if the method is ready for it (update->done says).
    /// @return SDQN_OK, or SDQN_ERR_NUMERIC if a loss was NaN or infinite
    SdqnStatus (*update)(void *self, SdqnUpdate *update, SdqnError *error);
    /// Training: an episode of this task is over: target copies and epsilon.
    void (*end_episode)(void *self, int task);
    double (*epsilon)(const void *self, int task); ///< the present one

    /// The weights as named views for safetensors, valid while self lives.
    /// @param tensors [capacity] the first min(capacity, result) written; NULL if capacity is 0
    /// @return how many tensors there are
    int (*tensors)(const void *self, SdqnTensor *tensors, int capacity);

    /// The complete training state, as sdqn_learner_*_state.
    size_t (*state_size)(const void *self);
    void (*save_state)(const void *self, uint8_t *bytes);
    SdqnStatus (*load_state)(void *self, const uint8_t *bytes, size_t size, SdqnError *error);
} SdqnMethod;

/// All methods, in the order of --list-methods. @param count  receives how many
const SdqnMethod *const *sdqn_methods(int *count);
/// Method by name. @return NULL if there is none
const SdqnMethod *sdqn_method_find(const char *name);

#endif
