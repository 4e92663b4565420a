// The same seed gives the same bytes: twice, on every kernel level of this machine, with any number of threads.
#include "e2e.h"

#include "core/cpu.h"

/// Small batches and few episodes: the scalar level works its fused products out in software.
#define SETTINGS                                                                                                                           \
    "--episodes", "14", "--batch-size", "12", "--min-replay-size", "300", "--evaluation-period", "5", "--evaluation-episodes", "1",        \
        "--checkpoint-period", "5", "--final-episodes", "2"

static void train(const char *out, const char *isa, const char *threads, const char *seed) {
    const Outcome *outcome =
        e2e_run("train", "--out", out, "--isa", isa, "--threads", threads, "--seed", seed, "--target-period", "3", SETTINGS, NULL);
    if (outcome->code != 0) fail_msg("--isa %s: %s", isa, outcome->err);
    assert_non_null(strstr(outcome->out, "SHA-256 of the final weights: "));
}

static void the_same_seed_gives_the_same_bytes_twice(void **state) {
    (void)state;
    train(e2e_path("a"), "auto", "1", "1");
    train(e2e_path("b"), "auto", "1", "1");
    e2e_assert_same_runs(e2e_path("a"), e2e_path("b"));
}

static void another_seed_gives_other_weights(void **state) {
    (void)state;
    train(e2e_path("a"), "auto", "1", "1");
    train(e2e_path("b"), "auto", "1", "2");
    size_t a_size, b_size;
    uint8_t *a = e2e_read(e2e_path("a"), "final.safetensors", &a_size), *b = e2e_read(e2e_path("b"), "final.safetensors", &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_not_equal(a, b, a_size);
    free(a);
    free(b);
}

static void every_kernel_level_gives_the_same_bytes(void **state) {
    (void)state;
    int compared = 0;
    train(e2e_path("scalar"), "scalar", "1", "1");
    for (int level = SDQN_CPU_SCALAR + 1; level < SDQN_NUM_CPU_LEVELS; level++) {
        const char *name = sdqn_cpu_level_name((SdqnCpuLevel)level);
        if (!sdqn_cpu_level_available((SdqnCpuLevel)level)) continue;
        train(e2e_path(name), name, "1", "1");
        e2e_assert_same_runs(e2e_path("scalar"), e2e_path(name));
        compared++;
    }
    print_message("%d kernel levels compared with scalar\n", compared);
}

static void threads_change_no_byte(void **state) {
    (void)state;
    train(e2e_path("one"), "auto", "1", "1");
    train(e2e_path("three"), "auto", "3", "1");
    e2e_assert_same_runs(e2e_path("one"), e2e_path("three"));
}

static void a_run_can_go_on_at_another_kernel_level(void **state) {
    (void)state;
    train(e2e_path("whole"), "auto", "1", "1");
    const char *arguments[] = {
        "train", "--out", e2e_path("cut"), "--isa", "scalar", "--target-period", "3", "--state-period-episodes", "1", SETTINGS, NULL};
    pid_t child = e2e_start(arguments);
    for (int i = 0; i < 20000 && !sdqn_file_exists(e2e_path("cut/checkpoints/state_000005.sdqn")); i++) e2e_sleep(0.0005);
    kill(child, SIGINT); // stops after the present episode
    const Outcome *outcome = e2e_wait(child);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, " train --resume --out "));
    outcome = e2e_run("train", "--resume", "--out", e2e_path("cut"), "--isa", "auto", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    e2e_assert_same_runs(e2e_path("whole"), e2e_path("cut"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_same_seed_gives_the_same_bytes_twice), TEST(another_seed_gives_other_weights),
        TEST(every_kernel_level_gives_the_same_bytes),  TEST(threads_change_no_byte),
        TEST(a_run_can_go_on_at_another_kernel_level),
    };
    return cmocka_run_group_tests_name("e2e_determinism", tests, NULL, NULL);
}
