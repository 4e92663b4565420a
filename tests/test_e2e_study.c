// `sharedqn study`: a small study whole, killed at random moments, and from its results alone; bad files and mixed results.
#include "e2e.h"

#include "core/rng.h"

static const char SETTINGS[] =
    "settings: {episodes: 9, batch_size: 8, min_replay_size: 100, replay_capacity: 500, hidden1_size: 16,\n"
    "  hidden2_size: 8, final_episodes: 2, evaluation_period: 3, evaluation_episodes: 1, state_period_episodes: 2}\n";
static const char ARMS[] = "arms:\n  shared: {method: shared}\n  independent: {method: independent}\n"
                           "comparisons: [[shared, independent]]\n";

static const char *write_text(const char *name, const char *text) {
    const SdqnPiece piece = {text, strlen(text)};
    assert_int_equal(sdqn_file_write(e2e_path(name), &piece, 1, NULL), SDQN_OK);
    return e2e_path(name);
}

static const char *write_study(const char *name, const char *seeds) {
    char text[2048];
    snprintf(text, sizeof text, "name: small\nseeds: %s\n%s%s", seeds, SETTINGS, ARMS);
    return write_text(name, text);
}

static pid_t start_study(const char *file, const char *out) {
    const char *arguments[] = {"study", file, "--out", out, "--processes", "2", NULL};
    return e2e_start(arguments);
}

static void run_study(const char *file, const char *out) {
    const Outcome *outcome = e2e_wait(start_study(file, out));
    if (outcome->code != 0) fail_msg("%s", outcome->err);
}

static void a_killed_study_ends_with_the_same_report(void **state) {
    (void)state;
    enum { KILLS = 20 };
    const char *file = write_study("small.yaml", "1-3"), *whole = e2e_path("whole"), *killed = e2e_path("killed");
    const double began = e2e_now();
    run_study(file, whole);
    const double seconds = e2e_now() - began;
    SdqnRng rng;
    int status, cut = 0;
    sdqn_rng_seed(&rng, 1);
    for (int k = 0; k < KILLS; k++) {
        pid_t child = start_study(file, killed);
        e2e_sleep(sdqn_rng_uniform(&rng, 0.02, 0.3) * seconds);
        cut += waitpid(child, &status, WNOHANG) == 0;
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    assert_true(cut > 2); // it ends well before the twentieth
    run_study(file, killed);
    e2e_assert_same_file(whole, killed, "report.md");
    e2e_assert_same_file(whole, killed, "scores.csv");
    const Outcome *outcome = e2e_run("stats", e2e_path("killed/scores.csv"), "--resample", "seed", "--repeats", "500", NULL);
    assert_int_equal(outcome->code, 0);
}

/// What a study keeps is enough: without the folders of the runs nothing is run again. And more seeds run only those that are new.
static void results_alone_are_enough(void **state) {
    (void)state;
    const char *out = e2e_path("out"), *file = write_study("small.yaml", "[3, 1]");
    size_t size, again_size;
    run_study(file, out);
    uint8_t *report = e2e_read(out, "report.md", &size);
    assert_int_equal(sdqn_file_remove_tree(e2e_path("out/runs"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove(e2e_path("out/report.md"), NULL), SDQN_OK);
    const Outcome *outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->err, "4 of 4 runs were there"));
    uint8_t *again = e2e_read(out, "report.md", &again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(report, again, size);
    free(report);
    free(again);
    outcome = e2e_wait(start_study(write_study("small.yaml", "[3, 1, 2]"), out));
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->err, "4 of 6 runs were there"));
}

static void change_first_digit(char *text, const char *key) {
    char *place = strstr(text, key);
    assert_non_null(place);
    place += strlen(key);
    *place = *place == '0' ? '1' : '0';
}

static void mixed_or_broken_results_are_refused(void **state) {
    (void)state;
    const char *out = e2e_path("out"), *file = write_study("small.yaml", "1");
    run_study(file, out);
    char text[2048];
    snprintf(text, sizeof text, "name: small\nseeds: 1\n%sarms: {shared: {method: shared, gamma: 0.9}}\n", SETTINGS);
    const Outcome *outcome = e2e_wait(start_study(write_text("other.yaml", text), out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "shared-seed1.json: is not of arm shared as it is now: gamma = 0.9: the run was made with 0.99"));

    size_t size;
    uint8_t *bytes = e2e_read(out, "results/shared-seed1.json", &size);
    char *result = malloc(size + 1);
    memcpy(result, bytes, size + 1);
    free(bytes);
    change_first_digit(result, "\"numerics\": \"");
    write_text("out/results/shared-seed1.json", result);
    outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "was made by a program with other numerics"));
    result[size / 2] = '\0';
    write_text("out/results/shared-seed1.json", result);
    outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "shared-seed1.json"));
    free(result);
}

/// A run that cannot be is named with its reason; the others are done, and the arm is left out by name.
static void a_failed_run_is_named(void **state) {
    (void)state;
    const char *out = e2e_path("out"), *file = write_study("small.yaml", "1-2");
    assert_int_equal(sdqn_file_make_folder(e2e_path("out/runs/shared-seed2"), NULL), SDQN_OK);
    write_text("out/runs/shared-seed2/mine.txt", "not of a run\n");
    const Outcome *outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "arm shared, seed 2 failed: "));
    assert_non_null(strstr(outcome->err, "1 of 4 runs failed"));
    assert_non_null(strstr(outcome->out, "- **shared is left out**: 1 of 2 runs are done, 1 failed"));
    assert_true(sdqn_file_exists(e2e_path("out/runs/shared-seed2/mine.txt")));
}

static void bad_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"name: a\nseeds: 1\n", "arms: is missing"},
        {"name: a\narms: {s: {}}\n", "seeds: is missing"},
        {"name: a\nseeds: [1, 2, 1]\narms: {s: {}}\n", ":2: seed 1: is there twice"},
        {"name: a\nseeds: 1-3-5\narms: {s: {}}\n", ":2: 1-3-5: must be seeds"},
        {"name: a\nseeds: 5-3\narms: {s: {}}\n", ":2: 5-3: the range ends before it begins"},
        {"name: a/b\nseeds: 1\narms: {s: {}}\n", ":1: name: must have"},
        {"name: a\nseeds: 1\narms:\n  s: {metod: shared}\n", ":4: arm s: --set metod: no such key; did you mean method?"},
        {"name: a\nseeds: 1\narms:\n  s: {method: magic}\n", "no such method; known: shared"},
        {"name: a\nseeds: 1\narms:\n  s: {gamma: 2}\n", "gamma=2: must be a number in [0.0, 1.0]"},
        {"name: a\nseeds: 1\narms:\n  s: {seed: 3}\n", ":4: seed: is not a setting"},
        {"name: a\nseeds: 1\narms:\n  s: {}\n  s: {}\n", "there are two arms of this name"},
        {"name: a\nseeds: 1\narms:\n  s: {}\n  t: {tasks: [windy]}\n", ":5: arm t: tasks is not that of arm s"},
        {"name: a\nseeds: 1\narms:\n  s: {}\n  t: {final_seed: 3}\n", ":5: arm t: final_episodes or final_seed is not that of arm s"},
        {"name: a\nseeds: 1\narms: {s: {}}\ncomparisons: [[s, t]]\n", ":4: t: no arm has this name"},
        {"name: a\nseeds: 1\narms: {s: {}}\ncomparisons: [[s, s]]\n", ":4: s: is compared with itself"},
        {"name: a\nseeds: 1\narms: {s: {}}\nwhat: 1\n", ":4: what: no such part"},
        {"name: [\n", "no valid YAML"},
        {"- 1\n", "must be a mapping"},
        {"", "must be a mapping"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Outcome *outcome = e2e_wait(start_study(write_text("bad.yaml", cases[i].text), e2e_path("out")));
        if (outcome->code != 2 || strstr(outcome->err, cases[i].message) == NULL)
            fail_msg("expected \"%s\": %s", cases[i].message, outcome->err);
        assert_false(sdqn_file_exists(e2e_path("out")));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_killed_study_ends_with_the_same_report),
        TEST(results_alone_are_enough),
        TEST(mixed_or_broken_results_are_refused),
        TEST(a_failed_run_is_named),
        TEST(bad_files_are_refused),
    };
    return cmocka_run_group_tests_name("e2e_study", tests, NULL, NULL);
}
