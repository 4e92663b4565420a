// kernels.h: the arithmetic of networks as one table of functions for each instruction set, all with the same bits.
#ifndef SDQN_NN_KERNELS_H
#define SDQN_NN_KERNELS_H

#include "core/cpu.h"
#include "core/exp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What becomes of an element of a product before it is stored.
typedef enum SdqnEpilogue {
    SDQN_EPILOGUE_NONE = 0,
    SDQN_EPILOGUE_RELU, ///< c > 0 ? c : 0
    SDQN_EPILOGUE_MASK, ///< mask > 0 ? c : 0, the derivative of ReLU by what ReLU gave
} SdqnEpilogue;

/// A matrix product c[i, j] = epilogue(bias[j] + sum over p of a[i, p] * b[p, j]) with i < rows, j < columns, p < depth.
/// Each element is one chain of fma, p ascending, begun with the bias (0 without one). Strides are in floats. c overlaps no input.
/// With `sparse`, terms whose a[i, p] is 0 (of either sign) are left out of the chains. For finite b that changes nothing but the sign of a
/// sum that is 0, which Adam and the products that follow do not see; it is worth it if a third of a is 0, as behind a ReLU.
typedef struct SdqnProduct {
    int rows, columns, depth; ///< each >= 1
    const float *a;           ///< a[i, p] = a[i * a_row + p * a_depth], so that a may be read transposed
    size_t a_row, a_depth;
    bool sparse;    ///< needs a_depth = 1
    const float *b; ///< b[p, j] = b[p * b_depth + j]
    size_t b_depth;
    const float *bias; ///< [columns], or NULL
    float *c;          ///< c[i, j] = c[i * c_row + j]; only these elements are written
    size_t c_row;
    SdqnEpilogue epilogue;
    const float *mask; ///< for SDQN_EPILOGUE_MASK: mask[i * mask_row + j]
    size_t mask_row;
} SdqnProduct;

/// Constants of one Adam step, rounded to float32 from double.
typedef struct SdqnAdamStep {
    float beta1_complement;        ///< 1 - beta1
    float beta2;                   ///< beta2
    float beta2_complement;        ///< 1 - beta2
    float step_size;               ///< learning_rate / (1 - beta1^t)
    float inverse_root_complement; ///< 1 / sqrt(1 - beta2^t)
    float epsilon;
} SdqnAdamStep;

/// LayerNorm of rows of `columns` values, `row` floats apart in all arrays: y = (x - mean) / sqrt(variance + 1e-5) * scale + shift, then
/// max(y, 0) if `relu`; mean and variance (by n) of the row. As torch.nn.LayerNorm; Ba et al. 2016, arXiv:1607.06450.
typedef struct SdqnNorm {
    int columns;
    size_t row;
    const float *scale, *shift; ///< [columns]
    bool relu;
} SdqnNorm;

/// The kernels of one level. None allocates or fails; pointers need only the alignment of their type, 64 bytes is fastest.
typedef struct SdqnKernels {
    SdqnCpuLevel level;
    void (*product)(const SdqnProduct *product);
    /// sum[j] = chain of additions of a[i, j], i ascending from 0. @param a [rows, columns] with row stride a_row @param sum [columns]
    void (*column_sums)(const float *a, size_t a_row, int rows, int columns, float *sum);
    /// b[j, i] = a[i, j], and copy[i, j] = a[i, j] on the way. @param a [rows, columns] with row stride a_row
    /// @param b [columns, rows] with row stride b_row @param copy [rows, columns] with row stride copy_row, or NULL
    void (*transpose)(const float *a, size_t a_row, int rows, int columns, float *b, size_t b_row, float *copy, size_t copy_row);
    /// For each of n parameters p with gradient g, in this order of float32 operations (fma where written):
    ///   m = fma(beta1_complement, g - m, m);  v = fma(beta2_complement * g, g, beta2 * v);  |m|, |v| < 2^-100 become +0;
    ///   p = fma(-step_size, m / fma(sqrt(v), inverse_root_complement, epsilon), p).
    void (*adam)(const SdqnAdamStep *step, const float *g, size_t n, float *m, float *v, float *p);
    /// Sum of x[i]^2 in double: value i goes to partial sum i mod 16, i ascending, these are joined by a fixed tree.
    double (*square_sum)(const float *x, size_t n);
    /// b[i] = fma(share, a[i] - b[i], b[i]) for i < n.
    void (*mix)(const float *a, size_t n, float share, float *b);
    /// @param x, y [rows, columns], y written @param statistics [rows, 2] mean and 1 / sqrt(variance + 1e-5), written
    void (*norm)(const SdqnNorm *norm, const float *x, int rows, float *y, float *statistics);
    /// @param dy [rows, columns] derivative by y, behind the ReLU if there is one @param dx [rows, columns] its derivative by x is added
    /// @param d_scale, d_shift [columns] written, sums over rows ascending
    void (*norm_backward)(const SdqnNorm *norm, const float *x, const float *statistics, const float *dy, int rows, float *dx,
                          float *d_scale, float *d_shift);
    /// Gram matrix gram[i, j] = g_i . g_j of some columns, in double, exactly symmetric. Products of floats are exact in double; sums over
    /// the columns go by blocks of 1024, eight partial sums and a fixed tree in a block, blocks ascending.
    /// @param gradients [tasks, columns], `row` floats from one task to the next, row >= columns >= 1 @param tasks >= 1
    /// @param gram      [tasks, tasks] written. A diagonal entry is finite if and only if its row is: squares of floats cannot overflow a
    ///                  double.
    void (*gram)(const float *gradients, int tasks, size_t columns, size_t row, double *gram);
    /// out = sum over t of weights[t] * g_t, each element a sum in double, t ascending, rounded once to float32.
    /// @param gradients [tasks, parameters] @param weights [tasks] @param out [parameters] written; no overlap with the gradients
    /// @return whether every element of out is finite
    bool (*combine)(const float *gradients, const double *weights, int tasks, size_t parameters, float *out);
    /// n standard normal deviates, a function of the key and their place alone: pairs 64 values apart by Threefry2x32-20 and Box-Muller in
    /// float32; at most 5.9 in size.
    void (*normals)(const uint32_t key[2], size_t n, float *z);
    /// z[i] = -1 if bit i of the word is set, else 1. @param n in [1, 64]
    void (*signs)(uint64_t word, int n, float *z);
    /// x[i] becomes e^x[i] in double, with the bits of sdqn_exp.
    SdqnExp *exp;
    /// y[i] = log(1 + e^x[i]) to about 3e-7 of it, slope[i] = 1 / (1 + e^-x[i]); x below -80 counts as -80. No overlap.
    void (*softplus)(const float *x, size_t n, float *y, float *slope);
    /// For measurements: `rounds` times one fma on each of 12 independent vectors in registers, which is as fast as this level can go.
    /// @param sum  written, so that the work cannot be left out @return how many floating-point operations that were, two an fma
    double (*fma_peak)(int64_t rounds, float *sum);
} SdqnKernels;

/// The table of a level. @return NULL if this build has no kernels for it or this processor cannot run them
const SdqnKernels *sdqn_kernels(SdqnCpuLevel level);

#endif
