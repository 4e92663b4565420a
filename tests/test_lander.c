// LunarLander against Gymnasium: every recorded episode bit for bit, and the rules that the recordings cannot show.
#include "core/dmath.h"
#include "core/sha256.h"
#include "lander/lander.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_STEPS 20000

static double real_or(const json_t *object, const char *key, double otherwise) {
    const json_t *value = json_object_get(object, key);
    return value ? json_number_value(value) : otherwise;
}

static int integer_or(const json_t *object, const char *key, int otherwise) {
    const json_t *value = json_object_get(object, key);
    return value ? (int)json_number_value(value) : otherwise;
}

/// The task of a recorded line: a built-in one by name, or its own definition.
static SdqnTask line_task(const json_t *line) {
    const char *name = json_string_value(json_object_get(line, "task"));
    const json_t *d = json_object_get(line, "definition");
    if (!d) {
        const SdqnTask *task = sdqn_task_find(name);
        assert_non_null(task);
        return *task;
    }
    SdqnTask task = sdqn_task_default();
    snprintf(task.name, sizeof task.name, "%s", name);
    const char *wind = json_string_value(json_object_get(d, "wind"));
    if (wind)
        task.wind = strcmp(wind, "uniform") == 0     ? SDQN_WIND_UNIFORM
                    : strcmp(wind, "gymnasium") == 0 ? SDQN_WIND_GYMNASIUM
                                                     : SDQN_WIND_NONE;
    task.gravity = real_or(d, "gravity", task.gravity);
    task.wind_power = real_or(d, "wind_power", task.wind_power);
    task.turbulence_power = real_or(d, "turbulence_power", task.turbulence_power);
    task.wind_on_ground = integer_or(d, "wind_on_ground", task.wind_on_ground) != 0;
    task.initial_random = real_or(d, "initial_random", task.initial_random);
    task.main_engine_power = real_or(d, "main_engine_power", task.main_engine_power);
    task.side_engine_power = real_or(d, "side_engine_power", task.side_engine_power);
    task.time_limit_steps = integer_or(d, "time_limit_steps", task.time_limit_steps);
    return task;
}

static unsigned hex_digit(char c) {
    const unsigned value = c >= 'a' ? (unsigned)(c - 'a') + 10 : (unsigned)(c - '0');
    assert_true(value < 16);
    return value;
}

/// A recorded continuous action: its two floats' bytes in hex, little-endian. @param digits of one float: 8 (float32) or 16
static void read_continuous(const char *text, size_t digits, double action[2]) {
    for (int i = 0; i < 2; i++, text += digits) {
        uint64_t bits = 0;
        for (size_t k = 0; k < digits; k += 2) bits |= (uint64_t)(hex_digit(text[k]) << 4 | hex_digit(text[k + 1])) << (4 * k);
        const uint32_t low = (uint32_t)bits;
        float narrow;
        memcpy(&narrow, &low, sizeof narrow);
        memcpy(&action[i], &bits, sizeof bits);
        if (digits == 8) action[i] = (double)narrow;
    }
}

/// One step with the action recorded for it. @param size  characters that tell a step's action: 1 if discrete
static SdqnStep step_recorded(SdqnLander *lander, const char *actions, size_t size, float *observation) {
    if (size == 1) return sdqn_lander_step(lander, actions[0] - '0', observation);
    double action[2];
    read_continuous(actions, size / 2, action);
    return sdqn_lander_step_continuous(lander, action, observation);
}

/// Play one recorded episode of a lander that has just been reset, and compare the hash of all its bytes, and its return.
/// @param where  names the line, for the message
static void check_episode(SdqnLander *lander, float *observation, const json_t *episode, const char *where) {
    static double rewards[MAX_STEPS];
    const char *actions = json_string_value(json_object_get(episode, "actions"));
    const size_t steps = (size_t)json_integer_value(json_object_get(episode, "steps")), size = strlen(actions) / steps;
    assert_true(steps <= MAX_STEPS && strlen(actions) == steps * size);
    assert_true(size == (json_is_true(json_object_get(episode, "continuous")) ? size == 16 ? 16 : 32 : 1));
    SdqnSha256 hash;
    sdqn_sha256_begin(&hash);
    sdqn_sha256_add(&hash, observation, SDQN_LANDER_OBSERVATION_SIZE * sizeof observation[0]);
    unsigned char terminated = 0;
    double episode_return = 0.0;
    for (size_t k = 0; k < steps; k++) {
        assert_false(terminated);
        SdqnStep step = step_recorded(lander, actions + k * size, size, observation);
        sdqn_sha256_add(&hash, observation, SDQN_LANDER_OBSERVATION_SIZE * sizeof observation[0]);
        rewards[k] = step.reward;
        episode_return += step.reward;
        terminated = step.terminated;
    }
    sdqn_sha256_add(&hash, rewards, steps * sizeof rewards[0]);
    sdqn_sha256_add(&hash, &terminated, 1);
    char hex[SDQN_SHA256_HEX_SIZE];
    sdqn_sha256_end_hex(&hash, hex);
    const char *expected = json_string_value(json_object_get(episode, "sha256"));
    double expected_return = strtod(json_string_value(json_object_get(episode, "ret")), NULL);
    if (strcmp(hex, expected) != 0)
        fail_msg("%s: sha256 %s, expected %s; return %a, expected %a", where, hex, expected, episode_return, expected_return);
    assert_true(episode_return == expected_return);
}

/// Play one recorded line: one episode, or `episodes` one after the other, of which only the first is seeded.
static void check_line(const json_t *line, const char *path, int number) {
    SdqnTask task = line_task(line);
    SdqnError error = {{0}};
    if (sdqn_task_check(&task, &error)) fail_msg("%s:%d: %s", path, number, error.message);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 0);
    static SdqnLander lander;
    sdqn_lander_create(&lander, &task, &rng);
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    long long seed = (long long)json_integer_value(json_object_get(line, "seed"));
    const json_t *episodes = json_object_get(line, "episodes");
    size_t count = episodes ? json_array_size(episodes) : 1;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        char where[160];
        snprintf(where, sizeof where, "%s:%d: task %s, seed %lld, episode %zu", path, number, task.name, seed, i);
        if (i == 0)
            sdqn_lander_reset_seeded(&lander, (uint64_t)seed, observation);
        else
            sdqn_lander_reset(&lander, observation);
        check_episode(&lander, observation, episodes ? json_array_get(episodes, i) : line, where);
    }
}

static int check_file(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    char *text = NULL;
    size_t capacity = 0;
    int number = 0;
    while (getline(&text, &capacity, file) > 0) {
        json_error_t error;
        json_t *line = json_loads(text, 0, &error);
        number++;
        if (!line) fail_msg("%s:%d: %s", path, number, error.text);
        check_line(line, path, number);
        json_decref(line);
    }
    free(text);
    fclose(file);
    return number;
}

static void recorded_episodes_are_equal_bit_for_bit(void **state) {
    (void)state;
    assert_true(check_file("tests/data/traces.jsonl") >= 160);
}

static void episodes_after_the_first_go_on_with_the_generator_as_gymnasium(void **state) {
    (void)state;
    assert_int_equal(check_file("tests/data/chains.jsonl"), 12);
}

static void recorded_episodes_of_continuous_actions_are_equal_bit_for_bit(void **state) {
    (void)state;
    assert_int_equal(check_file("tests/data/continuous.jsonl"), 24);
}

static void shared_golden_traces_are_equal_bit_for_bit(void **state) {
    (void)state;
    if (check_file("../shared/golden/traces.jsonl") < 0) skip();
}

static SdqnLander make(const char *task, uint64_t seed, float *observation) {
    SdqnRng rng;
    sdqn_rng_seed(&rng, seed);
    SdqnLander lander;
    sdqn_lander_create(&lander, sdqn_task_find(task), &rng);
    sdqn_lander_reset(&lander, observation);
    return lander;
}

static void a_time_limit_truncates_and_does_not_terminate(void **state) {
    (void)state;
    float o[SDQN_LANDER_OBSERVATION_SIZE];
    SdqnTask task = *sdqn_task_find("standard");
    task.time_limit_steps = 3;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 5);
    SdqnLander lander;
    sdqn_lander_create(&lander, &task, &rng);
    sdqn_lander_reset(&lander, o);
    for (int i = 1; i <= 3; i++) {
        SdqnStep step = sdqn_lander_step(&lander, 0, o);
        assert_false(step.terminated);
        assert_int_equal(step.truncated, i == 3);
    }
}

static void reset_without_a_seed_goes_on_with_the_generator(void **state) {
    (void)state;
    float a[SDQN_LANDER_OBSERVATION_SIZE], b[SDQN_LANDER_OBSERVATION_SIZE];
    SdqnLander lander = make("standard", 7, a);
    sdqn_lander_reset(&lander, b);
    assert_memory_not_equal(a, b, sizeof a);
    SdqnLander again = make("standard", 7, b);
    assert_memory_equal(a, b, sizeof a);
    sdqn_lander_reset_seeded(&again, 7, b);
    assert_memory_equal(a, b, sizeof a);
}

static void a_copy_of_a_lander_is_a_snapshot(void **state) {
    (void)state;
    float a[SDQN_LANDER_OBSERVATION_SIZE], b[SDQN_LANDER_OBSERVATION_SIZE];
    SdqnLander lander = make("gymwind", 3, a), copy;
    for (int i = 0; i < 40; i++) sdqn_lander_step(&lander, i % 4, a);
    memcpy(&copy, &lander, sizeof lander);
    for (int i = 0; i < 40; i++) {
        SdqnStep x = sdqn_lander_step(&lander, (i * 7) % 4, a), y = sdqn_lander_step(&copy, (i * 7) % 4, b);
        assert_memory_equal(a, b, sizeof a);
        assert_true(x.reward == y.reward);
    }
    assert_memory_equal(&lander, &copy, sizeof lander);
}

static void equal_landers_have_equal_bytes(void **state) {
    (void)state;
    float o[SDQN_LANDER_OBSERVATION_SIZE];
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1);
    unsigned char *a = malloc(sizeof(SdqnLander)), *b = malloc(sizeof(SdqnLander));
    assert_true(a && b);
    memset(a, 0x11, sizeof(SdqnLander));
    memset(b, 0xee, sizeof(SdqnLander));
    sdqn_lander_create((SdqnLander *)(void *)a, sdqn_task_find("windy"), &rng);
    sdqn_lander_create((SdqnLander *)(void *)b, sdqn_task_find("windy"), &rng);
    assert_memory_equal(a, b, sizeof(SdqnLander));
    sdqn_lander_reset((SdqnLander *)(void *)a, o);
    sdqn_lander_reset((SdqnLander *)(void *)b, o);
    for (int i = 0; i < 100; i++) {
        sdqn_lander_step((SdqnLander *)(void *)a, i % 4, o);
        sdqn_lander_step((SdqnLander *)(void *)b, i % 4, o);
    }
    assert_memory_equal(a, b, sizeof(SdqnLander)); // no uninitialised padding reaches a checkpoint
    free(a);
    free(b);
}

static void check_refused(SdqnTask task, const char *field) {
    SdqnError error = {{0}};
    snprintf(task.name, sizeof task.name, "mine");
    assert_int_equal(sdqn_task_check(&task, &error), SDQN_ERR_ARGUMENT);
    if (!strstr(error.message, field)) fail_msg("\"%s\" does not name %s", error.message, field);
}

static void tasks_out_of_range_are_refused_by_field(void **state) {
    (void)state;
    SdqnTask t = sdqn_task_default();
    t.gravity = 3.0;
    check_refused(t, "gravity = 3.0: must be negative");
    t.gravity = (double)NAN;
    check_refused(t, "gravity");
    t = sdqn_task_default();
    t.wind_power = -1.0;
    check_refused(t, "wind_power");
    t = sdqn_task_default();
    t.turbulence_power = (double)INFINITY;
    check_refused(t, "turbulence_power");
    t = sdqn_task_default();
    t.time_limit_steps = 0;
    check_refused(t, "time_limit_steps");
    t = sdqn_task_default();
    t.wind = (SdqnWindKind)7;
    check_refused(t, "wind");
    SdqnTask zero;
    memset(&zero, 0, sizeof zero);
    check_refused(zero, "gravity");
    SdqnError error = {{0}};
    t = sdqn_task_default();
    assert_int_equal(sdqn_task_check(&t, &error), SDQN_ERR_ARGUMENT); // no name
    memset(t.name, 'a', sizeof t.name);                               // not terminated
    assert_int_equal(sdqn_task_check(&t, &error), SDQN_ERR_ARGUMENT);
    for (int i = 0; i < SDQN_NUM_BUILTIN_TASKS; i++) assert_int_equal(sdqn_task_check(sdqn_task_builtin(i), &error), SDQN_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_episodes_are_equal_bit_for_bit),
        cmocka_unit_test(episodes_after_the_first_go_on_with_the_generator_as_gymnasium),
        cmocka_unit_test(recorded_episodes_of_continuous_actions_are_equal_bit_for_bit),
        cmocka_unit_test(shared_golden_traces_are_equal_bit_for_bit),
        cmocka_unit_test(a_time_limit_truncates_and_does_not_terminate),
        cmocka_unit_test(reset_without_a_seed_goes_on_with_the_generator),
        cmocka_unit_test(a_copy_of_a_lander_is_a_snapshot),
        cmocka_unit_test(equal_landers_have_equal_bytes),
        cmocka_unit_test(tasks_out_of_range_are_refused_by_field),
    };
    return cmocka_run_group_tests_name("lander", tests, NULL, NULL);
}
