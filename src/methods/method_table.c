#include "methods/method_table.h"

#include <assert.h>
#include <string.h>

static const SdqnMethod *const methods[] = {
    &sdqn_method_shared,
    &sdqn_method_shared_wide,
    &sdqn_method_independent,
    &sdqn_method_independent_500,
    &sdqn_method_independent_equal,
    &sdqn_method_mean,
    &sdqn_method_sum,
    &sdqn_method_pcgrad,
    &sdqn_method_cagrad,
    &sdqn_method_mgda,
    &sdqn_method_imtl_g,
    &sdqn_method_nash_mtl,
    &sdqn_method_aligned_mtl,
    &sdqn_method_gradvac,
    &sdqn_method_upgrad,
    &sdqn_method_gradnorm,
    &sdqn_method_famo,
    &sdqn_method_brc,
    &sdqn_method_brc_small,
    &sdqn_method_brc_published,
    &sdqn_method_varshare,
    &sdqn_method_varshare_deterministic,
};
enum { NUM_METHODS = sizeof methods / sizeof methods[0] };

const SdqnMethod *const *sdqn_methods(int *count) {
    *count = NUM_METHODS;
    return methods;
}

const SdqnMethod *sdqn_method_find(const char *name) {
    for (int i = 0; i < NUM_METHODS; i++) {
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    }
    return NULL;
}

void sdqn_method_def_set_tasks(const SdqnMethod *method, const char *const *names, int count, SdqnMethodDef *def) {
    assert(count >= 1 && count <= SDQN_MAX_TASKS);
    def->network.num_tasks = count;
    for (int t = 0; t < count; t++) {
        def->tasks[t] = (SdqnMethodTask){.name = names[t], .dqn = def->dqn, .weight = 1.0, .reward_scale = 1.0};
        if (method->task_default) method->task_default(names[t], &def->tasks[t].dqn);
    }
}

SdqnRng sdqn_method_stream(uint64_t seed, SdqnStream purpose) {
    SdqnRng rng;
    sdqn_rng_seed_spawned(&rng, seed, (const uint32_t[]){(uint32_t)purpose}, 1);
    return rng;
}

SdqnRng sdqn_method_task_stream(uint64_t seed, SdqnStream purpose, int task) {
    SdqnRng rng;
    sdqn_rng_seed_spawned(&rng, seed, (const uint32_t[]){(uint32_t)purpose, (uint32_t)task}, 2);
    return rng;
}
