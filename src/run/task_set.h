// task_set.h: the tasks of a run, as the trainer and the evaluator see them: names and data of one family of environments.
#ifndef SDQN_RUN_TASK_SET_H
#define SDQN_RUN_TASK_SET_H

#include "core/environment.h"
#include "lander/task.h"
#include "run/config.h"

#define SDQN_TASK_SET_MAX 32 ///< tasks of one run

/// One task: borrowed name and plain data of the family.
typedef struct SdqnTaskEntry {
    const char *name;
    const void *data;     ///< [family->task_size] bytes
    int time_limit_steps; ///< recorded with every evaluation; the environment itself enforces it
} SdqnTaskEntry;

/// A family and the tasks of it that a run uses. Task i of the set is task i of the method (its embedding's row).
typedef struct SdqnTaskSet {
    const SdqnEnvironmentFamily *family;
    int count; ///< in [1, SDQN_TASK_SET_MAX]
    SdqnTaskEntry tasks[SDQN_TASK_SET_MAX];
} SdqnTaskSet;

/// A LunarLander task as an entry. @param task  borrowed
SdqnTaskEntry sdqn_task_entry_lander(const SdqnTask *task);

/// The LunarLander tasks of a checked configuration, in its order. @param config  borrowed: the set points into it
void sdqn_task_set_from_config(const SdqnConfig *config, SdqnTaskSet *set);

#endif
