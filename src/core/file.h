// file.h: whole files in and out, atomically; append-only files; locks. Every error names the path and the system's reason.
#ifndef SDQN_CORE_FILE_H
#define SDQN_CORE_FILE_H

#include "core/error.h"
#include "core/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A path joined from a folder and a name fits in this, or the join is an error.
#define SDQN_PATH_SIZE 4096

/// Write `folder/name` to `path`. @return SDQN_OK, or SDQN_ERR_ARGUMENT if it is too long (`path` then empty)
SdqnStatus sdqn_file_join(const char *folder, const char *name, char path[SDQN_PATH_SIZE], SdqnError *error);

/// Read a regular file of at most `max_size` bytes.
/// @param data  the bytes, with a zero byte behind them that `size` does not count; the caller frees it
/// @return SDQN_OK; SDQN_ERR_IO, SDQN_ERR_FORMAT (larger, or no regular file) or SDQN_ERR_MEMORY, `data` and `size` untouched
SdqnStatus sdqn_file_read(const char *path, size_t max_size, uint8_t **data, size_t *size, SdqnError *error);

/// A run of bytes to write.
typedef struct SdqnPiece {
    const void *data;
    size_t size;
} SdqnPiece;

/// Replace a file as a whole by the pieces one after the other: written to `path`.tmp, synced, renamed, the folder synced. After a crash
/// there is the old file or the new one (and perhaps the temporary one, which the next write replaces). One writer a path at a time.
SdqnStatus sdqn_file_write(const char *path, const SdqnPiece *pieces, int count, SdqnError *error);

/// Create a folder and those above it. It is no error if it exists.
SdqnStatus sdqn_file_make_folder(const char *path, SdqnError *error);

/// Whether anything, also a dangling link, has this name.
bool sdqn_file_exists(const char *path);

/// Remove a file; none is no error.
SdqnStatus sdqn_file_remove(const char *path, SdqnError *error);

/// Remove a folder with all it holds; links are removed, not followed. None is no error.
SdqnStatus sdqn_file_remove_tree(const char *path, SdqnError *error);

/// A file that only grows, whose state the caller records in checkpoints.
typedef struct SdqnAppendFile SdqnAppendFile;

/// How far an appended file had come, and what its bytes were. All zeros: nothing was in it. Plain data without padding.
typedef struct SdqnAppendMark {
    uint64_t length;                  ///< bytes
    uint8_t sha256[SDQN_SHA256_SIZE]; ///< of them; means nothing if there are none
} SdqnAppendMark;

/// Open a file and cut it to where it was; create it if nothing was in it. A file that is shorter, or whose bytes up to there were changed,
/// is SDQN_ERR_FORMAT and left as it is: something the caller counts on is lost.
/// @param file  to be closed by the caller
SdqnStatus sdqn_append_file_open(const char *path, const SdqnAppendMark *mark, SdqnAppendFile **file, SdqnError *error);

/// Append bytes. After an error (a full disk) the file has its old length.
SdqnStatus sdqn_append_file_write(SdqnAppendFile *file, const void *data, size_t size, SdqnError *error);

/// Force what was written to the disk.
SdqnStatus sdqn_append_file_sync(SdqnAppendFile *file, SdqnError *error);

/// Where the file stands now.
SdqnAppendMark sdqn_append_file_mark(const SdqnAppendFile *file);

/// Close and free; NULL is allowed.
SdqnStatus sdqn_append_file_close(SdqnAppendFile *file, SdqnError *error);

/// An exclusive lock that ends with its process (flock). The lock file stays, empty; only who holds the lock may remove it.
typedef struct SdqnFileLock SdqnFileLock;

/// Take the lock on `path`, creating the file. @return SDQN_OK, or SDQN_ERR_IO if another process holds it (or this one, a second time)
SdqnStatus sdqn_file_lock_take(const char *path, SdqnFileLock **lock, SdqnError *error);

/// Whether some process of this machine holds the lock on `path`, as the kernel lists it (/proc/locks). The lock is not touched: trying to
/// take it could keep another process from it.
bool sdqn_file_lock_is_held(const char *path);

/// Release and free; NULL is allowed.
void sdqn_file_lock_release(SdqnFileLock *lock);

#endif
