// window.c: the helper that shows windows, with SDL2: X11 and Wayland, fine screens, no toolkit.
#include "view/window.h"

#include <SDL2/SDL.h>
#include <stdlib.h>

struct SdqnScreen {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    int texture_width, texture_height;
};

static void close_window(SdqnScreen *screen) {
    if (screen == NULL) return;
    if (screen->texture != NULL) SDL_DestroyTexture(screen->texture);
    if (screen->renderer != NULL) SDL_DestroyRenderer(screen->renderer);
    if (screen->window != NULL) SDL_DestroyWindow(screen->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    free(screen);
}

static SdqnStatus from_sdl(const char *what, SdqnError *error) {
    return sdqn_error_set(error, SDQN_ERR_IO, "window: %s: %s", what, SDL_GetError());
}

/// SDL would go on to drivers that show nothing, or to the bare console.
static SdqnStatus choose_driver(SdqnError *error) {
    const char *chosen = getenv("SDL_VIDEODRIVER"), *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    if (chosen != NULL && chosen[0] != '\0') return SDQN_OK;
    const bool has_x11 = x11 != NULL && x11[0] != '\0', has_wayland = wayland != NULL && wayland[0] != '\0';
    if (!has_x11 && !has_wayland)
        return sdqn_error_set(error, SDQN_ERR_IO, "window: there is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set");
    SDL_SetHint(SDL_HINT_VIDEODRIVER, !has_wayland ? "x11" : has_x11 ? "x11,wayland" : "wayland");
    return SDQN_OK;
}

static SdqnStatus open_window(const char *title, int width, int height, SdqnScreen **screen, SdqnError *error) {
    const SdqnStatus status = choose_driver(error);
    if (status != SDQN_OK) return status;
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); // Ctrl-C stays the program's
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SdqnScreen *made = calloc(1, sizeof *made);
    if (made == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "window: out of memory");
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0) {
        free(made);
        return from_sdl("cannot reach the screen", error);
    }
    made->window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width, height,
                                    SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (made->window != NULL) {
        SDL_SetWindowMinimumSize(made->window, 300, 200);
        made->renderer = SDL_CreateRenderer(made->window, -1, 0);
        if (made->renderer == NULL) made->renderer = SDL_CreateRenderer(made->window, -1, SDL_RENDERER_SOFTWARE);
    }
    if (made->renderer == NULL) {
        from_sdl("cannot open one", error);
        close_window(made);
        return SDQN_ERR_IO;
    }
    *screen = made;
    return SDQN_OK;
}

static void size_of(SdqnScreen *screen, int *width, int *height) {
    if (SDL_GetRendererOutputSize(screen->renderer, width, height) != 0) SDL_GetWindowSize(screen->window, width, height);
}

static SdqnStatus show(SdqnScreen *screen, const uint8_t *pixels, size_t stride, int width, int height, SdqnError *error) {
    if (screen->texture == NULL || screen->texture_width != width || screen->texture_height != height) {
        if (screen->texture != NULL) SDL_DestroyTexture(screen->texture);
        screen->texture = SDL_CreateTexture(screen->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING, width, height);
        screen->texture_width = width;
        screen->texture_height = height;
        if (screen->texture == NULL) return from_sdl("cannot show a picture", error);
    }
    if (SDL_UpdateTexture(screen->texture, NULL, pixels, (int)stride) != 0 || SDL_RenderClear(screen->renderer) != 0 ||
        SDL_RenderCopy(screen->renderer, screen->texture, NULL, NULL) != 0)
        return from_sdl("cannot show a picture", error);
    SDL_RenderPresent(screen->renderer);
    return SDQN_OK;
}

/// Letters by what is printed on the keys; where that is no Latin letter, by where it is on an American keyboard.
static int key_of(SDL_Keysym keysym) {
    const SDL_Keycode code = keysym.sym;
    switch (code) {
    case SDLK_LEFT:
        return SDQN_KEY_LEFT;
    case SDLK_RIGHT:
        return SDQN_KEY_RIGHT;
    case SDLK_UP:
        return SDQN_KEY_UP;
    case SDLK_DOWN:
        return SDQN_KEY_DOWN;
    case SDLK_F1:
        return SDQN_KEY_HELP;
    case SDLK_KP_PLUS:
        return '+';
    case SDLK_KP_MINUS:
        return '-';
    case SDLK_KP_PERIOD:
        return '.';
    default:
        break;
    }
    if (code == '/' && (keysym.mod & KMOD_SHIFT)) return '?';
    if (code > 0 && code < 127) return (int)code;
    if (code > 0xff && !(code & SDLK_SCANCODE_MASK) && keysym.scancode >= SDL_SCANCODE_A && keysym.scancode <= SDL_SCANCODE_Z)
        return 'a' + (int)keysym.scancode - SDL_SCANCODE_A;
    return SDQN_KEY_OTHER;
}

#define CLOSE_ASKED "close asked" ///< a window's mark that somebody has tried to close it, found while another one was polled

/// @return whether an event of SDL, which come from all windows in one row, means something to this one
static bool translate(const SdqnScreen *screen, const SDL_Event *from, SdqnEvent *event) {
    const bool is_own = from->type == SDL_QUIT || SDL_GetWindowFromID(from->window.windowID) == screen->window;
    if (is_own && (from->type == SDL_KEYDOWN || from->type == SDL_KEYUP)) {
        const SdqnEventKind kind = from->type == SDL_KEYDOWN ? SDQN_EVENT_KEY_DOWN : SDQN_EVENT_KEY_UP;
        *event = (SdqnEvent){kind, key_of(from->key.keysym), from->key.repeat != 0};
        return true;
    }
    const bool closes = from->type == SDL_WINDOWEVENT && from->window.event == SDL_WINDOWEVENT_CLOSE;
    if (from->type == SDL_QUIT || (is_own && closes)) {
        *event = (SdqnEvent){.kind = SDQN_EVENT_CLOSE};
        return true;
    }
    if (closes) {
        SDL_Window *other = SDL_GetWindowFromID(from->window.windowID);
        static char mark;
        if (other != NULL) SDL_SetWindowData(other, CLOSE_ASKED, &mark);
    }
    if (is_own && from->type == SDL_WINDOWEVENT && from->window.event == SDL_WINDOWEVENT_FOCUS_LOST) {
        *event = (SdqnEvent){.kind = SDQN_EVENT_FOCUS_LOST};
        return true;
    }
    return false;
}

static bool poll_event(SdqnScreen *screen, SdqnEvent *event) {
    SDL_Event from;
    if (SDL_SetWindowData(screen->window, CLOSE_ASKED, NULL) != NULL) {
        *event = (SdqnEvent){.kind = SDQN_EVENT_CLOSE};
        return true;
    }
    while (SDL_PollEvent(&from))
        if (translate(screen, &from, event)) return true;
    return false;
}

extern const SdqnWindowModule sdqn_window_module;
SDQN_MODULE_EXPORT const SdqnWindowModule sdqn_window_module = {
    .head = {SDQN_WINDOW_VERSION, sizeof(SdqnWindowModule)},
    .open = open_window,
    .close = close_window,
    .size = size_of,
    .show = show,
    .poll = poll_event,
};
