#include "run/player.h"

#include "run/evaluator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// An episode that is being played. Plain data without padding.
typedef struct Lane {
    int64_t task; ///< -1: none has begun
    int64_t steps, updates;
    double episode_return, epsilon, loss_sum;
    float observation[SDQN_MAX_OBSERVATION_SIZE];
} Lane;

/// What a full state holds: this, then the lanes, then their environments, [lanes, tasks].
typedef struct PlayerState {
    uint64_t next_lane; ///< that takes the next step
    SdqnTaskSampler sampler;
} PlayerState;

_Static_assert(sizeof(Lane) == 48 + SDQN_MAX_OBSERVATION_SIZE * sizeof(float), "no padding");
_Static_assert(sizeof(PlayerState) % 16 == 8 && sizeof(Lane) % 16 == 0, "see environments_offset");

struct SdqnPlayer {
    SdqnPlayerDef def;
    size_t size;          ///< of the state
    unsigned char *state; ///< [size]
};

static PlayerState *state_of(const SdqnPlayer *player) { return (PlayerState *)(void *)player->state; }

// The environments must be aligned to 16.
static size_t lanes_offset(void) { return sizeof(PlayerState) + 8; }
static size_t environments_offset(const SdqnPlayer *player) { return lanes_offset() + (size_t)player->def.environments * sizeof(Lane); }

static Lane *lane_of(const SdqnPlayer *player, int lane) { return (Lane *)(void *)(player->state + lanes_offset()) + lane; }

static void *environment_of(const SdqnPlayer *player, int lane, int task) {
    const size_t index = (size_t)lane * (size_t)player->def.tasks->count + (size_t)task;
    return player->state + environments_offset(player) + index * player->def.tasks->family->state_size;
}

static void create_environments(SdqnPlayer *player) {
    const SdqnTaskSet *tasks = player->def.tasks;
    for (int l = 0; l < player->def.environments; l++) {
        for (int t = 0; t < tasks->count; t++) {
            SdqnRng rng;
            const uint32_t key[3] = {SDQN_STREAM_ENVIRONMENT, (uint32_t)t, (uint32_t)l};
            sdqn_rng_seed_spawned(&rng, player->def.seed, key, l == 0 ? 2 : 3);
            tasks->family->create(environment_of(player, l, t), tasks->tasks[t].data, &rng);
        }
        lane_of(player, l)->task = -1;
    }
}

SdqnStatus sdqn_player_create(const SdqnPlayerDef *def, SdqnPlayer **player, SdqnError *error) {
    SdqnPlayer *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->def = *def;
        // Each environment must be aligned to 16, so state_size is a multiple of it.
        made->size = environments_offset(made) + (size_t)def->environments * (size_t)def->tasks->count * def->tasks->family->state_size;
        made->state = aligned_alloc(16, made->size);
    }
    if (made == NULL || made->state == NULL) {
        sdqn_player_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "trainer: out of memory for %d times %d environments", def->environments,
                              def->tasks->count);
    }
    memset(made->state, 0, environments_offset(made));
    SdqnRng rng;
    const uint32_t key = SDQN_STREAM_TASK_SAMPLING;
    sdqn_rng_seed_spawned(&rng, def->seed, &key, 1);
    sdqn_task_sampler_begin(&state_of(made)->sampler, &rng);
    create_environments(made);
    *player = made;
    return SDQN_OK;
}

void sdqn_player_destroy(SdqnPlayer *player) {
    if (player == NULL) return;
    free(player->state);
    free(player);
}

static void begin_episode(SdqnPlayer *player, int index) {
    const SdqnTaskSet *tasks = player->def.tasks;
    Lane *lane = lane_of(player, index);
    const int first = player->def.first_task;
    const int task = first + sdqn_task_sampler_next(&state_of(player)->sampler, player->def.sampling, tasks->count - first);
    *lane = (Lane){.task = task, .epsilon = player->def.method->epsilon(player->def.self, task)};
    tasks->family->reset(environment_of(player, index, task), lane->observation);
}

/// Pass what an update did on to those who want to know.
static SdqnStatus take_update(SdqnPlayer *player, Lane *lane, const SdqnUpdate *update, SdqnError *error) {
    const SdqnPlayerDef *def = &player->def;
    lane->updates++;
    lane->loss_sum += (double)update->loss;
    for (int t = 0; t < update->tasks; t++) { // of a learner of one task it is that of the step
        const int task = (update->tasks == def->tasks->count ? t : (int)lane->task) - def->first_task;
        if (task >= 0) sdqn_task_sampler_take_error(&state_of(player)->sampler, def->sampling, task, (double)update->errors[t]);
    }
    return update->report != NULL && def->report != NULL ? def->report(def->context, update->report, (int)lane->task, error) : SDQN_OK;
}

/// One environment step of a lane and what the method makes of it.
static SdqnStatus play_step(SdqnPlayer *player, int index, uint64_t *updates, SdqnStep *step, SdqnError *error) {
    const SdqnPlayerDef *def = &player->def;
    const SdqnEnvironmentFamily *family = def->tasks->family;
    Lane *lane = lane_of(player, index);
    const int task = (int)lane->task, action = def->method->act(def->self, lane->observation, task);
    float next[SDQN_MAX_OBSERVATION_SIZE];
    *step = family->step(environment_of(player, index, task), action, next);
    const SdqnTransition transition = {
        .observation = lane->observation,
        .next_observation = next,
        .reward = step->reward,
        .action = action,
        .task = task,
        .terminated = step->terminated, // a time limit is none
        .truncated = step->truncated,
        .environment = index,
    };
    def->method->push(def->self, &transition);
    lane->steps++;
    lane->episode_return += step->reward;
    SdqnUpdate update = {0};
    SdqnStatus status = def->method->update(def->self, &update, error);
    if (status == SDQN_OK && update.done) {
        ++*updates;
        status = take_update(player, lane, &update, error);
    }
    memcpy(lane->observation, next, (size_t)family->observation_size * sizeof *next);
    return status;
}

static void end_episode(SdqnPlayer *player, int index, const SdqnStep *step, SdqnEpisodeMetrics *metrics) {
    Lane *lane = lane_of(player, index);
    const int task = (int)lane->task;
    *metrics = (SdqnEpisodeMetrics){
        .task = player->def.tasks->tasks[task].name,
        .episode_return = lane->episode_return,
        .steps = lane->steps,
        .terminated = step->terminated,
        .truncated = step->truncated,
        .at_rest = step->at_rest,
        .epsilon = lane->epsilon,
        .updates = lane->updates,
        .mean_loss = lane->updates > 0 ? lane->loss_sum / (double)lane->updates : 0,
    };
    sdqn_task_sampler_take_episode(&state_of(player)->sampler, player->def.sampling, task - player->def.first_task,
                                   lane->episode_return >= SDQN_SUCCESS_RETURN);
    player->def.method->end_episode(player->def.self, task);
    *lane = (Lane){.task = -1};
}

SdqnStatus sdqn_player_play(SdqnPlayer *player, uint64_t *steps, uint64_t *updates, bool *ended, SdqnEpisodeMetrics *metrics,
                            SdqnError *error) {
    const SdqnPlayerDef *def = &player->def;
    SdqnStep step = {0};
    int index;
    *ended = false;
    do {
        index = (int)state_of(player)->next_lane;
        state_of(player)->next_lane = (uint64_t)((index + 1) % player->def.environments);
        if (lane_of(player, index)->task < 0) begin_episode(player, index);
        SdqnError cause = {0};
        const SdqnStatus status = play_step(player, index, updates, &step, &cause);
        if (status != SDQN_OK) {
            return sdqn_error_set(error, status, "update %llu: %s", (unsigned long long)*updates + 1, cause.message);
        }
        *ended = step.terminated || step.truncated;
        if (++*steps % SDQN_PLAYER_PAUSE_STEPS == 0 && !*ended && def->pauses != NULL && def->pauses(def->context)) return SDQN_OK;
    } while (!*ended);
    end_episode(player, index, &step, metrics);
    return SDQN_OK;
}

// ---- state ----------------------------------------------------------------------------------------------------------------------

const void *sdqn_player_state(const SdqnPlayer *player, size_t *size) {
    *size = player->size;
    return player->state;
}

static bool lane_is_sound(const SdqnPlayer *player, const Lane *lane) {
    bool sound = lane->task >= -1 && lane->task < player->def.tasks->count && lane->steps >= 0 && lane->updates >= 0;
    sound = sound && lane->epsilon >= 0 && lane->epsilon <= 1 && isfinite(lane->episode_return) && isfinite(lane->loss_sum);
    for (int i = 0; i < SDQN_MAX_OBSERVATION_SIZE; i++) sound = sound && isfinite(lane->observation[i]);
    return sound;
}

SdqnStatus sdqn_player_check_state(const SdqnPlayer *player, const void *bytes, size_t size, SdqnError *error) {
    if (size != player->size)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved environments: %zu bytes, expected %zu", size, player->size);
    PlayerState state;
    memcpy(&state, bytes, sizeof state);
    if (state.next_lane >= (uint64_t)player->def.environments)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved environments: the next lane is %llu of %d",
                              (unsigned long long)state.next_lane, player->def.environments);
    for (int l = 0; l < player->def.environments; l++) {
        Lane lane;
        memcpy(&lane, (const unsigned char *)bytes + lanes_offset() + (size_t)l * sizeof lane, sizeof lane);
        if (!lane_is_sound(player, &lane)) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved environments: lane %d is out of range", l);
    }
    return sdqn_task_sampler_check(&state.sampler, error);
}

SdqnStatus sdqn_player_load_state(SdqnPlayer *player, const void *bytes, size_t size, SdqnError *error) {
    const SdqnStatus status = sdqn_player_check_state(player, bytes, size, error);
    if (status == SDQN_OK) memcpy(player->state, bytes, size);
    return status;
}
