// mpi.h: a study on the ranks of an MPI job: rank 0 hands out runs, each other rank runs them, one at a time, as processes.
//
// MPI is used by a helper, sharedqn-mpi.so (`make mpi`), which is loaded when the program finds itself started by mpirun. All ranks must
// see the same folders. Nobody waits busily: both sides poll with sleeps. When a rank dies mpirun ends the job; the next start resumes.
#ifndef SDQN_STUDY_MPI_H
#define SDQN_STUDY_MPI_H

#include "core/error.h"
#include "core/module.h"
#include "core/sha256.h"
#include "study/launcher.h"
#include "study/plan.h"
#include "study/study_folder.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define SDQN_MPI_VERSION 1
#define SDQN_MPI_SYMBOL "sdqn_mpi_module"
#define SDQN_MPI_HOST_SIZE 64

/// What the helper does. None but `open` and `close` waits for another rank.
typedef struct SdqnMpiModule {
    SdqnModuleHead head;
    /// @param rank  receives this process's, in [0, *size) @param host  receives the machine's name
    SdqnStatus (*open)(int *rank, int *size, char host[SDQN_MPI_HOST_SIZE], SdqnError *error);
    /// Send a few bytes to a rank.
    SdqnStatus (*send)(int rank, const void *data, size_t size, SdqnError *error);
    /// Take a message of exactly `size` bytes, if one has come. @param rank  receives whose, or -1 if none has
    SdqnStatus (*receive)(void *data, size_t size, int *rank, SdqnError *error);
    void (*close)(void);
} SdqnMpiModule;

/// This process among those of an MPI job.
typedef struct SdqnMpi SdqnMpi;

/// Whether the program was started by mpirun (Open MPI) with more than one rank.
bool sdqn_mpi_is_there(void);

/// Load the helper and join the others. @param rank  receives this process's: 0 hands out, others work
/// @return SDQN_OK, SDQN_ERR_MEMORY, or SDQN_ERR_IO that says what to install or build
SdqnStatus sdqn_mpi_open(SdqnMpi **mpi, int *rank, SdqnError *error);
/// Sends the other ranks home (rank 0), and leaves. NULL is allowed.
void sdqn_mpi_close(SdqnMpi *mpi);

/// Rank 0: the other ranks as places for runs. One with other numerics is an error that names its machine.
/// @param plan  borrowed; the ranks read the same file @param numerics  of this process, borrowed
SdqnLauncher sdqn_mpi_launcher(SdqnMpi *mpi, const SdqnStudyPlan *plan, const char *numerics);

/// What another rank works with. Borrowed while it works.
typedef struct SdqnMpiWork {
    SdqnStudyPlan *plan; ///< of the same file as rank 0's; its tunings are decided as rank 0 says
    const SdqnStudyFolder *folder;
    const char *program;
    const char *numerics;
    const char *failure; ///< "", or what keeps this rank from working: rank 0 is told
} SdqnMpiWork;

/// Other ranks: run what rank 0 hands out until it sends them home. @param stop  if it becomes not 0 the run is asked to stop
SdqnStatus sdqn_mpi_work(SdqnMpi *mpi, const SdqnMpiWork *work, const volatile sig_atomic_t *stop, SdqnError *error);

#endif
