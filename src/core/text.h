// text.h: numbers to text and back, shortest round trip, the same in every locale.
#ifndef SDQN_CORE_TEXT_H
#define SDQN_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Bytes that hold any number written here, with the terminating zero.
#define SDQN_TEXT_SIZE 40

/// Largest seed that may be given to a run or an evaluation. Seeds go into JSON, where readers (jansson too) take integers up to 2^63 - 1
/// only, and the episodes of an evaluation have seeds up to some millions above it.
#define SDQN_MAX_SEED ((uint64_t)1 << 62)
#define SDQN_SEED_ALLOWED "an integer in [0, 2^62]" ///< for messages

/// Shortest decimal text that reads back as the same double; always with a dot, so that JSON and YAML take it as a float: `0.1`,
/// `1500.0`, `5.0e-05` (an exponent below 1e-4 and from 1e16 on), `-0.0`. What is not finite becomes `nan`, `inf`, `-inf`.
/// @return `text`
const char *sdqn_text_from_double(double value, char text[SDQN_TEXT_SIZE]);

/// Decimal text with a fixed number of digits behind the dot, rounded to nearest: `12.35`, `-0.0` is `0.0`. Magnitudes from 1e15 on are
/// written as sdqn_text_from_double does, and so is what is not finite. @param decimals  in [0, 9]; 0 gives an integer without a dot
/// @return `text`
const char *sdqn_text_from_double_fixed(double value, int decimals, char text[SDQN_TEXT_SIZE]);

/// A p-value as sdqn_text_from_double_fixed writes it, but what is below the last digit is a bound, never 0.0000: `< 0.0001`.
/// @param decimals  in [1, 9] @return `text`
const char *sdqn_text_from_p_value(double p, int decimals, char text[SDQN_TEXT_SIZE]);

/// Hexadecimal text as C's %a writes it: `0x1.8p+1`, `-0x0p+0`, `nan`, `inf`, `-inf`. @return `text`
const char *sdqn_text_from_double_hex(double value, char text[SDQN_TEXT_SIZE]);

/// Read a whole string as a decimal number: [+-] digits with at most one dot [exponent]. No spaces, no hexadecimal, no inf, no nan.
/// @return false if it is anything else or its magnitude exceeds the largest double (`value` untouched)
bool sdqn_text_to_double(const char *text, double *value);

/// Read a whole string as a decimal integer: [-] digits (no `-` if unsigned). @return false on anything else, also on overflow
bool sdqn_text_to_i64(const char *text, int64_t *value);
bool sdqn_text_to_u64(const char *text, uint64_t *value);

/// Read a whole string as a seed in [0, SDQN_MAX_SEED]. @return false on anything else (`value` untouched)
bool sdqn_text_to_seed(const char *text, uint64_t *value);

/// Length of the valid UTF-8 sequence at `text`, which is zero-terminated (RFC 3629: shortest form, no surrogates, up to U+10FFFF).
/// @return 1 to 4, also 1 at the terminating zero; 0 if there is none
size_t sdqn_text_utf8_length(const char *text);

/// The name nearest to `text` in edit distance (letters changed, added, left out or swapped), for "did you mean".
/// @param names  [count] @return NULL if none is near (distance above a third of the length, rounded up)
const char *sdqn_text_nearest(const char *text, const char *const *names, size_t count);

#endif
