// test_text.c: numbers to text and back.
#include "core/rng.h"
#include "core/text.h"

#include <float.h>
#include <locale.h>
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

static void doubles_are_shortest_and_have_a_dot(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {1, "1.0"},
        {-1, "-1.0"},
        {0.1, "0.1"},
        {1500, "1500.0"},
        {0.0005, "0.0005"},
        {5e-5, "5.0e-05"},
        {1e-8, "1.0e-08"},
        {0.995, "0.995"},
        {1.0 / 3, "0.3333333333333333"},
        {1e15, "1000000000000000.0"},
        {1e16, "1.0e+16"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {9007199254740993.0, "9007199254740992.0"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {0x1p-1074, "5.0e-324"},
        {123.456, "123.456"},
        {-20.5, "-20.5"},
        {1e22, "1.0e+22"},
        {HUGE_VAL, "inf"},
        {-HUGE_VAL, "-inf"},
    };
    char text[SDQN_TEXT_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(sdqn_text_from_double(cases[i].value, text), cases[i].text);
    assert_string_equal(sdqn_text_from_double((double)NAN, text), "nan");
}

/// Random bit patterns survive both ways to text and back.
static void random_numbers_round_trip(void **state) {
    (void)state;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 4);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = sdqn_rng_next_u64(&rng);
        double value, back = 0;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char text[SDQN_TEXT_SIZE], plain[64];
        assert_true(sdqn_text_to_double(sdqn_text_from_double(value, text), &back));
        assert_memory_equal(&back, &value, sizeof value);
        assert_true(strpbrk(text, ".") != NULL && strlen(text) < SDQN_TEXT_SIZE);
        snprintf(plain, sizeof plain, "%a", value);
        assert_string_equal(sdqn_text_from_double_hex(value, text), plain);
    }
}

static void hex_of_special_values(void **state) {
    (void)state;
    char text[SDQN_TEXT_SIZE];
    assert_string_equal(sdqn_text_from_double_hex(0, text), "0x0p+0");
    assert_string_equal(sdqn_text_from_double_hex(-0.0, text), "-0x0p+0");
    assert_string_equal(sdqn_text_from_double_hex(3, text), "0x1.8p+1");
    assert_string_equal(sdqn_text_from_double_hex(0x1p-1074, text), "0x0.0000000000001p-1022");
    assert_string_equal(sdqn_text_from_double_hex(-HUGE_VAL, text), "-inf");
}

static void parses_decimal_doubles(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"5e-4", 5e-4}, {"1", 1},
                 {"-1.5", -1.5}, {"+2.", 2},
                 {".5", 0.5},    {"1E3", 1000},
                 {"1e-400", 0},  {"0e99999999999", 0},
                 {"0.1", 0.1},   {"1.7976931348623157e308", DBL_MAX},
                 {"000012", 12}, {"4.9e-324", 0x1p-1074}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = -99;
        if (!sdqn_text_to_double(cases[i].text, &value) || value != cases[i].value) fail_msg("%s gives %a", cases[i].text, value);
    }
}

static void refuses_what_is_no_decimal_double(void **state) {
    (void)state;
    static const char *const cases[] = {"",  " 1", "1 ",  "1,5",   "0x10",  "inf",   "nan",   "1e",  "1e+", "e5",
                                        ".", "-",  "+-1", "1.2.3", "1e5.0", "1e400", "1_000", "--1", "abc", "1f"};
    double value = 7;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (sdqn_text_to_double(cases[i], &value) || value != 7) fail_msg("'%s' was taken", cases[i]);
    char longest[1200];
    memset(longest, '1', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(sdqn_text_to_double(longest, &value));
}

static void parses_integers_strictly(void **state) {
    (void)state;
    int64_t i;
    uint64_t u;
    assert_true(sdqn_text_to_i64("-9223372036854775808", &i) && i == INT64_MIN);
    assert_true(sdqn_text_to_i64("9223372036854775807", &i) && i == INT64_MAX);
    assert_true(sdqn_text_to_u64("18446744073709551615", &u) && u == UINT64_MAX);
    assert_true(sdqn_text_to_i64("0", &i) && i == 0);
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "--1", "9223372036854775808", "-9223372036854775809"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) assert_false(sdqn_text_to_i64(bad[k], &i));
    assert_false(sdqn_text_to_u64("18446744073709551616", &u));
    assert_true(sdqn_text_to_seed("4611686018427387904", &u) && u == SDQN_MAX_SEED);
    assert_false(sdqn_text_to_seed("4611686018427387905", &u));
    assert_false(sdqn_text_to_seed("-1", &u));
    assert_false(sdqn_text_to_u64("-1", &u));
}

static void locale_changes_nothing(void **state) {
    (void)state;
    static const char *const comma_locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    bool found = false;
    for (size_t i = 0; i < sizeof comma_locales / sizeof *comma_locales && !found; i++) found = setlocale(LC_ALL, comma_locales[i]) != NULL;
    if (!found) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    char text[SDQN_TEXT_SIZE];
    double value = 0;
    bool good = strcmp(sdqn_text_from_double(1234.5, text), "1234.5") == 0 &&
                strcmp(sdqn_text_from_double_hex(1.5, text), "0x1.8p+0") == 0 && sdqn_text_to_double("0.25", &value) && value == 0.25;
    setlocale(LC_ALL, "C");
    assert_true(good);
}

static void suggests_the_nearest_name(void **state) {
    (void)state;
    static const char *const names[] = {"learning_rate", "gamma", "batch_size", "seed"};
    assert_string_equal(sdqn_text_nearest("learnign_rate", names, 4), "learning_rate");
    assert_string_equal(sdqn_text_nearest("gama", names, 4), "gamma");
    assert_string_equal(sdqn_text_nearest("sede", names, 4), "seed");
    assert_null(sdqn_text_nearest("conditioning", names, 4));
    assert_null(sdqn_text_nearest("", names, 4));
    char longest[1000];
    memset(longest, 'g', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(sdqn_text_nearest(longest, names, 4));
}

static void fixed_decimals_are_rounded_and_never_minus_zero(void **state) {
    (void)state;
    static const struct {
        double value;
        int decimals;
        const char *text;
    } cases[] = {
        {12.345, 1, "12.3"},
        {-0.04, 1, "0.0"},
        {-0.06, 1, "-0.1"},
        {0.5, 0, "0"},
        {2.5, 0, "2"},
        {-123.0, 3, "-123.000"},
        {1e-300, 9, "0.000000000"},
        {999999999999999.0, 0, "999999999999999"},
        {1e15, 2, "1000000000000000.0"},
        {-(double)INFINITY, 2, "-inf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SDQN_TEXT_SIZE];
        assert_string_equal(sdqn_text_from_double_fixed(cases[i].value, cases[i].decimals, text), cases[i].text);
    }
}

static void p_values_are_never_zero(void **state) {
    (void)state;
    static const struct {
        double p;
        int decimals;
        const char *text;
    } cases[] = {
        {0.0, 4, "< 0.0001"},   {9.99e-5, 4, "< 0.0001"}, {1e-4, 4, "0.0001"},
        {0.00994, 2, "< 0.01"}, {1.0, 4, "1.0000"},       {(double)NAN, 4, "nan"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[SDQN_TEXT_SIZE];
        assert_string_equal(sdqn_text_from_p_value(cases[i].p, cases[i].decimals, text), cases[i].text);
    }
}

static void sequences_of_utf8_are_told_from_other_bytes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"", 1},     {"a", 1},        {"\xc3\xa4", 2},     {"\xe2\x82\xac", 3}, {"\xf0\x9f\x9a\x80", 4}, {"\xc3", 0},
        {"\xa4", 0}, {"\xc0\x80", 0}, {"\xe0\x80\x80", 0}, {"\xed\xa0\x80", 0}, {"\xf4\x90\x80\x80", 0}, {"\xf0\x9f\x9a", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_int_equal(sdqn_text_utf8_length(cases[i].text), cases[i].length);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_decimals_are_rounded_and_never_minus_zero),
        cmocka_unit_test(p_values_are_never_zero),
        cmocka_unit_test(sequences_of_utf8_are_told_from_other_bytes),
        cmocka_unit_test(doubles_are_shortest_and_have_a_dot),
        cmocka_unit_test(random_numbers_round_trip),
        cmocka_unit_test(hex_of_special_values),
        cmocka_unit_test(parses_decimal_doubles),
        cmocka_unit_test(refuses_what_is_no_decimal_double),
        cmocka_unit_test(parses_integers_strictly),
        cmocka_unit_test(locale_changes_nothing),
        cmocka_unit_test(suggests_the_nearest_name),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
