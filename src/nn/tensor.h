// tensor.h: a named view of float32 values, the form in which weights travel between networks and files.
#ifndef SDQN_NN_TENSOR_H
#define SDQN_NN_TENSOR_H

#include <stddef.h>

#define SDQN_TENSOR_NAME_SIZE 64 ///< longest name with its terminating zero
#define SDQN_TENSOR_MAX_RANK 4

/// A row-major float32 tensor that lives elsewhere. Names and shapes are those of PyTorch's state_dict: "fc1.weight" is [out, in].
typedef struct SdqnTensor {
    char name[SDQN_TENSOR_NAME_SIZE];
    int rank;                           ///< 0 to SDQN_TENSOR_MAX_RANK; 0 is a single value
    size_t shape[SDQN_TENSOR_MAX_RANK]; ///< the first `rank` count
    const float *data;                  ///< product of the shape values, owned by whoever made the view
} SdqnTensor;

/// Number of values of a tensor whose shape is known to be sound.
static inline size_t sdqn_tensor_count(const SdqnTensor *tensor) {
    size_t count = 1;
    for (int i = 0; i < tensor->rank; i++) count *= tensor->shape[i];
    return count;
}

#endif
