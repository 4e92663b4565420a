// sincos_pairs.h: double-double arithmetic ("pairs") and the series of sin and cos, for one double or for a vector of them.
//
// The includer may define PAIR_REAL as a vector of doubles. A plain sequence of IEEE additions and multiplications, so that the
// width changes no bit.
#ifndef SDQN_CORE_SINCOS_PAIRS_H
#define SDQN_CORE_SINCOS_PAIRS_H

#ifndef PAIR_REAL
#define PAIR_REAL double
#endif
typedef PAIR_REAL Real;

#define PAIR_INLINE static inline __attribute__((always_inline, unused))

/// high + low, |low| <= ulp(high) / 2.
typedef struct Pair {
    Real high, low;
} Pair;

/// a + b without error (Knuth).
PAIR_INLINE Pair add_exactly(Real a, Real b) {
    Real sum = a + b, b_part = sum - a;
    return (Pair){sum, (a - (sum - b_part)) + (b - b_part)};
}

/// a + b without error for |a| >= |b| or a = 0 (Dekker).
PAIR_INLINE Pair add_ordered(Real a, Real b) {
    Real sum = a + b;
    return (Pair){sum, b - (sum - a)};
}

/// Upper 26 bits of a (Veltkamp); |a| < 2^995.
PAIR_INLINE Real upper_half(Real a) {
    Real scaled = a * 0x1.0000002p27; // 2^27 + 1
    return scaled - (scaled - a);
}

/// a * b without error (Dekker), barring overflow and underflow.
PAIR_INLINE Pair multiply_exactly(Real a, Real b) {
    Real product = a * b;
    Real a_high = upper_half(a), b_high = upper_half(b), a_low = a - a_high, b_low = b - b_high;
    return (Pair){product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

PAIR_INLINE Pair multiply(Pair a, Pair b) {
    Pair p = multiply_exactly(a.high, b.high);
    return add_ordered(p.high, p.low + (a.high * b.low + a.low * b.high));
}

PAIR_INLINE Pair add(Pair a, Pair b) {
    Pair s = add_exactly(a.high, b.high);
    return add_ordered(s.high, s.low + (a.low + b.low));
}

/// 1/n! as pairs, n = 2 .. 8.
static const double INVERSE_FACTORIAL[9][2] = {
    [2] = {0x1p-1, 0},
    [3] = {0x1.5555555555555p-3, 0x1.5555555555555p-57},
    [4] = {0x1.5555555555555p-5, 0x1.5555555555555p-59},
    [5] = {0x1.1111111111111p-7, 0x1.1111111111111p-63},
    [6] = {0x1.6c16c16c16c17p-10, -0x1.f49f49f49f49fp-65},
    [7] = {0x1.a01a01a01a01ap-13, 0x1.a01a01a01a01ap-73},
    [8] = {0x1.a01a01a01a01ap-16, 0x1.a01a01a01a01ap-76},
};

/// A number that is the same in all lanes; not for -0.
PAIR_INLINE Real real_all(double x) { return x + (Real){0}; }
PAIR_INLINE Pair inverse_factorial(int n) { return (Pair){real_all(INVERSE_FACTORIAL[n][0]), real_all(INVERSE_FACTORIAL[n][1])}; }
PAIR_INLINE Pair negated(Pair a) { return (Pair){-a.high, -a.low}; }

/// x - n pi/2, n an integer next to x * 2/pi. pi/2 is cut into 33 + 33 + 33 + 53 bits (Cody and Waite 1980); only the product with the
/// last piece is rounded, which leaves an absolute error below 2^-130.
PAIR_INLINE Pair reduce(Real x, Real n) {
    const double P1 = 0x1.921fb544p+0, P2 = 0x1.0b4611a6p-34, P3 = 0x1.3198a2ep-69, P4 = 0x1.b839a252049c1p-104;
    Pair first = add_exactly(x - n * P1, -(n * P2)); // the first difference is exact: x and n P1 are close
    Pair second = add_exactly(first.high, -(n * P3));
    return add_exactly(second.high, second.low + (first.low - n * P4));
}

/// Taylor series of sin(r), |r| <= pi/4; the terms up to r^7 as pairs, the rest (below 2^-18 of the result) in double.
PAIR_INLINE Real sine_series(Pair r) {
    Pair z = multiply(r, r);
    Real t = z.high, rest = real_all(0x1.71b8ef6dcf572p-66);                               // 1/21!
    rest = 0x1.2f49b46814157p-57 - t * rest;                                               // 1/19!
    rest = 0x1.952c77030ad4ap-49 - t * rest;                                               // 1/17!
    rest = 0x1.ae7f3e733b81fp-41 - t * rest;                                               // 1/15!
    rest = 0x1.6124613a86d09p-33 - t * rest;                                               // 1/13!
    rest = 0x1.ae64567f544e4p-26 - t * rest;                                               // 1/11!
    rest = 0x1.71de3a556c734p-19 - t * rest;                                               // 1/9!
    Pair sum = add(negated(inverse_factorial(7)), multiply(z, (Pair){rest, real_all(0)})); // -1/7! + z/9! - ...
    sum = add(inverse_factorial(5), multiply(z, sum));                                     // 1/5! - z/7! + ...
    sum = add(negated(inverse_factorial(3)), multiply(z, sum));                            // -1/3! + z/5! - ...
    Pair result = add(r, multiply(r, multiply(z, sum)));
    return result.high;
}

/// Taylor series of cos(r), |r| <= pi/4; the terms up to r^8 as pairs.
PAIR_INLINE Real cosine_series(Pair r) {
    Pair z = multiply(r, r);
    Real t = z.high, rest = real_all(0x1.0ce396db7f853p-70);                       // 1/22!
    rest = 0x1.e542ba4020225p-62 - t * rest;                                       // 1/20!
    rest = 0x1.6827863b97d97p-53 - t * rest;                                       // 1/18!
    rest = 0x1.ae7f3e733b81fp-45 - t * rest;                                       // 1/16!
    rest = 0x1.93974a8c07c9dp-37 - t * rest;                                       // 1/14!
    rest = 0x1.1eed8eff8d898p-29 - t * rest;                                       // 1/12!
    rest = 0x1.27e4fb7789f5cp-22 - t * rest;                                       // 1/10!
    Pair sum = add(inverse_factorial(8), multiply(z, (Pair){-rest, real_all(0)})); // 1/8! - z/10! + ...
    sum = add(negated(inverse_factorial(6)), multiply(z, sum));                    // -1/6! + z/8! - ...
    sum = add(inverse_factorial(4), multiply(z, sum));                             // 1/4! - z/6! + ...
    sum = add(negated(inverse_factorial(2)), multiply(z, sum));                    // -1/2! + z/4! - ...
    Pair result = add((Pair){real_all(1), real_all(0)}, multiply(z, sum));
    return result.high;
}

#endif
