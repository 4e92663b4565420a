// film.h: pictures into a film, by ffmpeg as a program of its own; no display is needed.
#ifndef SDQN_VIEW_FILM_H
#define SDQN_VIEW_FILM_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

typedef enum SdqnFilmKind {
    SDQN_FILM_MP4 = 0, ///< H.264 in 4:2:0, 50 pictures a second, playable while it loads
    SDQN_FILM_GIF,     ///< every second picture, 25 a second, in a palette of the pictures' own colours
    SDQN_FILM_PNG,     ///< no film: the last picture of each episode
} SdqnFilmKind;

/// What the ending of a file's name asks for. @return SDQN_OK, or SDQN_ERR_ARGUMENT with what is allowed
SdqnStatus sdqn_film_kind(const char *path, SdqnFilmKind *kind, SdqnError *error);

/// A film in the making. It is written to `path`.tmp and renamed when it is whole; nothing is left of one that fails.
typedef struct SdqnFilm SdqnFilm;

/// Start ffmpeg. The process must ignore SIGPIPE.
/// @param kind  MP4 or GIF @param width, height  pixels of every picture, even
/// @return SDQN_OK, SDQN_ERR_MEMORY, or SDQN_ERR_IO (no such folder, ffmpeg is missing)
SdqnStatus sdqn_film_open(const char *path, SdqnFilmKind kind, int width, int height, SdqnFilm **film, SdqnError *error);
/// Add a picture: rows from the top, `stride` bytes from one to the next, each pixel 0x__RRGGBB in the machine's byte order.
/// @return SDQN_OK, or SDQN_ERR_IO with the last that ffmpeg said; the film is then to be discarded
SdqnStatus sdqn_film_add(SdqnFilm *film, const uint8_t *pixels, size_t stride, SdqnError *error);
/// End and free the film. @return SDQN_OK, or SDQN_ERR_IO (then there is no film)
SdqnStatus sdqn_film_finish(SdqnFilm *film, SdqnError *error);
/// Free a film that is not wanted, and what is written of it; NULL is allowed.
void sdqn_film_discard(SdqnFilm *film);

#endif
