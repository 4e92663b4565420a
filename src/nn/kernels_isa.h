// kernels_isa.h: the tables that kernels_isa.c defines, one a level. Only for kernels.c and kernels_isa.c.
#ifndef SDQN_NN_KERNELS_ISA_H
#define SDQN_NN_KERNELS_ISA_H

#include "nn/kernels.h"

extern const SdqnKernels sdqn_kernels_scalar;
extern const SdqnKernels sdqn_kernels_avx2;
extern const SdqnKernels sdqn_kernels_avx512;
extern const SdqnKernels sdqn_kernels_neon;

#endif
