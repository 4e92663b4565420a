// Lines of progress: what they say and that they fit.
#include "run/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const SdqnProgressLine sample = {
    .episodes_done = 750,
    .episodes_total = 1500,
    .task = "windy",
    .episode_return = -123.456,
    .epsilon = 0.54,
    .updates_per_second = 4012.6,
    .seconds_left = 83,
};

static void plain_line_says_all(void **state) {
    (void)state;
    char text[256];
    sdqn_progress_format(&sample, 0, text, sizeof text);
    assert_string_equal(text, "episode 750/1500  windy    return  -123.46  epsilon 0.540  4013 upd/s  1:23 left");
}

static void bar_takes_what_is_left(void **state) {
    (void)state;
    char text[SDQN_PROGRESS_MAX_WIDTH + 64];
    sdqn_progress_format(&sample, 100, text, sizeof text);
    assert_int_equal(strlen(text), 100);
    const char *end = strchr(text, ']');
    int filled = 0, inside = (int)(end - text) - 1;
    for (const char *c = text; c < end; c++) filled += *c == '#';
    assert_true(filled == inside / 2);
}

static void a_line_is_never_longer_than_the_width(void **state) {
    (void)state;
    SdqnProgressLine wide = sample;
    wide.task = "a_task_with_a_name_of_31_letters";
    wide.episode_return = -123456789.0;
    wide.seconds_left = 360000;
    for (int width = 1; width <= SDQN_PROGRESS_MAX_WIDTH; width++) {
        char text[SDQN_PROGRESS_MAX_WIDTH + 64];
        sdqn_progress_format(&sample, width, text, sizeof text);
        assert_true((int)strlen(text) <= width);
        sdqn_progress_format(&wide, width, text, sizeof text);
        assert_true((int)strlen(text) <= width);
    }
}

static void time_left_is_shown_when_it_is_known(void **state) {
    (void)state;
    char text[256];
    SdqnProgressLine line = sample;
    line.seconds_left = 3725;
    sdqn_progress_format(&line, 0, text, sizeof text);
    assert_non_null(strstr(text, "1:02:05 left"));
    line.seconds_left = -1;
    sdqn_progress_format(&line, 0, text, sizeof text);
    assert_non_null(strstr(text, "-:-- left"));
}

static void a_file_gets_a_line_every_50_episodes_and_the_last(void **state) {
    (void)state;
    char *text = NULL;
    size_t size = 0;
    // A temporary file, because a memory stream has no descriptor to ask whether it is a terminal.
    FILE *stream = tmpfile();
    assert_non_null(stream);
    SdqnProgress progress;
    sdqn_progress_begin(&progress, stream, 0, 0);
    for (int i = 1; i <= 120; i++) {
        SdqnProgressLine line = sample;
        line.episodes_done = i;
        line.episodes_total = 120;
        sdqn_progress_episode(&progress, &line, i);
        sdqn_progress_count(&progress, "final evaluation: episode", i, 120);
    }
    sdqn_progress_note(&progress, "a note");
    sdqn_progress_end(&progress);
    size = (size_t)ftell(stream);
    rewind(stream);
    text = calloc(1, size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, size, stream), size);
    fclose(stream);
    int lines = 0;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    assert_int_equal(lines, 4);
    assert_non_null(strstr(text, "episode 50/120"));
    assert_non_null(strstr(text, "episode 120/120"));
    assert_non_null(strstr(text, "a note\n"));
    assert_null(strchr(text, '\033'));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_line_says_all),
        cmocka_unit_test(bar_takes_what_is_left),
        cmocka_unit_test(a_line_is_never_longer_than_the_width),
        cmocka_unit_test(time_left_is_shown_when_it_is_known),
        cmocka_unit_test(a_file_gets_a_line_every_50_episodes_and_the_last),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
