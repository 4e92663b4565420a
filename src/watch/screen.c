#include "watch/screen.h"

#include <stdarg.h>
#include <stdlib.h>

static int clamp(int value, int low, int high) { return value < low ? low : value > high ? high : value; }

SdqnStatus sdqn_screen_create(int width, int height, bool ascii, SdqnScreen *screen, SdqnError *error) {
    *screen =
        (SdqnScreen){.width = clamp(width, 1, SDQN_SCREEN_MAX_WIDTH), .height = clamp(height, 1, SDQN_SCREEN_MAX_HEIGHT), .ascii = ascii};
    const size_t count = (size_t)screen->width * (size_t)screen->height;
    screen->cells = calloc(count, sizeof *screen->cells);
    if (screen->cells == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "watch: out of memory for the screen");
    for (size_t i = 0; i < count; i++) screen->cells[i].letter = ' ';
    return SDQN_OK;
}

void sdqn_screen_destroy(SdqnScreen *screen) {
    free(screen->cells);
    *screen = (SdqnScreen){0};
}

void sdqn_screen_put(SdqnScreen *screen, int row, int column, SdqnColour colour, uint32_t letter) {
    if (row < 0 || row >= screen->height || column < 0 || column >= screen->width) return;
    screen->cells[(size_t)row * (size_t)screen->width + (size_t)column] = (SdqnCell){letter, (uint8_t)colour};
}

/// Take one character from UTF-8. @return the first that follows; `letter` is 0 if the bytes are none
static const char *take_letter(const char *text, uint32_t *letter) {
    const unsigned char first = (unsigned char)*text++;
    const int more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : -1;
    *letter = more == 0 ? first : more == 1 ? first & 0x1fU : more == 2 ? first & 0x0fU : 0;
    for (int i = 0; i < more; i++) {
        if (((unsigned char)*text & 0xc0) != 0x80) {
            *letter = 0;
            return text;
        }
        *letter = *letter << 6 | ((unsigned char)*text++ & 0x3fU);
    }
    return text;
}

/// Whether a character takes one column, in every font: Latin, Greek and Cyrillic, punctuation, arrows, boxes, blocks, braille.
static bool is_narrow(uint32_t letter) {
    return (letter >= 0x20 && letter < 0x7f) || (letter >= 0xa1 && letter < 0x300 && letter != 0xad) ||
           (letter >= 0x370 && letter < 0x483) || (letter >= 0x2010 && letter < 0x2028) || (letter >= 0x2190 && letter < 0x2200) ||
           (letter >= 0x2500 && letter < 0x25a0) || (letter >= 0x2800 && letter < 0x2900);
}

int sdqn_screen_text(SdqnScreen *screen, int row, int column, int column_end, SdqnColour colour, const char *text) {
    while (*text != '\0' && column < column_end) {
        uint32_t letter;
        text = take_letter(text, &letter);
        if (!is_narrow(letter) || (screen->ascii && letter >= 0x7f)) letter = '?';
        sdqn_screen_put(screen, row, column++, colour, letter);
    }
    return column;
}

int sdqn_screen_print(SdqnScreen *screen, int row, int column, int column_end, SdqnColour colour, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return sdqn_screen_text(screen, row, column, column_end, colour, text);
}

static void write_letter(uint32_t letter, FILE *out) {
    if (letter < 0x80) {
        fputc((int)letter, out);
    } else if (letter < 0x800) {
        fprintf(out, "%c%c", (int)(0xc0 | letter >> 6), (int)(0x80 | (letter & 0x3f)));
    } else {
        fprintf(out, "%c%c%c", (int)(0xe0 | letter >> 12), (int)(0x80 | (letter >> 6 & 0x3f)), (int)(0x80 | (letter & 0x3f)));
    }
}

/// @return columns written
static int write_row(const SdqnCell *cells, int width, bool colours, FILE *out) {
    static const char *const codes[] = {"0", "2", "1", "31", "32", "33", "36"};
    int colour = SDQN_COLOUR_PLAIN;
    while (width > 0 && cells[width - 1].letter == ' ') width--;
    for (int c = 0; c < width; c++) {
        if (colours && cells[c].colour != colour && cells[c].letter != ' ') {
            colour = cells[c].colour;
            fprintf(out, "\033[0;%sm", codes[colour]);
        }
        write_letter(cells[c].letter, out);
    }
    if (colour != SDQN_COLOUR_PLAIN) fputs("\033[0m", out);
    return width;
}

void sdqn_screen_write(const SdqnScreen *screen, bool colours, bool in_place, FILE *out) {
    if (in_place) fputs("\033[H", out);
    for (int row = 0; row < screen->height; row++) {
        const int written = write_row(screen->cells + (size_t)row * (size_t)screen->width, screen->width, colours, out);
        // Behind a full line the cursor still stands on its last character, which erasing would take.
        if (in_place && written < screen->width) fputs("\033[K", out);
        if (in_place && row + 1 < screen->height) fputs("\r\n", out);
        if (!in_place) fputc('\n', out);
    }
}
