// `sharedqn import`: a network of another program plays here, and files that hold none are refused.
#include "e2e.h"

#include "foreign_weights.h"
#include "nn/safetensors.h"

static void write_file(const char *path, const void *data, size_t size) {
    assert_int_equal(sdqn_file_write(path, &(SdqnPiece){data, size}, 1, NULL), SDQN_OK);
}

/// How another program names and lays out a task-blind network of three layers.
typedef struct Style {
    const char *map, *names[3], *weight, *dtype; ///< names of the layers, of a layer's weight, and the type of all values
    bool transposed, has_target;                 ///< a target network too
} Style;

static const Style SB3 = {
    "configs/import/sb3-dqn.yaml", {"q_net.q_net.0.", "q_net.q_net.2.", "q_net.q_net.4."}, "weight", "F32", false, true};
static const Style CLEANRL = {"configs/import/cleanrl-dqn.yaml", {"network.0.", "network.2.", "network.4."}, "weight", "F32", false, false};
static const Style FLAX = {
    "configs/import/flax-mlp.yaml", {"params/Dense_0/", "params/Dense_1/", "params/Dense_2/"}, "kernel", "F64", true, false};

static void train_blind(void) {
    const Outcome *outcome =
        e2e_run("train", "--out", e2e_path("run"), "--conditioning", "blind", "--hidden1-size", "20", "--hidden2-size", "12", "--episodes",
                "3", "--min-replay-size", "100", "--final-episodes", "1", "--tensorboard", "false", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
}

static void add_tensor(const Style *style, const SdqnTensor *tensor, const char *before, ForeignFile *file) {
    const size_t rows = tensor->shape[0], columns = tensor->rank == 2 ? tensor->shape[1] : 1, count = rows * columns;
    const bool wide = strcmp(style->dtype, "F64") == 0, transposed = style->transposed && tensor->rank == 2;
    double values[1024];
    float singles[1024];
    char name[128], shape[64];
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const size_t place = transposed ? c * rows + r : r * columns + c;
            singles[place] = tensor->data[r * columns + c];
            values[place] = (double)singles[place];
        }
    }
    snprintf(name, sizeof name, "%s%s%s", before, style->names[tensor->name[2] - '1'], tensor->rank == 2 ? style->weight : "bias");
    if (tensor->rank == 2) snprintf(shape, sizeof shape, "[%zu,%zu]", transposed ? columns : rows, transposed ? rows : columns);
    if (tensor->rank == 1) snprintf(shape, sizeof shape, "[%zu]", rows);
    foreign_add(file, name, style->dtype, shape, wide ? (const void *)values : singles, count * (wide ? sizeof *values : sizeof *singles));
}

/// The final weights of the run as another program would have written them.
static void write_foreign(const Style *style, const char *path) {
    SdqnSafetensors *file;
    int count;
    static ForeignFile made;
    static uint8_t bytes[FOREIGN_ROOM + sizeof made.header + 9];
    made = (ForeignFile){0};
    assert_int_equal(sdqn_safetensors_read(e2e_path("run/final.safetensors"), &file, NULL), SDQN_OK);
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    for (int i = 0; i < count; i++) add_tensor(style, &tensors[i], "", &made);
    for (int i = 0; i < count && style->has_target; i++) {
        char name[128];
        snprintf(name, sizeof name, "q_net_target.%s", tensors[i].name);
        foreign_add(&made, name, "F32", "[1]", tensors[i].data, sizeof(float));
    }
    sdqn_safetensors_destroy(file);
    write_file(path, bytes, foreign_bytes(&made, bytes));
}

static void networks_of_others_become_the_same_as_ours(void **state) {
    (void)state;
    static const Style *const styles[] = {&SB3, &CLEANRL, &FLAX};
    train_blind();
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        char name[32];
        snprintf(name, sizeof name, "made%zu.safetensors", i);
        const char *theirs = e2e_path("theirs.safetensors"), *made = e2e_path(name);
        write_foreign(styles[i], theirs);
        const Outcome *outcome = e2e_run("import", theirs, "--map", styles[i]->map, "--out", made, NULL);
        if (outcome->code != 0) fail_msg("%s: %s", styles[i]->map, outcome->err);
        assert_non_null(strstr(outcome->out, "484 parameters, not told the task\n"));
        size_t size, expected_size;
        uint8_t *found = e2e_read(e2e_base, name, &size), *expected = e2e_read(e2e_path("run"), "final.safetensors", &expected_size);
        assert_int_equal(size, expected_size);
        assert_memory_equal(found, expected, size);
        free(found);
        free(expected);
    }
}

static void expect_refusal(const Outcome *outcome, int code, const char *message) {
    if (outcome->code != code || strstr(outcome->err, message) == NULL)
        fail_msg("code %d; \"%s\" not in: %s", outcome->code, message, outcome->err);
    assert_string_equal(outcome->out, "");
    assert_false(sdqn_file_exists(e2e_path("out")));
}

static void what_is_no_network_is_refused(void **state) {
    (void)state;
    const char *sb3 = SB3.map, *flax_map = FLAX.map;
    const char *flax = e2e_path("flax.safetensors"), *out = e2e_path("out"), *map = e2e_path("map.yaml");
    train_blind();
    write_foreign(&FLAX, flax);
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
        TEST(networks_of_others_become_the_same_as_ours),
        TEST(what_is_no_network_is_refused),
    };
    return cmocka_run_group_tests_name("e2e_import", tests, NULL, NULL);
}
