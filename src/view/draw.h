// draw.h: scenes to pixels. The drawing is done by cairo in a helper that is loaded when the first picture is asked for, so that a
// program that never draws needs no cairo.
#ifndef SDQN_VIEW_DRAW_H
#define SDQN_VIEW_DRAW_H

#include "core/error.h"
#include "core/module.h"
#include "view/scene.h"

#include <stddef.h>
#include <stdint.h>

/// Pixels to draw on. Not thread-safe.
typedef struct SdqnCanvas SdqnCanvas;

/// Changes with anything that helper and program must agree on: the table below, or the shapes of a scene.
#define SDQN_DRAW_VERSION 1

/// Sides of a canvas, pixels.
#define SDQN_CANVAS_MAX_SIDE 8192

/// What the helper exports, as sdqn_draw_module (core/module.h).
typedef struct SdqnDraw {
    SdqnModuleHead head;

    /// @param width, height  pixels, in [1, SDQN_CANVAS_MAX_SIDE] @return SDQN_OK, SDQN_ERR_ARGUMENT or SDQN_ERR_MEMORY
    SdqnStatus (*create)(int width, int height, SdqnCanvas **canvas, SdqnError *error);
    void (*destroy)(SdqnCanvas *canvas); ///< NULL is allowed

    /// Draw a scene as large as it fits in, in the middle, on black. The same scene gives the same pixels (texts: with the same fonts).
    /// @return SDQN_OK or SDQN_ERR_MEMORY
    SdqnStatus (*draw)(SdqnCanvas *canvas, const SdqnScene *scene, SdqnError *error);

    /// The picture: rows from the top, `stride` bytes from one to the next, each pixel 0xffRRGGBB in the machine's byte order.
    /// Valid until the next call.
    const uint8_t *(*pixels)(SdqnCanvas *canvas, size_t *stride);

    /// The picture as a PNG file. @param bytes  to be freed by the caller @return SDQN_OK or SDQN_ERR_MEMORY
    SdqnStatus (*png)(SdqnCanvas *canvas, uint8_t **bytes, size_t *size, SdqnError *error);
} SdqnDraw;

/// Load the helper.
/// @return SDQN_OK, or SDQN_ERR_IO with what is missing and how to get it
SdqnStatus sdqn_draw_load(const SdqnDraw **draw, SdqnError *error);

#endif
