// Agents through the public header: trained weights earn in the environment what they earned in Gymnasium, networks worked by hand give the
// Q-values they must, and whatever does not fit is refused by name.
#include <sharedqn.h>

#include "core/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TRAINED "tests/data/trained.safetensors"
#define RECORDS "tests/data/trained.expected.json"
enum { EPISODES = 6, MAX_STEPS = 1000 };

static SdqnAgent *load(const char *path) {
    SdqnAgent *agent = NULL;
    SdqnError error = {{0}};
    if (sdqn_agent_load(path, &agent, &error) != SDQN_OK) fail_msg("%s", error.message);
    return agent;
}

/// Return of a greedy episode.
static double play(SdqnAgent *agent, const char *task, uint64_t seed) {
    SdqnEnv *env = NULL;
    SdqnError error = {{0}};
    float observation[8];
    double total = 0.0;
    const int32_t number = sdqn_agent_find_task(agent, task);
    assert_int_equal(sdqn_env_create(sdqn_task_find(task), seed, &env, &error), SDQN_OK);
    sdqn_env_reset(env, &seed, observation);
    for (int k = 0; k < MAX_STEPS; k++) {
        int32_t action;
        SdqnEnvStep step;
        if (sdqn_agent_act(agent, &number, observation, 1, &action, &error) != SDQN_OK) fail_msg("%s", error.message);
        if (sdqn_env_step(env, action, observation, &step, &error) != SDQN_OK) fail_msg("%s", error.message);
        total += step.reward;
        if (step.terminated || step.truncated) break;
    }
    sdqn_env_destroy(env);
    return total;
}

static void trained_weights_earn_what_they_earned_in_gymnasium(void **state) {
    (void)state;
    SdqnAgent *agent = load(TRAINED);
    assert_int_equal(sdqn_agent_num_tasks(agent), 3);
    json_t *records;
    SdqnError error = {{0}};
    if (sdqn_json_read(RECORDS, 1 << 20, &records, &error) != SDQN_OK) fail_msg("%s", error.message);
    int equal = 0;
    for (int t = 0; t < 3; t++) {
        const char *task = sdqn_agent_task_name(agent, t);
        const json_t *episodes = json_object_get(json_object_get(records, "trained"), task);
        for (size_t i = 0; i < EPISODES; i++) {
            const json_t *record = json_array_get(episodes, i);
            const double expected = strtod(json_string_value(json_object_get(record, "ret")), NULL);
            const double found = play(agent, task, (uint64_t)json_integer_value(json_object_get(record, "seed")));
            equal += found == expected;
            // Two Q-values nearer than this may be ordered otherwise by PyTorch's float32 sums.
            if (found != expected && json_number_value(json_object_get(record, "mingap")) > 1e-6)
                fail_msg("%s, episode %zu: return %a, expected %a", task, i, found, expected);
        }
    }
    assert_true(equal >= 3 * EPISODES - 2);
    json_decref(records);
    sdqn_agent_destroy(agent);
    sdqn_agent_destroy(NULL);
}

static void rows_do_not_depend_on_their_neighbours(void **state) {
    (void)state;
    enum { ROWS = 300 }; // more than an agent takes at once inside
    static float observations[ROWS * 8], q[(ROWS + 1) * 4];
    static int32_t tasks[ROWS], actions[ROWS + 1];
    SdqnAgent *agent = load(TRAINED);
    SdqnError error = {{0}};
    for (int i = 0; i < ROWS; i++) {
        tasks[i] = i % 3;
        for (int k = 0; k < 8; k++) observations[i * 8 + k] = (float)sin(i * 8.0 + k);
    }
    q[ROWS * 4] = 77.0f;
    actions[ROWS] = 77;
    assert_int_equal(sdqn_agent_q_values(agent, tasks, observations, ROWS, q, &error), SDQN_OK);
    assert_int_equal(sdqn_agent_act(agent, tasks, observations, ROWS, actions, &error), SDQN_OK);
    assert_true(q[ROWS * 4] == 77.0f && actions[ROWS] == 77);
    for (int i = 0; i < ROWS; i++) {
        float alone[4];
        assert_int_equal(sdqn_agent_q_values(agent, &tasks[i], observations + (size_t)i * 8, 1, alone, &error), SDQN_OK);
        assert_memory_equal(alone, q + (size_t)i * 4, sizeof alone);
        for (int a = 0; a < 4; a++) assert_true(alone[actions[i]] >= alone[a]);
    }
    assert_int_equal(sdqn_agent_q_values(agent, tasks, observations, 0, NULL, &error), SDQN_OK);
    sdqn_agent_destroy(agent);
}

/// 8 inputs (and, told the task, one or three more) to one unit, one unit, four actions: q[a] = head[a] * relu(relu(s0 + task)) + a.
typedef struct Small {
    float fc1[11], fc2[1], fc3[4], b1[1], b2[1], b3[4];
    SdqnWeights weights[6];
} Small;

static void make_small(Small *small, const char *prefix, char names[6][64], int inputs) {
    static const char *const suffixes[6] = {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias"};
    *small = (Small){.fc1 = {1, 0, 0, 0, 0, 0, 0, 0, 10, 20, 30}, .fc2 = {1}, .fc3 = {1, -1, 2, 0.5f}, .b3 = {0, 1, 2, 3}};
    const float *data[6] = {small->fc1, small->b1, small->fc2, small->b2, small->fc3, small->b3};
    const size_t rows[6] = {1, 1, 1, 1, 4, 4}, columns[6] = {(size_t)inputs, 0, 1, 0, 1, 0};
    for (int i = 0; i < 6; i++) {
        snprintf(names[i], 64, "%s%s", prefix, suffixes[i]);
        small->weights[i] = (SdqnWeights){.name = names[i], .rank = columns[i] ? 2 : 1, .shape = {rows[i], columns[i]}, .data = data[i]};
    }
}

static void check_q(SdqnAgent *agent, const int32_t *task, float s0, float unit) {
    static const float head[4] = {1, -1, 2, 0.5f};
    const float observation[8] = {s0};
    float q[4];
    int32_t action;
    SdqnError error = {{0}};
    if (sdqn_agent_q_values(agent, task, observation, 1, q, &error) != SDQN_OK) fail_msg("%s", error.message);
    for (int a = 0; a < 4; a++) assert_true(q[a] == head[a] * unit + (float)a);
    assert_int_equal(sdqn_agent_act(agent, task, observation, 1, &action, &error), SDQN_OK);
    assert_int_equal(action, unit > 1.0f ? 2 : 3);
}

static void networks_in_memory_give_the_q_values_worked_by_hand(void **state) {
    (void)state;
    Small small;
    char names[6][64];
    SdqnAgent *agent = NULL;
    SdqnError error = {{0}};
    make_small(&small, "", names, 8); // blind
    assert_int_equal(sdqn_agent_create(small.weights, 6, NULL, 0, &agent, &error), SDQN_OK);
    assert_int_equal(sdqn_agent_num_tasks(agent), 0);
    check_q(agent, NULL, 5.0f, 5.0f);
    check_q(agent, NULL, -5.0f, 0.0f);
    sdqn_agent_destroy(agent);

    const char *const tasks[3] = {"moon", "mars", "earth"};
    make_small(&small, "", names, 11); // one-hot of three
    assert_int_equal(sdqn_agent_create(small.weights, 6, tasks, 3, &agent, &error), SDQN_OK);
    assert_int_equal(sdqn_agent_num_tasks(agent), 3);
    assert_int_equal(sdqn_agent_find_task(agent, "mars"), 1);
    assert_int_equal(sdqn_agent_find_task(agent, "venus"), -1);
    assert_string_equal(sdqn_agent_task_name(agent, 2), "earth");
    assert_null(sdqn_agent_task_name(agent, 3));
    for (int32_t t = 0; t < 3; t++) check_q(agent, &t, 5.0f, 15.0f + 10.0f * (float)t);
    sdqn_agent_destroy(agent);
    assert_int_equal(sdqn_agent_create(small.weights, 6, NULL, 0, &agent, &error), SDQN_OK);
    assert_string_equal(sdqn_agent_task_name(agent, 1), "windy");
    sdqn_agent_destroy(agent);

    make_small(&small, "", names, 10); // of two: no default has two
    assert_int_equal(sdqn_agent_create(small.weights, 6, NULL, 0, &agent, &error), SDQN_OK);
    assert_int_equal(sdqn_agent_num_tasks(agent), 2);
    assert_string_equal(sdqn_agent_task_name(agent, 1), "");
    assert_int_equal(sdqn_agent_find_task(agent, ""), -1);
    sdqn_agent_destroy(agent);
}

static void a_network_a_task_is_found_by_its_name(void **state) {
    (void)state;
    Small moon, mars;
    char names[2][6][64];
    SdqnWeights weights[12];
    SdqnAgent *agent = NULL;
    SdqnError error = {{0}};
    make_small(&moon, "moon.", names[0], 8);
    make_small(&mars, "mars.", names[1], 8);
    mars.b1[0] = 7.0f;
    memcpy(weights, moon.weights, sizeof moon.weights);
    memcpy(weights + 6, mars.weights, sizeof mars.weights);
    const char *const other_order[2] = {"mars", "moon"}, *const wrong[2] = {"mars", "venus"};
    assert_int_equal(sdqn_agent_create(weights, 12, NULL, 0, &agent, &error), SDQN_OK);
    assert_int_equal(sdqn_agent_find_task(agent, "mars"), 1);
    for (int32_t t = 0; t < 2; t++) check_q(agent, &t, 5.0f, t == 1 ? 12.0f : 5.0f);
    sdqn_agent_destroy(agent);
    assert_int_equal(sdqn_agent_create(weights, 12, other_order, 2, &agent, &error), SDQN_OK);
    for (int32_t t = 0; t < 2; t++) check_q(agent, &t, 5.0f, t == 0 ? 12.0f : 5.0f);
    sdqn_agent_destroy(agent);
    assert_int_equal(sdqn_agent_create(weights, 12, wrong, 2, &agent, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "venus"));
}

static void check_refused(const SdqnWeights *weights, int count, const char *const *tasks, int num_tasks, const char *word) {
    SdqnAgent *agent = NULL;
    SdqnError error = {{0}};
    assert_int_not_equal(sdqn_agent_create(weights, count, tasks, num_tasks, &agent, &error), SDQN_OK);
    assert_null(agent);
    if (strstr(error.message, word) == NULL) fail_msg("\"%s\" does not name %s", error.message, word);
}

static void weights_that_do_not_fit_are_refused_by_name(void **state) {
    (void)state;
    Small small;
    char names[6][64], long_name[80];
    const char *const two[2] = {"a", "b"}, *const unnamed[3] = {"a", "", "c"};
    make_small(&small, "", names, 11);
    check_refused(small.weights, 6, two, 2, "3 tasks");
    check_refused(small.weights, 6, unnamed, 3, "task 1");
    check_refused(small.weights, 6, two, 40, "40 tasks");
    check_refused(small.weights, 5, NULL, 0, "fc3.bias");
    check_refused(small.weights, 0, NULL, 0, "0 tensors");
    small.weights[2].shape[1] = 2; // not what fc1 has; memory behind it is not looked at beyond its shape
    float two_values[2] = {1, 1};
    small.weights[2].data = two_values;
    check_refused(small.weights, 6, NULL, 0, "fc2.weight");
    make_small(&small, "", names, 11);
    small.weights[4].rank = 5;
    check_refused(small.weights, 6, NULL, 0, "rank = 5");
    make_small(&small, "", names, 11);
    small.weights[0].shape[1] = SIZE_MAX / 2;
    check_refused(small.weights, 6, NULL, 0, "too large");
    make_small(&small, "", names, 11);
    small.weights[1].data = NULL;
    check_refused(small.weights, 6, NULL, 0, "no data");
    make_small(&small, "", names, 11);
    small.b3[2] = (float)NAN;
    check_refused(small.weights, 6, NULL, 0, "value 2 is not finite");
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    make_small(&small, "", names, 11);
    small.weights[3].name = long_name;
    check_refused(small.weights, 6, NULL, 0, "weights 3");
    small.weights[3].name = NULL;
    check_refused(small.weights, 6, NULL, 0, "weights 3");
}

static void rows_out_of_range_are_refused_and_write_nothing(void **state) {
    (void)state;
    SdqnAgent *agent = load(TRAINED);
    SdqnError error = {{0}};
    float observations[16] = {0}, q[8] = {5, 5, 5, 5, 5, 5, 5, 5};
    const float untouched[8] = {5, 5, 5, 5, 5, 5, 5, 5};
    int32_t tasks[2] = {0, 3};
    assert_int_equal(sdqn_agent_q_values(agent, tasks, observations, 2, q, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "row 1 = 3"));
    assert_int_equal(sdqn_agent_q_values(agent, NULL, observations, 2, q, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "3 tasks"));
    assert_int_equal(sdqn_agent_q_values(agent, tasks, observations, -1, q, &error), SDQN_ERR_ARGUMENT);
    tasks[1] = 2;
    observations[13] = (float)INFINITY;
    assert_int_equal(sdqn_agent_q_values(agent, tasks, observations, 2, q, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "row 1, value 5"));
    assert_memory_equal(q, untouched, sizeof q);
    sdqn_agent_destroy(agent);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_run_is_loaded_with_its_tasks_and_others_are_refused(void **state) {
    (void)state;
    char folder[] = "/tmp/sdqn_agent_XXXXXX", config[64], weights[64], target[1024];
    SdqnAgent *agent = NULL;
    SdqnError error = {{0}};
    assert_non_null(mkdtemp(folder));
    snprintf(config, sizeof config, "%s/config.yaml", folder);
    snprintf(weights, sizeof weights, "%s/final.safetensors", folder);
    assert_int_equal(sdqn_agent_load(folder, &agent, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "is no run"));
    write_text(config, "tasks: [heavy, gymwind, windy]\n");
    assert_int_equal(sdqn_agent_load(folder, &agent, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "not finished"));
    assert_non_null(getcwd(target, sizeof target - sizeof TRAINED - 1));
    strcat(strcat(target, "/"), TRAINED);
    assert_int_equal(symlink(target, weights), 0);
    agent = load(folder);
    assert_string_equal(sdqn_agent_task_name(agent, 1), "gymwind");
    sdqn_agent_destroy(agent);
    agent = NULL;
    write_text(config, "tasks: [heavy, windy]\n");
    assert_int_equal(sdqn_agent_load(folder, &agent, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "final.safetensors"));
    write_text(config, "tasks: [moon]\n");
    assert_int_not_equal(sdqn_agent_load(folder, &agent, &error), SDQN_OK);
    unlink(weights);
    write_text(weights, "no weights");
    write_text(config, "tasks: [heavy, gymwind, windy]\n");
    assert_int_equal(sdqn_agent_load(folder, &agent, &error), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_agent_load("/tmp/sdqn_agent_nothing", &agent, &error), SDQN_ERR_IO);
    assert_null(agent);
    unlink(weights);
    unlink(config);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trained_weights_earn_what_they_earned_in_gymnasium),
        cmocka_unit_test(rows_do_not_depend_on_their_neighbours),
        cmocka_unit_test(networks_in_memory_give_the_q_values_worked_by_hand),
        cmocka_unit_test(a_network_a_task_is_found_by_its_name),
        cmocka_unit_test(weights_that_do_not_fit_are_refused_by_name),
        cmocka_unit_test(rows_out_of_range_are_refused_and_write_nothing),
        cmocka_unit_test(a_run_is_loaded_with_its_tasks_and_others_are_refused),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
