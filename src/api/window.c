// window.c: a window of the public API that shows pictures at the speed of the environment.
#include "view/window.h"
#include "core/clock.h"

#include <sharedqn.h>

#include <stdlib.h>
#include <time.h>

#define SECONDS_A_PICTURE (1.0 / 50)

struct SdqnWindow {
    const SdqnWindowModule *module;
    SdqnScreen *screen;
    double next; ///< when the next picture may be shown, on sdqn_clock_seconds
    uint32_t pixels[SDQN_PICTURE_HEIGHT * SDQN_PICTURE_WIDTH];
};

SdqnStatus sdqn_window_create(const char *title, SdqnWindow **window, SdqnError *error) {
    SdqnWindow *made = calloc(1, sizeof *made);
    if (made == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "window: out of memory");
    SdqnStatus status = sdqn_window_load(&made->module, error);
    if (status == SDQN_OK) status = made->module->open(title, SDQN_PICTURE_WIDTH, SDQN_PICTURE_HEIGHT, &made->screen, error);
    if (status != SDQN_OK) {
        free(made);
        return status;
    }
    *window = made;
    return SDQN_OK;
}

void sdqn_window_destroy(SdqnWindow *window) {
    if (window == NULL) return;
    window->module->close(window->screen);
    free(window);
}

static void wait_until(double time) {
    const double left = time - sdqn_clock_seconds();
    if (left <= 0) return;
    const struct timespec pause = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
    nanosleep(&pause, NULL);
}

SdqnStatus sdqn_window_show(SdqnWindow *window, const uint8_t *rgb, int *closed, SdqnError *error) {
    for (size_t i = 0; i < (size_t)SDQN_PICTURE_HEIGHT * SDQN_PICTURE_WIDTH; i++, rgb += 3)
        window->pixels[i] = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    wait_until(window->next);
    const double now = sdqn_clock_seconds();
    window->next = (window->next > now - SECONDS_A_PICTURE ? window->next : now) + SECONDS_A_PICTURE;
    const SdqnStatus status =
        window->module->show(window->screen, (const uint8_t *)window->pixels, SDQN_PICTURE_WIDTH * sizeof *window->pixels,
                             SDQN_PICTURE_WIDTH, SDQN_PICTURE_HEIGHT, error);
    if (status != SDQN_OK) return status;
    SdqnEvent event;
    *closed = 0;
    while (window->module->poll(window->screen, &event)) *closed |= event.kind == SDQN_EVENT_CLOSE;
    return SDQN_OK;
}
