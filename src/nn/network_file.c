#include "nn/network_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHAPE_TEXT_SIZE 96

static const SdqnTensor *find(const SdqnTensor *tensors, int count, const char *name) {
    for (int i = 0; i < count; i++) {
        if (strcmp(tensors[i].name, name) == 0) return &tensors[i];
    }
    return NULL;
}

/// "[256, 16]"
static const char *shape_text(const SdqnTensor *tensor, char text[SHAPE_TEXT_SIZE]) {
    size_t length = (size_t)snprintf(text, SHAPE_TEXT_SIZE, "[");
    for (int d = 0; d < tensor->rank; d++) {
        length += (size_t)snprintf(text + length, SHAPE_TEXT_SIZE - length, "%s%zu", d > 0 ? ", " : "", tensor->shape[d]);
    }
    snprintf(text + length, SHAPE_TEXT_SIZE - length, "]");
    return text;
}

/// A matrix that must be there with at most `max` rows and columns. @return NULL with a message in `error` if it is not
static const SdqnTensor *find_matrix(const char *where, const SdqnTensor *tensors, int count, const char *name, size_t max,
                                     SdqnError *error) {
    char text[SHAPE_TEXT_SIZE];
    const SdqnTensor *found = find(tensors, count, name);
    if (!found) {
        sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: missing", where, name);
        return NULL;
    }
    if (found->rank != 2 || found->shape[0] > max || found->shape[1] > max) {
        sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: shape %s, expected two dimensions of at most %zu", where, name,
                       shape_text(found, text), max);
        return NULL;
    }
    return found;
}

/// What a network without an embedding is told by so many inputs beyond the observation.
static void infer_conditioning(int inputs, SdqnQNetworkDef *def) {
    def->conditioning = inputs == 0 ? SDQN_CONDITIONING_BLIND : inputs == 1 ? SDQN_CONDITIONING_ID : SDQN_CONDITIONING_ONEHOT;
    def->num_tasks = inputs == 0 ? 1 : inputs == 1 ? SDQN_MAX_TASKS : inputs;
}

/// The architecture by its tensors' names, and the sizes of its hidden layers.
static SdqnStatus infer_layers(const char *where, const SdqnTensor *tensors, int count, SdqnQNetworkDef *def, SdqnError *error) {
    char name[SDQN_TENSOR_NAME_SIZE] = "blocks.0.linear1.weight";
    if (!find(tensors, count, name)) {
        const SdqnTensor *fc2 = find_matrix(where, tensors, count, "fc2.weight", SDQN_MAX_LAYER_SIZE, error);
        if (!fc2) return SDQN_ERR_FORMAT;
        def->hidden2_size = (int)fc2->shape[0];
        return SDQN_OK;
    }
    const bool published = find(tensors, count, "blocks.0.norm2.weight") != NULL;
    def->architecture = published ? SDQN_ARCHITECTURE_BRONET_PUBLISHED : SDQN_ARCHITECTURE_BRONET;
    def->num_blocks = 0;
    while (def->num_blocks <= SDQN_MAX_BLOCKS && find(tensors, count, name)) {
        snprintf(name, sizeof name, "blocks.%d.linear1.weight", ++def->num_blocks);
    }
    if (def->num_blocks <= SDQN_MAX_BLOCKS) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor blocks.%d.linear1.weight: at most %d blocks are allowed", where,
                          SDQN_MAX_BLOCKS, SDQN_MAX_BLOCKS);
}

/// What the outputs are: values, or distributions on the file's support.
static SdqnStatus infer_outputs(const char *where, const SdqnTensor *tensors, int count, SdqnQNetworkDef *def, SdqnError *error) {
    char text[SHAPE_TEXT_SIZE];
    def->dueling = find(tensors, count, "value.weight") != NULL;
    const SdqnTensor *support = find(tensors, count, "support");
    if (!support) return SDQN_OK;
    if (support->rank != 1 || support->shape[0] < 2 || support->shape[0] > SDQN_MAX_ATOMS) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor support: shape %s, expected one dimension of 2 to %d atoms", where,
                              shape_text(support, text), SDQN_MAX_ATOMS);
    }
    const int last = (int)support->shape[0] - 1;
    def->num_atoms = last + 1;
    def->value_min = (double)support->data[0];
    def->value_max = (double)support->data[last];
    const double gap = (def->value_max - def->value_min) / last;
    for (int j = 0; j <= last; j++) {
        const double expected = def->value_min + gap * j, found = (double)support->data[j];
        if (gap > 0.0 && fabs(found) <= SDQN_MAX_VALUE && fabs(found - expected) <= 1e-3 * gap) continue;
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor support: atom %d is %g: must be ascending, evenly spaced and within +-%g",
                              where, j, found, SDQN_MAX_VALUE);
    }
    return SDQN_OK;
}

/// What the network is told about the task, from the inputs of fc1.
static SdqnStatus infer_inputs(const char *where, const SdqnTensor *tensors, int count, int inputs, SdqnQNetworkDef *def,
                               SdqnError *error) {
    const int observation = def->observation_size;
    if (!find(tensors, count, "task_embedding.weight")) {
        if (inputs < observation || inputs > observation + SDQN_MAX_TASKS) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT,
                                  "%s: tensor fc1.weight: %d inputs, expected %d: an observation, or up to %d more for one-hot tasks",
                                  where, inputs, observation, SDQN_MAX_TASKS);
        }
        infer_conditioning(inputs - observation, def);
        return SDQN_OK;
    }
    const SdqnTensor *embedding = find_matrix(where, tensors, count, "task_embedding.weight", SDQN_MAX_LAYER_SIZE, error);
    if (!embedding) return SDQN_ERR_FORMAT;
    if (embedding->shape[0] > SDQN_MAX_TASKS) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor task_embedding.weight: %zu tasks: at most %d are allowed", where,
                              embedding->shape[0], SDQN_MAX_TASKS);
    }
    def->num_tasks = (int)embedding->shape[0];
    def->embedding_size = (int)embedding->shape[1];
    if (inputs == observation + def->embedding_size) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_FORMAT,
                          "%s: tensor fc1.weight: %d inputs, expected %d: an observation of %d and a task embedding of %d", where, inputs,
                          observation + def->embedding_size, observation, def->embedding_size);
}

/// Whether each task adds to the layers, how, and for how many tasks.
static SdqnStatus infer_residuals(const char *where, const SdqnTensor *tensors, int count, SdqnQNetworkDef *def, SdqnError *error) {
    char text[SHAPE_TEXT_SIZE];
    const SdqnTensor *left = find(tensors, count, "fc1.weight_left_mean");
    const SdqnTensor *mean = left ? left : find(tensors, count, "fc1.weight_mean");
    if (!mean) return SDQN_OK;
    if (mean->rank != 3 || mean->shape[0] < 1 || mean->shape[0] > SDQN_MAX_TASKS) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: shape %s, expected three dimensions, 1 to %d tasks", where,
                              mean->name, shape_text(mean, text), SDQN_MAX_TASKS);
    }
    if (left && (left->shape[2] < 1 || left->shape[2] > SDQN_MAX_RESIDUAL_RANK)) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: shape %s, expected a rank of 1 to %d", where, mean->name,
                              shape_text(mean, text), SDQN_MAX_RESIDUAL_RANK);
    }
    if (def->conditioning != SDQN_CONDITIONING_BLIND) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor fc1.weight: has inputs for the task, expected none beside %s", where,
                              mean->name);
    }
    def->num_tasks = (int)mean->shape[0];
    def->residual_rank = left ? (int)left->shape[2] : 0;
    const bool gaussian = find(tensors, count, left ? "fc1.weight_left_rho" : "fc1.weight_rho") != NULL;
    def->residuals = gaussian ? SDQN_RESIDUALS_GAUSSIAN : SDQN_RESIDUALS_VECTOR;
    def->learned_prior = find(tensors, count, "log_prior_scale") != NULL;
    return SDQN_OK;
}

SdqnStatus sdqn_q_network_infer(const char *where, const SdqnTensor *tensors, int count, int observation_size, int num_actions,
                                SdqnQNetworkDef *def, SdqnError *error) {
    const SdqnTensor *fc1 = find_matrix(where, tensors, count, "fc1.weight", SDQN_MAX_LAYER_SIZE, error);
    if (!fc1) return SDQN_ERR_FORMAT;
    SdqnQNetworkDef inferred = sdqn_q_network_def_default();
    inferred.observation_size = observation_size;
    inferred.num_actions = num_actions;
    inferred.hidden1_size = (int)fc1->shape[0];
    inferred.embedding_size = 0;
    SdqnStatus status = infer_layers(where, tensors, count, &inferred, error);
    if (status == SDQN_OK) status = infer_outputs(where, tensors, count, &inferred, error);
    if (status == SDQN_OK) status = infer_inputs(where, tensors, count, (int)fc1->shape[1], &inferred, error);
    if (status == SDQN_OK) status = infer_residuals(where, tensors, count, &inferred, error);
    if (status == SDQN_OK) *def = inferred;
    return status;
}

static SdqnStatus check_tensor(const char *where, const SdqnTensor *expected, const SdqnTensor *found, SdqnError *error) {
    char found_text[SHAPE_TEXT_SIZE], expected_text[SHAPE_TEXT_SIZE];
    if (!found) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: missing, expected with shape %s", where, expected->name,
                              shape_text(expected, expected_text));
    }
    if (strcmp(shape_text(found, found_text), shape_text(expected, expected_text)) != 0) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: shape %s, expected %s", where, expected->name, found_text,
                              expected_text);
    }
    return SDQN_OK;
}

SdqnStatus sdqn_q_network_load(SdqnQNetwork *network, const char *where, const SdqnTensor *tensors, int count, SdqnError *error) {
    SdqnTensor expected[SDQN_Q_NETWORK_MAX_TENSORS];
    const int num_expected = sdqn_q_network_tensors(network, expected);
    for (int i = 0; i < num_expected; i++) {
        const SdqnStatus status = check_tensor(where, &expected[i], find(tensors, count, expected[i].name), error);
        if (status != SDQN_OK) return status;
    }
    for (int i = 0; i < count; i++) {
        if (!find(expected, num_expected, tensors[i].name)) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor %s: not part of this network", where, tensors[i].name);
        }
    }
    float *parameters = sdqn_q_network_parameters_mutable(network);
    for (int i = 0; i < num_expected; i++) {
        if (expected[i].data == sdqn_q_network_support(network)) continue; // follows from the definition
        const size_t offset = (size_t)(expected[i].data - sdqn_q_network_parameters(network));
        memcpy(parameters + offset, find(tensors, count, expected[i].name)->data, sdqn_tensor_count(&expected[i]) * sizeof(float));
    }
    sdqn_q_network_refresh(network);
    return SDQN_OK;
}

// ---- networks of fewer tasks ----------------------------------------------------------------------------------------------------

static bool has_rows_by_task(const SdqnTensor *tensor) {
    const char *mean = strstr(tensor->name, "_mean"), *rho = strstr(tensor->name, "_rho");
    return mean || rho || strcmp(tensor->name, "task_embedding.weight") == 0;
}

/// Tasks that a file's tensors tell apart; 0 if they do not say.
static size_t count_known_tasks(const SdqnQNetworkDef *def, const SdqnTensor *tensors, int count) {
    for (int i = 0; i < count; i++) {
        if (has_rows_by_task(&tensors[i])) return tensors[i].shape[0];
    }
    const SdqnTensor *fc1 = find(tensors, count, "fc1.weight");
    const size_t observation = (size_t)def->observation_size;
    const bool tells = def->conditioning == SDQN_CONDITIONING_ONEHOT && fc1 && fc1->rank == 2 && fc1->shape[1] > observation;
    return tells ? fc1->shape[1] - observation : 0;
}

/// Copy what `source` knows of one tensor. Rows of tasks come first in memory, one-hot inputs last in each row of fc1.weight.
static void copy_tensor(const SdqnTensor *source, const SdqnTensor *target, float *values) {
    const size_t columns = target->shape[1], own = source->shape[1];
    if (target->rank != 2 || columns == own || has_rows_by_task(target)) {
        memcpy(values, source->data, sdqn_tensor_count(source) * sizeof(float));
        return;
    }
    for (size_t o = 0; o < target->shape[0]; o++) {
        memcpy(values + o * columns, source->data + o * own, own * sizeof(float));
        memset(values + o * columns + own, 0, (columns - own) * sizeof(float));
    }
}

static SdqnStatus check_support(const SdqnQNetwork *network, const char *where, const SdqnTensor *support, SdqnError *error) {
    const SdqnQNetworkDef *def = sdqn_q_network_def(network);
    if (def->num_atoms == 0 || memcmp(support->data, sdqn_q_network_support(network), (size_t)def->num_atoms * sizeof(float)) == 0) {
        return SDQN_OK;
    }
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: tensor support: other values than value_min = %g to value_max = %g give", where,
                          def->value_min, def->value_max);
}

SdqnStatus sdqn_q_network_load_first(SdqnQNetwork *network, const char *where, const SdqnTensor *tensors, int count, int *known,
                                     SdqnError *error) {
    SdqnQNetworkDef def = *sdqn_q_network_def(network);
    const size_t tasks = count_known_tasks(&def, tensors, count);
    if (tasks > (size_t)def.num_tasks) {
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: knows %zu tasks, the network %d", where, tasks, def.num_tasks);
    }
    if (tasks > 0) def.num_tasks = (int)tasks;
    SdqnQNetwork *stored;
    SdqnStatus status = sdqn_q_network_create(&def, sdqn_kernels(SDQN_CPU_SCALAR), &stored, error);
    if (status != SDQN_OK) return status;
    status = sdqn_q_network_load(stored, where, tensors, count, error);
    if (status == SDQN_OK) status = check_support(network, where, find(tensors, count, "support"), error);
    if (status == SDQN_OK) {
        SdqnTensor from[SDQN_Q_NETWORK_MAX_TENSORS], to[SDQN_Q_NETWORK_MAX_TENSORS];
        const int num_tensors = sdqn_q_network_tensors(stored, from);
        sdqn_q_network_tensors(network, to); // the same ones in the same order
        float *parameters = sdqn_q_network_parameters_mutable(network);
        for (int i = 0; i < num_tensors; i++) {
            if (to[i].data == sdqn_q_network_support(network)) continue;
            copy_tensor(&from[i], &to[i], parameters + (to[i].data - sdqn_q_network_parameters(network)));
        }
        sdqn_q_network_refresh(network);
        *known = (int)tasks;
    }
    sdqn_q_network_destroy(stored);
    return status;
}

// ---- sets ------------------------------------------------------------------------------------------------------------------------

static const char FC1_OF_TASK[] = ".fc1.weight";

/// Length of the task's name if this is the tensor TASK.fc1.weight, else 0.
static size_t task_length(const SdqnTensor *tensor) {
    const size_t length = strlen(tensor->name), end = strlen(FC1_OF_TASK);
    return length > end && strcmp(tensor->name + length - end, FC1_OF_TASK) == 0 ? length - end : 0;
}

int sdqn_q_network_tensors_of_task(const SdqnTensor *tensors, int count, const char *task, SdqnTensor *own) {
    const size_t length = strlen(task);
    int found = 0;
    for (int i = 0; i < count && found <= SDQN_Q_NETWORK_MAX_TENSORS; i++) {
        if (strncmp(tensors[i].name, task, length) != 0 || tensors[i].name[length] != '.') continue;
        own[found] = tensors[i];
        memmove(own[found].name, tensors[i].name + length + 1, strlen(tensors[i].name) - length);
        found++;
    }
    return found;
}

static SdqnStatus create_from(const char *where, const SdqnTensor *tensors, int count, int observation_size, int num_actions,
                              const SdqnKernels *kernels, SdqnQNetwork **network, SdqnError *error) {
    SdqnQNetworkDef def;
    SdqnQNetwork *made = NULL;
    SdqnStatus status = sdqn_q_network_infer(where, tensors, count, observation_size, num_actions, &def, error);
    if (status == SDQN_OK) status = sdqn_q_network_create(&def, kernels, &made, error);
    if (status == SDQN_OK) status = sdqn_q_network_load(made, where, tensors, count, error);
    if (status == SDQN_OK) {
        *network = made;
    } else {
        sdqn_q_network_destroy(made);
    }
    return status;
}

/// A network for each TASK.fc1.weight.
static SdqnStatus create_for_tasks(const char *where, const SdqnTensor *tensors, int count, int observation_size, int num_actions,
                                   const SdqnKernels *kernels, SdqnQNetworkSet *set, SdqnError *error) {
    int taken = 0;
    for (int i = 0; i < count; i++) {
        const size_t length = task_length(&tensors[i]);
        if (length == 0) continue;
        if (set->count == SDQN_MAX_TASKS) {
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: more than %d networks", where, SDQN_MAX_TASKS);
        }
        char *task = set->tasks[set->count], whose[SDQN_ERROR_SIZE];
        SdqnTensor own[SDQN_Q_NETWORK_MAX_TENSORS + 1];
        memcpy(task, tensors[i].name, length);
        snprintf(whose, sizeof whose, "%.700s: network %s", where, task);
        const int num_own = sdqn_q_network_tensors_of_task(tensors, count, task, own);
        const SdqnStatus status =
            create_from(whose, own, num_own, observation_size, num_actions, kernels, &set->networks[set->count], error);
        if (status != SDQN_OK) return status;
        set->count++;
        taken += num_own;
    }
    if (taken != count) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: holds tensors that are part of no network", where);
    return SDQN_OK;
}

SdqnStatus sdqn_q_network_set_create(const char *where, const SdqnTensor *tensors, int count, int observation_size, int num_actions,
                                     const SdqnKernels *kernels, SdqnQNetworkSet *set, SdqnError *error) {
    SdqnStatus status;
    bool by_task = false;
    SdqnQNetworkSet made = {0};
    for (int i = 0; i < count; i++) by_task = by_task || task_length(&tensors[i]) > 0;
    if (by_task) {
        status = create_for_tasks(where, tensors, count, observation_size, num_actions, kernels, &made, error);
    } else {
        status = create_from(where, tensors, count, observation_size, num_actions, kernels, &made.networks[0], error);
        made.count = 1;
    }
    if (status == SDQN_OK) {
        *set = made;
    } else {
        sdqn_q_network_set_clear(&made);
    }
    return status;
}

void sdqn_q_network_set_clear(SdqnQNetworkSet *set) {
    for (int i = 0; i < set->count; i++) sdqn_q_network_destroy(set->networks[i]);
    *set = (SdqnQNetworkSet){0};
}
