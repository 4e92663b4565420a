// verify.h: checks of this installation on this machine, without any file: what `sharedqn verify` runs.
#ifndef SDQN_VERIFY_VERIFY_H
#define SDQN_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#define SDQN_VERIFY_DETAIL_SIZE 200

/// One check.
typedef struct SdqnCheck {
    const char *name; ///< one line: what holds if it passes
    /// Run it. @param detail [SDQN_VERIFY_DETAIL_SIZE] receives what was found, at least if it fails @return whether it passes
    bool (*run)(char *detail);
} SdqnCheck;

/// All checks, in their order. Together they take a few seconds. @param count  receives how many
const SdqnCheck *sdqn_checks(int *count);

// One a file: environment.c, network.c, learning.c.
bool sdqn_check_recorded_episodes(char *detail);
bool sdqn_check_batch_equals_single(char *detail);
bool sdqn_check_parameter_counts(char *detail);
bool sdqn_check_output_shapes(char *detail);
bool sdqn_check_task_conditioning(char *detail);
bool sdqn_check_gradients(char *detail);
bool sdqn_check_kernels(char *detail);
bool sdqn_check_replay_mixing(char *detail);
bool sdqn_check_determinism(char *detail);
bool sdqn_check_checkpoint(char *detail);
bool sdqn_check_numerics(char *detail);

#endif
