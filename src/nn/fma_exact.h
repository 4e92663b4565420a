// fma_exact.h: fused multiply-add of floats with one rounding, on processors without the instruction.
#ifndef SDQN_NN_FMA_EXACT_H
#define SDQN_NN_FMA_EXACT_H

#include <float.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "floats and doubles must be computed in their own precision"
#endif

/// The rare part of sdqn_fma_exact: round product + c to odd in double, then to float. Both terms are finite.
/// The error of the sum is exact (Knuth's TwoSum); rounding to odd first makes the second rounding right, also in the denormal range,
/// because double has more than two bits to spare (Boldo and Melquiond 2008, "Emulation of a FMA").
static inline float sdqn_fma_exact_by_odd(double product, double c) {
    const double sum = product + c;
    const double c_part = sum - product;
    const double error = (product - (sum - c_part)) + (c - c_part);
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    if (error != 0.0 && (bits & 1) == 0) bits = (error > 0.0) == (sum > 0.0) ? bits + 1 : bits - 1;
    double odd;
    memcpy(&odd, &bits, sizeof odd);
    return (float)odd;
}

/// a * b + c with a single rounding, as IEEE 754's fusedMultiplyAdd. The bits of a NaN are not specified.
/// The product of two floats is exact in double. Rounding the double sum to float is wrong only if the sum was rounded onto the midpoint of
/// two floats: for a normal float, if its 29 low bits are 1 and then zeros. Denormal results have other midpoints and always go the long
/// way.
static inline float sdqn_fma_exact(float a, float b, float c) {
    const double product = (double)a * (double)b;
    const double sum = product + (double)c;
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    const uint64_t magnitude = bits & 0x7fffffffffffffff;
    const int midpoint = (bits & 0x1fffffff) == 0x10000000;
    const int denormal = magnitude - 1 < 0x380fffffffffffff; // 0 < |sum| < 2^-126
    if (midpoint | denormal) return sdqn_fma_exact_by_odd(product, (double)c);
    return (float)sum;
}

#endif
