// torch_data.h: figures that PyTorch computed (tools/make_torch_data.py), for the tests of nn/.
#ifndef SDQN_TESTS_TORCH_DATA_H
#define SDQN_TESTS_TORCH_DATA_H

#include "nn/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#ifndef TORCH_DATA
#define TORCH_DATA "tests/data/torch.safetensors"
#endif

static inline SdqnSafetensors *torch_data_open(void) {
    SdqnSafetensors *file;
    SdqnError error = {0};
    if (sdqn_safetensors_read(TORCH_DATA, &file, &error) != SDQN_OK) fail_msg("%s", error.message);
    return file;
}

/// The tensor "<prefix>.<name>".
static inline const SdqnTensor *torch_data_find(const SdqnSafetensors *file, const char *prefix, const char *name) {
    char full[SDQN_TENSOR_NAME_SIZE];
    snprintf(full, sizeof full, "%.16s.%.40s", prefix, name);
    int count;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    for (int i = 0; i < count; i++) {
        if (strcmp(tensors[i].name, full) == 0) return &tensors[i];
    }
    fail_msg("%s: no tensor %s", TORCH_DATA, full);
    return NULL;
}

/// Fail unless |found - expected| <= tolerance * the largest |expected|.
static inline void check_close(const char *what, const float *found, const float *expected, size_t count, double tolerance) {
    double scale = 0.0;
    for (size_t i = 0; i < count; i++) scale = fabs((double)expected[i]) > scale ? fabs((double)expected[i]) : scale;
    for (size_t i = 0; i < count; i++) {
        if (!(fabs((double)found[i] - (double)expected[i]) <= tolerance * scale)) {
            fail_msg("%s: value %zu: expected %a, found %a (scale %g)", what, i, (double)expected[i], (double)found[i], scale);
        }
    }
}

#endif
