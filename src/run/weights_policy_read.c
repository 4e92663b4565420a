// weights_policy_read.c: a policy from a safetensors file. Apart from weights_policy.c, so that a library without JSON has all the rest.
#include "run/weights_policy.h"

SdqnStatus sdqn_weights_policy_create(const char *path, const SdqnEnvironmentFamily *family, const SdqnKernels *kernels,
                                      SdqnWeightsPolicy **policy, SdqnError *error) {
    SdqnQNetworkSet set;
    SdqnStatus status = sdqn_q_network_set_read(path, family->observation_size, family->num_actions, kernels, &set, error);
    return status == SDQN_OK ? sdqn_weights_policy_create_from(&set, policy, error) : status;
}
