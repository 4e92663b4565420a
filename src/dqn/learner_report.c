// learner_report.c: what the tasks' gradients of an update look like.
#include "dqn/learner_parts.h"

#include <math.h>
#include <string.h>

#define KEPT_MEAN 1e-2 ///< a residual whose mean is smaller counts as given up

bool sdqn_learner_report_is_due(const SdqnLearner *learner) {
    return learner->report && (learner->updates + 1) % (uint64_t)learner->def.gradient_period == 0;
}

static int rows_of_task(const int32_t *tasks, int rows, int task) {
    int count = 0;
    for (int b = 0; b < rows; b++) count += tasks[b] == task;
    return count;
}

/// The gradient of each task's rows in a batch: a backward pass for each, in which only its rows have a derivative.
/// @param tasks [rows of the batch] which task each row is counted to; the network is told the batch's own
static void split_batch(SdqnLearner *learner, const int32_t *tasks) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const SdqnBatch *batch = &learner->batch;
    const size_t row = (size_t)def->num_actions * (size_t)sdqn_q_network_def_action_outputs(def), parameters = learner->adam.count;
    for (int t = 0; t < def->num_tasks; t++) {
        const int own = rows_of_task(tasks, batch->max_rows, t);
        float *gradient = learner->task_gradients + (size_t)t * parameters;
        if (own == 0) {
            memset(gradient, 0, parameters * sizeof(float));
            continue;
        }
        // A replay buffer's loss is a mean over all of its rows; the task's is one over its own.
        const float factor = (float)learner->def.batch_size / (float)own;
        for (size_t b = 0; b < (size_t)batch->max_rows; b++) {
            const float chosen = tasks[b] == t ? factor : 0.0f;
            for (size_t j = 0; j < row; j++) learner->task_d_outputs[b * row + j] = chosen * learner->d_outputs[b * row + j];
        }
        sdqn_q_network_backward(learner->network, learner->training, batch->task, learner->task_d_outputs, batch->max_rows, gradient);
    }
}

/// Deal the rows of the batch to the tasks at random. The permutation follows from the number of the update alone: a stream would be one
/// more thing that a full state has to keep, for a control that changes nothing.
static void shuffle_tasks(SdqnLearner *learner) {
    int32_t *tasks = learner->shuffled_tasks;
    SdqnRng rng;
    sdqn_rng_seed(&rng, learner->updates);
    for (int b = 0; b < learner->batch.max_rows; b++) tasks[b] = learner->batch.task[b];
    for (int b = learner->batch.max_rows - 1; b > 0; b--) {
        const int64_t other = sdqn_rng_integers(&rng, 0, b + 1);
        const int32_t task = tasks[b];
        tasks[b] = tasks[other];
        tasks[other] = task;
    }
}

void sdqn_learner_report(SdqnLearner *learner, float cut) {
    SdqnGradientReport *report = learner->report;
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const bool has_residuals = def->residuals != SDQN_RESIDUALS_NONE, has_kl = def->residuals == SDQN_RESIDUALS_GAUSSIAN;
    report->update = learner->updates + 1;
    report->cut = def->num_atoms > 0 ? (double)cut : (double)NAN;
    for (int t = 0; t < report->tasks; t++) {
        report->weights[t] = learner->by_task
                                 ? learner->weights[t]
                                 : (double)rows_of_task(learner->batch.task, learner->batch.max_rows, t) / learner->batch.max_rows;
        report->errors[t] = (double)learner->task_errors[t];
        report->kl[t] = has_kl ? sdqn_q_network_kl(learner->network, t) : (double)NAN;
        report->kept[t] = has_residuals ? sdqn_q_network_kept_share(learner->network, KEPT_MEAN, t) : (double)NAN;
    }
    report->has_shuffled = learner->task_gradients != NULL;
    if (!learner->task_gradients || learner->by_task) {
        sdqn_gradient_report_take(report, learner->kernels, learner->gradients, learner->adam.count, false);
    } else {
        split_batch(learner, learner->batch.task);
        sdqn_gradient_report_take(report, learner->kernels, learner->task_gradients, learner->adam.count, false);
    }
    if (!learner->task_gradients) return;
    shuffle_tasks(learner);
    split_batch(learner, learner->shuffled_tasks);
    sdqn_gradient_report_take(report, learner->kernels, learner->task_gradients, learner->adam.count, true);
}
