// independent.c: Independent DQN: a Q-network, a replay buffer, an optimiser and an exploration schedule of its own for each task.
//
// Nothing is shared, so the order in which the trainer takes the tasks changes no result. Each learner counts the episodes of its own
// task: epsilon shrinks and the target network is copied by them, not by the episodes of the run.

#include "dqn/bytes.h"
#include "methods/method_table.h"
#include "nn/network_file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Independent {
    int num_tasks;
    int last; ///< task of the last transition pushed, the one that update is for; in no saved state: a push precedes every update
    SdqnLearner *learners[SDQN_MAX_TASKS];
    char names[SDQN_MAX_TASKS][SDQN_TENSOR_NAME_SIZE / 2];
} Independent;

// ---- settings -------------------------------------------------------------------------------------------------------------------

static void independent_def_default(SdqnMethodDef *def) {
    def->network = sdqn_q_network_def_default();
    def->network.conditioning = SDQN_CONDITIONING_BLIND; // a network knows but one task
    def->dqn = sdqn_dqn_def_default();
}

// Three networks with about as many parameters together as Shared has.
static void independent_equal_def_default(SdqnMethodDef *def) {
    independent_def_default(def);
    def->network.hidden1_size = 148;
    def->network.hidden2_size = 74;
}

// Every task but the standard one counts as harder and learns more slowly, also those of the user.
static void independent_task_default(const char *task, SdqnDqnDef *dqn) {
    if (strcmp(task, "standard") == 0) {
        dqn->min_replay_size = 1000;
    } else {
        dqn->learning_rate = 2.5e-4;
        dqn->epsilon_decay = 0.992;
        dqn->target_period = 20;
    }
}

// ---- creation -------------------------------------------------------------------------------------------------------------------

static void independent_destroy(void *self) {
    Independent *independent = self;
    if (!independent) return;
    for (int t = 0; t < independent->num_tasks; t++) sdqn_learner_destroy(independent->learners[t]);
    free(independent);
}

static SdqnStatus create_learner(const SdqnMethodDef *def, int task, SdqnLearner **learner, SdqnError *error) {
    SdqnQNetworkDef network = def->network;
    network.num_tasks = 1;
    const SdqnLearnerStreams streams = {
        .weights = sdqn_method_task_stream(def->seed, SDQN_STREAM_WEIGHTS, task),
        .exploration = sdqn_method_task_stream(def->seed, SDQN_STREAM_EXPLORATION, task),
        .replay = sdqn_method_task_stream(def->seed, SDQN_STREAM_REPLAY, task),
        .noise = sdqn_method_task_stream(def->seed, SDQN_STREAM_METHOD, task),
    };
    SdqnError cause = {0};
    const SdqnStatus status = sdqn_learner_create(&network, &def->tasks[task].dqn, def->kernels, NULL, &streams, learner, &cause);
    return status == SDQN_OK ? SDQN_OK : sdqn_error_set(error, status, "task %s: %s", def->tasks[task].name, cause.message);
}

static SdqnStatus independent_create(const SdqnMethodDef *def, void **self, SdqnError *error) {
    if (def->network.conditioning != SDQN_CONDITIONING_BLIND) {
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "conditioning: must be blind: an independent network knows but one task");
    }
    SdqnStatus status = sdqn_q_network_def_check(&def->network, error);
    if (status != SDQN_OK) return status;
    Independent *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "independent: out of memory");
    made->num_tasks = def->network.num_tasks;
    for (int t = 0; t < made->num_tasks && status == SDQN_OK; t++) {
        assert(strlen(def->tasks[t].name) < sizeof made->names[t]);
        snprintf(made->names[t], sizeof made->names[t], "%s", def->tasks[t].name);
        status = create_learner(def, t, &made->learners[t], error);
    }
    if (status != SDQN_OK) {
        independent_destroy(made);
        return status;
    }
    *self = made;
    return SDQN_OK;
}

/// The networks of the tasks that the file names.
static SdqnStatus independent_init_from(void *self, const char *where, const SdqnTensor *tensors, int count, int *known, SdqnError *error) {
    Independent *independent = self;
    int found = 0, taken = 0;
    for (int t = 0; t < independent->num_tasks; t++) {
        SdqnTensor own[SDQN_Q_NETWORK_MAX_TENSORS + 1];
        const int num_own = sdqn_q_network_tensors_of_task(tensors, count, independent->names[t], own);
        if (num_own == 0) continue;
        char network[SDQN_ERROR_SIZE];
        int one;
        snprintf(network, sizeof network, "%.700s: network %s", where, independent->names[t]);
        const SdqnStatus status = sdqn_learner_init_from(independent->learners[t], network, own, num_own, &one, error);
        if (status != SDQN_OK) return status;
        found++;
        taken += num_own;
    }
    if (taken != count) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: holds tensors of no task of this run", where);
    *known = found;
    return SDQN_OK;
}

static size_t independent_parameter_count(const void *self) {
    const Independent *independent = self;
    size_t count = 0;
    for (int t = 0; t < independent->num_tasks; t++) {
        count += sdqn_q_network_parameter_count(sdqn_learner_network(independent->learners[t]));
    }
    return count;
}

// ---- acting and learning --------------------------------------------------------------------------------------------------------

#define ROWS_TOGETHER 64 ///< Q-values of one network at a time

static void independent_q_values(void *self, const float *observation, const int32_t *task, int n, float *q) {
    Independent *independent = self;
    static const int32_t only[ROWS_TOGETHER] = {0};         // to each learner its task is the first
    for (int first = 0, count; first < n; first += count) { // rows of one task in a row
        SdqnLearner *learner = independent->learners[task[first]];
        const SdqnQNetworkDef *def = sdqn_q_network_def(sdqn_learner_network(learner));
        for (count = 1; count < ROWS_TOGETHER && first + count < n && task[first + count] == task[first];) count++;
        sdqn_learner_q_values(learner, observation + (size_t)first * (size_t)def->observation_size, only, count,
                              q + (size_t)first * (size_t)def->num_actions);
    }
}

static int independent_act(void *self, const float *observation, int task) {
    Independent *independent = self;
    return sdqn_learner_act(independent->learners[task], observation, 0);
}

static void independent_push(void *self, const SdqnTransition *transition) {
    Independent *independent = self;
    SdqnTransition own = *transition;
    own.task = 0; // the learner knows but this one
    independent->last = transition->task;
    sdqn_learner_push(independent->learners[transition->task], &own);
}

static SdqnStatus independent_update(void *self, SdqnUpdate *update, SdqnError *error) {
    Independent *independent = self;
    SdqnError cause = {0};
    const SdqnStatus status = sdqn_learner_update(independent->learners[independent->last], update, &cause);
    return status == SDQN_OK ? SDQN_OK : sdqn_error_set(error, status, "task %s: %s", independent->names[independent->last], cause.message);
}

static void independent_end_episode(void *self, int task) {
    Independent *independent = self;
    sdqn_learner_end_episode(independent->learners[task]);
}

static double independent_epsilon(const void *self, int task) {
    const Independent *independent = self;
    return sdqn_learner_epsilon(independent->learners[task]);
}

// ---- weights and state ----------------------------------------------------------------------------------------------------------

/// TASK.fc1.weight and so on, tasks in their order.
static int independent_tensors(const void *self, SdqnTensor *tensors, int capacity) {
    const Independent *independent = self;
    int count = 0;
    for (int t = 0; t < independent->num_tasks; t++) {
        SdqnTensor own[SDQN_Q_NETWORK_MAX_TENSORS];
        const int num_own = sdqn_q_network_tensors(sdqn_learner_network(independent->learners[t]), own);
        for (int i = 0; i < num_own; i++, count++) {
            if (count >= capacity) continue;
            tensors[count] = own[i];
            snprintf(tensors[count].name, sizeof tensors[count].name, "%s.%.31s", independent->names[t], own[i].name);
        }
    }
    return count;
}

// For each task the size of its learner's state, then the state itself.

static size_t independent_state_size(const void *self) {
    const Independent *independent = self;
    size_t size = 0;
    for (int t = 0; t < independent->num_tasks; t++) size += sizeof(uint64_t) + sdqn_learner_state_size(independent->learners[t]);
    return size;
}

static void independent_save_state(const void *self, uint8_t *bytes) {
    const Independent *independent = self;
    for (int t = 0; t < independent->num_tasks; t++) {
        const uint64_t size = sdqn_learner_state_size(independent->learners[t]);
        sdqn_bytes_put(&bytes, &size, sizeof size);
        sdqn_learner_save_state(independent->learners[t], bytes);
        bytes += size;
    }
}

/// Find the parts of a saved state. @param parts, sizes [num_tasks] written
static SdqnStatus split_state(const Independent *independent, const uint8_t *bytes, size_t size, const uint8_t **parts, size_t *sizes,
                              SdqnError *error) {
    for (int t = 0; t < independent->num_tasks; t++) {
        uint64_t part = 0;
        if (size >= sizeof part) {
            sdqn_bytes_take(&bytes, &part, sizeof part);
            size -= sizeof part;
        } else {
            part = UINT64_MAX;
        }
        if (part > size) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learners: too short for task %s", independent->names[t]);
        }
        parts[t] = bytes;
        sizes[t] = (size_t)part;
        bytes += part;
        size -= (size_t)part;
    }
    if (size > 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "saved learners: %zu bytes too many", size);
    return SDQN_OK;
}

static SdqnStatus independent_load_state(void *self, const uint8_t *bytes, size_t size, SdqnError *error) {
    Independent *independent = self;
    const uint8_t *parts[SDQN_MAX_TASKS] = {NULL};
    size_t sizes[SDQN_MAX_TASKS] = {0};
    SdqnStatus status = split_state(independent, bytes, size, parts, sizes, error);
    // All are looked at before the first is changed.
    for (int t = 0; t < independent->num_tasks && status == SDQN_OK; t++) {
        status = sdqn_learner_check_state(independent->learners[t], parts[t], sizes[t], error);
    }
    for (int t = 0; t < independent->num_tasks && status == SDQN_OK; t++) {
        status = sdqn_learner_load_state(independent->learners[t], parts[t], sizes[t], error);
    }
    return status;
}

#define INDEPENDENT_FUNCTIONS                                                                                                              \
    .create = independent_create, .init_from = independent_init_from, .destroy = independent_destroy,                                      \
    .parameter_count = independent_parameter_count, .q_values = independent_q_values, .act = independent_act, .push = independent_push,    \
    .update = independent_update, .end_episode = independent_end_episode, .epsilon = independent_epsilon, .tensors = independent_tensors,  \
    .state_size = independent_state_size, .save_state = independent_save_state, .load_state = independent_load_state

const SdqnMethod sdqn_method_independent = {
    .name = "independent",
    .help = "a network, a replay buffer and settings of its own for each task, 1500 episodes each",
    .uses = SDQN_METHOD_TASK_SETTINGS,
    .episodes_a_task = 1500,
    .def_default = independent_def_default,
    .task_default = independent_task_default,
    INDEPENDENT_FUNCTIONS,
};

const SdqnMethod sdqn_method_independent_500 = {
    .name = "independent-500",
    .help = "independent with as many episodes a task as shared, 500, and shared's settings",
    .uses = SDQN_METHOD_TASK_SETTINGS,
    .episodes_a_task = 500,
    .def_default = independent_def_default,
    INDEPENDENT_FUNCTIONS,
};

const SdqnMethod sdqn_method_independent_equal = {
    .name = "independent-equal",
    .help = "independent with hidden layers of 148 and 74: as many parameters as shared",
    .uses = SDQN_METHOD_TASK_SETTINGS,
    .episodes_a_task = 1500,
    .def_default = independent_equal_def_default,
    .task_default = independent_task_default,
    INDEPENDENT_FUNCTIONS,
};
