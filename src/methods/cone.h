// cone.h: quadratic programs over non-negative weights of a few gradients, given only their Gram matrix.
#ifndef SDQN_METHODS_CONE_H
#define SDQN_METHODS_CONE_H

#include <stdbool.h>

/// Minimise u' a u / 2 - b' u over u >= 0, by an active set: exact up to rounding, in finitely many steps, for singular `a` too.
/// Optimality: (a u - b)_i = 0 where u_i > 0 and >= 0 where u_i = 0. Scaling a variable changes no relative error. Ties go to the lower
/// index. A variable with a[i, i] = 0 stays 0.
/// Source: Goldfarb and Idnani 1983, "A numerically stable dual method for solving strictly convex quadratic programs", read in its dual.
/// @param n  1 to SDQN_DENSE_MAX @param a [n, n] symmetric positive semi-definite @param b [n] @param u [n] written
/// @return false if the minimum is not bounded (u is then some point)
bool sdqn_cone_minimise(int n, const double *a, const double *b, double *u);

/// Point of least norm in the convex hull of the gradients: w minimises w' gram w over w >= 0, sum of w = 1.
/// Optimality: (gram w)_i = w' gram w where w_i > 0 and >= it elsewhere. If some gradients are zero, the first of them has weight 1.
/// @param n  1 to SDQN_DENSE_MAX @param gram [n, n] @param w [n] written
void sdqn_cone_least_norm(int n, const double *gram, double *w);

#endif
