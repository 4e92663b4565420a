#include "lander/task.h"

#include "core/text.h"

#include <stddef.h>
#include <string.h>

static const SdqnTask builtin[SDQN_NUM_BUILTIN_TASKS] = {
    {.name = "standard",
     .gravity = -10.0,
     .wind = SDQN_WIND_NONE,
     .wind_on_ground = true,
     .initial_random = 1000.0,
     .main_engine_power = 13.0,
     .side_engine_power = 0.6,
     .time_limit_steps = 1000},
    {.name = "windy",
     .gravity = -10.0,
     .wind = SDQN_WIND_UNIFORM,
     .wind_power = 20.0,
     .wind_on_ground = true,
     .initial_random = 1000.0,
     .main_engine_power = 13.0,
     .side_engine_power = 0.6,
     .time_limit_steps = 400},
    {.name = "heavy",
     .gravity = -12.5,
     .wind = SDQN_WIND_NONE,
     .wind_on_ground = true,
     .initial_random = 1000.0,
     .main_engine_power = 13.0,
     .side_engine_power = 0.6,
     .time_limit_steps = 800},
    {.name = "gymwind",
     .gravity = -10.0,
     .wind = SDQN_WIND_GYMNASIUM,
     .wind_power = 15.0,
     .turbulence_power = 1.5,
     .wind_on_ground = false,
     .initial_random = 1000.0,
     .main_engine_power = 13.0,
     .side_engine_power = 0.6,
     .time_limit_steps = 1000},
};

SdqnTask sdqn_task_default(void) {
    SdqnTask task = builtin[0];
    memset(task.name, 0, sizeof task.name);
    return task;
}

const SdqnTask *sdqn_task_builtin(int index) { return index >= 0 && index < SDQN_NUM_BUILTIN_TASKS ? &builtin[index] : NULL; }

const SdqnTask *sdqn_task_find(const char *name) {
    for (int i = 0; i < SDQN_NUM_BUILTIN_TASKS; i++)
        if (strcmp(builtin[i].name, name) == 0) return &builtin[i];
    return NULL;
}

static SdqnStatus check_name(const SdqnTask *task, SdqnError *error) {
    size_t length = strnlen(task->name, sizeof task->name);
    bool good = length > 0 && length < sizeof task->name;
    for (size_t i = 0; good && i < length; i++) good = strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", task->name[i]) != NULL;
    if (good) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "task name = \"%.*s\": must be 1 to %d of a-z, 0-9, _ and -", (int)length, task->name,
                          SDQN_TASK_NAME_SIZE - 1);
}

static SdqnStatus check_real(const SdqnTask *task, const char *field, double value, double low, double high, SdqnError *error) {
    if (value >= low && value <= high) return SDQN_OK; // false for a NaN
    char found[SDQN_TEXT_SIZE], from[SDQN_TEXT_SIZE], to[SDQN_TEXT_SIZE];
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "task %s: %s = %s: must be in [%s, %s]", task->name, field,
                          sdqn_text_from_double(value, found), sdqn_text_from_double(low, from), sdqn_text_from_double(high, to));
}

SdqnStatus sdqn_task_check(const SdqnTask *task, SdqnError *error) {
    SdqnStatus status = check_name(task, error);
    if (status) return status;
    if (!(task->gravity < 0.0 && task->gravity >= -100.0)) {
        char found[SDQN_TEXT_SIZE];
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "task %s: gravity = %s: must be negative and at least -100", task->name,
                              sdqn_text_from_double(task->gravity, found));
    }
    const struct {
        const char *field;
        double value, high;
    } reals[] = {
        {"wind_power", task->wind_power, 1000.0},
        {"turbulence_power", task->turbulence_power, 1000.0},
        {"initial_random", task->initial_random, 100000.0},
        {"main_engine_power", task->main_engine_power, 1000.0},
        {"side_engine_power", task->side_engine_power, 1000.0},
    };
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        status = check_real(task, reals[i].field, reals[i].value, 0.0, reals[i].high, error);
        if (status) return status;
    }
    if ((int)task->wind < SDQN_WIND_NONE || task->wind > SDQN_WIND_GYMNASIUM)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "task %s: wind = %d: must be none, uniform or gymnasium", task->name,
                              (int)task->wind);
    if (task->time_limit_steps < 1 || task->time_limit_steps > 1000000)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "task %s: time_limit_steps = %d: must be in [1, 1000000]", task->name,
                              task->time_limit_steps);
    return SDQN_OK;
}

bool sdqn_task_is_same(const SdqnTask *a, const SdqnTask *b) {
    const bool powers = a->wind_power == b->wind_power && a->turbulence_power == b->turbulence_power &&
                        a->main_engine_power == b->main_engine_power && a->side_engine_power == b->side_engine_power;
    const bool rest = a->gravity == b->gravity && a->initial_random == b->initial_random && a->wind == b->wind &&
                      a->wind_on_ground == b->wind_on_ground && a->time_limit_steps == b->time_limit_steps;
    return powers && rest && strcmp(a->name, b->name) == 0;
}
