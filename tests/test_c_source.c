// test_c_source.c: exported C files are compiled as strangers would, and give the network's Q-values bit for bit.
#include "exchange/c_source.h"

#include "core/file.h"
#include "network_kinds.h"

#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Each network for all tasks; a multilayer perceptron of every way of knowing tasks for the task of index 1 alone; a set of one network a
// task; and one of the default size.
enum { SINGLE = NUM_NETWORK_KINDS, SET = 2 * NUM_NETWORK_KINDS, DEFAULT_SIZE, MAX_FILES, NUM_OBSERVATIONS = 64 };

static char folder[] = "/tmp/sdqn_c_source_XXXXXX";

/// What a file was made of.
typedef struct Exported {
    const SdqnQNetwork *networks[KIND_TASKS];
    int32_t rows[KIND_TASKS];
    SdqnPortable portable;
} Exported;

static SdqnQNetwork *networks[NUM_NETWORK_KINDS + KIND_TASKS + 1];
static Exported exported[MAX_FILES];

static void write_source(int file) {
    char name[16], path[128], *text;
    SdqnPiece piece;
    SdqnError error = {0};
    snprintf(name, sizeof name, "net%d", file);
    snprintf(path, sizeof path, "%s/%s.c", folder, name);
    if (sdqn_c_source_write(&exported[file].portable, name, "a run */ \n\x1b named so", &text, &piece.size, &error) != SDQN_OK)
        fail_msg("%s", error.message);
    piece.data = text;
    assert_int_equal(sdqn_file_write(path, &piece, 1, NULL), SDQN_OK);
    free(text);
}

static int write_sources(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    for (int kind = 0; kind < NUM_NETWORK_KINDS; kind++) {
        const SdqnQNetworkDef def = kind_def(kind);
        networks[kind] = kind_network(&def, (uint64_t)kind + 1);
        exported[kind] = (Exported){{networks[kind], networks[kind], networks[kind]}, {0, 1, 2}, kind_portable(networks[kind], -1)};
        const bool knows_tasks = def.conditioning != SDQN_CONDITIONING_BLIND || def.residuals != SDQN_RESIDUALS_NONE;
        if (def.architecture != SDQN_ARCHITECTURE_MLP || def.dueling || !knows_tasks) continue;
        exported[SINGLE + kind] = (Exported){{networks[kind]}, {1}, kind_portable(networks[kind], 1)};
    }
    Exported *set = &exported[SET];
    for (int t = 0; t < KIND_TASKS; t++) {
        SdqnQNetworkDef def = kind_def(9 + t); // task-blind ones of each architecture, one of them with atoms
        def.hidden1_size += t;
        def.num_tasks = 1;
        set->networks[t] = networks[NUM_NETWORK_KINDS + t] = kind_network(&def, 100 + (uint64_t)t);
    }
    sdqn_portable_make(kind_tasks, set->networks, set->rows, KIND_TASKS, &set->portable);
    const SdqnQNetworkDef def = sdqn_q_network_def_default();
    SdqnQNetwork *network = networks[NUM_NETWORK_KINDS + KIND_TASKS] = kind_network(&def, 200);
    exported[DEFAULT_SIZE] = (Exported){{network, network, network}, {0, 1, 2}, kind_portable(network, -1)};
    for (int file = 0; file < MAX_FILES; file++) {
        if (exported[file].networks[0] != NULL) write_source(file);
    }
    return 0;
}

static int remove_sources(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) sdqn_q_network_destroy(networks[i]);
    return sdqn_file_remove_tree(folder, NULL) == SDQN_OK ? 0 : -1;
}

static bool is_there(const char *program) {
    char command[128];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0; // NOLINT
}

/// Observations as they come, and some with zeros, negative zeros and large values.
static void draw_observation(SdqnRng *rng, int number, float *observation) {
    for (int k = 0; k < SDQN_LANDER_OBSERVATION_SIZE; k++) {
        observation[k] = (float)sdqn_rng_uniform(rng, -2.0, 2.0);
        if (number % 4 == 1 && sdqn_rng_double(rng) < 0.5) observation[k] = k % 2 == 0 ? 0.0f : -0.0f;
        if (number % 4 == 2) observation[k] *= 1e4f;
    }
}

static void expected_q(const Exported *file, int task, const float *observation, float *q) {
    SdqnQWorkspace *workspace;
    const SdqnQNetwork *network = file->networks[task];
    assert_int_equal(sdqn_q_workspace_create(sdqn_q_network_def(network), 1, false, &workspace, NULL), SDQN_OK);
    sdqn_q_network_q_values(network, workspace, observation, &file->rows[task], 1, q);
    sdqn_q_workspace_destroy(workspace);
}

static void check_file(void *library, int number, const char *how) {
    int (*act)(const float[8], int);
    void (*q_of)(const float[8], int, float[4]);
    const Exported *file = &exported[number];
    char name[32];
    SdqnRng rng;
    sdqn_rng_seed(&rng, 7);
    snprintf(name, sizeof name, "net%d_act", number);
    *(void **)&act = dlsym(library, name);
    snprintf(name, sizeof name, "net%d_q", number);
    *(void **)&q_of = dlsym(library, name);
    assert_non_null(act);
    assert_non_null(q_of);
    for (int i = 0; i < NUM_OBSERVATIONS; i++) {
        float observation[8], q[4], expected[4];
        const int task = i % file->portable.num_tasks;
        draw_observation(&rng, i, observation);
        expected_q(file, task, observation, expected);
        q_of(observation, task, q);
        for (int a = 0; a < 4; a++) {
            if (memcmp(&q[a], &expected[a], sizeof *q) != 0)
                fail_msg("%s: file %d, observation %d, task %d: q[%d] = %a, expected %a", how, number, i, task, a, (double)q[a],
                         (double)expected[a]);
        }
        int best = 0;
        for (int a = 1; a < 4; a++) best = expected[a] > expected[best] ? a : best;
        assert_int_equal(act(observation, task), best);
    }
    if (!sdqn_portable_needs_task(&file->portable)) return;
    float q[4] = {0};
    assert_int_equal(act(q, -1), -1);
    assert_int_equal(act(q, file->portable.num_tasks), -1);
    q_of((const float[8]){0}, file->portable.num_tasks, q);
    assert_true(isnan(q[0]) && isnan(q[3]));
}

/// Compile all files into one library, which shows too that they do not get into each other's way, and check each.
static void compile_and_check(const char *compiler, const char *options) {
    char command[1024], library_path[128], log[128], text[4096] = "";
    snprintf(library_path, sizeof library_path, "%s/%s.so", folder, compiler);
    snprintf(log, sizeof log, "%s/log", folder);
    snprintf(command, sizeof command, "%s %s -Wall -Wextra -Werror -pedantic -shared -fPIC -o %s %s/net*.c -lm >%s 2>&1", compiler, options,
             library_path, folder, log);
    if (system(command) != 0) { // NOLINT
        FILE *file = fopen(log, "r");
        if (file != NULL) {
            text[fread(text, 1, sizeof text - 1, file)] = '\0';
            fclose(file);
        }
        fail_msg("%s\n%s", command, text);
    }
    void *library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fail_msg("%s", dlerror());
    for (int file = 0; file < MAX_FILES; file++) {
        if (exported[file].networks[0] != NULL) check_file(library, file, command);
    }
    dlclose(library);
    unlink(library_path);
}

static void files_give_the_bits_of_the_trainer(void **state) {
    (void)state;
    // With the last options of each, a compiler joins products and sums unless the file keeps it from that.
    static const char *const ways[][2] = {{"gcc", "-std=c11 -O0"},
                                          {"gcc", "-std=gnu11 -O3 -march=native"},
                                          {"clang", "-std=c11 -O0"},
                                          {"clang", "-std=gnu11 -O3 -ffp-contract=fast -march=native"}};
    int tried = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!is_there(ways[i][0])) continue;
        tried++;
        compile_and_check(ways[i][0], ways[i][1]);
    }
    assert_true(tried > 0);
}

static bool compiles(const char *compiler, const char *options) {
    char command[512];
    snprintf(command, sizeof command, "%s %s -c -o /dev/null %s/net%d.c >/dev/null 2>&1", compiler, options, folder, DEFAULT_SIZE);
    return system(command) == 0; // NOLINT
}

/// Whether a compiler knows options, for this machine's architecture.
static bool takes(const char *compiler, const char *options) {
    char command[512];
    snprintf(command, sizeof command, "%s %s -E -x c /dev/null >/dev/null 2>&1", compiler, options);
    return system(command) == 0; // NOLINT
}

static void processors_with_half_precision_are_compiled_for(void **state) {
    (void)state;
    static const char *const ways[][2] = {{"gcc", "-std=gnu11 -mavx512fp16"},
                                          {"clang", "-std=gnu11 -mavx512fp16"},
                                          {"gcc", "-std=gnu11 -march=armv8.2-a+fp16"},
                                          {"clang", "-std=gnu11 -march=armv8.2-a+fp16"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!is_there(ways[i][0]) || !takes(ways[i][0], ways[i][1])) continue;
        if (!compiles(ways[i][0], ways[i][1])) fail_msg("%s %s", ways[i][0], ways[i][1]);
    }
}

static void options_that_change_bits_are_refused(void **state) {
    (void)state;
    static const char *const ways[][2] = {
        {"gcc", "-Ofast"},        {"gcc", "-ffast-math"},         {"gcc", "-funsafe-math-optimizations"}, {"gcc", "-ffinite-math-only"},
        {"clang", "-ffast-math"}, {"clang", "-ffinite-math-only"}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (is_there(ways[i][0]) && compiles(ways[i][0], ways[i][1])) fail_msg("%s %s compiles it", ways[i][0], ways[i][1]);
    }
}

static void names_are_checked(void **state) {
    (void)state;
    static const char *const good[] = {"a", "net_2", "Z9", "abcdefghijabcdefghijabcdefghijabcdefghij"};
    static const char *const bad[] = {"", "2net", "_net", "net-2", "net 2", "n\xc3\xa9t", "abcdefghijabcdefghijabcdefghijabcdefghijk"};
    SdqnError error = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_int_equal(sdqn_c_source_check_name(good[i], &error), SDQN_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(sdqn_c_source_check_name(bad[i], &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "must be a letter and at most 39 more letters, digits or _"));
}

static void too_many_parameters_are_refused(void **state) {
    (void)state;
    SdqnQNetworkDef def = kind_def(9);
    def.hidden1_size = def.hidden2_size = SDQN_MAX_LAYER_SIZE;
    SdqnQNetwork *network = NULL;
    char *text = NULL;
    size_t size = 0;
    SdqnError error = {0};
    assert_int_equal(sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &network, NULL), SDQN_OK);
    const SdqnPortable portable = kind_portable(network, -1);
    assert_int_equal(sdqn_c_source_write(&portable, "net", "a run", &text, &size, &error), SDQN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "16932892 parameters: at most 16000000 fit a C file"));
    assert_null(text);
    sdqn_q_network_destroy(network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_give_the_bits_of_the_trainer),   cmocka_unit_test(processors_with_half_precision_are_compiled_for),
        cmocka_unit_test(options_that_change_bits_are_refused), cmocka_unit_test(names_are_checked),
        cmocka_unit_test(too_many_parameters_are_refused),
    };
    return cmocka_run_group_tests_name("c_source", tests, write_sources, remove_sources);
}
