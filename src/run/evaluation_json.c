#include "run/evaluation_json.h"

#include "core/text.h"

#include <math.h>
#include <stdlib.h>

#define MAX_RETURN 1e9 ///< in size; rewards are bounded and episodes short

void sdqn_task_result_json_add(SdqnJsonWriter *writer, const SdqnTaskResult *task) {
    sdqn_json_add_double(writer, "mean", task->mean);
    sdqn_json_add_double(writer, "std", task->std);
    sdqn_json_add_double(writer, "success", task->success);
    sdqn_json_add_double(writer, "at_rest", task->at_rest);
    sdqn_json_add_double(writer, "timeout", task->timeout);
    sdqn_json_add_double(writer, "steps", task->steps);
}

static void add_task(SdqnJsonWriter *writer, const SdqnTaskResult *task) {
    sdqn_json_begin_object(writer, task->name);
    sdqn_task_result_json_add(writer, task);
    sdqn_json_begin_array(writer, "episodes");
    for (int i = 0; i < task->num_episodes; i++) {
        const SdqnEpisodeResult *episode = &task->episodes[i];
        sdqn_json_begin_object(writer, NULL);
        sdqn_json_add_u64(writer, "seed", episode->seed);
        sdqn_json_add_hex(writer, "return", episode->episode_return);
        sdqn_json_add_i64(writer, "steps", episode->steps);
        sdqn_json_add_bool(writer, "terminated", episode->terminated);
        sdqn_json_add_bool(writer, "at_rest", episode->at_rest);
        sdqn_json_end_object(writer);
    }
    sdqn_json_end_array(writer);
    sdqn_json_end_object(writer);
}

void sdqn_evaluation_json_add(SdqnJsonWriter *writer, const SdqnEvaluation *evaluation) {
    sdqn_json_begin_object(writer, "tasks");
    for (int t = 0; t < evaluation->num_tasks; t++) add_task(writer, &evaluation->tasks[t]);
    sdqn_json_end_object(writer);
    sdqn_json_add_double(writer, "mean", evaluation->mean);

    sdqn_json_begin_object(writer, "protocol");
    sdqn_json_add_i64(writer, "episodes", evaluation->num_episodes);
    sdqn_json_add_u64(writer, "seed", evaluation->seed);
    sdqn_json_add_bool(writer, "greedy", true);
    sdqn_json_add_double(writer, "success_return", SDQN_SUCCESS_RETURN);
    sdqn_json_begin_object(writer, "time_limits");
    for (int t = 0; t < evaluation->num_tasks; t++)
        sdqn_json_add_i64(writer, evaluation->tasks[t].name, evaluation->tasks[t].time_limit_steps);
    sdqn_json_end_object(writer);
    sdqn_json_end_object(writer);
}

SdqnStatus sdqn_return_json_get(const char *where, const json_t *object, const char *key, double *value, SdqnError *error) {
    char text[SDQN_TEXT_SIZE];
    const SdqnStatus status = sdqn_json_get_double(where, object, key, value, error);
    if (status != SDQN_OK || fabs(*value) <= MAX_RETURN) return status;
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: a return of %s: must be at most 1e9 in size", where,
                          sdqn_text_from_double(*value, text));
}

SdqnStatus sdqn_task_result_json_read(const char *where, const json_t *object, SdqnTaskResult *task, SdqnError *error) {
    const struct {
        const char *key;
        double *value;
    } members[] = {{"std", &task->std},
                   {"success", &task->success},
                   {"at_rest", &task->at_rest},
                   {"timeout", &task->timeout},
                   {"steps", &task->steps}};
    SdqnStatus status = sdqn_return_json_get(where, object, "mean", &task->mean, error);
    for (size_t i = 0; i < sizeof members / sizeof *members && status == SDQN_OK; i++)
        status = sdqn_json_get_double(where, object, members[i].key, members[i].value, error);
    return status;
}

SdqnStatus sdqn_evaluation_json_read(const char *where, const json_t *object, SdqnEvaluation *evaluation, SdqnError *error) {
    json_t *tasks, *protocol, *limits;
    int64_t episodes, seed, limit;
    SdqnEvaluation result = {0};
    SdqnStatus status = sdqn_json_get_object(where, object, "tasks", &tasks, error);
    if (status == SDQN_OK) status = sdqn_json_get_double(where, object, "mean", &result.mean, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, object, "protocol", &protocol, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, protocol, "episodes", 1, INT32_MAX, &episodes, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, protocol, "seed", 0, INT64_MAX, &seed, error);
    if (status == SDQN_OK) status = sdqn_json_get_object(where, protocol, "time_limits", &limits, error);
    if (status != SDQN_OK) return status;

    size_t count = json_object_size(tasks);
    if (count < 1 || count > SDQN_TASK_SET_MAX)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tasks has %zu members: 1 to %d are allowed", where, count, SDQN_TASK_SET_MAX);
    result.tasks = calloc(count, sizeof *result.tasks);
    if (result.tasks == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", where);
    result.num_tasks = (int)count;
    result.num_episodes = (int)episodes;
    result.seed = (uint64_t)seed;

    SdqnTaskResult *task = result.tasks;
    const char *name;
    json_t *value;
    json_object_foreach(tasks, name, value) {
        task->name = name;
        if (status == SDQN_OK) status = sdqn_task_result_json_read(where, value, task, error);
        if (status == SDQN_OK) status = sdqn_json_get_integer(where, limits, name, 1, INT32_MAX, &limit, error);
        if (status == SDQN_OK) task->time_limit_steps = (int)limit;
        task->num_episodes = (int)episodes;
        task++;
    }
    if (status != SDQN_OK) {
        sdqn_evaluation_clear(&result);
        return status;
    }
    *evaluation = result;
    return SDQN_OK;
}

SdqnStatus sdqn_evaluation_json_check(const char *where, const json_t *object, const SdqnConfig *config, bool is_final, SdqnError *error) {
    const int64_t wanted_episodes = is_final ? config->final_episodes : config->evaluation_episodes;
    const uint64_t wanted_seed = is_final ? config->final_seed : config->evaluation_seed;
    json_t *protocol;
    int64_t episodes = 0, seed = 0;
    SdqnStatus status = sdqn_json_get_object(where, object, "protocol", &protocol, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, protocol, "episodes", 1, INT32_MAX, &episodes, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, protocol, "seed", 0, INT64_MAX, &seed, error);
    if (status != SDQN_OK || (episodes == wanted_episodes && (uint64_t)seed == wanted_seed)) return status;
    return sdqn_error_set(error, SDQN_ERR_FORMAT,
                          "%s: another protocol: %lld episodes from seed %lld, the run's settings say %lld from %llu", where,
                          (long long)episodes, (long long)seed, (long long)wanted_episodes, (unsigned long long)wanted_seed);
}
