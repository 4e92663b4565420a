// learner_report.c: what the tasks' gradients of an update look like.
#include "dqn/learner_parts.h"

#include <math.h>
#include <string.h>

#define KEPT_MEAN 1e-2 ///< a residual whose mean is smaller counts as given up

bool sdqn_learner_report_is_due(const SdqnLearner *learner) {
    return learner->report && (learner->updates + 1) % (uint64_t)learner->def.gradient_period == 0;
}

static int rows_of_task(const SdqnBatch *batch, int task) {
    int count = 0;
    for (int b = 0; b < batch->max_rows; b++) count += batch->task[b] == task;
    return count;
}

/// The gradient of each task's rows in a mixed batch: a backward pass for each, in which only its rows have a derivative.
static void split_batch(SdqnLearner *learner) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const SdqnBatch *batch = &learner->batch;
    const size_t row = (size_t)def->num_actions * (size_t)sdqn_q_network_def_action_outputs(def), parameters = learner->adam.count;
    for (int t = 0; t < def->num_tasks; t++) {
        const int own = rows_of_task(batch, t);
        float *gradient = learner->task_gradients + (size_t)t * parameters;
        learner->report->weights[t] = (double)own / batch->max_rows;
        if (own == 0) {
            memset(gradient, 0, parameters * sizeof(float));
            continue;
        }
        // The batch's loss is a mean over all rows; the task's is one over its own.
        const float factor = (float)batch->max_rows / (float)own;
        for (size_t b = 0; b < (size_t)batch->max_rows; b++) {
            const float chosen = batch->task[b] == t ? factor : 0.0f;
            for (size_t j = 0; j < row; j++) learner->task_d_outputs[b * row + j] = chosen * learner->d_outputs[b * row + j];
        }
        sdqn_q_network_backward(learner->network, learner->training, batch->task, learner->task_d_outputs, batch->max_rows, gradient);
    }
}

void sdqn_learner_report(SdqnLearner *learner, float cut) {
    SdqnGradientReport *report = learner->report;
    const SdqnQNetworkDef *def = sdqn_q_network_def(learner->network);
    const bool has_residuals = def->residuals != SDQN_RESIDUALS_NONE, has_kl = def->residuals == SDQN_RESIDUALS_GAUSSIAN;
    report->update = learner->updates + 1;
    report->cut = def->num_atoms > 0 ? (double)cut : (double)NAN;
    for (int t = 0; t < report->tasks; t++) {
        report->weights[t] = learner->by_task ? learner->weights[t] : 1.0;
        report->errors[t] = (double)learner->task_errors[t];
        report->kl[t] = has_kl ? sdqn_q_network_kl(learner->network, t) : (double)NAN;
        report->kept[t] = has_residuals ? sdqn_q_network_kept_share(learner->network, KEPT_MEAN, t) : (double)NAN;
    }
    if (learner->task_gradients) split_batch(learner);
    sdqn_gradient_report_take(report, learner->task_gradients ? learner->task_gradients : learner->gradients, learner->adam.count);
}
