// run_folder.h: the folder of a run: what may lie in it, who may use it, and its appended files.
//
// A person can read it: config.yaml, metrics.jsonl, evaluations.jsonl, gradients.jsonl, timing.jsonl, an event file for TensorBoard,
// best.safetensors, final.safetensors, summary.json (written last: the run is finished), and in checkpoints/ the weights of every so many
// episodes and the full states.
#ifndef SDQN_RUN_RUN_FOLDER_H
#define SDQN_RUN_RUN_FOLDER_H

#include "core/error.h"
#include "core/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDQN_RUN_CONFIG "config.yaml"
#define SDQN_RUN_INITIAL "initial.safetensors" ///< the weights that training began with, if they were given
#define SDQN_RUN_BEST "best.safetensors"
#define SDQN_RUN_FINAL "final.safetensors"
#define SDQN_RUN_SUMMARY "summary.json"
#define SDQN_RUN_ANALYSIS "analysis" ///< a folder: where `sharedqn analyze` writes unless told otherwise

/// The files that grow while a run trains. A full state records how far they had come.
typedef enum SdqnRunLog {
    SDQN_RUN_METRICS = 0, ///< metrics.jsonl
    SDQN_RUN_EVALUATIONS, ///< evaluations.jsonl
    SDQN_RUN_GRADIENTS,   ///< gradients.jsonl
    SDQN_RUN_TIMING,      ///< timing.jsonl
    SDQN_RUN_EVENTS,      ///< TensorBoard's event file
    SDQN_RUN_NUM_LOGS,
} SdqnRunLog;

/// What to do about a folder that exists.
typedef enum SdqnRunFolderMode {
    SDQN_RUN_FOLDER_NEW,    ///< refuse it unless it is empty
    SDQN_RUN_FOLDER_RESUME, ///< it must exist and be a run's
    SDQN_RUN_FOLDER_FORCE,  ///< it may be a run's, whose files will be cleared; refuse it if it holds anything else
} SdqnRunFolderMode;

/// A folder that this process alone uses. Not thread-safe.
typedef struct SdqnRunFolder SdqnRunFolder;

/// Open and lock a folder, creating it where the mode allows. No file of a run is changed or removed yet.
/// @return SDQN_OK; SDQN_ERR_ARGUMENT if the folder must not be used this way; SDQN_ERR_IO, also if another process uses it;
/// SDQN_ERR_MEMORY
SdqnStatus sdqn_run_folder_open(const char *path, SdqnRunFolderMode mode, SdqnRunFolder **folder, SdqnError *error);

/// Close the logs and unlock; NULL is allowed. A folder that open created and that stayed empty is removed.
void sdqn_run_folder_close(SdqnRunFolder *folder);

/// Whether a process of this machine uses a folder now. It is not opened, and nothing in it is changed.
bool sdqn_run_folder_in_use(const char *path);

/// The name of a log. "metrics.jsonl"
const char *sdqn_run_folder_log_name(SdqnRunLog log);

/// Path of a file in the folder.
SdqnStatus sdqn_run_folder_join(const SdqnRunFolder *folder, const char *name, char path[SDQN_PATH_SIZE], SdqnError *error);

/// Whether a file of this name is there.
bool sdqn_run_folder_has(const SdqnRunFolder *folder, const char *name);

/// Remove every file that a run writes, but config.yaml only if `with_config`. Other files stay. The logs must not be open.
SdqnStatus sdqn_run_folder_clear(SdqnRunFolder *folder, bool with_config, SdqnError *error);

/// Remove what was written after `episodes` finished episodes, besides the logs: weights, full states, the final result, temporary files.
SdqnStatus sdqn_run_folder_rewind(SdqnRunFolder *folder, int64_t episodes, SdqnError *error);

/// Replace a file as a whole, atomically. @param name  may begin with "checkpoints/"
SdqnStatus sdqn_run_folder_write(SdqnRunFolder *folder, const char *name, const void *data, size_t size, SdqnError *error);

/// Open the logs, each cut to where it was. Timing and events, which no result depends on, begin anew if they are lost or changed.
/// @param marks        [SDQN_RUN_NUM_LOGS]; set to zero for a log that begins anew
/// @param with_events  TensorBoard's event file too
SdqnStatus sdqn_run_folder_open_logs(SdqnRunFolder *folder, SdqnAppendMark *marks, bool with_events, SdqnError *error);

/// Append to a log. After an error the log has its old length.
SdqnStatus sdqn_run_folder_append(SdqnRunFolder *folder, SdqnRunLog log, const void *data, size_t size, SdqnError *error);

/// Force the logs to the disk. @param marks  [SDQN_RUN_NUM_LOGS] written: where they stand; zeros for a log that is not open
SdqnStatus sdqn_run_folder_sync_logs(SdqnRunFolder *folder, SdqnAppendMark *marks, SdqnError *error);

/// Names of what lies in checkpoints/ after `episodes` finished episodes: "checkpoints/state_000120.sdqn",
/// "checkpoints/episode_000100.safetensors".
#define SDQN_RUN_CHECKPOINT_NAME_SIZE 64
void sdqn_run_folder_state_name(int64_t episodes, char name[SDQN_RUN_CHECKPOINT_NAME_SIZE]);
void sdqn_run_folder_weights_name(int64_t episode, char name[SDQN_RUN_CHECKPOINT_NAME_SIZE]);

/// The full states kept, newest first.
/// @param episodes  [capacity] written: the number of each @param count  receives how many were written
SdqnStatus sdqn_run_folder_states(const SdqnRunFolder *folder, int64_t *episodes, int capacity, int *count, SdqnError *error);

/// Remove the full states of fewer than `episodes` finished episodes.
SdqnStatus sdqn_run_folder_remove_states_before(SdqnRunFolder *folder, int64_t episodes, SdqnError *error);

#endif
