#include "study/collection.h"

#include "core/file.h"
#include "run/protocol.h"
#include "run/run_folder.h"
#include "study/times.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/// A run and where it was found.
typedef struct Run {
    char *path;
    int operand, arm;
    double seconds; ///< NaN: not known
    SdqnStudyResult result;
} Run;

/// Runs of the same settings.
typedef struct Group {
    SdqnConfig config; ///< of its first run, with seed 0
    int operand;       ///< if each operand is an arm; else -1
    const char *name;  ///< of a study; NULL: none, or several
} Group;

struct SdqnCollection {
    Run **runs;
    int num_runs, run_room;
    SdqnExclusion *exclusions;
    int num_exclusions, exclusion_room;
    Group **groups;
    int num_groups;
    SdqnArmRuns *arms;             ///< [num_groups]
    const SdqnStudyResult **lists; ///< [num_runs] the arms' runs, arm by arm
    double *seconds;               ///< [num_runs] likewise
};

/// A collection while operands are read.
typedef struct Reader {
    SdqnCollection *made;
    int operand;
    bool by_operand;      ///< each operand is an arm
    SdqnStudyTimes times; ///< of the study being read
    SdqnError *error;
} Reader;

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "compare: out of memory"); }

static void free_run(Run *run) {
    if (!run) return;
    sdqn_study_result_clear(&run->result);
    free(run->path);
    free(run);
}

void sdqn_collection_destroy(SdqnCollection *collection) {
    if (!collection) return;
    for (int i = 0; i < collection->num_runs; i++) free_run(collection->runs[i]);
    for (int i = 0; i < collection->num_exclusions; i++) {
        free(collection->exclusions[i].what);
        free(collection->exclusions[i].reason);
    }
    for (int i = 0; i < collection->num_groups; i++) free(collection->groups[i]);
    free(collection->runs);
    free(collection->exclusions);
    free(collection->groups);
    free(collection->arms);
    free(collection->lists);
    free(collection->seconds);
    free(collection);
}

SdqnArmSet sdqn_collection_arms(const SdqnCollection *collection) { return (SdqnArmSet){collection->num_groups, collection->arms}; }

const SdqnExclusion *sdqn_collection_exclusions(const SdqnCollection *collection, int *count) {
    *count = collection->num_exclusions;
    return collection->exclusions;
}

/// Make room for one more of `count`. @return whether there is
static bool grow(void **items, int count, int *room, size_t size) {
    if (count < *room) return true;
    const int more = *room > 0 ? 2 * *room : 64;
    void *grown = realloc(*items, (size_t)more * size);
    if (!grown) return false;
    *items = grown;
    *room = more;
    return true;
}

static SdqnStatus exclude(Reader *reader, const char *what, const char *reason) {
    SdqnCollection *made = reader->made;
    void *items = made->exclusions;
    if (!grow(&items, made->num_exclusions, &made->exclusion_room, sizeof *made->exclusions)) return out_of_memory(reader->error);
    made->exclusions = items;
    const SdqnExclusion exclusion = {strdup(what), strdup(reason)};
    if (!exclusion.what || !exclusion.reason) {
        free(exclusion.what);
        free(exclusion.reason);
        return out_of_memory(reader->error);
    }
    made->exclusions[made->num_exclusions++] = exclusion;
    return SDQN_OK;
}

/// What ends everything passes; what is wrong with one run leaves that one out. @param cause  not the reader's error
static SdqnStatus leave_out(Reader *reader, const char *path, SdqnStatus status, const SdqnError *cause) {
    if (status == SDQN_ERR_MEMORY) return sdqn_error_set(reader->error, status, "%s", cause->message);
    return exclude(reader, path, cause->message);
}

// ---- one run --------------------------------------------------------------------------------------------------------------------

/// Whether a result is what its settings say. @return NULL if it is, else what is wrong
static const char *find_flaw(const SdqnStudyResult *result, const SdqnConfig *config) {
    if (result->num_tasks != config->num_tasks) return "its final evaluation does not have the tasks of its settings";
    for (int t = 0; t < config->num_tasks; t++) {
        if (strcmp(result->tasks[t], config->tasks[t]) != 0) return "its final evaluation does not have the tasks of its settings";
    }
    if (result->num_episodes != config->episodes) return "it does not have as many training episodes as its settings say";
    if (result->parameters < 1) return "its number of parameters is 0";
    for (int i = 0; i < result->curve.count; i++) {
        if (result->curve.episodes[i] <= (i > 0 ? result->curve.episodes[i - 1] : -1)) return "its evaluations are not in order";
    }
    return NULL;
}

static int find_group(const Reader *reader, const SdqnConfig *config) {
    for (int i = 0; i < reader->made->num_groups; i++) {
        const Group *group = reader->made->groups[i];
        if (reader->by_operand && group->operand != reader->operand) continue;
        if (sdqn_config_check_same(config, &group->config, NULL) == SDQN_OK) return i;
    }
    return -1;
}

static SdqnStatus add_group(Reader *reader, const SdqnConfig *config, const char *name) {
    SdqnCollection *made = reader->made;
    if (made->num_groups == SDQN_COLLECTION_MAX_ARMS)
        return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "compare: more than %d different settings: compare fewer at a time",
                              SDQN_COLLECTION_MAX_ARMS);
    Group *group = malloc(sizeof *group);
    if (!group) return out_of_memory(reader->error);
    group->config = *config;
    group->operand = reader->by_operand ? reader->operand : -1;
    group->name = name[0] != '\0' ? name : NULL;
    made->groups[made->num_groups++] = group;
    return SDQN_OK;
}

/// Refuse what must not be mixed with the runs that are there.
static SdqnStatus check_mixture(Reader *reader, const Run *run, const SdqnConfig *config) {
    const SdqnCollection *made = reader->made;
    const Run *marked = NULL; // a run whose numerics are known
    if (made->num_runs == 0) return SDQN_OK;
    const Run *first = made->runs[0];
    const char *differs = sdqn_protocol_difference(config, &made->groups[first->arm]->config);
    if (differs)
        return sdqn_error_set(reader->error, SDQN_ERR_FORMAT,
                              "%.300s: %s: not as in %.300s: results of different protocols are not compared", run->path, differs,
                              first->path);
    for (int i = 0; i < made->num_runs && !marked; i++) marked = made->runs[i]->result.numerics[0] != '\0' ? made->runs[i] : NULL;
    if (marked && run->result.numerics[0] != '\0' && strcmp(marked->result.numerics, run->result.numerics) != 0)
        return sdqn_error_set(reader->error, SDQN_ERR_FORMAT,
                              "%.300s: was made by a program with other numerics (%.12s...) than %.300s (%.12s...): they are not compared",
                              run->path, run->result.numerics, marked->path, marked->result.numerics);
    return SDQN_OK;
}

/// A run of the same settings and seed, in whatever arm.
static const Run *find_same(const Reader *reader, const Run *run, const SdqnConfig *config) {
    const SdqnCollection *made = reader->made;
    for (int i = 0; i < made->num_runs; i++) {
        const Run *other = made->runs[i];
        if (other->result.seed == run->result.seed && sdqn_config_check_same(config, &made->groups[other->arm]->config, NULL) == SDQN_OK)
            return other;
    }
    return NULL;
}

/// Put a run into its arm. @param config  with seed 0 @param taken  receives whether the collection owns the run now
static SdqnStatus sort_in(Reader *reader, Run *run, const SdqnConfig *config, bool *taken) {
    SdqnCollection *made = reader->made;
    char reason[SDQN_ERROR_SIZE];
    SdqnStatus status = check_mixture(reader, run, config);
    if (status != SDQN_OK) return status;
    const Run *same = find_same(reader, run, config);
    if (same && strcmp(same->result.weights_sha256, run->result.weights_sha256) != 0)
        return sdqn_error_set(
            reader->error, SDQN_ERR_FORMAT,
            "%.300s: has the settings and the seed of %.300s but other weights: one of them was made by a program with other "
            "numerics, they are not compared",
            run->path, same->path);
    if (same) {
        snprintf(reason, sizeof reason, "is the run %.900s once more", same->path);
        return exclude(reader, run->path, reason);
    }
    run->arm = find_group(reader, config);
    if (run->arm < 0) {
        run->arm = made->num_groups;
        status = add_group(reader, config, run->result.arm);
    } else if (made->groups[run->arm]->name && strcmp(made->groups[run->arm]->name, run->result.arm) != 0) {
        made->groups[run->arm]->name = NULL; // studies call it by different names
    }
    if (status != SDQN_OK) return status;
    if (made->num_runs == SDQN_COLLECTION_MAX_RUNS)
        return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "compare: more than %d runs", SDQN_COLLECTION_MAX_RUNS);
    void *items = made->runs;
    if (!grow(&items, made->num_runs, &made->run_room, sizeof(Run *))) return out_of_memory(reader->error);
    made->runs = items;
    made->runs[made->num_runs++] = run;
    *taken = true;
    return SDQN_OK;
}

/// Check a run that was read, and take it or leave it out. @param run  taken over
static SdqnStatus take_run(Reader *reader, Run *run) {
    SdqnConfig *config = malloc(sizeof *config);
    SdqnError cause = {0};
    bool taken = false;
    if (!config) {
        free_run(run);
        return out_of_memory(reader->error);
    }
    SdqnStatus status = sdqn_config_parse("its settings", run->result.settings, strlen(run->result.settings), config, &cause);
    if (status != SDQN_OK) {
        status = leave_out(reader, run->path, status, &cause);
    } else {
        const char *flaw = find_flaw(&run->result, config);
        if (run->result.arm[0] == '\0') run->result.seed = config->seed; // from a run's folder
        if (!flaw && run->result.seed != config->seed) flaw = "its seed is not that of its settings";
        config->seed = 0;
        status = flaw ? exclude(reader, run->path, flaw) : sort_in(reader, run, config, &taken);
    }
    free(config);
    if (!taken) free_run(run);
    return status;
}

static Run *create_run(const Reader *reader, const char *path) {
    Run *run = calloc(1, sizeof *run);
    if (!run) return NULL;
    run->path = strdup(path);
    run->operand = reader->operand;
    run->seconds = (double)NAN;
    if (run->path) return run;
    free(run);
    return NULL;
}

static SdqnStatus read_result(Reader *reader, const char *path) {
    SdqnError cause = {0};
    Run *run = create_run(reader, path);
    if (!run) return out_of_memory(reader->error);
    const SdqnStatus status = sdqn_study_result_read(path, &run->result, &cause);
    run->seconds = sdqn_study_times_find(&reader->times, run->result.arm, run->result.seed);
    if (status == SDQN_OK) return take_run(reader, run);
    free_run(run);
    return leave_out(reader, path, status, &cause);
}

static bool holds(const char *folder, const char *name) {
    char path[SDQN_PATH_SIZE];
    return sdqn_file_join(folder, name, path, NULL) == SDQN_OK && sdqn_file_exists(path);
}

static SdqnStatus read_run(Reader *reader, const char *path) {
    SdqnError cause = {0};
    if (!holds(path, SDQN_RUN_SUMMARY)) return exclude(reader, path, "is not finished: there is no " SDQN_RUN_SUMMARY);
    Run *run = create_run(reader, path);
    if (!run) return out_of_memory(reader->error);
    const SdqnStatus status = sdqn_study_result_collect(path, "", 0, "", &run->result, &run->seconds, &cause);
    if (status == SDQN_OK) return take_run(reader, run);
    free_run(run);
    return leave_out(reader, path, status, &cause);
}

// ---- folders --------------------------------------------------------------------------------------------------------------------

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/// Whether a folder is a run's, or what is left of one.
static bool is_run(const char *path) {
    return holds(path, SDQN_RUN_CONFIG) || holds(path, SDQN_RUN_SUMMARY) || holds(path, "metrics.jsonl");
}

static bool is_study(const char *path) {
    char results[SDQN_PATH_SIZE];
    return sdqn_file_join(path, "results", results, NULL) == SDQN_OK && is_folder(results) && !is_run(results);
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/// Call a function with the path of everything in a folder, by ascending name.
static SdqnStatus visit(Reader *reader, const char *folder, SdqnStatus (*take)(Reader *reader, const char *path)) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_visible, alphasort);
    if (count < 0) return sdqn_error_set(reader->error, SDQN_ERR_IO, "%.900s: cannot be read", folder);
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < count; i++) {
        char path[SDQN_PATH_SIZE];
        if (status == SDQN_OK) status = sdqn_file_join(folder, entries[i]->d_name, path, reader->error);
        if (status == SDQN_OK) status = take(reader, path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static SdqnStatus take_result(Reader *reader, const char *path) {
    const size_t length = strlen(path), end = strlen(".json");
    return length > end && strcmp(path + length - end, ".json") == 0 ? read_result(reader, path) : SDQN_OK;
}

/// A run of a study that has no result.
static SdqnStatus take_unfinished(Reader *reader, const char *path) {
    char result[SDQN_PATH_SIZE];
    const char *name = strrchr(path, '/') + 1;
    const int study = (int)(name - path) - (int)strlen("runs/");
    if (!is_folder(path)) return SDQN_OK; // what the runs have said lies beside them
    if (snprintf(result, sizeof result, "%.*sresults/%s.json", study, path, name) < SDQN_PATH_SIZE && sdqn_file_exists(result))
        return SDQN_OK;
    return exclude(reader, path, "is not finished: the study has no result of it");
}

static SdqnStatus read_study(Reader *reader, const char *path) {
    char folder[SDQN_PATH_SIZE];
    SdqnError cause = {0};
    SdqnStatus status = sdqn_file_join(path, SDQN_STUDY_TIMES, folder, reader->error);
    const SdqnStatus timed = status == SDQN_OK ? sdqn_study_times_read(path, &reader->times, &cause) : SDQN_OK;
    if (timed != SDQN_OK) status = leave_out(reader, folder, timed, &cause);
    if (status == SDQN_OK) status = sdqn_file_join(path, "results", folder, reader->error);
    if (status == SDQN_OK) status = visit(reader, folder, take_result);
    sdqn_study_times_clear(&reader->times);
    if (status == SDQN_OK) status = sdqn_file_join(path, "runs", folder, reader->error);
    return status == SDQN_OK && is_folder(folder) ? visit(reader, folder, take_unfinished) : status;
}

static SdqnStatus take_member(Reader *reader, const char *path) {
    if (!is_folder(path)) return SDQN_OK;
    if (is_run(path)) return read_run(reader, path);
    if (is_study(path)) return read_study(reader, path);
    return exclude(reader, path, "is no run: it has no " SDQN_RUN_CONFIG ", " SDQN_RUN_SUMMARY " or metrics.jsonl");
}

static int count_runs_of(const SdqnCollection *made, int operand) {
    int count = 0;
    for (int i = 0; i < made->num_runs; i++) count += made->runs[i]->operand == operand;
    return count;
}

static SdqnStatus read_operand(Reader *reader, const char *path) {
    const SdqnCollection *made = reader->made;
    const int exclusions = made->num_exclusions;
    if (!is_folder(path))
        return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.900s: %s: must be the folder of a run, of several runs or of a study",
                              path, sdqn_file_exists(path) ? "is no folder" : "does not exist");
    SdqnStatus status = is_run(path)     ? read_run(reader, path)
                        : is_study(path) ? read_study(reader, path)
                                         : visit(reader, path, take_member);
    if (status != SDQN_OK || count_runs_of(made, reader->operand) > 0) return status;
    if (made->num_exclusions == exclusions) return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.900s: holds no run", path);
    const SdqnExclusion *last = &made->exclusions[made->num_exclusions - 1];
    return sdqn_error_set(reader->error, SDQN_ERR_ARGUMENT, "%.300s: no run is left of it, %d %s left out: %.300s: %.300s", path,
                          made->num_exclusions - exclusions, made->num_exclusions - exclusions == 1 ? "is" : "are", last->what,
                          last->reason);
}

// ---- names ----------------------------------------------------------------------------------------------------------------------

static bool name_is_taken(const SdqnCollection *made, int arm) {
    for (int i = 0; i < arm; i++) {
        if (strcmp(made->arms[i].name, made->arms[arm].name) == 0) return true;
    }
    return false;
}

/// Whether a key has another value in another arm of the same method.
static bool tells_apart(const SdqnCollection *made, int arm, int key) {
    const SdqnConfig *config = &made->groups[arm]->config;
    char own[256], other[256];
    if (!sdqn_config_key_value(config, key, own, sizeof own)) return false;
    for (int i = 0; i < made->num_groups; i++) {
        if (i == arm || strcmp(made->groups[i]->config.method, config->method) != 0) continue;
        sdqn_config_key_value(&made->groups[i]->config, key, other, sizeof other);
        if (strcmp(own, other) != 0) return true;
    }
    return false;
}

/// The method, if there are several, and the settings that tell the arm from others of the method, as far as there is room.
static void name_by_settings(const SdqnCollection *made, int arm, char name[SDQN_SCORES_NAME_SIZE]) {
    const SdqnConfig *config = &made->groups[arm]->config;
    bool alone = true; // the only method
    for (int i = 0; i < made->num_groups; i++) alone = alone && strcmp(made->groups[i]->config.method, config->method) == 0;
    size_t length = alone ? 0 : (size_t)snprintf(name, SDQN_SCORES_NAME_SIZE, "%s", config->method);
    for (int key = 0; key < sdqn_config_key_count(); key++) {
        SdqnConfigKeyInfo info;
        char value[256], part[512];
        if (!tells_apart(made, arm, key)) continue;
        sdqn_config_key_info(key, &info);
        sdqn_config_key_value(config, key, value, sizeof value);
        snprintf(part, sizeof part, "%s%s=%s", length > 0 ? " " : "", info.name, value);
        if (length + strlen(part) + 8 >= SDQN_SCORES_NAME_SIZE) break;
        memcpy(name + length, part, strlen(part) + 1);
        length += strlen(part);
    }
    if (length == 0) snprintf(name, SDQN_SCORES_NAME_SIZE, "%s", config->method);
}

static void name_arms(SdqnCollection *made, const char *const *operands, const char *const *names, bool by_operand) {
    for (int a = 0; a < made->num_groups; a++) {
        const Group *group = made->groups[a];
        char *name = made->arms[a].name;
        if (names) {
            snprintf(name, SDQN_SCORES_NAME_SIZE, "%s", names[group->operand]);
        } else if (by_operand) {
            snprintf(name, SDQN_SCORES_NAME_SIZE, "%.120s", operands[group->operand]);
        } else if (group->name) {
            snprintf(name, SDQN_SCORES_NAME_SIZE, "%s", group->name);
            if (name_is_taken(made, a)) name_by_settings(made, a, name);
        } else {
            name_by_settings(made, a, name);
        }
        const size_t length = strlen(name);
        for (int n = 2; name_is_taken(made, a); n++) snprintf(name + length, SDQN_SCORES_NAME_SIZE - length, " (%d)", n);
    }
}

// ---- all of it ------------------------------------------------------------------------------------------------------------------

static int by_seed(const void *left, const void *right) {
    const Run *a = *(Run *const *)left, *b = *(Run *const *)right;
    if (a->arm != b->arm) return a->arm < b->arm ? -1 : 1;
    return (a->result.seed > b->result.seed) - (a->result.seed < b->result.seed);
}

/// Make the arms' lists from the runs.
static SdqnStatus make_arms(SdqnCollection *made, SdqnError *error) {
    const size_t runs = (size_t)made->num_runs;
    made->arms = calloc((size_t)made->num_groups + 1, sizeof *made->arms);
    made->lists = calloc(runs + 1, sizeof(SdqnStudyResult *));
    made->seconds = calloc(runs + 1, sizeof *made->seconds);
    if (!made->arms || !made->lists || !made->seconds) return out_of_memory(error);
    if (made->runs) qsort(made->runs, runs, sizeof(Run *), by_seed);
    for (int i = 0; i < made->num_runs; i++) {
        const Run *run = made->runs[i];
        SdqnArmRuns *arm = &made->arms[run->arm];
        made->lists[i] = &run->result;
        made->seconds[i] = run->seconds;
        if (arm->num_runs++ > 0) continue;
        arm->config = &made->groups[run->arm]->config;
        arm->runs = made->lists + i;
        arm->seconds = made->seconds + i;
    }
    return SDQN_OK;
}

/// With names an operand is one arm.
static SdqnStatus check_names(const SdqnCollection *made, const char *const *operands, SdqnError *error) {
    for (int a = 1; a < made->num_groups; a++) {
        for (int b = 0; b < a; b++) {
            SdqnError cause = {0};
            if (made->groups[a]->operand != made->groups[b]->operand) continue;
            sdqn_config_check_same(&made->groups[a]->config, &made->groups[b]->config, &cause);
            return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                                  "--names: %.400s holds runs of different settings, so it is not one arm (%.300s)",
                                  operands[made->groups[a]->operand], cause.message);
        }
    }
    return SDQN_OK;
}

/// Sort the runs anew, each operand an arm. All runs have the same settings.
static SdqnStatus split_by_operand(SdqnCollection *made, SdqnError *error) {
    Reader reader = {.made = made, .by_operand = true, .error = error};
    Group *all = made->groups[0];
    made->num_groups = 0;
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < made->num_runs && status == SDQN_OK; i++) {
        Run *run = made->runs[i];
        reader.operand = run->operand;
        run->arm = find_group(&reader, &all->config);
        if (run->arm >= 0) continue;
        run->arm = made->num_groups;
        status = add_group(&reader, &all->config, run->result.arm);
    }
    free(all);
    return status;
}

static SdqnStatus read_all(Reader *reader, const char *const *operands, int num_operands, const char *const *names) {
    SdqnCollection *made = reader->made;
    SdqnStatus status = SDQN_OK;
    made->groups = calloc(SDQN_COLLECTION_MAX_ARMS, sizeof(Group *));
    if (!made->groups) return out_of_memory(reader->error);
    for (int i = 0; i < num_operands && status == SDQN_OK; i++) {
        reader->operand = i;
        status = read_operand(reader, operands[i]);
    }
    if (status == SDQN_OK && names) status = check_names(made, operands, reader->error);
    if (status == SDQN_OK && !names && made->num_groups == 1 && num_operands > 1) {
        reader->by_operand = true;
        status = split_by_operand(made, reader->error);
    }
    if (status == SDQN_OK) status = make_arms(made, reader->error);
    if (status == SDQN_OK) name_arms(made, operands, names, reader->by_operand);
    return status;
}

SdqnStatus sdqn_collection_read(const char *const *operands, int num_operands, const char *const *names, SdqnCollection **collection,
                                SdqnError *error) {
    Reader reader = {.made = calloc(1, sizeof *reader.made), .by_operand = names != NULL, .error = error};
    if (!reader.made) return out_of_memory(error);
    const SdqnStatus status = read_all(&reader, operands, num_operands, names);
    if (status == SDQN_OK) {
        *collection = reader.made;
    } else {
        sdqn_collection_destroy(reader.made);
    }
    return status;
}
