// behaviour.h: what a run's policy does: the evaluation's episodes are played again with its weights and watched.
#ifndef SDQN_ANALYSIS_BEHAVIOUR_H
#define SDQN_ANALYSIS_BEHAVIOUR_H

#include "analysis/run_record.h"

#include "lander/task.h"

#define SDQN_BEHAVIOUR_MAX_EPISODES 1000  ///< a task
#define SDQN_BEHAVIOUR_MAX_STEPS 50000000 ///< of all tasks, should every episode last to its time limit: fewer episodes are played then
#define SDQN_HOVER_SPEED 0.5              ///< metres a second
#define SDQN_HOVER_HEIGHT 0.5             ///< metres above the pad

/// How an episode ended.
typedef enum SdqnEpisodeEnd {
    SDQN_END_AT_REST = 0,      ///< asleep on the ground: reward +100
    SDQN_END_CRASH,            ///< the hull touched the ground
    SDQN_END_OUT,              ///< it flew out at a side: |x| >= 1
    SDQN_END_TIMEOUT_GROUNDED, ///< cut by the time limit with a leg on the ground
    SDQN_END_TIMEOUT_FLYING,   ///< cut by the time limit in the air
    SDQN_NUM_ENDS,
} SdqnEpisodeEnd;

/// "at rest", "crash", "out at a side", "time-out on the ground", "time-out in the air".
const char *sdqn_episode_end_name(SdqnEpisodeEnd end);

/// One task. Owns its arrays of `episodes`.
typedef struct SdqnTaskBehaviour {
    double *final_x; ///< where the lander was at the end, in half widths of the world (10 m) from the pad's middle
    SdqnEpisodeEnd *ends;
    int64_t steps,
        hovered;           ///< over all episodes; hovered: no leg touches the ground, above SDQN_HOVER_HEIGHT, slower than SDQN_HOVER_SPEED
    int hovering_episodes; ///< in which more than half of the steps are hovered
    double mean;           ///< of the returns
    double reachable;      ///< mean of sdqn_reachable_return
    double share_reached;  ///< mean / reachable
    int ended[SDQN_NUM_ENDS]; ///< episodes by end
} SdqnTaskBehaviour;

/// All tasks of the run, in its order.
typedef struct SdqnBehaviour {
    char weights[64]; ///< file in the run's folder
    int num_tasks, episodes;
    uint64_t seed;
    SdqnTaskBehaviour tasks[SDQN_CONFIG_MAX_TASKS];
} SdqnBehaviour;

/// Play the episodes of the final evaluation (at most SDQN_BEHAVIOUR_MAX_EPISODES a task, and SDQN_BEHAVIOUR_MAX_STEPS) with the final
/// weights; of an unfinished run with the newest kept weights.
/// @param behaviour  receives NULL, with a note, if the run has no usable weights; else to be destroyed
/// @return SDQN_OK, SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_behaviour_play(SdqnRunRecord *run, SdqnBehaviour **behaviour, SdqnError *error);
/// NULL is allowed.
void sdqn_behaviour_destroy(SdqnBehaviour *behaviour);

/// Whether a lander can come to rest in a task: wind that blows on the ground too keeps it awake for ever.
bool sdqn_task_allows_rest(const SdqnTask *task);

/// What no policy's return can exceed in an episode. The reward of a step is the growth of the potential
/// P(s) = -100 |position| - 100 |velocity| - 100 |angle| + 10 (each leg on the ground), less the engines' cost, and +100 at rest in place
/// of the last step's. P is at most 20, so the return is at most 20 - P(s0), and 100 more where rest is possible; engines cost some of it.
/// @param observation [8] the first one
double sdqn_reachable_return(const SdqnTask *task, const float *observation);

#endif
