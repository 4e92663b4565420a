// trace.c: `sharedqn trace`: step one environment through given actions and show every bit of what it gives.
#include "cli/command.h"
#include "cli/options.h"
#include "core/file.h"
#include "core/text.h"
#include "lander/lander.h"
#include "run/config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// More digits than any episode has steps; bounds what an @FILE may hold.
#define MAX_ACTION_BYTES ((size_t)64 << 20)

/// What is traced.
typedef struct Trace {
    SdqnLander lander;
    uint64_t seed;
    const char *actions; ///< digits, checked
    size_t num_actions;
} Trace;

/// How a trace is written, step by step. A format need not have every function.
typedef struct TraceFormat {
    void (*begin)(void);
    /// Observation after step number `step` (0: of the reset, then `result` and `action` mean nothing).
    void (*step)(size_t step, int action, const float *observation, const SdqnStep *result);
    void (*end)(const double *rewards, size_t steps, bool terminated);
} TraceFormat;

static void print_observation(const float *observation, const char *quote) {
    char text[SDQN_TEXT_SIZE];
    for (int i = 0; i < SDQN_LANDER_OBSERVATION_SIZE; i++)
        printf("%s%s%s%s", i ? "," : "", quote, sdqn_text_from_double_hex((double)observation[i], text), quote);
}

static void jsonl_step(size_t step, int action, const float *observation, const SdqnStep *result) {
    printf("{\"step\":%zu,", step);
    if (step) printf("\"action\":%d,", action);
    printf("\"observation\":[");
    print_observation(observation, "\"");
    printf("]");
    char text[SDQN_TEXT_SIZE];
    if (step)
        printf(",\"reward\":\"%s\",\"terminated\":%s", sdqn_text_from_double_hex(result->reward, text),
               result->terminated ? "true" : "false");
    printf("}\n");
}

static void csv_begin(void) { printf("step,action,x,y,vx,vy,angle,angular_velocity,leg1,leg2,reward,terminated\n"); }

static void csv_step(size_t step, int action, const float *observation, const SdqnStep *result) {
    printf("%zu,", step);
    if (step) printf("%d", action);
    printf(",");
    print_observation(observation, "");
    char text[SDQN_TEXT_SIZE];
    if (step)
        printf(",%s,%d\n", sdqn_text_from_double_hex(result->reward, text), result->terminated);
    else
        printf(",,\n");
}

// Raw: observations as float32, rewards as float64, `terminated` as one byte, all little-endian: the bytes whose SHA-256 a recorded
// episode carries. Every processor that we build for is little-endian.
static void raw_step(size_t step, int action, const float *observation, const SdqnStep *result) {
    (void)step, (void)action, (void)result;
    fwrite(observation, sizeof *observation, SDQN_LANDER_OBSERVATION_SIZE, stdout);
}

static void raw_end(const double *rewards, size_t steps, bool terminated) {
    fwrite(rewards, sizeof *rewards, steps, stdout);
    putchar(terminated ? 1 : 0);
}

static const char *const FORMAT_NAMES[] = {"jsonl", "csv", "raw", NULL};
static const TraceFormat FORMATS[] = {{NULL, jsonl_step, NULL}, {csv_begin, csv_step, NULL}, {NULL, raw_step, raw_end}};

static SdqnStatus check_actions(const char *where, const char *actions, size_t size, SdqnError *error) {
    for (size_t i = 0; i < size; i++) {
        if (actions[i] >= '0' && actions[i] < '0' + SDQN_LANDER_NUM_ACTIONS) continue;
        char shown[8];
        bool is_visible = actions[i] > ' ' && actions[i] < 0x7f;
        if (is_visible)
            snprintf(shown, sizeof shown, "'%c'", actions[i]);
        else
            snprintf(shown, sizeof shown, "0x%02x", (unsigned char)actions[i]);
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s: byte %zu is %s: must be a digit from 0 to %d", where, i + 1, shown,
                              SDQN_LANDER_NUM_ACTIONS - 1);
    }
    return SDQN_OK;
}

/// The digits of --actions, or of the file it names; line feeds at the end of the file are not counted.
/// @param owned  receives memory to free, or NULL
static SdqnStatus read_actions(const char *text, Trace *trace, uint8_t **owned, SdqnError *error) {
    *owned = NULL;
    trace->actions = text;
    trace->num_actions = strlen(text);
    if (text[0] != '@') return check_actions("--actions", text, trace->num_actions, error);
    size_t size;
    SdqnStatus status = sdqn_file_read(text + 1, MAX_ACTION_BYTES, owned, &size, error);
    if (status) return status;
    while (size > 0 && ((*owned)[size - 1] == '\n' || (*owned)[size - 1] == '\r')) size--;
    trace->actions = (const char *)*owned;
    trace->num_actions = size;
    return check_actions(text + 1, trace->actions, size, error);
}

/// Step through the actions, to their end or to the end of the episode.
static SdqnStatus play(Trace *trace, const TraceFormat *format, SdqnError *error) {
    double *rewards = malloc((trace->num_actions + 1) * sizeof *rewards);
    if (!rewards) return sdqn_error_set(error, SDQN_ERR_MEMORY, "out of memory for %zu rewards", trace->num_actions);
    float observation[SDQN_LANDER_OBSERVATION_SIZE];
    if (format->begin) format->begin();
    sdqn_lander_reset_seeded(&trace->lander, trace->seed, observation);
    format->step(0, 0, observation, NULL);
    size_t steps = 0;
    SdqnStep result = {.terminated = false};
    while (steps < trace->num_actions && !result.terminated) {
        int action = trace->actions[steps] - '0';
        result = sdqn_lander_step(&trace->lander, action, observation);
        rewards[steps++] = result.reward;
        format->step(steps, action, observation, &result);
    }
    if (format->end) format->end(rewards, steps, result.terminated);
    free(rewards);
    if (steps < trace->num_actions)
        fprintf(stderr, "sharedqn trace: terminated after step %zu: %zu digits left over\n", steps, trace->num_actions - steps);
    return SDQN_OK;
}

/// The task's definition: built in, or of the configuration file.
static SdqnStatus find_task(const char *name, const char *config_path, SdqnTask *task, SdqnError *error) {
    SdqnConfig config;
    sdqn_config_default(&config);
    SdqnStatus status = config_path ? sdqn_config_read(config_path, &config, error) : SDQN_OK;
    if (status) return status;
    const SdqnTask *found = sdqn_config_find_task(&config, name);
    if (!found)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--task %s: must be standard, windy, heavy, gymwind or one that --config defines",
                              name);
    *task = *found;
    return SDQN_OK;
}

/// The command line.
typedef struct Arguments {
    const char *task, *seed, *actions, *config;
    int format;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"task", SDQN_OPTION_TEXT, offsetof(Arguments, task), .value = "NAME",
     .help = "standard, windy, heavy, gymwind, or one that --config defines"},
    {"seed", SDQN_OPTION_TEXT, offsetof(Arguments, seed), .value = "S", .help = "seed of the reset, as in Gymnasium's reset(seed=S)"},
    {"actions", SDQN_OPTION_TEXT, offsetof(Arguments, actions), .value = "DIGITS|@FILE",
     .help = "one digit a step: 0 nothing, 1 left engine, 2 main engine, 3 right engine"},
    {"format", SDQN_OPTION_CHOICE, offsetof(Arguments, format), .value = "F",
     .help = "default jsonl; raw: float32 observations, float64 rewards, one byte terminated", .choices = FORMAT_NAMES},
    {"config", SDQN_OPTION_TEXT, offsetof(Arguments, config), .value = "FILE", .help = "YAML file with task_definitions"},
};
static const SdqnOptionTable TABLE = {
    "trace",
    "--task NAME --seed S --actions DIGITS|@FILE [--format jsonl|csv|raw] [--config FILE]",
    "Step an environment through given actions and show every bit of it.\nNot cut at the task's time limit; stops after a terminated step.",
    OPTIONS,
    (int)(sizeof OPTIONS / sizeof OPTIONS[0]),
    .max_arguments = 0,
};

SdqnStatus sdqn_command_trace(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {0};
    SdqnOperands operands;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status || operands.help_printed) return status;
    if (!arguments.task || !arguments.seed || !arguments.actions)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s is missing: --task, --seed and --actions are all needed",
                              !arguments.task   ? "--task"
                              : !arguments.seed ? "--seed"
                                                : "--actions");
    Trace trace;
    if (!sdqn_text_to_u64(arguments.seed, &trace.seed))
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "--seed %s: must be an integer in [0, 2^64)", arguments.seed);
    SdqnTask task;
    status = find_task(arguments.task, arguments.config, &task, error);
    if (status) return status;
    uint8_t *owned;
    status = read_actions(arguments.actions, &trace, &owned, error);
    if (!status) {
        SdqnRng rng;
        sdqn_rng_seed(&rng, trace.seed);
        sdqn_lander_create(&trace.lander, &task, &rng);
        status = play(&trace, &FORMATS[arguments.format], error);
    }
    free(owned);
    return status;
}
