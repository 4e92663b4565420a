// mean.c: `mean`, the control of every method that combines per-task gradients, and `sum` with weight decay.
//
// A replay buffer for each task, the same number of samples of each in every update, and nothing clever: what such a method gains over
// `mean` is due to how it combines, what `mean` gains over `shared` to more and stratified samples.

#include "methods/learner_method.h"
#include "methods/method_table.h"

#include <string.h>

/// direction = ((g_0 + g_1) + g_2) + ...
static void add_up(const float *gradients, int tasks, size_t parameters, float *direction) {
    memcpy(direction, gradients, parameters * sizeof(float));
    for (int t = 1; t < tasks; t++) {
        const float *gradient = gradients + (size_t)t * parameters;
        for (size_t i = 0; i < parameters; i++) direction[i] += gradient[i];
    }
}

static SdqnStatus aggregate_sum(void *context, const float *gradients, int tasks, size_t parameters, float *direction, SdqnError *error) {
    (void)context, (void)error;
    add_up(gradients, tasks, parameters, direction);
    return SDQN_OK;
}

static SdqnStatus aggregate_mean(void *context, const float *gradients, int tasks, size_t parameters, float *direction, SdqnError *error) {
    (void)context, (void)error;
    add_up(gradients, tasks, parameters, direction);
    for (size_t i = 0; i < parameters; i++) direction[i] /= (float)tasks;
    return SDQN_OK;
}

// Adam takes no notice of the gradient's scale, so that without it a sum would learn as the mean does.
static void sum_def_default(SdqnMethodDef *def) {
    sdqn_task_buffers_def_default(def);
    def->weight_decay = 0.01; // torch.optim.AdamW's default
}

static SdqnStatus mean_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    return sdqn_learner_method_create(def, aggregate_mean, NULL, self, error);
}

static SdqnStatus sum_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    return sdqn_learner_method_create(def, aggregate_sum, NULL, self, error);
}

const SdqnMethod sdqn_method_mean = {
    .name = "mean",
    .help = "a replay buffer for each task, the mean of their gradients: the control of all gradient methods",
    .uses = SDQN_METHOD_TASK_BUFFERS,
    .def_default = sdqn_task_buffers_def_default,
    .create = mean_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};

const SdqnMethod sdqn_method_sum = {
    .name = "sum",
    .help = "a replay buffer for each task, the sum of their gradients, weight decay",
    .uses = SDQN_METHOD_TASK_BUFFERS,
    .def_default = sum_def_default,
    .create = sum_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};
