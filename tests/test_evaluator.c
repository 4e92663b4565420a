// Evaluation: seeds, statistics worked by hand, independence of all else, and its JSON there and back.
#include "run/evaluation_json.h"
#include "run/evaluator.h"
#include "run/table.h"
#include "walk_family.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const WalkTask walks[2] = {{.step = 0.2, .spread = 0.5, .goal = 250, .limit = 30},
                                  {.step = 0.1, .spread = 0.3, .goal = 200, .limit = 12}};
static const SdqnTaskSet tasks = {&walk_family, 2, {{"long", &walks[0], 30}, {"short", &walks[1], 12}}};

static void act_by_task(void *object, const int32_t *tasks_of_rows, const float *observations, int n, int32_t *actions) {
    (void)observations;
    for (int i = 0; i < n; i++) actions[i] = ((const int *)object)[tasks_of_rows[i]];
}

/// What to evaluate with one action a task.
static SdqnEvaluationDef def_of(const SdqnTaskSet *set, const int *actions, int episodes, uint64_t seed) {
    return (SdqnEvaluationDef){.set = set, .policy = {(void *)actions, act_by_task}, .episodes = episodes, .seed = seed};
}

static void evaluate(const int *actions, int episodes, uint64_t seed, SdqnEvaluation *evaluation) {
    SdqnError error = {0};
    const SdqnEvaluationDef def = def_of(&tasks, actions, episodes, seed);
    if (sdqn_evaluate(&def, evaluation, &error) != SDQN_OK) fail_msg("%s", error.message);
}

static void episode_i_begins_with_seed_plus_i(void **state) {
    (void)state;
    const int right[2] = {2, 2};
    SdqnEvaluation all, last;
    evaluate(right, 5, 100, &all);
    evaluate(right, 1, 104, &last);
    for (int i = 0; i < 5; i++) assert_int_equal(all.tasks[0].episodes[i].seed, 100 + i);
    assert_true(all.tasks[0].episodes[4].episode_return == last.tasks[0].episodes[0].episode_return);
    assert_int_equal(all.tasks[0].episodes[4].steps, last.tasks[0].episodes[0].steps);
    sdqn_evaluation_clear(&all);
    sdqn_evaluation_clear(&last);
}

static void an_episode_depends_on_its_seed_alone(void **state) {
    (void)state;
    const int one[2] = {2, 1}, other[2] = {0, 1}; // the first task is played differently
    SdqnEvaluation a, b;
    evaluate(one, 6, 7, &a);
    evaluate(other, 6, 7, &b);
    assert_memory_equal(a.tasks[1].episodes, b.tasks[1].episodes, 6 * sizeof *a.tasks[1].episodes);
    sdqn_evaluation_clear(&a);
    sdqn_evaluation_clear(&b);
}

static void shares_count_what_happened(void **state) {
    (void)state;
    const int actions[2] = {2, 1}; // always to the goal; always nowhere until the time is over
    SdqnEvaluation evaluation;
    evaluate(actions, 10, 1, &evaluation);
    const SdqnTaskResult *goal = &evaluation.tasks[0], *nowhere = &evaluation.tasks[1];
    assert_true(goal->success == 1 && goal->at_rest == 1 && goal->timeout == 0);
    assert_true(nowhere->success == 0 && nowhere->at_rest == 0 && nowhere->timeout == 1);
    assert_true(nowhere->steps == 12);
    assert_int_equal(nowhere->time_limit_steps, 12);
    assert_true(evaluation.mean == (goal->mean + nowhere->mean) / 2);
    sdqn_evaluation_clear(&evaluation);
}

static void the_deviation_is_the_populations(void **state) {
    (void)state;
    const int right[2] = {2, 2};
    SdqnEvaluation evaluation;
    evaluate(right, 4, 1, &evaluation);
    const SdqnTaskResult *task = &evaluation.tasks[0];
    double mean = 0, variance = 0;
    for (int i = 0; i < 4; i++) mean += task->episodes[i].episode_return / 4;
    for (int i = 0; i < 4; i++) variance += (task->episodes[i].episode_return - mean) * (task->episodes[i].episode_return - mean) / 4;
    assert_true(variance > 0);
    assert_true(fabs(task->mean - mean) < 1e-9);
    assert_true(fabs(task->std - sqrt(variance)) < 1e-9);
    sdqn_evaluation_clear(&evaluation);
}

static void a_return_of_exactly_200_is_a_success(void **state) {
    (void)state;
    // One step from the goal, so that the return is the goal's reward alone.
    static const WalkTask exact = {.step = 30, .spread = 0.5, .goal = 200, .limit = 3},
                          below = {.step = 30, .spread = 0.5, .goal = 199.9, .limit = 3};
    static const SdqnTaskSet set = {&walk_family, 2, {{"exact", &exact, 3}, {"below", &below, 3}}};
    const int right[2] = {2, 2};
    const SdqnEvaluationDef def = def_of(&set, right, 3, 0);
    SdqnEvaluation evaluation;
    assert_int_equal(sdqn_evaluate(&def, &evaluation, NULL), SDQN_OK);
    assert_true(evaluation.tasks[0].success == 1);
    assert_true(evaluation.tasks[1].success == 0 && evaluation.tasks[1].at_rest == 1);
    sdqn_evaluation_clear(&evaluation);
}

static void wrong_numbers_of_episodes_are_refused(void **state) {
    (void)state;
    const int right[2] = {2, 2};
    SdqnEvaluation evaluation = {0};
    SdqnError error = {0};
    const SdqnEvaluationDef none = def_of(&tasks, right, 0, 0), too_many = def_of(&tasks, right, 1000001, 0);
    assert_int_equal(sdqn_evaluate(&none, &evaluation, &error), SDQN_ERR_ARGUMENT);
    assert_int_equal(sdqn_evaluate(&too_many, &evaluation, &error), SDQN_ERR_ARGUMENT);
    assert_null(evaluation.tasks);
}

static bool stop_at_five(void *context, int done, int total) {
    assert_int_equal(total, 20);
    *(int *)context = done;
    return done < 5;
}

static void progress_can_stop_an_evaluation(void **state) {
    (void)state;
    const int right[2] = {2, 2};
    SdqnEvaluation evaluation = {0};
    SdqnError error = {0};
    int done = 0;
    SdqnEvaluationDef def = def_of(&tasks, right, 10, 0);
    def.progress = stop_at_five;
    def.progress_context = &done;
    assert_int_equal(sdqn_evaluate(&def, &evaluation, &error), SDQN_ERR_INTERRUPTED);
    assert_int_equal(done, 5);
    assert_null(evaluation.tasks);
}

static json_t *to_json(const SdqnEvaluation *evaluation) {
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    assert_non_null(writer);
    sdqn_json_begin_object(writer, NULL);
    sdqn_evaluation_json_add(writer, evaluation);
    sdqn_json_end_object(writer);
    size_t size;
    const char *text = sdqn_json_writer_text(writer, &size);
    json_t *document;
    assert_int_equal(sdqn_json_parse("test", text, size, &document, NULL), SDQN_OK);
    sdqn_json_writer_destroy(writer);
    return document;
}

static void json_holds_results_and_protocol(void **state) {
    (void)state;
    const int actions[2] = {2, 1};
    SdqnEvaluation evaluation;
    evaluate(actions, 3, 1000000, &evaluation);
    json_t *document = to_json(&evaluation);
    json_t *task = json_object_get(json_object_get(document, "tasks"), "short");
    assert_true(json_number_value(json_object_get(task, "timeout")) == 1);
    json_t *episode = json_array_get(json_object_get(task, "episodes"), 2);
    assert_int_equal(json_integer_value(json_object_get(episode, "seed")), 1000002);
    assert_true(strtod(json_string_value(json_object_get(episode, "return")), NULL) == evaluation.tasks[1].episodes[2].episode_return);
    assert_true(json_is_false(json_object_get(episode, "terminated")));
    json_t *protocol = json_object_get(document, "protocol");
    assert_int_equal(json_integer_value(json_object_get(protocol, "episodes")), 3);
    assert_int_equal(json_integer_value(json_object_get(protocol, "seed")), 1000000);
    assert_true(json_is_true(json_object_get(protocol, "greedy")));
    assert_true(json_number_value(json_object_get(protocol, "success_return")) == 200);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(protocol, "time_limits"), "short")), 12);
    json_decref(document);
    sdqn_evaluation_clear(&evaluation);
}

static void json_reads_back_as_written(void **state) {
    (void)state;
    const int actions[2] = {2, 1};
    SdqnEvaluation evaluation, back;
    evaluate(actions, 3, 1000000, &evaluation);
    json_t *document = to_json(&evaluation);
    assert_int_equal(sdqn_evaluation_json_read("test", document, &back, NULL), SDQN_OK);
    assert_int_equal(back.num_tasks, 2);
    assert_int_equal(back.num_episodes, 3);
    assert_int_equal(back.seed, 1000000);
    assert_true(back.mean == evaluation.mean);
    for (int t = 0; t < 2; t++) {
        assert_string_equal(back.tasks[t].name, evaluation.tasks[t].name);
        assert_true(back.tasks[t].mean == evaluation.tasks[t].mean && back.tasks[t].std == evaluation.tasks[t].std);
        assert_true(back.tasks[t].steps == evaluation.tasks[t].steps && back.tasks[t].timeout == evaluation.tasks[t].timeout);
        assert_int_equal(back.tasks[t].time_limit_steps, evaluation.tasks[t].time_limit_steps);
    }
    sdqn_evaluation_clear(&back);
    json_object_del(json_object_get(json_object_get(document, "tasks"), "short"), "std");
    SdqnError error = {0};
    assert_int_equal(sdqn_evaluation_json_read("test", document, &back, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "std"));
    json_decref(document);
    sdqn_evaluation_clear(&evaluation);
}

static void the_table_shows_the_documents_figures_only_when_asked(void **state) {
    (void)state;
    SdqnTaskResult results[2] = {{.name = "windy", .mean = 1.25, .std = 2, .success = 0.5, .steps = 10}, {.name = "mine", .mean = 3}};
    SdqnEvaluation evaluation = {.num_tasks = 2, .num_episodes = 100, .seed = 1000000, .mean = 2.125, .tasks = results};
    for (int with = 0; with < 2; with++) {
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        assert_non_null(stream);
        sdqn_table_write(stream, &evaluation, with);
        assert_int_equal(fclose(stream), 0);
        assert_non_null(strstr(text, "1.25"));
        assert_non_null(strstr(text, "50.0%"));
        assert_int_equal(strstr(text, "129.54") != NULL, with);
        assert_int_equal(strstr(text, "205.61") != NULL, with);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(episode_i_begins_with_seed_plus_i),    cmocka_unit_test(an_episode_depends_on_its_seed_alone),
        cmocka_unit_test(shares_count_what_happened),           cmocka_unit_test(the_deviation_is_the_populations),
        cmocka_unit_test(a_return_of_exactly_200_is_a_success), cmocka_unit_test(wrong_numbers_of_episodes_are_refused),
        cmocka_unit_test(progress_can_stop_an_evaluation),      cmocka_unit_test(json_holds_results_and_protocol),
        cmocka_unit_test(json_reads_back_as_written),           cmocka_unit_test(the_table_shows_the_documents_figures_only_when_asked),
    };
    return cmocka_run_group_tests_name("evaluator", tests, NULL, NULL);
}
