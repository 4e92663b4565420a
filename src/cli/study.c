// study.c: `sharedqn study`: run the arms of a study over its seeds, and report what was found.
#define _GNU_SOURCE // sched_getaffinity

#include "cli/command.h"
#include "cli/options.h"
#include "cli/study_display.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/text.h"
#include "nn/kernels.h"
#include "study/mpi.h"
#include "study/numerics.h"
#include "study/plan.h"
#include "study/report.h"
#include "study/runner.h"
#include "study/slurm.h"
#include "study/study_page.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Arguments {
    const char *out;
    const char *tier;
    int processes; ///< 0: as many as cores
    int job;       ///< 0: all
    bool report, slurm, submit;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "DIR", .help = "folder of the study (default studies/NAME)"},
    {"tier", SDQN_OPTION_TEXT, offsetof(Arguments, tier), .value = "N",
     .help = "run only up to this tier, by number or by name; the same command without it runs the others"},
    {"processes", SDQN_OPTION_INT, offsetof(Arguments, processes), .value = "N", .low = 1, .high = 1024,
     .help = "runs at a time (default: one a core)"},
    {"report", SDQN_OPTION_FLAG, offsetof(Arguments, report), .help = "run nothing, report on what is there; also while the study runs"},
    {"slurm", SDQN_OPTION_FLAG, offsetof(Arguments, slurm),
     .help = "run nothing, write DIR/runs.sbatch (and DIR/tuning.sbatch): job arrays of Slurm with the runs that are left"},
    {"submit", SDQN_OPTION_FLAG, offsetof(Arguments, submit), .help = "with --slurm: give them to sbatch"},
    {"job", SDQN_OPTION_INT, offsetof(Arguments, job), .value = "K", .low = 1, .high = 100000000,
     .help = "run only the K-th run, beside others that do the same: what a task of such an array calls"},
};
static const SdqnOptionTable TABLE = {
    .command = "study",
    .usage = "FILE [--out DIR] [--tier N] [--processes N | --report | --slurm [--submit] | --job K]",
    .help =
        "Run every arm of a study with every seed, each run a process, and report with statistics. What is finished is never run again:\n"
        "after Ctrl-C, a kill or a power cut the same command goes on. Results lie in DIR/results, one small file a run; the report is\n"
        "made from these alone. `mpirun -n N sharedqn study FILE` runs it on the ranks of an MPI job, rank 0 hands out.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
    .min_arguments = 1,
    .max_arguments = 1,
};

static volatile sig_atomic_t stop_requested;
static volatile sig_atomic_t is_quiet; ///< another rank says it

static void request_stop(int signal_number) {
    (void)signal_number;
    if (stop_requested != 0) _exit(1); // the runs get SIGTERM as this process ends
    stop_requested = 1;
    if (is_quiet != 0) return;
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

// ---- before the work ------------------------------------------------------------------------------------------------------------

/// The path of this program, for the runs.
static SdqnStatus find_program(char path[SDQN_PATH_SIZE], SdqnError *error) {
    const ssize_t length = readlink("/proc/self/exe", path, SDQN_PATH_SIZE - 1);
    if (length <= 0) return sdqn_error_set(error, SDQN_ERR_IO, "study: cannot find the path of this program");
    path[length] = '\0';
    return SDQN_OK;
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

/// What all ways of running a study need.
typedef struct Setup {
    SdqnStudyPlan plan;
    SdqnStudyFolder folder;
    char program[SDQN_PATH_SIZE];
    int num_tiers;
    char numerics[SDQN_SHA256_HEX_SIZE];
} Setup;

/// @param setup  zeros; its plan to be cleared by the caller
static SdqnStatus prepare(const Arguments *arguments, const char *file, Setup *setup, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_study_plan_read(file, &setup->plan, error);
    if (status == SDQN_OK) status = find_tier(&setup->plan, arguments->tier, &setup->num_tiers, error);
    if (status == SDQN_OK) status = find_program(setup->program, error);
    if (status != SDQN_OK) return status;
    const int length = arguments->out != NULL ? snprintf(path, sizeof path, "%s", arguments->out)
                                              : snprintf(path, sizeof path, "studies/%s", setup->plan.name);
    if (length <= 0 || length >= SDQN_PATH_SIZE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--out: the path must have 1 to %d bytes", SDQN_PATH_SIZE - 1);
    status = sdqn_numerics_fingerprint(sdqn_kernels(sdqn_cpu_level_best()), setup->numerics, error);
    return status == SDQN_OK ? sdqn_study_folder_open(path, &setup->folder, error) : status;
}

static SdqnStatus create_study(Setup *setup, int num_tiers, int job, SdqnStudy **study, SdqnError *error) {
    SdqnStudyDef def = {.plan = &setup->plan, .folder = &setup->folder, .num_tiers = num_tiers, .only_job = job};
    snprintf(def.numerics, sizeof def.numerics, "%s", setup->numerics);
    return sdqn_study_create(&def, study, error);
}

static SdqnStatus out_of_memory(SdqnError *error) { return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory"); }

/// The report for people and for browsers, and on stdout.
static SdqnStatus write_report(const Setup *setup, const SdqnStudy *study, SdqnError *error) {
    SdqnError undrawn = {0};
    SdqnStatus status = sdqn_study_report_files(setup->folder.path, &setup->plan, study, stdout, error);
    if (status == SDQN_OK) status = sdqn_study_page_write(setup->folder.path, &setup->plan, study, &undrawn, error);
    if (undrawn.message[0] != '\0') fprintf(stderr, "%s\n", undrawn.message);
    fflush(stdout); // the tables come before what is said about them
    if (status == SDQN_OK) fprintf(stderr, "page: %s/report.html\n", setup->folder.path);
    return status;
}

// ---- the whole study ------------------------------------------------------------------------------------------------------------

static SdqnStatus run_all(const Setup *setup, SdqnStudy *study, const SdqnLauncher *launcher, SdqnError *error) {
    SdqnStudyDisplay display;
    int done, failed;
    sdqn_study_display_begin(&display, &setup->plan, study);
    catch_signals();
    SdqnStatus status = sdqn_study_run(study, launcher, &stop_requested, sdqn_study_display_watch, &display, error);
    sdqn_study_display_end(&display, study);
    if (status == SDQN_ERR_INTERRUPTED) fprintf(stderr, "to go on: the same command\n");
    if (status == SDQN_OK) status = write_report(setup, study, error);
    const int wanted = sdqn_study_display_count(study, &done, &failed);
    if (status != SDQN_OK || done == wanted) return status;
    if (failed == 0)
        return sdqn_error_set(error, SDQN_ERR_NUMERIC, "%d of %d runs are not done: all candidates of their tuning diverged", wanted - done,
                              wanted);
    return sdqn_error_set(error, SDQN_ERR_IO, "%d of %d runs failed; the same command tries them again", failed, wanted);
}

/// Alone in the folder.
static SdqnStatus manage(Setup *setup, const SdqnLauncher *launcher, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnFileLock *lock = NULL;
    SdqnStudy *study = NULL;
    SdqnStatus status = sdqn_file_join(setup->folder.path, ".lock", path, error);
    if (status == SDQN_OK) status = sdqn_file_lock_take(path, &lock, error);
    if (status == SDQN_OK) status = create_study(setup, setup->num_tiers, -1, &study, error);
    if (status == SDQN_OK) status = run_all(setup, study, launcher, error);
    sdqn_study_destroy(study);
    sdqn_file_lock_release(lock);
    return status;
}

static SdqnStatus run_here(Setup *setup, int processes, SdqnError *error) {
    SdqnLocalLauncher *local = sdqn_local_launcher_create(&setup->plan, &setup->folder, setup->program, processes);
    if (!local) return out_of_memory(error);
    const SdqnLauncher launcher = sdqn_local_launcher(local);
    const SdqnStatus status = manage(setup, &launcher, error);
    sdqn_local_launcher_destroy(local);
    return status;
}

/// One of the ranks of an MPI job. The others tell rank 0 what keeps them from work, and rank 0 alone says it.
static SdqnStatus run_rank(const Arguments *arguments, const char *file, Setup *setup, SdqnError *error) {
    SdqnMpi *mpi = NULL;
    int rank;
    SdqnError cause = {0};
    SdqnStatus status = sdqn_mpi_open(&mpi, &rank, error);
    if (status != SDQN_OK) return status;
    const SdqnStatus ready = prepare(arguments, file, setup, &cause);
    if (rank > 0) {
        const SdqnMpiWork work = {&setup->plan, &setup->folder, setup->program, setup->numerics, ready == SDQN_OK ? "" : cause.message};
        is_quiet = 1;
        catch_signals();
        status = sdqn_mpi_work(mpi, &work, &stop_requested, error);
    } else if (ready == SDQN_OK) {
        const SdqnLauncher launcher = sdqn_mpi_launcher(mpi, &setup->plan, setup->numerics);
        status = manage(setup, &launcher, error);
    } else {
        status = sdqn_error_set(error, ready, "%s", cause.message);
    }
    sdqn_mpi_close(mpi);
    return status;
}

// ---- parts of it ----------------------------------------------------------------------------------------------------------------

static SdqnStatus report_only(Setup *setup, SdqnError *error) {
    SdqnStudy *study = NULL;
    SdqnStatus status = create_study(setup, 0, -1, &study, error);
    if (status == SDQN_OK) status = write_report(setup, study, error);
    sdqn_study_destroy(study);
    return status;
}

/// Write the scripts, and submit them: the runs after the tuning.
static SdqnStatus use_slurm(Setup *setup, const char *file, bool submit, SdqnError *error) {
    SdqnStudy *study = NULL;
    char path[SDQN_PATH_SIZE], id[32] = "";
    SdqnStatus status = create_study(setup, setup->num_tiers, -1, &study, error);
    const SdqnSlurmDef def = {&setup->plan, study, &setup->folder, setup->program, file};
    int all = 0;
    for (int candidates = 1; candidates >= 0 && status == SDQN_OK; candidates--) {
        int count = 0;
        status = sdqn_slurm_write(&def, candidates == 1, path, &count, error);
        all += count;
        if (status != SDQN_OK || count == 0) continue;
        if (submit) status = sdqn_slurm_submit(path, id, id, error);
        if (status == SDQN_OK && submit) printf("job array %s: %d runs: %s\n", id, count, path);
        if (status == SDQN_OK && !submit) printf("%s: %d runs\n", path, count);
    }
    if (status == SDQN_OK && all == 0) printf("nothing is left to run\n");
    sdqn_study_destroy(study);
    return status;
}

/// What keeps a job from being run; else run it.
static SdqnStatus run_study_job(const Setup *setup, SdqnStudy *study, const SdqnJob *job, const SdqnLauncher *launcher, SdqnError *error) {
    const SdqnStudyArm *arm = &setup->plan.arms[job->arm];
    const unsigned long long seed = job->seed;
    if (job->state == SDQN_JOB_DONE) {
        fprintf(stderr, "arm %s, seed %llu: its result is there\n", arm->name, seed);
        return SDQN_OK;
    }
    if (job->state == SDQN_JOB_DIVERGED) {
        fprintf(stderr, "arm %s, seed %llu diverged: %s\n", arm->name, seed, job->failure);
        return SDQN_OK;
    }
    if (!sdqn_study_plan_is_settled(&setup->plan, job->arm))
        return sdqn_error_set(error, SDQN_ERR_IO, "arm %s, seed %llu: the tuning of %s is not decided: results of candidates are missing",
                              arm->name, seed, setup->plan.arms[arm->tuned_by].name);
    catch_signals();
    const SdqnStatus status = sdqn_study_run(study, launcher, &stop_requested, NULL, NULL, error);
    if (status == SDQN_OK && job->state == SDQN_JOB_FAILED)
        return sdqn_error_set(error, SDQN_ERR_IO, "arm %s, seed %llu failed: %s", arm->name, seed, job->failure);
    if (status == SDQN_OK && job->state == SDQN_JOB_DIVERGED)
        fprintf(stderr, "arm %s, seed %llu diverged: %s\n", arm->name, seed, job->failure);
    return status;
}

static SdqnStatus run_one(Setup *setup, int number, SdqnError *error) {
    SdqnStudy *study = NULL;
    int count;
    SdqnStatus status = create_study(setup, setup->plan.num_tiers, number - 1, &study, error);
    if (status != SDQN_OK) return status;
    const SdqnJob *jobs = sdqn_study_jobs(study, &count);
    SdqnLocalLauncher *local = sdqn_local_launcher_create(&setup->plan, &setup->folder, setup->program, 1);
    if (!local) {
        status = out_of_memory(error);
    } else if (number > count) {
        status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--job %d: the study has %d runs", number, count);
    } else {
        const SdqnLauncher launcher = sdqn_local_launcher(local);
        status = run_study_job(setup, study, &jobs[number - 1], &launcher, error);
    }
    sdqn_local_launcher_destroy(local);
    sdqn_study_destroy(study);
    return status;
}

// ---- the command ----------------------------------------------------------------------------------------------------------------

static SdqnStatus check_arguments(const Arguments *arguments, SdqnError *error) {
    const int ways = (arguments->processes > 0) + arguments->report + arguments->slurm + (arguments->job > 0);
    if (ways > 1) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "study: only one of --processes, --report, --slurm and --job can be");
    if (arguments->submit && !arguments->slurm) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--submit: only with --slurm");
    if (arguments->tier && (arguments->report || arguments->job > 0))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--tier: says what to run, not with --report or --job");
    if (ways > 0 && sdqn_mpi_is_there())
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT,
                              "study: under mpirun each rank but the first runs one at a time: no --processes, "
                              "--report, --slurm or --job");
    return SDQN_OK;
}

static SdqnStatus act(const Arguments *arguments, const char *file, Setup *setup, SdqnError *error) {
    if (arguments->report) return report_only(setup, error);
    if (arguments->slurm) return use_slurm(setup, file, arguments->submit, error);
    if (arguments->job > 0) return run_one(setup, arguments->job, error);
    return run_here(setup, arguments->processes > 0 ? arguments->processes : count_cores(), error);
}

SdqnStatus sdqn_command_study(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {0};
    SdqnOperands operands;
    Setup setup = {0};
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    const char *file = operands.values[0];
    status = check_arguments(&arguments, error);
    if (status != SDQN_OK) return status;
    if (sdqn_mpi_is_there()) {
        status = run_rank(&arguments, file, &setup, error);
    } else {
        status = prepare(&arguments, file, &setup, error);
        if (status == SDQN_OK) status = act(&arguments, file, &setup, error);
    }
    sdqn_study_plan_clear(&setup.plan);
    return status;
}
