// The training protocol against a method that records what it is told, and interrupted runs against uninterrupted ones.
#include "core/file.h"
#include "core/json.h"
#include "run/trainer.h"
#include "walk_family.h"

#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const WalkTask walks[2] = {{.step = 0.2, .spread = 0.5, .goal = 250, .limit = 30},
                                  {.step = 0.1, .spread = 0.3, .goal = 200, .limit = 12}};
static const SdqnTaskSet tasks = {&walk_family, 2, {{"long", &walks[0], 30}, {"short", &walks[1], 12}}};

static char base[64];

static int make_base(void **state) {
    (void)state;
    snprintf(base, sizeof base, "/tmp/sdqn_trainer_XXXXXX");
    return mkdtemp(base) != NULL ? 0 : -1;
}

static int remove_base(void **state) {
    (void)state;
    return sdqn_file_remove_tree(base, NULL) == SDQN_OK ? 0 : -1;
}

// ---- a method that records ------------------------------------------------------------------------------------------------------

typedef struct Recorder {
    int acts, updates, episodes;
    int pushes[2], terminated[2], ended[8], num_ended;
    bool task_mixed;    ///< an act or push named another task than the episode's
    int evaluated;      ///< q_values calls
    int fail_at_update; ///< SDQN_ERR_NUMERIC at this one; 0 never
    float weight;
} Recorder;

static Recorder recorder; // the method of the running test

static SdqnStatus recorder_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    (void)def;
    (void)error;
    *self = &recorder;
    return SDQN_OK;
}
static void recorder_destroy(void *self) { (void)self; }
static size_t recorder_parameter_count(const void *self) {
    (void)self;
    return 1;
}
static void recorder_q_values(void *self, const float *observation, const int32_t *task, int n, float *q) {
    (void)self;
    (void)observation;
    (void)task;
    (void)n;
    recorder.evaluated++;
    q[0] = 0;
    q[1] = 0;
    q[2] = 1;
}
static int recorder_act(void *self, const float *observation, int task) {
    (void)self;
    (void)observation;
    recorder.task_mixed |= task != recorder.episodes % 2;
    return recorder.acts++ % 3;
}
static void recorder_push(void *self, const SdqnTransition *transition) {
    (void)self;
    recorder.task_mixed |= transition->task != recorder.episodes % 2;
    recorder.pushes[transition->task]++;
    recorder.terminated[transition->task] += transition->terminated;
}
static SdqnStatus recorder_update(void *self, SdqnUpdate *update, SdqnError *error) {
    (void)self;
    if (++recorder.updates == recorder.fail_at_update) return sdqn_error_set(error, SDQN_ERR_NUMERIC, "loss = nan: must be finite");
    *update = (SdqnUpdate){.done = true, .loss = 1.5f};
    recorder.weight += 1;
    return SDQN_OK;
}
static void recorder_end_episode(void *self, int task) {
    (void)self;
    if (recorder.num_ended < 8) recorder.ended[recorder.num_ended++] = task;
    recorder.episodes++;
}
static double recorder_epsilon(const void *self, int task) {
    (void)self;
    (void)task;
    return 1.0 / (1 + recorder.episodes);
}
static int recorder_tensors(const void *self, SdqnTensor *tensors, int capacity) {
    (void)self;
    if (capacity > 0) tensors[0] = (SdqnTensor){.name = "weight", .rank = 1, .shape = {1}, .data = &recorder.weight};
    return 1;
}
static size_t recorder_state_size(const void *self) {
    (void)self;
    return sizeof recorder;
}
static void recorder_save_state(const void *self, uint8_t *bytes) {
    (void)self;
    memcpy(bytes, &recorder, sizeof recorder);
}
static SdqnStatus recorder_load_state(void *self, const uint8_t *bytes, size_t size, SdqnError *error) {
    (void)self;
    (void)error;
    assert_int_equal(size, sizeof recorder);
    memcpy(&recorder, bytes, sizeof recorder);
    return SDQN_OK;
}

static const SdqnMethod recorder_method = {
    .name = "recorder",
    .help = "records",
    .create = recorder_create,
    .destroy = recorder_destroy,
    .parameter_count = recorder_parameter_count,
    .q_values = recorder_q_values,
    .act = recorder_act,
    .push = recorder_push,
    .update = recorder_update,
    .end_episode = recorder_end_episode,
    .epsilon = recorder_epsilon,
    .tensors = recorder_tensors,
    .state_size = recorder_state_size,
    .save_state = recorder_save_state,
    .load_state = recorder_load_state,
};

// ---- running --------------------------------------------------------------------------------------------------------------------

static SdqnTrainerDef make_def(const SdqnMethod *method) {
    SdqnTrainerDef def = {
        .method = method,
        .tasks = &tasks,
        .episodes = 23,
        .evaluation_period = 5,
        .evaluation_episodes = 2,
        .evaluation_seed = 2000000,
        .final_episodes = 3,
        .final_seed = 1000000,
        .checkpoint_period = 10,
        .state_period_episodes = 4,
    };
    sdqn_method_find("shared")->def_default(&def.method_def);
    def.method_def.network.observation_size = 2;
    def.method_def.network.num_actions = 3;
    def.method_def.network.num_tasks = 2;
    def.method_def.network.hidden1_size = 16;
    def.method_def.network.hidden2_size = 8;
    def.method_def.dqn.batch_size = 8;
    def.method_def.dqn.replay_capacity = 100; // the ring wraps
    def.method_def.dqn.min_replay_size = 20;
    def.method_def.dqn.gradient_period = 10;
    def.method_def.kernels = sdqn_kernels(SDQN_CPU_SCALAR);
    def.method_def.seed = 7;
    sdqn_sha256_hex("configuration", 13, def.configuration);
    return def;
}

static const char *in_base(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static volatile sig_atomic_t stop;

/// Ends the run after some episodes, as a signal would.
typedef struct Stopper {
    int64_t after; ///< finished episodes; -1: never
    int notices;
    char notice[SDQN_ERROR_SIZE];
    int64_t best_episode;
} Stopper;

static void stop_after_episode(void *context, const SdqnEpisodeMetrics *metrics) {
    const Stopper *stopper = context;
    if (stopper->after >= 0 && metrics->episode + 1 >= stopper->after) stop = 1;
}
static void count_notice(void *context, const char *text) {
    Stopper *stopper = context;
    stopper->notices++;
    snprintf(stopper->notice, sizeof stopper->notice, "%s", text);
}
static void note_best(void *context, int64_t episode, const SdqnEvaluation *evaluation, bool is_best) {
    (void)evaluation;
    if (is_best) ((Stopper *)context)->best_episode = episode;
}

static SdqnStatus train(const SdqnTrainerDef *def, const char *name, bool resume, Stopper *stopper, SdqnError *error) {
    SdqnTrainer *trainer;
    SdqnRunFolder *folder;
    SdqnTrainerResult result = {0};
    const SdqnTrainerObserver observer = {
        .context = stopper, .episode = stop_after_episode, .notice = count_notice, .evaluation = note_best};
    stop = 0;
    assert_int_equal(sdqn_trainer_create(def, &trainer, error), SDQN_OK);
    SdqnStatus status = sdqn_run_folder_open(in_base(name), resume ? SDQN_RUN_FOLDER_RESUME : SDQN_RUN_FOLDER_NEW, &folder, error);
    assert_int_equal(status, SDQN_OK);
    if (!resume) assert_int_equal(sdqn_run_folder_write(folder, SDQN_RUN_CONFIG, "", 0, error), SDQN_OK);
    status = sdqn_trainer_run(trainer, folder, resume, &observer, &stop, &result, error);
    if (status == SDQN_OK) {
        assert_int_equal(result.evaluation.num_tasks, 2);
        assert_int_equal(result.evaluation.num_episodes, def->final_episodes);
        assert_int_equal(strlen(result.weights_sha256), 64);
    }
    sdqn_evaluation_clear(&result.evaluation);
    sdqn_run_folder_close(folder);
    sdqn_trainer_destroy(trainer);
    return status;
}

static void train_whole(const SdqnTrainerDef *def, const char *name) {
    SdqnError error = {0};
    Stopper never = {.after = -1};
    if (train(def, name, false, &never, &error) != SDQN_OK) fail_msg("%s", error.message);
}

static void read_file(const char *run, const char *file, uint8_t **data, size_t *size) {
    char path[512];
    SdqnError error = {0};
    snprintf(path, sizeof path, "%s/%s/%s", base, run, file);
    if (sdqn_file_read(path, (size_t)1 << 24, data, size, &error) != SDQN_OK) fail_msg("%s", error.message);
}

static const char *const compared[] = {"metrics.jsonl",
                                       "evaluations.jsonl",
                                       "gradients.jsonl",
                                       "final.safetensors",
                                       "best.safetensors",
                                       "checkpoints/episode_000010.safetensors",
                                       "checkpoints/episode_000020.safetensors"};

static bool same_file(const char *run, const char *other, const char *file) {
    uint8_t *a, *b;
    size_t a_size, b_size;
    read_file(run, file, &a, &a_size);
    read_file(other, file, &b, &b_size);
    bool same = a_size == b_size && memcmp(a, b, a_size) == 0;
    free(a);
    free(b);
    return same;
}

static void assert_same_runs(const char *run, const char *other) {
    for (size_t i = 0; i < sizeof compared / sizeof *compared; i++)
        if (!same_file(run, other, compared[i])) fail_msg("%s differs between %s and %s", compared[i], run, other);
}

static int count_lines(const char *run, const char *file) {
    uint8_t *data;
    size_t size;
    int lines = 0;
    read_file(run, file, &data, &size);
    for (size_t i = 0; i < size; i++) lines += data[i] == '\n';
    free(data);
    return lines;
}

static bool has_file(const char *run, const char *file) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", base, run, file);
    return sdqn_file_exists(path);
}

// ---- the protocol ---------------------------------------------------------------------------------------------------------------

static void episodes_take_the_tasks_in_turn(void **state) {
    (void)state;
    recorder = (Recorder){0};
    SdqnTrainerDef def = make_def(&recorder_method);
    train_whole(&def, "a");
    assert_int_equal(recorder.episodes, 23);
    for (int i = 0; i < 8; i++) assert_int_equal(recorder.ended[i], i % 2);
    assert_false(recorder.task_mixed);
    assert_int_equal(recorder.acts, recorder.updates);
    assert_int_equal(recorder.acts, recorder.pushes[0] + recorder.pushes[1]);
}

static void a_time_limit_is_stored_as_no_end(void **state) {
    (void)state;
    recorder = (Recorder){0};
    SdqnTrainerDef def = make_def(&recorder_method);
    train_whole(&def, "a");
    // Going left, nowhere, right in turn, the short walk is always cut by its limit.
    assert_int_equal(recorder.terminated[1], 0);
    assert_int_equal(recorder.pushes[1], 11 * 12);
}

static void evaluations_and_checkpoints_come_when_due(void **state) {
    (void)state;
    recorder = (Recorder){0};
    SdqnTrainerDef def = make_def(&recorder_method);
    train_whole(&def, "a");
    assert_int_equal(count_lines("a", "metrics.jsonl"), 23);
    assert_int_equal(count_lines("a", "timing.jsonl"), 23);
    assert_int_equal(count_lines("a", "evaluations.jsonl"), 4 + 1); // after 5, 10, 15, 20, and the final one
    assert_false(has_file("a", "checkpoints/episode_000000.safetensors"));
    assert_true(has_file("a", "checkpoints/episode_000010.safetensors"));
    assert_true(has_file("a", "checkpoints/episode_000020.safetensors"));
    assert_true(has_file("a", "final.safetensors"));
    assert_true(has_file("a", "summary.json"));
    assert_false(has_file("a", "events.out.tfevents.0.sharedqn"));
}

static void metrics_lines_say_what_happened(void **state) {
    (void)state;
    recorder = (Recorder){0};
    SdqnTrainerDef def = make_def(&recorder_method);
    train_whole(&def, "a");
    uint8_t *data;
    size_t size;
    read_file("a", "metrics.jsonl", &data, &size);
    const char *second = strchr((const char *)data, '\n') + 1; // episode 1, on the short walk
    json_t *line;
    assert_int_equal(sdqn_json_parse("line", second, strcspn(second, "\n"), &line, NULL), SDQN_OK);
    double value;
    bool flag;
    int64_t steps, total;
    assert_int_equal(sdqn_json_get_double("line", line, "return", &value, NULL), SDQN_OK);
    assert_true(fabs(value + 0.12) < 1e-12);
    assert_int_equal(sdqn_json_get_double("line", line, "epsilon", &value, NULL), SDQN_OK);
    assert_true(value == 0.5);
    assert_int_equal(sdqn_json_get_double("line", line, "loss", &value, NULL), SDQN_OK);
    assert_true(value == 1.5);
    assert_int_equal(sdqn_json_get_bool("line", line, "truncated", &flag, NULL), SDQN_OK);
    assert_true(flag);
    assert_int_equal(sdqn_json_get_bool("line", line, "terminated", &flag, NULL), SDQN_OK);
    assert_false(flag);
    assert_int_equal(sdqn_json_get_integer("line", line, "steps", 0, 1000, &steps, NULL), SDQN_OK);
    assert_int_equal(steps, 12);
    assert_int_equal(sdqn_json_get_integer("line", line, "total_steps", 0, 1000, &total, NULL), SDQN_OK);
    assert_true(total > steps);
    json_decref(line);
    free(data);
}

static void the_first_of_equal_evaluations_stays_the_best(void **state) {
    (void)state;
    recorder = (Recorder){0};
    SdqnTrainerDef def = make_def(&recorder_method);
    Stopper never = {.after = -1};
    SdqnError error = {0};
    assert_int_equal(train(&def, "a", false, &never, &error), SDQN_OK); // the recorder's policy never changes
    assert_int_equal(never.best_episode, 5);
}

static void full_states_go_when_the_run_is_finished(void **state) {
    (void)state;
    recorder = (Recorder){0};
    SdqnTrainerDef def = make_def(&recorder_method);
    train_whole(&def, "a");
    assert_false(has_file("a", "checkpoints/state_000023.sdqn"));
    recorder = (Recorder){0};
    def.keep_state = true;
    train_whole(&def, "b");
    assert_true(has_file("b", "checkpoints/state_000023.sdqn"));
    assert_true(has_file("b", "checkpoints/state_000020.sdqn"));
    assert_false(has_file("b", "checkpoints/state_000016.sdqn"));
}

static void a_loss_that_is_not_finite_names_episode_and_update(void **state) {
    (void)state;
    recorder = (Recorder){.fail_at_update = 150};
    SdqnTrainerDef def = make_def(&recorder_method);
    Stopper never = {.after = -1};
    SdqnError error = {0};
    assert_int_equal(train(&def, "a", false, &never, &error), SDQN_ERR_NUMERIC);
    int episode, update;
    assert_int_equal(sscanf(error.message, "episode %d, update %d: loss = nan", &episode, &update), 2);
    assert_int_equal(update, 150);
    assert_true(episode >= 4);
    char name[64];
    snprintf(name, sizeof name, "checkpoints/state_%06d.sdqn", episode / 4 * 4);
    assert_true(has_file("a", name)); // the last good state
}

static void a_wrong_network_is_refused(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    SdqnTrainer *trainer;
    SdqnError error = {0};
    def.method_def.network.num_actions = 4;
    assert_int_equal(sdqn_trainer_create(&def, &trainer, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "4 actions"));
}

// ---- interruption ---------------------------------------------------------------------------------------------------------------

static void the_same_seed_gives_the_same_bytes(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    train_whole(&def, "a");
    train_whole(&def, "b");
    assert_same_runs("a", "b");
    def.method_def.seed = 8;
    train_whole(&def, "c");
    assert_false(same_file("a", "c", "final.safetensors"));
}

static void the_callers_floating_point_mode_changes_nothing(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    train_whole(&def, "a");
    assert_int_equal(fesetround(FE_DOWNWARD), 0);
    train_whole(&def, "b");
    assert_int_equal(fegetround(), FE_DOWNWARD);
    assert_int_equal(fesetround(FE_TONEAREST), 0);
    assert_same_runs("a", "b");
}

static void evaluation_changes_nothing_in_training(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    train_whole(&def, "a");
    def.evaluation_period = 3;
    def.evaluation_episodes = 4;
    def.state_period_episodes = 1;
    train_whole(&def, "b");
    assert_true(same_file("a", "b", "final.safetensors"));
    assert_true(same_file("a", "b", "metrics.jsonl"));
}

static void a_run_stopped_after_any_episode_goes_on_with_the_same_bytes(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    def.tensorboard = true;
    train_whole(&def, "whole");
    for (int64_t after = 1; after <= def.episodes; after++) {
        char name[32];
        SdqnError error = {0};
        Stopper stopper = {.after = after}, never = {.after = -1};
        snprintf(name, sizeof name, "cut%lld", (long long)after);
        assert_int_equal(train(&def, name, false, &stopper, &error), SDQN_ERR_INTERRUPTED);
        assert_false(has_file(name, "summary.json"));
        if (train(&def, name, true, &never, &error) != SDQN_OK) fail_msg("%s", error.message);
        assert_same_runs("whole", name);
        assert_int_equal(never.notices, 0);
    }
}

/// Four environments at a time, whose episodes wait for each other's steps, n-step returns in each, and tasks drawn by each kind.
static void a_run_of_several_environments_goes_on_with_the_same_bytes(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    def.method_def.dqn.environments = 4;
    def.method_def.dqn.n_step = 3;
    def.method_def.dqn.prioritised = true;
    static const SdqnTaskSampling kinds[] = {SDQN_TASK_SAMPLING_ROUND_ROBIN, SDQN_TASK_SAMPLING_UNIFORM, SDQN_TASK_SAMPLING_LOSS,
                                             SDQN_TASK_SAMPLING_SUCCESS};
    for (int k = 0; k < 4; k++) {
        char whole[32];
        def.task_sampling = kinds[k];
        snprintf(whole, sizeof whole, "whole%d", k);
        train_whole(&def, whole);
        assert_true(count_lines(whole, "gradients.jsonl") > 5);
        if (k > 0) assert_false(same_file("whole0", whole, "metrics.jsonl"));
        for (int64_t after = 1; after <= def.episodes; after += 3) {
            char name[32];
            SdqnError error = {0};
            Stopper stopper = {.after = after}, never = {.after = -1};
            snprintf(name, sizeof name, "cut%d_%lld", k, (long long)after);
            assert_int_equal(train(&def, name, false, &stopper, &error), SDQN_ERR_INTERRUPTED);
            if (train(&def, name, true, &never, &error) != SDQN_OK) fail_msg("%s", error.message);
            assert_same_runs(whole, name);
            assert_int_equal(never.notices, 0);
        }
    }
}

/// Asks for a stop while an episode goes on: at the n-th update.
static int64_t stop_at_update;
static SdqnStatus stopping_update(void *self, SdqnUpdate *update, SdqnError *error) {
    if (stop_at_update > 0 && --stop_at_update == 0) stop = 1;
    return sdqn_method_find("shared")->update(self, update, error);
}

/// An episode of 9,000 steps is no reason to wait: the run stops within it, and goes on with the same bytes.
static void a_run_stopped_within_an_episode_goes_on_with_the_same_bytes(void **state) {
    (void)state;
    static const WalkTask endless = {.step = 1e-6, .spread = 0.5, .goal = 250, .limit = 9000};
    static const SdqnTaskSet set = {&walk_family, 2, {{"long", &endless, 9000}, {"short", &walks[1], 12}}};
    static SdqnMethod method;
    method = *sdqn_method_find("shared");
    method.update = stopping_update;
    SdqnTrainerDef def = make_def(&method);
    def.tasks = &set;
    def.episodes = 3;
    def.checkpoint_period = 2;
    def.method_def.dqn.gradient_period = 1000;
    stop_at_update = 0;
    train_whole(&def, "whole");
    static const char *const files[] = {"metrics.jsonl", "evaluations.jsonl", "gradients.jsonl", "final.safetensors",
                                        "checkpoints/episode_000002.safetensors"};
    static const int64_t stops[] = {1, 5000, 8970, 12000};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        char name[32];
        SdqnError error = {0};
        Stopper never = {.after = -1};
        snprintf(name, sizeof name, "cut%zu", i);
        stop_at_update = stops[i];
        assert_int_equal(train(&def, name, false, &never, &error), SDQN_ERR_INTERRUPTED);
        stop_at_update = 9000; // and once more within
        const SdqnStatus status = train(&def, name, true, &never, &error);
        stop_at_update = 0;
        if (status == SDQN_ERR_INTERRUPTED && train(&def, name, true, &never, &error) != SDQN_OK) fail_msg("%s", error.message);
        for (size_t k = 0; k < sizeof files / sizeof *files; k++) assert_true(same_file("whole", name, files[k]));
    }
}

static void a_run_stopped_often_goes_on_with_the_same_bytes(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    train_whole(&def, "whole");
    SdqnError error = {0};
    SdqnStatus status = SDQN_ERR_INTERRUPTED;
    for (int64_t after = 1; status == SDQN_ERR_INTERRUPTED; after += 2) {
        Stopper stopper = {.after = after <= def.episodes ? after : -1};
        status = train(&def, "often", after > 1, &stopper, &error);
    }
    assert_int_equal(status, SDQN_OK);
    assert_same_runs("whole", "often");
}

static void run_without_a_state_begins_anew(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    train_whole(&def, "whole");
    SdqnError error = {0};
    Stopper stopper = {.after = 7}, never = {.after = -1};
    assert_int_equal(train(&def, "cut", false, &stopper, &error), SDQN_ERR_INTERRUPTED);
    assert_int_equal(sdqn_file_remove(in_base("cut/checkpoints/state_000007.sdqn"), &error), SDQN_OK);
    assert_int_equal(sdqn_file_remove(in_base("cut/checkpoints/state_000004.sdqn"), &error), SDQN_OK);
    assert_int_equal(train(&def, "cut", true, &never, &error), SDQN_OK);
    assert_same_runs("whole", "cut");
}

static void damage(const char *name) {
    FILE *file = fopen(in_base(name), "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    assert_int_equal(fputc(0x55, file), 0x55);
    assert_int_equal(fclose(file), 0);
}

static void a_damaged_state_gives_way_to_the_older_one(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    train_whole(&def, "whole");
    SdqnError error = {0};
    Stopper stopper = {.after = 7}, never = {.after = -1};
    assert_int_equal(train(&def, "cut", false, &stopper, &error), SDQN_ERR_INTERRUPTED);
    damage("cut/checkpoints/state_000007.sdqn");
    assert_int_equal(train(&def, "cut", true, &never, &error), SDQN_OK);
    assert_int_equal(never.notices, 1);
    assert_non_null(strstr(never.notice, "state_000007.sdqn: is damaged"));
    assert_same_runs("whole", "cut");
}

static void without_a_usable_state_nothing_is_changed(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    SdqnError error = {0};
    Stopper stopper = {.after = 7}, never = {.after = -1};
    assert_int_equal(train(&def, "cut", false, &stopper, &error), SDQN_ERR_INTERRUPTED);
    damage("cut/checkpoints/state_000007.sdqn");
    damage("cut/checkpoints/state_000004.sdqn");
    assert_int_equal(train(&def, "cut", true, &never, &error), SDQN_ERR_FORMAT);
    assert_int_equal(never.notices, 2);
    assert_non_null(strstr(error.message, "--force"));
    assert_int_equal(count_lines("cut", "metrics.jsonl"), 7);
}

static void a_state_of_another_configuration_is_refused(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    SdqnError error = {0};
    Stopper stopper = {.after = 3}, never = {.after = -1};
    assert_int_equal(train(&def, "cut", false, &stopper, &error), SDQN_ERR_INTERRUPTED);
    def.configuration[0] = def.configuration[0] == '0' ? '1' : '0';
    assert_int_equal(train(&def, "cut", true, &never, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "another config.yaml"));
}

/// Puts the folder into each state that a kill can leave behind between the last full state and the next one.
static void files_from_after_the_state_do_no_harm(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    train_whole(&def, "whole");
    SdqnError error = {0};
    Stopper stopper = {.after = 7}, never = {.after = -1};
    assert_int_equal(train(&def, "cut", false, &stopper, &error), SDQN_ERR_INTERRUPTED);
    static const char *const later[] = {"best.safetensors", "final.safetensors",    "checkpoints/episode_000010.safetensors",
                                        "summary.json.tmp", "best.safetensors.tmp", "checkpoints/state_000008.sdqn.tmp"};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        char path[256];
        snprintf(path, sizeof path, "cut/%s", later[i]);
        SdqnPiece piece = {"later", 5};
        assert_int_equal(sdqn_file_write(in_base(path), &piece, 1, &error), SDQN_OK);
    }
    FILE *metrics = fopen(in_base("cut/metrics.jsonl"), "ab");
    assert_non_null(metrics);
    fputs("{\"episode\":7,\"half a li", metrics);
    assert_int_equal(fclose(metrics), 0);
    stopper.after = 8; // look at the folder before it is finished
    assert_int_equal(train(&def, "cut", true, &stopper, &error), SDQN_ERR_INTERRUPTED);
    for (size_t i = 1; i < sizeof later / sizeof *later; i++) assert_false(has_file("cut", later[i]));
    assert_int_equal(train(&def, "cut", true, &never, &error), SDQN_OK);
    assert_same_runs("whole", "cut");
}

static void a_log_shorter_than_recorded_is_an_error(void **state) {
    (void)state;
    SdqnTrainerDef def = make_def(sdqn_method_find("shared"));
    SdqnError error = {0};
    Stopper stopper = {.after = 7}, never = {.after = -1};
    assert_int_equal(train(&def, "cut", false, &stopper, &error), SDQN_ERR_INTERRUPTED);
    assert_int_equal(truncate(in_base("cut/metrics.jsonl"), 10), 0);
    assert_int_equal(train(&def, "cut", true, &never, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "metrics.jsonl"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_base, remove_base)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(episodes_take_the_tasks_in_turn),
        TEST(a_time_limit_is_stored_as_no_end),
        TEST(evaluations_and_checkpoints_come_when_due),
        TEST(metrics_lines_say_what_happened),
        TEST(the_first_of_equal_evaluations_stays_the_best),
        TEST(full_states_go_when_the_run_is_finished),
        TEST(a_loss_that_is_not_finite_names_episode_and_update),
        TEST(a_wrong_network_is_refused),
        TEST(the_same_seed_gives_the_same_bytes),
        TEST(the_callers_floating_point_mode_changes_nothing),
        TEST(evaluation_changes_nothing_in_training),
        TEST(a_run_stopped_after_any_episode_goes_on_with_the_same_bytes),
        TEST(a_run_of_several_environments_goes_on_with_the_same_bytes),
        TEST(a_run_stopped_within_an_episode_goes_on_with_the_same_bytes),
        TEST(a_run_stopped_often_goes_on_with_the_same_bytes),
        TEST(run_without_a_state_begins_anew),
        TEST(a_damaged_state_gives_way_to_the_older_one),
        TEST(without_a_usable_state_nothing_is_changed),
        TEST(a_state_of_another_configuration_is_refused),
        TEST(files_from_after_the_state_do_no_harm),
        TEST(a_log_shorter_than_recorded_is_an_error),
    };
    return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}
