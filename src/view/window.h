// window.h: a window on the screen. SDL2 shows it, in a helper that is loaded when the first window is asked for.
#ifndef SDQN_VIEW_WINDOW_H
#define SDQN_VIEW_WINDOW_H

#include "core/error.h"
#include "core/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Not thread-safe: one thread makes it, shows it and asks it for events.
typedef struct SdqnScreen SdqnScreen;

/// Keys: what is printed on them in ASCII, small letters, or one of these.
enum { SDQN_KEY_ESCAPE = 27, SDQN_KEY_LEFT = 256, SDQN_KEY_RIGHT, SDQN_KEY_UP, SDQN_KEY_DOWN, SDQN_KEY_HELP, SDQN_KEY_OTHER };

typedef enum SdqnEventKind {
    SDQN_EVENT_KEY_DOWN = 0,
    SDQN_EVENT_KEY_UP,
    SDQN_EVENT_FOCUS_LOST, ///< keys that are let go now will not be told
    SDQN_EVENT_CLOSE,
} SdqnEventKind;

/// What a person did.
typedef struct SdqnEvent {
    SdqnEventKind kind;
    int key;        ///< of a key
    bool is_repeat; ///< the key was held down already
} SdqnEvent;

#define SDQN_WINDOW_VERSION 1

/// What the helper exports, as sdqn_window_module (core/module.h).
typedef struct SdqnWindowModule {
    SdqnModuleHead head;

    /// Open a window that can be resized. @param width, height  of its inside at first, in the desktop's units
    /// @return SDQN_OK, SDQN_ERR_MEMORY, or SDQN_ERR_IO with what the desktop said
    SdqnStatus (*open)(const char *title, int width, int height, SdqnScreen **screen, SdqnError *error);
    void (*close)(SdqnScreen *screen); ///< NULL is allowed
    /// Pixels of its inside now; on fine screens more than the desktop's units.
    void (*size)(SdqnScreen *screen, int *width, int *height);
    /// Show a picture over the whole inside, stretched if it has another size.
    /// @param pixels  rows from the top, `stride` bytes from one to the next, each pixel 0x__RRGGBB in the machine's byte order
    SdqnStatus (*show)(SdqnScreen *screen, const uint8_t *pixels, size_t stride, int width, int height, SdqnError *error);
    /// The next thing a person did. @return false if there is none
    bool (*poll)(SdqnScreen *screen, SdqnEvent *event);
} SdqnWindowModule;

/// Load the helper. @return SDQN_OK, or SDQN_ERR_IO with what is missing and how to get it
SdqnStatus sdqn_window_load(const SdqnWindowModule **module, SdqnError *error);

#endif
