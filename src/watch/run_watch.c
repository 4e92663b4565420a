#include "watch/run_watch.h"

#include "core/json.h"
#include "core/tail.h"
#include "run/run_folder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_WHOLE INT64_C(1000000000000000) ///< of a log's numbers: what is added to them does not overflow
#define MAX_NUMBER 1e30                     ///< in magnitude: what is made of them is finite, as float32 too

enum { NUM_LOGS = SDQN_RUN_TIMING + 1, PACE = 64 };

struct SdqnRunWatch {
    SdqnWatchedRun run;
    SdqnTail tails[NUM_LOGS]; ///< metrics, evaluations, gradients, timing
    struct {
        ino_t inode;
        off_t size;
        struct timespec changed;
    } config; ///< which was read
    struct {
        double episode, seconds;
    } pace[PACE];  ///< of the last episodes, in a ring
    int64_t paced; ///< how many there were
};

// ---- lines ----------------------------------------------------------------------------------------------------------------------

/// @return NaN for what is no number, or none that a run can have
static double number_of(const json_t *value) {
    const double found = json_is_number(value) ? json_number_value(value) : (double)NAN;
    return fabs(found) <= MAX_NUMBER ? found : (double)NAN;
}

/// A number of a line.
static double number(const json_t *line, const char *key) { return number_of(json_object_get(line, key)); }

/// A whole number in [0, MAX_WHOLE], or -1.
static int64_t whole(const json_t *line, const char *key) {
    const json_t *value = json_object_get(line, key);
    const int64_t found = json_is_integer(value) ? json_integer_value(value) : -1;
    return found >= 0 && found <= MAX_WHOLE ? found : -1;
}

static SdqnWatchedTask *find_task(SdqnWatchedRun *run, const char *name) {
    for (int t = 0; name != NULL && t < run->num_tasks; t++)
        if (strcmp(run->tasks[t].name, name) == 0) return &run->tasks[t];
    return NULL;
}

/// Lines that are no JSON object, as in a file that something else wrote to, are passed over.
static json_t *parse(const char *text, size_t size) {
    json_t *line = NULL;
    return sdqn_json_parse("line", text, size, &line, NULL) == SDQN_OK ? line : NULL;
}

static void take_metrics(void *context, const char *text, size_t size) {
    SdqnRunWatch *watch = context;
    SdqnWatchedRun *run = &watch->run;
    json_t *line = parse(text, size);
    SdqnWatchedTask *task = find_task(run, json_string_value(json_object_get(line, "task")));
    const int64_t episode = whole(line, "episode");
    const double episode_return = number(line, "return");
    if (task != NULL && episode >= 0 && isfinite(episode_return)) {
        const int64_t steps = whole(line, "total_steps"), updates = whole(line, "total_updates");
        run->episodes = episode + 1;
        run->steps = steps >= 0 ? (uint64_t)steps : 0;
        run->updates = updates >= 0 ? (uint64_t)updates : 0;
        run->epsilon = number(line, "epsilon");
        run->loss = number(line, "loss");
        sdqn_series_add(&task->training, (double)episode, episode_return);
        task->recent[task->episodes++ % SDQN_WATCH_RECENT] = episode_return;
    }
    json_decref(line);
}

static void forget_metrics(void *context) {
    SdqnWatchedRun *run = &((SdqnRunWatch *)context)->run;
    run->episodes = 0;
    run->steps = run->updates = 0;
    run->epsilon = run->loss = (double)NAN;
    for (int t = 0; t < run->num_tasks; t++) {
        run->tasks[t].training = (SdqnSeries){0};
        run->tasks[t].episodes = 0;
    }
}

/// The tasks of an evaluation.
static void take_evaluated_tasks(SdqnWatchedRun *run, const json_t *tasks, int64_t episode, bool is_final, bool is_best) {
    for (int t = 0; t < run->num_tasks; t++) {
        SdqnWatchedTask *task = &run->tasks[t];
        const json_t *result = json_object_get(tasks, task->name);
        const double mean = number(result, "mean");
        if (!isfinite(mean)) continue;
        if (!is_final) sdqn_series_add(&task->evaluations, (double)episode, mean);
        task->has_evaluation = true;
        task->has_final = is_final;
        task->evaluation = mean;
        task->at_rest = number(result, "at_rest");
        if (is_best) task->best = mean;
    }
}

static void take_evaluation(void *context, const char *text, size_t size) {
    SdqnWatchedRun *run = &((SdqnRunWatch *)context)->run;
    json_t *line = parse(text, size);
    const char *kind = json_string_value(json_object_get(line, "kind"));
    const int64_t episode = whole(line, "episode");
    const double mean = number(line, "mean");
    if (kind != NULL && episode >= 0 && isfinite(mean)) {
        const bool is_final = strcmp(kind, "final") == 0, is_best = !is_final && (run->best_episode < 0 || mean > run->best_mean);
        if (is_best) {
            run->best_episode = episode;
            run->best_mean = mean;
        }
        run->evaluated_episode = episode;
        run->evaluation_mean = mean;
        take_evaluated_tasks(run, json_object_get(line, "tasks"), episode, is_final, is_best);
    }
    json_decref(line);
}

static void forget_evaluations(void *context) {
    SdqnWatchedRun *run = &((SdqnRunWatch *)context)->run;
    run->evaluated_episode = run->best_episode = -1;
    for (int t = 0; t < run->num_tasks; t++) {
        run->tasks[t].evaluations = (SdqnSeries){0};
        run->tasks[t].has_evaluation = run->tasks[t].has_final = false;
    }
}

static void take_gradients(void *context, const char *text, size_t size) {
    SdqnWatchedRun *run = &((SdqnRunWatch *)context)->run;
    json_t *line = parse(text, size);
    const int64_t episode = whole(line, "episode");
    const double conflict = number(line, "conflict");
    if (episode >= 0 && conflict >= 0.0 && conflict <= 1.0) {
        const json_t *cosines = json_object_get(line, "cosines"), *cosine;
        size_t i;
        run->has_conflict = true;
        run->conflict = conflict;
        run->least_cosine = (double)NAN;
        json_array_foreach(cosines, i, cosine) {
            const double value = number_of(cosine);
            if (isfinite(value) && !(run->least_cosine <= value)) run->least_cosine = value;
        }
        sdqn_series_add(&run->conflicts, (double)episode, conflict);
    }
    json_decref(line);
}

static void forget_gradients(void *context) {
    SdqnWatchedRun *run = &((SdqnRunWatch *)context)->run;
    run->has_conflict = false;
    run->conflicts = (SdqnSeries){0};
}

static void take_timing(void *context, const char *text, size_t size) {
    SdqnRunWatch *watch = context;
    json_t *line = parse(text, size);
    const double episode = number(line, "episode"), seconds = number(line, "seconds");
    if (isfinite(episode) && isfinite(seconds) && seconds >= 0.0) {
        const double speed = number(line, "updates_per_second");
        watch->run.seconds = seconds;
        watch->run.updates_per_second = isfinite(speed) ? speed : 0.0;
        watch->pace[watch->paced % PACE].episode = episode;
        watch->pace[watch->paced++ % PACE].seconds = seconds;
    }
    json_decref(line);
}

static void forget_timing(void *context) {
    SdqnRunWatch *watch = context;
    watch->paced = 0;
    watch->run.seconds = (double)NAN;
    watch->run.updates_per_second = 0.0;
}

static const SdqnTailReader READERS[NUM_LOGS] = {
    [SDQN_RUN_METRICS] = {NULL, forget_metrics, take_metrics},
    [SDQN_RUN_EVALUATIONS] = {NULL, forget_evaluations, take_evaluation},
    [SDQN_RUN_GRADIENTS] = {NULL, forget_gradients, take_gradients},
    [SDQN_RUN_TIMING] = {NULL, forget_timing, take_timing},
};

// ---- the folder -----------------------------------------------------------------------------------------------------------------

static void forget_all(SdqnRunWatch *watch) {
    for (int log = 0; log < NUM_LOGS; log++) {
        READERS[log].restart(watch);
        watch->tails[log].offset = 0;
        watch->tails[log].last_size = 0;
        watch->tails[log].passing = false;
    }
}

static void take_config(SdqnRunWatch *watch, const SdqnConfig *config) {
    SdqnWatchedRun *run = &watch->run;
    forget_all(watch);
    snprintf(run->method, sizeof run->method, "%s", config->method);
    run->seed = config->seed;
    run->total_episodes = config->episodes;
    run->num_tasks = config->num_tasks;
    for (int t = 0; t < config->num_tasks; t++) {
        run->tasks[t] = (SdqnWatchedTask){0};
        memcpy(run->tasks[t].name, config->tasks[t], sizeof run->tasks[t].name);
    }
}

/// Read the settings if they are new. @return whether there are any that can be read
static bool read_config(SdqnRunWatch *watch, const char *path, SdqnError *why) {
    struct stat stats;
    if (stat(path, &stats) != 0) {
        sdqn_error_set(why, SDQN_ERR_IO, "no run is there: it holds no " SDQN_RUN_CONFIG);
        return false;
    }
    const bool same = watch->run.num_tasks > 0 && stats.st_ino == watch->config.inode && stats.st_size == watch->config.size &&
                      stats.st_mtim.tv_sec == watch->config.changed.tv_sec && stats.st_mtim.tv_nsec == watch->config.changed.tv_nsec;
    if (same) return true;
    SdqnConfig config;
    if (sdqn_config_read(path, &config, why) != SDQN_OK) return false;
    watch->config.inode = stats.st_ino;
    watch->config.size = stats.st_size;
    watch->config.changed = stats.st_mtim;
    take_config(watch, &config);
    return true;
}

static SdqnRunState find_state(const SdqnRunWatch *watch) {
    char summary[SDQN_PATH_SIZE];
    if (sdqn_run_folder_in_use(watch->run.path)) return SDQN_RUN_TRAINING;
    if (sdqn_file_join(watch->run.path, SDQN_RUN_SUMMARY, summary, NULL) != SDQN_OK) return SDQN_RUN_STOPPED;
    return sdqn_file_exists(summary) ? SDQN_RUN_FINISHED : SDQN_RUN_STOPPED;
}

/// Time left at the pace of the last episodes.
static double seconds_left(const SdqnRunWatch *watch) {
    const int64_t count = watch->paced < PACE ? watch->paced : PACE;
    if (count < 2) return (double)NAN;
    const int64_t first = (watch->paced - count) % PACE, last = (watch->paced - 1) % PACE;
    const double episodes = watch->pace[last].episode - watch->pace[first].episode;
    const double seconds = watch->pace[last].seconds - watch->pace[first].seconds;
    if (!(episodes > 0.0 && seconds >= 0.0)) return (double)NAN;
    const double left = (double)(watch->run.total_episodes - watch->run.episodes);
    return left > 0.0 ? left * seconds / episodes : 0.0;
}

SdqnStatus sdqn_run_watch_create(const char *path, SdqnRunWatch **watch, SdqnError *error) {
    SdqnRunWatch *made = calloc(1, sizeof *made);
    if (made == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "watch: out of memory");
    SdqnStatus status = SDQN_OK;
    for (int log = 0; log < NUM_LOGS && status == SDQN_OK; log++)
        status = sdqn_file_join(path, sdqn_run_folder_log_name((SdqnRunLog)log), made->tails[log].path, error);
    if (status != SDQN_OK) {
        free(made);
        return status;
    }
    snprintf(made->run.path, sizeof made->run.path, "%s", path);
    forget_all(made);
    *watch = made;
    return SDQN_OK;
}

void sdqn_run_watch_destroy(SdqnRunWatch *watch) { free(watch); }

SdqnStatus sdqn_run_watch_update(SdqnRunWatch *watch, SdqnError *error) {
    SdqnWatchedRun *run = &watch->run;
    char config[SDQN_PATH_SIZE];
    SdqnError why = {0};
    run->note[0] = '\0';
    SdqnStatus status = sdqn_file_join(run->path, SDQN_RUN_CONFIG, config, error);
    if (status != SDQN_OK) return status;
    if (!read_config(watch, config, &why)) {
        run->state = SDQN_RUN_MISSING;
        memcpy(run->note, why.message, sizeof run->note);
        return SDQN_OK;
    }
    // The state first: what is in the logs is then at least as new.
    run->state = find_state(watch);
    for (int log = 0; log < NUM_LOGS && status == SDQN_OK; log++) {
        SdqnTailReader reader = READERS[log];
        reader.context = watch;
        status = sdqn_tail_read(&watch->tails[log], &reader, error);
    }
    run->seconds_left = seconds_left(watch);
    return status;
}

const SdqnWatchedRun *sdqn_run_watch_run(const SdqnRunWatch *watch) { return &watch->run; }

double sdqn_watched_task_recent(const SdqnWatchedTask *task) {
    const int64_t count = task->episodes < SDQN_WATCH_RECENT ? task->episodes : SDQN_WATCH_RECENT;
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) sum += task->recent[i];
    return count > 0 ? sum / (double)count : (double)NAN;
}
