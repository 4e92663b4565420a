// exp.h: e^x of many doubles at once, with the bits of sdqn_exp. One function a level; src/nn/kernels.h has them in its tables.
#ifndef SDQN_CORE_EXP_H
#define SDQN_CORE_EXP_H

/// y[i] = sdqn_exp(x[i]) for i < count. x and y may be the same array.
typedef void SdqnExp(const double *x, int count, double *y);

extern SdqnExp sdqn_exp_scalar, sdqn_exp_avx2, sdqn_exp_avx512, sdqn_exp_neon;

#endif
