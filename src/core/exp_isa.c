// exp_isa.c: e^x of vectors of doubles. Compiled once a level.
#include "core/exp.h"
#include "core/lanes_isa.h"

#define EXP LEVEL_NAME(sdqn_exp_, SDQN_ISA)

#if LANES == 1
void EXP(double *x, int count) {
    for (int i = 0; i < count; i++) x[i] = sdqn_exp(x[i]);
}
#else
#define PAIR_REAL HalfDouble
#include "core/exp_series.h"

/// What the vectors take: beyond it 2^k or e^x may not be a normal double, and sdqn_exp has cases of its own for these and for NaN.
#define LARGEST 700.0

/// sdqn_exp for |x| <= LARGEST.
LANES_INLINE HalfDouble exp_vector(HalfDouble x) {
    const HalfDouble half = real_all(0.5), zero = real_all(0);
    HalfDouble k;
    HalfWord exponent = half_truncate(x * EXP_LOG2_E + half_choose(x < zero, -half, half), &k);
    return one_plus(expm1_series(x, k)) * (HalfDouble)((exponent + 1023) << 52);
}

/// n (a constant but for the last) values.
LANES_INLINE void exp_part(double *x, int n) {
    HalfDouble in = real_all(0);
    memcpy(&in, x, (size_t)n * sizeof *x);
    HalfDouble out = exp_vector(in);
    memcpy(x, &out, (size_t)n * sizeof *x);
}

void EXP(double *x, int count) {
    int out_of_range = 0, i = 0;
    for (int j = 0; j < count; j++) out_of_range += !(x[j] >= -LARGEST && x[j] <= LARGEST);
    if (out_of_range > 0) { // rare, and then all of them
        for (int j = 0; j < count; j++) x[j] = sdqn_exp(x[j]);
        return;
    }
    for (; i + HALF_LANES <= count; i += HALF_LANES) exp_part(x + i, HALF_LANES);
    if (i < count) exp_part(x + i, count - i);
}
#endif
