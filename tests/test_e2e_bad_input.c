// Whatever a user or a disk gets wrong: one line on stderr that says where and what, the right exit code, nothing half-written.
#define _GNU_SOURCE // memmem
#include "e2e.h"

#include <sys/mount.h>
#include <sys/resource.h>

static char good[512]; ///< folder of a finished run, made once

static int make_good_run(void **state) {
    if (e2e_setup(state) != 0) return -1;
    snprintf(good, sizeof good, "%s_good", e2e_base);
    const Outcome *outcome = e2e_run("train", "--out", good, "--episodes", "3", "--final-episodes", "1", NULL);
    return outcome->code == 0 && e2e_teardown(state) == 0 ? 0 : -1;
}

static int remove_good_run(void **state) {
    (void)state;
    return sdqn_file_remove_tree(good, NULL) == SDQN_OK ? 0 : -1;
}

static void assert_refused(const Outcome *outcome, int code, const char *text) {
    const char *line_end = strchr(outcome->err, '\n');
    if (outcome->code != code || strstr(outcome->err, text) == NULL || line_end == NULL || line_end[1] != '\0')
        fail_msg("exit code %d (signal %d), expected %d; expected one line with \"%s\", found:\n%s", outcome->code, outcome->signal, code,
                 text, outcome->err);
    assert_int_equal(strlen(outcome->out), 0);
}

static void write_file(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

// ---- weights --------------------------------------------------------------------------------------------------------------------

/// Evaluate changed weights, as a file and as a run's final weights.
static void assert_weights_refused(const uint8_t *bytes, size_t size, const char *text) {
    const char *path = e2e_path("bad.safetensors");
    write_file(path, bytes, size);
    assert_refused(e2e_run("evaluate", "--weights", path, "--episodes", "1", NULL), 1, text);
}

/// Put `new` in the place of the first `old` behind `from`; both have the same length.
static void replace(uint8_t *bytes, size_t size, const char *from, const char *old, const char *new) {
    uint8_t *place = memmem(bytes, size, from, strlen(from));
    assert_non_null(place);
    place = memmem(place, size - (size_t)(place - bytes), old, strlen(old));
    assert_non_null(place);
    memcpy(place, new, strlen(new));
}

static void broken_weights_are_refused(void **state) {
    (void)state;
    size_t size;
    uint8_t *bytes = e2e_read(good, "final.safetensors", &size);
    const size_t cuts[] = {0, 4, 8, 100, size / 2, size - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) assert_weights_refused(bytes, cuts[i], "bad.safetensors: ");
    uint8_t *longer = calloc(1, size + 4);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    assert_weights_refused(longer, size + 4, "bad.safetensors: ");
    free(longer);
    free(bytes);
}

static void lying_headers_are_refused(void **state) {
    (void)state;
    size_t size;
    uint8_t *bytes = e2e_read(good, "final.safetensors", &size);
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    const struct {
        const char *from, *old, *new, *text;
    } lies[] = {
        {"fc1.bias", "F32", "F16", "fc1.bias"},                    // type
        {"fc1.bias", "F32", "I32", "fc1.bias"},                    //
        {"fc1.bias", "[256]", "[257]", "fc1.bias"},                // shape and bytes disagree
        {"fc1.bias", "fc1.bias", "fc9.bias", "fc1.bias: missing"}, // name
        {"fc2.weight", "[128,256]", "[256,128]", "fc"},            // a network that does not fit together
        {"fc3.weight", "data_offsets", "data_offsetz", "fc3.weight"},
        {"{", "{", "[", "bad.safetensors"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        memcpy(copy, bytes, size);
        replace(copy, size, lies[i].from, lies[i].old, lies[i].new);
        assert_weights_refused(copy, size, lies[i].text);
    }
    memcpy(copy, bytes, size);
    memset(copy, 0xff, 8); // a header of 2^64 - 1 bytes
    assert_weights_refused(copy, size, "header");
    memcpy(copy, bytes, size);
    memcpy(copy + size - 4, "\0\0\xc0\x7f", 4); // NaN
    assert_weights_refused(copy, size, "bad.safetensors: ");
    free(copy);
    free(bytes);
}

static void missing_and_strange_files_are_refused(void **state) {
    (void)state;
    assert_refused(e2e_run("evaluate", "--weights", e2e_path("none"), NULL), 1, "none: cannot open: No such file");
    assert_refused(e2e_run("evaluate", "--weights", e2e_base, NULL), 1, "not a regular file");
    assert_refused(e2e_run("evaluate", e2e_base, NULL), 1, "is no run");
    assert_refused(e2e_run("evaluate", NULL), 2, "give either a run's folder or --weights FILE");
    assert_refused(e2e_run("evaluate", good, "--weights", "x", NULL), 2, "give either");
    assert_refused(e2e_run("evaluate", good, "--task", "moon", NULL), 2, "--task moon: no such task");
    assert_refused(e2e_run("evaluate", good, "--task", "gymwind", NULL), 2, "the weights know only standard, windy, heavy");
    assert_refused(e2e_run("evaluate", good, "--episodes", "0", NULL), 2, "--episodes 0");
    assert_refused(e2e_run("evaluate", good, "--seed", "-1", NULL), 2, "--seed -1");
    assert_refused(e2e_run("evaluate", good, "--isa", "mmx", NULL), 2, "mmx");
}

static void a_result_that_cannot_be_written_is_a_failure(void **state) {
    (void)state;
    e2e_stdout = "/dev/full";
    assert_refused(e2e_run("evaluate", good, "--episodes", "1", "--json", NULL), 1, "No space left on device");
    e2e_stdout = NULL;
}

// ---- traces ---------------------------------------------------------------------------------------------------------------------

static void wrong_traces_are_refused(void **state) {
    (void)state;
    assert_refused(e2e_run("trace", "--task", "windy", "--seed", "1", "--actions", "01249", NULL), 2, "byte 4 is '4'");
    assert_refused(e2e_run("trace", "--task", "windy", "--seed", "1", "--actions", "0\xc3\xa9", NULL), 2, "byte 2 is 0xc3");
    assert_refused(e2e_run("trace", "--task", "moon", "--seed", "1", "--actions", "0", NULL), 2, "moon");
    assert_refused(e2e_run("trace", "--task", "windy", "--seed", "x", "--actions", "0", NULL), 2, "--seed");
    char file[600];
    snprintf(file, sizeof file, "@%s", e2e_path("none"));
    assert_refused(e2e_run("trace", "--task", "windy", "--seed", "1", "--actions", file, NULL), 1, "none");
    write_file(e2e_path("actions"), "0012x", 5);
    snprintf(file, sizeof file, "@%s", e2e_path("actions"));
    assert_refused(e2e_run("trace", "--task", "windy", "--seed", "1", "--actions", file, NULL), 2, "'x'");
}

// ---- settings -------------------------------------------------------------------------------------------------------------------

static void wrong_settings_make_no_folder(void **state) {
    (void)state;
    const char *out = e2e_path("run");
    assert_refused(e2e_run("train", "--out", out, "--tasks", "standard,moon", NULL), 2, "moon");
    assert_refused(e2e_run("train", "--out", out, "--method", "magic", NULL), 2, "magic");
    assert_refused(e2e_run("train", "--out", out, "--set", "gama=0.9", NULL), 2, "did you mean gamma?");
    assert_refused(e2e_run("train", "--out", out, "--set", "gamma=1.5", NULL), 2, "--set gamma=1.5: must be a number in [0.0, 1.0]");
    assert_refused(e2e_run("train", "--out", out, "--episodes", "many", NULL), 2, "--episodes many");
    assert_refused(e2e_run("train", "--out", out, "--config", e2e_path("none.yaml"), NULL), 1, "none.yaml");
    write_file(e2e_path("bad.yaml"), "seed: 1\nepisodes: -3\n", 21);
    assert_refused(e2e_run("train", "--out", out, "--config", e2e_path("bad.yaml"), NULL), 2, "bad.yaml:2: episodes = -3");
    assert_refused(e2e_run("train", "--out", out, "--resume", "--force", NULL), 2, "--resume and --force");
    assert_refused(e2e_run("train", "--out", out, "surplus", NULL), 2, "surplus");
    assert_refused(e2e_run("train", "--out", "", NULL), 2, "--out");
    assert_false(sdqn_file_exists(out));
}

// ---- folders --------------------------------------------------------------------------------------------------------------------

static void unwritable_folders_are_refused(void **state) {
    (void)state;
    write_file(e2e_path("file"), "", 0);
    assert_refused(e2e_run("train", "--out", e2e_path("file/run"), NULL), 1, "cannot create folder");
    assert_refused(e2e_run("train", "--out", e2e_path("file"), NULL), 2, "exists and is no folder");
    assert_refused(e2e_run("train", "--out", "/proc/sharedqn", NULL), 1, "/proc/sharedqn: cannot create folder");
}

static void existing_folders_are_refused(void **state) {
    (void)state;
    assert_refused(e2e_run("train", "--out", good, NULL), 2, "exists and is not empty: continue it with --resume");
    assert_refused(e2e_run("train", "--out", e2e_path("none"), "--resume", NULL), 2, "there is nothing to resume");
    assert_int_equal(mkdir(e2e_path("mine"), 0777), 0);
    write_file(e2e_path("mine/thesis.txt"), "years of work", 13);
    assert_refused(e2e_run("train", "--out", e2e_path("mine"), "--force", NULL), 2, "holds 'thesis.txt', which no run wrote");
    assert_refused(e2e_run("train", "--out", e2e_path("mine"), "--resume", NULL), 2, "holds 'thesis.txt', which no run wrote");
    char names[E2E_MAX_FILES][128];
    assert_int_equal(e2e_list(e2e_path("mine"), "", names), 1);
}

static void a_folder_in_use_is_refused(void **state) {
    (void)state;
    char lock_path[600];
    SdqnFileLock *lock;
    snprintf(lock_path, sizeof lock_path, "%s/.lock", good);
    assert_int_equal(sdqn_file_lock_take(lock_path, &lock, NULL), SDQN_OK);
    assert_refused(e2e_run("train", "--out", good, "--resume", NULL), 1, "in use by another process");
    assert_refused(e2e_run("train", "--out", good, "--force", NULL), 1, "in use by another process");
    sdqn_file_lock_release(lock);
    assert_int_equal(e2e_run("evaluate", good, "--episodes", "1", NULL)->code, 0); // nothing was cleared
}

static void a_finished_run_with_other_weights_is_told(void **state) {
    (void)state;
    char final[600];
    size_t size;
    uint8_t *bytes = e2e_read(good, "final.safetensors", &size);
    snprintf(final, sizeof final, "%s/final.safetensors", good);
    bytes[size - 1] ^= 1;
    write_file(final, bytes, size);
    const Outcome changed = *e2e_run("train", "--out", good, "--resume", NULL);
    assert_int_equal(unlink(final), 0);
    const Outcome missing = *e2e_run("train", "--out", good, "--resume", NULL);
    bytes[size - 1] ^= 1;
    write_file(final, bytes, size);
    free(bytes);
    assert_refused(&changed, 1, "final.safetensors: is not what the run wrote");
    assert_refused(&missing, 1, "final.safetensors: cannot open: No such file");
}

/// Make a run that was killed after its second episode.
static void make_stopped_run(const char *out) {
    const char *arguments[] = {"train", "--out", out, "--state-period-episodes", "1", NULL};
    pid_t child = e2e_start(arguments);
    for (int i = 0; i < 20000 && !sdqn_file_exists(e2e_path("run/checkpoints/state_000002.sdqn")); i++) e2e_sleep(0.0005);
    kill(child, SIGKILL);
    e2e_wait(child);
}

static void a_stopped_run_without_its_settings_is_kept(void **state) {
    (void)state;
    make_stopped_run(e2e_path("run"));
    assert_int_equal(unlink(e2e_path("run/config.yaml")), 0);
    assert_refused(e2e_run("train", "--out", e2e_path("run"), "--episodes", "1", "--resume", NULL), 1, "run: config.yaml is missing");
    char names[E2E_MAX_FILES][128];
    assert_true(e2e_list(e2e_path("run/checkpoints"), ".sdqn", names) > 0);
}

/// One digit of a log is changed behind the back of a stopped run.
static void a_stopped_run_with_a_changed_log_is_refused(void **state) {
    (void)state;
    const char *out = e2e_path("run");
    make_stopped_run(out);
    size_t size;
    uint8_t *bytes = e2e_read(out, "metrics.jsonl", &size);
    bytes[10] ^= 1;
    write_file(e2e_path("run/metrics.jsonl"), bytes, size);
    free(bytes);
    const Outcome *outcome = e2e_run("train", "--out", out, "--resume", NULL);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "metrics.jsonl: its first "));
}

static void other_settings_on_resume_are_refused(void **state) {
    (void)state;
    assert_refused(e2e_run("train", "--out", good, "--resume", "--gamma", "0.5", NULL), 2, "gamma = 0.5: the run was made with 0.99");
    assert_refused(e2e_run("train", "--out", good, "--resume", "--seed", "2", NULL), 2, "seed = 2: the run was made with 1");
    assert_refused(e2e_run("train", "--out", good, "--resume", "--tasks", "standard", NULL), 2, "tasks = ");
    const Outcome *outcome = e2e_run("train", "--out", good, "--resume", "--gamma", "0.99", NULL);
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->err, "this run is finished"));
    assert_non_null(strstr(outcome->out, "SHA-256 of the final weights: "));
}

static void a_limit_on_file_sizes_stops_a_run_that_can_go_on(void **state) {
    (void)state;
    const char *out = e2e_path("run");
    struct rlimit before, small = {.rlim_cur = 50000};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    pid_t child = e2e_start((const char *[]){"train", "--out", out, "--episodes", "3", "--final-episodes", "1", NULL});
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    const Outcome *outcome = e2e_wait(child);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "state_000003.sdqn.tmp: cannot write: File too large\n"));
    assert_false(sdqn_file_exists(e2e_path("run/checkpoints/state_000003.sdqn.tmp")));
    outcome = e2e_run("train", "--out", out, "--resume", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    e2e_assert_same_file(out, good, "final.safetensors");
}

static void some_of_the_settings_of_a_run_go_with_resume(void **state) {
    (void)state;
    const char *out = e2e_path("run");
    write_file(e2e_path("moon.yaml"), "task_definitions: {moon: {gravity: -1.6}}\n", 42);
    const Outcome *outcome = e2e_run("train", "--out", out, "--episodes", "2", "--final-episodes", "1", "--replay-capacity", "150",
                                     "--min-replay-size", "100", "--config", e2e_path("moon.yaml"), "--tasks", "moon,heavy", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    // Beside the defaults either setting would be wrong: no such task, and a capacity below the default of min_replay_size.
    outcome = e2e_run("train", "--out", out, "--resume", "--replay-capacity", "150", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
    outcome = e2e_run("train", "--out", out, "--resume", "--tasks", "moon,heavy", NULL);
    if (outcome->code != 0) fail_msg("%s", outcome->err);
}

// JSON readers, ours too, take no integer of 2^63 and more: summary.json must stay readable whatever seed is allowed.
static void the_largest_seeds_leave_a_run_that_can_be_read(void **state) {
    (void)state;
    const char *largest = "4611686018427387904", *out = e2e_path("run");
    for (int resumed = 0; resumed < 2; resumed++) {
        const Outcome *outcome = e2e_run("train", "--out", out, "--episodes", "1", "--final-episodes", "2", "--seed", largest,
                                         "--final-seed", largest, resumed ? "--resume" : NULL, NULL);
        if (outcome->code != 0) fail_msg("%s", outcome->err);
        assert_non_null(strstr(outcome->out, largest));
    }
    assert_refused(e2e_run("train", "--out", out, "--force", "--seed", "4611686018427387905", NULL), 2, "must be an integer in [0, 2^62]");
}

static void force_begins_anew(void **state) {
    (void)state;
    const char *out = e2e_path("run");
    assert_int_equal(e2e_run("train", "--out", out, "--episodes", "3", "--final-episodes", "1", "--seed", "5", NULL)->code, 0);
    assert_int_equal(e2e_run("train", "--out", out, "--episodes", "3", "--final-episodes", "1", "--force", NULL)->code, 0);
    e2e_assert_same_file(out, good, "final.safetensors");
    e2e_assert_same_file(out, good, "metrics.jsonl");
}

// ---- a full disk ----------------------------------------------------------------------------------------------------------------

/// Every line of a log is whole.
static void assert_whole_lines(const char *folder, const char *name) {
    size_t size;
    uint8_t *bytes = e2e_read(folder, name, &size);
    assert_true(size == 0 || bytes[size - 1] == '\n');
    free(bytes);
}

#define SETTINGS                                                                                                                           \
    "--episodes", "16", "--batch-size", "8", "--min-replay-size", "100", "--evaluation-period", "5", "--evaluation-episodes", "1",         \
        "--checkpoint-period", "5", "--final-episodes", "1", "--state-period-episodes", "2"

static void a_full_disk_stops_a_run_that_can_go_on(void **state) {
    (void)state;
    const char *disk = e2e_path("disk");
    assert_int_equal(mkdir(disk, 0777), 0);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=1200k") != 0) {
        print_message("no small disk can be mounted here: %s\n", strerror(errno));
        skip();
    }
    const char *out = e2e_path("disk/run");
    const Outcome *outcome = e2e_run("train", "--out", out, SETTINGS, NULL);
    bool failed = outcome->code == 1 && strstr(outcome->err, "No space left on device") != NULL;
    bool told = strstr(outcome->err, "train --resume --out") != NULL && strlen(outcome->out) == 0;
    char names[E2E_MAX_FILES][128];
    int temporary = e2e_list(out, ".tmp", names) + e2e_list(e2e_path("disk/run/checkpoints"), ".tmp", names);
    assert_whole_lines(out, "metrics.jsonl");
    assert_whole_lines(out, "evaluations.jsonl");
    int enlarged = mount("tmpfs", disk, "tmpfs", MS_REMOUNT, "size=64m");
    int resumed = e2e_run("train", "--resume", "--out", out, NULL)->code;
    int whole = e2e_run("train", "--out", e2e_path("whole"), SETTINGS, NULL)->code;
    if (resumed == 0 && whole == 0) e2e_assert_same_runs(out, e2e_path("whole"));
    assert_int_equal(umount(disk), 0);
    assert_true(failed);
    assert_true(told);
    assert_int_equal(temporary, 0);
    assert_int_equal(enlarged, 0);
    assert_int_equal(resumed, 0);
    assert_int_equal(whole, 0);
}

/// Also when the test failed before it could.
static int unmount_and_teardown(void **state) {
    umount2(e2e_path("disk"), MNT_DETACH);
    return e2e_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(broken_weights_are_refused),
        TEST(lying_headers_are_refused),
        TEST(missing_and_strange_files_are_refused),
        TEST(a_result_that_cannot_be_written_is_a_failure),
        TEST(wrong_traces_are_refused),
        TEST(wrong_settings_make_no_folder),
        TEST(unwritable_folders_are_refused),
        TEST(existing_folders_are_refused),
        TEST(a_folder_in_use_is_refused),
        TEST(a_finished_run_with_other_weights_is_told),
        TEST(a_stopped_run_without_its_settings_is_kept),
        TEST(a_stopped_run_with_a_changed_log_is_refused),
        TEST(other_settings_on_resume_are_refused),
        TEST(a_limit_on_file_sizes_stops_a_run_that_can_go_on),
        TEST(some_of_the_settings_of_a_run_go_with_resume),
        TEST(the_largest_seeds_leave_a_run_that_can_be_read),
        TEST(force_begins_anew),
        cmocka_unit_test_setup_teardown(a_full_disk_stops_a_run_that_can_go_on, e2e_setup, unmount_and_teardown),
    };
    return cmocka_run_group_tests_name("e2e_bad_input", tests, make_good_run, remove_good_run);
}
