// environment.c: the environments of the public API, over the landers inside.
#include "api/environment.h"

#include "core/cpu.h"
#include "lander/lander_batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static SdqnStatus allocate(const SdqnLander *lander, bool begun, SdqnEnv **env, SdqnError *error) {
    SdqnEnv *made = malloc(sizeof *made);
    if (made == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "environment: out of memory");
    memcpy(&made->lander, lander, sizeof made->lander); // padding too: landers are compared as bytes
    made->begun = begun;
    *env = made;
    return SDQN_OK;
}

SdqnStatus sdqn_env_create(const SdqnTask *task, uint64_t seed, SdqnEnv **env, SdqnError *error) {
    SdqnStatus status = sdqn_task_check(task, error);
    if (status != SDQN_OK) return status;
    SdqnRng rng;
    SdqnLander lander;
    sdqn_rng_seed(&rng, seed);
    sdqn_lander_create(&lander, task, &rng);
    return allocate(&lander, false, env, error);
}

SdqnStatus sdqn_env_copy(const SdqnEnv *env, SdqnEnv **copy, SdqnError *error) { return allocate(&env->lander, env->begun, copy, error); }

void sdqn_env_destroy(SdqnEnv *env) { free(env); }

void sdqn_env_reset(SdqnEnv *env, const uint64_t *seed, float *observation) {
    SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    if (seed != NULL)
        sdqn_lander_reset_seeded(&env->lander, *seed, observation);
    else
        sdqn_lander_reset(&env->lander, observation);
    env->begun = true;
    sdqn_cpu_mode_restore(mode);
}

SdqnStatus sdqn_env_step(SdqnEnv *env, int action, float *observation, SdqnEnvStep *step, SdqnError *error) {
    if (!env->begun) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "environment: it has not been reset");
    if (action < 0 || action >= SDQN_LANDER_NUM_ACTIONS)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "environment: action = %d: must be in [0, %d)", action, SDQN_LANDER_NUM_ACTIONS);
    SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    SdqnStep made = sdqn_lander_step(&env->lander, action, observation);
    sdqn_cpu_mode_restore(mode);
    *step = (SdqnEnvStep){made.reward, made.terminated, made.truncated, made.at_rest};
    return SDQN_OK;
}

SdqnStatus sdqn_env_step_continuous(SdqnEnv *env, const double *action, float *observation, SdqnEnvStep *step, SdqnError *error) {
    if (!env->begun) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "environment: it has not been reset");
    if (!isfinite(action[0]) || !isfinite(action[1]))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "environment: action = (%g, %g): must be finite", action[0], action[1]);
    SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    SdqnStep made = sdqn_lander_step_continuous(&env->lander, action, observation);
    sdqn_cpu_mode_restore(mode);
    *step = (SdqnEnvStep){made.reward, made.terminated, made.truncated, made.at_rest};
    return SDQN_OK;
}

void sdqn_env_generator(const SdqnEnv *env, SdqnGenerator *generator) {
    const SdqnRng *rng = &env->lander.rng;
    *generator = (SdqnGenerator){.state_high = rng->state_high,
                                 .state_low = rng->state_low,
                                 .increment_high = rng->increment_high,
                                 .increment_low = rng->increment_low,
                                 .uinteger = rng->half_word,
                                 .has_uint32 = rng->has_half_word};
}

SdqnStatus sdqn_env_set_generator(SdqnEnv *env, const SdqnGenerator *generator, SdqnError *error) {
    const SdqnRng rng = {.state_high = generator->state_high,
                         .state_low = generator->state_low,
                         .increment_high = generator->increment_high,
                         .increment_low = generator->increment_low,
                         .half_word = generator->uinteger,
                         .has_half_word = generator->has_uint32};
    if (!sdqn_rng_is_sound(&rng))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "environment: the generator's increment must be odd and has_uint32 0 or 1");
    env->lander.rng = rng;
    return SDQN_OK;
}

SdqnStatus sdqn_lander_batch_create_seeded(const SdqnTask *tasks, const uint64_t *seeds, int lanes, SdqnAutoreset autoreset,
                                           SdqnLanderBatch **batch, SdqnError *error) {
    SdqnLanderBatchDef def = {.lanes = lanes, .tasks = tasks, .autoreset = autoreset, .level = sdqn_cpu_level_best()};
    if (lanes < 1 || lanes > SDQN_LANDER_BATCH_MAX_LANES) return sdqn_lander_batch_create(&def, batch, error); // says what is allowed
    SdqnRng *rngs = malloc((size_t)lanes * sizeof *rngs);
    if (rngs == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "lander batch: out of memory for %d lanes", lanes);
    for (int i = 0; i < lanes; i++) sdqn_rng_seed(&rngs[i], seeds[i]);
    def.rngs = rngs;
    SdqnStatus status = sdqn_lander_batch_create(&def, batch, error);
    free(rngs);
    return status;
}

static SdqnStatus check_lane(const SdqnLanderBatch *batch, int lane, SdqnError *error) {
    int lanes = sdqn_lander_batch_lanes(batch);
    if (lane >= 0 && lane < lanes) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "lander batch: lane = %d: must be in [0, %d)", lane, lanes);
}

SdqnStatus sdqn_lander_batch_copy_out(const SdqnLanderBatch *batch, int lane, SdqnEnv **env, SdqnError *error) {
    SdqnStatus status = check_lane(batch, lane, error);
    if (status != SDQN_OK) return status;
    const SdqnLander *lander = sdqn_lander_batch_lane(batch, lane);
    return allocate(lander, lander->world.bodies[0].inverse_mass > 0.0f, env, error);
}

SdqnStatus sdqn_lander_batch_copy_in(SdqnLanderBatch *batch, int lane, const SdqnEnv *env, SdqnError *error) {
    SdqnStatus status = check_lane(batch, lane, error);
    return status == SDQN_OK ? sdqn_lander_batch_set_lane(batch, lane, &env->lander, error) : status;
}
