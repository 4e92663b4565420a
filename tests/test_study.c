// test_study.c: the shipped study files, and results as files.
#include "core/file.h"
#include "study/plan.h"
#include "study/result.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void shipped_studies_are_sound(void **state) {
    (void)state;
    static const char *const files[] = {"configs/studies/seed-tuning.yaml"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        SdqnStudyPlan plan = {0};
        SdqnError error = {0};
        if (sdqn_study_plan_read(files[i], &plan, &error) != SDQN_OK) fail_msg("%s", error.message);
        assert_true(plan.num_arms > 1 && plan.num_seeds > 1);
        sdqn_study_plan_clear(&plan);
    }
}

/// Two tasks, three evaluations, four episodes.
static SdqnStudyResult make_result(void) {
    SdqnStudyResult result = {.arm = "shared",
                              .seed = 7,
                              .parameters = 10,
                              .environment_steps = 400,
                              .updates = 300,
                              .seconds = 1.5,
                              .num_tasks = 2,
                              .tasks = {"standard", "windy"},
                              .final = {{.mean = 1.5, .std = 2, .success = 0.5, .at_rest = 0.25, .steps = 100},
                                        {.mean = -3, .std = 1, .timeout = 1, .steps = 400}},
                              .num_evaluations = 3,
                              .num_episodes = 4};
    static const double means[] = {0, 100, 10, 100, 40, 100}, returns[] = {-10.25, 3, 4, 5};
    static const int episodes[] = {50, 100, 200}, tasks[] = {0, 1, 0, 1}, steps[] = {100, 101, 102, 97}, updates[] = {0, 100, 200, 300};
    memset(result.numerics, 'a', SDQN_SHA256_HEX_SIZE - 1);
    memset(result.weights_sha256, '0', SDQN_SHA256_HEX_SIZE - 1);
    result.settings = strdup("method: shared\n");
    result.evaluation_means = memcpy(malloc(sizeof means), means, sizeof means);
    result.evaluation_episodes = memcpy(malloc(sizeof episodes), episodes, sizeof episodes);
    result.episode_returns = memcpy(malloc(sizeof returns), returns, sizeof returns);
    result.episode_tasks = memcpy(malloc(sizeof tasks), tasks, sizeof tasks);
    result.episode_steps = memcpy(malloc(sizeof steps), steps, sizeof steps);
    result.episode_updates = memcpy(malloc(sizeof updates), updates, sizeof updates);
    return result;
}

static void areas_are_means_over_training(void **state) {
    (void)state;
    SdqnStudyResult result = make_result();
    // From 50 to 100 the mean is 5, from 100 to 200 it is 25.
    assert_true(fabs(sdqn_study_result_area(&result, 0) - (5.0 * 50 + 25.0 * 100) / 150.0) < 1e-12);
    assert_true(fabs(sdqn_study_result_area(&result, 1) - 100.0) < 1e-12);
    sdqn_study_result_clear(&result);
}

static char path[] = "/tmp/sdqn_test_study_XXXXXX";

static int make_path(void **state) {
    (void)state;
    const int descriptor = mkstemp(path);
    if (descriptor >= 0) close(descriptor);
    return descriptor >= 0 ? 0 : -1;
}

static int remove_path(void **state) {
    (void)state;
    return unlink(path);
}

static void results_are_read_back(void **state) {
    (void)state;
    SdqnStudyResult result = make_result(), back = {0};
    SdqnError error = {0};
    assert_int_equal(sdqn_study_result_write(&result, path, &error), SDQN_OK);
    if (sdqn_study_result_read(path, &back, &error) != SDQN_OK) fail_msg("%s", error.message);
    assert_string_equal(back.arm, result.arm);
    assert_string_equal(back.settings, result.settings);
    assert_string_equal(back.numerics, result.numerics);
    assert_true(back.seed == 7 && back.updates == 300 && back.seconds == 1.5 && back.num_tasks == 2 && back.num_episodes == 4);
    assert_string_equal(back.tasks[1], "windy");
    assert_true(back.final[1].mean == -3.0 && back.final[1].timeout == 1.0 && back.final[0].at_rest == 0.25);
    assert_memory_equal(back.evaluation_episodes, result.evaluation_episodes, 3 * sizeof(int));
    assert_memory_equal(back.evaluation_means, result.evaluation_means, 6 * sizeof(double));
    assert_memory_equal(back.episode_returns, result.episode_returns, 4 * sizeof(double));
    assert_memory_equal(back.episode_updates, result.episode_updates, 4 * sizeof(int));
    sdqn_study_result_clear(&result);
    sdqn_study_result_clear(&back);
}

/// Each replacement in the text of a good result must be seen.
static void damaged_results_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *message;
    } damages[] = {
        {"\"arm\"", "\"ram\"", "arm"},
        {"\"seed\": 7", "\"seed\": -1", "seed"},
        {"aaaa", "AAAA", "numerics: must be 64 hexadecimal digits"},
        {"\"mean\": 1.5", "\"mean\": \"x\"", "mean"},
        {"[50, 100, 200]", "[50, 100]", "means: has 6 numbers, expected 4"},
        {"[50, 100, 200]", "[50, 100, -2]", "episode[2]: must be an integer"},
        {"[0, 1, 0, 1]", "[0, 1, 0, 2]", "task[3]: must be an integer in [0, 1]"},
        {"[0, 1, 0, 1]", "[0, 1, 0]", "training: its lists have different lengths"},
        {"\"training\"", "\"draining\"", "training"},
    };
    SdqnStudyResult result = make_result();
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        uint8_t *text;
        size_t size;
        SdqnStudyResult back = {0};
        SdqnError error = {0};
        assert_int_equal(sdqn_study_result_write(&result, path, NULL), SDQN_OK);
        assert_int_equal(sdqn_file_read(path, 1 << 20, &text, &size, NULL), SDQN_OK);
        const char *place = strstr((const char *)text, damages[i].from);
        assert_non_null(place);
        const size_t before = (size_t)(place - (const char *)text), after = before + strlen(damages[i].from);
        const SdqnPiece pieces[] = {{text, before}, {damages[i].to, strlen(damages[i].to)}, {text + after, size - after}};
        assert_int_equal(sdqn_file_write(path, pieces, 3, NULL), SDQN_OK);
        free(text);
        assert_int_equal(sdqn_study_result_read(path, &back, &error), SDQN_ERR_FORMAT);
        if (!strstr(error.message, damages[i].message)) fail_msg("expected \"%s\" in \"%s\"", damages[i].message, error.message);
        assert_null(back.settings);
    }
    sdqn_study_result_clear(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_studies_are_sound),
        cmocka_unit_test(areas_are_means_over_training),
        cmocka_unit_test(results_are_read_back),
        cmocka_unit_test(damaged_results_are_refused),
    };
    return cmocka_run_group_tests_name("study", tests, make_path, remove_path);
}
