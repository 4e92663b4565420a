// learning.c: replay, determinism, saved states, and the numerics as a whole.
#include "verify/verify.h"

#include "core/rng.h"
#include "dqn/learner.h"
#include "study/numerics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Of this version: changes with every change to the numerics, and then here.
static const char FINGERPRINT[] = "878e3a6f8b36d4acae315b75dffb90702e179be8e66214546d12b36c4f4ad118";

// ---- replay ---------------------------------------------------------------------------------------------------------------------

enum { CAPACITY = 3000, BATCH = 64, BATCHES = 400, TASKS = 3, OBSERVATION = 8 };

static void fill(SdqnReplayBuffer *replay) {
    const float zeros[OBSERVATION] = {0.0f};
    for (int i = 0; i < CAPACITY; i++) { // episodes of 100 steps, task after task
        sdqn_replay_buffer_push(replay, &(SdqnTransition){.observation = zeros, .next_observation = zeros, .task = i / 100 % TASKS});
    }
}

bool sdqn_check_replay_mixing(char *detail) {
    SdqnReplayBuffer *replay = NULL;
    SdqnBatch batch = {0};
    SdqnRng rng;
    int counts[TASKS] = {0}, lacking = 0;
    SdqnStatus status = sdqn_replay_buffer_create(CAPACITY, OBSERVATION, &replay, NULL);
    if (status == SDQN_OK) status = sdqn_batch_create(&batch, BATCH, OBSERVATION, NULL);
    if (status == SDQN_OK) {
        sdqn_rng_seed(&rng, 3);
        fill(replay);
        for (int i = 0; i < BATCHES; i++) {
            int own[TASKS] = {0};
            sdqn_replay_buffer_sample(replay, &rng, BATCH, &batch);
            for (int b = 0; b < BATCH; b++) own[batch.task[b]]++;
            for (int t = 0; t < TASKS; t++) {
                counts[t] += own[t];
                lacking += own[t] == 0;
            }
        }
        sdqn_batch_destroy(&batch);
    }
    sdqn_replay_buffer_destroy(replay);
    bool even = status == SDQN_OK && lacking == 0;
    const double all = (double)BATCH * BATCHES, deviation = sqrt(2.0 / 9.0 / all);
    for (int t = 0; t < TASKS; t++) even = even && fabs(counts[t] / all - 1.0 / TASKS) < 5.0 * deviation;
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "shares %.4f, %.4f, %.4f in %d batches of %d", counts[0] / all, counts[1] / all,
             counts[2] / all, BATCHES, BATCH);
    return even;
}

// ---- a learner on made-up steps -------------------------------------------------------------------------------------------------

static SdqnLearner *make_learner(uint64_t seed) {
    SdqnQNetworkDef network = sdqn_q_network_def_default();
    SdqnDqnDef def = sdqn_dqn_def_default();
    SdqnLearner *learner = NULL;
    SdqnLearnerStreams streams;
    SdqnRng *const all[] = {&streams.weights, &streams.exploration, &streams.replay, &streams.noise};
    for (uint32_t i = 0; i < 4; i++) sdqn_rng_seed_spawned(all[i], seed, &i, 1);
    network.hidden1_size = 40;
    network.hidden2_size = 20;
    def.batch_size = 16;
    def.min_replay_size = 50;
    def.replay_capacity = 400;
    return sdqn_learner_create(&network, &def, sdqn_kernels(sdqn_cpu_level_best()), NULL, &streams, &learner, NULL) == SDQN_OK ? learner
                                                                                                                               : NULL;
}

/// Steps from `first` on, which depend on nothing but their numbers and the learner's own actions. @return whether no update failed
static bool train(SdqnLearner *learner, int first, int last) {
    for (int step = first; step < last; step++) {
        float observation[OBSERVATION], next[OBSERVATION];
        SdqnRng rng;
        SdqnUpdate update;
        sdqn_rng_seed(&rng, (uint64_t)step);
        for (int i = 0; i < OBSERVATION; i++) {
            observation[i] = (float)sdqn_rng_normal(&rng);
            next[i] = (float)sdqn_rng_normal(&rng);
        }
        const int task = step / 20 % TASKS, action = sdqn_learner_act(learner, observation, task);
        sdqn_learner_push(learner, &(SdqnTransition){.observation = observation,
                                                     .next_observation = next,
                                                     .reward = (double)observation[action],
                                                     .action = action,
                                                     .task = task,
                                                     .terminated = step % 20 == 19});
        if (sdqn_learner_update(learner, &update, NULL) != SDQN_OK) return false;
        if (step % 20 == 19) sdqn_learner_end_episode(learner);
    }
    return true;
}

static bool same_weights(const SdqnLearner *a, const SdqnLearner *b) {
    const SdqnQNetwork *x = sdqn_learner_network(a), *y = sdqn_learner_network(b);
    return memcmp(sdqn_q_network_parameters(x), sdqn_q_network_parameters(y), sdqn_q_network_parameter_count(x) * sizeof(float)) == 0;
}

enum { STEPS = 600 };

bool sdqn_check_determinism(char *detail) {
    SdqnLearner *first = make_learner(1), *again = make_learner(1), *other = make_learner(2);
    bool passes = first && again && other;
    passes = passes && train(first, 0, STEPS) && train(again, 0, STEPS) && train(other, 0, STEPS);
    const bool same = passes && same_weights(first, again), differs = passes && !same_weights(first, other);
    sdqn_learner_destroy(first);
    sdqn_learner_destroy(again);
    sdqn_learner_destroy(other);
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%d steps; %s", STEPS,
             !passes   ? "an update failed, or memory"
             : !same   ? "two runs of one seed differ"
             : differs ? "equal, and another seed differs"
                       : "another seed gives the same weights");
    return same && differs;
}

bool sdqn_check_checkpoint(char *detail) {
    SdqnLearner *whole = make_learner(1), *resumed = make_learner(7);
    bool passes = whole && resumed && train(whole, 0, STEPS / 2) && train(resumed, 1000, 1200);
    const size_t size = passes ? sdqn_learner_state_size(whole) : 0;
    uint8_t *state = malloc(size + 1);
    passes = passes && state;
    if (passes) {
        sdqn_learner_save_state(whole, state);
        passes = sdqn_learner_load_state(resumed, state, size, NULL) == SDQN_OK;
        passes = passes && train(whole, STEPS / 2, STEPS) && train(resumed, STEPS / 2, STEPS) && same_weights(whole, resumed);
    }
    free(state);
    sdqn_learner_destroy(whole);
    sdqn_learner_destroy(resumed);
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "a state of %zu bytes after %d steps, %d more", size, STEPS / 2, STEPS / 2);
    return passes;
}

// ---- numerics -------------------------------------------------------------------------------------------------------------------

static bool fingerprint_on(SdqnCpuLevel level, char sha256[SDQN_SHA256_HEX_SIZE], char *detail) {
    SdqnError error = {0};
    if (sdqn_numerics_fingerprint(sdqn_kernels(level), sha256, &error) == SDQN_OK) return true;
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%s: %.150s", sdqn_cpu_level_name(level), error.message);
    return false;
}

bool sdqn_check_kernels(char *detail) {
    char plain[SDQN_SHA256_HEX_SIZE], own[SDQN_SHA256_HEX_SIZE];
    size_t length = 0;
    if (!fingerprint_on(SDQN_CPU_SCALAR, plain, detail)) return false;
    char levels[SDQN_VERIFY_DETAIL_SIZE / 2] = "scalar";
    for (int level = SDQN_CPU_SCALAR + 1; level < SDQN_NUM_CPU_LEVELS; level++) {
        const SdqnCpuLevel this = (SdqnCpuLevel)level;
        if (!sdqn_cpu_level_available(this) || !sdqn_kernels(this)) continue;
        if (!fingerprint_on(this, own, detail)) return false;
        if (strcmp(own, plain) != 0) {
            snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%s: weights of short runs have SHA-256 %.16s..., plain C's %.16s...",
                     sdqn_cpu_level_name(this), own, plain);
            return false;
        }
        length = strlen(levels);
        snprintf(levels + length, sizeof levels - length, ", %s", sdqn_cpu_level_name(this));
    }
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%s", levels);
    return true;
}

bool sdqn_check_numerics(char *detail) {
    char sha256[SDQN_SHA256_HEX_SIZE];
    if (!fingerprint_on(sdqn_cpu_level_best(), sha256, detail)) return false;
    if (strcmp(sha256, FINGERPRINT) == 0) {
        snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "SHA-256 %.16s...", sha256);
        return true;
    }
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "SHA-256 %.64s, expected %.16s...", sha256, FINGERPRINT);
    return false;
}
