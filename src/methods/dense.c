// dense.c: Cholesky and Jacobi for small symmetric matrices.
#include "methods/dense.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define MAX_SWEEPS 60 // convergence is quadratic; the accurate stopping rule takes about ten sweeps at order 16

bool sdqn_dense_solve(int n, const double *a, const double *b, double *x) {
    assert(n >= 0 && n <= SDQN_DENSE_MAX);
    double lower[SDQN_DENSE_MAX][SDQN_DENSE_MAX], y[SDQN_DENSE_MAX];
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (int k = 0; k < j; k++) sum -= lower[i][k] * lower[j][k];
            if (j < i) {
                lower[i][j] = sum / lower[j][j];
            } else {
                if (!(sum > DBL_EPSILON * a[i * n + i])) return false;
                lower[i][i] = sqrt(sum);
            }
        }
    }
    for (int i = 0; i < n; i++) {
        double sum = b[i];
        for (int k = 0; k < i; k++) sum -= lower[i][k] * y[k];
        y[i] = sum / lower[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
        double sum = y[i];
        for (int k = i + 1; k < n; k++) sum -= lower[k][i] * x[k];
        x[i] = sum / lower[i][i];
    }
    return true;
}

/// Rotate rows and columns p and q of m (and rows of v) so that m[p, q] becomes 0.
static void rotate(int n, double *m, double *v, int p, int q) {
    double theta = (m[q * n + q] - m[p * n + p]) / (2.0 * m[p * n + q]);
    double root = fabs(theta) > 1e100 ? fabs(theta) : sqrt(theta * theta + 1.0); // the square must not overflow
    double tangent = (theta < 0.0 ? -1.0 : 1.0) / (fabs(theta) + root);
    double cosine = 1.0 / sqrt(tangent * tangent + 1.0), sine = tangent * cosine;
    m[p * n + p] -= tangent * m[p * n + q];
    m[q * n + q] += tangent * m[p * n + q];
    m[p * n + q] = m[q * n + p] = 0.0;
    for (int k = 0; k < n; k++) {
        if (k != p && k != q) {
            double kp = m[k * n + p], kq = m[k * n + q];
            m[k * n + p] = m[p * n + k] = cosine * kp - sine * kq;
            m[k * n + q] = m[q * n + k] = sine * kp + cosine * kq;
        }
        double vp = v[p * n + k], vq = v[q * n + k];
        v[p * n + k] = cosine * vp - sine * vq;
        v[q * n + k] = sine * vp + cosine * vq;
    }
}

void sdqn_dense_eigen(int n, const double *a, double *values, double *vectors) {
    assert(n >= 1 && n <= SDQN_DENSE_MAX);
    double m[SDQN_DENSE_MAX * SDQN_DENSE_MAX];
    memcpy(m, a, sizeof *m * (size_t)(n * n));
    for (int i = 0; i < n * n; i++) vectors[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    bool rotated = true;
    for (int sweep = 0; rotated && sweep < MAX_SWEEPS; sweep++) {
        rotated = false;
        for (int p = 0; p < n; p++) {
            for (int q = p + 1; q < n; q++) {
                double off = fabs(m[p * n + q]);
                // Relative to both diagonal entries, not to the norm of m: this is what keeps small eigenvalues accurate.
                if (off <= DBL_EPSILON * (sqrt(fabs(m[p * n + p])) * sqrt(fabs(m[q * n + q])))) continue;
                rotate(n, m, vectors, p, q);
                rotated = true;
            }
        }
    }
    for (int i = 0; i < n; i++) values[i] = m[i * n + i];
}
