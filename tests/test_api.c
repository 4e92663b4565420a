// The public header alone: what a program outside can do with libsharedqn.
#include <sharedqn.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void an_episode_is_repeated_by_its_seed_and_by_a_copy(void **state) {
    (void)state;
    SdqnError error = {{0}};
    SdqnEnv *env = NULL, *copy = NULL;
    float first[8], again[8];
    SdqnEnvStep step, step_again;
    assert_int_equal(sdqn_env_create(sdqn_task_find("windy"), 5, &env, &error), SDQN_OK);
    assert_int_equal(sdqn_env_step(env, 0, first, &step, &error), SDQN_ERR_ARGUMENT); // no episode yet
    assert_int_equal(sdqn_env_step_continuous(env, (const double[2]){0}, first, &step, &error), SDQN_ERR_ARGUMENT);
    sdqn_env_reset(env, NULL, first);
    assert_int_equal(sdqn_env_copy(env, &copy, &error), SDQN_OK);
    for (int k = 0; k < 50; k++) {
        assert_int_equal(sdqn_env_step(env, k % 4, first, &step, &error), SDQN_OK);
        assert_int_equal(sdqn_env_step(copy, k % 4, again, &step_again, &error), SDQN_OK);
        assert_memory_equal(first, again, sizeof first);
        assert_true(step.reward == step_again.reward);
    }
    const uint64_t seed = 5;
    sdqn_env_reset(copy, &seed, again);
    for (int k = 0; k < 50; k++) assert_int_equal(sdqn_env_step(copy, k % 4, again, &step_again, &error), SDQN_OK);
    assert_memory_equal(first, again, sizeof first);
    assert_int_equal(sdqn_env_step(env, 4, first, &step, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "action = 4"));
    const double full[2] = {1.0, 0.0}, wrong[2] = {0.0, (double)NAN};
    for (int k = 0; k < 20; k++) {
        assert_int_equal(sdqn_env_step_continuous(env, full, first, &step, &error), SDQN_OK);
        assert_int_equal(sdqn_env_step(copy, 2, again, &step_again, &error), SDQN_OK);
        assert_memory_equal(first, again, sizeof first);
        assert_true(step.reward == step_again.reward);
    }
    assert_int_equal(sdqn_env_step_continuous(env, wrong, again, &step, &error), SDQN_ERR_ARGUMENT);
    assert_memory_equal(first, again, sizeof first); // nothing written
    sdqn_env_destroy(env);
    sdqn_env_destroy(copy);
    sdqn_env_destroy(NULL);
}

static void a_generator_can_be_taken_out_and_put_in(void **state) {
    (void)state;
    SdqnError error = {{0}};
    SdqnEnv *env = NULL;
    float first[8], again[8];
    SdqnGenerator before, after, wrong;
    assert_int_equal(sdqn_env_create(sdqn_task_find("gymwind"), 5, &env, &error), SDQN_OK);
    sdqn_env_generator(env, &before);
    const SdqnGenerator numpys = {.state_high = UINT64_C(0xe500c1d129ce9183), // numpy.random.PCG64(5).state
                                  .state_low = UINT64_C(0xd973b921e554efee),
                                  .increment_high = UINT64_C(0xaf6f7b8c936ab4a4),
                                  .increment_low = UINT64_C(0x4f020b7b2d10234d)};
    assert_memory_equal(&before, &numpys, sizeof before);
    sdqn_env_reset(env, NULL, first);
    sdqn_env_generator(env, &after);
    assert_memory_not_equal(&before, &after, sizeof before);
    assert_int_equal(sdqn_env_set_generator(env, &before, &error), SDQN_OK);
    sdqn_env_reset(env, NULL, again);
    assert_memory_equal(first, again, sizeof first);
    wrong = before;
    wrong.increment_low &= ~UINT64_C(1);
    assert_int_equal(sdqn_env_set_generator(env, &wrong, &error), SDQN_ERR_ARGUMENT);
    wrong = before;
    wrong.has_uint32 = 2;
    assert_int_equal(sdqn_env_set_generator(env, &wrong, &error), SDQN_ERR_ARGUMENT);
    sdqn_env_destroy(env);
}

static void a_lane_goes_on_alone_as_in_the_batch(void **state) {
    (void)state;
    enum { LANES = 5 };
    SdqnError error = {{0}};
    SdqnTask tasks[LANES];
    uint64_t seeds[LANES];
    for (int i = 0; i < LANES; i++) {
        tasks[i] = *sdqn_task_find(i % 2 ? "heavy" : "gymwind");
        seeds[i] = (uint64_t)(100 + i);
    }
    SdqnLanderBatch *batch = NULL;
    assert_int_equal(sdqn_lander_batch_create_seeded(tasks, seeds, 0, SDQN_AUTORESET_DISABLED, &batch, &error), SDQN_ERR_ARGUMENT);
    assert_int_equal(sdqn_lander_batch_create_seeded(tasks, seeds, LANES, SDQN_AUTORESET_DISABLED, &batch, &error), SDQN_OK);
    SdqnEnv *env = NULL, *alone = NULL;
    assert_int_equal(sdqn_lander_batch_copy_out(batch, LANES, &env, &error), SDQN_ERR_ARGUMENT);
    float observation[LANES * 8], one[8];
    double reward[LANES];
    const SdqnLanderBatchStep out = {.observation = observation, .reward = reward};
    SdqnEnvStep step;
    sdqn_lander_batch_reset(batch, NULL, NULL, observation);
    assert_int_equal(sdqn_env_create(&tasks[3], seeds[3], &alone, &error), SDQN_OK);
    assert_int_equal(sdqn_lander_batch_copy_in(batch, 2, alone, &error), SDQN_ERR_ARGUMENT); // not reset yet
    sdqn_env_reset(alone, NULL, one);
    assert_memory_equal(one, observation + 3 * 8, sizeof one);
    assert_int_equal(sdqn_lander_batch_copy_in(batch, 2, alone, &error), SDQN_OK); // lanes 2 and 3 are now twins
    assert_int_equal(sdqn_lander_batch_copy_out(batch, 3, &env, &error), SDQN_OK);
    for (int k = 0; k < 60; k++) {
        const int32_t actions[LANES] = {k % 3, 1, k % 4, k % 4, 0};
        assert_int_equal(sdqn_lander_batch_step(batch, actions, &out, &error), SDQN_OK);
        assert_int_equal(sdqn_env_step(env, k % 4, one, &step, &error), SDQN_OK);
        assert_memory_equal(one, observation + 2 * 8, sizeof one);
        assert_memory_equal(one, observation + 3 * 8, sizeof one);
        assert_true(step.reward == reward[3]);
    }
    sdqn_env_destroy(env);
    sdqn_env_destroy(alone);
    sdqn_lander_batch_destroy(batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_episode_is_repeated_by_its_seed_and_by_a_copy),
        cmocka_unit_test(a_generator_can_be_taken_out_and_put_in),
        cmocka_unit_test(a_lane_goes_on_alone_as_in_the_batch),
    };
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
