// lander_family.c: LunarLander as a family of environments.
#include "lander/lander_stepper.h"

static void create(void *environment, const void *task, const SdqnRng *rng) { sdqn_lander_create(environment, task, rng); }
static void reset(void *environment, float *observation) { sdqn_lander_reset(environment, observation); }
static void reset_seeded(void *environment, uint64_t seed, float *observation) { sdqn_lander_reset_seeded(environment, seed, observation); }
static SdqnStep step(void *environment, int action, float *observation) { return sdqn_lander_step(environment, action, observation); }

static SdqnStatus stepper_create(int capacity, SdqnCpuLevel level, void **stepper, SdqnError *error) {
    SdqnLanderStepper *made = NULL;
    const SdqnStatus status = sdqn_lander_stepper_create(capacity, level, &made, error);
    if (status == SDQN_OK) *stepper = made;
    return status;
}

static void stepper_destroy(void *stepper) { sdqn_lander_stepper_destroy(stepper); }

static float *row(float *rows, int i) { return rows + (size_t)i * SDQN_LANDER_OBSERVATION_SIZE; }

static void reset_many_seeded(void *stepper, void *const *environments, const uint64_t *seeds, int n, float *observations) {
    for (int i = 0; i < n; i++) {
        SdqnLander *lander = environments[i];
        sdqn_rng_seed(&lander->rng, seeds[i]);
        sdqn_lander_begin_episode(lander);
    }
    sdqn_lander_stepper_advance(stepper, environments, NULL, n);
    for (int i = 0; i < n; i++) sdqn_lander_end_step(environments[i], (SdqnThrust){0.0, 0.0}, row(observations, i));
}

static void step_many(void *stepper, void *const *environments, const int32_t *actions, int n, float *observations, SdqnStep *steps) {
    SdqnThrust *thrusts = sdqn_lander_stepper_thrusts(stepper);
    for (int i = 0; i < n; i++) thrusts[i] = sdqn_thrust_of_action(actions[i]);
    sdqn_lander_stepper_advance(stepper, environments, thrusts, n);
    for (int i = 0; i < n; i++) {
        steps[i] = sdqn_lander_end_step(environments[i], thrusts[i], row(observations, i));
        sdqn_lander_count_step(environments[i], &steps[i]);
    }
}

const SdqnEnvironmentFamily sdqn_lander_family = {
    .name = "LunarLander",
    .observation_size = SDQN_LANDER_OBSERVATION_SIZE,
    .num_actions = SDQN_LANDER_NUM_ACTIONS,
    .state_size = sizeof(SdqnLander),
    .task_size = sizeof(SdqnTask),
    .create = create,
    .reset = reset,
    .reset_seeded = reset_seeded,
    .step = step,
    .stepper_create = stepper_create,
    .stepper_destroy = stepper_destroy,
    .reset_many_seeded = reset_many_seeded,
    .step_many = step_many,
};
