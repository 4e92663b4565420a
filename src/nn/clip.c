#include "nn/clip.h"

#include <math.h>

#define PARTIAL_SUMS 16

double sdqn_clip_norm(float *gradient, size_t count, double max_norm) {
    double partial[PARTIAL_SUMS] = {0};
    const size_t whole = count - count % PARTIAL_SUMS;
    for (size_t first = 0; first < whole; first += PARTIAL_SUMS) { // the inner loop becomes vectors
        for (size_t i = 0; i < PARTIAL_SUMS; i++) partial[i] += (double)gradient[first + i] * (double)gradient[first + i];
    }
    for (size_t i = whole; i < count; i++) partial[i - whole] += (double)gradient[i] * (double)gradient[i];
    for (int half = PARTIAL_SUMS / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) partial[i] += partial[i + half];
    }
    const double norm = sqrt(partial[0]);
    const double factor = max_norm / (norm + 1e-6);
    if (factor < 1.0) {
        const float scale = (float)factor;
        for (size_t i = 0; i < count; i++) gradient[i] *= scale;
    }
    return norm;
}
