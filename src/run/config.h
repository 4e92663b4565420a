// config.h: all settings of a training run, from defaults, YAML files and the command line, by one table of keys.
#ifndef SDQN_RUN_CONFIG_H
#define SDQN_RUN_CONFIG_H

#include "core/cpu.h"
#include "core/error.h"
#include "core/sha256.h"
#include "dqn/learner.h"
#include "lander/task.h"
#include "methods/method.h"
#include "nn/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDQN_CONFIG_MAX_TASKS 32 ///< tasks of one run, and also task definitions of one configuration
#define SDQN_CONFIG_NAME_SIZE 32 ///< a method's name, with the terminating zero
#define SDQN_CONFIG_MAX_EPISODES 100000000

/// Values that may differ by task: one for all tasks, or one for each in the order of the tasks.
typedef struct SdqnTaskValues {
    int count; ///< 1 or the number of tasks
    double values[SDQN_CONFIG_MAX_TASKS];
} SdqnTaskValues;

/// How the task of the next episode is chosen: task_sampler.h.
typedef enum SdqnTaskSampling {
    SDQN_TASK_SAMPLING_ROUND_ROBIN = 0, ///< in turn
    SDQN_TASK_SAMPLING_UNIFORM,
    SDQN_TASK_SAMPLING_LOSS,    ///< more often if TD errors are larger
    SDQN_TASK_SAMPLING_SUCCESS, ///< more often if fewer episodes succeed
} SdqnTaskSampling;

/// Settings of one run. Plain data. Fields, defaults and ranges: the table of keys (sdqn_config_keys, `sharedqn train --help`).
typedef struct SdqnConfig {
    char method[SDQN_CONFIG_NAME_SIZE];
    int num_tasks;                                          ///< in [1, SDQN_CONFIG_MAX_TASKS]
    char tasks[SDQN_CONFIG_MAX_TASKS][SDQN_TASK_NAME_SIZE]; ///< names, in the order of the embedding's rows; zero behind
    int num_task_definitions;                               ///< in [0, SDQN_CONFIG_MAX_TASKS]
    SdqnTask task_definitions[SDQN_CONFIG_MAX_TASKS];       ///< the user's, by which names beside the built-in ones exist
    char initial_weights[SDQN_SHA256_HEX_SIZE];             ///< SHA-256 of the file that training begins with; "": none
    int new_tasks;                                          ///< of the last tasks, which that file does not know
    bool freeze;                                            ///< only what belongs to the new tasks alone learns
    uint64_t seed;
    int episodes; ///< over all tasks
    SdqnTaskSampling task_sampling;
    int threads;
    int isa; ///< 0 auto, else 1 + SdqnCpuLevel; see sdqn_config_level
    SdqnQNetworkDef network;
    SdqnDqnDef dqn; ///< of the first task, where the next four differ by task
    SdqnTaskValues learning_rate, epsilon_decay, min_replay_size, target_period;
    SdqnTaskValues task_weights, reward_scales;
    int evaluation_period;
    int evaluation_episodes;
    uint64_t evaluation_seed;
    int final_episodes;
    uint64_t final_seed;
    int checkpoint_period;
    int state_period_episodes;
    double state_period_seconds;
    bool keep_state;
    bool tensorboard;
} SdqnConfig;

/// The defaults of method `shared` on the default tasks.
void sdqn_config_default(SdqnConfig *config);

/// What the run's method is made from. @param def  written; borrows names from `config`
void sdqn_config_method_def(const SdqnConfig *config, const SdqnKernels *kernels, SdqnMethodDef *def);

/// Definition of a task by name: built-in or of this configuration. @return NULL if there is none
const SdqnTask *sdqn_config_find_task(const SdqnConfig *config, const char *name);

/// The kernel level asked for. @return SDQN_OK, or SDQN_ERR_ARGUMENT if this machine does not have it
SdqnStatus sdqn_config_level(const SdqnConfig *config, SdqnCpuLevel *level, SdqnError *error);

/// Whether two configurations give the same results: every key is equal but those that change none (threads, isa, state periods, ...).
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT with the first key that differs and both values
SdqnStatus sdqn_config_check_same(const SdqnConfig *wanted, const SdqnConfig *recorded, SdqnError *error);

/// The configuration as YAML, every key in the table's order; read back it gives the same struct.
/// @param text  zero-terminated, `size` bytes without the zero; the caller frees it
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_config_format(const SdqnConfig *config, char **text, size_t *size, SdqnError *error);

/// Collects settings by rank: the method's defaults, then files in the order they are read, then the command line.
typedef struct SdqnConfigBuilder SdqnConfigBuilder;

/// @return NULL if out of memory
SdqnConfigBuilder *sdqn_config_builder_create(void);
/// NULL is allowed.
void sdqn_config_builder_destroy(SdqnConfigBuilder *builder);

/// Read a YAML file over the files read before. At most two files.
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_MEMORY, or SDQN_ERR_ARGUMENT: `FILE:LINE: key = value: what is allowed`
SdqnStatus sdqn_config_builder_read(SdqnConfigBuilder *builder, const char *path, SdqnError *error);

/// Take `key=value` of `--set`. @return SDQN_OK, or SDQN_ERR_ARGUMENT: `--set key=value: what is allowed`
SdqnStatus sdqn_config_builder_set(SdqnConfigBuilder *builder, const char *assignment, SdqnError *error);

/// Take the value of the option made from a key. @param key  with underscores, one of the table
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT: `--key value: what is allowed`
SdqnStatus sdqn_config_builder_option(SdqnConfigBuilder *builder, const char *key, const char *value, SdqnError *error);

/// Put tasks behind those given so far, which are read before; they count as new_tasks. @param names  of --add-task, separated by commas
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT: what is allowed
SdqnStatus sdqn_config_builder_add_tasks(SdqnConfigBuilder *builder, const char *names, SdqnError *error);

/// Whether a file or the command line gave a key.
bool sdqn_config_builder_has(const SdqnConfigBuilder *builder, const char *key);
/// Name of the method as given so far, which need not be one.
const char *sdqn_config_builder_method(const SdqnConfigBuilder *builder);
/// Forget what files have said of a key.
void sdqn_config_builder_forget(SdqnConfigBuilder *builder, const char *key);

/// Put all together, check what concerns several keys, and fill the definitions of the other rooms.
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT with source, key, value and what is allowed (`config` untouched)
SdqnStatus sdqn_config_builder_finish(const SdqnConfigBuilder *builder, SdqnConfig *config, SdqnError *error);

/// A configuration from one file alone, over the defaults. @return as sdqn_config_builder_read and sdqn_config_builder_finish
SdqnStatus sdqn_config_read(const char *path, SdqnConfig *config, SdqnError *error);

/// The same from the text of a file in memory. @param name  what error messages call it
SdqnStatus sdqn_config_parse(const char *name, const char *text, size_t size, SdqnConfig *config, SdqnError *error);

/// One key for people: what --help prints.
typedef struct SdqnConfigKeyInfo {
    const char *name;   ///< with underscores
    const char *help;   ///< one line
    char allowed[256];  ///< "an integer in [1, 4096]"
    char standard[128]; ///< the default as text
    bool is_option;     ///< false: only in a file
} SdqnConfigKeyInfo;

int sdqn_config_key_count(void);
/// @param index  in [0, sdqn_config_key_count())
void sdqn_config_key_info(int index, SdqnConfigKeyInfo *info);
/// The words that a key's value can be, with spaces between them; "" if it is a number or anything else. @return `text`, cut to `size`
const char *sdqn_config_key_words(int index, char *text, size_t size);
/// The value of a key as text, cut to `size` bytes. @return whether results depend on it
bool sdqn_config_key_value(const SdqnConfig *config, int index, char *text, size_t size);

#endif
