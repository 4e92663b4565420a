#include "core/sincos.h"

#include <stddef.h>

SdqnSincos *sdqn_sincos(SdqnCpuLevel level) {
    static SdqnSincos *const built[SDQN_NUM_CPU_LEVELS] = {
        [SDQN_CPU_SCALAR] = sdqn_sincos_scalar,
#if defined(__x86_64__)
        [SDQN_CPU_AVX2] = sdqn_sincos_avx2,
        [SDQN_CPU_AVX512] = sdqn_sincos_avx512,
#elif defined(__aarch64__)
        [SDQN_CPU_NEON] = sdqn_sincos_neon,
#endif
    };
    if ((unsigned)level >= SDQN_NUM_CPU_LEVELS || !sdqn_cpu_level_available(level)) return NULL;
    return built[level];
}
