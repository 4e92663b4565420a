// `mpirun -n N sharedqn study`: the same results as here, a killed rank, what is missing. Runs as root and on fewer cores than ranks.
#include "e2e_study.h"

static bool has_program(const char *name) {
    const char *argv[] = {name, "--version", NULL};
    return e2e_wait(e2e_start_program(argv))->code == 0;
}

/// Whether the helper was built: it lies beside the program.
static bool has_helper(void) {
    char path[SDQN_PATH_SIZE];
    snprintf(path, sizeof path, "%s", e2e_program());
    char *name = strrchr(path, '/');
    assert_non_null(name);
    snprintf(name, sizeof path - (size_t)(name - path), "/sharedqn-mpi.so");
    return sdqn_file_exists(path);
}

static void need_mpi(void) {
    if (has_program("mpirun") && has_helper()) return;
    print_message("no mpirun, or no sharedqn-mpi.so (make mpi)\n");
    skip();
}

static pid_t start_ranks(const char *ranks, const char *file, const char *out) {
    const char *argv[] = {"mpirun", "-n", ranks, e2e_program(), "study", file, "--out", out, NULL};
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 1);
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); // what MPI's library keeps is not ours
    const pid_t child = e2e_start_program(argv);
    unsetenv("ASAN_OPTIONS");
    return child;
}

static void run_ranks(const char *ranks, const char *file, const char *out) {
    const Outcome *outcome = e2e_wait(start_ranks(ranks, file, out));
    if (outcome->code != 0) fail_msg("%s", outcome->err);
}

static void ranks_make_the_same_results(void **state) {
    (void)state;
    const char *file = e2e_write_tiers("small.yaml"), *here = e2e_path("here"), *two = e2e_path("two"), *three = e2e_path("three");
    need_mpi();
    const Outcome *outcome = e2e_run("study", file, "--out", here, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    run_ranks("2", file, two);
    e2e_assert_same_results(here, two);
    run_ranks("3", file, three);
    e2e_assert_same_results(here, three);
}

/// The last child of a process.
static pid_t last_child(pid_t parent) {
    char path[64];
    long child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "rbe");
    if (!file) return 0;
    char line[256] = "";
    if (fgets(line, sizeof line, file)) {
        for (const char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) child = strtol(word, NULL, 10);
    }
    fclose(file);
    return (pid_t)child;
}

/// mpirun ends the job; the next start goes on with it and ends as one that was never cut.
static void a_killed_rank_ends_the_job_which_resumes(void **state) {
    (void)state;
    const char *file = e2e_write_tiers("small.yaml"), *whole = e2e_path("whole"), *killed = e2e_path("killed");
    need_mpi();
    run_ranks("2", file, whole);
    const pid_t job = start_ranks("2", file, killed);
    const double began = e2e_now();
    while (!sdqn_file_exists(e2e_path("killed/results/shared_1e-3-seed101.json")) && e2e_now() - began < 60.0) e2e_sleep(0.01);
    const pid_t rank = last_child(job);
    assert_true(rank > 1);
    assert_int_equal(kill(rank, SIGKILL), 0);
    const Outcome *outcome = e2e_wait(job);
    assert_true(outcome->code != 0);
    assert_false(sdqn_file_exists(e2e_path("killed/report.md")));
    run_ranks("2", file, killed);
    e2e_assert_same_results(whole, killed);
}

/// A run that is asked twice stops at once and loses its episode.
static void a_rank_that_is_told_to_stop_asks_its_run_once(void **state) {
    (void)state;
    const char *out = e2e_path("out"), *log = e2e_path("out/runs/shared-seed1/metrics.jsonl");
    const char *file = e2e_write_text("one.yaml", "name: one\nseeds: 1\nsettings: {episodes: 500, batch_size: 256, min_replay_size: 300}\n"
                                                  "arms: {shared: {method: shared}}\n");
    uint8_t *text = NULL;
    size_t size = 0;
    need_mpi();
    const pid_t job = start_ranks("2", file, out);
    const double began = e2e_now();
    while (size < 1000 && e2e_now() - began < 60.0) { // some episodes, so that updates make them slow
        e2e_sleep(0.01);
        free(text);
        text = NULL;
        size = 0;
        if (sdqn_file_read(log, (size_t)1 << 20, &text, &size, NULL) != SDQN_OK) size = 0;
    }
    free(text);
    const pid_t rank = last_child(job);
    assert_true(rank > 1);
    assert_int_equal(kill(rank, SIGTERM), 0);
    assert_true(e2e_wait(job)->code != 0);
    assert_int_equal(sdqn_file_read(e2e_path("out/runs/shared-seed1.log"), (size_t)1 << 20, &text, &size, NULL), SDQN_OK);
    assert_non_null(strstr((const char *)text, "stopping after this episode"));
    assert_null(strstr((const char *)text, "stopped at once"));
    free(text);
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    const char *out = e2e_path("out");
    need_mpi();
    const Outcome *outcome = e2e_wait(start_ranks("2", e2e_write_text("bad.yaml", "name: a\nseeds: 1\n"), out));
    assert_true(outcome->code != 0);
    const char *message = strstr(outcome->err, "arms: is missing");
    assert_non_null(message);
    assert_null(strstr(message + 1, "arms: is missing")); // by one rank alone
    assert_false(sdqn_file_exists(out));
}

/// Started by mpirun, but without the helper beside it.
static void a_missing_helper_is_said(void **state) {
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(sdqn_file_read(e2e_program(), (size_t)1 << 30, &bytes, &size, NULL), SDQN_OK);
    const char *program = e2e_path("sharedqn");
    const SdqnPiece piece = {bytes, size};
    assert_int_equal(sdqn_file_write(program, &piece, 1, NULL), SDQN_OK);
    free(bytes);
    assert_int_equal(chmod(program, 0755), 0);
    const char *argv[] = {program, "study", e2e_write_tiers("small.yaml"), "--out", e2e_path("out"), NULL};
    setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
    const Outcome *outcome = e2e_wait(e2e_start_program(argv));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "/sharedqn-mpi.so is missing: studies under mpirun need it: `make mpi` builds it"));
    outcome = e2e_run("study", e2e_path("small.yaml"), "--processes", "2", NULL);
    unsetenv("OMPI_COMM_WORLD_SIZE");
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "under mpirun each rank but the first runs one at a time"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(ranks_make_the_same_results),
        TEST(a_killed_rank_ends_the_job_which_resumes),
        TEST(a_rank_that_is_told_to_stop_asks_its_run_once),
        TEST(what_is_wrong_is_said),
        TEST(a_missing_helper_is_said),
    };
    return cmocka_run_group_tests_name("e2e_mpi", tests, NULL, NULL);
}
