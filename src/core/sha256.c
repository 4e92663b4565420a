// sha256.c: SHA-256 (FIPS 180-4, section 6.2).
#include "core/sha256.h"

#include <string.h>

/// First 32 bits of the fractional parts of the cube roots of the first 64 primes.
static const uint32_t ROUND_CONSTANTS[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate_right(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void take_block(uint32_t state[8], const uint8_t block[64]) {
    uint32_t w[64];
    for (size_t t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < 64; t++) {
        uint32_t s0 = rotate_right(w[t - 15], 7) ^ rotate_right(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate_right(w[t - 2], 17) ^ rotate_right(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; t++) {
        uint32_t sum1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25), choice = (e & f) ^ (~e & g);
        uint32_t t1 = h + sum1 + choice + ROUND_CONSTANTS[t] + w[t];
        uint32_t sum0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22), majority = (a & b) ^ (a & c) ^ (b & c);
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + sum0 + majority;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void sdqn_sha256_begin(SdqnSha256 *hash) {
    *hash = (SdqnSha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sdqn_sha256_add(SdqnSha256 *hash, const void *data, size_t size) {
    const uint8_t *bytes = data;
    while (size > 0) {
        size_t held = (size_t)(hash->length % 64);
        if (held == 0 && size >= 64) {
            take_block(hash->state, bytes);
            hash->length += 64, bytes += 64, size -= 64;
            continue;
        }
        size_t taken = size < 64 - held ? size : 64 - held;
        memcpy(hash->block + held, bytes, taken);
        hash->length += taken, bytes += taken, size -= taken;
        if (held + taken == 64) take_block(hash->state, hash->block);
    }
}

void sdqn_sha256_end(SdqnSha256 *hash, uint8_t digest[SDQN_SHA256_SIZE]) {
    // One bit 1, zeros up to 8 bytes before the end of a block, the length in bits.
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = hash->length * 8;
    size_t held = (size_t)(hash->length % 64);
    sdqn_sha256_add(hash, padding, held < 56 ? 56 - held : 120 - held);
    uint8_t length[8];
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sdqn_sha256_add(hash, length, sizeof length);
    for (int i = 0; i < SDQN_SHA256_SIZE; i++) digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sdqn_sha256_end_hex(SdqnSha256 *hash, char hex[SDQN_SHA256_HEX_SIZE]) {
    uint8_t digest[SDQN_SHA256_SIZE];
    sdqn_sha256_end(hash, digest);
    for (size_t i = 0; i < SDQN_SHA256_SIZE; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    hex[SDQN_SHA256_HEX_SIZE - 1] = '\0';
}

void sdqn_sha256_hex(const void *data, size_t size, char hex[SDQN_SHA256_HEX_SIZE]) {
    SdqnSha256 hash;
    sdqn_sha256_begin(&hash);
    sdqn_sha256_add(&hash, data, size);
    sdqn_sha256_end_hex(&hash, hex);
}

bool sdqn_sha256_is_hex(const char *text) {
    const size_t length = strspn(text, "0123456789abcdef");
    return length == SDQN_SHA256_HEX_SIZE - 1 && text[length] == '\0';
}
