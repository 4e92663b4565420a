#define _GNU_SOURCE // pipe2

#include "view/film.h"

#include "core/file.h"
#include "core/process.h"
#include "view/film_palette.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PIXEL_FORMAT "bgr0"
#else
#define PIXEL_FORMAT "0rgb"
#endif

struct SdqnFilm {
    char path[SDQN_PATH_SIZE], temporary[SDQN_PATH_SIZE];
    SdqnFilmKind kind;
    int width, height;
    long pictures; ///< given so far
    pid_t process; ///< -1: none, or waited for
    int pipe;      ///< its standard input; -1: closed
    FILE *said;    ///< what it writes to standard error
};

static const struct {
    const char *ending;
    SdqnFilmKind kind;
} ENDINGS[] = {{".mp4", SDQN_FILM_MP4}, {".gif", SDQN_FILM_GIF}, {".png", SDQN_FILM_PNG}};

SdqnStatus sdqn_film_kind(const char *path, SdqnFilmKind *kind, SdqnError *error) {
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path, *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && dot != name && i < sizeof ENDINGS / sizeof *ENDINGS; i++) {
        if (strcasecmp(dot, ENDINGS[i].ending) != 0) continue;
        *kind = ENDINGS[i].kind;
        return SDQN_OK;
    }
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: must end with .mp4, .gif or .png", path);
}

// ---- ffmpeg ---------------------------------------------------------------------------------------------------------------------

static void close_if_open(int descriptor) {
    if (descriptor >= 0) close(descriptor);
}

/// @param palette  what ffmpeg has as its descriptor 3; -1: nothing
static SdqnStatus start(SdqnFilm *film, const char *const *arguments, int palette, SdqnError *error) {
    int pictures[2];
    film->said = tmpfile();
    if (film->said == NULL || pipe2(pictures, O_CLOEXEC) != 0)
        return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot start ffmpeg: %s", film->path, strerror(errno));
    // It does not end with this process: without pictures it ends by itself.
    const int reason = sdqn_process_start(
        &(SdqnProcessDef){.arguments = arguments, .input = pictures[0], .output = -1, .errors = fileno(film->said), .extra = palette},
        &film->process);
    close(pictures[0]);
    film->pipe = pictures[1];
    if (reason == 0) return SDQN_OK;
    if (reason == ENOENT)
        return sdqn_error_set(error, SDQN_ERR_IO, "%s: needs the program ffmpeg, which is not there (Debian: apt install ffmpeg)",
                              film->path);
    return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot run ffmpeg: %s", film->path, strerror(reason));
}

/// The pictures' own colours, in a pipe that is closed behind them. @return the end to read from; -1 with errno
static int open_palette(void) {
    uint32_t colors[SDQN_FILM_COLORS];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    sdqn_film_palette(colors);
    const bool written = write(ends[1], colors, sizeof colors) == (ssize_t)sizeof colors; // fits in any pipe
    close(ends[1]);
    if (written) return ends[0];
    close(ends[0]);
    return -1;
}

static SdqnStatus start_mp4(SdqnFilm *film, const char *size, const char *output, SdqnError *error) {
    const char *const arguments[] = {"ffmpeg",      "-nostdin",
                                     "-xerror", // else the end of a film that does not fit on the disk is lost without a word
                                     "-loglevel",   "error",    "-y",         "-f",       "rawvideo", "-pixel_format", PIXEL_FORMAT,
                                     "-video_size", size,       "-framerate", "50",       "-i",       "pipe:0",        "-c:v",
                                     "libx264",     "-crf",     "18",         "-pix_fmt", "yuv420p",  "-movflags",     "+faststart",
                                     "-f",          "mp4",      output,       NULL};
    return start(film, arguments, -1, error);
}

static SdqnStatus start_gif(SdqnFilm *film, const char *size, const char *output, SdqnError *error) {
    const char *const arguments[] = {"ffmpeg",
                                     "-nostdin",
                                     "-xerror", // else the end of a film that does not fit on the disk is lost without a word
                                     "-loglevel",
                                     "error",
                                     "-y",
                                     "-f",
                                     "rawvideo",
                                     "-pixel_format",
                                     PIXEL_FORMAT,
                                     "-video_size",
                                     size,
                                     "-framerate",
                                     "25",
                                     "-i",
                                     "pipe:0",
                                     "-f",
                                     "rawvideo",
                                     "-pixel_format",
                                     PIXEL_FORMAT,
                                     "-video_size",
                                     "16x16",
                                     "-i",
                                     "pipe:3",
                                     "-lavfi",
                                     "[0:v][1:v]paletteuse=dither=none:diff_mode=rectangle",
                                     "-f",
                                     "gif",
                                     output,
                                     NULL};
    const int palette = open_palette();
    if (palette < 0) return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot make a pipe: %s", film->path, strerror(errno));
    const SdqnStatus status = start(film, arguments, palette, error);
    close(palette);
    return status;
}

// ---- the film -------------------------------------------------------------------------------------------------------------------

/// ffmpeg's own words about a file that cannot be made are many; ours come first.
static SdqnStatus try_output(const SdqnFilm *film, SdqnError *error) {
    const int file = open(film->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666); // as core/file.c
    if (file < 0) return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot write: %s", film->path, strerror(errno));
    close(file);
    return SDQN_OK;
}

SdqnStatus sdqn_film_open(const char *path, SdqnFilmKind kind, int width, int height, SdqnFilm **film, SdqnError *error) {
    char size[64], output[SDQN_PATH_SIZE + 8];
    SdqnFilm *made = calloc(1, sizeof *made);
    if (made == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "film: out of memory");
    *made = (SdqnFilm){.kind = kind, .width = width, .height = height, .process = -1, .pipe = -1};
    SdqnStatus status = SDQN_OK;
    if (snprintf(made->path, sizeof made->path, "%s", path) >= SDQN_PATH_SIZE - 4) {
        made->path[0] = '\0';
        status = sdqn_error_set(error, SDQN_ERR_ARGUMENT, "film: the path is longer than %d bytes", SDQN_PATH_SIZE - 5);
    }
    if (status == SDQN_OK) {
        snprintf(made->temporary, sizeof made->temporary, "%.*s.tmp", SDQN_PATH_SIZE - 5, made->path);
        status = try_output(made, error);
        if (status != SDQN_OK) made->temporary[0] = '\0'; // not ours
    }
    snprintf(size, sizeof size, "%dx%d", width, height);
    snprintf(output, sizeof output, "file:%s", made->temporary); // no name can then be an option or an address
    if (status == SDQN_OK) status = kind == SDQN_FILM_MP4 ? start_mp4(made, size, output, error) : start_gif(made, size, output, error);
    if (status != SDQN_OK) {
        sdqn_film_discard(made);
        return status;
    }
    *film = made;
    return SDQN_OK;
}

/// Wait for ffmpeg to end. @return its status as of waitpid; 0 if there is none
static int end_process(SdqnFilm *film) {
    int ended = 0;
    close_if_open(film->pipe);
    film->pipe = -1;
    while (film->process > 0 && waitpid(film->process, &ended, 0) < 0 && errno == EINTR) {
    }
    film->process = -1;
    return ended;
}

/// The end of what ffmpeg said.
static void read_end(FILE *said, char *text, size_t size) {
    text[0] = '\0';
    if (fseek(said, 0, SEEK_END) != 0) return;
    const long length = ftell(said);
    if (length < 0 || fseek(said, length > (long)size - 1 ? length - (long)size + 1 : 0, SEEK_SET) != 0) return;
    text[fread(text, 1, size - 1, said)] = '\0';
}

static SdqnStatus report_failure(SdqnFilm *film, int ended, SdqnError *error) {
    char text[4096];
    read_end(film->said, text, sizeof text);
    if (WIFSIGNALED(ended)) return sdqn_error_set(error, SDQN_ERR_IO, "%s: ffmpeg was killed by signal %d", film->path, WTERMSIG(ended));
    return sdqn_error_set(error, SDQN_ERR_IO, "%s: ffmpeg failed (exit code %d): %s", film->path, WEXITSTATUS(ended),
                          sdqn_process_last_line(text));
}

SdqnStatus sdqn_film_add(SdqnFilm *film, const uint8_t *pixels, size_t stride, SdqnError *error) {
    if (film->kind == SDQN_FILM_GIF && film->pictures++ % 2 != 0) return SDQN_OK;
    const size_t row_size = (size_t)film->width * 4;
    for (int y = 0; y < film->height; y++) {
        const uint8_t *row = pixels + (size_t)y * stride;
        for (size_t done = 0; done < row_size;) {
            const ssize_t written = write(film->pipe, row + done, row_size - done);
            if (written > 0)
                done += (size_t)written;
            else if (errno != EINTR) // it has ended: say why
                return report_failure(film, end_process(film), error);
        }
    }
    return SDQN_OK;
}

static SdqnStatus put_in_place(SdqnFilm *film, SdqnError *error) {
    const int file = open(film->temporary, O_RDONLY | O_CLOEXEC);
    const bool synced = file >= 0 && fsync(file) == 0;
    const int reason = errno;
    close_if_open(file);
    if (!synced) return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot write: %s", film->path, strerror(reason));
    if (rename(film->temporary, film->path) != 0)
        return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot write: %s", film->path, strerror(errno));
    film->temporary[0] = '\0';
    return SDQN_OK;
}

SdqnStatus sdqn_film_finish(SdqnFilm *film, SdqnError *error) {
    const int ended = end_process(film);
    const SdqnStatus status = ended != 0 ? report_failure(film, ended, error) : put_in_place(film, error);
    sdqn_film_discard(film);
    return status;
}

void sdqn_film_discard(SdqnFilm *film) {
    if (film == NULL) return;
    end_process(film);
    if (film->said != NULL) fclose(film->said);
    if (film->temporary[0] != '\0') unlink(film->temporary);
    free(film);
}
