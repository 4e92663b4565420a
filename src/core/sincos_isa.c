// sincos_isa.c: sin and cos of vectors of doubles. Compiled once a level; sincos.c chooses among the functions.
#include "core/lanes_isa.h"
#include "core/sincos.h"

#define SINCOS LEVEL_NAME(sdqn_sincos_, SDQN_ISA)

#if LANES == 1
void SINCOS(const double *x, int count, double *sine, double *cosine) {
    for (int i = 0; i < count; i++) {
        sine[i] = sdqn_sin(x[i]);
        cosine[i] = sdqn_cos(x[i]);
    }
}
#else
#define PAIR_REAL HalfDouble
#include "core/sincos_pairs.h"

/// Angles that the vectors take: a lander turned so far does not occur, and sdqn_sin has cases of its own for more and for NaN.
#define LARGEST 1e4

/// sdqn_sin and sdqn_cos for |x| <= LARGEST.
LANES_INLINE void sincos_vector(HalfDouble x, HalfDouble *sine, HalfDouble *cosine) {
    const HalfDouble half = real_all(0.5), zero = real_all(0);
    HalfDouble n;
    HalfWord quadrant = half_truncate(x * SDQN_SINCOSF_TWO_OVER_PI + half_choose(x < zero, -half, half), &n);
    Pair r = reduce(x, n);
    HalfDouble s = sine_series(r), c = cosine_series(r);
    HalfWord odd = -(quadrant & 1), tiny = (x < 0x1p-27) & (x > -0x1p-27);
    HalfDouble s_magnitude = half_choose(odd, c, s), c_magnitude = half_choose(odd, s, c);
    HalfDouble signed_sine = (HalfDouble)((HalfWord)s_magnitude ^ ((quadrant & 2) << 62));
    *sine = half_choose(tiny, x, signed_sine);
    *cosine = (HalfDouble)((HalfWord)c_magnitude ^ (((quadrant + 1) & 2) << 62));
}

void SINCOS(const double *x, int count, double *sine, double *cosine) {
    for (int first = 0; first < count; first += HALF_LANES) {
        int n = count - first < HALF_LANES ? count - first : HALF_LANES;
        HalfDouble in = real_all(0), s, c;
        bool ordinary = true;
        memcpy(&in, x + first, (size_t)n * sizeof *x);
        for (int i = 0; i < n; i++) ordinary &= x[first + i] >= -LARGEST && x[first + i] <= LARGEST;
        if (ordinary) {
            sincos_vector(in, &s, &c);
            memcpy(sine + first, &s, (size_t)n * sizeof *sine);
            memcpy(cosine + first, &c, (size_t)n * sizeof *cosine);
            continue;
        }
        for (int i = first; i < first + n; i++) {
            sine[i] = sdqn_sin(x[i]);
            cosine[i] = sdqn_cos(x[i]);
        }
    }
}
#endif
