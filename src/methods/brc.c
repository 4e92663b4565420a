// brc.c: BRC, bigger, regularised, categorical: BroNet with task embeddings, distributions over values, AdamW; one shared replay buffer.
//
// Source: Nauman et al. 2025, "Bigger, Regularized, Categorical: High-Capacity Value Functions are Efficient Multi-Task Learners",
// arXiv:2505.23150, in the form that the starting document trained; docs/methods/brc.md says what departs from the paper.

#include "methods/learner_method.h"
#include "methods/method_table.h"

static void brc_def_default(SdqnMethodDef *def) {
    def->network = sdqn_q_network_def_default();
    def->network.architecture = SDQN_ARCHITECTURE_BRONET;
    def->network.embedding_size = 32;
    def->network.num_atoms = 51;
    def->dqn = sdqn_dqn_def_default();
    def->dqn.learning_rate = 3e-4;
    def->dqn.loss = SDQN_LOSS_CATEGORICAL;
    def->dqn.double_dqn = true;
    def->dqn.weight_decay = 1e-4;
    def->dqn.clip_norm = 10.0;
}

static void brc_small_def_default(SdqnMethodDef *def) {
    brc_def_default(def);
    def->network.num_blocks = 2;
    def->network.num_atoms = 21;
    def->dqn.learning_rate = 2.5e-4;
    def->dqn.epsilon_decay = 0.997;
    def->dqn.target_period = 5;
}

// Nearer to the paper: its norms, embeddings, atoms and rewards scaled to their range.
static void brc_published_def_default(SdqnMethodDef *def) {
    brc_def_default(def);
    def->network.architecture = SDQN_ARCHITECTURE_BRONET_PUBLISHED;
    def->network.unit_embeddings = true;
    def->network.num_atoms = 101;
    def->network.value_min = -10.0;
    def->network.value_max = 10.0;
    def->dqn.reward_normalisation = true;
}

static SdqnStatus brc_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    return sdqn_learner_method_create(def, NULL, self, error);
}

const SdqnMethod sdqn_method_brc = {
    .name = "brc",
    .help = "shared with BroNet, distributions over values and AdamW (after Nauman et al. 2025)",
    .def_default = brc_def_default,
    .create = brc_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};

const SdqnMethod sdqn_method_brc_small = {
    .name = "brc-small",
    .help = "brc with 2 blocks and 21 atoms",
    .def_default = brc_small_def_default,
    .create = brc_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};

const SdqnMethod sdqn_method_brc_published = {
    .name = "brc-published",
    .help = "brc with the paper's norms, embeddings, atoms and scaled rewards",
    .def_default = brc_published_def_default,
    .create = brc_create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};
