// task.h: a LunarLander task as data, the four built-in ones, and the check that a task from a user is sound.
#ifndef SDQN_LANDER_TASK_H
#define SDQN_LANDER_TASK_H

#include "core/error.h"

#include <stdbool.h>

#define SDQN_TASK_NAME_SIZE 32
#define SDQN_NUM_BUILTIN_TASKS 4
#define SDQN_NUM_DEFAULT_TASKS 3 ///< `all` and the default list: standard, windy, heavy

/// How the air moves.
typedef enum SdqnWindKind {
    SDQN_WIND_NONE = 0,
    SDQN_WIND_UNIFORM,   ///< a horizontal force U(-wind_power, wind_power) before every step, the first draw of the step
    SDQN_WIND_GYMNASIUM, ///< Gymnasium's enable_wind: tanh(sin(2kx) + sin(pi k x)) times wind_power, and a torque likewise
} SdqnWindKind;

/// A LunarLander task. All fields count; all zeros is invalid.
typedef struct SdqnTask {
    char name[SDQN_TASK_NAME_SIZE]; ///< [a-z0-9_-]+, zero-terminated, the rest of the array zero
    double gravity;                 ///< world gravity, in [-100, 0). Default -10.
    SdqnWindKind wind;              ///< default none
    double wind_power;              ///< newtons, in [0, 1000]. Default 0 (uniform: 20, gymnasium: 15).
    double turbulence_power;        ///< newton metres, in [0, 1000], gymnasium's wind only. Default 0 (gymnasium: 1.5).
    bool wind_on_ground;            ///< wind blows also while a leg touches the ground. Default true (gymnasium's own: false).
    double initial_random;          ///< initial force drawn from U(-r, r) on each axis, newtons, in [0, 100000]. Default 1000.
    double main_engine_power;       ///< in [0, 1000]. Default 13.
    double side_engine_power;       ///< in [0, 1000]. Default 0.6.
    int time_limit_steps;           ///< steps after which an episode is truncated, in [1, 1000000]. Default 1000.
} SdqnTask;

/// The standard task, under an empty name: where a user's definition starts from.
SdqnTask sdqn_task_default(void);

/// Built-in task by index: 0 standard, 1 windy, 2 heavy, 3 gymwind. @return NULL if out of range
const SdqnTask *sdqn_task_builtin(int index);

/// Built-in task by name. @return NULL if there is none
const SdqnTask *sdqn_task_find(const char *name);

/// Check every field. @return SDQN_OK, or SDQN_ERR_ARGUMENT with the field, its value and the allowed range
SdqnStatus sdqn_task_check(const SdqnTask *task, SdqnError *error);

#endif
