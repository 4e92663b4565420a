// analysis.h: a page on a run: what it learned, how fast, what its gradients, embeddings and landings look like. docs/analysis.md says how
// each figure is computed.
#ifndef SDQN_ANALYSIS_ANALYSIS_H
#define SDQN_ANALYSIS_ANALYSIS_H

#include "core/error.h"
#include "run/config.h"

#include <stdbool.h>
#include <stdint.h>

/// What an index tells of a page.
typedef struct SdqnAnalysisResult {
    SdqnConfig config;  ///< settings of the run
    char protocol[160]; ///< tasks, training episodes and final evaluation, in words
    int64_t episodes;   ///< trained so far
    bool finished;
    double mean;       ///< over tasks, of the final evaluation, else of the last periodic one; NaN without
    int notes;         ///< how many things were left out
    char undrawn[512]; ///< why pictures are missing; "" if none is
} SdqnAnalysisResult;

/// Analyse the folder of a run, finished or not, and write OUT/index.html and OUT/index.md with figures/ and tables/.
/// @return SDQN_OK; SDQN_ERR_IO, SDQN_ERR_FORMAT or SDQN_ERR_ARGUMENT (no run, nothing in it, broken settings, gnuplot failed);
/// SDQN_ERR_MEMORY
SdqnStatus sdqn_analyse_run(const char *run, const char *out, SdqnAnalysisResult *result, SdqnError *error);

/// One of several runs: its page, or why it has none.
typedef struct SdqnAnalysedRun {
    const char *run; ///< borrowed
    char name[64];   ///< of its folder in OUT
    bool done;
    SdqnAnalysisResult result; ///< if done
    SdqnError error;           ///< else
} SdqnAnalysedRun;

/// Analyse several runs: OUT/NAME/index.html each, and an index of them in OUT/index.html. A run that cannot be analysed is named there
/// with the reason, and the others go on.
/// @param runs    [count] paths @param analysed [count] written
/// @param finished  called after each run; may be NULL
/// @return SDQN_OK, also if some runs have failed; SDQN_ERR_IO or SDQN_ERR_MEMORY of the index
SdqnStatus sdqn_analyse_runs(char *const *runs, int count, const char *out, SdqnAnalysedRun *analysed,
                             void (*finished)(const SdqnAnalysedRun *run), SdqnError *error);

#endif
