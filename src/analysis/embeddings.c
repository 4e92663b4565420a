#include "analysis/embeddings.h"

#include "analysis/kept_weights.h"
#include "core/file.h"
#include "nn/safetensors.h"
#include "run/run_folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE 256 ///< columns of an embedding that are read
#define SWEEPS 60    ///< of Jacobi's method; ten are usual

static SdqnStatus out_of_memory(SdqnError *error) {
    return sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for embeddings");
}

void sdqn_embeddings_clear(SdqnEmbeddings *embeddings) {
    free(embeddings->episodes);
    free(embeddings->values);
    *embeddings = (SdqnEmbeddings){0};
}

// ---- reading --------------------------------------------------------------------------------------------------------------------

static const SdqnTensor *find_embedding(const SdqnSafetensors *file) {
    int count;
    const SdqnTensor *tensors = sdqn_safetensors_tensors(file, &count);
    for (int i = 0; i < count; i++) {
        if (strcmp(tensors[i].name, "task_embedding.weight") == 0) return &tensors[i];
    }
    return NULL;
}

/// Take a tensor of the right shape as the next moment.
static SdqnStatus take_tensor(const SdqnTensor *tensor, int64_t episode, SdqnEmbeddings *embeddings, SdqnError *error) {
    const size_t cells = sdqn_tensor_count(tensor);
    if (!embeddings->values) {
        embeddings->tasks = (int)tensor->shape[0];
        embeddings->size = (int)tensor->shape[1];
        embeddings->values = calloc((SDQN_EMBEDDINGS_MAX_CHECKPOINTS + 1) * (cells + 1), sizeof *embeddings->values);
    }
    if (!embeddings->values) return out_of_memory(error);
    for (size_t i = 0; i < cells; i++) embeddings->values[(size_t)embeddings->count * cells + i] = (double)tensor->data[i];
    embeddings->episodes[embeddings->count++] = episode;
    return SDQN_OK;
}

/// Take a file's embedding as the next moment. @return SDQN_ERR_FORMAT or SDQN_ERR_IO: it is left out
static SdqnStatus take_file(const SdqnRunRecord *run, const char *name, int64_t episode, SdqnEmbeddings *embeddings, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnSafetensors *file = NULL;
    SdqnStatus status = sdqn_file_join(run->folder, name, path, error);
    if (status == SDQN_OK) status = sdqn_safetensors_read(path, &file, error);
    const SdqnTensor *tensor = status == SDQN_OK ? find_embedding(file) : NULL;
    if (!tensor) {
        sdqn_safetensors_destroy(file);
        return status;
    }
    const size_t tasks = (size_t)run->config.num_tasks;
    if (tensor->rank != 2 || tensor->shape[0] != tasks || tensor->shape[1] < 1 || tensor->shape[1] > MAX_SIZE ||
        (embeddings->count > 0 && tensor->shape[1] != (size_t)embeddings->size))
        status = sdqn_error_set(error, SDQN_ERR_FORMAT,
                                "%s: task_embedding.weight: must have %zu rows and 1 to %d columns, as many in every file", name, tasks,
                                MAX_SIZE);
    if (status == SDQN_OK) status = take_tensor(tensor, episode, embeddings, error);
    sdqn_safetensors_destroy(file);
    return status;
}

static SdqnStatus take_or_note(SdqnRunRecord *run, const char *name, int64_t episode, SdqnEmbeddings *embeddings, SdqnError *error) {
    SdqnError cause = {0};
    const SdqnStatus status = take_file(run, name, episode, embeddings, &cause);
    return status == SDQN_OK ? SDQN_OK : sdqn_notes_take(&run->notes, "left out", status, &cause, error);
}

SdqnStatus sdqn_embeddings_read(SdqnRunRecord *run, SdqnEmbeddings *embeddings, SdqnError *error) {
    SdqnEmbeddings made = {0};
    int64_t *episodes = NULL;
    int count = 0;
    char final[SDQN_PATH_SIZE];
    SdqnStatus status = sdqn_kept_weights_list(run->folder, &episodes, &count, error);
    if (status == SDQN_OK) status = sdqn_file_join(run->folder, SDQN_RUN_FINAL, final, error);
    made.episodes = calloc(SDQN_EMBEDDINGS_MAX_CHECKPOINTS + 1, sizeof *made.episodes);
    if (status == SDQN_OK && !made.episodes) status = out_of_memory(error);
    const int read = count < SDQN_EMBEDDINGS_MAX_CHECKPOINTS ? count : SDQN_EMBEDDINGS_MAX_CHECKPOINTS;
    for (int i = 0; i < read && status == SDQN_OK; i++) {
        char name[SDQN_RUN_CHECKPOINT_NAME_SIZE];
        const int64_t episode = episodes[(int64_t)(i + 1) * count / read - 1]; // the last one among them
        sdqn_run_folder_weights_name(episode, name);
        status = take_or_note(run, name, episode, &made, error);
    }
    const bool has_final = status == SDQN_OK && sdqn_file_exists(final);
    if (has_final) status = take_or_note(run, SDQN_RUN_FINAL, run->config.episodes - 1, &made, error);
    made.available = count + has_final;
    free(episodes);
    if (status == SDQN_OK) {
        *embeddings = made;
    } else {
        sdqn_embeddings_clear(&made);
    }
    return status;
}

// ---- looking at them ------------------------------------------------------------------------------------------------------------

static const double *row_of(const SdqnEmbeddings *embeddings, int moment, int task) {
    return embeddings->values + ((size_t)moment * (size_t)embeddings->tasks + (size_t)task) * (size_t)embeddings->size;
}

double sdqn_embedding_distance(const SdqnEmbeddings *embeddings, int moment, int a, int b) {
    const double *x = row_of(embeddings, moment, a), *y = row_of(embeddings, moment, b);
    double sum = 0.0;
    for (int i = 0; i < embeddings->size; i++) sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sqrt(sum);
}

/// Turn rows p and q of the symmetric matrix so that entry (p, q) becomes 0, and gather the turns in the vectors' rows.
static void rotate(double *matrix, double *vectors, int n, int p, int q) {
    const double off = matrix[p * n + q];
    if (off == 0.0) return;
    const double theta = (matrix[q * n + q] - matrix[p * n + p]) / (2.0 * off);
    const double t = (theta >= 0.0 ? 1.0 : -1.0) / (fabs(theta) + sqrt(theta * theta + 1.0)), c = 1.0 / sqrt(t * t + 1.0), s = t * c;
    for (int k = 0; k < n; k++) {
        const double a = matrix[k * n + p], b = matrix[k * n + q];
        matrix[k * n + p] = c * a - s * b;
        matrix[k * n + q] = s * a + c * b;
    }
    for (int k = 0; k < n; k++) {
        const double a = matrix[p * n + k], b = matrix[q * n + k], u = vectors[p * n + k], v = vectors[q * n + k];
        matrix[p * n + k] = c * a - s * b;
        matrix[q * n + k] = s * a + c * b;
        vectors[p * n + k] = c * u - s * v;
        vectors[q * n + k] = s * u + c * v;
    }
}

/// Jacobi's method: eigenvalues on the diagonal, eigenvectors in the rows of `vectors`.
static void diagonalise(double *matrix, double *vectors, int n) {
    for (int i = 0; i < n * n; i++) vectors[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double off = 0.0, on = 0.0;
        for (int p = 0; p < n; p++) {
            on += fabs(matrix[p * n + p]);
            for (int q = p + 1; q < n; q++) off += fabs(matrix[p * n + q]);
        }
        if (off <= 1e-15 * on) return;
        for (int p = 0; p < n; p++) {
            for (int q = p + 1; q < n; q++) rotate(matrix, vectors, n, p, q);
        }
    }
}

/// The row with the largest eigenvalue but `other`; -1 if there is none.
static int largest(const double *matrix, int n, int other) {
    int best = -1;
    for (int i = 0; i < n; i++) {
        if (i != other && (best < 0 || matrix[i * n + i] > matrix[best * n + best])) best = i;
    }
    return best;
}

static void orient(double *vector, int n) {
    int most = 0;
    for (int i = 1; i < n; i++) {
        if (fabs(vector[i]) > fabs(vector[most])) most = i;
    }
    const double sign = vector[most] < 0.0 ? -1.0 : 1.0;
    for (int i = 0; i < n; i++) vector[i] *= sign;
}

/// Sum over all rows of (x - mean)(x - mean)^T, and the mean.
static void find_covariance(const SdqnEmbeddings *embeddings, double *mean, double *matrix) {
    const int n = embeddings->size, rows = embeddings->count * embeddings->tasks;
    for (int i = 0; i < n; i++) mean[i] = 0.0;
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < n; i++) mean[i] += embeddings->values[(size_t)r * (size_t)n + (size_t)i] / rows;
    }
    for (int i = 0; i < n * n; i++) matrix[i] = 0.0;
    for (int r = 0; r < rows; r++) {
        const double *row = embeddings->values + (size_t)r * (size_t)n;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) matrix[i * n + j] += (row[i] - mean[i]) * (row[j] - mean[j]);
        }
    }
}

SdqnStatus sdqn_embeddings_project(const SdqnEmbeddings *embeddings, double *points, double shares[2], SdqnError *error) {
    const int n = embeddings->size, rows = embeddings->count * embeddings->tasks;
    const size_t squares = (size_t)n * (size_t)n;
    double *matrix = calloc(squares, sizeof *matrix), *vectors = calloc(squares, sizeof *vectors), *mean = calloc((size_t)n, sizeof *mean);
    if (!matrix || !vectors || !mean) {
        free(matrix);
        free(vectors);
        free(mean);
        return out_of_memory(error);
    }
    find_covariance(embeddings, mean, matrix);
    double total = 0.0;
    for (int i = 0; i < n; i++) total += matrix[i * n + i];
    diagonalise(matrix, vectors, n);
    int axes[2];
    axes[0] = largest(matrix, n, -1);
    axes[1] = largest(matrix, n, axes[0]);
    for (int k = 0; k < 2; k++) {
        double *vector = axes[k] >= 0 ? vectors + (size_t)axes[k] * (size_t)n : NULL;
        if (vector) orient(vector, n);
        shares[k] = vector && total > 0.0 ? matrix[axes[k] * n + axes[k]] / total : 0.0;
        for (int r = 0; r < rows; r++) {
            double along = 0.0;
            for (int i = 0; vector && i < n; i++) along += (embeddings->values[(size_t)r * (size_t)n + (size_t)i] - mean[i]) * vector[i];
            points[2 * r + k] = along;
        }
    }
    free(matrix);
    free(vectors);
    free(mean);
    return SDQN_OK;
}
