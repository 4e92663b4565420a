// learner_targets.c: the TD targets of a batch, computed or remembered.
#include "dqn/learner_parts.h"

#include "dqn/td_target.h"
#include "nn/categorical.h"

#include <string.h>

/// TD targets of the first n rows of `rows` into y, with their discounts.
static void compute(SdqnLearner *learner, const SdqnBatch *rows, int n) {
    const int num_actions = sdqn_q_network_def(learner->network)->num_actions;
    sdqn_q_network_forward(learner->target, learner->training, rows->next_observation, rows->task, n, learner->outputs);
    if (learner->def.double_dqn) {
        sdqn_q_network_forward(learner->network, learner->training, rows->next_observation, rows->task, n, learner->next_outputs);
        sdqn_td_target_double(learner->next_outputs, learner->outputs, rows->reward, rows->terminated, learner->discount, n, num_actions,
                              learner->y);
    } else {
        sdqn_td_target(learner->outputs, rows->reward, rows->terminated, learner->discount, n, num_actions, learner->y);
    }
}

/// The action of the largest Q-value; a NaN wins, so that it reaches the loss.
static int best_action(const float *q, int num_actions) {
    int best = 0;
    for (int a = 1; a < num_actions; a++) {
        if (q[a] > q[best] || q[a] != q[a]) best = a;
    }
    return best;
}

/// The distribution of reward + discount * Z(s', a) for each row of the batch, a the best action by the expected values of the Q-network
/// (double DQN) or of the target network. @return the share of probability cut to the support
static float compute_distributions(SdqnLearner *learner) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const SdqnBatch *batch = &learner->batch;
    const SdqnSupport support = {def->num_atoms, sdqn_q_network_support(learner->network)};
    const size_t atoms = (size_t)def->num_atoms, actions = (size_t)def->num_actions;
    const int n = batch->max_rows;
    float next[SDQN_MAX_ATOMS], cut = 0.0f;
    sdqn_q_network_forward(learner->target, learner->training, batch->next_observation, batch->task, n, learner->outputs);
    const float *choosing = learner->outputs;
    if (learner->def.double_dqn) {
        sdqn_q_network_forward(learner->network, learner->training, batch->next_observation, batch->task, n, learner->next_outputs);
        choosing = learner->next_outputs;
    }
    sdqn_categorical_mean(learner->kernels, &support, choosing, n * def->num_actions, learner->next_q);
    for (size_t b = 0; b < (size_t)n; b++) {
        const size_t action = (size_t)best_action(learner->next_q + b * actions, def->num_actions);
        sdqn_softmax(learner->kernels, learner->outputs + (b * actions + action) * atoms, def->num_atoms, next);
        cut += sdqn_categorical_project(&support, learner->def.projection, next, batch->reward[b],
                                        batch->terminated[b] ? 0.0f : learner->discount[b], learner->distributions + b * atoms);
    }
    return cut / (float)n;
}

/// Those that are known are taken, the others computed and remembered. Rows are independent of each other, so that the others go together.
static void compute_unknown(SdqnLearner *learner) {
    const size_t observation_size = (size_t)sdqn_q_network_def(learner->network)->observation_size;
    const SdqnBatch *batch = &learner->batch, *unknown = &learner->unknown;
    const int rows_each = learner->def.batch_size, n = learner->num_buffers * rows_each;
    int count = 0;
    for (int b = 0; b < n; b++) {
        if (sdqn_target_memory_knows(&learner->targets[b / rows_each], batch->row[b])) continue;
        memcpy(unknown->next_observation + (size_t)count * observation_size, batch->next_observation + (size_t)b * observation_size,
               observation_size * sizeof(float));
        unknown->reward[count] = batch->reward[b];
        unknown->task[count] = batch->task[b];
        unknown->terminated[count] = batch->terminated[b];
        learner->discount[count] = learner->discounts[batch->extra_steps[b]];
        unknown->row[count++] = b;
    }
    if (count > 0) {
        compute(learner, unknown, count);
        for (int i = 0; i < count; i++) {
            const int b = unknown->row[i];
            sdqn_target_memory_put(&learner->targets[b / rows_each], batch->row[b], learner->y[i]);
        }
    }
    for (int b = 0; b < n; b++) learner->y[b] = sdqn_target_memory_get(&learner->targets[b / rows_each], batch->row[b]);
}

float sdqn_learner_td_targets(SdqnLearner *learner) {
    const SdqnBatch *batch = &learner->batch;
    if (learner->remembers) {
        compute_unknown(learner);
        return 0.0f;
    }
    for (int b = 0; b < batch->max_rows; b++) learner->discount[b] = learner->discounts[batch->extra_steps[b]];
    if (learner->distributions) return compute_distributions(learner);
    compute(learner, batch, batch->max_rows);
    return 0.0f;
}

void sdqn_learner_forget_targets(SdqnLearner *learner) {
    for (int i = 0; i < learner->num_buffers && learner->remembers; i++) sdqn_target_memory_forget_all(&learner->targets[i]);
}
