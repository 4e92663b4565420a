#include "study/study_folder.h"

#include "core/process.h"
#include "core/text.h"
#include "run/run_folder.h"
#include "study/divergence.h"
#include "study/times.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_SETTINGS_SIZE ((size_t)1 << 18) // as much of its config.yaml as is read
#define MAX_ARGUMENTS (2 * SDQN_STUDY_MAX_SETTINGS + 16)

SdqnStatus sdqn_study_folder_open(const char *path, SdqnStudyFolder *folder, SdqnError *error) {
    if (snprintf(folder->path, sizeof folder->path, "%s", path) >= SDQN_PATH_SIZE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.80s...: too long a path", path);
    SdqnStatus status = sdqn_file_join(path, "results", folder->results, error);
    if (status == SDQN_OK) status = sdqn_file_join(path, "runs", folder->runs, error);
    if (status == SDQN_OK) status = sdqn_file_make_folder(folder->results, error);
    return status == SDQN_OK ? sdqn_file_make_folder(folder->runs, error) : status;
}

/// `PARENT/ARM-seedN` with an ending.
static SdqnStatus path_of(const char *parent, const SdqnStudyArm *arm, uint64_t seed, const char *ending, char path[SDQN_PATH_SIZE],
                          SdqnError *error) {
    char name[SDQN_STUDY_NAME_SIZE + 64];
    snprintf(name, sizeof name, "%s-seed%llu%s", arm->name, (unsigned long long)seed, ending);
    return sdqn_file_join(parent, name, path, error);
}

// ---- results that are there -----------------------------------------------------------------------------------------------------

/// Of which run, and of which program, a file says to be.
typedef struct Origin {
    const char *arm;
    uint64_t seed;
    const char *settings, *numerics;
} Origin;

/// Keys that the result's program did not know count as having their default.
static SdqnStatus check_settings(const SdqnStudyArm *arm, const char *path, const Origin *origin, SdqnError *error) {
    SdqnConfig *configs = malloc(2 * sizeof *configs);
    if (!configs) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory");
    SdqnError cause = {0};
    configs[0] = arm->config;
    configs[0].seed = origin->seed;
    SdqnStatus status = sdqn_config_parse("its settings", origin->settings, strlen(origin->settings), &configs[1], &cause);
    if (status == SDQN_OK) status = sdqn_config_check_same(&configs[0], &configs[1], &cause);
    free(configs);
    if (status == SDQN_OK) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.400s: is not of arm %s as it is now: %.400s: move it away, or name the arm anew", path,
                          arm->name, cause.message);
}

/// Whether a result is about the arm's tasks, in their order.
static SdqnStatus check_tasks(const SdqnStudyArm *arm, const char *path, const SdqnStudyResult *result, SdqnError *error) {
    bool same = result->num_tasks == arm->config.num_tasks;
    for (int t = 0; t < result->num_tasks && same; t++) same = strcmp(result->tasks[t], arm->config.tasks[t]) == 0;
    return same ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: final: its tasks are not those of its settings", path);
}

static SdqnStatus check_origin(const SdqnStudyArm *arm, uint64_t seed, const char *numerics, const char *path, const Origin *origin,
                               SdqnError *error) {
    if (strcmp(origin->arm, arm->name) != 0 || origin->seed != seed)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is of arm %s, seed %llu", path, origin->arm, (unsigned long long)origin->seed);
    if (strcmp(origin->numerics, numerics) != 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: was made by a program with other numerics (%.12s..., this one has %.12s...)",
                              path, origin->numerics, numerics);
    return check_settings(arm, path, origin, error);
}

static SdqnStatus check_result(const SdqnStudyArm *arm, uint64_t seed, const char *numerics, const char *path,
                               const SdqnStudyResult *result, SdqnError *error) {
    const Origin origin = {result->arm, result->seed, result->settings, result->numerics};
    const SdqnStatus status = check_origin(arm, seed, numerics, path, &origin, error);
    return status == SDQN_OK ? check_tasks(arm, path, result, error) : status;
}

SdqnStatus sdqn_study_folder_take(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, const char *numerics,
                                  SdqnStudyResult *result, bool *found, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnStudyResult taken = {0};
    SdqnStatus status = path_of(folder->results, arm, seed, ".json", path, error);
    *found = status == SDQN_OK && sdqn_file_exists(path);
    if (!*found) return status;
    status = sdqn_study_result_read(path, &taken, error);
    if (status == SDQN_OK) status = check_result(arm, seed, numerics, path, &taken, error);
    if (status == SDQN_OK) {
        *result = taken;
    } else {
        sdqn_study_result_clear(&taken);
    }
    return status;
}

SdqnStatus sdqn_study_folder_take_divergence(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, const char *numerics,
                                             char why[SDQN_STUDY_FAILURE_SIZE], bool *found, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnDivergence divergence = {0};
    SdqnStatus status = path_of(folder->results, arm, seed, ".diverged", path, error);
    *found = status == SDQN_OK && sdqn_file_exists(path);
    if (!*found) return status;
    status = sdqn_divergence_read(path, &divergence, error);
    if (status != SDQN_OK) return status;
    const Origin origin = {divergence.arm, divergence.seed, divergence.settings, divergence.numerics};
    status = check_origin(arm, seed, numerics, path, &origin, error);
    if (status == SDQN_OK) snprintf(why, SDQN_STUDY_FAILURE_SIZE, "%s", divergence.why);
    sdqn_divergence_clear(&divergence);
    return status;
}

// ---- results that are made ------------------------------------------------------------------------------------------------------

/// Note how long a run took. Results hold no time, so that the same run always makes the same file.
static SdqnStatus note_time(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, double seconds, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    const SdqnStatus status = sdqn_file_join(folder->path, SDQN_STUDY_TIMES, path, error);
    if (status != SDQN_OK) return status;
    FILE *file = fopen(path, "ae");
    if (!file) return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (ftell(file) == 0) fputs("arm,seed,seconds\n", file);
    fprintf(file, "%s,%llu,%.0f\n", arm->name, (unsigned long long)seed, seconds);
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot write", path) : SDQN_OK;
}

SdqnStatus sdqn_study_folder_keep(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, const char *numerics,
                                  SdqnStudyResult *result, SdqnError *error) {
    char run[SDQN_PATH_SIZE], path[SDQN_PATH_SIZE];
    SdqnStudyResult made = {0};
    double seconds = 0.0;
    SdqnStatus status = path_of(folder->runs, arm, seed, "", run, error);
    if (status == SDQN_OK) status = path_of(folder->results, arm, seed, ".json", path, error);
    if (status == SDQN_OK) status = sdqn_study_result_collect(run, arm->name, seed, numerics, &made, &seconds, error);
    if (status == SDQN_OK) status = note_time(folder, arm, seed, seconds, error);
    if (status == SDQN_OK) status = sdqn_study_result_write(&made, path, error);
    if (status == SDQN_OK) {
        *result = made;
    } else {
        sdqn_study_result_clear(&made);
    }
    return status;
}

SdqnStatus sdqn_study_folder_keep_divergence(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, const char *numerics,
                                             const char *why, SdqnError *error) {
    char run[SDQN_PATH_SIZE], config[SDQN_PATH_SIZE], path[SDQN_PATH_SIZE];
    SdqnDivergence divergence = {.seed = seed};
    uint8_t *text = NULL;
    size_t size;
    SdqnStatus status = path_of(folder->runs, arm, seed, "", run, error);
    if (status == SDQN_OK) status = path_of(folder->results, arm, seed, ".diverged", path, error);
    if (status == SDQN_OK) status = sdqn_file_join(run, SDQN_RUN_CONFIG, config, error);
    if (status == SDQN_OK) status = sdqn_file_read(config, MAX_SETTINGS_SIZE, &text, &size, error); // with a zero byte behind it
    if (status != SDQN_OK) return status;
    divergence.settings = (char *)text;
    snprintf(divergence.arm, sizeof divergence.arm, "%s", arm->name);
    snprintf(divergence.numerics, sizeof divergence.numerics, "%s", numerics);
    snprintf(divergence.why, sizeof divergence.why, "%s", why);
    status = sdqn_divergence_write(&divergence, path, error);
    sdqn_divergence_clear(&divergence);
    return status;
}

/// The last line that a run has said.
static void read_last_line(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, char failure[SDQN_STUDY_FAILURE_SIZE]) {
    char path[SDQN_PATH_SIZE];
    uint8_t *text = NULL;
    size_t size = 0;
    snprintf(failure, SDQN_STUDY_FAILURE_SIZE, "it said nothing");
    if (path_of(folder->runs, arm, seed, ".log", path, NULL) != SDQN_OK ||
        sdqn_file_read(path, (size_t)1 << 26, &text, &size, NULL) != SDQN_OK)
        return;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    size_t begin = size;
    while (begin > 0 && text[begin - 1] != '\n' && text[begin - 1] != '\r') begin--;
    if (size > begin)
        snprintf(failure, SDQN_STUDY_FAILURE_SIZE, "%.*s", (int)(size - begin < 400 ? size - begin : 400), (const char *)text + begin);
    free(text);
}

void sdqn_study_folder_failure(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed, int wait_status,
                               char failure[SDQN_STUDY_FAILURE_SIZE]) {
    if (WIFSIGNALED(wait_status)) {
        snprintf(failure, SDQN_STUDY_FAILURE_SIZE, "it was ended by signal %d", WTERMSIG(wait_status));
    } else {
        read_last_line(folder, arm, seed, failure);
    }
}

// ---- runs -----------------------------------------------------------------------------------------------------------------------

bool sdqn_study_folder_is_in_use(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed) {
    char run[SDQN_PATH_SIZE], path[SDQN_PATH_SIZE];
    SdqnFileLock *lock = NULL;
    if (path_of(folder->runs, arm, seed, "", run, NULL) != SDQN_OK || !sdqn_file_exists(run)) return false;
    if (sdqn_file_join(run, ".lock", path, NULL) != SDQN_OK || !sdqn_file_exists(path)) return false;
    const bool in_use = sdqn_file_lock_take(path, &lock, NULL) != SDQN_OK;
    sdqn_file_lock_release(lock);
    return in_use;
}

/// From the last bytes of its metrics.
int64_t sdqn_study_folder_episodes(const SdqnStudyFolder *folder, const SdqnStudyArm *arm, uint64_t seed) {
    char run[SDQN_PATH_SIZE], path[SDQN_PATH_SIZE], tail[1024];
    int64_t episodes = -1;
    if (path_of(folder->runs, arm, seed, "", run, NULL) != SDQN_OK || sdqn_file_join(run, "metrics.jsonl", path, NULL) != SDQN_OK)
        return -1;
    FILE *file = fopen(path, "rbe");
    if (!file) return -1;
    if (fseek(file, -(long)(sizeof tail - 1), SEEK_END) != 0) rewind(file);
    const size_t size = fread(tail, 1, sizeof tail - 1, file);
    fclose(file);
    tail[size] = '\0';
    static const char key[] = "{\"episode\": ";
    for (const char *place = tail; (place = strstr(place, key)) != NULL;) {
        char number[SDQN_TEXT_SIZE];
        int64_t episode;
        place += sizeof key - 1;
        snprintf(number, sizeof number, "%.*s", (int)strspn(place, "0123456789"), place);
        if (sdqn_text_to_i64(number, &episode) && episode <= SDQN_CONFIG_MAX_EPISODES) episodes = episode + 1;
    }
    return episodes;
}

SdqnStatus sdqn_study_folder_start(const SdqnStudyFolder *folder, const char *program, const SdqnStudyArm *arm, uint64_t seed,
                                   pid_t *process, SdqnError *error) {
    char run[SDQN_PATH_SIZE], log[SDQN_PATH_SIZE], number[32];
    SdqnStatus status = path_of(folder->runs, arm, seed, "", run, error);
    if (status == SDQN_OK) status = path_of(folder->runs, arm, seed, ".log", log, error);
    if (status != SDQN_OK) return status;
    snprintf(number, sizeof number, "%llu", (unsigned long long)seed);
    const char *arguments[MAX_ARGUMENTS] = {program, "train", "--out", run, "--seed", number};
    int count = 6;
    if (sdqn_file_exists(run)) arguments[count++] = "--resume";
    if (arm->config_file[0] != '\0') {
        arguments[count++] = "--config";
        arguments[count++] = arm->config_file;
    }
    for (int i = 0; i < arm->num_settings; i++) {
        arguments[count++] = "--set";
        arguments[count++] = arm->settings[i];
    }
    assert(count < MAX_ARGUMENTS);
    const int file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot write: %s", log, strerror(errno));
    // A study that is killed takes its runs along; they save their state.
    const int reason = sdqn_process_start(
        &(SdqnProcessDef){.arguments = arguments, .input = -1, .output = file, .errors = file, .extra = -1, .end_signal = SIGTERM},
        process);
    close(file);
    if (reason == 0) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_IO, "%s cannot be started: %s%s", program, strerror(reason),
                          reason == ENOENT ? "; was it moved or removed?" : "");
}
