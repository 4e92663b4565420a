// test_n_step.c: windows of environments that are played at the same time do not mix, and the saved steps that wait.
#include "dqn/n_step.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 4, LANES = 3, OBSERVATION = 2, STEPS = 200 };

static SdqnNStep *make(int lanes) {
    SdqnNStep *n_step;
    SdqnError error = {0};
    if (sdqn_n_step_create(N, 0.9, lanes, OBSERVATION, &n_step, &error) != SDQN_OK) fail_msg("%s", error.message);
    return n_step;
}

/// Step i of one lane: episodes of 1 to 9 steps, some of them shorter than a window, ended or cut.
static SdqnTransition step_of(int lane, int i, float *observation, float *next) {
    observation[0] = (float)(1000 * lane + i);
    next[0] = observation[0] + 1.0f;
    observation[1] = next[1] = (float)lane;
    const bool last = i % (5 + 2 * lane) == 4 || i % 9 == 0;
    return (SdqnTransition){.observation = observation,
                            .next_observation = next,
                            .reward = sin(i + 10.0 * lane),
                            .action = i % 4,
                            .task = (lane + i / 20) % 3,
                            .terminated = last && i % 2 == 0,
                            .truncated = last && i % 2 == 1,
                            .environment = lane};
}

static void check_same(const SdqnTransition *a, const SdqnTransition *b) {
    assert_memory_equal(a->observation, b->observation, OBSERVATION * sizeof(float));
    assert_memory_equal(a->next_observation, b->next_observation, OBSERVATION * sizeof(float));
    assert_true(a->reward == b->reward && a->action == b->action && a->task == b->task && a->extra_steps == b->extra_steps);
    assert_true(a->terminated == b->terminated);
}

/// Each lane gives what it gives alone.
static void lanes_do_not_mix(void **state) {
    (void)state;
    SdqnNStep *together = make(LANES), *alone[LANES];
    int complete_steps = 0;
    for (int l = 0; l < LANES; l++) alone[l] = make(1);
    for (int i = 0; i < STEPS; i++) {
        for (int l = 0; l < LANES; l++) {
            float observation[OBSERVATION], next[OBSERVATION];
            const SdqnTransition step = step_of(l, i, observation, next);
            SdqnTransition single = step;
            const SdqnTransition *complete, *expected;
            single.environment = 0;
            const int count = sdqn_n_step_push(together, &step, &complete);
            assert_int_equal(sdqn_n_step_push(alone[l], &single, &expected), count);
            for (int k = 0; k < count; k++) check_same(&complete[k], &expected[k]);
            complete_steps += count;
        }
    }
    assert_true(complete_steps > LANES * (STEPS - N));
    sdqn_n_step_destroy(together);
    for (int l = 0; l < LANES; l++) sdqn_n_step_destroy(alone[l]);
}

static void saved_windows_go_on(void **state) {
    (void)state;
    for (int stop = 0; stop < 30; stop++) {
        SdqnNStep *whole = make(LANES), *resumed = make(LANES);
        for (int i = 0; i < 40; i++) {
            if (i == stop) {
                const size_t size = sdqn_n_step_state_size(whole);
                uint8_t *bytes = malloc(size);
                sdqn_n_step_save_state(whole, bytes);
                SdqnError error = {0};
                if (sdqn_n_step_load_state(resumed, 4, bytes, size, &error) != SDQN_OK) fail_msg("%s", error.message);
                if (size > 0) assert_int_equal(sdqn_n_step_load_state(resumed, 4, bytes, size - 1, NULL), SDQN_ERR_FORMAT);
                free(bytes);
            }
            for (int l = 0; l < LANES; l++) {
                float observation[OBSERVATION], next[OBSERVATION];
                const SdqnTransition step = step_of(l, i, observation, next), *complete, *expected;
                const int count = sdqn_n_step_push(whole, &step, &expected);
                if (i < stop) continue;
                assert_int_equal(sdqn_n_step_push(resumed, &step, &complete), count);
                for (int k = 0; k < count; k++) check_same(&complete[k], &expected[k]);
            }
        }
        sdqn_n_step_destroy(whole);
        sdqn_n_step_destroy(resumed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_do_not_mix),
        cmocka_unit_test(saved_windows_go_on),
    };
    return cmocka_run_group_tests_name("n_step", tests, NULL, NULL);
}
