// test_replay_buffer.c: the ring, the uniformity of its samples, and its saved state.
#include "dqn/replay_buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OBSERVATION_SIZE 3

static const SdqnReplayBounds bounds = {.num_actions = 4, .num_tasks = 3, .n_step = 7};

static SdqnReplayBuffer *make_buffer(int capacity) {
    SdqnReplayBuffer *buffer;
    SdqnError error = {0};
    if (sdqn_replay_buffer_create(capacity, OBSERVATION_SIZE, &buffer, &error) != SDQN_OK) fail_msg("%s", error.message);
    return buffer;
}

static SdqnBatch make_batch(int rows) {
    SdqnBatch batch;
    SdqnError error = {0};
    if (sdqn_batch_create(&batch, rows, OBSERVATION_SIZE, &error) != SDQN_OK) fail_msg("%s", error.message);
    return batch;
}

/// Push a transition all of whose parts tell its number.
static void push(SdqnReplayBuffer *buffer, int number) {
    const float x = (float)number;
    const float observation[OBSERVATION_SIZE] = {x, x + 0.25f, -x}, next[OBSERVATION_SIZE] = {x + 1.0f, 0.5f, x};
    sdqn_replay_buffer_push(buffer, &(SdqnTransition){.observation = observation,
                                                      .next_observation = next,
                                                      .reward = number / 3.0,
                                                      .action = number % 4,
                                                      .task = number % 3,
                                                      .terminated = number % 5 == 0,
                                                      .extra_steps = number % 7});
}

/// The number of the transition in a row of a batch, after a check of all its parts.
static int number_of(const SdqnBatch *batch, int row) {
    const float *observation = batch->observation + row * OBSERVATION_SIZE, *next = batch->next_observation + row * OBSERVATION_SIZE;
    const int number = (int)observation[0];
    assert_true(observation[1] == observation[0] + 0.25f && observation[2] == -observation[0]);
    assert_true(next[0] == observation[0] + 1.0f && next[1] == 0.5f && next[2] == observation[0]);
    assert_true(batch->reward[row] == (float)(number / 3.0));
    assert_int_equal(batch->action[row], number % 4);
    assert_int_equal(batch->task[row], number % 3);
    assert_int_equal(batch->terminated[row], number % 5 == 0);
    assert_int_equal(batch->extra_steps[row], number % 7);
    return number;
}

static int compare_ints(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/// All transitions stored, as a sample of everything gives them, sorted.
static void check_content(const SdqnReplayBuffer *buffer, int first, int last) {
    const int count = last - first + 1;
    assert_int_equal(sdqn_replay_buffer_size(buffer), count);
    SdqnBatch batch = make_batch(count);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1);
    sdqn_replay_buffer_sample(buffer, &rng, count, &batch);
    int *numbers = calloc((size_t)count, sizeof *numbers);
    for (int i = 0; i < count; i++) numbers[i] = number_of(&batch, i);
    qsort(numbers, (size_t)count, sizeof *numbers, compare_ints);
    for (int i = 0; i < count; i++) assert_int_equal(numbers[i], first + i);
    free(numbers);
    sdqn_batch_destroy(&batch);
}

static void ring_keeps_the_newest(void **state) {
    (void)state;
    SdqnReplayBuffer *buffer = make_buffer(7);
    assert_int_equal(sdqn_replay_buffer_size(buffer), 0);
    for (int i = 0; i < 30; i++) {
        push(buffer, i);
        check_content(buffer, i < 7 ? 0 : i - 6, i);
    }
    sdqn_replay_buffer_destroy(buffer);
}

static void reward_is_rounded_to_float(void **state) {
    (void)state;
    SdqnReplayBuffer *buffer = make_buffer(1);
    SdqnBatch batch = make_batch(1);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 1);
    const float observation[OBSERVATION_SIZE] = {0};
    sdqn_replay_buffer_push(buffer, &(SdqnTransition){.observation = observation, .next_observation = observation, .reward = 0.1});
    sdqn_replay_buffer_sample(buffer, &rng, 1, &batch);
    assert_true(batch.reward[0] == 0.1f);
    sdqn_batch_destroy(&batch);
    sdqn_replay_buffer_destroy(buffer);
}

static void batches_hold_no_row_twice(void **state) {
    (void)state;
    SdqnReplayBuffer *buffer = make_buffer(100);
    SdqnBatch batch = make_batch(64);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 2);
    for (int i = 0; i < 70; i++) push(buffer, i);
    for (int round = 0; round < 500; round++) {
        bool seen[70] = {false};
        sdqn_replay_buffer_sample(buffer, &rng, 64, &batch);
        for (int i = 0; i < 64; i++) {
            assert_int_equal(number_of(&batch, i), batch.row[i]);
            assert_false(seen[batch.row[i]]);
            seen[batch.row[i]] = true;
        }
    }
    sdqn_batch_destroy(&batch);
    sdqn_replay_buffer_destroy(buffer);
}

static void rows_are_drawn_uniformly(void **state) {
    (void)state;
    enum { ROWS = 50, DRAWN = 8, ROUNDS = 20000 };
    SdqnReplayBuffer *buffer = make_buffer(ROWS);
    SdqnBatch batch = make_batch(DRAWN);
    SdqnRng rng;
    sdqn_rng_seed(&rng, 3);
    for (int i = 0; i < ROWS + 13; i++) push(buffer, i);
    int single[ROWS] = {0}, pairs[ROWS * ROWS] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        sdqn_replay_buffer_sample(buffer, &rng, DRAWN, &batch);
        for (int i = 0; i < DRAWN; i++) {
            single[batch.row[i]]++;
            for (int j = 0; j < DRAWN; j++) pairs[batch.row[i] * ROWS + batch.row[j]]++;
        }
    }
    double chi_rows = 0.0, chi_pairs = 0.0;
    const double expected = (double)ROUNDS * DRAWN / ROWS, expected_pair = expected * (DRAWN - 1) / (ROWS - 1);
    for (int i = 0; i < ROWS; i++) {
        chi_rows += (single[i] - expected) * (single[i] - expected) / expected;
        for (int j = 0; j < i; j++)
            chi_pairs += (pairs[i * ROWS + j] - expected_pair) * (pairs[i * ROWS + j] - expected_pair) / expected_pair;
    }
    // Under uniformity chi_rows is near 49 * (1 - 8/50), chi_pairs near 1225; bounds far out in the tails (the seed is fixed).
    assert_true(chi_rows > 10.0 && chi_rows < 90.0);
    assert_true(chi_pairs > 1000.0 && chi_pairs < 1500.0);
    sdqn_batch_destroy(&batch);
    sdqn_replay_buffer_destroy(buffer);
}

static void sample_draws_as_floyd_says(void **state) {
    (void)state;
    enum { ROWS = 12, DRAWN = 5 };
    SdqnReplayBuffer *buffer = make_buffer(ROWS);
    SdqnBatch batch = make_batch(DRAWN);
    SdqnRng rng, same;
    sdqn_rng_seed(&rng, 4);
    same = rng;
    for (int i = 0; i < ROWS; i++) push(buffer, i);
    sdqn_replay_buffer_sample(buffer, &rng, DRAWN, &batch);
    for (int i = 0; i < DRAWN; i++) {
        int expected = (int)sdqn_rng_integers(&same, 0, ROWS - DRAWN + i + 1);
        for (int k = 0; k < i; k++) {
            if (batch.row[k] == expected) {
                expected = ROWS - DRAWN + i;
                break;
            }
        }
        assert_int_equal(batch.row[i], expected);
    }
    assert_memory_equal(&rng, &same, sizeof rng);
    sdqn_batch_destroy(&batch);
    sdqn_replay_buffer_destroy(buffer);
}

// Saved states

typedef struct Saved {
    uint8_t *bytes;
    size_t size;
} Saved;

static Saved save(const SdqnReplayBuffer *buffer) {
    Saved saved = {.size = sdqn_replay_buffer_state_size(buffer)};
    saved.bytes = malloc(saved.size);
    assert_non_null(saved.bytes);
    sdqn_replay_buffer_save_state(buffer, saved.bytes);
    return saved;
}

static void saved_state_goes_on_alike(void **state) {
    (void)state;
    for (int pushed = 0; pushed <= 25; pushed++) {
        SdqnReplayBuffer *buffer = make_buffer(10), *copy = make_buffer(10);
        for (int i = 0; i < pushed; i++) push(buffer, i);
        Saved saved = save(buffer);
        SdqnError error = {0};
        push(copy, 99); // what it held before is forgotten
        if (sdqn_replay_buffer_load_state(copy, &bounds, saved.bytes, saved.size, &error) != SDQN_OK) fail_msg("%s", error.message);
        for (int i = pushed; i < pushed + 4; i++) {
            push(buffer, i);
            push(copy, i);
        }
        Saved later = save(buffer), later_copy = save(copy);
        assert_int_equal(later.size, later_copy.size);
        assert_memory_equal(later.bytes, later_copy.bytes, later.size);
        free(saved.bytes);
        free(later.bytes);
        free(later_copy.bytes);
        sdqn_replay_buffer_destroy(buffer);
        sdqn_replay_buffer_destroy(copy);
    }
}

/// A state must be refused and leave the buffer as it was.
static void check_refused(SdqnReplayBuffer *buffer, const uint8_t *bytes, size_t size, const char *message) {
    SdqnError error = {0};
    Saved before = save(buffer);
    assert_int_equal(sdqn_replay_buffer_load_state(buffer, &bounds, bytes, size, &error), SDQN_ERR_FORMAT);
    if (!strstr(error.message, message)) fail_msg("expected \"...%s...\", found \"%s\"", message, error.message);
    Saved after = save(buffer);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.bytes, after.bytes, before.size);
    free(before.bytes);
    free(after.bytes);
}

static void damaged_states_are_refused(void **state) {
    (void)state;
    SdqnReplayBuffer *buffer = make_buffer(10), *smaller = make_buffer(9);
    for (int i = 0; i < 6; i++) push(buffer, i);
    Saved saved = save(buffer);
    for (size_t size = 0; size < saved.size; size++) check_refused(buffer, saved.bytes, size, "saved replay buffer");
    uint8_t *longer = calloc(saved.size + 1, 1);
    memcpy(longer, saved.bytes, saved.size);
    check_refused(buffer, longer, saved.size + 1, "expected");
    check_refused(smaller, saved.bytes, saved.size, "capacity 10");
    // The header is four int32: capacity, observation size, rows, next row.
    static const struct {
        int field, value;
        const char *message;
    } lies[] = {
        {1, 4, "observation size 4"}, {2, -1, "-1 rows"},    {2, 11, "11 rows"},  {2, 5, "5 rows"},
        {3, -1, "next at -1"},        {3, 10, "next at 10"}, {3, 5, "next at 5"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        memcpy(longer, saved.bytes, saved.size);
        memcpy(longer + 4 * lies[i].field, &lies[i].value, 4);
        check_refused(buffer, longer, saved.size, lies[i].message);
    }
    // A row ends with action, task, terminated and extra steps.
    for (size_t i = 1; i <= 4; i++) {
        memcpy(longer, saved.bytes, saved.size);
        longer[saved.size - i] = 200;
        check_refused(buffer, longer, saved.size, "row 5");
    }
    free(longer);
    free(saved.bytes);
    sdqn_replay_buffer_destroy(buffer);
    sdqn_replay_buffer_destroy(smaller);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_keeps_the_newest),      cmocka_unit_test(reward_is_rounded_to_float),
        cmocka_unit_test(batches_hold_no_row_twice),  cmocka_unit_test(rows_are_drawn_uniformly),
        cmocka_unit_test(sample_draws_as_floyd_says), cmocka_unit_test(saved_state_goes_on_alike),
        cmocka_unit_test(damaged_states_are_refused),
    };
    return cmocka_run_group_tests_name("replay_buffer", tests, NULL, NULL);
}
