// onnx.h: a policy as an ONNX model.
#ifndef SDQN_EXCHANGE_ONNX_H
#define SDQN_EXCHANGE_ONNX_H

#include "core/error.h"
#include "exchange/portable.h"

#include <stddef.h>
#include <stdint.h>

#define SDQN_ONNX_OPSET 17     ///< of ai.onnx: the first with LayerNormalization
#define SDQN_ONNX_IR_VERSION 8 ///< the one that came with it

/// Write a model with the inputs `observation` [N, observation_size] float32 and, where Q-values depend on it, `task` [N] int64, and the
/// output `q` [N, num_actions] float32: Q-values, of distributions the expected ones. Weights keep PyTorch's names, behind TASK. if each
/// task has its network; the metadata entry `tasks` names the tasks in order. A task is its number from 0, or from -1 backwards, as ONNX
/// has it; a runtime refuses others.
/// Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, docs/Operators.md.
/// @param bytes  receives memory that the caller frees @param size  of it
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (larger than the 2 GiB that a model can have), or SDQN_ERR_MEMORY
SdqnStatus sdqn_onnx_write(const SdqnPortable *portable, uint8_t **bytes, size_t *size, SdqnError *error);

#endif
