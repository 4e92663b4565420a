// A training against the same training written in PyTorch on Gymnasium (tools/make_training_data.py): same draws, so same episodes.
#include "e2e.h"

#include "core/json.h"

#include <math.h>

/// Drift of float32 rounding, which grows with the updates: 8e-6 is found after 787 of them.
#define LOSS_TOLERANCE 1e-4
/// Episodes of the record.
#define EPISODES 9

/// Compare a line of metrics.jsonl with the record: all members of the record bit for bit, but the mean loss.
static void check_line(const char *text, const char *expected_text) {
    static const char *const members[] = {"episode", "task", "return", "steps", "terminated", "epsilon", "total_steps", "total_updates"};
    json_t *line, *expected;
    SdqnError error = {0};
    if (sdqn_json_parse("metrics.jsonl", text, strlen(text), &line, &error) != SDQN_OK) fail_msg("%s", error.message);
    if (sdqn_json_parse("training.jsonl", expected_text, strlen(expected_text), &expected, &error) != SDQN_OK)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *value = json_object_get(expected, members[i]);
        assert_non_null(value);
        if (!json_equal(json_object_get(line, members[i]), value)) fail_msg("%s: %s    expected %s", members[i], text, expected_text);
    }
    const json_t *loss = json_object_get(line, "loss"), *expected_loss = json_object_get(expected, "loss");
    assert_true(loss != NULL && expected_loss != NULL);
    const double difference = fabs(json_number_value(loss) - json_number_value(expected_loss));
    if (json_is_null(loss) != json_is_null(expected_loss) || !(difference <= LOSS_TOLERANCE * json_number_value(expected_loss)))
        fail_msg("loss: %s    expected %s", text, expected_text);
    json_decref(line);
    json_decref(expected);
}

/// Tasks of the record: the last ends before most landings do, because a time limit is no termination.
static const char configuration[] = "tasks: [standard, windy, brief]\n"
                                    "task_definitions:\n"
                                    "  brief:\n"
                                    "    gravity: -12.5\n"
                                    "    time_limit_steps: 60\n";

static void training_equals_the_same_in_pytorch(void **state) {
    (void)state;
    FILE *file = fopen(e2e_path("tasks.yaml"), "w");
    assert_non_null(file);
    assert_true(fputs(configuration, file) >= 0);
    assert_int_equal(fclose(file), 0);
    const Outcome *outcome = e2e_run("train", "--config", e2e_path("tasks.yaml"), "--out", e2e_path("run"), "--seed", "5", "--episodes",
                                     "9", "--replay-capacity", "400", "--min-replay-size", "80", "--target-period", "2", "--epsilon-decay",
                                     "0.85", "--epsilon-floor", "0.3", "--final-episodes", "1", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    FILE *metrics = fopen(e2e_path("run/metrics.jsonl"), "r"), *record = fopen("tests/data/training.jsonl", "r");
    assert_true(metrics != NULL && record != NULL);
    char line[1024], expected[1024];
    int count = 0;
    while (fgets(expected, sizeof expected, record) != NULL) {
        if (fgets(line, sizeof line, metrics) == NULL) fail_msg("metrics.jsonl has only %d lines", count);
        check_line(line, expected);
        count++;
    }
    assert_int_equal(count, EPISODES);
    assert_null(fgets(line, sizeof line, metrics));
    fclose(metrics);
    fclose(record);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(training_equals_the_same_in_pytorch, e2e_setup, e2e_teardown),
    };
    return cmocka_run_group_tests_name("e2e_training", tests, NULL, NULL);
}
