#include "nn/clip.h"

#include <math.h>

#define PARTIAL_SUMS 16

double sdqn_clip_norm(float *gradient, size_t count, double max_norm) {
    double partial[PARTIAL_SUMS] = {0};
    for (size_t i = 0; i < count; i++) partial[i % PARTIAL_SUMS] += (double)gradient[i] * (double)gradient[i];
    for (int half = PARTIAL_SUMS / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) partial[i] += partial[i + half];
    }
    const double norm = sqrt(partial[0]);
    const double factor = max_norm / (norm + 1e-6);
    if (factor < 1.0) {
        for (size_t i = 0; i < count; i++) gradient[i] *= (float)factor;
    }
    return norm;
}
