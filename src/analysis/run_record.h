// run_record.h: what the folder of a run tells, finished or not: settings, training episodes, evaluations.
#ifndef SDQN_ANALYSIS_RUN_RECORD_H
#define SDQN_ANALYSIS_RUN_RECORD_H

#include "analysis/notes.h"
#include "core/error.h"
#include "core/sha256.h"
#include "run/config.h"
#include "run/evaluator.h"

#include <stdbool.h>
#include <stdint.h>

/// Training episodes in the order in which they ended, from metrics.jsonl. Arrays of `count`.
typedef struct SdqnEpisodeRecord {
    int count;
    int *tasks, *steps;
    int64_t *episodes;              ///< numbers; some are missing if lines were left out
    int64_t *total_steps, *updates; ///< of the run so far
    double *returns, *losses;       ///< losses: NaN without updates
    double *epsilons;
    bool *truncated, *at_rest;
} SdqnEpisodeRecord;

/// Evaluations from evaluations.jsonl, the final one last. Arrays of `count`, or [count, tasks].
typedef struct SdqnEvaluationRecord {
    int count;
    bool has_final;
    int64_t *episodes; ///< training episodes trained before each
    double *means, *at_rest;
    SdqnTaskResult final[SDQN_CONFIG_MAX_TASKS]; ///< figures alone
} SdqnEvaluationRecord;

/// A run. Owns its arrays.
typedef struct SdqnRunRecord {
    char *folder;
    SdqnConfig config;
    SdqnEpisodeRecord training;
    SdqnEvaluationRecord evaluations;
    bool finished;                             ///< summary.json is there
    int64_t parameters;                        ///< 0: not known, as the run is not finished
    char weights_sha256[SDQN_SHA256_HEX_SIZE]; ///< "" likewise
    SdqnNotes notes;
} SdqnRunRecord;

/// Read a folder. Half of one is read as far as it goes, with notes on what is missing or left out.
/// @param record  written on success; to be destroyed by the caller
/// @return SDQN_OK; SDQN_ERR_IO (no such folder, or no run), SDQN_ERR_FORMAT (nothing to analyse, or its settings cannot be read),
/// SDQN_ERR_MEMORY
SdqnStatus sdqn_run_record_read(const char *folder, SdqnRunRecord **record, SdqnError *error);
/// NULL is allowed.
void sdqn_run_record_destroy(SdqnRunRecord *record);

/// Index of a task by name. @return -1 if the run has none of that name
int sdqn_run_record_task(const SdqnRunRecord *record, const char *name);

#endif
