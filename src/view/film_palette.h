// film_palette.h: the colours of films that can have but 256: those of pictures, and between them what antialiasing makes.
#ifndef SDQN_VIEW_FILM_PALETTE_H
#define SDQN_VIEW_FILM_PALETTE_H

#include <stdint.h>

#define SDQN_FILM_COLORS 256

/// @param colors  [SDQN_FILM_COLORS] written, each 0xffRRGGBB
void sdqn_film_palette(uint32_t colors[SDQN_FILM_COLORS]);

#endif
