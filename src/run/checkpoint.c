#include "run/checkpoint.h"

#include "run/state_file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATES_KEPT 2

/// What must be the same in the program and run that read a state.
typedef struct Identity {
    char configuration[SDQN_SHA256_HEX_SIZE + 7]; // to a multiple of 8
    char method[64], family[64];
    uint64_t environment_size, task_size, num_tasks;
} Identity;

_Static_assert(sizeof(SdqnCounters) == 6 * sizeof(uint64_t) + SDQN_RUN_NUM_LOGS * (sizeof(uint64_t) + SDQN_SHA256_SIZE),
               "the counters have no padding");
_Static_assert(sizeof(Identity) == 72 + 128 + 24, "the identity has no padding");

static Identity identity_of(const SdqnCheckpoint *checkpoint) {
    Identity identity;
    memset(&identity, 0, sizeof identity);
    memcpy(identity.configuration, checkpoint->configuration, sizeof checkpoint->configuration);
    snprintf(identity.method, sizeof identity.method, "%s", checkpoint->method->name);
    snprintf(identity.family, sizeof identity.family, "%s", checkpoint->tasks->family->name);
    identity.environment_size = checkpoint->tasks->family->state_size;
    identity.task_size = checkpoint->tasks->family->task_size;
    identity.num_tasks = (uint64_t)checkpoint->tasks->count;
    return identity;
}

// ---- saving ---------------------------------------------------------------------------------------------------------------------

static SdqnStatus remove_old_states(SdqnRunFolder *folder, SdqnError *error) {
    int64_t kept[STATES_KEPT];
    int count;
    SdqnStatus status = sdqn_run_folder_states(folder, kept, STATES_KEPT, &count, error);
    return status == SDQN_OK && count == STATES_KEPT ? sdqn_run_folder_remove_states_before(folder, kept[count - 1], error) : status;
}

SdqnStatus sdqn_checkpoint_save(const SdqnCheckpoint *checkpoint, SdqnRunFolder *folder, SdqnError *error) {
    char name[SDQN_RUN_CHECKPOINT_NAME_SIZE], path[SDQN_PATH_SIZE];
    sdqn_run_folder_state_name((int64_t)checkpoint->counters->episodes, name);
    SdqnStatus status = sdqn_run_folder_join(folder, name, path, error);
    // The logs first: the state promises that so many bytes of them are there.
    if (status == SDQN_OK) status = sdqn_run_folder_sync_logs(folder, checkpoint->counters->logs, error);
    if (status != SDQN_OK) return status;

    size_t method_size = checkpoint->method->state_size(checkpoint->self);
    uint8_t *method_state = malloc(method_size);
    if (method_state == NULL)
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory for a state of %zu bytes", path, method_size);
    checkpoint->method->save_state(checkpoint->self, method_state);
    Identity identity = identity_of(checkpoint);
    size_t player_size;
    const void *player_state = sdqn_player_state(checkpoint->player, &player_size);
    const SdqnStateSection sections[] = {
        {"identity", &identity, sizeof identity},
        {"counters", checkpoint->counters, sizeof *checkpoint->counters},
        {"player", player_state, player_size},
        {"best", checkpoint->best->bytes != NULL ? checkpoint->best->bytes : (const uint8_t *)"", checkpoint->best->size},
        {"method", method_state, method_size},
    };
    status = sdqn_state_file_write(path, sections, sizeof sections / sizeof *sections, error);
    free(method_state);
    return status == SDQN_OK ? remove_old_states(folder, error) : status;
}

// ---- loading --------------------------------------------------------------------------------------------------------------------

/// A section that must have exactly `size` bytes. @return NULL with the error set
static const void *section_of_size(const SdqnStateFile *file, const char *path, const char *name, size_t size, SdqnError *error) {
    const SdqnStateSection *section = sdqn_state_file_find(file, name);
    if (section != NULL && section->size == size) return section->data;
    sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: section '%s' is missing or does not have %zu bytes", path, name, size);
    return NULL;
}

static SdqnStatus check_identity(const SdqnCheckpoint *checkpoint, const SdqnStateFile *file, const char *path, SdqnError *error) {
    const void *bytes = section_of_size(file, path, "identity", sizeof(Identity), error);
    if (bytes == NULL) return SDQN_ERR_FORMAT;
    Identity found, wanted = identity_of(checkpoint);
    memcpy(&found, bytes, sizeof found);
    if (memcmp(found.configuration, wanted.configuration, sizeof found.configuration) != 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: belongs to another " SDQN_RUN_CONFIG " than the one in the folder", path);
    if (memcmp(&found, &wanted, sizeof found) != 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: was written by another version of this program", path);
    return SDQN_OK;
}

/// Copy everything out of a whole state. The method comes last, because it alone may still refuse.
static SdqnStatus restore(SdqnCheckpoint *checkpoint, const SdqnStateFile *file, const char *path, SdqnError *error) {
    SdqnStatus status = check_identity(checkpoint, file, path, error);
    if (status != SDQN_OK) return status;
    const void *counters = section_of_size(file, path, "counters", sizeof *checkpoint->counters, error);
    if (counters == NULL) return SDQN_ERR_FORMAT;
    const SdqnStateSection *best = sdqn_state_file_find(file, "best"), *method = sdqn_state_file_find(file, "method");
    const SdqnStateSection *player = sdqn_state_file_find(file, "player");
    if (best == NULL || method == NULL || player == NULL) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: lacks a section", path);
    SdqnError cause = {0};
    status = sdqn_player_check_state(checkpoint->player, player->data, player->size, &cause);
    if (status != SDQN_OK) return sdqn_error_set(error, status, "%s: %s", path, cause.message);

    uint8_t *best_bytes = NULL;
    if (best->size > 0 && (best_bytes = malloc(best->size)) == NULL)
        return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", path);
    status = checkpoint->method->load_state(checkpoint->self, method->data, method->size, &cause);
    if (status != SDQN_OK) {
        free(best_bytes);
        return sdqn_error_set(error, status, "%s: %s", path, cause.message);
    }
    if (best_bytes != NULL) memcpy(best_bytes, best->data, best->size);
    free(checkpoint->best->bytes);
    checkpoint->best->bytes = best_bytes;
    checkpoint->best->size = best->size;
    memcpy(checkpoint->counters, counters, sizeof *checkpoint->counters);
    return sdqn_player_load_state(checkpoint->player, player->data, player->size, error);
}

static SdqnStatus restore_file(SdqnCheckpoint *checkpoint, const SdqnRunFolder *folder, int64_t episodes, SdqnError *error) {
    char name[SDQN_RUN_CHECKPOINT_NAME_SIZE], path[SDQN_PATH_SIZE];
    SdqnStateFile file = {0};
    sdqn_run_folder_state_name(episodes, name);
    SdqnStatus status = sdqn_run_folder_join(folder, name, path, error);
    if (status == SDQN_OK) status = sdqn_state_file_read(path, &file, error);
    if (status == SDQN_OK) status = restore(checkpoint, &file, path, error);
    if (status == SDQN_OK && checkpoint->counters->episodes != (uint64_t)episodes)
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: holds the state after %llu episodes", path,
                                (unsigned long long)checkpoint->counters->episodes);
    sdqn_state_file_clear(&file);
    return status;
}

static SdqnStatus rewind_folder(const SdqnCheckpoint *checkpoint, SdqnRunFolder *folder, SdqnError *error) {
    // The logs first: they alone can turn out to be too short, and then nothing has been removed.
    SdqnStatus status = sdqn_run_folder_open_logs(folder, checkpoint->counters->logs, checkpoint->with_events, error);
    if (status == SDQN_OK) status = sdqn_run_folder_rewind(folder, (int64_t)checkpoint->counters->episodes, error);
    if (status != SDQN_OK) return status;
    if (checkpoint->best->bytes != NULL)
        return sdqn_run_folder_write(folder, SDQN_RUN_BEST, checkpoint->best->bytes, checkpoint->best->size, error);
    char path[SDQN_PATH_SIZE];
    status = sdqn_run_folder_join(folder, SDQN_RUN_BEST, path, error);
    return status == SDQN_OK ? sdqn_file_remove(path, error) : status;
}

SdqnStatus sdqn_checkpoint_load(SdqnCheckpoint *checkpoint, SdqnRunFolder *folder, SdqnNotice *notice, void *context, bool *found,
                                SdqnError *error) {
    // One more than are kept: a kill between the writing of a state and the removal of the oldest leaves three.
    int64_t episodes[STATES_KEPT + 1];
    int count;
    SdqnStatus status = sdqn_run_folder_states(folder, episodes, STATES_KEPT + 1, &count, error);
    if (status != SDQN_OK) return status;
    *found = count > 0;
    if (count == 0) return SDQN_OK;

    SdqnError cause = {0};
    for (int i = 0; i < count; i++) {
        status = restore_file(checkpoint, folder, episodes[i], &cause);
        if (status == SDQN_OK) return rewind_folder(checkpoint, folder, error);
        if (status == SDQN_ERR_MEMORY) return sdqn_error_set(error, status, "%s", cause.message); // the file may well be whole
        if (notice != NULL) notice(context, cause.message);
    }
    return sdqn_error_set(error, status, "%s (no usable state is left: --force starts anew)", cause.message);
}
