// network_set_read.c: networks from a safetensors file. Apart from network_file.c, so that a library without JSON has all the rest.
#include "nn/network_file.h"
#include "nn/safetensors.h"

SdqnStatus sdqn_q_network_set_read(const char *path, int observation_size, int num_actions, const SdqnKernels *kernels,
                                   SdqnQNetworkSet *set, SdqnError *error) {
    SdqnSafetensors *file;
    SdqnStatus status = sdqn_safetensors_read(path, &file, error);
    if (status != SDQN_OK) return status;
    int count;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    status = sdqn_q_network_set_create(path, tensors, count, observation_size, num_actions, kernels, set, error);
    sdqn_safetensors_destroy(file);
    return status;
}
