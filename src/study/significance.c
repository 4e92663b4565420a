#include "study/significance.h"

#include "core/rng.h"
#include "study/statistics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// ---- Student's t ----------------------------------------------------------------------------------------------------------------

#define FRACTION_TERMS 10000
#define FRACTION_PRECISION 1e-16
#define SMALLEST 1e-300

/// Away from zero, as Lentz's method needs it.
static double guarded(double x) { return fabs(x) < SMALLEST ? SMALLEST : x; }

/// The continued fraction of I_x(a, b), good for x < (a + 1) / (a + b + 2).
static double beta_fraction(double a, double b, double x) {
    double c = 1.0, d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0)), value = d;
    for (int m = 1; m <= FRACTION_TERMS; m++) {
        const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guarded(1.0 + even * d);
        c = guarded(1.0 + even / c);
        value *= d * c;
        d = 1.0 / guarded(1.0 + odd * d);
        c = guarded(1.0 + odd / c);
        value *= d * c;
        if (fabs(d * c - 1.0) < FRACTION_PRECISION) break;
    }
    return value;
}

double sdqn_incomplete_beta(double a, double b, double x) {
    if (x <= 0.0) return 0.0;
    if (x >= 1.0) return 1.0;
    const double log_front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x);
    if (x < (a + 1.0) / (a + b + 2.0)) return exp(log_front) * beta_fraction(a, b, x) / a;
    return 1.0 - exp(log_front) * beta_fraction(b, a, 1.0 - x) / b;
}

double sdqn_student_p(double t, double freedom) {
    if (isnan(t) || isnan(freedom)) return (double)NAN;
    return sdqn_incomplete_beta(0.5 * freedom, 0.5, freedom / (freedom + t * t));
}

double sdqn_student_quantile(double share, double freedom) {
    double low = 0.0, high = 1.0;
    while (1.0 - sdqn_student_p(high, freedom) < share && high < 1e300) high *= 2.0;
    for (int i = 0; i < 200; i++) { // bisection to the last bit
        const double middle = 0.5 * (low + high);
        if (1.0 - sdqn_student_p(middle, freedom) < share) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

/// Comparisons with NaN are false, and so would count as the rarest outcome.
static bool all_finite(const double *values, int count) {
    for (int i = 0; i < count; i++) {
        if (!isfinite(values[i])) return false;
    }
    return true;
}

// ---- Welch's test ---------------------------------------------------------------------------------------------------------------

/// Degrees of freedom by Welch and Satterthwaite. @param a, b  variances of the two means
static double welch_freedom(double a, int n, double b, int m) { return (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1)); }

double sdqn_welch_p(const double *a, int n, const double *b, int m) {
    if (n < 2 || m < 2 || !all_finite(a, n) || !all_finite(b, m)) return (double)NAN;
    double deviation_a = sdqn_deviation(a, (size_t)n), deviation_b = sdqn_deviation(b, (size_t)m);
    double difference = sdqn_mean(a, (size_t)n) - sdqn_mean(b, (size_t)m);
    int exponent; // of the scale, out of which t comes the same
    frexp(deviation_a > deviation_b ? deviation_a : deviation_b, &exponent);
    deviation_a = ldexp(deviation_a, -exponent);
    deviation_b = ldexp(deviation_b, -exponent);
    difference = ldexp(difference, -exponent);
    const double variance_a = deviation_a * deviation_a / n, variance_b = deviation_b * deviation_b / m;
    if (!(variance_a + variance_b > 0.0)) return difference == 0.0 ? (double)NAN : 0.0;
    return sdqn_student_p(difference / sqrt(variance_a + variance_b), welch_freedom(variance_a, n, variance_b, m));
}

/// P(T > c), T = (Z + delta) / S with S^2 = chi^2 / freedom: an integral over S = u^2, which is smooth at 0 for few degrees too.
static double noncentral_tail(double c, double delta, double freedom) {
    enum { INTERVALS = 4000 };
    const double width = 12.0 / sqrt(2.0 * freedom), low = 1.0 > width ? sqrt(1.0 - width) : 0.0, high = sqrt(1.0 + width);
    const double log_front = log(2.0) + 0.5 * freedom * log(0.5 * freedom) - lgamma(0.5 * freedom), step = (high - low) / INTERVALS;
    double sum = 0.0;
    for (int i = 0; i <= INTERVALS; i++) {
        const double u = low + i * step, s = u * u, weight = i == 0 || i == INTERVALS ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
        if (u <= 0.0) continue; // the integrand is 0
        const double density = exp(log_front + (freedom - 1.0) * log(s) - 0.5 * freedom * s * s);
        sum += weight * density * 2.0 * u * 0.5 * erfc((c * s - delta) / sqrt(2.0));
    }
    return sum * step / 3.0;
}

double sdqn_welch_power(double difference, double deviation_a, double deviation_b, int n, double alpha) {
    const double variance_a = deviation_a * deviation_a / n, variance_b = deviation_b * deviation_b / n;
    const double freedom = welch_freedom(variance_a, n, variance_b, n), delta = fabs(difference) / sqrt(variance_a + variance_b);
    const double critical = sdqn_student_quantile(1.0 - alpha, freedom);
    return noncentral_tail(critical, delta, freedom) + noncentral_tail(critical, -delta, freedom);
}

// ---- permutation tests ----------------------------------------------------------------------------------------------------------

#define TIE 1e-12 ///< of the observed size: sums in another order differ in the last bits

typedef struct Tails {
    double low, high, all; ///< splits at most as large as the observed one, at least as large, and all
} Tails;

static void count(Tails *tails, double value, double observed, double tolerance) {
    tails->low += value <= observed + tolerance;
    tails->high += value >= observed - tolerance;
    tails->all += 1.0;
}

/// @param extra  1 for drawn splits: the observed one counts as drawn too
static double two_sided(const Tails *tails, double extra) {
    const double smaller = tails->low < tails->high ? tails->low : tails->high, p = 2.0 * (smaller + extra) / (tails->all + extra);
    return p < 1.0 ? p : 1.0;
}

/// Number of ways to choose n of all, or more than SDQN_PERMUTATION_MAX_EXACT.
static double count_splits(int all, int n) {
    double splits = 1.0;
    for (int i = 1; i <= n && splits <= SDQN_PERMUTATION_MAX_EXACT; i++) splits = splits * (all - n + i) / i;
    return splits;
}

/// The next choice of n out of `all` in lexical order. @return false behind the last
static bool next_choice(int *chosen, int n, int all) {
    int i = n - 1;
    while (i >= 0 && chosen[i] == all - n + i) i--;
    if (i < 0) return false;
    chosen[i]++;
    for (i++; i < n; i++) chosen[i] = chosen[i - 1] + 1;
    return true;
}

/// Mean of the chosen less mean of the others, from the sum of the chosen.
static double difference_of(double chosen, double total, int n, int m) { return chosen / n - (total - chosen) / m; }

static void try_all_splits(const double *pool, int n, int m, double total, double observed, double tolerance, int *chosen, Tails *tails) {
    for (int i = 0; i < n; i++) chosen[i] = i;
    do {
        double sum = 0.0;
        for (int i = 0; i < n; i++) sum += pool[chosen[i]];
        count(tails, difference_of(sum, total, n, m), observed, tolerance);
    } while (next_choice(chosen, n, n + m));
}

/// @param pool  shuffled on return
static void draw_splits(double *pool, int n, int m, double total, double observed, double tolerance, uint64_t seed, Tails *tails) {
    SdqnRng rng;
    sdqn_rng_seed(&rng, seed);
    for (int draw = 0; draw < SDQN_PERMUTATION_DRAWS; draw++) {
        double sum = 0.0;
        for (int i = 0; i < n; i++) { // the first n of a shuffle
            const int64_t j = sdqn_rng_integers(&rng, i, n + m);
            const double value = pool[j];
            pool[j] = pool[i];
            pool[i] = value;
            sum += value;
        }
        count(tails, difference_of(sum, total, n, m), observed, tolerance);
    }
}

double sdqn_permutation_p(const double *a, int n, const double *b, int m, uint64_t seed) {
    if (!all_finite(a, n) || !all_finite(b, m)) return (double)NAN;
    const int all = n + m;
    double *pool = malloc((size_t)all * sizeof *pool), total = 0.0, largest = 0.0;
    int *chosen = calloc((size_t)n, sizeof *chosen);
    double p = (double)NAN;
    if (pool && chosen) {
        memcpy(pool, a, (size_t)n * sizeof *pool);
        memcpy(pool + n, b, (size_t)m * sizeof *pool);
        for (int i = 0; i < all; i++) {
            total += pool[i];
            largest = fabs(pool[i]) > largest ? fabs(pool[i]) : largest;
        }
        Tails tails = {0};
        double sum = 0.0;
        for (int i = 0; i < n; i++) sum += pool[i];
        const double observed = difference_of(sum, total, n, m);
        const bool exact = count_splits(all, n) <= SDQN_PERMUTATION_MAX_EXACT;
        if (exact) {
            try_all_splits(pool, n, m, total, observed, TIE * largest, chosen, &tails);
        } else {
            draw_splits(pool, n, m, total, observed, TIE * largest, seed, &tails);
        }
        p = two_sided(&tails, exact ? 0.0 : 1.0);
    }
    free(pool);
    free(chosen);
    return p;
}

double sdqn_paired_permutation_p(const double *differences, int n, uint64_t seed) {
    enum { MOST_EXACT = 19 }; // 2^19 turns of signs
    if (!all_finite(differences, n)) return (double)NAN;
    double observed = 0.0, largest = 0.0;
    Tails tails = {0};
    for (int i = 0; i < n; i++) {
        observed += differences[i];
        largest = fabs(differences[i]) > largest ? fabs(differences[i]) : largest;
    }
    SdqnRng rng;
    sdqn_rng_seed(&rng, seed);
    const bool exact = n <= MOST_EXACT;
    const uint32_t turns = exact ? UINT32_C(1) << n : SDQN_PERMUTATION_DRAWS;
    for (uint32_t turn = 0; turn < turns; turn++) {
        double sum = 0.0;
        uint64_t signs = turn;
        for (int i = 0; i < n; i++) {
            if (!exact && i % 64 == 0) signs = sdqn_rng_next_u64(&rng);
            sum += (signs >> (i % 64) & 1) != 0 ? -differences[i] : differences[i];
        }
        count(&tails, sum, observed, TIE * largest * n);
    }
    return two_sided(&tails, exact ? 0.0 : 1.0);
}

// ---- several tests --------------------------------------------------------------------------------------------------------------

void sdqn_holm(const double *p, int count, double *corrected) {
    int tests = 0, done = 0;
    double largest = 0.0;
    for (int i = 0; i < count; i++) {
        tests += !isnan(p[i]);
        corrected[i] = -1.0; // not yet
    }
    for (int rank = 0; rank < tests; rank++) { // ascending; equal ones in their order
        int smallest = -1;
        for (int i = 0; i < count; i++) {
            if (!isnan(p[i]) && corrected[i] < 0.0 && (smallest < 0 || p[i] < p[smallest])) smallest = i;
        }
        const double adjusted = (tests - done++) * p[smallest];
        if (adjusted > largest) largest = adjusted;
        corrected[smallest] = largest < 1.0 ? largest : 1.0;
    }
    for (int i = 0; i < count; i++) {
        if (isnan(p[i])) corrected[i] = p[i];
    }
}
