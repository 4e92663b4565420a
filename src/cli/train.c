// train.c: `sharedqn train`: train a method on tasks, in a folder that holds all about the run.
#define _GNU_SOURCE // program_invocation_name

#include "cli/command.h"
#include "cli/options.h"
#include "cli/train_settings.h"
#include "core/file.h"
#include "core/sha256.h"
#include "methods/method.h"
#include "nn/kernels.h"
#include "run/config.h"
#include "run/progress.h"
#include "run/run_folder.h"
#include "run/summary.h"
#include "run/table.h"
#include "run/task_set.h"
#include "run/trainer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CONFIG_SIZE ((size_t)1 << 20)

// ---- stopping -------------------------------------------------------------------------------------------------------------------

static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number) {
    static const char first[] = "\nstopping after this episode, of a long one within 4096 steps; once more stops at once\n";
    static const char second[] = "\nstopped at once; --resume goes on from the last full state\n";
    int code = errno; // of whatever call was interrupted
    (void)signal_number;
    bool again = stop_requested != 0;
    stop_requested = 1;
    ssize_t written = again ? write(STDERR_FILENO, second, sizeof second - 1) : write(STDERR_FILENO, first, sizeof first - 1);
    (void)written; // nothing better could be done about it here
    if (again) _exit(1);
    errno = code;
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = request_stop, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

// ---- showing --------------------------------------------------------------------------------------------------------------------

/// What is shown while a run goes on.
typedef struct Display {
    SdqnProgress progress;
    int64_t episodes; ///< of the whole run
} Display;

static void show_begin(void *context, int64_t episodes, int64_t updates) {
    Display *display = context;
    sdqn_progress_begin(&display->progress, stderr, episodes, updates);
    char text[128];
    if (episodes == 0) return;
    snprintf(text, sizeof text, "going on after %lld of %lld episodes", (long long)episodes, (long long)display->episodes);
    sdqn_progress_note(&display->progress, text);
}

static void show_episode(void *context, const SdqnEpisodeMetrics *metrics) {
    Display *display = context;
    SdqnProgressLine line = {
        .episodes_done = metrics->episode + 1,
        .episodes_total = display->episodes,
        .task = metrics->task,
        .episode_return = metrics->episode_return,
        .epsilon = metrics->epsilon,
    };
    sdqn_progress_episode(&display->progress, &line, (int64_t)metrics->total_updates);
}

static void show_evaluation(void *context, int64_t episode, const SdqnEvaluation *evaluation, bool is_best) {
    Display *display = context;
    char text[512], tasks[400];
    size_t length = 0;
    tasks[0] = '\0';
    for (int t = 0; t < evaluation->num_tasks && evaluation->num_tasks > 1 && length < sizeof tasks; t++)
        length += (size_t)snprintf(tasks + length, sizeof tasks - length, "%s%s %.2f", t == 0 ? " (" : ", ", evaluation->tasks[t].name,
                                   evaluation->tasks[t].mean);
    snprintf(text, sizeof text, "evaluation %lld: mean %.2f%s%s%s", (long long)episode, evaluation->mean, tasks,
             tasks[0] != '\0' ? ")" : "", is_best ? ", the best so far" : "");
    sdqn_progress_note(&display->progress, text);
}

static void show_final_evaluation(void *context, int done, int total) {
    Display *display = context;
    sdqn_progress_count(&display->progress, "final evaluation: episode", done, total);
}

static void show_notice(void *context, const char *text) {
    (void)context; // comes before the progress has begun
    fprintf(stderr, "%s; trying an older state\n", text);
}

/// Quoted so that a shell reads it as one word.
static void print_word(FILE *stream, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+:@%,=";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, stream);
        return;
    }
    fputc('\'', stream);
    for (const char *c = word; *c != '\0'; c++) fputs(*c == '\'' ? "'\\''" : (const char[]){*c, '\0'}, stream);
    fputc('\'', stream);
}

static void print_resume_command(const char *out) {
    fputs("to go on: ", stderr);
    print_word(stderr, program_invocation_name);
    fputs(" train --resume --out ", stderr);
    print_word(stderr, out);
    fputc('\n', stderr);
}

static bool is_default_run(const char *method, const SdqnConfig *config) {
    if (strcmp(method, "shared") != 0 || config->num_tasks != SDQN_NUM_DEFAULT_TASKS) return false;
    if (config->network.conditioning != SDQN_CONDITIONING_EMBEDDING) return false;
    for (int i = 0; i < config->num_tasks; i++)
        if (strcmp(config->tasks[i], sdqn_task_builtin(i)->name) != 0) return false;
    return true;
}

static void print_result(const SdqnConfig *config, const char *out, const SdqnEvaluation *evaluation, const char *sha256) {
    sdqn_table_write(stdout, evaluation, is_default_run(config->method, config));
    printf("final weights: %s%s" SDQN_RUN_FINAL "\nSHA-256 of the final weights: %s\n", out, out[strlen(out) - 1] == '/' ? "" : "/",
           sha256);
}

static void list_methods(void) {
    int count;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    for (int i = 0; i < count; i++) printf("%s  %s\n", methods[i]->name, methods[i]->help);
}

// ---- settings -------------------------------------------------------------------------------------------------------------------

static SdqnStatus make_trainer_def(const SdqnConfig *config, const SdqnTaskSet *tasks, SdqnTrainerDef *def, SdqnError *error) {
    SdqnCpuLevel level;
    SdqnStatus status = sdqn_config_level(config, &level, error);
    if (status != SDQN_OK) return status;
    const SdqnKernels *kernels = sdqn_kernels(level);
    if (kernels == NULL)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--isa %s: this program was built without it", sdqn_cpu_level_name(level));
    *def = (SdqnTrainerDef){
        .method = sdqn_method_find(config->method),
        .tasks = tasks,
        .task_sampling = config->task_sampling,
        .first_task = config->dqn.frozen_tasks,
        .new_tasks = config->new_tasks,
        .episodes = config->episodes,
        .evaluation_period = config->evaluation_period,
        .evaluation_episodes = config->evaluation_episodes,
        .evaluation_seed = config->evaluation_seed,
        .final_episodes = config->final_episodes,
        .final_seed = config->final_seed,
        .checkpoint_period = config->checkpoint_period,
        .state_period_episodes = config->state_period_episodes,
        .state_period_seconds = config->state_period_seconds,
        .keep_state = config->keep_state,
        .tensorboard = config->tensorboard,
    };
    sdqn_config_method_def(config, kernels, &def->method_def);
    return SDQN_OK;
}

// ---- the work -------------------------------------------------------------------------------------------------------------------

/// One call of the program.
typedef struct Session {
    SdqnConfig config;
    SdqnTaskSet tasks; ///< points into config
    SdqnInitialWeights initial;
    SdqnTrainer *trainer;
    SdqnRunFolder *folder;
    char out[SDQN_PATH_SIZE];
} Session;

/// @param configuration  [size] the text of the run's config.yaml; its SHA-256 ties the full states to it
static SdqnStatus create_trainer(Session *session, const void *configuration, size_t size, SdqnError *error) {
    SdqnTrainerDef def;
    sdqn_task_set_from_config(&session->config, &session->tasks);
    SdqnStatus status = make_trainer_def(&session->config, &session->tasks, &def, error);
    if (status != SDQN_OK) return status;
    sdqn_sha256_hex(configuration, size, def.configuration);
    def.initial = session->initial.tensors;
    def.initial_path = session->initial.path;
    return sdqn_trainer_create(&def, &session->trainer, error);
}

/// Begin a run in an empty or cleared folder. Nothing is written or removed before it is sure that the run can begin.
/// @param mode  how to open the folder; not looked at if it is open already
static SdqnStatus begin_new(Session *session, SdqnRunFolderMode mode, SdqnError *error) {
    char *text;
    size_t size;
    SdqnStatus status = sdqn_config_format(&session->config, &text, &size, error);
    if (status != SDQN_OK) return status;
    status = create_trainer(session, text, size, error);
    if (status == SDQN_OK && session->folder == NULL) status = sdqn_run_folder_open(session->out, mode, &session->folder, error);
    if (status == SDQN_OK) status = sdqn_run_folder_clear(session->folder, true, error);
    // The settings last: they say that the rest is there.
    if (status == SDQN_OK && session->initial.tensors != NULL)
        status = sdqn_run_folder_write(session->folder, SDQN_RUN_INITIAL, session->initial.bytes, session->initial.size, error);
    if (status == SDQN_OK) status = sdqn_run_folder_write(session->folder, SDQN_RUN_CONFIG, text, size, error);
    free(text);
    return status;
}

/// Begin a run that was killed before it had written its settings: nothing is lost, those of the command line count.
static SdqnStatus begin_without_settings(Session *session, SdqnError *error) {
    int64_t newest;
    int count;
    SdqnStatus status = sdqn_run_folder_states(session->folder, &newest, 1, &count, error);
    if (status == SDQN_OK && count > 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT,
                              "%.800s: " SDQN_RUN_CONFIG
                              " is missing, but there is a full state after %lld episodes: put it back, or begin "
                              "anew with --force",
                              session->out, (long long)newest);
    return status == SDQN_OK ? begin_new(session, SDQN_RUN_FOLDER_RESUME, error) : status;
}

static SdqnStatus check_settings(const SdqnConfig *wanted, const SdqnConfig *recorded, SdqnError *error) {
    SdqnError cause = {0};
    const SdqnStatus status = sdqn_config_check_same(wanted, recorded, &cause);
    return status == SDQN_OK ? status : sdqn_error_set(error, status, "%.900s; --resume keeps its settings", cause.message);
}

/// The weights that the run in the folder began with, if it did with any.
static SdqnStatus reread_initial(Session *session, SdqnError *error) {
    const char *recorded = session->config.initial_weights;
    if (recorded[0] == '\0') return SDQN_OK;
    // A full state holds all that came of them.
    int64_t newest;
    int states = 0;
    SdqnStatus status = sdqn_run_folder_states(session->folder, &newest, 1, &states, error);
    if (status != SDQN_OK || (states > 0 && !sdqn_run_folder_has(session->folder, SDQN_RUN_INITIAL))) return status;
    status = sdqn_run_folder_join(session->folder, SDQN_RUN_INITIAL, session->initial.path, error);
    if (status == SDQN_OK) status = sdqn_initial_weights_read(&session->initial, error);
    if (status != SDQN_OK || strcmp(session->initial.sha256, recorded) == 0) return status;
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.700s: has SHA-256 %s, the run began with %s", session->initial.path,
                          session->initial.sha256, recorded);
}

/// Take the settings from the folder and refuse others from the command line.
static SdqnStatus begin_resumed(Session *session, int argc, char **argv, SdqnError *error) {
    SdqnStatus status = sdqn_run_folder_open(session->out, SDQN_RUN_FOLDER_RESUME, &session->folder, error);
    if (status != SDQN_OK) return status;
    if (!sdqn_run_folder_has(session->folder, SDQN_RUN_CONFIG)) return begin_without_settings(session, error);

    char path[SDQN_PATH_SIZE];
    SdqnTrainArguments arguments;
    SdqnOperands operands;
    SdqnConfig recorded;
    uint8_t *text;
    size_t size;
    sdqn_initial_weights_clear(&session->initial); // those that count are the run's
    status = sdqn_run_folder_join(session->folder, SDQN_RUN_CONFIG, path, error);
    if (status == SDQN_OK) status = sdqn_config_read(path, &recorded, error);
    if (status == SDQN_OK)
        status = sdqn_train_settings_read(argc, argv, path, &arguments, &operands, &session->config, &session->initial, error);
    if (status == SDQN_OK) status = check_settings(&session->config, &recorded, error);
    if (status == SDQN_OK) status = sdqn_file_read(path, MAX_CONFIG_SIZE, &text, &size, error);
    if (status != SDQN_OK) return status;
    if (!sdqn_run_folder_has(session->folder, SDQN_RUN_SUMMARY)) {
        status = reread_initial(session, error);
        if (status == SDQN_OK) status = create_trainer(session, text, size, error);
    }
    free(text);
    return status;
}

static SdqnStatus print_finished(const Session *session, SdqnError *error) {
    SdqnFinishedRun run = {0};
    SdqnStatus status = sdqn_summary_read(session->folder, &run, error);
    // A kill may have come between the summary and the removal of the states.
    if (status == SDQN_OK && !session->config.keep_state) status = sdqn_run_folder_remove_states_before(session->folder, INT64_MAX, error);
    if (status == SDQN_OK) {
        fprintf(stderr, "%s: this run is finished (%lld episodes; --force trains anew); its result again:\n", session->out,
                (long long)session->config.episodes);
        print_result(&session->config, session->out, &run.evaluation, run.weights_sha256);
    }
    sdqn_finished_run_clear(&run);
    return status;
}

static SdqnStatus train(Session *session, bool resume, SdqnError *error) {
    Display display = {.episodes = session->config.episodes};
    const SdqnTrainerObserver observer = {
        .context = &display,
        .began = show_begin,
        .episode = show_episode,
        .evaluation = show_evaluation,
        .final_evaluation = show_final_evaluation,
        .notice = show_notice,
    };
    SdqnTrainerResult result;
    catch_signals();
    SdqnStatus status = sdqn_trainer_run(session->trainer, session->folder, resume, &observer, &stop_requested, &result, error);
    if (display.progress.stream != NULL) sdqn_progress_end(&display.progress);
    if (status == SDQN_OK) {
        print_result(&session->config, session->out, &result.evaluation, result.weights_sha256);
        sdqn_evaluation_clear(&result.evaluation);
    } else if (status == SDQN_ERR_INTERRUPTED || status == SDQN_ERR_IO) {
        print_resume_command(session->out);
    }
    return status;
}

static bool is_same_file(const char *path, const char *other) {
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static SdqnStatus choose_folder(const SdqnTrainArguments *arguments, const SdqnConfig *config, char out[SDQN_PATH_SIZE], SdqnError *error) {
    int length = arguments->out != NULL
                     ? snprintf(out, SDQN_PATH_SIZE, "%s", arguments->out)
                     : snprintf(out, SDQN_PATH_SIZE, "runs/%s-seed%llu", config->method, (unsigned long long)config->seed);
    if (length > 0 && length < SDQN_PATH_SIZE) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--out: the path must have 1 to %d bytes", SDQN_PATH_SIZE - 1);
}

SdqnStatus sdqn_command_train(int argc, char **argv, SdqnError *error) {
    SdqnTrainArguments arguments = {0};
    SdqnOperands operands = {0};
    Session session = {0};
    SdqnStatus status = sdqn_train_settings_read(argc, argv, NULL, &arguments, &operands, &session.config, &session.initial, error);
    if (status == SDQN_OK && arguments.resume && arguments.force)
        status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--resume and --force: only one of them can be given");
    if (status != SDQN_OK || operands.help_printed || arguments.list_methods) {
        if (status == SDQN_OK && arguments.list_methods && !operands.help_printed) list_methods();
        sdqn_initial_weights_clear(&session.initial);
        return status;
    }
    status = choose_folder(&arguments, &session.config, session.out, error);
    if (status == SDQN_OK && arguments.init_from != NULL && !arguments.resume && is_same_file(arguments.init_from, session.out))
        status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--out %.800s: is the run that --init-from names", session.out);
    if (status == SDQN_OK) {
        status = arguments.resume ? begin_resumed(&session, argc, argv, error)
                                  : begin_new(&session, arguments.force ? SDQN_RUN_FOLDER_FORCE : SDQN_RUN_FOLDER_NEW, error);
    }
    if (status == SDQN_OK) status = session.trainer != NULL ? train(&session, arguments.resume, error) : print_finished(&session, error);
    sdqn_trainer_destroy(session.trainer);
    sdqn_run_folder_close(session.folder);
    sdqn_initial_weights_clear(&session.initial);
    return status;
}
