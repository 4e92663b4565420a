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

#define SDQN_METHOD_DEFAULT_EPISODES 1500

/// A task as a method sees it.
typedef struct SdqnMethodTask {
    const char *name;    ///< borrowed: read by create alone
    SdqnDqnDef dqn;      ///< of a method that uses SDQN_METHOD_TASK_SETTINGS
    double weight;       ///< factor on its loss, of a method that uses SDQN_METHOD_TASK_BUFFERS; likewise:
    double reward_scale; ///< factor on its rewards before they are stored
} SdqnMethodTask;

/// What a method is made from. The method copies it.
typedef struct SdqnMethodDef {
    SdqnQNetworkDef network;
    SdqnDqnDef dqn;                       ///< of all tasks, unless the method uses SDQN_METHOD_TASK_SETTINGS
    SdqnMethodTask tasks[SDQN_MAX_TASKS]; ///< network.num_tasks of them; see sdqn_method_def_set_tasks
    const SdqnKernels *kernels;
    uint64_t seed; ///< the run's; every stream is spawned from it by purpose (SdqnStream)
} SdqnMethodDef;

/// Settings that not every method has.
typedef enum SdqnMethodUses {
    SDQN_METHOD_TASK_SETTINGS = 1, ///< learning_rate, epsilon_decay, min_replay_size and target_period may differ by task
    SDQN_METHOD_TASK_BUFFERS = 2,  ///< task_weights and reward_scales; replay_capacity and batch_size are those of a task
} SdqnMethodUses;

/// A method. `self` is what create made. Only create allocates. Nothing is thread-safe.
typedef struct SdqnMethod {
    const char *name; ///< as in --method and the configuration: [a-z0-9_-]+
    const char *help; ///< one line
    unsigned uses;    ///< of SdqnMethodUses
    /// Training episodes of one task by default; 0: SDQN_METHOD_DEFAULT_EPISODES over all tasks, however many they are.
    int episodes_a_task;

    /// Settings the method starts from before the user's configuration; sets network and dqn.
    void (*def_default)(SdqnMethodDef *def);
    /// Change the settings of def_default to those for one task; NULL: the same for all.
    void (*task_default)(const char *task, SdqnDqnDef *dqn);
    /// @return SDQN_OK, SDQN_ERR_ARGUMENT (a field of the definition) or SDQN_ERR_MEMORY
    SdqnStatus (*create)(const SdqnMethodDef *def, void **self, SdqnError *error);
    /// Begin with the weights of a file that the method has written for the same tasks, or for the first of them; right after create.
    /// @param where  what error messages call the file @param known  receives how many tasks the file tells apart; 0: it does not say
    /// @return SDQN_OK or SDQN_ERR_FORMAT
    SdqnStatus (*init_from)(void *self, const char *where, const SdqnTensor *tensors, int count, int *known, SdqnError *error);
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

/// Give a definition its tasks, each with the method's settings for it made from def->dqn.
/// @param names [count] borrowed as long as the definition is used @param count in [1, SDQN_MAX_TASKS]
void sdqn_method_def_set_tasks(const SdqnMethod *method, const char *const *names, int count, SdqnMethodDef *def);

/// The stream of a run for one purpose.
SdqnRng sdqn_method_stream(uint64_t seed, SdqnStream purpose);
/// The stream of one task for one purpose: a child of that of the run, as those of the environments are.
SdqnRng sdqn_method_task_stream(uint64_t seed, SdqnStream purpose, int task);

#endif
