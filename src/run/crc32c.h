// crc32c.h: the CRC-32C checksum (Castagnoli polynomial) and its masked form used in TFRecord files.
#ifndef SDQN_RUN_CRC32C_H
#define SDQN_RUN_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C of `size` bytes. Source: RFC 3720, appendix B.4 (polynomial 0x1EDC6F41, reflected, initial and final value all ones).
uint32_t sdqn_crc32c(const void *data, size_t size);

/// The checksum as TFRecord stores it: rotated right by 15 bits, plus 0xa282ead8 modulo 2^32.
uint32_t sdqn_crc32c_masked(const void *data, size_t size);

#endif
