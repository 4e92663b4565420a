// exp_series.h: e^x = 2^k (1 + p) and the series of p, for one double or for a vector of them (PAIR_REAL, see sincos_pairs.h).
#ifndef SDQN_CORE_EXP_SERIES_H
#define SDQN_CORE_EXP_SERIES_H

#include "core/sincos_pairs.h"

/// k is x * EXP_LOG2_E, rounded to nearest by way of half and truncation.
#define EXP_LOG2_E 0x1.71547652b82fep+0

/// ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact.
#define EXP_LN2_HIGH 0x1.62e42feep-1
#define EXP_LN2_LOW 0x1.a39ef35793c76p-33

/// p of e^x = 2^k (1 + p), |x| < 746, |p| < 0.42. The relative error of p is below 2^-54.
/// @param k  as EXP_LOG2_E says; k EXP_LN2_HIGH is exact for |k| < 2^21
PAIR_INLINE Pair expm1_series(Real x, Real k) {
    Pair r = add_exactly(x - k * EXP_LN2_HIGH, -(k * EXP_LN2_LOW));
    Real t = r.high, series = real_all(0x1.93974a8c07c9dp-37); // 1/14!
    series = 0x1.6124613a86d09p-33 + t * series;               // 1/13!
    series = 0x1.1eed8eff8d898p-29 + t * series;               // 1/12!
    series = 0x1.ae64567f544e4p-26 + t * series;               // 1/11!
    series = 0x1.27e4fb7789f5cp-22 + t * series;               // 1/10!
    series = 0x1.71de3a556c734p-19 + t * series;               // 1/9!
    for (int n = 8; n >= 2; n--) series = INVERSE_FACTORIAL[n][0] + t * series;
    return add_ordered(t, r.low + t * t * series);
}

/// 1 + p, rounded to nearest but for the last bits of what is below.
PAIR_INLINE Real one_plus(Pair p) {
    Pair sum = add_ordered(real_all(1), p.high);
    return sum.high + (sum.low + p.low);
}

#endif
