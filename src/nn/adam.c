#include "nn/adam.h"

#include "nn/aligned.h"

#include <math.h>
#include <stdlib.h>

SdqnStatus sdqn_adam_create(SdqnAdam *adam, size_t count, SdqnError *error) {
    SdqnAdam made = {
        .count = count, .m = sdqn_aligned_floats(count), .v = sdqn_aligned_floats(count), .beta1_power = 1.0, .beta2_power = 1.0};
    if (!made.m || !made.v) {
        sdqn_adam_destroy(&made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "Adam: out of memory for %zu parameters", count);
    }
    *adam = made;
    return SDQN_OK;
}

void sdqn_adam_destroy(SdqnAdam *adam) {
    free(adam->m);
    free(adam->v);
    adam->m = adam->v = NULL;
}

void sdqn_adam_step(SdqnAdam *adam, const SdqnKernels *kernels, const float *gradient, double learning_rate, float *parameters) {
    adam->beta1_power *= SDQN_ADAM_BETA1;
    adam->beta2_power *= SDQN_ADAM_BETA2;
    const SdqnAdamStep step = {
        .beta1_complement = (float)(1.0 - SDQN_ADAM_BETA1),
        .beta2 = (float)SDQN_ADAM_BETA2,
        .beta2_complement = (float)(1.0 - SDQN_ADAM_BETA2),
        .step_size = (float)(learning_rate / (1.0 - adam->beta1_power)),
        .inverse_root_complement = (float)(1.0 / sqrt(1.0 - adam->beta2_power)),
        .epsilon = (float)SDQN_ADAM_EPSILON,
    };
    kernels->adam(&step, gradient, adam->count, adam->m, adam->v, parameters);
}

void sdqn_weight_decay(double learning_rate, double weight_decay, size_t count, float *parameters) {
    const float factor = (float)(1.0 - learning_rate * weight_decay);
    for (size_t i = 0; i < count; i++) parameters[i] *= factor;
}
