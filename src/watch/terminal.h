// terminal.h: a terminal taken over for a while and always given back as it was: at the end, on signals, on a crash.
//
// Escape sequences are written as every terminal in use today reads them (ECMA-48 and xterm's alternate screen), so that no terminal
// library is needed, here or on the machine that is logged in from.
#ifndef SDQN_WATCH_TERMINAL_H
#define SDQN_WATCH_TERMINAL_H

#include "core/error.h"

#include <stdbool.h>

/// Whether standard output is a terminal that can be drawn on.
bool sdqn_terminal_can_draw(void);

/// Whether the user's locale writes UTF-8, be it installed here or not.
bool sdqn_terminal_speaks_utf8(void);

/// Whether the terminal may be expected to have letters beyond those of languages: not the console of Linux, which has 512 in all.
bool sdqn_terminal_has_braille(void);

/// Take over the terminal of standard output: another screen, no cursor, keys without echo. One at a time.
SdqnStatus sdqn_terminal_open(SdqnError *error);
/// Give it back. It is no error if it was not taken.
void sdqn_terminal_close(void);

/// Its size; that of a terminal that does not say is 80 x 24.
void sdqn_terminal_size(int *width, int *height);

/// What sdqn_terminal_wait saw.
typedef enum SdqnTerminalEvent {
    SDQN_TERMINAL_TIME = 0, ///< nothing
    SDQN_TERMINAL_KEY,
    SDQN_TERMINAL_RESIZED, ///< or stopped and continued: all must be drawn again
    SDQN_TERMINAL_END,     ///< a signal asks to end, or nobody is at the keys any more
} SdqnTerminalEvent;

/// Wait for a key or a signal. @param key  receives the byte of a KEY
SdqnTerminalEvent sdqn_terminal_wait(int milliseconds, char *key);

/// Show a frame at once, whatever its size. @return false if the terminal is gone, or a signal asks to end before all is shown
bool sdqn_terminal_show(const char *frame, size_t size);

/// The signal that asked to end, 0: none. For the caller to end by it, the terminal given back.
int sdqn_terminal_signal(void);

#endif
