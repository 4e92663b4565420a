// vector_isa.h: the few vector operations that the kernels need, for the instruction set being compiled (SDQN_ISA_<level>).
//
// Only for kernels_isa.c. Each is the IEEE 754 operation on every lane, so the width of a vector changes no bit. No max or min: ReLU is a
// compare. The *_part functions touch the first n lanes' memory only, 1 <= n < LANES.
#ifndef SDQN_NN_VECTOR_ISA_H
#define SDQN_NN_VECTOR_ISA_H

#if defined(SDQN_ISA_avx512)
#include <immintrin.h>

#define LANES 16
typedef __m512 Vector;

static inline __mmask16 first_lanes(int n) { return (__mmask16)((1u << n) - 1u); }
static inline Vector vector_load(const float *p) { return _mm512_loadu_ps(p); }
static inline Vector vector_load_part(const float *p, int n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
static inline void vector_store(float *p, Vector x) { _mm512_storeu_ps(p, x); }
static inline void vector_store_part(float *p, Vector x, int n) { _mm512_mask_storeu_ps(p, first_lanes(n), x); }
static inline Vector vector_all(float x) { return _mm512_set1_ps(x); }
static inline Vector vector_add(Vector x, Vector y) { return _mm512_add_ps(x, y); }
static inline Vector vector_subtract(Vector x, Vector y) { return _mm512_sub_ps(x, y); }
static inline Vector vector_multiply(Vector x, Vector y) { return _mm512_mul_ps(x, y); }
static inline Vector vector_divide(Vector x, Vector y) { return _mm512_div_ps(x, y); }
static inline Vector vector_sqrt(Vector x) { return _mm512_sqrt_ps(x); }
/// x * y + z, rounded once.
static inline Vector vector_fma(Vector x, Vector y, Vector z) { return _mm512_fmadd_ps(x, y, z); }
/// condition > 0 ? x : +0
static inline Vector vector_where_positive(Vector condition, Vector x) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(condition, _mm512_setzero_ps(), _CMP_GT_OQ), x);
}
/// |x| < limit ? +0 : x
static inline Vector vector_flush(Vector x, Vector limit) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(_mm512_abs_ps(x), limit, _CMP_NLT_UQ), x);
}
/// Bit i is 1 if lane i is not 0 (of either sign); a NaN is not.
static inline unsigned vector_nonzero_lanes(Vector x) { return _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ); }

#elif defined(SDQN_ISA_avx2)
#include <immintrin.h>

#define LANES 8
typedef __m256 Vector;

static inline __m256i first_lanes(int n) { return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }
static inline Vector vector_load(const float *p) { return _mm256_loadu_ps(p); }
static inline Vector vector_load_part(const float *p, int n) { return _mm256_maskload_ps(p, first_lanes(n)); }
static inline void vector_store(float *p, Vector x) { _mm256_storeu_ps(p, x); }
static inline void vector_store_part(float *p, Vector x, int n) { _mm256_maskstore_ps(p, first_lanes(n), x); }
static inline Vector vector_all(float x) { return _mm256_set1_ps(x); }
static inline Vector vector_add(Vector x, Vector y) { return _mm256_add_ps(x, y); }
static inline Vector vector_subtract(Vector x, Vector y) { return _mm256_sub_ps(x, y); }
static inline Vector vector_multiply(Vector x, Vector y) { return _mm256_mul_ps(x, y); }
static inline Vector vector_divide(Vector x, Vector y) { return _mm256_div_ps(x, y); }
static inline Vector vector_sqrt(Vector x) { return _mm256_sqrt_ps(x); }
static inline Vector vector_fma(Vector x, Vector y, Vector z) { return _mm256_fmadd_ps(x, y, z); }
static inline Vector vector_where_positive(Vector condition, Vector x) {
    return _mm256_and_ps(_mm256_cmp_ps(condition, _mm256_setzero_ps(), _CMP_GT_OQ), x);
}
static inline Vector vector_flush(Vector x, Vector limit) {
    const Vector magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
    return _mm256_andnot_ps(_mm256_cmp_ps(magnitude, limit, _CMP_LT_OQ), x);
}
static inline unsigned vector_nonzero_lanes(Vector x) {
    return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NEQ_UQ));
}

#elif defined(SDQN_ISA_neon)
#include <arm_neon.h>

#define LANES 4
typedef float32x4_t Vector;

static inline Vector vector_load(const float *p) { return vld1q_f32(p); }
static inline Vector vector_load_part(const float *p, int n) {
    float lanes[LANES] = {0};
    for (int i = 0; i < n; i++) lanes[i] = p[i];
    return vld1q_f32(lanes);
}
static inline void vector_store(float *p, Vector x) { vst1q_f32(p, x); }
static inline void vector_store_part(float *p, Vector x, int n) {
    float lanes[LANES];
    vst1q_f32(lanes, x);
    for (int i = 0; i < n; i++) p[i] = lanes[i];
}
static inline Vector vector_all(float x) { return vdupq_n_f32(x); }
static inline Vector vector_add(Vector x, Vector y) { return vaddq_f32(x, y); }
static inline Vector vector_subtract(Vector x, Vector y) { return vsubq_f32(x, y); }
static inline Vector vector_multiply(Vector x, Vector y) { return vmulq_f32(x, y); }
static inline Vector vector_divide(Vector x, Vector y) { return vdivq_f32(x, y); }
static inline Vector vector_sqrt(Vector x) { return vsqrtq_f32(x); }
static inline Vector vector_fma(Vector x, Vector y, Vector z) { return vfmaq_f32(z, x, y); }
static inline Vector vector_where_positive(Vector condition, Vector x) {
    return vreinterpretq_f32_u32(vandq_u32(vcgtzq_f32(condition), vreinterpretq_u32_f32(x)));
}
static inline Vector vector_flush(Vector x, Vector limit) {
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), vcltq_f32(vabsq_f32(x), limit)));
}
static inline unsigned vector_nonzero_lanes(Vector x) {
    static const uint32_t bit_of_lane[LANES] = {1, 2, 4, 8};
    return vaddvq_u32(vbicq_u32(vld1q_u32(bit_of_lane), vceqzq_f32(x)));
}

#else // scalar
#include "nn/fma_exact.h"

#include <math.h>

#define LANES 1
typedef float Vector;

static inline Vector vector_load(const float *p) { return *p; }
static inline void vector_store(float *p, Vector x) { *p = x; }
static inline Vector vector_all(float x) { return x; }
static inline Vector vector_add(Vector x, Vector y) { return x + y; }
static inline Vector vector_subtract(Vector x, Vector y) { return x - y; }
static inline Vector vector_multiply(Vector x, Vector y) { return x * y; }
static inline Vector vector_divide(Vector x, Vector y) { return x / y; }
static inline Vector vector_sqrt(Vector x) { return sqrtf(x); }
static inline Vector vector_fma(Vector x, Vector y, Vector z) {
#if defined(__aarch64__)
    return __builtin_fmaf(x, y, z); // always an instruction there
#else
    return sdqn_fma_exact(x, y, z);
#endif
}
static inline Vector vector_where_positive(Vector condition, Vector x) { return condition > 0.0f ? x : 0.0f; }
static inline Vector vector_flush(Vector x, Vector limit) { return x < limit && x > -limit ? 0.0f : x; }
static inline unsigned vector_nonzero_lanes(Vector x) { return x != 0.0f; }
// A single lane has no parts; these only let the same source compile.
static inline Vector vector_load_part(const float *p, int n) { return n > 0 ? *p : 0.0f; }
static inline void vector_store_part(float *p, Vector x, int n) {
    if (n > 0) *p = x;
}

#endif

#endif
