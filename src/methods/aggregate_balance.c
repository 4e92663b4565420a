// aggregate_balance.c: aggregators that give each task an equal part of the direction: IMTL-G, Nash-MTL and Aligned-MTL.
#include "methods/aggregators.h"
#include "methods/cone.h"

#include <math.h>
#include <string.h>

// Float32 gradients that differ only by rounding (6e-8) leave an eigenvalue of 4e-15 of their correlation matrix.
#define EIGENVALUE_NOISE 1e-12 // below it an eigenvalue, relative to the terms that cancel in it, counts as 0
#define NULL_SHARE 1e-6        // the part of a unit vector within a null space that is taken for rounding
#define NASH_LEAST_NORM 1e-5   // of the hull of unit gradients; nearer to 0 rounding would exceed 1e-6 of the weights
#define NASH_MAX_STEPS 1000    // about ten are usual, fifty near the limit of solvability
#define NASH_DECREMENT 1e-14

/// The gradients that are not zero, by their lengths and cosines.
typedef struct Units {
    int n;
    int task[SDQN_AGGREGATE_MAX_TASKS];
    double norm[SDQN_AGGREGATE_MAX_TASKS];
    double cosine[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS]; ///< [n, n]
} Units;

static void units_make(const double *gram, int tasks, Units *units) {
    units->n = 0;
    for (int i = 0; i < tasks; i++) {
        if (!(gram[i * tasks + i] > 0.0)) continue;
        units->norm[units->n] = sqrt(gram[i * tasks + i]);
        units->task[units->n++] = i;
    }
    for (int i = 0; i < units->n; i++) {
        for (int j = 0; j < units->n; j++) {
            double product = gram[units->task[i] * tasks + units->task[j]];
            units->cosine[i * units->n + j] = i == j ? 1.0 : product / units->norm[i] / units->norm[j];
        }
    }
}

/// x of least norm with cosine x = (1, ..., 1). @return false if there is none
static bool equal_projections(const Units *units, double *x) {
    double values[SDQN_AGGREGATE_MAX_TASKS], vectors[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS];
    int n = units->n;
    sdqn_dense_eigen(n, units->cosine, values, vectors);
    memset(x, 0, sizeof *x * (size_t)n);
    for (int k = 0; k < n; k++) {
        const double *vector = vectors + (size_t)(k * n);
        double share = 0.0;
        for (int i = 0; i < n; i++) share += vector[i];
        if (values[k] > EIGENVALUE_NOISE) {
            for (int i = 0; i < n; i++) x[i] += vector[i] * share / values[k];
        } else if (fabs(share) > NULL_SHARE) {
            return false;
        }
    }
    return true;
}

// With a_i = x_i / |g_i|, (K a)_i = t |g_i| becomes cosine x = t (1, ..., 1); t follows from the sum of a.
void sdqn_aggregate_imtl_g(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    (void)state;
    Units units;
    units_make(gram, tasks, &units);
    memset(weights, 0, sizeof *weights * (size_t)tasks);
    double x[SDQN_AGGREGATE_MAX_TASKS], sum = 0.0, size = 0.0;
    if (units.n == 0 || !equal_projections(&units, x)) return;
    for (int i = 0; i < units.n; i++) {
        sum += x[i] / units.norm[i];
        size += fabs(x[i] / units.norm[i]);
    }
    if (!(fabs(sum) > EIGENVALUE_NOISE * size)) return;
    for (int i = 0; i < units.n; i++) weights[units.task[i]] = x[i] / units.norm[i] / sum;
}

/// One damped Newton step for the minimum of a' C a / 2 - sum log a_i, whose gradient C a - 1 / a is zero at the solution. The function is
/// self-concordant, so a step of 1 / (1 + decrement) keeps a > 0 and always descends (Nesterov and Nemirovskii 1994).
/// @return the Newton decrement before the step
static double nash_step(const Units *units, double *a) {
    double hessian[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS], gradient[SDQN_AGGREGATE_MAX_TASKS], step[SDQN_AGGREGATE_MAX_TASKS];
    int n = units->n;
    memcpy(hessian, units->cosine, sizeof *hessian * (size_t)(n * n));
    for (int i = 0; i < n; i++) {
        gradient[i] = -1.0 / a[i];
        for (int j = 0; j < n; j++) gradient[i] += units->cosine[i * n + j] * a[j];
        hessian[i * n + i] += 1.0 / (a[i] * a[i]);
    }
    if (!sdqn_dense_solve(n, hessian, gradient, step)) return 0.0;
    double square = 0.0;
    for (int i = 0; i < n; i++) square += gradient[i] * step[i];
    double decrement = square > 0.0 ? sqrt(square) : 0.0;
    double length = decrement < 0.25 ? 1.0 : 1.0 / (1.0 + decrement);
    for (int i = 0; i < n; i++) a[i] -= length * step[i];
    return decrement;
}

void sdqn_aggregate_nash_mtl(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    (void)state;
    Units units;
    units_make(gram, tasks, &units);
    memset(weights, 0, sizeof *weights * (size_t)tasks);
    if (units.n == 0) return;
    double hull[SDQN_AGGREGATE_MAX_TASKS], square = 0.0;
    sdqn_cone_least_norm(units.n, units.cosine, hull);
    for (int i = 0; i < units.n; i++) {
        for (int j = 0; j < units.n; j++) square += hull[i] * units.cosine[i * units.n + j] * hull[j];
    }
    if (!(square > NASH_LEAST_NORM * NASH_LEAST_NORM)) return;
    double a[SDQN_AGGREGATE_MAX_TASKS], before = HUGE_VAL;
    for (int i = 0; i < units.n; i++) a[i] = 1.0;
    for (int step = 0; step < NASH_MAX_STEPS; step++) {
        double decrement = nash_step(&units, a);
        if (decrement <= NASH_DECREMENT || (decrement < 1e-6 && decrement >= before)) break; // the second: only rounding is left
        before = decrement;
    }
    for (int i = 0; i < units.n; i++) weights[units.task[i]] = a[i] / units.norm[i];
}

/// Whether eigenvalue `value` of K with eigenvector v is zero up to rounding: it is |sum v_i g_i|^2, and terms of |v_i| |g_i| cancel in it.
static bool is_null(double value, const double *vector, const double *gram, int tasks) {
    double size = 0.0;
    for (int i = 0; i < tasks; i++) size += fabs(vector[i]) * sqrt(gram[i * tasks + i]);
    return !(value > EIGENVALUE_NOISE * size * size);
}

void sdqn_aligned_mtl_balance(const double *gram, int tasks, double *balance) {
    double values[SDQN_AGGREGATE_MAX_TASKS], vectors[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS];
    double least = HUGE_VAL;
    sdqn_dense_eigen(tasks, gram, values, vectors);
    for (int k = 0; k < tasks; k++) {
        if (is_null(values[k], vectors + (size_t)(k * tasks), gram, tasks)) values[k] = 0.0;
        if (values[k] > 0.0 && values[k] < least) least = values[k];
    }
    memset(balance, 0, sizeof *balance * (size_t)(tasks * tasks));
    for (int k = 0; k < tasks; k++) {
        if (!(values[k] > 0.0)) continue;
        double ratio = sqrt(least / values[k]);
        const double *vector = vectors + (size_t)(k * tasks);
        for (int i = 0; i < tasks; i++) {
            for (int j = 0; j < tasks; j++) balance[i * tasks + j] += vector[i] * ratio * vector[j];
        }
    }
}

void sdqn_aggregate_aligned_mtl(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    (void)state;
    double balance[SDQN_AGGREGATE_MAX_TASKS * SDQN_AGGREGATE_MAX_TASKS];
    sdqn_aligned_mtl_balance(gram, tasks, balance);
    for (int j = 0; j < tasks; j++) {
        weights[j] = 0.0;
        for (int i = 0; i < tasks; i++) weights[j] += balance[i * tasks + j] / tasks;
    }
}
