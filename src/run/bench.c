// bench.c: measurements under the conditions of training. Every round measures everything once, so that what disturbs the machine for a
// while disturbs all figures alike; the medians over the rounds are reported. A round's figure is the mean over some hundreds or thousands
// of calls, without those in which the system took the processor away.
#include "run/bench.h"

#include "core/clock.h"
#include "dqn/exploration.h"
#include "dqn/learner.h"
#include "dqn/replay_buffer.h"
#include "dqn/td_target.h"
#include "lander/lander.h"
#include "lander/lander_batch.h"
#include "methods/method.h"
#include "nn/adam.h"
#include "nn/aligned.h"
#include "nn/loss.h"
#include "run/evaluator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NUM_TASKS SDQN_NUM_DEFAULT_TASKS
#define UPDATE_EVERY 8            ///< environment steps an update while the buffer is filled
#define PEAK_SECONDS 0.001        ///< of one piece of the measurement of the peak
#define PEAK_PIECES 8             ///< of which the fastest counts
#define SHORT_UPDATES 300         ///< updates of one measurement that is not a whole cycle
#define RANDOM_STEPS 3000         ///< environment steps of one measurement with random actions
#define MAX_CALLS 10000           ///< timed calls of one measurement
#define INTERRUPTION_SECONDS 4e-4 ///< a call that took so much longer than the median call was interrupted: a time slice is longer still
#define BENCH_SEED 1
#define WIDE 256            ///< units of the wide layer
#define COMPARED_UPDATES 60 ///< of each method compared
#define WIDE_ROUNDS 100     ///< of its products
#define EVALUATION_SEED 1000000
#define LARGEST_EVALUATION_SHARE 0.5

static const struct {
    const char *key, *help;
} FIGURES[SDQN_BENCH_NUM_KEYS] = {
    [SDQN_BENCH_FMA_PEAK] = {"fma_peak_gflops", "GFLOP/s, fma peak of this machine's widest level"},
    [SDQN_BENCH_LEVEL_PEAK] = {"level_fma_peak_gflops", "GFLOP/s, fma peak of the level measured"},
    [SDQN_BENCH_UPDATE_GFLOPS] = {"update_gflops", "GFLOP/s of the products in the update"},
    [SDQN_BENCH_DENSE_GFLOPS] = {"update_dense_gflops", "GFLOP/s, the same if the terms left out counted"},
    [SDQN_BENCH_UPDATE_MFLOP] = {"update_mflop", "MFLOP of the products in the update"},
    [SDQN_BENCH_WIDE_GFLOPS] = {"wide_gflops", "GFLOP/s of the dense products of a layer 256-256"},
    [SDQN_BENCH_PRODUCTS] = {"update_products_us", "us, products in the update"},
    [SDQN_BENCH_UPDATE] = {"update_us", "us, update, TD targets remembered as in training"},
    [SDQN_BENCH_UPDATE_ALL_TARGETS] = {"update_all_targets_us", "us, update, every TD target computed"},
    [SDQN_BENCH_SAMPLE] = {"sample_us", "us, draw a batch"},
    [SDQN_BENCH_TARGETS] = {"targets_us", "us, TD targets of a whole batch"},
    [SDQN_BENCH_FORWARD] = {"forward_us", "us, forward pass"},
    [SDQN_BENCH_LOSS] = {"loss_us", "us, loss"},
    [SDQN_BENCH_BACKWARD] = {"backward_us", "us, backward pass"},
    [SDQN_BENCH_ADAM] = {"adam_us", "us, Adam"},
    [SDQN_BENCH_REFRESH] = {"refresh_us", "us, transposed copies of the weights"},
    [SDQN_BENCH_TRAIN_STEP] = {"train_step_us", "us, training step: act, environment, push, update"},
    [SDQN_BENCH_ACT] = {"act_us", "us, action"},
    [SDQN_BENCH_STEP] = {"env_step_us", "us, environment step in training"},
    [SDQN_BENCH_PUSH] = {"push_us", "us, store a transition"},
    [SDQN_BENCH_PLAIN_192] = {"update_192_us", "us, update with a batch of 192, every TD target computed"},
    [SDQN_BENCH_BY_TASK] = {"update_by_task_us", "us, update of mean, a gradient of 64 of each of three tasks, likewise"},
    [SDQN_BENCH_ENVIRONMENT] = {"env_steps_per_s", "environment steps/s, random actions, resets included"},
    [SDQN_BENCH_BATCH] = {"batch_env_steps_per_s", "the same, 1024 environments together"},
    [SDQN_BENCH_SMALL_BATCH] = {"batch_64_env_steps_per_s", "the same, 64 environments together"},
    [SDQN_BENCH_EVALUATE] = {"evaluate_300_s", "s, evaluation of 300 episodes"},
    [SDQN_BENCH_EVALUATE_STEPS] = {"evaluate_300_steps", "environment steps in it"},
};

/// Methods whose updates are compared, on as many transitions.
static const struct {
    const char *method;
    int batch_size;
    SdqnBenchKey key;
} COMPARED[] = {{"shared", 192, SDQN_BENCH_PLAIN_192}, {"mean", 64, SDQN_BENCH_BY_TASK}};
#define NUM_COMPARED ((int)(sizeof COMPARED / sizeof COMPARED[0]))

#define NUM_BATCHES 2
static const struct {
    int lanes, steps; ///< steps of one measurement
    SdqnBenchKey key;
} BATCHES[NUM_BATCHES] = {{1024, 60, SDQN_BENCH_BATCH}, {64, 500, SDQN_BENCH_SMALL_BATCH}};
#define MAX_LANES 1024

/// One lander of training and where its episode stands.
typedef struct Actor {
    SdqnLander lander;
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    int task;
} Actor;

/// What an update works on, in the hands of the bench: its parts are called one by one.
typedef struct Parts {
    SdqnReplayBuffer *replay;
    SdqnQNetwork *network, *target;
    SdqnQWorkspace *workspace;
    SdqnAdam adam;
    SdqnBatch batch;
    SdqnRng rng;
    float *q, *dq, *y, *discount, *gradient;
    float *wide; ///< of a layer 256-256: input, output and weight, rows sdqn_aligned_row apart
} Parts;

typedef struct Bench {
    SdqnBenchDef def;
    const SdqnKernels *kernels, *widest;
    SdqnDqnDef dqn;
    SdqnQNetworkDef network;
    SdqnLearner *learner;   ///< trains on from round to round
    SdqnLearner *forgetful; ///< a copy for updates that remember nothing
    SdqnLearner *counted;   ///< a copy on kernels that count
    void *compared[NUM_COMPARED];
    Actor actors[NUM_TASKS];
    int playing; ///< the actor whose episode it is
    Parts parts;
    SdqnLander random;                     ///< plays random actions
    SdqnLanderBatch *batches[NUM_BATCHES]; ///< random actions too
    SdqnRng actions;
    double evaluation_seconds;
    int rounds;
    int counts[SDQN_BENCH_NUM_KEYS];
    double samples[SDQN_BENCH_NUM_KEYS][SDQN_BENCH_MAX_ROUNDS];
    int calls[SDQN_BENCH_NUM_KEYS]; ///< timed since the last call of settle
    double times[SDQN_BENCH_NUM_KEYS][MAX_CALLS];
} Bench;

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double sort_for_median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, compare);
    return 0.5 * (values[(n - 1) / 2] + values[n / 2]);
}

static void record(Bench *bench, SdqnBenchKey key, double value) { bench->samples[key][bench->counts[key]++] = value; }

/// Keep the time of one call.
static void keep(Bench *bench, SdqnBenchKey key, double seconds) { bench->times[key][bench->calls[key]++] = seconds; }

/// Mean of the times kept, without interrupted calls.
static double settle(Bench *bench, SdqnBenchKey key) {
    double *times = bench->times[key], sum = 0;
    const int n = bench->calls[key];
    const double longest = sort_for_median(times, n) + INTERRUPTION_SECONDS;
    int whole = 0;
    for (; whole < n && times[whole] <= longest; whole++) sum += times[whole];
    bench->calls[key] = 0;
    return sum / whole;
}

// ---- kernels that count ---------------------------------------------------------------------------------------------------------

/// Products since the last reset. A kernel knows no context, so this is the one thing here that threads would share.
static struct {
    void (*product)(const SdqnProduct *product);
    double seconds, flops;
    double dense_flops; ///< with the terms that are left out
} counter;

/// Terms of each column's sums that are computed.
static double terms_of(const SdqnProduct *product) {
    if (!product->sparse) return (double)product->rows * product->depth;
    double terms = 0;
    for (int i = 0; i < product->rows; i++) {
        for (int p = 0; p < product->depth; p++) terms += product->a[(size_t)i * product->a_row + (size_t)p] != 0.0f;
    }
    return terms;
}

static void counted_product(const SdqnProduct *product) {
    const double began = sdqn_clock_seconds();
    counter.product(product);
    counter.seconds += sdqn_clock_seconds() - began;
    counter.flops += 2.0 * product->columns * terms_of(product);
    counter.dense_flops += 2.0 * product->columns * product->rows * product->depth;
}

static SdqnKernels counted_kernels;

// ---- setting up -----------------------------------------------------------------------------------------------------------------

static SdqnRng stream(SdqnStream purpose) {
    SdqnRng rng;
    sdqn_rng_seed_spawned(&rng, BENCH_SEED, (const uint32_t[]){(uint32_t)purpose}, 1);
    return rng;
}

static SdqnStatus create_learner(const Bench *bench, const SdqnKernels *kernels, SdqnLearner **learner, SdqnError *error) {
    const SdqnLearnerStreams streams = {
        .weights = stream(SDQN_STREAM_WEIGHTS),
        .exploration = stream(SDQN_STREAM_EXPLORATION),
        .replay = stream(SDQN_STREAM_REPLAY),
        .noise = stream(SDQN_STREAM_METHOD),
    };
    return sdqn_learner_create(&bench->network, &bench->dqn, kernels, NULL, &streams, learner, error);
}

static SdqnStatus create_parts(const Bench *bench, Parts *parts, SdqnError *error) {
    const size_t rows = (size_t)bench->dqn.batch_size, parameters = sdqn_q_network_def_parameter_count(&bench->network);
    SdqnStatus status = sdqn_replay_buffer_create(bench->dqn.replay_capacity, bench->network.observation_size, &parts->replay, error);
    if (status == SDQN_OK) status = sdqn_q_network_create(&bench->network, bench->kernels, &parts->network, error);
    if (status == SDQN_OK) status = sdqn_q_network_create(&bench->network, bench->kernels, &parts->target, error);
    if (status == SDQN_OK) status = sdqn_q_workspace_create(&bench->network, bench->dqn.batch_size, true, &parts->workspace, error);
    if (status == SDQN_OK) status = sdqn_adam_create(&parts->adam, parameters, error);
    if (status == SDQN_OK) status = sdqn_batch_create(&parts->batch, bench->dqn.batch_size, bench->network.observation_size, error);
    if (status != SDQN_OK) return status;
    parts->rng = stream(SDQN_STREAM_REPLAY);
    parts->q = sdqn_aligned_floats(rows * (size_t)bench->network.num_actions);
    parts->dq = sdqn_aligned_floats(rows * (size_t)bench->network.num_actions);
    parts->y = sdqn_aligned_floats(rows);
    parts->discount = sdqn_aligned_floats(rows);
    parts->gradient = sdqn_aligned_floats(parameters);
    parts->wide = sdqn_aligned_floats((2 * rows + WIDE) * sdqn_aligned_row(WIDE));
    if (!parts->wide || !parts->q || !parts->dq || !parts->y || !parts->discount || !parts->gradient)
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "bench: out of memory for %zu parameters", parameters);
    return SDQN_OK;
}

static void destroy_parts(Parts *parts) {
    sdqn_replay_buffer_destroy(parts->replay);
    sdqn_q_network_destroy(parts->network);
    sdqn_q_network_destroy(parts->target);
    sdqn_q_workspace_destroy(parts->workspace);
    sdqn_adam_destroy(&parts->adam);
    sdqn_batch_destroy(&parts->batch);
    free(parts->q);
    free(parts->dq);
    free(parts->y);
    free(parts->discount);
    free(parts->gradient);
    free(parts->wide);
}

static SdqnStatus create_compared(Bench *bench, int i, SdqnError *error) {
    static const char *const names[NUM_TASKS] = {"standard", "windy", "heavy"};
    const SdqnMethod *method = sdqn_method_find(COMPARED[i].method);
    SdqnMethodDef def = {.kernels = bench->kernels, .seed = BENCH_SEED};
    method->def_default(&def);
    def.dqn.batch_size = COMPARED[i].batch_size;
    sdqn_method_def_set_tasks(method, names, NUM_TASKS, &def);
    return method->create(&def, &bench->compared[i], error);
}

static void create_actors(Bench *bench) {
    for (int t = 0; t < NUM_TASKS; t++) {
        SdqnRng rng;
        sdqn_rng_seed_spawned(&rng, BENCH_SEED, (const uint32_t[]){SDQN_STREAM_ENVIRONMENT, (uint32_t)t}, 2);
        bench->actors[t].task = t;
        sdqn_lander_create(&bench->actors[t].lander, sdqn_task_builtin(t), &rng);
        sdqn_lander_reset(&bench->actors[t].lander, bench->actors[t].observation);
    }
    sdqn_rng_seed(&bench->actions, BENCH_SEED);
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    sdqn_lander_create(&bench->random, sdqn_task_builtin(0), &bench->actions);
    sdqn_lander_reset(&bench->random, observation);
}

/// One training step. @param times  [5] written: when it began, had acted, stepped, pushed and updated
/// @param filling  whether the transition also goes to all others that need transitions
static SdqnStatus train_step(Bench *bench, bool update, bool filling, double *times, SdqnError *error) {
    Actor *actor = &bench->actors[bench->playing];
    float next[SDQN_LANDER_OBSERVATION_SIZE];
    times[0] = sdqn_clock_seconds();
    const int action = sdqn_learner_act(bench->learner, actor->observation, actor->task);
    times[1] = sdqn_clock_seconds();
    const SdqnStep step = sdqn_lander_step(&actor->lander, action, next);
    times[2] = sdqn_clock_seconds();
    const SdqnTransition transition = {
        .observation = actor->observation,
        .next_observation = next,
        .reward = step.reward,
        .action = action,
        .task = actor->task,
        .terminated = step.terminated,
        .truncated = step.truncated,
    };
    sdqn_learner_push(bench->learner, &transition);
    times[3] = sdqn_clock_seconds();
    SdqnUpdate done;
    const SdqnStatus status = update ? sdqn_learner_update(bench->learner, &done, error) : SDQN_OK;
    times[4] = sdqn_clock_seconds();
    if (filling) sdqn_replay_buffer_push(bench->parts.replay, &transition);
    for (int i = 0; i < NUM_COMPARED && filling; i++) sdqn_method_find(COMPARED[i].method)->push(bench->compared[i], &transition);
    memcpy(actor->observation, next, sizeof next);
    if (step.terminated || step.truncated) {
        sdqn_lander_reset(&actor->lander, actor->observation);
        bench->playing = (bench->playing + 1) % NUM_TASKS;
    }
    return status;
}

/// Close episodes until the target network has been copied, whatever number of them is closed already.
static void copy_target(const Bench *bench, SdqnLearner *learner) {
    for (int i = 0; i < bench->dqn.target_period; i++) sdqn_learner_end_episode(learner);
}

/// Fill the buffers with real episodes of a learner that trains on them.
static SdqnStatus fill(Bench *bench, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    double times[5];
    for (int i = 0; i < bench->def.transitions && status == SDQN_OK; i++) {
        const int playing = bench->playing;
        status = train_step(bench, i % UPDATE_EVERY == 0, true, times, error);
        if (bench->playing != playing) sdqn_learner_end_episode(bench->learner);
    }
    return status;
}

/// Give another learner all that the first has learnt.
static SdqnStatus copy_learner(const Bench *bench, SdqnLearner *copy, SdqnError *error) {
    const size_t size = sdqn_learner_state_size(bench->learner);
    uint8_t *bytes = malloc(size);
    if (!bytes) return sdqn_error_set(error, SDQN_ERR_MEMORY, "bench: out of memory for a learner's %zu bytes", size);
    sdqn_learner_save_state(bench->learner, bytes);
    const SdqnStatus status = sdqn_learner_load_state(copy, bytes, size, error);
    free(bytes);
    return status;
}

static SdqnStatus create_batch(const Bench *bench, int lanes, SdqnLanderBatch **batch, SdqnError *error) {
    SdqnTask *tasks = calloc((size_t)lanes, sizeof *tasks);
    SdqnRng *rngs = calloc((size_t)lanes, sizeof *rngs);
    float *observation = calloc((size_t)lanes * SDQN_LANDER_OBSERVATION_SIZE, sizeof *observation);
    SdqnStatus status;
    if (!tasks || !rngs || !observation) {
        status = sdqn_error_set(error, SDQN_ERR_MEMORY, "bench: out of memory for %d landers", lanes);
    } else {
        for (int i = 0; i < lanes; i++) {
            tasks[i] = *sdqn_task_builtin(0);
            sdqn_rng_seed(&rngs[i], (uint64_t)i);
        }
        const SdqnLanderBatchDef def = {
            .lanes = lanes, .tasks = tasks, .rngs = rngs, .autoreset = SDQN_AUTORESET_SAME_STEP, .level = bench->def.level};
        status = sdqn_lander_batch_create(&def, batch, error);
    }
    if (status == SDQN_OK) sdqn_lander_batch_reset(*batch, NULL, NULL, observation);
    free(tasks);
    free(rngs);
    free(observation);
    return status;
}

static SdqnStatus set_up(Bench *bench, SdqnError *error) {
    bench->kernels = sdqn_kernels(bench->def.level);
    bench->widest = sdqn_kernels(sdqn_cpu_level_best());
    if (!bench->kernels || !bench->widest)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "bench: no kernels of level %s here", sdqn_cpu_level_name(bench->def.level));
    bench->network = sdqn_q_network_def_default();
    bench->dqn = sdqn_dqn_def_default();
    counter.product = bench->kernels->product;
    counted_kernels = *bench->kernels;
    counted_kernels.product = counted_product;
    SdqnStatus status = create_learner(bench, bench->kernels, &bench->learner, error);
    if (status == SDQN_OK) status = create_learner(bench, bench->kernels, &bench->forgetful, error);
    if (status == SDQN_OK) status = create_learner(bench, &counted_kernels, &bench->counted, error);
    if (status == SDQN_OK) status = create_parts(bench, &bench->parts, error);
    for (int i = 0; i < NUM_COMPARED && status == SDQN_OK; i++) status = create_compared(bench, i, error);
    for (int i = 0; i < NUM_BATCHES && status == SDQN_OK; i++) {
        status = create_batch(bench, BATCHES[i].lanes, &bench->batches[i], error);
    }
    if (status != SDQN_OK) return status;
    create_actors(bench);
    status = fill(bench, error);
    if (status == SDQN_OK) status = copy_learner(bench, bench->forgetful, error);
    if (status == SDQN_OK) status = copy_learner(bench, bench->counted, error);
    sdqn_q_network_copy(bench->parts.network, sdqn_learner_network(bench->learner));
    return status;
}

// ---- one round ------------------------------------------------------------------------------------------------------------------

static double measure_peak(const SdqnKernels *kernels) {
    double best = 0;
    int64_t rounds = 1000;
    for (int piece = 0; piece < PEAK_PIECES;) {
        float sum;
        const double began = sdqn_clock_seconds();
        const double flops = kernels->fma_peak(rounds, &sum);
        const double seconds = sdqn_clock_seconds() - began;
        if (seconds < PEAK_SECONDS) {
            rounds *= 2;
            continue;
        }
        if (flops > best * seconds) best = flops / seconds;
        piece++;
    }
    return 1e-9 * best;
}

/// Training from one target copy to the next.
static SdqnStatus measure_training(Bench *bench, SdqnError *error) {
    static const SdqnBenchKey keys[] = {SDQN_BENCH_ACT, SDQN_BENCH_STEP, SDQN_BENCH_PUSH, SDQN_BENCH_UPDATE};
    SdqnStatus status = SDQN_OK;
    copy_target(bench, bench->learner);
    for (int i = 0; i < bench->def.steps && status == SDQN_OK; i++) {
        double times[5];
        status = train_step(bench, true, false, times, error);
        keep(bench, SDQN_BENCH_TRAIN_STEP, times[4] - times[0]);
        for (int part = 0; part < 4; part++) keep(bench, keys[part], times[part + 1] - times[part]);
    }
    record(bench, SDQN_BENCH_TRAIN_STEP, 1e6 * settle(bench, SDQN_BENCH_TRAIN_STEP));
    for (int part = 0; part < 4; part++) record(bench, keys[part], 1e6 * settle(bench, keys[part]));
    return status;
}

static SdqnStatus measure_forgetful(Bench *bench, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < SHORT_UPDATES && status == SDQN_OK; i++) {
        SdqnUpdate update;
        copy_target(bench, bench->forgetful);
        const double began = sdqn_clock_seconds();
        status = sdqn_learner_update(bench->forgetful, &update, error);
        keep(bench, SDQN_BENCH_UPDATE_ALL_TARGETS, sdqn_clock_seconds() - began);
    }
    record(bench, SDQN_BENCH_UPDATE_ALL_TARGETS, 1e6 * settle(bench, SDQN_BENCH_UPDATE_ALL_TARGETS));
    return status;
}

/// Updates of the compared methods in turn.
static SdqnStatus measure_compared(Bench *bench, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    for (int n = 0; n < COMPARED_UPDATES * NUM_COMPARED && status == SDQN_OK; n++) {
        const int i = n % NUM_COMPARED;
        const SdqnMethod *method = sdqn_method_find(COMPARED[i].method);
        SdqnUpdate update;
        for (int e = 0; e < bench->dqn.target_period; e++) method->end_episode(bench->compared[i], 0); // copies the target network
        const double began = sdqn_clock_seconds();
        status = method->update(bench->compared[i], &update, error);
        keep(bench, COMPARED[i].key, sdqn_clock_seconds() - began);
    }
    for (int i = 0; i < NUM_COMPARED; i++) record(bench, COMPARED[i].key, 1e6 * settle(bench, COMPARED[i].key));
    return status;
}

static SdqnStatus measure_products(Bench *bench, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    double flops = 0, dense_flops = 0;
    for (int i = 0; i < SHORT_UPDATES && status == SDQN_OK; i++) {
        SdqnUpdate update;
        copy_target(bench, bench->counted);
        counter.seconds = counter.flops = counter.dense_flops = 0;
        status = sdqn_learner_update(bench->counted, &update, error);
        keep(bench, SDQN_BENCH_PRODUCTS, counter.seconds);
        flops += counter.flops / SHORT_UPDATES;
        dense_flops += counter.dense_flops / SHORT_UPDATES;
    }
    const double seconds = settle(bench, SDQN_BENCH_PRODUCTS);
    record(bench, SDQN_BENCH_PRODUCTS, 1e6 * seconds);
    record(bench, SDQN_BENCH_UPDATE_MFLOP, 1e-6 * flops);
    record(bench, SDQN_BENCH_UPDATE_GFLOPS, 1e-9 * flops / seconds);
    record(bench, SDQN_BENCH_DENSE_GFLOPS, 1e-9 * dense_flops / seconds);
    return status;
}

/// y = x w, dx = y w and dw = y^T x of a layer 256-256.
static void measure_wide(Bench *bench) {
    const int n = bench->dqn.batch_size;
    const size_t row = sdqn_aligned_row(WIDE);
    float *x = bench->parts.wide, *y = x + (size_t)n * row, *w = y + (size_t)n * row;
    for (size_t i = 0; i < (size_t)n * row; i++) x[i] = 1.0f;
    for (size_t i = 0; i < WIDE * row; i++) w[i] = 1.0f / WIDE;
    const SdqnProduct forward = {
        .rows = n, .columns = WIDE, .depth = WIDE, .a = x, .a_row = row, .a_depth = 1, .b = w, .b_depth = row, .c = y, .c_row = row};
    SdqnProduct backward = forward, weight = forward;
    backward.a = y;
    backward.c = x;
    weight = (SdqnProduct){
        .rows = WIDE, .columns = WIDE, .depth = n, .a = y, .a_row = 1, .a_depth = row, .b = x, .b_depth = row, .c = w, .c_row = row};
    for (int i = 0; i < WIDE_ROUNDS; i++) {
        const double began = sdqn_clock_seconds();
        bench->kernels->product(&forward);
        bench->kernels->product(&backward);
        bench->kernels->product(&weight);
        keep(bench, SDQN_BENCH_WIDE_GFLOPS, sdqn_clock_seconds() - began);
        for (size_t k = 0; k < WIDE * row; k++) w[k] = 1.0f / WIDE; // else they grow without end
    }
    record(bench, SDQN_BENCH_WIDE_GFLOPS, 1e-9 * 3 * 2.0 * n * WIDE * WIDE / settle(bench, SDQN_BENCH_WIDE_GFLOPS));
}

/// Updates in the order of sdqn_learner_update, by its parts.
static void measure_parts(Bench *bench) {
    Parts *parts = &bench->parts;
    SdqnBatch *batch = &parts->batch;
    const int n = bench->dqn.batch_size, actions = bench->network.num_actions;
    sdqn_q_network_copy(parts->target, parts->network);
    for (int b = 0; b < n; b++) parts->discount[b] = (float)bench->dqn.gamma;
    for (int i = 0; i < SHORT_UPDATES; i++) {
        double last = sdqn_clock_seconds(), time;
#define PART(key) time = sdqn_clock_seconds(), keep(bench, key, time - last), last = time
        sdqn_replay_buffer_sample(parts->replay, &parts->rng, n, batch);
        PART(SDQN_BENCH_SAMPLE);
        sdqn_q_network_forward(parts->target, parts->workspace, batch->next_observation, batch->task, n, parts->q);
        sdqn_td_target(parts->q, batch->reward, batch->terminated, parts->discount, n, actions, parts->y);
        PART(SDQN_BENCH_TARGETS);
        sdqn_q_network_forward(parts->network, parts->workspace, batch->observation, batch->task, n, parts->q);
        PART(SDQN_BENCH_FORWARD);
        sdqn_mse_loss(parts->q, batch->action, parts->y, n, actions, parts->dq);
        PART(SDQN_BENCH_LOSS);
        sdqn_q_network_backward(parts->network, parts->workspace, batch->task, parts->dq, n, parts->gradient);
        PART(SDQN_BENCH_BACKWARD);
        sdqn_adam_step(&parts->adam, bench->kernels, parts->gradient, bench->dqn.learning_rate,
                       sdqn_q_network_parameters_mutable(parts->network));
        PART(SDQN_BENCH_ADAM);
        sdqn_q_network_refresh(parts->network);
        PART(SDQN_BENCH_REFRESH);
#undef PART
    }
    for (int key = SDQN_BENCH_SAMPLE; key <= SDQN_BENCH_REFRESH; key++) record(bench, key, 1e6 * settle(bench, key));
}

static void measure_environment(Bench *bench) {
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    for (int i = 0; i < RANDOM_STEPS; i++) {
        const double began = sdqn_clock_seconds();
        const int action = (int)sdqn_rng_integers(&bench->actions, 0, SDQN_LANDER_NUM_ACTIONS);
        const SdqnStep step = sdqn_lander_step(&bench->random, action, observation);
        if (step.terminated || step.truncated) sdqn_lander_reset(&bench->random, observation);
        keep(bench, SDQN_BENCH_ENVIRONMENT, sdqn_clock_seconds() - began);
    }
    record(bench, SDQN_BENCH_ENVIRONMENT, 1 / settle(bench, SDQN_BENCH_ENVIRONMENT));
}

static SdqnStatus measure_batch(Bench *bench, int i, SdqnError *error) {
    static float observation[MAX_LANES * SDQN_LANDER_OBSERVATION_SIZE];
    static double reward[MAX_LANES];
    static uint8_t terminated[MAX_LANES], truncated[MAX_LANES];
    static int32_t actions[MAX_LANES];
    const SdqnLanderBatchStep out = {.observation = observation, .reward = reward, .terminated = terminated, .truncated = truncated};
    const int lanes = BATCHES[i].lanes;
    SdqnStatus status = SDQN_OK;
    for (int step = 0; step < BATCHES[i].steps && status == SDQN_OK; step++) {
        const double began = sdqn_clock_seconds();
        for (int lane = 0; lane < lanes; lane++) {
            actions[lane] = (int32_t)sdqn_rng_integers(&bench->actions, 0, SDQN_LANDER_NUM_ACTIONS);
        }
        status = sdqn_lander_batch_step(bench->batches[i], actions, &out, error);
        keep(bench, BATCHES[i].key, sdqn_clock_seconds() - began);
    }
    record(bench, BATCHES[i].key, lanes / settle(bench, BATCHES[i].key));
    return status;
}

static void act_greedily(void *object, const int32_t *tasks, const float *observations, int n, int32_t *actions) {
    float q[SDQN_EVALUATION_LANES * SDQN_LANDER_NUM_ACTIONS];
    sdqn_learner_q_values(object, observations, tasks, n, q);
    for (int i = 0; i < n; i++) actions[i] = sdqn_greedy_action(q + (size_t)i * SDQN_LANDER_NUM_ACTIONS, SDQN_LANDER_NUM_ACTIONS);
}

/// The final evaluation of a run, by the learner as it stands. It takes long, so not every round has one.
static SdqnStatus measure_evaluation(Bench *bench, double elapsed, SdqnError *error) {
    if (bench->evaluation_seconds > LARGEST_EVALUATION_SHARE * elapsed) return SDQN_OK;
    SdqnTaskSet set = {.family = &sdqn_lander_family, .count = NUM_TASKS};
    for (int t = 0; t < NUM_TASKS; t++) set.tasks[t] = sdqn_task_entry_lander(sdqn_task_builtin(t));
    const SdqnEvaluationDef def = {
        .set = &set,
        .policy = {bench->forgetful, act_greedily},
        .episodes = bench->def.final_episodes,
        .seed = EVALUATION_SEED,
        .level = bench->kernels->level,
    };
    SdqnEvaluation evaluation = {0};
    const double began = sdqn_clock_seconds();
    const SdqnStatus status = sdqn_evaluate(&def, &evaluation, error);
    if (status != SDQN_OK) return status;
    const double seconds = sdqn_clock_seconds() - began;
    double steps = 0;
    for (int t = 0; t < NUM_TASKS; t++) steps += evaluation.tasks[t].steps * bench->def.final_episodes;
    sdqn_evaluation_clear(&evaluation);
    bench->evaluation_seconds += seconds;
    record(bench, SDQN_BENCH_EVALUATE, seconds);
    record(bench, SDQN_BENCH_EVALUATE_STEPS, steps);
    return SDQN_OK;
}

static SdqnStatus measure(Bench *bench, SdqnError *error) {
    SdqnStatus status = SDQN_OK;
    const double began = sdqn_clock_seconds();
    do {
        record(bench, SDQN_BENCH_FMA_PEAK, measure_peak(bench->widest));
        record(bench, SDQN_BENCH_LEVEL_PEAK, measure_peak(bench->kernels));
        measure_wide(bench);
        status = measure_products(bench, error);
        if (status == SDQN_OK) status = measure_forgetful(bench, error);
        if (status == SDQN_OK) status = measure_training(bench, error);
        if (status == SDQN_OK) status = measure_compared(bench, error);
        measure_parts(bench);
        measure_environment(bench);
        for (int i = 0; i < NUM_BATCHES && status == SDQN_OK; i++) status = measure_batch(bench, i, error);
        if (status == SDQN_OK) status = measure_evaluation(bench, sdqn_clock_seconds() - began, error);
        bench->rounds++;
    } while (status == SDQN_OK && bench->rounds < SDQN_BENCH_MAX_ROUNDS && sdqn_clock_seconds() - began < bench->def.seconds);
    return status;
}

static void summarise(Bench *bench, SdqnBench *result) {
    result->rounds = bench->rounds;
    for (int key = 0; key < SDQN_BENCH_NUM_KEYS; key++) {
        double *samples = bench->samples[key];
        const int n = bench->counts[key];
        result->figures[key].key = FIGURES[key].key;
        result->figures[key].help = FIGURES[key].help;
        result->figures[key].median = sort_for_median(samples, n);
        result->figures[key].low = samples[0];
        result->figures[key].high = samples[n - 1];
        result->figures[key].repeats = n;
    }
}

SdqnStatus sdqn_bench_run(const SdqnBenchDef *def, SdqnBench *result, SdqnError *error) {
    Bench *bench = calloc(1, sizeof *bench);
    if (!bench) return sdqn_error_set(error, SDQN_ERR_MEMORY, "bench: out of memory");
    bench->def = *def;
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    SdqnStatus status = set_up(bench, error);
    if (status == SDQN_OK) status = measure(bench, error);
    if (status == SDQN_OK) summarise(bench, result);
    sdqn_cpu_mode_restore(mode);
    sdqn_learner_destroy(bench->learner);
    sdqn_learner_destroy(bench->forgetful);
    sdqn_learner_destroy(bench->counted);
    for (int i = 0; i < NUM_COMPARED; i++) sdqn_method_find(COMPARED[i].method)->destroy(bench->compared[i]);
    for (int i = 0; i < NUM_BATCHES; i++) sdqn_lander_batch_destroy(bench->batches[i]);
    destroy_parts(&bench->parts);
    free(bench);
    return status;
}
