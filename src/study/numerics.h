// numerics.h: a fingerprint of what the program computes, which tells results that may be mixed from those that may not.
#ifndef SDQN_STUDY_NUMERICS_H
#define SDQN_STUDY_NUMERICS_H

#include "core/error.h"
#include "core/sha256.h"
#include "nn/kernels.h"

/// SHA-256 over the weights of fixed short runs on standard, windy and heavy: Shared DQN, CAGrad, a small BRC and VarShare, a few episodes
/// each (less than a second). Equal on every machine, compiler and kernel level; changes when any change to the numerics reaches them.
/// @return SDQN_OK, SDQN_ERR_MEMORY, or SDQN_ERR_NUMERIC if a run diverged, which would be a defect
SdqnStatus sdqn_numerics_fingerprint(const SdqnKernels *kernels, char sha256[SDQN_SHA256_HEX_SIZE], SdqnError *error);

#endif
