// kernels_isa.c: the kernels of one instruction set. Compiled once a level; kernels.c chooses among the tables at run time.
//
// Every output element is one chain of operations in a fixed order; vectors run over outputs only. So all levels give the same bits.
#include "nn/kernels_isa.h"
#include "nn/gram_isa.h"
#include "nn/noise_isa.h"
#include "nn/norm_isa.h"
#include "nn/vector_isa.h"

#include <string.h>

#define ALWAYS_INLINE static inline __attribute__((always_inline))
// clang unrolls these loops by itself, and worse when told to.
#if defined(__clang__)
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 12")
#endif

// Sums of a product that are kept in registers: TILE_ROWS x TILE_VECTORS of them, with the operands, fill the registers of the level.
#if defined(SDQN_ISA_avx512)
#define TILE_ROWS 8
#else
#define TILE_ROWS 6
#endif
#define TILE_VECTORS 2
// A sparse product is computed one row at a time, at most SPARSE_VECTORS vectors of columns and SPARSE_DEPTH terms of it, so that the piece
// of b that all rows share stays in the first-level cache. More vectors would not fit the registers, or that cache. SPARSE_ROWS rows share
// a piece before the next; from PACKED_ROWS on it is copied to lie without gaps if its rows are a multiple of CROWDED_FLOATS apart, since
// then they would fall on the same lines of that cache.
#if defined(SDQN_ISA_avx2)
#define SPARSE_VECTORS 12
#else
#define SPARSE_VECTORS 8
#endif
#define SPARSE_DEPTH 64
#define SPARSE_ROWS 256
#define PACKED_ROWS 16
#define CROWDED_FLOATS 128
// One row alone (acting) has this many vectors, because a sum that waits for itself takes several cycles a step.
#define ROW_VECTORS 8

#define MAX_ROWS 8
#define MAX_VECTORS 12

/// All of vectors, or only `lanes` columns of one.
ALWAYS_INLINE Vector load(const float *p, int lanes) { return lanes == LANES ? vector_load(p) : vector_load_part(p, lanes); }
ALWAYS_INLINE void store(float *p, Vector x, int lanes) {
    if (lanes == LANES) {
        vector_store(p, x);
    } else {
        vector_store_part(p, x, lanes);
    }
}

/// The epilogue of finished sums.
ALWAYS_INLINE void store_result(const SdqnProduct *product, size_t row, size_t column, Vector sum, int lanes) {
    if (product->epilogue == SDQN_EPILOGUE_RELU) sum = vector_where_positive(sum, sum);
    if (product->epilogue == SDQN_EPILOGUE_MASK) {
        sum = vector_where_positive(load(product->mask + row * product->mask_row + column, lanes), sum);
    }
    store(product->c + row * product->c_row + column, sum, lanes);
}

/// The elements of `rows` rows from i and `vectors` vectors of columns from j. Both counts are constants at every call, so that the loops
/// over them unroll and the sums live in registers. @param lanes  columns of a vector; fewer than LANES only if vectors is 1
ALWAYS_INLINE void tile(const SdqnProduct *product, int i, int j, int rows, int vectors, int lanes) {
    Vector sum[MAX_ROWS][MAX_VECTORS], right[MAX_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) {
        right[v] = product->bias ? load(product->bias + j + v * LANES, lanes) : vector_all(0.0f);
        UNROLL for (int r = 0; r < rows; r++) sum[r][v] = right[v];
    }
    const float *a = product->a + (size_t)i * product->a_row;
    const float *b = product->b + (size_t)j;
    const size_t a_row = product->a_row;
    for (int p = 0; p < product->depth; p++) {
        UNROLL for (int v = 0; v < vectors; v++) right[v] = load(b + v * LANES, lanes);
        UNROLL for (int r = 0; r < rows; r++) {
            const Vector left = vector_all(a[(size_t)r * a_row]);
            UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = vector_fma(left, right[v], sum[r][v]);
        }
        a += product->a_depth;
        b += product->b_depth;
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vectors; v++) { store_result(product, (size_t)(i + r), (size_t)(j + v * LANES), sum[r][v], lanes); }
    }
}

/// All rows of `vectors` (a constant) vectors of columns from j.
ALWAYS_INLINE void strip(const SdqnProduct *product, int j, int vectors, int lanes) {
    int i = 0;
    for (; i + TILE_ROWS <= product->rows; i += TILE_ROWS) tile(product, i, j, TILE_ROWS, vectors, lanes);
    for (; i + 4 <= product->rows; i += 4) tile(product, i, j, 4, vectors, lanes);
    for (; i + 2 <= product->rows; i += 2) tile(product, i, j, 2, vectors, lanes);
    for (; i < product->rows; i++) tile(product, i, j, 1, vectors, lanes);
}

/// One piece of a sparse product's b: terms from `first`, columns from `column`; piece[p, j] = b[p * row + j].
typedef struct Piece {
    int first, column;
    const float *b;
    size_t row;
} Piece;

/// Add the terms of a piece whose bits are set to `vectors` (a constant) vectors of columns of row i.
ALWAYS_INLINE void sparse_row(const SdqnProduct *product, const Piece *piece, int i, uint64_t terms, int vectors, int lanes) {
    Vector sum[SPARSE_VECTORS];
    const int first = piece->first, j = piece->column;
    float *c = product->c + (size_t)i * product->c_row + j;
    UNROLL for (int v = 0; v < vectors; v++) {
        if (first > 0) {
            sum[v] = load(c + v * LANES, lanes);
        } else {
            sum[v] = product->bias ? load(product->bias + j + v * LANES, lanes) : vector_all(0.0f);
        }
    }
    const float *a = product->a + (size_t)i * product->a_row + first;
    const float *b = piece->b;
    const size_t b_row = piece->row;
    for (; terms != 0; terms &= terms - 1) {
        const unsigned p = (unsigned)__builtin_ctzll(terms);
        const Vector left = vector_all(a[p]);
        const float *right = b + p * b_row;
#if defined(SDQN_ISA_avx512)
        // Keeps the address in one register: Intel's processors split an fma that reads memory at base + index into two micro-operations,
        // and with full-width units the number of these is what limits this loop.
        __asm__("" : "+r"(right));
#endif
        UNROLL for (int v = 0; v < vectors; v++) sum[v] = vector_fma(left, load(right + v * LANES, lanes), sum[v]);
    }
    if (first + SPARSE_DEPTH < product->depth) {
        UNROLL for (int v = 0; v < vectors; v++) store(c + v * LANES, sum[v], lanes);
    } else {
        UNROLL for (int v = 0; v < vectors; v++) store_result(product, (size_t)i, (size_t)(j + v * LANES), sum[v], lanes);
    }
}

/// Which of `count` terms of a row are not 0. @param count  <= SPARSE_DEPTH
static uint64_t nonzero_terms(const float *a, int count) {
    uint64_t terms = 0;
    int p = 0;
    for (; p + LANES <= count; p += LANES) terms |= (uint64_t)vector_nonzero_lanes(vector_load(a + p)) << p;
    if (p < count) terms |= (uint64_t)vector_nonzero_lanes(vector_load_part(a + p, count - p)) << p;
    return terms;
}

/// Copy `depth` rows of `vectors` vectors so that they lie without gaps. @param packed  written
static void pack(Piece *piece, int depth, int vectors, float *packed) {
    for (int p = 0; p < depth; p++) {
        for (int v = 0; v < vectors; v++) {
            vector_store(packed + (p * vectors + v) * LANES, vector_load(piece->b + (size_t)p * piece->row + v * LANES));
        }
    }
    piece->b = packed;
    piece->row = (size_t)vectors * LANES;
}

/// Rows [i, i + rows) of a piece that has `vectors` vectors. @param terms [rows] that are not 0
static void sparse_rows(const SdqnProduct *product, const Piece *piece, int i, int rows, const uint64_t *terms, int vectors) {
    switch (vectors) { // each count has loops of its own
#define CASE(count)                                                                                                                        \
    case count:                                                                                                                            \
        for (int r = 0; r < rows; r++) sparse_row(product, piece, i + r, terms[r], count, LANES);                                          \
        break
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
#if SPARSE_VECTORS > 8
        CASE(9);
        CASE(10);
        CASE(11);
        CASE(12);
#endif
#undef CASE
    }
}

/// Terms from `first`, of at most SPARSE_ROWS rows from i.
static void multiply_sparse_terms(const SdqnProduct *product, int i, int rows, int first) {
    _Alignas(64) float packed[SPARSE_DEPTH * SPARSE_VECTORS * LANES];
    uint64_t terms[SPARSE_ROWS];
    const int depth = product->depth - first < SPARSE_DEPTH ? product->depth - first : SPARSE_DEPTH;
    const float *b = product->b + (size_t)first * product->b_depth;
    for (int r = 0; r < rows; r++) terms[r] = nonzero_terms(product->a + (size_t)(i + r) * product->a_row + first, depth);
    const int whole = product->columns / LANES, pieces = (whole + SPARSE_VECTORS - 1) / SPARSE_VECTORS;
    int j = 0;
    for (int k = 0; k < pieces; k++) {
        const int vectors = (whole - j / LANES + pieces - k - 1) / (pieces - k); // as equal as can be
        Piece piece = {first, j, b + j, product->b_depth};
        if (rows >= PACKED_ROWS && piece.row % CROWDED_FLOATS == 0) pack(&piece, depth, vectors, packed);
        sparse_rows(product, &piece, i, rows, terms, vectors);
        j += vectors * LANES;
    }
    if (j < product->columns) {
        const Piece piece = {first, j, b + j, product->b_depth};
        for (int r = 0; r < rows; r++) sparse_row(product, &piece, i + r, terms[r], 1, product->columns - j);
    }
}

static void multiply_sparse(const SdqnProduct *product) {
    for (int i = 0; i < product->rows; i += SPARSE_ROWS) {
        const int rows = product->rows - i < SPARSE_ROWS ? product->rows - i : SPARSE_ROWS;
        for (int first = 0; first < product->depth; first += SPARSE_DEPTH) multiply_sparse_terms(product, i, rows, first);
    }
}

static void multiply(const SdqnProduct *product) {
    if (product->sparse) {
        multiply_sparse(product);
        return;
    }
    int j = 0;
    if (product->rows == 1) {
        for (; j + ROW_VECTORS * LANES <= product->columns; j += ROW_VECTORS * LANES) tile(product, 0, j, 1, ROW_VECTORS, LANES);
    }
    for (; j + TILE_VECTORS * LANES <= product->columns; j += TILE_VECTORS * LANES) strip(product, j, TILE_VECTORS, LANES);
    for (; j + LANES <= product->columns; j += LANES) strip(product, j, 1, LANES);
    if (j < product->columns) strip(product, j, 1, product->columns - j);
}

ALWAYS_INLINE void column_sums_of_vector(const float *a, size_t a_row, int rows, int lanes, float *sum) {
    Vector total = vector_all(0.0f);
    for (int i = 0; i < rows; i++, a += a_row) total = vector_add(total, load(a, lanes));
    store(sum, total, lanes);
}

static void column_sums(const float *a, size_t a_row, int rows, int columns, float *sum) {
    int j = 0;
    for (; j + LANES <= columns; j += LANES) column_sums_of_vector(a + j, a_row, rows, LANES, sum + j);
    if (j < columns) column_sums_of_vector(a + j, a_row, rows, columns - j, sum + j);
}

typedef float Quad __attribute__((vector_size(16)));
typedef float Octet __attribute__((vector_size(32)));

/// b = the transpose of the 8 x 4 block a.
ALWAYS_INLINE void transpose_8x4(const float *a, size_t a_row, float *b, size_t b_row) {
    Octet row[4]; // i and i + 4 of a, one behind the other
    UNROLL for (size_t i = 0; i < 4; i++) {
        Quad upper, lower;
        memcpy(&upper, a + i * a_row, sizeof upper);
        memcpy(&lower, a + (i + 4) * a_row, sizeof lower);
        row[i] = __builtin_shufflevector(upper, lower, 0, 1, 2, 3, 4, 5, 6, 7);
    }
    const Octet low01 = __builtin_shufflevector(row[0], row[1], 0, 8, 1, 9, 4, 12, 5, 13);
    const Octet high01 = __builtin_shufflevector(row[0], row[1], 2, 10, 3, 11, 6, 14, 7, 15);
    const Octet low23 = __builtin_shufflevector(row[2], row[3], 0, 8, 1, 9, 4, 12, 5, 13);
    const Octet high23 = __builtin_shufflevector(row[2], row[3], 2, 10, 3, 11, 6, 14, 7, 15);
    const Octet column[4] = {
        __builtin_shufflevector(low01, low23, 0, 1, 8, 9, 4, 5, 12, 13),
        __builtin_shufflevector(low01, low23, 2, 3, 10, 11, 6, 7, 14, 15),
        __builtin_shufflevector(high01, high23, 0, 1, 8, 9, 4, 5, 12, 13),
        __builtin_shufflevector(high01, high23, 2, 3, 10, 11, 6, 7, 14, 15),
    };
    UNROLL for (size_t j = 0; j < 4; j++) memcpy(b + j * b_row, &column[j], sizeof column[j]);
}

// Rows of a are read once, in order; only in b are neighbours far apart, and the lines they share stay in the first-level cache.
static void transpose(const float *a, size_t a_row, int rows, int columns, float *b, size_t b_row, float *copy, size_t copy_row) {
    const int whole_rows = rows & ~7, whole_columns = columns & ~3;
    for (int i = 0; i < whole_rows; i += 8) {
        for (int j = 0; j < whole_columns; j += 4) {
            transpose_8x4(a + (size_t)i * a_row + (size_t)j, a_row, b + (size_t)j * b_row + (size_t)i, b_row);
        }
        for (int r = i; copy && r < i + 8; r++) {
            memcpy(copy + (size_t)r * copy_row, a + (size_t)r * a_row, (size_t)columns * sizeof *copy);
        }
    }
    for (int i = 0; i < rows; i++) {
        const int first = i < whole_rows ? whole_columns : 0;
        for (int j = first; j < columns; j++) b[(size_t)j * b_row + (size_t)i] = a[(size_t)i * a_row + (size_t)j];
        if (copy && i >= whole_rows) memcpy(copy + (size_t)i * copy_row, a + (size_t)i * a_row, (size_t)columns * sizeof *copy);
    }
}

/// Adam on one vector; the order of operations is that of SdqnKernels.adam.
ALWAYS_INLINE void adam_vector(const SdqnAdamStep *step, const float *g, int lanes, float *m, float *v, float *p) {
    const Vector smallest = vector_all(0x1p-100f);
    const Vector gradient = load(g, lanes), old_m = load(m, lanes);
    const Vector moment1 = vector_fma(vector_all(step->beta1_complement), vector_subtract(gradient, old_m), old_m);
    const Vector decayed = vector_multiply(vector_all(step->beta2), load(v, lanes));
    const Vector moment2 = vector_fma(vector_multiply(vector_all(step->beta2_complement), gradient), gradient, decayed);
    const Vector new_m = vector_flush(moment1, smallest), new_v = vector_flush(moment2, smallest);
    const Vector denominator = vector_fma(vector_sqrt(new_v), vector_all(step->inverse_root_complement), vector_all(step->epsilon));
    store(m, new_m, lanes);
    store(v, new_v, lanes);
    store(p, vector_fma(vector_all(-step->step_size), vector_divide(new_m, denominator), load(p, lanes)), lanes);
}

static void adam(const SdqnAdamStep *step, const float *g, size_t n, float *m, float *v, float *p) {
    const SdqnAdamStep constants = *step; // a copy that the stores cannot alias
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) adam_vector(&constants, g + i, LANES, m + i, v + i, p + i);
    if (i < n) adam_vector(&constants, g + i, (int)(n - i), m + i, v + i, p + i);
}

#define PARTIAL_SUMS 16

static double square_sum(const float *x, size_t n) {
    double partial[PARTIAL_SUMS] = {0};
    const size_t whole = n - n % PARTIAL_SUMS;
    for (size_t first = 0; first < whole; first += PARTIAL_SUMS) { // the inner loop becomes vectors
        for (size_t i = 0; i < PARTIAL_SUMS; i++) partial[i] += (double)x[first + i] * (double)x[first + i];
    }
    for (size_t i = whole; i < n; i++) partial[i - whole] += (double)x[i] * (double)x[i];
    for (int half = PARTIAL_SUMS / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) partial[i] += partial[i + half];
    }
    return partial[0];
}

ALWAYS_INLINE void mix_vector(const float *a, Vector share, int lanes, float *b) {
    const Vector old = load(b, lanes);
    store(b, vector_fma(share, vector_subtract(load(a, lanes), old), old), lanes);
}

static void mix(const float *a, size_t n, float share, float *b) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) mix_vector(a + i, vector_all(share), LANES, b + i);
    if (i < n) mix_vector(a + i, vector_all(share), (int)(n - i), b + i);
}

/// Enough chains to hide the latency of two fma units; with the two constants they fit into 16 registers.
#define PEAK_CHAINS 12

static double fma_peak(int64_t rounds, float *sum) {
    const Vector half = vector_all(0.5f), one = vector_all(1.0f);
    Vector chain[PEAK_CHAINS];
    for (int c = 0; c < PEAK_CHAINS; c++) chain[c] = vector_all((float)(c + 3)); // 2 would stay 2, which a compiler sees
    for (int64_t round = 0; round < rounds; round++) {
        _Pragma("GCC unroll 12") for (int c = 0; c < PEAK_CHAINS; c++) chain[c] = vector_fma(chain[c], half, one);
    }
    float lanes[LANES];
    for (int c = 1; c < PEAK_CHAINS; c++) chain[0] = vector_add(chain[0], chain[c]);
    vector_store(lanes, chain[0]);
    *sum = lanes[0];
    return 2.0 * PEAK_CHAINS * LANES * (double)rounds;
}

#if defined(SDQN_ISA_avx512)
const SdqnKernels sdqn_kernels_avx512 = {
    .level = SDQN_CPU_AVX512,
    .exp = sdqn_exp_avx512,
#elif defined(SDQN_ISA_avx2)
const SdqnKernels sdqn_kernels_avx2 = {
    .level = SDQN_CPU_AVX2,
    .exp = sdqn_exp_avx2,
#elif defined(SDQN_ISA_neon)
const SdqnKernels sdqn_kernels_neon = {
    .level = SDQN_CPU_NEON,
    .exp = sdqn_exp_neon,
#else
const SdqnKernels sdqn_kernels_scalar = {
    .level = SDQN_CPU_SCALAR,
    .exp = sdqn_exp_scalar,
#endif
    .product = multiply,
    .column_sums = column_sums,
    .transpose = transpose,
    .adam = adam,
    .square_sum = square_sum,
    .mix = mix,
    .gram = gram_matrix,
    .combine = gram_combine,
    .normals = normals,
    .signs = signs,
    .softplus = softplus,
    .norm = norm_forward,
    .norm_backward = norm_backward,
    .fma_peak = fma_peak,
};
