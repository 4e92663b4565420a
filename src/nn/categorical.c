#include "nn/categorical.h"

#include "core/dmath.h"

#include <stddef.h>
#include <string.h>

static double largest(const float *x, int count) {
    float best = x[0];
    for (int i = 1; i < count; i++) {
        if (x[i] > best || x[i] != x[i]) best = x[i];
    }
    return (double)best;
}

/// e^(x - shift) of each, in double. @param shift  the largest of x @param powers [count] written @return their sum, ascending
static double exponentials(const SdqnKernels *kernels, const float *x, int count, double shift, double *powers) {
    double sum = 0.0;
    for (int i = 0; i < count; i++) powers[i] = (double)x[i] - shift;
    kernels->exp(powers, count);
    for (int i = 0; i < count; i++) sum += powers[i];
    return sum;
}

void sdqn_softmax(const SdqnKernels *kernels, const float *logits, int num_atoms, float *probabilities) {
    double powers[SDQN_MAX_ATOMS];
    const double sum = exponentials(kernels, logits, num_atoms, largest(logits, num_atoms), powers);
    for (int j = 0; j < num_atoms; j++) probabilities[j] = (float)(powers[j] / sum);
}

void sdqn_categorical_mean(const SdqnKernels *kernels, const SdqnSupport *support, const float *logits, int rows, float *q) {
    double powers[SDQN_MAX_ATOMS];
    for (int i = 0; i < rows; i++) {
        const float *x = logits + (size_t)i * (size_t)support->num_atoms;
        const double sum = exponentials(kernels, x, support->num_atoms, largest(x, support->num_atoms), powers);
        double mean = 0.0;
        for (int j = 0; j < support->num_atoms; j++) mean += powers[j] * (double)support->atoms[j];
        q[i] = (float)(mean / sum);
    }
}

float sdqn_categorical_project(const SdqnSupport *support, SdqnProjection projection, const float *probabilities, float reward,
                               float discount, float *target) {
    const int last = support->num_atoms - 1;
    const double low = (double)support->atoms[0], high = (double)support->atoms[last], gap = (high - low) / last;
    double mass[SDQN_MAX_ATOMS] = {0.0}, cut = 0.0;
    for (int j = 0; j <= last; j++) {
        const double p = (double)probabilities[j];
        double value = (double)reward + (double)discount * (double)support->atoms[j];
        if (value < low || value > high) {
            cut += p;
            value = value < low ? low : high;
        }
        const double place = (value - low) / gap;
        if (!(place >= 0.0 && place <= (double)last)) { // a NaN must reach the loss
            mass[0] += place;
            continue;
        }
        const int lower = (int)place;
        const double over = place - lower;
        if (over == 0.0) {
            if (projection == SDQN_PROJECTION_CORRECT) mass[lower] += p;
            continue;
        }
        mass[lower] += p * (1.0 - over);
        mass[lower + 1] += p * over;
    }
    for (int j = 0; j <= last; j++) target[j] = (float)mass[j];
    return (float)cut;
}

float sdqn_categorical_loss(const SdqnKernels *kernels, const float *logits, const uint8_t *action, const float *target,
                            const float *weights, int n, int num_actions, int num_atoms, float *rows, float *d_logits) {
    double powers[SDQN_MAX_ATOMS], loss = 0.0;
    const size_t atoms = (size_t)num_atoms, row = (size_t)num_actions * atoms;
    memset(d_logits, 0, (size_t)n * row * sizeof(float));
    for (size_t b = 0; b < (size_t)n; b++) {
        const float *x = logits + b * row + action[b] * atoms, *y = target + b * atoms;
        float *d = d_logits + b * row + action[b] * atoms;
        const double shift = largest(x, num_atoms), sum = exponentials(kernels, x, num_atoms, shift, powers), log_sum = sdqn_log(sum);
        const double weight = weights ? (double)weights[b] : 1.0;
        double own = 0.0, mass = 0.0;
        for (size_t j = 0; j < atoms; j++) {
            own -= (double)y[j] * ((double)x[j] - shift - log_sum);
            mass += (double)y[j];
        }
        // The target's mass is 1 unless a projection loses some of it.
        for (size_t j = 0; j < atoms; j++) d[j] = (float)(weight * (powers[j] / sum * mass - (double)y[j]) / n);
        if (rows) rows[b] = (float)own;
        loss += weight * own;
    }
    return (float)(loss / n);
}
