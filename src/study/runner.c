#define _GNU_SOURCE // prctl's PR_SET_PDEATHSIG, pipe2

#include "study/runner.h"

#include "core/clock.h"
#include "core/file.h"
#include "core/text.h"
#include "run/run_folder.h"
#include "study/times.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NANOSECONDS 50000000
#define PROGRESS_PERIOD 0.5 ///< seconds between looks at how far the runs are
#define MAX_ARGUMENTS (2 * SDQN_STUDY_MAX_SETTINGS + 16)

struct SdqnStudy {
    SdqnStudyDef def;
    SdqnFileLock *lock;
    char results[SDQN_PATH_SIZE], runs[SDQN_PATH_SIZE];
    int num_jobs;
    SdqnJob *jobs; ///< [num_jobs] arm by arm
    int *first;    ///< [num_arms] index of an arm's first job
    int *order;    ///< [num_jobs] in which they are started
};

/// `FOLDER/ARM-seedN` with an ending.
static SdqnStatus path_of(const SdqnStudy *study, const char *folder, const SdqnJob *job, const char *ending, char path[SDQN_PATH_SIZE],
                          SdqnError *error) {
    char name[SDQN_STUDY_NAME_SIZE + 64];
    snprintf(name, sizeof name, "%s-seed%llu%s", study->def.plan->arms[job->arm].name, (unsigned long long)job->seed, ending);
    return sdqn_file_join(folder, name, path, error);
}

// ---- results that are there -----------------------------------------------------------------------------------------------------

/// Keys that the result's program did not know count as having their default.
static SdqnStatus check_settings(const SdqnStudyArm *arm, const char *path, const SdqnStudyResult *result, SdqnError *error) {
    SdqnConfig *configs = malloc(2 * sizeof *configs);
    if (!configs) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory");
    SdqnError cause = {0};
    configs[0] = arm->config;
    configs[0].seed = result->seed;
    SdqnStatus status = sdqn_config_parse("its settings", result->settings, strlen(result->settings), &configs[1], &cause);
    if (status == SDQN_OK) status = sdqn_config_check_same(&configs[0], &configs[1], &cause);
    free(configs);
    if (status == SDQN_OK) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.400s: is not of arm %s as it is now: %.400s: move it away, or name the arm anew", path,
                          arm->name, cause.message);
}

static SdqnStatus check_result(const SdqnStudy *study, const SdqnJob *job, const char *path, const SdqnStudyResult *result,
                               SdqnError *error) {
    const SdqnStudyArm *arm = &study->def.plan->arms[job->arm];
    if (strcmp(result->arm, arm->name) != 0 || result->seed != job->seed)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is of arm %s, seed %llu", path, result->arm, (unsigned long long)result->seed);
    if (strcmp(result->numerics, study->def.numerics) != 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: was made by a program with other numerics (%.12s..., this one has %.12s...)",
                              path, result->numerics, study->def.numerics);
    return check_settings(arm, path, result, error);
}

static SdqnStatus take_result(SdqnStudy *study, SdqnJob *job, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnStudyResult result = {0};
    SdqnStatus status = path_of(study, study->results, job, ".json", path, error);
    if (status != SDQN_OK || !sdqn_file_exists(path)) return status;
    status = sdqn_study_result_read(path, &result, error);
    if (status == SDQN_OK) status = check_result(study, job, path, &result, error);
    if (status == SDQN_OK) {
        job->result = result;
        job->state = SDQN_JOB_DONE;
    } else {
        sdqn_study_result_clear(&result);
    }
    return status;
}

static SdqnStatus take_results(SdqnStudy *study, int arm, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int s = 0; s < study->def.plan->arms[arm].num_seeds && status == SDQN_OK; s++)
        status = take_result(study, &study->jobs[study->first[arm] + s], error);
    return status;
}

// ---- tuning ---------------------------------------------------------------------------------------------------------------------

bool sdqn_study_is_complete(const SdqnStudy *study, int arm) {
    bool whole = true;
    for (int s = 0; s < study->def.plan->arms[arm].num_seeds; s++) whole = whole && sdqn_study_job(study, arm, s)->state == SDQN_JOB_DONE;
    return whole;
}

double sdqn_study_mean_score(const SdqnStudy *study, int arm, SdqnScoreKind kind) {
    const int seeds = study->def.plan->arms[arm].num_seeds;
    double sum = 0.0;
    for (int s = 0; s < seeds; s++) {
        const SdqnStudyResult *result = &sdqn_study_job(study, arm, s)->result;
        double mean = 0.0;
        for (int t = 0; t < result->num_tasks; t++) mean += sdqn_study_result_score(result, kind, 0.0, t);
        sum += mean / result->num_tasks;
    }
    return sum / seeds;
}

/// The best candidate of a tuned arm, or -1 if one is not complete.
static int best_candidate(const SdqnStudy *study, const SdqnStudyArm *tuned) {
    const SdqnScoreKind kind = study->def.plan->tunings[tuned->tuning].select;
    double best_score = 0.0;
    int best = -1;
    for (int c = tuned->first_candidate; c < tuned->first_candidate + tuned->num_candidates; c++) {
        if (!sdqn_study_is_complete(study, c)) return -1;
        const double score = sdqn_study_mean_score(study, c, kind);
        if (best >= 0 && !(score > best_score)) continue;
        best = c;
        best_score = score;
    }
    return best;
}

/// Decide the tunings whose candidates are complete, and take the results of the arms that waited for them.
static SdqnStatus decide(SdqnStudy *study, SdqnError *error) {
    SdqnStudyPlan *plan = study->def.plan;
    SdqnStatus status = SDQN_OK;
    for (int a = 0; a < plan->num_arms && status == SDQN_OK; a++) {
        const int best = plan->arms[a].num_candidates > 0 && plan->arms[a].chosen < 0 ? best_candidate(study, &plan->arms[a]) : -1;
        if (best < 0) continue;
        status = sdqn_study_plan_choose(plan, a, best, error);
        for (int i = 0; i < plan->num_arms && status == SDQN_OK; i++) {
            if (plan->arms[i].tuned_by == a) status = take_results(study, i, error);
        }
    }
    return status;
}

// ---- the study ------------------------------------------------------------------------------------------------------------------

static SdqnStatus open_folder(SdqnStudy *study, SdqnError *error) {
    char lock[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_file_join(study->def.folder, "results", study->results, error);
    if (status == SDQN_OK) status = sdqn_file_join(study->def.folder, "runs", study->runs, error);
    if (status == SDQN_OK) status = sdqn_file_join(study->def.folder, ".lock", lock, error);
    if (status == SDQN_OK) status = sdqn_file_make_folder(study->results, error);
    if (status == SDQN_OK) status = sdqn_file_make_folder(study->runs, error);
    return status == SDQN_OK ? sdqn_file_lock_take(lock, &study->lock, error) : status;
}

static void make_jobs(SdqnStudy *study) {
    const SdqnStudyPlan *plan = study->def.plan;
    int count = 0;
    for (int a = 0; a < plan->num_arms; a++) {
        study->first[a] = count;
        for (int s = 0; s < plan->arms[a].num_seeds; s++)
            study->jobs[count++] = (SdqnJob){.arm = a, .seed = plan->arms[a].seeds[s], .wanted = plan->arms[a].tier < study->def.num_tiers};
    }
}

/// Tier by tier, candidates first, then seed by seed.
static void order_jobs(SdqnStudy *study) {
    const SdqnStudyPlan *plan = study->def.plan;
    int count = 0;
    for (int stage = 0; stage < 2 * plan->num_tiers; stage++) {
        int most = 1;
        for (int s = 0; s < most; s++) {
            for (int a = 0; a < plan->num_arms; a++) {
                const SdqnStudyArm *arm = &plan->arms[a];
                if (2 * arm->tier + (arm->candidate_of < 0) != stage) continue;
                if (arm->num_seeds > most) most = arm->num_seeds;
                if (s < arm->num_seeds) study->order[count++] = study->first[a] + s;
            }
        }
    }
    assert(count == study->num_jobs);
}

static SdqnStatus acquire(SdqnStudy *study, SdqnError *error) {
    const SdqnStudyPlan *plan = study->def.plan;
    for (int a = 0; a < plan->num_arms; a++) study->num_jobs += plan->arms[a].num_seeds;
    assert(study->num_jobs > 0);
    study->jobs = calloc((size_t)study->num_jobs, sizeof *study->jobs);
    study->first = calloc((size_t)plan->num_arms, sizeof *study->first);
    study->order = calloc((size_t)study->num_jobs, sizeof *study->order);
    if (!study->jobs || !study->first || !study->order) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory");
    make_jobs(study);
    order_jobs(study);
    return SDQN_OK;
}

/// Take what lies in the folder: first what needs no tuning, then what the tunings that it decides lead to.
static SdqnStatus take_all(SdqnStudy *study, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int a = 0; a < study->def.plan->num_arms && status == SDQN_OK; a++) {
        if (sdqn_study_plan_is_settled(study->def.plan, a)) status = take_results(study, a, error);
    }
    return status == SDQN_OK ? decide(study, error) : status;
}

SdqnStatus sdqn_study_create(const SdqnStudyDef *def, SdqnStudy **study, SdqnError *error) {
    SdqnStudy *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory");
    made->def = *def;
    SdqnStatus status = acquire(made, error);
    if (status == SDQN_OK) status = open_folder(made, error);
    if (status == SDQN_OK) status = take_all(made, error);
    if (status == SDQN_OK) {
        *study = made;
    } else {
        sdqn_study_destroy(made);
    }
    return status;
}

void sdqn_study_destroy(SdqnStudy *study) {
    if (!study) return;
    for (int i = 0; study->jobs && i < study->num_jobs; i++) {
        SdqnJob *job = &study->jobs[i];
        if (job->state == SDQN_JOB_RUNNING) {
            kill(job->process, SIGTERM);
            waitpid(job->process, NULL, 0);
        }
        sdqn_study_result_clear(&job->result);
    }
    sdqn_file_lock_release(study->lock);
    free(study->jobs);
    free(study->first);
    free(study->order);
    free(study);
}

const SdqnJob *sdqn_study_jobs(const SdqnStudy *study, int *count) {
    *count = study->num_jobs;
    return study->jobs;
}

const SdqnJob *sdqn_study_job(const SdqnStudy *study, int arm, int seed) { return &study->jobs[study->first[arm] + seed]; }

// ---- processes ------------------------------------------------------------------------------------------------------------------

/// Become the run. Between fork and exec only what a signal handler may do.
static void become(const char *log, char *const *arguments, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM); // a study that is killed takes its runs along; they save their state
    if (getppid() != parent) _exit(127);
    const int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (out < 0 || in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0) _exit(127);
    setpgid(0, 0); // Ctrl-C is for the study, which passes it on
    execv(arguments[0], arguments);
    _exit(127);
}

static SdqnStatus start(SdqnStudy *study, SdqnJob *job, SdqnError *error) {
    const SdqnStudyArm *arm = &study->def.plan->arms[job->arm];
    char folder[SDQN_PATH_SIZE], log[SDQN_PATH_SIZE], seed[32];
    SdqnStatus status = path_of(study, study->runs, job, "", folder, error);
    if (status == SDQN_OK) status = path_of(study, study->runs, job, ".log", log, error);
    if (status != SDQN_OK) return status;
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)job->seed);
    const char *arguments[MAX_ARGUMENTS] = {study->def.program, "train", "--out", folder, "--seed", seed};
    int count = 6;
    if (sdqn_file_exists(folder)) arguments[count++] = "--resume";
    if (arm->config_file[0] != '\0') {
        arguments[count++] = "--config";
        arguments[count++] = arm->config_file;
    }
    for (int i = 0; i < arm->num_settings; i++) {
        arguments[count++] = "--set";
        arguments[count++] = arm->settings[i];
    }
    assert(count < MAX_ARGUMENTS);
    const pid_t parent = getpid();
    job->process = fork();
    if (job->process < 0) return sdqn_error_set(error, SDQN_ERR_IO, "study: cannot start a process: %s", strerror(errno));
    if (job->process == 0) become(log, (char *const *)arguments, parent);
    job->state = SDQN_JOB_RUNNING;
    job->episodes = 0;
    return SDQN_OK;
}

/// The last line that a run has said.
static void read_failure(const SdqnStudy *study, SdqnJob *job) {
    char path[SDQN_PATH_SIZE];
    uint8_t *text = NULL;
    size_t size = 0;
    snprintf(job->failure, sizeof job->failure, "it said nothing");
    if (path_of(study, study->runs, job, ".log", path, NULL) != SDQN_OK ||
        sdqn_file_read(path, (size_t)1 << 26, &text, &size, NULL) != SDQN_OK)
        return;
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    size_t begin = size;
    while (begin > 0 && text[begin - 1] != '\n' && text[begin - 1] != '\r') begin--;
    if (size > begin)
        snprintf(job->failure, sizeof job->failure, "%.*s", (int)(size - begin < 400 ? size - begin : 400), (const char *)text + begin);
    free(text);
}

/// Note how long a run took. Results hold no time, so that the same run always makes the same file.
static SdqnStatus note_time(const SdqnStudy *study, const SdqnJob *job, double seconds, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    const SdqnStatus status = sdqn_file_join(study->def.folder, SDQN_STUDY_TIMES, path, error);
    if (status != SDQN_OK) return status;
    FILE *file = fopen(path, "ae");
    if (!file) return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (ftell(file) == 0) fputs("arm,seed,seconds\n", file);
    fprintf(file, "%s,%llu,%.0f\n", study->def.plan->arms[job->arm].name, (unsigned long long)job->seed, seconds);
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot write", path) : SDQN_OK;
}

static SdqnStatus keep_result(SdqnStudy *study, SdqnJob *job, SdqnError *error) {
    char folder[SDQN_PATH_SIZE], path[SDQN_PATH_SIZE];
    const SdqnStudyArm *arm = &study->def.plan->arms[job->arm];
    double seconds = 0.0;
    SdqnStatus status = path_of(study, study->runs, job, "", folder, error);
    if (status == SDQN_OK) status = path_of(study, study->results, job, ".json", path, error);
    if (status == SDQN_OK)
        status = sdqn_study_result_collect(folder, arm->name, job->seed, study->def.numerics, &job->result, &seconds, error);
    if (status == SDQN_OK) status = note_time(study, job, seconds, error);
    return status == SDQN_OK ? sdqn_study_result_write(&job->result, path, error) : status;
}

static void finish(SdqnStudy *study, SdqnJob *job, int wait_status) {
    SdqnError error = {0};
    job->state = SDQN_JOB_FAILED;
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
        if (keep_result(study, job, &error) == SDQN_OK) {
            job->state = SDQN_JOB_DONE;
        } else {
            snprintf(job->failure, sizeof job->failure, "%.500s", error.message);
        }
    } else if (WIFSIGNALED(wait_status)) {
        snprintf(job->failure, sizeof job->failure, "it was ended by signal %d", WTERMSIG(wait_status));
    } else {
        read_failure(study, job);
    }
}

/// How many episodes a run has finished: lines of its metrics, found from the last one.
static void look_at(const SdqnStudy *study, SdqnJob *job) {
    char folder[SDQN_PATH_SIZE], path[SDQN_PATH_SIZE], tail[1024];
    if (path_of(study, study->runs, job, "", folder, NULL) != SDQN_OK || sdqn_file_join(folder, "metrics.jsonl", path, NULL) != SDQN_OK)
        return;
    FILE *file = fopen(path, "rbe");
    if (!file) return;
    if (fseek(file, -(long)sizeof tail, SEEK_END) != 0) rewind(file);
    const size_t size = fread(tail, 1, sizeof tail - 1, file);
    fclose(file);
    tail[size] = '\0';
    static const char key[] = "{\"episode\": ";
    for (const char *place = tail; (place = strstr(place, key)) != NULL;) {
        char number[SDQN_TEXT_SIZE];
        int64_t episode;
        place += sizeof key - 1;
        snprintf(number, sizeof number, "%.*s", (int)strspn(place, "0123456789"), place);
        if (sdqn_text_to_i64(number, &episode)) job->episodes = episode + 1;
    }
}

// ---- the work -------------------------------------------------------------------------------------------------------------------

static int count_jobs(const SdqnStudy *study, SdqnJobState state) {
    int count = 0;
    for (int i = 0; i < study->num_jobs; i++) count += study->jobs[i].wanted && study->jobs[i].state == state;
    return count;
}

static int count_wanted(const SdqnStudy *study) {
    int count = 0;
    for (int i = 0; i < study->num_jobs; i++) count += study->jobs[i].wanted;
    return count;
}

static bool can_start(const SdqnStudy *study, const SdqnJob *job) {
    return job->wanted && job->state == SDQN_JOB_WAITING && sdqn_study_plan_is_settled(study->def.plan, job->arm);
}

static bool is_unfinished(const SdqnStudy *study) {
    bool unfinished = count_jobs(study, SDQN_JOB_RUNNING) > 0;
    for (int i = 0; i < study->num_jobs; i++) unfinished = unfinished || can_start(study, &study->jobs[i]);
    return unfinished;
}

static void reap(SdqnStudy *study) {
    for (int i = 0; i < study->num_jobs; i++) {
        SdqnJob *job = &study->jobs[i];
        int wait_status;
        if (job->state == SDQN_JOB_RUNNING && waitpid(job->process, &wait_status, WNOHANG) == job->process) finish(study, job, wait_status);
    }
}

/// Whether a run's folder is still used by another process: one that a killed study has left behind ends soon.
static bool is_in_use(const SdqnStudy *study, const SdqnJob *job) {
    char folder[SDQN_PATH_SIZE], path[SDQN_PATH_SIZE];
    SdqnFileLock *lock = NULL;
    if (path_of(study, study->runs, job, "", folder, NULL) != SDQN_OK || !sdqn_file_exists(folder)) return false;
    if (sdqn_file_join(folder, ".lock", path, NULL) != SDQN_OK || !sdqn_file_exists(path)) return false;
    const bool in_use = sdqn_file_lock_take(path, &lock, NULL) != SDQN_OK;
    sdqn_file_lock_release(lock);
    return in_use;
}

static SdqnStatus fill(SdqnStudy *study, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    int running = count_jobs(study, SDQN_JOB_RUNNING);
    for (int i = 0; i < study->num_jobs && running < study->def.processes && status == SDQN_OK; i++) {
        SdqnJob *job = &study->jobs[study->order[i]];
        if (!can_start(study, job) || is_in_use(study, job)) continue;
        status = start(study, job, error);
        running++;
    }
    return status;
}

/// Ask the runs to stop and wait: each finishes its episode and saves its state.
static void stop_all(SdqnStudy *study) {
    for (int i = 0; i < study->num_jobs; i++) {
        if (study->jobs[i].state == SDQN_JOB_RUNNING) kill(study->jobs[i].process, SIGTERM);
    }
    for (int i = 0; i < study->num_jobs; i++) {
        SdqnJob *job = &study->jobs[i];
        int wait_status;
        if (job->state != SDQN_JOB_RUNNING) continue;
        while (waitpid(job->process, &wait_status, 0) < 0 && errno == EINTR) {
        }
        job->state = SDQN_JOB_WAITING; // the next start goes on with it
        if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) finish(study, job, wait_status);
    }
}

SdqnStatus sdqn_study_run(SdqnStudy *study, const volatile sig_atomic_t *stop, void (*watch)(void *context, const SdqnStudy *study),
                          void *context, SdqnError *error) {
    double looked = 0.0;
    SdqnStatus status = SDQN_OK;
    while (status == SDQN_OK && is_unfinished(study)) {
        status = fill(study, error);
        reap(study);
        if (status == SDQN_OK) status = decide(study, error);
        if (sdqn_clock_seconds() - looked >= PROGRESS_PERIOD) {
            for (int i = 0; i < study->num_jobs; i++) {
                if (study->jobs[i].state == SDQN_JOB_RUNNING) look_at(study, &study->jobs[i]);
            }
            looked = sdqn_clock_seconds();
        }
        if (watch) watch(context, study);
        if (status == SDQN_OK && stop && *stop != 0) {
            status = sdqn_error_set(error, SDQN_ERR_INTERRUPTED, "stopped after %d of %d runs", count_jobs(study, SDQN_JOB_DONE),
                                    count_wanted(study));
        }
        nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
    }
    if (status != SDQN_OK) stop_all(study);
    if (watch) watch(context, study);
    return status;
}
