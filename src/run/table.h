// table.h: the table of an evaluation that people read.
#ifndef SDQN_RUN_TABLE_H
#define SDQN_RUN_TABLE_H

#include "run/evaluator.h"

#include <stdbool.h>
#include <stdio.h>

/// Write one row a task (mean, standard deviation, success, at rest, time-outs, steps) and, if there are several, the mean over tasks.
/// @param with_seed_figures  add the figures of the document this project starts from to the tasks it names (its Shared DQN)
void sdqn_table_write(FILE *stream, const SdqnEvaluation *evaluation, bool with_seed_figures);

#endif
