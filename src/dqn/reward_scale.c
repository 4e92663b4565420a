#include "dqn/reward_scale.h"

#include <math.h>
#include <string.h>

#define SMALLEST_RETURN 1e-3 ///< smaller ones would blow up all rewards after them

void sdqn_reward_scale_take(SdqnRewardScale *scale, double gamma, int environment, int task, double reward, bool last) {
    double *sum = &scale->sum[environment], *power = &scale->power[environment];
    if (*power == 0.0) *power = 1.0;
    *sum += *power * reward;
    // It must not reach 0, which stands for an episode that has not begun.
    *power = *power * gamma > 0x1p-500 ? *power * gamma : 0x1p-500;
    if (!last) return;
    const double size = fabs(*sum) > SMALLEST_RETURN ? fabs(*sum) : SMALLEST_RETURN;
    if (size > scale->largest[task]) scale->largest[task] = size;
    *sum = *power = 0.0;
}

double sdqn_reward_scale_factor(const SdqnRewardScale *scale, int task, double value_max) {
    return scale->largest[task] > 0.0 ? value_max / scale->largest[task] : 1.0;
}

SdqnStatus sdqn_reward_scale_check(const uint8_t *bytes, size_t size, SdqnError *error) {
    SdqnRewardScale scale;
    if (size != sizeof scale)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved reward scale: %zu bytes, expected %zu", size, sizeof scale);
    memcpy(&scale, bytes, sizeof scale);
    bool sound = true;
    for (int i = 0; i < SDQN_MAX_ENVIRONMENTS; i++)
        sound = sound && isfinite(scale.sum[i]) && scale.power[i] >= 0.0 && scale.power[i] <= 1.0;
    for (int t = 0; t < SDQN_MAX_TASKS; t++) sound = sound && scale.largest[t] >= 0.0 && isfinite(scale.largest[t]);
    return sound ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_FORMAT, "saved reward scale: a return is out of range");
}
