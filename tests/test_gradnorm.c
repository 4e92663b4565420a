// test_gradnorm.c: GradNorm's weights against PyTorch's autograd, by hand, and at the edges.
#include "methods/gradnorm.h"
#include "nn/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DATA "tests/data/gradnorm.safetensors" // made by tools/make_gradnorm_data.py

static const SdqnTensor *find(const SdqnSafetensors *file, int tasks, const char *name) {
    char full[SDQN_TENSOR_NAME_SIZE];
    int count;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    snprintf(full, sizeof full, "t%d.%s", tasks, name);
    for (int i = 0; i < count; i++) {
        if (strcmp(tensors[i].name, full) == 0) return &tensors[i];
    }
    fail_msg("%s: no tensor %s", DATA, full);
    return NULL;
}

static void weights_equal_autograd_and_adam(void **state) {
    (void)state;
    SdqnSafetensors *file;
    SdqnError error = {0};
    if (sdqn_safetensors_read(DATA, &file, &error) != SDQN_OK) fail_msg("%s", error.message);
    static const int numbers[] = {2, 3, 16};
    for (int k = 0; k < 3; k++) {
        const int tasks = numbers[k];
        const SdqnTensor *norms = find(file, tasks, "norms"), *losses = find(file, tasks, "losses"),
                         *weights = find(file, tasks, "weights");
        SdqnGradNorm gradnorm;
        sdqn_gradnorm_begin(&gradnorm);
        double largest = 0.0;
        for (size_t update = 0; update < weights->shape[0]; update++) {
            double norm[SDQN_AGGREGATE_MAX_TASKS];
            const size_t first = update * (size_t)tasks;
            for (int i = 0; i < tasks; i++) norm[i] = (double)norms->data[first + (size_t)i];
            sdqn_gradnorm_step(&gradnorm, norm, losses->data + first, tasks);
            for (int i = 0; i < tasks; i++) {
                const double expected = (double)weights->data[first + (size_t)i], found = gradnorm.weights[i];
                if (!(fabs(found - expected) <= 2e-6 * expected)) {
                    fail_msg("%d tasks, update %zu, task %d: weight %.9g, expected %.9g", tasks, update, i, found, expected);
                }
                largest = fmax(largest, fabs(found - 1.0));
            }
        }
        assert_true(largest > 0.2); // they did move
    }
    sdqn_safetensors_destroy(file);
}

static void begin_with(SdqnGradNorm *gradnorm, const float *losses, int tasks) {
    const double norms[SDQN_AGGREGATE_MAX_TASKS] = {0};
    sdqn_gradnorm_begin(gradnorm);
    for (int i = 0; i < SDQN_GRADNORM_INITIAL_UPDATES; i++) sdqn_gradnorm_step(gradnorm, norms, losses, tasks);
}

static void first_step_goes_down_for_long_gradients_and_up_for_short_ones(void **state) {
    (void)state;
    const float losses[] = {1, 1, 1};
    const double norms[] = {4, 1, 1};
    SdqnGradNorm gradnorm;
    begin_with(&gradnorm, losses, 3);
    for (int i = 0; i < 3; i++) assert_true(gradnorm.weights[i] == 1.0 && fabs(gradnorm.initial_losses[i] - 1.0) < 1e-12);
    sdqn_gradnorm_step(&gradnorm, norms, losses, 3);
    // Adam's first step is the learning rate whatever the derivative: logarithms -0.01, 0.01, 0.01, then the sum is made 3.
    const double sum = exp(-0.01) + 2 * exp(0.01);
    assert_true(fabs(gradnorm.weights[0] - 3 * exp(-0.01) / sum) < 1e-8);
    assert_true(fabs(gradnorm.weights[1] - 3 * exp(0.01) / sum) < 1e-8);
    assert_true(gradnorm.weights[1] == gradnorm.weights[2]);
}

static void a_task_that_learns_slowly_gets_weight(void **state) {
    (void)state;
    const float at_first[] = {1, 1}, now[] = {1, 0.1f};
    const double norms[] = {1, 1};
    SdqnGradNorm gradnorm;
    begin_with(&gradnorm, at_first, 2);
    sdqn_gradnorm_step(&gradnorm, norms, now, 2);
    assert_true(gradnorm.weights[0] > 1.0 && gradnorm.weights[1] < 1.0);
}

static void equal_tasks_keep_their_weights(void **state) {
    (void)state;
    const float losses[] = {2, 2, 2};
    const double norms[] = {3, 3, 3};
    SdqnGradNorm gradnorm;
    begin_with(&gradnorm, losses, 3);
    for (int i = 0; i < 50; i++) sdqn_gradnorm_step(&gradnorm, norms, losses, 3);
    for (int i = 0; i < 3; i++) assert_true(fabs(gradnorm.weights[i] - 1.0) < 1e-12);
}

static void degenerate_tasks_leave_finite_positive_weights(void **state) {
    (void)state;
    static const float zero[] = {0, 0, 0}, some[] = {0, 1, 1}, large[] = {1e30f, 1, 0};
    static const double no_norms[] = {0, 0, 0}, one_norm[] = {0, 1, 1e20};
    static const float *const losses[] = {zero, some, large};
    static const double *const norms[] = {no_norms, one_norm};
    for (int start = 0; start < 3; start++) {
        for (int l = 0; l < 3; l++) {
            for (int n = 0; n < 2; n++) {
                SdqnGradNorm gradnorm;
                begin_with(&gradnorm, losses[start], 3);
                for (int i = 0; i < 200000; i++) sdqn_gradnorm_step(&gradnorm, norms[n], losses[l], 3);
                double sum = 0.0;
                for (int i = 0; i < 3; i++) {
                    assert_true(isfinite(gradnorm.weights[i]) && gradnorm.weights[i] > 0.0);
                    sum += gradnorm.weights[i];
                }
                assert_true(fabs(sum - 3.0) < 1e-9);
            }
        }
    }
    SdqnGradNorm alone;
    begin_with(&alone, some + 1, 1);
    sdqn_gradnorm_step(&alone, one_norm + 1, some + 1, 1);
    assert_true(alone.weights[0] == 1.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_equal_autograd_and_adam),
        cmocka_unit_test(first_step_goes_down_for_long_gradients_and_up_for_short_ones),
        cmocka_unit_test(a_task_that_learns_slowly_gets_weight),
        cmocka_unit_test(equal_tasks_keep_their_weights),
        cmocka_unit_test(degenerate_tasks_leave_finite_positive_weights),
    };
    return cmocka_run_group_tests_name("gradnorm", tests, NULL, NULL);
}
