// bench.h: how fast this program is on this machine, part by part, under the conditions of a real training run.
#ifndef SDQN_RUN_BENCH_H
#define SDQN_RUN_BENCH_H

#include "core/cpu.h"
#include "core/error.h"

#define SDQN_BENCH_MAX_ROUNDS 200 ///< repeats of every measurement

/// What is measured. Times are of one call, with batches of 64; all on one thread.
typedef enum SdqnBenchKey {
    SDQN_BENCH_FMA_PEAK = 0,       ///< the machine's widest level
    SDQN_BENCH_LEVEL_PEAK,         ///< the level measured
    SDQN_BENCH_UPDATE_GFLOPS,      ///< of the products inside the update: 2mnk of those computed over their time
    SDQN_BENCH_DENSE_GFLOPS,       ///< the same if the terms left out counted: above the peak, no dense product could be as fast
    SDQN_BENCH_UPDATE_MFLOP,       ///< of the products inside the update, every TD target computed
    SDQN_BENCH_WIDE_GFLOPS,        ///< of the dense products of a layer 256-256, as BroNet's: forward and both gradients
    SDQN_BENCH_PRODUCTS,           ///< time of these products
    SDQN_BENCH_UPDATE,             ///< as in training, TD targets remembered
    SDQN_BENCH_UPDATE_ALL_TARGETS, ///< every TD target computed
    SDQN_BENCH_SAMPLE,
    SDQN_BENCH_TARGETS, ///< of a whole batch
    SDQN_BENCH_FORWARD,
    SDQN_BENCH_LOSS,
    SDQN_BENCH_BACKWARD,
    SDQN_BENCH_ADAM,
    SDQN_BENCH_REFRESH,
    SDQN_BENCH_TRAIN_STEP, ///< act, environment step, push, update
    SDQN_BENCH_ACT,
    SDQN_BENCH_STEP, ///< an environment step of training
    SDQN_BENCH_PUSH,
    SDQN_BENCH_PLAIN_192,      ///< an update of shared with a batch of 192, every TD target computed
    SDQN_BENCH_BY_TASK,        ///< an update of mean, 64 transitions and a gradient of each of three tasks, likewise
    SDQN_BENCH_ENVIRONMENT,    ///< steps a second with random actions, resets included
    SDQN_BENCH_BATCH,          ///< the same of many environments stepped together
    SDQN_BENCH_SMALL_BATCH,    ///< the same of 64
    SDQN_BENCH_EVALUATE,       ///< seconds of 300 greedy episodes, 100 of each default task
    SDQN_BENCH_EVALUATE_STEPS, ///< environment steps of those episodes
    SDQN_BENCH_NUM_KEYS,
} SdqnBenchKey;

/// One figure over all rounds.
typedef struct SdqnBenchFigure {
    const char *key;  ///< in --json
    const char *help; ///< with the unit
    double median, low, high;
    int repeats;
} SdqnBenchFigure;

/// How to measure.
typedef struct SdqnBenchDef {
    SdqnCpuLevel level;
    double seconds;     ///< begin new rounds for so long, > 0; at least one round is made. The evaluation's share is at most a half.
    int transitions;    ///< in the replay buffer, in [4000, 100000]. A full buffer: 100000.
    int steps;          ///< environment steps between two target copies, in [1, 10000]. The mean of a default run: 4200.
    int final_episodes; ///< evaluated episodes a task, >= 1. As in a run: 100.
} SdqnBenchDef;

/// The result of a measurement.
typedef struct SdqnBench {
    SdqnBenchFigure figures[SDQN_BENCH_NUM_KEYS];
    int rounds;
} SdqnBench;

/// Fill a replay buffer with real episodes, train a little meanwhile, then measure everything in turn, round after round.
/// Not to be run by two threads at once.
/// @return SDQN_OK, SDQN_ERR_ARGUMENT (the level), SDQN_ERR_MEMORY or SDQN_ERR_NUMERIC
SdqnStatus sdqn_bench_run(const SdqnBenchDef *def, SdqnBench *result, SdqnError *error);

#endif
