// dmath.h: elementary functions with the same bits on every compiler, C library and processor.
//
// Nothing here calls libm except sqrt (exact by IEEE 754). All are plain sequences of IEEE operations, compiled with -ffp-contract=off.
#ifndef SDQN_CORE_DMATH_H
#define SDQN_CORE_DMATH_H

/// sin and cos of a float, equal to glibc's sinf and cosf (2.28 and later, on a processor with fma) on every float; NaN for an infinity.
/// (glibc without fma gives other bits for 17 of the positive floats below 120, all above 17.)
void sdqn_sincosf(float x, float *sine, float *cosine);

/// sin, cos for |x| < 1.5e6, within 0.51 ulp (double-double inside, so nearly always correctly rounded). NaN for |x| >= 1.5 * 2^20.
double sdqn_sin(double x);
double sdqn_cos(double x);

/// tanh, exp, log within 0.9, 0.7 and 0.6 ulp (exp with a subnormal result: 0.8). log of 0 is -inf, of a negative NaN; exp overflows to
/// +inf and underflows to 0.
double sdqn_tanh(double x);
double sdqn_exp(double x);
double sdqn_log(double x);

#endif
