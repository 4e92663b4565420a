#include "run/run_folder.h"

#include "core/text.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECKPOINTS "checkpoints"
#define LOCK ".lock"
#define TEMPORARY ".tmp" ///< what an interrupted sdqn_file_write leaves behind
#define STATE_PREFIX "state_"
#define STATE_SUFFIX ".sdqn"
#define WEIGHTS_PREFIX "episode_"
#define WEIGHTS_SUFFIX ".safetensors"

static const char *const log_names[SDQN_RUN_NUM_LOGS] = {
    [SDQN_RUN_METRICS] = "metrics.jsonl",
    [SDQN_RUN_EVALUATIONS] = "evaluations.jsonl",
    [SDQN_RUN_GRADIENTS] = "gradients.jsonl",
    [SDQN_RUN_TIMING] = "timing.jsonl",
    [SDQN_RUN_EVENTS] = "events.out.tfevents.0.sharedqn", // TensorBoard looks for "tfevents" in the name
};

/// Files of a run's folder besides the logs.
static const char *const file_names[] = {SDQN_RUN_CONFIG, SDQN_RUN_INITIAL, SDQN_RUN_BEST, SDQN_RUN_FINAL, SDQN_RUN_SUMMARY};

struct SdqnRunFolder {
    SdqnFileLock *lock;
    SdqnAppendFile *logs[SDQN_RUN_NUM_LOGS];
    bool created;
    char path[SDQN_PATH_SIZE];
};

// ---- names ----------------------------------------------------------------------------------------------------------------------

void sdqn_run_folder_state_name(int64_t episodes, char name[SDQN_RUN_CHECKPOINT_NAME_SIZE]) {
    snprintf(name, SDQN_RUN_CHECKPOINT_NAME_SIZE, CHECKPOINTS "/" STATE_PREFIX "%06lld" STATE_SUFFIX, (long long)episodes);
}

void sdqn_run_folder_weights_name(int64_t episode, char name[SDQN_RUN_CHECKPOINT_NAME_SIZE]) {
    snprintf(name, SDQN_RUN_CHECKPOINT_NAME_SIZE, CHECKPOINTS "/" WEIGHTS_PREFIX "%06lld" WEIGHTS_SUFFIX, (long long)episode);
}

/// The number between prefix and suffix. @return -1 if the name is of another form
static int64_t parse_number(const char *name, const char *prefix, const char *suffix) {
    char digits[24];
    size_t length = strlen(name), before = strlen(prefix), after = strlen(suffix);
    if (length < before + after + 6 || length - before - after >= sizeof digits) return -1;
    if (strncmp(name, prefix, before) != 0 || strcmp(name + length - after, suffix) != 0) return -1;
    memcpy(digits, name + before, length - before - after);
    digits[length - before - after] = '\0';
    uint64_t number;
    return sdqn_text_to_u64(digits, &number) && number <= INT64_MAX ? (int64_t)number : -1;
}

static int64_t state_number(const char *name) { return parse_number(name, STATE_PREFIX, STATE_SUFFIX); }
static int64_t weights_number(const char *name) { return parse_number(name, WEIGHTS_PREFIX, WEIGHTS_SUFFIX); }

/// Copy a name without the ending that a temporary file has. @return whether it had one
static bool strip_temporary(const char *name, char *stripped, size_t size) {
    size_t length = strlen(name), ending = strlen(TEMPORARY);
    bool is_temporary = length > ending && strcmp(name + length - ending, TEMPORARY) == 0;
    snprintf(stripped, size, "%.*s", (int)(is_temporary ? length - ending : length), name);
    return is_temporary;
}

static bool is_root_file(const char *name) {
    for (int i = 0; i < SDQN_RUN_NUM_LOGS; i++)
        if (strcmp(name, log_names[i]) == 0) return true;
    for (size_t i = 0; i < sizeof file_names / sizeof *file_names; i++)
        if (strcmp(name, file_names[i]) == 0) return true;
    return strcmp(name, LOCK) == 0;
}

static bool is_checkpoint_file(const char *name) { return state_number(name) >= 0 || weights_number(name) >= 0; }

// ---- walking over the folder ----------------------------------------------------------------------------------------------------

/// Called with each entry of a folder but "." and "..". @return a status other than SDQN_OK ends the walk
typedef SdqnStatus EntryVisitor(void *context, const char *folder, const char *name, SdqnError *error);

/// A folder that does not exist has no entries.
static SdqnStatus walk(const char *path, EntryVisitor *visit, void *context, SdqnError *error) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return errno == ENOENT ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot open folder: %s", path, strerror(errno));
    SdqnStatus status = SDQN_OK;
    const struct dirent *entry;
    while (status == SDQN_OK && (errno = 0, entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) status = visit(context, path, entry->d_name, error);
    if (status == SDQN_OK && errno != 0) status = sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot read folder: %s", path, strerror(errno));
    closedir(folder);
    return status;
}

static SdqnStatus walk_checkpoints(const SdqnRunFolder *folder, EntryVisitor *visit, void *context, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_run_folder_join(folder, CHECKPOINTS, path, error);
    return status == SDQN_OK ? walk(path, visit, context, error) : status;
}

static SdqnStatus remove_entry(const char *folder, const char *name, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_file_join(folder, name, path, error);
    return status == SDQN_OK ? sdqn_file_remove(path, error) : status;
}

static bool is_true_folder(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static SdqnStatus foreign(const char *folder, const char *name, SdqnError *error) {
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: holds '%s', which no run wrote: choose another --out", folder, name);
}

static SdqnStatus refuse_foreign_checkpoint(void *context, const char *folder, const char *name, SdqnError *error) {
    (void)context;
    char stripped[256];
    strip_temporary(name, stripped, sizeof stripped);
    return is_checkpoint_file(stripped) ? SDQN_OK : foreign(folder, name, error);
}

static SdqnStatus refuse_foreign(void *context, const char *folder, const char *name, SdqnError *error) {
    (void)context;
    if (strcmp(name, CHECKPOINTS) == 0) {
        char path[SDQN_PATH_SIZE];
        SdqnStatus status = sdqn_file_join(folder, name, path, error);
        if (status != SDQN_OK) return status;
        return is_true_folder(path) ? walk(path, refuse_foreign_checkpoint, NULL, error) : foreign(folder, name, error);
    }
    if (strcmp(name, SDQN_RUN_ANALYSIS) == 0) return SDQN_OK; // no run's file, but made from one; it is left as it is
    char stripped[256];
    strip_temporary(name, stripped, sizeof stripped);
    return is_root_file(stripped) ? SDQN_OK : foreign(folder, name, error);
}

static SdqnStatus refuse_any(void *context, const char *folder, const char *name, SdqnError *error) {
    (void)context;
    if (strcmp(name, LOCK) == 0) return SDQN_OK; // of a run that ended before it began, or a moment ago by ourselves
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                          "%s: exists and is not empty: continue it with --resume, clear it with --force, or choose another --out", folder);
}

/// What of a run's files a walk removes, besides all temporaries.
typedef struct Removal {
    bool root_files;       ///< all but the lock and config.yaml
    bool result;           ///< final.safetensors and summary.json
    int64_t states_before; ///< states numbered below this
    int64_t states_after;  ///< states numbered above this
    int64_t weights_from;  ///< weights of episodes numbered from this on
} Removal;

static SdqnStatus remove_root_entry(void *context, const char *folder, const char *name, SdqnError *error) {
    const Removal *removal = context;
    char stripped[256];
    bool remove = strip_temporary(name, stripped, sizeof stripped) || removal->root_files;
    if (!is_root_file(stripped) || strcmp(name, LOCK) == 0) return SDQN_OK;
    if (strcmp(name, SDQN_RUN_CONFIG) == 0) remove = false;
    if (strcmp(name, SDQN_RUN_FINAL) == 0 || strcmp(name, SDQN_RUN_SUMMARY) == 0) remove = removal->result;
    return remove ? remove_entry(folder, name, error) : SDQN_OK;
}

static SdqnStatus remove_checkpoint(void *context, const char *folder, const char *name, SdqnError *error) {
    const Removal *removal = context;
    char stripped[256];
    bool is_temporary = strip_temporary(name, stripped, sizeof stripped);
    int64_t state = state_number(stripped), weights = weights_number(stripped);
    bool remove = (state >= 0 && (is_temporary || state < removal->states_before || state > removal->states_after)) ||
                  (weights >= 0 && (is_temporary || weights >= removal->weights_from));
    return remove ? remove_entry(folder, name, error) : SDQN_OK;
}

/// The largest numbers seen, in descending order.
typedef struct Newest {
    int64_t *numbers;
    int capacity, count;
} Newest;

static SdqnStatus collect_state(void *context, const char *folder, const char *name, SdqnError *error) {
    (void)folder;
    (void)error;
    Newest *newest = context;
    int64_t number = state_number(name);
    if (number < 0) return SDQN_OK;
    int place = newest->count;
    while (place > 0 && newest->numbers[place - 1] < number) place--;
    if (place == newest->capacity) return SDQN_OK;
    if (newest->count < newest->capacity) newest->count++;
    memmove(newest->numbers + place + 1, newest->numbers + place, (size_t)(newest->count - place - 1) * sizeof *newest->numbers);
    newest->numbers[place] = number;
    return SDQN_OK;
}

// ---- opening --------------------------------------------------------------------------------------------------------------------

/// Refuse what the mode does not allow to be in the folder.
static SdqnStatus check_entries(const char *path, SdqnRunFolderMode mode, SdqnError *error) {
    if (mode == SDQN_RUN_FOLDER_NEW) return walk(path, refuse_any, NULL, error);
    char config[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_file_join(path, SDQN_RUN_CONFIG, config, error);
    if (status != SDQN_OK) return status;
    // A run's folder may be resumed whatever its owner has added. One without a configuration is taken only if nothing is foreign:
    // a run killed as it began.
    return mode == SDQN_RUN_FOLDER_RESUME && sdqn_file_exists(config) ? SDQN_OK : walk(path, refuse_foreign, NULL, error);
}

/// Refuse a folder before anything, even a lock file, is put into it.
static SdqnStatus check_before_lock(const char *path, SdqnRunFolderMode mode, SdqnError *error) {
    struct stat status;
    bool exists = stat(path, &status) == 0;
    if (exists && !S_ISDIR(status.st_mode)) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: exists and is no folder", path);
    if (!exists && mode == SDQN_RUN_FOLDER_RESUME)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: does not exist: there is nothing to resume", path);
    return exists ? check_entries(path, mode, error) : SDQN_OK;
}

SdqnStatus sdqn_run_folder_open(const char *path, SdqnRunFolderMode mode, SdqnRunFolder **folder, SdqnError *error) {
    char lock[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_file_join(path, LOCK, lock, error);
    if (status == SDQN_OK) status = check_before_lock(path, mode, error);
    if (status != SDQN_OK) return status;

    SdqnRunFolder *opened = calloc(1, sizeof *opened);
    if (opened == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", path);
    snprintf(opened->path, sizeof opened->path, "%s", path);
    opened->created = !sdqn_file_exists(path);
    status = sdqn_file_make_folder(path, error);
    if (status == SDQN_OK) status = sdqn_file_lock_take(lock, &opened->lock, error);
    // Again, now that nobody else can change it.
    if (status == SDQN_OK) status = check_entries(path, mode, error);
    if (status != SDQN_OK) {
        sdqn_run_folder_close(opened);
        return status;
    }
    *folder = opened;
    return SDQN_OK;
}

void sdqn_run_folder_close(SdqnRunFolder *folder) {
    if (folder == NULL) return;
    for (int i = 0; i < SDQN_RUN_NUM_LOGS; i++) sdqn_append_file_close(folder->logs[i], NULL);
    char lock[SDQN_PATH_SIZE];
    bool unused = folder->created && !sdqn_run_folder_has(folder, SDQN_RUN_CONFIG);
    if (unused && sdqn_run_folder_join(folder, LOCK, lock, NULL) == SDQN_OK) {
        if (folder->lock != NULL) unlink(lock);
        rmdir(folder->path); // does nothing if the folder holds anything, such as another process's lock
    }
    sdqn_file_lock_release(folder->lock);
    free(folder);
}

bool sdqn_run_folder_in_use(const char *path) {
    char lock[SDQN_PATH_SIZE];
    return sdqn_file_join(path, LOCK, lock, NULL) == SDQN_OK && sdqn_file_lock_is_held(lock);
}

const char *sdqn_run_folder_log_name(SdqnRunLog log) { return log_names[log]; }

SdqnStatus sdqn_run_folder_join(const SdqnRunFolder *folder, const char *name, char path[SDQN_PATH_SIZE], SdqnError *error) {
    return sdqn_file_join(folder->path, name, path, error);
}

bool sdqn_run_folder_has(const SdqnRunFolder *folder, const char *name) {
    char path[SDQN_PATH_SIZE];
    return sdqn_run_folder_join(folder, name, path, NULL) == SDQN_OK && sdqn_file_exists(path);
}

// ---- changing -------------------------------------------------------------------------------------------------------------------

SdqnStatus sdqn_run_folder_clear(SdqnRunFolder *folder, bool with_config, SdqnError *error) {
    assert(folder->logs[0] == NULL);
    // The summary first: what is cut short here must not look like a finished run. Then the settings: --resume must not take them for those
    // of the run that was to begin.
    SdqnStatus status = remove_entry(folder->path, SDQN_RUN_SUMMARY, error);
    if (status == SDQN_OK && with_config) status = remove_entry(folder->path, SDQN_RUN_CONFIG, error);
    Removal removal = {.root_files = true, .result = true, .states_after = -1};
    if (status == SDQN_OK) status = walk_checkpoints(folder, remove_checkpoint, &removal, error);
    return status == SDQN_OK ? walk(folder->path, remove_root_entry, &removal, error) : status;
}

SdqnStatus sdqn_run_folder_rewind(SdqnRunFolder *folder, int64_t episodes, SdqnError *error) {
    Removal removal = {.result = true, .states_after = episodes, .weights_from = episodes};
    SdqnStatus status = walk_checkpoints(folder, remove_checkpoint, &removal, error);
    return status == SDQN_OK ? walk(folder->path, remove_root_entry, &removal, error) : status;
}

SdqnStatus sdqn_run_folder_write(SdqnRunFolder *folder, const char *name, const void *data, size_t size, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_run_folder_join(folder, name, path, error);
    return status == SDQN_OK ? sdqn_file_write(path, &(SdqnPiece){data, size}, 1, error) : status;
}

SdqnStatus sdqn_run_folder_open_logs(SdqnRunFolder *folder, SdqnAppendMark *marks, bool with_events, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_run_folder_join(folder, CHECKPOINTS, path, error);
    if (status == SDQN_OK) status = sdqn_file_make_folder(path, error);
    for (int i = 0; i < SDQN_RUN_NUM_LOGS && status == SDQN_OK; i++) {
        if (i == SDQN_RUN_EVENTS && !with_events) continue;
        status = sdqn_run_folder_join(folder, log_names[i], path, error);
        if (status != SDQN_OK) break;
        status = sdqn_append_file_open(path, &marks[i], &folder->logs[i], error);
        if (status == SDQN_OK || marks[i].length == 0 || (i != SDQN_RUN_TIMING && i != SDQN_RUN_EVENTS)) continue;
        memset(&marks[i], 0, sizeof marks[i]);
        status = sdqn_append_file_open(path, &marks[i], &folder->logs[i], error);
    }
    return status;
}

SdqnStatus sdqn_run_folder_append(SdqnRunFolder *folder, SdqnRunLog log, const void *data, size_t size, SdqnError *error) {
    return sdqn_append_file_write(folder->logs[log], data, size, error);
}

SdqnStatus sdqn_run_folder_sync_logs(SdqnRunFolder *folder, SdqnAppendMark *marks, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < SDQN_RUN_NUM_LOGS && status == SDQN_OK; i++) {
        memset(&marks[i], 0, sizeof marks[i]);
        if (folder->logs[i] == NULL) continue;
        status = sdqn_append_file_sync(folder->logs[i], error);
        marks[i] = sdqn_append_file_mark(folder->logs[i]);
    }
    return status;
}

SdqnStatus sdqn_run_folder_states(const SdqnRunFolder *folder, int64_t *episodes, int capacity, int *count, SdqnError *error) {
    Newest newest = {.numbers = episodes, .capacity = capacity};
    SdqnStatus status = walk_checkpoints(folder, collect_state, &newest, error);
    *count = status == SDQN_OK ? newest.count : 0;
    return status;
}

SdqnStatus sdqn_run_folder_remove_states_before(SdqnRunFolder *folder, int64_t episodes, SdqnError *error) {
    Removal removal = {.states_before = episodes, .states_after = INT64_MAX, .weights_from = INT64_MAX};
    return walk_checkpoints(folder, remove_checkpoint, &removal, error);
}
