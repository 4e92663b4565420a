// noise_isa.h: many normal deviates, and softplus with its slope. Only for kernels_isa.c.
//
// Plain C in passes over short blocks that compilers make into vectors. Each value is a fixed sequence of float32 operations on its own
// counter, so that neither the width of the vectors nor the length of the array changes a bit.
#ifndef SDQN_NN_NOISE_ISA_H
#define SDQN_NN_NOISE_ISA_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NOISE_BLOCK 128 ///< values of a block, even

/// Threefry2x32 with 20 rounds: a random function of key and counter. Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1,
/// 2, 3", section 3.3; rotations and the key's parity constant are from there. @param first  counter of the first pair
static void threefry(const uint32_t key[2], uint32_t first, int count, uint32_t *restrict x, uint32_t *restrict y) {
    static const int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
    const uint32_t keys[3] = {key[0], key[1], UINT32_C(0x1BD11BDA) ^ key[0] ^ key[1]};
    for (int i = 0; i < count; i++) {
        x[i] = first + (uint32_t)i + keys[0];
        y[i] = keys[1];
    }
    for (int group = 0; group < 5; group++) {
        for (int round = 0; round < 4; round++) {
            const int left = rotations[(group & 1) * 4 + round], right = 32 - left;
            for (int i = 0; i < count; i++) {
                x[i] += y[i];
                y[i] = (y[i] << left | y[i] >> right) ^ x[i];
            }
        }
        const uint32_t add_x = keys[(group + 1) % 3], add_y = keys[(group + 2) % 3] + (uint32_t)group + 1;
        for (int i = 0; i < count; i++) {
            x[i] += add_x;
            y[i] += add_y;
        }
    }
}

/// log u = log m + e log 2 with u = m 2^e and m in [sqrt(1/2), sqrt 2), log m = 2 atanh((m - 1) / (m + 1)), to about 1e-7. @param u  > 0
static inline float log_of(float u) {
    int32_t bits;
    memcpy(&bits, &u, sizeof bits);
    const int32_t exponent = (bits - INT32_C(0x3f3504f3)) >> 23; // 0x3f3504f3 is sqrt(1/2)
    bits -= exponent * (1 << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    const float series = 2.0f * s * (1.0f + z * (0.333333333f + z * (0.2f + z * (0.142857143f + z * 0.111111111f))));
    return (float)exponent * 0.693147181f + series;
}

/// Pairs of normal deviates by the Box-Muller transform: the first word of a pair gives the radius, the second the angle: 24 of its bits
/// within a quarter of the circle, two the quarter. @param z [2 * count] written: x of all pairs, then y
static void normal_pairs(const uint32_t *restrict words, const uint32_t *restrict others, int count, float *restrict z) {
    for (int i = 0; i < count; i++) {
        const float uniform = ((float)(int32_t)(words[i] >> 8) + 0.5f) * 0x1p-24f; // in (0, 1]
        const float radius = sqrtf(-2.0f * log_of(uniform));
        const float angle = ((float)((int32_t)(others[i] >> 8) - (1 << 23)) + 0.5f) * (0x1p-24f * 1.57079633f), a = angle * angle;
        const float sine = angle * (1.0f + a * (-0.166666667f + a * (8.33333333e-3f + a * -1.98412698e-4f)));
        const float cosine = 1.0f + a * (-0.5f + a * (4.16666667e-2f + a * (-1.38888889e-3f + a * 2.48015873e-5f)));
        const uint32_t quarter = others[i] & 3u;
        const float x = (quarter & 1u) ? sine : cosine, y = (quarter & 1u) ? cosine : sine;
        z[i] = ((quarter & 2u) ? -radius : radius) * x;
        z[count + i] = ((quarter == 1u || quarter == 2u) ? -radius : radius) * y;
    }
}

static void normals(const uint32_t key[2], size_t n, float *z) {
    uint32_t words[NOISE_BLOCK / 2], others[NOISE_BLOCK / 2];
    float block[NOISE_BLOCK];
    for (size_t first = 0; first < n; first += NOISE_BLOCK) {
        threefry(key, (uint32_t)(first / 2), NOISE_BLOCK / 2, words, others);
        normal_pairs(words, others, NOISE_BLOCK / 2, block);
        memcpy(z + first, block, (n - first < NOISE_BLOCK ? n - first : NOISE_BLOCK) * sizeof *z);
    }
}

/// e^x for x in [-80, 80], to about 2e-7 of it: 2^k e^r with |r| <= log 2 / 2.
static inline float exp_of(float x) {
    const float shifted = x * 1.44269504f + 0x1.8p23f; // rounds to a whole number in the low bits
    const float k = shifted - 0x1.8p23f;
    const float r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    const float series =
        1.0f + r * (1.0f + r * (0.5f + r * (0.166666667f + r * (4.16666667e-2f + r * (8.33333333e-3f + r * 1.38888889e-3f)))));
    int32_t bits;
    memcpy(&bits, &series, sizeof bits);
    bits += (int32_t)k * (1 << 23);
    float result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

/// A block in passes, each simple enough for a compiler to make vectors of it.
static void softplus_block(const float *restrict x, int n, float *restrict y, float *restrict slope) {
    float power[NOISE_BLOCK], logarithm[NOISE_BLOCK], series[NOISE_BLOCK];
    for (int i = 0; i < n; i++) {
        const float low = x[i] > -80.0f ? x[i] : -80.0f;
        power[i] = low < 20.0f ? low : 20.0f;
    }
    for (int i = 0; i < n; i++) power[i] = exp_of(power[i]);
    for (int i = 0; i < n; i++) logarithm[i] = log_of(1.0f + power[i]);
    for (int i = 0; i < n; i++) logarithm[i] = x[i] > 20.0f ? x[i] : logarithm[i];
    for (int i = 0; i < n; i++) {
        const float s = power[i] / (2.0f + power[i]), z = s * s; // log(1 + power) = 2 atanh(s), for small powers
        series[i] = 2.0f * s * (1.0f + z * (0.333333333f + z * (0.2f + z * (0.142857143f + z * 0.111111111f))));
    }
    for (int i = 0; i < n; i++) y[i] = power[i] < 0.4f ? series[i] : logarithm[i];
    for (int i = 0; i < n; i++) slope[i] = power[i] / (1.0f + power[i]);
}

static void signs(uint64_t word, int n, float *restrict z) {
    for (int i = 0; i < n; i++) {
        const uint32_t bits = UINT32_C(0x3f800000) | (uint32_t)(word >> i & 1) << 31; // 1 with the sign of the bit
        memcpy(&z[i], &bits, sizeof bits);
    }
}

static void softplus(const float *x, size_t n, float *y, float *slope) {
    for (size_t i = 0; i < n; i += NOISE_BLOCK) softplus_block(x + i, (int)(n - i < NOISE_BLOCK ? n - i : NOISE_BLOCK), y + i, slope + i);
}

#endif
