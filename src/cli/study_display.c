#include "cli/study_display.h"

#include "core/clock.h"

#include <stdio.h>
#include <sys/ioctl.h>
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
        state->failed += job->state == SDQN_JOB_FAILED || job->state == SDQN_JOB_DIVERGED;
        state->running += job->state == SDQN_JOB_RUNNING;
        if (job->state == SDQN_JOB_RUNNING) state->part += (double)job->episodes / plan->arms[arm].config.episodes;
        if (!job->wanted || job->state != SDQN_JOB_DONE) continue;
        for (int t = 0; t < job->result.num_tasks; t++) state->sum += job->result.final[t].mean / job->result.num_tasks;
    }
}

/// Runs of different arms take different times: it is about that.
static void format_seconds(double seconds, char text[48]) {
    const long long whole = (long long)seconds;
    snprintf(text, 48, "about %lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

/// One line for all: how far it is and how long it will take, as the work since the start went.
static void show_total(const SdqnStudyDisplay *display, double work, int done, int failed, int all) {
    char left[48] = "unknown time";
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

/// A row of the table: an arm, or all candidates of a tuned one.
typedef struct Row {
    const char *name, *what;
    ArmState state;
} Row;

static void add_row(const SdqnStudyPlan *plan, const SdqnStudy *study, int arm, bool tuning, Row *rows, int *count) {
    const SdqnStudyArm *of = &plan->arms[arm];
    Row *row = &rows[(*count)++];
    *row = (Row){.name = of->name, .what = tuning ? " (tuning)" : ""};
    if (!tuning) add_state(plan, study, arm, &row->state);
    for (int c = of->first_candidate; tuning && c < of->first_candidate + of->num_candidates; c++) add_state(plan, study, c, &row->state);
}

static bool has_begun(const ArmState *state) { return state->done + state->running + state->failed > 0; }
static bool is_over(const ArmState *state) { return state->done == state->all; }

/// Rows of the screen that a table may have.
static int screen_height(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 4 ? size.ws_row - 1 : 24;
}

/// Arms that have begun; where these are too many for the screen, without the first that are over.
static void show_rows(SdqnStudyDisplay *display, const Row *rows, int count) {
    const int most = screen_height() - 3; // without head, total and the line of what is not shown
    int begun = 0, shown = 0;
    for (int i = 0; i < count; i++) begun += has_begun(&rows[i].state);
    int too_many = begun - most;
    for (int i = 0; i < count && shown < most; i++) {
        if (!has_begun(&rows[i].state)) continue;
        if (too_many > 0 && is_over(&rows[i].state)) {
            too_many--;
            continue;
        }
        show_row(rows[i].name, rows[i].what, &rows[i].state);
        shown++;
    }
    display->lines += shown;
    if (shown == begun) return;
    fprintf(stderr, "(%d more)\n", begun - shown);
    display->lines++;
}

static void show_table(SdqnStudyDisplay *display, const SdqnStudy *study) {
    const SdqnStudyPlan *plan = display->plan;
    Row rows[2 * SDQN_STUDY_MAX_ARMS];
    ArmState total = {0};
    int count = 0;
    for (int a = 0; a < plan->num_arms; a++) {
        if (plan->arms[a].candidate_of >= 0) continue;
        if (plan->arms[a].num_candidates > 0) add_row(plan, study, a, true, rows, &count);
        add_row(plan, study, a, false, rows, &count);
    }
    for (int i = 0; i < count; i++) {
        total.all += rows[i].state.all;
        total.done += rows[i].state.done;
        total.failed += rows[i].state.failed;
        total.part += rows[i].state.part;
    }
    if (display->lines > 0) fprintf(stderr, "\033[%dA\033[J", display->lines);
    fprintf(stderr, "%-32s  %5s  %7s  %6s  %9s\n", "arm", "done", "running", "failed", "mean");
    display->lines = 2;
    show_rows(display, rows, count);
    show_total(display, total.done + total.part, total.done, total.failed, total.all);
}

int sdqn_study_display_count(const SdqnStudy *study, int *done, int *failed) {
    int count, wanted = 0;
    const SdqnJob *jobs = sdqn_study_jobs(study, &count);
    *done = *failed = 0;
    for (int i = 0; i < count; i++) {
        wanted += jobs[i].wanted;
        *done += jobs[i].wanted && (jobs[i].state == SDQN_JOB_DONE || jobs[i].state == SDQN_JOB_DIVERGED);
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
        if (jobs[i].state != SDQN_JOB_FAILED && jobs[i].state != SDQN_JOB_DIVERGED) continue;
        fprintf(stderr, "arm %s, seed %llu %s: %s\n", plan->arms[jobs[i].arm].name, (unsigned long long)jobs[i].seed,
                jobs[i].state == SDQN_JOB_FAILED ? "failed" : "diverged", jobs[i].failure);
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
