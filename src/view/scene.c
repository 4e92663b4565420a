#include "view/scene.h"

#include "view/colors.h"

#include <assert.h>
#include <math.h>

#define PIXELS_PER_METRE 30.0
#define WORLD_HEIGHT (SDQN_SCENE_HEIGHT / PIXELS_PER_METRE)

/// A place of the world in the picture. Gymnasium draws upside down and then turns the rows about; whole numbers are the middles of its
/// pixels.
static SdqnPoint place(double x, double y) {
    return (SdqnPoint){x * PIXELS_PER_METRE + 0.5, SDQN_SCENE_HEIGHT - 0.5 - y * PIXELS_PER_METRE};
}

SdqnShape *sdqn_scene_add(SdqnScene *scene, SdqnShapeKind kind, SdqnPart part) {
    assert(scene->num_shapes < SDQN_SCENE_MAX_SHAPES);
    if (scene->num_shapes < SDQN_SCENE_MAX_SHAPES) scene->num_shapes++;
    SdqnShape *shape = &scene->shapes[scene->num_shapes - 1];
    *shape = (SdqnShape){.kind = kind, .part = part};
    return shape;
}

static void add_point(SdqnShape *shape, SdqnPoint point) {
    assert(shape->num_points < SDQN_SHAPE_MAX_POINTS);
    shape->points[shape->num_points++] = point;
}

static void add_moon(SdqnScene *scene) {
    SdqnShape *moon = sdqn_scene_add(scene, SDQN_SHAPE_POLYGON, SDQN_PART_MOON);
    moon->fill = SDQN_WHITE;
    add_point(moon, (SdqnPoint){0, 0});
    add_point(moon, (SdqnPoint){SDQN_SCENE_WIDTH, 0});
    add_point(moon, (SdqnPoint){SDQN_SCENE_WIDTH, SDQN_SCENE_HEIGHT});
    add_point(moon, (SdqnPoint){0, SDQN_SCENE_HEIGHT});
}

/// The same in whole pixels, cut off as pygame cuts the corners of what it fills. What is a whole number but for rounding to float32 is
/// one.
static SdqnPoint whole_place(double x, double y) {
    const double rounding = 1e-3;
    return (SdqnPoint){trunc(x * PIXELS_PER_METRE + rounding) + 0.5, SDQN_SCENE_HEIGHT - 0.5 - trunc(y * PIXELS_PER_METRE + rounding)};
}

/// The sky reaches down to the terrain: edges 1 to 10 of the world, from left to right.
static void add_sky(SdqnScene *scene, const SdqnWorld *world) {
    SdqnShape *sky = sdqn_scene_add(scene, SDQN_SHAPE_POLYGON, SDQN_PART_SKY);
    sky->fill = sky->outline = SDQN_BLACK;
    sky->line_width = 1;
    for (int e = 1; e < SDQN_NUM_EDGES; e++) add_point(sky, whole_place((double)world->edges[e].v1.x, (double)world->edges[e].v1.y));
    const SdqnVec2 end = world->edges[SDQN_NUM_EDGES - 1].v2;
    add_point(sky, whole_place((double)end.x, (double)end.y));
    add_point(sky, whole_place((double)end.x, WORLD_HEIGHT));
    add_point(sky, whole_place(0, WORLD_HEIGHT));
}

static uint8_t glow(double heat) { return (uint8_t)((heat > 0.2 ? heat : 0.2) * 255); }

SdqnColor sdqn_color_of_heat(double heat) { return (SdqnColor){glow(0.15 + heat), glow(0.5 * heat), glow(0.5 * heat), 255}; }

static void add_flame(SdqnScene *scene, const SdqnFlame *flame) {
    SdqnShape *disc = sdqn_scene_add(scene, SDQN_SHAPE_CIRCLE, SDQN_PART_FLAME);
    disc->size = 1.9; // corners as dark as pygame's disc of radius 2 has them
    disc->fill = sdqn_color_of_heat(flame->heat);
    const SdqnPoint center = whole_place(flame->x, flame->y);
    add_point(disc, (SdqnPoint){center.x - 0.5, center.y + 0.5}); // pygame's disc of radius 2 is 4 pixels wide
}

/// Filled in whole pixels, outlined where it is.
static void add_body(SdqnScene *scene, const SdqnWorld *world, int body) {
    const SdqnPolygon *polygon = sdqn_world_polygon(world, body);
    const SdqnTransform transform = world->bodies[body].transform;
    const SdqnPart part = (SdqnPart)(SDQN_PART_HULL + body);
    SdqnShape *inside = sdqn_scene_add(scene, SDQN_SHAPE_POLYGON, part), *outline = sdqn_scene_add(scene, SDQN_SHAPE_POLYGON, part);
    inside->fill = inside->outline = SDQN_PURPLE;
    outline->outline = SDQN_DARK_PURPLE;
    inside->line_width = outline->line_width = 1;
    for (int i = 0; i < polygon->count; i++) {
        const SdqnVec2 corner = sdqn_transform(transform, polygon->vertex[i]);
        add_point(inside, whole_place((double)corner.x, (double)corner.y));
        add_point(outline, place((double)corner.x, (double)corner.y));
    }
}

/// @param side  0 left, 1 right
static void add_flag(SdqnScene *scene, const SdqnLander *lander, int side) {
    const double pole_height = 50, flag_height = 10, flag_width = 25; // pixels
    const SdqnPart part = (SdqnPart)(SDQN_PART_FLAG + side);
    // The pad's ends are the terrain's points 4 and 6, where edges 5 and 7 begin.
    const SdqnPoint foot = place((double)lander->world.edges[5 + 2 * side].v1.x, lander->helipad_y);
    const SdqnPoint top = {foot.x, foot.y - pole_height};
    SdqnShape *pole = sdqn_scene_add(scene, SDQN_SHAPE_LINE, part);
    pole->outline = SDQN_WHITE;
    pole->line_width = 1;
    add_point(pole, foot);
    add_point(pole, top);
    SdqnShape *flag = sdqn_scene_add(scene, SDQN_SHAPE_POLYGON, part);
    flag->fill = flag->outline = SDQN_YELLOW;
    flag->line_width = 1;
    add_point(flag, top);
    add_point(flag, (SdqnPoint){top.x, top.y + flag_height});
    add_point(flag, (SdqnPoint){top.x + flag_width, top.y + flag_height / 2});
}

void sdqn_scene_make(SdqnScene *scene, const SdqnLander *lander, const SdqnFlames *flames) {
    scene->num_shapes = 0;
    add_moon(scene);
    add_sky(scene, &lander->world);
    const int num_flames = flames != NULL ? flames->count : 0;
    for (int i = 0; i < num_flames; i++) add_flame(scene, &flames->flames[i]);
    for (int b = 0; b < SDQN_NUM_BODIES; b++) add_body(scene, &lander->world, b);
    // Gymnasium draws the flags anew with each body and each particle, which makes their edges harder every time.
    for (int i = 0; i < SDQN_NUM_BODIES + num_flames; i++)
        for (int side = 0; side < 2; side++) add_flag(scene, lander, side);
}
