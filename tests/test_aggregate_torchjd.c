// test_aggregate_torchjd.c: gradient aggregators against torchjd's results (tools/make_aggregate_data.py), where both solve the same
// problem.
#include "nn/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <sharedqn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DATA "tests/data/aggregate.safetensors"
#define NUM_GROUPS 6
#define MAX_PARAMETERS 24
#define TOLERANCE 1e-5

static SdqnSafetensors *file;

static int open_data(void **state) {
    (void)state;
    SdqnError error = {0};
    if (sdqn_safetensors_read(DATA, &file, &error) == SDQN_OK) return 0;
    fprintf(stderr, "%s\n", error.message);
    return 1;
}

static int close_data(void **state) {
    (void)state;
    sdqn_safetensors_destroy(file);
    return 0;
}

static const SdqnTensor *find(int group, const char *name, const char *suffix) {
    char full[SDQN_TENSOR_NAME_SIZE];
    snprintf(full, sizeof full, "g%d.%s%s", group, name, suffix);
    int count;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    for (int i = 0; i < count; i++) {
        if (strcmp(tensors[i].name, full) == 0) return &tensors[i];
    }
    fail_msg("%s: no tensor %s", DATA, full);
    return NULL;
}

static double norm(const float *x, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/// |a * factor - b|
static double distance(const float *a, double factor, const float *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += ((double)a[i] * factor - (double)b[i]) * ((double)a[i] * factor - (double)b[i]);
    return sqrt(sum);
}

/// One matrix and torchjd's direction for it.
typedef struct Peer {
    const char *name;
    const float *gradients, *direction;
    int tasks;
    size_t parameters;
} Peer;

static void aggregate(const Peer *peer, uint64_t seed, float *out) {
    assert_int_equal(sdqn_aggregate(peer->name, peer->gradients, peer->tasks, peer->parameters, seed, out), SDQN_OK);
}

/// Relative to the longest gradient, as the direction may be 0.
static double scale_of(const Peer *peer) {
    double longest = 0.0;
    for (int t = 0; t < peer->tasks; t++) longest = fmax(longest, norm(peer->gradients + (size_t)t * peer->parameters, peer->parameters));
    return longest;
}

static double same(const Peer *peer) {
    float out[MAX_PARAMETERS];
    aggregate(peer, 0, out);
    return distance(out, 1.0, peer->direction, peer->parameters) / norm(peer->direction, peer->parameters);
}

static double same_up_to_scale(const Peer *peer) {
    float out[MAX_PARAMETERS];
    aggregate(peer, 0, out);
    double wanted = norm(peer->direction, peer->parameters);
    return distance(out, wanted / norm(out, peer->parameters), peer->direction, peer->parameters) / wanted;
}

/// torchjd's projection of an exactly parallel row is regularised, and a direction may be 0: relative to the gradients.
static double same_to_gradients(const Peer *peer) {
    float out[MAX_PARAMETERS];
    aggregate(peer, 0, out);
    return distance(out, 1.0, peer->direction, peer->parameters) / scale_of(peer);
}

static double not_longer(const Peer *peer) {
    float out[MAX_PARAMETERS];
    aggregate(peer, 0, out);
    return fmax(0.0, norm(out, peer->parameters) - norm(peer->direction, peer->parameters)) / scale_of(peer);
}

/// torchjd's sum is ours times the number of tasks for one of the orders; with up to three tasks 100 seeds see them all, more are
/// not compared.
static double same_in_some_order(const Peer *peer) {
    double best = HUGE_VAL;
    if (peer->tasks > 3) return (double)NAN;
    for (uint64_t seed = 0; seed < 100; seed++) {
        float out[MAX_PARAMETERS];
        aggregate(peer, seed, out);
        best = fmin(best, distance(out, peer->tasks, peer->direction, peer->parameters));
    }
    return best / norm(peer->direction, peer->parameters);
}

/// @param error    of one matrix, relative; NaN: not compared
/// @param at_least  so many matrices must be compared: all those that are marked valid
static void compare(const char *name, double (*error)(const Peer *peer), int at_least) {
    int compared = 0;
    double worst = 0.0;
    for (int group = 0; group < NUM_GROUPS; group++) {
        const SdqnTensor *gradients = find(group, "gradients", ""), *directions = find(group, name, ""),
                         *valid = find(group, name, ".valid");
        assert_true(gradients->rank == 3 && gradients->shape[2] <= MAX_PARAMETERS);
        Peer peer = {.name = name, .tasks = (int)gradients->shape[1], .parameters = (size_t)gradients->shape[2]};
        for (size_t i = 0; i < (size_t)gradients->shape[0]; i++) {
            if (valid->data[i] != 1.0F) continue;
            peer.gradients = gradients->data + i * (size_t)peer.tasks * peer.parameters;
            peer.direction = directions->data + i * peer.parameters;
            double found = error(&peer);
            if (isnan(found)) continue;
            if (!(found <= TOLERANCE)) fail_msg("%s: group %d, matrix %zu: relative error %g", name, group, i, found);
            worst = fmax(worst, found);
            compared++;
        }
    }
    if (compared < at_least) fail_msg("%s: only %d matrices compared", name, compared);
    print_message("%s: worst relative error %.2g on %d matrices\n", name, worst, compared);
}

static void linear_ones_equal_torchjd(void **state) {
    (void)state;
    compare("mean", same, 200);
    compare("sum", same, 200);
}

static void pcgrad_and_gradvac_equal_torchjd_in_some_order(void **state) {
    (void)state;
    compare("pcgrad", same_in_some_order, 150);
    compare("gradvac", same_in_some_order, 129);
}

static void mgda_is_not_longer_than_torchjd(void **state) {
    (void)state;
    compare("mgda", not_longer, 200);
}

static void cagrad_equals_torchjd(void **state) {
    (void)state;
    compare("cagrad", same, 173);
}

static void upgrad_equals_torchjd(void **state) {
    (void)state;
    compare("upgrad", same_to_gradients, 200);
}

static void balanced_ones_equal_torchjd(void **state) {
    (void)state;
    compare("imtl_g", same, 131);
    compare("aligned_mtl", same, 131);
    compare("nash_mtl", same_up_to_scale, 95);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_ones_equal_torchjd),       cmocka_unit_test(pcgrad_and_gradvac_equal_torchjd_in_some_order),
        cmocka_unit_test(mgda_is_not_longer_than_torchjd), cmocka_unit_test(cagrad_equals_torchjd),
        cmocka_unit_test(upgrad_equals_torchjd),           cmocka_unit_test(balanced_ones_equal_torchjd),
    };
    return cmocka_run_group_tests_name("aggregate_torchjd", tests, open_data, close_data);
}
