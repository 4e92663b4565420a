// test_adam.c: Adam against PyTorch over 100 steps, and what becomes of tiny moments.
#include "nn/adam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "torch_data.h"

static void make_adam(SdqnAdam *adam, size_t count) {
    SdqnError error = {0};
    if (sdqn_adam_create(adam, count, &error) != SDQN_OK) fail_msg("%s", error.message);
}

static void hundred_steps_equal_pytorch_on_every_level(void **state) {
    (void)state;
    SdqnSafetensors *file = torch_data_open();
    const SdqnTensor *start = torch_data_find(file, "adam", "start"), *gradients = torch_data_find(file, "adam", "gradients");
    const SdqnTensor *after = torch_data_find(file, "adam", "after");
    const size_t steps = gradients->shape[0], count = gradients->shape[1];
    assert_int_equal(steps, 100);
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        const SdqnKernels *kernels = sdqn_kernels((SdqnCpuLevel)level);
        if (!kernels) continue;
        SdqnAdam adam;
        make_adam(&adam, count);
        float *p = calloc(count, sizeof(float));
        memcpy(p, start->data, count * sizeof(float));
        for (size_t t = 0; t < steps; t++) {
            sdqn_adam_step(&adam, kernels, gradients->data + t * count, 5e-4, p);
            for (size_t i = 0; i < count; i++) {
                const double expected = (double)after->data[t * count + i], difference = fabs((double)p[i] - expected);
                if (!(difference <= 1e-6 * fmax(fabs(expected), 0.1))) {
                    fail_msg("step %zu, parameter %zu: expected %a, found %a", t, i, expected, (double)p[i]);
                }
            }
        }
        assert_true(p[3] == start->data[3]); // its gradient was always 0
        free(p);
        sdqn_adam_destroy(&adam);
    }
    sdqn_safetensors_destroy(file);
}

static void moments_of_a_dead_unit_become_zero_not_denormal(void **state) {
    (void)state;
    const SdqnKernels *kernels = sdqn_kernels(sdqn_cpu_level_best());
    SdqnAdam adam;
    make_adam(&adam, 1);
    float gradient = -1.0f, p = 0.5f;
    sdqn_adam_step(&adam, kernels, &gradient, 1e-3, &p);
    gradient = 0.0f;
    for (int t = 0; t < 800; t++) { // 0.9^800 is below 2^-100, 0.999^800 is not
        sdqn_adam_step(&adam, kernels, &gradient, 1e-3, &p);
        assert_true(adam.m[0] == 0.0f || fabsf(adam.m[0]) >= 0x1p-100f);
    }
    assert_true(adam.m[0] == 0.0f && !signbit(adam.m[0]));
    assert_true(adam.v[0] > 1e-4f);
    const float settled = p;
    sdqn_adam_step(&adam, kernels, &gradient, 1e-3, &p);
    assert_true(p == settled);
    sdqn_adam_destroy(&adam);
}

static void running_powers_are_products_in_double(void **state) {
    (void)state;
    SdqnAdam adam;
    make_adam(&adam, 1);
    double power1 = 1.0, power2 = 1.0;
    float gradient = 1.0f, p = 0.0f;
    for (int t = 0; t < 50; t++) {
        power1 *= 0.9, power2 *= 0.999;
        sdqn_adam_step(&adam, sdqn_kernels(SDQN_CPU_SCALAR), &gradient, 1e-3, &p);
        assert_true(adam.beta1_power == power1 && adam.beta2_power == power2);
    }
    sdqn_adam_destroy(&adam);
    sdqn_adam_destroy(&adam); // twice is allowed: it is empty now
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundred_steps_equal_pytorch_on_every_level),
        cmocka_unit_test(moments_of_a_dead_unit_become_zero_not_denormal),
        cmocka_unit_test(running_powers_are_products_in_double),
    };
    return cmocka_run_group_tests_name("adam", tests, NULL, NULL);
}
