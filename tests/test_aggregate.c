// test_aggregate.c: gradient aggregators against the optimality conditions of their problems, on 1,000 matrices of awkward kinds.
//
// Conditions are checked in double on the weights, each relative to the size of the terms that cancel in it. What sdqn_aggregate gives is
// then the combination of the gradients with these weights.
#include "core/dmath.h"
#include "core/rng.h"
#include "core/sha256.h"
#include "methods/aggregators.h"
#include "methods/cone.h"
#include "nn/kernels.h"

#include <sharedqn.h>

#include <fenv.h>
#include <float.h>
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

#define MAX_TASKS SDQN_AGGREGATE_MAX_TASKS
#define MAX_PARAMETERS 1100
#define NUM_MATRICES 1000

/// One matrix of gradients with what is needed to judge the weights for it.
typedef struct Case {
    int number, tasks;
    size_t parameters;
    float gradients[MAX_TASKS * MAX_PARAMETERS];
    double gram[MAX_TASKS * MAX_TASKS];
    double weights[MAX_TASKS];
    double tolerance; // of conditions, relative to the terms that cancel
    const char *name;
} Case;

static void scale_row(Case *c, int row, double factor) {
    for (size_t p = 0; p < c->parameters; p++) {
        float *value = &c->gradients[(size_t)row * c->parameters + p];
        *value = (float)((double)*value * factor);
    }
}

/// row = factor * other + noise * normal numbers
static void make_like(Case *c, SdqnRng *rng, int row, int other, double factor, double noise) {
    for (size_t p = 0; p < c->parameters; p++) {
        double value = factor * (double)c->gradients[(size_t)other * c->parameters + p];
        c->gradients[(size_t)row * c->parameters + p] = (float)(value + noise * sdqn_rng_normal(rng));
    }
}

enum {
    PLAIN,
    CONFLICT,
    PARALLEL,
    PARALLEL_ROUNDED, // parallel but for the rounding of each float
    EQUAL,
    OPPOSED,
    OPPOSED_ROUNDED,
    ZERO,
    ALL_ZERO,
    SCALED,
    SCALED_CONFLICT,
    NEARLY_EQUAL,
    NEARLY_OPPOSED,
    KINDS
};

/// Kind and sizes go round with the number, so that every kind meets many sizes.
static void make_case(Case *c, SdqnRng *rng, int number) {
    static const int TASKS[] = {3, 2, 3, 4, 3, 1, 5, 3, 8, 16};
    static const size_t PARAMETERS[] = {40, 7, 3, 1031, 2, 20, 1};
    c->number = number;
    c->tasks = TASKS[(number / KINDS) % 10];
    c->parameters = PARAMETERS[(number / KINDS / 10 + number) % 7];
    int kind = number % KINDS, last = c->tasks - 1;
    for (size_t i = 0; i < (size_t)c->tasks * c->parameters; i++) c->gradients[i] = (float)sdqn_rng_normal(rng);
    if (kind == CONFLICT || kind == SCALED_CONFLICT) {
        for (int i = 1; i < c->tasks; i++) make_like(c, rng, i, 0, i % 2 == 1 ? -1.0 : 0.7, 0.5);
    }
    if (kind == PARALLEL) make_like(c, rng, last, 0, 4.0, 0.0);
    if (kind == PARALLEL_ROUNDED) make_like(c, rng, last, 0, 3.7, 0.0);
    if (kind == EQUAL) {
        for (int i = 1; i < c->tasks; i++) make_like(c, rng, i, 0, 1.0, 0.0);
    }
    if (kind == OPPOSED && last > 0) make_like(c, rng, last, 0, -0.5, 0.0);
    if (kind == OPPOSED_ROUNDED && last > 0) make_like(c, rng, last, 0, -0.8, 0.0);
    if (kind == ZERO) scale_row(c, last, 0.0);
    if (kind == ALL_ZERO) memset(c->gradients, 0, sizeof c->gradients);
    if (kind == NEARLY_EQUAL) make_like(c, rng, last, 0, 1.0, 1e-4);
    if (kind == NEARLY_OPPOSED && last > 0) make_like(c, rng, last, 0, -1.0, 1e-4);
    if (kind == SCALED || kind == SCALED_CONFLICT) {
        for (int i = 0; i < c->tasks; i++) scale_row(c, i, sdqn_exp(sdqn_rng_uniform(rng, -18.4, 18.4))); // 1e-8 to 1e8
    }
    // Angles of 3e-8 are below what a Gram matrix in double can tell from 0, and below the rounding of the result to float32. More tasks
    // than parameters, two of them nearly alike: next to singular matrices the condition takes its toll.
    bool rounded = kind == PARALLEL_ROUNDED || kind == OPPOSED_ROUNDED;
    bool nearly_singular = (kind == NEARLY_EQUAL || kind == NEARLY_OPPOSED) && (size_t)c->tasks > c->parameters;
    c->tolerance = rounded || nearly_singular ? 2e-6 : 1e-10;
    sdqn_kernels(sdqn_cpu_level_best())->gram(c->gradients, c->tasks, c->parameters, c->parameters, c->gram);
}

static double norm_of(const Case *c, int i) { return sqrt(c->gram[i * c->tasks + i]); }

/// (K x)_i, and the size of its terms.
static double gain(const Case *c, const double *x, int i, double *size) {
    double sum = 0.0;
    *size = 0.0;
    for (int j = 0; j < c->tasks; j++) {
        sum += c->gram[i * c->tasks + j] * x[j];
        *size += fabs(c->gram[i * c->tasks + j] * x[j]);
    }
    return sum;
}

static double square_of(const Case *c, const double *x) {
    double sum = 0.0, size;
    for (int i = 0; i < c->tasks; i++) sum += x[i] * gain(c, x, i, &size);
    return sum > 0.0 ? sum : 0.0;
}

#define expect_of(c, condition, what, value)                                                                                               \
    do {                                                                                                                                   \
        if (!(condition))                                                                                                                  \
            fail_msg("%s: matrix %d [%d, %zu]: %s (%g = %a)", (c)->name, (c)->number, (c)->tasks, (c)->parameters, what, (double)(value),  \
                     (double)(value));                                                                                                     \
    } while (0)
#define expect(condition, what, value) expect_of(c, condition, what, value)

static bool all_zero(const Case *c) {
    for (int i = 0; i < c->tasks; i++) {
        if (c->weights[i] != 0.0) return false;
    }
    return true;
}

static double shortest_square(const Case *c) {
    double shortest = HUGE_VAL;
    for (int i = 0; i < c->tasks; i++) shortest = fmin(shortest, c->gram[i * c->tasks + i]);
    return shortest;
}

static void check_mean(const Case *c) {
    for (int i = 0; i < c->tasks; i++) expect(c->weights[i] == 1.0 / c->tasks, "weight", c->weights[i]);
}

static void check_sum(const Case *c) {
    for (int i = 0; i < c->tasks; i++) expect(c->weights[i] == 1.0, "weight", c->weights[i]);
}

static void check_mgda(const Case *c) {
    double sum = 0.0, square = square_of(c, c->weights), shortest = shortest_square(c);
    for (int i = 0; i < c->tasks; i++) {
        expect(c->weights[i] >= 0.0, "negative weight", c->weights[i]);
        sum += c->weights[i];
        double size, excess = gain(c, c->weights, i, &size) - square;
        expect(excess >= -c->tolerance * (size + shortest), "a gradient points nearer to 0", excess);
        if (c->weights[i] > 0.0) expect(excess <= c->tolerance * (size + shortest), "a weight should be 0", excess);
    }
    expect(fabs(sum - 1.0) <= 1e-14 * c->tasks, "sum of the weights", sum);
}

/// Whether some point of the hull of the gradients is as good as 0, so that no direction improves every task.
static bool is_stationary(const Case *c) {
    double w[MAX_TASKS];
    sdqn_cone_least_norm(c->tasks, c->gram, w);
    return square_of(c, w) <= 1e-10 * shortest_square(c);
}

static void check_cagrad(const Case *c) {
    double mean[MAX_TASKS] = {0}, u[MAX_TASKS] = {0}, least = HUGE_VAL, noise = 0.0;
    for (int i = 0; i < c->tasks; i++) {
        mean[i] = 1.0 / c->tasks;
        u[i] = c->weights[i] - mean[i];
        expect(u[i] >= 0.0, "negative weight", u[i]);
    }
    double radius = 0.4 * sqrt(square_of(c, mean)), distance = 0.0, size;
    for (int i = 0; i < c->tasks; i++) {
        double value = gain(c, c->weights, i, &size);
        if (value < least) {
            least = value;
            noise = size;
        }
    }
    distance = sqrt(square_of(c, u));
    expect(distance <= radius * (1.0 + 1e-6), "|d - g0| > c |g0|", distance / radius);
    if (radius == 0.0) return;
    // Karush, Kuhn and Tucker: weight only on the least gains, and the whole radius used unless nothing can be gained.
    for (int i = 0; i < c->tasks; i++) {
        double value = gain(c, c->weights, i, &size);
        if (u[i] * norm_of(c, i) > 1e-9 * radius)
            expect(value - least <= c->tolerance * (size + noise), "weight on a task that gains more", value);
    }
    if (distance < radius * (1.0 - 1e-6)) {
        expect(is_stationary(c), "radius not used", distance / radius);
        expect(fabs(least) <= c->tolerance * noise, "least gain of a stationary point", least);
    }
}

static void check_upgrad(const Case *c) {
    double expected[MAX_TASKS] = {0}, missing[MAX_TASKS], u[MAX_TASKS], v[MAX_TASKS], size;
    for (int i = 0; i < c->tasks; i++) {
        for (int k = 0; k < c->tasks; k++) missing[k] = -c->gram[i * c->tasks + k];
        (void)sdqn_cone_minimise(c->tasks, c->gram, missing, u);
        for (int k = 0; k < c->tasks; k++) {
            v[k] = u[k] + (k == i ? 1.0 : 0.0);
            expected[k] += v[k] / c->tasks;
        }
        for (int k = 0; k < c->tasks; k++) {
            double value = gain(c, v, k, &size);
            expect(u[k] >= 0.0, "negative multiplier", u[k]);
            expect(value >= -c->tolerance * size, "outside the dual cone", value / size);
            if (u[k] > 0.0) expect(value <= c->tolerance * size, "multiplier on a constraint that is not tight", value / size);
        }
    }
    for (int i = 0; i < c->tasks; i++) {
        expect(fabs(c->weights[i] - expected[i]) <= 1e-12 * expected[i], "weight", c->weights[i]);
    }
}

static void check_imtl_g(const Case *c) {
    double sum = 0.0, reference = 0.0, reference_size = 0.0;
    if (all_zero(c)) return; // judged in imtl_g_gives_up_only_where_it_must
    for (int i = 0; i < c->tasks; i++) {
        double size, norm = norm_of(c, i), value = gain(c, c->weights, i, &size);
        sum += c->weights[i];
        if (norm == 0.0) {
            expect(c->weights[i] == 0.0, "weight of a zero gradient", c->weights[i]);
            continue;
        }
        if (reference_size == 0.0) {
            reference = value / norm;
            reference_size = size / norm;
        }
        expect(fabs(value / norm - reference) <= c->tolerance * (size / norm + reference_size), "projections differ",
               value / norm / reference);
    }
    double size = 0.0;
    for (int i = 0; i < c->tasks; i++) size += fabs(c->weights[i]);
    expect(fabs(sum - 1.0) <= 1e-14 * size, "sum of the weights", sum);
}

static void check_nash_mtl(const Case *c) {
    bool none = all_zero(c);
    for (int i = 0; i < c->tasks && !none; i++) {
        double size, value = gain(c, c->weights, i, &size);
        if (norm_of(c, i) == 0.0) {
            expect(c->weights[i] == 0.0, "weight of a zero gradient", c->weights[i]);
            continue;
        }
        expect(c->weights[i] > 0.0, "weight", c->weights[i]);
        expect(fabs(value * c->weights[i] - 1.0) <= c->tolerance * (size * c->weights[i]), "(K a)_i a_i is not 1", value * c->weights[i]);
    }
    if (none && shortest_square(c) > 0.0) {
        Case units = *c;
        for (int i = 0; i < c->tasks; i++) {
            for (int j = 0; j < c->tasks; j++) units.gram[i * c->tasks + j] /= norm_of(c, i) * norm_of(c, j);
        }
        expect(is_stationary(&units), "gives up although a solution exists", 0.0);
    }
}

static void check_aligned_mtl(const Case *c) {
    double balance[MAX_TASKS * MAX_TASKS], half[MAX_TASKS * MAX_TASKS], aligned[MAX_TASKS * MAX_TASKS], values[MAX_TASKS];
    double vectors[MAX_TASKS * MAX_TASKS], largest = 0.0;
    int n = c->tasks;
    sdqn_aligned_mtl_balance(c->gram, n, balance);
    for (int i = 0; i < n; i++) {
        double row_sum = 0.0;
        for (int j = 0; j < n; j++) {
            half[i * n + j] = aligned[i * n + j] = 0.0;
            row_sum += balance[i * n + j];
            for (int k = 0; k < n; k++) half[i * n + j] += balance[i * n + k] * c->gram[k * n + j];
        }
        expect(fabs(c->weights[i] - row_sum / n) <= 1e-12 * (fabs(row_sum) + 1.0), "weight", c->weights[i]);
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            for (int k = 0; k < n; k++) aligned[i * n + j] += half[i * n + k] * balance[j * n + k];
        }
    }
    // The singular values of B G, squared: all equal, or 0.
    sdqn_dense_eigen(n, aligned, values, vectors);
    for (int i = 0; i < n; i++) largest = fmax(largest, values[i]);
    for (int i = 0; i < n; i++) {
        double ratio = largest > 0.0 ? values[i] / largest : 0.0;
        expect(fabs(ratio) <= 1e-3 || fabs(ratio - 1.0) <= 1e-3, "singular values of the aligned gradients differ", ratio);
    }
}

/// PCGrad by the paper's algorithm on the gradients themselves, task i against the others in the order order[i].
static void naive_pcgrad(const Case *c, int (*order)[MAX_TASKS], double *out) {
    static double g[MAX_PARAMETERS];
    for (size_t p = 0; p < c->parameters; p++) out[p] = 0.0;
    for (int i = 0; i < c->tasks; i++) {
        for (size_t p = 0; p < c->parameters; p++) g[p] = (double)c->gradients[(size_t)i * c->parameters + p];
        for (int k = 0; k < c->tasks - 1; k++) {
            const float *other = c->gradients + (size_t)order[i][k] * c->parameters;
            double product = 0.0, square = 0.0;
            for (size_t p = 0; p < c->parameters; p++) {
                product += g[p] * (double)other[p];
                square += (double)other[p] * (double)other[p];
            }
            for (size_t p = 0; p < c->parameters && product < 0.0; p++) g[p] -= product / square * (double)other[p];
        }
        for (size_t p = 0; p < c->parameters; p++) out[p] += g[p] / c->tasks;
    }
}

/// The other tasks in their `number`-th order (factorial number system).
static void nth_order(int tasks, int task, int number, int *order) {
    int left[MAX_TASKS], count = 0;
    for (int k = 0; k < tasks; k++) {
        if (k != task) left[count++] = k;
    }
    for (int k = 0; count > 0; k++) {
        int index = number % count;
        number /= count;
        order[k] = left[index];
        left[index] = left[--count];
    }
}

/// The result is the naive algorithm's for some orders of the other tasks.
static void check_pcgrad(const Case *c) {
    static double expected[MAX_PARAMETERS];
    static const int ORDERS[] = {1, 1, 1, 2, 6};
    if (c->tasks > 4) return;
    int orders = ORDERS[c->tasks], combinations = 1;
    double best = HUGE_VAL, size = 0.0;
    for (int i = 0; i < c->tasks; i++) {
        combinations *= orders;
        size += fabs(c->weights[i]) * norm_of(c, i);
    }
    for (int combination = 0; combination < combinations && best > 1e-11 * size; combination++) {
        int order[MAX_TASKS][MAX_TASKS];
        for (int i = 0, rest = combination; i < c->tasks; i++, rest /= orders) nth_order(c->tasks, i, rest % orders, order[i]);
        naive_pcgrad(c, order, expected);
        double worst = 0.0;
        for (size_t p = 0; p < c->parameters; p++) {
            double value = 0.0;
            for (int t = 0; t < c->tasks; t++) value += c->weights[t] * (double)c->gradients[(size_t)t * c->parameters + p];
            worst = fmax(worst, fabs(value - expected[p]));
        }
        best = fmin(best, worst);
    }
    expect(best <= 1e-11 * size, "no order of the tasks gives this", best / size);
}

/// A first call with the same random orders is PCGrad's.
static void check_gradvac(const Case *c) {
    SdqnRng rng;
    SdqnAggregatorState state;
    double expected[MAX_TASKS];
    sdqn_rng_seed(&rng, (uint64_t)c->number);
    sdqn_aggregator_state_begin(&state, &rng);
    sdqn_aggregate_pcgrad(c->gram, c->tasks, &state, expected);
    double size = 0.0;
    for (int i = 0; i < c->tasks; i++) size += (fabs(expected[i]) + fabs(c->weights[i])) * norm_of(c, i);
    for (int i = 0; i < c->tasks; i++) {
        expect(fabs(c->weights[i] - expected[i]) * norm_of(c, i) <= 1e-9 * size, "differs from pcgrad", c->weights[i] - expected[i]);
    }
}

static const struct {
    const char *name;
    void (*check)(const Case *c);
} CHECKS[] = {{"mean", check_mean},       {"sum", check_sum},       {"pcgrad", check_pcgrad},     {"cagrad", check_cagrad},
              {"mgda", check_mgda},       {"imtl_g", check_imtl_g}, {"nash_mtl", check_nash_mtl}, {"aligned_mtl", check_aligned_mtl},
              {"gradvac", check_gradvac}, {"upgrad", check_upgrad}};
#define NUM_CHECKS ((int)(sizeof CHECKS / sizeof CHECKS[0]))

static void weigh(Case *c, const char *name) {
    SdqnRng rng;
    SdqnAggregatorState state;
    sdqn_rng_seed(&rng, (uint64_t)c->number);
    sdqn_aggregator_state_begin(&state, &rng);
    c->name = name;
    sdqn_aggregator_find(name)->weights(c->gram, c->tasks, &state, c->weights);
    for (int i = 0; i < c->tasks; i++) expect(isfinite(c->weights[i]), "weight", c->weights[i]);
}

static void table_has_the_ten_names(void **state) {
    (void)state;
    int count;
    const SdqnAggregator *table = sdqn_aggregators(&count);
    assert_int_equal(count, NUM_CHECKS);
    for (int i = 0; i < count; i++) {
        assert_string_equal(table[i].name, CHECKS[i].name);
        assert_ptr_equal(sdqn_aggregator_find(table[i].name), &table[i]);
    }
}

static void weights_meet_the_conditions(void **state) {
    (void)state;
    static Case c;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 5);
    for (int number = 0; number < NUM_MATRICES; number++) {
        make_case(&c, &rng, number);
        for (int i = 0; i < NUM_CHECKS; i++) {
            weigh(&c, CHECKS[i].name);
            CHECKS[i].check(&c);
        }
    }
}

/// SHA-256 of the results of all aggregators on all matrices. A change of numerics changes it, nothing else does.
#define RESULTS_SHA256 "6bfe61e5a05330f29bcf7f982ba04c326aaa381811028e2a2f10c0180d9547b7"

static void result_is_the_rounded_combination_on_every_machine(void **state) {
    (void)state;
    static Case c;
    static float out[MAX_PARAMETERS + 1], again[MAX_PARAMETERS + 1];
    SdqnRng rng;
    SdqnSha256 hash;
    sdqn_rng_seed(&rng, 5);
    sdqn_sha256_begin(&hash);
    for (int number = 0; number < NUM_MATRICES; number++) {
        make_case(&c, &rng, number);
        size_t bytes = c.parameters * sizeof *out;
        for (int i = 0; i < NUM_CHECKS; i++) {
            weigh(&c, CHECKS[i].name);
            out[c.parameters] = 12345.0F;
            assert_int_equal(sdqn_aggregate(c.name, c.gradients, c.tasks, c.parameters, (uint64_t)number, out), SDQN_OK);
            expect_of(&c, out[c.parameters] == 12345.0F, "wrote behind the end", out[c.parameters]);
            for (size_t p = 0; p < c.parameters; p++) {
                double value = 0.0;
                for (int t = 0; t < c.tasks; t++) value += c.weights[t] * (double)c.gradients[(size_t)t * c.parameters + p];
                expect_of(&c, out[p] == (float)value, "element", out[p]);
            }
            sdqn_sha256_add(&hash, out, bytes);
            int mode = fegetround();
            fesetround(FE_UPWARD);
            SdqnStatus status = sdqn_aggregate(c.name, c.gradients, c.tasks, c.parameters, (uint64_t)number, again);
            int left = fegetround();
            fesetround(mode);
            assert_int_equal(status, SDQN_OK);
            assert_int_equal(left, FE_UPWARD);
            assert_memory_equal(again, out, bytes);
        }
    }
    char hex[SDQN_SHA256_HEX_SIZE];
    sdqn_sha256_end_hex(&hash, hex);
    assert_string_equal(hex, RESULTS_SHA256);
}

/// Gradients times a power of two: the direction times the same, bit for bit; Nash-MTL's does not change.
static void direction_scales_with_the_gradients(void **state) {
    (void)state;
    static Case c;
    static float out[MAX_PARAMETERS], scaled[MAX_PARAMETERS];
    SdqnRng rng;
    sdqn_rng_seed(&rng, 6);
    for (int number = 0; number < 130; number++) {
        make_case(&c, &rng, number);
        static float larger[MAX_TASKS * MAX_PARAMETERS];
        for (size_t p = 0; p < (size_t)c.tasks * c.parameters; p++) larger[p] = c.gradients[p] * 1024.0F;
        for (int i = 0; i < NUM_CHECKS; i++) {
            c.name = CHECKS[i].name;
            assert_int_equal(sdqn_aggregate(c.name, c.gradients, c.tasks, c.parameters, 1, out), SDQN_OK);
            assert_int_equal(sdqn_aggregate(c.name, larger, c.tasks, c.parameters, 1, scaled), SDQN_OK);
            float factor = strcmp(c.name, "nash_mtl") == 0 ? 1.0F : 1024.0F;
            for (size_t p = 0; p < c.parameters; p++) expect_of(&c, scaled[p] == out[p] * factor, "element", scaled[p]);
        }
    }
}

static void gram_matrix_equals_the_plain_sum(void **state) {
    (void)state;
    enum { PARAMETERS = 5003 };
    static float gradients[3 * PARAMETERS];
    double gram[9];
    SdqnRng rng;
    sdqn_rng_seed(&rng, 7);
    for (int i = 0; i < 3 * PARAMETERS; i++) gradients[i] = (float)sdqn_rng_normal(&rng);
    sdqn_kernels(sdqn_cpu_level_best())->gram(gradients, 3, PARAMETERS, PARAMETERS, gram);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            double sum = 0.0;
            for (int p = 0; p < PARAMETERS; p++) sum += (double)gradients[i * PARAMETERS + p] * (double)gradients[j * PARAMETERS + p];
            assert_true(fabs(gram[i * 3 + j] - sum) <= 1e-14 * PARAMETERS);
        }
    }
}

/// d of two gradients (2, 0) and (x, y) by hand.
static void expect_direction(const char *name, float x, float y, double first, double second) {
    const float gradients[4] = {2.0F, 0.0F, x, y};
    float out[2];
    assert_int_equal(sdqn_aggregate(name, gradients, 2, 2, 0, out), SDQN_OK);
    if (fabs((double)out[0] - first) > 1e-6 || fabs((double)out[1] - second) > 1e-6)
        fail_msg("%s: (%g, %g), expected (%g, %g)", name, (double)out[0], (double)out[1], first, second);
}

static void directions_equal_cases_worked_by_hand(void **state) {
    (void)state;
    expect_direction("mean", -1.0F, 1.0F, 0.5, 0.5);
    expect_direction("sum", -1.0F, 1.0F, 1.0, 1.0);
    // (2, 0) loses its part against (-1, 1): (1, 1); (-1, 1) its part against (2, 0): (0, 1); the projections are the same.
    expect_direction("pcgrad", -1.0F, 1.0F, 0.5, 1.0);
    expect_direction("gradvac", -1.0F, 1.0F, 0.5, 1.0);
    expect_direction("upgrad", -1.0F, 1.0F, 0.5, 1.0);
    // The foot of the perpendicular from 0 to the line from (2, 0) to (-1, 1) is 0.2 (1, 3).
    expect_direction("mgda", -1.0F, 1.0F, 0.2, 0.6);
    // Equal projections on (1, 0) and (-1, 1) / sqrt 2: d along (1, 1 + sqrt 2), on the same line x + 3 y = 2.
    expect_direction("imtl_g", -1.0F, 1.0F, 2.0 / (4.0 + 3.0 * sqrt(2.0)), 2.0 * (1.0 + sqrt(2.0)) / (4.0 + 3.0 * sqrt(2.0)));
    // Orthogonal gradients: a_i = 1 / |g_i|; singular values 2 and 3, both set to 2.
    expect_direction("nash_mtl", 0.0F, 3.0F, 1.0, 1.0);
    expect_direction("aligned_mtl", 0.0F, 3.0F, 1.0, 1.0);
    // Opposed: g0 = (0.5, 0); the shorter gains most when d is as short as allowed.
    expect_direction("cagrad", -1.0F, 0.0F, 0.3, 0.0);
    // The longer gradient gains enough: all of c |g0| goes along the shorter, which is (0, 0.5).
    expect_direction("cagrad", 0.0F, 0.5F, 1.0, 0.25 + 0.4 * sqrt(1.0 + 0.0625));
}

static void one_task_keeps_its_direction(void **state) {
    (void)state;
    const float gradient[2] = {3.0F, -4.0F};
    for (int i = 0; i < NUM_CHECKS; i++) {
        float out[2], factor = strcmp(CHECKS[i].name, "cagrad") == 0 ? 1.4F : strcmp(CHECKS[i].name, "nash_mtl") == 0 ? 0.2F : 1.0F;
        assert_int_equal(sdqn_aggregate(CHECKS[i].name, gradient, 1, 2, 0, out), SDQN_OK);
        for (int p = 0; p < 2; p++) {
            if (!(fabsf(out[p] - factor * gradient[p]) <= 1e-6F)) fail_msg("%s: %g", CHECKS[i].name, (double)out[p]);
        }
    }
}

static void pcgrad_follows_its_seed(void **state) {
    (void)state;
    const float gradients[9] = {1.0F, 0.0F, 0.2F, -0.7F, 1.0F, 0.0F, -0.6F, -0.9F, 1.0F};
    int different = 0;
    float first[3], out[3];
    assert_int_equal(sdqn_aggregate("pcgrad", gradients, 3, 3, 0, first), SDQN_OK);
    for (uint64_t seed = 1; seed < 20; seed++) {
        assert_int_equal(sdqn_aggregate("pcgrad", gradients, 3, 3, seed, out), SDQN_OK);
        different += memcmp(first, out, sizeof out) != 0;
    }
    assert_true(different > 5);
}

static void gradvac_moves_towards_the_mean_cosine(void **state) {
    (void)state;
    const double gram[4] = {1.0, 0.0, 0.0, 4.0}; // orthogonal, lengths 1 and 2
    double weights[2];
    SdqnRng rng;
    SdqnAggregatorState memory;
    sdqn_rng_seed(&rng, 0);
    sdqn_aggregator_state_begin(&memory, &rng);
    memory.similarity[0 * 2 + 1] = 0.6; // of the first task to the second: wants a cosine of 0.6
    sdqn_aggregate_gradvac(gram, 2, &memory, weights);
    // g_1 + x g_2 with x * 2 = 0.6 / 0.8: cosine 0.75 / sqrt(1 + 0.75^2) = 0.6.
    assert_true(fabs(weights[1] - (1.0 + 0.375) / 2.0) <= 1e-15 && weights[0] == 0.5);
    assert_true(fabs(memory.similarity[1] - 0.99 * 0.6) <= 1e-15 && memory.similarity[2] == 0.0);
}

static void gradvac_survives_equal_gradients_for_ever(void **state) {
    (void)state;
    const double equal[4] = {1.0, 1.0, 1.0, 1.0}, opposed[4] = {1.0, -1.0, -1.0, 1.0};
    double weights[2];
    SdqnRng rng;
    SdqnAggregatorState memory;
    sdqn_rng_seed(&rng, 0);
    sdqn_aggregator_state_begin(&memory, &rng);
    for (int call = 0; call < 5000; call++) sdqn_aggregate_gradvac(equal, 2, &memory, weights);
    sdqn_aggregate_gradvac(opposed, 2, &memory, weights);
    assert_true(isfinite(weights[0]) && isfinite(weights[1]) && fabs(weights[0]) < 1e3);
}

static void wrong_arguments_leave_the_result_alone(void **state) {
    (void)state;
    const float good[2] = {1.0F, 2.0F}, infinite[2] = {1.0F, INFINITY}, not_a_number[2] = {NAN, 1.0F};
    float out[2] = {7.0F, 7.0F};
    for (int i = 0; i < NUM_CHECKS; i++) {
        const char *name = CHECKS[i].name;
        assert_int_equal(sdqn_aggregate(name, infinite, 1, 2, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, infinite, 2, 1, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, not_a_number, 2, 1, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, good, 0, 2, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, good, -1, 2, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, good, 17, 2, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, good, 1, 0, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, good, 2, SIZE_MAX / 4, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, NULL, 1, 2, 0, out), SDQN_ERR_ARGUMENT);
        assert_int_equal(sdqn_aggregate(name, good, 1, 2, 0, NULL), SDQN_ERR_ARGUMENT);
    }
    static const char *const OTHERS[] = {"gradnorm", "famo", "", "MGDA", "mean ", NULL};
    for (int i = 0; i < 6; i++) assert_int_equal(sdqn_aggregate(OTHERS[i], good, 1, 2, 0, out), SDQN_ERR_ARGUMENT);
    assert_true(out[0] == 7.0F && out[1] == 7.0F);
}

static void extreme_lengths_neither_overflow_nor_vanish(void **state) {
    (void)state;
    const float largest[4] = {FLT_MAX, 0.0F, FLT_MAX, 0.0F}, smallest[4] = {1e-45F, 0.0F, 0.0F, 1e-45F};
    float out[2];
    assert_int_equal(sdqn_aggregate("sum", largest, 2, 2, 0, out), SDQN_ERR_NUMERIC);
    for (int i = 0; i < NUM_CHECKS; i++) {
        const char *name = CHECKS[i].name;
        if (strcmp(name, "sum") != 0 && strcmp(name, "cagrad") != 0) {
            assert_int_equal(sdqn_aggregate(name, largest, 2, 2, 0, out), SDQN_OK);
            assert_true(out[0] > 0.0F);
        }
        assert_int_equal(sdqn_aggregate(name, smallest, 2, 2, 0, out), SDQN_OK);
        if (strcmp(name, "nash_mtl") == 0) assert_true(out[0] == 1.0F && out[1] == 1.0F);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_has_the_ten_names),
        cmocka_unit_test(gram_matrix_equals_the_plain_sum),
        cmocka_unit_test(weights_meet_the_conditions),
        cmocka_unit_test(result_is_the_rounded_combination_on_every_machine),
        cmocka_unit_test(direction_scales_with_the_gradients),
        cmocka_unit_test(directions_equal_cases_worked_by_hand),
        cmocka_unit_test(one_task_keeps_its_direction),
        cmocka_unit_test(pcgrad_follows_its_seed),
        cmocka_unit_test(gradvac_moves_towards_the_mean_cosine),
        cmocka_unit_test(gradvac_survives_equal_gradients_for_ever),
        cmocka_unit_test(wrong_arguments_leave_the_result_alone),
        cmocka_unit_test(extreme_lengths_neither_overflow_nor_vanish),
    };
    return cmocka_run_group_tests_name("aggregate", tests, NULL, NULL);
}
