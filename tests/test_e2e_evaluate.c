// `sharedqn evaluate`: choice of tasks, tasks of one's own, and the same result as the evaluation that train makes.
// (test_reference.c compares the returns with Gymnasium's.)
#include "e2e.h"

#include "core/json.h"

static json_t *evaluate(const char *first, const char *second, const char *seed, const char *episodes, const char *task) {
    const Outcome *outcome = e2e_run("evaluate", first, second, "--json", "--seed", seed, "--episodes", episodes, "--task", task, NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    size_t size;
    json_t *document;
    SdqnError error = {0};
    uint8_t *text = e2e_read(e2e_base, "stdout", &size); // may be longer than an Outcome keeps
    if (sdqn_json_parse("stdout", (const char *)text, size, &document, &error) != SDQN_OK) fail_msg("%s", error.message);
    free(text);
    return document;
}

static void one_task_gives_what_all_give_for_it(void **state) {
    (void)state;
    json_t *all = evaluate("--weights", "tests/data/trained.safetensors", "7", "3", "all");
    json_t *one = evaluate("--weights", "tests/data/trained.safetensors", "7", "3", "heavy");
    assert_int_equal(json_object_size(json_object_get(one, "tasks")), 1);
    assert_true(
        json_equal(json_object_get(json_object_get(one, "tasks"), "heavy"), json_object_get(json_object_get(all, "tasks"), "heavy")));
    json_decref(all);
    json_decref(one);
}

static void a_run_is_evaluated_as_train_did(void **state) {
    (void)state;
    const char *out = e2e_path("run");
    const Outcome *outcome = e2e_run("train", "--out", out, "--episodes", "6", "--tasks", "gymwind,standard", "--min-replay-size", "100",
                                     "--final-episodes", "4", "--final-seed", "77", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    json_t *document = evaluate(out, "--isa=auto", "77", "4", "all"), *summary;
    assert_int_equal(sdqn_json_read(e2e_path("run/summary.json"), 1 << 20, &summary, NULL), SDQN_OK);
    assert_true(json_equal(json_object_get(summary, "evaluation"), document));
    json_decref(summary);
    json_decref(document);
}

/// Every way of telling the network its task: a run's folder and its weights file alone give what train found.
static void weights_tell_what_the_network_is_told(void **state) {
    (void)state;
    static const char *const conditionings[] = {"onehot", "id", "blind", "embedding"};
    for (size_t i = 0; i < sizeof conditionings / sizeof *conditionings; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s", conditionings[i]);
        const char *out = e2e_path(name);
        const Outcome *outcome = e2e_run("train", "--out", out, "--conditioning", conditionings[i], "--embedding-size", "3", "--episodes",
                                         "4", "--min-replay-size", "100", "--final-episodes", "3", "--final-seed", "77", NULL);
        if (outcome->code != 0) fail_msg("%s", outcome->err);
        snprintf(name, sizeof name, "%s/final.safetensors", conditionings[i]);
        json_t *run = evaluate(out, "--isa=auto", "77", "3", "all"), *weights = evaluate("--weights", e2e_path(name), "77", "3", "all");
        json_t *one = evaluate("--weights", e2e_path(name), "77", "3", "heavy"), *summary;
        snprintf(name, sizeof name, "%s/summary.json", conditionings[i]);
        assert_int_equal(sdqn_json_read(e2e_path(name), 1 << 20, &summary, NULL), SDQN_OK);
        assert_true(json_equal(json_object_get(summary, "evaluation"), run));
        assert_true(json_equal(weights, run));
        assert_true(
            json_equal(json_object_get(json_object_get(one, "tasks"), "heavy"), json_object_get(json_object_get(run, "tasks"), "heavy")));
        json_decref(run);
        json_decref(weights);
        json_decref(one);
        json_decref(summary);
    }
}

static void tasks_of_ones_own_are_played(void **state) {
    (void)state;
    FILE *file = fopen(e2e_path("moon.yaml"), "w");
    assert_non_null(file);
    fputs("tasks: [moon, standard, heavy]\ntask_definitions:\n  moon:\n    gravity: -1.62\n    time_limit_steps: 25\n", file);
    assert_int_equal(fclose(file), 0);
    const Outcome *outcome = e2e_run("evaluate", "--weights", "tests/data/trained.safetensors", "--config", e2e_path("moon.yaml"), "--task",
                                     "moon", "--episodes", "2", "--json", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_non_null(strstr(outcome->out, "\"moon\": 25"));     // its time limit in the protocol
    assert_non_null(strstr(outcome->out, "\"timeout\": 1.0")); // nothing falls that far in 25 steps
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(one_task_gives_what_all_give_for_it),
        TEST(a_run_is_evaluated_as_train_did),
        TEST(weights_tell_what_the_network_is_told),
        TEST(tasks_of_ones_own_are_played),
    };
    return cmocka_run_group_tests_name("e2e_evaluate", tests, NULL, NULL);
}
