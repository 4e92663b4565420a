// rng.c: PCG64 (XSL-RR 128/64) and SeedSequence as numpy has them.
#include "core/rng.h"

#include "core/dmath.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

__extension__ typedef unsigned __int128 Word128;

/// Multiplier of the 128-bit congruential step (O'Neill 2014).
#define PCG_MULTIPLIER (((Word128)2549297995355413924U << 64) | 4865540595714422341U)

enum { POOL_WORDS = 4, SEED_WORDS = 2, MAX_KEY_WORDS = 4, STATE_WORDS = 8 };

// Constants of SeedSequence (numpy/random/bit_generator.pyx, after O'Neill's seed_seq_fe).
static const uint32_t HASH_INIT_A = 0x43b0d7e5U, HASH_MULTIPLIER_A = 0x931e8875U;
static const uint32_t HASH_INIT_B = 0x8b51f9ddU, HASH_MULTIPLIER_B = 0x58f38dedU;
static const uint32_t MIX_MULTIPLIER_LEFT = 0xca01f9ddU, MIX_MULTIPLIER_RIGHT = 0x4973f715U;

static uint32_t hash_word(uint32_t value, uint32_t *hash, uint32_t multiplier) {
    value ^= *hash;
    *hash *= multiplier;
    value *= *hash;
    return value ^ (value >> 16);
}

static uint32_t mix_words(uint32_t x, uint32_t y) {
    uint32_t result = MIX_MULTIPLIER_LEFT * x - MIX_MULTIPLIER_RIGHT * y;
    return result ^ (result >> 16);
}

/// SeedSequence.mix_entropy: every word of `entropy` influences every word of the pool.
static void mix_entropy(const uint32_t *entropy, int length, uint32_t pool[POOL_WORDS]) {
    uint32_t hash = HASH_INIT_A;
    for (int i = 0; i < POOL_WORDS; i++) pool[i] = hash_word(i < length ? entropy[i] : 0, &hash, HASH_MULTIPLIER_A);
    for (int source = 0; source < POOL_WORDS; source++)
        for (int target = 0; target < POOL_WORDS; target++)
            if (source != target) pool[target] = mix_words(pool[target], hash_word(pool[source], &hash, HASH_MULTIPLIER_A));
    for (int source = POOL_WORDS; source < length; source++)
        for (int target = 0; target < POOL_WORDS; target++)
            pool[target] = mix_words(pool[target], hash_word(entropy[source], &hash, HASH_MULTIPLIER_A));
}

static void step_state(SdqnRng *rng) {
    Word128 state = ((Word128)rng->state_high << 64) | rng->state_low;
    Word128 increment = ((Word128)rng->increment_high << 64) | rng->increment_low;
    state = state * PCG_MULTIPLIER + increment;
    rng->state_high = (uint64_t)(state >> 64);
    rng->state_low = (uint64_t)state;
}

/// pcg_setseq_128_srandom: a step from state 0, the initial state added, one more step.
static void start_stream(SdqnRng *rng, Word128 initial_state, Word128 stream) {
    Word128 increment = (stream << 1) | 1U;
    Word128 state = increment + initial_state;
    *rng = (SdqnRng){.state_high = (uint64_t)(state >> 64),
                     .state_low = (uint64_t)state,
                     .increment_high = (uint64_t)(increment >> 64),
                     .increment_low = (uint64_t)increment};
    step_state(rng);
}

void sdqn_rng_seed_spawned(SdqnRng *rng, uint64_t seed, const uint32_t *key, int key_length) {
    assert(key_length >= 0 && key_length <= MAX_KEY_WORDS);
    uint32_t entropy[POOL_WORDS + MAX_KEY_WORDS] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    int length = entropy[1] == 0 ? 1 : SEED_WORDS;
    if (key_length > 0) length = POOL_WORDS; // the seed is padded with zeros, so that keys and long seeds cannot be confused
    for (int i = 0; i < key_length; i++) entropy[length++] = key[i];

    uint32_t pool[POOL_WORDS];
    mix_entropy(entropy, length, pool);
    uint32_t hash = HASH_INIT_B;
    uint64_t words[STATE_WORDS / 2] = {0}; // 64-bit words, low half first
    for (int i = 0; i < STATE_WORDS; i++)
        words[i / 2] |= (uint64_t)hash_word(pool[i % POOL_WORDS], &hash, HASH_MULTIPLIER_B) << (32 * (i % 2));
    start_stream(rng, ((Word128)words[0] << 64) | words[1], ((Word128)words[2] << 64) | words[3]);
}

void sdqn_rng_seed(SdqnRng *rng, uint64_t seed) { sdqn_rng_seed_spawned(rng, seed, NULL, 0); }

bool sdqn_rng_is_sound(const SdqnRng *rng) { return (rng->increment_low & 1) == 1 && rng->has_half_word <= 1; }

uint64_t sdqn_rng_next_u64(SdqnRng *rng) {
    step_state(rng);
    uint64_t folded = rng->state_high ^ rng->state_low;
    unsigned rotation = (unsigned)(rng->state_high >> 58);
    return (folded >> rotation) | (folded << (-rotation & 63U));
}

uint32_t sdqn_rng_next_u32(SdqnRng *rng) {
    if (rng->has_half_word) {
        rng->has_half_word = 0;
        return rng->half_word;
    }
    uint64_t word = sdqn_rng_next_u64(rng);
    rng->half_word = (uint32_t)(word >> 32);
    rng->has_half_word = 1;
    return (uint32_t)word;
}

double sdqn_rng_double(SdqnRng *rng) { return (double)(sdqn_rng_next_u64(rng) >> 11) * 0x1p-53; }

double sdqn_rng_uniform(SdqnRng *rng, double low, double high) { return low + (high - low) * sdqn_rng_double(rng); }

int64_t sdqn_rng_integers(SdqnRng *rng, int64_t low, int64_t high) {
    assert(low < high && (uint64_t)high - (uint64_t)low <= UINT32_MAX);
    uint32_t range = (uint32_t)((uint64_t)high - (uint64_t)low);
    if (range == 1) return low; // numpy draws nothing here
    uint64_t product = (uint64_t)sdqn_rng_next_u32(rng) * range;
    if ((uint32_t)product < range) {
        uint32_t threshold = -range % range; // 2^32 mod range: the lowest products would be over-represented
        while ((uint32_t)product < threshold) product = (uint64_t)sdqn_rng_next_u32(rng) * range;
    }
    return low + (int64_t)(product >> 32);
}

double sdqn_rng_normal(SdqnRng *rng) {
    static const double TWO_PI = 0x1.921fb54442d18p+2;
    double radius = sqrt(-2.0 * sdqn_log(1.0 - sdqn_rng_double(rng))); // 1 - u lies in (0, 1]
    return radius * sdqn_cos(TWO_PI * sdqn_rng_double(rng));
}
