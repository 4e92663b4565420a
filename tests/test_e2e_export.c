// `sharedqn export`: files of a run and of a weights file, of all tasks and of one, and what is refused.
// (test_c_source.c and test_onnx.c look into the files.)
#include "e2e.h"

#define TRAINED "tests/data/trained.safetensors"

static void safetensors_of_a_weights_file_are_the_same_bytes(void **state) {
    (void)state;
    const Outcome *outcome = e2e_run("export", "--weights", TRAINED, "--out", e2e_path("copy.safetensors"), NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_non_null(strstr(outcome->out, "copy.safetensors: 151680 bytes; for standard, windy, heavy\n"));
    size_t size, trained_size;
    uint8_t *copy = e2e_read(e2e_base, "copy.safetensors", &size), *trained = e2e_read("tests/data", "trained.safetensors", &trained_size);
    assert_int_equal(size, trained_size);
    assert_memory_equal(copy, trained, size);
    free(copy);
    free(trained);
}

/// Weights of one task play it as those of all do.
static void one_task_alone_plays_the_same(void **state) {
    (void)state;
    static char all[E2E_TEXT_SIZE];
    const Outcome *outcome = e2e_run("evaluate", "--weights", TRAINED, "--task", "windy", "--episodes", "3", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    memcpy(all, outcome->out, sizeof all);
    outcome = e2e_run("export", "--weights", TRAINED, "--task", "windy", "--out", e2e_path("windy.safetensors"), NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    FILE *file = fopen(e2e_path("windy.yaml"), "w");
    assert_non_null(file);
    fputs("tasks: [windy]\n", file);
    assert_int_equal(fclose(file), 0);
    outcome = e2e_run("evaluate", "--weights", e2e_path("windy.safetensors"), "--config", e2e_path("windy.yaml"), "--episodes", "3", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_string_equal(outcome->out, all);
}

static void train(const char *out, const char *option, const char *value) {
    const Outcome *outcome = e2e_run("train", "--out", out, option, value, "--episodes", "3", "--hidden1-size", "16", "--hidden2-size", "8",
                                     "--min-replay-size", "100", "--final-episodes", "1", "--tensorboard", "false", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
}

/// A run with a network for each task: in the order of its settings, not of the file; one of them has plain names.
static void tasks_have_the_order_of_the_run(void **state) {
    (void)state;
    train(e2e_path("run"), "--method", "independent");
    const Outcome *outcome = e2e_run("export", e2e_path("run"), "--format", "c", "--out", e2e_path("run.c"), "--name", "pilot", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_non_null(strstr(outcome->out, "; task 0 standard, 1 windy, 2 heavy\n"));
    size_t size;
    uint8_t *text = e2e_read(e2e_base, "run.c", &size);
    assert_non_null(strstr((const char *)text, "task: 0 standard, 1 windy, 2 heavy.\n"));
    assert_non_null(strstr((const char *)text, "int pilot_act(const float observation[8], int task)"));
    free(text);
    outcome = e2e_run("export", e2e_path("run"), "--out", e2e_path("again.safetensors"), NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    text = e2e_read(e2e_base, "again.safetensors", &size);
    size_t run_size;
    uint8_t *run = e2e_read(e2e_path("run"), "final.safetensors", &run_size);
    assert_int_equal(size, run_size);
    assert_memory_equal(text, run, size);
    free(text);
    free(run);
    outcome = e2e_run("export", e2e_path("run"), "--task", "heavy", "--out", e2e_path("heavy.safetensors"), NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    text = e2e_read(e2e_base, "heavy.safetensors", &size);
    assert_memory_equal(text + 8, "{\"fc1.bias\":", 12);
    free(text);
}

static void varshare_gives_one_task_as_a_plain_network(void **state) {
    (void)state;
    train(e2e_path("run"), "--method", "varshare");
    const Outcome *outcome = e2e_run("evaluate", e2e_path("run"), "--task", "heavy", "--episodes", "2", NULL);
    static char all[E2E_TEXT_SIZE];
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    memcpy(all, outcome->out, sizeof all);
    outcome = e2e_run("export", e2e_path("run"), "--task", "heavy", "--out", e2e_path("heavy.safetensors"), NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    outcome = e2e_run("evaluate", "--weights", e2e_path("heavy.safetensors"), "--task", "heavy", "--episodes", "2", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_string_equal(outcome->out, all);
}

/// Inside its folder, too, a run has the folder's name.
static void a_file_is_called_as_the_run(void **state) {
    (void)state;
    train(e2e_path("run"), "--method", "shared");
    char *program = realpath(e2e_program(), NULL);
    assert_non_null(program);
    static const char *const paths[] = {".", "./", "../run/.", "checkpoints/.."};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *const argv[] = {"sh",     "-c", "cd \"$1\" && exec \"$2\" export \"$3\" --format c", "sh", e2e_path("run"), program,
                                    paths[i], NULL};
        const Outcome *outcome = e2e_wait(e2e_start_program(argv));
        if (outcome->code != 0 || strncmp(outcome->out, "run.c: ", 7) != 0)
            fail_msg("%s: code %d, %s%s", paths[i], outcome->code, outcome->out, outcome->err);
        assert_int_equal(unlink(e2e_path("run/run.c")), 0);
    }
    free(program);
}

static void expect_refusal(const Outcome *outcome, int code, const char *message) {
    assert_int_equal(outcome->code, code);
    if (strstr(outcome->err, message) == NULL) fail_msg("\"%s\" not in: %s", message, outcome->err);
    assert_string_equal(outcome->out, "");
}

static void what_cannot_be_exported_is_refused(void **state) {
    (void)state;
    train(e2e_path("onehot"), "--conditioning", "onehot");
    const char *out = e2e_path("out");
    expect_refusal(e2e_run("export", e2e_path("onehot"), "--task", "windy", "--out", out, NULL), 2,
                   "task windy cannot be taken out of weights whose inputs are one-hot");
    expect_refusal(e2e_run("export", e2e_path("onehot"), "--task", "moon", "--out", out, NULL), 2, "--task moon: no such task");
    expect_refusal(e2e_run("export", e2e_path("nowhere"), "--out", out, NULL), 1, "is no run: it holds no config.yaml");
    expect_refusal(e2e_run("export", NULL), 2, "give either a run's folder or --weights FILE");
    expect_refusal(e2e_run("export", e2e_path("onehot"), "--format", "onyx", NULL), 2, "--format onyx: must be safetensors, onnx or c");
    expect_refusal(e2e_run("export", e2e_path("onehot"), "--format", "c", "--name", "2x", NULL), 2, "name 2x: must be a letter");
    expect_refusal(e2e_run("export", e2e_path("onehot"), "--out", e2e_path("nowhere/file"), NULL), 1, "cannot create");
    assert_false(sdqn_file_exists(out));
    expect_refusal(e2e_run("export", "--weights", TRAINED, "--out", TRAINED, NULL), 2, "is there already: remove it, or choose another");
    FILE *file = fopen(e2e_path("two.yaml"), "w");
    assert_non_null(file);
    fputs("tasks: [windy, heavy]\n", file);
    assert_int_equal(fclose(file), 0);
    expect_refusal(e2e_run("export", "--weights", TRAINED, "--config", e2e_path("two.yaml"), "--out", out, NULL), 2,
                   "knows 3 tasks, not the 2 of the configuration (windy, heavy)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(safetensors_of_a_weights_file_are_the_same_bytes),
        TEST(one_task_alone_plays_the_same),
        TEST(tasks_have_the_order_of_the_run),
        TEST(varshare_gives_one_task_as_a_plain_network),
        TEST(a_file_is_called_as_the_run),
        TEST(what_cannot_be_exported_is_refused),
    };
    return cmocka_run_group_tests_name("e2e_export", tests, NULL, NULL);
}
