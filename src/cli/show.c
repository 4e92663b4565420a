#define _GNU_SOURCE // SA_RESETHAND

#include "cli/show.h"

#include "view/record.h"
#include "view/viewer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number) {
    (void)signal_number;
    stop_requested = 1;
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = request_stop, .sa_flags = SA_RESETHAND}; // the second one kills
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction before;
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL); // nohup's wish counts
}

static bool stops(void *context) {
    (void)context;
    return stop_requested != 0;
}

/// A line on an episode. @param context  the stream
static void tell(void *context, const SdqnSession *session) {
    const SdqnEpisodeResult result = sdqn_session_result(session);
    fprintf(context, "%s, seed %llu: %s, return %.2f in %lld steps%s\n", session->def.set->tasks[session->task].name,
            (unsigned long long)result.seed, sdqn_session_ending(session), result.episode_return, (long long)result.steps,
            session->was_by_hand && session->def.policy != NULL ? ", partly by hand" : "");
    fflush(context);
}

static SdqnStatus show_in_window(SdqnSession *session, const char *title, bool waits, FILE *stream, SdqnError *error) {
    SdqnViewerDef def = {
        .session = session, .title = title, .waits = waits, .pictures_per_second = 50, .stops = stops, .ended = tell, .context = stream};
    SdqnStatus status = sdqn_window_load(&def.window, error);
    if (status == SDQN_OK) status = sdqn_draw_load(&def.draw, error);
    return status == SDQN_OK ? sdqn_viewer_run(&def, error) : status;
}

static SdqnStatus record(SdqnSession *session, const SdqnShowDef *show, SdqnError *error) {
    SdqnRecordDef def = {.session = session,
                         .path = show->record,
                         .overlay = show->overlay,
                         .replace = show->replace,
                         .stops = stops,
                         .ended = tell,
                         .context = stderr};
    const SdqnStatus status = sdqn_draw_load(&def.draw, error);
    return status == SDQN_OK ? sdqn_record(&def, error) : status;
}

SdqnStatus sdqn_show(const SdqnShowDef *def, SdqnStatus (*print)(void *context, const SdqnEvaluation *evaluation, SdqnError *error),
                     void *context, SdqnError *error) {
    const SdqnSessionDef session_def = {def->set, def->policy, def->episodes, def->seed};
    SdqnSession *session;
    SdqnEvaluation evaluation;
    SdqnStatus status = sdqn_session_create(&session_def, &session, error);
    if (status != SDQN_OK) return status;
    catch_signals();
    const SdqnStatus shown =
        def->record != NULL ? record(session, def, error) : show_in_window(session, "sharedqn evaluate", false, stderr, error);
    if (shown == SDQN_ERR_IO && def->record == NULL && error != NULL)
        sdqn_error_set(error, shown, "%s (--record FILE.mp4 needs no window)", error->message);
    if (shown == SDQN_OK || shown == SDQN_ERR_INTERRUPTED) {
        status = sdqn_session_evaluation(session, &evaluation, error);
        if (status == SDQN_OK) {
            if (evaluation.num_tasks > 0)
                status = print(context, &evaluation, error);
            else
                fputs("no episode was played to its end by the network alone\n", stderr);
            free(evaluation.tasks);
        }
    }
    sdqn_session_destroy(session);
    return shown != SDQN_OK ? shown : status;
}

SdqnStatus sdqn_show_play(const SdqnTaskSet *set, uint64_t seed, SdqnError *error) {
    const SdqnSessionDef def = {.set = set, .seed = seed};
    SdqnSession *session;
    SdqnStatus status = sdqn_session_create(&def, &session, error);
    if (status != SDQN_OK) return status;
    catch_signals();
    status = show_in_window(session, "sharedqn play", true, stdout, error);
    sdqn_session_destroy(session);
    return status;
}
