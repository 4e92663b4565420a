// network.c: networks have their sizes, look at the task, and their gradients are right.
#include "verify/verify.h"

#include "methods/method.h"
#include "nn/loss.h"
#include "nn/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 12, OBSERVATION = 8, ACTIONS = 4, TASKS = 3 };

/// A method's network for LunarLander's three tasks.
static SdqnQNetworkDef def_of(const char *method) {
    SdqnMethodDef def = {0};
    const SdqnMethod *found = sdqn_method_find(method);
    if (found) found->def_default(&def);
    def.network.observation_size = OBSERVATION;
    def.network.num_actions = ACTIONS;
    def.network.num_tasks = TASKS;
    return def.network;
}

// As in the papers and in docs/methods/README.md.
bool sdqn_check_parameter_counts(char *detail) {
    static const struct {
        const char *method;
        size_t count;
    } expected[] = {
        {"shared", 37788},    {"shared-wide", 107254},           {"brc", 459820}, {"brc-small", 296884}, {"brc-published", 512756},
        {"varshare", 250012}, {"varshare-deterministic", 142864}};
    const int methods = sizeof expected / sizeof *expected;
    for (int i = 0; i < methods; i++) {
        const SdqnQNetworkDef def = def_of(expected[i].method);
        const size_t count = sdqn_q_network_def_parameter_count(&def);
        if (count == expected[i].count) continue;
        snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%s: %zu, expected %zu", expected[i].method, count, expected[i].count);
        return false;
    }
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%d methods", methods);
    return true;
}

/// A network with drawn weights, its workspace, and rows of all tasks.
typedef struct Subject {
    SdqnQNetwork *network;
    SdqnQWorkspace *workspace;
    float observation[ROWS * OBSERVATION];
    int32_t task[ROWS];
} Subject;

static void clear(Subject *subject) {
    sdqn_q_network_destroy(subject->network);
    sdqn_q_workspace_destroy(subject->workspace);
}

static bool create(const SdqnQNetworkDef *def, Subject *subject, char *detail) {
    SdqnError error = {0};
    SdqnRng rng;
    *subject = (Subject){0};
    SdqnStatus status = sdqn_q_network_create(def, sdqn_kernels(sdqn_cpu_level_best()), &subject->network, &error);
    if (status == SDQN_OK) status = sdqn_q_workspace_create(def, ROWS, true, &subject->workspace, &error);
    if (status != SDQN_OK) {
        snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%.150s", error.message);
        clear(subject);
        return false;
    }
    sdqn_rng_seed(&rng, 1);
    sdqn_q_network_init(subject->network, &rng);
    for (int i = 0; i < ROWS * OBSERVATION; i++) subject->observation[i] = (float)sdqn_rng_normal(&rng);
    for (int b = 0; b < ROWS; b++) subject->task[b] = b % TASKS;
    return true;
}

bool sdqn_check_output_shapes(char *detail) {
    static const char *const methods[] = {"shared", "brc-small", "brc-published", "varshare"};
    const int count = sizeof methods / sizeof *methods;
    for (int i = 0; i < count; i++) {
        const SdqnQNetworkDef def = def_of(methods[i]);
        float q[ROWS * ACTIONS];
        Subject subject;
        bool finite = true;
        if (!create(&def, &subject, detail)) return false;
        for (int k = 0; k < ROWS * ACTIONS; k++) q[k] = NAN;
        sdqn_q_network_q_values(subject.network, subject.workspace, subject.observation, subject.task, ROWS, q);
        for (int k = 0; k < ROWS * ACTIONS; k++) finite = finite && isfinite(q[k]);
        clear(&subject);
        if (finite) continue;
        snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%s: a Q-value of [%d, %d] is not finite, or was not written", methods[i], ROWS, ACTIONS);
        return false;
    }
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%d networks, [%d, %d] values", count, ROWS, ACTIONS);
    return true;
}

/// Largest difference between the Q-values of the same observation for two tasks.
static double task_effect(Subject *subject) {
    float q[2 * ACTIONS], rows[2 * OBSERVATION];
    const int32_t tasks[2] = {0, 1};
    double largest = 0.0;
    memcpy(rows, subject->observation, sizeof rows / 2);
    memcpy(rows + OBSERVATION, subject->observation, sizeof rows / 2);
    sdqn_q_network_q_values(subject->network, subject->workspace, rows, tasks, 2, q);
    for (int a = 0; a < ACTIONS; a++) {
        const double difference = fabs((double)q[a] - (double)q[ACTIONS + a]);
        if (difference > largest) largest = difference;
    }
    return largest;
}

bool sdqn_check_task_conditioning(char *detail) {
    static const char *const names[] = {"embedding", "onehot", "id", "blind"};
    static const SdqnConditioning conditionings[] = {SDQN_CONDITIONING_EMBEDDING, SDQN_CONDITIONING_ONEHOT, SDQN_CONDITIONING_ID,
                                                     SDQN_CONDITIONING_BLIND};
    for (int i = 0; i < 4; i++) {
        SdqnQNetworkDef def = def_of("shared");
        Subject subject;
        def.conditioning = conditionings[i];
        if (!create(&def, &subject, detail)) return false;
        const double effect = task_effect(&subject);
        clear(&subject);
        if (conditionings[i] == SDQN_CONDITIONING_BLIND ? effect == 0.0 : effect > 1e-4) continue;
        snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "conditioning %s: the task changes a Q-value by %g", names[i], effect);
        return false;
    }
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "embedding, onehot, id, blind");
    return true;
}

/// Mean squared error to fixed targets. @param gradient  written, or NULL
static double loss_of(Subject *subject, float *gradient) {
    float q[ROWS * ACTIONS], dq[ROWS * ACTIONS], y[ROWS];
    uint8_t action[ROWS];
    for (int b = 0; b < ROWS; b++) {
        action[b] = (uint8_t)(b % ACTIONS);
        y[b] = (float)(b % 5) - 2.0f;
    }
    sdqn_q_network_forward(subject->network, subject->workspace, subject->observation, subject->task, ROWS, q);
    sdqn_mse_loss(q, action, y, ROWS, ACTIONS, dq);
    if (gradient) sdqn_q_network_backward(subject->network, subject->workspace, subject->task, dq, ROWS, gradient);
    double sum = 0.0;
    for (int b = 0; b < ROWS; b++) {
        const double error = (double)q[b * ACTIONS + action[b]] - (double)y[b];
        sum += error * error / ROWS;
    }
    return sum;
}

/// Largest relative error of the derivative along random directions. The loss is float32 inside, so the step is wide.
static double gradient_error(Subject *subject, float *memory, size_t count) {
    enum { DIRECTIONS = 10 };
    const double width = 2e-3;
    float *gradient = memory, *start = memory + count, *direction = memory + 2 * count;
    float *parameters = sdqn_q_network_parameters_mutable(subject->network);
    double worst = 0.0, length = 0.0;
    SdqnRng rng;
    sdqn_rng_seed(&rng, 2);
    loss_of(subject, gradient);
    memcpy(start, parameters, count * sizeof *start);
    for (size_t k = 0; k < count; k++) length += (double)gradient[k] * (double)gradient[k];
    for (int d = 0; d < DIRECTIONS; d++) {
        double slope = 0.0, losses[2];
        for (size_t k = 0; k < count; k++) {
            // Along the gradient, and noise as large: a direction in which the loss changes.
            direction[k] = (float)((double)gradient[k] / sqrt(length) + sdqn_rng_normal(&rng) / sqrt((double)count));
            slope += (double)gradient[k] * (double)direction[k];
        }
        for (int side = 0; side < 2; side++) {
            const float step = (float)(side == 0 ? width : -width);
            for (size_t k = 0; k < count; k++) parameters[k] = start[k] + step * direction[k];
            sdqn_q_network_refresh(subject->network);
            losses[side] = loss_of(subject, NULL);
        }
        const double error = fabs((losses[0] - losses[1]) / (2.0 * width) - slope) / fabs(slope);
        if (error > worst) worst = error;
    }
    return worst;
}

bool sdqn_check_gradients(char *detail) {
    static const char *const names[] = {"mlp", "bronet", "bronet-published"};
    double worst = 0.0;
    for (int i = 0; i < 3; i++) {
        SdqnQNetworkDef def = def_of("shared");
        Subject subject;
        def.architecture = (SdqnArchitecture)i;
        def.hidden1_size = 32;
        def.hidden2_size = 16;
        def.num_blocks = 2;
        if (!create(&def, &subject, detail)) return false;
        const size_t count = sdqn_q_network_parameter_count(subject.network);
        float *memory = calloc(3 * count, sizeof *memory);
        const double error = memory ? gradient_error(&subject, memory, count) : (double)INFINITY;
        free(memory);
        clear(&subject);
        if (!(error < 0.02)) {
            snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "%s: off by %g of the derivative", names[i], error);
            return false;
        }
        worst = error > worst ? error : worst;
    }
    snprintf(detail, SDQN_VERIFY_DETAIL_SIZE, "3 architectures, off by at most %.2g", worst);
    return true;
}
