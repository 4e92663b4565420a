// train_settings.h: what `sharedqn train` was asked for: its options, the settings of the run, and the weights it begins with.
#ifndef SDQN_CLI_TRAIN_SETTINGS_H
#define SDQN_CLI_TRAIN_SETTINGS_H

#include "cli/options.h"
#include "core/error.h"
#include "core/file.h"
#include "core/sha256.h"
#include "nn/safetensors.h"
#include "run/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The options beside the configuration's keys.
typedef struct SdqnTrainArguments {
    const char *config, *out, *init_from, *add_task;
    bool resume, force, list_methods;
} SdqnTrainArguments;

/// Trained weights to begin with.
typedef struct SdqnInitialWeights {
    char path[SDQN_PATH_SIZE];
    uint8_t *bytes; ///< the file as it is
    size_t size;
    char sha256[SDQN_SHA256_HEX_SIZE];
    SdqnSafetensors *tensors;           ///< NULL: none
    char method[SDQN_CONFIG_NAME_SIZE]; ///< of the run they are from; empty: of none, a file alone was named
} SdqnInitialWeights;

/// All zeros is allowed.
void sdqn_initial_weights_clear(SdqnInitialWeights *initial);
/// Read `initial->path`. @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY; to be cleared either way
SdqnStatus sdqn_initial_weights_read(SdqnInitialWeights *initial, SdqnError *error);

/// Put the settings together: the run's own if there are any, else those of the run that --init-from names; then --config, then the rest of
/// the command line.
/// @param recorded  path of a run's config.yaml; NULL: that of --resume --out, if it is there
/// @param initial   receives what a run with no settings of its own begins with; to be cleared either way
SdqnStatus sdqn_train_settings_read(int argc, char **argv, const char *recorded, SdqnTrainArguments *arguments, SdqnOperands *operands,
                                    SdqnConfig *config, SdqnInitialWeights *initial, SdqnError *error);

#endif
