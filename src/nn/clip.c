#include "nn/clip.h"

#include <math.h>

double sdqn_clip_norm(const SdqnKernels *kernels, float *gradient, size_t count, double max_norm) {
    const double norm = sqrt(kernels->square_sum(gradient, count));
    const double factor = max_norm / (norm + 1e-6);
    if (factor < 1.0) {
        const float scale = (float)factor;
        for (size_t i = 0; i < count; i++) gradient[i] *= scale;
    }
    return norm;
}
