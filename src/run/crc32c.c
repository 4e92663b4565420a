#include "run/crc32c.h"

uint32_t sdqn_crc32c(const void *data, size_t size) {
    // Bit by bit: event files grow by a few hundred bytes an episode, so a table would buy nothing.
    const uint32_t reflected_polynomial = 0x82f63b78u;
    const uint8_t *bytes = data;
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (reflected_polynomial & (0u - (crc & 1u)));
    }
    return crc ^ 0xffffffffu;
}

uint32_t sdqn_crc32c_masked(const void *data, size_t size) {
    uint32_t crc = sdqn_crc32c(data, size);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}
