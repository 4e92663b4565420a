// dense.h: linear algebra on small symmetric matrices (a row and column a task), in double, in a fixed order of operations.
#ifndef SDQN_METHODS_DENSE_H
#define SDQN_METHODS_DENSE_H

#include <stdbool.h>

/// Largest order of a matrix here, and the largest number of tasks that can be aggregated.
#define SDQN_DENSE_MAX 16

/// Solve a x = b by Cholesky factorisation. Only the lower triangle is read. Scaling rows and columns alike changes the relative error of
/// no element of x.
/// @param n  0 to SDQN_DENSE_MAX @param a [n, n] symmetric @param b [n] @param x [n] written; may be b
/// @return false if a is not positive definite to working precision (x untouched)
bool sdqn_dense_solve(int n, const double *a, const double *b, double *x);

/// Eigenvalues and orthonormal eigenvectors by cyclic Jacobi rotations: a v_k = values[k] v_k.
/// For a positive definite matrix D C D with D diagonal, small eigenvalues keep the relative accuracy that C's condition allows, however
/// badly D is scaled (Demmel and Veselic 1992, "Jacobi's method is more accurate than QR").
/// @param n  1 to SDQN_DENSE_MAX @param a [n, n] symmetric, positive semi-definite up to rounding
/// @param values  [n] written, in no particular order @param vectors [n, n] written, row k is v_k
void sdqn_dense_eigen(int n, const double *a, double *values, double *vectors);

#endif
