// varshare.c: VarShare: shared weights plus a Gaussian residual for each task, pulled to zero by the divergence from its prior, so that
// tasks share what they can and differ where they must; one shared replay buffer.

#include "methods/learner_method.h"
#include "methods/method_table.h"

static void varshare_def_default(SdqnMethodDef *def) {
    def->network = sdqn_q_network_def_default();
    def->network.conditioning = SDQN_CONDITIONING_BLIND; // the weights know the task
    def->network.residuals = SDQN_RESIDUALS_GAUSSIAN;
    def->dqn = sdqn_dqn_def_default();
}

// Its ablation: residuals without noise, prior and divergence.
static void varshare_deterministic_def_default(SdqnMethodDef *def) {
    varshare_def_default(def);
    def->network.residuals = SDQN_RESIDUALS_VECTOR;
}

// Without its residuals the network would be that of shared, blind.
static SdqnStatus varshare_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    if (def->network.residuals == SDQN_RESIDUALS_GAUSSIAN) return sdqn_learner_method_create(def, NULL, self, error);
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                          "residuals: must be gaussian with method varshare; vectors are those of varshare-deterministic");
}

static SdqnStatus varshare_deterministic_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    if (def->network.residuals == SDQN_RESIDUALS_VECTOR) return sdqn_learner_method_create(def, NULL, self, error);
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                          "residuals: must be vector with method varshare-deterministic; Gaussians are those of varshare");
}

const SdqnMethod sdqn_method_varshare = {
    .name = "varshare",
    .help = "shared weights and a Gaussian residual for each task, by variational inference",
    .def_default = varshare_def_default,
    .create = varshare_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};

const SdqnMethod sdqn_method_varshare_deterministic = {
    .name = "varshare-deterministic",
    .help = "varshare without noise and divergence: shared weights and a residual for each task",
    .def_default = varshare_deterministic_def_default,
    .create = varshare_deterministic_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};
