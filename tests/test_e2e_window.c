// Windows on a screen that nobody sees (Xvfb), with keys pressed by xdotool. Skipped where these or the helper are missing.
#include "e2e.h"

#include <sys/prctl.h>

#define WEIGHTS "tests/data/trained.safetensors"

static pid_t screen;

static bool is_there(const char *program) {
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

static bool helper_is_there(void) {
    const char *program = getenv("SHAREDQN");
    char path[SDQN_PATH_SIZE];
    snprintf(path, sizeof path, "%s", program != NULL ? program : "build/sharedqn");
    char *slash = strrchr(path, '/');
    if (slash == NULL) return false;
    snprintf(slash, sizeof path - (size_t)(slash - path), "/sharedqn-window.so");
    return sdqn_file_exists(path);
}

/// Start Xvfb on a display of its own choice. @return why that cannot be; NULL: it runs and DISPLAY names it
static const char *start_screen(void) {
    int ends[2];
    char descriptor[16], display[32] = ":";
    if (!helper_is_there()) return "no sharedqn-window.so beside the program";
    if (!is_there("Xvfb") || !is_there("xdotool")) return "no Xvfb or no xdotool";
    assert_int_equal(pipe(ends), 0);
    snprintf(descriptor, sizeof descriptor, "%d", ends[1]);
    screen = fork();
    assert_true(screen >= 0);
    if (screen == 0) {
        close(ends[0]);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(126);
        execlp("Xvfb", "Xvfb", "-displayfd", descriptor, "-screen", "0", "1000x700x24", "-nolisten", "tcp", "-noreset", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    // When it is ready it writes its number and then, by itself, the line's end.
    size_t length = 1;
    while (length < sizeof display - 1 && read(ends[0], display + length, 1) == 1 && display[length] != '\n') length++;
    close(ends[0]);
    display[length] = '\0';
    if (length == 1) return "Xvfb does not start";
    setenv("DISPLAY", display, 1);
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SDL_VIDEODRIVER");
    return NULL;
}

static const char *missing;

static int begin_screen(void **state) {
    (void)state;
    missing = start_screen();
    if (missing != NULL) print_message("skipped: %s\n", missing);
    return 0;
}

static int end_screen(void **state) {
    (void)state;
    if (screen > 0) {
        kill(screen, SIGTERM);
        waitpid(screen, NULL, 0);
    }
    return 0;
}

static void need_screen(void) {
    if (missing != NULL) skip();
}

static void tell_xdotool(const char *words) {
    char command[256];
    snprintf(command, sizeof command, "timeout 20 xdotool %s >/dev/null 2>&1", words);
    if (system(command) != 0) fail_msg("xdotool %s failed", words);
}

/// Start the program and wait for its window.
static pid_t start_window(const char *title, const char *const *arguments) {
    char command[128];
    const pid_t child = e2e_start(arguments);
    // Asked again and again: xdotool fails if a window goes while it looks through all of them.
    snprintf(command, sizeof command, "timeout 20 xdotool search --name '^%s$' >/dev/null 2>&1", title);
    const double end = e2e_now() + 20;
    while (system(command) != 0 && e2e_now() < end) e2e_sleep(0.05);
    assert_true(e2e_now() < end);
    e2e_sleep(0.5); // the first picture; keys go to the window below the pointer or alone on the screen
    return child;
}

static void episodes_are_shown_and_counted(void **state) {
    (void)state;
    need_screen();
    char expected[E2E_TEXT_SIZE];
    snprintf(expected, sizeof expected, "%s", e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--episodes", "2", NULL)->out);
    const double began = e2e_now();
    const pid_t child = start_window(
        "sharedqn evaluate", (const char *[]){"evaluate", "--weights", WEIGHTS, "--task", "heavy", "--episodes", "2", "--render", NULL});
    tell_xdotool("key plus plus plus plus");
    tell_xdotool("search --name '^sharedqn evaluate$' windowsize 333 777"); // resized while it plays
    const Outcome *outcome = e2e_wait(child);
    assert_int_equal(outcome->code, 0);
    assert_string_equal(outcome->out, expected);
    assert_true(e2e_now() - began < 20);
}

static void q_ends_with_the_results_so_far(void **state) {
    (void)state;
    need_screen();
    const pid_t child = start_window("sharedqn evaluate", (const char *[]){"evaluate", "--weights", WEIGHTS, "--render", NULL});
    tell_xdotool("key plus plus plus plus");
    e2e_sleep(3);
    tell_xdotool("key space h o q");
    const Outcome *outcome = e2e_wait(child);
    assert_int_equal(outcome->code, 0);
    assert_non_null(strstr(outcome->out, "standard"));
    assert_non_null(strstr(outcome->out, "of 100 episodes a task"));
    assert_null(strstr(outcome->out, "heavy"));
}

/// The key of q has another letter on it.
static void letters_are_found_on_keys_without_latin_ones(void **state) {
    (void)state;
    need_screen();
    if (!is_there("setxkbmap")) skip();
    const double began = e2e_now();
    const pid_t child = start_window("sharedqn evaluate", (const char *[]){"evaluate", "--weights", WEIGHTS, "--render", NULL});
    assert_int_equal(system("setxkbmap ru"), 0);
    e2e_sleep(0.5);
    tell_xdotool("key 24"); // by its number
    assert_int_equal(e2e_wait(child)->code, 0);
    assert_true(e2e_now() - began < 20);
    assert_int_equal(system("setxkbmap us"), 0);
}

static void a_person_flies_and_gets_a_score(void **state) {
    (void)state;
    need_screen();
    const pid_t child = start_window("sharedqn play", (const char *[]){"play", "--task", "gymwind", "--seed", "7", NULL});
    tell_xdotool("keydown Right");
    e2e_sleep(0.3);
    tell_xdotool("keyup Right key plus plus plus plus");
    e2e_sleep(2);
    tell_xdotool("key Escape");
    const Outcome *outcome = e2e_wait(child);
    assert_int_equal(outcome->code, 0);
    if (strstr(outcome->out, "gymwind, seed 7: ") == NULL || strstr(outcome->out, "return -") == NULL) fail_msg("said: %s", outcome->out);
}

static void a_screen_that_is_not_there_is_told(void **state) {
    (void)state;
    if (!helper_is_there()) skip();
    char *before = getenv("DISPLAY") != NULL ? strdup(getenv("DISPLAY")) : NULL;
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
    unsetenv("SDL_VIDEODRIVER");
    const Outcome *outcome = e2e_run("evaluate", "--weights", WEIGHTS, "--render", NULL);
    assert_int_equal(outcome->code, 1);
    assert_string_equal(outcome->err, "sharedqn evaluate: window: there is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set "
                                      "(--record FILE.mp4 needs no window)\n");
    setenv("DISPLAY", ":4711", 1);
    outcome = e2e_run("play", NULL);
    assert_int_equal(outcome->code, 1);
    assert_non_null(strstr(outcome->err, "sharedqn play: window: cannot reach the screen: ")); // and SDL's own words
    if (before != NULL) setenv("DISPLAY", before, 1);
    free(before);
}

// ---- without any screen: SDL's driver that shows nothing ------------------------------------------------------------------------

static void use_no_screen(void) {
    if (!helper_is_there()) skip();
    setenv("SDL_VIDEODRIVER", "dummy", 1);
}

/// Nobody needs Xvfb to see that an episode is shown at 50 steps a second.
static void episodes_take_the_time_they_should(void **state) {
    (void)state;
    use_no_screen();
    const double began = e2e_now();
    const Outcome *outcome = e2e_run("evaluate", "--weights", WEIGHTS, "--task", "heavy", "--episodes", "1", "--render", NULL);
    const double took = e2e_now() - began;
    unsetenv("SDL_VIDEODRIVER");
    assert_int_equal(outcome->code, 0);
    int steps = 0;
    assert_int_equal(sscanf(strstr(outcome->err, " in "), " in %d steps", &steps), 1);
    const double expected = (steps + 50) / 50.0; // and a second of the last picture
    if (took < expected - 0.05 || took > 3 * expected) fail_msg("%d steps took %.2f s, expected %.2f", steps, took, expected);
}

static void the_api_shows_pictures_at_its_pace(void **state) {
    (void)state;
    use_no_screen();
    static uint8_t rgb[SDQN_PICTURE_HEIGHT * SDQN_PICTURE_WIDTH * 3];
    SdqnError error = {0};
    SdqnWindow *window = NULL;
    int closed = 1;
    if (sdqn_window_create("test", &window, &error) != SDQN_OK) fail_msg("%s", error.message);
    const double began = e2e_now();
    for (int i = 0; i < 26; i++) assert_int_equal(sdqn_window_show(window, rgb, &closed, &error), SDQN_OK);
    assert_int_equal(closed, 0);
    assert_true(e2e_now() - began > 25 / 50.0 - 0.01);
    sdqn_window_destroy(window);
    sdqn_window_destroy(NULL);
    unsetenv("SDL_VIDEODRIVER");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, e2e_setup, e2e_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(letters_are_found_on_keys_without_latin_ones),
        TEST(episodes_are_shown_and_counted),
        TEST(q_ends_with_the_results_so_far),
        TEST(a_person_flies_and_gets_a_score),
        TEST(a_screen_that_is_not_there_is_told),
        TEST(episodes_take_the_time_they_should),
        TEST(the_api_shows_pictures_at_its_pace),
    };
    setenv("ASAN_OPTIONS", "detect_leaks=0", 0); // what graphics drivers leave behind has no name any more once they are unloaded
    return cmocka_run_group_tests(tests, begin_screen, end_screen);
}
