// sincos.h: sin and cos of many doubles at once, with the bits of sdqn_sin and sdqn_cos.
#ifndef SDQN_CORE_SINCOS_H
#define SDQN_CORE_SINCOS_H

#include "core/cpu.h"

/// sine[i] = sdqn_sin(x[i]), cosine[i] = sdqn_cos(x[i]) for i < count. The outputs overlap nothing.
typedef void SdqnSincos(const double *x, int count, double *sine, double *cosine);

extern SdqnSincos sdqn_sincos_scalar, sdqn_sincos_avx2, sdqn_sincos_avx512, sdqn_sincos_neon;

/// The function of a level. @return NULL if this build has none or this processor cannot run it
SdqnSincos *sdqn_sincos(SdqnCpuLevel level);

#endif
