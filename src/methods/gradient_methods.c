// gradient_methods.c: the methods that step along a combination of per-task gradients, one row each: `mean`, `sum`, PCGrad, CAGrad, ...
//
// All have one network, a replay buffer for each task and the same number of samples of each in every update. `mean` is their control: what
// another gains over it is due to how it combines, what `mean` gains over `shared` to more and stratified samples.

#include "methods/learner_method.h"
#include "methods/method_table.h"

#include <assert.h>

// The settings of shared. Updates start with Shared's: when the buffers together hold more than 2,000 and each a batch.
void sdqn_task_buffers_def_default(SdqnMethodDef *def) {
    def->network = sdqn_q_network_def_default();
    def->dqn = sdqn_dqn_def_default();
    def->dqn.replay_capacity = 33333; // a third of Shared's for each of three tasks
}

// Adam takes no notice of the gradient's scale, so that without it a sum would learn as the mean does.
static void sum_def_default(SdqnMethodDef *def) {
    sdqn_task_buffers_def_default(def);
    def->dqn.weight_decay = 0.01; // torch.optim.AdamW's default
}

static SdqnStatus create(const char *aggregator, const SdqnMethodDef *def, void **self, SdqnError *error) {
    const SdqnAggregator *found = sdqn_aggregator_find(aggregator);
    assert(found);
    const SdqnCombiner combiner = sdqn_aggregator_combiner(found);
    return sdqn_learner_method_create(def, &combiner, self, error);
}

/// The row sdqn_method_<aggregator>.
#define GRADIENT_METHOD(aggregator, defaults, text)                                                                                        \
    static SdqnStatus aggregator##_create(const SdqnMethodDef *def, void **self, SdqnError *error) {                                       \
        return create(#aggregator, def, self, error);                                                                                      \
    }                                                                                                                                      \
    const SdqnMethod sdqn_method_##aggregator = {                                                                                          \
        .name = #aggregator,                                                                                                               \
        .help = (text),                                                                                                                    \
        .uses = SDQN_METHOD_TASK_BUFFERS,                                                                                                  \
        .def_default = (defaults),                                                                                                         \
        .create = aggregator##_create,                                                                                                     \
        SDQN_LEARNER_METHOD_FUNCTIONS,                                                                                                     \
    }

GRADIENT_METHOD(mean, sdqn_task_buffers_def_default,
                "a replay buffer for each task, the mean of their gradients: the control of all below");
GRADIENT_METHOD(sum, sum_def_default, "the sum of the tasks' gradients, weight decay");
GRADIENT_METHOD(pcgrad, sdqn_task_buffers_def_default,
                "gradients projected off those they conflict with, in random order (Yu et al. 2020)");
GRADIENT_METHOD(cagrad, sdqn_task_buffers_def_default, "best for the worst task within 0.4 of the mean gradient (Liu et al. 2021)");
GRADIENT_METHOD(mgda, sdqn_task_buffers_def_default, "the point of least norm in the gradients' convex hull (Sener and Koltun 2018)");
GRADIENT_METHOD(imtl_g, sdqn_task_buffers_def_default, "equal projections on every task's gradient (Liu et al. 2021)");
GRADIENT_METHOD(nash_mtl, sdqn_task_buffers_def_default, "the tasks' Nash bargaining solution (Navon et al. 2022)");
GRADIENT_METHOD(aligned_mtl, sdqn_task_buffers_def_default, "gradients made orthogonal and equally long (Senushkin et al. 2023)");
GRADIENT_METHOD(gradvac, sdqn_task_buffers_def_default, "gradients turned to their usual similarity (Wang et al. 2021)");
GRADIENT_METHOD(upgrad, sdqn_task_buffers_def_default, "mean of the gradients' projections to where none conflicts (Quinton and Rey 2024)");
