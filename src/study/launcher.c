#include "study/launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

/// A place for a run.
typedef struct Place {
    int job; ///< -1: free
    pid_t process;
} Place;

struct SdqnLocalLauncher {
    const SdqnStudyPlan *plan;
    const SdqnStudyFolder *folder;
    const char *program;
    int num_places;
    Place *places; ///< [num_places]
};

SdqnLocalLauncher *sdqn_local_launcher_create(const SdqnStudyPlan *plan, const SdqnStudyFolder *folder, const char *program, int places) {
    SdqnLocalLauncher *launcher = malloc(sizeof *launcher);
    Place *free_places = calloc((size_t)places, sizeof *free_places);
    if (!launcher || !free_places) {
        free(launcher);
        free(free_places);
        return NULL;
    }
    for (int i = 0; i < places; i++) free_places[i].job = -1;
    *launcher = (SdqnLocalLauncher){plan, folder, program, places, free_places};
    return launcher;
}

void sdqn_local_launcher_destroy(SdqnLocalLauncher *launcher) {
    if (launcher) free(launcher->places);
    free(launcher);
}

static SdqnStatus start(void *object, int job, int arm, uint64_t seed, bool *started, SdqnError *error) {
    SdqnLocalLauncher *launcher = object;
    int place = 0;
    while (place < launcher->num_places && launcher->places[place].job >= 0) place++;
    *started = false;
    if (place == launcher->num_places) return SDQN_OK;
    const SdqnStatus status = sdqn_study_folder_start(launcher->folder, launcher->program, &launcher->plan->arms[arm], seed,
                                                      &launcher->places[place].process, error);
    if (status != SDQN_OK) return status;
    launcher->places[place].job = job;
    *started = true;
    return SDQN_OK;
}

static SdqnStatus next(void *object, int *job, int *wait_status, SdqnError *error) {
    SdqnLocalLauncher *launcher = object;
    *job = -1;
    for (int i = 0; i < launcher->num_places && *job < 0; i++) {
        Place *place = &launcher->places[i];
        if (place->job < 0) continue;
        const pid_t ended = waitpid(place->process, wait_status, WNOHANG);
        if (ended < 0 && errno != EINTR) return sdqn_error_set(error, SDQN_ERR_IO, "study: a run cannot be waited for");
        if (ended != place->process) continue;
        *job = place->job;
        place->job = -1;
    }
    return SDQN_OK;
}

static void stop(void *object) {
    const SdqnLocalLauncher *launcher = object;
    for (int i = 0; i < launcher->num_places; i++) {
        if (launcher->places[i].job >= 0) kill(launcher->places[i].process, SIGTERM);
    }
}

SdqnLauncher sdqn_local_launcher(SdqnLocalLauncher *launcher) { return (SdqnLauncher){launcher, start, next, stop}; }
