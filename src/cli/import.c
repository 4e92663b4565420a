// import.c: `sharedqn import`: weights that another program trained, as weights of ours.

#include "cli/command.h"
#include "cli/options.h"
#include "core/file.h"
#include "exchange/weights_map.h"
#include "lander/lander.h"
#include "nn/kernels.h"
#include "nn/network_file.h"
#include "nn/safetensors.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Arguments {
    const char *map, *out;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"map", SDQN_OPTION_TEXT, offsetof(Arguments, map), .value = "FILE",
     .help = "YAML file that says which of their tensors is which of ours (docs/weights.md)"},
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "FILE", .help = "the safetensors file to write"},
};
static const SdqnOptionTable TABLE = {
    .command = "import",
    .usage = "FILE.safetensors --map MAP.yaml --out FILE.safetensors",
    .help = "Make weights of ours from a safetensors file with other names or layouts: every tensor is taken or ignored by the map,\n"
            "and what comes of it must be a whole network. F64, F16 and BF16 are rounded to float32.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .min_arguments = 1,
    .max_arguments = 1,
};

/// What a network is told of the task, in words.
static const char *told(const SdqnQNetworkDef *def) {
    if (def->residuals != SDQN_RESIDUALS_NONE) return "weights of its own for each task";
    switch (def->conditioning) {
    case SDQN_CONDITIONING_EMBEDDING:
        return "told the task by an embedding";
    case SDQN_CONDITIONING_ONEHOT:
        return "told the task as one-hot";
    case SDQN_CONDITIONING_ID:
        return "told the task's number";
    default:
        return "not told the task";
    }
}

static void print_networks(const SdqnQNetworkSet *set, const char *out) {
    printf("%s:\n", out);
    for (int i = 0; i < set->count; i++) {
        const SdqnQNetworkDef *def = sdqn_q_network_def(set->networks[i]);
        printf("  %s%s%zu parameters, %s\n", set->tasks[i], set->tasks[i][0] != '\0' ? ": " : "",
               sdqn_q_network_parameter_count(set->networks[i]), told(def));
    }
}

/// Read, map, and check that the tensors are those of a network for the lander.
static SdqnStatus make_weights(const char *path, const SdqnWeightsMap *map, SdqnMappedWeights *mapped, SdqnQNetworkSet *set,
                               SdqnError *error) {
    SdqnSafetensors *file;
    int count;
    SdqnStatus status = sdqn_safetensors_read_foreign(path, &file, error);
    if (status != SDQN_OK) return status;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    status = sdqn_weights_map_apply(map, path, tensors, count, mapped, error);
    sdqn_safetensors_destroy(file);
    if (status != SDQN_OK) return status;
    return sdqn_q_network_set_create(path, mapped->tensors, mapped->count, sdqn_lander_family.observation_size,
                                     sdqn_lander_family.num_actions, sdqn_kernels(SDQN_CPU_SCALAR), set, error);
}

static SdqnStatus write_weights(const SdqnMappedWeights *mapped, const char *out, SdqnError *error) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    SdqnStatus status = sdqn_safetensors_encode(mapped->tensors, mapped->count, &bytes, &size, error);
    if (status == SDQN_OK) status = sdqn_file_write(out, &(SdqnPiece){bytes, size}, 1, error);
    free(bytes);
    return status;
}

SdqnStatus sdqn_command_import(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {0};
    SdqnOperands operands;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    if (arguments.map == NULL || arguments.out == NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--map and --out are needed; usage: sharedqn import %s", TABLE.usage);
    if (sdqn_file_exists(arguments.out))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--out %.800s: is there already: remove it, or choose another", arguments.out);
    SdqnWeightsMap *map = NULL;
    SdqnMappedWeights mapped = {0};
    SdqnQNetworkSet set = {0};
    status = sdqn_weights_map_read(arguments.map, &map, error);
    if (status == SDQN_OK) status = make_weights(operands.values[0], map, &mapped, &set, error);
    if (status == SDQN_OK) status = write_weights(&mapped, arguments.out, error);
    if (status == SDQN_OK) print_networks(&set, arguments.out);
    sdqn_q_network_set_clear(&set);
    sdqn_mapped_weights_clear(&mapped);
    sdqn_weights_map_destroy(map);
    return status;
}
