// test_dmath.c: the elementary functions against the C library's, by sampling.
//
// `test_dmath exhaustive` compares sdqn_sincosf with sinf and cosf on all 2^32 floats (minutes; needs glibc 2.28 or later), and the
// double functions on 100 times more inputs.
#include "core/dmath.h"
#include "core/rng.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool exhaustive = false;

static float float_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool same_bits(float a, float b) { return memcmp(&a, &b, sizeof a) == 0; }

static void sincosf_equals_glibc(void **state) {
    (void)state;
#if defined(__GLIBC__)
    uint32_t step = exhaustive ? 1 : 997; // 4.3 million floats of both signs
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += step) {
        float x = float_from_bits((uint32_t)bits), sine, cosine;
        sdqn_sincosf(x, &sine, &cosine);
        if (!isfinite(x)) {
            assert_true(isnan(sine) && isnan(cosine));
        } else if (!same_bits(sine, sinf(x)) || !same_bits(cosine, cosf(x))) {
            fail_msg("x = %a: sin %a, expected %a; cos %a, expected %a", (double)x, (double)sine, (double)sinf(x), (double)cosine,
                     (double)cosf(x));
        }
    }
#else
    skip();
#endif
}

static void sincosf_keeps_signed_zero(void **state) {
    (void)state;
    float sine, cosine;
    sdqn_sincosf(-0.0F, &sine, &cosine);
    assert_true(sine == 0 && signbit(sine) && same_bits(cosine, 1));
}

typedef double (*Function)(double);
typedef long double (*Reference)(long double);

/// How far a function is from the reference, over inputs drawn as floats or as doubles (every second one each).
typedef struct Accuracy {
    double worst_ulps, worst_input;
    int not_nearest; ///< results that are not the double nearest to the reference
    int count;
} Accuracy;

static double ulp(double x) {
    int exponent;
    frexp(x, &exponent);
    return ldexp(1, exponent - 53 < -1074 ? -1074 : exponent - 53);
}

static Accuracy measure(Function function, Reference reference, double low, double high, int count) {
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1);
    Accuracy accuracy = {0};
    for (int i = 0; i < count; i++) {
        double x = sdqn_rng_uniform(&rng, low, high);
        if (i % 2) x = (double)(float)x;
        double value = function(x);
        long double expected = reference((long double)x);
        double error = (double)(fabsl((long double)value - expected) / (long double)ulp((double)expected));
        accuracy.not_nearest += value != (double)expected;
        if (error > accuracy.worst_ulps) {
            accuracy.worst_ulps = error;
            accuracy.worst_input = x;
        }
    }
    accuracy.count = count;
    return accuracy;
}

static void check(const char *name, Function function, Reference reference, double low, double high, double allowed_ulps,
                  double allowed_share) {
    Accuracy a = measure(function, reference, low, high, exhaustive ? 10000000 : 100000);
    if (exhaustive)
        print_message("%s on [%g, %g]: worst %.6f ulp at %a; %d of %d not the nearest double\n", name, low, high, a.worst_ulps,
                      a.worst_input, a.not_nearest, a.count);
    if (!(a.worst_ulps <= allowed_ulps) || a.not_nearest > allowed_share * a.count)
        fail_msg("%s on [%g, %g]: worst %.6f ulp at %a; %d of %d not the nearest double", name, low, high, a.worst_ulps, a.worst_input,
                 a.not_nearest, a.count);
}

// Where long double has more bits than double, the C library's long double functions are the reference.
#if LDBL_MANT_DIG > DBL_MANT_DIG
static void sin_and_cos_are_nearly_correctly_rounded(void **state) {
    (void)state;
    static const double limits[] = {0.001, 0.8, 20, 400, 1e5, 1.5e6};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        check("sin", sdqn_sin, sinl, -limits[i], limits[i], 0.502, 0.002);
        check("cos", sdqn_cos, cosl, -limits[i], limits[i], 0.502, 0.002);
    }
}

static void exp_is_within_an_ulp(void **state) {
    (void)state;
    check("exp", sdqn_exp, expl, -0.5, 0.5, 0.7, 0.1);
    check("exp", sdqn_exp, expl, -30, 30, 0.7, 0.1);
    check("exp", sdqn_exp, expl, -708, 709.7, 0.7, 0.1);
    check("exp", sdqn_exp, expl, -745, -708, 0.8, 0.1);
}

static void log_is_within_an_ulp(void **state) {
    (void)state;
    check("log", sdqn_log, logl, 0, 1, 0.55, 0.03);
    check("log", sdqn_log, logl, 0.9, 1.1, 0.55, 0.03);
    check("log", sdqn_log, logl, 0, 100, 0.55, 0.03);
    check("log", sdqn_log, logl, 0, 1e300, 0.55, 0.03);
    check("log", sdqn_log, logl, 0, 1e-310, 0.55, 0.03);
}

static void tanh_is_within_an_ulp(void **state) {
    (void)state;
    check("tanh", sdqn_tanh, tanhl, -1e-5, 1e-5, 0.9, 0.2);
    check("tanh", sdqn_tanh, tanhl, -0.4, 0.4, 0.9, 0.2);
    check("tanh", sdqn_tanh, tanhl, -2, 2, 0.9, 0.2);
    check("tanh", sdqn_tanh, tanhl, -25, 25, 0.9, 0.2);
}

/// Doubles next to multiples of pi/2, where reduction loses most.
static void reduction_is_exact_near_multiples_of_half_pi(void **state) {
    (void)state;
    for (int n = 1; n < 900000; n += exhaustive ? 1 : 17) {
        double x = (double)(n * 1.570796326794896619231321691639751442L);
        for (int side = 0; side < 2; side++, x = nextafter(x, 0)) {
            long double sine = sinl((long double)x), cosine = cosl((long double)x);
            assert_true(fabsl((long double)sdqn_sin(x) - sine) <= 0.502L * (long double)ulp((double)sine));
            assert_true(fabsl((long double)sdqn_cos(x) - cosine) <= 0.502L * (long double)ulp((double)cosine));
        }
    }
}
#endif

static void special_values(void **state) {
    (void)state;
    double inf = HUGE_VAL, nan_value = inf - inf;
    assert_true(isnan(sdqn_sin(inf)) && isnan(sdqn_cos(-inf)) && isnan(sdqn_sin(nan_value)) && isnan(sdqn_cos(nan_value)));
    assert_true(isnan(sdqn_exp(nan_value)) && isnan(sdqn_log(nan_value)) && isnan(sdqn_tanh(nan_value)));
    assert_true(sdqn_sin(-0.0) == 0 && signbit(sdqn_sin(-0.0)) && sdqn_cos(-0.0) == 1);
    assert_true(sdqn_tanh(-0.0) == 0 && signbit(sdqn_tanh(-0.0)));
    assert_true(sdqn_tanh(inf) == 1 && sdqn_tanh(-inf) == -1 && sdqn_tanh(-1e300) == -1);
    assert_true(sdqn_exp(0) == 1 && sdqn_exp(inf) == inf && sdqn_exp(-inf) == 0);
    assert_true(sdqn_exp(0x1.62e42fefa39efp+9) < inf && sdqn_exp(0x1.62e42fefa39fp+9) == inf);
    assert_true(sdqn_exp(-745.1) == 0x1p-1074 && sdqn_exp(-746) == 0 && sdqn_exp(-1e300) == 0);
    assert_true(sdqn_log(1) == 0 && sdqn_log(0) == -inf && isnan(sdqn_log(-1)) && sdqn_log(inf) == inf);
    assert_true(sdqn_sin(0x1p-1074) == 0x1p-1074 && sdqn_tanh(-0x1p-1074) == -0x1p-1074);
}

int main(int argc, char **argv) {
    exhaustive = argc > 1 && strcmp(argv[1], "exhaustive") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sincosf_equals_glibc),
        cmocka_unit_test(sincosf_keeps_signed_zero),
#if LDBL_MANT_DIG > DBL_MANT_DIG
        cmocka_unit_test(sin_and_cos_are_nearly_correctly_rounded),
        cmocka_unit_test(exp_is_within_an_ulp),
        cmocka_unit_test(log_is_within_an_ulp),
        cmocka_unit_test(tanh_is_within_an_ulp),
        cmocka_unit_test(reduction_is_exact_near_multiples_of_half_pi),
#endif
        cmocka_unit_test(special_values),
    };
    return cmocka_run_group_tests_name("dmath", tests, NULL, NULL);
}
