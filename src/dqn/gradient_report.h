// gradient_report.h: how the tasks' gradients of one update lie to each other, over the whole network and layer by layer.
#ifndef SDQN_DQN_GRADIENT_REPORT_H
#define SDQN_DQN_GRADIENT_REPORT_H

#include "core/error.h"
#include "nn/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDQN_LAYER_NAME_SIZE 48

/// A run of the parameters that all tasks share: weight and bias of a layer, the two of a norm, the embeddings.
typedef struct SdqnReportLayer {
    char name[SDQN_LAYER_NAME_SIZE];
    size_t first, count;
    double *gram;     ///< [tasks, tasks] inner products of the tasks' gradients on it
    double *shuffled; ///< [tasks, tasks] the same of the control
} SdqnReportLayer;

/// What was seen at one update. Gradients are of the TD loss alone: without clipping, divergence and weight decay. A task that the batch
/// had no row of has a gradient of 0. The control is the same with the rows dealt to the tasks at random, as many to each as it has: what
/// cosines are when tasks do not matter. The networks are still told each row's true task.
typedef struct SdqnGradientReport {
    uint64_t update; ///< the first is 1
    int tasks;
    int num_layers;
    SdqnReportLayer *layers;
    double *gram;                                    ///< [tasks, tasks] over all layers
    double *shuffled;                                ///< [tasks, tasks] the same of the control
    bool has_shuffled;                               ///< whether there is a control: of a learner with several tasks
    double weights[SDQN_MAX_TASKS];                  ///< factor of each task's gradient in the step; NaN if the method has none
    double errors[SDQN_MAX_TASKS];                   ///< mean |TD error| of its rows, with atoms cross-entropy; NaN without any
    double cut;                                      ///< share of the targets' probability that lay outside the support; NaN without atoms
    double kl[SDQN_MAX_TASKS], kept[SDQN_MAX_TASKS]; ///< of its residuals: divergence, and share of means of at least 0.01; NaN without
} SdqnGradientReport;

/// Make an empty report. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_gradient_report_create(const SdqnQNetwork *network, int tasks, SdqnGradientReport **report, SdqnError *error);
/// NULL is allowed.
void sdqn_gradient_report_destroy(SdqnGradientReport *report);

/// Fill in the inner products. @param gradients [tasks, parameters] row-major @param shuffled  those of the control
void sdqn_gradient_report_take(SdqnGradientReport *report, const SdqnKernels *kernels, const float *gradients, size_t parameters,
                               bool shuffled);

/// Cosine of two tasks' gradients in a matrix of inner products; NaN if one is 0.
double sdqn_gradient_cosine(const double *gram, int tasks, int a, int b);
/// Share of the pairs with a cosine whose cosine is negative; NaN without such pairs.
double sdqn_gradient_conflict(const double *gram, int tasks);

#endif
