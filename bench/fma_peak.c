// fma_peak.c: a fixed number of rounds of the fma loop that `sharedqn bench` takes for the processor's peak; prints GFLOP/s.
#define _POSIX_C_SOURCE 200809L
#include "nn/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv) {
    char *end = NULL;
    const long long rounds = argc == 2 ? strtoll(argv[1], &end, 10) : 0;
    if (rounds < 1 || *end != '\0') {
        fprintf(stderr, "usage: fma_peak ROUNDS, >= 1\n");
        return 2;
    }
    float sum;
    const double began = now();
    const double operations = sdqn_kernels(sdqn_cpu_level_best())->fma_peak(rounds, &sum);
    printf("%.2f\n", 1e-9 * operations / (now() - began));
    return 0;
}
