// collection.h: runs from folders, sorted into arms that can be compared.
//
// An operand is the folder of a run, a folder of such folders, or the folder of a study (results/*.json). What cannot be used, an
// unfinished run or one with a damaged file, is left out by name and with its reason, never in silence. Runs that must not be mixed, of
// other tasks, another evaluation or another fingerprint of the numerics, are an error.
#ifndef SDQN_STUDY_COLLECTION_H
#define SDQN_STUDY_COLLECTION_H

#include "core/error.h"
#include "study/arm_runs.h"

#define SDQN_COLLECTION_MAX_RUNS 20000
#define SDQN_COLLECTION_MAX_ARMS 48 ///< more do not fit a chart

/// Owns all it holds.
typedef struct SdqnCollection SdqnCollection;

/// Read the operands. Runs of the same settings but the seed are one arm, wherever they lie; if that would make one arm of several
/// operands, or if names are given, each operand is an arm. An arm is called as its study calls it; else by its method, if there are
/// several, and by the settings in which it differs from the other arms of this method. A run that is there twice (the same settings, seed
/// and weights) counts once and is among the exclusions.
/// @param names  [num_operands] names of the arms, in which case an operand must have runs of one setting only; or NULL
/// @return SDQN_OK; SDQN_ERR_ARGUMENT: an operand is no folder, no run is left of it, or names do not fit; SDQN_ERR_FORMAT: runs that must
///         not be mixed; SDQN_ERR_IO; SDQN_ERR_MEMORY
SdqnStatus sdqn_collection_read(const char *const *operands, int num_operands, const char *const *names, SdqnCollection **collection,
                                SdqnError *error);
/// NULL is allowed.
void sdqn_collection_destroy(SdqnCollection *collection);

/// The arms in the order of their first runs.
SdqnArmSet sdqn_collection_arms(const SdqnCollection *collection);
/// What was left out. @param count  receives how many
const SdqnExclusion *sdqn_collection_exclusions(const SdqnCollection *collection, int *count);

#endif
