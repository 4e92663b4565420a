// test_options.c: command lines, good and bad.
#include "cli/options.h"

#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct Arguments {
    const char *out;
    int episodes;
    uint64_t seed;
    bool json;
    int format;
} Arguments;

static const char *const FORMATS[] = {"jsonl", "csv", "raw", NULL};
static const SdqnOption OPTIONS[] = {
    {"out", SDQN_OPTION_TEXT, offsetof(Arguments, out), .value = "DIR", .help = "folder of the run"},
    {"episodes", SDQN_OPTION_INT, offsetof(Arguments, episodes), .value = "N", .low = 1, .high = 1000, .help = "episodes a task"},
    {"seed", SDQN_OPTION_SEED, offsetof(Arguments, seed), .value = "S", .help = "seed of the first episode"},
    {"json", SDQN_OPTION_FLAG, offsetof(Arguments, json), .help = "print one JSON document"},
    {"format", SDQN_OPTION_CHOICE, offsetof(Arguments, format), .value = "F", .choices = FORMATS, .help = "form of the output"},
};
static const SdqnOptionTable TABLE = {.command = "evaluate",
                                      .usage = "RUN_DIR [options]",
                                      .help = "Evaluate a policy.",
                                      .options = OPTIONS,
                                      .num_options = sizeof OPTIONS / sizeof *OPTIONS,
                                      .min_arguments = 1,
                                      .max_arguments = 2};

enum { MAX_WORDS = 16 };

/// Words of one command line, taken apart at spaces; argv[0] is `evaluate`.
typedef struct Line {
    char text[512];
    char *argv[MAX_WORDS + 1];
    int argc;
    Arguments arguments;
    SdqnOperands operands;
    SdqnError error;
} Line;

static SdqnStatus read_line(Line *line, const char *text, SdqnConfigBuilder *builder) {
    *line = (Line){.arguments = {.episodes = 100}};
    snprintf(line->text, sizeof line->text, "evaluate %s", text);
    char *rest = line->text, *word;
    while ((word = strtok_r(rest, " ", &rest)) != NULL && line->argc < MAX_WORDS) line->argv[line->argc++] = word;
    return sdqn_options_read(&TABLE, line->argc, line->argv, &line->arguments, builder, &line->operands, &line->error);
}

static void options_fill_their_fields(void **state) {
    (void)state;
    Line line;
    assert_int_equal(read_line(&line, "--out a run --episodes=7 --json --seed 4611686018427387904 --format csv", NULL), SDQN_OK);
    assert_string_equal(line.arguments.out, "a");
    assert_true(line.arguments.episodes == 7 && line.arguments.json && line.arguments.seed == SDQN_MAX_SEED && line.arguments.format == 1);
    assert_int_equal(line.operands.count, 1);
    assert_string_equal(line.operands.values[0], "run");
}

static void defaults_stay(void **state) {
    (void)state;
    Line line;
    assert_int_equal(read_line(&line, "run", NULL), SDQN_OK);
    assert_true(line.arguments.out == NULL && line.arguments.episodes == 100 && !line.arguments.json && !line.operands.help_printed);
}

static void last_of_a_repeated_option_counts(void **state) {
    (void)state;
    Line line;
    assert_int_equal(read_line(&line, "run --episodes 7 --episodes 9", NULL), SDQN_OK);
    assert_int_equal(line.arguments.episodes, 9);
}

static void operands_may_stand_anywhere(void **state) {
    (void)state;
    Line line;
    assert_int_equal(read_line(&line, "one --json -- --two", NULL), SDQN_OK);
    assert_int_equal(line.operands.count, 2);
    assert_string_equal(line.operands.values[0], "one");
    assert_string_equal(line.operands.values[1], "--two");
    assert_int_equal(read_line(&line, "-", NULL), SDQN_OK);
    assert_string_equal(line.operands.values[0], "-");
}

static void values_may_be_odd_after_an_equals_sign(void **state) {
    (void)state;
    Line line;
    assert_int_equal(read_line(&line, "run --out=--json=x", NULL), SDQN_OK);
    assert_string_equal(line.arguments.out, "--json=x");
    assert_int_equal(read_line(&line, "run --out=", NULL), SDQN_OK);
    assert_string_equal(line.arguments.out, "");
    assert_int_equal(read_line(&line, "run --out -x", NULL), SDQN_OK);
    assert_string_equal(line.arguments.out, "-x");
}

static void bad_command_lines_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"run --epsiodes 3", "--epsiodes: no such option; did you mean --episodes?"},
        {"run --zzzzzzzz", "--zzzzzzzz: no such option; `sharedqn evaluate --help` lists them"},
        {"run --learning-rate 1", "--learning-rate: no such option; `sharedqn evaluate --help` lists them"},
        {"run --set seed=1", "--set: no such option; `sharedqn evaluate --help` lists them"},
        {"run --episodes", "--episodes: needs a value, as in --episodes=N"},
        {"run --episodes --json", "--episodes: needs a value, as in --episodes=N"},
        {"run --episodes 0", "--episodes 0: must be an integer in [1, 1000]"},
        {"run --episodes 1001", "--episodes 1001: must be an integer in [1, 1000]"},
        {"run --episodes 3x", "--episodes 3x: must be an integer in [1, 1000]"},
        {"run --episodes=", "--episodes : must be an integer in [1, 1000]"},
        {"run --seed -1", "--seed -1: must be an integer in [0, 2^62]"},
        {"run --seed 4611686018427387905", "--seed 4611686018427387905: must be an integer in [0, 2^62]"},
        {"run --format xml", "--format xml: must be jsonl, csv or raw"},
        {"run --json=1", "--json: takes no value"},
        {"run -j", "-j: no such option; options begin with two dashes"},
        {"--json", "an argument is missing; usage: sharedqn evaluate RUN_DIR [options]"},
        {"a b c", "c: one argument too many; usage: sharedqn evaluate RUN_DIR [options]"},
        {"run --xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=1", "--xxxxxxxxxxxxxxxx"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Line line;
        assert_int_equal(read_line(&line, cases[i].line, NULL), SDQN_ERR_ARGUMENT);
        if (strncmp(line.error.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("found    %s\nexpected %s", line.error.message, cases[i].message);
    }
}

/// Read a command line with settings and put them together.
static SdqnStatus read_settings(const char *text, Line *line, SdqnConfig *config) {
    SdqnConfigBuilder *builder = sdqn_config_builder_create();
    assert_non_null(builder);
    SdqnStatus status = read_line(line, text, builder);
    if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, config, &line->error);
    sdqn_config_builder_destroy(builder);
    return status;
}

static void settings_are_options_too(void **state) {
    (void)state;
    Line line;
    SdqnConfig config;
    assert_int_equal(read_settings("run --learning-rate 1e-3 --set batch_size=32 --tasks=windy,heavy --keep-state true", &line, &config),
                     SDQN_OK);
    assert_true(config.dqn.learning_rate == 1e-3 && config.dqn.batch_size == 32 && config.num_tasks == 2 && config.keep_state);
}

static void option_of_the_table_hides_the_setting(void **state) {
    (void)state;
    Line line;
    SdqnConfig config;
    assert_int_equal(read_settings("run --episodes 5", &line, &config), SDQN_OK);
    assert_int_equal(line.arguments.episodes, 5);
    assert_int_equal(config.episodes, 1500);
}

static void bad_settings_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"run --learning-rate abc", "--learning-rate abc: must be a number in (0.0, 1.0]"},
        {"run --learning_rate 1", "--learning_rate: no such option; did you mean --learning-rate?"},
        {"run --lerning-rate 1", "--lerning-rate: no such option; did you mean --learning-rate?"},
        {"run --learning-rate", "--learning-rate: needs a value, as in --learning-rate=VALUE"},
        {"run --set", "--set: needs a value, as in --set=KEY=VALUE"},
        {"run --set gama=1", "--set gama: no such key; did you mean gamma?"},
        {"run --task-definitions x", "--task-definitions: no such option; `sharedqn evaluate --help` lists them"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Line line;
        SdqnConfig config;
        assert_int_equal(read_settings(cases[i].line, &line, &config), SDQN_ERR_ARGUMENT);
        if (strncmp(line.error.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("found    %s\nexpected %s", line.error.message, cases[i].message);
    }
}

/// Standard output of a command line with --help, which must succeed. @param text  [size] written
static void capture_help(const char *words, SdqnConfigBuilder *builder, char *text, size_t size) {
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    Line line;
    SdqnStatus status = read_line(&line, words, builder);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(status, SDQN_OK);
    assert_true(line.operands.help_printed);
}

static void help_tells_every_option_and_setting(void **state) {
    (void)state;
    static char text[1 << 16];
    capture_help("--episodes 3 --help --nonsense", NULL, text, sizeof text);
    assert_int_equal(strncmp(text, "usage: sharedqn evaluate RUN_DIR [options]\n\nEvaluate a policy.\n", 60), 0);
    assert_non_null(strstr(text, "  --episodes N\n      episodes a task; an integer in [1, 1000]\n"));
    assert_non_null(strstr(text, "  --format F\n      form of the output; jsonl, csv or raw\n"));
    assert_null(strstr(text, "--set"));
    SdqnConfigBuilder *builder = sdqn_config_builder_create();
    assert_non_null(builder);
    capture_help("-h", builder, text, sizeof text);
    sdqn_config_builder_destroy(builder);
    assert_non_null(strstr(text, "  --set KEY=VALUE\n"));
    assert_non_null(
        strstr(text, "  --learning-rate VALUE\n      step size of Adam\n      a number in (0.0, 1.0], or one a task; default 0.0005\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_fill_their_fields),
        cmocka_unit_test(defaults_stay),
        cmocka_unit_test(last_of_a_repeated_option_counts),
        cmocka_unit_test(operands_may_stand_anywhere),
        cmocka_unit_test(values_may_be_odd_after_an_equals_sign),
        cmocka_unit_test(bad_command_lines_are_refused),
        cmocka_unit_test(settings_are_options_too),
        cmocka_unit_test(option_of_the_table_hides_the_setting),
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(help_tells_every_option_and_setting),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
