#include "study/mpi.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define POLL_NANOSECONDS 20000000

/// What a message is about.
typedef enum Topic {
    TOPIC_HELLO = 1, ///< a rank is ready
    TOPIC_START,     ///< rank 0: run this
    TOPIC_STOP,      ///< rank 0: ask your run to stop
    TOPIC_ENDED,     ///< your run has
    TOPIC_FAILED,    ///< a rank cannot go on
    TOPIC_HOME,      ///< rank 0: that was all
} Topic;

/// Every message. Machines of one job have the same layout: the program is the same.
typedef struct Message {
    int topic;
    int job, arm, candidate; ///< START: candidate that the arm's tuning chose, or -1
    uint64_t seed;
    int wait_status;                     ///< ENDED
    char numerics[SDQN_SHA256_HEX_SIZE]; ///< HELLO
    char host[SDQN_MPI_HOST_SIZE];
    char why[SDQN_STUDY_FAILURE_SIZE]; ///< FAILED
} Message;

struct SdqnMpi {
    const SdqnMpiModule *module;
    int rank, size;
    char host[SDQN_MPI_HOST_SIZE];
    int *jobs; ///< [size] rank 0: what each runs; -1 nothing, -2 it has not said hello
    const SdqnStudyPlan *plan;
    const char *numerics;
};

enum { FREE = -1, UNKNOWN = -2 };

bool sdqn_mpi_is_there(void) {
    const char *text = getenv("OMPI_COMM_WORLD_SIZE");
    int64_t size;
    return text && sdqn_text_to_i64(text, &size) && size > 1;
}

SdqnStatus sdqn_mpi_open(SdqnMpi **mpi, int *rank, SdqnError *error) {
    static const SdqnModuleDef def = {"mpi",
                                      SDQN_MPI_SYMBOL,
                                      {SDQN_MPI_VERSION, sizeof(SdqnMpiModule)},
                                      "studies under mpirun need it: `make mpi` builds it (Debian: libopenmpi-dev)"};
    const void *table;
    SdqnMpi *made = calloc(1, sizeof *made);
    if (!made) return sdqn_error_set(error, SDQN_ERR_MEMORY, "mpi: out of memory");
    SdqnStatus status = sdqn_module_load(&def, &table, error);
    if (status == SDQN_OK) {
        made->module = table;
        status = made->module->open(&made->rank, &made->size, made->host, error);
    }
    if (status == SDQN_OK) {
        made->jobs = malloc((size_t)made->size * sizeof *made->jobs);
        for (int i = 0; made->jobs && i < made->size; i++) made->jobs[i] = UNKNOWN;
        if (!made->jobs) {
            made->module->close();
            status = sdqn_error_set(error, SDQN_ERR_MEMORY, "mpi: out of memory");
        }
    }
    if (status == SDQN_OK) {
        *rank = made->rank;
        *mpi = made;
    } else {
        free(made);
    }
    return status;
}

void sdqn_mpi_close(SdqnMpi *mpi) {
    const Message home = {.topic = TOPIC_HOME};
    if (!mpi) return;
    for (int i = 1; mpi->rank == 0 && i < mpi->size; i++) mpi->module->send(i, &home, sizeof home, NULL);
    mpi->module->close();
    free(mpi->jobs);
    free(mpi);
}

// ---- rank 0 ---------------------------------------------------------------------------------------------------------------------

static SdqnStatus hear(SdqnMpi *mpi, int rank, const Message *message, SdqnError *error) {
    if (message->topic == TOPIC_FAILED) return sdqn_error_set(error, SDQN_ERR_IO, "rank %d on %s: %s", rank, message->host, message->why);
    if (strcmp(message->numerics, mpi->numerics) != 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT,
                              "rank %d on %s has other numerics (%.12s..., rank 0 has %.12s...): results are not mixed", rank,
                              message->host, message->numerics, mpi->numerics);
    mpi->jobs[rank] = FREE;
    return SDQN_OK;
}

/// Take one message. @param job  receives the number of a run that has ended, or -1
static SdqnStatus next(void *object, int *job, int *wait_status, SdqnError *error) {
    SdqnMpi *mpi = object;
    Message message;
    int rank = 0;
    *job = -1;
    while (rank >= 0 && *job < 0) {
        SdqnStatus status = mpi->module->receive(&message, sizeof message, &rank, error);
        if (status != SDQN_OK || rank < 0) return status;
        if (message.topic == TOPIC_ENDED) {
            *job = mpi->jobs[rank];
            *wait_status = message.wait_status;
            mpi->jobs[rank] = FREE;
        } else {
            status = hear(mpi, rank, &message, error);
            if (status != SDQN_OK) return status;
        }
    }
    return SDQN_OK;
}

static SdqnStatus start(void *object, int job, int arm, uint64_t seed, bool *started, SdqnError *error) {
    SdqnMpi *mpi = object;
    int rank = 1;
    while (rank < mpi->size && mpi->jobs[rank] != FREE) rank++;
    *started = rank < mpi->size;
    if (!*started) return SDQN_OK;
    const int tuned_by = mpi->plan->arms[arm].tuned_by;
    const Message message = {
        .topic = TOPIC_START, .job = job, .arm = arm, .seed = seed, .candidate = tuned_by >= 0 ? mpi->plan->arms[tuned_by].chosen : -1};
    const SdqnStatus status = mpi->module->send(rank, &message, sizeof message, error);
    if (status == SDQN_OK) mpi->jobs[rank] = job;
    return status;
}

static void stop(void *object) {
    const SdqnMpi *mpi = object;
    const Message message = {.topic = TOPIC_STOP};
    for (int i = 1; i < mpi->size; i++) {
        if (mpi->jobs[i] >= 0) mpi->module->send(i, &message, sizeof message, NULL);
    }
}

SdqnLauncher sdqn_mpi_launcher(SdqnMpi *mpi, const SdqnStudyPlan *plan, const char *numerics) {
    mpi->plan = plan;
    mpi->numerics = numerics;
    return (SdqnLauncher){mpi, start, next, stop};
}

// ---- other ranks ----------------------------------------------------------------------------------------------------------------

static SdqnStatus say(const SdqnMpi *mpi, Topic topic, int wait_status, const char *numerics, const char *why, SdqnError *error) {
    Message message = {.topic = topic, .wait_status = wait_status};
    snprintf(message.numerics, sizeof message.numerics, "%.64s", numerics);
    snprintf(message.host, sizeof message.host, "%s", mpi->host);
    snprintf(message.why, sizeof message.why, "%.500s", why);
    return mpi->module->send(0, &message, sizeof message, error);
}

/// Start what rank 0 says, with the settings that its tuning chose.
static SdqnStatus obey(const SdqnMpiWork *work, const Message *message, pid_t *process, SdqnError *error) {
    const int arms = work->plan->num_arms, arm = message->arm, candidate = message->candidate;
    if (arm < 0 || arm >= arms || candidate < -1 || candidate >= arms)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "it has read another study file");
    SdqnStatus status = SDQN_OK;
    if (candidate >= 0) {
        const int tuned = work->plan->arms[candidate].candidate_of;
        if (tuned < 0 || tuned != work->plan->arms[arm].tuned_by)
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "it has read another study file");
        if (work->plan->arms[tuned].chosen != candidate) status = sdqn_study_plan_choose(work->plan, tuned, candidate, error);
    }
    if (status != SDQN_OK) return status;
    return sdqn_study_folder_start(work->folder, work->program, &work->plan->arms[arm], message->seed, process, error);
}

SdqnStatus sdqn_mpi_work(SdqnMpi *mpi, const SdqnMpiWork *work, const volatile sig_atomic_t *stop, SdqnError *error) {
    pid_t process = -1;   // none
    bool stopped = false; // the run was asked to: asked twice it would stop at once and lose its episode
    SdqnStatus status = say(mpi, work->failure[0] == '\0' ? TOPIC_HELLO : TOPIC_FAILED, 0, work->numerics, work->failure, error);
    while (status == SDQN_OK) {
        Message message = {0};
        SdqnError cause = {0};
        int rank, wait_status;
        status = mpi->module->receive(&message, sizeof message, &rank, error);
        if (status != SDQN_OK) break;
        if (rank == 0 && message.topic == TOPIC_HOME) break;
        if (rank == 0 && message.topic == TOPIC_START && obey(work, &message, &process, &cause) != SDQN_OK)
            status = say(mpi, TOPIC_FAILED, 0, work->numerics, cause.message, error);
        if (process > 0 && !stopped && ((rank == 0 && message.topic == TOPIC_STOP) || *stop != 0)) {
            kill(process, SIGTERM);
            stopped = true;
        }
        if (process > 0 && waitpid(process, &wait_status, WNOHANG) == process) {
            process = -1;
            stopped = false;
            status = say(mpi, TOPIC_ENDED, wait_status, work->numerics, "", error);
        }
        if (rank < 0) nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
    }
    if (process > 0) {
        if (!stopped) kill(process, SIGTERM);
        waitpid(process, NULL, 0);
    }
    return status;
}
