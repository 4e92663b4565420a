// What the playground's page calls, run natively: recorded episodes, the episode on show, and whatever a page could hand over that is
// wrong. What the compiled module does is tested by `make playground-test`.
#include "../web/playground.h"

#include "core/rng.h"

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

static void set_text(const char *text) { snprintf(sdqn_play_text(), SDQN_PLAY_TEXT_SIZE, "%s", text); }

static void recorded_episodes_have_their_digest(void **state) {
    (void)state;
    FILE *file = fopen("tests/data/traces.jsonl", "r");
    assert_non_null(file);
    char *line = NULL;
    size_t capacity = 0;
    int played = 0;
    for (; played < 8 && getline(&line, &capacity, file) > 0; played++) {
        json_t *episode = json_loads(line, 0, NULL);
        const char *task = json_string_value(json_object_get(episode, "task"));
        int index = 0;
        while (strcmp(sdqn_play_builtin(index), task) != 0) index++;
        set_text(json_string_value(json_object_get(episode, "actions")));
        const uint64_t seed = (uint64_t)json_integer_value(json_object_get(episode, "seed"));
        assert_string_equal(sdqn_play_trace((uint32_t)seed, (uint32_t)(seed >> 32)), json_string_value(json_object_get(episode, "sha256")));
        json_decref(episode);
    }
    free(line);
    fclose(file);
    assert_int_equal(played, 8);
}

static void a_trace_refuses_other_digits_and_tasks(void **state) {
    (void)state;
    sdqn_play_builtin(0);
    set_text("0124");
    assert_null(sdqn_play_trace(1, 0));
    assert_string_equal(sdqn_play_message(), "recorded episode: action 4 is no digit from 0 to 3");
    set_text("0123");
    sdqn_play_task()->gravity = 0.0;
    assert_null(sdqn_play_trace(1, 0));
    assert_non_null(strstr(sdqn_play_message(), "gravity"));
    assert_null(sdqn_play_builtin(-1));
    assert_null(sdqn_play_builtin(4));
}

static void numbers_that_no_field_can_hold_are_refused(void **state) {
    (void)state;
    sdqn_play_builtin(1);
    const SdqnPlayTask sound = *sdqn_play_task();
    const double wrong[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1e300, -1.0, 4294967297.0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double *fields[] = {&sdqn_play_task()->wind, &sdqn_play_task()->wind_power, &sdqn_play_task()->turbulence_power,
                            &sdqn_play_task()->time_limit_steps};
        for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
            *fields[f] = wrong[i];
            assert_int_equal(sdqn_play_begin(1, 0), SDQN_ERR_ARGUMENT);
            *sdqn_play_task() = sound;
        }
    }
    assert_int_equal(sdqn_play_begin(1, 0), SDQN_OK);
}

/// Twenty steps of windy, with a recorded episode in between or not.
static SdqnPlayState twenty_steps(bool trace) {
    sdqn_play_builtin(1);
    assert_int_equal(sdqn_play_begin(7, 0), SDQN_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(sdqn_play_step(i % SDQN_LANDER_NUM_ACTIONS), SDQN_OK);
        set_text("0123012301230123");
        if (trace) assert_non_null(sdqn_play_trace(9, 9));
    }
    return *sdqn_play_state();
}

static void a_trace_does_not_touch_the_episode_on_show(void **state) {
    (void)state;
    const SdqnPlayState without = twenty_steps(false), with = twenty_steps(true);
    assert_memory_equal(&without, &with, sizeof with);
}

static void the_wind_that_is_shown_is_that_of_the_step(void **state) {
    (void)state;
    sdqn_play_builtin(1);
    assert_int_equal(sdqn_play_begin(3, 0), SDQN_OK);
    SdqnLander lander;
    SdqnRng rng;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    sdqn_rng_seed(&rng, 3);
    sdqn_lander_create(&lander, sdqn_task_find("windy"), &rng);
    sdqn_lander_reset(&lander, observation);
    for (int i = 0; i < 20; i++) {
        rng = lander.rng; // the step's first draw is the wind
        assert_int_equal(sdqn_play_step(0), SDQN_OK);
        sdqn_lander_step(&lander, 0, observation);
        assert_true(sdqn_play_state()->wind_force == (double)(float)sdqn_rng_uniform(&rng, -20.0, 20.0));
    }
}

static void tensors_must_lie_in_the_room(void **state) {
    (void)state;
    assert_null(sdqn_play_weights_room(0));
    assert_null(sdqn_play_weights_room(SDQN_PLAY_MAX_WEIGHTS + 1));
    set_text("fc1.weight");
    assert_int_equal(sdqn_play_weights_tensor(1, 1, 0, 0, 0, 0), SDQN_ERR_FORMAT); // no room has been made
    assert_non_null(sdqn_play_weights_room(64));
    assert_int_equal(sdqn_play_weights_tensor(2, 4, 4, 0, 0, 0), SDQN_OK);
    assert_int_equal(sdqn_play_weights_tensor(1, 1, 0, 0, 0, 60), SDQN_OK);
    assert_int_equal(sdqn_play_weights_tensor(1, 0, 0, 0, 0, 64), SDQN_OK);
    assert_int_equal(sdqn_play_weights_tensor(1, 1, 0, 0, 0, 64), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_play_weights_tensor(1, 1, 0, 0, 0, UINT32_MAX - 3), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_play_weights_tensor(1, 1, 0, 0, 0, 2), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_play_weights_tensor(2, 4, 5, 0, 0, 0), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_play_weights_tensor(4, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_play_weights_tensor(3, 1u << 16, 1u << 16, 1u << 30, 0, 0), SDQN_ERR_FORMAT); // 2^64 bytes
    assert_int_equal(sdqn_play_weights_tensor(5, 1, 1, 1, 1, 0), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_play_weights_tensor(-1, 1, 1, 1, 1, 0), SDQN_ERR_FORMAT);
    for (int i = 3; i < SDQN_PLAY_MAX_TENSORS; i++) assert_int_equal(sdqn_play_weights_tensor(1, 1, 0, 0, 0, 0), SDQN_OK);
    assert_int_equal(sdqn_play_weights_tensor(1, 1, 0, 0, 0, 0), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_play_weights_load(), SDQN_ERR_FORMAT);
    assert_int_equal(sdqn_play_weights_tensor(1, 1, 0, 0, 0, 0), SDQN_ERR_FORMAT); // nothing is kept of a file that was refused
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_episodes_have_their_digest),        cmocka_unit_test(a_trace_refuses_other_digits_and_tasks),
        cmocka_unit_test(numbers_that_no_field_can_hold_are_refused), cmocka_unit_test(a_trace_does_not_touch_the_episode_on_show),
        cmocka_unit_test(the_wind_that_is_shown_is_that_of_the_step), cmocka_unit_test(tensors_must_lie_in_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
