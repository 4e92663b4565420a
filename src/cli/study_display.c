#include "cli/study_display.h"

#include "core/clock.h"

#include <stdio.h>
#include <unistd.h>

#define SHOW_PERIOD 1.0 ///< seconds between redrawings of the table

/// What an arm's runs, of those that are wanted, have come to.
typedef struct ArmState {
    int all, done, running, failed;
    double part; ///< of the running ones, in runs
    double sum;  ///< of the done ones' mean returns
} ArmState;

static void add_state(const SdqnStudyPlan *plan, const SdqnStudy *study, int arm, ArmState *state) {
    for (int s = 0; s < plan->arms[arm].num_seeds; s++) {
        const SdqnJob *job = sdqn_study_job(study, arm, s);
        state->all += job->wanted;
        state->done += job->wanted && job->state == SDQN_JOB_DONE;
        state->failed += job->state == SDQN_JOB_FAILED;
        state->running += job->state == SDQN_JOB_RUNNING;
        if (job->state == SDQN_JOB_RUNNING) state->part += (double)job->episodes / plan->arms[arm].config.episodes;
        if (!job->wanted || job->state != SDQN_JOB_DONE) continue;
        for (int t = 0; t < job->result.num_tasks; t++) state->sum += job->result.final[t].mean / job->result.num_tasks;
    }
}

static void format_seconds(double seconds, char text[32]) {
    const long long whole = (long long)seconds;
    snprintf(text, 32, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

/// One line for all: how far it is and how long it will take, as the work since the start went.
static void show_total(const SdqnStudyDisplay *display, double work, int done, int failed, int all) {
    char left[32] = "unknown";
    const double rate = (work - display->work_before) / (sdqn_clock_seconds() - display->began);
    if (rate > 0.0) format_seconds((all - failed - work) / rate, left);
    fprintf(stderr, "%d of %d runs done%s, %s left\n", done, all, failed > 0 ? ", some failed" : "", left);
}

static void show_row(const char *name, const char *what, const ArmState *state) {
    char label[SDQN_STUDY_NAME_SIZE + 16], mean[32] = "-";
    snprintf(label, sizeof label, "%s%s", name, what);
    if (state->done > 0) snprintf(mean, sizeof mean, "%.1f", state->sum / state->done);
    fprintf(stderr, "%-32.32s  %5d  %7d  %6d  %9s\n", label, state->done, state->running, state->failed, mean);
}

/// One row an arm that has begun, and one for all candidates of a tuned one; when all are done, all of them.
static void show_table(SdqnStudyDisplay *display, const SdqnStudy *study) {
    const SdqnStudyPlan *plan = display->plan;
    ArmState total = {0};
    if (display->lines > 0) fprintf(stderr, "\033[%dA\033[J", display->lines);
    fprintf(stderr, "%-32s  %5s  %7s  %6s  %9s\n", "arm", "done", "running", "failed", "mean");
    display->lines = 2;
    for (int a = 0; a < plan->num_arms; a++) {
        const SdqnStudyArm *arm = &plan->arms[a];
        ArmState own = {0}, tuning = {0};
        if (arm->candidate_of >= 0) continue;
        add_state(plan, study, a, &own);
        for (int c = arm->first_candidate; c < arm->first_candidate + arm->num_candidates; c++) add_state(plan, study, c, &tuning);
        const ArmState *const rows[] = {&tuning, &own};
        for (int i = 0; i < 2; i++) {
            total.all += rows[i]->all;
            total.done += rows[i]->done;
            total.failed += rows[i]->failed;
            total.part += rows[i]->part;
            if (rows[i]->done + rows[i]->running + rows[i]->failed == 0) continue;
            show_row(arm->name, i == 0 ? " (tuning)" : "", rows[i]);
            display->lines++;
        }
    }
    show_total(display, total.done + total.part, total.done, total.failed, total.all);
}

int sdqn_study_display_count(const SdqnStudy *study, int *done, int *failed) {
    int count, wanted = 0;
    const SdqnJob *jobs = sdqn_study_jobs(study, &count);
    *done = *failed = 0;
    for (int i = 0; i < count; i++) {
        wanted += jobs[i].wanted;
        *done += jobs[i].wanted && jobs[i].state == SDQN_JOB_DONE;
        *failed += jobs[i].state == SDQN_JOB_FAILED;
    }
    return wanted;
}

/// Without a terminal: a line for each run that ends.
static void tell_ends(SdqnStudyDisplay *display, const SdqnStudy *study) {
    int done, failed;
    const int wanted = sdqn_study_display_count(study, &done, &failed);
    if (done + failed == display->told) return;
    display->told = done + failed;
    fprintf(stderr, "%d of %d runs ended\n", done + failed, wanted);
}

static void print_failures(const SdqnStudyPlan *plan, const SdqnStudy *study) {
    int count;
    const SdqnJob *jobs = sdqn_study_jobs(study, &count);
    for (int i = 0; i < count; i++) {
        if (jobs[i].state != SDQN_JOB_FAILED) continue;
        fprintf(stderr, "arm %s, seed %llu failed: %s\n", plan->arms[jobs[i].arm].name, (unsigned long long)jobs[i].seed, jobs[i].failure);
    }
}

void sdqn_study_display_begin(SdqnStudyDisplay *display, const SdqnStudyPlan *plan, const SdqnStudy *study) {
    int done, failed;
    const int wanted = sdqn_study_display_count(study, &done, &failed);
    *display = (SdqnStudyDisplay){
        .plan = plan, .is_terminal = isatty(STDERR_FILENO) != 0, .began = sdqn_clock_seconds(), .work_before = done, .told = done};
    if (done > 0) fprintf(stderr, "%d of %d runs were there\n", done, wanted);
}

void sdqn_study_display_watch(void *context, const SdqnStudy *study) {
    SdqnStudyDisplay *display = context;
    if (!display->is_terminal) {
        tell_ends(display, study);
    } else if (sdqn_clock_seconds() - display->shown >= SHOW_PERIOD) {
        show_table(display, study);
        display->shown = sdqn_clock_seconds();
    }
}

void sdqn_study_display_end(SdqnStudyDisplay *display, const SdqnStudy *study) {
    if (display->is_terminal) show_table(display, study);
    print_failures(display->plan, study);
}
