// aggregate_cone.c: aggregators that are quadratic programs over non-negative weights: MGDA, CAGrad and UPGrad.
#include "methods/aggregators.h"
#include "methods/cone.h"

#include <math.h>
#include <string.h>

#define CAGRAD_C 0.4
#define CAGRAD_TOLERANCE 1e-13  // relative, of the radius
#define CAGRAD_CANCELLATION 1e6 // sum |u_i g_i| within this many radii: their sum is then accurate to 1e-10 of the radius
#define CAGRAD_MAX_STEPS 200    // Newton takes about five; halving, where no direction improves every task, up to this

void sdqn_aggregate_mgda(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    (void)state;
    sdqn_cone_least_norm(tasks, gram, weights);
}

/// The problem of CAGrad. By its radius c |g0| and the gains b_i = g_i . g0 of the mean gradient.
typedef struct Cagrad {
    const double *gram;
    int tasks;
    double gain[SDQN_AGGREGATE_MAX_TASKS];
    double radius;
} Cagrad;

/// The point g0 + sum u_i g_i nearest to g0 with a gain of at least `gain` for every task: u minimises u' K u / 2 - (gain - b)' u, u >= 0.
/// @param u      [tasks] written
/// @param slope  receives the derivative of the distance by `gain`; positive if the distance is
/// @return the distance |sum u_i g_i|, infinite if there is no such point or if terms cancel in it so far that it would be rounding
static double distance_for_gain(const Cagrad *problem, double gain, double *u, double *slope) {
    int n = problem->tasks;
    double missing[SDQN_AGGREGATE_MAX_TASKS], square = 0.0, sum = 0.0, size = 0.0;
    for (int i = 0; i < n; i++) missing[i] = gain - problem->gain[i];
    if (!sdqn_cone_minimise(n, problem->gram, missing, u)) return HUGE_VAL;
    for (int i = 0; i < n; i++) {
        sum += u[i];
        size += u[i] * sqrt(problem->gram[i * n + i]);
        for (int j = 0; j < n; j++) square += u[i] * problem->gram[i * n + j] * u[j];
    }
    if (size > CAGRAD_CANCELLATION * problem->radius) return HUGE_VAL;
    double distance = square > 0.0 ? sqrt(square) : 0.0;
    *slope = distance > 0.0 ? sum / distance : 0.0;
    return distance;
}

/// The largest gain whose distance is within the radius, and its u. The distance is a convex function of the gain (and infinite from some
/// gain on if no direction improves every task), so Newton steps converge from above; halving takes over where they leave the bracket.
static void largest_gain(const Cagrad *problem, double *u) {
    double low = HUGE_VAL, high = HUGE_VAL; // low: within the radius, as g0 itself is
    for (int i = 0; i < problem->tasks; i++) {
        double bound = problem->gain[i] + problem->radius * sqrt(problem->gram[i * problem->tasks + i]);
        low = problem->gain[i] < low ? problem->gain[i] : low;
        high = bound < high ? bound : high;
    }
    memset(u, 0, sizeof *u * (size_t)problem->tasks);
    double gain = high;
    for (int step = 0; step < CAGRAD_MAX_STEPS; step++) {
        double trial[SDQN_AGGREGATE_MAX_TASKS], slope = 0.0;
        double distance = distance_for_gain(problem, gain, trial, &slope);
        bool reached = fabs(distance - problem->radius) <= CAGRAD_TOLERANCE * problem->radius;
        if (reached || distance < problem->radius) {
            memcpy(u, trial, sizeof *u * (size_t)problem->tasks);
            low = gain;
        } else {
            high = gain;
        }
        double middle = 0.5 * low + 0.5 * high;
        if (reached || !(low < middle && middle < high)) return;
        double newton = slope > 0.0 ? gain - (distance - problem->radius) / slope : middle;
        gain = newton > low && newton < high ? newton : middle;
    }
}

void sdqn_aggregate_cagrad(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    (void)state;
    Cagrad problem = {.gram = gram, .tasks = tasks};
    double square = 0.0;
    for (int i = 0; i < tasks; i++) {
        for (int j = 0; j < tasks; j++) problem.gain[i] += gram[i * tasks + j] / tasks;
        square += problem.gain[i] / tasks;
    }
    problem.radius = square > 0.0 ? CAGRAD_C * sqrt(square) : 0.0;
    double u[SDQN_AGGREGATE_MAX_TASKS] = {0};
    if (problem.radius > 0.0) largest_gain(&problem, u);
    for (int i = 0; i < tasks; i++) weights[i] = 1.0 / tasks + u[i];
}

// The projection of x onto the dual cone is x + sum u_k g_k where u minimises |x + sum u_k g_k|^2 over u >= 0.
void sdqn_aggregate_upgrad(const double *gram, int tasks, SdqnAggregatorState *state, double *weights) {
    (void)state;
    double gain_missing[SDQN_AGGREGATE_MAX_TASKS], u[SDQN_AGGREGATE_MAX_TASKS];
    for (int i = 0; i < tasks; i++) weights[i] = 1.0 / tasks;
    for (int i = 0; i < tasks; i++) {
        for (int k = 0; k < tasks; k++) gain_missing[k] = -gram[i * tasks + k];
        (void)sdqn_cone_minimise(tasks, gram, gain_missing, u); // bounded: it is the square of a norm
        for (int k = 0; k < tasks; k++) weights[k] += u[k] / tasks;
    }
}
