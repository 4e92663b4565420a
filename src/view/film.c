#define _GNU_SOURCE // pipe2

#include "view/film.h"

#include "core/file.h"
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

#define PALETTE_DESCRIPTOR 3
#define FIRST_OWN_DESCRIPTOR 10 ///< of ours in the child, so that none is overwritten by those it is to have

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

/// Descriptors that the child takes over.
typedef struct Ends {
    int pictures, palette, said, failed; ///< palette: -1 for none
} Ends;

/// Become ffmpeg. Between fork and exec only what a signal handler may do.
static void become(char *const *arguments, const Ends *ends) {
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const int pictures = fcntl(ends->pictures, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
    const int palette = ends->palette < 0 ? null : fcntl(ends->palette, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
    const int said = fcntl(ends->said, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
    const int failed = fcntl(ends->failed, F_DUPFD_CLOEXEC, FIRST_OWN_DESCRIPTOR);
    setpgid(0, 0); // Ctrl-C is for us: the film is then ended
    if (null >= 0 && dup2(pictures, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(said, STDERR_FILENO) >= 0 &&
        dup2(palette, PALETTE_DESCRIPTOR) >= 0)
        execvp(arguments[0], arguments);
    const int reason = errno;
    const ssize_t written = write(failed, &reason, sizeof reason);
    (void)written;
    _exit(127);
}

static void close_if_open(int descriptor) {
    if (descriptor >= 0) close(descriptor);
}

/// @param palette  to read the palette from; -1: none
static SdqnStatus start(SdqnFilm *film, char *const *arguments, int palette, SdqnError *error) {
    int pictures[2] = {-1, -1}, failed[2] = {-1, -1}, reason = 0;
    film->said = tmpfile();
    if (film->said == NULL || pipe2(pictures, O_CLOEXEC) != 0 || pipe2(failed, O_CLOEXEC) != 0 || (film->process = fork()) < 0) {
        reason = errno;
        close_if_open(pictures[0]);
        close_if_open(pictures[1]);
        close_if_open(failed[0]);
        close_if_open(failed[1]);
        return sdqn_error_set(error, SDQN_ERR_IO, "%s: cannot start ffmpeg: %s", film->path, strerror(reason));
    }
    const Ends ends = {pictures[0], palette, fileno(film->said), failed[1]};
    if (film->process == 0) become(arguments, &ends);
    film->pipe = pictures[1];
    close(pictures[0]);
    close(failed[1]);
    ssize_t got;
    while ((got = read(failed[0], &reason, sizeof reason)) < 0 && errno == EINTR) {
    }
    const bool never_ran = got == (ssize_t)sizeof reason;
    close(failed[0]);
    if (!never_ran) return SDQN_OK;
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

static SdqnStatus start_mp4(SdqnFilm *film, char *size, char *output, SdqnError *error) {
    char *const arguments[] = {(char *)"ffmpeg",
                               (char *)"-nostdin",
                               (char *)"-xerror", // else the end of a film that does not fit on the disk is lost without a word
                               (char *)"-loglevel",
                               (char *)"error",
                               (char *)"-y",
                               (char *)"-f",
                               (char *)"rawvideo",
                               (char *)"-pixel_format",
                               (char *)PIXEL_FORMAT,
                               (char *)"-video_size",
                               size,
                               (char *)"-framerate",
                               (char *)"50",
                               (char *)"-i",
                               (char *)"pipe:0",
                               (char *)"-c:v",
                               (char *)"libx264",
                               (char *)"-crf",
                               (char *)"18",
                               (char *)"-pix_fmt",
                               (char *)"yuv420p",
                               (char *)"-movflags",
                               (char *)"+faststart",
                               (char *)"-f",
                               (char *)"mp4",
                               output,
                               NULL};
    return start(film, arguments, -1, error);
}

static SdqnStatus start_gif(SdqnFilm *film, char *size, char *output, SdqnError *error) {
    char *const arguments[] = {(char *)"ffmpeg",
                               (char *)"-nostdin",
                               (char *)"-xerror", // else the end of a film that does not fit on the disk is lost without a word
                               (char *)"-loglevel",
                               (char *)"error",
                               (char *)"-y",
                               (char *)"-f",
                               (char *)"rawvideo",
                               (char *)"-pixel_format",
                               (char *)PIXEL_FORMAT,
                               (char *)"-video_size",
                               size,
                               (char *)"-framerate",
                               (char *)"25",
                               (char *)"-i",
                               (char *)"pipe:0",
                               (char *)"-f",
                               (char *)"rawvideo",
                               (char *)"-pixel_format",
                               (char *)PIXEL_FORMAT,
                               (char *)"-video_size",
                               (char *)"16x16",
                               (char *)"-i",
                               (char *)"pipe:3",
                               (char *)"-lavfi",
                               (char *)"[0:v][1:v]paletteuse=dither=none:diff_mode=rectangle",
                               (char *)"-f",
                               (char *)"gif",
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

/// The last line of what ffmpeg said. @param line [size]
static void read_last_line(FILE *said, char *line, size_t size) {
    char text[4096];
    snprintf(line, size, "it said nothing");
    if (fseek(said, 0, SEEK_END) != 0) return;
    const long length = ftell(said);
    if (length < 0 || fseek(said, length > (long)sizeof text - 1 ? length - (long)sizeof text + 1 : 0, SEEK_SET) != 0) return;
    size_t got = fread(text, 1, sizeof text - 1, said);
    while (got > 0 && (text[got - 1] == '\n' || text[got - 1] == ' ')) got--;
    text[got] = '\0';
    const char *last = strrchr(text, '\n');
    last = last != NULL ? last + 1 : text;
    if (*last != '\0') snprintf(line, size, "%.*s", (int)size - 1, last);
}

static SdqnStatus report_failure(SdqnFilm *film, int ended, SdqnError *error) {
    char line[400];
    read_last_line(film->said, line, sizeof line);
    if (WIFSIGNALED(ended)) return sdqn_error_set(error, SDQN_ERR_IO, "%s: ffmpeg was killed by signal %d", film->path, WTERMSIG(ended));
    return sdqn_error_set(error, SDQN_ERR_IO, "%s: ffmpeg failed (exit code %d): %s", film->path, WEXITSTATUS(ended), line);
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
