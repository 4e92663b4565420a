// Recording by the program: what is written, and every line a person can meet instead. ffmpeg is made up here, so that none is needed.
#include "e2e.h"

#include <sys/resource.h>

#define WEIGHTS "tests/data/trained.safetensors"

static void assert_fails(const Outcome *outcome, int code, const char *expected) {
    if (outcome->code != code || strstr(outcome->err, expected) == NULL)
        fail_msg("exit code %d, expected %d; said:\n%sexpected:\n%s", outcome->code, code, outcome->err, expected);
    if (strstr(outcome->err, "sharedqn: ") == NULL && strchr(outcome->err, '\n') != strrchr(outcome->err, '\n'))
        fail_msg("more than a line:\n%s", outcome->err);
}

static int count_files(const char *folder) {
    char names[E2E_MAX_FILES][128];
    return e2e_list(folder, "", names);
}

/// Put a shell script before all other programs. @return the PATH of before, for restore_path
static char *make_program(const char *name, const char *text) {
    char path[SDQN_PATH_SIZE], all[2 * SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_make_folder(e2e_path("bin"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_join(e2e_path("bin"), name, path, NULL), SDQN_OK);
    const SdqnPiece piece = {text, strlen(text)};
    assert_int_equal(sdqn_file_write(path, &piece, 1, NULL), SDQN_OK);
    assert_int_equal(chmod(path, 0755), 0);
    char *before = strdup(getenv("PATH"));
    snprintf(all, sizeof all, "%s:%s", e2e_path("bin"), before);
    setenv("PATH", all, 1);
    return before;
}

static void restore_path(char *before) {
    setenv("PATH", before, 1);
    free(before);
}

/// A folder of its own for what is recorded.
static const char *film_path(const char *name) {
    static char path[SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_make_folder(e2e_path("films"), NULL), SDQN_OK);
    assert_int_equal(sdqn_file_join(e2e_path("films"), name, path, NULL), SDQN_OK);
    return path;
}

static void pictures_of_episodes_are_the_same_each_time(void **state) {
    (void)state;
    const Outcome *outcome =
        e2e_run("evaluate", "--weights", WEIGHTS, "--episodes", "2", "--task", "heavy", "--record", film_path("a.png"), NULL);
    assert_int_equal(outcome->code, 0);
    outcome = e2e_run("evaluate", "--weights", WEIGHTS, "--episodes", "2", "--task", "heavy", "--record", film_path("b.png"), NULL);
    assert_int_equal(outcome->code, 0);
    assert_int_equal(count_files(e2e_path("films")), 4);
    for (int i = 0; i < 2; i++) {
        char names[2][64];
        size_t sizes[2];
        for (int f = 0; f < 2; f++) snprintf(names[f], sizeof names[f], "%c-heavy-%d.png", "ab"[f], 1000000 + i);
        uint8_t *a = e2e_read(e2e_path("films"), names[0], &sizes[0]), *b = e2e_read(e2e_path("films"), names[1], &sizes[1]);
        assert_int_equal(sizes[0], sizes[1]);
        assert_memory_equal(a, b, sizes[0]);
        assert_memory_equal(a, "\x89PNG\r\n\x1a\n", 8);
        free(a);
        free(b);
    }
}

static void one_episode_has_the_name_that_was_given(void **state) {
    (void)state;
    assert_int_equal(e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("Landing.PNG"), NULL)->code, 0);
    assert_true(sdqn_file_exists(film_path("Landing.PNG")));
    assert_int_equal(count_files(e2e_path("films")), 1);
}

static void what_is_recorded_has_the_results_of_an_evaluation(void **state) {
    (void)state;
    char expected[E2E_TEXT_SIZE];
    snprintf(expected, sizeof expected, "%s", e2e_run("evaluate", "--weights", WEIGHTS, "--episodes", "2", "--json", NULL)->out);
    const Outcome *outcome =
        e2e_run("evaluate", "--weights", WEIGHTS, "--episodes", "2", "--json", "--record", film_path("a.png"), "--no-overlay", NULL);
    assert_int_equal(outcome->code, 0);
    assert_string_equal(outcome->out, expected);
    assert_non_null(strstr(outcome->err, "heavy, seed 1000001: "));
}

static void a_film_gets_every_picture(void **state) {
    (void)state;
    // Keeps what it was called with and how many bytes came.
    char *path =
        make_program("ffmpeg", "#!/bin/sh\nfor last; do :; done\nout=${last#file:}\nprintf '%s ' \"$@\" >\"$out\"\nwc -c >>\"$out\"\n");
    const Outcome *outcome = e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("a.mp4"), NULL);
    assert_int_equal(outcome->code, 0);
    char text[E2E_TEXT_SIZE], expected[64];
    const char *at = strstr(outcome->err, "return ");
    int steps = 0;
    assert_true(at != NULL && sscanf(strstr(at, " in "), " in %d", &steps) == 1 && steps > 50);
    e2e_read_text(film_path("a.mp4"), text);
    assert_non_null(strstr(text, "-pix_fmt yuv420p"));
    assert_non_null(strstr(text, "-movflags +faststart"));
    assert_non_null(strstr(text, "-video_size 600x400 -framerate 50"));
    snprintf(expected, sizeof expected, " %lld\n", (steps + 50LL) * 600 * 400 * 4); // the first state, the steps, 49 more of the last
    assert_non_null(strstr(text, expected));
    outcome = e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("a.gif"), NULL);
    assert_int_equal(outcome->code, 0);
    e2e_read_text(film_path("a.gif"), text);
    assert_non_null(strstr(text, "paletteuse"));
    snprintf(expected, sizeof expected, " %lld\n", (steps + 51LL) / 2 * 600 * 400 * 4);
    assert_non_null(strstr(text, expected));
    assert_int_equal(count_files(e2e_path("films")), 2);
    restore_path(path);
}

static void a_name_is_never_an_option_or_an_address(void **state) {
    (void)state;
    char *path = make_program("ffmpeg", "#!/bin/sh\nfor last; do :; done\ncat >/dev/null\necho \"$last\" >\"${last#file:}\"\n");
    char text[E2E_TEXT_SIZE];
    assert_int_equal(e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("http:a %d;b.mp4"), NULL)->code, 0);
    e2e_read_text(film_path("http:a %d;b.mp4"), text);
    assert_memory_equal(text, "file:/", 6);
    restore_path(path);
}

/// The temporary file's name may be a link to something that matters.
static void what_a_link_leads_to_is_left_alone(void **state) {
    (void)state;
    const char *kept = e2e_path("kept");
    size_t size = 0;
    assert_int_equal(sdqn_file_write(kept, &(SdqnPiece){"mine", 4}, 1, NULL), SDQN_OK);
    assert_int_equal(symlink(kept, film_path("a.mp4.tmp")), 0);
    char *path = make_program("ffmpeg", "#!/bin/sh\ncat >/dev/null\n");
    const Outcome *outcome = e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("a.mp4"), NULL);
    restore_path(path);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "a.mp4: cannot write: "));
    uint8_t *text = e2e_read(e2e_path(""), "kept", &size);
    assert_int_equal(size, 4);
    free(text);
}

static void a_missing_ffmpeg_is_named(void **state) {
    (void)state;
    char *before = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--record", film_path("a.mp4"), NULL), 1,
                 "a.mp4: needs the program ffmpeg, which is not there (Debian: apt install ffmpeg)\n");
    assert_int_equal(count_files(e2e_path("films")), 0);
    restore_path(before);
}

static void a_failing_ffmpeg_is_quoted_and_leaves_nothing(void **state) {
    (void)state;
    static const struct {
        const char *script, *expected;
    } cases[] = {
        {"#!/bin/sh\necho first >&2\necho No space left on device >&2\nexit 7\n", "ffmpeg failed (exit code 7): No space left on device\n"},
        {"#!/bin/sh\ncat >/dev/null\nexit 3\n", "ffmpeg failed (exit code 3): it said nothing\n"},
        {"#!/bin/sh\nkill -9 $$\n", "ffmpeg was killed by signal 9\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = make_program("ffmpeg", cases[i].script);
        const Outcome *outcome = e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("a.gif"), NULL);
        assert_int_equal(outcome->code, 1);
        if (strstr(outcome->err, cases[i].expected) == NULL) fail_msg("said:\n%sexpected:\n%s", outcome->err, cases[i].expected);
        assert_int_equal(count_files(e2e_path("films")), 0);
        restore_path(path);
    }
}

static void an_older_film_survives_all_but_force(void **state) {
    (void)state;
    const SdqnPiece piece = {"old", 3};
    char text[E2E_TEXT_SIZE];
    assert_int_equal(sdqn_file_write(film_path("a.mp4"), &piece, 1, NULL), SDQN_OK);
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--record", film_path("a.mp4"), NULL), 1,
                 "a.mp4: is there already: give another name, or --force\n");
    char *path = make_program("ffmpeg", "#!/bin/sh\nexit 1\n");
    assert_int_equal(e2e_run("evaluate", "--weights", WEIGHTS, "--record", film_path("a.mp4"), "--force", NULL)->code, 1);
    restore_path(path);
    e2e_read_text(film_path("a.mp4"), text);
    assert_string_equal(text, "old");
    path = make_program("ffmpeg", "#!/bin/sh\nfor last; do :; done\ncat >/dev/null\nprintf new >\"${last#file:}\"\n");
    assert_int_equal(e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("a.mp4"), "--force", NULL)->code,
                     0);
    restore_path(path);
    e2e_read_text(film_path("a.mp4"), text);
    assert_string_equal(text, "new");
}

static void wrong_usage_is_told_before_anything_is_played(void **state) {
    (void)state;
    char below[SDQN_PATH_SIZE + 16];
    snprintf(below, sizeof below, "%s/none/a.mp4", e2e_base);
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--record", film_path("a.avi"), NULL), 2,
                 "a.avi: must end with .mp4, .gif or .png\n");
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--record", film_path(".png"), NULL), 2, "must end with");
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--record", film_path("mp4"), NULL), 2, "must end with");
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--record", below, NULL), 1, "a.mp4: there is no folder ");
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--render", "--record", film_path("a.mp4"), NULL), 2, "give one of the two");
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--force", NULL), 2, "--force: only goes with --record\n");
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--no-overlay", NULL), 2, "--no-overlay: only goes with --record\n");
    assert_fails(e2e_run("evaluate", "nowhere", "--record", film_path("a.mp4"), NULL), 1, "nowhere: is no run");
    assert_int_equal(sdqn_file_make_folder(film_path("b.png"), NULL), SDQN_OK);
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("b.png"), "--force", NULL), 1,
                 "b.png: is there already, and is no file\n");
    assert_fails(e2e_run("play", "--task", "nowhere", NULL), 2, "--task nowhere: no such task; there are standard, windy, heavy, gymwind");
    assert_fails(e2e_run("play", "standard", NULL), 2, "standard");
    assert_fails(e2e_run("play", "--config", "nowhere.yaml", NULL), 1, "nowhere.yaml");
}

static void without_a_helper_the_program_says_how_to_get_it(void **state) {
    (void)state;
    const char *program = getenv("SHAREDQN"), *own = e2e_path("sharedqn");
    uint8_t *bytes;
    size_t size;
    if (program == NULL) program = "build/sharedqn";
    assert_int_equal(sdqn_file_read(program, (size_t)1 << 30, &bytes, &size, NULL), SDQN_OK);
    const SdqnPiece piece = {bytes, size};
    assert_int_equal(sdqn_file_write(own, &piece, 1, NULL), SDQN_OK);
    assert_int_equal(chmod(own, 0755), 0);
    free(bytes);
    char *before = strdup(program);
    setenv("SHAREDQN", own, 1);
    assert_fails(e2e_run("evaluate", "--weights", WEIGHTS, "--record", film_path("a.png"), NULL), 1,
                 "sharedqn-draw.so is missing: pictures need it and cairo: `make view` installs and builds both (Debian: libcairo2-dev)\n");
    assert_fails(e2e_run("play", NULL), 1, "sharedqn-window.so is missing: windows need it and SDL2: `make view` installs and builds both");
    setenv("SHAREDQN", before, 1);
    free(before);
}

static void ctrl_c_ends_the_film_where_it_is(void **state) {
    (void)state;
    char *path = make_program("ffmpeg", "#!/bin/sh\nfor last; do :; done\nsleep 0.3\nwc -c >\"${last#file:}\"\n");
    const char *film = film_path("a.mp4");
    const pid_t child = e2e_start((const char *[]){"evaluate", "--weights", WEIGHTS, "--episodes", "1000", "--record", film, NULL});
    e2e_sleep(1.5);
    assert_int_equal(kill(child, SIGINT), 0);
    const Outcome *outcome = e2e_wait(child);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "a.mp4 ends there\n"));
    char text[E2E_TEXT_SIZE];
    e2e_read_text(film, text);
    const long long bytes = atoll(text);
    assert_true(bytes > 0 && bytes % (600 * 400 * 4) == 0);
    assert_int_equal(count_files(e2e_path("films")), 1);
    restore_path(path);
}

static bool has_ffmpeg(void) { return system("ffmpeg -loglevel quiet -encoders 2>/dev/null | grep -q libx264") == 0; }

/// The real one, where there is one: what it makes is what was promised.
static void ffmpeg_makes_films_that_play(void **state) {
    (void)state;
    if (!has_ffmpeg()) {
        print_message("skipped: no ffmpeg with libx264 here\n");
        skip();
    }
    size_t size;
    assert_int_equal(e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("a.mp4"), NULL)->code, 0);
    assert_int_equal(e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path("a.gif"), NULL)->code, 0);
    uint8_t *film = e2e_read(e2e_path("films"), "a.mp4", &size);
    assert_memory_equal(film + 4, "ftyp", 4);
    size_t moov = 0, mdat = 0;
    for (size_t i = 0; i + 4 < size && (moov == 0 || mdat == 0); i++) {
        if (moov == 0 && memcmp(film + i, "moov", 4) == 0) moov = i;
        if (mdat == 0 && memcmp(film + i, "mdat", 4) == 0) mdat = i;
    }
    assert_true(moov > 0 && moov < mdat); // plays while it loads
    free(film);
    film = e2e_read(e2e_path("films"), "a.gif", &size);
    assert_memory_equal(film, "GIF89a\x58\x02\x90\x01", 10); // 600 x 400
    free(film);
}

/// As on a full disk, every way in which the end can be missing.
static void a_film_that_does_not_fit_is_none(void **state) {
    (void)state;
    if (!has_ffmpeg()) skip();
    static const char *const names[] = {"a.mp4", "a.gif"};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (size_t i = 0; i < 4; i++) {
        const struct rlimit small = {.rlim_cur = i < 2 ? 16 << 10 : 0x10000, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        const Outcome *outcome = e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--record", film_path(names[i % 2]), NULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(outcome->code, 1);
        assert_non_null(strstr(outcome->err, names[i % 2]));
        assert_non_null(strstr(outcome->err, "ffmpeg failed"));
        assert_int_equal(count_files(e2e_path("films")), 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(pictures_of_episodes_are_the_same_each_time),
        TEST(one_episode_has_the_name_that_was_given),
        TEST(what_is_recorded_has_the_results_of_an_evaluation),
        TEST(a_film_gets_every_picture),
        TEST(a_name_is_never_an_option_or_an_address),
        TEST(what_a_link_leads_to_is_left_alone),
        TEST(a_missing_ffmpeg_is_named),
        TEST(a_failing_ffmpeg_is_quoted_and_leaves_nothing),
        TEST(an_older_film_survives_all_but_force),
        TEST(wrong_usage_is_told_before_anything_is_played),
        TEST(without_a_helper_the_program_says_how_to_get_it),
        TEST(ctrl_c_ends_the_film_where_it_is),
        TEST(ffmpeg_makes_films_that_play),
        TEST(a_film_that_does_not_fit_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
