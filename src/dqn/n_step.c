#include "dqn/n_step.h"

#include "dqn/bytes.h"
#include "nn/aligned.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/// A step that waits for those that follow it; its observation lies in `observations` under the same index.
typedef struct Step {
    double reward;
    int32_t action, zero; // without padding
} Step;

/// A ring of n steps.
typedef struct Window {
    int first, count; ///< the oldest one; how many wait
} Window;

struct SdqnNStep {
    int n, environments, observation_size;
    double gamma;
    Window *windows;          ///< [environments]
    Step *steps;              ///< [environments, n]
    float *observations;      ///< [environments, n, observation_size]
    SdqnTransition *complete; ///< [n]
};

SdqnStatus sdqn_n_step_create(int n, double gamma, int environments, int observation_size, SdqnNStep **n_step, SdqnError *error) {
    assert(n >= 1 && n <= SDQN_MAX_N_STEP && environments >= 1 && observation_size >= 1);
    SdqnNStep *made = calloc(1, sizeof *made);
    if (made) {
        const size_t steps = (size_t)environments * (size_t)n;
        *made = (SdqnNStep){.n = n, .environments = environments, .observation_size = observation_size, .gamma = gamma};
        made->windows = sdqn_aligned_zeroed((size_t)environments, sizeof *made->windows);
        made->steps = sdqn_aligned_zeroed(steps, sizeof *made->steps);
        made->observations = sdqn_aligned_floats(steps * (size_t)observation_size);
        made->complete = sdqn_aligned_zeroed((size_t)n, sizeof *made->complete);
    }
    if (!made || !made->windows || !made->steps || !made->observations || !made->complete) {
        sdqn_n_step_destroy(made);
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "n-step returns: out of memory for %d windows of %d steps", environments, n);
    }
    *n_step = made;
    return SDQN_OK;
}

void sdqn_n_step_destroy(SdqnNStep *n_step) {
    if (!n_step) return;
    free(n_step->windows);
    free(n_step->steps);
    free(n_step->observations);
    free(n_step->complete);
    free(n_step);
}

void sdqn_n_step_discounts(double gamma, int n, float *discounts) {
    double power = 1.0;
    for (int k = 1; k <= n; k++) {
        power *= gamma;
        discounts[k - 1] = (float)power;
    }
}

/// Index of the i-th step of a window, the oldest being 0.
static size_t index_of(const SdqnNStep *n_step, int environment, int i) {
    return (size_t)environment * (size_t)n_step->n + (size_t)((n_step->windows[environment].first + i) % n_step->n);
}

static float *observation_at(const SdqnNStep *n_step, size_t index) {
    return n_step->observations + index * (size_t)n_step->observation_size;
}

static size_t observation_bytes(const SdqnNStep *n_step) { return (size_t)n_step->observation_size * sizeof(float); }

static void append(SdqnNStep *n_step, int environment, const SdqnTransition *step) {
    const size_t index = index_of(n_step, environment, n_step->windows[environment].count++);
    n_step->steps[index] = (Step){.reward = step->reward, .action = step->action};
    memcpy(observation_at(n_step, index), step->observation, observation_bytes(n_step));
}

int sdqn_n_step_push(SdqnNStep *n_step, const SdqnTransition *step, const SdqnTransition **complete) {
    assert(step->environment >= 0 && step->environment < n_step->environments);
    Window *window = &n_step->windows[step->environment];
    append(n_step, step->environment, step);
    const bool ends = step->terminated || step->truncated;
    const int count = window->count, done = ends ? count : count == n_step->n ? 1 : 0;
    double sum = 0.0; // of the rewards from i on
    for (int i = count - 1; i >= 0 && done > 0; i--) {
        const size_t index = index_of(n_step, step->environment, i);
        sum = i == count - 1 ? n_step->steps[index].reward : n_step->steps[index].reward + n_step->gamma * sum;
        if (i >= done) continue;
        n_step->complete[i] = *step;
        n_step->complete[i].observation = observation_at(n_step, index);
        n_step->complete[i].reward = sum;
        n_step->complete[i].action = n_step->steps[index].action;
        n_step->complete[i].extra_steps = count - 1 - i;
    }
    window->first = (window->first + done) % n_step->n;
    window->count -= done;
    *complete = n_step->complete;
    return done;
}

// ---- state: for each window how many steps wait as int32_t, then each of them, the oldest first, and its observation --------------

size_t sdqn_n_step_state_size(const SdqnNStep *n_step) {
    size_t size = 0;
    for (int e = 0; e < n_step->environments; e++) {
        size += sizeof(int32_t) + (size_t)n_step->windows[e].count * (sizeof(Step) + observation_bytes(n_step));
    }
    return size;
}

void sdqn_n_step_save_state(const SdqnNStep *n_step, uint8_t *bytes) {
    for (int e = 0; e < n_step->environments; e++) {
        const int32_t count = n_step->windows[e].count;
        sdqn_bytes_put(&bytes, &count, sizeof count);
        for (int i = 0; i < count; i++) {
            const size_t index = index_of(n_step, e, i);
            sdqn_bytes_put(&bytes, &n_step->steps[index], sizeof(Step));
            sdqn_bytes_put(&bytes, observation_at(n_step, index), observation_bytes(n_step));
        }
    }
}

SdqnStatus sdqn_n_step_check_state(const SdqnNStep *n_step, int num_actions, const uint8_t *bytes, size_t size, SdqnError *error) {
    const size_t step_bytes = sizeof(Step) + observation_bytes(n_step);
    for (int e = 0; e < n_step->environments; e++) {
        int32_t count;
        if (size < sizeof count) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved n-step returns: too short for window %d", e);
        sdqn_bytes_take(&bytes, &count, sizeof count);
        size -= sizeof count;
        if (count < 0 || count >= n_step->n || size < (size_t)count * step_bytes) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved n-step returns: window %d with %d steps does not fit", e, (int)count);
        }
        for (int i = 0; i < count; i++) {
            Step step;
            memcpy(&step, bytes, sizeof step);
            if (!isfinite(step.reward) || step.action < 0 || step.action >= num_actions || step.zero != 0) {
                return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved n-step returns: step %d of window %d has action %d and reward %g", i,
                                      e, (int)step.action, step.reward);
            }
            bytes += step_bytes;
            size -= step_bytes;
        }
    }
    if (size > 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved n-step returns: %zu bytes too many", size);
    return SDQN_OK;
}

SdqnStatus sdqn_n_step_load_state(SdqnNStep *n_step, int num_actions, const uint8_t *bytes, size_t size, SdqnError *error) {
    const SdqnStatus status = sdqn_n_step_check_state(n_step, num_actions, bytes, size, error);
    if (status != SDQN_OK) return status;
    for (int e = 0; e < n_step->environments; e++) {
        int32_t count;
        sdqn_bytes_take(&bytes, &count, sizeof count);
        n_step->windows[e] = (Window){.first = 0, .count = count};
        for (int i = 0; i < count; i++) {
            const size_t index = index_of(n_step, e, i);
            sdqn_bytes_take(&bytes, &n_step->steps[index], sizeof(Step));
            sdqn_bytes_take(&bytes, observation_at(n_step, index), observation_bytes(n_step));
        }
    }
    return SDQN_OK;
}
