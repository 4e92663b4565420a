// Trained weights earn in our environment what they earn in Gymnasium's: `evaluate --json` against recorded greedy returns
// (tools/make_reference_data.py), for weights of our own and, where they lie beside the clone, for weights trained by others in PyTorch.
#include "e2e.h"

#include "core/json.h"

#include <unistd.h>

#define OTHERS_WEIGHTS "../shared/reference/shared_dqn.safetensors"

enum { NUM_TASKS = 3, EPISODES = 20, MIN_EQUAL = 54, MAX_FILE_SIZE = 1 << 20 };
/// Two Q-values nearer than this, relative to the largest, may be ordered otherwise by another order of float32 sums.
static const double NEAR_TIE = 1e-6;

static const char *const task_names[NUM_TASKS] = {"standard", "windy", "heavy"};

/// A member that must be there. @param kind  jansson's type; a JSON_TRUE stands for either truth value
static const json_t *member(const json_t *object, const char *key, json_type kind) {
    const json_t *value = json_object_get(object, key);
    const bool right = value != NULL && (json_typeof(value) == kind || (kind == JSON_TRUE && json_is_false(value)));
    if (!right) fail_msg("%s: missing or of another type", key);
    return value;
}

static double hex_member(const json_t *object, const char *key) {
    const char *text = json_string_value(member(object, key, JSON_STRING));
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0') fail_msg("%s = \"%s\": no number", key, text);
    return value;
}

/// Whether an episode is the recorded one bit for bit; if it is not, the record must show a near tie.
static bool equals_record(const char *task, const json_t *record, const json_t *episode) {
    const json_int_t seed = json_integer_value(member(record, "seed", JSON_INTEGER));
    const json_int_t steps = json_integer_value(member(record, "steps", JSON_INTEGER));
    const json_int_t found_steps = json_integer_value(member(episode, "steps", JSON_INTEGER));
    const bool terminated = json_is_true(member(record, "terminated", JSON_TRUE));
    const double expected = hex_member(record, "ret"), found = hex_member(episode, "return");
    assert_int_equal(json_integer_value(member(episode, "seed", JSON_INTEGER)), seed);
    if (found == expected && found_steps == steps && json_is_true(member(episode, "terminated", JSON_TRUE)) == terminated) return true;
    const double gap = json_number_value(member(record, "mingap", JSON_REAL));
    if (gap >= NEAR_TIE) {
        fail_msg("%s, seed %d: return %a in %d steps, expected %a in %d; the nearest Q-values are %g apart", task, (int)seed, found,
                 (int)found_steps, expected, (int)steps, gap);
    }
    return false;
}

/// Evaluate the weights on all tasks and compare with the records under `key` of the file.
static void check_returns(const char *weights, const char *records, const char *key) {
    SdqnError error = {0};
    json_t *expected, *found;
    if (sdqn_json_read(records, MAX_FILE_SIZE, &expected, &error) != SDQN_OK) fail_msg("%s", error.message);
    const Outcome *outcome = e2e_run("evaluate", "--weights", weights, "--episodes", "20", "--seed", "0", "--json", NULL);
    if (outcome->code != 0) fail_msg("evaluate: %s", outcome->err);
    if (sdqn_json_parse("evaluate --json", outcome->out, strlen(outcome->out), &found, &error) != SDQN_OK) fail_msg("%s", error.message);

    const json_t *recorded_tasks = member(expected, key, JSON_OBJECT), *tasks = member(found, "tasks", JSON_OBJECT);
    int equal = 0;
    for (int t = 0; t < NUM_TASKS; t++) {
        const json_t *task_records = member(recorded_tasks, task_names[t], JSON_ARRAY);
        const json_t *episodes = member(member(tasks, task_names[t], JSON_OBJECT), "episodes", JSON_ARRAY);
        assert_int_equal(json_array_size(task_records), EPISODES);
        assert_int_equal(json_array_size(episodes), EPISODES);
        for (size_t i = 0; i < EPISODES; i++) {
            equal += equals_record(task_names[t], json_array_get(task_records, i), json_array_get(episodes, i));
        }
    }
    print_message("%s: %d of %d returns equal bit for bit\n", weights, equal, NUM_TASKS * EPISODES);
    if (equal < MIN_EQUAL) fail_msg("only %d of %d returns are equal", equal, NUM_TASKS * EPISODES);
    json_decref(expected);
    json_decref(found);
}

static void own_weights_earn_what_they_earn_in_gymnasium(void **state) {
    (void)state;
    check_returns("tests/data/trained.safetensors", "tests/data/trained.expected.json", "trained");
}

static void weights_of_others_earn_what_they_earn_in_gymnasium(void **state) {
    (void)state;
    if (access(OTHERS_WEIGHTS, R_OK) != 0) skip();
    check_returns(OTHERS_WEIGHTS, "tests/data/reference.expected.json", "shared_dqn");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(own_weights_earn_what_they_earn_in_gymnasium, e2e_setup, e2e_teardown),
        cmocka_unit_test_setup_teardown(weights_of_others_earn_what_they_earn_in_gymnasium, e2e_setup, e2e_teardown),
    };
    return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
