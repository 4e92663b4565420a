// adam.h: the Adam optimiser with PyTorch's defaults.
#ifndef SDQN_NN_ADAM_H
#define SDQN_NN_ADAM_H

#include "core/error.h"
#include "nn/kernels.h"

#include <stddef.h>

#define SDQN_ADAM_BETA1 0.9
#define SDQN_ADAM_BETA2 0.999
#define SDQN_ADAM_EPSILON 1e-8

/// First and second moments of a parameter array, and the running powers of the betas. Source: Kingma and Ba 2015, arXiv:1412.6980,
/// Algorithm 1, in the form of torch.optim.Adam: p -= (lr / (1 - beta1^t)) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
typedef struct SdqnAdam {
    size_t count;       ///< parameters
    float *m, *v;       ///< [count], aligned to 64 bytes; entries below 2^-100 in magnitude are set to +0
    double beta1_power; ///< beta1^t after t steps, a running product
    double beta2_power;
} SdqnAdam;

/// Make the moments, all zero. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_adam_create(SdqnAdam *adam, size_t count, SdqnError *error);
/// Frees the moments; an all-zero struct is allowed.
void sdqn_adam_destroy(SdqnAdam *adam);
/// One step. @param gradient [count] @param parameters [count] changed @param learning_rate > 0
void sdqn_adam_step(SdqnAdam *adam, const SdqnKernels *kernels, const float *gradient, double learning_rate, float *parameters);

/// AdamW's decoupled weight decay, to be done before a step: p = p * (1 - learning_rate * weight_decay), the factor rounded to float32.
/// Source: Loshchilov and Hutter 2019, arXiv:1711.05101, Algorithm 2, in the form of torch.optim.AdamW. @param parameters [count] changed
void sdqn_weight_decay(double learning_rate, double weight_decay, size_t count, float *parameters);

#endif
