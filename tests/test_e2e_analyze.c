// `sharedqn analyze`: a trained run, its tables computed again in the plainest way, unfinished and damaged runs, several at once, no
// gnuplot.
#include "e2e.h"
#include "plot_data.h"

#include "core/json.h"

#include <math.h>

enum { EPISODES = 66, TASKS = 3, MAX_ROWS = 40, MAX_CELLS = 16 };

static const char *const task_names[TASKS] = {"standard", "windy", "heavy"};

/// One run for all tests, which copy it.
static char trained[64];

static int train_once(void **state) {
    (void)state;
    snprintf(trained, sizeof trained, "/tmp/sdqn_analyze_XXXXXX");
    if (!mkdtemp(trained) || e2e_setup(state) != 0) return -1;
    const Outcome *outcome = e2e_run("train", "--out", trained, "--episodes", "66", "--min-replay-size", "300", "--final-episodes", "4",
                                     "--evaluation-period", "10", "--checkpoint-period", "20", "--gradient-period", "100", NULL);
    if (outcome->code != 0) print_error("%s", outcome->err);
    return outcome->code == 0 && e2e_teardown(state) == 0 ? 0 : -1;
}

static int remove_trained(void **state) {
    (void)state;
    return sdqn_file_remove_tree(trained, NULL) == SDQN_OK ? 0 : -1;
}

static void copy_file(const char *from, const char *to, const char *name) {
    char path[SDQN_PATH_SIZE];
    size_t size;
    uint8_t *bytes = e2e_read(from, name, &size);
    assert_int_equal(sdqn_file_join(to, name, path, NULL), SDQN_OK);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

/// A copy of the run. @param finished  with its results
static const char *copy_run(const char *name, bool finished) {
    static const char *const files[] = {"config.yaml",
                                        "metrics.jsonl",
                                        "evaluations.jsonl",
                                        "gradients.jsonl",
                                        "checkpoints/episode_000020.safetensors",
                                        "checkpoints/episode_000040.safetensors"};
    char checkpoints[SDQN_PATH_SIZE];
    const char *run = e2e_path(name);
    assert_int_equal(sdqn_file_join(run, "checkpoints", checkpoints, NULL), SDQN_OK);
    assert_int_equal(sdqn_file_make_folder(checkpoints, NULL), SDQN_OK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) copy_file(trained, run, files[i]);
    if (finished) copy_file(trained, run, "final.safetensors");
    if (finished) copy_file(trained, run, "summary.json");
    return run;
}

static char *read_page(const char *folder, const char *name) {
    size_t size;
    return (char *)e2e_read(folder, name, &size);
}

static void assert_has(const char *text, const char *part) {
    if (strstr(text, part) == NULL) fail_msg("'%s' is not in: %.3000s", part, text);
}

// ---- tables ---------------------------------------------------------------------------------------------------------------------

/// Cells of a table without quoted fields.
typedef struct Csv {
    int rows;
    char cells[MAX_ROWS][MAX_CELLS][64];
} Csv;

static Csv *read_csv(const char *folder, const char *name) {
    static Csv csv;
    char *text = read_page(folder, name);
    memset(&csv, 0, sizeof csv);
    for (const char *c = text; *c != '\0' && csv.rows < MAX_ROWS; csv.rows++) {
        for (int column = 0; column < MAX_CELLS; column++) {
            const size_t length = strcspn(c, ",\r");
            snprintf(csv.cells[csv.rows][column], sizeof csv.cells[0][0], "%.*s", (int)(length < 63 ? length : 63), c);
            c += length;
            if (*c != ',') break;
            c++;
        }
        assert_true(c[0] == '\r' && c[1] == '\n');
        c += 2;
    }
    free(text);
    return &csv;
}

static void assert_number(const char *cell, double expected) {
    if (isnan(expected) ? cell[0] != '\0' : fabs(strtod(cell, NULL) - expected) > 1e-9 * (1.0 + fabs(expected)))
        fail_msg("'%s', expected %.17g", cell, expected);
}

/// One training episode of metrics.jsonl.
typedef struct Episode {
    int task;
    double value;
    long long steps, updates;
} Episode;

static int read_episodes(Episode *episodes) {
    char *text = read_page(trained, "metrics.jsonl");
    int count = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *object;
        assert_int_equal(sdqn_json_parse("line", line, strlen(line), &object, NULL), SDQN_OK);
        const char *task = json_string_value(json_object_get(object, "task"));
        for (int t = 0; t < TASKS; t++) {
            if (strcmp(task, task_names[t]) == 0) episodes[count].task = t;
        }
        episodes[count].value = json_real_value(json_object_get(object, "return"));
        episodes[count].steps = json_integer_value(json_object_get(object, "steps"));
        episodes[count++].updates = json_integer_value(json_object_get(object, "total_updates"));
        json_decref(object);
    }
    free(text);
    return count;
}

static void tables_are_what_the_logs_say(void **state) {
    (void)state;
    static Episode episodes[EPISODES];
    const char *out = e2e_path("out");
    const Outcome *outcome = e2e_run("analyze", trained, "--out", out, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_int_equal(read_episodes(episodes), EPISODES);
    const Csv *last = read_csv(out, "tables/last-100.csv");
    for (int t = 0; t < TASKS; t++) {
        double n = 0.0, sum = 0.0, squares = 0.0, steps = 0.0;
        for (int i = 0; i < EPISODES; i++) {
            if (episodes[i].task != t) continue;
            n += 1.0;
            sum += episodes[i].value;
            squares += episodes[i].value * episodes[i].value;
            steps += (double)episodes[i].steps;
        }
        assert_string_equal(last->cells[1 + t][0], task_names[t]);
        assert_number(last->cells[1 + t][1], n);
        assert_number(last->cells[1 + t][2], sum / n);
        assert_number(last->cells[1 + t][3], sqrt(squares / n - sum / n * (sum / n)));
        assert_number(last->cells[1 + t][4], steps / n);
    }
    json_t *summary;
    char path[SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_join(trained, "summary.json", path, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_read(path, 1 << 20, &summary, NULL), SDQN_OK);
    const json_t *tasks = json_object_get(json_object_get(summary, "evaluation"), "tasks");
    const double mean = json_real_value(json_object_get(json_object_get(summary, "evaluation"), "mean"));
    const double parameters = (double)json_integer_value(json_object_get(summary, "parameters"));
    const Csv *final = read_csv(out, "tables/final.csv");
    for (int t = 0; t < TASKS; t++) {
        const json_t *task = json_object_get(tasks, task_names[t]);
        assert_number(final->cells[1 + t][2], json_real_value(json_object_get(task, "mean")));
        assert_number(final->cells[1 + t][6], 100.0 * json_real_value(json_object_get(task, "at_rest")));
    }
    const Csv *efficiency = read_csv(out, "tables/parameter-efficiency.csv");
    assert_number(efficiency->cells[1][3], 1000.0 * mean / parameters);
    const Csv *ends = read_csv(out, "tables/ends.csv");
    for (int t = 0; t < TASKS; t++) {
        double sum = 0.0;
        for (int k = 0; k < 5; k++) sum += strtod(ends->cells[1 + t][1 + k], NULL);
        assert_number("100", sum);
        assert_number(ends->cells[1 + t][1], 100.0 * json_real_value(json_object_get(json_object_get(tasks, task_names[t]), "at_rest")));
    }
    json_decref(summary);
    char *page = read_page(out, "index.md");
    assert_has(page, "The mean returns of 3 of 3 tasks are those of the run's final evaluation");
    assert_has(page, "In windy the wind also blows on the ground");
    assert_null(strstr(page, "Left out"));
    free(page);
}

/// The mean cosine of the first pair, over the lines of gradients.jsonl.
static void cosines_are_what_the_log_says(void **state) {
    (void)state;
    const char *out = e2e_path("out");
    const Outcome *outcome = e2e_run("analyze", trained, "--out", out, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    char *text = read_page(trained, "gradients.jsonl");
    double sum = 0.0, control = 0.0;
    int count = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), count++) {
        json_t *object;
        assert_int_equal(sdqn_json_parse("line", line, strlen(line), &object, NULL), SDQN_OK);
        sum += json_real_value(json_array_get(json_object_get(object, "cosines"), 0));
        control += json_real_value(json_array_get(json_object_get(json_object_get(object, "shuffled"), "cosines"), 0));
        json_decref(object);
    }
    free(text);
    assert_true(count > 10);
    const Csv *pairs = read_csv(out, "tables/gradient-pairs.csv");
    // The name of a pair holds a comma, so its field is quoted and split here.
    assert_string_equal(pairs->cells[1][0], "\"standard");
    assert_number(pairs->cells[1][2], count);
    assert_number(pairs->cells[1][3], sum / count);
    assert_number(pairs->cells[1][7], control / count);
}

// ---- runs as they come ----------------------------------------------------------------------------------------------------------

static void a_page_lies_in_the_run_and_is_the_same_each_time(void **state) {
    (void)state;
    const char *run = copy_run("run", true);
    const Outcome *outcome = e2e_run("analyze", run, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_has(outcome->out, "run/analysis/index.html\n");
    if (plot_finds_program("gnuplot")) assert_string_equal(outcome->err, "");
    char *first = read_page(run, "analysis/index.html");
    assert_int_equal(e2e_run("analyze", run, NULL)->code, 0);
    char *second = read_page(run, "analysis/index.html");
    assert_string_equal(first, second);
    free(first);
    free(second);
    // Such a folder keeps nobody from training there again.
    outcome = e2e_run("train", "--force", "--out", run, "--episodes", "3", "--final-episodes", "1", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
}

static void an_unfinished_run_is_analysed_as_far_as_it_goes(void **state) {
    (void)state;
    const char *run = copy_run("run", false);
    FILE *file = fopen(e2e_path("run/metrics.jsonl"), "ab");
    fputs("{\"episode\": 66, \"ta", file);
    assert_int_equal(fclose(file), 0);
    const Outcome *outcome = e2e_run("analyze", run, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_has(outcome->err, "1 thing could not be used");
    char *page = read_page(run, "analysis/index.md");
    assert_has(page, "The run is not finished: 66 of 66 training episodes are here.");
    assert_has(page, "metrics.jsonl:67 has no end");
    assert_has(page, "Parameter efficiency is left out");
    assert_has(page, "with checkpoints/episode\\_000040.safetensors");
    free(page);
}

static void half_a_folder_is_named_and_counted(void **state) {
    (void)state;
    const char *run = copy_run("run", true);
    static const char *const gone[] = {"run/metrics.jsonl", "run/gradients.jsonl", "run/final.safetensors",
                                       "run/checkpoints/episode_000020.safetensors", "run/checkpoints/episode_000040.safetensors"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) assert_int_equal(unlink(e2e_path(gone[i])), 0);
    const Outcome *outcome = e2e_run("analyze", run, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    char *page = read_page(run, "analysis/index.md");
    assert_has(page, "## Left out");
    assert_has(page, "metrics.jsonl: cannot open");
    assert_has(page, "gradients.jsonl: cannot open");
    assert_has(page, "the folder holds no weights yet");
    assert_has(page, "No training episode could be read");
    assert_has(page, "there are no usable weights");
    assert_has(page, "There is no report on gradients yet");
    free(page);
}

static void several_runs_have_an_index_and_bad_ones_are_named(void **state) {
    (void)state;
    const char *good = copy_run("good", true), *begun = copy_run("begun", false), *out = e2e_path("out");
    const char *bad = e2e_path("bad");
    assert_int_equal(sdqn_file_make_folder(bad, NULL), SDQN_OK);
    const Outcome *outcome = e2e_run("analyze", good, begun, bad, good, "--out", out, NULL);
    assert_int_equal(outcome->code, 1);
    assert_has(outcome->err, "1 of 4 runs could not be analysed");
    assert_has(outcome->err, "holds no config.yaml");
    char *page = read_page(out, "index.md");
    assert_has(page, "3 of 4 runs are analysed.");
    assert_has(page, "[good-2](good-2/index.html)");
    assert_has(page, "| begun | shared | 1 | 66 | not finished |");
    assert_has(page, "bad: is no run");
    free(page);
    free(read_page(out, "good/index.html"));
    free(read_page(out, "good-2/index.html"));
}

static void other_protocols_are_pointed_out(void **state) {
    (void)state;
    const char *other = e2e_path("other"), *out = e2e_path("out");
    const Outcome *outcome =
        e2e_run("train", "--out", other, "--episodes", "4", "--tasks", "standard", "--final-episodes", "1", "--method", "brc-small", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    outcome = e2e_run("analyze", trained, other, "--out", out, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    char *index = read_page(out, "index.md"), *page = read_page(out, "other/index.md");
    assert_has(index, "These runs have different protocols (training episodes)");
    assert_has(page, "No update was made yet");
    assert_has(page, "The run has one task, so no two gradients can conflict.");
    assert_has(page, "outside the support");
    free(index);
    free(page);
    const char *third = e2e_path("third");
    outcome = e2e_run("train", "--out", third, "--episodes", "4", "--tasks", "standard", "--final-episodes", "1", "--method", "brc-small",
                      "--evaluation-seed", "5", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    outcome = e2e_run("analyze", other, third, "--out", out, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    index = read_page(out, "index.md");
    assert_has(index, "These runs have different protocols (evaluation\\_seed or evaluation\\_period)");
    free(index);
}

/// The folder of a run that has had an episode of each task, with returns of -150, 50 and 350. @param settings  besides
static const char *write_run(const char *name, const char *settings) {
    static const double returns[TASKS] = {-150.0, 50.0, 350.0};
    const char *run = e2e_path(name);
    char path[SDQN_PATH_SIZE], log[TASKS * 300];
    size_t length = 0;
    for (int t = 0; t < TASKS; t++)
        length += (size_t)snprintf(log + length, sizeof log - length,
                                   "{\"episode\": %d, \"task\": \"%s\", \"return\": %.1f, \"steps\": 9, \"terminated\": true, "
                                   "\"truncated\": false, \"at_rest\": false, \"epsilon\": 1.0, \"loss\": null, \"total_steps\": %d, "
                                   "\"total_updates\": 0}\n",
                                   t, task_names[t], returns[t], 9 * (t + 1));
    const char *const names[] = {"config.yaml", "metrics.jsonl"}, *const texts[] = {settings, log};
    assert_int_equal(sdqn_file_make_folder(run, NULL), SDQN_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sdqn_file_join(run, names[i], path, NULL), SDQN_OK);
        assert_int_equal(sdqn_file_write(path, &(SdqnPiece){texts[i], strlen(texts[i])}, 1, NULL), SDQN_OK);
    }
    return run;
}

/// Returns are held against the support in the scale in which they are learned from.
static void scaled_rewards_are_not_taken_for_clipped_returns(void **state) {
    (void)state;
    char *run = strdup(write_run("scaled", "method: mean\natoms: 21\nloss: categorical\nvalue_min: -20\nvalue_max: 30\n"
                                           "reward_scales: [0.1, 0.2, 0.1]\n"));
    assert_int_equal(e2e_run("analyze", run, NULL)->code, 0);
    const Csv *csv = read_csv(run, "analysis/tables/support.csv");
    static const double below[TASKS] = {0.0, 0.0, 0.0}, above[TASKS] = {0.0, 0.0, 100.0}; // -15, 10, 35
    for (int t = 0; t < TASKS; t++) {
        assert_string_equal(csv->cells[t + 1][0], task_names[t]);
        assert_number(csv->cells[t + 1][2], below[t]);
        assert_number(csv->cells[t + 1][3], above[t]);
    }
    free(run);
    run = strdup(write_run("normalised", "method: brc-published\n"));
    assert_int_equal(e2e_run("analyze", run, NULL)->code, 0);
    char *page = read_page(run, "analysis/index.md"), path[SDQN_PATH_SIZE];
    assert_has(page, "how many returns lie outside the support is left out");
    assert_int_equal(sdqn_file_join(run, "analysis/tables/support.csv", path, NULL), SDQN_OK);
    assert_false(sdqn_file_exists(path));
    free(page);
    free(run);
}

static void what_is_no_run_is_refused(void **state) {
    (void)state;
    const Outcome *outcome = e2e_run("analyze", e2e_path("nothing"), NULL);
    assert_int_equal(outcome->code, 1);
    assert_has(outcome->err, "there is no such folder");
    assert_int_equal(e2e_run("analyze", NULL)->code, 2);
    assert_int_equal(e2e_run("analyze", trained, "--out", "", NULL)->code, 2);
    assert_int_equal(e2e_run("analyze", trained, "--nonsense", NULL)->code, 2);
}

static void without_gnuplot_all_but_the_pictures_is_there(void **state) {
    (void)state;
    const char *out = e2e_path("out");
    char *path = strdup(getenv("PATH"));
    setenv("PATH", e2e_base, 1);
    const Outcome *outcome = e2e_run("analyze", trained, "--out", out, NULL);
    setenv("PATH", path, 1);
    free(path);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_has(outcome->err, "gnuplot-nox");
    assert_int_equal(strcspn(outcome->err, "\n") + 1, strlen(outcome->err)); // one line
    char *page = read_page(out, "index.html");
    assert_has(page, "gnuplot was not installed");
    free(page);
    free(read_page(out, "figures/returns.gp"));
    free(read_page(out, "tables/final.csv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tables_are_what_the_logs_say, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(cosines_are_what_the_log_says, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(a_page_lies_in_the_run_and_is_the_same_each_time, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(an_unfinished_run_is_analysed_as_far_as_it_goes, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(half_a_folder_is_named_and_counted, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(several_runs_have_an_index_and_bad_ones_are_named, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(other_protocols_are_pointed_out, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(scaled_rewards_are_not_taken_for_clipped_returns, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_run_is_refused, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(without_gnuplot_all_but_the_pictures_is_there, e2e_setup, e2e_teardown),
    };
    return cmocka_run_group_tests_name("e2e_analyze", tests, train_once, remove_trained);
}
