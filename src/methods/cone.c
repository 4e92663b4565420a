// cone.c: active-set method for small non-negative quadratic programs.
#include "methods/cone.h"

#include "methods/dense.h"

#include <assert.h>
#include <math.h>

#define SLOPE_NOISE 1e-13     // of the terms that cancel in a slope: below it a variable stays 0
#define CURVATURE_NOISE 1e-14 // of the terms that cancel in a curvature: below it a variable depends linearly on those in use
#define FALL_NOISE 1e-6       // of a unit step along a linear dependence: below it a variable has no part in it
#define MAX_ENTRIES (64 * SDQN_DENSE_MAX)

/// The problem with unit diagonal, u = scale * v, and the variables in use (v_i > 0 is allowed; the slope of each of them is 0).
typedef struct Search {
    double a[SDQN_DENSE_MAX][SDQN_DENSE_MAX];
    double b[SDQN_DENSE_MAX];
    double scale[SDQN_DENSE_MAX];
    double v[SDQN_DENSE_MAX];
    int used[SDQN_DENSE_MAX];
    int num_used;
    bool is_used[SDQN_DENSE_MAX];
} Search;

static void search_begin(Search *s, int n, const double *a, const double *b) {
    *s = (Search){0};
    for (int i = 0; i < n; i++) s->scale[i] = a[i * n + i] > 0.0 ? 1.0 / sqrt(a[i * n + i]) : 0.0;
    for (int i = 0; i < n; i++) {
        s->b[i] = b[i] * s->scale[i];
        for (int j = 0; j < n; j++) s->a[i][j] = i == j ? 1.0 : a[i * n + j] * s->scale[i] * s->scale[j];
    }
}

/// -(derivative of the objective) by v_i; *noise receives the size of the terms in it.
static double slope(const Search *s, int i, double *noise) {
    double sum = s->b[i], size = fabs(s->b[i]);
    for (int k = 0; k < s->num_used; k++) {
        double term = s->a[i][s->used[k]] * s->v[s->used[k]];
        sum -= term;
        size += fabs(term);
    }
    *noise = size;
    return sum;
}

/// Solve a[used, used] x = right[used]; x and right are indexed as `used` is.
static bool solve_used(const Search *s, const double *right, double *x) {
    double a[SDQN_DENSE_MAX * SDQN_DENSE_MAX];
    for (int k = 0; k < s->num_used; k++) {
        for (int l = 0; l < s->num_used; l++) a[k * s->num_used + l] = s->a[s->used[k]][s->used[l]];
    }
    return sdqn_dense_solve(s->num_used, a, right, x);
}

static void use(Search *s, int i) {
    s->used[s->num_used++] = i;
    s->is_used[i] = true;
}

static void release(Search *s, int position) {
    s->v[s->used[position]] = 0.0;
    s->is_used[s->used[position]] = false;
    s->num_used--;
    for (int k = position; k < s->num_used; k++) s->used[k] = s->used[k + 1];
}

/// Solve for the variables in use afresh, so that rounding does not build up over the steps.
static void polish(Search *s) {
    double right[SDQN_DENSE_MAX], x[SDQN_DENSE_MAX];
    for (int k = 0; k < s->num_used; k++) right[k] = s->b[s->used[k]];
    if (!solve_used(s, right, x)) return;
    for (int k = 0; k < s->num_used; k++) {
        if (!(x[k] > 0.0)) return;
    }
    for (int k = 0; k < s->num_used; k++) s->v[s->used[k]] = x[k];
}

/// How v moves when v_j rises by 1 and the slopes of the variables in use stay 0: those in use fall by `fall`.
/// @param rise  slope of v_j divided by its change per unit: the step at which it is 0; HUGE_VAL if it does not change
/// @return false if the variables in use depend linearly on each other
static bool direction(const Search *s, int j, double *fall, double *rise) {
    double column[SDQN_DENSE_MAX], curvature = 1.0, size = 1.0, noise;
    for (int k = 0; k < s->num_used; k++) column[k] = s->a[s->used[k]][j];
    if (!solve_used(s, column, fall)) return false;
    for (int k = 0; k < s->num_used; k++) {
        curvature -= column[k] * fall[k];
        size += fabs(column[k] * fall[k]);
    }
    double left = slope(s, j, &noise) - s->v[j];
    *rise = !(left > 0.0) ? 0.0 : curvature > CURVATURE_NOISE * size ? left / curvature : HUGE_VAL;
    return true;
}

/// Raise v_j from 0 until its slope is 0, while those in use follow so that theirs remain 0; one that reaches 0 is released on the way.
/// @return false if v_j can rise for ever (s is then of no use)
static bool enter(Search *s, int j) {
    for (;;) {
        double fall[SDQN_DENSE_MAX], step, limit = HUGE_VAL;
        if (!direction(s, j, fall, &step)) return false;
        // Where the slope does not change, the step may be long: then what should not fall at all must not seem to by rounding.
        double least_fall = step < HUGE_VAL ? 0.0 : FALL_NOISE;
        int blocking = -1;
        for (int k = 0; k < s->num_used; k++) {
            if (fall[k] > least_fall && s->v[s->used[k]] < limit * fall[k]) {
                limit = s->v[s->used[k]] / fall[k];
                blocking = k;
            }
        }
        if (blocking < 0 && !(step < HUGE_VAL)) return false;
        bool blocked = limit < step;
        if (blocked) step = limit;
        for (int k = 0; k < s->num_used; k++) {
            double v = s->v[s->used[k]] - step * fall[k];
            s->v[s->used[k]] = v > 0.0 ? v : 0.0;
        }
        s->v[j] += step;
        if (!blocked) {
            use(s, j);
            return true;
        }
        release(s, blocking);
    }
}

bool sdqn_cone_minimise(int n, const double *a, const double *b, double *u) {
    assert(n >= 1 && n <= SDQN_DENSE_MAX);
    Search s;
    search_begin(&s, n, a, b);
    bool barred[SDQN_DENSE_MAX] = {false}; // those that could rise for ever
    bool bounded = true;
    for (int entry = 0; entry < MAX_ENTRIES; entry++) {
        int best = -1;
        double best_slope = 0.0;
        for (int i = 0; i < n; i++) {
            if (s.is_used[i] || barred[i] || s.scale[i] == 0.0) continue;
            double noise, rise = slope(&s, i, &noise);
            if (rise > SLOPE_NOISE * noise && rise > best_slope) {
                best = i;
                best_slope = rise;
            }
        }
        if (best < 0) break;
        Search before = s;
        if (enter(&s, best)) {
            polish(&s);
        } else {
            s = before;
            barred[best] = true;
            bounded = false;
        }
    }
    for (int i = 0; i < n; i++) u[i] = s.v[i] * s.scale[i];
    return bounded;
}

// With s > 0, minimising u' gram u + s (sum of u - 1)^2 over u >= 0 gives u = r w: for a given w the best r is s / (s + w' gram w), which
// leaves s |x|^2 / (s + |x|^2) with x the hull's point, a rising function of its norm |x|. So w is exact for every s; the shortest
// gradient's square is of the right size.
void sdqn_cone_least_norm(int n, const double *gram, double *w) {
    assert(n >= 1 && n <= SDQN_DENSE_MAX);
    double shortest = HUGE_VAL;
    int index = 0;
    for (int i = 0; i < n; i++) {
        if (gram[i * n + i] < shortest) {
            shortest = gram[i * n + i];
            index = i;
        }
    }
    if (shortest <= 0.0) {
        for (int i = 0; i < n; i++) w[i] = i == index ? 1.0 : 0.0;
        return;
    }
    double a[SDQN_DENSE_MAX * SDQN_DENSE_MAX], b[SDQN_DENSE_MAX], sum = 0.0;
    for (int i = 0; i < n * n; i++) a[i] = gram[i] + shortest;
    for (int i = 0; i < n; i++) b[i] = shortest;
    (void)sdqn_cone_minimise(n, a, b, w); // bounded: the objective is a sum of squares less a constant
    for (int i = 0; i < n; i++) sum += w[i];
    for (int i = 0; i < n; i++) w[i] /= sum;
}
