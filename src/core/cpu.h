// cpu.h: kernel levels of this machine, and the floating-point mode.
#ifndef SDQN_CORE_CPU_H
#define SDQN_CORE_CPU_H

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

/// Instruction sets the kernels are compiled for. The results do not depend on the level.
typedef enum SdqnCpuLevel {
    SDQN_CPU_SCALAR = 0, ///< plain C, any machine
    SDQN_CPU_AVX2,       ///< x86-64 with AVX2 and FMA
    SDQN_CPU_AVX512,     ///< x86-64 with AVX-512 F, VL, DQ, BW and FMA
    SDQN_CPU_NEON,       ///< aarch64
    SDQN_NUM_CPU_LEVELS,
} SdqnCpuLevel;

/// `scalar`, `avx2`, `avx512`, `neon`.
const char *sdqn_cpu_level_name(SdqnCpuLevel level);

/// Whether this processor (and its operating system) runs the level.
bool sdqn_cpu_level_available(SdqnCpuLevel level);

/// The fastest level available.
SdqnCpuLevel sdqn_cpu_level_best(void);

/// A level by name; `auto` is the best one.
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT naming what this machine allows (`level` untouched)
SdqnStatus sdqn_cpu_level_parse(const char *name, SdqnCpuLevel *level, SdqnError *error);

/// A floating-point mode as it was found; only for sdqn_cpu_mode_restore.
typedef uint64_t SdqnCpuMode;

/// Set this thread's floating-point mode to IEEE 754's default: round to nearest, denormals kept, no traps. Public calls do this on entry
/// and restore on return, threads of ours once. @return the mode before
SdqnCpuMode sdqn_cpu_mode_set_default(void);
void sdqn_cpu_mode_restore(SdqnCpuMode mode);

#endif
