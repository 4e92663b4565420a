// test_bench.c: a short measurement gives every figure, and figures that fit each other.
#include "run/bench.h"

#include "nn/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static double median(const SdqnBench *bench, SdqnBenchKey key) { return bench->figures[key].median; }

static void short_measurement_gives_every_figure(void **state) {
    (void)state;
    SdqnBench bench;
    SdqnError error = {0};
    const SdqnBenchDef def = {.level = sdqn_cpu_level_best(), .seconds = 1e-3, .transitions = 4000, .steps = 50, .final_episodes = 1};
    assert_int_equal(sdqn_bench_run(&def, &bench, &error), SDQN_OK);
    assert_int_equal(bench.rounds, 1);
    for (int i = 0; i < SDQN_BENCH_NUM_KEYS; i++) {
        const SdqnBenchFigure *figure = &bench.figures[i];
        assert_non_null(figure->key);
        assert_non_null(figure->help);
        assert_int_equal(figure->repeats, 1);
        assert_true(isfinite(figure->median) && figure->median > 0);
        assert_true(figure->low == figure->median && figure->high == figure->median);
        for (int j = 0; j < i; j++) assert_string_not_equal(figure->key, bench.figures[j].key);
    }
}

/// Every TD target computed, the products of an update are, for 64 rows: 16-256-128-4 forward twice, then the gradients of all weights, of
/// both hidden layers and of the embedding. Of fc2's products only terms that are not 0 count.
static void flops_counted_are_those_of_the_products(void **state) {
    (void)state;
    SdqnBench bench;
    SdqnError error = {0};
    const SdqnBenchDef def = {.level = sdqn_cpu_level_best(), .seconds = 1e-3, .transitions = 4000, .steps = 1, .final_episodes = 1};
    assert_int_equal(sdqn_bench_run(&def, &bench, &error), SDQN_OK);
    const double dense = 2e-6 * 64 * (3 * (16 * 256 + 128 * 4) + 128 * 4 + 8 * 256), sparse = 2e-6 * 64 * 4 * (256 * 128);
    const double mflop = median(&bench, SDQN_BENCH_UPDATE_MFLOP);
    assert_true(mflop > dense + 0.2 * sparse && mflop < dense + 0.8 * sparse);
    const double gflops = 1e3 * median(&bench, SDQN_BENCH_UPDATE_MFLOP) / median(&bench, SDQN_BENCH_PRODUCTS);
    assert_true(fabs(median(&bench, SDQN_BENCH_UPDATE_GFLOPS) / gflops - 1) < 1e-9);
}

static void peak_counts_two_operations_an_fma(void **state) {
    (void)state;
    static const struct {
        SdqnCpuLevel level;
        int lanes;
    } levels[] = {{SDQN_CPU_SCALAR, 1}, {SDQN_CPU_NEON, 4}, {SDQN_CPU_AVX2, 8}, {SDQN_CPU_AVX512, 16}};
    float expected = 0;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const SdqnKernels *kernels = sdqn_kernels(levels[i].level);
        if (!kernels) continue;
        float sum = NAN;
        assert_true(kernels->fma_peak(3, &sum) == 2.0 * 12 * levels[i].lanes * 3);
        if (i == 0) expected = sum;
        assert_true(sum == expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_measurement_gives_every_figure),
        cmocka_unit_test(flops_counted_are_those_of_the_products),
        cmocka_unit_test(peak_counts_two_operations_an_fma),
    };
    return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
