#include "core/environment.h"

SdqnStatus sdqn_stepper_create(const SdqnEnvironmentFamily *family, int capacity, SdqnCpuLevel level, SdqnStepper *stepper,
                               SdqnError *error) {
    SdqnStepper made = {.family = family};
    if (family->stepper_create) {
        const SdqnStatus status = family->stepper_create(capacity, level, &made.own, error);
        if (status != SDQN_OK) return status;
    }
    *stepper = made;
    return SDQN_OK;
}

void sdqn_stepper_destroy(SdqnStepper *stepper) {
    if (stepper->own) stepper->family->stepper_destroy(stepper->own);
    *stepper = (SdqnStepper){0};
}

void sdqn_stepper_reset_seeded(const SdqnStepper *stepper, void *const *environments, const uint64_t *seeds, int n, float *observations) {
    const SdqnEnvironmentFamily *family = stepper->family;
    if (stepper->own) {
        family->reset_many_seeded(stepper->own, environments, seeds, n, observations);
        return;
    }
    for (int i = 0; i < n; i++) {
        family->reset_seeded(environments[i], seeds[i], observations + (size_t)i * (size_t)family->observation_size);
    }
}

void sdqn_stepper_step(const SdqnStepper *stepper, void *const *environments, const int32_t *actions, int n, float *observations,
                       SdqnStep *steps) {
    const SdqnEnvironmentFamily *family = stepper->family;
    if (stepper->own) {
        family->step_many(stepper->own, environments, actions, n, observations, steps);
        return;
    }
    for (int i = 0; i < n; i++) {
        steps[i] = family->step(environments[i], actions[i], observations + (size_t)i * (size_t)family->observation_size);
    }
}
