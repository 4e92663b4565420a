#include "dqn/gradient_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *name, const char *end) {
    const size_t length = strlen(name), wanted = strlen(end);
    return length >= wanted && strcmp(name + length - wanted, end) == 0;
}

/// Residuals belong to one task each, and the support is none of the parameters.
static bool is_shared(const SdqnTensor *tensor) {
    return !ends_with(tensor->name, "_mean") && !ends_with(tensor->name, "_rho") && strcmp(tensor->name, "log_prior_scale") != 0 &&
           strcmp(tensor->name, "support") != 0;
}

/// Join tensors that follow each other under one name before the last dot.
static void find_layers(const SdqnQNetwork *network, SdqnGradientReport *report) {
    SdqnTensor tensors[SDQN_Q_NETWORK_MAX_TENSORS];
    const int count = sdqn_q_network_tensors(network, tensors);
    for (int i = 0; i < count; i++) {
        if (!is_shared(&tensors[i])) continue;
        const char *dot = strrchr(tensors[i].name, '.');
        const int length = dot ? (int)(dot - tensors[i].name) : (int)strlen(tensors[i].name);
        char name[SDQN_LAYER_NAME_SIZE];
        snprintf(name, sizeof name, "%.*s", length, tensors[i].name);
        SdqnReportLayer *last = report->num_layers > 0 ? &report->layers[report->num_layers - 1] : NULL;
        if (last && strcmp(last->name, name) == 0) {
            last->count += sdqn_tensor_count(&tensors[i]);
            continue;
        }
        SdqnReportLayer *layer = &report->layers[report->num_layers++];
        memcpy(layer->name, name, sizeof name);
        layer->first = (size_t)(tensors[i].data - sdqn_q_network_parameters(network));
        layer->count = sdqn_tensor_count(&tensors[i]);
    }
}

SdqnStatus sdqn_gradient_report_create(const SdqnQNetwork *network, int tasks, SdqnGradientReport **report, SdqnError *error) {
    const size_t squares = (size_t)tasks * (size_t)tasks;
    SdqnGradientReport *made = calloc(1, sizeof *made);
    bool whole = made != NULL;
    if (whole) {
        made->tasks = tasks;
        made->gram = calloc(squares, sizeof(double));
        made->shuffled = calloc(squares, sizeof(double));
        made->layers = calloc(SDQN_Q_NETWORK_MAX_TENSORS, sizeof *made->layers);
        whole = made->gram && made->shuffled && made->layers;
    }
    if (whole) find_layers(network, made);
    for (int i = 0; whole && i < made->num_layers; i++) {
        made->layers[i].gram = calloc(squares, sizeof(double));
        made->layers[i].shuffled = calloc(squares, sizeof(double));
        whole = made->layers[i].gram && made->layers[i].shuffled;
    }
    if (!whole) {
        sdqn_gradient_report_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "learner: out of memory for a report on %d gradients", tasks);
    }
    *report = made;
    return SDQN_OK;
}

void sdqn_gradient_report_destroy(SdqnGradientReport *report) {
    if (!report) return;
    for (int i = 0; i < report->num_layers; i++) {
        free(report->layers[i].gram);
        free(report->layers[i].shuffled);
    }
    free(report->layers);
    free(report->gram);
    free(report->shuffled);
    free(report);
}

void sdqn_gradient_report_take(SdqnGradientReport *report, const SdqnKernels *kernels, const float *gradients, size_t parameters,
                               bool shuffled) {
    const int squares = report->tasks * report->tasks;
    double *sum = shuffled ? report->shuffled : report->gram;
    for (int k = 0; k < squares; k++) sum[k] = 0.0;
    for (int i = 0; i < report->num_layers; i++) {
        const SdqnReportLayer *layer = &report->layers[i];
        double *gram = shuffled ? layer->shuffled : layer->gram;
        kernels->gram(gradients + layer->first, report->tasks, layer->count, parameters, gram);
        for (int k = 0; k < squares; k++) sum[k] += gram[k];
    }
}

double sdqn_gradient_cosine(const double *gram, int tasks, int a, int b) {
    const double squares = gram[a * tasks + a] * gram[b * tasks + b];
    if (!(squares > 0.0)) return (double)NAN;
    const double cosine = gram[a * tasks + b] / sqrt(squares);
    return cosine > 1.0 ? 1.0 : cosine < -1.0 ? -1.0 : cosine;
}

double sdqn_gradient_conflict(const double *gram, int tasks) {
    int pairs = 0, conflicts = 0;
    for (int a = 0; a < tasks; a++) {
        for (int b = 0; b < a; b++) {
            const double cosine = sdqn_gradient_cosine(gram, tasks, a, b);
            pairs += !isnan(cosine);
            conflicts += cosine < 0.0;
        }
    }
    return pairs > 0 ? (double)conflicts / pairs : (double)NAN;
}
