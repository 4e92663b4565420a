// test_method_table.c: every method of the table keeps the interface's promises.
#include "methods/method.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const task_names[] = {"standard", "windy", "heavy"};

/// The method's own settings on the default tasks.
static SdqnMethodDef default_def(const SdqnMethod *method) {
    SdqnMethodDef def = {.kernels = sdqn_kernels(sdqn_cpu_level_best()), .seed = 3};
    method->def_default(&def);
    sdqn_method_def_set_tasks(method, task_names, 3, &def);
    return def;
}

static SdqnMethodDef small_def(const SdqnMethod *method) {
    SdqnMethodDef def = default_def(method);
    def.network.hidden1_size = 24;
    def.network.hidden2_size = 12;
    def.dqn.batch_size = 8;
    def.dqn.replay_capacity = 100;
    def.dqn.min_replay_size = 30;
    def.dqn.target_period = 2;
    for (int t = 0; t < 3; t++) def.tasks[t].dqn = def.dqn;
    return def;
}

static void *make(const SdqnMethod *method, const SdqnMethodDef *def) {
    void *self;
    SdqnError error = {0};
    if (method->create(def, &self, &error) != SDQN_OK) fail_msg("%s: %s", method->name, error.message);
    return self;
}

/// Episodes of 20 steps in a made-up environment, tasks in turn. @return the number of updates done
static int train(const SdqnMethod *method, void *self, int first_episode, int episodes) {
    int updates = 0;
    for (int episode = first_episode; episode < first_episode + episodes; episode++) {
        SdqnRng rng;
        sdqn_rng_seed(&rng, (uint64_t)episode);
        float observation[8], next[8];
        for (int i = 0; i < 8; i++) observation[i] = (float)sdqn_rng_normal(&rng);
        for (int step = 0; step < 20; step++) {
            for (int i = 0; i < 8; i++) next[i] = (float)sdqn_rng_normal(&rng);
            const int action = method->act(self, observation, episode % 3);
            assert_true(action >= 0 && action < 4);
            method->push(self, &(SdqnTransition){.observation = observation,
                                                 .next_observation = next,
                                                 .reward = sdqn_rng_normal(&rng),
                                                 .action = action,
                                                 .task = episode % 3,
                                                 .terminated = step == 19});
            SdqnUpdate update;
            SdqnError error = {0};
            if (method->update(self, &update, &error) != SDQN_OK) fail_msg("%s: %s", method->name, error.message);
            updates += update.done;
            memcpy(observation, next, sizeof next);
        }
        method->end_episode(self, episode % 3);
    }
    return updates;
}

static void check_same_state(const SdqnMethod *method, const void *a, const void *b) {
    const size_t size = method->state_size(a);
    assert_int_equal(size, method->state_size(b));
    uint8_t *left = malloc(size), *right = malloc(size);
    assert_true(left && right);
    method->save_state(a, left);
    method->save_state(b, right);
    assert_memory_equal(left, right, size);
    free(left);
    free(right);
}

static void each_method(void (*check)(const SdqnMethod *method)) {
    int count;
    const SdqnMethod *const *methods = sdqn_methods(&count);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) check(methods[i]);
}

static void check_name(const SdqnMethod *method) {
    assert_ptr_equal(sdqn_method_find(method->name), method);
    assert_int_equal(strspn(method->name, "abcdefghijklmnopqrstuvwxyz0123456789_-"), strlen(method->name));
    assert_true(strlen(method->help) > 0 && strchr(method->help, '\n') == NULL);
}

static void names_find_their_methods(void **state) {
    (void)state;
    each_method(check_name);
    assert_null(sdqn_method_find("no such method"));
    assert_null(sdqn_method_find(""));
}

static void check_tensors(const SdqnMethod *method) {
    const SdqnMethodDef def = small_def(method);
    void *self = make(method, &def);
    const int count = method->tensors(self, NULL, 0);
    SdqnTensor *tensors = calloc((size_t)count + 1, sizeof *tensors);
    tensors[count].rank = -1;
    assert_int_equal(method->tensors(self, tensors, count), count);
    assert_int_equal(tensors[count].rank, -1);
    size_t values = 0;
    for (int i = 0; i < count; i++) values += strcmp(tensors[i].name, "support") == 0 ? 0 : sdqn_tensor_count(&tensors[i]);
    assert_int_equal(values, method->parameter_count(self));
    free(tensors);
    method->destroy(self);
    method->destroy(NULL);
}

static void tensors_hold_all_parameters(void **state) {
    (void)state;
    each_method(check_tensors);
}

static void check_seed(const SdqnMethod *method) {
    SdqnMethodDef def = small_def(method);
    void *self = make(method, &def), *same = make(method, &def);
    def.seed = 4;
    void *other = make(method, &def);
    assert_true(train(method, self, 0, 9) > 0);
    train(method, same, 0, 9);
    check_same_state(method, self, same);
    const float observation[8] = {0.5f};
    const int32_t task = 1;
    float q[4], q_other[4];
    method->q_values(self, observation, &task, 1, q);
    method->q_values(other, observation, &task, 1, q_other);
    assert_memory_not_equal(q, q_other, sizeof q);
    check_same_state(method, self, same); // q_values changed nothing that is saved
    method->destroy(self);
    method->destroy(same);
    method->destroy(other);
}

static void same_seed_gives_the_same_state(void **state) {
    (void)state;
    each_method(check_seed);
}

static void check_resume(const SdqnMethod *method) {
    const SdqnMethodDef def = small_def(method);
    void *self = make(method, &def), *resumed = make(method, &def), *untouched = make(method, &def), *fresh = make(method, &def);
    train(method, self, 0, 7);
    const size_t size = method->state_size(self);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    method->save_state(self, bytes);
    SdqnError error = {0};
    if (method->load_state(resumed, bytes, size, &error) != SDQN_OK) fail_msg("%s: %s", method->name, error.message);
    check_same_state(method, self, resumed);
    assert_int_equal(method->load_state(resumed, bytes, size - 1, &error), SDQN_ERR_FORMAT);
    uint8_t *longer = calloc(size + 1, 1); // in the last part of the state something is wrong: nothing is taken
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    assert_int_equal(method->load_state(untouched, longer, size + 1, &error), SDQN_ERR_FORMAT);
    check_same_state(method, untouched, fresh);
    method->destroy(untouched);
    method->destroy(fresh);
    free(longer);
    free(bytes);
    for (int task = 0; task < 3; task++) assert_true(method->epsilon(self, task) == method->epsilon(resumed, task));
    train(method, self, 7, 6);
    train(method, resumed, 7, 6);
    check_same_state(method, self, resumed);
    method->destroy(self);
    method->destroy(resumed);
}

static void saved_state_goes_on_bit_for_bit(void **state) {
    (void)state;
    each_method(check_resume);
}

static void check_wrong_definition(const SdqnMethod *method) {
    SdqnMethodDef def = small_def(method);
    def.dqn.gamma = 2.0;
    for (int t = 0; t < 3; t++) def.tasks[t].dqn.gamma = 2.0;
    void *self = NULL;
    SdqnError error = {0};
    assert_int_equal(method->create(&def, &self, &error), SDQN_ERR_ARGUMENT);
    assert_null(self);
    assert_non_null(strstr(error.message, "gamma = 2"));
}

static void wrong_definitions_are_refused(void **state) {
    (void)state;
    each_method(check_wrong_definition);
}

static void varshare_has_the_residuals_of_its_name(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        const SdqnMethod *method = sdqn_method_find(i == 0 ? "varshare" : "varshare-deterministic");
        const char *const message = i == 0 ? "residuals: must be gaussian with" : "residuals: must be vector with";
        for (int kind = SDQN_RESIDUALS_NONE; kind <= SDQN_RESIDUALS_GAUSSIAN; kind++) {
            SdqnMethodDef def = default_def(method);
            SdqnError error = {0};
            void *self = NULL;
            if (kind == (int)def.network.residuals) continue;
            def.network.residuals = (SdqnResidualKind)kind;
            assert_int_equal(method->create(&def, &self, &error), SDQN_ERR_ARGUMENT);
            assert_ptr_equal(strstr(error.message, message), error.message);
        }
    }
}

/// Methods of the tasks' gradients: told the task or not, on both networks, and what was learned is finite.
static void check_task_blind_and_aware(const SdqnMethod *method) {
    if ((method->uses & SDQN_METHOD_TASK_BUFFERS) == 0) return;
    for (int i = 0; i < 4; i++) {
        SdqnMethodDef def = small_def(method);
        def.network.conditioning = i % 2 ? SDQN_CONDITIONING_BLIND : SDQN_CONDITIONING_EMBEDDING;
        def.network.architecture = i / 2 ? SDQN_ARCHITECTURE_BRONET : SDQN_ARCHITECTURE_MLP;
        void *self = make(method, &def);
        const float observation[8] = {0.5f, -1.0f};
        const int32_t tasks[2] = {0, 2};
        float q[8], rows[16];
        assert_true(train(method, self, 0, 9) > 0);
        memcpy(rows, observation, sizeof observation);
        memcpy(rows + 8, observation, sizeof observation);
        method->q_values(self, rows, tasks, 2, q);
        for (int a = 0; a < 4; a++) assert_true(isfinite(q[a]) && (q[a] == q[4 + a]) == (i % 2 == 1));
        method->destroy(self);
    }
}

static void gradient_methods_train_blind_and_aware_on_both_networks(void **state) {
    (void)state;
    each_method(check_task_blind_and_aware);
}

static void methods_have_the_sizes_of_the_specification(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t parameters;
    } sizes[] = {
        {"shared", 37788}, {"shared-wide", 107254}, {"independent", 107148}, {"independent-500", 107148}, {"independent-equal", 37974},
        {"mean", 37788},   {"sum", 37788}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const SdqnMethod *method = sdqn_method_find(sizes[i].name);
        const SdqnMethodDef def = default_def(method);
        void *self = make(method, &def);
        assert_int_equal(method->parameter_count(self), sizes[i].parameters);
        method->destroy(self);
    }
}

/// Field by field, since padding may differ.
static bool same_settings(const SdqnDqnDef *a, const SdqnDqnDef *b) {
    return a->learning_rate == b->learning_rate && a->gamma == b->gamma && a->epsilon_decay == b->epsilon_decay &&
           a->epsilon_floor == b->epsilon_floor && a->batch_size == b->batch_size && a->replay_capacity == b->replay_capacity &&
           a->min_replay_size == b->min_replay_size && a->target_period == b->target_period && a->double_dqn == b->double_dqn &&
           a->loss == b->loss && a->huber_delta == b->huber_delta && a->target_tau == b->target_tau && a->clip_norm == b->clip_norm &&
           a->update_period == b->update_period;
}

static void independent_has_settings_for_each_task(void **state) {
    (void)state;
    const SdqnMethodDef def = default_def(sdqn_method_find("independent")), fewer = default_def(sdqn_method_find("independent-500"));
    const SdqnDqnDef *standard = &def.tasks[0].dqn, shared = sdqn_dqn_def_default();
    assert_true(standard->learning_rate == 5e-4 && standard->epsilon_decay == 0.995);
    assert_true(standard->min_replay_size == 1000 && standard->target_period == 10);
    for (int t = 1; t < 3; t++) {
        const SdqnDqnDef *dqn = &def.tasks[t].dqn;
        assert_true(dqn->learning_rate == 2.5e-4 && dqn->epsilon_decay == 0.992);
        assert_true(dqn->min_replay_size == 2000 && dqn->target_period == 20);
    }
    for (int t = 0; t < 3; t++) assert_true(same_settings(&fewer.tasks[t].dqn, &shared));
}

/// What one task does changes nothing for the others: its episodes, its transitions, its weights.
static void independent_tasks_are_independent(void **state) {
    (void)state;
    const SdqnMethod *method = sdqn_method_find("independent");
    const SdqnMethodDef def = small_def(method);
    void *self = make(method, &def);
    SdqnTensor tensors[18];
    assert_int_equal(method->tensors(self, tensors, 18), 18);
    assert_string_equal(tensors[0].name, "standard.fc1.weight");
    assert_string_equal(tensors[17].name, "heavy.fc3.bias");
    float before[2][24 * 8];
    for (int t = 0; t < 2; t++) memcpy(before[t], tensors[6 * t].data, sizeof before[t]);
    assert_memory_not_equal(before[0], before[1], sizeof before[0]); // each is drawn from a stream of its own
    for (int e = 0; e < 3; e++) train(method, self, 3 * e + 1, 1);   // episodes of windy alone
    assert_memory_equal(before[0], tensors[0].data, sizeof before[0]);
    assert_memory_not_equal(before[1], tensors[6].data, sizeof before[1]);
    assert_true(method->epsilon(self, 0) == 1.0 && method->epsilon(self, 1) < 1.0);
    const float observation[2 * 8] = {0.5f};
    const int32_t task[2] = {2, 0};
    float q[2][4], single[4];
    method->q_values(self, observation, task, 2, q[0]);
    for (int b = 0; b < 2; b++) {
        method->q_values(self, observation + 8 * (ptrdiff_t)b, task + b, 1, single);
        assert_memory_equal(single, q[b], sizeof single);
    }
    method->destroy(self);
}

/// Two steps of every task, often enough for updates, with any number of tasks. @return the number of updates
static int train_tasks(const SdqnMethod *method, void *self, int tasks) {
    int updates = 0;
    for (int step = 0; step < 400; step++) {
        SdqnRng rng;
        sdqn_rng_seed(&rng, (uint64_t)step);
        float observation[8], next[8];
        for (int i = 0; i < 8; i++) {
            observation[i] = (float)sdqn_rng_normal(&rng);
            next[i] = (float)sdqn_rng_normal(&rng);
        }
        const int task = step / 2 % tasks;
        method->push(self, &(SdqnTransition){.observation = observation,
                                             .next_observation = next,
                                             .reward = sdqn_rng_normal(&rng),
                                             .action = method->act(self, observation, task),
                                             .task = task,
                                             .truncated = step % 2 == 1});
        SdqnUpdate update;
        SdqnError error = {0};
        if (method->update(self, &update, &error) != SDQN_OK) fail_msg("%s: %s", method->name, error.message);
        updates += update.done;
        if (step % 2 == 1) method->end_episode(self, task);
    }
    return updates;
}

static void check_numbers_of_tasks(const SdqnMethod *method) {
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"};
    static const int numbers[] = {1, 2, 16};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        SdqnMethodDef def = small_def(method);
        def.dqn.min_replay_size = 15;
        sdqn_method_def_set_tasks(method, names, numbers[i], &def);
        for (int t = 0; t < numbers[i]; t++) def.tasks[t].dqn = def.dqn;
        void *self = make(method, &def);
        assert_true(train_tasks(method, self, numbers[i]) > 50);
        method->destroy(self);
    }
    SdqnMethodDef def = small_def(method);
    sdqn_method_def_set_tasks(method, names, 17, &def);
    for (int t = 0; t < 17; t++) def.tasks[t].dqn = def.dqn;
    void *self = NULL;
    SdqnError error = {0};
    if (method->create(&def, &self, &error) == SDQN_OK) {
        assert_false(method->uses & SDQN_METHOD_TASK_BUFFERS);
        method->destroy(self);
    } else {
        assert_true(method->uses & SDQN_METHOD_TASK_BUFFERS);
        assert_non_null(strstr(error.message, "tasks: 17 given: "));
    }
}

static void one_and_sixteen_tasks_train(void **state) {
    (void)state;
    each_method(check_numbers_of_tasks);
}

/// The aggregator's part comes first: a random stream of 40 bytes, then cosines.
static void damaged_states_of_aggregators_are_refused(void **state) {
    (void)state;
    const SdqnMethod *method = sdqn_method_find("gradvac");
    const SdqnMethodDef def = small_def(method);
    void *self = make(method, &def), *fresh = make(method, &def);
    const size_t size = method->state_size(self);
    const double cosines[] = {1.5, (double)NAN};
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    SdqnError error = {0};
    for (size_t i = 0; i < 3; i++) {
        method->save_state(fresh, bytes);
        if (i < 2) {
            memcpy(bytes + 40 + 8, &cosines[i], sizeof cosines[i]);
        } else {
            bytes[24] ^= 1; // an even increment
        }
        assert_int_equal(method->load_state(self, bytes, size, &error), SDQN_ERR_FORMAT);
        assert_non_null(strstr(error.message, "saved gradvac"));
    }
    assert_int_equal(method->load_state(self, bytes, 39, &error), SDQN_ERR_FORMAT);
    check_same_state(method, self, fresh);
    free(bytes);
    method->destroy(self);
    method->destroy(fresh);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_their_methods),
        cmocka_unit_test(tensors_hold_all_parameters),
        cmocka_unit_test(same_seed_gives_the_same_state),
        cmocka_unit_test(saved_state_goes_on_bit_for_bit),
        cmocka_unit_test(wrong_definitions_are_refused),
        cmocka_unit_test(varshare_has_the_residuals_of_its_name),
        cmocka_unit_test(gradient_methods_train_blind_and_aware_on_both_networks),
        cmocka_unit_test(methods_have_the_sizes_of_the_specification),
        cmocka_unit_test(independent_has_settings_for_each_task),
        cmocka_unit_test(independent_tasks_are_independent),
        cmocka_unit_test(one_and_sixteen_tasks_train),
        cmocka_unit_test(damaged_states_of_aggregators_are_refused),
    };
    return cmocka_run_group_tests_name("method_table", tests, NULL, NULL);
}
