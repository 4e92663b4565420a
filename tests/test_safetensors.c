// test_safetensors.c: weights out and in, and files that lie.
#include "nn/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const float values[6] = {1, -2.5f, 0, 0x1p-149f, -0.0f, 3e38f};

typedef struct File {
    uint8_t *bytes;
    size_t size;
} File;

/// A file of a header as text and as many bytes of values.
static File make_file(const char *header, size_t value_bytes) {
    const uint64_t length = strlen(header);
    File file = {.size = 8 + length + value_bytes};
    file.bytes = calloc(file.size, 1);
    assert_non_null(file.bytes);
    memcpy(file.bytes, &length, 8);
    memcpy(file.bytes + 8, header, length);
    return file;
}

static void check_refused_bytes(const uint8_t *bytes, size_t size, const char *message) {
    SdqnSafetensors *decoded = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_safetensors_decode("x.safetensors", bytes, size, &decoded, &error), SDQN_ERR_FORMAT);
    assert_null(decoded);
    if (strncmp(error.message, "x.safetensors", 13) != 0 || !strstr(error.message, message)) {
        fail_msg("expected \"...%s...\", found \"%s\"", message, error.message);
    }
}

static void check_refused(const char *header, size_t value_bytes, const char *message) {
    File file = make_file(header, value_bytes);
    check_refused_bytes(file.bytes, file.size, message);
    free(file.bytes);
}

static void encoding_sorts_names_and_pads_the_header(void **state) {
    (void)state;
    const SdqnTensor tensors[] = {
        {.name = "b.weight", .rank = 2, .shape = {2, 2}, .data = values},
        {.name = "a", .rank = 1, .shape = {1}, .data = values + 4},
    };
    static const char header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                                 "\"b.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[4,20]}}";
    uint8_t *bytes;
    size_t size;
    assert_int_equal(sdqn_safetensors_encode(tensors, 2, &bytes, &size, NULL), SDQN_OK);
    uint64_t length;
    memcpy(&length, bytes, 8);
    assert_int_equal(length, (strlen(header) + 7) / 8 * 8);
    assert_memory_equal(bytes + 8, header, strlen(header));
    for (size_t i = strlen(header); i < length; i++) assert_int_equal(bytes[8 + i], ' ');
    assert_int_equal(size, 8 + length + 20);
    assert_memory_equal(bytes + 8 + length, values + 4, 4);
    assert_memory_equal(bytes + 8 + length + 4, values, 16);
    free(bytes);
}

static void decoding_gives_back_what_was_encoded(void **state) {
    (void)state;
    const SdqnTensor tensors[] = {
        {.name = "q", .rank = 0, .data = values + 1},
        {.name = "A-b_9.weight", .rank = 3, .shape = {1, 3, 2}, .data = values},
    };
    uint8_t *bytes;
    size_t size;
    SdqnSafetensors *file;
    SdqnError error = {0};
    assert_int_equal(sdqn_safetensors_encode(tensors, 2, &bytes, &size, &error), SDQN_OK);
    if (sdqn_safetensors_decode("x", bytes, size, &file, &error) != SDQN_OK) fail_msg("%s", error.message);
    free(bytes);
    int count;
    const SdqnTensor *decoded = sdqn_safetensors_tensors(file, &count);
    assert_int_equal(count, 2);
    assert_string_equal(decoded[0].name, "A-b_9.weight");
    assert_int_equal(decoded[0].rank, 3);
    assert_int_equal(decoded[0].shape[1], 3);
    assert_memory_equal(decoded[0].data, values, sizeof values);
    assert_string_equal(decoded[1].name, "q");
    assert_int_equal(decoded[1].rank, 0);
    assert_memory_equal(decoded[1].data, values + 1, 4);
    sdqn_safetensors_destroy(file);
    sdqn_safetensors_destroy(NULL);
}

static void encoding_refuses_bad_names_and_values(void **state) {
    (void)state;
    static const float bad[] = {1, NAN}, infinite[] = {-INFINITY};
    uint8_t *bytes = NULL;
    size_t size = 0;
    SdqnError error = {0};
    const SdqnTensor quoted = {.name = "a\"b", .rank = 1, .shape = {1}, .data = values};
    assert_int_equal(sdqn_safetensors_encode(&quoted, 1, &bytes, &size, &error), SDQN_ERR_ARGUMENT);
    const SdqnTensor twice[] = {{.name = "a", .rank = 1, .shape = {1}, .data = values},
                                {.name = "a", .rank = 1, .shape = {1}, .data = values}};
    assert_int_equal(sdqn_safetensors_encode(twice, 2, &bytes, &size, &error), SDQN_ERR_ARGUMENT);
    const SdqnTensor nan = {.name = "fc1.bias", .rank = 1, .shape = {2}, .data = bad};
    assert_int_equal(sdqn_safetensors_encode(&nan, 1, &bytes, &size, &error), SDQN_ERR_NUMERIC);
    assert_string_equal(error.message, "tensor fc1.bias: value 1 is nan");
    const SdqnTensor inf = {.name = "fc1.bias", .rank = 1, .shape = {1}, .data = infinite};
    assert_int_equal(sdqn_safetensors_encode(&inf, 1, &bytes, &size, &error), SDQN_ERR_NUMERIC);
    assert_null(bytes);
    assert_int_equal(size, 0);
}

#define ENTRY(name, dtype, shape, offsets) "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void metadata_is_ignored_and_order_of_values_is_free(void **state) {
    (void)state;
    File file = make_file(
        "{\"__metadata__\":{\"format\":\"pt\"}," ENTRY("b", "F32", "[1]", "[4,8]") "," ENTRY("a", "F32", "[1]", "[0,4]") "}  ", 8);
    memcpy(file.bytes + file.size - 8, values, 8);
    SdqnSafetensors *decoded;
    SdqnError error = {0};
    if (sdqn_safetensors_decode("x", file.bytes, file.size, &decoded, &error) != SDQN_OK) fail_msg("%s", error.message);
    int count;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(decoded, &count);
    assert_int_equal(count, 2);
    assert_true(tensors[0].data[0] == values[1] && tensors[1].data[0] == values[0]);
    sdqn_safetensors_destroy(decoded);
    free(file.bytes);
}

static void headers_that_lie_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *header;
        size_t value_bytes;
        const char *message;
    } lies[] = {
        {"", 0, "JSON"},
        {"[]", 0, "object"},
        {"{", 0, "JSON"},
        {"{}", 0, "no tensor"},
        {"{\"__metadata__\":{}}", 0, "no tensor"},
        {"{\"__metadata__\":3," ENTRY("a", "F32", "[1]", "[0,4]") "}", 4, "__metadata__"},
        {"{" ENTRY("a", "F32", "[1]", "[0,4]") "} x", 4, "JSON"},
        {"{" ENTRY("a", "F32", "[1]", "[0,4]") "," ENTRY("a", "F32", "[1]", "[4,8]") "}", 8, "duplicate"},
        {"{\"a\":[]}", 4, "tensor a: must be an object"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "exactly"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"offsets\":[0,4]}}", 4, "data_offsets"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, "exactly"},
        {"{" ENTRY("a", "F64", "[1]", "[0,8]") "}", 8, "tensor a: dtype F64: must be F32"},
        {"{" ENTRY("a", "BF16", "[2]", "[0,4]") "}", 4, "dtype BF16"},
        {"{\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype"},
        {"{" ENTRY("a b", "F32", "[1]", "[0,4]") "}", 4, "a name must be"},
        {"{" ENTRY("", "F32", "[1]", "[0,4]") "}", 4, "a name must be"},
        {"{" ENTRY("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "F32", "[1]", "[0,4]") "}", 4, "a name must be"},
        {"{" ENTRY("a", "F32", "[1,1,1,1,1]", "[0,4]") "}", 4, "5 dimensions"},
        {"{" ENTRY("a", "F32", "3", "[0,4]") "}", 4, "shape"},
        {"{" ENTRY("a", "F32", "[0]", "[0,0]") "}", 0, "dimension 0"},
        {"{" ENTRY("a", "F32", "[-1]", "[0,4]") "}", 4, "dimension 0"},
        {"{" ENTRY("a", "F32", "[1.0]", "[0,4]") "}", 4, "dimension 0"},
        {"{" ENTRY("a", "F32", "[\"1\"]", "[0,4]") "}", 4, "dimension 0"},
        {"{" ENTRY("a", "F32", "[1,2]", "[0,4]") "}", 4, "dimension 1"},
        // 2^32 * 2^32 * 1 values: the product overflows to 0 in 64 bits.
        {"{" ENTRY("a", "F32", "[4294967296,4294967296]", "[0,0]") "}", 0, "dimension 0"},
        {"{" ENTRY("a", "F32", "[4611686018427387904]", "[0,0]") "}", 4, "dimension 0"},
        {"{" ENTRY("a", "F32", "[9223372036854775808]", "[0,4]") "}", 4, "JSON"},
        {"{" ENTRY("a", "F32", "[1]", "[0]") "}", 4, "two integers"},
        {"{" ENTRY("a", "F32", "[1]", "[0,4,8]") "}", 4, "two integers"},
        {"{" ENTRY("a", "F32", "[1]", "[0.0,4]") "}", 4, "two integers"},
        {"{" ENTRY("a", "F32", "[1]", "[-4,0]") "}", 4, "data_offsets [-4, 0]"},
        {"{" ENTRY("a", "F32", "[1]", "[4,0]") "}", 4, "data_offsets [4, 0]"},
        {"{" ENTRY("a", "F32", "[1]", "[0,8]") "}", 8, "must span 4 bytes"},
        {"{" ENTRY("a", "F32", "[2]", "[0,4]") "}", 8, "must span 8 bytes"},
        {"{" ENTRY("a", "F32", "[1]", "[4,8]") "}", 4, "within the 4"},
        {"{" ENTRY("a", "F32", "[1]", "[9223372036854775804,9223372036854775807]") "}", 4, "data_offsets"},
        {"{" ENTRY("a", "F32", "[1]", "[4,8]") "}", 8, "a gap"},
        {"{" ENTRY("a", "F32", "[1]", "[0,4]") "," ENTRY("b", "F32", "[1]", "[8,12]") "}", 12,
         "tensor b: begins at byte 8, expected 4: a gap"},
        {"{" ENTRY("a", "F32", "[2]", "[0,8]") "," ENTRY("b", "F32", "[1]", "[4,8]") "}", 8,
         "tensor b: begins at byte 4, expected 8: tensors overlap"},
        {"{" ENTRY("a", "F32", "[1]", "[0,4]") "," ENTRY("b", "F32", "[1]", "[0,4]") "}", 4, "overlap"},
        {"{" ENTRY("a", "F32", "[1]", "[0,4]") "}", 5, "1 bytes behind the last tensor"},
        {"{" ENTRY("a", "F32", "[1]", "[0,4]") "}", 8, "4 bytes behind"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) check_refused(lies[i].header, lies[i].value_bytes, lies[i].message);
}

static void nan_and_infinity_are_refused(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        File file = make_file("{" ENTRY("fc1.bias", "F32", "[2]", "[0,8]") "}", 8);
        memcpy(file.bytes + file.size - 4, &bad[i], 4);
        check_refused_bytes(file.bytes, file.size, "tensor fc1.bias: value 1 is ");
        free(file.bytes);
    }
}

static void lengths_that_lie_are_refused(void **state) {
    (void)state;
    File file = make_file("{" ENTRY("a", "F32", "[1]", "[0,4]") "}", 4);
    const uint64_t lengths[] = {file.size - 8 + 1, file.size,         UINT64_MAX,
                                UINT64_MAX - 7,    (uint64_t)1 << 63, SDQN_SAFETENSORS_MAX_HEADER_SIZE + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memcpy(file.bytes, &lengths[i], 8);
        check_refused_bytes(file.bytes, file.size, "header of");
    }
    check_refused_bytes(file.bytes, SDQN_SAFETENSORS_MAX_SIZE + 1, "at most"); // refused by its size alone
    free(file.bytes);
    const uint64_t long_header = SDQN_SAFETENSORS_MAX_HEADER_SIZE + 8;
    uint8_t *big = malloc(8 + long_header);
    assert_non_null(big);
    memcpy(big, &long_header, 8);
    memset(big + 8, ' ', long_header);
    check_refused_bytes(big, 8 + long_header, "header of");
    free(big);
}

/// Every cut of a sound file is refused, and no change of one byte crashes.
static void cut_and_corrupted_files_do_no_harm(void **state) {
    (void)state;
    const SdqnTensor tensors[] = {
        {.name = "fc1.weight", .rank = 2, .shape = {2, 3}, .data = values},
        {.name = "fc1.bias", .rank = 1, .shape = {2}, .data = values},
    };
    uint8_t *bytes;
    size_t size;
    assert_int_equal(sdqn_safetensors_encode(tensors, 2, &bytes, &size, NULL), SDQN_OK);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        check_refused_bytes(copy, cut, "");
        free(copy);
    }
    static const uint8_t replacements[] = {0, 0xff, '"', '{', '}', '[', ']', ',', '9', '-', 0x80, '\\'};
    for (size_t i = 0; i < size; i++) {
        const uint8_t old = bytes[i];
        for (size_t r = 0; r < sizeof replacements; r++) {
            bytes[i] = replacements[r];
            SdqnSafetensors *decoded = NULL;
            SdqnError error = {0};
            const SdqnStatus status = sdqn_safetensors_decode("x", bytes, size, &decoded, &error);
            assert_true((status == SDQN_OK) == (decoded != NULL));
            assert_true(status == SDQN_OK || (status == SDQN_ERR_FORMAT && error.message[0]));
            sdqn_safetensors_destroy(decoded);
        }
        bytes[i] = old;
    }
    free(bytes);
}

static void missing_files_are_named(void **state) {
    (void)state;
    SdqnSafetensors *file = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_safetensors_read("tests/data/none.safetensors", &file, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "tests/data/none.safetensors"));
    assert_null(file);
}

/// The file that PyTorch's library wrote comes out of ours byte for byte.
static void encoding_equals_the_reference_library(void **state) {
    (void)state;
    FILE *stream = fopen("../shared/reference/shared_dqn.safetensors", "rb");
    if (!stream) skip();
    enum { ROOM = 1 << 18 };
    uint8_t *expected = malloc(ROOM);
    assert_non_null(expected);
    const size_t expected_size = fread(expected, 1, ROOM, stream);
    fclose(stream);
    SdqnSafetensors *file;
    SdqnError error = {0};
    if (sdqn_safetensors_decode("reference", expected, expected_size, &file, &error) != SDQN_OK) fail_msg("%s", error.message);
    int count;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    uint8_t *bytes;
    size_t size;
    assert_int_equal(sdqn_safetensors_encode(tensors, count, &bytes, &size, &error), SDQN_OK);
    assert_int_equal(size, expected_size);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
    free(expected);
    sdqn_safetensors_destroy(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding_sorts_names_and_pads_the_header),
        cmocka_unit_test(decoding_gives_back_what_was_encoded),
        cmocka_unit_test(encoding_refuses_bad_names_and_values),
        cmocka_unit_test(metadata_is_ignored_and_order_of_values_is_free),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(nan_and_infinity_are_refused),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(cut_and_corrupted_files_do_no_harm),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(encoding_equals_the_reference_library),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
