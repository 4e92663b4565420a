#include "physics/island.h"

#include <stddef.h>

const SdqnIslandSolver *sdqn_island_solver(SdqnCpuLevel level) {
    static const SdqnIslandSolver *const built[SDQN_NUM_CPU_LEVELS] = {
        [SDQN_CPU_SCALAR] = &sdqn_island_solver_scalar,
#if defined(__x86_64__)
        [SDQN_CPU_AVX2] = &sdqn_island_solver_avx2,
        [SDQN_CPU_AVX512] = &sdqn_island_solver_avx512,
#elif defined(__aarch64__)
        [SDQN_CPU_NEON] = &sdqn_island_solver_neon,
#endif
    };
    if ((unsigned)level >= SDQN_NUM_CPU_LEVELS || !sdqn_cpu_level_available(level)) return NULL;
    return built[level];
}
