// gram_isa.h: inner products of the tasks' gradients, and weighted sums of them. Only for kernels_isa.c.
//
// Vectors run over partial sums and over parameters, whose number and order are fixed, so that their width changes no bit.
#ifndef SDQN_NN_GRAM_ISA_H
#define SDQN_NN_GRAM_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define GRAM_BLOCK 1024 ///< parameters: 16 rows of a block fit into the first cache
#define GRAM_SUMS 8     ///< partial sums of an inner product

// GRAM_DOUBLES make a vector. As many inner products are made at once as the registers take: GRAM_ROWS with one row, or those of
// GRAM_TRIANGLE rows with each other, for which each row is read and widened once.
#if defined(SDQN_ISA_avx512)
#define GRAM_DOUBLES 8
#define GRAM_ROWS 4
#define GRAM_TRIANGLE 3
#elif defined(SDQN_ISA_avx2)
#define GRAM_DOUBLES 4
#define GRAM_ROWS 4
#define GRAM_TRIANGLE 3
#else
#define GRAM_DOUBLES 2
#define GRAM_ROWS 2
#define GRAM_TRIANGLE 2
#endif
#define GRAM_VECTORS (GRAM_SUMS / GRAM_DOUBLES)
#define GRAM_INLINE static inline __attribute__((always_inline))

typedef double GramDoubles __attribute__((vector_size(8 * GRAM_DOUBLES)));
typedef float GramFloats __attribute__((vector_size(4 * GRAM_DOUBLES)));
typedef int32_t GramWords __attribute__((vector_size(4 * GRAM_DOUBLES)));

GRAM_INLINE GramDoubles gram_load(const float *p) {
    GramFloats x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, GramDoubles);
}

/// The whole inner product a . b of a block, of the partial sums of its vectors and of what is behind them.
GRAM_INLINE double gram_total(const GramDoubles *sums, const float *a, const float *b, size_t whole, size_t n) {
    double s[GRAM_SUMS];
    memcpy(s, sums, sizeof s);
    for (size_t p = whole; p < n; p++) s[p - whole] += (double)a[p] * (double)b[p];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/// gram[r] += a . b_r over n parameters for `rows` (a constant) rows b_r: value p goes to partial sum p mod GRAM_SUMS.
GRAM_INLINE void gram_block(const float *a, const float *b, size_t b_row, int rows, size_t n, double *gram) {
    GramDoubles sums[GRAM_ROWS][GRAM_VECTORS] = {0};
    const size_t whole = n - n % GRAM_SUMS;
    for (size_t p = 0; p < whole; p += GRAM_SUMS) {
        for (size_t v = 0; v < GRAM_VECTORS; v++) {
            const GramDoubles x = gram_load(a + p + v * GRAM_DOUBLES);
            for (size_t r = 0; r < (size_t)rows; r++) sums[r][v] += x * gram_load(b + r * b_row + p + v * GRAM_DOUBLES);
        }
    }
    for (size_t r = 0; r < (size_t)rows; r++) gram[r] += gram_total(sums[r], a, b + r * b_row, whole, n);
}

/// gram[i, j] += a_i . a_j for j <= i < `rows` (a constant), as gram_block. @param gram [rows, gram_row]
GRAM_INLINE void gram_triangle(const float *a, size_t a_row, int rows, size_t n, double *gram, int gram_row) {
    GramDoubles sums[GRAM_TRIANGLE][GRAM_TRIANGLE][GRAM_VECTORS] = {0};
    const size_t whole = n - n % GRAM_SUMS;
    for (size_t p = 0; p < whole; p += GRAM_SUMS) {
        for (size_t v = 0; v < GRAM_VECTORS; v++) {
            GramDoubles x[GRAM_TRIANGLE];
            for (int i = 0; i < rows; i++) {
                x[i] = gram_load(a + (size_t)i * a_row + p + v * GRAM_DOUBLES);
                for (int j = 0; j <= i; j++) sums[i][j][v] += x[i] * x[j];
            }
        }
    }
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j <= i; j++)
            gram[i * gram_row + j] += gram_total(sums[i][j], a + (size_t)i * a_row, a + (size_t)j * a_row, whole, n);
    }
}

/// The same for as many rows as there are. @param rows 1 to GRAM_TRIANGLE
GRAM_INLINE void gram_diagonal(const float *a, size_t a_row, int rows, size_t n, double *gram, int gram_row) {
    if (rows == 1) {
        gram_triangle(a, a_row, 1, n, gram, gram_row);
#if GRAM_TRIANGLE > 2
    } else if (rows == 2) {
        gram_triangle(a, a_row, 2, n, gram, gram_row);
#endif
    } else {
        gram_triangle(a, a_row, GRAM_TRIANGLE, n, gram, gram_row);
    }
}

static void gram_matrix(const float *gradients, int tasks, size_t columns, size_t row, double *gram) {
    for (int i = 0; i < tasks * tasks; i++) gram[i] = 0.0;
    for (size_t first = 0; first < columns; first += GRAM_BLOCK) {
        const size_t n = columns - first < GRAM_BLOCK ? columns - first : GRAM_BLOCK;
        const float *block = gradients + first;
        for (int begin = 0; begin < tasks; begin += GRAM_TRIANGLE) {
            const int rows = tasks - begin < GRAM_TRIANGLE ? tasks - begin : GRAM_TRIANGLE;
            gram_diagonal(block + (size_t)begin * row, row, rows, n, gram + begin * tasks + begin, tasks);
            for (int i = begin; i < begin + rows; i++) {
                const float *own = block + (size_t)i * row;
                int j = 0;
                for (; j + GRAM_ROWS <= begin; j += GRAM_ROWS)
                    gram_block(own, block + (size_t)j * row, row, GRAM_ROWS, n, gram + i * tasks + j);
                for (; j + 2 <= begin; j += 2) gram_block(own, block + (size_t)j * row, row, 2, n, gram + i * tasks + j);
                for (; j < begin; j++) gram_block(own, block + (size_t)j * row, row, 1, n, gram + i * tasks + j);
            }
        }
    }
    for (int i = 0; i < tasks; i++) {
        for (int j = 0; j < i; j++) gram[j * tasks + i] = gram[i * tasks + j];
    }
}

#define GRAM_EXPONENT INT32_C(0x7f800000) ///< of a float; all ones: infinite or NaN

static bool gram_combine(const float *gradients, const double *weights, int tasks, size_t parameters, float *out) {
    const GramWords exponent = (GramWords){0} + GRAM_EXPONENT;
    GramWords wrong = {0};
    size_t p = 0;
    for (; p + GRAM_DOUBLES <= parameters; p += GRAM_DOUBLES) {
        GramDoubles sum = weights[0] * gram_load(gradients + p);
        for (size_t t = 1; t < (size_t)tasks; t++) sum += weights[t] * gram_load(gradients + t * parameters + p);
        const GramFloats value = __builtin_convertvector(sum, GramFloats);
        GramWords words;
        memcpy(out + p, &value, sizeof value);
        memcpy(&words, &value, sizeof words);
        wrong |= (words & exponent) == exponent;
    }
    int32_t lanes[GRAM_DOUBLES], any = 0;
    memcpy(lanes, &wrong, sizeof lanes);
    for (int l = 0; l < GRAM_DOUBLES; l++) any |= lanes[l];
    for (; p < parameters; p++) {
        double sum = weights[0] * (double)gradients[p];
        for (size_t t = 1; t < (size_t)tasks; t++) sum += weights[t] * (double)gradients[t * parameters + p];
        out[p] = (float)sum;
        int32_t word;
        memcpy(&word, out + p, sizeof word);
        any |= (word & GRAM_EXPONENT) == GRAM_EXPONENT;
    }
    return any == 0;
}

#endif
