// study.c: `sharedqn study`: run the arms of a study over its seeds, and report what was found.
#define _GNU_SOURCE // sched_getaffinity

#include "cli/command.h"
#include "cli/options.h"
#include "core/clock.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/text.h"
#include "nn/kernels.h"
#include "study/numerics.h"
#include "study/plan.h"
#include "study/report.h"
#include "study/runner.h"
#include "study/study_page.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOW_PERIOD 1.0 ///< seconds between redrawings of the table

typedef struct Arguments {
    const char *out;
    const char *tier;
    int processes;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "DIR", .help = "folder of the study (default studies/NAME)"},
    {"tier", SDQN_OPTION_TEXT, offsetof(Arguments, tier), .value = "N",
     .help = "run only up to this tier, by number or by name; the same command without it runs the others"},
    {"processes", SDQN_OPTION_INT, offsetof(Arguments, processes), .value = "N", .low = 1, .high = 1024,
     .help = "runs at a time (default: one a core)"},
};
static const SdqnOptionTable TABLE = {
    .command = "study",
    .usage = "FILE [--out DIR] [--tier N] [--processes N]",
    .help =
        "Run every arm of a study with every seed, each run a process, and report with statistics. What is finished is never run again:\n"
        "after Ctrl-C, a kill or a power cut the same command goes on. Results lie in DIR/results, one small file a run; the report is\n"
        "made from these alone.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .min_arguments = 1,
    .max_arguments = 1,
};

static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number) {
    (void)signal_number;
    if (stop_requested != 0) _exit(1); // the runs get SIGTERM as this process ends
    stop_requested = 1;
    static const char text[] = "\nstopping: each run finishes its episode and saves its state; once more stops at once\n";
    const ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written; // nothing better could be done about it here
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = request_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int count_cores(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

// ---- the table while it runs ----------------------------------------------------------------------------------------------------

typedef struct Display {
    const SdqnStudyPlan *plan;
    bool is_terminal;
    int lines; ///< of the table on the screen
    double began, shown;
    double work_before; ///< runs done, in parts of runs, when it began
    int told;           ///< runs whose end was told, without a terminal
} Display;

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
static void show_total(const Display *display, double work, int done, int failed, int all) {
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
static void show_table(Display *display, const SdqnStudy *study) {
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

/// @param done  receives how many of the wanted runs are done @return how many are wanted
static int count_wanted(const SdqnStudy *study, int *done, int *failed) {
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
static void tell_ends(Display *display, const SdqnStudy *study) {
    int done, failed;
    const int wanted = count_wanted(study, &done, &failed);
    if (done + failed == display->told) return;
    display->told = done + failed;
    fprintf(stderr, "%d of %d runs ended\n", done + failed, wanted);
}

static void watch(void *context, const SdqnStudy *study) {
    Display *display = context;
    if (!display->is_terminal) {
        tell_ends(display, study);
    } else if (sdqn_clock_seconds() - display->shown >= SHOW_PERIOD) {
        show_table(display, study);
        display->shown = sdqn_clock_seconds();
    }
}

// ---- the work -------------------------------------------------------------------------------------------------------------------

/// The path of this program, for the runs.
static SdqnStatus find_program(char path[SDQN_PATH_SIZE], SdqnError *error) {
    const ssize_t length = readlink("/proc/self/exe", path, SDQN_PATH_SIZE - 1);
    if (length <= 0) return sdqn_error_set(error, SDQN_ERR_IO, "study: cannot find the path of this program");
    path[length] = '\0';
    return SDQN_OK;
}

static void print_failures(const SdqnStudyPlan *plan, const SdqnStudy *study) {
    int count;
    const SdqnJob *jobs = sdqn_study_jobs(study, &count);
    for (int i = 0; i < count; i++) {
        if (jobs[i].state != SDQN_JOB_FAILED) continue;
        fprintf(stderr, "arm %s, seed %llu failed: %s\n", plan->arms[jobs[i].arm].name, (unsigned long long)jobs[i].seed, jobs[i].failure);
    }
}

static SdqnStatus write_page(const char *folder, const SdqnStudyPlan *plan, const SdqnStudy *study, SdqnError *error) {
    SdqnError undrawn;
    const SdqnStatus status = sdqn_study_page_write(folder, plan, study, &undrawn, error);
    if (status != SDQN_OK) return status;
    if (undrawn.message[0] != '\0') fprintf(stderr, "%s\n", undrawn.message);
    fprintf(stderr, "page: %s/report.html\n", folder);
    return SDQN_OK;
}

static SdqnStatus run(const SdqnStudyPlan *plan, SdqnStudy *study, const char *folder, SdqnError *error) {
    int done, failed;
    const int wanted = count_wanted(study, &done, &failed);
    Display display = {
        .plan = plan, .is_terminal = isatty(STDERR_FILENO) != 0, .began = sdqn_clock_seconds(), .work_before = done, .told = done};
    if (done > 0) fprintf(stderr, "%d of %d runs were there\n", done, wanted);
    catch_signals();
    SdqnStatus status = sdqn_study_run(study, &stop_requested, watch, &display, error);
    if (display.is_terminal) show_table(&display, study);
    print_failures(plan, study);
    if (status == SDQN_ERR_INTERRUPTED) fprintf(stderr, "to go on: the same command\n");
    if (status != SDQN_OK) return status;
    status = sdqn_study_report_files(folder, plan, study, stdout, error);
    if (status == SDQN_OK) status = write_page(folder, plan, study, error);
    count_wanted(study, &done, &failed);
    if (status != SDQN_OK || failed == 0) return status;
    return sdqn_error_set(error, SDQN_ERR_IO, "%d of %d runs failed; the same command tries them again", failed, wanted);
}

/// How many tiers to run. @param text  number or name; NULL: all
static SdqnStatus find_tier(const SdqnStudyPlan *plan, const char *text, int *num_tiers, SdqnError *error) {
    int64_t number;
    *num_tiers = plan->num_tiers;
    if (!text) return SDQN_OK;
    for (int i = 0; i < plan->num_tiers; i++) {
        *num_tiers = i + 1;
        if (strcmp(plan->tiers[i].name, text) == 0) return SDQN_OK;
    }
    if (!sdqn_text_to_i64(text, &number) || number < 1 || number > plan->num_tiers)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--tier %s: must be a number in [1, %d] or the name of a tier", text,
                              plan->num_tiers);
    *num_tiers = (int)number;
    return SDQN_OK;
}

SdqnStatus sdqn_command_study(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {.processes = count_cores()};
    SdqnOperands operands;
    SdqnStudyPlan plan = {0};
    SdqnStudy *study = NULL;
    char folder[SDQN_PATH_SIZE], program[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = sdqn_study_plan_read(operands.values[0], &plan, error);
    int num_tiers = 0;
    if (status == SDQN_OK) status = find_tier(&plan, arguments.tier, &num_tiers, error);
    if (status == SDQN_OK) status = find_program(program, error);
    if (status == SDQN_OK) {
        const int length = arguments.out != NULL ? snprintf(folder, sizeof folder, "%s", arguments.out)
                                                 : snprintf(folder, sizeof folder, "studies/%s", plan.name);
        if (length <= 0 || length >= SDQN_PATH_SIZE)
            status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--out: the path must have 1 to %d bytes", SDQN_PATH_SIZE - 1);
    }
    if (status == SDQN_OK) {
        SdqnStudyDef def = {.plan = &plan, .folder = folder, .program = program, .processes = arguments.processes, .num_tiers = num_tiers};
        status = sdqn_numerics_fingerprint(sdqn_kernels(sdqn_cpu_level_best()), def.numerics, error);
        if (status == SDQN_OK) status = sdqn_study_create(&def, &study, error);
        if (status == SDQN_OK) status = run(&plan, study, folder, error);
    }
    sdqn_study_destroy(study);
    sdqn_study_plan_clear(&plan);
    return status;
}
