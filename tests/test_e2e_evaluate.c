// `sharedqn evaluate` against what the same weights do in Gymnasium's own LunarLander, and against the evaluation that train makes.
#include "e2e.h"

#include "core/json.h"

/// Of 60 returns this many must be equal bit for bit: a near tie of two Q-values may go the other way in another order of additions.
#define MIN_EQUAL 54

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

/// One episode of an evaluation by task and number.
static json_t *episode_of(const json_t *document, const char *task, size_t i) {
    json_t *episode = json_array_get(json_object_get(json_object_get(json_object_get(document, "tasks"), task), "episodes"), i);
    assert_non_null(episode);
    return episode;
}

/// @return whether return and steps are those expected, whose return is under `key`
static int is_equal(const json_t *found, const json_t *expected, const char *key) {
    double a = strtod(json_string_value(json_object_get(found, "return")), NULL);
    double b = strtod(json_string_value(json_object_get(expected, key)), NULL);
    return memcmp(&a, &b, sizeof a) == 0 &&
           json_integer_value(json_object_get(found, "steps")) == json_integer_value(json_object_get(expected, "steps"));
}

static void own_weights_play_as_in_gymnasium(void **state) {
    (void)state;
    json_t *document = evaluate("--weights", "tests/data/evaluation.safetensors", "0", "20", "all");
    FILE *file = fopen("tests/data/evaluation.jsonl", "r");
    assert_non_null(file);
    char line[512];
    int equal = 0, count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        json_t *expected;
        assert_int_equal(sdqn_json_parse("evaluation.jsonl", line, strlen(line), &expected, NULL), SDQN_OK);
        const char *task = json_string_value(json_object_get(expected, "task"));
        int same = is_equal(episode_of(document, task, (size_t)json_integer_value(json_object_get(expected, "seed"))), expected, "return");
        // Where no two Q-values come near each other nothing may differ.
        if (!same && json_number_value(json_object_get(expected, "mingap")) > 1e-5) fail_msg("expected %s", line);
        equal += same;
        count++;
        json_decref(expected);
    }
    fclose(file);
    json_decref(document);
    print_message("%d of %d returns are equal\n", equal, count);
    assert_int_equal(count, 60);
    assert_true(equal >= MIN_EQUAL);
}

static void reference_weights_play_as_recorded(void **state) {
    (void)state;
    const char *weights = "../shared/reference/shared_dqn.safetensors";
    if (!sdqn_file_exists(weights)) {
        print_message("%s is not here\n", weights);
        skip();
    }
    json_t *document = evaluate("--weights", weights, "0", "20", "all"), *expected;
    assert_int_equal(sdqn_json_read("tests/data/reference_expected.json", 1 << 20, &expected, NULL), SDQN_OK);
    const char *task;
    json_t *episodes, *episode;
    size_t i;
    int equal = 0, count = 0;
    json_object_foreach(json_object_get(expected, "shared_dqn"), task, episodes) {
        json_array_foreach(episodes, i, episode) {
            equal += is_equal(episode_of(document, task, i), episode, "ret");
            count++;
        }
    }
    json_decref(expected);
    json_decref(document);
    print_message("%d of %d returns are equal\n", equal, count);
    assert_int_equal(count, 60);
    assert_true(equal >= MIN_EQUAL);
}

static void one_task_gives_what_all_give_for_it(void **state) {
    (void)state;
    json_t *all = evaluate("--weights", "tests/data/evaluation.safetensors", "7", "3", "all");
    json_t *one = evaluate("--weights", "tests/data/evaluation.safetensors", "7", "3", "heavy");
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

static void tasks_of_ones_own_are_played(void **state) {
    (void)state;
    FILE *file = fopen(e2e_path("moon.yaml"), "w");
    assert_non_null(file);
    fputs("tasks: [moon, standard, heavy]\ntask_definitions:\n  moon:\n    gravity: -1.62\n    time_limit_steps: 25\n", file);
    assert_int_equal(fclose(file), 0);
    const Outcome *outcome = e2e_run("evaluate", "--weights", "tests/data/evaluation.safetensors", "--config", e2e_path("moon.yaml"),
                                     "--task", "moon", "--episodes", "2", "--json", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    assert_non_null(strstr(outcome->out, "\"moon\": 25"));     // its time limit in the protocol
    assert_non_null(strstr(outcome->out, "\"timeout\": 1.0")); // nothing falls that far in 25 steps
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(own_weights_play_as_in_gymnasium), TEST(reference_weights_play_as_recorded), TEST(one_task_gives_what_all_give_for_it),
        TEST(a_run_is_evaluated_as_train_did),  TEST(tasks_of_ones_own_are_played),
    };
    return cmocka_run_group_tests_name("e2e_evaluate", tests, NULL, NULL);
}
