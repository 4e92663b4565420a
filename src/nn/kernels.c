#include "nn/kernels.h"
#include "nn/kernels_isa.h"

const SdqnKernels *sdqn_kernels(SdqnCpuLevel level) {
    static const SdqnKernels *const built[SDQN_NUM_CPU_LEVELS] = {
        [SDQN_CPU_SCALAR] = &sdqn_kernels_scalar,
#if defined(__x86_64__)
        [SDQN_CPU_AVX2] = &sdqn_kernels_avx2,
        [SDQN_CPU_AVX512] = &sdqn_kernels_avx512,
#elif defined(__aarch64__)
        [SDQN_CPU_NEON] = &sdqn_kernels_neon,
#endif
    };
    if ((unsigned)level >= SDQN_NUM_CPU_LEVELS || !sdqn_cpu_level_available(level)) return NULL;
    return built[level];
}
