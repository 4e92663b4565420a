// lanes_isa.h: float32 lanes of the instruction set being compiled (SDQN_ISA_<level>): one environment a lane.
//
// Only for *_isa.c sources. Arithmetic is written with + - * /, the IEEE 754 operation on every lane, so that the width of a vector
// changes no bit; no fma. lanes_min and lanes_max are one comparison and a choice, as sdqn_min and sdqn_max: a < b ? a : b. That is
// also what x86's MINPS and MAXPS do, zeros and NaN included.
#ifndef SDQN_CORE_LANES_ISA_H
#define SDQN_CORE_LANES_ISA_H

#include "core/dmath.h"
#include "core/sincosf.h"

#include <stdbool.h>
#include <string.h>

/// NAME_<level>, of what a source defines for the level that it is compiled for: LEVEL_NAME(sdqn_exp_, SDQN_ISA).
#define JOIN_NAMES(a, b) a##b
#define LEVEL_NAME(a, b) JOIN_NAMES(a, b)

#define LANES_INLINE static inline __attribute__((always_inline, unused))

#if defined(SDQN_ISA_avx512)
#include <immintrin.h>

#define LANES 16
typedef __m512 Lanes;
typedef __mmask16 Mask;

LANES_INLINE Lanes lanes_all(float x) { return _mm512_set1_ps(x); }
LANES_INLINE Lanes lanes_sqrt(Lanes x) { return _mm512_sqrt_ps(x); }
LANES_INLINE Lanes lanes_min(Lanes a, Lanes b) { return _mm512_min_ps(a, b); }
LANES_INLINE Lanes lanes_max(Lanes a, Lanes b) { return _mm512_max_ps(a, b); }
LANES_INLINE Lanes lanes_flip(Lanes x, Lanes sign) { return _mm512_xor_ps(x, sign); }
LANES_INLINE Mask lanes_less(Lanes a, Lanes b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
LANES_INLINE Mask lanes_at_most(Lanes a, Lanes b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
LANES_INLINE Mask lanes_equal(Lanes a, Lanes b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
LANES_INLINE Lanes lanes_choose(Mask m, Lanes a, Lanes b) { return _mm512_mask_blend_ps(m, b, a); }
LANES_INLINE Mask mask_none(void) { return 0; }
LANES_INLINE Mask mask_and(Mask a, Mask b) { return (Mask)(a & b); }
LANES_INLINE Mask mask_or(Mask a, Mask b) { return (Mask)(a | b); }
LANES_INLINE Mask mask_not(Mask a) { return (Mask)~a; }
LANES_INLINE unsigned mask_bits(Mask a) { return a; }

#define HALF_LANES 8
typedef double HalfDouble __attribute__((vector_size(64)));
typedef long long HalfWord __attribute__((vector_size(64)));
LANES_INLINE HalfDouble half_low(Lanes x) { return (HalfDouble)_mm512_cvtps_pd(_mm512_castps512_ps256(x)); }
LANES_INLINE HalfDouble half_high(Lanes x) { return (HalfDouble)_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)); }
LANES_INLINE Lanes halves_join(HalfDouble low, HalfDouble high) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)low)), _mm512_cvtpd_ps((__m512d)high), 1);
}
/// trunc(x) as words and as doubles. |x| < 2^31
LANES_INLINE HalfWord half_truncate(HalfDouble x, HalfDouble *n) {
    __m256i whole = _mm512_cvttpd_epi32((__m512d)x);
    *n = (HalfDouble)_mm512_cvtepi32_pd(whole);
    return (HalfWord)_mm512_cvtepi32_epi64(whole);
}
/// (trunc(x) + 2^23) >> 24, as words and as doubles. |x| < 2^31 - 2^23
LANES_INLINE HalfWord half_quadrant(HalfDouble x, HalfDouble *n) {
    __m256i q = _mm256_srai_epi32(_mm256_add_epi32(_mm512_cvttpd_epi32((__m512d)x), _mm256_set1_epi32(0x800000)), 24);
    *n = (HalfDouble)_mm512_cvtepi32_pd(q);
    return (HalfWord)_mm512_cvtepi32_epi64(q);
}

#elif defined(SDQN_ISA_avx2)
#include <immintrin.h>

#define LANES 8
typedef __m256 Lanes;
typedef __m256 Mask;

LANES_INLINE Lanes lanes_all(float x) { return _mm256_set1_ps(x); }
LANES_INLINE Lanes lanes_sqrt(Lanes x) { return _mm256_sqrt_ps(x); }
LANES_INLINE Lanes lanes_min(Lanes a, Lanes b) { return _mm256_min_ps(a, b); }
LANES_INLINE Lanes lanes_max(Lanes a, Lanes b) { return _mm256_max_ps(a, b); }
LANES_INLINE Lanes lanes_flip(Lanes x, Lanes sign) { return _mm256_xor_ps(x, sign); }
LANES_INLINE Mask lanes_less(Lanes a, Lanes b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
LANES_INLINE Mask lanes_at_most(Lanes a, Lanes b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
LANES_INLINE Mask lanes_equal(Lanes a, Lanes b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
LANES_INLINE Lanes lanes_choose(Mask m, Lanes a, Lanes b) { return _mm256_blendv_ps(b, a, m); }
LANES_INLINE Mask mask_none(void) { return _mm256_setzero_ps(); }
LANES_INLINE Mask mask_and(Mask a, Mask b) { return _mm256_and_ps(a, b); }
LANES_INLINE Mask mask_or(Mask a, Mask b) { return _mm256_or_ps(a, b); }
LANES_INLINE Mask mask_not(Mask a) { return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))); }
LANES_INLINE unsigned mask_bits(Mask a) { return (unsigned)_mm256_movemask_ps(a); }

#define HALF_LANES 4
typedef double HalfDouble __attribute__((vector_size(32)));
typedef long long HalfWord __attribute__((vector_size(32)));
LANES_INLINE HalfDouble half_low(Lanes x) { return (HalfDouble)_mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
LANES_INLINE HalfDouble half_high(Lanes x) { return (HalfDouble)_mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)); }
LANES_INLINE Lanes halves_join(HalfDouble low, HalfDouble high) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps((__m256d)low)), _mm256_cvtpd_ps((__m256d)high), 1);
}
LANES_INLINE HalfWord half_truncate(HalfDouble x, HalfDouble *n) {
    __m128i whole = _mm256_cvttpd_epi32((__m256d)x);
    *n = (HalfDouble)_mm256_cvtepi32_pd(whole);
    return (HalfWord)_mm256_cvtepi32_epi64(whole);
}
LANES_INLINE HalfWord half_quadrant(HalfDouble x, HalfDouble *n) {
    __m128i q = _mm_srai_epi32(_mm_add_epi32(_mm256_cvttpd_epi32((__m256d)x), _mm_set1_epi32(0x800000)), 24);
    *n = (HalfDouble)_mm256_cvtepi32_pd(q);
    return (HalfWord)_mm256_cvtepi32_epi64(q);
}

#elif defined(SDQN_ISA_neon)
#include <arm_neon.h>

#define LANES 4
typedef float32x4_t Lanes;
typedef uint32x4_t Mask;

LANES_INLINE Lanes lanes_all(float x) { return vdupq_n_f32(x); }
LANES_INLINE Lanes lanes_sqrt(Lanes x) { return vsqrtq_f32(x); }
// vminq and vmaxq order the zeros and spread NaN: here the comparison decides.
LANES_INLINE Lanes lanes_min(Lanes a, Lanes b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
LANES_INLINE Lanes lanes_max(Lanes a, Lanes b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
LANES_INLINE Lanes lanes_flip(Lanes x, Lanes sign) {
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x), vreinterpretq_u32_f32(sign)));
}
LANES_INLINE Mask lanes_less(Lanes a, Lanes b) { return vcltq_f32(a, b); }
LANES_INLINE Mask lanes_at_most(Lanes a, Lanes b) { return vcleq_f32(a, b); }
LANES_INLINE Mask lanes_equal(Lanes a, Lanes b) { return vceqq_f32(a, b); }
LANES_INLINE Lanes lanes_choose(Mask m, Lanes a, Lanes b) { return vbslq_f32(m, a, b); }
LANES_INLINE Mask mask_none(void) { return vdupq_n_u32(0); }
LANES_INLINE Mask mask_and(Mask a, Mask b) { return vandq_u32(a, b); }
LANES_INLINE Mask mask_or(Mask a, Mask b) { return vorrq_u32(a, b); }
LANES_INLINE Mask mask_not(Mask a) { return vmvnq_u32(a); }
LANES_INLINE unsigned mask_bits(Mask a) {
    static const uint32_t weights[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(a, vld1q_u32(weights)));
}

#define HALF_LANES 2
typedef double HalfDouble __attribute__((vector_size(16)));
typedef long long HalfWord __attribute__((vector_size(16)));
LANES_INLINE HalfDouble half_low(Lanes x) { return (HalfDouble)vcvt_f64_f32(vget_low_f32(x)); }
LANES_INLINE HalfDouble half_high(Lanes x) { return (HalfDouble)vcvt_high_f64_f32(x); }
LANES_INLINE Lanes halves_join(HalfDouble low, HalfDouble high) {
    return vcombine_f32(vcvt_f32_f64((float64x2_t)low), vcvt_f32_f64((float64x2_t)high));
}
LANES_INLINE HalfWord half_truncate(HalfDouble x, HalfDouble *n) {
    int64x2_t whole = vcvtq_s64_f64((float64x2_t)x);
    *n = (HalfDouble)vcvtq_f64_s64(whole);
    return (HalfWord)whole;
}
LANES_INLINE HalfWord half_quadrant(HalfDouble x, HalfDouble *n) {
    int64x2_t q = vshrq_n_s64(vaddq_s64(vcvtq_s64_f64((float64x2_t)x), vdupq_n_s64(0x800000)), 24);
    *n = (HalfDouble)vcvtq_f64_s64(q);
    return (HalfWord)q;
}

#else // SDQN_ISA_scalar
#include <math.h>

#define LANES 1
typedef float Lanes;
typedef bool Mask;

LANES_INLINE Lanes lanes_all(float x) { return x; }
LANES_INLINE Lanes lanes_sqrt(Lanes x) { return sqrtf(x); }
LANES_INLINE Lanes lanes_min(Lanes a, Lanes b) { return a < b ? a : b; }
LANES_INLINE Lanes lanes_max(Lanes a, Lanes b) { return a > b ? a : b; }
/// @param sign  +0 or -0
LANES_INLINE Lanes lanes_flip(Lanes x, Lanes sign) { return signbit(sign) ? -x : x; }
LANES_INLINE Mask lanes_less(Lanes a, Lanes b) { return a < b; }
LANES_INLINE Mask lanes_at_most(Lanes a, Lanes b) { return a <= b; }
LANES_INLINE Mask lanes_equal(Lanes a, Lanes b) { return a == b; }
LANES_INLINE Lanes lanes_choose(Mask m, Lanes a, Lanes b) { return m ? a : b; }
LANES_INLINE Mask mask_none(void) { return false; }
LANES_INLINE Mask mask_and(Mask a, Mask b) { return a && b; }
LANES_INLINE Mask mask_or(Mask a, Mask b) { return a || b; }
LANES_INLINE Mask mask_not(Mask a) { return !a; }
LANES_INLINE unsigned mask_bits(Mask a) { return a; }

#endif

/// All the lanes as bits.
#define ALL_LANES ((unsigned)((1ull << LANES) - 1u))

LANES_INLINE void lanes_put(Lanes *x, int lane, float value) { memcpy((char *)x + (size_t)lane * sizeof value, &value, sizeof value); }
LANES_INLINE float lanes_get(const Lanes *x, int lane) {
    float value;
    memcpy(&value, (const char *)x + (size_t)lane * sizeof value, sizeof value);
    return value;
}
LANES_INLINE Mask lanes_greater(Lanes a, Lanes b) { return lanes_less(b, a); }
LANES_INLINE Mask lanes_at_least(Lanes a, Lanes b) { return lanes_at_most(b, a); }
LANES_INLINE Lanes lanes_clamp(Lanes x, Lanes low, Lanes high) { return lanes_max(low, lanes_min(x, high)); }
LANES_INLINE bool mask_any(Mask a) { return mask_bits(a) != 0; }

#if LANES == 1
LANES_INLINE void lanes_sincos(Lanes x, Lanes *sine, Lanes *cosine) { sdqn_sincosf(x, sine, cosine); }
#else
LANES_INLINE HalfDouble half_choose(HalfWord mask, HalfDouble a, HalfDouble b) {
    return (HalfDouble)(((HalfWord)a & mask) | ((HalfWord)b & ~mask));
}

/// sdqn_sincosf for |x| < 120, on half of the lanes.
LANES_INLINE void half_sincos(HalfDouble x, HalfDouble *sine, HalfDouble *cosine) {
    HalfDouble n;
    HalfWord quadrant = half_quadrant(x * (SDQN_SINCOSF_TWO_OVER_PI * 0x1p24), &n);
    HalfDouble r = (x - n * SDQN_SINCOSF_HALF_PI_HIGH) - n * SDQN_SINCOSF_HALF_PI_LOW;
    HalfDouble r2 = r * r, r3 = r * r2, r4 = r2 * r2, r6 = r4 * r2, r7 = r3 * r2;
    HalfDouble s = (r + r3 * SDQN_SINF_S1) + r7 * (SDQN_SINF_S2 + r2 * SDQN_SINF_S3);
    HalfDouble c = ((1.0 + r2 * SDQN_COSF_C1) + r4 * SDQN_COSF_C2) + r6 * (SDQN_COSF_C3 + r2 * SDQN_COSF_C4);
    HalfWord odd = -(quadrant & 1);
    HalfDouble s_magnitude = half_choose(odd, c, s), c_magnitude = half_choose(odd, s, c);
    *sine = (HalfDouble)((HalfWord)s_magnitude ^ ((quadrant & 2) << 62));
    *cosine = (HalfDouble)((HalfWord)c_magnitude ^ (((quadrant + 1) & 2) << 62));
}

/// sdqn_sincosf on every lane.
LANES_INLINE void lanes_sincos(Lanes x, Lanes *sine, Lanes *cosine) {
    Lanes magnitude = lanes_max(x, -x);
    if (mask_bits(lanes_less(magnitude, lanes_all(SDQN_SINCOSF_SMALL))) != ALL_LANES) { // rare: a lander has turned 19 times
        for (int i = 0; i < LANES; i++) {
            float s, c;
            sdqn_sincosf(lanes_get(&x, i), &s, &c);
            lanes_put(sine, i, s);
            lanes_put(cosine, i, c);
        }
        return;
    }
    HalfDouble s_low, s_high, c_low, c_high;
    half_sincos(half_low(x), &s_low, &c_low);
    half_sincos(half_high(x), &s_high, &c_high);
    *sine = lanes_choose(lanes_less(magnitude, lanes_all(SDQN_SINCOSF_TINY)), x, halves_join(s_low, s_high));
    *cosine = halves_join(c_low, c_high);
}
#endif

#endif
