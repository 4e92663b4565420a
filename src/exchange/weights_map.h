// weights_map.h: which of another program's tensors becomes which of ours, from a YAML file.
//
//     tensors:                                   # ours: theirs
//       fc1.weight: q_net.q_net.0.weight
//       fc1.bias: q_net.q_net.0.bias
//       fc2.weight: {from: params/Dense_1/kernel, transpose: true}
//     ignore: [q_net_target.*, optimizer_step]   # theirs that are not wanted; * at the end stands for anything
#ifndef SDQN_EXCHANGE_WEIGHTS_MAP_H
#define SDQN_EXCHANGE_WEIGHTS_MAP_H

#include "core/error.h"
#include "nn/tensor.h"

#include <stdbool.h>
#include <stddef.h>

#define SDQN_WEIGHTS_MAP_MAX_TENSORS 4096
#define SDQN_WEIGHTS_MAP_MAX_SIZE ((size_t)1 << 20) ///< bytes of a file

typedef struct SdqnWeightsMap SdqnWeightsMap;

/// Read a map. @param where  what error messages call it @param map  destroyed by the caller
/// @return SDQN_OK; SDQN_ERR_ARGUMENT with file, line, what was found and what is allowed; SDQN_ERR_MEMORY
SdqnStatus sdqn_weights_map_parse(const char *where, const char *text, size_t size, SdqnWeightsMap **map, SdqnError *error);
/// The same of a file. @return SDQN_ERR_IO too
SdqnStatus sdqn_weights_map_read(const char *path, SdqnWeightsMap **map, SdqnError *error);
/// NULL is allowed.
void sdqn_weights_map_destroy(SdqnWeightsMap *map);

/// Tensors of ours, made of theirs. Owns the values.
typedef struct SdqnMappedWeights {
    int count;
    SdqnTensor *tensors;
    float *values;
} SdqnMappedWeights;

/// Apply a map. Every tensor that it names must be there once, with float values that are finite, and every other one must be ignored.
/// @param where   what error messages call the file of the tensors
/// @param mapped  written on success; cleared by the caller
/// @return SDQN_OK; SDQN_ERR_FORMAT with file and tensor; SDQN_ERR_MEMORY
SdqnStatus sdqn_weights_map_apply(const SdqnWeightsMap *map, const char *where, const SdqnTensor *tensors, int count,
                                  SdqnMappedWeights *mapped, SdqnError *error);
/// All zeros is allowed.
void sdqn_mapped_weights_clear(SdqnMappedWeights *mapped);

#endif
