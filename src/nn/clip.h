// clip.h: clipping of a gradient by its norm.
#ifndef SDQN_NN_CLIP_H
#define SDQN_NN_CLIP_H

#include "nn/kernels.h"

#include <stddef.h>

/// Scale a gradient to a norm of at most max_norm: g = g * min(1, max_norm / (|g| + 1e-6)), the factor rounded to float32, as
/// torch.nn.utils.clip_grad_norm_. |g| is the Euclidean norm over all parameters, its squares summed as SdqnKernels.square_sum does.
/// Source: Pascanu et al. 2013, arXiv:1211.5063, Algorithm 1.
/// @param kernels  of any level: none changes a bit @param gradient [count] changed @param max_norm > 0
/// @return |g| before
double sdqn_clip_norm(const SdqnKernels *kernels, float *gradient, size_t count, double max_norm);

#endif
