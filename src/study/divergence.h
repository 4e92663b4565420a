// divergence.h: what a study keeps of a run that diverged: results/ARM-seedN.diverged, beside the results of those that did not.
//
// Training is deterministic: a run that has diverged always does. A study therefore runs such a candidate of a tuning once.
#ifndef SDQN_STUDY_DIVERGENCE_H
#define SDQN_STUDY_DIVERGENCE_H

#include "core/error.h"
#include "core/sha256.h"
#include "study/arm.h"

#include <stdbool.h>
#include <stdint.h>

#define SDQN_DIVERGENCE_WHY_SIZE 512 ///< at most SDQN_STUDY_FAILURE_SIZE

typedef struct SdqnDivergence {
    char arm[SDQN_STUDY_NAME_SIZE];
    uint64_t seed;
    char *settings;                      ///< text of the run's config.yaml; owned
    char numerics[SDQN_SHA256_HEX_SIZE]; ///< numerics.h
    char why[SDQN_DIVERGENCE_WHY_SIZE];  ///< where it diverged: one line
} SdqnDivergence;

/// All zeros is allowed.
void sdqn_divergence_clear(SdqnDivergence *divergence);

/// Whether the last line that a run has said is about its divergence, rather than about a fault of its machine or its folder.
bool sdqn_divergence_is_said(const char *line);

/// Write it as JSON, a line. @return SDQN_OK, SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_divergence_write(const SdqnDivergence *divergence, const char *path, SdqnError *error);
/// Read it back. @param divergence  overwritten on success only; to be cleared @return also SDQN_ERR_FORMAT
SdqnStatus sdqn_divergence_read(const char *path, SdqnDivergence *divergence, SdqnError *error);

#endif
