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

static void written_network_is_read_back(void **state) {
    (void)state;
    static const int num_tasks[] = {3, 3, SDQN_MAX_TASKS, 1}; // of embedding, one-hot, id, blind
    for (int conditioning = SDQN_CONDITIONING_EMBEDDING; conditioning <= SDQN_CONDITIONING_BLIND; conditioning++) {
        SdqnQNetwork *network = make_network(small_def((SdqnConditioning)conditioning)), *read;
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
        const SdqnStatus status = sdqn_q_network_read(path, 8, 4, sdqn_kernels(SDQN_CPU_SCALAR), &read, &error);
        unlink(path);
        free(bytes);
        if (status != SDQN_OK) fail_msg("%s", error.message);
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
        sdqn_q_network_destroy(read);
    }
}

/// Change the tensors of a sound network by a function, and see what inferring and loading say.
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

static void reference_weights_load(void **state) {
    (void)state;
    if (access(REFERENCE, R_OK) != 0) skip();
    SdqnQNetwork *network;
    SdqnError error = {0};
    if (sdqn_q_network_read(REFERENCE, 8, 4, sdqn_kernels(SDQN_CPU_SCALAR), &network, &error) != SDQN_OK) fail_msg("%s", error.message);
    const SdqnQNetworkDef expected = sdqn_q_network_def_default();
    assert_memory_equal(sdqn_q_network_def(network), &expected, sizeof expected);
    sdqn_q_network_destroy(network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_network_is_read_back),
        cmocka_unit_test(files_of_other_networks_are_refused),
        cmocka_unit_test(reference_weights_load),
    };
    return cmocka_run_group_tests_name("network_file", tests, NULL, NULL);
}
