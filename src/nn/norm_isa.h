// norm_isa.h: LayerNorm, forward and backward. Only for kernels_isa.c.
//
// Plain C that compilers make into vectors: each sum over a row has NORM_PARTIAL_SUMS partial sums, value j going to the one of j mod
// NORM_PARTIAL_SUMS, joined by a fixed tree, so that the width of the vectors changes no bit.
#ifndef SDQN_NN_NORM_ISA_H
#define SDQN_NN_NORM_ISA_H

#include "nn/kernels.h"

#include <math.h>

#define NORM_PARTIAL_SUMS 16
#define NORM_EPSILON 1e-5f

static inline float join_partial_sums(float partial[NORM_PARTIAL_SUMS]) {
    for (int half = NORM_PARTIAL_SUMS / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) partial[i] += partial[i + half];
    }
    return partial[0];
}

static float row_sum(const float *restrict x, int columns) {
    float partial[NORM_PARTIAL_SUMS] = {0};
    int j = 0;
    for (; j + NORM_PARTIAL_SUMS <= columns; j += NORM_PARTIAL_SUMS) {
        for (int i = 0; i < NORM_PARTIAL_SUMS; i++) partial[i] += x[j + i];
    }
    for (int i = 0; j + i < columns; i++) partial[i] += x[j + i];
    return join_partial_sums(partial);
}

/// Sum of (x - mean)^2.
static float row_square_sum(const float *restrict x, float mean, int columns) {
    float partial[NORM_PARTIAL_SUMS] = {0};
    int j = 0;
    for (; j + NORM_PARTIAL_SUMS <= columns; j += NORM_PARTIAL_SUMS) {
        for (int i = 0; i < NORM_PARTIAL_SUMS; i++) partial[i] += (x[j + i] - mean) * (x[j + i] - mean);
    }
    for (int i = 0; j + i < columns; i++) partial[i] += (x[j + i] - mean) * (x[j + i] - mean);
    return join_partial_sums(partial);
}

static void norm_row(const float *restrict x, float mean, float inverse, const float *restrict scale, const float *restrict shift,
                     int columns, float *restrict y) {
    for (int j = 0; j < columns; j++) y[j] = (x[j] - mean) * inverse * scale[j] + shift[j];
}

static void norm_forward(const SdqnNorm *norm, const float *x, int rows, float *y, float *statistics) {
    for (int b = 0; b < rows; b++) {
        const float *from = x + (size_t)b * norm->row;
        float *to = y + (size_t)b * norm->row;
        const float mean = row_sum(from, norm->columns) / (float)norm->columns;
        const float variance = row_square_sum(from, mean, norm->columns) / (float)norm->columns;
        const float inverse = 1.0f / sqrtf(variance + NORM_EPSILON);
        norm_row(from, mean, inverse, norm->scale, norm->shift, norm->columns, to);
        if (norm->relu) {
            for (int j = 0; j < norm->columns; j++) to[j] = to[j] > 0.0f ? to[j] : 0.0f;
        }
        statistics[2 * b] = mean;
        statistics[2 * b + 1] = inverse;
    }
}

/// With z = (x - mean) * inverse and g = dy * scale: dx = inverse * (g - mean(g) - z * mean(g * z)).
static void norm_row_backward(const float *restrict x, float mean, float inverse, const float *restrict scale, const float *restrict dy,
                              int columns, float *restrict dx, float *restrict d_scale, float *restrict d_shift) {
    float g_sum[NORM_PARTIAL_SUMS] = {0}, gz_sum[NORM_PARTIAL_SUMS] = {0};
    int j = 0;
    for (; j + NORM_PARTIAL_SUMS <= columns; j += NORM_PARTIAL_SUMS) {
        for (int i = 0; i < NORM_PARTIAL_SUMS; i++) {
            const float z = (x[j + i] - mean) * inverse, g = dy[j + i] * scale[j + i];
            g_sum[i] += g;
            gz_sum[i] += g * z;
        }
    }
    for (int i = 0; j + i < columns; i++) {
        const float z = (x[j + i] - mean) * inverse, g = dy[j + i] * scale[j + i];
        g_sum[i] += g;
        gz_sum[i] += g * z;
    }
    const float g_mean = join_partial_sums(g_sum) / (float)columns, gz_mean = join_partial_sums(gz_sum) / (float)columns;
    for (j = 0; j < columns; j++) {
        const float z = (x[j] - mean) * inverse;
        d_scale[j] += dy[j] * z;
        d_shift[j] += dy[j];
        dx[j] += inverse * (dy[j] * scale[j] - g_mean - z * gz_mean);
    }
}

static void norm_backward(const SdqnNorm *norm, const float *x, const float *statistics, const float *dy, int rows, float *dx,
                          float *d_scale, float *d_shift) {
    for (int j = 0; j < norm->columns; j++) d_scale[j] = d_shift[j] = 0.0f;
    for (int b = 0; b < rows; b++) {
        const size_t first = (size_t)b * norm->row;
        norm_row_backward(x + first, statistics[2 * b], statistics[2 * b + 1], norm->scale, dy + first, norm->columns, dx + first, d_scale,
                          d_shift);
    }
}

#endif
