// rng.h: numpy's random generator (PCG64 seeded by SeedSequence), bit for bit, and independent streams by purpose.
#ifndef SDQN_CORE_RNG_H
#define SDQN_CORE_RNG_H

#include <stdbool.h>
#include <stdint.h>

/// State of numpy's `Generator(PCG64(SeedSequence(...)))`. Plain data: a copy is a snapshot.
/// Source: O'Neill 2014, "PCG", XSL-RR 128/64; numpy's SeedSequence follows O'Neill's seed_seq_fe.
typedef struct SdqnRng {
    uint64_t state_high, state_low;         ///< 128-bit state
    uint64_t increment_high, increment_low; ///< 128-bit odd increment: which stream
    uint32_t half_word;                     ///< high half of the last word drawn for 32-bit output
    uint32_t has_half_word;                 ///< 1 if half_word is still unused
} SdqnRng;

/// Streams of one run, as children of the run's seed: `SeedSequence(seed).spawn`, child index = the value here.
/// The order is part of the numerics: append, never insert.
typedef enum SdqnStream {
    SDQN_STREAM_WEIGHTS = 0,
    SDQN_STREAM_EXPLORATION,
    SDQN_STREAM_REPLAY,
    SDQN_STREAM_METHOD,
    SDQN_STREAM_TASK_SAMPLING,
    SDQN_STREAM_ENVIRONMENT, ///< the parent of one grandchild a task: spawn_key (5, task)
} SdqnStream;

/// Seed as `numpy.random.default_rng(seed)` does.
void sdqn_rng_seed(SdqnRng *rng, uint64_t seed);

/// Seed as `Generator(PCG64(SeedSequence(seed, spawn_key=key)))` does.
/// @param key  [key_length] words, 0 <= key_length <= 4
void sdqn_rng_seed_spawned(SdqnRng *rng, uint64_t seed, const uint32_t *key, int key_length);

/// Whether a state that was read from a file can be one.
bool sdqn_rng_is_sound(const SdqnRng *rng);

/// Next 64-bit output; leaves a waiting half word alone, as numpy does.
uint64_t sdqn_rng_next_u64(SdqnRng *rng);

/// Next 32-bit output: the low half of a fresh word first, its high half the next time.
uint32_t sdqn_rng_next_u32(SdqnRng *rng);

/// Uniform double in [0, 1): the top 53 bits times 2^-53.
double sdqn_rng_double(SdqnRng *rng);

/// `Generator.uniform(low, high)`: low + (high - low) * double, in double.
double sdqn_rng_uniform(SdqnRng *rng, double low, double high);

/// `Generator.integers(low, high)` for ranges below 2^32 - 1 (Lemire's method on 32-bit halves, arXiv:1805.10941).
/// @param low, high  low < high; the result lies in [low, high)
int64_t sdqn_rng_integers(SdqnRng *rng, int64_t low, int64_t high);

/// Standard normal, by the Box-Muller transform on two doubles with our own log, sqrt, cos: the same bits on every machine.
/// (numpy's ziggurat is not reproduced: only weights and method noise need normals.)
double sdqn_rng_normal(SdqnRng *rng);

#endif
