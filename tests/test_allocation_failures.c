// test_allocation_failures.c: each allocation of the learning half, and of showing episodes, fails in turn; nothing leaks, nothing
// half-made comes back.
//
// The program defines the allocator's functions itself, in front of the C library's. Sanitizers do the same, so they skip it.
#include "methods/method.h"
#include "nn/safetensors.h"
#include "study/result.h"
#include "view/viewer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define UNDER_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define UNDER_SANITIZER
#endif

#ifndef UNDER_SANITIZER

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);

static int until_failure = -1; // allocations that still succeed; -1: all
static int balance;            // blocks allocated and not freed while counting
static bool counting;

static bool fails(void) {
    if (!counting || until_failure < 0) return false;
    return until_failure-- == 0;
}

static void *counted(void *memory) {
    if (counting && memory) balance++;
    return memory;
}

void *malloc(size_t size) { return fails() ? NULL : counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return fails() ? NULL : counted(__libc_calloc(count, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return fails() ? NULL : counted(__libc_memalign(alignment, size)); }
void *realloc(void *memory, size_t size) {
    if (fails()) return NULL;
    return memory ? __libc_realloc(memory, size) : counted(__libc_malloc(size));
}
void free(void *memory) {
    if (counting && memory) balance--;
    __libc_free(memory);
}

/// Run `attempt` with its first, second, ... allocation failing until none is left to fail. It frees what it got.
static void fail_each(SdqnStatus (*attempt)(SdqnError *error)) {
    SdqnStatus status = SDQN_ERR_MEMORY;
    for (int n = 0; status != SDQN_OK; n++) {
        SdqnError error = {0};
        until_failure = n;
        balance = 0;
        counting = true;
        status = attempt(&error);
        counting = false;
        const bool all_succeeded = until_failure >= 0;
        assert_int_equal(balance, 0);
        assert_int_equal(status, all_succeeded ? SDQN_OK : SDQN_ERR_MEMORY);
        assert_true(all_succeeded || strstr(error.message, "memory"));
        assert_true(n < 1000);
    }
}

static const char *const task_names[] = {"standard", "windy", "heavy"};
static const SdqnMethod *method_under_test;

static SdqnStatus create_method(SdqnError *error) {
    const SdqnMethod *method = method_under_test;
    SdqnMethodDef def = {.kernels = sdqn_kernels(SDQN_CPU_SCALAR), .seed = 1};
    method->def_default(&def);
    def.network.hidden1_size = 24; // as many allocations, less to draw
    def.network.hidden2_size = 12;
    def.dqn.replay_capacity = 3000;
    sdqn_method_def_set_tasks(method, task_names, 3, &def);
    void *self = NULL;
    const SdqnStatus status = method->create(&def, &self, error);
    if ((status == SDQN_OK) != (self != NULL)) return SDQN_ERR_ARGUMENT;
    method->destroy(self);
    return status;
}

static SdqnStatus encode(SdqnError *error) {
    static const float values[2] = {1, 2};
    const SdqnTensor tensors[] = {{.name = "b", .rank = 1, .shape = {2}, .data = values},
                                  {.name = "a", .rank = 1, .shape = {1}, .data = values}};
    uint8_t *bytes = NULL;
    size_t size;
    const SdqnStatus status = sdqn_safetensors_encode(tensors, 2, &bytes, &size, error);
    free(bytes);
    return status;
}

static void creating_a_method_survives_each_failure(void **state) {
    (void)state;
    int count;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    for (int i = 0; i < count; i++) {
        method_under_test = methods[i];
        fail_each(create_method);
    }
}

static void encoding_survives_each_failure(void **state) {
    (void)state;
    fail_each(encode);
}

static char result_path[] = "/tmp/sdqn_test_allocation_XXXXXX";

static SdqnStatus write_result(SdqnError *error) {
    static char settings[] = "method: shared\n", ends[] = "c";
    static int tasks[] = {0}, steps[] = {70}, reports[] = {0};
    static double returns[] = {-100}, sums[] = {0};
    const SdqnStudyResult result = {.arm = "shared",
                                    .settings = settings,
                                    .num_tasks = 1,
                                    .tasks = {"standard"},
                                    .curve = {.gradient_reports = reports, .cosines = sums, .conflict_shares = sums},
                                    .num_episodes = 1,
                                    .episode_tasks = tasks,
                                    .episode_ends = ends,
                                    .episode_steps = steps,
                                    .episode_returns = returns};
    return sdqn_study_result_write(&result, result_path, error);
}

/// A result that is half there would keep its study from going on.
static void writing_a_result_survives_each_failure(void **state) {
    (void)state;
    const int descriptor = mkstemp(result_path);
    assert_true(descriptor >= 0);
    close(descriptor);
    fail_each(write_result);
    assert_int_equal(unlink(result_path), 0);
}

// A window and a drawing that allocate nothing themselves.
static SdqnStatus open_window(const char *title, int width, int height, SdqnScreen **screen, SdqnError *error) {
    static char memory;
    (void)title, (void)width, (void)height, (void)error;
    *screen = (SdqnScreen *)&memory;
    return SDQN_OK;
}
static void close_window(SdqnScreen *screen) { (void)screen; }
static void window_size(SdqnScreen *screen, int *width, int *height) {
    (void)screen;
    *width = *height = 1;
}
static SdqnStatus show_window(SdqnScreen *screen, const uint8_t *pixels, size_t stride, int width, int height, SdqnError *error) {
    (void)screen, (void)pixels, (void)stride, (void)width, (void)height, (void)error;
    return SDQN_OK;
}
static bool poll_window(SdqnScreen *screen, SdqnEvent *event) {
    (void)screen, (void)event;
    return false;
}
static SdqnStatus create_canvas(int width, int height, SdqnCanvas **canvas, SdqnError *error) {
    static char memory;
    (void)width, (void)height, (void)error;
    *canvas = (SdqnCanvas *)&memory;
    return SDQN_OK;
}
static void destroy_canvas(SdqnCanvas *canvas) { (void)canvas; }
static SdqnStatus draw_scene(SdqnCanvas *canvas, const SdqnScene *scene, SdqnError *error) {
    (void)canvas, (void)scene, (void)error;
    return SDQN_OK;
}
static const uint8_t *pixels_of(SdqnCanvas *canvas, size_t *stride) {
    static const uint8_t pixel[4] = {0};
    (void)canvas;
    *stride = sizeof pixel;
    return pixel;
}

static SdqnStatus show_an_episode(SdqnError *error) {
    static const SdqnDraw draw = {.create = create_canvas, .destroy = destroy_canvas, .draw = draw_scene, .pixels = pixels_of};
    static const SdqnWindowModule window = {
        .open = open_window, .close = close_window, .size = window_size, .show = show_window, .poll = poll_window};
    SdqnTask task = *sdqn_task_find("standard");
    task.time_limit_steps = 20;
    SdqnTaskSet set = {.family = &sdqn_lander_family, .count = 1};
    set.tasks[0] = sdqn_task_entry_lander(&task);
    SdqnSession *session = NULL;
    SdqnEvaluation evaluation;
    SdqnStatus status = sdqn_session_create(&(SdqnSessionDef){&set, NULL, 1, 0}, &session, error);
    if ((status == SDQN_OK) != (session != NULL)) return SDQN_ERR_ARGUMENT;
    const SdqnViewerDef def = {.draw = &draw, .window = &window, .session = session, .title = "test"};
    if (status == SDQN_OK) status = sdqn_viewer_run(&def, error);
    if (status == SDQN_OK) status = sdqn_session_evaluation(session, &evaluation, error);
    if (status == SDQN_OK) free(evaluation.tasks);
    sdqn_session_destroy(session);
    return status;
}

static void showing_episodes_survives_each_failure(void **state) {
    (void)state;
    fail_each(show_an_episode);
}

/// After creation a method allocates nothing: not in act, push, update, the end of an episode or the saving of its state.
static void check_training(const SdqnMethod *method) {
    SdqnMethodDef def = {.kernels = sdqn_kernels(sdqn_cpu_level_best()), .seed = 1};
    method->def_default(&def);
    def.network.hidden1_size = 24;
    def.network.hidden2_size = 12;
    def.dqn.gradient_period = 50;
    def.dqn.min_replay_size = 100;
    sdqn_method_def_set_tasks(method, task_names, 3, &def);
    for (int t = 0; t < 3; t++) def.tasks[t].dqn.min_replay_size = 100;
    void *self;
    assert_int_equal(method->create(&def, &self, NULL), SDQN_OK);
    const float observation[8] = {0.1f, 0.2f};
    SdqnError error = {0};
    SdqnUpdate update = {0};
    SdqnStatus status = SDQN_OK;
    until_failure = 0; // the first allocation would fail
    counting = true;
    for (int i = 0; i < 450 && status == SDQN_OK; i++) {
        const int task = i % 3;
        method->push(self, &(SdqnTransition){.observation = observation,
                                             .next_observation = observation,
                                             .reward = 1.0,
                                             .action = method->act(self, observation, task),
                                             .task = task});
        status = method->update(self, &update, &error);
        if (i % 50 == 0) method->end_episode(self, task);
    }
    counting = false;
    assert_int_equal(status, SDQN_OK);
    assert_true(update.done);
    assert_int_equal(until_failure, 0);
    method->destroy(self);
}

static void training_allocates_nothing(void **state) {
    (void)state;
    int count;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    for (int i = 0; i < count; i++) check_training(methods[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creating_a_method_survives_each_failure),
        cmocka_unit_test(encoding_survives_each_failure),
        cmocka_unit_test(writing_a_result_survives_each_failure),
        cmocka_unit_test(showing_episodes_survives_each_failure),
        cmocka_unit_test(training_allocates_nothing),
    };
    return cmocka_run_group_tests_name("allocation_failures", tests, NULL, NULL);
}

#else

static void needs_the_allocator_for_itself(void **state) {
    (void)state;
    skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(needs_the_allocator_for_itself)};
    return cmocka_run_group_tests_name("allocation_failures", tests, NULL, NULL);
}

#endif
