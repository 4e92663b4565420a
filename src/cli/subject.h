// subject.h: what a subcommand looks at: the final weights of a run or a weights file, and the tasks they were trained on.
#ifndef SDQN_CLI_SUBJECT_H
#define SDQN_CLI_SUBJECT_H

#include "core/error.h"
#include "core/file.h"
#include "run/config.h"
#include "run/task_set.h"
#include "run/weights_policy.h"

/// The path of the weights and the settings they belong to: those of the run, or those given beside a weights file.
typedef struct SdqnSubject {
    char weights[SDQN_PATH_SIZE];
    SdqnConfig config;
} SdqnSubject;

/// @param folder   of a run, or NULL
/// @param weights  a safetensors file, or NULL: just one of the two
/// @param config   with `weights`: a configuration file that names the tasks; NULL: standard, windy, heavy
/// @return SDQN_OK, SDQN_ERR_ARGUMENT, SDQN_ERR_IO (no run, or one that is not finished), or what reading the configuration says
SdqnStatus sdqn_subject_find(const char *folder, const char *weights, const char *config, SdqnSubject *subject, SdqnError *error);

/// Choose the tasks to play and which of the network's tasks, or which network, each is.
/// @param name  a task, or "all" @param set  written; points into `subject`
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT with what the weights know
SdqnStatus sdqn_subject_choose_tasks(const SdqnSubject *subject, const char *name, SdqnWeightsPolicy *policy, SdqnTaskSet *set,
                                     SdqnError *error);

#endif
