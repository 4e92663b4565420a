// summary.h: summary.json, the last file a run writes: its result and what it took.
#ifndef SDQN_RUN_SUMMARY_H
#define SDQN_RUN_SUMMARY_H

#include "core/error.h"
#include "core/json.h"
#include "core/sha256.h"
#include "run/checkpoint.h"
#include "run/evaluator.h"
#include "run/run_folder.h"

#include <stddef.h>
#include <stdint.h>

/// What summary.json is made from. All is borrowed.
typedef struct SdqnSummary {
    const char *method;
    uint64_t seed;
    const SdqnCounters *counters;
    size_t parameters;
    const char *weights_sha256;       ///< of final.safetensors
    const SdqnEvaluation *evaluation; ///< of the final weights
    double seconds;                   ///< wall time, interruptions not counted
    const char *isa;                  ///< kernel level
} SdqnSummary;

/// Write summary.json, with version and compiler added. From then on the run is finished.
SdqnStatus sdqn_summary_write(SdqnRunFolder *folder, const SdqnSummary *summary, SdqnError *error);

/// What a finished run says of itself.
typedef struct SdqnFinishedRun {
    char method[64];
    char weights_sha256[SDQN_SHA256_HEX_SIZE];
    SdqnEvaluation evaluation; ///< without single episodes; names point into `document`
    json_t *document;
} SdqnFinishedRun;

/// Read summary.json, and check that final.safetensors is the file it tells of. @param run  overwritten on success only; to be cleared by
/// the caller
/// @return SDQN_OK, SDQN_ERR_IO, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_summary_read(const SdqnRunFolder *folder, SdqnFinishedRun *run, SdqnError *error);
/// All zeros is allowed.
void sdqn_finished_run_clear(SdqnFinishedRun *run);

#endif
