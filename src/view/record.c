#include "view/record.h"

#include "core/file.h"
#include "view/overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HOLD_PICTURES 50 ///< of an episode that has ended

typedef struct Recorder {
    const SdqnRecordDef *def;
    SdqnFilmKind kind;
    SdqnFilm *film;
    SdqnCanvas *canvas;
    SdqnScene scene;
    SdqnOverlay overlay;
    char message[SDQN_SHAPE_TEXT_SIZE];
} Recorder;

// ---- names ----------------------------------------------------------------------------------------------------------------------

/// The file of an episode's picture.
static SdqnStatus picture_path(const Recorder *recorder, int task, uint64_t seed, char path[SDQN_PATH_SIZE], SdqnError *error) {
    const SdqnRecordDef *def = recorder->def;
    const SdqnSessionDef *session = &def->session->def;
    const int stem = (int)(strlen(def->path) - strlen(".png"));
    const bool is_only = session->set->count == 1 && session->episodes == 1;
    const int length = is_only ? snprintf(path, SDQN_PATH_SIZE, "%s", def->path)
                               : snprintf(path, SDQN_PATH_SIZE, "%.*s-%s-%llu.png", stem, def->path, session->set->tasks[task].name,
                                          (unsigned long long)seed);
    if (length >= 0 && length < SDQN_PATH_SIZE - 4) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--record: the path is longer than %d bytes", SDQN_PATH_SIZE - 5);
}

static SdqnStatus check_free(const Recorder *recorder, const char *path, SdqnError *error) {
    struct stat found;
    if (stat(path, &found) != 0) return SDQN_OK;
    if (!S_ISREG(found.st_mode)) return sdqn_error_set(error, SDQN_ERR_IO, "%s: is there already, and is no file", path);
    return recorder->def->replace ? SDQN_OK
                                  : sdqn_error_set(error, SDQN_ERR_IO, "%s: is there already: give another name, or --force", path);
}

static SdqnStatus check_folder(const char *path, SdqnError *error) {
    char folder[SDQN_PATH_SIZE];
    struct stat found;
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path), slash == NULL ? "." : path);
    if (stat(folder, &found) == 0 && S_ISDIR(found.st_mode)) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_IO, "%s: there is no folder %s", path, folder);
}

/// Everything that a name can spoil, before the first step.
static SdqnStatus check_names(const Recorder *recorder, SdqnError *error) {
    const SdqnSessionDef *session = &recorder->def->session->def;
    SdqnStatus status = check_folder(recorder->def->path, error);
    if (status != SDQN_OK) return status;
    if (recorder->kind != SDQN_FILM_PNG) return check_free(recorder, recorder->def->path, error);
    for (int t = 0; t < session->set->count; t++) {
        for (int e = 0; e < session->episodes && status == SDQN_OK; e++) {
            char path[SDQN_PATH_SIZE];
            status = picture_path(recorder, t, session->seed + (uint64_t)e, path, error);
            if (status == SDQN_OK) status = check_free(recorder, path, error);
        }
    }
    return status;
}

// ---- pictures -------------------------------------------------------------------------------------------------------------------

static SdqnStatus draw(Recorder *recorder, SdqnError *error) {
    const SdqnSession *session = recorder->def->session;
    if (session->ended) sdqn_overlay_describe_end(session, recorder->message);
    recorder->overlay.message = session->ended ? recorder->message : NULL;
    sdqn_scene_make(&recorder->scene, &session->lander, &session->flames);
    if (recorder->def->overlay) sdqn_overlay_add(&recorder->scene, session, &recorder->overlay);
    return recorder->def->draw->draw(recorder->canvas, &recorder->scene, error);
}

/// The picture as it stands into the film. @param times  how often
static SdqnStatus film(Recorder *recorder, int times, SdqnError *error) {
    SdqnStatus status = draw(recorder, error);
    size_t stride;
    const uint8_t *pixels = recorder->def->draw->pixels(recorder->canvas, &stride);
    for (int i = 0; i < times && status == SDQN_OK; i++) status = sdqn_film_add(recorder->film, pixels, stride, error);
    return status;
}

static SdqnStatus write_picture(Recorder *recorder, SdqnError *error) {
    const SdqnSession *session = recorder->def->session;
    char path[SDQN_PATH_SIZE];
    SdqnPiece piece = {0};
    uint8_t *bytes = NULL;
    SdqnStatus status = picture_path(recorder, session->task, session->seed, path, error);
    if (status == SDQN_OK) status = draw(recorder, error);
    if (status == SDQN_OK) status = recorder->def->draw->png(recorder->canvas, &bytes, &piece.size, error);
    piece.data = bytes;
    if (status == SDQN_OK) status = sdqn_file_write(path, &piece, 1, error);
    free(bytes);
    return status;
}

// ---- the session ----------------------------------------------------------------------------------------------------------------

static SdqnStatus record_episode(Recorder *recorder, SdqnError *error) {
    const SdqnRecordDef *def = recorder->def;
    sdqn_overlay_follow(&recorder->overlay, def->session);
    SdqnStatus status = recorder->film != NULL ? film(recorder, 1, error) : SDQN_OK;
    while (status == SDQN_OK && !def->session->ended) {
        if (def->stops != NULL && def->stops(def->context)) return SDQN_ERR_INTERRUPTED;
        sdqn_session_step(def->session, 0);
        sdqn_overlay_follow(&recorder->overlay, def->session);
        if (recorder->film != NULL) status = film(recorder, def->session->ended ? HOLD_PICTURES : 1, error);
    }
    if (status == SDQN_OK && recorder->film == NULL) status = write_picture(recorder, error);
    if (status == SDQN_OK && def->ended != NULL) def->ended(def->context, def->session);
    return status;
}

SdqnStatus sdqn_record(const SdqnRecordDef *def, SdqnError *error) {
    Recorder *recorder = calloc(1, sizeof *recorder);
    if (recorder == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "view: out of memory");
    *recorder = (Recorder){.def = def, .overlay = {.panels = true, .speed = 1, .q_scale = 1}};
    SdqnStatus status = sdqn_film_kind(def->path, &recorder->kind, error);
    if (status == SDQN_OK) status = check_names(recorder, error);
    if (status == SDQN_OK) status = def->draw->create(SDQN_SCENE_WIDTH, SDQN_SCENE_HEIGHT, &recorder->canvas, error);
    if (status == SDQN_OK && recorder->kind != SDQN_FILM_PNG)
        status = sdqn_film_open(def->path, recorder->kind, SDQN_SCENE_WIDTH, SDQN_SCENE_HEIGHT, &recorder->film, error);
    while (status == SDQN_OK && !def->session->complete) {
        status = record_episode(recorder, error);
        if (status == SDQN_OK) sdqn_session_next_episode(def->session);
    }
    if (recorder->film != NULL && (status == SDQN_OK || status == SDQN_ERR_INTERRUPTED)) {
        const SdqnStatus finished = sdqn_film_finish(recorder->film, error);
        if (finished != SDQN_OK) status = finished;
    } else {
        sdqn_film_discard(recorder->film);
    }
    if (status == SDQN_ERR_INTERRUPTED)
        sdqn_error_set(error, status,
                       recorder->kind != SDQN_FILM_PNG ? "stopped: %s ends there" : "stopped: %s: there is no picture of this episode",
                       def->path);
    def->draw->destroy(recorder->canvas);
    free(recorder);
    return status;
}
