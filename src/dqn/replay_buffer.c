#include "dqn/replay_buffer.h"

#include "dqn/bytes.h"
#include "nn/aligned.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/// What a row holds behind its observations.
typedef struct RowTail {
    float reward;
    uint8_t action, task, terminated, extra_steps;
} RowTail;

/// A row is s, s', RowTail, without gaps: 72 bytes for LunarLander, so that no row touches more than two cache lines.
struct SdqnReplayBuffer {
    int capacity, observation_size;
    int size; ///< rows stored
    int next; ///< row that the next push writes
    size_t observation_bytes, row_bytes;
    uint8_t *rows;
};

/// The saved state begins with this; the stored rows follow.
typedef struct StateHeader {
    int32_t capacity, observation_size, size, next;
} StateHeader;

SdqnStatus sdqn_batch_create(SdqnBatch *batch, int max_rows, int observation_size, SdqnError *error) {
    assert(max_rows >= 1 && observation_size >= 1);
    const size_t rows = (size_t)max_rows, values = rows * (size_t)observation_size;
    SdqnBatch made = {
        .max_rows = max_rows,
        .observation = sdqn_aligned_floats(values),
        .next_observation = sdqn_aligned_floats(values),
        .reward = sdqn_aligned_floats(rows),
        .task = sdqn_aligned_zeroed(rows, sizeof(int32_t)),
        .action = sdqn_aligned_zeroed(rows, 1),
        .terminated = sdqn_aligned_zeroed(rows, 1),
        .extra_steps = sdqn_aligned_zeroed(rows, 1),
        .row = sdqn_aligned_zeroed(rows, sizeof(int32_t)),
    };
    if (!made.observation || !made.next_observation || !made.reward || !made.task || !made.action || !made.terminated ||
        !made.extra_steps || !made.row) {
        sdqn_batch_destroy(&made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "batch: out of memory for %d rows", max_rows);
    }
    *batch = made;
    return SDQN_OK;
}

void sdqn_batch_destroy(SdqnBatch *batch) {
    free(batch->observation);
    free(batch->next_observation);
    free(batch->reward);
    free(batch->task);
    free(batch->action);
    free(batch->terminated);
    free(batch->extra_steps);
    free(batch->row);
    *batch = (SdqnBatch){0};
}

SdqnStatus sdqn_replay_buffer_create(int capacity, int observation_size, SdqnReplayBuffer **buffer, SdqnError *error) {
    assert(capacity >= 1 && observation_size >= 1);
    SdqnReplayBuffer *made = calloc(1, sizeof *made);
    if (made) {
        made->capacity = capacity;
        made->observation_size = observation_size;
        made->observation_bytes = (size_t)observation_size * sizeof(float);
        made->row_bytes = 2 * made->observation_bytes + sizeof(RowTail);
        made->rows = sdqn_aligned_zeroed((size_t)capacity, made->row_bytes);
    }
    if (!made || !made->rows) {
        sdqn_replay_buffer_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "replay buffer: out of memory for %d transitions", capacity);
    }
    *buffer = made;
    return SDQN_OK;
}

void sdqn_replay_buffer_destroy(SdqnReplayBuffer *buffer) {
    if (!buffer) return;
    free(buffer->rows);
    free(buffer);
}

int sdqn_replay_buffer_size(const SdqnReplayBuffer *buffer) { return buffer->size; }

int sdqn_replay_buffer_push(SdqnReplayBuffer *buffer, const SdqnTransition *transition) {
    assert(transition->action >= 0 && transition->action <= UINT8_MAX && transition->task >= 0 && transition->task <= UINT8_MAX);
    assert(transition->extra_steps >= 0 && transition->extra_steps <= UINT8_MAX);
    const RowTail tail = {
        .reward = (float)transition->reward,
        .action = (uint8_t)transition->action,
        .task = (uint8_t)transition->task,
        .terminated = transition->terminated,
        .extra_steps = (uint8_t)transition->extra_steps,
    };
    uint8_t *cursor = buffer->rows + (size_t)buffer->next * buffer->row_bytes;
    sdqn_bytes_put(&cursor, transition->observation, buffer->observation_bytes);
    sdqn_bytes_put(&cursor, transition->next_observation, buffer->observation_bytes);
    sdqn_bytes_put(&cursor, &tail, sizeof tail);
    const int row = buffer->next;
    buffer->next = row + 1 == buffer->capacity ? 0 : row + 1;
    if (buffer->size < buffer->capacity) buffer->size++;
    return row;
}

static bool contains(const int32_t *rows, int n, int32_t row) {
    bool found = false;
    for (int i = 0; i < n; i++) found |= rows[i] == row;
    return found;
}

void sdqn_replay_buffer_sample(const SdqnReplayBuffer *buffer, SdqnRng *rng, int n, SdqnBatch *batch) {
    assert(n >= 1 && n <= buffer->size && n <= batch->max_rows);
    for (int i = 0; i < n; i++) {
        const int32_t last = (int32_t)(buffer->size - n + i);
        const int32_t drawn = (int32_t)sdqn_rng_integers(rng, 0, (int64_t)last + 1);
        batch->row[i] = contains(batch->row, i, drawn) ? last : drawn;
    }
    sdqn_replay_buffer_gather(buffer, n, batch);
}

void sdqn_replay_buffer_gather(const SdqnReplayBuffer *buffer, int n, SdqnBatch *batch) {
    for (int i = 0; i < n; i++) {
        assert(batch->row[i] >= 0 && batch->row[i] < buffer->size);
        const uint8_t *row = buffer->rows + (size_t)batch->row[i] * buffer->row_bytes;
        __builtin_prefetch(row);
        __builtin_prefetch(row + buffer->row_bytes - 1);
    }
    const size_t observation_size = (size_t)buffer->observation_size;
    for (int i = 0; i < n; i++) {
        const uint8_t *cursor = buffer->rows + (size_t)batch->row[i] * buffer->row_bytes;
        RowTail tail;
        sdqn_bytes_take(&cursor, batch->observation + (size_t)i * observation_size, buffer->observation_bytes);
        sdqn_bytes_take(&cursor, batch->next_observation + (size_t)i * observation_size, buffer->observation_bytes);
        sdqn_bytes_take(&cursor, &tail, sizeof tail);
        batch->reward[i] = tail.reward;
        batch->action[i] = tail.action;
        batch->task[i] = tail.task;
        batch->terminated[i] = tail.terminated;
        batch->extra_steps[i] = tail.extra_steps;
    }
}

size_t sdqn_replay_buffer_state_size_of(const SdqnReplayBuffer *buffer, int rows) {
    return sizeof(StateHeader) + (size_t)rows * buffer->row_bytes;
}

size_t sdqn_replay_buffer_state_size(const SdqnReplayBuffer *buffer) { return sdqn_replay_buffer_state_size_of(buffer, buffer->size); }

void sdqn_replay_buffer_save_state(const SdqnReplayBuffer *buffer, uint8_t *bytes) {
    const StateHeader header = {buffer->capacity, buffer->observation_size, buffer->size, buffer->next};
    sdqn_bytes_put(&bytes, &header, sizeof header);
    sdqn_bytes_put(&bytes, buffer->rows, (size_t)buffer->size * buffer->row_bytes);
}

/// Check a saved state against the buffer it is meant for.
static SdqnStatus check_state(const SdqnReplayBuffer *buffer, const SdqnReplayBounds *bounds, const uint8_t *bytes, size_t size,
                              StateHeader *header, SdqnError *error) {
    const uint8_t *cursor = bytes;
    if (size < sizeof *header) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved replay buffer: %zu bytes, too short", size);
    sdqn_bytes_take(&cursor, header, sizeof *header);
    if (header->capacity != buffer->capacity || header->observation_size != buffer->observation_size) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved replay buffer: capacity %d and observation size %d, expected %d and %d",
                              (int)header->capacity, (int)header->observation_size, buffer->capacity, buffer->observation_size);
    }
    // Until the ring is full it fills from row 0.
    const bool full = header->size == buffer->capacity;
    if (header->size < 0 || header->size > buffer->capacity || header->next < 0 || header->next >= buffer->capacity ||
        (!full && header->next != header->size)) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved replay buffer: %d rows with the next at %d do not fit a capacity of %d",
                              (int)header->size, (int)header->next, buffer->capacity);
    }
    if (size - sizeof *header != (size_t)header->size * buffer->row_bytes) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved replay buffer: %zu bytes, expected %zu for %d rows", size,
                              sizeof *header + (size_t)header->size * buffer->row_bytes, (int)header->size);
    }
    for (int i = 0; i < header->size; i++) {
        RowTail tail;
        memcpy(&tail, cursor + (size_t)i * buffer->row_bytes + 2 * buffer->observation_bytes, sizeof tail);
        if (tail.action >= bounds->num_actions || tail.task >= bounds->num_tasks || tail.terminated > 1 ||
            tail.extra_steps >= bounds->n_step) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved replay buffer: row %d has action %u, task %u, terminated %u, %u steps", i,
                                  tail.action, tail.task, tail.terminated, tail.extra_steps + 1u);
        }
    }
    return SDQN_OK;
}

SdqnStatus sdqn_replay_buffer_check_state(const SdqnReplayBuffer *buffer, const SdqnReplayBounds *bounds, const uint8_t *bytes, size_t size,
                                          SdqnError *error) {
    StateHeader header = {0};
    return check_state(buffer, bounds, bytes, size, &header, error);
}

SdqnStatus sdqn_replay_buffer_load_state(SdqnReplayBuffer *buffer, const SdqnReplayBounds *bounds, const uint8_t *bytes, size_t size,
                                         SdqnError *error) {
    StateHeader header = {0};
    const SdqnStatus status = check_state(buffer, bounds, bytes, size, &header, error);
    if (status != SDQN_OK) return status;
    buffer->size = header.size;
    buffer->next = header.next;
    memcpy(buffer->rows, bytes + sizeof header, size - sizeof header);
    return SDQN_OK;
}
