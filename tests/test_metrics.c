// The lines of the logs, character by character.
#include "run/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const SdqnEpisodeMetrics sample = {
    .episode = 12,
    .task = "windy",
    .episode_return = -123.45678901234567,
    .steps = 400,
    .truncated = true,
    .epsilon = 0.995,
    .updates = 3,
    .mean_loss = 0.1,
    .total_steps = 2345,
    .total_updates = 345,
    .seconds = 1.5,
    .updates_per_second = 4000,
};

static void episode_line_has_fixed_keys_and_shortest_numbers(void **state) {
    (void)state;
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    sdqn_metrics_episode_line(writer, &sample);
    assert_string_equal(sdqn_json_writer_text(writer, NULL),
                        "{\"episode\": 12, \"task\": \"windy\", \"return\": -123.45678901234567, \"steps\": 400, \"terminated\": false, "
                        "\"truncated\": true, \"at_rest\": false, \"epsilon\": 0.995, \"loss\": 0.1, \"total_steps\": 2345, "
                        "\"total_updates\": 345}\n");
    sdqn_json_writer_destroy(writer);
}

static void episode_without_updates_has_no_loss(void **state) {
    (void)state;
    SdqnEpisodeMetrics metrics = sample;
    metrics.updates = 0;
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    sdqn_metrics_episode_line(writer, &metrics);
    assert_non_null(strstr(sdqn_json_writer_text(writer, NULL), "\"loss\": null,"));
    sdqn_json_writer_destroy(writer);
}

static void time_is_in_timing_alone(void **state) {
    (void)state;
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    sdqn_metrics_timing_line(writer, &sample);
    assert_string_equal(sdqn_json_writer_text(writer, NULL), "{\"episode\": 12, \"seconds\": 1.5, \"updates_per_second\": 4000.0}\n");
    sdqn_json_writer_destroy(writer);
}

static void evaluation_line_holds_results_and_protocol(void **state) {
    (void)state;
    SdqnEpisodeResult episode = {.seed = 2000000, .episode_return = 1.5, .steps = 7, .terminated = true, .at_rest = true};
    SdqnTaskResult task = {
        .name = "windy", .time_limit_steps = 400, .mean = 1.5, .at_rest = 1, .steps = 7, .num_episodes = 1, .episodes = &episode};
    SdqnEvaluation evaluation = {.num_tasks = 1, .num_episodes = 1, .seed = 2000000, .mean = 1.5, .tasks = &task};
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    sdqn_metrics_evaluation_line(writer, 50, SDQN_EVALUATION_PERIODIC, &evaluation);
    assert_string_equal(sdqn_json_writer_text(writer, NULL),
                        "{\"episode\": 50, \"kind\": \"periodic\", \"tasks\": {\"windy\": {\"mean\": 1.5, \"std\": 0.0, \"success\": 0.0, "
                        "\"at_rest\": 1.0, \"timeout\": 0.0, \"steps\": 7.0, \"episodes\": [{\"seed\": 2000000, \"return\": \"0x1.8p+0\", "
                        "\"steps\": 7, \"terminated\": true, \"at_rest\": true}]}}, \"mean\": 1.5, \"protocol\": {\"episodes\": 1, "
                        "\"seed\": 2000000, \"greedy\": true, \"success_return\": 200.0, \"time_limits\": {\"windy\": 400}}}\n");
    sdqn_json_writer_destroy(writer);
}

static void a_control_is_written_where_there_is_one(void **state) {
    (void)state;
    double gram[4] = {4, -2, -2, 4}, shuffled[4] = {4, 2, 2, 1};
    SdqnReportLayer layer = {.name = "fc1", .gram = gram, .shuffled = shuffled};
    SdqnGradientReport report = {.update = 1,
                                 .tasks = 2,
                                 .num_layers = 1,
                                 .layers = &layer,
                                 .gram = gram,
                                 .shuffled = shuffled,
                                 .has_shuffled = true,
                                 .cut = (double)NAN,
                                 .kl = {(double)NAN, (double)NAN},
                                 .kept = {(double)NAN, (double)NAN}};
    static const char *const names[] = {"a", "b"};
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    sdqn_metrics_gradients_line(writer, 7, names, &report);
    const char *text = sdqn_json_writer_text(writer, NULL);
    assert_non_null(strstr(text, "\"norms\": [2.0, 2.0], \"cosines\": [-0.5], \"conflict\": 1.0"));
    assert_non_null(strstr(text, "}}, \"shuffled\": {\"norms\": [2.0, 1.0], \"cosines\": [1.0], \"conflict\": 0.0, \"layers\": {\"fc1\": "
                                 "{\"norms\": [2.0, 1.0], \"cosines\": [1.0]}}}}\n"));
    sdqn_json_writer_destroy(writer);
}

/// Two tasks, of which the second had no row, and two layers.
static void gradients_line_holds_norms_cosines_and_conflict(void **state) {
    (void)state;
    double first[4] = {9, 0, 0, 0}, second[4] = {16, 0, 0, 0}, whole[4] = {25, 0, 0, 0};
    SdqnReportLayer layers[2] = {{.name = "fc1", .gram = first}, {.name = "fc2", .gram = second}};
    SdqnGradientReport report = {.update = 1000,
                                 .tasks = 2,
                                 .num_layers = 2,
                                 .layers = layers,
                                 .gram = whole,
                                 .weights = {1, 0},
                                 .errors = {0.5, (double)NAN},
                                 .cut = (double)NAN,
                                 .kl = {2.5, 0.25},
                                 .kept = {(double)NAN, (double)NAN}};
    static const char *const names[] = {"standard", "windy"};
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    sdqn_metrics_gradients_line(writer, 7, names, &report);
    assert_string_equal(sdqn_json_writer_text(writer, NULL),
                        "{\"update\": 1000, \"episode\": 7, \"tasks\": [\"standard\", \"windy\"], \"weights\": [1.0, 0.0], "
                        "\"errors\": [0.5, null], \"norms\": [5.0, 0.0], \"cosines\": [null], \"conflict\": null, \"layers\": "
                        "{\"fc1\": {\"norms\": [3.0, 0.0], \"cosines\": [null]}, \"fc2\": {\"norms\": [4.0, 0.0], \"cosines\": "
                        "[null]}}, \"kl\": [2.5, 0.25]}\n");
    sdqn_json_writer_destroy(writer);
}

static bool record_has(const SdqnTensorboardRecord *record, const char *tag) {
    for (size_t i = 0; i + strlen(tag) <= record->size; i++)
        if (memcmp(record->bytes + i, tag, strlen(tag)) == 0) return true;
    return false;
}

static void records_name_the_task(void **state) {
    (void)state;
    SdqnTensorboardRecord record;
    sdqn_metrics_episode_record(&sample, 1e9, &record);
    assert_true(record_has(&record, "return/windy") && record_has(&record, "epsilon") && record_has(&record, "loss"));
    SdqnTaskResult tasks[2] = {{.name = "windy"}, {.name = "heavy"}};
    SdqnEvaluation evaluation = {.num_tasks = 2, .tasks = tasks};
    sdqn_metrics_evaluation_record(50, &evaluation, 0, 1e9, &record);
    assert_true(record_has(&record, "evaluation/windy") && record_has(&record, "evaluation/mean_over_tasks"));
    sdqn_metrics_evaluation_record(50, &evaluation, 1, 1e9, &record);
    assert_true(record_has(&record, "success/heavy") && !record_has(&record, "mean_over_tasks"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(episode_line_has_fixed_keys_and_shortest_numbers),
        cmocka_unit_test(episode_without_updates_has_no_loss),
        cmocka_unit_test(time_is_in_timing_alone),
        cmocka_unit_test(evaluation_line_holds_results_and_protocol),
        cmocka_unit_test(gradients_line_holds_norms_cosines_and_conflict),
        cmocka_unit_test(a_control_is_written_where_there_is_one),
        cmocka_unit_test(records_name_the_task),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
