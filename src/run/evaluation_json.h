// evaluation_json.h: an evaluation as JSON, the same in `evaluate --json`, evaluations.jsonl and summary.json.
#ifndef SDQN_RUN_EVALUATION_JSON_H
#define SDQN_RUN_EVALUATION_JSON_H

#include "core/json.h"
#include "run/config.h"
#include "run/evaluator.h"

/// Add to the object being written: "tasks" (each with mean, std, success, at_rest, timeout, steps and the episodes, their returns in
/// hexadecimal), "mean" over the tasks, and "protocol" (episodes, seed, greedy, the success rule and each task's time limit).
void sdqn_evaluation_json_add(SdqnJsonWriter *writer, const SdqnEvaluation *evaluation);

/// The figures of a task alone: add mean, std, success, at_rest, timeout and steps to the object being written.
void sdqn_task_result_json_add(SdqnJsonWriter *writer, const SdqnTaskResult *task);
/// Read them back, the mean as a return; all else of `task` stays. @return SDQN_OK or SDQN_ERR_FORMAT
SdqnStatus sdqn_task_result_json_read(const char *where, const json_t *object, SdqnTaskResult *task, SdqnError *error);

/// Read back what sdqn_evaluation_json_add wrote, without the single episodes (`episodes` of each task stays NULL).
/// @param where       what error messages call the document
/// @param object      the object that holds the members; names are borrowed from it
/// @param evaluation  overwritten on success only; the caller clears it
/// @return SDQN_OK, SDQN_ERR_FORMAT or SDQN_ERR_MEMORY
SdqnStatus sdqn_evaluation_json_read(const char *where, const json_t *object, SdqnEvaluation *evaluation, SdqnError *error);

/// A return: a number of at most 1e9 in size, so that sums and squares of those in a damaged file stay finite.
/// @return SDQN_OK or SDQN_ERR_FORMAT
SdqnStatus sdqn_return_json_get(const char *where, const json_t *object, const char *key, double *value, SdqnError *error);

/// Whether an evaluation was made under the protocol that a run's settings say. @param object  the object that holds "protocol"
/// @param is_final  the final one, not a periodic one @return SDQN_OK or SDQN_ERR_FORMAT
SdqnStatus sdqn_evaluation_json_check(const char *where, const json_t *object, const SdqnConfig *config, bool is_final, SdqnError *error);

#endif
