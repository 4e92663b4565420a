// `sharedqn compare` on real short runs: studies, folders and single runs, what is left out and what is refused.
#include "e2e.h"

#include "core/json.h"

#include <math.h>

static const char SETTINGS[] = "settings: {episodes: 12, batch_size: 8, min_replay_size: 100, replay_capacity: 500, hidden1_size: 16,\n"
                               "  hidden2_size: 8, final_episodes: 2, evaluation_period: 3, evaluation_episodes: 1}\n";

static const char *write_text(const char *name, const char *text) {
    const SdqnPiece piece = {text, strlen(text)};
    assert_int_equal(sdqn_file_write(e2e_path(name), &piece, 1, NULL), SDQN_OK);
    return e2e_path(name);
}

/// Run a study of shared and blind into a folder. @param more  settings of the arms beside the usual ones, or ""
static const char *run_study(const char *name, const char *seeds, const char *more) {
    char text[2048], file[64];
    snprintf(text, sizeof text,
             "name: small\nseeds: %s\n%sarms:\n  shared: {method: shared%s}\n  blind: {method: shared, conditioning: blind%s}\n", seeds,
             SETTINGS, more, more);
    snprintf(file, sizeof file, "%s.yaml", name);
    const Outcome *outcome = e2e_run("study", write_text(file, text), "--out", e2e_path(name), "--processes", "2", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    return e2e_path(name);
}

static const Outcome *compare(const char *a, const char *b) {
    return e2e_run("compare", a, "--out", e2e_path("page"), "--repeats", "300", "--window", "2", b, NULL);
}

static void expect(const Outcome *outcome, int code, const char *message) {
    if (outcome->code != code || (!strstr(outcome->err, message) && !strstr(outcome->out, message)))
        fail_msg("expected %d \"%s\", found %d: %s%s", code, message, outcome->code, outcome->out, outcome->err);
}

static char *read_page(const char *name) {
    size_t size;
    uint8_t *bytes = e2e_read(e2e_path("page"), name, &size);
    char *text = strdup((const char *)bytes);
    free(bytes);
    return text;
}

static void expect_in_page(const char *name, const char *text, bool there) {
    char *page = read_page(name);
    if ((strstr(page, text) != NULL) != there) fail_msg("%s: \"%s\" is %sthere", name, text, there ? "not " : "");
    free(page);
}

/// A number in a line of a table: the line that begins with `key`, its field `index`.
static double csv_field(const char *name, const char *key, int index) {
    char *text = read_page(name), *line = strstr(text, key);
    if (!line) fail_msg("%s has no line %s", name, key);
    for (int i = 0; i < index; i++) line = strchr(line, ',') + 1;
    const double value = strtod(line, NULL);
    free(text);
    return value;
}

/// Mean over the tasks of a run's final evaluation, and the mean of this over runs `ARM-seedN`.
static double mean_of_results(const char *study, const char *arm, int first, int last) {
    double sum = 0.0;
    for (int seed = first; seed <= last; seed++) {
        char path[SDQN_PATH_SIZE];
        json_t *result, *final, *task;
        const char *key;
        snprintf(path, sizeof path, "%s/results/%s-seed%d.json", study, arm, seed);
        assert_int_equal(sdqn_json_read(path, (size_t)1 << 20, &result, NULL), SDQN_OK);
        assert_int_equal(sdqn_json_get_object("result", result, "final", &final, NULL), SDQN_OK);
        json_object_foreach(final, key, task) sum += json_number_value(json_object_get(task, "mean")) / (double)json_object_size(final);
        json_decref(result);
    }
    return sum / (last - first + 1);
}

static void a_study_is_set_side_by_side(void **state) {
    (void)state;
    const char *study = run_study("study", "1-3", "");
    expect(compare(study, NULL), 0, "return, mean over tasks");
    static const char *const tables[] = {"arms",       "settings",   "side-by-side",      "performance",
                                         "tasks",      "pairs",      "pairs-by-task",     "area",
                                         "pairs-area", "equal-cost", "sample-efficiency", "parameter-efficiency"};
    static const char *const figures[] = {
        "performance", "pairs", "training-steps", "training-episodes", "evaluations", "sample-efficiency", "performance-profile"};
    char path[128];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (int k = 0; k < 3; k++) {
            snprintf(path, sizeof path, "page/tables/%s.%s", tables[i], k == 0 ? "csv" : k == 1 ? "tex" : "md");
            char whole[SDQN_PATH_SIZE];
            assert_int_equal(sdqn_file_join(e2e_base, path, whole, NULL), SDQN_OK);
            if (!sdqn_file_exists(whole)) fail_msg("%s is missing", path);
        }
    }
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        snprintf(path, sizeof path, "%s/page/figures/%s.gp", e2e_base, figures[i]);
        if (!sdqn_file_exists(path)) fail_msg("%s is missing", path);
    }
    const double mean = mean_of_results(study, "shared", 1, 3), blind = mean_of_results(study, "blind", 1, 3);
    assert_true(fabs(csv_field("tables/performance.csv", "shared,3.0,", 5) - mean) < 1e-9);
    assert_true(csv_field("tables/performance.csv", "shared,3.0,", 6) <= mean &&
                csv_field("tables/performance.csv", "shared,3.0,", 7) >= mean);
    assert_true(fabs(csv_field("tables/pairs.csv", "blind,shared,3.0,", 3) - (blind - mean)) < 1e-9);
    expect_in_page("tables/settings.csv", "arm,conditioning\r\nblind,blind\r\nshared,embedding\r\n", true);
    expect_in_page("index.md", "n = 3 seeds an arm", true);
    expect_in_page("index.md", "Left out", false);
    expect_in_page("index.html", "<img", false); // pictures are inside it
    // The same numbers as one JSON document.
    json_t *document, *arms, *arm, *figure;
    const char *arguments[] = {"compare", study, "--out", e2e_path("page"), "--repeats", "300", "--window", "2", "--json", NULL};
    const Outcome *printed = e2e_wait(e2e_start(arguments));
    assert_int_equal(printed->code, 0);
    assert_int_equal(sdqn_json_parse("stdout", printed->out, strlen(printed->out), &document, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_get_object("stdout", document, "arms", &arms, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_get_object("arms", arms, "shared", &arm, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_get_object("shared", arm, "return", &figure, NULL), SDQN_OK);
    assert_true(fabs(json_number_value(json_object_get(json_object_get(figure, "mean"), "value")) - mean) < 1e-9);
    assert_int_equal(json_array_size(json_object_get(document, "pairs")), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(document, "pairs"), 0), "winner")), "open");
    json_decref(document);
    // Some of its arms, in another order.
    const Outcome *outcome = e2e_run("compare", study, "--arms", "shared,blind", "--out", e2e_path("page"), "--repeats", "200", NULL);
    expect(outcome, 0, "shared - blind");
    outcome = e2e_run("compare", study, "--arms", "shared", "--out", e2e_path("page"), "--repeats", "200", NULL);
    expect(outcome, 0, "return, windy");
    expect_in_page("index.md", "1 of 2 arms were chosen", true);
    outcome = e2e_run("compare", study, "--arms", "shared,bleu", "--out", e2e_path("page"), NULL);
    expect(outcome, 2, "--arms bleu: no arm has this name; there are: blind, shared");
    // The same from the folders of its runs, whose arms have no names there.
    expect(compare(e2e_path("study/runs"), NULL), 0, "conditioning=embedding");
    assert_true(fabs(csv_field("tables/performance.csv", "conditioning=embedding,3.0,", 5) - mean) < 1e-9);
    expect_in_page("index.md", "conditioning=blind", true);
}

/// The page of a study is made from its results alone, holds the planned comparisons only, and names what is missing.
static int count_in_page(const char *name, const char *text) {
    char *page = read_page(name);
    int count = 0;
    for (const char *at = page; (at = strstr(at, text)) != NULL; at += strlen(text)) count++;
    free(page);
    return count;
}

/// Seven curves in a panel cannot be told apart.
static void many_arms_have_a_panel_each(void **state) {
    (void)state;
    char text[2048];
    int length = snprintf(text, sizeof text, "name: many\nseeds: 1\n%sarms:\n", SETTINGS);
    for (int arm = 1; arm <= 7; arm++)
        length += snprintf(text + length, sizeof text - (size_t)length, "  e%d: {method: shared, embedding_size: %d}\n", arm, arm);
    const Outcome *outcome = e2e_run("study", write_text("many.yaml", text), "--out", e2e_path("many"), "--processes", "2", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    expect(compare(e2e_path("many"), NULL), 0, "return, mean over tasks");
    static const char *const figures[] = {"training-steps", "training-episodes", "evaluations", "performance-profile", "sample-efficiency"};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        const bool has_first = strcmp(figures[i], "sample-efficiency") == 0; // its panels need no other arm to compare with
        char name[64], title[64];
        snprintf(name, sizeof name, "figures/%s.gp", figures[i]);
        for (int arm = 1; arm <= 7; arm++) {
            snprintf(title, sizeof title, "set title 'e%d'", arm);
            assert_int_equal(count_in_page(name, title), arm > 1 || has_first);
        }
    }
    expect_in_page("index.md", "A panel an arm, mean over the tasks, with e1 in each.", true);
    expect(e2e_run("compare", e2e_path("many"), "--arms", "e1,e2,e3,e4,e5,e6", "--out", e2e_path("page"), "--repeats", "200", NULL), 0,
           "e6");
    expect_in_page("index.md", "A panel an arm", false);
    assert_int_equal(count_in_page("figures/evaluations.gp", "set title 'e1'"), 0);
}

static void a_study_has_its_page(void **state) {
    (void)state;
    char text[2048];
    snprintf(text, sizeof text,
             "name: tiered\n%stiers:\n  one: {seeds: [3, 1, 2], arms: {shared: {method: shared}, blind: {method: shared, conditioning: "
             "blind}}}\n"
             "  two: {seeds: 1-2, arms: {mean: {method: mean}}}\ncomparisons: [[shared, mean]]\n",
             SETTINGS);
    const char *file = write_text("tiered.yaml", text), *out = e2e_path("page");
    expect(e2e_run("study", file, "--out", out, NULL), 0, "page/report.html");
    expect_in_page("report.html", "Study tiered", true);
    expect_in_page("report.html", "Performance: tier one", true);
    expect_in_page("report.html", "Performance: tier two", true);
    expect_in_page("report.html", "1 of 1 can be made", true);
    expect_in_page("tables/arms-tier1.csv", "1-3", true); // by ascending seed, whatever the plan's order
    assert_true(csv_field("tables/pairs.csv", "shared,mean,2.0,", 2) == 2.0);
    expect_in_page("tables/pairs.csv", "blind", false);
    expect_in_page("tables/side-by-side-tier1.csv", "training time", false); // which is another one each time
    char *whole = read_page("report.html");
    assert_int_equal(sdqn_file_remove_tree(e2e_path("page/runs"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove(e2e_path("page/report.html"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove(e2e_path("page/times.csv"), NULL), SDQN_OK);
    expect(e2e_run("study", file, "--out", out, NULL), 0, "8 of 8 runs were there");
    char *again = read_page("report.html");
    assert_string_equal(whole, again);
    free(whole);
    free(again);
    // A run that cannot be: its arm is left out by name.
    assert_int_equal(sdqn_file_remove(e2e_path("page/results/mean-seed2.json"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_make_folder(e2e_path("page/runs/mean-seed2"), NULL), SDQN_OK);
    write_text("page/runs/mean-seed2/mine.txt", "not of a run\n");
    expect(e2e_run("study", file, "--out", out, NULL), 1, "1 of 8 runs failed");
    expect_in_page("report.html", "arm mean: 1 of 2 runs are done; seed 2 failed: ", true);
    expect_in_page("report.html", "No arm has all its runs yet", true);
}

static void one_seed_gets_no_interval(void **state) {
    (void)state;
    run_study("study", "1-2", "");
    expect(compare(e2e_path("study/runs/shared-seed1"), e2e_path("study/runs/blind-seed1")), 0, "open");
    expect_in_page("index.md", "One run is an anecdote", true);
    expect_in_page("tables/performance.csv", ",,,", true); // values without ends
    expect_in_page("tables/side-by-side.md", "\\[", false);
    // Two seeds of the same settings, each an arm; and one arm of both with another beside.
    expect(compare(e2e_path("study/runs/shared-seed1"), e2e_path("study/runs/shared-seed2")), 0, "shared-seed2");
    const Outcome *outcome = e2e_run("compare", e2e_path("study/runs/shared-seed1"), e2e_path("study/runs/shared-seed2"),
                                     e2e_path("study/runs/blind-seed2"), "--out", e2e_path("page"), "--repeats", "200", NULL);
    expect(outcome, 0, "conditioning=blind");
    assert_true(csv_field("tables/arms.csv", "conditioning=embedding,shared,2.0,1-2", 2) == 2.0);
    expect_in_page("index.md", "n = 1 to 2 seeds an arm", true);
}

static void names_make_an_arm_of_each_operand(void **state) {
    (void)state;
    run_study("study", "1-2", "");
    const char *a = e2e_path("study/runs/shared-seed1"), *b = e2e_path("study/runs/shared-seed2"), *page = e2e_path("page");
    const Outcome *outcome = e2e_run("compare", a, b, "--names", "mine,<b>&co", "--out", page, "--repeats", "200", NULL);
    expect(outcome, 0, "<b>&co");
    expect_in_page("index.html", "&lt;b&gt;&amp;co", true);
    expect_in_page("index.html", "<b>&co", false);
    expect(e2e_run("compare", a, b, "--names", "mine", "--out", page, NULL), 2, "--names mine: 1 names for 2 folders");
    expect(e2e_run("compare", a, b, "--names", "x,x", "--out", page, NULL), 2, "x is there twice");
    expect(e2e_run("compare", a, b, "--names", "x,", "--out", page, NULL), 2, "each must have 1 to");
    expect(e2e_run("compare", e2e_path("study"), "--names", "x", "--out", page, NULL), 2, "holds runs of different settings");
}

/// A line of a run's file becomes another one; only its first appearance.
static void change(const char *path, const char *from, const char *to) {
    size_t size;
    uint8_t *bytes = NULL;
    assert_int_equal(sdqn_file_read(path, (size_t)1 << 26, &bytes, &size, NULL), SDQN_OK);
    char *place = strstr((char *)bytes, from);
    assert_non_null(place);
    const size_t before = (size_t)(place - (char *)bytes);
    const SdqnPiece pieces[] = {{bytes, before}, {to, strlen(to)}, {place + strlen(from), size - before - strlen(from)}};
    assert_int_equal(sdqn_file_write(path, pieces, 3, NULL), SDQN_OK);
    free(bytes);
}

static void what_cannot_be_used_is_left_out_by_name(void **state) {
    (void)state;
    run_study("study", "1-6", "");
    const char *runs = e2e_path("study/runs");
    assert_int_equal(sdqn_file_remove(e2e_path("study/runs/shared-seed1/summary.json"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove(e2e_path("study/runs/shared-seed2/config.yaml"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove(e2e_path("study/runs/shared-seed3/metrics.jsonl"), NULL), SDQN_OK);
    change(e2e_path("study/runs/shared-seed4/metrics.jsonl"), "{\"episode\": 3", "{\"episode\" 3");
    change(e2e_path("study/runs/blind-seed1/evaluations.jsonl"), "\"mean\": ", "\"mean\": x");
    change(e2e_path("study/runs/blind-seed2/config.yaml"), "episodes: 12", "episodes: 13");
    assert_int_equal(sdqn_file_make_folder(e2e_path("study/runs/empty"), NULL), SDQN_OK);
    const Outcome *outcome = compare(runs, NULL);
    expect(outcome, 0, "7 left out");
    static const struct {
        const char *run, *reason;
    } cases[] = {{"shared-seed1", ": is not finished: there is no summary.json"},
                 {"shared-seed2", "config.yaml: "},
                 {"shared-seed3", "metrics.jsonl: "},
                 {"shared-seed4", "metrics.jsonl:4:"},
                 {"blind-seed1", "evaluations.jsonl:1:"},
                 {"blind-seed2", "13"},
                 {"empty", ": is no run"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char what[256];
        snprintf(what, sizeof what, "left out: %s/%s: ", runs, cases[i].run);
        const char *line = strstr(outcome->err, what);
        if (!line || !strstr(line, cases[i].reason)) fail_msg("%s ... %s: %s", what, cases[i].reason, outcome->err);
        expect_in_page("index.html", cases[i].run, true);
    }
    expect_in_page("index.md", "7 are left out of everything on this page", true);
    assert_true(csv_field("tables/arms.csv", "conditioning=embedding,shared,2.0,5-6", 2) == 2.0);
    // Of a study the runs without a result; the same run twice counts once.
    assert_int_equal(sdqn_file_remove(e2e_path("study/results/shared-seed5.json"), NULL), SDQN_OK);
    change(e2e_path("study/results/shared-seed6.json"), "\"updates\"", "\"date\"");
    outcome = compare(e2e_path("study"), e2e_path("study/runs/blind-seed4"));
    expect(outcome, 2, "blind-seed4: no run is left of it, 1 is left out");
    outcome = compare(e2e_path("study"), e2e_path("study/runs"));
    expect(outcome, 0, "study/runs/shared-seed5: is not finished: the study has no result of it");
    expect(outcome, 0, "shared-seed6.json: ");
    expect(outcome, 0, "study/runs/blind-seed4: is the run ");
    // Times that cannot be read.
    write_text("study/times.csv", "arm,seed,seconds\nshared,1,12.5\nshared,1\n");
    outcome = compare(e2e_path("study"), NULL);
    expect(outcome, 0, "study/times.csv:3: must be arm,seed,seconds");
    expect_in_page("tables/side-by-side.csv", "training time", false);
    write_text("study/times.csv", "arm,seed,seconds\nshared,1,999\nshared,1,90\nblind,1,30\n");
    expect(e2e_run("compare", e2e_path("study"), "--out", e2e_path("page"), "--repeats", "200", NULL), 0, "training time (minutes)");
    // An operand with nothing in it that can be used is an error.
    expect(compare(e2e_path("study/runs/shared-seed1"), NULL), 2, "no run is left of it, 1 is left out");
    expect(compare(e2e_path("study/runs/empty"), NULL), 2, "holds no run");
    expect(compare(e2e_path("nothing"), NULL), 2, "does not exist: must be the folder of a run");
    expect(compare(e2e_path("study.yaml"), NULL), 2, "is no folder: must be");
}

static void what_must_not_be_mixed_is_refused(void **state) {
    (void)state;
    const char *study = run_study("study", "1", ""), *other = run_study("other", "1", ", learning_rate: 1e-3");
    expect(compare(study, other), 0, "shared"); // two arms of one name: by their settings
    expect_in_page("tables/settings.md", "learning\\_rate", true);
    char *text, *place;
    size_t size;
    text = (char *)e2e_read(other, "results/shared-seed1.json", &size);
    place = strstr(text, "\"numerics\": \"");
    place[13] = place[13] == '0' ? '1' : '0';
    write_text("other/results/shared-seed1.json", text);
    free(text);
    expect(compare(study, other), 1, "was made by a program with other numerics");
    // The same settings and seed, but other weights.
    text = (char *)e2e_read(study, "results/blind-seed1.json", &size);
    place = strstr(text, "\"weights_sha256\": \"");
    place[19] = place[19] == '0' ? '1' : '0';
    assert_int_equal(sdqn_file_make_folder(e2e_path("third/results"), NULL), SDQN_OK);
    write_text("third/results/blind-seed1.json", text);
    free(text);
    expect(compare(study, e2e_path("third")), 1, "but other weights");
    // Other tasks, another number of final episodes.
    const char *tasks = run_study("tasks", "1", ", tasks: [windy]"), *final = run_study("final", "1", ", final_episodes: 3");
    expect(compare(study, tasks), 1, "tasks: not as in");
    expect(compare(study, final), 1, "final_episodes or final_seed: not as in");
    expect(compare(study, final), 1, "results of different protocols are not compared");
    assert_false(sdqn_file_exists(e2e_path("nowhere")));
}

static void without_gnuplot_all_else_is_there(void **state) {
    (void)state;
    const char *study = run_study("study", "1-2", ""), *out = e2e_path("page");
    char *path = strdup(getenv("PATH"));
    setenv("PATH", e2e_base, 1);
    const Outcome *outcome = e2e_run("compare", study, "--out", out, "--repeats", "200", NULL);
    setenv("PATH", path, 1);
    free(path);
    expect(outcome, 0, "gnuplot");
    expect_in_page("index.html", "<svg", false);
    expect_in_page("index.html", "gnuplot was not installed", true);
    assert_true(sdqn_file_exists(e2e_path("page/figures/performance.gp")));
    assert_true(sdqn_file_exists(e2e_path("page/tables/pairs.tex")));
}

static void the_same_runs_give_the_same_bytes(void **state) {
    (void)state;
    const char *study = run_study("study", "1-2", "");
    char *first, *again;
    expect(compare(study, NULL), 0, "return");
    first = read_page("index.md");
    expect(compare(study, NULL), 0, "return");
    again = read_page("index.md");
    assert_string_equal(first, again);
    free(first);
    free(again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_study_is_set_side_by_side),       TEST(many_arms_have_a_panel_each),       TEST(a_study_has_its_page),
        TEST(one_seed_gets_no_interval),         TEST(names_make_an_arm_of_each_operand), TEST(what_cannot_be_used_is_left_out_by_name),
        TEST(what_must_not_be_mixed_is_refused), TEST(without_gnuplot_all_else_is_there), TEST(the_same_runs_give_the_same_bytes),
    };
    return cmocka_run_group_tests_name("e2e_compare", tests, NULL, NULL);
}
