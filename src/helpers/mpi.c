// mpi.c: the helper that speaks MPI: small messages between the ranks of a job, never waiting busily for one.
#include "study/mpi.h"

#include <mpi.h>
#include <stdio.h>

#define TAG 1

static SdqnStatus check(int code, SdqnError *error) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    if (code == MPI_SUCCESS) return SDQN_OK;
    MPI_Error_string(code, text, &length);
    return sdqn_error_set(error, SDQN_ERR_IO, "mpi: %s", text);
}

/// Errors of the communicator end the job, as mpirun does when a rank dies: those that are left could only wait for ever.
static SdqnStatus open_mpi(int *rank, int *size, char host[SDQN_MPI_HOST_SIZE], SdqnError *error) {
    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    SdqnStatus status = check(MPI_Init(NULL, NULL), error);
    if (status == SDQN_OK) status = check(MPI_Comm_rank(MPI_COMM_WORLD, rank), error);
    if (status == SDQN_OK) status = check(MPI_Comm_size(MPI_COMM_WORLD, size), error);
    if (status == SDQN_OK) status = check(MPI_Get_processor_name(name, &length), error);
    snprintf(host, SDQN_MPI_HOST_SIZE, "%.*s", SDQN_MPI_HOST_SIZE - 1, name);
    return status;
}

/// Messages are far below every library's limit for sending at once.
static SdqnStatus send_message(int rank, const void *data, size_t size, SdqnError *error) {
    return check(MPI_Send(data, (int)size, MPI_BYTE, rank, TAG, MPI_COMM_WORLD), error);
}

static SdqnStatus receive_message(void *data, size_t size, int *rank, SdqnError *error) {
    MPI_Status found;
    int there = 0, count = 0;
    *rank = -1;
    SdqnStatus status = check(MPI_Iprobe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &there, &found), error);
    if (status != SDQN_OK || !there) return status;
    MPI_Get_count(&found, MPI_BYTE, &count);
    if ((size_t)count != size) return sdqn_error_set(error, SDQN_ERR_FORMAT, "mpi: rank %d runs another version", found.MPI_SOURCE);
    status = check(MPI_Recv(data, count, MPI_BYTE, found.MPI_SOURCE, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE), error);
    if (status == SDQN_OK) *rank = found.MPI_SOURCE;
    return status;
}

static void close_mpi(void) { MPI_Finalize(); }

extern const SdqnMpiModule sdqn_mpi_module;
SDQN_MODULE_EXPORT const SdqnMpiModule sdqn_mpi_module = {
    {SDQN_MPI_VERSION, sizeof(SdqnMpiModule)}, open_mpi, send_message, receive_message, close_mpi};
