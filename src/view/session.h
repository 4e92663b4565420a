// session.h: episodes as somebody watches them: one environment, one step at a time, by a policy or by hand.
//
// Episodes of a task have the seeds of an evaluation, and what a policy alone has played counts as in one: the same bits.
#ifndef SDQN_VIEW_SESSION_H
#define SDQN_VIEW_SESSION_H

#include "run/evaluator.h"
#include "run/weights_policy.h"
#include "view/flames.h"

/// What to show. Pointers are borrowed for the session's life.
typedef struct SdqnSessionDef {
    const SdqnTaskSet *set;    ///< of LunarLander's family
    SdqnWeightsPolicy *policy; ///< NULL: a person flies
    int episodes;              ///< a task, in [1, 1000000]; 0: without end
    uint64_t seed;             ///< episode i of each task begins with reset(seed + i)
} SdqnSessionDef;

/// Where a session stands. Read its fields; change them by the functions below.
typedef struct SdqnSession {
    SdqnSessionDef def;
    SdqnLander lander;
    SdqnFlames flames;
    int32_t task;
    int episode; ///< of the task
    uint64_t seed;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    float q[SDQN_LANDER_NUM_ACTIONS]; ///< of the state before the last step (of this one, before the first); of a policy only
    int action;                       ///< of the last step; -1: none yet
    double wind;                      ///< newtons, of the last step
    double episode_return;
    SdqnStep last_step;
    bool ended;             ///< the episode is over
    bool by_hand;           ///< a person flies
    bool was_by_hand;       ///< a person has had a hand in this episode
    bool complete;          ///< all episodes have been shown
    int *next_episodes;     ///< [set->count] the first episode of each task that has not been begun
    SdqnEvaluation results; ///< what the policy alone has played to the end, if there is one and def.episodes is not 0
    uint8_t *counted;       ///< [set->count, def.episodes] which episodes are among them
} SdqnSession;

/// Begin the first episode. @return SDQN_OK, SDQN_ERR_ARGUMENT (episodes out of range) or SDQN_ERR_MEMORY; to be cleared if OK
SdqnStatus sdqn_session_create(const SdqnSessionDef *def, SdqnSession **session, SdqnError *error);
/// NULL is allowed.
void sdqn_session_destroy(SdqnSession *session);

/// One step, of an episode that has not ended. @param hand  the action of a person, who flies if `by_hand`; in [0, 4)
void sdqn_session_step(SdqnSession *session, int hand);
/// Go on: to the next episode of the task, or from its last to the next task that has one left; else the session is complete.
void sdqn_session_next_episode(SdqnSession *session);
/// Go to the first episode of the next task that has not been begun; from the last task to the first.
void sdqn_session_next_task(SdqnSession *session);
/// Begin this episode once more.
void sdqn_session_restart(SdqnSession *session);
/// Let a person fly, or the policy if there is one.
void sdqn_session_set_by_hand(SdqnSession *session, bool by_hand);

/// How the episode has ended, in a word or two: "landed", "crashed", "flew away", "out of time".
const char *sdqn_session_ending(const SdqnSession *session);

/// The episode that has ended.
SdqnEpisodeResult sdqn_session_result(const SdqnSession *session);

/// The evaluation of what the policy alone has played to the end; tasks without such an episode are left out.
/// @param evaluation  borrows the session's episodes; its `tasks` are to be freed by the caller
/// @return SDQN_OK; `num_tasks` is 0 if nothing has been played to the end; SDQN_ERR_MEMORY
SdqnStatus sdqn_session_evaluation(const SdqnSession *session, SdqnEvaluation *evaluation, SdqnError *error);

#endif
