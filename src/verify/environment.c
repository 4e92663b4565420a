// environment.c: the environment is Gymnasium's.
#include "verify/verify.h"

#include "core/sha256.h"
#include "lander/lander.h"
#include "verify/golden_traces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 1000, NUM_TRACES = sizeof GOLDEN_TRACES / sizeof *GOLDEN_TRACES };

/// The SHA-256 of one episode's bytes.
static void play(const GoldenTrace *trace, char sha256[SDQN_SHA256_HEX_SIZE]) {
    static double rewards[MAX_STEPS];
    const SdqnRng rng = {.increment_low = 1}; // reset seeds it
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    unsigned char terminated = 0;
    size_t steps = 0;
    SdqnLander lander;
    SdqnSha256 hash;
    sdqn_lander_create(&lander, sdqn_task_find(trace->task), &rng);
    sdqn_lander_reset_seeded(&lander, trace->seed, observation);
    sdqn_sha256_begin(&hash);
    sdqn_sha256_add(&hash, observation, sizeof observation);
    for (const char *action = trace->actions; *action != '\0' && steps < MAX_STEPS; action++) {
        const SdqnStep step = sdqn_lander_step(&lander, *action - '0', observation);
        sdqn_sha256_add(&hash, observation, sizeof observation);
        rewards[steps++] = step.reward;
        terminated = step.terminated;
    }
    sdqn_sha256_add(&hash, rewards, steps * sizeof *rewards);
    sdqn_sha256_add(&hash, &terminated, 1);
    sdqn_sha256_end_hex(&hash, sha256);
}

bool sdqn_check_recorded_episodes(char *detail) {
    for (int i = 0; i < NUM_TRACES; i++) {
        char sha256[SDQN_SHA256_HEX_SIZE];
        play(&GOLDEN_TRACES[i], sha256);
        if (strcmp(sha256, GOLDEN_TRACES[i].sha256) == 0) continue;
        snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "task %s, seed %llu: SHA-256 %.16s..., expected %.16s...", GOLDEN_TRACES[i].task,
                 (unsigned long long)GOLDEN_TRACES[i].seed, sha256, GOLDEN_TRACES[i].sha256);
        return false;
    }
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%d episodes of %d tasks", NUM_TRACES, SDQN_NUM_BUILTIN_TASKS);
    return true;
}

enum { LANDERS = 19, STEPS = 300 };

/// A batch on one level against single landers. @return whether all observations and rewards are the same
static bool batch_is_same(SdqnCpuLevel level, char *detail) {
    static SdqnLander alone[LANDERS], together[LANDERS];
    static float observations[LANDERS * SDQN_LANDER_OBSERVATION_SIZE];
    void *places[LANDERS];
    uint64_t seeds[LANDERS];
    SdqnStep steps[LANDERS];
    int32_t actions[LANDERS];
    SdqnStepper stepper = {0};
    SdqnError error = {0};
    if (sdqn_stepper_create(&sdqn_lander_family, LANDERS, level, &stepper, &error) != SDQN_OK) {
        snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%.150s", error.message);
        return false;
    }
    for (int i = 0; i < LANDERS; i++) {
        const SdqnRng rng = {.increment_low = 1};
        sdqn_lander_create(&alone[i], sdqn_task_builtin(i % SDQN_NUM_BUILTIN_TASKS), &rng);
        together[i] = alone[i];
        places[i] = &together[i];
        seeds[i] = 100 + (uint64_t)i;
    }
    sdqn_stepper_reset_seeded(&stepper, places, seeds, LANDERS, observations);
    float own[SDQN_LANDER_OBSERVATION_SIZE];
    for (int i = 0; i < LANDERS; i++) sdqn_lander_reset_seeded(&alone[i], seeds[i], own);
    bool same = true;
    for (int k = 0; k < STEPS && same; k++) {
        for (int i = 0; i < LANDERS; i++) actions[i] = (k / 3 + i * i) % 4;
        sdqn_stepper_step(&stepper, places, actions, LANDERS, observations, steps);
        for (int i = 0; i < LANDERS; i++) {
            const SdqnStep step = sdqn_lander_step(&alone[i], actions[i], own);
            same = same && step.reward == steps[i].reward && step.terminated == steps[i].terminated;
            const float *other = observations + (ptrdiff_t)i * SDQN_LANDER_OBSERVATION_SIZE;
            for (int j = 0; j < SDQN_LANDER_OBSERVATION_SIZE; j++) same = same && own[j] == other[j];
            if (step.terminated || step.truncated) { // both begin again from their own generators
                sdqn_lander_reset(&alone[i], own);
                sdqn_lander_reset(&together[i], own);
            }
        }
        if (!same) snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "kernels %s: they differ at step %d", sdqn_cpu_level_name(level), k);
    }
    sdqn_stepper_destroy(&stepper);
    return same;
}

bool sdqn_check_batch_equals_single(char *detail) {
    int levels = 0;
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        if (!sdqn_cpu_level_available((SdqnCpuLevel)level)) continue;
        if (!batch_is_same((SdqnCpuLevel)level, detail)) return false;
        levels++;
    }
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%d landers of all tasks, %d steps, %d kernel levels", LANDERS, STEPS, levels);
    return true;
}
