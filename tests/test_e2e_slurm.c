// `sharedqn study --slurm`: the scripts, by an sbatch of our own that runs the tasks of an array one after the other (make slurm takes the
// real one); one run with --job; the report alone.
#include "e2e_study.h"

/// It takes the array from the script, runs each task, says 77 for an array, and notes what it was called with.
static const char SBATCH[] = "#!/bin/sh\n"
                             "echo \"$@\" >>\"$FAKE_LOG\"\n"
                             "for script; do :; done\n"
                             "for part in $(sed -n 's/^#SBATCH --array=//p' \"$script\" | tr , ' '); do\n"
                             "    for task in $(seq \"${part%-*}\" \"${part#*-}\"); do\n"
                             "        SLURM_ARRAY_TASK_ID=$task sh \"$script\" >>\"$FAKE_LOG.out\" 2>&1\n"
                             "    done\n"
                             "done\n"
                             "echo '77;cluster'\n";

/// Put an sbatch first in PATH. @return PATH as it was, to be freed by put_back
static char *put_sbatch(const char *text) {
    char path[8192];
    const char *before = getenv("PATH");
    char *saved = strdup(before != NULL ? before : "/bin:/usr/bin");
    assert_non_null(saved);
    assert_int_equal(sdqn_file_make_folder(e2e_path("bin"), NULL), SDQN_OK);
    assert_int_equal(chmod(e2e_write_text("bin/sbatch", text), 0755), 0);
    snprintf(path, sizeof path, "%s:%s", e2e_path("bin"), saved);
    setenv("PATH", path, 1);
    setenv("FAKE_LOG", e2e_path("sbatch.log"), 1);
    return saved;
}

static void put_back(char *path) {
    setenv("PATH", path, 1);
    unsetenv("FAKE_LOG");
    free(path);
}

static void tasks_of_arrays_make_the_same_results(void **state) {
    (void)state;
    const char *file = e2e_write_tiers("small.yaml"), *here = e2e_path("here"), *out = e2e_path("it's out");
    const Outcome *outcome = e2e_run("study", file, "--out", here, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    char *path = put_sbatch(SBATCH);
    outcome = e2e_run("study", file, "--out", out, "--slurm", "--submit", NULL);
    put_back(path);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_non_null(strstr(outcome->out, "job array 77: 4 runs: "));
    assert_non_null(strstr(outcome->out, "job array 77: 5 runs: "));
    char text[E2E_TEXT_SIZE];
    e2e_read_text(e2e_path("sbatch.log"), text);
    assert_non_null(strstr(text, "--parsable --dependency=afterany:77 ")); // the runs come after the candidates of tuning
    outcome = e2e_run("study", file, "--out", out, NULL);
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->err, "9 of 9 runs were there"));
    e2e_assert_same_results(here, out);
    outcome = e2e_run("study", file, "--out", out, "--slurm", NULL);
    assert_string_equal(outcome->out, "nothing is left to run\n");
    assert_false(sdqn_file_exists(e2e_path("it's out/runs.sbatch")));
}

static void scripts_hold_what_is_left(void **state) {
    (void)state;
    const char *file = e2e_write_tiers("small.yaml"), *out = e2e_path("out");
    const Outcome *outcome = e2e_run("study", file, "--out", out, "--job", "6", NULL); // the first candidate's first seed
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_true(sdqn_file_exists(e2e_path("out/results/shared_1e-3-seed101.json")));
    outcome = e2e_run("study", file, "--out", out, "--job", "3", NULL); // needs no tuning
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    outcome = e2e_run("study", file, "--out", out, "--job", "3", NULL);
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->err, "arm independent, seed 1: its result is there"));
    outcome = e2e_run("study", file, "--out", out, "--job", "1", NULL);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "arm shared, seed 1: the tuning of shared is not decided"));
    outcome = e2e_run("study", file, "--out", out, "--job", "10", NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "--job 10: the study has 9 runs"));
    outcome = e2e_run("study", file, "--out", out, "--slurm", "--tier", "1", NULL);
    assert_int_equal(outcome->code, 0);
    char text[E2E_TEXT_SIZE];
    e2e_read_text(e2e_path("out/tuning.sbatch"), text);
    assert_non_null(strstr(text, "\n#SBATCH --array=7-9\n"));
    e2e_read_text(e2e_path("out/runs.sbatch"), text);
    assert_non_null(strstr(text, "\n#SBATCH --array=1-2,4\n"));
    outcome = e2e_run("study", file, "--out", out, "--report", NULL);
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->out, "2 of 9 runs are done"));
}

static void what_sbatch_refuses_is_said(void **state) {
    (void)state;
    const char *file = e2e_write_tiers("small.yaml"), *out = e2e_path("out");
    char *path = put_sbatch("#!/bin/sh\necho 'sbatch: error: no partition' >&2\nexit 1\n");
    const Outcome *outcome = e2e_run("study", file, "--out", out, "--slurm", "--submit", NULL);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "sbatch: error: no partition"));
    e2e_write_text("bin/sbatch", "#!/bin/sh\necho done\n");
    assert_int_equal(chmod(e2e_path("bin/sbatch"), 0755), 0);
    outcome = e2e_run("study", file, "--out", out, "--slurm", "--submit", NULL);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "no number of a job in"));
    put_back(path);
}

static void options_that_exclude_each_other_are_refused(void **state) {
    (void)state;
    static const char *const lines[][4] = {{"--slurm", "--report", NULL, "only one of"},
                                           {"--job", "1", "--slurm", "only one of"},
                                           {"--submit", NULL, NULL, "only with --slurm"},
                                           {"--tier", "1", "--report", "says what to run"}};
    const char *file = e2e_write_tiers("small.yaml");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const Outcome *outcome = e2e_run("study", file, "--out", e2e_path("out"), lines[i][0], lines[i][1], lines[i][2], NULL);
        if (outcome->code != 2 || !strstr(outcome->err, lines[i][3])) fail_msg("expected \"%s\": %s", lines[i][3], outcome->err);
        assert_false(sdqn_file_exists(e2e_path("out")));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(tasks_of_arrays_make_the_same_results),
        TEST(scripts_hold_what_is_left),
        TEST(what_sbatch_refuses_is_said),
        TEST(options_that_exclude_each_other_are_refused),
    };
    return cmocka_run_group_tests_name("e2e_slurm", tests, NULL, NULL);
}
