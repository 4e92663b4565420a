#include "view/session.h"

#include "dqn/exploration.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const SdqnTaskEntry *entry(const SdqnSession *session) { return &session->def.set->tasks[session->task]; }

static void look(SdqnSession *session) {
    if (session->def.policy != NULL) sdqn_weights_policy_q_values(session->def.policy, &session->task, session->observation, 1, session->q);
}

static void begin(SdqnSession *session) {
    SdqnRng rng;
    session->seed = session->def.seed + (uint64_t)session->episode;
    sdqn_rng_seed(&rng, session->seed);
    sdqn_lander_create(&session->lander, entry(session)->data, &rng);
    sdqn_lander_reset_seeded(&session->lander, session->seed, session->observation);
    session->flames.count = 0;
    session->action = -1;
    session->wind = session->episode_return = 0;
    session->last_step = (SdqnStep){0};
    session->ended = false;
    session->was_by_hand = session->by_hand;
    look(session);
}

static bool has_next(const SdqnSession *session, int task) {
    return session->def.episodes == 0 || session->next_episodes[task] < session->def.episodes;
}

/// Begin the next episode of a task, which has one.
static void go_to(SdqnSession *session, int task) {
    session->task = task;
    session->episode = session->next_episodes[task]++;
    begin(session);
}

SdqnStatus sdqn_session_create(const SdqnSessionDef *def, SdqnSession **session, SdqnError *error) {
    assert(def->set->family == &sdqn_lander_family);
    const size_t tasks = (size_t)def->set->count;
    SdqnSession *made = calloc(1, sizeof *made);
    SdqnStatus status = made == NULL ? SDQN_ERR_MEMORY : SDQN_OK;
    if (made != NULL) {
        made->def = *def;
        made->by_hand = def->policy == NULL;
        made->next_episodes = calloc(tasks, sizeof *made->next_episodes);
        if (def->episodes != 0) status = sdqn_evaluation_create(def->set, def->episodes, def->seed, &made->results, error);
        if (status == SDQN_OK) made->counted = calloc(tasks * (size_t)def->episodes + 1, 1);
        if (status == SDQN_OK && (made->next_episodes == NULL || made->counted == NULL)) status = SDQN_ERR_MEMORY;
    }
    if (status != SDQN_OK) {
        sdqn_session_destroy(made);
        return status == SDQN_ERR_MEMORY ? sdqn_error_set(error, status, "view: out of memory") : status;
    }
    go_to(made, 0);
    *session = made;
    return SDQN_OK;
}

void sdqn_session_destroy(SdqnSession *session) {
    if (session == NULL) return;
    sdqn_evaluation_clear(&session->results);
    free(session->counted);
    free(session->next_episodes);
    free(session);
}

SdqnEpisodeResult sdqn_session_result(const SdqnSession *session) {
    return (SdqnEpisodeResult){.seed = session->seed,
                               .episode_return = session->episode_return,
                               .steps = session->lander.steps,
                               .terminated = session->last_step.terminated,
                               .truncated = session->last_step.truncated,
                               .at_rest = session->last_step.at_rest};
}

/// Keep the result of an episode that the policy alone has played, once.
static void count(SdqnSession *session) {
    if (session->def.episodes == 0 || session->was_by_hand) return;
    uint8_t *counted = &session->counted[(size_t)session->task * (size_t)session->def.episodes + (size_t)session->episode];
    SdqnTaskResult *task = &session->results.tasks[session->task];
    if (*counted) return;
    *counted = 1;
    task->episodes[task->num_episodes++] = sdqn_session_result(session);
}

void sdqn_session_step(SdqnSession *session, int hand) {
    assert(!session->ended && hand >= 0 && hand < SDQN_LANDER_NUM_ACTIONS);
    look(session);
    session->action = session->by_hand ? hand : sdqn_greedy_action(session->q, SDQN_LANDER_NUM_ACTIONS);
    session->wind = sdqn_lander_foresee_wind(&session->lander);
    sdqn_flames_step(&session->flames, &session->lander, sdqn_thrust_of_action(session->action));
    session->last_step = sdqn_lander_step(&session->lander, session->action, session->observation);
    session->episode_return += session->last_step.reward;
    session->ended = session->last_step.terminated || session->last_step.truncated;
    if (session->ended) count(session);
}

void sdqn_session_next_episode(SdqnSession *session) {
    for (int i = 0; i < session->def.set->count; i++) {
        const int task = (session->task + i) % session->def.set->count;
        if (!has_next(session, task)) continue;
        go_to(session, task);
        return;
    }
    session->complete = true;
}

void sdqn_session_next_task(SdqnSession *session) {
    for (int i = 1; i <= session->def.set->count; i++) {
        const int task = (session->task + i) % session->def.set->count;
        if (!has_next(session, task)) continue;
        go_to(session, task);
        return;
    }
    session->complete = true;
}

void sdqn_session_restart(SdqnSession *session) { begin(session); }

void sdqn_session_set_by_hand(SdqnSession *session, bool by_hand) {
    session->by_hand = by_hand || session->def.policy == NULL;
    if (session->by_hand && !session->ended) session->was_by_hand = true;
}

const char *sdqn_session_ending(const SdqnSession *session) {
    if (session->last_step.truncated) return "out of time";
    if (session->last_step.at_rest) return "landed";
    return session->lander.world.has_touched[0] ? "crashed" : "flew away";
}

SdqnStatus sdqn_session_evaluation(const SdqnSession *session, SdqnEvaluation *evaluation, SdqnError *error) {
    SdqnEvaluation made = session->results;
    made.num_tasks = 0;
    made.tasks = calloc((size_t)session->results.num_tasks + 1, sizeof *made.tasks);
    if (made.tasks == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "view: out of memory");
    for (int t = 0; t < session->results.num_tasks; t++)
        if (session->results.tasks[t].num_episodes > 0) made.tasks[made.num_tasks++] = session->results.tasks[t];
    if (made.num_tasks > 0) sdqn_evaluation_summarise(&made);
    *evaluation = made;
    return SDQN_OK;
}
