// test_json.c: reading hostile documents, writing our own.
#include "core/json.h"

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

static json_t *parse(const char *text) {
    json_t *document = NULL;
    SdqnError error = {0};
    if (sdqn_json_parse("a.json", text, strlen(text), &document, &error) != SDQN_OK) fail_msg("%s", error.message);
    return document;
}

static void malformed_documents_are_refused(void **state) {
    (void)state;
    static const char *const cases[] = {"",
                                        "[]",
                                        "1",
                                        "{",
                                        "{\"a\": 1,}",
                                        "{\"a\": 1, \"a\": 2}",
                                        "{\"a\":1}x",
                                        "{\"a\":01}",
                                        "{\"a\":NaN}",
                                        "{a: 1}",
                                        "{\"a\": \"\xff\"}",
                                        "{\"a\": 1e999}",
                                        "{\"a\": 99999999999999999999}"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *document = NULL;
        SdqnError error = {0};
        assert_int_equal(sdqn_json_parse("a.json", cases[i], strlen(cases[i]), &document, &error), SDQN_ERR_FORMAT);
        assert_null(document);
        assert_non_null(strstr(error.message, "a.json"));
    }
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    enum { DEPTH = 100000 };
    char *text = malloc(5 + DEPTH);
    assert_non_null(text);
    memcpy(text, "{\"a\":", 5);
    memset(text + 5, '[', DEPTH);
    json_t *document = NULL;
    SdqnStatus status = sdqn_json_parse("deep", text, 5 + DEPTH, &document, NULL);
    free(text);
    assert_int_equal(status, SDQN_ERR_FORMAT);
}

static void getters_take_the_right_type(void **state) {
    (void)state;
    json_t *document = parse("{\"o\": {}, \"l\": [1], \"s\": \"x\", \"b\": true, \"i\": -3, \"d\": 0.25}"), *value = NULL;
    const char *string = NULL;
    bool flag = false;
    int64_t integer = 0;
    double real = 0;
    assert_int_equal(sdqn_json_get_object("a", document, "o", &value, NULL), SDQN_OK);
    assert_int_equal(sdqn_json_get_array("a", document, "l", &value, NULL), SDQN_OK);
    assert_int_equal(json_array_size(value), 1);
    assert_int_equal(sdqn_json_get_string("a", document, "s", &string, NULL), SDQN_OK);
    assert_string_equal(string, "x");
    assert_int_equal(sdqn_json_get_bool("a", document, "b", &flag, NULL), SDQN_OK);
    assert_true(flag);
    assert_int_equal(sdqn_json_get_integer("a", document, "i", -3, 0, &integer, NULL), SDQN_OK);
    assert_int_equal(integer, -3);
    assert_int_equal(sdqn_json_get_double("a", document, "d", &real, NULL), SDQN_OK);
    assert_true(real == 0.25);
    assert_int_equal(sdqn_json_get_double("a", document, "i", &real, NULL), SDQN_OK);
    assert_true(real == -3);
    json_decref(document);
}

static void getters_say_what_is_wrong(void **state) {
    (void)state;
    json_t *document = parse("{\"s\": \"x\", \"i\": 7}");
    SdqnError error = {0};
    int64_t integer = 99;
    bool flag = false;
    const char *string = NULL;
    assert_int_equal(sdqn_json_get_integer("a", document, "s", 0, 9, &integer, &error), SDQN_ERR_FORMAT);
    assert_string_equal(error.message, "a: s is a string: must be an integer");
    assert_int_equal(sdqn_json_get_integer("a", document, "i", 0, 6, &integer, &error), SDQN_ERR_FORMAT);
    assert_string_equal(error.message, "a: i = 7: must be in [0, 6]");
    assert_int_equal(sdqn_json_get_bool("a", document, "i", &flag, &error), SDQN_ERR_FORMAT);
    assert_string_equal(error.message, "a: i is an integer: must be true or false");
    assert_int_equal(sdqn_json_get_string("a", document, "nope", &string, &error), SDQN_ERR_FORMAT);
    assert_string_equal(error.message, "a: key 'nope' is missing: must be a string");
    assert_true(integer == 99 && string == NULL);
    json_decref(document);
}

static void files_are_bounded(void **state) {
    (void)state;
    json_t *document = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_json_read("tests/data/rng.txt", 100, &document, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "at most 100 are allowed"));
    assert_int_equal(sdqn_json_read("tests/data/none.json", 100, &document, &error), SDQN_ERR_IO);
}

static void write_sample(SdqnJsonWriter *writer) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_string(writer, "name", "a\"b\\\n\xc3\xa4\xff");
    sdqn_json_add_double(writer, "x", 1e-8);
    sdqn_json_add_hex(writer, "h", 3);
    sdqn_json_add_double(writer, "n", (double)NAN);
    sdqn_json_begin_array(writer, "list");
    sdqn_json_add_i64(writer, NULL, INT64_MIN);
    sdqn_json_add_u64(writer, NULL, UINT64_MAX);
    sdqn_json_add_bool(writer, NULL, true);
    sdqn_json_end_array(writer);
    sdqn_json_begin_object(writer, "none");
    sdqn_json_end_object(writer);
    sdqn_json_end_object(writer);
}

static void writes_one_line(void **state) {
    (void)state;
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    assert_non_null(writer);
    for (int i = 0; i < 2; i++) { // the second time in used memory
        sdqn_json_writer_clear(writer);
        write_sample(writer);
        size_t size;
        const char *text = sdqn_json_writer_text(writer, &size);
        assert_string_equal(text, "{\"name\": \"a\\\"b\\\\\\u000a\xc3\xa4\\ufffd\", \"x\": 1.0e-08, \"h\": \"0x1.8p+1\", "
                                  "\"n\": null, \"list\": [-9223372036854775808, 18446744073709551615, true], \"none\": {}}\n");
        assert_int_equal(size, strlen(text));
    }
    sdqn_json_writer_destroy(writer);
}

static void writes_indented(void **state) {
    (void)state;
    SdqnJsonWriter *writer = sdqn_json_writer_create(2);
    assert_non_null(writer);
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_i64(writer, "a", 1);
    sdqn_json_begin_array(writer, "b");
    sdqn_json_add_i64(writer, NULL, 2);
    sdqn_json_end_array(writer);
    sdqn_json_end_object(writer);
    assert_string_equal(sdqn_json_writer_text(writer, NULL), "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}\n");
    sdqn_json_writer_destroy(writer);
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    SdqnJsonWriter *writer = sdqn_json_writer_create(2);
    assert_non_null(writer);
    sdqn_json_begin_object(writer, NULL);
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        sdqn_json_add_double(writer, key, i / 7.0);
    }
    sdqn_json_end_object(writer);
    json_t *document = parse(sdqn_json_writer_text(writer, NULL));
    for (int i = 0; i < 1000; i++) {
        double value = -1;
        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(sdqn_json_get_double("a", document, key, &value, NULL), SDQN_OK);
        assert_true(value == i / 7.0);
    }
    json_decref(document);
    sdqn_json_writer_destroy(writer);
}

static void strange_bytes_stay_valid_utf8(void **state) {
    (void)state;
    // Truncated, overlong, surrogate and too large sequences.
    static const char *const cases[] = {"\xc3",         "\xe2\x82", "\xc0\xaf",     "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80", "\x80",     "\xf0\x9f\x98", "a\xf0"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SdqnJsonWriter *writer = sdqn_json_writer_create(0);
        assert_non_null(writer);
        sdqn_json_begin_object(writer, NULL);
        sdqn_json_add_string(writer, "s", cases[i]);
        sdqn_json_end_object(writer);
        json_decref(parse(sdqn_json_writer_text(writer, NULL)));
        sdqn_json_writer_destroy(writer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_documents_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(getters_take_the_right_type),
        cmocka_unit_test(getters_say_what_is_wrong),
        cmocka_unit_test(files_are_bounded),
        cmocka_unit_test(writes_one_line),
        cmocka_unit_test(writes_indented),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(strange_bytes_stay_valid_utf8),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
