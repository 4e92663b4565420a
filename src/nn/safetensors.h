// safetensors.h: read and write weights in the safetensors format (float32; of others' files also other types), so that a run opens in
// PyTorch in one line.
#ifndef SDQN_NN_SAFETENSORS_H
#define SDQN_NN_SAFETENSORS_H

#include "core/error.h"
#include "nn/tensor.h"

#include <stddef.h>
#include <stdint.h>

#define SDQN_SAFETENSORS_MAX_SIZE ((size_t)256 << 20)      ///< largest file read, bytes
#define SDQN_SAFETENSORS_MAX_HEADER_SIZE ((size_t)1 << 20) ///< largest header read, bytes
#define SDQN_SAFETENSORS_MAX_TENSORS 4096

/// The tensors of one file. Owns names and values.
typedef struct SdqnSafetensors SdqnSafetensors;

/// Encode tensors: an 8-byte little-endian header length, a JSON header, the values. The header's keys and the values are in the order of
/// the names as bytes; there is no metadata, so equal tensors give equal bytes. Spaces pad the header to a multiple of 8.
/// @param tensors  [count] in any order; names distinct, of [A-Za-z0-9_.-], values finite
/// @param bytes    receives memory of `size` bytes that the caller frees with free()
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (a name), SDQN_ERR_NUMERIC (a NaN or an infinity), SDQN_ERR_MEMORY; the outputs are then untouched
SdqnStatus sdqn_safetensors_encode(const SdqnTensor *tensors, int count, uint8_t **bytes, size_t *size, SdqnError *error);

/// Decode the bytes of a file that nobody vouches for.
/// @param where  what error messages call the file
/// @param file   receives the tensors, in the order of the header; the caller destroys it
/// @return SDQN_OK, SDQN_ERR_FORMAT (the message names file, tensor, what was found and what is allowed) or SDQN_ERR_MEMORY
SdqnStatus sdqn_safetensors_decode(const char *where, const uint8_t *bytes, size_t size, SdqnSafetensors **file, SdqnError *error);

/// Decode a file that another program wrote: names are any printable ASCII without spaces, F64, F16 and BF16 are rounded to float32, values
/// need not be finite, and tensors of other types (integers, ...) have no data: NULL.
/// @return as sdqn_safetensors_decode
SdqnStatus sdqn_safetensors_decode_foreign(const char *where, const uint8_t *bytes, size_t size, SdqnSafetensors **file, SdqnError *error);

/// Read and decode a file. @return as sdqn_safetensors_decode, or SDQN_ERR_IO
SdqnStatus sdqn_safetensors_read(const char *path, SdqnSafetensors **file, SdqnError *error);

/// Likewise, as sdqn_safetensors_decode_foreign.
SdqnStatus sdqn_safetensors_read_foreign(const char *path, SdqnSafetensors **file, SdqnError *error);

/// Frees the tensors; NULL is allowed.
void sdqn_safetensors_destroy(SdqnSafetensors *file);

/// The tensors, valid until the file is destroyed. @param count  receives how many
const SdqnTensor *sdqn_safetensors_tensors(const SdqnSafetensors *file, int *count);

#endif
