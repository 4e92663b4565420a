#include "analysis/behaviour.h"

#include "analysis/kept_weights.h"
#include "core/file.h"
#include "lander/lander.h"
#include "nn/kernels.h"
#include "run/run_folder.h"
#include "run/weights_policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Gymnasium's units: the world is 20 m wide and 13.3 m high, 50 steps a second; observations are divided by half of them.
#define HALF_WIDTH 10.0            ///< metres
#define HALF_HEIGHT (400.0 / 60.0) ///< metres
#define FPS 50.0
#define BEST_POTENTIAL 20.0 ///< at the pad, without motion, upright, both legs down
#define REST_REWARD 100.0

const char *sdqn_episode_end_name(SdqnEpisodeEnd end) {
    static const char *const names[SDQN_NUM_ENDS] = {"at rest", "crash", "out at a side", "time-out on the ground", "time-out in the air"};
    return names[end];
}

bool sdqn_task_allows_rest(const SdqnTask *task) { return task->wind == SDQN_WIND_NONE || !task->wind_on_ground; }

double sdqn_reachable_return(const SdqnTask *task, const float *observation) {
    double s[SDQN_LANDER_OBSERVATION_SIZE];
    for (int i = 0; i < SDQN_LANDER_OBSERVATION_SIZE; i++) s[i] = (double)observation[i];
    const double potential =
        -100.0 * sqrt(s[0] * s[0] + s[1] * s[1]) - 100.0 * sqrt(s[2] * s[2] + s[3] * s[3]) - 100.0 * fabs(s[4]) + 10.0 * (s[6] + s[7]);
    return BEST_POTENTIAL - potential + (sdqn_task_allows_rest(task) ? REST_REWARD : 0.0);
}

// ---- watching -------------------------------------------------------------------------------------------------------------------

/// Of each episode of each task, while they are played at the same time.
typedef struct Watch {
    SdqnBehaviour *behaviour;
    const SdqnTaskSet *set;
    int *hovered, *steps; ///< [tasks, episodes]
} Watch;

static bool hovers(const float *s) {
    const double vx = (double)s[2] * FPS / HALF_WIDTH, vy = (double)s[3] * FPS / HALF_HEIGHT, height = (double)s[1] * HALF_HEIGHT;
    return s[6] == 0.0f && s[7] == 0.0f && height > SDQN_HOVER_HEIGHT && sqrt(vx * vx + vy * vy) < SDQN_HOVER_SPEED;
}

static SdqnEpisodeEnd end_of(const float *s, const SdqnStep *step) {
    if (step->at_rest) return SDQN_END_AT_REST;
    if (!step->terminated) return s[6] != 0.0f || s[7] != 0.0f ? SDQN_END_TIMEOUT_GROUNDED : SDQN_END_TIMEOUT_FLYING;
    return fabs((double)s[0]) >= 1.0 ? SDQN_END_OUT : SDQN_END_CRASH;
}

static void watch(void *context, int task, int episode, const float *observation, const SdqnStep *step) {
    const Watch *watch = context;
    SdqnTaskBehaviour *seen = &watch->behaviour->tasks[task];
    const size_t cell = (size_t)task * (size_t)watch->behaviour->episodes + (size_t)episode;
    if (!step) {
        seen->reachable += sdqn_reachable_return(watch->set->tasks[task].data, observation) / watch->behaviour->episodes;
        return;
    }
    watch->steps[cell]++;
    watch->hovered[cell] += hovers(observation);
    if (!step->terminated && !step->truncated) return;
    seen->final_x[episode] = (double)observation[0];
    seen->ends[episode] = end_of(observation, step);
}

static void add_up(const Watch *watch, const SdqnEvaluation *evaluation) {
    for (int t = 0; t < watch->behaviour->num_tasks; t++) {
        SdqnTaskBehaviour *seen = &watch->behaviour->tasks[t];
        for (int e = 0; e < watch->behaviour->episodes; e++) {
            const size_t cell = (size_t)t * (size_t)watch->behaviour->episodes + (size_t)e;
            seen->steps += watch->steps[cell];
            seen->hovered += watch->hovered[cell];
            seen->hovering_episodes += 2 * watch->hovered[cell] > watch->steps[cell];
            seen->ended[seen->ends[e]]++;
        }
        seen->mean = evaluation->tasks[t].mean;
        seen->share_reached = seen->mean / seen->reachable;
    }
}

// ---- playing --------------------------------------------------------------------------------------------------------------------

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for episodes"); }

void sdqn_behaviour_destroy(SdqnBehaviour *behaviour) {
    if (!behaviour) return;
    for (int t = 0; t < behaviour->num_tasks; t++) {
        free(behaviour->tasks[t].final_x);
        free(behaviour->tasks[t].ends);
    }
    free(behaviour);
}

/// A run's settings come from outside: they must not keep this busy for days.
static int episodes_to_play(const SdqnConfig *config) {
    int64_t steps = 1, most = SDQN_BEHAVIOUR_MAX_EPISODES; // never divided by 0
    for (int t = 0; t < config->num_tasks; t++) steps += sdqn_config_find_task(config, config->tasks[t])->time_limit_steps;
    if (SDQN_BEHAVIOUR_MAX_STEPS / steps < most) most = SDQN_BEHAVIOUR_MAX_STEPS / steps;
    if (config->final_episodes < most) most = config->final_episodes;
    return most > 0 ? (int)most : 1;
}

/// @return NULL if out of memory
static SdqnBehaviour *create(const SdqnRunRecord *run) {
    const SdqnConfig *config = &run->config;
    SdqnBehaviour *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->num_tasks = config->num_tasks;
    made->episodes = episodes_to_play(config);
    made->seed = config->final_seed;
    bool whole = true;
    for (int t = 0; t < made->num_tasks; t++) {
        made->tasks[t].final_x = calloc((size_t)made->episodes, sizeof(double));
        made->tasks[t].ends = calloc((size_t)made->episodes, sizeof(SdqnEpisodeEnd));
        whole = whole && made->tasks[t].final_x && made->tasks[t].ends;
    }
    if (whole) return made;
    sdqn_behaviour_destroy(made);
    return NULL;
}

static SdqnStatus play(SdqnWeightsPolicy *policy, const SdqnTaskSet *set, SdqnBehaviour *behaviour, SdqnError *error) {
    const size_t cells = (size_t)behaviour->num_tasks * (size_t)behaviour->episodes;
    Watch watching = {.behaviour = behaviour, .set = set};
    SdqnEvaluation evaluation = {0};
    watching.hovered = calloc(cells, sizeof *watching.hovered);
    watching.steps = calloc(cells, sizeof *watching.steps);
    SdqnStatus status = watching.hovered && watching.steps ? SDQN_OK : out_of_memory(error);
    const SdqnEvaluationDef def = {
        .set = set,
        .policy = sdqn_weights_policy_as_policy(policy),
        .episodes = behaviour->episodes,
        .seed = behaviour->seed,
        .level = sdqn_cpu_level_best(),
        .watch = watch,
        .watch_context = &watching,
    };
    if (status == SDQN_OK) status = sdqn_evaluate(&def, &evaluation, error);
    if (status == SDQN_OK) add_up(&watching, &evaluation);
    sdqn_evaluation_clear(&evaluation);
    free(watching.hovered);
    free(watching.steps);
    return status;
}

/// The policy of a weights file, for the run's tasks. @return SDQN_ERR_FORMAT too if it does not know them
static SdqnStatus open_policy(const SdqnRunRecord *run, const char *name, const SdqnTaskSet *set, SdqnWeightsPolicy **policy,
                              SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnWeightsPolicy *made = NULL;
    SdqnStatus status = sdqn_file_join(run->folder, name, path, error);
    if (status == SDQN_OK) status = sdqn_weights_policy_create(path, set->family, sdqn_kernels(sdqn_cpu_level_best()), &made, error);
    if (status != SDQN_OK) return status;
    const int rows = sdqn_weights_policy_num_tasks(made);
    if (rows > 0 && rows != set->count) {
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: knows %d tasks, the run has %d", name, rows, set->count);
    } else if (sdqn_weights_policy_is_named(made) && sdqn_weights_policy_choose(made, set, error) != SDQN_OK) {
        status = SDQN_ERR_FORMAT;
    }
    if (status == SDQN_OK) {
        *policy = made;
    } else {
        sdqn_weights_policy_destroy(made);
    }
    return status;
}

/// Name of the newest kept weights; "" if there are none.
static SdqnStatus newest_weights(const SdqnRunRecord *run, char name[64], SdqnError *error) {
    int64_t *episodes = NULL;
    int count = 0;
    char path[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_file_join(run->folder, SDQN_RUN_FINAL, path, error);
    name[0] = '\0';
    if (status == SDQN_OK && sdqn_file_exists(path)) {
        snprintf(name, 64, SDQN_RUN_FINAL);
        return SDQN_OK;
    }
    if (status == SDQN_OK) status = sdqn_kept_weights_list(run->folder, &episodes, &count, error);
    if (count > 0) sdqn_run_folder_weights_name(episodes[count - 1], name);
    free(episodes);
    return status;
}

SdqnStatus sdqn_behaviour_play(SdqnRunRecord *run, SdqnBehaviour **behaviour, SdqnError *error) {
    SdqnTaskSet set;
    SdqnWeightsPolicy *policy = NULL;
    SdqnBehaviour *made = NULL;
    char name[64];
    *behaviour = NULL;
    sdqn_task_set_from_config(&run->config, &set);
    SdqnStatus status = newest_weights(run, name, error);
    if (status != SDQN_OK || name[0] == '\0') {
        if (status == SDQN_OK) sdqn_notes_add(&run->notes, "no episode was played: the folder holds no weights yet");
        return status;
    }
    SdqnError cause = {0};
    status = open_policy(run, name, &set, &policy, &cause);
    if (status != SDQN_OK) return sdqn_notes_take(&run->notes, "no episode was played", status, &cause, error);
    made = create(run);
    status = made ? play(policy, &set, made, error) : out_of_memory(error);
    sdqn_weights_policy_destroy(policy);
    if (made && status == SDQN_OK) {
        memcpy(made->weights, name, sizeof name);
        *behaviour = made;
    } else {
        sdqn_behaviour_destroy(made);
    }
    return status;
}
