// gram.h: inner products of the tasks' gradients, and weighted sums of them.
#ifndef SDQN_NN_GRAM_H
#define SDQN_NN_GRAM_H

#include <stdbool.h>
#include <stddef.h>

/// Gram matrix gram[i, j] = g_i . g_j in double, exactly symmetric. Products of floats are exact in double; sums over the parameters go by
/// blocks of 1024, eight partial sums and a fixed tree in a block, blocks in ascending order.
/// @param gradients  [tasks, parameters] row-major @param tasks, parameters  >= 1
/// @param gram       [tasks, tasks] written. A diagonal entry is finite if and only if its row is: squares of floats cannot overflow a
///                   double.
void sdqn_gram_matrix(const float *gradients, int tasks, size_t parameters, double *gram);
/// The same of some columns. @param gradients  the first of them in the first row @param columns  how many @param row  floats from one row
/// to the next, >= columns
void sdqn_gram_matrix_of_columns(const float *gradients, int tasks, size_t columns, size_t row, double *gram);

/// out = sum over t of weights[t] * g_t, each element a sum in double, t ascending, rounded once to float32.
/// @param gradients  [tasks, parameters] row-major @param weights [tasks] @param out [parameters] written; no overlap with the gradients
/// @return whether every element of out is finite
bool sdqn_gram_combine(const float *gradients, const double *weights, int tasks, size_t parameters, float *out);

#endif
