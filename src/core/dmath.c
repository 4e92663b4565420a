// dmath.c: elementary functions as fixed sequences of IEEE additions, multiplications and divisions; no fma, no table lookups by value.
//
// The double functions carry their leading terms as unevaluated sums of two doubles ("double-double"; Dekker 1971, "A floating-point
// technique for extending the available precision"), so that the one final rounding is nearly always the correct one.
#include "core/dmath.h"

#include "core/exp_series.h"
#include "core/sincos_pairs.h"
#include "core/sincosf.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const double NOT_A_NUMBER = (double)NAN;

static uint32_t float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static uint64_t double_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// 2^k for -1022 <= k <= 1023.
static double power_of_two(int k) { return double_from_bits((uint64_t)(k + 1023) << 52); }

// ---- sinf and cosf --------------------------------------------------------------------------------------------------------------
/// sin and cos of (n pi/2 + r): the quadrant only chooses between the two polynomials and their signs.
static void sincosf_quadrant(double r, int n, float *sine, float *cosine) {
    double r2 = r * r, r3 = r * r2, r4 = r2 * r2, r6 = r4 * r2, r7 = r3 * r2; // r7 carries two of its powers in the bracket of s
    double s = (r + r3 * SDQN_SINF_S1) + r7 * (SDQN_SINF_S2 + r2 * SDQN_SINF_S3);
    double c = ((1.0 + r2 * SDQN_COSF_C1) + r4 * SDQN_COSF_C2) + r6 * (SDQN_COSF_C3 + r2 * SDQN_COSF_C4);
    bool odd = n & 1;
    double sine_magnitude = odd ? c : s, cosine_magnitude = odd ? s : c;
    *sine = (float)(n & 2 ? -sine_magnitude : sine_magnitude);
    *cosine = (float)((n + 1) & 2 ? -cosine_magnitude : cosine_magnitude);
}

/// Reduction of |x| >= 120: 24 bits of x times 96 bits of 2/pi, kept modulo 4. @param bits  of x; the sign is ignored
static double reduce_large(uint32_t bits, int *n) {
    // 2/pi in binary, a byte an entry, after three zero bytes.
    static const uint8_t two_over_pi[27] = {0x00, 0x00, 0x00, 0xa2, 0xf9, 0x83, 0x6e, 0x4e, 0x44, 0x15, 0x29, 0xfc, 0x27, 0x57,
                                            0xd1, 0xf5, 0x34, 0xdd, 0xc0, 0xdb, 0x62, 0x95, 0x99, 0x3c, 0x43, 0x90, 0x41};
    static const double PI_2_63 = 0x1.921fb54442d18p-62; // pi * 2^-63
    const uint8_t *start = two_over_pi + ((bits >> 26) & 15U);
    uint32_t words[3];
    for (size_t i = 0; i < 3; i++) {
        const uint8_t *b = start + 4 * i;
        words[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
    uint32_t mantissa = ((bits & 0x7fffffU) | 0x800000U) << ((bits >> 23) & 7U);
    uint64_t high = (uint64_t)(mantissa * words[0]) << 32; // bits above the 32 of the product are multiples of 4 quadrants
    uint64_t product = (high | ((uint64_t)mantissa * words[2] >> 32)) + (uint64_t)mantissa * words[1];
    uint64_t quadrant = (product + ((uint64_t)1 << 61)) >> 62;
    *n = (int)quadrant;
    return (double)(int64_t)(product - (quadrant << 62)) * PI_2_63;
}

void sdqn_sincosf(float x, float *sine, float *cosine) {
    uint32_t magnitude = float_bits(x) & 0x7fffffffU;
    if (magnitude < 0x42f00000U) { // |x| < 120
        // n = x * 2/pi rounded to nearest, by way of a fixed-point number with 24 fraction bits cut towards zero (as the original has it).
        int32_t fixed = (int32_t)((double)x * (SDQN_SINCOSF_TWO_OVER_PI * 0x1p24));
        int n = (fixed + 0x800000) >> 24;
        // One rounding, as of fma(-n, pi/2, x): that is what glibc computes on processors with fma. Without fma it rounds n pi/2 too, which
        // shows in some results from |x| = 17.28 on.
        sincosf_quadrant(((double)x - n * SDQN_SINCOSF_HALF_PI_HIGH) - n * SDQN_SINCOSF_HALF_PI_LOW, n, sine, cosine);
        if (magnitude < 0x39800000U) *sine = x; // |x| < 2^-12: the polynomial gives x too, but for the sign of -0
    } else if (magnitude < 0x7f800000U) {
        int n;
        double r = reduce_large(magnitude, &n);
        sincosf_quadrant(r, n, sine, cosine);
        if (x < 0) *sine = -*sine;
    } else {
        *sine = *cosine = NAN;
    }
}

// ---- sin and cos ----------------------------------------------------------------------------------------------------------------

/// Largest |x| reduced: n = x * 2/pi then has at most 20 bits, so that its products with 33 bits of pi/2 are exact.
#define SINCOS_LIMIT 0x1.8p20

static int nearest_quadrant(double x) { return (int)(x * SDQN_SINCOSF_TWO_OVER_PI + (x < 0 ? -0.5 : 0.5)); }

/// sin(r + n pi/2).
static double sine_quadrant(Pair r, int n) {
    double value = n & 1 ? cosine_series(r) : sine_series(r);
    return n & 2 ? -value : value;
}

double sdqn_sin(double x) {
    if (!(fabs(x) < SINCOS_LIMIT)) return NOT_A_NUMBER;
    if (fabs(x) < 0x1p-27) return x; // x^3/6 is below half an ulp; keeps -0
    int n = nearest_quadrant(x);
    return sine_quadrant(reduce(x, n), n);
}

double sdqn_cos(double x) {
    if (!(fabs(x) < SINCOS_LIMIT)) return NOT_A_NUMBER;
    int n = nearest_quadrant(x);
    return sine_quadrant(reduce(x, n), n + 1);
}

// ---- exp, tanh, log -------------------------------------------------------------------------------------------------------------

/// e^x = 2^k (1 + p): gives k and p, |x| < 746, |p| < 0.42.
static Pair expm1_reduced(double x, int *k) {
    *k = (int)(x * EXP_LOG2_E + (x < 0 ? -0.5 : 0.5));
    return expm1_series(x, *k);
}

double sdqn_exp(double x) {
    if (x != x) return x;
    if (x > 0x1.62e42fefa39efp+9) return HUGE_VAL; // ln of the largest double
    if (x < -746.0) return 0;
    int k;
    double value = one_plus(expm1_reduced(x, &k));
    return value * power_of_two(k / 2) * power_of_two(k - k / 2); // in two steps: 2^k alone may not be a double
}

/// tanh(x) = E / (E + 2) with E = e^(2x) - 1, both sums and the quotient's remainder as pairs.
double sdqn_tanh(double x) {
    double magnitude = fabs(x);
    if (x != x || magnitude < 0x1p-28) return x; // x^3/3 is below half an ulp; keeps -0
    if (magnitude > 20) return x < 0 ? -1 : 1;   // 1 - tanh < 2^-56
    int k;
    Pair p = expm1_reduced(2 * magnitude, &k);
    double scale = power_of_two(k);
    Pair e = add_exactly(scale - 1, scale * p.high);
    e = add_ordered(e.high, e.low + scale * p.low);
    Pair d = add_exactly(e.high, 2);
    d.low += e.low;
    double quotient = e.high / d.high;
    Pair product = multiply_exactly(quotient, d.high);
    double remainder = ((e.high - product.high) - product.low) + (e.low - quotient * d.low);
    double value = quotient + remainder / d.high;
    return x < 0 ? -value : value;
}

/// log(2^k m) = k ln 2 + 2 atanh(s), s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt(2)).
double sdqn_log(double x) {
    if (x != x || x < 0) return NOT_A_NUMBER;
    if (x == 0) return -HUGE_VAL;
    if (isinf(x)) return x;
    int k = 0;
    if (x < 0x1p-1022) { // subnormal
        x *= 0x1p54;
        k = -54;
    }
    uint64_t bits = double_bits(x);
    k += (int)(bits >> 52) - 1023;
    double m = double_from_bits((bits & 0xfffffffffffffU) | 0x3ff0000000000000U);
    if (m >= 0x1.6a09e667f3bcdp+0) { // sqrt(2)
        m *= 0.5;
        k++;
    }
    Pair denominator = add_ordered(m < 1 ? 1 : m, m < 1 ? m : 1);
    double quotient = (m - 1) / denominator.high;
    Pair product = multiply_exactly(quotient, denominator.high);
    double remainder = (((m - 1) - product.high) - product.low) - quotient * denominator.low;
    Pair s = {quotient, remainder / denominator.high};

    // 2 atanh(s) = 2 s + 2 s^3 (1/3 + s^2/5 + s^4/7 + ...), s^2 < 0.0295
    double z = s.high * s.high, series = 1.0 / 25;
    for (int n = 23; n >= 3; n -= 2) series = 1.0 / n + z * series;
    Pair exponent_part = add_exactly(k * EXP_LN2_HIGH, 2 * s.high);
    return exponent_part.high + (exponent_part.low + (2 * s.low + k * EXP_LN2_LOW + 2 * s.high * z * series));
}
