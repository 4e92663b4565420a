#include "run/weights_policy.h"

#include "dqn/exploration.h"
#include "nn/network.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct SdqnWeightsPolicy {
    SdqnQNetworkSet set;
    SdqnQWorkspace *workspaces[SDQN_MAX_TASKS]; ///< of SDQN_EVALUATION_LANES rows, for each network
    int networks[SDQN_TASK_SET_MAX];            ///< which network plays a task
    int32_t rows[SDQN_TASK_SET_MAX];            ///< and which task it is to that network
};

SdqnStatus sdqn_weights_policy_create_from(SdqnQNetworkSet *set, SdqnWeightsPolicy **policy, SdqnError *error) {
    SdqnWeightsPolicy *created = calloc(1, sizeof *created);
    if (created == NULL) {
        sdqn_q_network_set_clear(set);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "evaluation: out of memory");
    }
    created->set = *set;
    *set = (SdqnQNetworkSet){0};
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < created->set.count && status == SDQN_OK; i++)
        status = sdqn_q_workspace_create(sdqn_q_network_def(created->set.networks[i]), SDQN_EVALUATION_LANES, false,
                                         &created->workspaces[i], error);
    if (status != SDQN_OK) {
        sdqn_weights_policy_destroy(created);
        return status;
    }
    for (int i = 0; i < SDQN_TASK_SET_MAX; i++) created->rows[i] = i;
    *policy = created;
    return SDQN_OK;
}

void sdqn_weights_policy_destroy(SdqnWeightsPolicy *policy) {
    if (policy == NULL) return;
    for (int i = 0; i < policy->set.count; i++) sdqn_q_workspace_destroy(policy->workspaces[i]);
    sdqn_q_network_set_clear(&policy->set);
    free(policy);
}

bool sdqn_weights_policy_is_named(const SdqnWeightsPolicy *policy) { return policy->set.tasks[0][0] != '\0'; }

SdqnStatus sdqn_weights_policy_choose(SdqnWeightsPolicy *policy, const SdqnTaskSet *set, SdqnError *error) {
    const SdqnQNetworkSet *own = &policy->set;
    int networks[SDQN_TASK_SET_MAX] = {0};
    for (int t = 0; t < set->count; t++) {
        int i = 0;
        while (i < own->count && strcmp(own->tasks[i], set->tasks[t].name) != 0) i++;
        networks[t] = i;
        if (i < own->count) continue;
        char known[512];
        size_t length = 0;
        for (i = 0; i < own->count && length < sizeof known; i++)
            length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i == 0 ? "" : ", ", own->tasks[i]);
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "task %s: the weights have no network for it, only for %s", set->tasks[t].name,
                              known);
    }
    memcpy(policy->networks, networks, (size_t)set->count * sizeof *networks);
    memset(policy->rows, 0, sizeof policy->rows); // to its network each is the only one
    return SDQN_OK;
}

int sdqn_weights_policy_num_tasks(const SdqnWeightsPolicy *policy) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(policy->set.networks[0]);
    const bool knows_tasks = def->conditioning != SDQN_CONDITIONING_BLIND || def->residuals != SDQN_RESIDUALS_NONE;
    if (sdqn_weights_policy_is_named(policy) || !knows_tasks) return 0;
    return def->conditioning == SDQN_CONDITIONING_ID ? SDQN_WEIGHTS_POLICY_ANY_TASKS : def->num_tasks;
}

void sdqn_weights_policy_set_rows(SdqnWeightsPolicy *policy, const int32_t *rows, int count) {
    assert(count <= SDQN_TASK_SET_MAX);
    memcpy(policy->rows, rows, (size_t)count * sizeof *rows);
}

const SdqnQNetwork *sdqn_weights_policy_network(const SdqnWeightsPolicy *policy, int task, int32_t *row) {
    assert(task >= 0 && task < SDQN_TASK_SET_MAX);
    *row = policy->rows[task];
    return policy->set.networks[policy->networks[task]];
}

/// The Q-values of one network, for the tasks it plays.
static void q_values_of_network(SdqnWeightsPolicy *policy, int network, const int32_t *tasks, const float *observations, int n, float *q) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(policy->set.networks[network]);
    const size_t observation_size = (size_t)def->observation_size, num_actions = (size_t)def->num_actions;
    float own_observations[SDQN_EVALUATION_LANES * SDQN_MAX_OBSERVATION_SIZE], own_q[SDQN_EVALUATION_LANES * SDQN_MAX_ACTIONS];
    int32_t rows[SDQN_EVALUATION_LANES];
    int places[SDQN_EVALUATION_LANES], count = 0;
    for (int i = 0; i < n; i++) {
        if (policy->networks[tasks[i]] != network) continue;
        memcpy(own_observations + (size_t)count * observation_size, observations + (size_t)i * observation_size,
               observation_size * sizeof(float));
        rows[count] = policy->rows[tasks[i]];
        places[count++] = i;
    }
    if (count == 0) return;
    sdqn_q_network_q_values(policy->set.networks[network], policy->workspaces[network], own_observations, rows, count, own_q);
    for (int i = 0; i < count; i++) memcpy(q + (size_t)places[i] * num_actions, own_q + (size_t)i * num_actions, num_actions * sizeof *q);
}

void sdqn_weights_policy_q_values(SdqnWeightsPolicy *policy, const int32_t *tasks, const float *observations, int n, float *q) {
    assert(n >= 1 && n <= SDQN_EVALUATION_LANES);
    for (int network = 0; network < policy->set.count; network++) q_values_of_network(policy, network, tasks, observations, n, q);
}

static void act(void *object, const int32_t *tasks, const float *observations, int n, int32_t *actions) {
    SdqnWeightsPolicy *policy = object;
    const int num_actions = sdqn_q_network_def(policy->set.networks[0])->num_actions;
    float q[SDQN_EVALUATION_LANES * SDQN_MAX_ACTIONS];
    sdqn_weights_policy_q_values(policy, tasks, observations, n, q);
    for (int i = 0; i < n; i++) actions[i] = sdqn_greedy_action(q + (size_t)i * (size_t)num_actions, num_actions);
}

SdqnPolicy sdqn_weights_policy_as_policy(SdqnWeightsPolicy *policy) { return (SdqnPolicy){policy, act}; }
