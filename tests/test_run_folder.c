// The folder of a run: who may open it, what is removed from it and what never is.
#include "run/run_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char base[64];

static int make_base(void **state) {
    (void)state;
    snprintf(base, sizeof base, "/tmp/sdqn_folder_XXXXXX");
    return mkdtemp(base) != NULL ? 0 : -1;
}

static int remove_base(void **state) {
    (void)state;
    return sdqn_file_remove_tree(base, NULL) == SDQN_OK ? 0 : -1;
}

static const char *in_base(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static SdqnRunFolder *open_folder(const char *name, SdqnRunFolderMode mode) {
    SdqnRunFolder *folder;
    SdqnError error = {0};
    if (sdqn_run_folder_open(in_base(name), mode, &folder, &error) != SDQN_OK) fail_msg("%s", error.message);
    return folder;
}

static void assert_refused(const char *name, SdqnRunFolderMode mode, SdqnStatus status, const char *text) {
    SdqnRunFolder *folder = NULL;
    SdqnError error = {0};
    assert_int_equal(sdqn_run_folder_open(in_base(name), mode, &folder, &error), status);
    if (strstr(error.message, text) == NULL) fail_msg("expected \"%s\" in \"%s\"", text, error.message);
    assert_null(folder);
}

static void put(const char *name) {
    SdqnPiece piece = {"x", 1};
    assert_int_equal(sdqn_file_write(in_base(name), &piece, 1, NULL), SDQN_OK);
}

static bool has(const char *name) { return sdqn_file_exists(in_base(name)); }

/// A folder with one of each file that a run writes.
static void make_run(void) {
    static const char *const files[] = {"run/config.yaml",
                                        "run/metrics.jsonl",
                                        "run/best.safetensors",
                                        "run/final.safetensors",
                                        "run/summary.json",
                                        "run/best.safetensors.tmp",
                                        "run/evaluations.jsonl",
                                        "run/gradients.jsonl",
                                        "run/checkpoints/episode_000100.safetensors",
                                        "run/checkpoints/episode_000200.safetensors",
                                        "run/checkpoints/state_000150.sdqn",
                                        "run/checkpoints/state_000160.sdqn",
                                        "run/checkpoints/state_000170.sdqn",
                                        "run/checkpoints/state_000180.sdqn.tmp"};
    assert_int_equal(sdqn_file_make_folder(in_base("run/checkpoints"), NULL), SDQN_OK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) put(files[i]);
}

// ---- opening --------------------------------------------------------------------------------------------------------------------

static void a_new_folder_is_made_with_those_above_it(void **state) {
    (void)state;
    SdqnRunFolder *folder = open_folder("a/b/c", SDQN_RUN_FOLDER_NEW);
    assert_int_equal(sdqn_run_folder_write(folder, SDQN_RUN_CONFIG, "x", 1, NULL), SDQN_OK);
    assert_true(sdqn_run_folder_has(folder, SDQN_RUN_CONFIG));
    sdqn_run_folder_close(folder);
    assert_true(has("a/b/c/config.yaml"));
}

static void an_empty_folder_is_taken(void **state) {
    (void)state;
    assert_int_equal(mkdir(in_base("empty"), 0777), 0);
    sdqn_run_folder_close(open_folder("empty", SDQN_RUN_FOLDER_NEW));
    assert_true(has("empty")); // its owner's, not ours to remove
}

static void an_unused_folder_is_removed_again(void **state) {
    (void)state;
    sdqn_run_folder_close(open_folder("unused", SDQN_RUN_FOLDER_NEW));
    assert_false(has("unused"));
}

static void what_exists_is_refused(void **state) {
    (void)state;
    make_run();
    put("file");
    assert_refused("run", SDQN_RUN_FOLDER_NEW, SDQN_ERR_ARGUMENT, "exists and is not empty");
    assert_refused("file", SDQN_RUN_FOLDER_NEW, SDQN_ERR_ARGUMENT, "exists and is no folder");
    assert_refused("none", SDQN_RUN_FOLDER_RESUME, SDQN_ERR_ARGUMENT, "nothing to resume");
    assert_refused("file/run", SDQN_RUN_FOLDER_NEW, SDQN_ERR_IO, "cannot create folder");
    assert_false(has("run/.lock")); // a refused folder is not touched
}

static void a_folder_in_use_is_refused_until_it_is_closed(void **state) {
    (void)state;
    make_run();
    SdqnRunFolder *folder = open_folder("run", SDQN_RUN_FOLDER_RESUME);
    assert_refused("run", SDQN_RUN_FOLDER_RESUME, SDQN_ERR_IO, "in use by another process");
    assert_refused("run", SDQN_RUN_FOLDER_FORCE, SDQN_ERR_IO, "in use by another process");
    sdqn_run_folder_close(folder);
    sdqn_run_folder_close(open_folder("run", SDQN_RUN_FOLDER_RESUME));
}

static void foreign_files_are_never_taken_by_force(void **state) {
    (void)state;
    make_run();
    put("run/thesis.txt");
    assert_refused("run", SDQN_RUN_FOLDER_FORCE, SDQN_ERR_ARGUMENT, "holds 'thesis.txt', which no run wrote");
    sdqn_run_folder_close(open_folder("run", SDQN_RUN_FOLDER_RESUME)); // one's own run may hold notes
    assert_int_equal(sdqn_file_remove(in_base("run/thesis.txt"), NULL), SDQN_OK);
    put("run/checkpoints/episode_1.safetensors"); // not a name of ours
    assert_refused("run", SDQN_RUN_FOLDER_FORCE, SDQN_ERR_ARGUMENT, "holds 'episode_1.safetensors'");
}

static void a_linked_checkpoints_folder_is_foreign(void **state) {
    (void)state;
    make_run();
    assert_int_equal(mkdir(in_base("other"), 0777), 0);
    put("other/config.yaml");
    assert_int_equal(symlink(base, in_base("other/checkpoints")), 0);
    assert_refused("other", SDQN_RUN_FOLDER_FORCE, SDQN_ERR_ARGUMENT, "holds 'checkpoints'");
}

// ---- removing -------------------------------------------------------------------------------------------------------------------

static void a_clear_cut_short_leaves_neither_settings_nor_a_result(void **state) {
    (void)state;
    make_run();
    assert_int_equal(mkdir(in_base("run/checkpoints/episode_000300.safetensors"), 0777), 0); // no file: its removal fails
    SdqnRunFolder *folder = open_folder("run", SDQN_RUN_FOLDER_FORCE);
    SdqnError error = {0};
    assert_int_equal(sdqn_run_folder_clear(folder, true, &error), SDQN_ERR_IO);
    assert_non_null(strstr(error.message, "episode_000300.safetensors: cannot remove"));
    assert_false(has("run/config.yaml") || has("run/summary.json"));
    sdqn_run_folder_close(folder);
}

static void clear_removes_a_runs_files_and_no_others(void **state) {
    (void)state;
    make_run();
    put("run/thesis.txt");
    put("run/checkpoints/notes.txt");
    SdqnRunFolder *folder = open_folder("run", SDQN_RUN_FOLDER_RESUME);
    assert_int_equal(sdqn_run_folder_clear(folder, false, NULL), SDQN_OK);
    assert_true(has("run/config.yaml") && has("run/thesis.txt") && has("run/checkpoints/notes.txt"));
    assert_false(has("run/metrics.jsonl") || has("run/summary.json") || has("run/best.safetensors.tmp"));
    assert_false(has("run/checkpoints/episode_000100.safetensors") || has("run/checkpoints/state_000170.sdqn"));
    assert_false(has("run/checkpoints/state_000180.sdqn.tmp"));
    assert_int_equal(sdqn_run_folder_clear(folder, true, NULL), SDQN_OK);
    assert_false(has("run/config.yaml"));
    sdqn_run_folder_close(folder);
}

static void rewind_removes_what_came_later(void **state) {
    (void)state;
    make_run();
    SdqnRunFolder *folder = open_folder("run", SDQN_RUN_FOLDER_RESUME);
    assert_int_equal(sdqn_run_folder_rewind(folder, 160, NULL), SDQN_OK);
    assert_true(has("run/checkpoints/state_000150.sdqn") && has("run/checkpoints/state_000160.sdqn"));
    assert_true(has("run/checkpoints/episode_000100.safetensors"));
    assert_true(has("run/metrics.jsonl") && has("run/best.safetensors") && has("run/config.yaml"));
    assert_false(has("run/checkpoints/state_000170.sdqn") || has("run/checkpoints/state_000180.sdqn.tmp"));
    assert_false(has("run/checkpoints/episode_000200.safetensors"));
    assert_false(has("run/final.safetensors") || has("run/summary.json") || has("run/best.safetensors.tmp"));
    sdqn_run_folder_close(folder);
}

static void weights_of_the_first_episode_not_done_come_later(void **state) {
    (void)state;
    make_run();
    SdqnRunFolder *folder = open_folder("run", SDQN_RUN_FOLDER_RESUME);
    assert_int_equal(sdqn_run_folder_rewind(folder, 101, NULL), SDQN_OK); // episodes 0 to 100 are done
    assert_true(has("run/checkpoints/episode_000100.safetensors"));
    assert_int_equal(sdqn_run_folder_rewind(folder, 100, NULL), SDQN_OK); // episode 100 is not
    assert_false(has("run/checkpoints/episode_000100.safetensors"));
    sdqn_run_folder_close(folder);
}

static void states_are_listed_newest_first(void **state) {
    (void)state;
    make_run();
    put("run/checkpoints/state_1000000.sdqn");
    put("run/checkpoints/state_99.sdqn");
    SdqnRunFolder *folder = open_folder("run", SDQN_RUN_FOLDER_RESUME);
    int64_t episodes[8];
    int count;
    assert_int_equal(sdqn_run_folder_states(folder, episodes, 8, &count, NULL), SDQN_OK);
    assert_int_equal(count, 4);
    const int64_t expected[4] = {1000000, 170, 160, 150};
    assert_memory_equal(episodes, expected, sizeof expected);
    assert_int_equal(sdqn_run_folder_states(folder, episodes, 2, &count, NULL), SDQN_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(episodes, expected, 2 * sizeof *expected);
    assert_int_equal(sdqn_run_folder_remove_states_before(folder, 170, NULL), SDQN_OK);
    assert_int_equal(sdqn_run_folder_states(folder, episodes, 8, &count, NULL), SDQN_OK);
    assert_int_equal(count, 2);
    sdqn_run_folder_close(folder);
}

// ---- logs -----------------------------------------------------------------------------------------------------------------------

static void logs_are_cut_to_their_recorded_lengths(void **state) {
    (void)state;
    SdqnAppendMark marks[SDQN_RUN_NUM_LOGS] = {0};
    SdqnRunFolder *folder = open_folder("run", SDQN_RUN_FOLDER_NEW);
    assert_int_equal(sdqn_run_folder_write(folder, SDQN_RUN_CONFIG, "x", 1, NULL), SDQN_OK);
    assert_int_equal(sdqn_run_folder_open_logs(folder, marks, false, NULL), SDQN_OK);
    assert_int_equal(sdqn_run_folder_append(folder, SDQN_RUN_METRICS, "one\n", 4, NULL), SDQN_OK);
    assert_int_equal(sdqn_run_folder_sync_logs(folder, marks, NULL), SDQN_OK);
    assert_int_equal(marks[SDQN_RUN_METRICS].length, 4);
    assert_int_equal(marks[SDQN_RUN_EVENTS].length, 0);
    assert_int_equal(sdqn_run_folder_append(folder, SDQN_RUN_METRICS, "two\n", 4, NULL), SDQN_OK);
    sdqn_run_folder_close(folder);
    assert_false(has("run/events.out.tfevents.0.sharedqn"));

    folder = open_folder("run", SDQN_RUN_FOLDER_RESUME);
    assert_int_equal(sdqn_run_folder_open_logs(folder, marks, true, NULL), SDQN_OK);
    sdqn_run_folder_close(folder);
    struct stat status;
    assert_int_equal(stat(in_base("run/metrics.jsonl"), &status), 0);
    assert_int_equal(status.st_size, 4);
    assert_true(has("run/events.out.tfevents.0.sharedqn"));

    marks[SDQN_RUN_METRICS].length = 5;
    SdqnError error = {0};
    folder = open_folder("run", SDQN_RUN_FOLDER_RESUME);
    assert_int_equal(sdqn_run_folder_open_logs(folder, marks, false, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "metrics.jsonl"));
    sdqn_run_folder_close(folder);
}

static void lost_timing_and_events_begin_anew(void **state) {
    (void)state;
    SdqnAppendMark marks[SDQN_RUN_NUM_LOGS] = {0};
    SdqnRunFolder *folder = open_folder("run", SDQN_RUN_FOLDER_NEW);
    assert_int_equal(sdqn_run_folder_write(folder, SDQN_RUN_CONFIG, "x", 1, NULL), SDQN_OK);
    assert_int_equal(sdqn_run_folder_open_logs(folder, marks, true, NULL), SDQN_OK);
    for (int i = 0; i < SDQN_RUN_NUM_LOGS; i++) assert_int_equal(sdqn_run_folder_append(folder, (SdqnRunLog)i, "one\n", 4, NULL), SDQN_OK);
    assert_int_equal(sdqn_run_folder_sync_logs(folder, marks, NULL), SDQN_OK);
    sdqn_run_folder_close(folder);
    assert_int_equal(unlink(in_base("run/timing.jsonl")), 0);
    assert_int_equal(truncate(in_base("run/events.out.tfevents.0.sharedqn"), 2), 0);

    folder = open_folder("run", SDQN_RUN_FOLDER_RESUME);
    assert_int_equal(sdqn_run_folder_open_logs(folder, marks, true, NULL), SDQN_OK);
    assert_int_equal(marks[SDQN_RUN_METRICS].length, 4);
    assert_int_equal(marks[SDQN_RUN_TIMING].length, 0);
    assert_int_equal(marks[SDQN_RUN_EVENTS].length, 0);
    sdqn_run_folder_close(folder);
    struct stat status;
    assert_int_equal(stat(in_base("run/events.out.tfevents.0.sharedqn"), &status), 0);
    assert_int_equal(status.st_size, 0);
}

static void names_have_six_digits_or_more(void **state) {
    (void)state;
    char name[SDQN_RUN_CHECKPOINT_NAME_SIZE];
    sdqn_run_folder_weights_name(100, name);
    assert_string_equal(name, "checkpoints/episode_000100.safetensors");
    sdqn_run_folder_state_name(12345678, name);
    assert_string_equal(name, "checkpoints/state_12345678.sdqn");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_base, remove_base)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_new_folder_is_made_with_those_above_it),
        TEST(an_empty_folder_is_taken),
        TEST(an_unused_folder_is_removed_again),
        TEST(what_exists_is_refused),
        TEST(a_folder_in_use_is_refused_until_it_is_closed),
        TEST(foreign_files_are_never_taken_by_force),
        TEST(a_linked_checkpoints_folder_is_foreign),
        TEST(a_clear_cut_short_leaves_neither_settings_nor_a_result),
        TEST(clear_removes_a_runs_files_and_no_others),
        TEST(rewind_removes_what_came_later),
        TEST(weights_of_the_first_episode_not_done_come_later),
        TEST(states_are_listed_newest_first),
        TEST(logs_are_cut_to_their_recorded_lengths),
        TEST(lost_timing_and_events_begin_anew),
        TEST(names_have_six_digits_or_more),
    };
    return cmocka_run_group_tests_name("run_folder", tests, NULL, NULL);
}
