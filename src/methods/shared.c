// shared.c: Shared DQN: one network for all tasks, told apart by a learned task embedding, trained from one shared replay buffer.

#include "methods/learner_method.h"
#include "methods/method_table.h"

static void shared_def_default(SdqnMethodDef *def) {
    def->network = sdqn_q_network_def_default();
    def->dqn = sdqn_dqn_def_default();
}

// The capacity of three independent Q-networks in one network.
static void shared_wide_def_default(SdqnMethodDef *def) {
    shared_def_default(def);
    def->network.hidden1_size = 444;
    def->network.hidden2_size = 222;
}

static SdqnStatus shared_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    return sdqn_learner_method_create(def, NULL, self, error);
}

const SdqnMethod sdqn_method_shared = {
    .name = "shared",
    .help = "one network for all tasks, told the task by an embedding (or see conditioning), one replay buffer",
    .def_default = shared_def_default,
    .create = shared_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};

const SdqnMethod sdqn_method_shared_wide = {
    .name = "shared-wide",
    .help = "shared with hidden layers of 444 and 222: as many parameters as independent",
    .def_default = shared_wide_def_default,
    .create = shared_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};
