// task.h: the built-in LunarLander tasks. SdqnTask, how to find one by name and how to check one are in sharedqn.h.
#ifndef SDQN_LANDER_TASK_H
#define SDQN_LANDER_TASK_H

#include "core/error.h"

#include <stdbool.h>

#define SDQN_NUM_BUILTIN_TASKS 4
#define SDQN_NUM_DEFAULT_TASKS 3 ///< `all` and the default list: standard, windy, heavy

/// Built-in task by index: 0 standard, 1 windy, 2 heavy, 3 gymwind. @return NULL if out of range
const SdqnTask *sdqn_task_builtin(int index);
/// Whether two tasks are the same in all fields.
bool sdqn_task_is_same(const SdqnTask *a, const SdqnTask *b);

#endif
