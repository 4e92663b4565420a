// text.c: numbers to text and back.
//
// The C library's conversions are used only on text without a decimal point, which they read and write alike in every locale.
#include "core/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DIGITS = 17,        ///< enough to tell any two doubles apart
    MAX_NUMBER_TEXT = 1100, ///< longest decimal text read; every double has an exact one that is shorter
    FIXED_FROM = -4,        ///< decimal exponents from here
    FIXED_TO = 16,          ///< to below here are written without an exponent
};
#define MAX_FIXED 1e15 ///< magnitudes below this fit with 9 decimals

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// digits times 10^exponent, correctly rounded by strtod. @param digits  [count], all decimal digits
static double scaled(const char *digits, int count, int exponent) {
    char text[MAX_NUMBER_TEXT + 16];
    snprintf(text, sizeof text, "%.*se%d", count, digits, exponent);
    return strtod(text, NULL);
}

/// Shortest digits of a positive finite value; value = 0.d1d2d3... * 10^point. @return their number
static int shortest_digits(double value, char digits[MAX_DIGITS + 1], int *point) {
    for (int count = 1;; count++) {
        char text[SDQN_TEXT_SIZE];
        snprintf(text, sizeof text, "%.*e", count - 1, value);
        int found = 0;
        const char *c = text;
        for (; *c != 'e'; c++)
            if (is_digit(*c)) digits[found++] = *c; // all but the locale's decimal point
        digits[found] = '\0';
        *point = (int)strtol(c + 1, NULL, 10) + 1;
        if (count == MAX_DIGITS || scaled(digits, found, *point - found) == value) return found;
    }
}

const char *sdqn_text_from_double(double value, char text[SDQN_TEXT_SIZE]) {
    if (!isfinite(value)) {
        snprintf(text, SDQN_TEXT_SIZE, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return text;
    }
    const char *sign = signbit(value) ? "-" : "";
    if (value == 0) {
        snprintf(text, SDQN_TEXT_SIZE, "%s0.0", sign);
        return text;
    }
    char digits[MAX_DIGITS + 1];
    int point, count = shortest_digits(fabs(value), digits, &point);
    int exponent = point - 1;
    if (exponent < FIXED_FROM || exponent >= FIXED_TO)
        snprintf(text, SDQN_TEXT_SIZE, "%s%c.%se%c%02d", sign, digits[0], count > 1 ? digits + 1 : "0", exponent < 0 ? '-' : '+',
                 abs(exponent));
    else if (point <= 0)
        snprintf(text, SDQN_TEXT_SIZE, "%s0.%.*s%s", sign, -point, "0000", digits);
    else if (point >= count)
        snprintf(text, SDQN_TEXT_SIZE, "%s%s%.*s.0", sign, digits, point - count, "0000000000000000");
    else
        snprintf(text, SDQN_TEXT_SIZE, "%s%.*s.%s", sign, point, digits, digits + point);
    return text;
}

const char *sdqn_text_from_double_fixed(double value, int decimals, char text[SDQN_TEXT_SIZE]) {
    if (!isfinite(value) || fabs(value) >= MAX_FIXED) return sdqn_text_from_double(value, text);
    char digits[SDQN_TEXT_SIZE];
    snprintf(digits, sizeof digits, "%.*f", decimals, value);
    char *out = text;
    bool zero = true, point = false;
    for (const char *c = digits; *c != '\0'; c++) {
        if (is_digit(*c) || (*c == '-' && c == digits)) {
            zero = zero && (*c == '0' || *c == '-');
            *out++ = *c;
        } else if (!point) { // the locale's decimal point, of whatever bytes
            point = true;
            *out++ = '.';
        }
    }
    *out = '\0';
    if (zero && text[0] == '-') memmove(text, text + 1, strlen(text));
    return text;
}

const char *sdqn_text_from_p_value(double p, int decimals, char text[SDQN_TEXT_SIZE]) {
    static const double last_digits[] = {1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9};
    assert(decimals >= 1 && decimals <= 9);
    const double last_digit = last_digits[decimals];
    if (!(p < last_digit)) return sdqn_text_from_double_fixed(p, decimals, text);
    char bound[SDQN_TEXT_SIZE];
    snprintf(text, SDQN_TEXT_SIZE, "< %.*s", SDQN_TEXT_SIZE - 3, sdqn_text_from_double_fixed(last_digit, decimals, bound));
    return text;
}

const char *sdqn_text_from_double_hex(double value, char text[SDQN_TEXT_SIZE]) {
    if (!isfinite(value)) return sdqn_text_from_double(value, text);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & 0xfffffffffffffU;
    int field = (int)(bits >> 52 & 0x7ffU); // 0 for zero and subnormals, which have a leading 0
    int exponent = field > 0 ? field - 1023 : fraction > 0 ? -1022 : 0;
    char hex[14];
    snprintf(hex, sizeof hex, "%013llx", (unsigned long long)fraction);
    int length = 13;
    while (length > 0 && hex[length - 1] == '0') length--;
    snprintf(text, SDQN_TEXT_SIZE, "%s0x%d%s%.*sp%+d", signbit(value) ? "-" : "", field > 0, length > 0 ? "." : "", length, hex, exponent);
    return text;
}

/// Copy decimal digits to `digits`. @return how many
static size_t take_digits(const char **text, char *digits) {
    size_t count = 0;
    for (; is_digit(**text); (*text)++) digits[count++] = **text;
    return count;
}

bool sdqn_text_to_double(const char *text, double *value) {
    char digits[MAX_NUMBER_TEXT + 1];
    if (strlen(text) > MAX_NUMBER_TEXT) return false;
    bool negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    size_t count = take_digits(&text, digits), fraction = 0;
    if (*text == '.') {
        text++;
        fraction = take_digits(&text, digits + count);
    }
    count += fraction;
    if (count == 0) return false;
    int exponent = 0;
    if (*text == 'e' || *text == 'E') {
        text++;
        bool minus = *text == '-';
        if (*text == '-' || *text == '+') text++;
        if (!is_digit(*text)) return false;
        for (; is_digit(*text); text++)
            if (exponent < 100000) exponent = 10 * exponent + (*text - '0');
        if (minus) exponent = -exponent;
    }
    if (*text != '\0') return false;
    double magnitude = scaled(digits, (int)count, exponent - (int)fraction);
    if (isinf(magnitude)) return false;
    *value = negative ? -magnitude : magnitude;
    return true;
}

bool sdqn_text_to_u64(const char *text, uint64_t *value) {
    uint64_t result = 0;
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (!is_digit(*text)) return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (result > (UINT64_MAX - digit) / 10) return false;
        result = 10 * result + digit;
    }
    *value = result;
    return true;
}

bool sdqn_text_to_i64(const char *text, int64_t *value) {
    bool negative = *text == '-';
    uint64_t magnitude;
    if (!sdqn_text_to_u64(text + negative, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative) return false;
    *value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

bool sdqn_text_to_seed(const char *text, uint64_t *value) {
    uint64_t seed;
    if (!sdqn_text_to_u64(text, &seed) || seed > SDQN_MAX_SEED) return false;
    *value = seed;
    return true;
}

enum { LONGEST_NAME = 48 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/// Optimal string alignment distance (Damerau 1964, with each letter moved at most once); both texts shorter than LONGEST_NAME.
static size_t edit_distance(const char *a, const char *b) {
    size_t rows[3][LONGEST_NAME + 1], n = strlen(b);
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n; j++) above[j] = before[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[n];
}

const char *sdqn_text_nearest(const char *text, const char *const *names, size_t count) {
    size_t length = strlen(text);
    if (length >= LONGEST_NAME) return NULL;
    const char *nearest = NULL;
    size_t limit = (length + 2) / 3 + 1; // the first distance that is too far
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) >= LONGEST_NAME) continue;
        size_t distance = edit_distance(text, names[i]);
        if (distance < limit) {
            limit = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

size_t sdqn_text_utf8_length(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80) return 1;
    size_t length = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    if (c[0] < 0xc2 || c[0] > 0xf4) return 0;
    for (size_t i = 1; i < length; i++)
        if ((c[i] & 0xc0) != 0x80) return 0; // also stops at the terminating zero
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f)) return 0;
    if ((c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f)) return 0;
    return length;
}
