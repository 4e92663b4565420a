// playground.h: the lander, a trained Q-network and recorded episodes behind a web page: what engine.js calls in WebAssembly.
//
// One lander is on show, one network plays it. Every pointer given out stays valid. Numbers that the page hands over are checked, because
// they may come from a link or a file that nobody vouches for; a call that can fail gives an SdqnStatus (0: done) and leaves its line in
// sdqn_play_message.
#ifndef SDQN_WEB_PLAYGROUND_H
#define SDQN_WEB_PLAYGROUND_H

#include "view/scene.h"

#include <stdint.h>

#if defined(__wasm__)
#define SDQN_PLAY_EXPORT(name) __attribute__((export_name(#name)))
#else
#define SDQN_PLAY_EXPORT(name)
#endif

#define SDQN_PLAY_TEXT_SIZE 65536                  ///< bytes of the text the page hands over, with the terminating zero
#define SDQN_PLAY_MAX_WEIGHTS ((uint32_t)16 << 20) ///< bytes of a weights file's values
#define SDQN_PLAY_MAX_TENSORS 384
#define SDQN_PLAY_MAX_UNITS 512 ///< of one layer: then no count of parameters exceeds 32 bits

/// A task as numbers, in SdqnTask's order and with its meanings. Doubles alone, so that JavaScript sees it as one array; likewise below.
typedef struct SdqnPlayTask {
    double gravity, wind, wind_power, turbulence_power, wind_on_ground;
    double initial_random, main_engine_power, side_engine_power, time_limit_steps;
} SdqnPlayTask;

/// A shape to draw, as a SdqnShape without text.
typedef struct SdqnPlayShape {
    double kind, num_points;
    double fill, outline; ///< 0xRRGGBBAA
    double line_width, size;
    double points[SDQN_SHAPE_MAX_POINTS][2];
} SdqnPlayShape;

/// A picture of SDQN_SCENE_WIDTH x SDQN_SCENE_HEIGHT, as Gymnasium draws it: shapes from the back to the front.
typedef struct SdqnPlayScene {
    double num_shapes;
    SdqnPlayShape shapes[SDQN_SCENE_MAX_SHAPES];
} SdqnPlayScene;

/// The numbers that the page shows.
typedef struct SdqnPlayState {
    double observation[SDQN_LANDER_OBSERVATION_SIZE];
    double q[SDQN_LANDER_NUM_ACTIONS]; ///< of this observation; not a number without a network
    double greedy;                     ///< the action of the largest; -1 without a network
    double reward, episode_return;     ///< of the last step, of the episode so far
    double steps;
    double terminated, truncated, at_rest; ///< 0 or 1
    double wind_force;                     ///< in the last step, N
} SdqnPlayState;

/// Bytes of SdqnPlayState and SdqnPlayScene, so that the page can refuse a module that it does not fit.
SDQN_PLAY_EXPORT(sdqn_play_state_size) uint32_t sdqn_play_state_size(void);
SDQN_PLAY_EXPORT(sdqn_play_scene_size) uint32_t sdqn_play_scene_size(void);
/// What went wrong in the last call that failed: one line.
SDQN_PLAY_EXPORT(sdqn_play_message) const char *sdqn_play_message(void);
/// Where the page writes texts for the calls below: SDQN_PLAY_TEXT_SIZE bytes, the last always zero.
SDQN_PLAY_EXPORT(sdqn_play_text) char *sdqn_play_text(void);

// ---- the lander ----

/// The task that the next sdqn_play_begin or sdqn_play_trace takes.
SDQN_PLAY_EXPORT(sdqn_play_task) SdqnPlayTask *sdqn_play_task(void);
/// Make it a built-in one. @param index  0 standard, 1 windy, ... @return its name, NULL if there is none (nothing changed)
SDQN_PLAY_EXPORT(sdqn_play_builtin) const char *sdqn_play_builtin(int index);
/// Begin an episode as Gymnasium's reset(seed=seed). @return SDQN_OK, or SDQN_ERR_ARGUMENT naming a task's field (nothing changed)
SDQN_PLAY_EXPORT(sdqn_play_begin) int sdqn_play_begin(uint32_t seed_low, uint32_t seed_high);
/// One step. @return SDQN_OK, or SDQN_ERR_ARGUMENT for another action, before the first episode or after the end of one (nothing changed)
SDQN_PLAY_EXPORT(sdqn_play_step) int sdqn_play_step(int action);
SDQN_PLAY_EXPORT(sdqn_play_state) const SdqnPlayState *sdqn_play_state(void);
/// Make the picture of the lander as it is now. Without an episode it has no shapes.
SDQN_PLAY_EXPORT(sdqn_play_scene) const SdqnPlayScene *sdqn_play_scene(void);

// ---- the network ----

/// Room for the values of a weights file; begins a new one. @return NULL with a message if there are too many, or no memory
SDQN_PLAY_EXPORT(sdqn_play_weights_room) void *sdqn_play_weights_room(uint32_t bytes);
/// A tensor among them; its name is in sdqn_play_text. @param offset  in bytes, a multiple of 4
/// @return SDQN_OK, or SDQN_ERR_FORMAT if it does not lie in the room, or there are too many
SDQN_PLAY_EXPORT(sdqn_play_weights_tensor)
int sdqn_play_weights_tensor(int rank, uint32_t size0, uint32_t size1, uint32_t size2, uint32_t size3, uint32_t offset);
/// Make the network of these tensors the one that plays. On an error the one before stays.
SDQN_PLAY_EXPORT(sdqn_play_weights_load) int sdqn_play_weights_load(void);
/// Tasks the network tells apart; 0: it is told none, or there is no network.
SDQN_PLAY_EXPORT(sdqn_play_network_tasks) int sdqn_play_network_tasks(void);
/// Tell the network which of them it plays, from now on. One that it does not know counts as 0.
SDQN_PLAY_EXPORT(sdqn_play_tell) void sdqn_play_tell(int task);

// ---- recorded episodes ----

/// Step another lander through actions, one digit a step in sdqn_play_text, to their end or that of the episode; the one on show does not
/// notice. @return the SHA-256, in hexadecimal, of all observations (float32, the first that of the reset), all rewards (float64) and one
/// byte `terminated`, little-endian; NULL with a message if a digit or the task is not allowed
SDQN_PLAY_EXPORT(sdqn_play_trace) const char *sdqn_play_trace(uint32_t seed_low, uint32_t seed_high);

#endif
