#include "dqn/priorities.h"

#include "core/dmath.h"
#include "dqn/bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct SdqnPriorities {
    int capacity;
    size_t leaves;  ///< a power of two, at least the capacity
    double *sums;   ///< [2 leaves] node i is the sum of nodes 2 i and 2 i + 1; row r is node leaves + r; node 1 the root
    double largest; ///< priority ever set
};

SdqnStatus sdqn_priorities_create(int capacity, SdqnPriorities **priorities, SdqnError *error) {
    SdqnPriorities *made = calloc(1, sizeof *made);
    if (made) {
        made->capacity = capacity;
        made->leaves = 1;
        while (made->leaves < (size_t)capacity) made->leaves *= 2;
        made->largest = 1.0;
        made->sums = calloc(2 * made->leaves, sizeof *made->sums);
    }
    if (!made || !made->sums) {
        sdqn_priorities_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "replay buffer: out of memory for %d priorities", capacity);
    }
    *priorities = made;
    return SDQN_OK;
}

void sdqn_priorities_destroy(SdqnPriorities *priorities) {
    if (!priorities) return;
    free(priorities->sums);
    free(priorities);
}

static void write_leaf(SdqnPriorities *priorities, int row, double priority) {
    double *sums = priorities->sums;
    size_t node = priorities->leaves + (size_t)row;
    sums[node] = priority;
    for (node /= 2; node >= 1; node /= 2) sums[node] = sums[2 * node] + sums[2 * node + 1];
}

void sdqn_priorities_add(SdqnPriorities *priorities, int row) { write_leaf(priorities, row, priorities->largest); }

void sdqn_priorities_set(SdqnPriorities *priorities, int row, double priority) {
    if (priority > priorities->largest) priorities->largest = priority;
    write_leaf(priorities, row, priority);
}

double sdqn_priorities_get(const SdqnPriorities *priorities, int row) { return priorities->sums[priorities->leaves + (size_t)row]; }

/// The row in which the running sum of priorities passes `place`.
static int find_row(const SdqnPriorities *priorities, double place) {
    const double *sums = priorities->sums;
    size_t node = 1;
    while (node < priorities->leaves) {
        node *= 2;
        // Rounding may carry `place` past the end: never into rows that are not there.
        if (place < sums[node] || sums[node + 1] == 0.0) continue;
        place -= sums[node];
        node++;
    }
    return (int)(node - priorities->leaves);
}

void sdqn_priorities_sample(const SdqnPriorities *priorities, SdqnRng *rng, int n, double beta, int32_t *rows, float *weights) {
    const double total = priorities->sums[1], part = total / n;
    double least = (double)INFINITY;
    for (int i = 0; i < n; i++) {
        rows[i] = find_row(priorities, ((double)i + sdqn_rng_double(rng)) * part);
        const double priority = sdqn_priorities_get(priorities, rows[i]);
        if (priority < least) least = priority;
    }
    // The largest weight is that of the least priority; the number of rows and the sum cancel out.
    for (int i = 0; i < n; i++) {
        weights[i] = (float)sdqn_exp(-beta * sdqn_log(sdqn_priorities_get(priorities, rows[i]) / least));
    }
}

// ---- state ----------------------------------------------------------------------------------------------------------------------

size_t sdqn_priorities_state_size(int size) { return ((size_t)size + 1) * sizeof(double); }

void sdqn_priorities_save_state(const SdqnPriorities *priorities, int size, uint8_t *bytes) {
    sdqn_bytes_put(&bytes, &priorities->largest, sizeof priorities->largest);
    sdqn_bytes_put(&bytes, priorities->sums + priorities->leaves, (size_t)size * sizeof(double));
}

SdqnStatus sdqn_priorities_check_state(const SdqnPriorities *priorities, const uint8_t *bytes, size_t size, SdqnError *error) {
    if (size < sizeof(double) || size % sizeof(double) != 0 || size / sizeof(double) - 1 > (size_t)priorities->capacity) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved priorities: %zu bytes do not fit a capacity of %d", size,
                              priorities->capacity);
    }
    double largest = 0.0;
    for (size_t i = 0; i < size / sizeof(double); i++) {
        double value;
        sdqn_bytes_take(&bytes, &value, sizeof value);
        if (i == 0) largest = value;
        if (value > 0.0 && value <= largest && isfinite(value)) continue;
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved priorities: value %zu is %g: must be above 0 and at most %g", i, value,
                              largest);
    }
    return SDQN_OK;
}

SdqnStatus sdqn_priorities_load_state(SdqnPriorities *priorities, const uint8_t *bytes, size_t size, SdqnError *error) {
    const SdqnStatus status = sdqn_priorities_check_state(priorities, bytes, size, error);
    if (status != SDQN_OK) return status;
    const size_t rows = size / sizeof(double) - 1, leaves = priorities->leaves;
    double *sums = priorities->sums;
    memset(sums, 0, 2 * leaves * sizeof *sums);
    sdqn_bytes_take(&bytes, &priorities->largest, sizeof priorities->largest);
    sdqn_bytes_take(&bytes, sums + leaves, rows * sizeof *sums);
    for (size_t node = leaves - 1; node >= 1; node--) sums[node] = sums[2 * node] + sums[2 * node + 1];
    return SDQN_OK;
}
