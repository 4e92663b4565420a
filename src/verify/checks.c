#include "verify/verify.h"

static const SdqnCheck CHECKS[] = {
    {"recorded episodes of Gymnasium are equal bit for bit", sdqn_check_recorded_episodes},
    {"landers stepped together are those stepped alone", sdqn_check_batch_equals_single},
    {"networks have the documented numbers of parameters", sdqn_check_parameter_counts},
    {"a forward pass gives finite values for every action", sdqn_check_output_shapes},
    {"the task changes the Q-values, and blind networks ignore it", sdqn_check_task_conditioning},
    {"gradients equal finite differences", sdqn_check_gradients},
    {"every kernel level of this machine gives the bits of plain C", sdqn_check_kernels},
    {"replay batches mix all tasks, evenly", sdqn_check_replay_mixing},
    {"the same seed gives the same weights, another seed others", sdqn_check_determinism},
    {"a saved learner goes on with the same bits", sdqn_check_checkpoint},
    {"the numerics have the fingerprint of this version", sdqn_check_numerics},
};

const SdqnCheck *sdqn_checks(int *count) {
    *count = (int)(sizeof CHECKS / sizeof *CHECKS);
    return CHECKS;
}
