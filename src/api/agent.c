#include "api/agent.h"

#include "core/cpu.h"
#include "core/version.h"
#include "dqn/exploration.h"
#include "lander/lander.h"
#include "nn/kernels.h"
#include "run/weights_policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBSERVATION SDQN_LANDER_OBSERVATION_SIZE
#define ACTIONS SDQN_LANDER_NUM_ACTIONS

_Static_assert(SDQN_AGENT_MAX_TASKS == SDQN_TASK_SET_MAX, "an agent plays what a run can have");

struct SdqnAgent {
    SdqnWeightsPolicy *policy;
    int num_tasks; ///< 0: it sees the observation alone
    char tasks[SDQN_AGENT_MAX_TASKS][SDQN_TENSOR_NAME_SIZE];
};

const char *sdqn_version(void) { return SDQN_VERSION; }

void sdqn_agent_destroy(SdqnAgent *agent) {
    if (agent == NULL) return;
    sdqn_weights_policy_destroy(agent->policy);
    free(agent);
}

/// Names of the tasks that are not given: those of the networks, else the default ones where their number can be right.
static SdqnStatus name_tasks(SdqnAgent *agent, const SdqnQNetworkSet *set, const char *const *tasks, int num_tasks, SdqnError *error) {
    for (int i = 0; i < num_tasks; i++) {
        const size_t length = strlen(tasks[i]);
        if (length == 0 || length >= SDQN_TASK_NAME_SIZE)
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "agent: task %d = \"%s\": a name has 1 to %d bytes", i, tasks[i],
                                  SDQN_TASK_NAME_SIZE - 1);
        memcpy(agent->tasks[i], tasks[i], length);
    }
    agent->num_tasks = num_tasks;
    if (tasks != NULL) return SDQN_OK;
    const bool named = set->tasks[0][0] != '\0';
    if (named && set->count > SDQN_AGENT_MAX_TASKS)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "agent: %d networks: at most %d", set->count, SDQN_AGENT_MAX_TASKS);
    agent->num_tasks = named ? set->count : SDQN_NUM_DEFAULT_TASKS;
    for (int i = 0; i < agent->num_tasks; i++)
        snprintf(agent->tasks[i], sizeof agent->tasks[i], "%s", named ? set->tasks[i] : sdqn_task_builtin(i)->name);
    return SDQN_OK;
}

/// Make the names fit what the networks tell apart.
static SdqnStatus fit_tasks(SdqnAgent *agent, bool given, SdqnError *error) {
    const int known = sdqn_weights_policy_num_tasks(agent->policy);
    if (sdqn_weights_policy_is_named(agent->policy)) {
        SdqnTaskSet set = {.family = &sdqn_lander_family, .count = agent->num_tasks};
        for (int i = 0; i < agent->num_tasks; i++) set.tasks[i].name = agent->tasks[i];
        return sdqn_weights_policy_choose(agent->policy, &set, error);
    }
    if (known == 0) agent->num_tasks = 0;
    if (known <= 0 || known == agent->num_tasks) return SDQN_OK;
    if (given || known > SDQN_AGENT_MAX_TASKS)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "agent: the weights know %d tasks: %d are named, at most %d are possible", known,
                              agent->num_tasks, SDQN_AGENT_MAX_TASKS);
    memset(agent->tasks, 0, sizeof agent->tasks);
    agent->num_tasks = known;
    return SDQN_OK;
}

SdqnStatus sdqn_agent_create_from(SdqnQNetworkSet *set, const char *const *tasks, int num_tasks, SdqnAgent **agent, SdqnError *error) {
    SdqnAgent *made = calloc(1, sizeof *made);
    if (made == NULL) {
        sdqn_q_network_set_clear(set);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "agent: out of memory");
    }
    SdqnStatus status = name_tasks(made, set, tasks, num_tasks, error);
    if (status == SDQN_OK) {
        status = sdqn_weights_policy_create_from(set, &made->policy, error);
    } else {
        sdqn_q_network_set_clear(set);
    }
    if (status == SDQN_OK) status = fit_tasks(made, tasks != NULL, error);
    if (status == SDQN_OK)
        *agent = made;
    else
        sdqn_agent_destroy(made);
    return status;
}

/// What the networks make of a caller's arrays they trust: names fit, shapes have no overflow, values are finite.
static SdqnStatus view_weights(const SdqnWeights *weights, int index, SdqnTensor *tensor, SdqnError *error) {
    const size_t length = weights->name != NULL ? strlen(weights->name) : 0;
    if (length == 0 || length >= sizeof tensor->name)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "weights %d: a name has 1 to %d bytes", index, SDQN_TENSOR_NAME_SIZE - 1);
    if (weights->rank < 0 || weights->rank > SDQN_TENSOR_MAX_RANK)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "weights %s: rank = %d: must be in [0, %d]", weights->name, weights->rank,
                              SDQN_TENSOR_MAX_RANK);
    *tensor = (SdqnTensor){.rank = weights->rank, .data = weights->data};
    memcpy(tensor->name, weights->name, length);
    size_t values = 1;
    for (int i = 0; i < weights->rank; i++) {
        tensor->shape[i] = weights->shape[i];
        if (weights->shape[i] > SIZE_MAX / sizeof(float) / (values ? values : 1))
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "weights %s: the shape is too large", weights->name);
        values *= weights->shape[i];
    }
    if (values > 0 && weights->data == NULL) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "weights %s: no data", weights->name);
    for (size_t i = 0; i < values; i++)
        if (!isfinite(weights->data[i]))
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "weights %s: value %zu is not finite", weights->name, i);
    return SDQN_OK;
}

SdqnStatus sdqn_agent_create(const SdqnWeights *weights, int count, const char *const *tasks, int num_tasks, SdqnAgent **agent,
                             SdqnError *error) {
    if (count < 1 || count > SDQN_AGENT_MAX_TASKS * SDQN_Q_NETWORK_MAX_TENSORS)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "agent: %d tensors: must be in [1, %d]", count,
                              SDQN_AGENT_MAX_TASKS * SDQN_Q_NETWORK_MAX_TENSORS);
    if (tasks == NULL) num_tasks = 0;
    if (tasks != NULL && (num_tasks < 1 || num_tasks > SDQN_AGENT_MAX_TASKS))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "agent: %d tasks: must be in [1, %d]", num_tasks, SDQN_AGENT_MAX_TASKS);
    SdqnTensor *tensors = calloc((size_t)count, sizeof *tensors);
    if (tensors == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "agent: out of memory");
    SdqnStatus status = SDQN_OK;
    SdqnQNetworkSet set = {0};
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    for (int i = 0; i < count && status == SDQN_OK; i++) status = view_weights(&weights[i], i, &tensors[i], error);
    if (status == SDQN_OK)
        status =
            sdqn_q_network_set_create("weights", tensors, count, OBSERVATION, ACTIONS, sdqn_kernels(sdqn_cpu_level_best()), &set, error);
    if (status == SDQN_OK) status = sdqn_agent_create_from(&set, tasks, num_tasks, agent, error);
    sdqn_cpu_mode_restore(mode);
    free(tensors);
    return status;
}

int sdqn_agent_num_tasks(const SdqnAgent *agent) { return agent->num_tasks; }

const char *sdqn_agent_task_name(const SdqnAgent *agent, int task) {
    return task >= 0 && task < agent->num_tasks ? agent->tasks[task] : NULL;
}

int sdqn_agent_find_task(const SdqnAgent *agent, const char *name) {
    for (int i = 0; i < agent->num_tasks; i++)
        if (name[0] != '\0' && strcmp(agent->tasks[i], name) == 0) return i;
    return -1;
}

static SdqnStatus check_rows(const SdqnAgent *agent, const int32_t *tasks, const float *observations, int n, SdqnError *error) {
    if (n < 0) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "agent: n = %d: must not be negative", n);
    for (int i = 0; i < n; i++) {
        if (agent->num_tasks > 0 && (tasks == NULL || tasks[i] < 0 || tasks[i] >= agent->num_tasks)) {
            if (tasks == NULL)
                return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "agent: it tells %d tasks apart: say which", agent->num_tasks);
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "agent: task of row %d = %d: must be in [0, %d)", i, (int)tasks[i],
                                  agent->num_tasks);
        }
        for (int k = 0; k < OBSERVATION; k++)
            if (!isfinite(observations[(size_t)i * OBSERVATION + (size_t)k]))
                return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "agent: observation of row %d, value %d is not finite", i, k);
    }
    return SDQN_OK;
}

/// A few rows at a time, as many as the policy takes.
static void q_values_of_rows(SdqnAgent *agent, const int32_t *tasks, const float *observations, int n, float *q) {
    static const int32_t no_tasks[SDQN_EVALUATION_LANES];
    const int32_t *own = agent->num_tasks > 0 ? tasks : no_tasks;
    sdqn_weights_policy_q_values(agent->policy, own, observations, n, q);
}

SdqnStatus sdqn_agent_q_values(SdqnAgent *agent, const int32_t *tasks, const float *observations, int n, float *q, SdqnError *error) {
    SdqnStatus status = check_rows(agent, tasks, observations, n, error);
    if (status != SDQN_OK) return status;
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    for (int i = 0; i < n; i += SDQN_EVALUATION_LANES) {
        const int rows = n - i < SDQN_EVALUATION_LANES ? n - i : SDQN_EVALUATION_LANES;
        q_values_of_rows(agent, tasks ? tasks + i : NULL, observations + (size_t)i * OBSERVATION, rows, q + (size_t)i * ACTIONS);
    }
    sdqn_cpu_mode_restore(mode);
    return SDQN_OK;
}

SdqnStatus sdqn_agent_act(SdqnAgent *agent, const int32_t *tasks, const float *observations, int n, int32_t *actions, SdqnError *error) {
    SdqnStatus status = check_rows(agent, tasks, observations, n, error);
    if (status != SDQN_OK) return status;
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    for (int i = 0; i < n; i += SDQN_EVALUATION_LANES) {
        float q[SDQN_EVALUATION_LANES * ACTIONS];
        const int rows = n - i < SDQN_EVALUATION_LANES ? n - i : SDQN_EVALUATION_LANES;
        q_values_of_rows(agent, tasks ? tasks + i : NULL, observations + (size_t)i * OBSERVATION, rows, q);
        for (int k = 0; k < rows; k++) actions[i + k] = sdqn_greedy_action(q + (size_t)k * ACTIONS, ACTIONS);
    }
    sdqn_cpu_mode_restore(mode);
    return SDQN_OK;
}
