// exp.h: e^x of many doubles at once, with the bits of sdqn_exp. One function a level.
#ifndef SDQN_CORE_EXP_H
#define SDQN_CORE_EXP_H

/// x[i] becomes sdqn_exp(x[i]), also of what is not finite. @param x [count] @param count >= 0
typedef void SdqnExp(double *x, int count);

extern SdqnExp sdqn_exp_scalar, sdqn_exp_avx2, sdqn_exp_avx512, sdqn_exp_neon;

#endif
