#include "nn/loss.h"

#include <string.h>

#define PARTIAL_SUMS 16

/// Join the partial sums. @param partial  changed
static float sum_of(float partial[PARTIAL_SUMS]) {
    for (int half = PARTIAL_SUMS / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) partial[i] += partial[i + half];
    }
    return partial[0];
}

float sdqn_mse_loss(const float *q, const uint8_t *action, const float *y, int n, int num_actions, float *dq) {
    const float rows = (float)n;
    float partial[PARTIAL_SUMS] = {0};
    memset(dq, 0, (size_t)n * (size_t)num_actions * sizeof(float));
    for (int b = 0; b < n; b++) {
        const size_t chosen = (size_t)b * (size_t)num_actions + action[b];
        const float td_error = q[chosen] - y[b];
        dq[chosen] = 2.0f * td_error / rows;
        partial[b % PARTIAL_SUMS] += td_error * td_error;
    }
    return sum_of(partial) / rows;
}

float sdqn_huber_loss(const float *q, const uint8_t *action, const float *y, float delta, int n, int num_actions, float *dq) {
    const float rows = (float)n;
    float partial[PARTIAL_SUMS] = {0};
    memset(dq, 0, (size_t)n * (size_t)num_actions * sizeof(float));
    for (int b = 0; b < n; b++) {
        const size_t chosen = (size_t)b * (size_t)num_actions + action[b];
        const float td_error = q[chosen] - y[b];
        const float size = td_error < 0.0f ? -td_error : td_error;
        const float clamped = size <= delta ? td_error : td_error < 0.0f ? -delta : delta;
        dq[chosen] = clamped / rows;
        partial[b % PARTIAL_SUMS] += size <= delta ? 0.5f * td_error * td_error : delta * (size - 0.5f * delta);
    }
    return sum_of(partial) / rows;
}
