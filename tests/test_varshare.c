// test_varshare.c: VarShare's residuals, flipout and divergence against PyTorch's autograd (tools/make_varshare_data.py), and its kernels.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TORCH_DATA "tests/data/varshare.safetensors"
#include "dqn/learner.h"
#include "nn/adam.h"
#include "nn/architectures.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "nn/residuals.h"
#include "torch_data.h"

#include <stdlib.h>

enum { ROWS = 11, TASKS = 3, ACTIONS = 4 };
static const double BETA = 0.003, PRIOR = 0.7;

/// The networks of the data: the last has factors of rank 2.
typedef enum Kind { MLP = 0, BRONET, FACTORS, NUM_KINDS } Kind;
static const char *const KINDS[] = {"mlp", "bronet", "factors"};

static SdqnQNetworkDef def_of(Kind kind) {
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.observation_size = 5;
    def.hidden1_size = 19;
    def.hidden2_size = 7;
    def.num_blocks = 1;
    def.conditioning = SDQN_CONDITIONING_BLIND;
    def.residuals = SDQN_RESIDUALS_GAUSSIAN;
    def.architecture = kind == MLP ? SDQN_ARCHITECTURE_MLP : SDQN_ARCHITECTURE_BRONET;
    def.learned_prior = kind != MLP;
    def.prior_scale = PRIOR;
    def.residual_rank = kind == FACTORS ? 2 : 0;
    return def;
}

static const float *data(const SdqnSafetensors *file, Kind kind, const char *name) {
    return torch_data_find(file, KINDS[kind], name)->data;
}

/// Put PyTorch's sample into the residuals, in place of the one drawn.
static void take_sample(const SdqnGraph *graph, const SdqnKernels *kernels, const float *epsilon, SdqnResiduals *residuals) {
    memcpy(residuals->epsilon, epsilon, TASKS * residuals->layout.num_entries * sizeof(float));
    sdqn_residuals_perturb(graph, kernels, residuals);
}

static void take_signs(const SdqnSafetensors *file, Kind kind, const SdqnGraph *graph, SdqnGraphWorkspace *workspace) {
    for (int i = 0, k = 0; i < graph->num_nodes; i++) {
        const SdqnNode *node = &graph->nodes[i];
        if (node->kind != SDQN_NODE_LINEAR) continue;
        char s[16], r[16];
        snprintf(s, sizeof s, "s%d", k);
        snprintf(r, sizeof r, "r%d", k++);
        for (size_t b = 0; b < ROWS; b++) {
            const size_t in = (size_t)node->in, out = (size_t)node->out;
            memcpy(workspace->nodes[i].in_signs + b * workspace->nodes[i].in_row, data(file, kind, s) + b * in, in * sizeof(float));
            memcpy(workspace->nodes[i].out_signs + b * workspace->nodes[i].row, data(file, kind, r) + b * out, out * sizeof(float));
        }
    }
}

static void check_network(const SdqnSafetensors *file, Kind kind, SdqnCpuLevel level) {
    const SdqnQNetworkDef def = def_of(kind);
    const SdqnKernels *kernels = sdqn_kernels(level);
    SdqnGraph graph;
    SdqnResidualLayout layout;
    SdqnResiduals residuals;
    SdqnGraphWorkspace workspace;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1);
    sdqn_architecture_build(&def, &graph);
    sdqn_residual_layout(&graph, TASKS, def.residual_rank, true, def.learned_prior, &layout);
    assert_int_equal(layout.parameter_count, sdqn_tensor_count(torch_data_find(file, KINDS[kind], "parameters")));
    const float *parameters = data(file, kind, "parameters");
    assert_int_equal(sdqn_residuals_create(&graph, &layout, parameters, true, &residuals, NULL), SDQN_OK);
    assert_int_equal(sdqn_graph_workspace_create(&graph, ROWS, SDQN_GRAPH_NOISY, &workspace, NULL), SDQN_OK);
    sdqn_residuals_refresh(&graph, kernels, &residuals);
    sdqn_residuals_draw(&graph, kernels, &rng, &residuals);
    take_sample(&graph, kernels, data(file, kind, "epsilon"), &residuals);
    if (kind != FACTORS) take_signs(file, kind, &graph, &workspace);
    for (size_t b = 0; b < ROWS; b++) {
        memcpy(workspace.input + b * workspace.input_row, data(file, kind, "observation") + b * 5, 5 * sizeof(float));
    }
    float q[ROWS * ACTIONS], dq[ROWS * ACTIONS];
    uint8_t action[ROWS];
    float *gradient = calloc(layout.parameter_count, sizeof(float)), *own = calloc(graph.parameter_count, sizeof(float));
    float *perturbed = calloc(graph.parameter_count, sizeof(float));
    for (int b = 0; b < ROWS; b++) action[b] = (uint8_t)(b % ACTIONS);
    const int first[TASKS + 1] = {0, 4, 8, 11};
    for (int pass = 0; pass < 2; pass++) { // all forward, then all backward, as the network does it
        for (int t = 0; t < TASKS; t++) {
            SdqnGraphWorkspace part = sdqn_graph_workspace_from(&graph, &workspace, first[t]);
            const SdqnGraphNoise rows_noise = {&residuals.perturbations[t], perturbed}, *noise = kind == FACTORS ? NULL : &rows_noise;
            const SdqnGraphWeights *weights = kind == FACTORS ? &residuals.perturbations[t] : &residuals.weights[t];
            const int n = first[t + 1] - first[t];
            if (pass == 0) {
                sdqn_graph_forward(&graph, weights, noise, kernels, &part, n, q + first[t] * ACTIONS);
            } else {
                sdqn_graph_backward(&graph, weights, noise, kernels, &part, dq + first[t] * ACTIONS, 1, n, own, graph.parameter_count);
                sdqn_residuals_gather(&graph, &residuals, t, own, perturbed, gradient);
            }
        }
        if (pass > 0) continue;
        const float loss = sdqn_mse_loss(q, action, data(file, kind, "y"), ROWS, ACTIONS, dq);
        check_close("outputs", q, data(file, kind, "q"), (size_t)ROWS * ACTIONS, 2e-6);
        check_close("loss", &loss, data(file, kind, "loss"), 1, 2e-6);
    }
    sdqn_residuals_add_kl_gradient(&residuals, PRIOR, BETA, gradient);
    check_close("gradient", gradient, data(file, kind, "gradient"), layout.parameter_count - def.learned_prior, 4e-6);
    if (def.learned_prior) {
        check_close("prior", gradient + layout.log_prior, data(file, kind, "gradient") + layout.log_prior, 1, 4e-6);
    }
    const double kl = sdqn_residuals_kl(&layout, parameters, PRIOR, -1), expected = (double)*data(file, kind, "kl");
    double sum = 0.0;
    for (int t = 0; t < TASKS; t++) sum += sdqn_residuals_kl(&layout, parameters, PRIOR, t);
    assert_true(fabs(kl / expected - 1.0) < 1e-6 && fabs(sum / kl - 1.0) < 1e-12);
    free(gradient);
    free(own);
    free(perturbed);
    sdqn_graph_workspace_destroy(&workspace);
    sdqn_residuals_destroy(&residuals);
}

static void everything_equals_autograd_on_every_level(void **state) {
    (void)state;
    SdqnSafetensors *file = torch_data_open();
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
        for (int kind = 0; kind < NUM_KINDS; kind++) check_network(file, (Kind)kind, (SdqnCpuLevel)level);
    }
    sdqn_safetensors_destroy(file);
}

// The network, with rows of mixed tasks

enum { MIXED = 17 };

typedef struct Mixed {
    float observation[MIXED * 5], y[MIXED];
    int32_t task[MIXED];
    uint8_t action[MIXED];
} Mixed;

static Mixed mixed_rows(void) {
    Mixed rows;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 77);
    for (int i = 0; i < MIXED * 5; i++) rows.observation[i] = (float)sdqn_rng_normal(&rng);
    for (int b = 0; b < MIXED; b++) {
        rows.task[b] = (int32_t)sdqn_rng_integers(&rng, 0, 2); // none of task 2
        rows.action[b] = (uint8_t)(b % ACTIONS);
        rows.y[b] = (float)sdqn_rng_normal(&rng);
    }
    return rows;
}

static SdqnQNetwork *make_network(const SdqnQNetworkDef *def, SdqnCpuLevel level) {
    SdqnQNetwork *network;
    SdqnError error = {0};
    SdqnRng rng;
    if (sdqn_q_network_create(def, sdqn_kernels(level), &network, &error) != SDQN_OK) fail_msg("%s", error.message);
    sdqn_rng_seed(&rng, 5);
    sdqn_q_network_init(network, &rng);
    float *parameters = sdqn_q_network_parameters_mutable(network);
    for (size_t k = 0; k < sdqn_q_network_parameter_count(network); k++) parameters[k] += (float)(0.05 * sdqn_rng_normal(&rng));
    sdqn_q_network_refresh(network);
    return network;
}

/// The loss of the mixed rows with a noise that depends on nothing but the seed. @param gradient  written, or NULL
static double noisy_loss(SdqnQNetwork *network, SdqnQWorkspace *workspace, float *gradient) {
    const Mixed rows = mixed_rows();
    float q[MIXED * ACTIONS], dq[MIXED * ACTIONS];
    SdqnRng rng;
    sdqn_rng_seed(&rng, 3);
    sdqn_q_network_draw_noise(network, &rng);
    sdqn_q_network_forward_noisy(network, workspace, &rng, rows.observation, rows.task, MIXED, q);
    const float loss = sdqn_mse_loss(q, rows.action, rows.y, MIXED, ACTIONS, dq);
    if (gradient) {
        sdqn_q_network_backward(network, workspace, rows.task, dq, MIXED, gradient);
        sdqn_q_network_add_kl_gradient(network, 1e-4, gradient);
    }
    return (double)loss + 1e-4 * sdqn_q_network_kl(network, -1);
}

static void gradient_of_the_network_equals_finite_differences(void **state) {
    (void)state;
    for (int variant = 0; variant < 5; variant++) { // with noise, BroNet, without noise; with factors, with and without noise
        SdqnQNetworkDef def = def_of(variant == 1 ? BRONET : MLP);
        if (variant == 2 || variant == 4) def.residuals = SDQN_RESIDUALS_VECTOR;
        if (variant >= 3) def.residual_rank = 2;
        SdqnQNetwork *network = make_network(&def, SDQN_CPU_SCALAR);
        SdqnQWorkspace *workspace;
        assert_int_equal(sdqn_q_workspace_create(&def, MIXED, true, &workspace, NULL), SDQN_OK);
        const size_t count = sdqn_q_network_parameter_count(network);
        float *gradient = calloc(count, sizeof(float)), *parameters = sdqn_q_network_parameters_mutable(network);
        float *before = malloc(count * sizeof(float));
        memcpy(before, parameters, count * sizeof(float));
        noisy_loss(network, workspace, gradient);
        SdqnRng rng;
        sdqn_rng_seed(&rng, 9);
        for (int direction = 0; direction < 20; direction++) { // along random directions, so that rounding does not drown the difference
            double slope = 0.0, losses[2];
            float *along = malloc(count * sizeof(float));
            for (size_t k = 0; k < count; k++) along[k] = sdqn_rng_double(&rng) < 0.05 ? (float)sdqn_rng_normal(&rng) : 0.0f;
            for (int side = 0; side < 2; side++) {
                for (size_t k = 0; k < count; k++) parameters[k] = before[k] + (side ? 1e-3f : -1e-3f) * along[k];
                sdqn_q_network_refresh(network);
                losses[side] = noisy_loss(network, workspace, NULL);
            }
            for (size_t k = 0; k < count; k++) slope += (double)gradient[k] * (double)along[k];
            const double measured = (losses[1] - losses[0]) / 2e-3;
            if (fabs(slope - measured) > 4e-2 * fabs(measured) + 2e-3) fail_msg("variant %d: %g, measured %g", variant, slope, measured);
            free(along);
        }
        free(before);
        free(gradient);
        sdqn_q_workspace_destroy(workspace);
        sdqn_q_network_destroy(network);
    }
}

static void bits_are_the_same_on_every_level(void **state) {
    (void)state;
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        const SdqnQNetworkDef def = def_of((Kind)kind);
        float *expected = NULL;
        for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
            if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
            SdqnQNetwork *network = make_network(&def, (SdqnCpuLevel)level);
            SdqnQWorkspace *workspace;
            assert_int_equal(sdqn_q_workspace_create(&def, MIXED, true, &workspace, NULL), SDQN_OK);
            const size_t count = sdqn_q_network_parameter_count(network);
            float *gradient = calloc(count, sizeof(float));
            noisy_loss(network, workspace, gradient);
            if (expected) {
                assert_memory_equal(gradient, expected, count * sizeof(float));
                free(gradient);
            } else {
                expected = gradient;
            }
            sdqn_q_workspace_destroy(workspace);
            sdqn_q_network_destroy(network);
        }
        free(expected);
    }
}

static void rows_are_those_of_each_task_alone_and_keep_their_order(void **state) {
    (void)state;
    const SdqnQNetworkDef def = def_of(MLP);
    const Mixed rows = mixed_rows();
    SdqnQNetwork *network = make_network(&def, sdqn_cpu_level_best());
    SdqnQWorkspace *workspace;
    assert_int_equal(sdqn_q_workspace_create(&def, MIXED, false, &workspace, NULL), SDQN_OK);
    float q[MIXED * ACTIONS], alone[ACTIONS];
    sdqn_q_network_q_values(network, workspace, rows.observation, rows.task, MIXED, q);
    for (int b = 0; b < MIXED; b++) {
        sdqn_q_network_q_values(network, workspace, rows.observation + (ptrdiff_t)b * 5, rows.task + b, 1, alone);
        assert_memory_equal(alone, q + (ptrdiff_t)b * ACTIONS, sizeof alone);
    }
    // With means of zero all tasks are one network: theta's.
    SdqnQNetworkDef plain_def = def;
    plain_def.residuals = SDQN_RESIDUALS_NONE;
    SdqnQNetwork *plain = make_network(&plain_def, sdqn_cpu_level_best());
    const size_t theta = sdqn_q_network_parameter_count(plain);
    memcpy(sdqn_q_network_parameters_mutable(plain), sdqn_q_network_parameters(network), theta * sizeof(float));
    memset(sdqn_q_network_parameters_mutable(network) + theta, 0, TASKS * theta * sizeof(float));
    sdqn_q_network_refresh(plain);
    sdqn_q_network_refresh(network);
    SdqnQWorkspace *plain_workspace;
    float plain_q[MIXED * ACTIONS];
    assert_int_equal(sdqn_q_workspace_create(&plain_def, MIXED, false, &plain_workspace, NULL), SDQN_OK);
    sdqn_q_network_q_values(network, workspace, rows.observation, rows.task, MIXED, q);
    sdqn_q_network_q_values(plain, plain_workspace, rows.observation, rows.task, MIXED, plain_q);
    assert_memory_equal(q, plain_q, sizeof q);
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_workspace_destroy(plain_workspace);
    sdqn_q_network_destroy(plain);
    sdqn_q_network_destroy(network);
}

static void theta_starts_as_a_blind_network_and_residuals_at_zero(void **state) {
    (void)state;
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.conditioning = SDQN_CONDITIONING_BLIND;
    SdqnQNetwork *plain, *network;
    SdqnRng rng, same;
    sdqn_rng_seed(&rng, 6);
    same = rng;
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &plain, NULL), SDQN_OK);
    def.residuals = SDQN_RESIDUALS_GAUSSIAN;
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, NULL), SDQN_OK);
    sdqn_q_network_init(plain, &rng);
    sdqn_q_network_init(network, &same);
    assert_memory_equal(&rng, &same, sizeof rng);
    const size_t theta = sdqn_q_network_parameter_count(plain);
    assert_int_equal(theta, 35716);
    assert_int_equal(sdqn_q_network_parameter_count(network), 7 * theta);
    assert_memory_equal(sdqn_q_network_parameters(plain), sdqn_q_network_parameters(network), theta * sizeof(float));
    for (size_t k = theta; k < 7 * theta; k++) assert_true(sdqn_q_network_parameters(network)[k] == (k < 4 * theta ? 0.0f : -5.0f));
    assert_true(sdqn_q_network_kept_share(network, 1e-2, -1) == 0.0 && sdqn_q_network_kept_share(network, 0.0, 1) == 1.0);
    for (size_t k = theta; k < 4 * theta; k += 4) sdqn_q_network_parameters_mutable(network)[k] = -0.02f;
    assert_true(fabs(sdqn_q_network_kept_share(network, 1e-2, -1) - 0.25) < 1e-4);
    sdqn_q_network_destroy(plain);
    sdqn_q_network_destroy(network);
}

/// Left factors 0 and right ones N(0, 2 / in), so that phi is 0 and learns; the prior's scale as its logarithm.
static void factors_and_the_learned_prior_start_as_defined(void **state) {
    (void)state;
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.conditioning = SDQN_CONDITIONING_BLIND;
    def.residuals = SDQN_RESIDUALS_GAUSSIAN;
    def.residual_rank = 4;
    def.learned_prior = true;
    def.prior_scale = 0.1;
    SdqnQNetwork *network;
    SdqnRng rng;
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    sdqn_rng_seed(&rng, 6);
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, NULL), SDQN_OK);
    sdqn_q_network_init(network, &rng);
    int rights = 0;
    for (int i = 0, count = sdqn_q_network_tensors(network, tensors); i < count; i++) {
        const size_t size = sdqn_tensor_count(&tensors[i]);
        const bool right = strstr(tensors[i].name, ".weight_right_mean") != NULL, prior = strcmp(tensors[i].name, "log_prior_scale") == 0;
        double square = 0.0;
        for (size_t k = 0; k < size; k++) {
            const float value = tensors[i].data[k];
            square += (double)value * (double)value;
            if (prior) assert_true(fabs((double)value + 2.302585093) < 1e-6);
            if (strstr(tensors[i].name, "_rho")) assert_true(value == -5.0f);
            if (strstr(tensors[i].name, "_left_mean") || strstr(tensors[i].name, "bias_mean")) assert_true(value == 0.0f);
        }
        if (right) assert_true(fabs(square / (double)size * (double)tensors[i].shape[2] / 2.0 - 1.0) < 0.3); // of at least 96 draws
        rights += right;
    }
    assert_int_equal(rights, 3);
    assert_true(sdqn_q_network_kept_share(network, 1e-9, -1) == 0.0);
    sdqn_q_network_destroy(network);
}

/// Equal rows: by the means they have one output; with flipout each has its own, in each pass another; a sample of factors is one for all.
static void rows_have_noise_of_their_own_by_flipout(void **state) {
    (void)state;
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        const SdqnQNetworkDef def = def_of((Kind)kind);
        SdqnQNetwork *network;
        SdqnQWorkspace *workspace;
        SdqnRng rng;
        float observation[ROWS * 5], q[2][ROWS * ACTIONS];
        int32_t task[ROWS];
        for (int i = 0; i < ROWS * 5; i++) observation[i] = 0.3f * (float)(i % 5) - 0.5f;
        for (int b = 0; b < ROWS; b++) task[b] = 1;
        sdqn_rng_seed(&rng, 12);
        assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(sdqn_cpu_level_best()), &network, NULL), SDQN_OK);
        assert_int_equal(sdqn_q_workspace_create(&def, ROWS, true, &workspace, NULL), SDQN_OK);
        sdqn_q_network_init(network, &rng);
        sdqn_q_network_forward(network, workspace, observation, task, ROWS, q[0]);
        for (int b = 1; b < ROWS; b++) assert_memory_equal(q[0], q[0] + b * ACTIONS, ACTIONS * sizeof(float));
        sdqn_q_network_draw_noise(network, &rng);
        for (int pass = 0; pass < 2; pass++) sdqn_q_network_forward_noisy(network, workspace, &rng, observation, task, ROWS, q[pass]);
        for (int b = 0; b < ROWS; b++) {
            for (int other = 0; other < b; other++) {
                const bool same = memcmp(q[0] + b * ACTIONS, q[0] + other * ACTIONS, ACTIONS * sizeof(float)) == 0;
                assert_int_equal(same, kind == FACTORS);
            }
            assert_int_equal(memcmp(q[0] + b * ACTIONS, q[1] + b * ACTIONS, ACTIONS * sizeof(float)) == 0, kind == FACTORS);
        }
        sdqn_q_workspace_destroy(workspace);
        sdqn_q_network_destroy(network);
    }
}

/// Q-values of a batch by the means.
static void q_of(SdqnQNetwork *network, float *q) {
    const Mixed mixed = mixed_rows();
    SdqnQWorkspace *workspace;
    assert_int_equal(sdqn_q_workspace_create(sdqn_q_network_def(network), ROWS, false, &workspace, NULL), SDQN_OK);
    sdqn_q_network_q_values(network, workspace, mixed.observation, mixed.task, ROWS, q);
    sdqn_q_workspace_destroy(workspace);
}

/// At 0 the pruned network is that of the means; at infinity every task has theta; between, small entries are gone and no others.
static void pruning_leaves_out_the_small_means(void **state) {
    (void)state;
    for (Kind kind = MLP; kind < NUM_KINDS; kind++) {
        const SdqnQNetworkDef def = def_of(kind);
        SdqnQNetwork *network = make_network(&def, SDQN_CPU_SCALAR), *pruned, *plain;
        float q[ROWS * ACTIONS], same[ROWS * ACTIONS];
        q_of(network, q);
        assert_int_equal(sdqn_q_network_prune(network, 0.0, &pruned, NULL), SDQN_OK);
        q_of(pruned, same);
        for (int i = 0; i < ROWS * ACTIONS; i++) assert_true(fabsf(q[i] - same[i]) <= 1e-6f * (1.0f + fabsf(q[i])));
        sdqn_q_network_destroy(pruned);
        for (double threshold = 0.02; threshold < 1.0; threshold *= 3) {
            assert_int_equal(sdqn_q_network_prune(network, threshold, &pruned, NULL), SDQN_OK);
            const double kept = sdqn_q_network_kept_share(network, threshold, -1);
            assert_true(sdqn_q_network_kept_share(pruned, threshold, -1) == kept);
            assert_true(sdqn_q_network_kept_share(pruned, 1e-30, -1) == kept); // nothing small is left
            assert_true(kept < 1.0);
            sdqn_q_network_destroy(pruned);
        }
        SdqnQNetworkDef blind = def;
        blind.residuals = SDQN_RESIDUALS_NONE;
        assert_int_equal(sdqn_q_network_prune(network, (double)INFINITY, &pruned, NULL), SDQN_OK);
        assert_int_equal(sdqn_q_network_create(&blind, sdqn_kernels(SDQN_CPU_SCALAR), &plain, NULL), SDQN_OK);
        memcpy(sdqn_q_network_parameters_mutable(plain), sdqn_q_network_parameters(network),
               sdqn_q_network_parameter_count(plain) * sizeof(float));
        sdqn_q_network_refresh(plain);
        q_of(pruned, q);
        q_of(plain, same);
        assert_memory_equal(q, same, sizeof q);
        SdqnQNetwork *none = NULL;
        assert_int_equal(sdqn_q_network_prune(plain, 0.1, &none, NULL), SDQN_ERR_ARGUMENT);
        assert_null(none);
        sdqn_q_network_destroy(plain);
        sdqn_q_network_destroy(pruned);
        sdqn_q_network_destroy(network);
    }
}

// Kernels

static void normals_are_normal_and_alike_on_every_level(void **state) {
    (void)state;
    enum { COUNT = 1 << 20 };
    const uint32_t key[2] = {0x12345678, 0x9abcdef0}, other[2] = {0x12345679, 0x9abcdef0};
    float *z = malloc((COUNT + 1) * sizeof(float)), *again = malloc((COUNT + 1) * sizeof(float));
    sdqn_kernels(SDQN_CPU_SCALAR)->normals(key, COUNT, z);
    double moments[5] = {0}, lag = 0.0, tail = 0.0, within = 0.0;
    for (int i = 0; i < COUNT; i++) {
        double power = 1.0;
        for (int k = 0; k < 5; k++, power *= (double)z[i]) moments[k] += power / COUNT;
        lag += i > 0 ? (double)z[i] * (double)z[i - 1] / COUNT : 0.0;
        tail += fabsf(z[i]) > 3.0f ? 1.0 / COUNT : 0.0;
        within += fabsf(z[i]) < 0.674490f ? 1.0 / COUNT : 0.0;
    }
    const double error = 5.0 / sqrt(COUNT); // five standard errors
    assert_true(fabs(moments[1]) < error && fabs(moments[2] - 1) < error * sqrt(2) && fabs(moments[3]) < error * sqrt(15));
    assert_true(fabs(moments[4] - 3) < error * sqrt(96) && fabs(lag) < error);
    assert_true(fabs(tail - 0.0026998) < error * sqrt(0.0027) && fabs(within - 0.5) < error * 0.5);
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        const SdqnKernels *kernels = sdqn_kernels((SdqnCpuLevel)level);
        if (!kernels) continue;
        for (int n = 1; n < 400; n += 13) { // a prefix of the same, and nothing behind it
            again[n] = 77.0f;
            kernels->normals(key, (size_t)n, again);
            assert_memory_equal(again, z, (size_t)n * sizeof(float));
            assert_true(again[n] == 77.0f);
        }
        kernels->normals(key, COUNT, again);
        assert_memory_equal(again, z, COUNT * sizeof(float));
    }
    sdqn_kernels(SDQN_CPU_SCALAR)->normals(other, COUNT, again);
    double product = 0.0;
    for (int i = 0; i < COUNT; i++) product += (double)z[i] * (double)again[i] / COUNT;
    assert_true(fabs(product) < error);
    free(z);
    free(again);
}

static void normals_come_from_the_published_threefry(void **state) {
    (void)state;
    // Threefry2x32-20 of key 0 and counter 0 is 6b200159 99ba4efe: the known answers of Random123, its authors' library.
    const uint32_t key[2] = {0, 0};
    float z[128];
    sdqn_kernels(SDQN_CPU_SCALAR)->normals(key, 128, z);
    const double radius = sqrt(-2 * log((0x6b2001 + 0.5) / 0x1p24)), quarter = acos(-1.0) / 2;
    const double angle = ((double)0x99ba4e - 0x1p23 + 0.5) / 0x1p24 * quarter + (0x99ba4efe & 3) * quarter;
    assert_true(fabs((double)z[0] - radius * cos(angle)) < 1e-6 && fabs((double)z[64] - radius * sin(angle)) < 1e-6);
}

static void softplus_and_its_slope_are_exact_to_float(void **state) {
    (void)state;
    enum { COUNT = 20011 };
    float *x = malloc(COUNT * sizeof(float)), *y = malloc(COUNT * sizeof(float)), *slope = malloc(COUNT * sizeof(float));
    for (int i = 0; i < COUNT; i++) x[i] = (float)(-95.0 + 195.0 * i / COUNT);
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        const SdqnKernels *kernels = sdqn_kernels((SdqnCpuLevel)level);
        if (!kernels) continue;
        float *expected = malloc(2 * COUNT * sizeof(float));
        sdqn_kernels(SDQN_CPU_SCALAR)->softplus(x, COUNT, expected, expected + COUNT);
        kernels->softplus(x, COUNT, y, slope);
        assert_memory_equal(y, expected, COUNT * sizeof(float));
        assert_memory_equal(slope, expected + COUNT, COUNT * sizeof(float));
        free(expected);
        for (int i = 0; i < COUNT; i++) {
            const double at = x[i] < -80.0f ? -80.0 : (double)x[i], exact = at > 40.0 ? at : log1p(exp(at)),
                         exact_slope = 1 / (1 + exp(-at));
            assert_true(fabs((double)y[i] - exact) <= 5e-7 * exact && fabs((double)slope[i] - exact_slope) <= 5e-7 * exact_slope);
        }
    }
    free(x);
    free(y);
    free(slope);
}

static void signs_are_the_bits(void **state) {
    (void)state;
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        const SdqnKernels *kernels = sdqn_kernels((SdqnCpuLevel)level);
        if (!kernels) continue;
        const uint64_t word = UINT64_C(0xf0123456789abcd5);
        for (int n = 1; n <= 64; n++) {
            float z[65];
            z[n] = 9.0f;
            kernels->signs(word, n, z);
            for (int i = 0; i < n; i++) assert_true(z[i] == (word >> i & 1 ? -1.0f : 1.0f));
            assert_true(z[n] == 9.0f);
        }
    }
}

/// A learner's updates, repeated in the plainest way: the mean loss of the batch with one sample a task, plus kl_weight / batch_size of the
/// divergence, that weight growing over the first kl_anneal updates. Every transition is terminal, so that its target is the reward.
static void check_updates(Kind kind, int kl_anneal) {
    enum { BATCH = 8, STEPS = 60 };
    SdqnQNetworkDef network_def = def_of(kind);
    network_def.num_tasks = TASKS;
    SdqnDqnDef def = sdqn_dqn_def_default();
    def.batch_size = BATCH;
    def.replay_capacity = STEPS;
    def.min_replay_size = 20;
    def.kl_weight = 0.5;
    def.kl_anneal = kl_anneal;
    def.gradient_period = 1;
    const SdqnKernels *kernels = sdqn_kernels(sdqn_cpu_level_best());
    SdqnLearnerStreams streams;
    sdqn_rng_seed(&streams.weights, 1);
    sdqn_rng_seed(&streams.exploration, 2);
    sdqn_rng_seed(&streams.replay, 3);
    sdqn_rng_seed(&streams.noise, 4);
    SdqnLearner *learner;
    SdqnQNetwork *network;
    SdqnQWorkspace *workspace;
    SdqnReplayBuffer *replay;
    SdqnBatch batch;
    SdqnAdam adam;
    assert_int_equal(sdqn_learner_create(&network_def, &def, kernels, NULL, &streams, &learner, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_network_create(&network_def, kernels, &network, NULL), SDQN_OK);
    assert_int_equal(sdqn_q_workspace_create(&network_def, BATCH, true, &workspace, NULL), SDQN_OK);
    assert_int_equal(sdqn_replay_buffer_create(STEPS, 5, &replay, NULL), SDQN_OK);
    assert_int_equal(sdqn_batch_create(&batch, BATCH, 5, NULL), SDQN_OK);
    const size_t count = sdqn_q_network_parameter_count(network);
    assert_int_equal(sdqn_adam_create(&adam, count, NULL), SDQN_OK);
    float *gradient = calloc(count, sizeof *gradient), q[BATCH * ACTIONS], dq[BATCH * ACTIONS];
    sdqn_q_network_init(network, &streams.weights);
    int updates = 0;
    for (int step = 0; step < STEPS; step++) {
        SdqnRng rng;
        float observation[5];
        SdqnUpdate update;
        sdqn_rng_seed(&rng, (uint64_t)step);
        for (int i = 0; i < 5; i++) observation[i] = (float)sdqn_rng_normal(&rng);
        const SdqnTransition transition = {.observation = observation,
                                           .next_observation = observation,
                                           .reward = (double)observation[0],
                                           .action = step % ACTIONS,
                                           .task = step % TASKS,
                                           .terminated = true};
        sdqn_learner_push(learner, &transition);
        sdqn_replay_buffer_push(replay, &transition);
        assert_int_equal(sdqn_learner_update(learner, &update, NULL), SDQN_OK);
        if (sdqn_replay_buffer_size(replay) > def.min_replay_size) {
            const double share = updates < kl_anneal ? (double)updates / kl_anneal : 1.0;
            sdqn_replay_buffer_sample(replay, &streams.replay, BATCH, &batch);
            sdqn_q_network_draw_noise(network, &streams.noise);
            sdqn_q_network_forward_noisy(network, workspace, &streams.noise, batch.observation, batch.task, BATCH, q);
            const float loss = sdqn_mse_loss(q, batch.action, batch.reward, BATCH, ACTIONS, dq);
            sdqn_q_network_backward(network, workspace, batch.task, dq, BATCH, gradient);
            sdqn_q_network_add_kl_gradient(network, def.kl_weight / BATCH * share, gradient);
            for (int t = 0; t < TASKS; t++) { // what is reported is that of each task, before the step
                assert_true(update.report->kl[t] == sdqn_q_network_kl(network, t));
                assert_true(update.report->kept[t] == sdqn_q_network_kept_share(network, 0.01, t));
            }
            sdqn_adam_step(&adam, kernels, gradient, def.learning_rate, sdqn_q_network_parameters_mutable(network));
            sdqn_q_network_refresh(network);
            updates++;
            assert_true(update.loss == loss);
        }
        assert_memory_equal(sdqn_q_network_parameters(sdqn_learner_network(learner)), sdqn_q_network_parameters(network),
                            count * sizeof(float));
    }
    assert_true(updates > 2 * kl_anneal);
    free(gradient);
    sdqn_adam_destroy(&adam);
    sdqn_batch_destroy(&batch);
    sdqn_replay_buffer_destroy(replay);
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_network_destroy(network);
    sdqn_learner_destroy(learner);
}

static void updates_add_the_divergence_by_its_schedule(void **state) {
    (void)state;
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        check_updates((Kind)kind, 0);
        check_updates((Kind)kind, 11);
    }
}

static void wrong_definitions_are_refused(void **state) {
    (void)state;
    SdqnQNetworkDef def = def_of(MLP);
    SdqnError error = {0};
    def.conditioning = SDQN_CONDITIONING_EMBEDDING;
    assert_int_equal(sdqn_q_network_def_check(&def, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "conditioning: must be blind with residuals: the weights know the task");
    def = def_of(MLP);
    def.prior_scale = 0;
    assert_int_equal(sdqn_q_network_def_check(&def, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "prior_scale = 0: must be in (0, 1000]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_equals_autograd_on_every_level),
        cmocka_unit_test(gradient_of_the_network_equals_finite_differences),
        cmocka_unit_test(bits_are_the_same_on_every_level),
        cmocka_unit_test(rows_are_those_of_each_task_alone_and_keep_their_order),
        cmocka_unit_test(theta_starts_as_a_blind_network_and_residuals_at_zero),
        cmocka_unit_test(factors_and_the_learned_prior_start_as_defined),
        cmocka_unit_test(rows_have_noise_of_their_own_by_flipout),
        cmocka_unit_test(pruning_leaves_out_the_small_means),
        cmocka_unit_test(normals_are_normal_and_alike_on_every_level),
        cmocka_unit_test(normals_come_from_the_published_threefry),
        cmocka_unit_test(softplus_and_its_slope_are_exact_to_float),
        cmocka_unit_test(signs_are_the_bits),
        cmocka_unit_test(updates_add_the_divergence_by_its_schedule),
        cmocka_unit_test(wrong_definitions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
