#include "dqn/td_target.h"

#include <stddef.h>

void sdqn_td_target(const float *q_target_next, const float *reward, const uint8_t *terminated, const float *discount, int n,
                    int num_actions, float *y) {
    for (int b = 0; b < n; b++) {
        const float *q = q_target_next + (size_t)b * (size_t)num_actions;
        float best = q[0];
        for (int a = 1; a < num_actions; a++) {
            if (q[a] > best || q[a] != q[a]) best = q[a]; // a NaN must reach the loss
        }
        y[b] = reward[b] + discount[b] * (terminated[b] ? 0.0f : 1.0f) * best;
    }
}

void sdqn_td_target_double(const float *q_next, const float *q_target_next, const float *reward, const uint8_t *terminated,
                           const float *discount, int n, int num_actions, float *y) {
    for (int b = 0; b < n; b++) {
        const float *q = q_next + (size_t)b * (size_t)num_actions;
        int best = 0;
        for (int a = 1; a < num_actions; a++) {
            if (q[a] > q[best] || q[a] != q[a]) best = a;
        }
        const float value = q[best] != q[best] ? q[best] : q_target_next[(size_t)b * (size_t)num_actions + (size_t)best];
        y[b] = reward[b] + discount[b] * (terminated[b] ? 0.0f : 1.0f) * value; // a NaN of either network must reach the loss
    }
}
