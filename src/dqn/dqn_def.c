#include "dqn/dqn_def.h"

#include "dqn/n_step.h"
#include "nn/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MAX_REPLAY_CAPACITY 10000000

/// A field and the range it may have alone.
typedef struct Field {
    const char *name;
    size_t offset;
    enum { REAL = 0, INTEGER, TRUTH } type; ///< double; int or an enum; bool
    double low, high;
    bool low_excluded;
} Field;

#define FIELD(field, kind) .name = #field, .offset = offsetof(SdqnDqnDef, field), .type = (kind)

static const Field FIELDS[] = {
    {FIELD(learning_rate, REAL), .high = 1, .low_excluded = true},
    {FIELD(gamma, REAL), .high = 1},
    {FIELD(epsilon_decay, REAL), .high = 1, .low_excluded = true},
    {FIELD(epsilon_start, REAL), .high = 1},
    {FIELD(epsilon_floor, REAL), .high = 1},
    {FIELD(batch_size, INTEGER), .low = 1, .high = 4096},
    {FIELD(replay_capacity, INTEGER), .low = 1, .high = MAX_REPLAY_CAPACITY},
    {FIELD(min_replay_size, INTEGER), .low = 0, .high = MAX_REPLAY_CAPACITY - 1},
    {FIELD(target_period, INTEGER), .low = 1, .high = 1000000},
    {FIELD(weight_decay, REAL), .high = 1},
    {FIELD(double_dqn, TRUTH), .high = 1},
    {FIELD(loss, INTEGER), .high = SDQN_LOSS_CATEGORICAL},
    {FIELD(huber_delta, REAL), .high = 1e6, .low_excluded = true},
    {FIELD(projection, INTEGER), .high = SDQN_PROJECTION_ORIGINAL},
    {FIELD(target_tau, REAL), .high = 1},
    {FIELD(clip_norm, REAL), .high = 1e9},
    {FIELD(update_period, INTEGER), .low = 1, .high = 1000000},
    {FIELD(kl_weight, REAL), .high = 1e3},
    {FIELD(kl_anneal, INTEGER), .high = 1000000000},
    {FIELD(prioritised, TRUTH), .high = 1},
    {FIELD(priority_alpha, REAL), .high = 1},
    {FIELD(priority_beta, REAL), .high = 1},
    {FIELD(priority_beta_updates, INTEGER), .low = 1, .high = 1000000000},
    {FIELD(reward_normalisation, TRUTH), .high = 1},
    {FIELD(environments, INTEGER), .low = 1, .high = SDQN_MAX_ENVIRONMENTS},
    {FIELD(gradient_period, INTEGER), .high = 1000000000},
    {FIELD(frozen_tasks, INTEGER), .high = SDQN_MAX_TASKS - 1},
    {FIELD(n_step, INTEGER), .low = 1, .high = SDQN_MAX_N_STEP},
};
_Static_assert(sizeof(SdqnLossKind) == sizeof(int) && sizeof(SdqnProjection) == sizeof(int), "enums are read as int");
_Static_assert(sizeof FIELDS / sizeof *FIELDS == SDQN_DQN_DEF_VALUES, "every field has a row");

SdqnDqnDef sdqn_dqn_def_default(void) {
    return (SdqnDqnDef){
        .learning_rate = 5e-4,
        .gamma = 0.99,
        .epsilon_decay = 0.995,
        .epsilon_start = 1.0,
        .epsilon_floor = 0.01,
        .batch_size = 64,
        .replay_capacity = 100000,
        .min_replay_size = 2000,
        .target_period = 10,
        .loss = SDQN_LOSS_MSE,
        .huber_delta = 1.0,
        .projection = SDQN_PROJECTION_CORRECT,
        .update_period = 1,
        .kl_weight = 2.5e-4,
        .priority_alpha = 0.6,
        .priority_beta = 0.4,
        .priority_beta_updates = 500000,
        .environments = 1,
        .gradient_period = 1000,
        .n_step = 1,
    };
}

static double value_of(const SdqnDqnDef *def, const Field *field) {
    const char *place = (const char *)def + field->offset;
    double real;
    int integer;
    bool truth;
    switch (field->type) {
    case INTEGER:
        memcpy(&integer, place, sizeof integer);
        return integer;
    case TRUTH:
        memcpy(&truth, place, sizeof truth);
        return truth;
    default:
        memcpy(&real, place, sizeof real);
        return real;
    }
}

static SdqnStatus check_range(const char *name, int value, int low, int high, SdqnError *error) {
    if (value >= low && value <= high) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %d: must be in [%d, %d]", name, value, low, high);
}

SdqnStatus sdqn_dqn_def_check(const SdqnDqnDef *def, SdqnError *error) {
    for (size_t i = 0; i < SDQN_DQN_DEF_VALUES; i++) {
        const Field *field = &FIELDS[i];
        const double value = value_of(def, field);
        if (value >= field->low && value <= field->high && !(field->low_excluded && value == field->low)) continue;
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%s = %.10g: must be in %c%.10g, %.10g]", field->name, value,
                              field->low_excluded ? '(' : '[', field->low, field->high);
    }
    const SdqnStatus status = check_range("replay_capacity", def->replay_capacity, def->batch_size, MAX_REPLAY_CAPACITY, error);
    return status == SDQN_OK ? check_range("min_replay_size", def->min_replay_size, def->batch_size - 1, def->replay_capacity - 1, error)
                             : status;
}

void sdqn_dqn_def_values(const SdqnDqnDef *def, double values[SDQN_DQN_DEF_VALUES]) {
    for (size_t i = 0; i < SDQN_DQN_DEF_VALUES; i++) values[i] = value_of(def, &FIELDS[i]);
}
