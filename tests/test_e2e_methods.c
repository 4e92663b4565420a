// Every method, in a short run by the program: the same bytes twice and after kills, and evaluate finds what train found.
#include "e2e.h"

#include "core/json.h"
#include "methods/method.h"
#include "nn/safetensors.h"

// Under -O0 and sanitizers the kills are left to the other programs: there the plain kernels' run is a whole one.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
#define KILLS 2
#else
#define KILLS 0
#endif
#define EPISODES "12"
#define MAX_EXTRA 10

/// @param extra  up to MAX_EXTRA more arguments, ended by NULL
static pid_t start_run_with(const char *method, const char *const *extra, const char *out, bool resume, const char *isa) {
    const char *arguments[48] = {"train",  "--method",
                                 method,   "--out",
                                 out,      "--episodes",
                                 EPISODES, "--batch-size",
                                 "8",      "--min-replay-size",
                                 "100",    "--replay-capacity",
                                 "300",    "--hidden1-size",
                                 "24",     "--hidden2-size",
                                 "12",     "--target-period",
                                 "2",      "--evaluation-period",
                                 "4",      "--evaluation-episodes",
                                 "1",      "--checkpoint-period",
                                 "5",      "--final-episodes",
                                 "2",      "--state-period-episodes",
                                 "3",      "--gradient-period",
                                 "50",     "--isa",
                                 isa};
    int count = 0;
    while (arguments[count] != NULL) count++;
    for (int i = 0; extra[i] != NULL; i++) {
        assert_true(i < MAX_EXTRA);
        arguments[count++] = extra[i];
    }
    if (resume) arguments[count++] = "--resume";
    return e2e_start(arguments);
}

static void run_on(const char *isa, const char *method, const char *const *extra, const char *out, bool resume) {
    const Outcome *outcome = e2e_wait(start_run_with(method, extra, out, resume, isa));
    if (outcome->code != 0) fail_msg("%s: %s", method, outcome->err);
}

static void run(const char *method, const char *const *extra, const char *out) { run_on("auto", method, extra, out, false); }

/// On the plain kernels, kill the run as soon as the state after so many episodes is written, or let it end.
static void kill_run_after(const char *method, const char *const *extra, const char *out, int episodes, bool resume) {
    char state[96];
    int status;
    pid_t child = start_run_with(method, extra, out, resume, "scalar");
    snprintf(state, sizeof state, "%s/checkpoints/state_%06d.sdqn", out, episodes);
    while (!sdqn_file_exists(state) && waitpid(child, &status, WNOHANG) == 0) e2e_sleep(0.0005);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
}

static void check_evaluation(const char *out) {
    char path[96];
    snprintf(path, sizeof path, "%s/summary.json", out);
    json_t *summary, *evaluated;
    SdqnError error = {0};
    assert_int_equal(sdqn_json_read(path, 1 << 20, &summary, NULL), SDQN_OK);
    assert_true(json_integer_value(json_object_get(summary, "updates")) > 0);
    const Outcome *outcome = e2e_run("evaluate", out, "--episodes", "2", "--json", NULL);
    if (outcome->code != 0) fail_msg("%s: %s", out, outcome->err);
    if (sdqn_json_parse("stdout", outcome->out, strlen(outcome->out), &evaluated, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_true(json_equal(json_object_get(summary, "evaluation"), evaluated));
    json_decref(summary);
    json_decref(evaluated);
}

/// Run whole on the best kernels, run with kills on the plain ones, compare, evaluate.
static void check_run(const char *method, const char *const *extra) {
    const char *whole = e2e_path("whole"), *killed = e2e_path("killed");
    run(method, extra, whole);
    for (int k = 1; k <= KILLS; k++) kill_run_after(method, extra, killed, 6 * k - 3, k > 1);
    run_on("scalar", method, extra, killed, KILLS > 0);
    e2e_assert_same_runs(whole, killed);
    check_evaluation(whole);
    assert_int_equal(sdqn_file_remove_tree(whole, NULL), SDQN_OK);
    assert_int_equal(sdqn_file_remove_tree(killed, NULL), SDQN_OK);
}

static void every_method_keeps_its_bytes(void **state) {
    (void)state;
    int count;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    for (int m = 0; m < count; m++) {
        check_run(methods[m]->name, (const char *const[]){NULL});
    }
    print_message("%d methods\n", count);
}

/// Switches that have a state of their own, one by one and together, on methods of each kind.
static void switches_keep_their_bytes(void **state) {
    (void)state;
    static const struct {
        const char *method, *extra[MAX_EXTRA + 1];
    } runs[] = {
        {"shared", {"--prioritised", "true"}},
        {"shared", {"--environments", "4", "--n-step", "3"}},
        {"shared", {"--task-sampling", "loss", "--dueling", "true"}},
        {"independent", {"--environments", "3", "--prioritised", "true"}},
        {"independent", {"--task-sampling", "loss"}},
        {"mean", {"--task-sampling", "success", "--prioritised", "true", "--architecture", "bronet", "--conditioning", "blind"}},
        {"brc-small", {"--task-sampling", "uniform", "--environments", "2", "--reward-normalisation", "true"}},
        {"varshare", {"--residual-rank", "3", "--environments", "2", "--architecture", "bronet"}},
    };
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) check_run(runs[i].method, runs[i].extra);
}

/// A file with sixteen or seventeen tasks: winds of growing strength.
static const char *write_tasks(int count) {
    char name[32], text[4096];
    snprintf(name, sizeof name, "tasks%d.yaml", count);
    size_t length = (size_t)snprintf(text, sizeof text, "tasks: [");
    for (int t = 0; t < count; t++) length += (size_t)snprintf(text + length, sizeof text - length, "%sw%d", t == 0 ? "" : ", ", t);
    length += (size_t)snprintf(text + length, sizeof text - length, "]\ntask_definitions:\n");
    for (int t = 0; t < count; t++) {
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "  w%d: {base: windy, wind_power: %d.0, time_limit_steps: 60}\n", t, t);
    }
    const SdqnPiece piece = {text, length};
    assert_int_equal(sdqn_file_write(e2e_path(name), &piece, 1, NULL), SDQN_OK);
    return e2e_path(name);
}

static void every_method_trains_one_task_and_sixteen(void **state) {
    (void)state;
    int count;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    const char *sixteen = write_tasks(16), *out = e2e_path("run");
    for (int m = 0; m < count; m++) {
        run(methods[m]->name, (const char *const[]){"--tasks", "heavy", NULL}, out);
        check_evaluation(out);
        assert_int_equal(sdqn_file_remove_tree(out, NULL), SDQN_OK);
        run(methods[m]->name, (const char *const[]){"--config", sixteen, "--episodes", "20", "--batch-size", "4", NULL}, out);
        check_evaluation(out);
        assert_int_equal(sdqn_file_remove_tree(out, NULL), SDQN_OK);
    }
    const Outcome *outcome = e2e_run("train", "--method", "mean", "--config", write_tasks(17), "--out", out, NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "tasks: 17 given: mean combines the gradients of at most 16"));
}

/// Weights so large that the first loss overflows: the run stops, says where, and keeps the states from before.
static void a_loss_that_is_infinite_ends_the_run_and_keeps_its_state(void **state) {
    (void)state;
    static const char *const methods[] = {"shared", "cagrad", "varshare", "independent"};
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        const char *first = e2e_path("first"), *out = e2e_path("run"), *huge = e2e_path("huge.safetensors");
        run(methods[m], (const char *const[]){NULL}, first);
        char path[SDQN_PATH_SIZE];
        SdqnSafetensors *file;
        int count, episode = -1, update = -1;
        assert_int_equal(sdqn_file_join(first, "final.safetensors", path, NULL), SDQN_OK);
        assert_int_equal(sdqn_safetensors_read(path, &file, NULL), SDQN_OK);
        const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
        for (int i = 0; i < count; i++) {
            float *values = (float *)(uintptr_t)tensors[i].data; // the test's own copy
            for (size_t k = 0; k < sdqn_tensor_count(&tensors[i]); k++) values[k] *= strstr(tensors[i].name, "_rho") ? 1.0f : 1e9f;
        }
        SdqnPiece piece = {0};
        uint8_t *bytes;
        assert_int_equal(sdqn_safetensors_encode(tensors, count, &bytes, &piece.size, NULL), SDQN_OK);
        piece.data = bytes;
        assert_int_equal(sdqn_file_write(huge, &piece, 1, NULL), SDQN_OK);
        free(bytes);
        sdqn_safetensors_destroy(file);
        const Outcome *outcome = e2e_wait(
            start_run_with(methods[m], (const char *const[]){"--init-from", huge, "--min-replay-size", "290", NULL}, out, false, "auto"));
        assert_int_equal(outcome->code, 1);
        const char *message = strstr(outcome->err, "episode ");
        while (message && sscanf(message, "episode %d, update %d:", &episode, &update) != 2) message = strstr(message + 1, "episode ");
        if (!message || update != 1 || episode < 1 || !strstr(message, " is inf: training has diverged"))
            fail_msg("%s: %s", methods[m], outcome->err);
        assert_int_equal(sdqn_file_join(out, "checkpoints", path, NULL), SDQN_OK);
        static char names[E2E_MAX_FILES][128];
        assert_true(episode < 3 || e2e_list(path, ".sdqn", names) > 0);
        for (int i = 0; i < 2; i++) assert_int_equal(sdqn_file_remove_tree((const char *[]){first, out}[i], NULL), SDQN_OK);
    }
}

static void methods_are_listed_with_a_line_each(void **state) {
    (void)state;
    int count, lines = 0;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    const Outcome *outcome = e2e_run("train", "--list-methods", NULL);
    assert_int_equal(outcome->code, 0);
    const char *line = outcome->out;
    for (; *line != '\0'; line = strchr(line, '\n') + 1, lines++) {
        assert_true(lines < count);
        const size_t length = strlen(methods[lines]->name);
        assert_true(strncmp(line, methods[lines]->name, length) == 0 && line[length] == ' ');
    }
    assert_int_equal(lines, count);
}

static void one_independent_network_trains_alone(void **state) {
    (void)state;
    const char *out = e2e_path("windy"), *weights = e2e_path("windy/final.safetensors");
    const Outcome *outcome = e2e_run("train", "--method", "independent", "--tasks", "windy", "--episodes", "5", "--min-replay-size", "100",
                                     "--final-episodes", "2", "--out", out, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    check_evaluation(out);
    outcome = e2e_run("evaluate", "--weights", weights, "--task", "windy", "--episodes", "1", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    outcome = e2e_run("evaluate", "--weights", weights, "--episodes", "1", NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "task standard: the weights have no network for it, only for windy"));
    outcome = e2e_run("train", "--method", "independent", "--conditioning", "id", "--out", e2e_path("id"), NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "conditioning: must be blind"));
}

static void pruned_weights_are_written_and_played(void **state) {
    (void)state;
    run("varshare", (const char *const[]){"--residual-rank", "2", NULL}, e2e_path("varshare"));
    const char *pruned = e2e_path("pruned.safetensors");
    const Outcome *outcome = e2e_run("prune", e2e_path("varshare"), "--out", pruned, "--threshold", "inf", "--thresholds", "0,0.01,inf",
                                     "--episodes", "2", "--json", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    json_t *document, *rows, *evaluated, *summary;
    assert_int_equal(sdqn_json_parse("stdout", outcome->out, strlen(outcome->out), &document, NULL), SDQN_OK);
    rows = json_object_get(document, "thresholds");
    assert_int_equal(json_array_size(rows), 3);
    assert_true(json_real_value(json_object_get(json_array_get(rows, 0), "kept")) == 1.0);
    assert_true(json_real_value(json_object_get(json_array_get(rows, 2), "kept")) == 0.0);
    // Unpruned it is the run's own network; pruned wholly, what the file holds.
    assert_int_equal(sdqn_json_read(e2e_path("varshare/summary.json"), 1 << 20, &summary, NULL), SDQN_OK);
    const json_t *own = json_object_get(json_object_get(summary, "evaluation"), "mean");
    assert_true(json_real_value(json_object_get(json_array_get(rows, 0), "mean")) == json_real_value(own));
    outcome = e2e_run("evaluate", "--weights", pruned, "--episodes", "2", "--json", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_int_equal(sdqn_json_parse("stdout", outcome->out, strlen(outcome->out), &evaluated, NULL), SDQN_OK);
    const json_t *mean = json_object_get(evaluated, "mean");
    assert_true(json_real_value(json_object_get(json_array_get(rows, 2), "mean")) == json_real_value(mean));
    json_decref(document);
    json_decref(summary);
    json_decref(evaluated);

    outcome = e2e_run("prune", e2e_path("varshare"), "--out", pruned, NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "pruned.safetensors: is there already"));
    outcome = e2e_run("prune", e2e_path("varshare"), "--thresholds", "0,-1", NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "--thresholds -1: must be a number >= 0, or inf"));
    outcome = e2e_run("prune", e2e_path("varshare"), "--thresholds", // its first 63 digits are 0
                      "0,00000000000000000000000000000000000000000000000000000000000000000001", NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "...: is too long for a number"));
    outcome = e2e_run("prune", "--weights", "tests/data/trained.safetensors", NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "has no residuals to prune"));
}

/// The means of the tasks in a run's final evaluation.
static void final_means(const char *run, double means[4]) {
    char path[SDQN_PATH_SIZE];
    json_t *summary;
    const char *name;
    json_t *task;
    int count = 0;
    assert_int_equal(sdqn_file_join(run, "summary.json", path, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_read(path, 1 << 20, &summary, NULL), SDQN_OK);
    json_object_foreach(json_object_get(json_object_get(summary, "evaluation"), "tasks"), name, task) {
        assert_true(count < 4);
        means[count++] = json_real_value(json_object_get(task, "mean"));
    }
    json_decref(summary);
}

static void assert_same_bytes(const char *folder, const char *name, const char *other_folder, const char *other_name) {
    size_t size, other_size;
    uint8_t *bytes = e2e_read(folder, name, &size), *other = e2e_read(other_folder, other_name, &other_size);
    assert_int_equal(size, other_size);
    assert_memory_equal(bytes, other, size);
    free(bytes);
    free(other);
}

/// A task is added to a trained network: alone it learns when the rest is frozen, byte for byte the same after kills.
static void tasks_are_added_to_trained_networks(void **state) {
    (void)state;
    static const char *const methods[] = {"varshare", "shared", "varshare-deterministic", "pcgrad"};
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        const bool freezes = strcmp(methods[m], "pcgrad") != 0;
        const char *first = e2e_path("first"), *whole = e2e_path("whole"), *killed = e2e_path("killed");
        run(methods[m], (const char *const[]){NULL}, first);
        const char *const extra[] = {"--init-from",     first, "--add-task", "gymwind", "--freeze", freezes ? "true" : "false",
                                     "--epsilon-start", "0.3", NULL};
        run(methods[m], extra, whole);
        for (int k = 1; k <= KILLS; k++) kill_run_after(methods[m], extra, killed, 6 * k - 3, k > 1);
        run_on("scalar", methods[m], extra, killed, KILLS > 0);
        e2e_assert_same_runs(whole, killed);
        assert_same_bytes(first, "final.safetensors", whole, "initial.safetensors");
        check_evaluation(whole);
        double before[4] = {0}, after[4] = {0};
        final_means(first, before);
        final_means(whole, after);
        for (int t = 0; t < 3; t++) assert_true(!freezes || before[t] == after[t]);
        for (int i = 0; i < 3; i++) assert_int_equal(sdqn_file_remove_tree((const char *[]){first, whole, killed}[i], NULL), SDQN_OK);
    }
}

static void wrong_beginnings_are_refused(void **state) {
    (void)state;
    const char *first = e2e_path("first"), *out = e2e_path("out");
    run("varshare", (const char *const[]){NULL}, first);
    static const struct {
        const char *arguments[5];
        const char *message;
    } cases[] = {
        {{"--add-task", "gymwind"}, "--add-task gymwind: needs --init-from"},
        {{"--init-from", "FIRST", "--freeze", "true"}, "--freeze true: needs a new task: --add-task"},
        {{"--init-from", "FIRST", "--add-task", "windy"}, "task windy is named twice"},
        {{"--init-from", "FIRST", "--add-task", "mars"}, "no task is called mars"},
        {{"--init-from", "FIRST", "--hidden1-size=9"}, "tensor fc1.weight: shape [24, 8], expected [9, 8]"},
        {{"--init-from", "FIRST", "--tasks", "windy"}, "knows 3 tasks, the network 1"},
        {{"--init-from", "FIRST", "--tasks", "standard,windy,heavy,gymwind"}, "know 3 tasks: the run has 4 and says that 0 are new"},
        {{"--init-from", "tests"}, "tests: is no run: it holds no config.yaml\n"},
        {{"--init-from", "FIRST", "--method", "shared"},
         "is a run of varshare, whose settings make no run of shared; for its weights alone"},
        {{"--init-from", "Makefile"}, "Makefile: a header of"},
        {{"--new-tasks", "1"}, "--new-tasks 1: needs --init-from"},
        {{"--set", "initial_weights=00"}, "must be 64 hexadecimal digits, or none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *arguments[8] = {"train", "--out", out};
        for (int k = 0; k < 4 && cases[i].arguments[k] != NULL; k++) {
            arguments[3 + k] = strcmp(cases[i].arguments[k], "FIRST") == 0 ? first : cases[i].arguments[k];
        }
        const Outcome *outcome = e2e_wait(e2e_start(arguments));
        if (outcome->code == 0 || strstr(outcome->err, cases[i].message) == NULL) fail_msg("%s: %s", cases[i].message, outcome->err);
        assert_false(sdqn_file_exists(out));
    }
    const Outcome *outcome = e2e_run("train", "--init-from", first, "--out", first, "--force", NULL);
    assert_int_equal(outcome->code, 2);
    assert_non_null(strstr(outcome->err, "is the run that --init-from names"));
    check_evaluation(first);
}

/// --resume with the words the run was begun with goes on, also when what it began with is gone; with others it is refused.
static void resuming_keeps_the_beginning(void **state) {
    (void)state;
    const char *first = e2e_path("first"), *other = e2e_path("other"), *plain = e2e_path("plain"), *more = e2e_path("more");
    run("shared", (const char *const[]){NULL}, first);
    run("shared", (const char *const[]){"--seed", "2", NULL}, other);
    run("shared", (const char *const[]){NULL}, plain);
    run("shared", (const char *const[]){"--init-from", first, "--add-task", "gymwind", NULL}, more);
    const struct {
        const char *out, *arguments[4], *message; // NULL: it goes on
    } cases[] = {
        {plain, {"--init-from", first}, "the run began with no trained weights; --resume keeps its settings"},
        {plain, {"--add-task", "gymwind"}, "--add-task gymwind: the run was begun with no new task; --resume keeps its settings"},
        {more, {"--init-from", other}, "has SHA-256 "},
        {more, {"--init-from", first, "--add-task", "standard"}, "--add-task standard: the run was begun with gymwind; --resume keeps"},
        {more, {"--init-from", first, "--add-task", " gymwind"}, NULL},
        {more, {"--init-from", e2e_path("gone"), "--add-task", "gymwind"}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *arguments[9] = {"train", "--resume", "--out", cases[i].out};
        for (int k = 0; k < 4; k++) arguments[4 + k] = cases[i].arguments[k];
        const Outcome *outcome = e2e_wait(e2e_start(arguments));
        if (outcome->code != (cases[i].message ? 2 : 0)) fail_msg("%zu: %s", i, outcome->err);
        if (cases[i].message && !strstr(outcome->err, cases[i].message)) fail_msg("%zu: %s", i, outcome->err);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_method_keeps_its_bytes),
        TEST(switches_keep_their_bytes),
        TEST(every_method_trains_one_task_and_sixteen),
        TEST(a_loss_that_is_infinite_ends_the_run_and_keeps_its_state),
        TEST(methods_are_listed_with_a_line_each),
        TEST(pruned_weights_are_written_and_played),
        TEST(tasks_are_added_to_trained_networks),
        TEST(wrong_beginnings_are_refused),
        TEST(resuming_keeps_the_beginning),
        TEST(one_independent_network_trains_alone),
    };
    return cmocka_run_group_tests_name("e2e_methods", tests, NULL, NULL);
}
