// test_kernels.c: every kernel level gives the bits of plain C with the library's fmaf, and touches no memory but its own.
#include "core/dmath.h"
#include "core/rng.h"
#include "nn/fma_exact.h"
#include "nn/kernels.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GUARD 32 // floats before and behind each array
static const uint32_t guard_bits = 0x7fc0beef;

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// An array of its own block, full of guard values (which are NaN, so that reading one shows too).
static float *guarded(size_t count) {
    float *block = malloc((count + 2 * GUARD) * sizeof(float));
    assert_non_null(block);
    for (size_t i = 0; i < count + 2 * GUARD; i++) memcpy(&block[i], &guard_bits, sizeof(float));
    return block + GUARD;
}

static void release(float *array, size_t count) {
    for (size_t i = 0; i < GUARD; i++) {
        assert_int_equal(bits_of(array[-1 - (ptrdiff_t)i]), guard_bits);
        assert_int_equal(bits_of(array[count + i]), guard_bits);
    }
    free(array - GUARD);
}

static float *random_array(SdqnRng *rng, size_t count) {
    float *array = guarded(count);
    for (size_t i = 0; i < count; i++) array[i] = sdqn_rng_double(rng) < 0.2 ? 0.0f : (float)sdqn_rng_normal(rng);
    return array;
}

static void check_bits(const char *what, SdqnCpuLevel level, int row, int column, float found, float expected) {
    if (bits_of(found) == bits_of(expected)) return;
    fail_msg("%s, level %s, element %d, %d: expected %a (%08x), found %a (%08x)", what, sdqn_cpu_level_name(level), row, column,
             (double)expected, bits_of(expected), (double)found, bits_of(found));
}

// Software fma

static void check_fma(float a, float b, float c) {
    const float expected = fmaf(a, b, c), found = sdqn_fma_exact(a, b, c);
    if (bits_of(found) == bits_of(expected) || (isnan(found) && isnan(expected))) return;
    fail_msg("fma(%a, %a, %a): expected %a, found %a", (double)a, (double)b, (double)c, (double)expected, (double)found);
}

static void software_fma_equals_fmaf_on_hard_values(void **state) {
    (void)state;
    static const float values[] = {0.0f,
                                   -0.0f,
                                   1.0f,
                                   -1.0f,
                                   1.5f,
                                   3.0f,
                                   0x1p-149f,
                                   -0x1p-149f,
                                   0x1p-148f,
                                   0x1.8p-149f,
                                   0x1p-126f,
                                   0x1.fffffcp-127f,
                                   -0x1p-126f,
                                   0x1p-125f,
                                   0x1p-24f,
                                   0x1p-25f,
                                   -0x1p-25f,
                                   0x1.000002p-24f,
                                   0x1.fffffep-25f,
                                   0x1.000002p0f,
                                   0x1.fffffep0f,
                                   0x1.fffffep127f,
                                   -0x1.fffffep127f,
                                   0x1p103f,
                                   0x1p102f,
                                   0x1p127f,
                                   0x1p-75f,
                                   0x1.000002p-75f,
                                   0x1p-63f,
                                   0x1.8p-64f,
                                   0x1p24f,
                                   0x1.000002p24f,
                                   0x1.800002p23f,
                                   INFINITY,
                                   -INFINITY,
                                   NAN};
    const size_t n = sizeof values / sizeof values[0];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            for (size_t k = 0; k < n; k++) check_fma(values[i], values[j], values[k]);
        }
    }
}

static void software_fma_equals_fmaf_on_random_bits(void **state) {
    (void)state;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1);
    for (int i = 0; i < 2000000; i++) {
        const float a = float_of(sdqn_rng_next_u32(&rng)), b = float_of(sdqn_rng_next_u32(&rng));
        check_fma(a, b, float_of(sdqn_rng_next_u32(&rng)));
    }
}

/// Products on the midpoint of two floats and an addend that double is too narrow to see: where rounding twice goes wrong. With small
/// exponents the same in the denormal range, where midpoints lie elsewhere.
static void software_fma_equals_fmaf_near_midpoints(void **state) {
    (void)state;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 2);
    int rounded_twice = 0;
    for (int i = 0; i < 2000000; i++) {
        // Two odd numbers of 13 bits: their product is odd with 25 bits (a midpoint) or 26.
        const float a = (float)(2 * sdqn_rng_integers(&rng, 1 << 11, 1 << 12) + 1);
        const float b = (float)(2 * sdqn_rng_integers(&rng, 1 << 11, 1 << 12) + 1);
        const int exponent = (int)sdqn_rng_integers(&rng, -180, 100);
        const float scaled_a = ldexpf(a, exponent / 2), scaled_b = ldexpf(b, exponent - exponent / 2);
        const float c = ldexpf((float)sdqn_rng_normal(&rng), exponent + (int)sdqn_rng_integers(&rng, -40, 25));
        check_fma(scaled_a, scaled_b, c);
        check_fma(-scaled_a, scaled_b, c);
        rounded_twice += bits_of((float)((double)scaled_a * (double)scaled_b + (double)c)) != bits_of(fmaf(scaled_a, scaled_b, c));
    }
    assert_true(rounded_twice > 1000); // the inputs do reach the cases that plain double arithmetic gets wrong
}

// Products

typedef struct Shape {
    int rows, columns, depth;
} Shape;

static float reference_element(const SdqnProduct *x, int i, int j) {
    float sum = x->bias ? x->bias[j] : 0.0f;
    for (int p = 0; p < x->depth; p++) {
        sum = fmaf(x->a[(size_t)i * x->a_row + (size_t)p * x->a_depth], x->b[(size_t)p * x->b_depth + (size_t)j], sum);
    }
    if (x->epilogue == SDQN_EPILOGUE_RELU) return sum > 0.0f ? sum : 0.0f;
    if (x->epilogue == SDQN_EPILOGUE_MASK) return x->mask[(size_t)i * x->mask_row + (size_t)j] > 0.0f ? sum : 0.0f;
    return sum;
}

/// @param gap  floats of guard between the rows of each array
static void check_product(const SdqnKernels *kernels, SdqnRng *rng, Shape shape, bool transposed, bool biased, SdqnEpilogue epilogue,
                          int gap) {
    const size_t rows = (size_t)shape.rows, columns = (size_t)shape.columns, depth = (size_t)shape.depth;
    const size_t a_row = (transposed ? rows : depth) + (size_t)gap, wide = columns + (size_t)gap;
    const size_t a_count = a_row * (transposed ? depth : rows);
    float *a = random_array(rng, a_count), *b = random_array(rng, depth * wide), *bias = random_array(rng, columns);
    float *mask = random_array(rng, rows * wide), *c = guarded(rows * wide);
    SdqnProduct product = {
        .rows = shape.rows,
        .columns = shape.columns,
        .depth = shape.depth,
        .a = a,
        .a_row = transposed ? 1 : a_row,
        .a_depth = transposed ? a_row : 1,
        .b = b,
        .b_depth = wide,
        .bias = biased ? bias : NULL,
        .c = c,
        .c_row = wide,
        .epilogue = epilogue,
        .mask = mask,
        .mask_row = wide,
    };
    product.sparse = !transposed && gap % 2 == 0;
    kernels->product(&product);
    for (int i = 0; i < shape.rows; i++) {
        for (int j = 0; j < shape.columns; j++) {
            check_bits(product.sparse ? "sparse product" : "product", kernels->level, i, j, c[(size_t)i * wide + (size_t)j],
                       reference_element(&product, i, j));
        }
        for (size_t j = columns; j < wide; j++) assert_int_equal(bits_of(c[(size_t)i * wide + j]), guard_bits);
    }
    release(a, a_count);
    release(b, depth * wide);
    release(bias, columns);
    release(mask, rows * wide);
    release(c, rows * wide);
}

static void each_level(void (*check)(const SdqnKernels *kernels, SdqnRng *rng)) {
    for (int level = 0; level < SDQN_NUM_CPU_LEVELS; level++) {
        const SdqnKernels *kernels = sdqn_kernels((SdqnCpuLevel)level);
        if (!kernels) continue;
        assert_int_equal(kernels->level, level);
        SdqnRng rng;
        sdqn_rng_seed(&rng, 3);
        check(kernels, &rng);
    }
}

static void check_products(const SdqnKernels *kernels, SdqnRng *rng) {
    static const SdqnEpilogue epilogues[] = {SDQN_EPILOGUE_NONE, SDQN_EPILOGUE_RELU, SDQN_EPILOGUE_MASK};
    for (int rows = 1; rows <= 19; rows++) { // every remainder of every tile
        for (int e = 0; e < 3; e++) {
            check_product(kernels, rng, (Shape){rows, 1 + rows * 7 % 53, 1 + rows % 5}, rows % 2 == 0, rows % 3 == 0, epilogues[e],
                          rows % 4);
        }
    }
    for (int columns = 1; columns <= 70; columns++) {
        for (int rows = 1; rows <= 3; rows++) {
            check_product(kernels, rng, (Shape){rows, columns, 6}, columns % 2 == 0, columns % 3 != 0, epilogues[columns % 3], columns % 5);
        }
    }
    for (int columns = 71; columns <= 240; columns += 13) { // sparse, as gap is even: every count of vectors at once
        check_product(kernels, rng, (Shape){17, columns, 70}, false, true, epilogues[columns % 3], 2);
    }
    for (int columns = 98; columns <= 128; columns += 2) { // and rows of b 128 floats apart
        check_product(kernels, rng, (Shape){17, columns, 70}, false, false, epilogues[columns / 2 % 3], 128 - columns);
    }
    check_product(kernels, rng, (Shape){1, 300, 37}, false, true, SDQN_EPILOGUE_RELU, 0); // a row alone, wide
    check_product(kernels, rng, (Shape){64, 128, 256}, false, true, SDQN_EPILOGUE_RELU, 0);
    check_product(kernels, rng, (Shape){64, 128, 256}, false, true, SDQN_EPILOGUE_RELU, 1);
    check_product(kernels, rng, (Shape){64, 4, 128}, false, true, SDQN_EPILOGUE_NONE, 1);
    check_product(kernels, rng, (Shape){128, 256, 64}, false, false, SDQN_EPILOGUE_NONE, 0); // sparse: gap is even
    check_product(kernels, rng, (Shape){64, 256, 128}, false, false, SDQN_EPILOGUE_MASK, 0);
    check_product(kernels, rng, (Shape){300, 150, 130}, false, true, SDQN_EPILOGUE_MASK, 2);
    check_product(kernels, rng, (Shape){1, 150, 130}, false, true, SDQN_EPILOGUE_RELU, 2);
    check_product(kernels, rng, (Shape){128, 256, 64}, true, false, SDQN_EPILOGUE_NONE, 0);
}

static void products_equal_chains_of_fmaf(void **state) {
    (void)state;
    each_level(check_products);
}

static void check_hard_product(const SdqnKernels *kernels, SdqnRng *rng) {
    (void)rng;
    // One product each: denormal results, overflow to infinity, signed zeros, NaN behind ReLU (which becomes 0).
    static const float a[] = {0x1p-100f, 0x1p100f, -0.0f, NAN, -1.0f};
    float b[17], c[5][17];
    for (int j = 0; j < 17; j++) b[j] = j % 2 ? 0x1.234568p-40f : 0x1.8p100f;
    for (SdqnEpilogue epilogue = SDQN_EPILOGUE_NONE; epilogue <= SDQN_EPILOGUE_RELU; epilogue++) {
        const SdqnProduct product = {
            .rows = 5, .columns = 17, .depth = 1, .a = a, .a_row = 1, .b = b, .c = c[0], .c_row = 17, .epilogue = epilogue};
        kernels->product(&product);
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 17; j++) {
                const float expected = reference_element(&product, i, j);
                if (isnan(expected)) {
                    assert_true(isnan(c[i][j]));
                } else {
                    check_bits("hard product", kernels->level, i, j, c[i][j], expected);
                }
            }
        }
    }
}

static void products_equal_fmaf_on_hard_values(void **state) {
    (void)state;
    each_level(check_hard_product);
}

// The other kernels

static void check_column_sums(const SdqnKernels *kernels, SdqnRng *rng) {
    for (int columns = 1; columns <= 40; columns++) {
        const int rows = 1 + columns % 9;
        const size_t row = (size_t)columns + 3, count = row * (size_t)rows;
        float *a = random_array(rng, count), *sum = guarded((size_t)columns);
        kernels->column_sums(a, row, rows, columns, sum);
        for (int j = 0; j < columns; j++) {
            float expected = 0.0f;
            for (int i = 0; i < rows; i++) expected += a[(size_t)i * row + (size_t)j];
            check_bits("column sum", kernels->level, 0, j, sum[j], expected);
        }
        release(a, count);
        release(sum, (size_t)columns);
    }
}

static void column_sums_add_rows_in_order(void **state) {
    (void)state;
    each_level(check_column_sums);
}

static void check_transpose(const SdqnKernels *kernels, SdqnRng *rng) {
    for (int rows = 1; rows <= 21; rows++) {
        for (int columns = 1; columns <= 21; columns += 1 + rows % 3) {
            const size_t a_row = (size_t)columns + 1, b_row = (size_t)rows + 2, copy_row = (size_t)columns + 3;
            float *a = random_array(rng, a_row * (size_t)rows), *b = guarded(b_row * (size_t)columns);
            float *copy = guarded(copy_row * (size_t)rows);
            const bool copies = rows % 2 == 0;
            kernels->transpose(a, a_row, rows, columns, b, b_row, copies ? copy : NULL, copy_row);
            for (int j = 0; j < columns; j++) {
                for (int i = 0; i < rows; i++) {
                    check_bits("transpose", kernels->level, j, i, b[(size_t)j * b_row + (size_t)i], a[(size_t)i * a_row + (size_t)j]);
                }
                for (size_t i = (size_t)rows; i < b_row; i++) assert_int_equal(bits_of(b[(size_t)j * b_row + i]), guard_bits);
            }
            for (size_t i = 0; i < copy_row * (size_t)rows; i++) {
                const size_t row = i / copy_row, column = i % copy_row;
                const bool copied = copies && column < (size_t)columns;
                assert_int_equal(bits_of(copy[i]), copied ? bits_of(a[row * a_row + column]) : guard_bits);
            }
            release(copy, copy_row * (size_t)rows);
            release(a, a_row * (size_t)rows);
            release(b, b_row * (size_t)columns);
        }
    }
}

static void transpose_moves_and_copies_every_element(void **state) {
    (void)state;
    each_level(check_transpose);
}

static float flushed(float x) { return fabsf(x) < 0x1p-100f ? 0.0f : x; }

static void check_adam(const SdqnKernels *kernels, SdqnRng *rng) {
    const SdqnAdamStep step = {0.1f, 0.999f, 0.001f, 7e-4f, 3.1622f, 1e-8f};
    for (size_t n = 1; n <= 67; n++) {
        float *g = random_array(rng, n), *m = random_array(rng, n), *v = random_array(rng, n), *p = random_array(rng, n);
        float old_m[67], old_v[67], old_p[67];
        for (size_t i = 0; i < n; i++) {
            if (i % 3 == 0) { // moments on both sides of the smallest, also exactly on it
                g[i] = 0.0f;
                m[i] = ldexpf(m[i], -98);
                v[i] = i % 2 ? 0x1.004p-100f : ldexpf(v[i], -100);
            }
            v[i] = fabsf(v[i]);
            old_m[i] = m[i], old_v[i] = v[i], old_p[i] = p[i];
        }
        kernels->adam(&step, g, n, m, v, p);
        for (size_t i = 0; i < n; i++) {
            const float new_m = flushed(fmaf(step.beta1_complement, g[i] - old_m[i], old_m[i]));
            const float new_v = flushed(fmaf(step.beta2_complement * g[i], g[i], step.beta2 * old_v[i]));
            const float denominator = fmaf(sqrtf(new_v), step.inverse_root_complement, step.epsilon);
            check_bits("Adam m", kernels->level, (int)n, (int)i, m[i], new_m);
            check_bits("Adam v", kernels->level, (int)n, (int)i, v[i], new_v);
            check_bits("Adam p", kernels->level, (int)n, (int)i, p[i], fmaf(-step.step_size, new_m / denominator, old_p[i]));
        }
        release(g, n);
        release(m, n);
        release(v, n);
        release(p, n);
    }
}

static void adam_equals_plain_c(void **state) {
    (void)state;
    each_level(check_adam);
}

// Exponentials and squares

static void expect_exp(const SdqnKernels *kernels, const double *x, int count, int size) {
    enum { MOST = 67 };
    double y[MOST];
    assert_true(size <= MOST);
    memcpy(y, x, (size_t)size * sizeof *y);
    kernels->exp(y, count);
    for (int i = 0; i < count; i++) {
        const double expected = sdqn_exp(x[i]);
        if (memcmp(&y[i], &expected, sizeof expected) != 0)
            fail_msg("%s: exp of %a is %a, not %a", sdqn_cpu_level_name(kernels->level), x[i], y[i], expected);
    }
    assert_memory_equal(y + count, x + count, (size_t)(size - count) * sizeof *y);
}

/// Values around the limits of sdqn_exp, of the vectors and of int32 among those of logits, at every place of a vector.
static void check_exp(const SdqnKernels *kernels, SdqnRng *rng) {
    static const double hard[] = {0.0,
                                  -0.0,
                                  700.0,
                                  -700.0,
                                  700.5,
                                  -700.5,
                                  709.7,
                                  709.9,
                                  -745.0,
                                  -747.0,
                                  1e300,
                                  -1e300,
                                  0x1p-60,
                                  (double)NAN,
                                  (double)INFINITY,
                                  -(double)INFINITY};
    enum { COUNT = 67, NUM_HARD = sizeof hard / sizeof *hard };
    double x[COUNT];
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < COUNT; i++) x[i] = sdqn_rng_uniform(rng, -40.0, 5.0) * (round % 2 == 0 ? 1.0 : 17.0);
        expect_exp(kernels, x, COUNT - round % COUNT, COUNT);
    }
    for (int h = 0; h < NUM_HARD; h++) {
        for (int place = 0; place < COUNT; place++) {
            const double usual = x[place];
            x[place] = hard[h];
            expect_exp(kernels, x, COUNT, COUNT);
            x[place] = usual;
        }
    }
}

static void exponentials_are_those_of_one(void **state) {
    (void)state;
    each_level(check_exp);
}

static void check_square_sum(const SdqnKernels *kernels, SdqnRng *rng) {
    for (int n = 0; n < 70; n++) {
        float *x = random_array(rng, (size_t)n);
        double partial[16] = {0};
        for (int i = 0; i < n; i++) partial[i % 16] += (double)x[i] * (double)x[i];
        for (int half = 8; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) partial[i] += partial[i + half];
        }
        const double found = kernels->square_sum(x, (size_t)n);
        if (found != partial[0]) fail_msg("%s: sum of %d squares is %a, not %a", sdqn_cpu_level_name(kernels->level), n, found, partial[0]);
        release(x, (size_t)n);
    }
}

static void sums_of_squares_add_in_their_order(void **state) {
    (void)state;
    each_level(check_square_sum);
}

static void check_mix(const SdqnKernels *kernels, SdqnRng *rng) {
    for (size_t n = 1; n <= 67; n++) {
        float *a = random_array(rng, n), *b = random_array(rng, n), old[67];
        memcpy(old, b, n * sizeof *b);
        kernels->mix(a, n, 0.05f, b);
        for (size_t i = 0; i < n; i++) check_bits("mix", kernels->level, (int)n, (int)i, b[i], fmaf(0.05f, a[i] - old[i], old[i]));
        release(a, n);
        release(b, n);
    }
}

static void mix_equals_plain_c(void **state) {
    (void)state;
    each_level(check_mix);
}

/// The order of the sums that kernels.h gives, in plain C.
static double plain_dot(const float *a, const float *b, size_t columns) {
    double sum = 0.0;
    for (size_t first = 0; first < columns; first += 1024) {
        double s[8] = {0.0};
        for (size_t p = first; p < columns && p < first + 1024; p++) s[p % 8] += (double)a[p] * (double)b[p];
        sum += ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
    }
    return sum;
}

static void check_gram(const SdqnKernels *kernels, SdqnRng *rng) {
    static const size_t columns[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 63, 1023, 1024, 1025, 2051};
    for (int tasks = 1; tasks <= 16; tasks++) {
        const size_t n = columns[tasks % 15], row = n + (size_t)(tasks % 3), size = (size_t)tasks * row - (row - n);
        float *gradients = random_array(rng, size);
        double gram[16 * 16 + 1];
        gram[tasks * tasks] = 7.0;
        kernels->gram(gradients, tasks, n, row, gram);
        for (int i = 0; i < tasks; i++) {
            for (int j = 0; j < tasks; j++) {
                const double expected = plain_dot(gradients + (size_t)i * row, gradients + (size_t)j * row, n);
                if (gram[i * tasks + j] != expected)
                    fail_msg("gram of %d tasks, %zu columns: %d, %d: %a, expected %a", tasks, n, i, j, gram[i * tasks + j], expected);
            }
        }
        assert_true(gram[tasks * tasks] == 7.0);
        release(gradients, size);
    }
}

static void gram_matrices_add_in_their_order(void **state) {
    (void)state;
    each_level(check_gram);
}

static void check_combine(const SdqnKernels *kernels, SdqnRng *rng) {
    for (size_t n = 1; n <= 67; n++) {
        const int tasks = 1 + (int)(n % 16);
        const size_t size = (size_t)tasks * n;
        float *gradients = random_array(rng, size), *out = guarded(n);
        double weights[16];
        for (int t = 0; t < tasks; t++) weights[t] = sdqn_rng_normal(rng);
        assert_true(kernels->combine(gradients, weights, tasks, n, out));
        for (size_t p = 0; p < n; p++) {
            double sum = weights[0] * (double)gradients[p];
            for (size_t t = 1; t < (size_t)tasks; t++) sum += weights[t] * (double)gradients[t * n + p];
            check_bits("combine", kernels->level, (int)n, (int)p, out[p], (float)sum);
        }
        for (size_t p = 0; p < n; p++) { // one that is infinite, too large or no number is seen, wherever it is
            const float old = gradients[p];
            weights[0] = 2.0;
            gradients[p] = p % 3 == 0 ? INFINITY : p % 3 == 1 ? FLT_MAX : NAN;
            assert_false(kernels->combine(gradients, weights, tasks, n, out));
            gradients[p] = old;
        }
        release(gradients, size);
        release(out, n);
    }
}

static void weighted_sums_are_rounded_once(void **state) {
    (void)state;
    each_level(check_combine);
}

static void unknown_level_has_no_kernels(void **state) {
    (void)state;
    assert_null(sdqn_kernels(SDQN_NUM_CPU_LEVELS));
    assert_non_null(sdqn_kernels(SDQN_CPU_SCALAR));
    assert_non_null(sdqn_kernels(sdqn_cpu_level_best()));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(software_fma_equals_fmaf_on_hard_values),
        cmocka_unit_test(software_fma_equals_fmaf_on_random_bits),
        cmocka_unit_test(software_fma_equals_fmaf_near_midpoints),
        cmocka_unit_test(products_equal_chains_of_fmaf),
        cmocka_unit_test(products_equal_fmaf_on_hard_values),
        cmocka_unit_test(column_sums_add_rows_in_order),
        cmocka_unit_test(transpose_moves_and_copies_every_element),
        cmocka_unit_test(adam_equals_plain_c),
        cmocka_unit_test(exponentials_are_those_of_one),
        cmocka_unit_test(sums_of_squares_add_in_their_order),
        cmocka_unit_test(mix_equals_plain_c),
        cmocka_unit_test(gram_matrices_add_in_their_order),
        cmocka_unit_test(weighted_sums_are_rounded_once),
        cmocka_unit_test(unknown_level_has_no_kernels),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
