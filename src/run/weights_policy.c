#include "run/weights_policy.h"

#include "dqn/exploration.h"
#include "nn/network.h"
#include "nn/network_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct SdqnWeightsPolicy {
    SdqnQNetwork *network;
    SdqnQWorkspace *workspace; ///< of one row
    int32_t rows[SDQN_TASK_SET_MAX];
};

SdqnStatus sdqn_weights_policy_create(const char *path, const SdqnEnvironmentFamily *family, const SdqnKernels *kernels,
                                      SdqnWeightsPolicy **policy, SdqnError *error) {
    SdqnWeightsPolicy *created = calloc(1, sizeof *created);
    if (created == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", path);
    SdqnStatus status = sdqn_q_network_read(path, family->observation_size, family->num_actions, kernels, &created->network, error);
    if (status == SDQN_OK) status = sdqn_q_workspace_create(sdqn_q_network_def(created->network), 1, 0, &created->workspace, error);
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
    sdqn_q_workspace_destroy(policy->workspace);
    sdqn_q_network_destroy(policy->network);
    free(policy);
}

int sdqn_weights_policy_num_tasks(const SdqnWeightsPolicy *policy) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(policy->network);
    if (def->conditioning == SDQN_CONDITIONING_BLIND) return 0;
    return def->conditioning == SDQN_CONDITIONING_ID ? SDQN_WEIGHTS_POLICY_ANY_TASKS : def->num_tasks;
}

void sdqn_weights_policy_set_rows(SdqnWeightsPolicy *policy, const int32_t *rows, int count) {
    assert(count <= SDQN_TASK_SET_MAX);
    memcpy(policy->rows, rows, (size_t)count * sizeof *rows);
}

static int act(void *object, int task, const float *observation) {
    SdqnWeightsPolicy *policy = object;
    float q[SDQN_MAX_ACTIONS];
    sdqn_q_network_forward(policy->network, policy->workspace, observation, &policy->rows[task], 1, q);
    return sdqn_greedy_action(q, sdqn_q_network_def(policy->network)->num_actions);
}

SdqnPolicy sdqn_weights_policy_as_policy(SdqnWeightsPolicy *policy) { return (SdqnPolicy){policy, act}; }
