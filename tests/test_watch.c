// test_watch.c: what is read from a run's folder, series in bounded memory, and the frames that show it, as text.
#include "watch/frame.h"
#include "watch/run_watch.h"
#include "watch/series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_near(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance)) fail_msg("found %g, expected %g", found, expected);
}

static char folder[64];

static int set_up(void **state) {
    (void)state;
    strcpy(folder, "/tmp/sdqn_watch_XXXXXX"); // NOLINT
    return mkdtemp(folder) != NULL ? 0 : -1;
}
static int tear_down(void **state) {
    (void)state;
    return sdqn_file_remove_tree(folder, NULL) == SDQN_OK ? 0 : -1;
}

__attribute__((format(printf, 3, 4))) static void put(const char *name, const char *mode, const char *format, ...) {
    char path[128];
    va_list arguments;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    assert_int_equal(fclose(file), 0);
}

static const SdqnWatchedRun *update(SdqnRunWatch *watch) {
    SdqnError error = {0};
    if (sdqn_run_watch_update(watch, &error) != SDQN_OK) fail_msg("%s", error.message);
    return sdqn_run_watch_run(watch);
}

static SdqnRunWatch *begin(void) {
    SdqnRunWatch *watch;
    assert_int_equal(sdqn_run_watch_create(folder, &watch, NULL), SDQN_OK);
    return watch;
}

static void put_config(void) { put("config.yaml", "w", "method: mean\nseed: 7\nepisodes: 90\ntasks: [windy, heavy]\n"); }

static void put_episode(int episode, const char *task, double episode_return) {
    put("metrics.jsonl", "a",
        "{\"episode\": %d, \"task\": \"%s\", \"return\": %.1f, \"steps\": 10, \"epsilon\": 0.5, \"loss\": null, \"total_steps\": %d, "
        "\"total_updates\": %d}\n",
        episode, task, episode_return, 10 * (episode + 1), 5 * episode);
    put("timing.jsonl", "a", "{\"episode\": %d, \"seconds\": %d.0, \"updates_per_second\": 1500.0}\n", episode, 2 * (episode + 1));
}

static void put_evaluation(int episode, const char *kind, double windy, double heavy) {
    put("evaluations.jsonl", "a",
        "{\"episode\": %d, \"kind\": \"%s\", \"tasks\": {\"windy\": {\"mean\": %.1f, \"at_rest\": 0.25}, \"heavy\": {\"mean\": %.1f, "
        "\"at_rest\": 0.0}}, \"mean\": %.2f}\n",
        episode, kind, windy, heavy, 0.5 * (windy + heavy));
}

static void numbers_that_no_run_can_have_are_passed_over(void **state) {
    (void)state;
    put_config();
    put_episode(0, "windy", 5.0);
    put("metrics.jsonl", "a",
        "{\"episode\": 9223372036854775807, \"task\": \"heavy\", \"return\": 1.0, \"total_steps\": 9223372036854775807}\n");
    SdqnRunWatch *watch = begin();
    assert_int_equal(update(watch)->episodes, 1);
    sdqn_run_watch_destroy(watch);
}

static void a_run_is_followed(void **state) {
    (void)state;
    SdqnRunWatch *watch = begin();
    const SdqnWatchedRun *run = update(watch);
    assert_int_equal(run->state, SDQN_RUN_MISSING);
    assert_string_equal(run->note, "no run is there: it holds no config.yaml");
    put_config();
    assert_int_equal(update(watch)->state, SDQN_RUN_STOPPED);
    assert_string_equal(run->note, "");
    assert_string_equal(run->method, "mean");
    assert_int_equal(run->seed, 7);
    assert_int_equal(run->total_episodes, 90);
    assert_int_equal(run->num_tasks, 2);
    assert_true(isnan(run->seconds) && isnan(run->seconds_left));
    for (int e = 0; e < 30; e++) put_episode(e, e % 2 == 0 ? "windy" : "heavy", e);
    put_evaluation(10, "periodic", 20.0, 40.0);
    put_evaluation(20, "periodic", 10.0, 30.0);
    put("gradients.jsonl", "a", "{\"update\": 100, \"episode\": 21, \"cosines\": [0.5, -0.25, null], \"conflict\": 0.5}\n");
    run = update(watch);
    assert_int_equal(run->episodes, 30);
    assert_int_equal(run->steps, 300);
    assert_int_equal(run->updates, 145);
    assert_true(isnan(run->loss));
    expect_near(run->seconds, 60.0, 0.0);
    expect_near(run->seconds_left, 120.0, 1e-9); // 60 episodes at 2 s
    expect_near(sdqn_watched_task_recent(&run->tasks[0]), 14.0, 1e-9);
    assert_int_equal(run->best_episode, 10);
    expect_near(run->best_mean, 30.0, 0.0);
    expect_near(run->tasks[0].best, 20.0, 0.0);
    expect_near(run->tasks[0].evaluation, 10.0, 0.0);
    expect_near(run->tasks[0].at_rest, 0.25, 0.0);
    assert_int_equal(run->tasks[1].evaluations.count, 2);
    expect_near(run->conflict, 0.5, 0.0);
    expect_near(run->least_cosine, -0.25, 0.0);
    put_evaluation(89, "final", 50.0, 60.0);
    put("summary.json", "w", "{}\n");
    run = update(watch);
    assert_int_equal(run->state, SDQN_RUN_FINISHED);
    assert_true(run->tasks[0].has_final);
    assert_int_equal(run->best_episode, 10); // the final one is no checkpoint
    assert_int_equal(run->tasks[1].evaluations.count, 2);
    sdqn_run_watch_destroy(watch);
}

static void a_training_run_is_known_by_its_lock(void **state) {
    (void)state;
    char path[128];
    SdqnFileLock *lock;
    SdqnRunWatch *watch = begin();
    put_config();
    snprintf(path, sizeof path, "%s/.lock", folder);
    assert_int_equal(sdqn_file_lock_take(path, &lock, NULL), SDQN_OK);
    assert_int_equal(update(watch)->state, SDQN_RUN_TRAINING);
    sdqn_file_lock_release(lock);
    assert_int_equal(update(watch)->state, SDQN_RUN_STOPPED);
    sdqn_run_watch_destroy(watch);
}

/// A resume cuts the logs; a folder is cleared for another run; a folder vanishes and comes back.
static void what_was_cut_is_forgotten(void **state) {
    (void)state;
    char path[128];
    SdqnRunWatch *watch = begin();
    put_config();
    for (int e = 0; e < 10; e++) put_episode(e, "windy", 1.0);
    put_evaluation(5, "periodic", 1.0, 2.0);
    assert_int_equal(update(watch)->episodes, 10);
    put("metrics.jsonl", "w", "%s", "");
    for (int e = 0; e < 4; e++) put_episode(e, "windy", 2.0);
    const SdqnWatchedRun *run = update(watch);
    assert_int_equal(run->episodes, 4);
    assert_int_equal(run->tasks[0].training.count, 4);
    expect_near(sdqn_watched_task_recent(&run->tasks[0]), 2.0, 0.0);
    assert_int_equal(run->evaluated_episode, 5);
    put("config.yaml", "w", "method: sum\nseed: 8\nepisodes: 12\ntasks: [heavy]\n");
    run = update(watch);
    assert_string_equal(run->method, "sum");
    assert_int_equal(run->num_tasks, 1);
    assert_string_equal(run->tasks[0].name, "heavy");
    assert_int_equal(run->episodes, 0); // the old lines are of a task that is none
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    unlink(path);
    assert_int_equal(update(watch)->state, SDQN_RUN_MISSING);
    assert_string_equal(run->method, "sum"); // what was seen stays in view
    sdqn_run_watch_destroy(watch);
}

static void lines_of_others_are_passed_over(void **state) {
    (void)state;
    SdqnRunWatch *watch = begin();
    put_config();
    put("metrics.jsonl", "a", "%s",
        "garbage\n[1]\n{}\n{\"episode\": -1, \"task\": \"windy\", \"return\": 1}\n{\"episode\": 1, \"task\": \"moon\", \"return\": 1}\n"
        "{\"episode\": 1, \"task\": \"windy\", \"return\": \"x\"}\n{\"episode\": 1e99, \"task\": \"windy\", \"return\": 1}\n"
        "{\"episode\": 1, \"task\": 3, \"return\": 1}\n\n");
    put("evaluations.jsonl", "a", "%s",
        "{\"episode\": 1, \"kind\": 3, \"mean\": 1}\n{\"episode\": 2, \"kind\": \"periodic\", \"mean\": 1, \"tasks\": [1, 2]}\n");
    put("gradients.jsonl", "a", "%s", "{\"episode\": 1, \"conflict\": 1, \"cosines\": {\"a\": 1}}\n");
    put("timing.jsonl", "a", "%s", "{\"episode\": 1, \"seconds\": -1}\n{\"episode\": null}\n");
    put_episode(2, "windy", 3.0);
    const SdqnWatchedRun *run = update(watch);
    assert_int_equal(run->episodes, 3);
    assert_int_equal(run->tasks[0].episodes, 1);
    assert_int_equal(run->evaluated_episode, 2);
    assert_false(run->tasks[0].has_evaluation);
    assert_true(isnan(run->least_cosine));
    put("config.yaml", "w", "method: [\n");
    if (strstr(update(watch)->note, "config.yaml:1: method: must be the name of a method") == NULL) fail_msg("%s", run->note);
    sdqn_run_watch_destroy(watch);
}

static void long_series_keep_their_means(void **state) {
    (void)state;
    static SdqnSeries series;
    enum { COUNT = 100000 };
    series = (SdqnSeries){0};
    for (int i = 0; i < COUNT; i++) sdqn_series_add(&series, i, i % 2 == 0 ? i : -i);
    assert_true(series.count <= SDQN_SERIES_CAPACITY && series.count > SDQN_SERIES_CAPACITY / 2 - 1);
    double sum = 0.0;
    for (int i = 0; i < series.count; i++) sum += (double)series.y[i] * series.each;
    double expected = 0.0;
    for (int i = 0; i < series.count * series.each; i++) expected += i % 2 == 0 ? i : -i;
    expect_near(sum, expected, 1e-3 * fabs(expected) + 1.0);
    assert_true(isnan(sdqn_series_mean(&series, 2.0 * COUNT, 3.0 * COUNT)));
    expect_near(sdqn_series_mean(&series, 0.0, COUNT), -0.5, 1.0);
}

// ---- frames ---------------------------------------------------------------------------------------------------------------------

/// A run whose numbers are easy to find again.
static void make_run(SdqnWatchedRun *run, int num_tasks) {
    static const char *const names[] = {"standard", "windy", "heavy", "a-task-whose-name-has-31-letters"};
    memset(run, 0, sizeof *run);
    *run = (SdqnWatchedRun){.path = "/home/somebody/experiments/with/a/long/path/runs/mine",
                            .state = SDQN_RUN_TRAINING,
                            .method = "shared",
                            .seed = 1,
                            .total_episodes = 1500,
                            .episodes = 600,
                            .steps = 123456,
                            .updates = 121456,
                            .epsilon = 0.0495,
                            .loss = 12.3456,
                            .seconds = 61.0,
                            .updates_per_second = 5432.1,
                            .seconds_left = 91.6,
                            .evaluated_episode = 600,
                            .evaluation_mean = 20.0,
                            .best_episode = 550,
                            .best_mean = 25.0,
                            .has_conflict = true,
                            .conflict = 1.0 / 3,
                            .least_cosine = -0.125,
                            .num_tasks = num_tasks};
    for (int t = 0; t < num_tasks; t++) {
        SdqnWatchedTask *task = &run->tasks[t];
        snprintf(task->name, sizeof task->name, "%.31s", names[t % 4]);
        for (int e = 0; e < 600; e += 3) sdqn_series_add(&task->training, e, -200.0 + e * 0.5 + 20.0 * t);
        for (int e = 50; e <= 600; e += 50) sdqn_series_add(&task->evaluations, e, -150.0 + e * 0.5);
        for (int i = 0; i < SDQN_WATCH_RECENT; i++) task->recent[i] = 90.0 + 10.0 * t;
        task->episodes = 200;
        task->has_evaluation = true;
        task->evaluation = 150.0 - t;
        task->best = 160.0 - t;
        task->at_rest = 0.2 * t;
    }
    for (int e = 0; e < 600; e += 10) sdqn_series_add(&run->conflicts, e, e / 600.0);
}

static char *frame_text(const SdqnWatchedRun *run, int width, int height, bool ascii, bool keys, int first, int *shown) {
    SdqnScreen screen;
    char *text;
    size_t size;
    assert_int_equal(sdqn_screen_create(width, height, ascii, &screen, NULL), SDQN_OK);
    const int tasks = sdqn_frame_draw(&screen, run, &first, keys);
    if (shown != NULL) *shown = tasks;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    sdqn_screen_write(&screen, false, false, out);
    assert_int_equal(fclose(out), 0);
    sdqn_screen_destroy(&screen);
    return text;
}

/// Whatever a log says, the frame stays in shape: every number in its column.
static void numbers_beyond_all_bounds_leave_the_frame_in_shape(void **state) {
    (void)state;
    static const char *const numbers[] = {"1e300", "-1e300", "1e30", "-1e30", "123456789012", "-7777777"};
    SdqnRunWatch *watch = begin();
    put_config();
    for (int e = 0; e < 60; e++) put_episode(e, e % 2 == 0 ? "windy" : "heavy", e);
    for (int i = 0; i < 6; i++) {
        const char *n = numbers[i];
        put("metrics.jsonl", "a", "{\"episode\": %d, \"task\": \"windy\", \"return\": %s, \"epsilon\": %s, \"loss\": %s}\n", 60 + i, n, n,
            n);
        put("evaluations.jsonl", "a",
            "{\"episode\": %d00000000000000, \"kind\": \"periodic\", \"tasks\": {\"windy\": {\"mean\": %s, \"at_rest\": %s}, \"heavy\": "
            "{\"mean\": %s}}, \"mean\": %s}\n",
            1 + i, n, n, n, n);
        put("gradients.jsonl", "a", "{\"episode\": 1, \"conflict\": %s, \"cosines\": [%s]}\n", n, n);
        put("timing.jsonl", "a", "{\"episode\": %s, \"seconds\": %s, \"updates_per_second\": %s}\n", n, n, n);
        const SdqnWatchedRun *run = update(watch);
        assert_false(run->has_conflict);
        for (int width = 40; width <= 120; width += 20) {
            char *text = frame_text(run, width, 30, true, true, 0, NULL);
            assert_null(strstr(text, "nan"));
            assert_null(strstr(text, "inf"));
            assert_null(strstr(text, "windy-")); // a gap is left behind a name
            assert_null(strstr(text, "windy1"));
            assert_null(strstr(text, "0000000000000000"));
            free(text);
        }
    }
    sdqn_run_watch_destroy(watch);
}

static void frames_are_as_recorded(void **state) {
    (void)state;
    static const struct {
        int width, height;
        bool ascii;
        const char *file;
    } cases[] = {
        {80, 24, false, "tests/data/watch_80x24.txt"},
        {80, 24, true, "tests/data/watch_80x24_ascii.txt"},
        {40, 10, false, "tests/data/watch_40x10.txt"},
        {120, 40, false, "tests/data/watch_120x40.txt"},
    };
    static SdqnWatchedRun run;
    make_run(&run, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = frame_text(&run, cases[i].width, cases[i].height, cases[i].ascii, true, 0, NULL);
        uint8_t *expected;
        size_t size;
        if (getenv("SDQN_UPDATE_DATA") != NULL) // after somebody has looked at them
            assert_int_equal(sdqn_file_write(cases[i].file, &(SdqnPiece){text, strlen(text)}, 1, NULL), SDQN_OK);
        assert_int_equal(sdqn_file_read(cases[i].file, 1 << 20, &expected, &size, NULL), SDQN_OK);
        assert_string_equal(text, (const char *)expected);
        free(expected);
        free(text);
    }
}

/// No frame of any size writes outside, or leaves a line that is longer than the screen.
static void frames_fit_every_size(void **state) {
    (void)state;
    static SdqnWatchedRun run;
    for (int tasks = 0; tasks <= 32; tasks += tasks < 4 ? 1 : 7) {
        make_run(&run, tasks);
        for (int width = 1; width <= 133; width += 3) {
            for (int height = 1; height <= 50; height += height < 12 ? 1 : 7) {
                int shown;
                char *text = frame_text(&run, width, height, true, height % 2 == 0, width % 5, &shown);
                int lines = 0;
                for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1, lines++)
                    assert_true((int)strcspn(line, "\n") <= width);
                assert_int_equal(lines, height);
                const bool fits = width >= SDQN_FRAME_MIN_WIDTH && height >= SDQN_FRAME_MIN_HEIGHT;
                if (!fits && width >= 27) assert_non_null(strstr(text, "too small: 40 x 8 is needed"));
                // Narrower, on several lines.
                if (!fits && width == 10 && height >= 3) assert_non_null(strstr(text, "too small:\n40 x 8 is\nneeded\n"));
                assert_int_equal(shown > 0, fits && tasks > 0);
                free(text);
            }
        }
    }
}

static void headings_keep_apart(void **state) {
    (void)state;
    static SdqnWatchedRun run;
    make_run(&run, 3);
    static const int64_t episodes[] = {99999, 100000, 99999999};
    for (int i = 0; i < 3; i++) {
        run.evaluated_episode = run.best_episode = episodes[i];
        for (int width = 60; width <= 100; width += 20) {
            char *text = frame_text(&run, width, 30, true, true, 0, NULL);
            assert_non_null(strstr(text, i == 0 ? " eval @99999 best @99999" : " eval        best"));
            free(text);
        }
    }
}

/// Without room for charts the table is all there is: it stays full.
static void a_table_without_charts_stays_full(void **state) {
    (void)state;
    static SdqnWatchedRun run;
    make_run(&run, 10);
    for (int t = 0; t < 10; t++) snprintf(run.tasks[t].name, sizeof run.tasks[t].name, "task-%d-here", t);
    for (int first = 0; first < 10; first++) {
        char *text = frame_text(&run, 40, 12, true, true, first, NULL);
        int rows = 0;
        for (const char *at = text; (at = strstr(at, "-here")) != NULL; at++) rows++;
        assert_int_equal(rows, 7);
        free(text);
    }
}

static void tasks_beyond_the_screen_can_be_reached(void **state) {
    (void)state;
    static SdqnWatchedRun run;
    make_run(&run, 12);
    for (int t = 0; t < 12; t++) snprintf(run.tasks[t].name, sizeof run.tasks[t].name, "task-%d-here", t);
    bool seen[12] = {false};
    for (int first = 0; first < 14; first++) {
        char *text = frame_text(&run, 80, 14, false, true, first, NULL), name[32];
        assert_non_null(strstr(text, "n and p show other tasks"));
        for (int t = 0; t < 12; t++) {
            snprintf(name, sizeof name, "task-%d-here", t);
            seen[t] = seen[t] || strstr(text, name) != NULL;
        }
        free(text);
    }
    for (int t = 0; t < 12; t++) assert_true(seen[t]);
    // Beyond the last one there is nothing to come back from.
    SdqnScreen screen;
    assert_int_equal(sdqn_screen_create(80, 14, false, &screen, NULL), SDQN_OK);
    int first = 1000, last = 0;
    sdqn_frame_draw(&screen, &run, &first, true);
    assert_in_range(first, 1, 11);
    last = first--;
    sdqn_frame_draw(&screen, &run, &first, true);
    assert_int_equal(first, last - 1);
    sdqn_screen_destroy(&screen);
}

/// Without a task there is still the way out, and all of the reason.
static void a_folder_without_a_run_is_told_in_full(void **state) {
    (void)state;
    static SdqnWatchedRun run;
    make_run(&run, 0);
    run.state = SDQN_RUN_MISSING;
    snprintf(run.note, sizeof run.note, "/a/path/as/long/as/it/may/be/config.yaml:17: learning_rate = 0: must be above 0");
    char *text = frame_text(&run, 40, 10, true, true, 0, NULL);
    assert_non_null(strstr(text, "must be above"));
    assert_non_null(strstr(text, "\nq quits\n"));
    free(text);
}

/// Reports of gradients come seldom: their line has no gaps between them, and ends with the last.
static void the_line_of_conflicts_has_no_gaps(void **state) {
    (void)state;
    static SdqnWatchedRun run;
    make_run(&run, 3);
    run.conflicts = (SdqnSeries){0};
    for (int e = 100; e <= 400; e += 100) sdqn_series_add(&run.conflicts, e, 1.0);
    char *text = frame_text(&run, 120, 40, true, true, 0, NULL);
    const char *line = strstr(text, "least cosine"), *first = strchr(line, '9');
    assert_non_null(first);
    const size_t length = strspn(first, "9");
    assert_true(length > 25); // half of some 60 columns
    assert_int_equal(first[length], '\n');
    free(text);
}

static void states_and_notes_are_told(void **state) {
    (void)state;
    static const char *const words[] = {"waiting", "training", "stopped", "finished"};
    static SdqnWatchedRun run;
    for (int s = 0; s < 4; s++) {
        make_run(&run, 3);
        run.state = (SdqnRunState)s;
        run.has_conflict = false;
        if (s == 0) snprintf(run.note, sizeof run.note, "no run is there\x1b[31m: \xff\xe2\x82");
        char *text = frame_text(&run, 80, 24, false, false, 0, NULL);
        const size_t end = strcspn(text, "\n");
        assert_memory_equal(text + end - strlen(words[s]), words[s], strlen(words[s]));
        assert_int_equal(strstr(text, "no run is there?[31m: ??") != NULL, s == 0);
        assert_null(strchr(text, '\x1b'));
        assert_int_equal(strstr(text, " left") != NULL, s != 3);
        free(text);
    }
}

static void text_is_cut_to_characters_of_one_column(void **state) {
    (void)state;
    SdqnScreen screen;
    char *text;
    size_t size;
    assert_int_equal(sdqn_screen_create(8, 4, false, &screen, NULL), SDQN_OK);
    assert_int_equal(sdqn_screen_text(&screen, 0, 0, 8, SDQN_COLOUR_PLAIN, "f\xc3\xbc\xc3\x9f\xe4\xb8\xad\x07\xf0\x9f\x9a\x80"), 8);
    assert_int_equal(sdqn_screen_text(&screen, 1, 0, 5, SDQN_COLOUR_PLAIN, "0123456789"), 5);
    assert_int_equal(sdqn_screen_text(&screen, 2, 6, 12, SDQN_COLOUR_PLAIN, "abcdef"), 12);
    sdqn_screen_put(&screen, 4, 0, SDQN_COLOUR_PLAIN, 'x');
    sdqn_screen_put(&screen, -1, 0, SDQN_COLOUR_PLAIN, 'x');
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    sdqn_screen_write(&screen, false, false, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "f\xc3\xbc\xc3\x9f?????\n01234\n      ab\n\n");
    free(text);
    sdqn_screen_destroy(&screen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_followed),
        TEST(a_training_run_is_known_by_its_lock),
        TEST(what_was_cut_is_forgotten),
        TEST(lines_of_others_are_passed_over),
        TEST(numbers_that_no_run_can_have_are_passed_over),
        TEST(headings_keep_apart),
        TEST(a_table_without_charts_stays_full),
        cmocka_unit_test(long_series_keep_their_means),
        cmocka_unit_test(frames_are_as_recorded),
        cmocka_unit_test(frames_fit_every_size),
        cmocka_unit_test(tasks_beyond_the_screen_can_be_reached),
        TEST(numbers_beyond_all_bounds_leave_the_frame_in_shape),
        cmocka_unit_test(a_folder_without_a_run_is_told_in_full),
        cmocka_unit_test(the_line_of_conflicts_has_no_gaps),
        cmocka_unit_test(states_and_notes_are_told),
        cmocka_unit_test(text_is_cut_to_characters_of_one_column),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
