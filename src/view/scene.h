// scene.h: what is to be seen of a lander, as a list of shapes in a picture of 600 x 400. Nothing is drawn here (view/draw.h).
//
// Colours, sizes and the order of drawing are those of Gymnasium's LunarLander-v3 (gymnasium 1.4.0, its method `render`).
#ifndef SDQN_VIEW_SCENE_H
#define SDQN_VIEW_SCENE_H

#include "lander/lander.h"
#include "view/flames.h"

#include <stdint.h>

#define SDQN_SCENE_WIDTH 600
#define SDQN_SCENE_HEIGHT 400
#define SDQN_SCENE_MAX_SHAPES 256
#define SDQN_SHAPE_MAX_POINTS 16
#define SDQN_SHAPE_TEXT_SIZE 96

/// A place in the picture: pixels to the right of its left edge, and down from its upper edge.
typedef struct SdqnPoint {
    double x, y;
} SdqnPoint;

/// alpha 0 is unseen, 255 covers what is behind.
typedef struct SdqnColor {
    uint8_t red, green, blue, alpha;
} SdqnColor;

/// What a shape is part of.
typedef enum SdqnPart {
    SDQN_PART_MOON = 0,
    SDQN_PART_SKY,
    SDQN_PART_FLAME,
    SDQN_PART_HULL,
    SDQN_PART_LEG,                                  ///< and the other leg
    SDQN_PART_FLAG = SDQN_PART_LEG + SDQN_NUM_LEGS, ///< the left one, and the right one
    SDQN_PART_OVERLAY = SDQN_PART_FLAG + 2,
} SdqnPart;

typedef enum SdqnShapeKind {
    SDQN_SHAPE_POLYGON = 0, ///< closed: filled, then outlined
    SDQN_SHAPE_LINE,        ///< through the points: outlined alone
    SDQN_SHAPE_CIRCLE,      ///< about the first point: filled
    SDQN_SHAPE_TEXT,        ///< one line, its base line at the first point, in the colour of filling
} SdqnShapeKind;

typedef enum SdqnAlign { SDQN_ALIGN_LEFT = 0, SDQN_ALIGN_CENTER, SDQN_ALIGN_RIGHT } SdqnAlign;

typedef struct SdqnShape {
    SdqnShapeKind kind;
    SdqnPart part;
    int num_points;
    SdqnPoint points[SDQN_SHAPE_MAX_POINTS];
    SdqnColor fill, outline;
    double line_width;               ///< pixels; 0: no outline
    double size;                     ///< radius of a circle, height of a text's letters with all that hangs, pixels
    SdqnAlign align;                 ///< of a text about its point
    char text[SDQN_SHAPE_TEXT_SIZE]; ///< UTF-8
} SdqnShape;

/// Shapes from the back to the front, in a picture of SDQN_SCENE_WIDTH x SDQN_SCENE_HEIGHT.
typedef struct SdqnScene {
    int num_shapes;
    SdqnShape shapes[SDQN_SCENE_MAX_SHAPES];
} SdqnScene;

/// Make the scene of a lander that has been reset, as Gymnasium draws it.
/// @param flames  behind its engines; NULL: none
void sdqn_scene_make(SdqnScene *scene, const SdqnLander *lander, const SdqnFlames *flames);

/// Add a shape, all zeros but its kind and part, in front of all others.
/// @return to be filled in; the last one again if the scene is full, which only our own bug can bring about
SdqnShape *sdqn_scene_add(SdqnScene *scene, SdqnShapeKind kind, SdqnPart part);

#endif
