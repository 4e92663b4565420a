#include "methods/famo.h"

#include "core/dmath.h"
#include "methods/learner_method.h"
#include "methods/method_table.h"
#include "nn/adam.h"

#include <math.h>

void sdqn_famo_begin(SdqnFamo *state) { *state = (SdqnFamo){.beta1_power = 1.0, .beta2_power = 1.0}; }

/// z = softmax(xi). @param z [tasks] written
static void probabilities(const SdqnFamo *state, int tasks, double *z) {
    double largest = state->logits[0], sum = 0.0;
    for (int i = 1; i < tasks; i++) largest = state->logits[i] > largest ? state->logits[i] : largest;
    for (int i = 0; i < tasks; i++) {
        z[i] = sdqn_exp(state->logits[i] - largest);
        sum += z[i];
    }
    for (int i = 0; i < tasks; i++) z[i] /= sum;
}

void sdqn_famo_weights(SdqnFamo *state, const float *losses, int tasks, double *weights) {
    double sum = 0.0;
    probabilities(state, tasks, weights);
    for (int i = 0; i < tasks; i++) {
        state->losses[i] = (double)losses[i];
        weights[i] /= state->losses[i] + SDQN_FAMO_SMALLEST_LOSS;
        sum += weights[i];
    }
    for (int i = 0; i < tasks; i++) weights[i] /= sum;
}

void sdqn_famo_step(SdqnFamo *state, const float *losses, int tasks) {
    double z[SDQN_AGGREGATE_MAX_TASKS], fall[SDQN_AGGREGATE_MAX_TASKS], mean = 0.0;
    probabilities(state, tasks, z);
    for (int i = 0; i < tasks; i++) {
        fall[i] = sdqn_log(state->losses[i] + SDQN_FAMO_SMALLEST_LOSS) - sdqn_log((double)losses[i] + SDQN_FAMO_SMALLEST_LOSS);
        mean += z[i] * fall[i];
    }
    state->beta1_power *= SDQN_ADAM_BETA1;
    state->beta2_power *= SDQN_ADAM_BETA2;
    for (int i = 0; i < tasks; i++) {
        const double derivative = z[i] * (fall[i] - mean) + SDQN_FAMO_DECAY * state->logits[i];
        state->m[i] += (1.0 - SDQN_ADAM_BETA1) * (derivative - state->m[i]);
        state->v[i] = SDQN_ADAM_BETA2 * state->v[i] + (1.0 - SDQN_ADAM_BETA2) * derivative * derivative;
        const double root = sqrt(state->v[i] / (1.0 - state->beta2_power));
        state->logits[i] -= SDQN_FAMO_LEARNING_RATE * (state->m[i] / (1.0 - state->beta1_power)) / (root + SDQN_ADAM_EPSILON);
    }
}

// ---- the method -----------------------------------------------------------------------------------------------------------------

_Static_assert(sizeof(SdqnFamo) == sizeof(double) * (4 * SDQN_AGGREGATE_MAX_TASKS + 2), "no padding");

static void begin(void *state, const SdqnRng *rng) {
    (void)rng;
    sdqn_famo_begin(state);
}

static SdqnStatus combine(const void *object, void *state, const SdqnTaskGradients *in, float *direction, SdqnError *error) {
    (void)object;
    double weights[SDQN_AGGREGATE_MAX_TASKS];
    sdqn_famo_weights(state, in->losses, in->tasks, weights);
    return sdqn_combine_gradients("famo", in, weights, direction, error);
}

static void after_step(void *state, const float *losses, int tasks) { sdqn_famo_step(state, losses, tasks); }

static bool is_power(double power) { return power >= 0.0 && power <= 1.0; }

static bool state_is_sound(const void *object) {
    const SdqnFamo *state = object;
    bool sound = is_power(state->beta1_power) && is_power(state->beta2_power);
    for (int i = 0; i < SDQN_AGGREGATE_MAX_TASKS; i++) {
        sound = sound && fabs(state->logits[i]) <= 1e6 && isfinite(state->m[i]) && state->v[i] >= 0.0 && isfinite(state->v[i]) &&
                state->losses[i] >= 0.0 && isfinite(state->losses[i]);
    }
    return sound;
}

static SdqnStatus create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    const SdqnCombiner combiner = {
        .name = "famo",
        .state_size = sizeof(SdqnFamo),
        .begin = begin,
        .combine = combine,
        .after_step = after_step,
        .state_is_sound = state_is_sound,
    };
    return sdqn_learner_method_create(def, &combiner, self, error);
}

const SdqnMethod sdqn_method_famo = {
    .name = "famo",
    .help = "task weights that make all losses fall at one rate (Liu et al. 2023)",
    .uses = SDQN_METHOD_TASK_BUFFERS,
    .def_default = sdqn_task_buffers_def_default,
    .create = create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};
