// `sharedqn import`: a network of another program plays here, and files that hold none are refused.
#include "e2e.h"

#include "foreign_weights.h"
#include "nn/safetensors.h"

static void write_file(const char *path, const void *data, size_t size) {
    assert_int_equal(sdqn_file_write(path, &(SdqnPiece){data, size}, 1, NULL), SDQN_OK);
}

/// A task-blind network as Flax lays it out, with all values in double, beside the same as ours. @return path of ours
static const char *write_flax(const char *path) {
    const Outcome *outcome =
        e2e_run("train", "--out", e2e_path("run"), "--conditioning", "blind", "--hidden1-size", "20", "--hidden2-size", "12", "--episodes",
                "3", "--min-replay-size", "100", "--final-episodes", "1", "--tensorboard", "false", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    const char *ours = e2e_path("run/final.safetensors");
    SdqnSafetensors *file;
    int count;
    static ForeignFile flax;
    static uint8_t bytes[FOREIGN_ROOM + sizeof flax.header + 9];
    flax = (ForeignFile){0};
    assert_int_equal(sdqn_safetensors_read(ours, &file, NULL), SDQN_OK);
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    for (int i = 0; i < count; i++) {
        const size_t rows = tensors[i].shape[0], columns = tensors[i].rank == 2 ? tensors[i].shape[1] : 1;
        double values[1024];
        char name[64], shape[32];
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++) values[c * rows + r] = (double)tensors[i].data[r * columns + c];
        snprintf(name, sizeof name, "params/Dense_%d/%s", tensors[i].name[2] - '1', tensors[i].rank == 2 ? "kernel" : "bias");
        if (tensors[i].rank == 2) snprintf(shape, sizeof shape, "[%zu,%zu]", columns, rows);
        if (tensors[i].rank == 1) snprintf(shape, sizeof shape, "[%zu]", rows);
        foreign_add(&flax, name, "F64", shape, values, rows * columns * sizeof *values);
    }
    sdqn_safetensors_destroy(file);
    write_file(path, bytes, foreign_bytes(&flax, bytes));
    return ours;
}

static void a_network_of_flax_becomes_the_same_as_ours(void **state) {
    (void)state;
    const char *flax = e2e_path("flax.safetensors"), *ours = write_flax(flax);
    const Outcome *outcome = e2e_run("import", flax, "--map", "configs/import/flax-mlp.yaml", "--out", e2e_path("made.safetensors"), NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_non_null(strstr(outcome->out, "made.safetensors:\n  484 parameters, not told the task\n"));
    size_t size, expected_size;
    uint8_t *made = e2e_read(e2e_base, "made.safetensors", &size), *expected = NULL;
    assert_int_equal(sdqn_file_read(ours, 1 << 20, &expected, &expected_size, NULL), SDQN_OK);
    assert_int_equal(size, expected_size);
    assert_memory_equal(made, expected, size);
    free(made);
    free(expected);
}

static void expect_refusal(const Outcome *outcome, int code, const char *message) {
    if (outcome->code != code || strstr(outcome->err, message) == NULL)
        fail_msg("code %d; \"%s\" not in: %s", outcome->code, message, outcome->err);
    assert_string_equal(outcome->out, "");
    assert_false(sdqn_file_exists(e2e_path("out")));
}

static void what_is_no_network_is_refused(void **state) {
    (void)state;
    static const char sb3[] = "configs/import/sb3-dqn.yaml", flax_map[] = "configs/import/flax-mlp.yaml";
    const char *flax = e2e_path("flax.safetensors"), *out = e2e_path("out"), *map = e2e_path("map.yaml");
    write_flax(flax);
    expect_refusal(e2e_run("import", flax, "--map", sb3, "--out", out, NULL), 1,
                   "tensor q_net.q_net.0.weight: missing, but line 3 of configs/import/sb3-dqn.yaml takes it for fc1.weight");
    expect_refusal(e2e_run("import", flax, "--out", out, NULL), 2, "--map and --out are needed");
    expect_refusal(e2e_run("import", "--map", sb3, "--out", out, NULL), 2, "an argument is missing");
    expect_refusal(e2e_run("import", e2e_path("none"), "--map", sb3, "--out", out, NULL), 1, "cannot open: No such file");
    expect_refusal(e2e_run("import", sb3, "--map", sb3, "--out", out, NULL), 1, "truncated, or not safetensors");
    expect_refusal(e2e_run("import", flax, "--map", flax, "--out", out, NULL), 2, "no valid YAML");
    expect_refusal(e2e_run("import", flax, "--map", flax_map, "--out", flax, NULL), 2, "is there already");
    static const char untransposed[] = "tensors: {fc1.weight: params/Dense_0/kernel, fc1.bias: params/Dense_0/bias,\n"
                                       "fc2.weight: {from: params/Dense_1/kernel, transpose: true}, fc2.bias: params/Dense_1/bias}\n"
                                       "ignore: [params/Dense_2/*]\n";
    write_file(map, untransposed, sizeof untransposed - 1);
    expect_refusal(e2e_run("import", flax, "--map", map, "--out", out, NULL), 1, "tensor fc1.bias: shape [20], expected [8]");
    static const char incomplete[] =
        "tensors: {fc1.weight: {from: params/Dense_0/kernel, transpose: true}, fc1.bias: params/Dense_0/bias,\n"
        "fc2.weight: {from: params/Dense_1/kernel, transpose: true}, fc2.bias: params/Dense_1/bias}\n"
        "ignore: [params/Dense_2/*]\n";
    write_file(map, incomplete, sizeof incomplete - 1);
    expect_refusal(e2e_run("import", flax, "--map", map, "--out", out, NULL), 1, "tensor fc3.weight: missing, expected with shape [4, 12]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_network_of_flax_becomes_the_same_as_ours),
        TEST(what_is_no_network_is_refused),
    };
    return cmocka_run_group_tests_name("e2e_import", tests, NULL, NULL);
}
