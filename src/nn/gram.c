// gram.c: inner products of the tasks' gradients, and weighted sums of them.
#include "nn/gram.h"

#include <math.h>

#define BLOCK 1024 // parameters: 16 rows of a block fit into the first cache, and so do their sums
#define LANES 8

static double block_dot(const float *a, const float *b, size_t count) {
    double lanes[LANES] = {0};
    size_t whole = count - count % LANES;
    for (size_t p = 0; p < whole; p += LANES) {
        for (size_t l = 0; l < LANES; l++) lanes[l] += (double)a[p + l] * (double)b[p + l];
    }
    for (size_t p = whole; p < count; p++) lanes[p - whole] += (double)a[p] * (double)b[p];
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

void sdqn_gram_matrix(const float *gradients, int tasks, size_t parameters, double *gram) {
    sdqn_gram_matrix_of_columns(gradients, tasks, parameters, parameters, gram);
}

void sdqn_gram_matrix_of_columns(const float *gradients, int tasks, size_t columns, size_t row, double *gram) {
    for (int i = 0; i < tasks * tasks; i++) gram[i] = 0.0;
    for (size_t first = 0; first < columns; first += BLOCK) {
        size_t count = columns - first < BLOCK ? columns - first : BLOCK;
        for (int i = 0; i < tasks; i++) {
            const float *own = gradients + (size_t)i * row + first;
            for (int j = 0; j <= i; j++) gram[i * tasks + j] += block_dot(own, gradients + (size_t)j * row + first, count);
        }
    }
    for (int i = 0; i < tasks; i++) {
        for (int j = 0; j < i; j++) gram[j * tasks + i] = gram[i * tasks + j];
    }
}

bool sdqn_gram_combine(const float *gradients, const double *weights, int tasks, size_t parameters, float *out) {
    double sums[BLOCK];
    bool finite = true;
    for (size_t first = 0; first < parameters; first += BLOCK) {
        size_t count = parameters - first < BLOCK ? parameters - first : BLOCK;
        for (size_t p = 0; p < count; p++) sums[p] = weights[0] * (double)gradients[first + p];
        for (int t = 1; t < tasks; t++) {
            const float *row = gradients + (size_t)t * parameters + first;
            for (size_t p = 0; p < count; p++) sums[p] += weights[t] * (double)row[p];
        }
        for (size_t p = 0; p < count; p++) {
            float value = (float)sums[p];
            out[first + p] = value;
            finite &= isfinite(value) != 0;
        }
    }
    return finite;
}
