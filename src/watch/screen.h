// screen.h: a rectangle of characters that is drawn in memory and then written as text, with or without colours.
#ifndef SDQN_WATCH_SCREEN_H
#define SDQN_WATCH_SCREEN_H

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SDQN_SCREEN_MAX_WIDTH 500
#define SDQN_SCREEN_MAX_HEIGHT 300

/// The terminal's own colours, so that they suit its background.
typedef enum SdqnColour {
    SDQN_COLOUR_PLAIN = 0,
    SDQN_COLOUR_DIM,
    SDQN_COLOUR_BOLD,
    SDQN_COLOUR_RED,
    SDQN_COLOUR_GREEN,
    SDQN_COLOUR_YELLOW,
    SDQN_COLOUR_CYAN,
} SdqnColour;

typedef struct SdqnCell {
    uint32_t letter; ///< a character of one column
    uint8_t colour;
} SdqnCell;

typedef struct SdqnScreen {
    int width, height;
    bool ascii;      ///< nothing else may be written
    SdqnCell *cells; ///< [height, width]
} SdqnScreen;

/// An empty screen. @param width, height  made to fit 1 and the maxima @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_screen_create(int width, int height, bool ascii, SdqnScreen *screen, SdqnError *error);
/// All zeros is allowed.
void sdqn_screen_destroy(SdqnScreen *screen);

/// Put one character; outside the screen nothing happens.
void sdqn_screen_put(SdqnScreen *screen, int row, int column, SdqnColour colour, uint32_t letter);

/// Put UTF-8 text, cut at `column_end`. What is no printable character of one column, or no ASCII on an ASCII screen, becomes '?'.
/// @return the column behind it
int sdqn_screen_text(SdqnScreen *screen, int row, int column, int column_end, SdqnColour colour, const char *text);
/// The same from a format, of at most 511 bytes.
int sdqn_screen_print(SdqnScreen *screen, int row, int column, int column_end, SdqnColour colour, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/// Write the screen as lines without spaces at their ends.
/// @param colours   with the terminal's sequences for colours
/// @param in_place  for a terminal: each line over the old one, from the upper left corner; else line feeds end the lines
void sdqn_screen_write(const SdqnScreen *screen, bool colours, bool in_place, FILE *out);

#endif
