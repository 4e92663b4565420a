// embeddings.h: how the task embeddings moved during a run, from the weights it keeps in checkpoints/, and a plane to look at them in.
#ifndef SDQN_ANALYSIS_EMBEDDINGS_H
#define SDQN_ANALYSIS_EMBEDDINGS_H

#include "analysis/run_record.h"

#define SDQN_EMBEDDINGS_MAX_CHECKPOINTS 500 ///< of more, as many evenly spaced ones are read, the last among them

/// task_embedding.weight of the kept weights, in order of time. Owns its arrays.
typedef struct SdqnEmbeddings {
    int count;         ///< moments; 0 if the network has no embedding
    int available;     ///< moments that the folder holds
    int tasks, size;   ///< rows and columns of the embedding
    int64_t *episodes; ///< [count] the last one trained before
    double *values;    ///< [count, tasks, size]
} SdqnEmbeddings;

/// Read checkpoints/episode_*.safetensors and final.safetensors. A file that cannot be used is left out with a note.
/// @param embeddings  written on success; to be cleared @return SDQN_OK, SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_embeddings_read(SdqnRunRecord *run, SdqnEmbeddings *embeddings, SdqnError *error);
/// All zeros is allowed.
void sdqn_embeddings_clear(SdqnEmbeddings *embeddings);

/// Euclidean distance of two tasks' embeddings.
double sdqn_embedding_distance(const SdqnEmbeddings *embeddings, int moment, int a, int b);

/// The first two principal components of all rows of all moments, centred together: x' = (x - mean) v1, y' = (x - mean) v2, where v1, v2
/// are the eigenvectors of their covariance with the largest eigenvalues, the sign of each such that its largest entry is positive.
/// @param points  [count, tasks, 2] written @param shares  [2] written: of the total variance; 0 if there is none
/// @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_embeddings_project(const SdqnEmbeddings *embeddings, double *points, double shares[2], SdqnError *error);

#endif
