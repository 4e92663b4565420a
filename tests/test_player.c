// test_player.c: which episodes are played, with which streams, and what the task sampler hears of them.
#include "run/player.h"

#include "walk_family.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TASKS = 3, LANES = 3, MAX_BEGUN = 2000 };

/// A method that learns nothing: it goes right, says what TD errors it is told to say, and remembers how episodes began.
typedef struct Listener {
    float errors[TASKS];
    int begun;
    int lanes[MAX_BEGUN], tasks[MAX_BEGUN];
    float beginnings[MAX_BEGUN];
} Listener;

static int go_right(void *self, const float *observation, int task) {
    (void)self, (void)observation, (void)task;
    return 2;
}

static void remember(void *self, const SdqnTransition *transition) {
    Listener *listener = self;
    if (transition->observation[1] != 0.0f) return; // not the first step
    assert_true(listener->begun < MAX_BEGUN);
    listener->lanes[listener->begun] = transition->environment;
    listener->tasks[listener->begun] = transition->task;
    listener->beginnings[listener->begun++] = transition->observation[0];
}

static SdqnStatus say_errors(void *self, SdqnUpdate *update, SdqnError *error) {
    (void)error;
    const Listener *listener = self;
    *update = (SdqnUpdate){.done = true, .loss = 1.0f, .tasks = TASKS, .errors = listener->errors};
    return SDQN_OK;
}

static void ignore_end(void *self, int task) { (void)self, (void)task; }

static double epsilon_of(const void *self, int task) {
    (void)self;
    return 0.1 * (task + 1);
}

static const SdqnMethod listening = {
    .name = "listener", .act = go_right, .push = remember, .update = say_errors, .end_episode = ignore_end, .epsilon = epsilon_of};

/// Each ends within a few steps; only the second is worth a success.
static const WalkTask walks[TASKS] = {{0.5, 0.3, 1.0, 9}, {0.5, 0.3, 300.0, 9}, {0.5, 0.3, 1.0, 9}};

static SdqnTaskSet task_set(void) {
    static const char *const names[TASKS] = {"first", "second", "third"};
    SdqnTaskSet set = {.family = &walk_family, .count = TASKS};
    for (int t = 0; t < TASKS; t++) set.tasks[t] = (SdqnTaskEntry){names[t], &walks[t], 9};
    return set;
}

/// Play so many episodes.
static void play(const SdqnPlayerDef *def, int episodes) {
    SdqnPlayer *player;
    uint64_t steps = 0, updates = 0;
    assert_int_equal(sdqn_player_create(def, &player, NULL), SDQN_OK);
    for (int i = 0; i < episodes; i++) {
        SdqnEpisodeMetrics metrics;
        bool ended = false;
        assert_int_equal(sdqn_player_play(player, &steps, &updates, &ended, &metrics, NULL), SDQN_OK);
        assert_true(ended);
        int task = 0;
        while (strcmp(def->tasks->tasks[task].name, metrics.task) != 0) task++;
        assert_true(metrics.epsilon == epsilon_of(NULL, task));
    }
    assert_true(steps == updates);
    sdqn_player_destroy(player);
}

static void each_lane_and_task_has_a_stream_of_its_own(void **state) {
    (void)state;
    static Listener listener;
    const SdqnTaskSet set = task_set();
    const SdqnPlayerDef def = {.method = &listening, .self = &listener, .tasks = &set, .seed = 5, .environments = LANES};
    bool seen[LANES][TASKS] = {{false}};
    int kinds = 0;
    listener = (Listener){0};
    play(&def, 100);
    for (int i = 0; i < listener.begun; i++) {
        const int lane = listener.lanes[i], task = listener.tasks[i];
        assert_int_equal(task, i % TASKS);
        if (seen[lane][task]) continue; // its stream has gone on
        seen[lane][task] = true;
        kinds++;
        SdqnRng rng;
        const uint32_t key[3] = {SDQN_STREAM_ENVIRONMENT, (uint32_t)task, (uint32_t)lane};
        sdqn_rng_seed_spawned(&rng, 5, key, lane == 0 ? 2 : 3);
        assert_true(listener.beginnings[i] == (float)sdqn_rng_uniform(&rng, -0.3, 0.3));
    }
    assert_int_equal(kinds, LANES * TASKS);
}

/// The share of the third task among the episodes that were begun; the first one is never played.
static double share_of_third(SdqnTaskSampling sampling) {
    static Listener listener;
    const SdqnTaskSet set = task_set();
    const SdqnPlayerDef def = {
        .method = &listening, .self = &listener, .tasks = &set, .seed = 5, .environments = 1, .sampling = sampling, .first_task = 1};
    int third = 0;
    listener = (Listener){.errors = {100.0f, 1.0f, 3.0f}};
    play(&def, 1500);
    for (int i = 0; i < listener.begun; i++) {
        assert_true(listener.tasks[i] > 0);
        third += listener.tasks[i] == 2;
    }
    return (double)third / listener.begun;
}

/// Errors of 1 and 3 give 0.05 + 0.9 * 3 / 4; the second task always succeeds and the third never: 0.05 + 0.9 * 1 / (1 + 0), in the end.
static void only_tasks_from_the_first_on_are_played_and_weighed(void **state) {
    (void)state;
    assert_true(share_of_third(SDQN_TASK_SAMPLING_ROUND_ROBIN) == 0.5);
    assert_true(fabs(share_of_third(SDQN_TASK_SAMPLING_UNIFORM) - 0.5) < 0.05);
    assert_true(fabs(share_of_third(SDQN_TASK_SAMPLING_LOSS) - 0.725) < 0.04);
    assert_true(share_of_third(SDQN_TASK_SAMPLING_SUCCESS) > 0.8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lane_and_task_has_a_stream_of_its_own),
        cmocka_unit_test(only_tasks_from_the_first_on_are_played_and_weighed),
    };
    return cmocka_run_group_tests_name("player", tests, NULL, NULL);
}
