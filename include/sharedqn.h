// sharedqn.h: the public C API: LunarLander-v3 with the bits of Gymnasium, one environment or many at once, trained networks that act in
// it, and one update direction from the gradients of many tasks.
//
// Link with -lsharedqn, or with libsharedqn.a, -lyaml, -ljansson and -lm. No call prints, exits or keeps global state; objects are not
// thread-safe, but different objects may be used by different threads. The caller's floating-point mode is set to IEEE 754's default during
// a call and restored.
#ifndef SHAREDQN_H
#define SHAREDQN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default) // of a shared library, these names alone are seen
#endif

/// What a fallible call returns. `main` alone turns it into an exit code: ARGUMENT is wrong usage (2), every other error is failed work
/// (1).
typedef enum SdqnStatus {
    SDQN_OK = 0,
    SDQN_ERR_ARGUMENT,    ///< the caller or user asked for something that is not allowed
    SDQN_ERR_MEMORY,      ///< an allocation failed
    SDQN_ERR_IO,          ///< the operating system refused a read, write, create or lock
    SDQN_ERR_FORMAT,      ///< a file from outside is malformed, truncated or of the wrong kind
    SDQN_ERR_NUMERIC,     ///< training produced a NaN or an infinity
    SDQN_ERR_INTERRUPTED, ///< the user asked to stop; the work was left in a resumable state
} SdqnStatus;

/// Longest message kept, in bytes, with the terminating zero. Longer ones are cut.
#define SDQN_ERROR_SIZE 1024

/// One line that says where, what was found and what is allowed. Zero-initialise before first use. Every `error` below may be NULL.
typedef struct SdqnError {
    char message[SDQN_ERROR_SIZE];
} SdqnError;

/// The version of the library, "0.1.0".
const char *sdqn_version(void);

#define SDQN_TASK_NAME_SIZE 32

/// How the air moves.
typedef enum SdqnWindKind {
    SDQN_WIND_NONE = 0,
    SDQN_WIND_UNIFORM,   ///< a horizontal force U(-wind_power, wind_power) before every step, the first draw of the step
    SDQN_WIND_GYMNASIUM, ///< Gymnasium's enable_wind: tanh(sin(2kx) + sin(pi k x)) times wind_power, and a torque likewise
} SdqnWindKind;

/// A LunarLander task. All fields count; all zeros is invalid.
typedef struct SdqnTask {
    char name[SDQN_TASK_NAME_SIZE]; ///< [a-z0-9_-]+, zero-terminated, the rest of the array zero
    double gravity;                 ///< world gravity, in [-100, 0). Default -10.
    SdqnWindKind wind;              ///< default none
    double wind_power;              ///< newtons, in [0, 1000]. Default 0 (uniform: 20, gymnasium: 15).
    double turbulence_power;        ///< newton metres, in [0, 1000], gymnasium's wind only. Default 0 (gymnasium: 1.5).
    int wind_on_ground;             ///< 1: wind blows also while a leg touches the ground. Default 1 (gymnasium's own: 0).
    double initial_random;          ///< initial force drawn from U(-r, r) on each axis, newtons, in [0, 100000]. Default 1000.
    double main_engine_power;       ///< in [0, 1000]. Default 13.
    double side_engine_power;       ///< in [0, 1000]. Default 0.6.
    int time_limit_steps;           ///< steps after which an episode is truncated, in [1, 1000000]. Default 1000.
} SdqnTask;

/// The standard task, under an empty name: where a user's definition starts from.
SdqnTask sdqn_task_default(void);
/// Built-in task by name: standard, windy, heavy, gymwind. @return NULL if there is none
const SdqnTask *sdqn_task_find(const char *name);
/// Check every field. @return SDQN_OK, or SDQN_ERR_ARGUMENT with the field, its value and the allowed range
SdqnStatus sdqn_task_check(const SdqnTask *task, SdqnError *error);

#define SDQN_LANDER_OBSERVATION_SIZE 8
#define SDQN_LANDER_NUM_ACTIONS 4 ///< 0 nothing, 1 left engine, 2 main engine, 3 right engine
/// Values of a continuous action, each in [-1, 1] (beyond as there): the main engine, off up to 0, above from half to full power; the side
/// engines, off within +-0.5, below the left and above the right one, from half to full power.
#define SDQN_LANDER_ACTION_SIZE 2

// ---- one environment ----

/// One LunarLander.
typedef struct SdqnEnv SdqnEnv;

/// What a step gives besides the observation. Flags are 0 or 1.
typedef struct SdqnEnvStep {
    double reward;
    uint8_t terminated; ///< the episode ended by the rules: no bootstrap from here
    uint8_t truncated;  ///< the task's time limit was reached without termination
    uint8_t at_rest;    ///< terminated asleep on the ground, with reward +100
} SdqnEnvStep;

/// Make an environment; no episode has begun. @param seed  of its generator, as Gymnasium's first reset(seed=seed)
SdqnStatus sdqn_env_create(const SdqnTask *task, uint64_t seed, SdqnEnv **env, SdqnError *error);
/// A second environment in the same state: a snapshot that can be stepped. @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_env_copy(const SdqnEnv *env, SdqnEnv **copy, SdqnError *error);
/// @param env may be NULL
void sdqn_env_destroy(SdqnEnv *env);
/// Begin an episode. @param seed  NULL: go on with the generator @param observation [8] float32 written
void sdqn_env_reset(SdqnEnv *env, const uint64_t *seed, float *observation);
/// One step of 1/50 s. @param action in [0, 4) @param observation [8] float32 written
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT for another action or before the first reset (nothing changed)
SdqnStatus sdqn_env_step(SdqnEnv *env, int action, float *observation, SdqnEnvStep *step, SdqnError *error);
/// The same with a continuous action, as Gymnasium's with continuous=True; a lander may be stepped now this way, now that.
/// @param action [2] in double, so that float32 and wider numbers come through as they are
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT for a NaN or an infinity or before the first reset (nothing changed)
SdqnStatus sdqn_env_step_continuous(SdqnEnv *env, const double *action, float *observation, SdqnEnvStep *step, SdqnError *error);

/// A random generator as numpy's `Generator(PCG64())` has it: what `bit_generator.state` shows.
typedef struct SdqnGenerator {
    uint64_t state_high, state_low;         ///< 128 bits
    uint64_t increment_high, increment_low; ///< 128 bits, odd
    uint32_t uinteger, has_uint32;          ///< a half of a word that is still to be used, and 1 if there is one
} SdqnGenerator;

/// The generator of an environment, which draws its episodes and its wind.
void sdqn_env_generator(const SdqnEnv *env, SdqnGenerator *generator);
/// Go on with another one. @return SDQN_OK, or SDQN_ERR_ARGUMENT if it cannot be the state of one (nothing changed)
SdqnStatus sdqn_env_set_generator(SdqnEnv *env, const SdqnGenerator *generator, SdqnError *error);

// ---- pictures ----

#define SDQN_PICTURE_WIDTH 600
#define SDQN_PICTURE_HEIGHT 400

/// Draws environments as Gymnasium's render_mode="rgb_array" does. Needs the module sharedqn-draw.so, and with it cairo, at run time.
typedef struct SdqnPicture SdqnPicture;

/// @return SDQN_OK; SDQN_ERR_IO if the module or cairo is missing, with how to get them; SDQN_ERR_MEMORY
SdqnStatus sdqn_picture_create(SdqnPicture **picture, SdqnError *error);
/// @param picture may be NULL
void sdqn_picture_destroy(SdqnPicture *picture);
/// For flames behind the engines: to be called before each step of an environment with the action of the step. The environment is only
/// read, and its bits are the same with and without. @return SDQN_OK, or SDQN_ERR_ARGUMENT as sdqn_env_step (nothing changed)
SdqnStatus sdqn_picture_step(SdqnPicture *picture, const SdqnEnv *env, int action, SdqnError *error);
/// The same before a step with a continuous action. @param action [2]
SdqnStatus sdqn_picture_step_continuous(SdqnPicture *picture, const SdqnEnv *env, const double *action, SdqnError *error);
/// Draw an environment as it stands. @param rgb [400, 600, 3] written
/// @return SDQN_OK, SDQN_ERR_ARGUMENT before the first reset, or SDQN_ERR_MEMORY (`rgb` untouched)
SdqnStatus sdqn_picture_draw(SdqnPicture *picture, const SdqnEnv *env, uint8_t *rgb, SdqnError *error);

/// A window that shows pictures. Needs the module sharedqn-window.so, and with it SDL2, at run time. All calls from one thread.
typedef struct SdqnWindow SdqnWindow;

/// @return SDQN_OK; SDQN_ERR_IO if the module, SDL2 or a screen is missing, with what to do; SDQN_ERR_MEMORY
SdqnStatus sdqn_window_create(const char *title, SdqnWindow **window, SdqnError *error);
/// @param window may be NULL
void sdqn_window_destroy(SdqnWindow *window);
/// Show a picture, at most 50 a second: a call waits for its turn. @param rgb [400, 600, 3]
/// @param closed  receives 1 if the person has asked to close the window since the last call, else 0
SdqnStatus sdqn_window_show(SdqnWindow *window, const uint8_t *rgb, int *closed, SdqnError *error);

// ---- many environments at once ----

/// What happens to a lane whose episode has ended. The modes are those of gymnasium.vector.AutoresetMode.
typedef enum SdqnAutoreset {
    /// Nothing: the caller resets it. A step of an ended episode goes on as Gymnasium's environment does.
    SDQN_AUTORESET_DISABLED = 0,
    /// The lane's next step is a reset: its action is ignored, the observation is the first of the new episode, the reward 0, and
    /// nothing is terminated, truncated or at rest.
    SDQN_AUTORESET_NEXT_STEP,
    /// The same step resets the lane: the observation is the first of the new episode, while reward and flags are those of the step that
    /// ended the old one, whose last observation goes to `final_observation`.
    SDQN_AUTORESET_SAME_STEP,
} SdqnAutoreset;

/// Lanes a batch may have.
#define SDQN_LANDER_BATCH_MAX_LANES (1 << 20)

/// N landers stepped together on the machine's fastest instruction set, each with the bits it would have alone. After creation nothing
/// is allocated.
typedef struct SdqnLanderBatch SdqnLanderBatch;

/// What a step of N lanes gives. Arrays of the caller; NULL for what is not wanted.
typedef struct SdqnLanderBatchStep {
    float *observation;       ///< [N, 8] float32
    double *reward;           ///< [N]
    uint8_t *terminated;      ///< [N] 0 or 1
    uint8_t *truncated;       ///< [N] 0 or 1
    uint8_t *at_rest;         ///< [N] 0 or 1: terminated asleep on the ground, reward +100
    float *final_observation; ///< [N, 8] in mode same step: rows of lanes that ended in this step are written, others left alone
    int32_t *steps;           ///< [N] steps of the episode with this one; 0 where the step was a reset
} SdqnLanderBatchStep;

/// Make a batch; no lane has an episode before it is reset.
/// @param tasks [lanes] any mix; copied @param seeds [lanes] of the lanes' generators @param lanes N, in [1, SDQN_LANDER_BATCH_MAX_LANES]
/// @return SDQN_OK; SDQN_ERR_ARGUMENT naming lanes, a task's field or the mode; SDQN_ERR_MEMORY
SdqnStatus sdqn_lander_batch_create_seeded(const SdqnTask *tasks, const uint64_t *seeds, int lanes, SdqnAutoreset autoreset,
                                           SdqnLanderBatch **batch, SdqnError *error);
/// @param batch may be NULL
void sdqn_lander_batch_destroy(SdqnLanderBatch *batch);
int sdqn_lander_batch_lanes(const SdqnLanderBatch *batch);

/// Begin episodes.
/// @param chosen  [N] lanes with a value other than 0 are reset; NULL: all
/// @param seeds   [N] the chosen lanes are seeded as by Gymnasium's reset(seed=seed); NULL: every lane goes on with its generator
/// @param observation  [N, 8] float32: rows of the chosen lanes are written; or NULL
void sdqn_lander_batch_reset(SdqnLanderBatch *batch, const uint8_t *chosen, const uint64_t *seeds, float *observation);

/// One step of every lane.
/// @param actions  [N], each in [0, 4), also where a reset makes it meaningless
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT naming the lane whose action is out of range or which has not been reset (nothing changed)
SdqnStatus sdqn_lander_batch_step(SdqnLanderBatch *batch, const int32_t *actions, const SdqnLanderBatchStep *out, SdqnError *error);

/// The same with continuous actions.
/// @param actions  [N, 2]
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT naming the lane whose action is not finite or which has not been reset (nothing changed)
SdqnStatus sdqn_lander_batch_step_continuous(SdqnLanderBatch *batch, const double *actions, const SdqnLanderBatchStep *out,
                                             SdqnError *error);

/// Copy a lane into an environment of its own, which then goes on alone; whether the lane's next step is a reset (mode next step) is not
/// part of it. Of a lane without an episode the copy has none either. @param lane in [0, N)
/// @return SDQN_OK; SDQN_ERR_ARGUMENT for a lane out of range; SDQN_ERR_MEMORY
SdqnStatus sdqn_lander_batch_copy_out(const SdqnLanderBatch *batch, int lane, SdqnEnv **env, SdqnError *error);
/// Put a copy of an environment that has been reset in the place of a lane, which then goes on with it, whatever its task.
SdqnStatus sdqn_lander_batch_copy_in(SdqnLanderBatch *batch, int lane, const SdqnEnv *env, SdqnError *error);

// ---- trained networks ----

/// Trained Q-networks, one for all tasks or one for each, that act greedily in LunarLander. Not thread-safe.
typedef struct SdqnAgent SdqnAgent;

#define SDQN_AGENT_MAX_TASKS 32

/// A named float32 array, row-major, as in PyTorch's state_dict: "fc1.weight" is [out, in].
typedef struct SdqnWeights {
    const char *name; ///< 1 to 63 bytes
    int rank;         ///< 0 to 4
    size_t shape[4];  ///< the first `rank` count
    const float *data;
} SdqnWeights;

/// Load the final weights of a run, given its folder, or any weights file in the safetensors format. Which network it is follows from names
/// and shapes. The tasks are those of the run; of a file those that its networks are named after, else standard, windy and heavy, or, if it
/// tells apart another number of tasks, tasks without names.
/// @return SDQN_OK; SDQN_ERR_IO (not there, no run, or not finished); SDQN_ERR_FORMAT; SDQN_ERR_ARGUMENT (the settings of the run are
///         wrong, or do not fit its weights); SDQN_ERR_MEMORY
SdqnStatus sdqn_agent_load(const char *path, SdqnAgent **agent, SdqnError *error);
/// The same of weights in memory, which are copied.
/// @param weights [count] every tensor of the networks and no other, values finite
/// @param tasks   [num_tasks] what they were trained on, in the order of the embedding; NULL: as of a file
/// @param num_tasks at most SDQN_AGENT_MAX_TASKS
SdqnStatus sdqn_agent_create(const SdqnWeights *weights, int count, const char *const *tasks, int num_tasks, SdqnAgent **agent,
                             SdqnError *error);
/// @param agent may be NULL
void sdqn_agent_destroy(SdqnAgent *agent);

/// Tasks that the agent tells apart; 0 if it sees the observation alone and plays every task alike.
int sdqn_agent_num_tasks(const SdqnAgent *agent);
/// @return the name of a task, "" if it has none, NULL if `task` is not in [0, num_tasks)
const char *sdqn_agent_task_name(const SdqnAgent *agent, int task);
/// @return the number of the task of that name, or -1
int sdqn_agent_find_task(const SdqnAgent *agent, const char *name);

/// Q-values of observations.
/// @param tasks         [n] each in [0, num_tasks), any mix; not looked at (may be NULL) if num_tasks is 0
/// @param observations  [n, 8] float32, finite
/// @param n             >= 0
/// @param q             [n, 4] written. A row's bits depend neither on the other rows nor on the machine.
/// @return SDQN_OK, or SDQN_ERR_ARGUMENT naming the row that is out of range (nothing written)
SdqnStatus sdqn_agent_q_values(SdqnAgent *agent, const int32_t *tasks, const float *observations, int n, float *q, SdqnError *error);
/// The actions of the highest Q-values; ties go to the lower action. @param actions [n] written; the rest as above
SdqnStatus sdqn_agent_act(SdqnAgent *agent, const int32_t *tasks, const float *observations, int n, int32_t *actions, SdqnError *error);

// ---- gradients of many tasks ----

/// One update direction from the gradients of several tasks.
///
/// Only inner products of the rows and one weighted sum of them are computed, in double and in a fixed order: equal input gives equal
/// bits on every machine. Rows that are zero, parallel, equal, opposed or of very different lengths are all allowed;
/// docs/methods/aggregators.md says what each aggregator makes of them. Allocates nothing.
/// @param name        mean, sum, pcgrad, cagrad, mgda, imtl_g, nash_mtl, aligned_mtl, gradvac (a first call: no history), upgrad
/// @param gradients   [tasks, parameters] row-major, finite
/// @param tasks       1 to 16
/// @param parameters  >= 1
/// @param seed        of the random orders of pcgrad and gradvac; the others do not use it
/// @param out         [parameters] written; must not overlap the gradients
/// @return SDQN_OK; SDQN_ERR_ARGUMENT for anything else than said above, a NaN or an infinity among the gradients included (`out`
///         untouched); SDQN_ERR_NUMERIC if the direction exceeds the range of float32 (`out` then holds infinities)
SdqnStatus sdqn_aggregate(const char *name, const float *gradients, int tasks, size_t parameters, uint64_t seed, float *out);

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
