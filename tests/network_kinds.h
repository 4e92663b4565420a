// network_kinds.h: small networks of every kind, with all parameters drawn, for tests of what writes them.
#ifndef SDQN_TESTS_NETWORK_KINDS_H
#define SDQN_TESTS_NETWORK_KINDS_H

#include "exchange/portable.h"
#include "nn/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NUM_PLAIN_KINDS = 24, NUM_RESIDUAL_KINDS = 9, NUM_NETWORK_KINDS = NUM_PLAIN_KINDS + NUM_RESIDUAL_KINDS, KIND_TASKS = 3 };

static const char *const kind_tasks[KIND_TASKS] = {"standard", "windy", "heavy"};

/// Every way of telling the task with every architecture, plain and dueling, every second with atoms; then residuals of three forms on
/// every architecture.
static inline SdqnQNetworkDef kind_def(int kind) {
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    const int form = kind < NUM_PLAIN_KINDS ? kind : kind - NUM_PLAIN_KINDS;
    def.num_tasks = KIND_TASKS;
    def.embedding_size = 5;
    def.hidden1_size = 21;
    def.hidden2_size = 13;
    def.num_blocks = 2;
    def.architecture = (SdqnArchitecture)(form % 3);
    def.num_atoms = kind % 2 == 1 ? 7 : 0;
    if (kind < NUM_PLAIN_KINDS) {
        def.conditioning = (SdqnConditioning)(form / 3 % 4);
        def.dueling = form / 12 == 1;
    } else {
        def.conditioning = SDQN_CONDITIONING_BLIND;
        def.embedding_size = 0;
        def.residuals = form / 3 == 0 ? SDQN_RESIDUALS_VECTOR : SDQN_RESIDUALS_GAUSSIAN;
        def.residual_rank = form / 3 == 2 ? 2 : 0;
    }
    return def;
}

/// All parameters are drawn, those too that begin as 0 or 1.
static inline SdqnQNetwork *kind_network(const SdqnQNetworkDef *def, uint64_t seed) {
    SdqnQNetwork *network = NULL;
    SdqnRng rng;
    sdqn_rng_seed(&rng, seed);
    assert_int_equal(sdqn_q_network_create(def, sdqn_kernels(sdqn_cpu_level_best()), &network, NULL), SDQN_OK);
    sdqn_q_network_init(network, &rng);
    float *parameters = sdqn_q_network_parameters_mutable(network);
    for (size_t k = 0; k < sdqn_q_network_parameter_count(network); k++) parameters[k] += (float)sdqn_rng_uniform(&rng, -0.3, 0.3);
    sdqn_q_network_refresh(network);
    return network;
}

/// A network for all tasks, or for `task` alone if that is not -1.
static inline SdqnPortable kind_portable(const SdqnQNetwork *network, int task) {
    SdqnPortable portable;
    const SdqnQNetwork *networks[KIND_TASKS] = {network, network, network};
    const int32_t rows[KIND_TASKS] = {0, 1, 2};
    if (task < 0) {
        sdqn_portable_make(kind_tasks, networks, rows, KIND_TASKS, &portable);
    } else {
        sdqn_portable_make(&kind_tasks[task], networks, &rows[task], 1, &portable);
    }
    return portable;
}

#endif
