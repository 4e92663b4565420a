// scores.h: a score for each arm, task and training seed: what all statistics are made from.
#ifndef SDQN_STUDY_SCORES_H
#define SDQN_STUDY_SCORES_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SDQN_SCORES_NAME_SIZE 128 ///< of an arm, task or seed, with the terminating zero
#define SDQN_SCORES_MAX_ARMS 256
#define SDQN_SCORES_MAX_TASKS 256
#define SDQN_SCORES_MAX_SEEDS 10000
#define SDQN_SCORES_MOST 1e150 ///< in a table; squares and sums of larger scores would overflow

/// Complete: every arm has a score for each task and each of its seeds, as many seeds as every other arm. The seeds of two arms need not be
/// the same ones.
typedef struct SdqnScores {
    int num_arms, num_tasks, num_seeds;
    char (*arms)[SDQN_SCORES_NAME_SIZE];  ///< [num_arms]
    char (*tasks)[SDQN_SCORES_NAME_SIZE]; ///< [num_tasks]
    char (*seeds)[SDQN_SCORES_NAME_SIZE]; ///< [num_arms, num_seeds] of each arm, in the order of its scores
    double *values;                       ///< [num_arms, num_tasks, num_seeds]
} SdqnScores;

/// Make a table of zeros. @return SDQN_OK, SDQN_ERR_ARGUMENT (a number below 1 or too large) or SDQN_ERR_MEMORY
SdqnStatus sdqn_scores_create(int num_arms, int num_tasks, int num_seeds, SdqnScores *scores, SdqnError *error);
/// Free the table. All zeros is allowed.
void sdqn_scores_clear(SdqnScores *scores);

/// Scores of one arm and task, [num_seeds].
double *sdqn_scores_of(const SdqnScores *scores, int arm, int task);
/// Mean over the tasks for each seed of an arm. @param means [num_seeds] written
void sdqn_scores_seed_means(const SdqnScores *scores, int arm, double *means);
/// Whether two arms have the same seeds in the same order, so that they can be compared in pairs.
bool sdqn_scores_are_paired(const SdqnScores *scores, int a, int b);

/// Read a table in the form of CSV (RFC 4180): a header with the columns arm, task, seed and score in any order, then a line for each
/// score. Arms, tasks and seeds keep the order of their first appearance; the seeds of all arms that have the same ones that of the first.
/// @param name  what error messages call the text
/// @return SDQN_OK, SDQN_ERR_FORMAT with the line and what is allowed (also for a cell that is missing or there twice, and for unequal
///         numbers of seeds), or SDQN_ERR_MEMORY; `scores` is then untouched
SdqnStatus sdqn_scores_parse_csv(const char *name, const char *text, size_t size, SdqnScores *scores, SdqnError *error);

#endif
