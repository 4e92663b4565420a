// Event-file records against bytes written by TensorBoard's own package (2.21.0), and CRC-32C against RFC 3720's vectors.
#include "run/crc32c.h"
#include "run/tensorboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void crc_matches_published_vectors(void **state) {
    (void)state;
    uint8_t bytes[32];
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(sdqn_crc32c(bytes, sizeof bytes), 0x8a9136aau);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(sdqn_crc32c(bytes, sizeof bytes), 0x62a8ab43u);
    for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)i;
    assert_int_equal(sdqn_crc32c(bytes, sizeof bytes), 0x46dd794eu);
    assert_int_equal(sdqn_crc32c("123456789", 9), 0xe3069283u);
    assert_int_equal(sdqn_crc32c("", 0), 0);
    assert_int_equal(sdqn_crc32c_masked("", 0), 0xa282ead8u);
}

static void version_record_equals_tensorboards(void **state) {
    (void)state;
    static const uint8_t expected[] = {0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa3, 0x7f, 0x4b, 0x22, 0x09, 0x00,
                                       0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x3f, 0x1a, 0x0d, 0x62, 0x72, 0x61, 0x69, 0x6e,
                                       0x2e, 0x45, 0x76, 0x65, 0x6e, 0x74, 0x3a, 0x32, 0x2a, 0x28, 0x64, 0x6c};
    SdqnTensorboardRecord record;
    sdqn_tensorboard_version_record(1.5, &record);
    assert_int_equal(record.size, sizeof expected);
    assert_memory_equal(record.bytes, expected, sizeof expected);
}

static void scalars_record_equals_tensorboards(void **state) {
    (void)state;
    static const uint8_t expected[] = {
        0x6b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x87, 0xef, 0xa6, 0xe1, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x40,
        0x10, 0xac, 0x02, 0x2a, 0x5d, 0x0a, 0x13, 0x0a, 0x0c, 0x72, 0x65, 0x74, 0x75, 0x72, 0x6e, 0x2f, 0x77, 0x69, 0x6e, 0x64, 0x79,
        0x15, 0x00, 0x00, 0x48, 0xc1, 0x0a, 0x46, 0x0a, 0x3f, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78,
        0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78,
        0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78,
        0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x78, 0x15, 0x00, 0x00, 0x40, 0x40, 0x7f, 0x54, 0x0e, 0x0d};
    SdqnScalar scalars[2] = {{"return/windy", -12.5f}, {"", 3.0f}};
    memset(scalars[1].tag, 'x', SDQN_TENSORBOARD_MAX_TAG); // the longest tag
    SdqnTensorboardRecord record;
    sdqn_tensorboard_scalars_record(2.25, 300, scalars, 2, &record);
    assert_int_equal(record.size, sizeof expected);
    assert_memory_equal(record.bytes, expected, sizeof expected);
}

static void the_largest_record_fits(void **state) {
    (void)state;
    SdqnScalar scalars[SDQN_TENSORBOARD_MAX_SCALARS];
    memset(scalars, 0, sizeof scalars);
    for (int i = 0; i < SDQN_TENSORBOARD_MAX_SCALARS; i++) memset(scalars[i].tag, 'x', SDQN_TENSORBOARD_MAX_TAG);
    SdqnTensorboardRecord record;
    sdqn_tensorboard_scalars_record(1e9, INT64_MAX, scalars, SDQN_TENSORBOARD_MAX_SCALARS, &record);
    assert_true(record.size <= SDQN_TENSORBOARD_RECORD_SIZE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_matches_published_vectors),
        cmocka_unit_test(version_record_equals_tensorboards),
        cmocka_unit_test(scalars_record_equals_tensorboards),
        cmocka_unit_test(the_largest_record_fits),
    };
    return cmocka_run_group_tests_name("tensorboard", tests, NULL, NULL);
}
