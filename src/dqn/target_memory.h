// target_memory.h: TD targets remembered from one target copy to the next.
//
// The target network changes only every so many episodes, and a stored transition is drawn several times in between: its TD target, which
// depends on the transition and the target network alone, is computed once. What is remembered is derived, hence in no saved state.
#ifndef SDQN_DQN_TARGET_MEMORY_H
#define SDQN_DQN_TARGET_MEMORY_H

#include "core/error.h"

#include <stdbool.h>
#include <stdint.h>

/// A TD target for each row of a replay buffer, or none. Plain data; not thread-safe.
typedef struct SdqnTargetMemory {
    struct SdqnRememberedTarget {
        float y;
        uint32_t version; ///< of the target network that gave y; 0: none
    } * rows;             ///< [capacity], owned
    int capacity;
    uint32_t version; ///< of the present target network, >= 1
} SdqnTargetMemory;

/// Make a memory that remembers nothing. @param capacity  rows, >= 1 @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_target_memory_create(SdqnTargetMemory *memory, int capacity, SdqnError *error);
/// An all-zero struct is allowed.
void sdqn_target_memory_destroy(SdqnTargetMemory *memory);

/// The target network has changed: forget all.
void sdqn_target_memory_forget_all(SdqnTargetMemory *memory);
/// Another transition lies in this row: forget its target. @param row in [0, capacity), as below
static inline void sdqn_target_memory_forget(SdqnTargetMemory *memory, int row) { memory->rows[row].version = 0; }
static inline bool sdqn_target_memory_knows(const SdqnTargetMemory *memory, int row) {
    return memory->rows[row].version == memory->version;
}
static inline void sdqn_target_memory_put(SdqnTargetMemory *memory, int row, float y) {
    memory->rows[row] = (struct SdqnRememberedTarget){y, memory->version};
}
/// The target of a row that is known.
static inline float sdqn_target_memory_get(const SdqnTargetMemory *memory, int row) { return memory->rows[row].y; }

#endif
