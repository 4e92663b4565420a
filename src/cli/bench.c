// bench.c: `sharedqn bench`: how fast the program is on this machine.
#include "run/bench.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/print_json.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

typedef struct Arguments {
    const char *isa;
    int seconds;
    bool json;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"seconds", SDQN_OPTION_INT, offsetof(Arguments, seconds), .value = "S", .low = 1, .high = 3600,
     .help = "begin new rounds for so many seconds, after some seconds of preparation (default 20)"},
    {"isa", SDQN_OPTION_TEXT, offsetof(Arguments, isa), .value = "L",
     .help = "kernel level: auto, scalar, avx2, avx512, neon (default auto)"},
    {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document"},
};
static const SdqnOptionTable TABLE = {
    .command = "bench",
    .usage = "[--seconds S] [--isa L] [--json]",
    .help = "Measure training by its parts, the environment and the evaluation, in turn, with a full replay buffer of real episodes.\n"
            "All on one thread; medians over the rounds, with the least and the greatest.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
};

/// The processor's name as Linux tells it, else `unknown`.
static void read_cpu_model(char *model, size_t size) {
    snprintf(model, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file) return;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(model, size, "%s", colon + 1 + strspn(colon + 1, " "));
        break;
    }
    fclose(file);
}

/// What a speed figure must name.
typedef struct Machine {
    char cpu[256];
    const char *level, *compiler;
} Machine;

static SdqnStatus print_json(const Machine *machine, const SdqnBench *bench, SdqnError *error) {
    SdqnJsonWriter *writer = sdqn_json_writer_create(2);
    if (writer) {
        sdqn_json_begin_object(writer, NULL);
        for (int i = 0; i < SDQN_BENCH_NUM_KEYS; i++) sdqn_json_add_double(writer, bench->figures[i].key, bench->figures[i].median);
        sdqn_json_begin_object(writer, "spread");
        for (int i = 0; i < SDQN_BENCH_NUM_KEYS; i++) {
            const SdqnBenchFigure *figure = &bench->figures[i];
            sdqn_json_begin_object(writer, figure->key);
            sdqn_json_add_double(writer, "min", figure->low);
            sdqn_json_add_double(writer, "max", figure->high);
            sdqn_json_add_i64(writer, "repeats", figure->repeats);
            sdqn_json_end_object(writer);
        }
        sdqn_json_end_object(writer);
        sdqn_json_add_i64(writer, "rounds", bench->rounds);
        sdqn_json_add_string(writer, "cpu", machine->cpu);
        sdqn_json_add_string(writer, "isa", machine->level);
        sdqn_json_add_i64(writer, "threads", 1);
        sdqn_json_add_string(writer, "compiler", machine->compiler);
        sdqn_json_end_object(writer);
    }
    return sdqn_print_json(writer, "bench", error);
}

static void print_table(const Machine *machine, const SdqnBench *bench) {
    printf("%s, kernels %s, 1 thread, %s\n\n", machine->cpu, machine->level, machine->compiler);
    printf("%-22s %12s %12s %12s %5s  %s\n", "", "median", "least", "greatest", "n", "");
    for (int i = 0; i < SDQN_BENCH_NUM_KEYS; i++) {
        const SdqnBenchFigure *figure = &bench->figures[i];
        const int digits = figure->median >= 1000 ? 0 : 2;
        printf("%-22s %12.*f %12.*f %12.*f %5d  %s\n", figure->key, digits, figure->median, digits, figure->low, digits, figure->high,
               figure->repeats, figure->help);
    }
    const double peak = bench->figures[SDQN_BENCH_FMA_PEAK].median;
    printf("\nproducts of the update: %.0f %% of the fma peak; as fast as dense products at %.0f %% of it\n",
           100 * bench->figures[SDQN_BENCH_UPDATE_GFLOPS].median / peak, 100 * bench->figures[SDQN_BENCH_DENSE_GFLOPS].median / peak);
}

SdqnStatus sdqn_command_bench(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {.isa = "auto", .seconds = 20};
    SdqnOperands operands;
    SdqnBenchDef def = {.transitions = 100000, .steps = 4200, .final_episodes = 100};
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    status = sdqn_cpu_level_parse(arguments.isa, &def.level, error);
    if (status != SDQN_OK) return status;
    def.seconds = arguments.seconds;
    SdqnBench bench;
    status = sdqn_bench_run(&def, &bench, error);
    if (status != SDQN_OK) return status;
    Machine machine = {.level = sdqn_cpu_level_name(def.level), .compiler = __VERSION__};
#if !defined(__clang__)
    machine.compiler = "gcc " __VERSION__;
#endif
    read_cpu_model(machine.cpu, sizeof machine.cpu);
    if (!arguments.json) {
        print_table(&machine, &bench);
        return SDQN_OK;
    }
    return print_json(&machine, &bench, error);
}
