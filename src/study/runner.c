#include "study/runner.h"

#include "core/clock.h"
#include "core/file.h"
#include "study/divergence.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#define POLL_NANOSECONDS 50000000
#define PROGRESS_PERIOD 0.5 ///< seconds between looks at how far the runs are

struct SdqnStudy {
    SdqnStudyDef def;
    int num_jobs;
    SdqnJob *jobs; ///< [num_jobs] arm by arm
    int *first;    ///< [num_arms] index of an arm's first job
    int *order;    ///< [num_jobs] in which they are started
};

static const SdqnStudyArm *arm_of(const SdqnStudy *study, const SdqnJob *job) { return &study->def.plan->arms[job->arm]; }

static SdqnStatus take_result(SdqnStudy *study, SdqnJob *job, SdqnError *error) {
    bool found;
    SdqnStatus status =
        sdqn_study_folder_take(study->def.folder, arm_of(study, job), job->seed, study->def.numerics, &job->result, &found, error);
    if (status == SDQN_OK && found) job->state = SDQN_JOB_DONE;
    if (status != SDQN_OK || found || arm_of(study, job)->candidate_of < 0) return status;
    status = sdqn_study_folder_take_divergence(study->def.folder, arm_of(study, job), job->seed, study->def.numerics, job->failure, &found,
                                               error);
    if (status == SDQN_OK && found) job->state = SDQN_JOB_DIVERGED;
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

/// Whether all runs of a candidate have ended, well or by diverging.
static bool is_over(const SdqnStudy *study, int arm) {
    bool over = true;
    for (int s = 0; s < study->def.plan->arms[arm].num_seeds; s++) {
        const SdqnJobState state = sdqn_study_job(study, arm, s)->state;
        over = over && (state == SDQN_JOB_DONE || state == SDQN_JOB_DIVERGED);
    }
    return over;
}

/// The best candidate of a tuned arm, or -1 if one is not over or all diverged.
static int best_candidate(const SdqnStudy *study, const SdqnStudyArm *tuned) {
    const SdqnScoreKind kind = study->def.plan->tunings[tuned->tuning].select;
    double best_score = 0.0;
    int best = -1;
    for (int c = tuned->first_candidate; c < tuned->first_candidate + tuned->num_candidates; c++) {
        if (!is_over(study, c)) return -1;
        if (!sdqn_study_is_complete(study, c)) continue; // it diverged
        const double score = sdqn_study_mean_score(study, c, kind);
        if (best >= 0 && !(score > best_score)) continue;
        best = c;
        best_score = score;
    }
    return best;
}

/// Decide the tunings whose candidates are over, and take the results of the arms that waited for them.
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

static void make_jobs(SdqnStudy *study) {
    const SdqnStudyPlan *plan = study->def.plan;
    const int only = study->def.only_job;
    int count = 0;
    for (int a = 0; a < plan->num_arms; a++) {
        const bool wanted = plan->arms[a].tier < study->def.num_tiers;
        study->first[a] = count;
        for (int s = 0; s < plan->arms[a].num_seeds; s++, count++)
            study->jobs[count] = (SdqnJob){.arm = a, .seed = plan->arms[a].seeds[s], .wanted = wanted && (only < 0 || only == count)};
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
    for (int i = 0; study->jobs && i < study->num_jobs; i++) sdqn_study_result_clear(&study->jobs[i].result);
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

/// Note that the run of a candidate has diverged.
static SdqnStatus keep_divergence(const SdqnStudy *study, SdqnJob *job, SdqnError *error) {
    const SdqnStatus status =
        sdqn_study_folder_keep_divergence(study->def.folder, arm_of(study, job), job->seed, study->def.numerics, job->failure, error);
    if (status == SDQN_OK) job->state = SDQN_JOB_DIVERGED;
    return status;
}

static void finish(SdqnStudy *study, SdqnJob *job, int wait_status) {
    SdqnError error = {0};
    SdqnStatus status = SDQN_OK;
    job->state = SDQN_JOB_FAILED;
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
        sdqn_study_folder_failure(study->def.folder, arm_of(study, job), job->seed, wait_status, job->failure);
        if (arm_of(study, job)->candidate_of >= 0 && sdqn_divergence_is_said(job->failure)) status = keep_divergence(study, job, &error);
    } else {
        status = sdqn_study_folder_keep(study->def.folder, arm_of(study, job), job->seed, study->def.numerics, &job->result, &error);
        if (status == SDQN_OK) job->state = SDQN_JOB_DONE;
    }
    if (status != SDQN_OK) snprintf(job->failure, sizeof job->failure, "%.500s", error.message);
}

/// Start what can be, as long as there are places.
static SdqnStatus fill(SdqnStudy *study, const SdqnLauncher *launcher, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    bool started = true;
    for (int i = 0; i < study->num_jobs && started && status == SDQN_OK; i++) {
        const int index = study->order[i];
        SdqnJob *job = &study->jobs[index];
        if (!can_start(study, job) || sdqn_study_folder_is_in_use(study->def.folder, arm_of(study, job), job->seed)) continue;
        status = launcher->start(launcher->object, index, job->arm, job->seed, &started, error);
        if (status != SDQN_OK || !started) continue;
        job->state = SDQN_JOB_RUNNING;
        job->episodes = 0;
    }
    return status;
}

/// Take the runs that have ended. @param stopping  one that has not ended well was stopped: the next start goes on with it
static SdqnStatus reap(SdqnStudy *study, const SdqnLauncher *launcher, bool stopping, SdqnError *error) {
    int index, wait_status;
    for (;;) {
        const SdqnStatus status = launcher->next(launcher->object, &index, &wait_status, error);
        if (status != SDQN_OK || index < 0) return status;
        assert(index < study->num_jobs && study->jobs[index].state == SDQN_JOB_RUNNING);
        if (stopping && !(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)) {
            study->jobs[index].state = SDQN_JOB_WAITING;
        } else {
            finish(study, &study->jobs[index], wait_status);
        }
    }
}

static void rest(void) { nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL); }

/// Ask the runs to stop and wait: each finishes its episode and saves its state.
static void stop_all(SdqnStudy *study, const SdqnLauncher *launcher) {
    launcher->stop(launcher->object);
    while (count_jobs(study, SDQN_JOB_RUNNING) > 0 && reap(study, launcher, true, NULL) == SDQN_OK) rest();
}

static void look(SdqnStudy *study) {
    for (int i = 0; i < study->num_jobs; i++) {
        SdqnJob *job = &study->jobs[i];
        if (job->state != SDQN_JOB_RUNNING) continue;
        const int64_t episodes = sdqn_study_folder_episodes(study->def.folder, arm_of(study, job), job->seed);
        if (episodes >= 0) job->episodes = episodes;
    }
}

SdqnStatus sdqn_study_run(SdqnStudy *study, const SdqnLauncher *launcher, const volatile sig_atomic_t *stop,
                          void (*watch)(void *context, const SdqnStudy *study), void *context, SdqnError *error) {
    double looked = 0.0;
    SdqnStatus status = SDQN_OK;
    while (status == SDQN_OK && is_unfinished(study)) {
        if (stop && *stop != 0) { // before another one is started
            status = sdqn_error_set(error, SDQN_ERR_INTERRUPTED, "stopped after %d of %d runs", count_jobs(study, SDQN_JOB_DONE),
                                    count_wanted(study));
            break;
        }
        status = fill(study, launcher, error);
        if (status == SDQN_OK) status = reap(study, launcher, false, error);
        if (status == SDQN_OK) status = decide(study, error);
        if (sdqn_clock_seconds() - looked >= PROGRESS_PERIOD) {
            look(study);
            looked = sdqn_clock_seconds();
        }
        if (watch) watch(context, study);
        rest();
    }
    if (status != SDQN_OK) stop_all(study, launcher);
    if (watch) watch(context, study);
    return status;
}
