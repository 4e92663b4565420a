#include "methods/gradnorm.h"

#include "core/dmath.h"
#include "methods/learner_method.h"
#include "methods/method_table.h"
#include "nn/adam.h"

#include <math.h>

void sdqn_gradnorm_begin(SdqnGradNorm *state) {
    *state = (SdqnGradNorm){.beta1_power = 1.0, .beta2_power = 1.0};
    for (int i = 0; i < SDQN_AGGREGATE_MAX_TASKS; i++) state->weights[i] = 1.0;
}

/// r_i^alpha: how much longer than the mean each gradient should be. @param targets [tasks] written
static void relative_rates(const SdqnGradNorm *state, const float *losses, int tasks, double *targets) {
    double sum = 0.0;
    for (int i = 0; i < tasks; i++) {
        targets[i] = state->initial_losses[i] > 0.0 ? (double)losses[i] / state->initial_losses[i] : 1.0;
        sum += targets[i];
    }
    for (int i = 0; i < tasks; i++) {
        const double rate = sum > 0.0 ? targets[i] * tasks / sum : 1.0;
        targets[i] = rate > 0.0 ? sdqn_exp(SDQN_GRADNORM_ALPHA * sdqn_log(rate)) : 0.0;
    }
}

/// One step of Adam on log w_i along its derivative.
static void step_weight(SdqnGradNorm *state, int i, double derivative) {
    state->m[i] += (1.0 - SDQN_ADAM_BETA1) * (derivative - state->m[i]);
    state->v[i] = SDQN_ADAM_BETA2 * state->v[i] + (1.0 - SDQN_ADAM_BETA2) * derivative * derivative;
    const double root = sqrt(state->v[i] / (1.0 - state->beta2_power));
    const double step = state->m[i] / (1.0 - state->beta1_power) / (root + SDQN_ADAM_EPSILON);
    const double weight = state->weights[i] * sdqn_exp(-SDQN_GRADNORM_LEARNING_RATE * step);
    state->weights[i] = weight > SDQN_GRADNORM_LEAST_WEIGHT ? weight : SDQN_GRADNORM_LEAST_WEIGHT;
}

void sdqn_gradnorm_step(SdqnGradNorm *state, const double *norms, const float *losses, int tasks) {
    if (state->updates++ < SDQN_GRADNORM_INITIAL_UPDATES) {
        for (int i = 0; i < tasks; i++) state->initial_losses[i] += (double)losses[i] / SDQN_GRADNORM_INITIAL_UPDATES;
        return;
    }
    double targets[SDQN_AGGREGATE_MAX_TASKS], mean = 0.0, sum = 0.0;
    relative_rates(state, losses, tasks, targets);
    for (int i = 0; i < tasks; i++) mean += state->weights[i] * norms[i] / tasks;
    state->beta1_power *= SDQN_ADAM_BETA1;
    state->beta2_power *= SDQN_ADAM_BETA2;
    for (int i = 0; i < tasks; i++) {
        const double norm = state->weights[i] * norms[i], target = mean * targets[i];
        step_weight(state, i, norm > target ? norm : norm < target ? -norm : 0.0);
        sum += state->weights[i];
    }
    for (int i = 0; i < tasks; i++) state->weights[i] *= tasks / sum;
}

// ---- the method -----------------------------------------------------------------------------------------------------------------

_Static_assert(sizeof(SdqnGradNorm) == sizeof(double) * (4 * SDQN_AGGREGATE_MAX_TASKS + 3), "no padding");

static void begin(void *state, const SdqnRng *rng) {
    (void)rng;
    sdqn_gradnorm_begin(state);
}

/// d = (1/T) sum w_i g_i with the weights so far, so that with all weights 1 it is the mean; then the weights learn from this update.
static SdqnStatus combine(const void *object, void *state, const SdqnTaskGradients *in, float *direction, SdqnError *error) {
    (void)object;
    SdqnGradNorm *gradnorm = state;
    double weights[SDQN_AGGREGATE_MAX_TASKS], norms[SDQN_AGGREGATE_MAX_TASKS];
    for (int t = 0; t < in->tasks; t++) {
        double square;
        in->kernels->gram(in->gradients + (size_t)t * in->parameters + in->shared_first, 1, in->shared_count, in->shared_count, &square);
        if (!isfinite(square)) {
            return sdqn_error_set(error, SDQN_ERR_NUMERIC, "the gradient of task %d is not finite: training has diverged", t);
        }
        norms[t] = sqrt(square);
        weights[t] = gradnorm->weights[t] / in->tasks;
    }
    const SdqnStatus status = sdqn_combine_gradients("gradnorm", in, weights, direction, error);
    if (status == SDQN_OK) sdqn_gradnorm_step(gradnorm, norms, in->losses, in->tasks);
    return status;
}

static bool is_power(double power) { return power >= 0.0 && power <= 1.0; }

static bool state_is_sound(const void *object) {
    const SdqnGradNorm *state = object;
    bool sound = is_power(state->beta1_power) && is_power(state->beta2_power);
    for (int i = 0; i < SDQN_AGGREGATE_MAX_TASKS; i++) {
        sound = sound && state->weights[i] > 0.0 && state->weights[i] <= SDQN_AGGREGATE_MAX_TASKS && isfinite(state->m[i]) &&
                state->v[i] >= 0.0 && isfinite(state->v[i]) && state->initial_losses[i] >= 0.0 && isfinite(state->initial_losses[i]);
    }
    return sound;
}

static SdqnStatus create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    const SdqnCombiner combiner = {
        .name = "gradnorm",
        .state_size = sizeof(SdqnGradNorm),
        .begin = begin,
        .combine = combine,
        .state_is_sound = state_is_sound,
    };
    return sdqn_learner_method_create(def, &combiner, self, error);
}

const SdqnMethod sdqn_method_gradnorm = {
    .name = "gradnorm",
    .help = "task weights that keep gradients equally long, longer for slow tasks (Chen et al. 2018)",
    .uses = SDQN_METHOD_TASK_BUFFERS,
    .def_default = sdqn_task_buffers_def_default,
    .create = create,
    SDQN_LEARNER_METHOD_FUNCTIONS,
};
