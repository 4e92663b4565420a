// test_network.c: the Q-network against PyTorch, against finite differences, and against itself on other batches and kernel levels.
#include "nn/loss.h"
#include "nn/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "torch_data.h"

static const SdqnQNetworkDef small_def = {
    .observation_size = 5, .num_actions = 4, .num_tasks = 3, .embedding_size = 6, .hidden1_size = 19, .hidden2_size = 7};

static SdqnQNetwork *make_network(const SdqnQNetworkDef *def, SdqnCpuLevel level) {
    SdqnQNetwork *network;
    SdqnError error = {0};
    if (sdqn_q_network_create(def, sdqn_kernels(level), &network, &error) != SDQN_OK) fail_msg("%s", error.message);
    return network;
}

static SdqnQWorkspace *make_workspace(const SdqnQNetworkDef *def, int rows) {
    SdqnQWorkspace *workspace;
    SdqnError error = {0};
    if (sdqn_q_workspace_create(def, rows, true, &workspace, &error) != SDQN_OK) fail_msg("%s", error.message);
    return workspace;
}

static SdqnQNetwork *make_random_network(const SdqnQNetworkDef *def, SdqnCpuLevel level, uint64_t seed) {
    SdqnQNetwork *network = make_network(def, level);
    SdqnRng rng;
    sdqn_rng_seed(&rng, seed);
    sdqn_q_network_init(network, &rng);
    float *parameters = sdqn_q_network_parameters_mutable(network);
    for (size_t i = 0; i < sdqn_q_network_parameter_count(network); i++) parameters[i] += (float)(0.1 * sdqn_rng_normal(&rng));
    sdqn_q_network_refresh(network);
    return network;
}

/// A batch with room for all the tests need.
typedef struct Rows {
    float observation[64 * 8], y[64], q[64 * 4], dq[64 * 4];
    int32_t task[64];
    uint8_t action[64];
} Rows;

/// The default network in other sizes.
static SdqnQNetworkDef sized(int num_actions, int num_tasks, int embedding_size, int hidden1_size, int hidden2_size,
                             SdqnConditioning conditioning) {
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    def.num_actions = num_actions;
    def.num_tasks = num_tasks;
    def.embedding_size = embedding_size;
    def.hidden1_size = hidden1_size;
    def.hidden2_size = hidden2_size;
    def.conditioning = conditioning;
    return def;
}

static void random_rows(Rows *rows, SdqnRng *rng, const SdqnQNetworkDef *def) {
    for (size_t i = 0; i < 64 * 8; i++) rows->observation[i] = (float)sdqn_rng_normal(rng);
    for (size_t b = 0; b < 64; b++) {
        rows->y[b] = (float)sdqn_rng_normal(rng);
        rows->task[b] = (int32_t)sdqn_rng_integers(rng, 0, def->num_tasks);
        rows->action[b] = (uint8_t)sdqn_rng_integers(rng, 0, def->num_actions);
    }
}

// Sizes and parameters

static void parameter_counts_are_those_of_the_specification(void **state) {
    (void)state;
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    assert_int_equal(sdqn_q_network_def_parameter_count(&def), 37788);
    def.hidden1_size = 444, def.hidden2_size = 222;
    assert_int_equal(sdqn_q_network_def_parameter_count(&def), 107254);
    def = sdqn_q_network_def_default();
    def.conditioning = SDQN_CONDITIONING_ONEHOT;
    assert_int_equal(sdqn_q_network_def_parameter_count(&def), 36484);
    def.conditioning = SDQN_CONDITIONING_ID;
    assert_int_equal(sdqn_q_network_def_parameter_count(&def), 35972);
    def.conditioning = SDQN_CONDITIONING_BLIND;
    assert_int_equal(sdqn_q_network_def_parameter_count(&def), 35716);
    def.hidden1_size = 148, def.hidden2_size = 74;
    assert_int_equal(3 * sdqn_q_network_def_parameter_count(&def), 37974);
}

static void definition_errors_name_field_value_and_range(void **state) {
    (void)state;
    SdqnError error = {0};
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    assert_int_equal(sdqn_q_network_def_check(&def, &error), SDQN_OK);
    def.hidden1_size = 0;
    assert_int_equal(sdqn_q_network_def_check(&def, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "hidden1_size = 0: must be in [1, 4096]");
    def = (SdqnQNetworkDef){0};
    assert_int_equal(sdqn_q_network_def_check(&def, &error), SDQN_ERR_ARGUMENT);
    def = sdqn_q_network_def_default();
    def.embedding_size = 0;
    assert_int_equal(sdqn_q_network_def_check(&def, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "embedding_size = 0: must be in [1, 4096]");
    def.conditioning = SDQN_CONDITIONING_ID; // has no embedding
    assert_int_equal(sdqn_q_network_def_check(&def, &error), SDQN_OK);
    def.conditioning = SDQN_CONDITIONING_ONEHOT;
    def.num_tasks = 1;
    assert_int_equal(sdqn_q_network_def_check(&def, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "num_tasks (with conditioning onehot) = 1: must be in [2, 64]");
    def = sdqn_q_network_def_default();
    def.num_tasks = SDQN_MAX_TASKS + 1;
    SdqnQNetwork *network = NULL;
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, &error), SDQN_ERR_ARGUMENT);
    assert_null(network);
}

static void tensors_have_names_and_shapes_of_pytorch(void **state) {
    (void)state;
    const SdqnQNetworkDef def = sdqn_q_network_def_default();
    SdqnQNetwork *network = make_network(&def, SDQN_CPU_SCALAR);
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    assert_int_equal(sdqn_q_network_tensors(network, tensors), 7);
    static const char *const names[] = {"fc1.weight", "fc1.bias", "fc2.weight",           "fc2.bias",
                                        "fc3.weight", "fc3.bias", "task_embedding.weight"};
    static const size_t shapes[][2] = {{256, 16}, {256, 0}, {128, 256}, {128, 0}, {4, 128}, {4, 0}, {3, 8}};
    const float *next = sdqn_q_network_parameters(network);
    for (int i = 0; i < 7; i++) {
        assert_string_equal(tensors[i].name, names[i]);
        assert_int_equal(tensors[i].rank, shapes[i][1] ? 2 : 1);
        for (int d = 0; d < tensors[i].rank; d++) assert_int_equal(tensors[i].shape[d], shapes[i][d]);
        assert_ptr_equal(tensors[i].data, next);
        next += sdqn_tensor_count(&tensors[i]);
    }
    assert_int_equal(next - sdqn_q_network_parameters(network), 37788);
    sdqn_q_network_destroy(network);
}

static double deviation(const SdqnTensor *tensor) {
    const size_t count = sdqn_tensor_count(tensor);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += (double)tensor->data[i] * (double)tensor->data[i];
    return sqrt(sum / (double)count);
}

static void init_draws_kaiming_normal_in_a_fixed_order(void **state) {
    (void)state;
    const SdqnQNetworkDef def = sdqn_q_network_def_default();
    SdqnQNetwork *network = make_network(&def, SDQN_CPU_SCALAR);
    SdqnRng rng, same;
    sdqn_rng_seed(&rng, 4);
    same = rng;
    sdqn_q_network_init(network, &rng);
    SdqnTensor t[SDQN_Q_NETWORK_MAX_TENSORS];
    sdqn_q_network_tensors(network, t);
    static const int drawn[] = {0, 2, 4, 6};
    const double expected[] = {sqrt(2.0 / 16), sqrt(2.0 / 256), sqrt(2.0 / 128), 0.1};
    for (int i = 0; i < 4; i++) {
        const SdqnTensor *tensor = &t[drawn[i]];
        const size_t count = sdqn_tensor_count(tensor);
        for (size_t k = 0; k < count; k++) assert_true(tensor->data[k] == (float)(expected[i] * sdqn_rng_normal(&same)));
        // Five standard errors of a standard deviation.
        assert_true(fabs(deviation(tensor) / expected[i] - 1.0) < 5.0 / sqrt(2.0 * (double)count));
    }
    for (int i = 1; i < 6; i += 2) {
        for (size_t k = 0; k < sdqn_tensor_count(&t[i]); k++) assert_true(t[i].data[k] == 0.0f);
    }
    assert_memory_equal(&rng, &same, sizeof rng);
    sdqn_q_network_destroy(network);
}

// PyTorch

/// Run the small network of a prefix on one kernel level and compare Q-values, loss and every gradient.
static void check_small(const SdqnSafetensors *file, const char *prefix, const SdqnQNetworkDef *def, SdqnCpuLevel level) {
    enum { ROWS = 11 };
    SdqnQNetwork *network = make_network(def, level);
    SdqnQWorkspace *workspace = make_workspace(def, ROWS);
    float *gradient = calloc(sdqn_q_network_parameter_count(network), sizeof(float));
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    const int count = sdqn_q_network_tensors(network, tensors);
    float *parameters = sdqn_q_network_parameters_mutable(network);
    for (int i = 0; i < count; i++) {
        memcpy(parameters + (tensors[i].data - parameters), torch_data_find(file, prefix, tensors[i].name)->data,
               sdqn_tensor_count(&tensors[i]) * sizeof(float));
    }
    sdqn_q_network_refresh(network);
    int32_t task[ROWS];
    uint8_t action[ROWS];
    for (int b = 0; b < ROWS; b++) {
        task[b] = (int32_t)torch_data_find(file, prefix, "task")->data[b];
        action[b] = (uint8_t)torch_data_find(file, prefix, "action")->data[b];
    }
    float q[ROWS * 4], dq[ROWS * 4];
    sdqn_q_network_forward(network, workspace, torch_data_find(file, prefix, "observation")->data, task, ROWS, q);
    check_close("Q-values", q, torch_data_find(file, prefix, "q")->data, (size_t)ROWS * 4, 1e-6);
    const float loss = sdqn_mse_loss(q, action, torch_data_find(file, prefix, "y")->data, ROWS, 4, dq);
    check_close("loss", &loss, torch_data_find(file, prefix, "loss")->data, 1, 1e-6);
    sdqn_q_network_backward(network, workspace, task, dq, ROWS, gradient);
    for (int i = 0; i < count; i++) {
        char name[SDQN_TENSOR_NAME_SIZE];
        snprintf(name, sizeof name, "gradient.%.24s", tensors[i].name);
        check_close(name, gradient + (tensors[i].data - parameters), torch_data_find(file, prefix, name)->data,
                    sdqn_tensor_count(&tensors[i]), 2e-6);
    }
    free(gradient);
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_network_destroy(network);
}

static void gradients_equal_autograd_on_every_level(void **state) {
    (void)state;
    SdqnSafetensors *file = torch_data_open();
    SdqnQNetworkDef single = small_def;
    single.conditioning = SDQN_CONDITIONING_BLIND;
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
        check_small(file, "shared", &small_def, (SdqnCpuLevel)level);
        check_small(file, "single", &single, (SdqnCpuLevel)level);
    }
    sdqn_safetensors_destroy(file);
}

/// scattered() of tools/make_torch_data.py.
static void scatter(uint32_t first, size_t count, float scale, float *values) {
    for (size_t i = 0; i < count; i++) {
        uint32_t x = first + (uint32_t)i;
        x ^= x >> 16;
        x *= 0x7feb352du;
        x ^= x >> 15;
        x *= 0x846ca68bu;
        x ^= x >> 16;
        values[i] = (float)((int32_t)(x >> 8) - (1 << 23)) / (float)(1 << 23) * scale;
    }
}

static void default_network_equals_pytorch(void **state) {
    (void)state;
    enum { ROWS = 64, STRIDE = 41 };
    SdqnSafetensors *file = torch_data_open();
    const SdqnQNetworkDef def = sdqn_q_network_def_default();
    SdqnQNetwork *network = make_network(&def, sdqn_cpu_level_best());
    SdqnQWorkspace *workspace = make_workspace(&def, ROWS);
    const size_t count = sdqn_q_network_parameter_count(network);
    float *gradient = calloc(count, sizeof(float));
    Rows rows;
    scatter(0, count, 0.125f, sdqn_q_network_parameters_mutable(network));
    sdqn_q_network_refresh(network);
    scatter(1000000, (size_t)ROWS * 8, 1.0f, rows.observation);
    scatter(2000000, ROWS, 1.0f, rows.y);
    for (int b = 0; b < ROWS; b++) {
        rows.task[b] = b % 3;
        rows.action[b] = (uint8_t)(b / 3 % 4);
    }
    sdqn_q_network_forward(network, workspace, rows.observation, rows.task, ROWS, rows.q);
    const float loss = sdqn_mse_loss(rows.q, rows.action, rows.y, ROWS, 4, rows.dq);
    sdqn_q_network_backward(network, workspace, rows.task, rows.dq, ROWS, gradient);
    const SdqnTensor *expected = torch_data_find(file, "default", "gradient");
    for (size_t i = 0; i * STRIDE < count; i++) gradient[i] = gradient[i * STRIDE];
    assert_int_equal(sdqn_tensor_count(expected), (count + STRIDE - 1) / STRIDE);
    check_close("Q-values", rows.q, torch_data_find(file, "default", "q")->data, (size_t)ROWS * 4, 2e-6);
    check_close("loss", &loss, torch_data_find(file, "default", "loss")->data, 1, 2e-6);
    check_close("gradient", gradient, expected->data, sdqn_tensor_count(expected), 2e-6);
    free(gradient);
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_network_destroy(network);
    sdqn_safetensors_destroy(file);
}

// Finite differences

/// One layer in double: y[o] = bias[o] + sum over k of w[o, k] x[k], then ReLU if asked. @return the parameters behind the layer's
static const double *layer_in_double(const double *w, const double *x, int in, int out, bool relu, double *y) {
    const double *bias = w + in * out;
    for (int o = 0; o < out; o++) {
        y[o] = bias[o];
        for (int k = 0; k < in; k++) y[o] += w[o * in + k] * x[k];
        if (relu && !(y[o] > 0.0)) y[o] = 0.0;
    }
    return bias + out;
}

/// Mean squared TD error in double, from parameters in the network's order.
static double loss_in_double(const SdqnQNetworkDef *def, const double *parameters, const Rows *rows, int n) {
    const int told = sdqn_q_network_def_conditioning_size(def), in = def->observation_size + told;
    const double *embedding = parameters + in * def->hidden1_size + def->hidden1_size + def->hidden1_size * def->hidden2_size +
                              def->hidden2_size + def->hidden2_size * def->num_actions + def->num_actions;
    double loss = 0.0;
    for (int b = 0; b < n; b++) {
        double x[32], hidden1[32], hidden2[32], q[4];
        for (int k = 0; k < def->observation_size; k++) x[k] = (double)rows->observation[b * def->observation_size + k];
        for (int k = 0; k < told; k++) {
            x[def->observation_size + k] = def->conditioning == SDQN_CONDITIONING_EMBEDDING ? embedding[rows->task[b] * told + k]
                                           : def->conditioning == SDQN_CONDITIONING_ONEHOT  ? k == rows->task[b]
                                                                                            : rows->task[b];
        }
        const double *w = layer_in_double(parameters, x, in, def->hidden1_size, true, hidden1);
        w = layer_in_double(w, hidden1, def->hidden1_size, def->hidden2_size, true, hidden2);
        layer_in_double(w, hidden2, def->hidden2_size, def->num_actions, false, q);
        const double td_error = q[rows->action[b]] - (double)rows->y[b];
        loss += td_error * td_error / n;
    }
    return loss;
}

static void check_finite_differences(SdqnConditioning conditioning) {
    enum { ROWS = 9 };
    SdqnQNetworkDef def = small_def;
    def.conditioning = conditioning;
    SdqnQNetwork *network = make_random_network(&def, sdqn_cpu_level_best(), 5);
    SdqnQWorkspace *workspace = make_workspace(&def, ROWS);
    const size_t count = sdqn_q_network_parameter_count(network);
    float *gradient = calloc(count, sizeof(float)), *expected = calloc(count, sizeof(float));
    double *parameters = calloc(count, sizeof(double));
    Rows rows;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 6);
    random_rows(&rows, &rng, &def);
    for (size_t i = 0; i < count; i++) parameters[i] = (double)sdqn_q_network_parameters(network)[i];
    sdqn_q_network_forward(network, workspace, rows.observation, rows.task, ROWS, rows.q);
    const float loss = sdqn_mse_loss(rows.q, rows.action, rows.y, ROWS, 4, rows.dq);
    sdqn_q_network_backward(network, workspace, rows.task, rows.dq, ROWS, gradient);
    assert_true(fabs((double)loss - loss_in_double(&def, parameters, &rows, ROWS)) < 1e-5);
    for (size_t i = 0; i < count; i++) {
        const double old = parameters[i], step = 1e-6;
        parameters[i] = old + step;
        const double above = loss_in_double(&def, parameters, &rows, ROWS);
        parameters[i] = old - step;
        const double below = loss_in_double(&def, parameters, &rows, ROWS);
        parameters[i] = old;
        expected[i] = (float)((above - below) / (2.0 * step));
    }
    check_close("gradient", gradient, expected, count, 3e-6);
    free(gradient);
    free(expected);
    free(parameters);
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_network_destroy(network);
}

static void gradients_equal_finite_differences(void **state) {
    (void)state;
    for (int c = SDQN_CONDITIONING_EMBEDDING; c <= SDQN_CONDITIONING_BLIND; c++) check_finite_differences((SdqnConditioning)c);
}

// Bits

static void q_values_do_not_depend_on_the_batch_nor_the_level(void **state) {
    (void)state;
    SdqnQNetworkDef def = sdqn_q_network_def_default();
    SdqnRng rng;
    sdqn_rng_seed(&rng, 7);
    for (int round = 0; round < 2; round++) {
        Rows rows;
        random_rows(&rows, &rng, &def);
        SdqnQNetwork *scalar = make_random_network(&def, SDQN_CPU_SCALAR, 8);
        SdqnQWorkspace *workspace = make_workspace(&def, 64);
        float expected[64 * 4];
        sdqn_q_network_forward(scalar, workspace, rows.observation, rows.task, 64, expected);
        for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
            if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
            SdqnQNetwork *network = make_random_network(&def, (SdqnCpuLevel)level, 8);
            for (int n = 1; n <= 64; n = n < 8 ? n + 1 : n * 2) {
                sdqn_q_network_forward(network, workspace, rows.observation + 8 * (64 - n), rows.task + 64 - n, n, rows.q);
                assert_memory_equal(rows.q, expected + 4 * (64 - n), (size_t)n * 4 * sizeof(float));
            }
            sdqn_q_network_destroy(network);
        }
        sdqn_q_workspace_destroy(workspace);
        sdqn_q_network_destroy(scalar);
        def = sized(4, 3, 3, 37, 29, SDQN_CONDITIONING_EMBEDDING); // the second round: sizes that no vector divides
    }
}

static void gradients_have_the_same_bits_on_every_level(void **state) {
    (void)state;
    const SdqnQNetworkDef defs[] = {sdqn_q_network_def_default(), sized(4, 3, 3, 37, 29, SDQN_CONDITIONING_EMBEDDING),
                                    sized(3, 1, 0, 18, 33, SDQN_CONDITIONING_BLIND), sized(4, 5, 0, 18, 33, SDQN_CONDITIONING_ONEHOT),
                                    sized(4, 5, 0, 18, 33, SDQN_CONDITIONING_ID)};
    for (size_t d = 0; d < sizeof defs / sizeof defs[0]; d++) {
        const size_t count = sdqn_q_network_def_parameter_count(&defs[d]);
        float *expected = calloc(count, sizeof(float)), *gradient = calloc(count, sizeof(float));
        for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
            if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
            Rows rows;
            SdqnRng rng;
            sdqn_rng_seed(&rng, 9);
            random_rows(&rows, &rng, &defs[d]);
            SdqnQNetwork *network = make_random_network(&defs[d], (SdqnCpuLevel)level, 10);
            SdqnQWorkspace *workspace = make_workspace(&defs[d], 64);
            sdqn_q_network_forward(network, workspace, rows.observation, rows.task, 61, rows.q);
            sdqn_mse_loss(rows.q, rows.action, rows.y, 61, defs[d].num_actions, rows.dq);
            sdqn_q_network_backward(network, workspace, rows.task, rows.dq, 61, level == SDQN_CPU_SCALAR ? expected : gradient);
            if (level != SDQN_CPU_SCALAR) assert_memory_equal(gradient, expected, count * sizeof(float));
            sdqn_q_workspace_destroy(workspace);
            sdqn_q_network_destroy(network);
        }
        free(expected);
        free(gradient);
    }
}

static void gradients_of_groups_are_those_of_each_group_alone(void **state) {
    (void)state;
    enum { GROUPS = 4, EACH = 13 };
    for (int c = SDQN_CONDITIONING_EMBEDDING; c <= SDQN_CONDITIONING_BLIND; c++) {
        const SdqnQNetworkDef def = sized(4, 5, 3, 37, 29, (SdqnConditioning)c);
        const size_t count = sdqn_q_network_def_parameter_count(&def);
        float *gradients = calloc(GROUPS * count, sizeof(float)), *alone = calloc(count, sizeof(float));
        for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
            if (!sdqn_kernels((SdqnCpuLevel)level)) continue;
            Rows rows;
            SdqnRng rng;
            sdqn_rng_seed(&rng, 12);
            random_rows(&rows, &rng, &def);
            SdqnQNetwork *network = make_random_network(&def, (SdqnCpuLevel)level, 13);
            SdqnQWorkspace *workspace = make_workspace(&def, GROUPS * EACH);
            sdqn_q_network_forward(network, workspace, rows.observation, rows.task, GROUPS * EACH, rows.q);
            for (size_t i = 0; i < sizeof rows.dq / sizeof rows.dq[0]; i++) rows.dq[i] = (float)sdqn_rng_normal(&rng);
            sdqn_q_network_backward_groups(network, workspace, rows.task, rows.dq, GROUPS, EACH, gradients);
            for (size_t g = 0; g < GROUPS; g++) {
                const size_t first = g * EACH;
                sdqn_q_network_forward(network, workspace, rows.observation + 8 * first, rows.task + first, EACH, rows.q);
                sdqn_q_network_backward(network, workspace, rows.task + first, rows.dq + 4 * first, EACH, alone);
                assert_memory_equal(alone, gradients + g * count, count * sizeof(float));
            }
            sdqn_q_workspace_destroy(workspace);
            sdqn_q_network_destroy(network);
        }
        free(gradients);
        free(alone);
    }
}

static void copy_gives_the_same_q_values(void **state) {
    (void)state;
    SdqnQNetwork *source = make_random_network(&small_def, SDQN_CPU_SCALAR, 11), *target = make_network(&small_def, SDQN_CPU_SCALAR);
    SdqnQWorkspace *workspace = make_workspace(&small_def, 1);
    static const float observation[5] = {0.1f, -0.2f, 0.3f, 0.4f, 5.0f};
    static const int32_t task = 2;
    float expected[4], q[4];
    sdqn_q_network_forward(source, workspace, observation, &task, 1, expected);
    sdqn_q_network_copy(target, source);
    sdqn_q_network_forward(target, workspace, observation, &task, 1, q);
    assert_memory_equal(q, expected, sizeof q);
    sdqn_q_workspace_destroy(workspace);
    sdqn_q_network_destroy(source);
    sdqn_q_network_destroy(target);
}

static void destroying_nothing_is_allowed(void **state) {
    (void)state;
    sdqn_q_network_destroy(NULL);
    sdqn_q_workspace_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameter_counts_are_those_of_the_specification),
        cmocka_unit_test(definition_errors_name_field_value_and_range),
        cmocka_unit_test(tensors_have_names_and_shapes_of_pytorch),
        cmocka_unit_test(init_draws_kaiming_normal_in_a_fixed_order),
        cmocka_unit_test(gradients_equal_autograd_on_every_level),
        cmocka_unit_test(default_network_equals_pytorch),
        cmocka_unit_test(gradients_equal_finite_differences),
        cmocka_unit_test(q_values_do_not_depend_on_the_batch_nor_the_level),
        cmocka_unit_test(gradients_have_the_same_bits_on_every_level),
        cmocka_unit_test(gradients_of_groups_are_those_of_each_group_alone),
        cmocka_unit_test(copy_gives_the_same_q_values),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };
    return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
