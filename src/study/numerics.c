#include "study/numerics.h"

#include "core/cpu.h"
#include "methods/method.h"
#include "run/config.h"
#include "run/player.h"
#include "run/task_set.h"

#include <assert.h>
#include <stdlib.h>

static const char *const METHODS[] = {"shared", "cagrad", "brc-small", "varshare"};

enum { EPISODES = 6, SEED = 20261125 };

/// Settings of a run that reaches updates within a few episodes.
static void make_config(const SdqnMethod *method, SdqnConfig *config) {
    sdqn_config_default(config);
    SdqnMethodDef def = {0};
    method->def_default(&def);
    def.network.observation_size = config->network.observation_size;
    def.network.num_actions = config->network.num_actions;
    def.network.num_tasks = config->num_tasks;
    def.network.hidden1_size = 48;
    def.network.hidden2_size = 24;
    def.dqn.batch_size = 16;
    def.dqn.min_replay_size = 64;
    def.dqn.replay_capacity = 1000;
    def.dqn.target_period = 2;
    def.dqn.gradient_period = 0;
    config->network = def.network;
    config->dqn = def.dqn;
    config->learning_rate = (SdqnTaskValues){1, {def.dqn.learning_rate}};
    config->epsilon_decay = (SdqnTaskValues){1, {0.5}};
    config->min_replay_size = (SdqnTaskValues){1, {def.dqn.min_replay_size}};
    config->target_period = (SdqnTaskValues){1, {def.dqn.target_period}};
    config->seed = SEED;
}

static SdqnStatus play(const SdqnMethod *method, void *self, const SdqnConfig *config, SdqnError *error) {
    SdqnTaskSet tasks;
    SdqnPlayer *player = NULL;
    uint64_t steps = 0, updates = 0;
    sdqn_task_set_from_config(config, &tasks);
    const SdqnPlayerDef def = {.method = method, .self = self, .tasks = &tasks, .seed = SEED, .environments = 1};
    SdqnStatus status = sdqn_player_create(&def, &player, error);
    for (int e = 0; e < EPISODES && status == SDQN_OK; e++) {
        SdqnEpisodeMetrics metrics;
        bool ended;
        status = sdqn_player_play(player, &steps, &updates, &ended, &metrics, error);
    }
    sdqn_player_destroy(player);
    return status;
}

static SdqnStatus add_weights(const SdqnMethod *method, const void *self, SdqnSha256 *hash, SdqnError *error) {
    const int count = method->tensors(self, NULL, 0);
    SdqnTensor *tensors = calloc((size_t)count, sizeof *tensors);
    if (!tensors) return sdqn_error_set(error, SDQN_ERR_MEMORY, "numerics: out of memory for %d tensors", count);
    method->tensors(self, tensors, count);
    for (int i = 0; i < count; i++) sdqn_sha256_add(hash, tensors[i].data, sdqn_tensor_count(&tensors[i]) * sizeof(float));
    free(tensors);
    return SDQN_OK;
}

static SdqnStatus add_method(const char *name, const SdqnKernels *kernels, SdqnSha256 *hash, SdqnError *error) {
    SdqnConfig *config = malloc(sizeof *config);
    SdqnMethodDef *def = malloc(sizeof *def);
    const SdqnMethod *method = sdqn_method_find(name);
    void *self = NULL;
    assert(method != NULL);
    if (!config || !def) {
        free(config);
        free(def);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "numerics: out of memory");
    }
    make_config(method, config);
    sdqn_config_method_def(config, kernels, def);
    SdqnStatus status = method->create(def, &self, error);
    if (status == SDQN_OK) status = play(method, self, config, error);
    if (status == SDQN_OK) status = add_weights(method, self, hash, error);
    method->destroy(self);
    free(config);
    free(def);
    return status;
}

SdqnStatus sdqn_numerics_fingerprint(const SdqnKernels *kernels, char sha256[SDQN_SHA256_HEX_SIZE], SdqnError *error) {
    SdqnSha256 hash;
    SdqnStatus status = SDQN_OK;
    const SdqnCpuMode mode = sdqn_cpu_mode_set_default();
    sdqn_sha256_begin(&hash);
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS && status == SDQN_OK; i++)
        status = add_method(METHODS[i], kernels, &hash, error);
    sdqn_cpu_mode_restore(mode);
    if (status == SDQN_OK) sdqn_sha256_end_hex(&hash, sha256);
    return status;
}
