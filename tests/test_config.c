// test_config.c: settings from defaults, files and the command line, and the errors about them.
#include "run/config.h"

#include "core/file.h"
#include "core/text.h"
#include "methods/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/sdqn_test_config_XXXXXX";

static void write_file(const void *text, size_t size) {
    SdqnPiece piece = {text, size};
    assert_int_equal(sdqn_file_write(path, &piece, 1, NULL), SDQN_OK);
}

/// A builder that has read `yaml` (NULL: none), which must be good.
static SdqnConfigBuilder *builder_with(const char *yaml) {
    SdqnConfigBuilder *builder = sdqn_config_builder_create();
    assert_non_null(builder);
    SdqnError error = {0};
    if (yaml == NULL) return builder;
    write_file(yaml, strlen(yaml));
    if (sdqn_config_builder_read(builder, path, &error) != SDQN_OK) fail_msg("%s", error.message);
    return builder;
}

static SdqnConfig finish(SdqnConfigBuilder *builder) {
    SdqnConfig config;
    SdqnError error = {0};
    if (sdqn_config_builder_finish(builder, &config, &error) != SDQN_OK) fail_msg("%s", error.message);
    sdqn_config_builder_destroy(builder);
    return config;
}

static SdqnConfig config_of(const char *yaml) { return finish(builder_with(yaml)); }

/// Read and finish a bad file; the message must be `PATH` followed by `expected`, and be one line.
static void expect_refusal(const char *yaml, size_t size, const char *expected) {
    SdqnConfigBuilder *builder = builder_with(NULL);
    SdqnError error = {0};
    SdqnConfig config;
    memset(&config, 0x5a, sizeof config);
    SdqnConfig before = config;
    write_file(yaml, size);
    SdqnStatus status = sdqn_config_builder_read(builder, path, &error);
    if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, &config, &error);
    sdqn_config_builder_destroy(builder);
    assert_memory_equal(&config, &before, sizeof config);
    if (status != SDQN_ERR_ARGUMENT) fail_msg("status %d for: %s", status, yaml);
    size_t prefix = strlen(path);
    if (strncmp(error.message, path, prefix) != 0 || strncmp(error.message + prefix, expected, strlen(expected)) != 0)
        fail_msg("found    %s\nexpected PATH%s", error.message, expected);
    assert_null(strchr(error.message, '\n'));
}

// ---- good input -----------------------------------------------------------------------------------------------------------------

static void defaults_are_those_of_the_protocol(void **state) {
    (void)state;
    SdqnConfig config = config_of(NULL), standard;
    sdqn_config_default(&standard);
    assert_int_equal(sdqn_config_check_same(&config, &standard, NULL), SDQN_OK);
    assert_string_equal(config.method, "shared");
    assert_int_equal(config.num_tasks, 3);
    assert_string_equal(config.tasks[2], "heavy");
    assert_true(config.seed == 1 && config.episodes == 1500 && config.dqn.learning_rate == 5e-4 && config.dqn.gamma == 0.99);
    assert_true(config.dqn.batch_size == 64 && config.dqn.replay_capacity == 100000 && config.dqn.min_replay_size == 2000);
    assert_true(config.dqn.epsilon_decay == 0.995 && config.dqn.epsilon_floor == 0.01 && config.dqn.target_period == 10);
    assert_true(config.network.embedding_size == 8 && config.network.hidden1_size == 256 && config.network.hidden2_size == 128);
    assert_true(config.evaluation_period == 50 && config.evaluation_episodes == 5 && config.evaluation_seed == 2000000);
    assert_true(config.final_episodes == 100 && config.final_seed == 1000000 && config.checkpoint_period == 100);
}

static void shipped_file_holds_every_default(void **state) {
    (void)state;
    SdqnConfigBuilder *builder = builder_with(NULL);
    SdqnError error = {0};
    if (sdqn_config_builder_read(builder, "configs/shared.yaml", &error) != SDQN_OK) fail_msg("%s", error.message);
    SdqnConfig config = finish(builder), standard;
    sdqn_config_default(&standard);
    assert_int_equal(sdqn_config_check_same(&config, &standard, NULL), SDQN_OK);
    uint8_t *text;
    size_t size;
    assert_int_equal(sdqn_file_read("configs/shared.yaml", 1 << 16, &text, &size, NULL), SDQN_OK);
    for (int i = 0; i < sdqn_config_key_count(); i++) {
        SdqnConfigKeyInfo info;
        char line[64];
        sdqn_config_key_info(i, &info);
        snprintf(line, sizeof line, "\n%s: ", info.name);
        if (strstr((const char *)text, line) == NULL) fail_msg("configs/shared.yaml does not show %s", info.name);
    }
    free(text);
}

static void values_are_read_from_yaml(void **state) {
    (void)state;
    SdqnConfig config = config_of("# comment\nepisodes: 30\nlearning_rate: 1e-3\ngamma: .5\nseed: 4611686018427387904\nkeep_state: true\n"
                                  "isa: scalar\ntasks:\n  - heavy\n  - \"gymwind\"\nmethod: 'shared'\nstate_period_seconds: 5\n");
    assert_true(config.episodes == 30 && config.dqn.learning_rate == 1e-3 && config.dqn.gamma == 0.5 && config.seed == SDQN_MAX_SEED);
    assert_true(config.keep_state && config.state_period_seconds == 5 && config.num_tasks == 2 && config.network.num_tasks == 2);
    assert_string_equal(config.tasks[1], "gymwind");
    SdqnCpuLevel level = SDQN_NUM_CPU_LEVELS;
    assert_int_equal(sdqn_config_level(&config, &level, NULL), SDQN_OK);
    assert_int_equal(level, SDQN_CPU_SCALAR);
}

static void file_without_settings_is_good(void **state) {
    (void)state;
    assert_int_equal(config_of("").episodes, 1500);
    assert_int_equal(config_of("# nothing\n").episodes, 1500);
    assert_int_equal(config_of("{}").episodes, 1500);
    assert_int_equal(config_of("{episodes: 7}\n").episodes, 7);
    assert_int_equal(config_of("---\nepisodes: 7\n...\n").episodes, 7);
}

static void independent_has_settings_by_task(void **state) {
    (void)state;
    SdqnConfig config = config_of("method: independent\ntasks: [windy, standard]\n");
    assert_true(config.episodes == 3000 && config.network.conditioning == SDQN_CONDITIONING_BLIND);
    assert_true(config.learning_rate.count == 2 && config.learning_rate.values[0] == 2.5e-4 && config.learning_rate.values[1] == 5e-4);
    SdqnMethodDef def;
    sdqn_config_method_def(&config, NULL, &def);
    assert_string_equal(def.tasks[1].name, "standard");
    assert_true(def.tasks[0].dqn.target_period == 20 && def.tasks[1].dqn.target_period == 10);
    assert_true(def.tasks[0].dqn.min_replay_size == 2000 && def.tasks[1].dqn.min_replay_size == 1000);

    char *text = NULL;
    size_t size;
    assert_int_equal(sdqn_config_format(&config, &text, &size, NULL), SDQN_OK);
    assert_non_null(strstr(text, "\nlearning_rate: [0.00025,0.0005]\n"));
    SdqnConfig again = config_of(text);
    assert_int_equal(sdqn_config_check_same(&again, &config, NULL), SDQN_OK);
    free(text);

    config = config_of("method: independent\ntasks: [windy]\nlearning_rate: 1e-3\n");
    assert_true(config.episodes == 1500 && config.learning_rate.count == 1 && config.dqn.learning_rate == 1e-3);
    assert_true(config.dqn.epsilon_decay == 0.992);
    config = config_of("method: independent\nepsilon_decay: [0.9, 0.8, 0.7]\ntarget_period: 5\nepisodes: 9\n");
    assert_true(config.episodes == 9 && config.epsilon_decay.values[2] == 0.7 && config.target_period.count == 1);
    config = config_of("method: independent-500\n");
    assert_true(config.episodes == 1500 && config.learning_rate.count == 1);
}

static void task_buffers_have_weights_and_scales(void **state) {
    (void)state;
    SdqnConfig config = config_of("method: mean\ntask_weights: [1, 0.5, 2]\nreward_scales: 0.1\n");
    SdqnMethodDef def;
    sdqn_config_method_def(&config, NULL, &def);
    assert_true(def.dqn.replay_capacity == 33333 && def.dqn.batch_size == 64 && def.dqn.weight_decay == 0);
    assert_true(def.tasks[1].weight == 0.5 && def.tasks[2].weight == 2 && def.tasks[2].reward_scale == 0.1);
    config = config_of("method: sum\n");
    sdqn_config_method_def(&config, NULL, &def);
    assert_true(def.dqn.weight_decay == 0.01 && def.tasks[2].weight == 1);
}

static void all_means_the_first_three_tasks(void **state) {
    (void)state;
    SdqnConfig config = config_of("tasks: all\n");
    assert_int_equal(config.num_tasks, 3);
    config = config_of("tasks: [all, gymwind]\n");
    assert_int_equal(config.num_tasks, 4);
    assert_string_equal(config.tasks[0], "standard");
    assert_string_equal(config.tasks[3], "gymwind");
    config = config_of("tasks: windy, standard\n");
    assert_string_equal(config.tasks[1], "standard");
}

static void command_line_outranks_files_in_any_order(void **state) {
    (void)state;
    SdqnConfigBuilder *builder = builder_with(NULL);
    assert_int_equal(sdqn_config_builder_option(builder, "episodes", "5", NULL), SDQN_OK);
    assert_int_equal(sdqn_config_builder_set(builder, "gamma=0.9", NULL), SDQN_OK);
    assert_int_equal(sdqn_config_builder_set(builder, "gamma=0.8", NULL), SDQN_OK);
    write_file("episodes: 9\nbatch_size: 32\nseed: 3\n", 34);
    assert_int_equal(sdqn_config_builder_read(builder, path, NULL), SDQN_OK);
    write_file("seed: 4\n", 8);
    assert_int_equal(sdqn_config_builder_read(builder, path, NULL), SDQN_OK);
    SdqnConfig config = finish(builder);
    assert_true(config.episodes == 5 && config.dqn.gamma == 0.8 && config.dqn.batch_size == 32 && config.seed == 4);
}

static const char OWN_TASKS[] = "tasks: [moon, heavy, storm]\n"
                                "task_definitions:\n"
                                "  moon:\n    gravity: -1.62\n    base: heavy\n"
                                "  storm: {wind: uniform, wind_power: 40, time_limit_steps: 300, wind_on_ground: false}\n"
                                "  \"1\": {}\n";

static void tasks_of_the_user_start_from_their_base(void **state) {
    (void)state;
    SdqnConfig config = config_of(OWN_TASKS);
    assert_int_equal(config.num_task_definitions, 3);
    const SdqnTask *moon = sdqn_config_find_task(&config, "moon"), *storm = sdqn_config_find_task(&config, "storm");
    assert_true(moon != NULL && moon->gravity == -1.62 && moon->time_limit_steps == 800 && moon->main_engine_power == 13);
    assert_true(storm != NULL && storm->wind == SDQN_WIND_UNIFORM && storm->wind_power == 40 && storm->time_limit_steps == 300);
    assert_true(storm->gravity == -10 && storm->wind_on_ground == 0);
    assert_ptr_equal(sdqn_config_find_task(&config, "windy"), sdqn_task_find("windy"));
    assert_null(sdqn_config_find_task(&config, "none"));
}

/// What sdqn_config_format writes reads back as the same struct, byte for byte.
static void expect_round_trip(const SdqnConfig *config) {
    char *text = NULL, *again = NULL;
    size_t size = 0, size_again = 0;
    assert_int_equal(sdqn_config_format(config, &text, &size, NULL), SDQN_OK);
    assert_int_equal(size, strlen(text));
    SdqnConfig back = config_of(text);
    assert_int_equal(sdqn_config_check_same(&back, config, NULL), SDQN_OK);
    assert_int_equal(sdqn_config_format(&back, &again, &size_again, NULL), SDQN_OK);
    assert_string_equal(text, again); // every key, also those that change no result
    free(text);
    free(again);
}

static void written_configuration_reads_back(void **state) {
    (void)state;
    SdqnConfig config = config_of(NULL);
    expect_round_trip(&config);
    config = config_of(OWN_TASKS);
    expect_round_trip(&config);
    config = config_of("learning_rate: 0.1234567890123456789\nseed: 4611686018427387904\nisa: neon\ntensorboard: false\nthreads: 256\n"
                       "state_period_seconds: 1e-7\ntasks: [\"-\", \"7\"]\ntask_definitions: {\"-\": {}, \"7\": {base: gymwind}}\n");
    expect_round_trip(&config);
}

static void default_configuration_as_text(void **state) {
    (void)state;
    SdqnConfig config;
    sdqn_config_default(&config);
    char *text = NULL;
    size_t size = 0;
    assert_int_equal(sdqn_config_format(&config, &text, &size, NULL), SDQN_OK);
    static const char begin[] = "method: shared\nconditioning: embedding\ntasks: [standard, windy, heavy]\ntask_definitions: {}\n"
                                "initial_weights: none\nnew_tasks: 0\nfreeze: false\nseed: 1\n"
                                "episodes: 1500\ntask_sampling: round-robin\nlearning_rate: 0.0005\ngamma: 0.99\nbatch_size: 64\n";
    assert_int_equal(strncmp(text, begin, strlen(begin)), 0);
    free(text);
}

static void names_that_mean_something_in_yaml_are_quoted(void **state) {
    (void)state;
    SdqnConfig config = config_of("tasks: [null, standard]\ntask_definitions: {null: {}, on: {base: windy}, one: {}}\n");
    expect_round_trip(&config);
    char *text = NULL;
    size_t size = 0;
    assert_int_equal(sdqn_config_format(&config, &text, &size, NULL), SDQN_OK);
    assert_non_null(strstr(text, "\ntasks: [\"null\", standard]\n"));
    assert_non_null(strstr(text, "\n  \"null\":\n"));
    assert_non_null(strstr(text, "\n  \"on\":\n"));
    assert_non_null(strstr(text, "\n  one:\n"));
    free(text);
}

static void comparison_names_the_first_difference(void **state) {
    (void)state;
    SdqnConfig a = config_of(NULL), b = config_of("learning_rate: 0.001\ngamma: 0.5\n");
    SdqnError error = {0};
    assert_int_equal(sdqn_config_check_same(&b, &a, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "learning_rate = 0.001: the run was made with 0.0005");
    b = config_of("threads: 8\nisa: scalar\nkeep_state: true\nstate_period_seconds: 1\nstate_period_episodes: 3\ntensorboard: false\n");
    assert_int_equal(sdqn_config_check_same(&b, &a, &error), SDQN_OK);
    a = config_of("tasks: [moon]\ntask_definitions: {moon: {gravity: -2}, unused: {}}\n");
    b = config_of("tasks: [moon]\ntask_definitions: {moon: {gravity: -3}}\n");
    assert_int_equal(sdqn_config_check_same(&b, &a, &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "task moon: gravity = -3.0: the run was made with -2.0");
    b = config_of("tasks: [moon]\ntask_definitions: {moon: {gravity: -2.0}}\n");
    assert_int_equal(sdqn_config_check_same(&b, &a, &error), SDQN_OK);
}

static void every_method_has_a_sound_default(void **state) {
    (void)state;
    int count;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    for (int i = 0; i < count; i++) {
        SdqnConfigBuilder *builder = builder_with(NULL);
        assert_int_equal(sdqn_config_builder_option(builder, "method", methods[i]->name, NULL), SDQN_OK);
        SdqnConfig config = finish(builder);
        assert_string_equal(config.method, methods[i]->name);
    }
}

/// configs/METHOD.yaml says what is the method's default anyway, docs/methods/METHOD.md describes it, and a variant's file what departs
/// from it.
static void every_method_has_a_file_of_its_defaults(void **state) {
    (void)state;
    int count;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    for (int i = 0; i < count; i++) {
        char file[96];
        SdqnError error = {0};
        SdqnConfig config;
        SdqnConfigBuilder *builder = builder_with(NULL);
        assert_int_equal(sdqn_config_builder_option(builder, "method", methods[i]->name, NULL), SDQN_OK);
        const SdqnConfig standard = finish(builder);
        snprintf(file, sizeof file, "configs/%s.yaml", methods[i]->name);
        if (sdqn_config_read(file, &config, &error) != SDQN_OK) fail_msg("%s", error.message);
        if (sdqn_config_check_same(&config, &standard, &error) != SDQN_OK) fail_msg("%s: %s", file, error.message);
        snprintf(file, sizeof file, "docs/methods/%s.md", methods[i]->name);
        if (!sdqn_file_exists(file)) fail_msg("%s is missing", file);
    }
    static const char *const conditionings[] = {"embedding", "onehot", "id", "blind"};
    for (int i = SDQN_CONDITIONING_ONEHOT; i <= SDQN_CONDITIONING_BLIND; i++) {
        char file[96];
        SdqnConfig config;
        snprintf(file, sizeof file, "configs/shared-%s.yaml", conditionings[i]);
        assert_int_equal(sdqn_config_read(file, &config, NULL), SDQN_OK);
        assert_int_equal(config.network.conditioning, i);
        assert_string_equal(config.method, "shared");
    }
}

static void every_key_has_help_and_takes_its_own_default(void **state) {
    (void)state;
    for (int i = 0; i < sdqn_config_key_count(); i++) {
        SdqnConfigKeyInfo info;
        sdqn_config_key_info(i, &info);
        assert_true(strlen(info.help) > 10 && strlen(info.allowed) > 3);
        SdqnConfigBuilder *builder = builder_with(NULL);
        SdqnStatus status = sdqn_config_builder_option(builder, info.name, info.standard, NULL);
        sdqn_config_builder_destroy(builder);
        assert_int_equal(status, info.is_option ? SDQN_OK : SDQN_ERR_ARGUMENT);
    }
}

// ---- bad input ------------------------------------------------------------------------------------------------------------------

static void bad_files_are_refused_with_their_line(void **state) {
    (void)state;
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {"episodes: 10\nlearnign_rate: 1\n", ":2: learnign_rate: no such key; did you mean learning_rate?"},
        {"zzzzzz: 1\n", ":1: zzzzzz: no such key; `sharedqn train --help` lists them"},
        {"\n\nlearning_rate: abc\n", ":3: learning_rate = abc: must be a number in (0.0, 1.0]"},
        {"learning_rate: 0\n", ":1: learning_rate = 0: must be a number in (0.0, 1.0]"},
        {"learning_rate: 1e999\n", ":1: learning_rate = 1e999: must be a number"},
        {"learning_rate: .nan\n", ":1: learning_rate = .nan: must be a number"},
        {"learning_rate: 0x1p-3\n", ":1: learning_rate = 0x1p-3: must be a number"},
        {"learning_rate: \"0.1\"\n", ":1: learning_rate = \"0.1\": must be a number"},
        {"learning_rate:\n", ":1: learning_rate = : must be a number"},
        {"learning_rate: [[1]]\n", ":1: learning_rate: must be a number in (0.0, 1.0], or one a task"},
        {"learning_rate: []\n", ":1: learning_rate = : must be a number"},
        {"learning_rate: [1, 2]\n", ":1: learning_rate = 1,2: must be a number in (0.0, 1.0], or one a task"},
        {"learning_rate: [1, \"1\"]\n", ":1: learning_rate = \"1\": must be a number"},
        {"target_period: [1, 1.5]\n", ":1: target_period = 1,1.5: must be an integer in [1, 1000000], or one a task"},
        {"task_weights: [1, 2, 3]\n", ":1: task_weights = 1.0,2.0,3.0: method shared has no replay buffer for each task"},
        {"atoms: 1\nloss: categorical\n", ":1: atoms = 1: must be 0 or at least 2"},
        {"atoms: 51\n", ":1: atoms = 51: must be 0 unless loss is categorical"},
        {"loss: categorical\n", ":1: loss = categorical: needs atoms of at least 2"},
        {"method: brc\nvalue_max: -100\n", ":2: value_max = -100.0: must be larger than value_min"},
        {"method: brc\nblocks: 17\n", ":2: blocks = 17: must be an integer in [1, 16]"},
        {"n_step: 0\n", ":1: n_step = 0: must be an integer in [1, 64]"},
        {"method: mean\ntask_weights: [1, 2]\n", ":2: task_weights = 1.0,2.0: must be one value, or one for each of the 3 tasks"},
        {"method: mean\nreward_scales: 0\n", ":2: reward_scales = 0: must be a number in (0.0, 1000000.0], or one a task"},
        {"method: mean\nlearning_rate: [1, 1, 1]\n", ":2: learning_rate = 1.0,1.0,1.0: must be one value: method mean has one learner"},
        {"method: independent\ntarget_period: [1, 2]\n", ":2: target_period = 1,2: must be one value, or one for each of the 3 tasks"},
        {"learning_rate: [1, 1, 1]\n", ":1: learning_rate = 1.0,1.0,1.0: must be one value: method shared has one learner for all tasks"},
        {"learning_rate: {a: 1}\n", ":1: learning_rate: must be a number"},
        {"batch_size: 1.5\n", ":1: batch_size = 1.5: must be an integer in [1, 4096]"},
        {"batch_size: 0\n", ":1: batch_size = 0: must be an integer in [1, 4096]"},
        {"batch_size: -1\n", ":1: batch_size = -1: must be"},
        {"batch_size: 99999999999999999999\n", ":1: batch_size = 99999999999999999999: must be"},
        {"seed: -1\n", ":1: seed = -1: must be an integer in [0, 2^62]"},
        {"seed: 4611686018427387905\n", ":1: seed = 4611686018427387905: must be"},
        {"keep_state: yes\n", ":1: keep_state = yes: must be true or false"},
        {"isa: sse\n", ":1: isa = sse: must be auto, scalar, avx2, avx512 or neon"},
        {"conditioning: film\n", ":1: conditioning = film: must be embedding, onehot, id or blind"},
        {"method: pcgrad9\n", ":1: method = pcgrad9: no such method; known: shared"},
        {"method: ../x\n", ":1: method = ../x: must be the name of a method"},
        {"tasks: [standard, moon]\n", ":1: tasks = standard,moon: no task is called moon; there are standard, windy, heavy, gymwind"},
        {"tasks: [windy, windy]\n", ":1: tasks = windy,windy: task windy is named twice"},
        {"tasks: [all, heavy]\n", ":1: tasks = standard,windy,heavy,heavy: task heavy is named twice"},
        {"tasks: []\n", ":1: tasks = : must be 1 to 32 names of tasks"},
        {"tasks: [\"a,b\"]\n", ":1: a,b: not the name of a task"},
        {"tasks: [[windy]]\n", ":1: tasks: must be a list of names"},
        {"tasks: windy,,heavy\n", ":1: tasks = windy,,heavy: must be"},
        {"tasks: {a: b}\n", ":1: tasks: must be 1 to 32 names of tasks"},
        {"seed: 1\nseed: 2\n", ":2: seed: given twice"},
        {"a: &x 1\n", ":1: a: no such key"},
        {"seed: &x 1\n", ":1: seed: YAML anchors are not allowed"},
        {"seed: *x\n", ":1: "},
        {"seed: !!int 1\n", ":1: seed: YAML tags are not allowed"},
        {"&a seed: 1\n", ":1: configuration: YAML anchors are not allowed"},
        {"seed: 1\n---\nseed: 2\n", ":2: configuration: a second YAML document is not allowed"},
        {"- seed\n", ":1: configuration: must be a mapping of keys to values"},
        {"seed\n", ":1: configuration: must be a mapping of keys to values"},
        {"[a]: 1\n", ":1: configuration: a key must be plain text"},
        {"seed: 1\n  episodes: 2\n", ":1: seed = 1 episodes: must be"},
        {"seed: \"abc\n", ":2: no valid YAML: "},
        {"seed: 1\n\tepisodes: 2\n", ":2: "},
        {"\xff\xfe\x80", ":1: no valid YAML: "},
        {"batch_size: 64\nmin_replay_size: 10\n", ":1: batch_size = 64: must be at most min_replay_size + 1 = 11"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) expect_refusal(cases[i].yaml, strlen(cases[i].yaml), cases[i].message);
    static const char zero[] = "seed: 1\0 2\n";
    expect_refusal(zero, sizeof zero - 1, ":1: ");
}

static void bad_task_definitions_are_refused_with_their_line(void **state) {
    (void)state;
    static const struct {
        const char *yaml, *message;
    } cases[] = {
        {"task_definitions:\n  moon:\n    gravity: 3\n", ":3: task moon: gravity = 3.0: must be negative"},
        {"task_definitions:\n  moon:\n    time_limit_steps: 5\n    wind_power: -1\n", ":4: task moon: wind_power = -1.0: must be in"},
        {"task_definitions:\n  moon:\n    gravty: -3\n", ":3: gravty: no such key; did you mean gravity?"},
        {"task_definitions:\n  moon:\n    zzzzzz: -3\n", ":3: zzzzzz: no such field of a task; base and gravity, wind, wind_power, "},
        {"task_definitions:\n  moon:\n    gravity: low\n", ":3: gravity = low: must be a number"},
        {"task_definitions:\n  moon:\n    gravity: -1e999\n", ":3: gravity = -1e999: must be a number"},
        {"task_definitions:\n  moon:\n    gravity: -2\n    gravity: -3\n", ":4: gravity: given twice"},
        {"task_definitions:\n  moon:\n    wind: stormy\n", ":3: wind = stormy: must be none, uniform or gymnasium"},
        {"task_definitions:\n  moon:\n    wind: uniform\n", ":3: task moon: wind_power is missing"},
        {"task_definitions:\n  moon:\n    time_limit_steps: 0\n", ":3: task moon: time_limit_steps = 0: must be in [1, 1000000]"},
        {"task_definitions:\n  moon:\n    time_limit_steps: 1.5\n", ":3: time_limit_steps = 1.5: must be an integer"},
        {"task_definitions:\n  moon:\n    base: mars\n", ":3: base = mars: must be standard, windy, heavy or gymwind"},
        {"task_definitions:\n  moon:\n    base: heavy\n    base: heavy\n", ":4: base: given twice"},
        {"task_definitions:\n  moon: {}\n  moon: {}\n", ":3: moon: defined twice"},
        {"task_definitions:\n  windy: {}\n", ":2: windy: this name is built in"},
        {"task_definitions:\n  all: {}\n", ":2: all: this name is built in"},
        {"task_definitions:\n  Moon: {}\n", ":2: task name = \"Moon\": must be"},
        {"task_definitions:\n  \"\": {}\n", ":2: task name = \"\": must be"},
        {"task_definitions:\n  a234567890123456789012345678901234567890: {}\n",
         ":2: a234567890123456789012345678901234567890: a task's name"},
        {"task_definitions:\n  moon: 3\n", ":2: moon: must be a mapping of fields"},
        {"task_definitions:\n  moon: {gravity: [1]}\n", ":2: gravity: must be a number"},
        {"task_definitions: 3\n", ":1: task_definitions: must map names to definitions"},
        {"task_definitions:\n  moon: &m {}\n", ":2: moon: YAML anchors are not allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) expect_refusal(cases[i].yaml, strlen(cases[i].yaml), cases[i].message);
}

static void hostile_sizes_are_refused(void **state) {
    (void)state;
    enum { SIZE = 200000 };
    char *text = malloc(SIZE + 100);
    assert_non_null(text);
    memset(text, '[', SIZE);
    expect_refusal(text, SIZE, ":1: configuration: must be a mapping");
    memset(text, '{', SIZE);
    expect_refusal(text, SIZE, ":1: configuration: a key must be plain text");
    memcpy(text, "seed: ", 6);
    memset(text + 6, '1', SIZE);
    expect_refusal(text, SIZE, ":1: seed: too long");
    memset(text, 'k', SIZE);
    memcpy(text + SIZE, ": 1\n", 4);
    expect_refusal(text, SIZE + 4, ":1: ");
    size_t length = (size_t)sprintf(text, "task_definitions:\n");
    for (int i = 0; i < 40; i++) length += (size_t)sprintf(text + length, "  t%d: {}\n", i);
    expect_refusal(text, length, ":34: t32: at most 32 definitions are allowed");
    length = (size_t)sprintf(text, "tasks: [");
    for (int i = 0; i < 40; i++) length += (size_t)sprintf(text + length, "t%d,", i);
    text[length - 1] = ']';
    expect_refusal(text, length, ":1: tasks = t0,t1");
    memset(text, '#', SIZE + 100);
    free(text);
    char *huge = calloc(1, 1 << 19);
    assert_non_null(huge);
    expect_refusal(huge, 1 << 19, ": 524288 bytes: at most 262144 are allowed");
    free(huge);
}

static void cut_and_corrupted_files_never_crash(void **state) {
    (void)state;
    char text[sizeof OWN_TASKS];
    for (size_t cut = 0; cut < sizeof OWN_TASKS; cut++) {
        for (int noise = 0; noise < 8; noise++) {
            memcpy(text, OWN_TASKS, sizeof text);
            if (noise > 0) text[cut] = "\0\xff{[&*!"[noise - 1];
            SdqnConfigBuilder *builder = builder_with(NULL);
            SdqnConfig config;
            write_file(text, noise == 0 ? cut : sizeof OWN_TASKS - 1);
            SdqnStatus status = sdqn_config_builder_read(builder, path, NULL);
            if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, &config, NULL);
            sdqn_config_builder_destroy(builder);
            assert_true(status == SDQN_OK || status == SDQN_ERR_ARGUMENT);
        }
    }
}

static void bad_options_name_themselves(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {NULL, "learning_rate=abc", "--set learning_rate=abc: must be a number in (0.0, 1.0]"},
        {NULL, "learning_rate", "--set learning_rate: must be key=value"},
        {NULL, "=3", "--set : no such key"},
        {NULL, "lerning_rate=3", "--set lerning_rate: no such key; did you mean learning_rate?"},
        {NULL, "task_definitions=x", "--set task_definitions=x: must be a mapping of names to definitions, in a file"},
        {"learning_rate", "2", "--learning-rate 2: must be a number in (0.0, 1.0]"},
        {"min_replay_size", "1e3", "--min-replay-size 1e3: must be an integer in [0, 9999999]"},
        {"tasks", "windy,mars", "--tasks windy,mars: no task is called mars; there are standard, windy, heavy, gymwind"},
        {"method", "none", "--method none: no such method; known: shared"},
        {"min_replay_size", "100000", "--min-replay-size 100000: must be less than replay_capacity = 100000"},
        {"replay_capacity", "2000", "min_replay_size = 2000 (the default): must be less than replay_capacity = 2000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SdqnConfigBuilder *builder = builder_with(NULL);
        SdqnError error = {0};
        SdqnConfig config;
        SdqnStatus status = cases[i].key == NULL ? sdqn_config_builder_set(builder, cases[i].value, &error)
                                                 : sdqn_config_builder_option(builder, cases[i].key, cases[i].value, &error);
        if (status == SDQN_OK) status = sdqn_config_builder_finish(builder, &config, &error);
        sdqn_config_builder_destroy(builder);
        assert_int_equal(status, SDQN_ERR_ARGUMENT);
        if (strncmp(error.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("found    %s\nexpected %s", error.message, cases[i].message);
    }
}

static void long_texts_are_cut_in_messages(void **state) {
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    SdqnConfigBuilder *builder = builder_with(NULL);
    SdqnError error = {0};
    assert_int_equal(sdqn_config_builder_set(builder, text, &error), SDQN_ERR_ARGUMENT);
    memcpy(text, "seed=", 5);
    assert_int_equal(sdqn_config_builder_set(builder, text, &error), SDQN_ERR_ARGUMENT);
    assert_true(strlen(error.message) < 200);
    memcpy(text + 100, "=", 1);
    memcpy(text, "xxxxx", 5);
    assert_int_equal(sdqn_config_builder_set(builder, text, &error), SDQN_ERR_ARGUMENT);
    assert_int_equal(sdqn_config_builder_option(builder, "method", text, &error), SDQN_ERR_ARGUMENT);
    sdqn_config_builder_destroy(builder);
}

static void missing_file_and_folder_are_refused(void **state) {
    (void)state;
    SdqnConfigBuilder *builder = builder_with(NULL);
    SdqnError error = {0};
    assert_int_equal(sdqn_config_builder_read(builder, "/nonexistent/a.yaml", &error), SDQN_ERR_IO);
    assert_string_equal(error.message, "/nonexistent/a.yaml: cannot open: No such file or directory");
    assert_int_equal(sdqn_config_builder_read(builder, "/tmp", &error), SDQN_ERR_ARGUMENT);
    assert_string_equal(error.message, "/tmp: not a regular file");
    sdqn_config_builder_destroy(builder);
}

static int make_path(void **state) {
    (void)state;
    int descriptor = mkstemp(path);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_path(void **state) {
    (void)state;
    return unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_protocol),
        cmocka_unit_test(shipped_file_holds_every_default),
        cmocka_unit_test(values_are_read_from_yaml),
        cmocka_unit_test(file_without_settings_is_good),
        cmocka_unit_test(independent_has_settings_by_task),
        cmocka_unit_test(task_buffers_have_weights_and_scales),
        cmocka_unit_test(all_means_the_first_three_tasks),
        cmocka_unit_test(command_line_outranks_files_in_any_order),
        cmocka_unit_test(tasks_of_the_user_start_from_their_base),
        cmocka_unit_test(written_configuration_reads_back),
        cmocka_unit_test(default_configuration_as_text),
        cmocka_unit_test(names_that_mean_something_in_yaml_are_quoted),
        cmocka_unit_test(comparison_names_the_first_difference),
        cmocka_unit_test(every_method_has_a_sound_default),
        cmocka_unit_test(every_method_has_a_file_of_its_defaults),
        cmocka_unit_test(every_key_has_help_and_takes_its_own_default),
        cmocka_unit_test(bad_files_are_refused_with_their_line),
        cmocka_unit_test(bad_task_definitions_are_refused_with_their_line),
        cmocka_unit_test(hostile_sizes_are_refused),
        cmocka_unit_test(cut_and_corrupted_files_never_crash),
        cmocka_unit_test(bad_options_name_themselves),
        cmocka_unit_test(long_texts_are_cut_in_messages),
        cmocka_unit_test(missing_file_and_folder_are_refused),
    };
    return cmocka_run_group_tests_name("config", tests, make_path, remove_path);
}
