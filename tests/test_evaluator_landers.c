// Evaluation of landers, many at once: every episode is what one lander played alone gives, on every kernel level.
#include "lander/lander.h"
#include "run/evaluator.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/// A greedy policy without a network: falls slowly and upright, so that episodes are of many lengths, and sees the task.
static int32_t choose(int32_t task, const float *observation) {
    const float hover = 0.5f * observation[1] - 0.25f * (float)(task % 3) * 0.1f;
    if (observation[3] < -0.4f - hover) return 2;
    if (observation[4] + 0.5f * observation[5] + 0.3f * observation[0] > 0.1f) return 3;
    if (observation[4] + 0.5f * observation[5] + 0.3f * observation[0] < -0.1f) return 1;
    return 0;
}

static void act(void *object, const int32_t *tasks, const float *observations, int n, int32_t *actions) {
    (void)object;
    assert_in_range(n, 1, SDQN_EVALUATION_LANES);
    for (int i = 0; i < n; i++) actions[i] = choose(tasks[i], observations + (size_t)i * SDQN_LANDER_OBSERVATION_SIZE);
}

static SdqnEpisodeResult play_alone(const SdqnTask *task, int32_t index, uint64_t seed) {
    SdqnRng rng;
    SdqnLander lander;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    SdqnEpisodeResult result = {.seed = seed};
    sdqn_rng_seed(&rng, 0);
    sdqn_lander_create(&lander, task, &rng);
    sdqn_lander_reset_seeded(&lander, seed, observation);
    while (!result.terminated && !result.truncated) {
        const SdqnStep step = sdqn_lander_step(&lander, choose(index, observation), observation);
        result.episode_return += step.reward;
        result.steps++;
        result.terminated = step.terminated;
        result.truncated = step.truncated;
        result.at_rest = step.at_rest;
    }
    return result;
}

static void check_set(const SdqnTaskSet *set, int episodes, SdqnCpuLevel level) {
    const SdqnEvaluationDef def = {.set = set, .policy = {NULL, act}, .episodes = episodes, .seed = 77, .level = level};
    SdqnEvaluation evaluation;
    SdqnError error = {0};
    if (sdqn_evaluate(&def, &evaluation, &error) != SDQN_OK) fail_msg("%s", error.message);
    for (int t = 0; t < set->count; t++) {
        for (int i = 0; i < episodes; i++) {
            const SdqnEpisodeResult expected = play_alone(set->tasks[t].data, t, 77 + (uint64_t)i),
                                    *found = &evaluation.tasks[t].episodes[i];
            if (found->seed != expected.seed || memcmp(&found->episode_return, &expected.episode_return, sizeof(double)) != 0 ||
                found->steps != expected.steps || found->terminated != expected.terminated || found->truncated != expected.truncated ||
                found->at_rest != expected.at_rest) {
                fail_msg("%s, task %s, seed %" PRIu64 ": return %a in %" PRId64 " steps, expected %a in %" PRId64,
                         sdqn_cpu_level_name(level), set->tasks[t].name, expected.seed, found->episode_return, found->steps,
                         expected.episode_return, expected.steps);
            }
        }
    }
    sdqn_evaluation_clear(&evaluation);
}

static void episodes_played_together_are_those_played_alone(void **state) {
    (void)state;
    SdqnTask brief = *sdqn_task_find("gymwind"), light = *sdqn_task_find("heavy");
    brief.time_limit_steps = 90;
    light.gravity = -3.5;
    SdqnTaskSet set = {.family = &sdqn_lander_family, .count = 6};
    const SdqnTask *const tasks[6] = {
        sdqn_task_find("standard"), sdqn_task_find("windy"), sdqn_task_find("heavy"), sdqn_task_find("gymwind"), &brief, &light};
    for (int t = 0; t < 6; t++) set.tasks[t] = sdqn_task_entry_lander(tasks[t]);
    SdqnTaskSet one = {.family = &sdqn_lander_family, .count = 1, .tasks = {set.tasks[3]}};
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        if (!sdqn_cpu_level_available((SdqnCpuLevel)level)) continue;
        check_set(&one, 1, (SdqnCpuLevel)level);
        check_set(&set, 5, (SdqnCpuLevel)level);
        check_set(&set, 40, (SdqnCpuLevel)level); // more episodes than lanes
    }
}

static void a_level_this_machine_lacks_is_refused(void **state) {
    (void)state;
    const SdqnTaskSet set = {.family = &sdqn_lander_family, .count = 1, .tasks = {sdqn_task_entry_lander(sdqn_task_find("standard"))}};
    const SdqnEvaluationDef def = {.set = &set, .policy = {NULL, act}, .episodes = 1, .level = SDQN_NUM_CPU_LEVELS};
    SdqnEvaluation evaluation = {0};
    SdqnError error = {0};
    assert_int_equal(sdqn_evaluate(&def, &evaluation, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "level"));
    assert_null(evaluation.tasks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(episodes_played_together_are_those_played_alone),
        cmocka_unit_test(a_level_this_machine_lacks_is_refused),
    };
    return cmocka_run_group_tests_name("evaluator of landers", tests, NULL, NULL);
}
