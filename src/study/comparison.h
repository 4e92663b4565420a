// comparison.h: all statistics of a table of scores: each arm with intervals, each pair with its tests.
#ifndef SDQN_STUDY_COMPARISON_H
#define SDQN_STUDY_COMPARISON_H

#include "core/error.h"
#include "core/json.h"
#include "study/bootstrap.h"
#include "study/scores.h"

#include <stdbool.h>
#include <stdio.h>

/// One arm.
typedef struct SdqnArmStatistics {
    SdqnEstimate statistics[SDQN_NUM_STATISTICS];
    double deviation;   ///< over the seeds of their means over the tasks; NaN for one seed
    double *task_means; ///< [tasks]
} SdqnArmStatistics;

/// Arm a against arm b.
typedef struct SdqnPairStatistics {
    int a, b;
    SdqnEstimate improvement;      ///< probability that a run of a scores higher
    double difference;             ///< of the means over tasks and seeds, a less b
    SdqnEstimate paired;           ///< the same seed by seed, if both have the same seeds
    bool has_pairs;                ///< whether they do, and are at least two
    double welch_p, permutation_p; ///< on the seeds' means over the tasks, two-sided
    double paired_permutation_p;   ///< on their differences; NaN without pairs
    double holm_p;                 ///< welch_p corrected for all pairs
} SdqnPairStatistics;

/// What to make of scores.
typedef struct SdqnComparisonDef {
    SdqnBootstrap bootstrap;
    double target;  ///< of the optimality gap
    bool arms_only; ///< leave out the pairs
} SdqnComparisonDef;

typedef struct SdqnComparison {
    SdqnComparisonDef def;
    const SdqnScores *scores; ///< borrowed
    SdqnArmStatistics *arms;  ///< [scores->num_arms]
    int num_pairs;
    SdqnPairStatistics *pairs; ///< every a before b, in the order of the arms
} SdqnComparison;

/// Resampling as asked for, SDQN_BOOTSTRAP_REPEATS times from seed 0; the target 200, a landing's return.
SdqnComparisonDef sdqn_comparison_def_default(void);

/// @param scores  borrowed for the comparison's life @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_comparison_create(const SdqnComparisonDef *def, const SdqnScores *scores, SdqnComparison **comparison, SdqnError *error);
/// NULL is allowed.
void sdqn_comparison_destroy(SdqnComparison *comparison);

/// Add the members arms and pairs, and how they were made, to the object being written. What is not defined is null.
void sdqn_comparison_json_add(SdqnJsonWriter *writer, const SdqnComparison *comparison);
/// Write tables for people. What is not defined is "-". @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_comparison_table_write(FILE *stream, const SdqnComparison *comparison, SdqnError *error);

#endif
