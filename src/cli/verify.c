// verify.c: `sharedqn verify`: checks this installation on this machine.

#include "verify/verify.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/print_json.h"
#include "core/clock.h"
#include "core/cpu.h"
#include "core/json.h"

#include <stdio.h>

typedef struct Arguments {
    bool json;
} Arguments;

static const SdqnOption OPTIONS[] = {
    {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document"},
};
static const SdqnOptionTable TABLE = {
    .command = "verify",
    .usage = "[--json]",
    .help = "Check that the program computes on this machine what it should: the environment against recorded episodes of Gymnasium,\n"
            "gradients, kernels, determinism, saved states, the fingerprint of its numerics. Needs no file and takes seconds.",
    .options = OPTIONS,
    .num_options = sizeof OPTIONS / sizeof *OPTIONS,
};

static void show(const SdqnCheck *check, bool passes, const char *detail, double seconds) {
    printf("%-4s  %-64s  %s (%.2f s)\n", passes ? "pass" : "FAIL", check->name, detail, seconds);
    fflush(stdout);
}

static void add(SdqnJsonWriter *writer, const SdqnCheck *check, bool passes, const char *detail, double seconds) {
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_add_string(writer, "check", check->name);
    sdqn_json_add_bool(writer, "passes", passes);
    sdqn_json_add_string(writer, "detail", detail);
    sdqn_json_add_double(writer, "seconds", seconds);
    sdqn_json_end_object(writer);
}

SdqnStatus sdqn_command_verify(int argc, char **argv, SdqnError *error) {
    Arguments arguments = {0};
    SdqnOperands operands;
    SdqnStatus status = sdqn_options_read(&TABLE, argc, argv, &arguments, NULL, &operands, error);
    if (status != SDQN_OK || operands.help_printed) return status;
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    if (writer == NULL) return sdqn_print_json(NULL, "verify", error);
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    int count, failed = 0;
    const SdqnCheck *checks = sdqn_checks(&count);
    sdqn_json_begin_object(writer, NULL);
    sdqn_json_begin_array(writer, "checks");
    for (int i = 0; i < count; i++) {
        char detail[SDQN_VERIFY_DETAIL_SIZE] = "";
        const double began = sdqn_clock_seconds();
        const bool passes = checks[i].run(detail);
        failed += !passes;
        if (arguments.json) {
            add(writer, &checks[i], passes, detail, sdqn_clock_seconds() - began);
        } else {
            show(&checks[i], passes, detail, sdqn_clock_seconds() - began);
        }
    }
    sdqn_json_end_array(writer);
    sdqn_json_end_object(writer);
    sdqn_cpu_mode_restore(mode);
    if (arguments.json) {
        status = sdqn_print_json(writer, "verify", error);
    } else {
        printf("%d of %d checks pass\n", count - failed, count);
        sdqn_json_writer_destroy(writer);
    }
    if (status == SDQN_OK && failed > 0) status = sdqn_error_set(error, SDQN_ERR_NUMERIC, "%d of %d checks failed", failed, count);
    return status;
}
