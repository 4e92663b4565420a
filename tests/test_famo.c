// test_famo.c: FAMO's weights against PyTorch's autograd, by hand, and at the edges.
#include "methods/famo.h"
#include "nn/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DATA "tests/data/famo.safetensors" // made by tools/make_famo_data.py

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
        const SdqnTensor *before = find(file, tasks, "before"), *after = find(file, tasks, "after"),
                         *expected = find(file, tasks, "weights");
        SdqnFamo famo;
        sdqn_famo_begin(&famo);
        for (size_t update = 0; update < expected->shape[0]; update++) {
            double weights[SDQN_AGGREGATE_MAX_TASKS];
            const size_t first = update * (size_t)tasks;
            sdqn_famo_weights(&famo, before->data + first, tasks, weights);
            for (int i = 0; i < tasks; i++) {
                const double value = (double)expected->data[first + (size_t)i];
                if (!(fabs(weights[i] - value) <= 2e-6 * value)) {
                    fail_msg("%d tasks, update %zu, task %d: weight %.9g, expected %.9g", tasks, update, i, weights[i], value);
                }
            }
            sdqn_famo_step(&famo, after->data + first, tasks);
        }
        assert_true(famo.logits[0] > 0.2); // it fell the slowest
    }
    sdqn_safetensors_destroy(file);
}

static void weights_divide_by_the_losses_at_first(void **state) {
    (void)state;
    const float losses[] = {1, 2, 4};
    double weights[3];
    SdqnFamo famo;
    sdqn_famo_begin(&famo);
    sdqn_famo_weights(&famo, losses, 3, weights);
    assert_true(fabs(weights[0] - 4.0 / 7) < 1e-7 && fabs(weights[1] - 2.0 / 7) < 1e-7 && fabs(weights[2] - 1.0 / 7) < 1e-7);
}

static void first_step_gives_weight_to_the_task_that_fell_less(void **state) {
    (void)state;
    const float before[] = {1, 1}, after[] = {1, 0.5f};
    double weights[2];
    SdqnFamo famo;
    sdqn_famo_begin(&famo);
    sdqn_famo_weights(&famo, before, 2, weights);
    sdqn_famo_step(&famo, after, 2);
    // Adam's first step is the learning rate whatever the derivative.
    assert_true(fabs(famo.logits[0] - 0.025) < 1e-8 && fabs(famo.logits[1] + 0.025) < 1e-8);
}

static void equal_falls_keep_the_logits(void **state) {
    (void)state;
    const float before[] = {3, 3, 3}, after[] = {2, 2, 2};
    double weights[3];
    SdqnFamo famo;
    sdqn_famo_begin(&famo);
    for (int i = 0; i < 50; i++) {
        sdqn_famo_weights(&famo, before, 3, weights);
        sdqn_famo_step(&famo, after, 3);
    }
    for (int i = 0; i < 3; i++) assert_true(fabs(famo.logits[i]) < 1e-6 && fabs(weights[i] - 1.0 / 3) < 1e-6);
}

static void degenerate_losses_leave_finite_weights(void **state) {
    (void)state;
    static const float rows[][3] = {{0, 0, 0}, {0, 1, 1e30f}, {1e30f, 1e30f, 1e30f}, {1, 1, 1}};
    for (int before = 0; before < 4; before++) {
        for (int after = 0; after < 4; after++) {
            SdqnFamo famo;
            double weights[3];
            sdqn_famo_begin(&famo);
            for (int i = 0; i < 20000; i++) {
                sdqn_famo_weights(&famo, rows[before], 3, weights);
                sdqn_famo_step(&famo, rows[after], 3);
            }
            assert_true(fabs(weights[0] + weights[1] + weights[2] - 1.0) < 1e-9);
            for (int i = 0; i < 3; i++) assert_true(weights[i] >= 0.0 && fabs(famo.logits[i]) < 1e3);
        }
    }
    SdqnFamo alone;
    double weight;
    sdqn_famo_begin(&alone);
    sdqn_famo_weights(&alone, rows[0], 1, &weight);
    sdqn_famo_step(&alone, rows[3], 1);
    assert_true(weight == 1.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_equal_autograd_and_adam),
        cmocka_unit_test(weights_divide_by_the_losses_at_first),
        cmocka_unit_test(first_step_gives_weight_to_the_task_that_fell_less),
        cmocka_unit_test(equal_falls_keep_the_logits),
        cmocka_unit_test(degenerate_losses_leave_finite_weights),
    };
    return cmocka_run_group_tests_name("famo", tests, NULL, NULL);
}
