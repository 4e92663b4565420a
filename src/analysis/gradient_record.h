// gradient_record.h: gradients.jsonl: how the tasks' gradients lay to each other, report by report, and what follows from it.
#ifndef SDQN_ANALYSIS_GRADIENT_RECORD_H
#define SDQN_ANALYSIS_GRADIENT_RECORD_H

#include "analysis/run_record.h"

#define SDQN_GRADIENT_MAX_LAYERS 64
#define SDQN_GRADIENT_LAYER_SIZE 64

/// Cosines and lengths of one kind: as they were, or of the control with the batch's rows dealt to the tasks at random.
typedef struct SdqnCosines {
    double *norms;         ///< [reports, tasks]
    double *cosines;       ///< [reports, pairs]; NaN where a gradient is 0 or the report has none
    double *layer_cosines; ///< [reports, layers, pairs] likewise
} SdqnCosines;

/// Reports of a run. Pairs are (0, 1), (0, 2), (1, 2), (0, 3), ... Owns its arrays.
typedef struct SdqnGradientRecord {
    int count; ///< reports
    int tasks; ///< of each report: those of the run, or 1 if each task has a network of its own
    int pairs; ///< of tasks; 0 with one
    int num_layers;
    char layers[SDQN_GRADIENT_MAX_LAYERS][SDQN_GRADIENT_LAYER_SIZE];
    int64_t *updates, *episodes; ///< [count]
    double *weights;             ///< [count, tasks] of the gradients in the step; NaN: the step was no weighted sum
    double *cuts;                ///< [count] share of target probability outside the support; NaN without atoms
    bool has_control;            ///< whether any report has one
    SdqnCosines seen, control;
} SdqnGradientRecord;

/// Read the log of a run. No log, or an empty one, is a record of 0 reports. @param notes  of the run; what is left out is added
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_gradient_record_read(SdqnRunRecord *run, SdqnGradientRecord **record, SdqnError *error);
/// NULL is allowed.
void sdqn_gradient_record_destroy(SdqnGradientRecord *record);

/// The tasks of a pair, a < b.
void sdqn_gradient_pair(int pair, int *a, int *b);

/// Whether a report holds the weights of the gradients in its step.
bool sdqn_gradient_weights_are_known(const SdqnGradientRecord *record, int report);

/// What the step of a reported update did to a task, to first order: the cosine of the task's gradient g_i with the step's direction
/// d = sum over j of w_j g_j, from lengths and cosines: d . g_i = sum_j w_j |g_i| |g_j| cos_ij. Where the w_j are not known (a step that
/// was no weighted sum) they are all 1. Negative: the step raises the task's TD loss on this batch.
/// @return NaN if g_i or d is 0
double sdqn_gradient_step_cosine(const SdqnGradientRecord *record, const SdqnCosines *cosines, int report, int task);

/// Share of the reports in which the step lowers the task's loss to first order: the cosine above is not negative. @param count  receives
/// how many reports have one; may be NULL @return NaN without any
double sdqn_gradient_robustness(const SdqnGradientRecord *record, const SdqnCosines *cosines, int task, int *count);

#endif
