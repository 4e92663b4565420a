// sha256.h: SHA-256 of bytes (FIPS 180-4).
#ifndef SDQN_CORE_SHA256_H
#define SDQN_CORE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDQN_SHA256_SIZE 32     ///< bytes of a digest
#define SDQN_SHA256_HEX_SIZE 65 ///< its lower-case hexadecimal text, with the terminating zero

/// A hash in progress. Plain data: a copy is a snapshot.
typedef struct SdqnSha256 {
    uint32_t state[8];
    uint64_t length;   ///< bytes taken so far
    uint8_t block[64]; ///< the last length % 64 of them
} SdqnSha256;

void sdqn_sha256_begin(SdqnSha256 *hash);
/// Take `size` more bytes. Cannot fail.
void sdqn_sha256_add(SdqnSha256 *hash, const void *data, size_t size);
/// Digest of all bytes taken; `hash` must be begun anew before it is used again.
void sdqn_sha256_end(SdqnSha256 *hash, uint8_t digest[SDQN_SHA256_SIZE]);
/// The same as text.
void sdqn_sha256_end_hex(SdqnSha256 *hash, char hex[SDQN_SHA256_HEX_SIZE]);

/// Whether a text can be that of a digest.
bool sdqn_sha256_is_hex(const char *text);

/// SHA-256 of one block of memory, as text.
void sdqn_sha256_hex(const void *data, size_t size, char hex[SDQN_SHA256_HEX_SIZE]);

#endif
