// test_sha256.c: SHA-256 against the examples of NIST (FIPS 180-4 example values and the CAVP short messages).
#include "core/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const void *data, size_t size, const char *expected) {
    char hex[SDQN_SHA256_HEX_SIZE];
    sdqn_sha256_hex(data, size, hex);
    assert_string_equal(hex, expected);
}

static void equals_published_digests(void **state) {
    (void)state;
    check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 112,
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    check("\xd3", 1, "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1");
}

static void million_letters_in_odd_pieces(void **state) {
    (void)state;
    char piece[997];
    memset(piece, 'a', sizeof piece);
    SdqnSha256 hash;
    sdqn_sha256_begin(&hash);
    for (size_t left = 1000000, size = 1; left > 0; size = size % sizeof piece + 1) {
        size_t taken = size < left ? size : left;
        sdqn_sha256_add(&hash, piece, taken);
        left -= taken;
    }
    char hex[SDQN_SHA256_HEX_SIZE];
    sdqn_sha256_end_hex(&hash, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void splitting_changes_nothing(void **state) {
    (void)state;
    uint8_t data[200];
    for (int i = 0; i < 200; i++) data[i] = (uint8_t)(i * 7);
    for (size_t size = 0; size <= sizeof data; size++) {
        char whole[SDQN_SHA256_HEX_SIZE], parts[SDQN_SHA256_HEX_SIZE];
        sdqn_sha256_hex(data, size, whole);
        SdqnSha256 hash;
        sdqn_sha256_begin(&hash);
        sdqn_sha256_add(&hash, data, size / 3);
        sdqn_sha256_add(&hash, data + size / 3, size - size / 3);
        sdqn_sha256_end_hex(&hash, parts);
        assert_string_equal(whole, parts);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_published_digests),
        cmocka_unit_test(million_letters_in_odd_pieces),
        cmocka_unit_test(splitting_changes_nothing),
    };
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
