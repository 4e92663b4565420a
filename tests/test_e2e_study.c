// `sharedqn study`: a small study whole, killed at random moments, and from its results alone; bad files and mixed results.
#include "e2e_study.h"

#include "core/rng.h"
#include "study/runner.h"

static const char ARMS[] = "arms:\n  shared: {method: shared}\n  independent: {method: independent}\n"
                           "comparisons: [[shared, independent]]\n";

static const char *write_study(const char *name, const char *seeds) {
    char text[2048];
    snprintf(text, sizeof text, "name: small\nseeds: %s\n%s%s", seeds, E2E_STUDY_SETTINGS, ARMS);
    return e2e_write_text(name, text);
}

static pid_t start_study(const char *file, const char *out) {
    const char *arguments[] = {"study", file, "--out", out, "--processes", "2", NULL};
    return e2e_start(arguments);
}

static void run_study(const char *file, const char *out) {
    const Outcome *outcome = e2e_wait(start_study(file, out));
    if (outcome->code != 0) fail_msg("%s", outcome->err);
}

// Each start computes the numerics' fingerprint and a report, which is slow under sanitizers: there a few kills must do.
#if defined(__SANITIZE_ADDRESS__)
#define KILLS 5
#else
#define KILLS 20
#endif

static void a_killed_study_ends_with_the_same_report(void **state) {
    (void)state;
    const char *file = e2e_write_tiers("small.yaml"), *whole = e2e_path("whole"), *killed = e2e_path("killed");
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
    assert_true(cut > 2); // or it would end before most of the kills
    run_study(file, killed);
    e2e_assert_same_results(whole, killed);
    const Outcome *outcome = e2e_run("stats", e2e_path("killed/scores-first.csv"), "--resample", "seed", "--repeats", "500", NULL);
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

/// Text of a file of the study; the caller frees it.
static char *text_of(const char *folder, const char *name) {
    size_t size;
    uint8_t *bytes = e2e_read(folder, name, &size);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    text[size] = '\0';
    free(bytes);
    return text;
}

static void expect_in(const char *folder, const char *name, const char *part) {
    char *text = text_of(folder, name);
    if (!strstr(text, part)) fail_msg("expected \"%s\" in %s: %s", part, name, text);
    free(text);
}

static void tiers_run_one_after_the_other(void **state) {
    (void)state;
    const char *out = e2e_path("out"), *file = e2e_write_tiers("small.yaml");
    const Outcome *outcome = e2e_run("study", file, "--out", out, "--processes", "2", "--tier", "first", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_false(sdqn_file_exists(e2e_path("out/results/onehot-seed2.json")));
    expect_in(out, "report.md", "8 of 9 runs are done");
    expect_in(out, "report.md", "- **onehot is left out**: 0 of 1 runs are done");
    expect_in(out, "report.md", "1 of 2 cannot be made: onehot against shared (onehot is not complete)");
    expect_in(out, "report.html", "corrected by Holm for all 2 planned pairs"); // as the report does
    outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->err, "8 of 9 runs were there"));
    expect_in(out, "report.md", "9 of 9 runs are done");
    expect_in(out, "report.md", "| onehot | shared | 1 |"); // one seed in common
    expect_in(out, "report.html", "Of earlier tiers, to compare with: shared<");
    expect_in(out, "tables/performance-tier2.csv", "\nshared,2.0,");
    expect_in(out, "tables/performance-tier2.csv", "\nonehot,1.0,");
    expect_in(out, "report.md", "\nNot tuned, with the settings of their methods or of the study's file: independent.\n");
    expect_in(out, "report.md", "Share of episodes cut by the time limit, a - b:\n\n| a | b | standard | windy | heavy |\n");
    expect_in(out, "report.md", "| a | b | a / b - 1 | standard | windy | heavy |\n");
    outcome = e2e_run("study", file, "--out", out, "--tier", "3", NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "--tier 3: must be a number in [1, 2] or the name of a tier"));
}

/// The candidate that the report shows in bold is the better one, and its setting is that of the arms that were tuned.
static void the_winner_of_tuning_is_used(void **state) {
    (void)state;
    const char *out = e2e_path("out"), *file = e2e_write_tiers("small.yaml");
    run_study(file, out);
    char *report = text_of(out, "report.md");
    double areas[2] = {0.0, 0.0};
    int winner = -1;
    static const char *const candidates[] = {"learning_rate=1e-3", "learning_rate=2.5e-4"};
    static const char *const settings[] = {"learning_rate: 0.001\\u000a", "learning_rate: 0.00025\\u000a"};
    for (int c = 0; c < 2; c++) {
        const char *row = strstr(report, candidates[c]);
        assert_non_null(row);
        if (row[-1] == '*') winner = c;
        row = strstr(row, "| 2 | ");
        assert_non_null(row);
        areas[c] = strtod(row + strlen("| 2 | "), NULL);
    }
    free(report);
    assert_true(areas[0] != areas[1]); // else nothing would be seen
    const int better = areas[0] > areas[1] ? 0 : 1;
    assert_int_equal(winner, better);
    expect_in(out, "results/shared-seed1.json", settings[better]);
    expect_in(out, "results/onehot-seed2.json", settings[better]);
    expect_in(out, "report.md", "What is chosen for shared also goes to: onehot.\n");
    // The same from the results of the arms alone: without those of the candidates these run again, and the arms are taken as they are.
    assert_int_equal(sdqn_file_remove_tree(e2e_path("out/runs"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove(e2e_path("out/results/shared_1e-3-seed101.json"), NULL), SDQN_OK);
    const Outcome *outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->err, "9 of 9 runs ended"));
    assert_false(sdqn_file_exists(e2e_path("out/runs/shared-seed1")));
}

/// Replace the first occurrence of a text in a file by one of the same length.
static void damage(const char *folder, const char *name, const char *from, const char *to) {
    char *text = text_of(folder, name), path[112];
    char *place = strstr(text, from);
    assert_non_null(place);
    const size_t size = strlen(text) + strlen(to) + 1;
    char *damaged = malloc(size);
    assert_non_null(damaged);
    snprintf(damaged, size, "%.*s%s%s", (int)(place - text), text, to, place + strlen(from));
    snprintf(path, sizeof path, "out/%.100s", name);
    e2e_write_text(path, damaged);
    free(damaged);
    free(text);
}

/// A finished run whose folder was damaged before its result was taken is named with file and line, and left out.
static void damaged_runs_are_named_and_left_out(void **state) {
    (void)state;
    static const struct {
        const char *file, *from, *to, *message;
    } cases[] = {
        {"metrics.jsonl", "{\"episode\": 4", "{\"episode\"; 4", "runs/shared-seed1/metrics.jsonl:5"},
        {"metrics.jsonl", "{\"episode\": 4", "{\"episode\": 3", "runs/shared-seed1/metrics.jsonl:5: episode 3, expected 4"},
        {"metrics.jsonl", "\"task\": \"windy\"", "\"task\": \"breez\"", "metrics.jsonl:2: task breez is none of the final evaluation"},
        {"metrics.jsonl",
         "\"return\": ", "\"return\": 1.0e+300, \"was\": ", "metrics.jsonl:1: a return of 1.0e+300: must be at most 1e9 in size"},
        {"evaluations.jsonl", "periodic", "final", "evaluations.jsonl: holds 1 periodic evaluations: the run had 2"},
        {"evaluations.jsonl", "periodic", "sporadic", "evaluations.jsonl:1: kind 'sporadic': must be periodic or final"},
        {"evaluations.jsonl", "\"seed\": 2000000, \"greedy\"", "\"seed\": 2000001, \"greedy\"", "evaluations.jsonl:1: another protocol: "},
        {"summary.json", "\"seed\": 1000000,\n      \"greedy\"", "\"seed\": 1000001,\n      \"greedy\"",
         "summary.json: another protocol: "},
        {"evaluations.jsonl", "\"at_rest\"", "\"at_best\"", "runs/shared-seed1/evaluations.jsonl:1: "},
    };
    const char *out = e2e_path("out"), *file = write_study("small.yaml", "1");
    run_study(file, out);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[128];
        snprintf(name, sizeof name, "runs/shared-seed1/%s", cases[i].file);
        char *good = text_of(out, name);
        sdqn_file_remove(e2e_path("out/results/shared-seed1.json"), NULL);
        damage(out, name, cases[i].from, cases[i].to);
        const Outcome *outcome = e2e_wait(start_study(file, out));
        assert_int_equal(outcome->code, 1);
        if (!strstr(outcome->err, cases[i].message)) fail_msg("expected \"%s\": %s", cases[i].message, outcome->err);
        assert_non_null(strstr(outcome->out, "1 of 2 runs are done, 1 failed"));
        assert_non_null(strstr(outcome->out, "- **shared is left out**: 0 of 1 runs are done; seed 1 failed: "));
        snprintf(name, sizeof name, "out/runs/shared-seed1/%s", cases[i].file);
        e2e_write_text(name, good);
        free(good);
    }
    const char *const gone[] = {"metrics.jsonl", "evaluations.jsonl"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        char name[128];
        snprintf(name, sizeof name, "out/runs/shared-seed1/%s", gone[i]);
        assert_int_equal(sdqn_file_remove(e2e_path(name), NULL), SDQN_OK);
        const Outcome *outcome = e2e_wait(start_study(file, out));
        assert_int_equal(outcome->code, 1);
        if (!strstr(outcome->err, gone[i])) fail_msg("expected %s: %s", gone[i], outcome->err);
        assert_non_null(strstr(outcome->out, "- **shared is left out**"));
    }
    assert_int_equal(sdqn_file_remove(e2e_path("out/runs/shared-seed1/config.yaml"), NULL), SDQN_OK);
    run_study(file, out); // no run can be told from what is left: it is made anew
}

/// A report that is there twice would count twice.
static void reports_on_gradients_that_are_there_twice_fail_a_run(void **state) {
    (void)state;
    static const struct {
        const char *lines, *message;
    } cases[] = {
        {"{\"update\": 5, \"episode\": 1, \"cosines\": [0.5], \"conflict\": 0.0}\n"
         "{\"update\": 5, \"episode\": 1, \"cosines\": [0.5], \"conflict\": 0.0}\n",
         "gradients.jsonl:2: update 5 is not behind that of the line before"},
        {"{\"update\": 5, \"episode\": 1, \"cosines\": [5.0], \"conflict\": 0.0}\n",
         "gradients.jsonl:1: cosines[0]: must be a number in [-1, 1]"},
        {"{\"update\": 5, \"episode\": 1, \"cosines\": [0.5], \"conflict\": 2.0}\n", "gradients.jsonl:1: conflict: must be in [0, 1]"},
    };
    const char *out = e2e_path("out"), *file = write_study("small.yaml", "1");
    run_study(file, out);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sdqn_file_remove(e2e_path("out/results/shared-seed1.json"), NULL);
        e2e_write_text("out/runs/shared-seed1/gradients.jsonl", cases[i].lines);
        const Outcome *outcome = e2e_wait(start_study(file, out));
        assert_int_equal(outcome->code, 1);
        if (!strstr(outcome->err, cases[i].message)) fail_msg("expected \"%s\": %s", cases[i].message, outcome->err);
    }
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
    snprintf(text, sizeof text, "name: small\nseeds: 1\n%sarms: {shared: {method: shared, gamma: 0.9}}\n", E2E_STUDY_SETTINGS);
    const Outcome *outcome = e2e_wait(start_study(e2e_write_text("other.yaml", text), out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "shared-seed1.json: is not of arm shared as it is now: gamma = 0.9: the run was made with 0.99"));

    size_t size;
    uint8_t *bytes = e2e_read(out, "results/shared-seed1.json", &size);
    char *result = malloc(size + 1);
    memcpy(result, bytes, size + 1);
    free(bytes);
    char *task = strstr(result, "\"windy\": {");
    assert_non_null(task);
    task[1] = 'W';
    e2e_write_text("out/results/shared-seed1.json", result);
    outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "shared-seed1.json: final: its tasks are not those of its settings"));
    task[1] = 'w';
    change_first_digit(result, "\"numerics\": \"");
    e2e_write_text("out/results/shared-seed1.json", result);
    outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "was made by a program with other numerics"));
    result[size / 2] = '\0';
    e2e_write_text("out/results/shared-seed1.json", result);
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
    e2e_write_text("out/runs/shared-seed2/mine.txt", "not of a run\n");
    const Outcome *outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "arm shared, seed 2 failed: "));
    assert_non_null(strstr(outcome->err, "1 of 4 runs failed"));
    assert_non_null(strstr(outcome->out, "- **shared is left out**: 1 of 2 runs are done; seed 2 failed: "));
    assert_true(sdqn_file_exists(e2e_path("out/runs/shared-seed2/mine.txt")));
}

/// A candidate that fails leaves its tuning undecided: no arm is run with settings that nobody chose.
static void a_failed_candidate_keeps_its_arms_waiting(void **state) {
    (void)state;
    const char *out = e2e_path("out"), *file = e2e_write_tiers("small.yaml");
    assert_int_equal(sdqn_file_make_folder(e2e_path("out/runs/shared_1e-3-seed102"), NULL), SDQN_OK);
    e2e_write_text("out/runs/shared_1e-3-seed102/mine.txt", "not of a run\n");
    const Outcome *outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "arm shared_1e-3, seed 102 failed: "));
    assert_non_null(strstr(outcome->err, "1 of 9 runs failed"));
    assert_non_null(strstr(outcome->out, "5 of 9 runs are done, 1 failed"));
    assert_non_null(strstr(outcome->out, "- **onehot is left out**: 0 of 1 runs are done, the tuning of shared is not decided\n"));
    assert_false(sdqn_file_exists(e2e_path("out/runs/shared-seed1")));
    assert_int_equal(sdqn_file_remove_tree(e2e_path("out/runs/shared_1e-3-seed102"), NULL), SDQN_OK);
    run_study(file, out);
    expect_in(out, "report.md", "9 of 9 runs are done");
}

/// Say in the place of a candidate's result that it diverged, as a study does. @return the file
static const char *write_divergence(const char *out, const char *run, const char *tail) {
    char name[128], path[SDQN_PATH_SIZE], text[8192];
    snprintf(name, sizeof name, "results/%s.json", run);
    char *result = text_of(out, name), *end = strstr(result, ", \"weights_sha256\"");
    assert_non_null(end);
    snprintf(text, sizeof text, "%.*s%s", (int)(end - result), result, tail);
    free(result);
    assert_int_equal(sdqn_file_join(out, name, path, NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove(path, NULL), SDQN_OK);
    snprintf(name, sizeof name, "out/results/%s.diverged", run);
    return e2e_write_text(name, text);
}

/// A candidate that diverged has an end, though no score: its tuning is decided among the others, and all is done. One of other settings is
/// refused as a result is.
static void a_candidate_that_diverged_is_behind_all_others(void **state) {
    (void)state;
    static const char why[] = ", \"diverged\": \"episode 3, the loss is inf: training has diverged\"}\n";
    const char *out = e2e_path("out"), *file = e2e_write_tiers("small.yaml");
    const Outcome *outcome = e2e_run("study", file, "--out", out, "--tier", "first", NULL);
    assert_int_equal(outcome->code, 0);
    char *report = text_of(out, "report.md");
    const bool first = strstr(report, "| **learning_rate=1e-3** |") != NULL; // the winner now diverges
    free(report);
    const char *winner = first ? "shared_1e-3-seed102" : "shared_25e-5-seed102", *arms[] = {"shared-seed1.json", "shared-seed2.json"};
    char path[SDQN_PATH_SIZE];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sdqn_file_join(e2e_path("out/results"), arms[i], path, NULL), SDQN_OK);
        assert_int_equal(sdqn_file_remove(path, NULL), SDQN_OK);
    }
    assert_int_equal(sdqn_file_remove_tree(e2e_path("out/runs"), NULL), SDQN_OK);
    write_divergence(out, winner, why);
    run_study(file, out);
    expect_in(out, "report.md", "8 of 9 runs are done, 1 diverged");
    expect_in(out, "report.md", "1 of 2 runs are done; seed 102 diverged: episode 3, the loss is inf: training has diverged\n");
    expect_in(out, "report.md", "; one of which a run diverged is behind all others.");
    expect_in(out, "report.md", first ? "| **learning_rate=2.5e-4** |" : "| **learning_rate=1e-3** |");
    outcome = e2e_run("study", file, "--out", out, "--slurm", NULL);
    assert_string_equal(outcome->out, "nothing is left to run\n");
    write_divergence(out, first ? "shared_25e-5-seed102" : "shared_1e-3-seed102", why);
    outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "3 of 9 runs are not done: all candidates of their tuning diverged"));
    char text[512];
    snprintf(text, sizeof text, "out/results/%s.diverged", winner);
    e2e_write_text(text, "{\"arm\": \"shared\"");
    outcome = e2e_wait(start_study(file, out));
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "no valid JSON"));
}

/// Runs that say what a run that diverges says.
typedef struct Diverging {
    const SdqnStudyPlan *plan;
    const SdqnStudyFolder *folder;
    int job, started;
} Diverging;

static SdqnStatus start_diverging(void *object, int job, int arm, uint64_t seed, bool *started, SdqnError *error) {
    Diverging *runs = object;
    char path[SDQN_PATH_SIZE], log[SDQN_PATH_SIZE], *text;
    size_t size;
    SdqnConfig config = runs->plan->arms[arm].config;
    *started = runs->job < 0;
    if (!*started) return SDQN_OK;
    config.seed = seed;
    snprintf(path, sizeof path, "%.3900s/%s-seed%llu", runs->folder->runs, runs->plan->arms[arm].name, (unsigned long long)seed);
    snprintf(log, sizeof log, "%.4000s.log", path);
    assert_int_equal(sdqn_file_make_folder(path, error), SDQN_OK);
    strcat(path, "/config.yaml");
    assert_int_equal(sdqn_config_format(&config, &text, &size, error), SDQN_OK);
    assert_int_equal(sdqn_file_write(path, &(SdqnPiece){text, size}, 1, error), SDQN_OK);
    free(text);
    static const char said[] = "episode 1\rsharedqn train: episode 2, update 7: the loss is inf: training has diverged\n";
    assert_int_equal(sdqn_file_write(log, &(SdqnPiece){said, sizeof said - 1}, 1, error), SDQN_OK);
    runs->job = job;
    runs->started++;
    return SDQN_OK;
}

static SdqnStatus next_diverging(void *object, int *job, int *wait_status, SdqnError *error) {
    (void)error;
    Diverging *runs = object;
    *job = runs->job;
    *wait_status = 1 << 8; // exit code 1
    runs->job = -1;
    return SDQN_OK;
}

static void stop_nothing(void *object) { (void)object; }

/// What a run says is kept beside the results, and holds in the next start. Of an arm it is a failure.
static void a_candidate_that_diverges_is_not_run_again(void **state) {
    (void)state;
    static const char why[] = "sharedqn train: episode 2, update 7: the loss is inf: training has diverged";
    SdqnStudyFolder folder;
    const char *file = e2e_write_tiers("small.yaml");
    assert_int_equal(sdqn_study_folder_open(e2e_path("out"), &folder, NULL), SDQN_OK);
    for (int start = 0; start < 2; start++) {
        SdqnStudyPlan plan = {0};
        SdqnStudy *study = NULL;
        SdqnError error = {0};
        Diverging runs = {.plan = &plan, .folder = &folder, .job = -1};
        const SdqnLauncher launcher = {&runs, start_diverging, next_diverging, stop_nothing};
        if (sdqn_study_plan_read(file, &plan, &error) != SDQN_OK) fail_msg("%s", error.message);
        SdqnStudyDef def = {.plan = &plan, .folder = &folder, .num_tiers = 2, .only_job = -1};
        memset(def.numerics, 'a', sizeof def.numerics - 1);
        if (sdqn_study_create(&def, &study, &error) != SDQN_OK) fail_msg("%s", error.message);
        assert_int_equal(sdqn_study_run(study, &launcher, NULL, NULL, NULL, NULL), SDQN_OK);
        assert_int_equal(runs.started, start == 0 ? 6 : 2);
        for (int a = 0; a < plan.num_arms; a++) {
            const SdqnJob *job = sdqn_study_job(study, a, 0);
            const bool candidate = plan.arms[a].candidate_of >= 0, waits = plan.arms[a].tuned_by >= 0 && !candidate;
            assert_int_equal(job->state, candidate ? SDQN_JOB_DIVERGED : waits ? SDQN_JOB_WAITING : SDQN_JOB_FAILED);
            assert_string_equal(job->failure, waits ? "" : why);
        }
        sdqn_study_destroy(study);
        sdqn_study_plan_clear(&plan);
    }
}

#define TUNED(tuning) "name: a\nseeds: 1\narms: {s: {}}\ntuning: {" tuning "}\n"

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
        {"name: a\nseeds: 1\ntiers: {}\n", ":3: tiers: each has its own seeds and arms"},
        {"name: a\ntiers: {t: {seeds: 1}}\n", ":2: arms: is missing"},
        {"name: a\ntiers: {t: {seeds: 1, arms: {}}}\n", ":2: arms: there is none"},
        {"name: a\ntiers: {t: {seeds: [], arms: {s: {}}}}\n", ":2: seeds: there is none"},
        {"name: a\ntiers: {t/u: {seeds: 1, arms: {s: {}}}}\n", ":2: t/u: a tier's name has 1 to 63"},
        {"name: a\ntiers: {t: {seeds: 1, arms: {s: {}}, x: 1}}\n", ":2: x: no such part: a tier has seeds and arms"},
        {"name: a\ntiers:\n  t: {seeds: 1, arms: {s: {}}}\n  t: {seeds: 1, arms: {u: {}}}\n", ":4: t: there are two tiers of this name"},
        {"name: a\ntiers:\n  t: {seeds: 1, arms: {s: {}}}\n  u: {seeds: 1, arms: {s: {}}}\n", ":4: s: there are two arms of this name"},
        {TUNED("seeds: 1-3, select: area, grid: {gamma: [0.9]}, arms: [s]"), ":4: seed 1: is one of the study's"},
        {TUNED("seeds: 7, select: best, grid: {gamma: [0.9]}, arms: [s]"), ":4: select: must be area or final"},
        {TUNED("seeds: 7, select: area, grid: {gamma: 0.9}, arms: [s]"), ":4: gamma: must be a mapping of keys to lists"},
        {TUNED("seeds: 7, select: area, grid: {gamma: []}, arms: [s]"), ":4: gamma: must be a mapping of keys to lists"},
        {TUNED("seeds: 7, select: area, grid: {gamma: [0.9, 2]}, arms: [s]"), ":4: arm s_2: --set gamma=2: must be a number in [0.0, 1.0]"},
        {TUNED("seeds: 7, select: area, grid: {gamma: [0.9, 9e-1]}, arms: [s]"), ":4: s_9e-1: there are two arms of this name"},
        {TUNED("seeds: 7, select: area, grid: {gamma: [0.9]}, arms: [t]"), ":4: t: no arm has this name"},
        {TUNED("seeds: 7, select: area, grid: {gamma: [0.9]}, arms: [s, s]"), ":4: arm s: is tuned twice"},
        {TUNED("seeds: 7, select: area, grid: {seed: [1, 2]}, arms: [s]"), ":4: seed: is not a setting"},
        {TUNED("seeds: 7, select: area, grid: {magic: [1, 2]}, arms: [s]"), ":4: arm s_1: --set magic: no such key"},
        {TUNED("seeds: 7, select: area, grid: {gamma: [0.9]}"), ":4: arms: is missing"},
        {TUNED("seeds: 7, select: area, grid: {evaluation_period: [9]}, arms: [s]"), "evaluation_seed or evaluation_period is not that"},
        {"name: a\nseeds: 1\narms: {s: {episodes: 50}}\ntuning: {seeds: 7, select: area, grid: {gamma: [0.9]}, arms: [s]}\n",
         ":4: arm s: select: area: it has no periodic evaluation"},
        {"name: a\nseeds: 1\narms: {s: {gamma: 0.5}}\ntuning: {seeds: 7, select: area, grid: {gamma: [0.9]}, arms: [s]}\n",
         ":3: arm s: gamma is tuned: the arm must not set it"},
        {"name: a\nseeds: 1\narms: {s: {}, t: {tuned_as: u}}\n", ":3: u: tuned_as must name an arm of tuning"},
        {"name: a\nseeds: 1\narms: {s: {}, t: {tuned_as: s}}\n", ":3: s: tuned_as must name an arm of tuning"},
        {"name: [\n", "no valid YAML"},
        {"name: a\nseeds: 1\narms: {s: {gamma: 0.9, gamma: 0.99}}\n", "bad.yaml:3: gamma: is there twice"},
        {"name: a\nseeds: 1\narms: {s: {}, t: {}}\ncomparisons: [[s, t], [t, s]]\n", "bad.yaml:4: comparisons: two are of the same arms"},
        {"- 1\n", "must be a mapping"},
        {"", "must be a mapping"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Outcome *outcome = e2e_wait(start_study(e2e_write_text("bad.yaml", cases[i].text), e2e_path("out")));
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
        TEST(tiers_run_one_after_the_other),
        TEST(the_winner_of_tuning_is_used),
        TEST(damaged_runs_are_named_and_left_out),
        TEST(reports_on_gradients_that_are_there_twice_fail_a_run),
        TEST(mixed_or_broken_results_are_refused),
        TEST(a_failed_run_is_named),
        TEST(a_failed_candidate_keeps_its_arms_waiting),
        TEST(a_candidate_that_diverged_is_behind_all_others),
        TEST(a_candidate_that_diverges_is_not_run_again),
        TEST(bad_files_are_refused),
    };
    return cmocka_run_group_tests_name("e2e_study", tests, NULL, NULL);
}
