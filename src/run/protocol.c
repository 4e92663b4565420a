#include "run/protocol.h"

#include <string.h>

const char *sdqn_protocol_difference(const SdqnConfig *a, const SdqnConfig *b) {
    if (a->num_tasks != b->num_tasks || memcmp(a->tasks, b->tasks, sizeof a->tasks) != 0) return "tasks";
    for (int t = 0; t < a->num_tasks; t++) {
        const SdqnTask *own = sdqn_config_find_task(a, a->tasks[t]), *other = sdqn_config_find_task(b, b->tasks[t]);
        if (!own || !other || !sdqn_task_is_same(own, other)) return "the definition of a task";
    }
    if (a->final_episodes != b->final_episodes || a->final_seed != b->final_seed) return "final_episodes or final_seed";
    if (a->evaluation_episodes != b->evaluation_episodes) return "evaluation_episodes";
    if (a->evaluation_seed != b->evaluation_seed || a->evaluation_period != b->evaluation_period)
        return "evaluation_seed or evaluation_period";
    return NULL;
}
