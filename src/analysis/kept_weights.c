#include "analysis/kept_weights.h"

#include "core/file.h"
#include "core/text.h"
#include "run/config.h"
#include "run/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILES 1000000 ///< in checkpoints/ that are looked at

static int compare_episodes(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/// The episode of a name as sdqn_run_folder_weights_name makes it. @return -1 if it is another
static int64_t episode_of(const char *name) {
    static const char before[] = "episode_";
    char digits[24], again[SDQN_RUN_CHECKPOINT_NAME_SIZE];
    uint64_t episode;
    if (strncmp(name, before, strlen(before)) != 0) return -1;
    const size_t length = strspn(name + strlen(before), "0123456789");
    if (length >= sizeof digits) return -1;
    memcpy(digits, name + strlen(before), length);
    digits[length] = '\0';
    if (!sdqn_text_to_u64(digits, &episode) || episode > SDQN_CONFIG_MAX_EPISODES) return -1;
    sdqn_run_folder_weights_name((int64_t)episode, again);
    return strcmp(strrchr(again, '/') + 1, name) == 0 ? (int64_t)episode : -1;
}

SdqnStatus sdqn_kept_weights_list(const char *run, int64_t **episodes, int *count, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    int capacity = 0;
    *episodes = NULL;
    *count = 0;
    const struct dirent *entry;
    SdqnStatus status = sdqn_file_join(run, "checkpoints", path, error);
    if (status != SDQN_OK) return status;
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_IO, "%.900s: cannot open folder: %s", path, strerror(errno));
    while (status == SDQN_OK && *count < MAX_FILES && (errno = 0, entry = readdir(folder)) != NULL) {
        const int64_t episode = episode_of(entry->d_name);
        if (episode < 0) continue;
        if (*count == capacity) {
            capacity = capacity > 0 ? 2 * capacity : 64;
            int64_t *grown = realloc(*episodes, (size_t)capacity * sizeof *grown);
            if (!grown) {
                status = sdqn_error_set(error, SDQN_ERR_MEMORY, "analysis: out of memory for the names of weights");
                break;
            }
            *episodes = grown;
        }
        (*episodes)[(*count)++] = episode;
    }
    if (status == SDQN_OK && *count < MAX_FILES && errno != 0)
        status = sdqn_error_set(error, SDQN_ERR_IO, "%.900s: cannot read folder: %s", path, strerror(errno));
    closedir(folder);
    if (*count > 0) qsort(*episodes, (size_t)*count, sizeof **episodes, compare_episodes);
    return status;
}
