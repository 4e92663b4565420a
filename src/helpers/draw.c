// draw.c: the helper that draws scenes, with cairo: antialiased polygons, circles and texts in memory, without a display.
#include "view/draw.h"

#include <cairo/cairo.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct SdqnCanvas {
    int width, height;
    cairo_surface_t *surface;
    cairo_t *cairo;
};

static SdqnStatus from_cairo(cairo_status_t status, SdqnError *error) {
    if (status == CAIRO_STATUS_SUCCESS) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_MEMORY, "picture: cairo: %s", cairo_status_to_string(status));
}

static void destroy(SdqnCanvas *canvas) {
    if (canvas == NULL) return;
    cairo_destroy(canvas->cairo);
    cairo_surface_destroy(canvas->surface);
    free(canvas);
}

static SdqnStatus create(int width, int height, SdqnCanvas **canvas, SdqnError *error) {
    if (width < 1 || width > SDQN_CANVAS_MAX_SIDE || height < 1 || height > SDQN_CANVAS_MAX_SIDE)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "picture: %d x %d pixels: each side must be in [1, %d]", width, height,
                              SDQN_CANVAS_MAX_SIDE);
    SdqnCanvas *made = calloc(1, sizeof *made);
    if (made == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "picture: out of memory");
    made->width = width;
    made->height = height;
    made->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    made->cairo = cairo_create(made->surface);
    const SdqnStatus status = from_cairo(cairo_status(made->cairo), error);
    if (status != SDQN_OK) {
        destroy(made);
        return status;
    }
    *canvas = made;
    return SDQN_OK;
}

static void set_color(cairo_t *cairo, SdqnColor color) {
    cairo_set_source_rgba(cairo, color.red / 255.0, color.green / 255.0, color.blue / 255.0, color.alpha / 255.0);
}

/// Cairo's own numbers end at some millions; what is that far away is not seen. A NaN is far away too.
static bool is_near(const SdqnShape *shape) {
    const double far = 1e5;
    for (int i = 0; i < shape->num_points; i++)
        if (!(shape->points[i].x > -far && shape->points[i].x < far && shape->points[i].y > -far && shape->points[i].y < far)) return false;
    return true;
}

static void draw_path(cairo_t *cairo, const SdqnShape *shape) {
    for (int i = 0; i < shape->num_points; i++) cairo_line_to(cairo, shape->points[i].x, shape->points[i].y);
    if (shape->kind == SDQN_SHAPE_POLYGON) {
        cairo_close_path(cairo);
        set_color(cairo, shape->fill);
        cairo_fill_preserve(cairo);
    }
    if (shape->line_width > 0) {
        set_color(cairo, shape->outline);
        cairo_set_line_width(cairo, shape->line_width);
        cairo_stroke_preserve(cairo);
    }
    cairo_new_path(cairo);
}

static void draw_circle(cairo_t *cairo, const SdqnShape *shape) {
    const double full_turn = 6.28318530717958647692;
    cairo_arc(cairo, shape->points[0].x, shape->points[0].y, shape->size, 0, full_turn);
    set_color(cairo, shape->fill);
    cairo_fill(cairo);
}

static void draw_text(cairo_t *cairo, const SdqnShape *shape) {
    cairo_text_extents_t extents;
    cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, shape->size);
    cairo_text_extents(cairo, shape->text, &extents);
    const double before = shape->align == SDQN_ALIGN_LEFT     ? 0
                          : shape->align == SDQN_ALIGN_CENTER ? extents.x_advance / 2
                                                              : extents.x_advance;
    set_color(cairo, shape->fill);
    cairo_move_to(cairo, shape->points[0].x - before, shape->points[0].y);
    cairo_show_text(cairo, shape->text);
    cairo_new_path(cairo);
}

static SdqnStatus draw(SdqnCanvas *canvas, const SdqnScene *scene, SdqnError *error) {
    cairo_t *cairo = canvas->cairo;
    const double across = (double)canvas->width / SDQN_SCENE_WIDTH, down = (double)canvas->height / SDQN_SCENE_HEIGHT;
    const double scale = across < down ? across : down;
    cairo_save(cairo);
    set_color(cairo, (SdqnColor){0, 0, 0, 255});
    cairo_paint(cairo);
    cairo_translate(cairo, (canvas->width - scale * SDQN_SCENE_WIDTH) / 2, (canvas->height - scale * SDQN_SCENE_HEIGHT) / 2);
    cairo_scale(cairo, scale, scale);
    cairo_rectangle(cairo, 0, 0, SDQN_SCENE_WIDTH, SDQN_SCENE_HEIGHT);
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_NONE); // else what is covered shines through at the edges
    cairo_clip(cairo);
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_DEFAULT);
    for (int i = 0; i < scene->num_shapes; i++) {
        const SdqnShape *shape = &scene->shapes[i];
        if (!is_near(shape)) continue;
        if (shape->kind == SDQN_SHAPE_CIRCLE)
            draw_circle(cairo, shape);
        else if (shape->kind == SDQN_SHAPE_TEXT)
            draw_text(cairo, shape);
        else
            draw_path(cairo, shape);
    }
    cairo_restore(cairo);
    return from_cairo(cairo_status(cairo), error);
}

static const uint8_t *pixels(SdqnCanvas *canvas, size_t *stride) {
    cairo_surface_flush(canvas->surface);
    *stride = (size_t)cairo_image_surface_get_stride(canvas->surface);
    return cairo_image_surface_get_data(canvas->surface);
}

typedef struct Bytes {
    uint8_t *data;
    size_t size, capacity;
} Bytes;

static cairo_status_t append(void *closure, const unsigned char *data, unsigned int length) {
    Bytes *bytes = closure;
    if (bytes->capacity - bytes->size < length) {
        const size_t capacity = 2 * bytes->capacity + length;
        uint8_t *grown = realloc(bytes->data, capacity);
        if (grown == NULL) return CAIRO_STATUS_NO_MEMORY;
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    memcpy(bytes->data + bytes->size, data, length);
    bytes->size += length;
    return CAIRO_STATUS_SUCCESS;
}

static SdqnStatus png(SdqnCanvas *canvas, uint8_t **bytes, size_t *size, SdqnError *error) {
    Bytes made = {0};
    const SdqnStatus status = from_cairo(cairo_surface_write_to_png_stream(canvas->surface, append, &made), error);
    if (status != SDQN_OK) {
        free(made.data);
        return status;
    }
    *bytes = made.data;
    *size = made.size;
    return SDQN_OK;
}

extern const SdqnDraw sdqn_draw_module;
SDQN_MODULE_EXPORT const SdqnDraw sdqn_draw_module = {
    .head = {SDQN_DRAW_VERSION, sizeof(SdqnDraw)},
    .create = create,
    .destroy = destroy,
    .draw = draw,
    .pixels = pixels,
    .png = png,
};
