// sincosf.h: constants of sinf and cosf, shared by the one-value and the many-lane forms.
//
// The algorithm of ARM's optimized routines, in glibc since 2.28: reduce by a multiple n of pi/2 in double, then one of two double
// polynomials. The coefficients, the rounding of n and the order of the operations decide the bits; all three are theirs.
#ifndef SDQN_CORE_SINCOSF_H
#define SDQN_CORE_SINCOSF_H

// sin(x) ~ x + S1 x^3 + S2 x^5 + S3 x^7 and cos(x) ~ 1 + C1 x^2 + C2 x^4 + C3 x^6 + C4 x^8 for |x| <= pi/4.
#define SDQN_SINF_S1 (-0x1.555545995a603p-3)
#define SDQN_SINF_S2 0x1.1107605230bc4p-7
#define SDQN_SINF_S3 (-0x1.994eb3774cf24p-13)
#define SDQN_COSF_C1 (-0x1.ffffffd0c621cp-2)
#define SDQN_COSF_C2 0x1.55553e1068f19p-5
#define SDQN_COSF_C3 (-0x1.6c087e89a359dp-10)
#define SDQN_COSF_C4 0x1.99343027bf8c3p-16
#define SDQN_SINCOSF_TWO_OVER_PI 0x1.45f306dc9c883p-1
// pi/2 rounded to double, in two parts of 33 and 17 bits: their products with n are exact.
#define SDQN_SINCOSF_HALF_PI_HIGH 0x1.921fb544p+0
#define SDQN_SINCOSF_HALF_PI_LOW 0x1.0b46p-34
#define SDQN_SINCOSF_SMALL 120.0f  ///< below: the short reduction
#define SDQN_SINCOSF_TINY 0x1p-12f ///< below: sin(x) is x

#endif
