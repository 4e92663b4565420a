// test_study.c: the shipped study files, results as files, and how runs are started and stopped.
#include "core/file.h"
#include "study/divergence.h"
#include "study/plan.h"
#include "study/result.h"
#include "study/runner.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static SdqnStudyPlan read_plan(const char *file) {
    SdqnStudyPlan plan = {0};
    SdqnError error = {0};
    if (sdqn_study_plan_read(file, &plan, &error) != SDQN_OK) fail_msg("%s", error.message);
    return plan;
}

static void the_shipped_study_is_as_planned(void **state) {
    (void)state;
    static const struct {
        const char *arm;
        int seeds;
    } arms[] = {{"independent", 20},
                {"independent-500", 20},
                {"shared", 20},
                {"independent-500-epsilon", 20},
                {"shared-blind", 20},
                {"mean", 20},
                {"pcgrad", 10},
                {"gradnorm", 10},
                {"cagrad", 10},
                {"sum-decay", 10},
                {"varshare", 10},
                {"varshare-learned", 10},
                {"brc", 10},
                {"shared-onehot", 5},
                {"shared-id", 5},
                {"independent-equal", 5},
                {"shared-wide", 5},
                {"mean-weighted", 5},
                {"brc-published", 5},
                {"shared-embedding2", 5},
                {"shared-embedding32", 5},
                {"shared-uniform", 5},
                {"shared-by-loss", 5}};
    enum { NUM_ARMS = sizeof arms / sizeof *arms, NUM_CANDIDATES = 6 * 3 };
    SdqnStudyPlan plan = read_plan("configs/studies/seed.yaml");
    assert_int_equal(plan.num_arms, NUM_ARMS + NUM_CANDIDATES);
    for (int i = 0; i < NUM_ARMS; i++) {
        const int arm = sdqn_study_plan_find(&plan, arms[i].arm);
        assert_true(arm >= 0);
        assert_int_equal(plan.arms[arm].num_seeds, arms[i].seeds);
    }
    const int shared = sdqn_study_plan_find(&plan, "shared"), wide = sdqn_study_plan_find(&plan, "shared-wide");
    const int pcgrad = sdqn_study_plan_find(&plan, "pcgrad"), first = sdqn_study_plan_find(&plan, "shared_25e-5");
    assert_true(shared >= 0 && wide >= 0 && pcgrad >= 0 && first >= 0);
    assert_int_equal(plan.arms[shared].num_candidates, 3);
    assert_int_equal(plan.arms[shared].first_candidate, first);
    assert_int_equal(plan.arms[wide].tuned_by, shared);
    assert_int_equal(plan.arms[first].tier, 0);
    assert_int_equal(plan.arms[plan.arms[pcgrad].first_candidate].tier, 2); // it is not needed before
    assert_false(sdqn_study_plan_is_settled(&plan, wide));
    assert_true(sdqn_study_plan_is_settled(&plan, first));
    assert_true(plan.arms[first].config.learning_rate.values[0] == 2.5e-4);
    assert_int_equal(sdqn_study_plan_choose(&plan, shared, first + 2, NULL), SDQN_OK);
    assert_true(sdqn_study_plan_is_settled(&plan, wide));
    assert_true(plan.arms[wide].config.learning_rate.values[0] == 1e-3 && plan.arms[shared].config.learning_rate.values[0] == 1e-3);
    sdqn_study_plan_clear(&plan);
}

static void candidates_are_named_by_their_values(void **state) {
    (void)state;
    static const struct {
        const char *value, *name;
    } cases[] = {{"2.5e-4", "a_25e-5"}, {"0.00025", "a_25e-5"}, {"1e-3", "a_1e-3"}, {"5E+2", "a_5e2"},       {"10", "a_10"},
                 {"0.5", "a_5e-1"},     {"0", "a_0"},           {"0.0", "a_0"},     {"true", "a_true"},      {"onehot", "a_onehot"},
                 {"1,2", "a_1_2"},      {"-0.5", "a_-0_5"},     {"1.5", "a_15e-1"}, {"by task", "a_by_task"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SdqnStudyArm arm = {.name = "a"};
        assert_int_equal(sdqn_study_arm_name_value(&arm, cases[i].value, NULL), SDQN_OK);
        assert_string_equal(arm.name, cases[i].name);
    }
    SdqnStudyArm arm = {.name = "a"};
    static const char digits[] = "1234567890123456789012345678901234567890123456789012345678901";
    assert_int_equal(sdqn_study_arm_name_value(&arm, digits, NULL), SDQN_OK); // 63 letters
    assert_int_equal(sdqn_study_arm_name_value(&arm, "1", NULL), SDQN_ERR_ARGUMENT);
    assert_int_equal(strlen(arm.name), 63);
}

static void *copy_of(const void *data, size_t size) {
    void *copy = malloc(size);
    assert_non_null(copy);
    return memcpy(copy, data, size);
}

/// Two tasks, three evaluations, four episodes.
static SdqnStudyResult make_result(void) {
    SdqnStudyResult result = {.arm = "shared",
                              .seed = 7,
                              .parameters = 10,
                              .environment_steps = 400,
                              .updates = 300,
                              .num_tasks = 2,
                              .tasks = {"standard", "windy"},
                              .final = {{.mean = 1.5, .std = 2, .success = 0.5, .at_rest = 0.25, .steps = 100},
                                        {.mean = -3, .std = 1, .timeout = 1, .steps = 400}},
                              .curve = {.count = 3},
                              .num_episodes = 4};
    static const double means[] = {0, 100, 10, 100, 40, 100}, returns[] = {-10.3, 3, 4, 5};
    static const double success[] = {0, 0.2, 0.4, 0.6, 0.8, 1}, cosines[] = {0, -0.5, 0.25, 0}, conflicts[] = {0, 1, 0.5, 0};
    static const int episodes[] = {50, 100, 200}, tasks[] = {0, 1, 0, 1}, steps[] = {100, 101, 102, 97}, reports[] = {0, 1, 2, 0};
    static const int64_t all_steps[] = {100, 201, 303}, updates[] = {0, 100, 200};
    memset(result.numerics, 'a', SDQN_SHA256_HEX_SIZE - 1);
    memset(result.weights_sha256, '0', SDQN_SHA256_HEX_SIZE - 1);
    result.settings = strdup("method: shared\n");
    result.curve.episodes = copy_of(episodes, sizeof episodes);
    result.curve.steps = copy_of(all_steps, sizeof all_steps);
    result.curve.updates = copy_of(updates, sizeof updates);
    result.curve.means = copy_of(means, sizeof means);
    result.curve.success = copy_of(success, sizeof success);
    result.curve.at_rest = copy_of(success, sizeof success);
    result.curve.timeout = copy_of(success, sizeof success);
    result.curve.gradient_reports = copy_of(reports, sizeof reports);
    result.curve.cosines = copy_of(cosines, sizeof cosines);
    result.curve.conflict_shares = copy_of(conflicts, sizeof conflicts);
    result.episode_returns = copy_of(returns, sizeof returns);
    result.episode_tasks = copy_of(tasks, sizeof tasks);
    result.episode_ends = strdup("crtc");
    result.episode_steps = copy_of(steps, sizeof steps);
    return result;
}

static void areas_are_means_over_training(void **state) {
    (void)state;
    SdqnStudyResult result = make_result();
    // From 50 to 100 the mean is 5, from 100 to 200 it is 25.
    assert_true(fabs(sdqn_study_result_score(&result, SDQN_SCORE_AREA, 0.0, 0) - (5.0 * 50 + 25.0 * 100) / 150.0) < 1e-12);
    assert_true(fabs(sdqn_study_result_score(&result, SDQN_SCORE_AREA, 0.0, 1) - 100.0) < 1e-12);
    sdqn_study_result_clear(&result);
}

static void scores_at_a_budget_lie_on_the_curve(void **state) {
    (void)state;
    SdqnStudyResult result = make_result(); // task 0 has 0, 10 and 40 after 50, 100 and 200 episodes and after 100, 201 and 303 steps
    static const struct {
        SdqnScoreKind kind;
        double budget, score;
    } cases[] = {
        {SDQN_SCORE_VALUE_AT_EPISODES, 50, 0},
        {SDQN_SCORE_VALUE_AT_EPISODES, 150, 25},
        {SDQN_SCORE_VALUE_AT_EPISODES, 200, 40},
        {SDQN_SCORE_AREA_TO_EPISODES, 50, 0},
        {SDQN_SCORE_AREA_TO_EPISODES, 150, (5.0 * 50 + 17.5 * 50) / 100},
        {SDQN_SCORE_VALUE_AT_STEPS, 252, 25},
        {SDQN_SCORE_AREA_TO_STEPS, 252, (5.0 * 101 + 17.5 * 51) / 152},
        {SDQN_SCORE_AREA_TO_STEPS, 303, (5.0 * 101 + 25.0 * 102) / 203},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double score = sdqn_study_result_score(&result, cases[i].kind, cases[i].budget, 0);
        if (!(fabs(score - cases[i].score) < 1e-12)) fail_msg("case %zu: expected %.17g, found %.17g", i, cases[i].score, score);
    }
    assert_true(sdqn_study_result_score(&result, SDQN_SCORE_TIMEOUT, 0.0, 1) == 1.0);
    assert_true(sdqn_study_result_score(&result, SDQN_SCORE_LENGTH, 0.0, 1) == 400.0);
    assert_true(isinf(sdqn_study_result_reach(&result, SDQN_SCORE_LENGTH)));
    assert_true(isnan(sdqn_study_result_score(&result, SDQN_SCORE_VALUE_AT_STEPS, 99, 0)));
    assert_true(isnan(sdqn_study_result_score(&result, SDQN_SCORE_AREA_TO_EPISODES, 49, 0)));
    assert_true(sdqn_study_result_reach(&result, SDQN_SCORE_VALUE_AT_STEPS) == 303.0);
    assert_true(sdqn_study_result_reach(&result, SDQN_SCORE_AREA_TO_EPISODES) == 200.0);
    assert_true(isinf(sdqn_study_result_reach(&result, SDQN_SCORE_FINAL)));
    assert_true(sdqn_study_result_score(&result, SDQN_SCORE_FINAL, 0.0, 1) == -3.0);
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
    assert_true(back.seed == 7 && back.updates == 300 && back.num_tasks == 2 && back.num_episodes == 4);
    assert_string_equal(back.tasks[1], "windy");
    assert_true(back.final[1].mean == -3.0 && back.final[1].timeout == 1.0 && back.final[0].at_rest == 0.25);
    assert_int_equal(back.curve.count, 3);
    assert_memory_equal(back.curve.episodes, result.curve.episodes, 3 * sizeof(int));
    assert_memory_equal(back.curve.steps, result.curve.steps, 3 * sizeof(int64_t));
    assert_memory_equal(back.curve.updates, result.curve.updates, 3 * sizeof(int64_t));
    assert_memory_equal(back.curve.means, result.curve.means, 6 * sizeof(double));
    assert_memory_equal(back.curve.success, result.curve.success, 6 * sizeof(double));
    assert_memory_equal(back.curve.timeout, result.curve.timeout, 6 * sizeof(double));
    assert_memory_equal(back.curve.gradient_reports, result.curve.gradient_reports, 4 * sizeof(int));
    assert_memory_equal(back.curve.cosines, result.curve.cosines, 4 * sizeof(double));
    assert_memory_equal(back.curve.conflict_shares, result.curve.conflict_shares, 4 * sizeof(double));
    assert_memory_equal(back.episode_returns, result.episode_returns, 4 * sizeof(double));
    assert_memory_equal(back.episode_tasks, result.episode_tasks, 4 * sizeof(int));
    assert_memory_equal(back.episode_steps, result.episode_steps, 4 * sizeof(int));
    assert_string_equal(back.episode_ends, "crtc");
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
        {"[50, 100, 200]", "[50, 100]", "environment_steps: has 3 numbers, expected 2"},
        {"[50, 100, 200]", "[50, 100, 100]", "episode[2]: must be larger than the one before"},
        {"[0, 1, 2, 0]", "[0, 1, 2]", "reports: has 3 numbers, expected 4"},
        {"[50, 100, 200]", "[50, 100, -2]", "episode[2]: must be an integer"},
        {"\"0101\"", "\"0102\"", "training: task: '2' is no task"},
        {"\"0101\"", "\"010\"", "training: its lists have different lengths"},
        {"\"crtc\"", "\"crtx\"", "training: end: 'x' is none of crt"},
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

// ---- runs -----------------------------------------------------------------------------------------------------------------------

static char folder_path[] = "/tmp/sdqn_test_study_folder_XXXXXX";

static SdqnStudyFolder make_folder(void) {
    SdqnStudyFolder folder;
    snprintf(folder_path + strlen(folder_path) - 6, 7, "XXXXXX");
    assert_non_null(mkdtemp(folder_path));
    assert_int_equal(sdqn_study_folder_open(folder_path, &folder, NULL), SDQN_OK);
    return folder;
}

static SdqnStatus count_start(void *object, int job, int arm, uint64_t seed, bool *started, SdqnError *error) {
    (void)job, (void)arm, (void)seed, (void)error;
    ++*(int *)object;
    *started = false;
    return SDQN_OK;
}
static SdqnStatus no_end(void *object, int *job, int *wait_status, SdqnError *error) {
    (void)object, (void)wait_status, (void)error;
    *job = -1;
    return SDQN_OK;
}
static void nothing_to_stop(void *object) { (void)object; }

static void a_stopped_study_starts_no_run(void **state) {
    (void)state;
    const volatile sig_atomic_t stop = 1;
    int starts = 0;
    SdqnStudyPlan plan = read_plan("configs/studies/seed.yaml");
    const SdqnStudyFolder folder = make_folder();
    const SdqnStudyDef def = {.plan = &plan, .folder = &folder, .num_tiers = plan.num_tiers, .only_job = -1};
    const SdqnLauncher launcher = {&starts, count_start, no_end, nothing_to_stop};
    SdqnStudy *study = NULL;
    assert_int_equal(sdqn_study_create(&def, &study, NULL), SDQN_OK);
    assert_int_equal(sdqn_study_run(study, &launcher, &stop, NULL, NULL, NULL), SDQN_ERR_INTERRUPTED);
    assert_int_equal(starts, 0);
    sdqn_study_destroy(study);
    sdqn_study_plan_clear(&plan);
    assert_int_equal(sdqn_file_remove_tree(folder_path, NULL), SDQN_OK);
}

static void swallow(int number) { (void)number; }

/// The study's own handler, which a run has until it is another program, must not swallow what asks the run to stop.
static void a_run_can_be_stopped_as_soon_as_it_is_started(void **state) {
    (void)state;
    enum { TRIES = 20 };
    static const char script[] = "#!/bin/sh\nexec sleep 5\n";
    const SdqnStudyFolder folder = make_folder();
    static SdqnStudyArm arm = {.name = "a"};
    char program[SDQN_PATH_SIZE];
    assert_int_equal(sdqn_file_join(folder_path, "program", program, NULL), SDQN_OK);
    assert_int_equal(sdqn_file_write(program, &(SdqnPiece){script, sizeof script - 1}, 1, NULL), SDQN_OK);
    assert_int_equal(chmod(program, 0700), 0);
    void (*before)(int) = signal(SIGTERM, swallow);
    for (int i = 0; i < TRIES; i++) {
        pid_t process;
        int ended = 0;
        assert_int_equal(sdqn_study_folder_start(&folder, program, &arm, (uint64_t)i, &process, NULL), SDQN_OK);
        kill(process, SIGTERM);
        assert_int_equal(waitpid(process, &ended, 0), process);
        if (!WIFSIGNALED(ended) || WTERMSIG(ended) != SIGTERM) fail_msg("try %d: wait status %d", i, ended);
    }
    signal(SIGTERM, before);
    assert_int_equal(sdqn_file_remove_tree(folder_path, NULL), SDQN_OK);
}

/// The report shows why a run diverged, in its line.
static void reasons_to_diverge_have_one_line(void **state) {
    (void)state;
    static char settings[] = "method: shared\n";
    const SdqnStudyFolder folder = make_folder();
    SdqnDivergence divergence = {.arm = "a", .seed = 1, .settings = settings, .numerics = "0"}, read;
    char file[SDQN_PATH_SIZE];
    SdqnError error = {0};
    assert_int_equal(sdqn_file_join(folder.results, "a-seed1.diverged", file, NULL), SDQN_OK);
    snprintf(divergence.why, sizeof divergence.why, "the loss is inf: training has diverged");
    assert_int_equal(sdqn_divergence_write(&divergence, file, NULL), SDQN_OK);
    assert_int_equal(sdqn_divergence_read(file, &read, NULL), SDQN_OK);
    assert_string_equal(read.why, divergence.why);
    sdqn_divergence_clear(&read);
    snprintf(divergence.why, sizeof divergence.why, "the loss\n# is inf");
    assert_int_equal(sdqn_divergence_write(&divergence, file, NULL), SDQN_OK);
    assert_int_equal(sdqn_divergence_read(file, &read, &error), SDQN_ERR_FORMAT);
    assert_non_null(strstr(error.message, "a-seed1.diverged: diverged: must hold no control characters"));
    assert_int_equal(sdqn_file_remove_tree(folder_path, NULL), SDQN_OK);
}

static void a_program_that_is_gone_is_named_as_the_reason(void **state) {
    (void)state;
    const SdqnStudyFolder folder = make_folder();
    static SdqnStudyArm arm = {.name = "a"};
    SdqnError error = {0};
    pid_t process;
    assert_int_equal(sdqn_study_folder_start(&folder, "/no/such/program", &arm, 1, &process, &error), SDQN_ERR_IO);
    assert_string_equal(error.message, "/no/such/program cannot be started: No such file or directory; was it moved or removed?");
    assert_int_equal(sdqn_file_remove_tree(folder_path, NULL), SDQN_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_study_is_as_planned),     cmocka_unit_test(candidates_are_named_by_their_values),
        cmocka_unit_test(areas_are_means_over_training),       cmocka_unit_test(results_are_read_back),
        cmocka_unit_test(scores_at_a_budget_lie_on_the_curve), cmocka_unit_test(damaged_results_are_refused),
        cmocka_unit_test(a_stopped_study_starts_no_run),       cmocka_unit_test(a_run_can_be_stopped_as_soon_as_it_is_started),
        cmocka_unit_test(reasons_to_diverge_have_one_line),    cmocka_unit_test(a_program_that_is_gone_is_named_as_the_reason),
    };
    return cmocka_run_group_tests_name("study", tests, make_path, remove_path);
}
