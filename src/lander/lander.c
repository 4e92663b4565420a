#include "lander/lander.h"

#include "core/dmath.h"
#include "lander/lander_step.h"

#include <math.h>
#include <string.h>

// Constants and formulas are those of Gymnasium's LunarLander-v3 (Oleg Klimov; gymnasium 1.4.0). Arithmetic is double where Python's
// is, in Python's order, on values read back from the float32 world.
#define FPS 50
#define SCALE 30.0
#define VIEWPORT_W 600
#define VIEWPORT_H 400
#define WORLD_W (VIEWPORT_W / SCALE) ///< metres
#define WORLD_H (VIEWPORT_H / SCALE)
#define CHUNKS 11 ///< terrain points; one edge less, and one edge below them all

#define MAIN_ENGINE_Y 4
#define SIDE_ENGINE_HEIGHT 14
#define SIDE_ENGINE_AWAY 12
#define SIDE_ENGINE_OFFSET 17 ///< Gymnasium has 17 on one axis and SIDE_ENGINE_HEIGHT on the other
#define LEG_AWAY 20
#define LEG_DOWN 18
#define LEG_W 2
#define LEG_H 8
#define LEG_SPRING_TORQUE 40.0f

/// Pixels of Gymnasium's drawing to metres of the world.
static SdqnVec2 from_pixels(double x, double y) { return sdqn_vec2((float)(x / SCALE), (float)(y / SCALE)); }

static SdqnPolygon hull_polygon(void) {
    static const int corners[6][2] = {{17, -10}, {17, 0}, {14, 17}, {-14, 17}, {-17, 0}, {-17, -10}};
    SdqnVec2 vertices[6];
    for (int i = 0; i < 6; i++) vertices[i] = from_pixels(corners[i][0], corners[i][1]);
    return sdqn_polygon_make(vertices, 6);
}

/// Draw the terrain and write its edges; the five points about the pad are level.
static void draw_terrain(SdqnLander *lander, SdqnWorldDef *def) {
    double height[CHUNKS + 1], x[CHUNKS], y[CHUNKS];
    for (int i = 0; i <= CHUNKS; i++) height[i] = sdqn_rng_uniform(&lander->rng, 0.0, WORLD_H / 2);
    lander->helipad_y = WORLD_H / 4;
    for (int i = CHUNKS / 2 - 2; i <= CHUNKS / 2 + 2; i++) height[i] = lander->helipad_y;
    for (int i = 0; i < CHUNKS; i++) {
        int before = i > 0 ? i - 1 : CHUNKS; // Python's height[-1] is the twelfth point, drawn for nothing else
        x[i] = WORLD_W / (CHUNKS - 1) * i;
        y[i] = 0.33 * (height[before] + height[i] + height[i + 1]);
    }
    def->edges[0].v1 = sdqn_vec2(0.0f, 0.0f);
    def->edges[0].v2 = sdqn_vec2((float)WORLD_W, 0.0f);
    def->edges[0].friction = 0.2f; // Box2D's default: Gymnasium gives this edge none of its own
    for (int i = 0; i < CHUNKS - 1; i++) {
        def->edges[1 + i].v1 = sdqn_vec2((float)x[i], (float)y[i]);
        def->edges[1 + i].v2 = sdqn_vec2((float)x[i + 1], (float)y[i + 1]);
        def->edges[1 + i].friction = 0.1f;
    }
}

static void define_bodies(SdqnWorldDef *def) {
    const double x = WORLD_W / 2, y = WORLD_H;
    def->hull = hull_polygon();
    def->hull_density = 5.0f;
    def->hull_friction = 0.1f;
    def->hull_position = sdqn_vec2((float)x, (float)y);
    def->leg = sdqn_polygon_box((float)(LEG_W / SCALE), (float)(LEG_H / SCALE));
    def->leg_density = 1.0f;
    def->leg_friction = 0.2f; // Box2D's default
    for (int k = 0; k < SDQN_NUM_LEGS; k++) {
        int side = k == 0 ? -1 : +1;
        def->legs[k] = (SdqnLegDef){
            .position = sdqn_vec2((float)(x - side * LEG_AWAY / SCALE), (float)y),
            .angle = (float)(side * 0.05),
            .anchor = from_pixels(side * LEG_AWAY, LEG_DOWN),
            .lower_angle = (float)(side < 0 ? +0.9 - 0.5 : -0.9),
            .upper_angle = (float)(side < 0 ? +0.9 : -0.9 + 0.5),
            .motor_speed = (float)(0.3 * side),
            .max_motor_torque = LEG_SPRING_TORQUE,
        };
    }
}

void sdqn_lander_create(SdqnLander *lander, const SdqnTask *task, const SdqnRng *rng) {
    memset(lander, 0, sizeof *lander); // padding too: landers are compared and written as bytes
    memcpy(lander->task.name, task->name, sizeof lander->task.name);
    lander->task.gravity = task->gravity;
    lander->task.wind = task->wind;
    lander->task.wind_power = task->wind_power;
    lander->task.turbulence_power = task->turbulence_power;
    lander->task.wind_on_ground = task->wind_on_ground;
    lander->task.initial_random = task->initial_random;
    lander->task.main_engine_power = task->main_engine_power;
    lander->task.side_engine_power = task->side_engine_power;
    lander->task.time_limit_steps = task->time_limit_steps;
    lander->rng = *rng;
}

static void apply_force(SdqnLander *lander, double x, double y) {
    sdqn_world_apply_force(&lander->world, 0, sdqn_vec2((float)x, (float)y));
}

/// Gymnasium's wind function, which never repeats: tanh(sin(2 k x) + sin(pi k x)), k = 0.01.
static double wind_wave(int64_t index) {
    const double pi = 3.14159265358979323846;
    double i = (double)index;
    return sdqn_tanh(sdqn_sin(0.02 * i) + sdqn_sin(pi * 0.01 * i));
}

static void blow(SdqnLander *lander) {
    const SdqnTask *task = &lander->task;
    bool leg_touches = lander->world.touch_state[1] || lander->world.touch_state[2];
    if (task->wind == SDQN_WIND_NONE || (leg_touches && !task->wind_on_ground)) return;
    if (task->wind == SDQN_WIND_UNIFORM) {
        apply_force(lander, sdqn_rng_uniform(&lander->rng, -task->wind_power, task->wind_power), 0.0);
        return;
    }
    apply_force(lander, wind_wave(lander->wind_index++) * task->wind_power, 0.0);
    sdqn_world_apply_torque(&lander->world, 0, (float)(wind_wave(lander->torque_index++) * task->turbulence_power));
}

SdqnThrust sdqn_thrust_of_continuous(const double *action) {
    SdqnThrust thrust = {0.0, 0.0};
    const double size = fabs(action[1]) > 1.0 ? 1.0 : fabs(action[1]);
    if (action[0] > 0.0) thrust.main = ((action[0] > 1.0 ? 1.0 : action[0]) + 1.0) * 0.5;
    if (size > 0.5) thrust.side = action[1] < 0.0 ? -size : size;
    return thrust;
}

/// Two draws of every step, metres.
static void draw_dispersion(SdqnLander *lander, double dispersion[2]) {
    for (int i = 0; i < 2; i++) dispersion[i] = sdqn_rng_uniform(&lander->rng, -1.0, +1.0) / SCALE;
}

/// What the engines throw out, all double until Box2D takes it.
/// @param tip  sine and cosine of the hull's angle
static SdqnExhausts exhausts_of(const SdqnLander *lander, SdqnThrust thrust, const double tip[2], const double dispersion[2]) {
    const SdqnBody *hull = &lander->world.bodies[0];
    const double x = (double)hull->transform.p.x, y = (double)hull->transform.p.y;
    const double side[2] = {-tip[1], tip[0]};
    SdqnExhausts out = {.count = 0};
    if (thrust.main > 0.0) {
        const double power = lander->task.main_engine_power;
        double ox = tip[0] * (MAIN_ENGINE_Y / SCALE + 2 * dispersion[0]) + side[0] * dispersion[1];
        double oy = -tip[1] * (MAIN_ENGINE_Y / SCALE + 2 * dispersion[0]) - side[1] * dispersion[1];
        out.exhausts[out.count++] = (SdqnExhaust){.is_main = true,
                                                  .share = thrust.main,
                                                  .impulse_x = ox * power * thrust.main,
                                                  .impulse_y = oy * power * thrust.main,
                                                  .x = x + ox,
                                                  .y = y + oy};
    }
    if (thrust.side != 0.0) {
        const double power = lander->task.side_engine_power, share = fabs(thrust.side), direction = thrust.side < 0.0 ? -1.0 : 1.0;
        double across = 3 * dispersion[1] + direction * SIDE_ENGINE_AWAY / SCALE;
        double ox = tip[0] * dispersion[0] + side[0] * across;
        double oy = -tip[1] * dispersion[0] - side[1] * across;
        out.exhausts[out.count++] = (SdqnExhaust){.share = share,
                                                  .impulse_x = ox * power * share,
                                                  .impulse_y = oy * power * share,
                                                  .x = x + ox - tip[0] * SIDE_ENGINE_OFFSET / SCALE,
                                                  .y = y + oy + tip[1] * SIDE_ENGINE_HEIGHT / SCALE};
    }
    return out;
}

/// @param tip  sine and cosine of the hull's angle
static void fire_engines(SdqnLander *lander, SdqnThrust thrust, const double tip[2]) {
    double dispersion[2];
    draw_dispersion(lander, dispersion);
    const SdqnExhausts out = exhausts_of(lander, thrust, tip, dispersion);
    for (int i = 0; i < out.count; i++) { // the hull is pushed the other way
        const SdqnExhaust *gas = &out.exhausts[i];
        sdqn_world_apply_impulse(&lander->world, 0, sdqn_vec2((float)-gas->impulse_x, (float)-gas->impulse_y),
                                 sdqn_vec2((float)gas->x, (float)gas->y));
    }
}

SdqnExhausts sdqn_lander_foresee_exhausts(const SdqnLander *lander, SdqnThrust thrust) {
    SdqnLander copy = *lander;
    double angle = (double)lander->world.bodies[0].sweep.angle, dispersion[2];
    blow(&copy);
    draw_dispersion(&copy, dispersion);
    return exhausts_of(lander, thrust, (const double[2]){sdqn_sin(angle), sdqn_cos(angle)}, dispersion);
}

double sdqn_lander_foresee_wind(const SdqnLander *lander) {
    SdqnLander copy = *lander;
    copy.world.bodies[0].force = sdqn_vec2(0.0f, 0.0f);
    blow(&copy);
    return (double)copy.world.bodies[0].force.x;
}

/// Gymnasium's state in double; the observation is its rounding to float32.
static void read_state(const SdqnLander *lander, double state[SDQN_LANDER_OBSERVATION_SIZE]) {
    const SdqnBody *hull = &lander->world.bodies[0];
    const double half_w = VIEWPORT_W / SCALE / 2, half_h = VIEWPORT_H / SCALE / 2;
    state[0] = ((double)hull->transform.p.x - half_w) / half_w;
    state[1] = ((double)hull->transform.p.y - (lander->helipad_y + LEG_DOWN / SCALE)) / half_h;
    state[2] = (double)hull->velocity.x * half_w / FPS;
    state[3] = (double)hull->velocity.y * half_h / FPS;
    state[4] = (double)hull->sweep.angle;
    state[5] = 20.0 * (double)hull->angular_velocity / FPS;
    state[6] = lander->world.touch_state[1] ? 1.0 : 0.0;
    state[7] = lander->world.touch_state[2] ? 1.0 : 0.0;
}

/// Potential whose difference is the reward: near, slow, upright, legs down.
static double shaping(const double s[SDQN_LANDER_OBSERVATION_SIZE]) {
    return -100 * sqrt(s[0] * s[0] + s[1] * s[1]) - 100 * sqrt(s[2] * s[2] + s[3] * s[3]) - 100 * fabs(s[4]) + 10 * s[6] + 10 * s[7];
}

void sdqn_lander_begin_step(SdqnLander *lander, SdqnThrust thrust, double sine, double cosine) {
    lander->world.gravity = sdqn_vec2(0.0f, (float)lander->task.gravity);
    blow(lander);
    fire_engines(lander, thrust, (const double[2]){sine, cosine});
}

SdqnStep sdqn_lander_end_step(SdqnLander *lander, SdqnThrust thrust, float *observation) {
    double state[SDQN_LANDER_OBSERVATION_SIZE];
    read_state(lander, state);
    SdqnStep step = {.reward = 0.0};
    double potential = shaping(state);
    if (lander->has_shaping) step.reward = potential - lander->previous_shaping;
    lander->previous_shaping = potential;
    lander->has_shaping = 1;
    step.reward -= thrust.main * 0.30;
    step.reward -= fabs(thrust.side) * 0.03;
    if (lander->world.has_touched[0] || fabs(state[0]) >= 1.0) {
        step.terminated = true;
        step.reward = -100.0;
    }
    if (!lander->world.awake) {
        step.terminated = step.at_rest = true;
        step.reward = +100.0;
    }
    for (int i = 0; i < SDQN_LANDER_OBSERVATION_SIZE; i++) observation[i] = (float)state[i];
    return step;
}

/// One step of Gymnasium's `step`, without counting it.
static SdqnStep advance(SdqnLander *lander, SdqnThrust thrust, float *observation) {
    const double angle = (double)lander->world.bodies[0].sweep.angle;
    const bool fires = sdqn_thrust_fires(thrust);
    sdqn_lander_begin_step(lander, thrust, fires ? sdqn_sin(angle) : 0.0, fires ? sdqn_cos(angle) : 1.0);
    sdqn_world_step(&lander->world, SDQN_LANDER_DT, SDQN_LANDER_VELOCITY_ITERATIONS, SDQN_LANDER_POSITION_ITERATIONS);
    return sdqn_lander_end_step(lander, thrust, observation);
}

void sdqn_lander_begin_episode(SdqnLander *lander) {
    SdqnWorldDef def;
    memset(&def, 0, sizeof def);
    draw_terrain(lander, &def);
    define_bodies(&def);
    sdqn_world_create(&lander->world, &def);
    double r = lander->task.initial_random;
    double force_x = sdqn_rng_uniform(&lander->rng, -r, r);
    double force_y = sdqn_rng_uniform(&lander->rng, -r, r);
    apply_force(lander, force_x, force_y);
    if (lander->task.wind == SDQN_WIND_GYMNASIUM) {
        lander->wind_index = sdqn_rng_integers(&lander->rng, -9999, 9999);
        lander->torque_index = sdqn_rng_integers(&lander->rng, -9999, 9999);
    }
    lander->has_shaping = 0;
    lander->steps = 0;
}

void sdqn_lander_reset(SdqnLander *lander, float *observation) {
    sdqn_lander_begin_episode(lander);
    advance(lander, (SdqnThrust){0.0, 0.0}, observation);
}

void sdqn_lander_reset_seeded(SdqnLander *lander, uint64_t seed, float *observation) {
    sdqn_rng_seed(&lander->rng, seed);
    sdqn_lander_reset(lander, observation);
}

void sdqn_lander_count_step(SdqnLander *lander, SdqnStep *step) {
    lander->steps++;
    step->truncated = !step->terminated && lander->steps >= lander->task.time_limit_steps;
}

static SdqnStep step_counted(SdqnLander *lander, SdqnThrust thrust, float *observation) {
    SdqnStep step = advance(lander, thrust, observation);
    sdqn_lander_count_step(lander, &step);
    return step;
}

SdqnStep sdqn_lander_step(SdqnLander *lander, int action, float *observation) {
    return step_counted(lander, sdqn_thrust_of_action(action), observation);
}

SdqnStep sdqn_lander_step_continuous(SdqnLander *lander, const double *action, float *observation) {
    return step_counted(lander, sdqn_thrust_of_continuous(action), observation);
}
