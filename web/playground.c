#include "playground.h"

#include "core/sha256.h"
#include "dqn/exploration.h"
#include "nn/network_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SDQN_SHAPE_MAX_POINTS == 16 && sizeof(SdqnPlayState) == 20 * sizeof(double), "engine.js repeats the layout");

/// Values of a weights file that is being handed over.
typedef struct Weights {
    float *values; ///< [bytes / 4]
    uint32_t bytes;
    int count;
    SdqnTensor tensors[SDQN_PLAY_MAX_TENSORS];
} Weights;

static struct {
    char text[SDQN_PLAY_TEXT_SIZE];
    SdqnError error;
    SdqnPlayTask task;
    SdqnLander lander;
    bool begun;
    SdqnFlames flames;
    SdqnPlayState state;
    SdqnPlayScene scene;
    Weights weights;
    SdqnQNetwork *network;
    SdqnQWorkspace *workspace;
    int32_t told; ///< task that the network is told
} play;

uint32_t sdqn_play_state_size(void) { return (uint32_t)sizeof(SdqnPlayState); }
uint32_t sdqn_play_scene_size(void) { return (uint32_t)sizeof(SdqnPlayScene); }
const char *sdqn_play_message(void) { return play.error.message; }
char *sdqn_play_text(void) { return play.text; }
SdqnPlayTask *sdqn_play_task(void) { return &play.task; }
const SdqnPlayState *sdqn_play_state(void) { return &play.state; }

// ---- tasks ----------------------------------------------------------------------------------------------------------------------

const char *sdqn_play_builtin(int index) {
    const SdqnTask *task = sdqn_task_builtin(index);
    if (task == NULL) return NULL;
    play.task = (SdqnPlayTask){
        .gravity = task->gravity,
        .wind = (double)task->wind,
        .wind_power = task->wind_power,
        .turbulence_power = task->turbulence_power,
        .wind_on_ground = (double)task->wind_on_ground,
        .initial_random = task->initial_random,
        .main_engine_power = task->main_engine_power,
        .side_engine_power = task->side_engine_power,
        .time_limit_steps = (double)task->time_limit_steps,
    };
    return task->name;
}

/// A number of the page as an integer; what no int can hold, or is no number, becomes -1, which no field allows.
static int to_int(double value) { return value >= 0.0 && value <= 1e9 ? (int)value : -1; }

/// The page's task, checked.
static SdqnStatus take_task(SdqnTask *task) {
    const SdqnPlayTask *page = &play.task;
    *task = (SdqnTask){
        .name = "page",
        .gravity = page->gravity,
        .wind = (SdqnWindKind)to_int(page->wind),
        .wind_power = page->wind_power,
        .turbulence_power = page->turbulence_power,
        .wind_on_ground = page->wind_on_ground != 0.0,
        .initial_random = page->initial_random,
        .main_engine_power = page->main_engine_power,
        .side_engine_power = page->side_engine_power,
        .time_limit_steps = to_int(page->time_limit_steps),
    };
    return sdqn_task_check(task, &play.error);
}

static uint64_t join(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

static void make_lander(SdqnLander *lander, const SdqnTask *task, uint64_t seed, float *observation) {
    SdqnRng rng;
    sdqn_rng_seed(&rng, seed);
    sdqn_lander_create(lander, task, &rng);
    sdqn_lander_reset_seeded(lander, seed, observation);
}

// ---- what the page shows --------------------------------------------------------------------------------------------------------

static void evaluate_network(const float *observation) {
    float q[SDQN_LANDER_NUM_ACTIONS];
    for (int a = 0; a < SDQN_LANDER_NUM_ACTIONS; a++) play.state.q[a] = (double)NAN;
    play.state.greedy = -1.0;
    if (play.network == NULL) return;
    sdqn_q_network_q_values(play.network, play.workspace, observation, &play.told, 1, q);
    for (int a = 0; a < SDQN_LANDER_NUM_ACTIONS; a++) play.state.q[a] = (double)q[a];
    play.state.greedy = (double)sdqn_greedy_action(q, SDQN_LANDER_NUM_ACTIONS);
}

/// Q-values of the observation on show, after the network or what it is told has changed.
static void evaluate_again(void) {
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    for (int i = 0; i < SDQN_LANDER_OBSERVATION_SIZE; i++) observation[i] = (float)play.state.observation[i];
    evaluate_network(observation);
}

static void show(const float *observation, const SdqnStep *step) {
    for (int i = 0; i < SDQN_LANDER_OBSERVATION_SIZE; i++) play.state.observation[i] = (double)observation[i];
    play.state.reward = step->reward;
    play.state.episode_return += step->reward;
    play.state.steps = (double)play.lander.steps;
    play.state.terminated = step->terminated ? 1.0 : 0.0;
    play.state.truncated = step->truncated ? 1.0 : 0.0;
    play.state.at_rest = step->at_rest ? 1.0 : 0.0;
    evaluate_network(observation);
}

int sdqn_play_begin(uint32_t seed_low, uint32_t seed_high) {
    SdqnTask task;
    const SdqnStatus status = take_task(&task);
    if (status != SDQN_OK) return (int)status;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    make_lander(&play.lander, &task, join(seed_low, seed_high), observation);
    play.begun = true;
    play.state = (SdqnPlayState){0};
    play.flames = (SdqnFlames){0};
    const SdqnStep none = {.reward = 0.0};
    show(observation, &none);
    return SDQN_OK;
}

int sdqn_play_step(int action) {
    if (!play.begun || play.state.terminated > 0.0 || play.state.truncated > 0.0)
        return (int)sdqn_error_set(&play.error, SDQN_ERR_ARGUMENT, "step: %s",
                                   play.begun ? "the episode has ended" : "no episode has begun");
    if (action < 0 || action >= SDQN_LANDER_NUM_ACTIONS)
        return (int)sdqn_error_set(&play.error, SDQN_ERR_ARGUMENT, "step: action = %d: must be in [0, %d)", action,
                                   SDQN_LANDER_NUM_ACTIONS);
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    play.state.wind_force = sdqn_lander_foresee_wind(&play.lander);
    sdqn_flames_step(&play.flames, &play.lander, sdqn_thrust_of_action(action));
    const SdqnStep step = sdqn_lander_step(&play.lander, action, observation);
    show(observation, &step);
    return SDQN_OK;
}

static double packed(SdqnColor color) {
    return (double)((uint32_t)color.red << 24 | (uint32_t)color.green << 16 | (uint32_t)color.blue << 8 | color.alpha);
}

static SdqnPlayShape flatten(const SdqnShape *shape) {
    SdqnPlayShape flat = {
        .kind = (double)shape->kind,
        .num_points = (double)shape->num_points,
        .fill = packed(shape->fill),
        .outline = packed(shape->outline),
        .line_width = shape->line_width,
        .size = shape->size,
    };
    for (int i = 0; i < shape->num_points; i++) {
        flat.points[i][0] = shape->points[i].x;
        flat.points[i][1] = shape->points[i].y;
    }
    return flat;
}

const SdqnPlayScene *sdqn_play_scene(void) {
    static SdqnScene scene;
    play.scene.num_shapes = 0.0;
    if (!play.begun) return &play.scene;
    sdqn_scene_make(&scene, &play.lander, &play.flames);
    play.scene.num_shapes = (double)scene.num_shapes;
    for (int i = 0; i < scene.num_shapes; i++) play.scene.shapes[i] = flatten(&scene.shapes[i]);
    return &play.scene;
}

// ---- the network ----------------------------------------------------------------------------------------------------------------

static void forget_weights(void) {
    free(play.weights.values);
    play.weights = (Weights){0};
}

void *sdqn_play_weights_room(uint32_t bytes) {
    forget_weights();
    if (bytes == 0 || bytes > SDQN_PLAY_MAX_WEIGHTS) {
        sdqn_error_set(&play.error, SDQN_ERR_FORMAT, "%u bytes of values: must be in [1, %u]", (unsigned)bytes,
                       (unsigned)SDQN_PLAY_MAX_WEIGHTS);
        return NULL;
    }
    play.weights.values = malloc(bytes);
    if (play.weights.values == NULL)
        sdqn_error_set(&play.error, SDQN_ERR_MEMORY, "out of memory for %u bytes of weights", (unsigned)bytes);
    else
        play.weights.bytes = bytes;
    return play.weights.values;
}

int sdqn_play_weights_tensor(int rank, uint32_t size0, uint32_t size1, uint32_t size2, uint32_t size3, uint32_t offset) {
    Weights *weights = &play.weights;
    const uint32_t sizes[SDQN_TENSOR_MAX_RANK] = {size0, size1, size2, size3};
    if (rank < 0 || rank > SDQN_TENSOR_MAX_RANK || weights->count == SDQN_PLAY_MAX_TENSORS || strlen(play.text) >= SDQN_TENSOR_NAME_SIZE)
        return (int)sdqn_error_set(&play.error, SDQN_ERR_FORMAT, "at most %d tensors of at most %d dimensions, names shorter than %d bytes",
                                   SDQN_PLAY_MAX_TENSORS, SDQN_TENSOR_MAX_RANK, SDQN_TENSOR_NAME_SIZE);
    uint64_t bytes = sizeof(float);
    SdqnTensor *tensor = &weights->tensors[weights->count];
    *tensor = (SdqnTensor){.rank = rank};
    for (int d = 0; d < rank; d++) {
        tensor->shape[d] = sizes[d];
        bytes = bytes <= weights->bytes ? bytes * sizes[d] : bytes; // stays below 2^64
    }
    if (offset % sizeof(float) != 0 || bytes > weights->bytes || offset > weights->bytes - bytes)
        return (int)sdqn_error_set(&play.error, SDQN_ERR_FORMAT, "tensor %s: does not lie in the file's values", play.text);
    memcpy(tensor->name, play.text, strlen(play.text) + 1);
    tensor->data = weights->values + offset / sizeof(float);
    weights->count++;
    return SDQN_OK;
}

/// The values must be finite, and the network small enough for its parameters to be counted in 32 bits.
static SdqnStatus check_weights(const SdqnQNetworkDef *def) {
    if (def->hidden1_size > SDQN_PLAY_MAX_UNITS || def->hidden2_size > SDQN_PLAY_MAX_UNITS ||
        sdqn_q_network_def_parameter_count(def) > SDQN_PLAY_MAX_WEIGHTS / sizeof(float))
        return sdqn_error_set(&play.error, SDQN_ERR_FORMAT, "weights: layers may have %d units and all together %u parameters here",
                              SDQN_PLAY_MAX_UNITS, (unsigned)(SDQN_PLAY_MAX_WEIGHTS / sizeof(float)));
    for (int i = 0; i < play.weights.count; i++) {
        const SdqnTensor *tensor = &play.weights.tensors[i];
        const size_t count = sdqn_tensor_count(tensor);
        for (size_t k = 0; k < count; k++)
            if (!isfinite(tensor->data[k]))
                return sdqn_error_set(&play.error, SDQN_ERR_FORMAT, "weights: tensor %s: holds a value that is not finite", tensor->name);
    }
    return SDQN_OK;
}

int sdqn_play_weights_load(void) {
    const Weights *weights = &play.weights;
    SdqnQNetworkDef def;
    SdqnQNetwork *network = NULL;
    SdqnQWorkspace *workspace = NULL;
    SdqnStatus status = sdqn_q_network_infer("weights", weights->tensors, weights->count, SDQN_LANDER_OBSERVATION_SIZE,
                                             SDQN_LANDER_NUM_ACTIONS, &def, &play.error);
    if (status == SDQN_OK) status = check_weights(&def);
    if (status == SDQN_OK) status = sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, &play.error);
    if (status == SDQN_OK) status = sdqn_q_network_load(network, "weights", weights->tensors, weights->count, &play.error);
    if (status == SDQN_OK) status = sdqn_q_workspace_create(&def, 1, false, &workspace, &play.error);
    forget_weights();
    if (status != SDQN_OK) {
        sdqn_q_network_destroy(network);
        return (int)status;
    }
    sdqn_q_workspace_destroy(play.workspace);
    sdqn_q_network_destroy(play.network);
    play.network = network;
    play.workspace = workspace;
    sdqn_play_tell((int)play.told);
    return SDQN_OK;
}

int sdqn_play_network_tasks(void) {
    if (play.network == NULL) return 0;
    const SdqnQNetworkDef *def = sdqn_q_network_def(play.network);
    const bool knows_tasks = def->conditioning != SDQN_CONDITIONING_BLIND || def->residuals != SDQN_RESIDUALS_NONE;
    return knows_tasks ? def->num_tasks : 0;
}

void sdqn_play_tell(int task) {
    play.told = task >= 0 && task < sdqn_play_network_tasks() ? task : 0;
    if (play.begun) evaluate_again();
}

// ---- recorded episodes ----------------------------------------------------------------------------------------------------------

const char *sdqn_play_trace(uint32_t seed_low, uint32_t seed_high) {
    static char hex[SDQN_SHA256_HEX_SIZE];
    static double rewards[SDQN_PLAY_TEXT_SIZE];
    SdqnTask task;
    if (take_task(&task) != SDQN_OK) return NULL;
    const size_t actions = strnlen(play.text, SDQN_PLAY_TEXT_SIZE - 1);
    for (size_t i = 0; i < actions; i++) {
        if (play.text[i] >= '0' && play.text[i] < '0' + SDQN_LANDER_NUM_ACTIONS) continue;
        sdqn_error_set(&play.error, SDQN_ERR_FORMAT, "recorded episode: action %u is no digit from 0 to %d", (unsigned)i + 1,
                       SDQN_LANDER_NUM_ACTIONS - 1);
        return NULL;
    }
    SdqnLander lander;
    SdqnSha256 hash;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    make_lander(&lander, &task, join(seed_low, seed_high), observation);
    sdqn_sha256_begin(&hash);
    sdqn_sha256_add(&hash, observation, sizeof observation);
    SdqnStep step = {.terminated = false};
    size_t steps = 0;
    for (; steps < actions && !step.terminated; steps++) {
        step = sdqn_lander_step(&lander, play.text[steps] - '0', observation);
        rewards[steps] = step.reward;
        sdqn_sha256_add(&hash, observation, sizeof observation);
    }
    const uint8_t terminated = step.terminated ? 1 : 0;
    sdqn_sha256_add(&hash, rewards, steps * sizeof *rewards);
    sdqn_sha256_add(&hash, &terminated, 1);
    sdqn_sha256_end_hex(&hash, hex);
    return hex;
}
