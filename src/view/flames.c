#include "view/flames.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// Gymnasium's particle: a disc of radius 2 pixels.
#define PIXELS_PER_METRE 30.0
#define PI 3.14159265358979323846
#define MAIN_DENSITY 3.5 ///< kg/m^2, of the main engine's
#define SIDE_DENSITY 0.7
#define RESTITUTION 0.3
#define FRICTION 0.1
#define SKIN 0.01       ///< metres that Box2D leaves between a disc and an edge
#define SLOW_IMPACT 1.0 ///< m/s; a slower impact does not bounce
#define FADING 0.15     ///< heat lost in each picture
#define SECONDS (1.0 / 50.0)

/// Where a move by (dx, dy) first comes as near to an edge as a disc can. @return the share of the move, 1: not at all
static double time_of_impact(const SdqnFlame *flame, const SdqnEdge *edge, double dx, double dy) {
    const double up_x = -(double)edge->normal.x, up_y = -(double)edge->normal.y; // the ground's normals point down
    const double distance = (flame->x - (double)edge->v1.x) * up_x + (flame->y - (double)edge->v1.y) * up_y - SDQN_FLAME_RADIUS - SKIN;
    const double approach = -(dx * up_x + dy * up_y);
    if (approach <= 0 || distance < -SDQN_FLAME_RADIUS || distance >= approach) return 1;
    const double share = distance > 0 ? distance / approach : 0, x = flame->x + share * dx;
    return x >= (double)edge->v1.x && x <= (double)edge->v2.x ? share : 1;
}

static void bounce(SdqnFlame *flame, const SdqnEdge *edge) {
    const double up_x = -(double)edge->normal.x, up_y = -(double)edge->normal.y;
    const double into = -(flame->velocity_x * up_x + flame->velocity_y * up_y);
    const double along = flame->velocity_x * up_y - flame->velocity_y * up_x;
    const double out = into > SLOW_IMPACT ? RESTITUTION * into : 0;
    // A disc that slides takes a third of its speed into its spin at most.
    const double most = fabs(along) / 3, friction = FRICTION * (into + out);
    const double left = along - copysign(friction < most ? friction : most, along);
    flame->velocity_x = out * up_x + left * up_y;
    flame->velocity_y = out * up_y - left * up_x;
}

static void move(SdqnFlame *flame, const SdqnWorld *world) {
    flame->velocity_y += (double)world->gravity.y * SECONDS;
    const double dx = flame->velocity_x * SECONDS, dy = flame->velocity_y * SECONDS;
    double share = 1;
    int hit = -1;
    for (int e = 0; e < SDQN_NUM_EDGES; e++) {
        const double found = time_of_impact(flame, &world->edges[e], dx, dy);
        if (found >= share) continue;
        share = found;
        hit = e;
    }
    flame->x += share * dx;
    flame->y += share * dy;
    if (hit < 0) return;
    bounce(flame, &world->edges[hit]);
    flame->x += (1 - share) * flame->velocity_x * SECONDS;
    flame->y += (1 - share) * flame->velocity_y * SECONDS;
}

static void start(SdqnFlames *flames, const SdqnExhaust *gas) {
    const double mass = (gas->is_main ? MAIN_DENSITY : SIDE_DENSITY) * PI * SDQN_FLAME_RADIUS * SDQN_FLAME_RADIUS;
    assert(flames->count < SDQN_MAX_FLAMES);
    flames->flames[flames->count++] =
        (SdqnFlame){.x = gas->x, .y = gas->y, .velocity_x = gas->impulse_x / mass, .velocity_y = gas->impulse_y / mass, .heat = gas->share};
}

/// Particles go in the order in which they came: a cold one stays while an older one glows.
static void drop_cold(SdqnFlames *flames) {
    int cold = 0;
    while (cold < flames->count && flames->flames[cold].heat < 0) cold++;
    flames->count -= cold;
    memmove(flames->flames, flames->flames + cold, (size_t)flames->count * sizeof *flames->flames);
}

void sdqn_flames_step(SdqnFlames *flames, const SdqnLander *lander, SdqnThrust thrust) {
    if (sdqn_thrust_fires(thrust)) {
        const SdqnExhausts out = sdqn_lander_foresee_exhausts(lander, thrust);
        for (int i = 0; i < out.count; i++) start(flames, &out.exhausts[i]);
    }
    for (int i = 0; i < flames->count; i++) {
        move(&flames->flames[i], &lander->world);
        flames->flames[i].heat -= FADING;
    }
    drop_cold(flames);
}
