// cpu.c: detection of kernel levels and control of the floating-point mode.
#include "core/cpu.h"

#include <assert.h>
#include <fenv.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const char *const LEVEL_NAMES[SDQN_NUM_CPU_LEVELS] = {"scalar", "avx2", "avx512", "neon"};

const char *sdqn_cpu_level_name(SdqnCpuLevel level) {
    assert(level < SDQN_NUM_CPU_LEVELS);
    return LEVEL_NAMES[level];
}

bool sdqn_cpu_level_available(SdqnCpuLevel level) {
    switch (level) {
    case SDQN_CPU_SCALAR:
        return true;
#if defined(__x86_64__)
    case SDQN_CPU_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case SDQN_CPU_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
    case SDQN_CPU_NEON:
        return true; // part of the base architecture
#endif
    default:
        return false;
    }
}

SdqnCpuLevel sdqn_cpu_level_best(void) {
    int level = SDQN_NUM_CPU_LEVELS - 1;
    while (!sdqn_cpu_level_available((SdqnCpuLevel)level)) level--; // scalar at the latest
    return (SdqnCpuLevel)level;
}

SdqnStatus sdqn_cpu_level_parse(const char *name, SdqnCpuLevel *level, SdqnError *error) {
    if (strcmp(name, "auto") == 0) {
        *level = sdqn_cpu_level_best();
        return SDQN_OK;
    }
    char allowed[64] = "auto";
    bool known = false;
    for (int i = 0; i < SDQN_NUM_CPU_LEVELS; i++) {
        bool same = strcmp(name, LEVEL_NAMES[i]) == 0;
        known |= same;
        if (!sdqn_cpu_level_available((SdqnCpuLevel)i)) continue;
        if (same) {
            *level = (SdqnCpuLevel)i;
            return SDQN_OK;
        }
        size_t length = strlen(allowed);
        snprintf(allowed + length, sizeof allowed - length, ", %s", LEVEL_NAMES[i]);
    }
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "isa = %s: %s; this machine runs %s", name,
                          known ? "not available here" : "no such kernel level", allowed);
}

#if defined(__x86_64__)
// No float or double of ours passes through the x87 unit, but glibc's printf and strtod take their rounding from its control word.
static uint16_t x87_control(void) {
    uint16_t control;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    return control;
}

static void set_x87_control(uint16_t control) { __asm__ volatile("fldcw %0" : : "m"(control)); }
#endif

// MXCSR and FPCR are read and written directly: fesetenv(FE_DFL_ENV) would also leave flush-to-zero as it is on some C libraries.
SdqnCpuMode sdqn_cpu_mode_set_default(void) {
#if defined(__x86_64__)
    SdqnCpuMode before = _mm_getcsr() | (SdqnCpuMode)x87_control() << 32;
    _mm_setcsr(0x1f80);      // all exceptions masked, round to nearest, neither FTZ nor DAZ
    set_x87_control(0x037f); // the same, and full precision
#elif defined(__aarch64__)
    SdqnCpuMode before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
#else
    SdqnCpuMode before = (SdqnCpuMode)fegetround();
    fesetround(FE_TONEAREST);
#endif
    return before;
}

void sdqn_cpu_mode_restore(SdqnCpuMode mode) {
#if defined(__x86_64__)
    _mm_setcsr((unsigned)mode);
    set_x87_control((uint16_t)(mode >> 32));
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
    fesetround((int)mode);
#endif
}
