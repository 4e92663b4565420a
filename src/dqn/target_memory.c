#include "dqn/target_memory.h"

#include "nn/aligned.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

SdqnStatus sdqn_target_memory_create(SdqnTargetMemory *memory, int capacity, SdqnError *error) {
    assert(capacity >= 1);
    memory->capacity = capacity;
    memory->version = 1;
    memory->rows = sdqn_aligned_zeroed((size_t)capacity, sizeof *memory->rows);
    if (!memory->rows) return sdqn_error_set(error, SDQN_ERR_MEMORY, "TD targets: out of memory for %d transitions", capacity);
    return SDQN_OK;
}

void sdqn_target_memory_destroy(SdqnTargetMemory *memory) {
    free(memory->rows);
    memory->rows = NULL;
}

void sdqn_target_memory_forget_all(SdqnTargetMemory *memory) {
    memory->version++;
    if (memory->version != 0) return;
    // The counter has come round: rows of the first versions must not pass for new ones.
    memset(memory->rows, 0, (size_t)memory->capacity * sizeof *memory->rows);
    memory->version = 1;
}
