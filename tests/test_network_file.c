// test_network_file.c: which network a weights file holds, and files that hold none.
#include "nn/network_file.h"
#include "nn/safetensors.h"

#include "core/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define REFERENCE "../shared/reference/shared_dqn.safetensors"

static SdqnQNetwork *make_network(SdqnQNetworkDef def) {
    SdqnQNetwork *network;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1);
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, NULL), SDQN_OK);
    sdqn_q_network_init(network, &rng);
    return network;
}

static SdqnQNetworkDef small_def(SdqnConditioning conditioning) {
    return (SdqnQNetworkDef){.observation_size = 8,
                             .num_actions = 4,
                             .num_tasks = 3,
                             .embedding_size = 5,
                             .hidden1_size = 20,
                             .hidden2_size = 12,
                             .conditioning = conditioning};
}

/// Write a network and read it back.
static SdqnQNetworkSet through_a_file(const SdqnQNetwork *network) {
    SdqnQNetworkSet set;
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    const int count = sdqn_q_network_tensors(network, tensors);
    SdqnPiece piece;
    uint8_t *bytes;
    char path[] = "/tmp/sdqn_test_network_file_XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    SdqnError error = {0};
    assert_int_equal(sdqn_safetensors_encode(tensors, count, &bytes, &piece.size, &error), SDQN_OK);
    piece.data = bytes;
    assert_int_equal(sdqn_file_write(path, &piece, 1, &error), SDQN_OK);
    const SdqnStatus status = sdqn_q_network_set_read(path, 8, 4, sdqn_kernels(SDQN_CPU_SCALAR), &set, &error);
    unlink(path);
    free(bytes);
    if (status != SDQN_OK) fail_msg("%s", error.message);
    return set;
}

static void written_network_is_read_back(void **state) {
    (void)state;
    static const int num_tasks[] = {3, 3, SDQN_MAX_TASKS, 1}; // of embedding, one-hot, id, blind
    for (int conditioning = SDQN_CONDITIONING_EMBEDDING; conditioning <= SDQN_CONDITIONING_BLIND; conditioning++) {
        SdqnQNetwork *network = make_network(small_def((SdqnConditioning)conditioning));
        SdqnQNetworkSet set = through_a_file(network);
        assert_int_equal(set.count, 1);
        assert_string_equal(set.tasks[0], "");
        const SdqnQNetwork *read = set.networks[0];
        const SdqnQNetworkDef *def = sdqn_q_network_def(read);
        assert_int_equal(def->conditioning, conditioning);
        assert_int_equal(def->num_tasks, num_tasks[conditioning]);
        if (conditioning == SDQN_CONDITIONING_EMBEDDING) assert_int_equal(def->embedding_size, 5);
        assert_int_equal(def->hidden1_size, 20);
        assert_int_equal(def->hidden2_size, 12);
        assert_int_equal(sdqn_q_network_parameter_count(read), sdqn_q_network_parameter_count(network));
        assert_memory_equal(sdqn_q_network_parameters(read), sdqn_q_network_parameters(network),
                            sdqn_q_network_parameter_count(network) * sizeof(float));
        // The transposed weights are fresh too.
        SdqnQWorkspace *workspace;
        assert_int_equal(sdqn_q_workspace_create(def, 1, false, &workspace, NULL), SDQN_OK);
        const float observation[8] = {1, 2, 3, 4, 5, 6, 7, 8};
        const int32_t task = conditioning == SDQN_CONDITIONING_BLIND ? 0 : 2;
        float q[4], expected[4];
        sdqn_q_network_forward(read, workspace, observation, &task, 1, q);
        sdqn_q_network_forward(network, workspace, observation, &task, 1, expected);
        assert_memory_equal(q, expected, sizeof q);
        sdqn_q_workspace_destroy(workspace);
        sdqn_q_network_destroy(network);
        sdqn_q_network_set_clear(&set);
    }
}

static void written_residuals_are_read_back(void **state) {
    (void)state;
    for (int variant = 0; variant < 16; variant++) {
        SdqnQNetworkDef def = small_def(SDQN_CONDITIONING_BLIND);
        def.residuals = variant & 1 ? SDQN_RESIDUALS_GAUSSIAN : SDQN_RESIDUALS_VECTOR;
        def.residual_rank = variant & 2 ? 3 : 0;
        def.prior_scale = 0.1;
        def.learned_prior = (variant & 5) == 5;
        def.architecture = variant & 8 ? SDQN_ARCHITECTURE_BRONET_PUBLISHED : SDQN_ARCHITECTURE_MLP;
        def.num_blocks = variant & 8 ? SDQN_MAX_BLOCKS : 0;
        SdqnQNetwork *network = make_network(def);
        SdqnQNetworkSet set = through_a_file(network);
        const SdqnQNetworkDef *found = sdqn_q_network_def(set.networks[0]);
        assert_int_equal(found->residuals, def.residuals);
        assert_int_equal(found->residual_rank, def.residual_rank);
        assert_int_equal(found->learned_prior, def.learned_prior);
        assert_int_equal(found->num_tasks, 3);
        assert_int_equal(sdqn_q_network_parameter_count(set.networks[0]), sdqn_q_network_parameter_count(network));
        assert_memory_equal(sdqn_q_network_parameters(set.networks[0]), sdqn_q_network_parameters(network),
                            sdqn_q_network_parameter_count(network) * sizeof(float));
        sdqn_q_network_destroy(network);
        sdqn_q_network_set_clear(&set);
    }
}

/// Change the tensors of a sound network by a function, and see what inferring and loading say.
/// Q-values of one observation for each of three tasks.
static void q_values_of(const SdqnQNetwork *network, float q[12]) {
    const int32_t tasks[3] = {0, 1, 2};
    float observation[24];
    SdqnQWorkspace *workspace;
    for (int i = 0; i < 24; i++) observation[i] = (float)(i % 8) / 8.0f - 0.4f;
    assert_int_equal(sdqn_q_workspace_create(sdqn_q_network_def(network), 3, false, &workspace, NULL), SDQN_OK);
    sdqn_q_network_q_values(network, workspace, observation, tasks, 3, q);
    sdqn_q_workspace_destroy(workspace);
}

/// A network of five tasks begins with the weights of one of three: for those it is the same, and the others are as they were drawn.
static void weights_of_the_first_tasks_are_taken(void **state) {
    (void)state;
    enum { NUM_KINDS = 7 };
    for (int kind = 0; kind < NUM_KINDS; kind++) {
        static const SdqnConditioning conditionings[4] = {SDQN_CONDITIONING_EMBEDDING, SDQN_CONDITIONING_ONEHOT, SDQN_CONDITIONING_ID,
                                                          SDQN_CONDITIONING_BLIND};
        SdqnQNetworkDef def = small_def(kind < 4 ? conditionings[kind] : SDQN_CONDITIONING_BLIND);
        def.residuals = kind < 4 ? SDQN_RESIDUALS_NONE : kind == 4 ? SDQN_RESIDUALS_VECTOR : SDQN_RESIDUALS_GAUSSIAN;
        def.residual_rank = kind == 6 ? 3 : 0;
        def.learned_prior = kind == 5;
        def.prior_scale = 1.0;
        if (kind >= 4) def.embedding_size = 0;
        SdqnQNetwork *trained = make_network(def);
        float *values = sdqn_q_network_parameters_mutable(trained), before[12], after[12];
        for (size_t k = 0; k < sdqn_q_network_parameter_count(trained); k++) values[k] += 0.01f * (float)(k % 7);
        sdqn_q_network_refresh(trained);
        def.num_tasks = 5;
        SdqnQNetwork *network = make_network(def), *untouched = make_network(def);
        SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
        SdqnSpan spans[SDQN_Q_NETWORK_MAX_TENSORS];
        int known = -1;
        const int count = sdqn_q_network_tensors(trained, tensors);
        SdqnError error = {0};
        if (sdqn_q_network_load_first(network, "trained", tensors, count, &known, &error) != SDQN_OK) fail_msg("%s", error.message);
        assert_int_equal(known, kind == 2 || kind == 3 ? 0 : 3);
        q_values_of(trained, before);
        q_values_of(network, after);
        assert_memory_equal(before, after, sizeof before);
        const int num_spans = sdqn_q_network_task_spans(network, 3, spans);
        assert_true((num_spans > 0) == (kind == 0 || kind >= 4));
        for (int i = 0; i < num_spans; i++) {
            assert_memory_equal(sdqn_q_network_parameters(network) + spans[i].first, sdqn_q_network_parameters(untouched) + spans[i].first,
                                spans[i].count * sizeof(float));
        }
        if (known > 0) { // not the other way round
            const int more = sdqn_q_network_tensors(untouched, tensors);
            assert_int_equal(sdqn_q_network_load_first(trained, "more", tensors, more, &known, &error), SDQN_ERR_FORMAT);
            assert_string_equal(error.message, "more: knows 5 tasks, the network 3");
        }
        sdqn_q_network_destroy(trained);
        sdqn_q_network_destroy(network);
        sdqn_q_network_destroy(untouched);
    }
}

static void weights_on_another_support_are_not_taken(void **state) {
    (void)state;
    SdqnQNetworkDef def = small_def(SDQN_CONDITIONING_EMBEDDING);
    def.num_atoms = 5;
    def.value_min = -1.0;
    def.value_max = 1.0;
    SdqnQNetwork *trained = make_network(def);
    def.value_max = 2.0;
    SdqnQNetwork *network = make_network(def);
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    const int count = sdqn_q_network_tensors(trained, tensors);
    SdqnError error = {0};
    int known;
    assert_int_equal(sdqn_q_network_load_first(network, "trained", tensors, count, &known, &error), SDQN_ERR_FORMAT);
    assert_string_equal(error.message, "trained: tensor support: other values than value_min = -1 to value_max = 2 give");
    sdqn_q_network_destroy(trained);
    sdqn_q_network_destroy(network);
}

static void check_refused(void (*change)(SdqnTensor *tensors, int *count), const char *message) {
    SdqnQNetwork *network = make_network(small_def(SDQN_CONDITIONING_EMBEDDING));
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS + 1];
    int count = sdqn_q_network_tensors(network, tensors);
    change(tensors, &count);
    SdqnQNetworkDef def = {0};
    SdqnError error = {0};
    SdqnStatus status = sdqn_q_network_infer("w.safetensors", tensors, count, 8, 4, &def, &error);
    if (status == SDQN_OK) {
        SdqnQNetwork *loaded = make_network(def);
        const size_t bytes = sdqn_q_network_parameter_count(loaded) * sizeof(float);
        float *before = malloc(bytes);
        assert_non_null(before);
        memcpy(before, sdqn_q_network_parameters(loaded), bytes);
        status = sdqn_q_network_load(loaded, "w.safetensors", tensors, count, &error);
        assert_memory_equal(before, sdqn_q_network_parameters(loaded), bytes);
        free(before);
        sdqn_q_network_destroy(loaded);
    }
    assert_int_equal(status, SDQN_ERR_FORMAT);
    assert_string_equal(error.message, message);
    sdqn_q_network_destroy(network);
}

static SdqnTensor *named(SdqnTensor *tensors, int count, const char *name) {
    for (int i = 0; i < count; i++) {
        if (strcmp(tensors[i].name, name) == 0) return &tensors[i];
    }
    fail();
    return NULL;
}

static void rename_tensor(SdqnTensor *tensor, const char *name) { snprintf(tensor->name, sizeof tensor->name, "%s", name); }

static void without_fc1(SdqnTensor *tensors, int *count) { rename_tensor(named(tensors, *count, "fc1.weight"), "other"); }
static void without_fc3_bias(SdqnTensor *tensors, int *count) { tensors[5] = tensors[--*count]; }
static void with_too_narrow_fc1(SdqnTensor *tensors, int *count) { named(tensors, --*count, "fc1.weight")->shape[1] = 7; }
static void with_too_wide_fc1(SdqnTensor *tensors, int *count) {
    named(tensors, --*count, "fc1.weight")->shape[1] = 8 + SDQN_MAX_TASKS + 1;
}
static void with_another_embedding(SdqnTensor *tensors, int *count) { named(tensors, *count, "task_embedding.weight")->shape[1] = 4; }
static void with_one_more(SdqnTensor *tensors, int *count) {
    tensors[*count] = tensors[0];
    rename_tensor(&tensors[(*count)++], "fc4.weight");
}
static void with_fc1_flat(SdqnTensor *tensors, int *count) { named(tensors, *count, "fc1.weight")->rank = 1; }
static void with_fc2_turned(SdqnTensor *tensors, int *count) {
    SdqnTensor *fc2 = named(tensors, *count, "fc2.weight");
    fc2->shape[0] = 20, fc2->shape[1] = 12;
}
static void with_other_actions(SdqnTensor *tensors, int *count) { named(tensors, *count, "fc3.weight")->shape[0] = 3; }
static void with_huge_layer(SdqnTensor *tensors, int *count) { named(tensors, *count, "fc2.weight")->shape[0] = 5000; }
static void with_many_tasks(SdqnTensor *tensors, int *count) { named(tensors, *count, "task_embedding.weight")->shape[0] = 65; }

static void files_of_other_networks_are_refused(void **state) {
    (void)state;
    check_refused(without_fc1, "w.safetensors: tensor fc1.weight: missing");
    check_refused(without_fc3_bias, "w.safetensors: tensor fc3.bias: missing, expected with shape [4]");
    check_refused(with_too_narrow_fc1,
                  "w.safetensors: tensor fc1.weight: 7 inputs, expected 8: an observation, or up to 64 more for one-hot tasks");
    check_refused(with_too_wide_fc1,
                  "w.safetensors: tensor fc1.weight: 73 inputs, expected 8: an observation, or up to 64 more for one-hot tasks");
    check_refused(with_another_embedding,
                  "w.safetensors: tensor fc1.weight: 13 inputs, expected 12: an observation of 8 and a task embedding of 4");
    check_refused(with_one_more, "w.safetensors: tensor fc4.weight: not part of this network");
    check_refused(with_fc1_flat, "w.safetensors: tensor fc1.weight: shape [20], expected two dimensions of at most 4096");
    check_refused(with_fc2_turned, "w.safetensors: tensor fc2.weight: shape [20, 12], expected [20, 20]");
    check_refused(with_other_actions, "w.safetensors: tensor fc3.weight: shape [3, 12], expected [4, 12]");
    check_refused(with_huge_layer, "w.safetensors: tensor fc2.weight: shape [5000, 20], expected two dimensions of at most 4096");
    check_refused(with_many_tasks, "w.safetensors: tensor task_embedding.weight: 65 tasks: at most 64 are allowed");
}

/// Write the tensors of blind networks for two tasks, changed by a function, and read them back.
static SdqnStatus read_two_tasks(void (*change)(SdqnTensor *tensors, int *count), SdqnQNetworkSet *set, SdqnError *error) {
    static const char *const tasks[] = {"standard", "windy-2"};
    SdqnQNetwork *networks[2];
    SdqnTensor tensors[2 * SDQN_Q_NETWORK_MAX_TENSORS];
    int count = 0;
    for (int t = 0; t < 2; t++) {
        SdqnQNetworkDef def = small_def(SDQN_CONDITIONING_BLIND);
        def.hidden1_size += t;
        networks[t] = make_network(def);
        SdqnTensor own[SDQN_Q_NETWORK_MAX_TENSORS];
        const int num_own = sdqn_q_network_tensors(networks[t], own);
        for (int i = 0; i < num_own; i++, count++) {
            tensors[count] = own[i];
            snprintf(tensors[count].name, sizeof tensors[count].name, "%s.%.31s", tasks[t], own[i].name);
        }
    }
    if (change) change(tensors, &count);
    SdqnPiece piece;
    uint8_t *bytes;
    char path[] = "/tmp/sdqn_test_network_file_XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(sdqn_safetensors_encode(tensors, count, &bytes, &piece.size, error), SDQN_OK);
    piece.data = bytes;
    assert_int_equal(sdqn_file_write(path, &piece, 1, error), SDQN_OK);
    const SdqnStatus status = sdqn_q_network_set_read(path, 8, 4, sdqn_kernels(SDQN_CPU_SCALAR), set, error);
    unlink(path);
    free(bytes);
    for (int t = 0; t < 2 && status == SDQN_OK; t++) {
        assert_string_equal(set->tasks[t], tasks[t]);
        assert_memory_equal(sdqn_q_network_parameters(set->networks[t]), sdqn_q_network_parameters(networks[t]),
                            sdqn_q_network_parameter_count(networks[t]) * sizeof(float));
    }
    for (int t = 0; t < 2; t++) sdqn_q_network_destroy(networks[t]);
    return status;
}

static void networks_of_several_tasks_are_read_by_name(void **state) {
    (void)state;
    SdqnQNetworkSet set = {0};
    SdqnError error = {0};
    if (read_two_tasks(NULL, &set, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_int_equal(set.count, 2);
    assert_int_equal(sdqn_q_network_def(set.networks[1])->hidden1_size, 21);
    sdqn_q_network_set_clear(&set);
    assert_int_equal(set.count, 0);
}

static void with_a_stray_tensor(SdqnTensor *tensors, int *count) { rename_tensor(named(tensors, *count, "windy-2.fc2.bias"), "fc2.bias"); }
static void with_a_longer_task(SdqnTensor *tensors, int *count) {
    rename_tensor(named(tensors, *count, "windy-2.fc2.bias"), "windy-23.fc2.bias");
}
static void with_a_task_cut(SdqnTensor *tensors, int *count) { (void)tensors, --*count; }

static void broken_files_of_several_tasks_are_refused(void **state) {
    (void)state;
    static const struct {
        void (*change)(SdqnTensor *tensors, int *count);
        const char *message;
    } cases[] = {
        {with_a_stray_tensor, ": network windy-2: tensor fc2.bias: missing, expected with shape [12]"},
        {with_a_longer_task, ": network windy-2: tensor fc2.bias: missing, expected with shape [12]"},
        {with_a_task_cut, ": network windy-2: tensor fc3.bias: missing, expected with shape [4]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        SdqnQNetworkSet set = {0};
        SdqnError error = {0};
        assert_int_equal(read_two_tasks(cases[i].change, &set, &error), SDQN_ERR_FORMAT);
        if (!strstr(error.message, cases[i].message)) fail_msg("found %s, expected ...%s", error.message, cases[i].message);
        assert_int_equal(set.count, 0);
    }
}

static void reference_weights_load(void **state) {
    (void)state;
    if (access(REFERENCE, R_OK) != 0) skip();
    SdqnQNetworkSet set;
    SdqnError error = {0};
    if (sdqn_q_network_set_read(REFERENCE, 8, 4, sdqn_kernels(SDQN_CPU_SCALAR), &set, &error) != SDQN_OK) fail_msg("%s", error.message);
    const SdqnQNetworkDef expected = sdqn_q_network_def_default();
    const SdqnQNetworkDef *found = sdqn_q_network_def(set.networks[0]);
    assert_int_equal(found->conditioning, expected.conditioning);
    assert_int_equal(found->architecture, expected.architecture);
    assert_int_equal(found->num_tasks, expected.num_tasks);
    assert_int_equal(found->embedding_size, expected.embedding_size);
    assert_int_equal(found->hidden1_size, expected.hidden1_size);
    assert_int_equal(found->hidden2_size, expected.hidden2_size);
    sdqn_q_network_set_clear(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_network_is_read_back),
        cmocka_unit_test(written_residuals_are_read_back),
        cmocka_unit_test(weights_of_the_first_tasks_are_taken),
        cmocka_unit_test(weights_on_another_support_are_not_taken),
        cmocka_unit_test(files_of_other_networks_are_refused),
        cmocka_unit_test(networks_of_several_tasks_are_read_by_name),
        cmocka_unit_test(broken_files_of_several_tasks_are_refused),
        cmocka_unit_test(reference_weights_load),
    };
    return cmocka_run_group_tests_name("network_file", tests, NULL, NULL);
}
