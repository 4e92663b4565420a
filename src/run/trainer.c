#include "run/trainer.h"

#include "core/clock.h"
#include "core/cpu.h"
#include "dqn/exploration.h"
#include "nn/safetensors.h"
#include "run/checkpoint.h"
#include "run/player.h"
#include "run/summary.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct SdqnTrainer {
    SdqnTrainerDef def;
    void *self; ///< the method's
    SdqnPlayer *player;
    SdqnJsonWriter *writer;
    SdqnCounters counters;
    SdqnBestWeights best;
    SdqnTensorboardRecord record;

    // Of one sdqn_trainer_run:
    SdqnRunFolder *folder;
    SdqnTrainerObserver observer;
    const volatile sig_atomic_t *stop;
    double began;      ///< monotonic seconds at which the run would have begun, had it never been interrupted
    double last_state; ///< monotonic seconds of the last full state
    int64_t last_state_episodes;
};

/// Seconds since 1970, for TensorBoard.
static double wall_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// ---- creation -------------------------------------------------------------------------------------------------------------------

static SdqnStatus check_def(const SdqnTrainerDef *def, SdqnError *error) {
    const SdqnEnvironmentFamily *family = def->tasks->family;
    if (def->tasks->count < 1 || def->tasks->count > SDQN_TASK_SET_MAX)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "tasks: %d given: 1 to %d are allowed", def->tasks->count, SDQN_TASK_SET_MAX);
    if (family->observation_size != def->method_def.network.observation_size || family->num_actions != def->method_def.network.num_actions)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "network: %d observations and %d actions: %s has %d and %d",
                              def->method_def.network.observation_size, def->method_def.network.num_actions, family->name,
                              family->observation_size, family->num_actions);
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {{"episodes", def->episodes},
                  {"evaluation_period", def->evaluation_period},
                  {"evaluation_episodes", def->evaluation_episodes},
                  {"final_episodes", def->final_episodes},
                  {"checkpoint_period", def->checkpoint_period}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].value < 1)
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %lld: must be at least 1", counts[i].name, (long long)counts[i].value);
    if (def->state_period_episodes < 0 || !(def->state_period_seconds >= 0))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "state_period_episodes = %d, state_period_seconds = %g: must not be negative",
                              def->state_period_episodes, def->state_period_seconds);
    return SDQN_OK;
}

static SdqnStatus log_gradients(void *context, const SdqnGradientReport *report, int task, SdqnError *error);
static bool wants_state(void *context);

static SdqnStatus create_player(SdqnTrainer *trainer, SdqnError *error) {
    const SdqnPlayerDef def = {
        .method = trainer->def.method,
        .self = trainer->self,
        .tasks = trainer->def.tasks,
        .seed = trainer->def.method_def.seed,
        .environments = trainer->def.method_def.dqn.environments,
        .sampling = trainer->def.task_sampling,
        .first_task = trainer->def.first_task,
        .report = log_gradients,
        .pauses = wants_state,
        .context = trainer,
    };
    return sdqn_player_create(&def, &trainer->player, error);
}

static SdqnStatus take_initial_weights(SdqnTrainer *trainer, SdqnError *error) {
    const char *where = trainer->def.initial_path;
    const int old_tasks = trainer->def.tasks->count - trainer->def.new_tasks;
    int count, known = 0;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(trainer->def.initial, &count);
    const SdqnStatus status = trainer->def.method->init_from(trainer->self, where, tensors, count, &known, error);
    if (status != SDQN_OK || known == 0 || known == old_tasks) return status;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: know %d tasks: the run has %d and says that %d are new to them", where, known,
                          trainer->def.tasks->count, trainer->def.new_tasks);
}

SdqnStatus sdqn_trainer_create(const SdqnTrainerDef *def, SdqnTrainer **trainer, SdqnError *error) {
    SdqnStatus status = check_def(def, error);
    if (status != SDQN_OK) return status;
    SdqnTrainer *created = calloc(1, sizeof *created);
    if (created == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "trainer: out of memory");
    created->def = *def;
    created->counters.best_episode = -1;
    created->writer = sdqn_json_writer_create(0);
    if (created->writer == NULL) status = sdqn_error_set(error, SDQN_ERR_MEMORY, "trainer: out of memory");
    SdqnCpuMode mode = sdqn_cpu_mode_set_default(); // the first weights are drawn here
    if (status == SDQN_OK) status = def->method->create(&def->method_def, &created->self, error);
    if (status == SDQN_OK && def->initial != NULL) status = take_initial_weights(created, error);
    created->def.initial = NULL; // borrowed until here
    if (status == SDQN_OK) status = create_player(created, error);
    sdqn_cpu_mode_restore(mode);
    if (status != SDQN_OK) {
        sdqn_trainer_destroy(created);
        return status;
    }
    *trainer = created;
    return SDQN_OK;
}

void sdqn_trainer_destroy(SdqnTrainer *trainer) {
    if (trainer == NULL) return;
    if (trainer->self != NULL) trainer->def.method->destroy(trainer->self);
    sdqn_json_writer_destroy(trainer->writer);
    sdqn_player_destroy(trainer->player);
    free(trainer->best.bytes);
    free(trainer);
}

// ---- what is written ------------------------------------------------------------------------------------------------------------

/// Append the line that is ready in the writer to a log.
static SdqnStatus append_line(SdqnTrainer *trainer, SdqnRunLog log, SdqnError *error) {
    size_t size;
    const char *text = sdqn_json_writer_text(trainer->writer, &size);
    SdqnStatus status = text != NULL ? sdqn_run_folder_append(trainer->folder, log, text, size, error)
                                     : sdqn_error_set(error, SDQN_ERR_MEMORY, "trainer: out of memory for a line of a log");
    sdqn_json_writer_clear(trainer->writer);
    return status;
}

static SdqnStatus append_record(SdqnTrainer *trainer, SdqnError *error) {
    return sdqn_run_folder_append(trainer->folder, SDQN_RUN_EVENTS, trainer->record.bytes, trainer->record.size, error);
}

static SdqnStatus log_episode(SdqnTrainer *trainer, const SdqnEpisodeMetrics *metrics, SdqnError *error) {
    sdqn_metrics_episode_line(trainer->writer, metrics);
    SdqnStatus status = append_line(trainer, SDQN_RUN_METRICS, error);
    if (status != SDQN_OK) return status;
    sdqn_metrics_timing_line(trainer->writer, metrics);
    status = append_line(trainer, SDQN_RUN_TIMING, error);
    if (status != SDQN_OK || !trainer->def.tensorboard) return status;
    sdqn_metrics_episode_record(metrics, wall_seconds(), &trainer->record);
    return append_record(trainer, error);
}

static SdqnStatus log_gradients(void *context, const SdqnGradientReport *report, int task, SdqnError *error) {
    SdqnTrainer *trainer = context;
    const SdqnTaskSet *tasks = trainer->def.tasks;
    const char *names[SDQN_TASK_SET_MAX];
    for (int t = 0; t < report->tasks; t++) names[t] = tasks->tasks[report->tasks == tasks->count ? t : task].name;
    sdqn_metrics_gradients_line(trainer->writer, (int64_t)trainer->counters.episodes, names, report);
    return append_line(trainer, SDQN_RUN_GRADIENTS, error);
}

static SdqnStatus log_evaluation(SdqnTrainer *trainer, int64_t episode, SdqnEvaluationKind kind, const SdqnEvaluation *evaluation,
                                 SdqnError *error) {
    sdqn_metrics_evaluation_line(trainer->writer, episode, kind, evaluation);
    SdqnStatus status = append_line(trainer, SDQN_RUN_EVALUATIONS, error);
    for (int t = 0; t < evaluation->num_tasks && status == SDQN_OK && trainer->def.tensorboard; t++) {
        sdqn_metrics_evaluation_record(episode, evaluation, t, wall_seconds(), &trainer->record);
        status = append_record(trainer, error);
    }
    return status;
}

/// The weights as the bytes of a safetensors file. @param bytes  freed by the caller
static SdqnStatus encode_weights(const SdqnTrainer *trainer, uint8_t **bytes, size_t *size, SdqnError *error) {
    int count = trainer->def.method->tensors(trainer->self, NULL, 0);
    SdqnTensor *tensors = calloc((size_t)count, sizeof *tensors);
    if (tensors == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "trainer: out of memory for the names of %d tensors", count);
    trainer->def.method->tensors(trainer->self, tensors, count);
    SdqnError cause = {0};
    SdqnStatus status = sdqn_safetensors_encode(tensors, count, bytes, size, &cause);
    free(tensors);
    return status == SDQN_OK
               ? SDQN_OK
               : sdqn_error_set(error, status, "%s%s", cause.message, status == SDQN_ERR_NUMERIC ? ": training has diverged" : "");
}

static SdqnStatus write_weights(SdqnTrainer *trainer, const char *name, SdqnError *error) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    SdqnStatus status = encode_weights(trainer, &bytes, &size, error);
    if (status != SDQN_OK) return status;
    status = sdqn_run_folder_write(trainer->folder, name, bytes, size, error);
    free(bytes);
    return status;
}

static SdqnCheckpoint checkpoint_of(SdqnTrainer *trainer) {
    SdqnCheckpoint checkpoint = {
        .method = trainer->def.method,
        .self = trainer->self,
        .tasks = trainer->def.tasks,
        .player = trainer->player,
        .counters = &trainer->counters,
        .best = &trainer->best,
        .with_events = trainer->def.tensorboard,
    };
    memcpy(checkpoint.configuration, trainer->def.configuration, sizeof checkpoint.configuration);
    return checkpoint;
}

static SdqnStatus save_state(SdqnTrainer *trainer, SdqnError *error) {
    SdqnCheckpoint checkpoint = checkpoint_of(trainer);
    trainer->counters.seconds = sdqn_clock_seconds() - trainer->began;
    SdqnStatus status = sdqn_checkpoint_save(&checkpoint, trainer->folder, error);
    trainer->last_state = sdqn_clock_seconds();
    trainer->last_state_episodes = (int64_t)trainer->counters.episodes;
    return status;
}

static bool must_stop(const SdqnTrainer *trainer) { return trainer->stop != NULL && *trainer->stop != 0; }

static bool state_is_due(const SdqnTrainer *trainer) {
    int episodes = trainer->def.state_period_episodes;
    double seconds = trainer->def.state_period_seconds;
    if (episodes > 0 && (int64_t)trainer->counters.episodes - trainer->last_state_episodes >= episodes) return true;
    return seconds > 0 && sdqn_clock_seconds() - trainer->last_state >= seconds;
}

/// An episode may last very long: neither a stop nor a state waits for its end.
static bool wants_state(void *context) {
    const SdqnTrainer *trainer = context;
    return must_stop(trainer) || (trainer->def.state_period_seconds > 0 && state_is_due(trainer));
}

// ---- evaluation -----------------------------------------------------------------------------------------------------------------

static void act_greedily(void *object, const int32_t *tasks, const float *observations, int n, int32_t *actions) {
    const SdqnTrainer *trainer = object;
    const int num_actions = trainer->def.tasks->family->num_actions;
    float q[SDQN_EVALUATION_LANES * SDQN_MAX_ACTIONS];
    trainer->def.method->q_values(trainer->self, observations, tasks, n, q);
    for (int i = 0; i < n; i++) actions[i] = sdqn_greedy_action(q + (size_t)i * (size_t)num_actions, num_actions);
}

/// Evaluate the present weights. @param progress  may be NULL
static SdqnStatus evaluate(SdqnTrainer *trainer, int episodes, uint64_t seed, SdqnEvaluationProgress *progress, SdqnEvaluation *evaluation,
                           SdqnError *error) {
    const SdqnEvaluationDef def = {
        .set = trainer->def.tasks,
        .policy = {trainer, act_greedily},
        .episodes = episodes,
        .seed = seed,
        .level = trainer->def.method_def.kernels->level,
        .progress = progress,
        .progress_context = trainer,
    };
    return sdqn_evaluate(&def, evaluation, error);
}

/// Keep the present weights as the best if their evaluation is: the first one, or better than all before (a tie keeps the earlier).
static SdqnStatus update_best(SdqnTrainer *trainer, int64_t episode, double mean, bool *is_best, SdqnError *error) {
    *is_best = trainer->counters.best_episode < 0 || mean > trainer->counters.best_mean;
    if (!*is_best) return SDQN_OK;
    SdqnBestWeights best = {0};
    SdqnStatus status = encode_weights(trainer, &best.bytes, &best.size, error);
    if (status != SDQN_OK) return status;
    free(trainer->best.bytes);
    trainer->best = best;
    trainer->counters.best_episode = episode;
    trainer->counters.best_mean = mean;
    return sdqn_run_folder_write(trainer->folder, SDQN_RUN_BEST, best.bytes, best.size, error);
}

static SdqnStatus evaluate_periodically(SdqnTrainer *trainer, int64_t episode, SdqnError *error) {
    SdqnEvaluation evaluation = {0};
    SdqnStatus status = evaluate(trainer, trainer->def.evaluation_episodes, trainer->def.evaluation_seed, NULL, &evaluation, error);
    if (status != SDQN_OK) return status;
    bool is_best = false;
    status = log_evaluation(trainer, episode, SDQN_EVALUATION_PERIODIC, &evaluation, error);
    if (status == SDQN_OK) status = update_best(trainer, episode, evaluation.mean, &is_best, error);
    if (status == SDQN_OK && trainer->observer.evaluation != NULL)
        trainer->observer.evaluation(trainer->observer.context, episode, &evaluation, is_best);
    sdqn_evaluation_clear(&evaluation);
    return status;
}

// ---- training -------------------------------------------------------------------------------------------------------------------

/// @param ended  receives whether the episode has; else the next call goes on with it
static SdqnStatus train_episode(SdqnTrainer *trainer, bool *ended, SdqnEpisodeMetrics *metrics, SdqnError *error) {
    SdqnCounters *counters = &trainer->counters;
    const double began = sdqn_clock_seconds();
    const uint64_t updates = counters->updates;
    SdqnError cause = {0};
    const SdqnStatus status = sdqn_player_play(trainer->player, &counters->steps, &counters->updates, ended, metrics, &cause);
    if (status != SDQN_OK) return sdqn_error_set(error, status, "episode %llu, %s", (unsigned long long)counters->episodes, cause.message);
    if (!*ended) return SDQN_OK;
    const double now = sdqn_clock_seconds();
    metrics->episode = (int64_t)counters->episodes++;
    metrics->total_steps = counters->steps;
    metrics->total_updates = counters->updates;
    metrics->seconds = now - trainer->began;
    metrics->updates_per_second = now > began ? (double)(counters->updates - updates) / (now - began) : 0;
    return SDQN_OK;
}

static bool is_due(int64_t episode, int period) { return episode > 0 && episode % period == 0; }

/// An episode with all that follows it, or a part of a long one. The order matters to a resumed run: what is logged or written here comes
/// before the full state that counts the episode as finished, so that a kill in between only makes it be done again, with the same bytes.
static SdqnStatus advance(SdqnTrainer *trainer, SdqnError *error) {
    SdqnEpisodeMetrics metrics;
    bool ended = false;
    SdqnStatus status = train_episode(trainer, &ended, &metrics, error);
    if (status != SDQN_OK || !ended) return status;
    status = log_episode(trainer, &metrics, error);
    if (status == SDQN_OK && trainer->observer.episode != NULL) trainer->observer.episode(trainer->observer.context, &metrics);
    if (status == SDQN_OK && is_due(metrics.episode, trainer->def.evaluation_period))
        status = evaluate_periodically(trainer, metrics.episode, error);
    if (status == SDQN_OK && is_due(metrics.episode, trainer->def.checkpoint_period)) {
        char name[SDQN_RUN_CHECKPOINT_NAME_SIZE];
        sdqn_run_folder_weights_name(metrics.episode, name);
        status = write_weights(trainer, name, error);
    }
    return status;
}

static SdqnStatus train(SdqnTrainer *trainer, SdqnError *error) {
    while ((int64_t)trainer->counters.episodes < trainer->def.episodes) {
        SdqnStatus status = advance(trainer, error);
        // Training's last state saves it from being done again if the final evaluation is cut short.
        bool is_last = (int64_t)trainer->counters.episodes == trainer->def.episodes;
        if (status == SDQN_OK && (state_is_due(trainer) || is_last || must_stop(trainer))) status = save_state(trainer, error);
        if (status != SDQN_OK) return status;
        if (must_stop(trainer))
            return sdqn_error_set(error, SDQN_ERR_INTERRUPTED, "stopped after %llu of %lld episodes",
                                  (unsigned long long)trainer->counters.episodes, (long long)trainer->def.episodes);
    }
    return SDQN_OK;
}

// ---- the whole run --------------------------------------------------------------------------------------------------------------

static SdqnStatus begin(SdqnTrainer *trainer, bool resume, SdqnError *error) {
    bool found = false;
    SdqnStatus status = SDQN_OK;
    if (resume) {
        SdqnCheckpoint checkpoint = checkpoint_of(trainer);
        status = sdqn_checkpoint_load(&checkpoint, trainer->folder, trainer->observer.notice, trainer->observer.context, &found, error);
        // Killed before the first state: what it had logged is written again.
        if (status == SDQN_OK && !found) status = sdqn_run_folder_clear(trainer->folder, false, error);
    }
    if (status == SDQN_OK && !found)
        status = sdqn_run_folder_open_logs(trainer->folder, trainer->counters.logs, trainer->def.tensorboard, error);
    if (status == SDQN_OK && trainer->def.tensorboard && trainer->counters.logs[SDQN_RUN_EVENTS].length == 0) {
        sdqn_tensorboard_version_record(wall_seconds(), &trainer->record);
        status = append_record(trainer, error);
    }
    if (status != SDQN_OK) return status;
    trainer->last_state = sdqn_clock_seconds();
    trainer->last_state_episodes = (int64_t)trainer->counters.episodes;
    trainer->began = trainer->last_state - trainer->counters.seconds;
    if (trainer->observer.began != NULL)
        trainer->observer.began(trainer->observer.context, trainer->last_state_episodes, (int64_t)trainer->counters.updates);
    return SDQN_OK;
}

static bool show_final_progress(void *context, int done, int total) {
    const SdqnTrainer *trainer = context;
    if (trainer->observer.final_evaluation != NULL) trainer->observer.final_evaluation(trainer->observer.context, done, total);
    return !must_stop(trainer);
}

static SdqnStatus write_summary(SdqnTrainer *trainer, const SdqnTrainerResult *result, SdqnError *error) {
    const SdqnSummary summary = {
        .method = trainer->def.method->name,
        .seed = trainer->def.method_def.seed,
        .counters = &trainer->counters,
        .parameters = trainer->def.method->parameter_count(trainer->self),
        .weights_sha256 = result->weights_sha256,
        .evaluation = &result->evaluation,
        .seconds = sdqn_clock_seconds() - trainer->began,
        .isa = sdqn_cpu_level_name(trainer->def.method_def.kernels->level),
    };
    return sdqn_summary_write(trainer->folder, &summary, error);
}

/// Evaluate and write the final weights. summary.json comes last: it says that all else is there. A kill before it repeats this from
/// the last full state, which is removed only then.
static SdqnStatus finish(SdqnTrainer *trainer, SdqnTrainerResult *result, SdqnError *error) {
    SdqnStatus status =
        evaluate(trainer, trainer->def.final_episodes, trainer->def.final_seed, show_final_progress, &result->evaluation, error);
    if (status == SDQN_OK) status = log_evaluation(trainer, trainer->def.episodes - 1, SDQN_EVALUATION_FINAL, &result->evaluation, error);
    if (status == SDQN_OK) status = sdqn_run_folder_sync_logs(trainer->folder, trainer->counters.logs, error);
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (status == SDQN_OK) status = encode_weights(trainer, &bytes, &size, error);
    if (status == SDQN_OK) status = sdqn_run_folder_write(trainer->folder, SDQN_RUN_FINAL, bytes, size, error);
    if (status == SDQN_OK) {
        sdqn_sha256_hex(bytes, size, result->weights_sha256);
        status = write_summary(trainer, result, error);
    }
    free(bytes);
    if (status == SDQN_OK && !trainer->def.keep_state) status = sdqn_run_folder_remove_states_before(trainer->folder, INT64_MAX, error);
    return status;
}

SdqnStatus sdqn_trainer_run(SdqnTrainer *trainer, SdqnRunFolder *folder, bool resume, const SdqnTrainerObserver *observer,
                            const volatile sig_atomic_t *stop, SdqnTrainerResult *result, SdqnError *error) {
    SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    SdqnTrainerResult finished = {0};
    trainer->folder = folder;
    if (observer != NULL) trainer->observer = *observer;
    trainer->stop = stop;
    SdqnStatus status = begin(trainer, resume, error);
    if (status == SDQN_OK) status = train(trainer, error);
    if (status == SDQN_OK) status = finish(trainer, &finished, error);
    sdqn_cpu_mode_restore(mode);
    if (status != SDQN_OK) {
        sdqn_evaluation_clear(&finished.evaluation);
        return status;
    }
    *result = finished;
    return SDQN_OK;
}
