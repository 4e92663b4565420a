// file.c: files by way of POSIX descriptors.
#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/// @param path  shortened if it would leave no room for the reason
static SdqnStatus system_error(SdqnError *error, const char *path, const char *what) {
    return sdqn_error_set(error, SDQN_ERR_IO, "%.800s%s: cannot %s: %s", path, path[0] == '\0' ? "''" : "", what, strerror(errno));
}

static SdqnStatus no_memory(SdqnError *error, const char *path) {
    return sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", path);
}

SdqnStatus sdqn_file_join(const char *folder, const char *name, char path[SDQN_PATH_SIZE], SdqnError *error) {
    size_t length = strlen(folder);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    int written = snprintf(path, SDQN_PATH_SIZE, "%s%s%s", folder, slash, name);
    if (written >= 0 && written < SDQN_PATH_SIZE) return SDQN_OK;
    path[0] = '\0';
    return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.100s...: path too long, at most %d bytes", folder, SDQN_PATH_SIZE - 1);
}

bool sdqn_file_exists(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

// ---- reading --------------------------------------------------------------------------------------------------------------------

/// Read until the end of the file. @return bytes read, or -1 with errno
static ssize_t read_up_to(int descriptor, uint8_t *data, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(descriptor, data + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

SdqnStatus sdqn_file_read(const char *path, size_t max_size, uint8_t **data, size_t *size, SdqnError *error) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // O_NONBLOCK: do not hang on a named pipe
    if (descriptor < 0) return system_error(error, path, "open");
    SdqnStatus status = SDQN_OK;
    uint8_t *bytes = NULL;
    ssize_t got = 0;
    struct stat stats;
    if (fstat(descriptor, &stats) != 0) {
        status = system_error(error, path, "stat");
    } else if (!S_ISREG(stats.st_mode)) {
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: not a regular file", path);
    } else if ((uint64_t)stats.st_size > max_size) {
        status =
            sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %lld bytes: at most %zu are allowed", path, (long long)stats.st_size, max_size);
    } else if ((bytes = malloc((size_t)stats.st_size + 1)) == NULL) {
        status = no_memory(error, path);
    } else if ((got = read_up_to(descriptor, bytes, (size_t)stats.st_size + 1)) < 0) {
        status = system_error(error, path, "read");
    } else if (got > stats.st_size) { // it grows, or is one of /proc, which all have a size of 0
        status = sdqn_error_set(error, SDQN_ERR_FORMAT, "%.800s: holds more than its size of %lld bytes", path, (long long)stats.st_size);
    } else {
        bytes[got] = 0;
        *data = bytes;
        *size = (size_t)got;
    }
    close(descriptor);
    if (status != SDQN_OK) free(bytes);
    return status;
}

// ---- atomic writing -------------------------------------------------------------------------------------------------------------

static bool write_all(int descriptor, const void *data, size_t size) {
    const uint8_t *bytes = data;
    while (size > 0) {
        ssize_t put = write(descriptor, bytes, size);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        bytes += put;
        size -= (size_t)put;
    }
    return true;
}

/// Force a folder's entries to the disk. Some file systems cannot and say EINVAL; theirs is the order of operations.
static SdqnStatus sync_folder_of(const char *path, SdqnError *error) {
    char folder[SDQN_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (length >= sizeof folder) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.100s...: path too long", path);
    memcpy(folder, path, length);
    folder[length] = '\0';
    int descriptor = open(length > 0 ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return system_error(error, length > 0 ? folder : ".", "open");
    SdqnStatus status = SDQN_OK;
    if (fsync(descriptor) != 0 && errno != EINVAL) status = system_error(error, length > 0 ? folder : ".", "sync");
    close(descriptor);
    return status;
}

/// Create, fill and sync a file. Removed again on failure.
static SdqnStatus write_new(const char *path, const SdqnPiece *pieces, int count, SdqnError *error) {
    // O_NONBLOCK: a named pipe is then an error instead of a wait for its reader
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (descriptor < 0) return system_error(error, path, "create");
    SdqnStatus status = SDQN_OK;
    for (int i = 0; i < count && status == SDQN_OK; i++)
        if (!write_all(descriptor, pieces[i].data, pieces[i].size)) status = system_error(error, path, "write");
    if (status == SDQN_OK && fsync(descriptor) != 0) status = system_error(error, path, "sync");
    if (close(descriptor) != 0 && status == SDQN_OK) status = system_error(error, path, "close");
    if (status != SDQN_OK) unlink(path);
    return status;
}

SdqnStatus sdqn_file_write(const char *path, const SdqnPiece *pieces, int count, SdqnError *error) {
    char temporary[SDQN_PATH_SIZE];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (length < 0 || (size_t)length >= sizeof temporary) return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "%.100s...: path too long", path);
    SdqnStatus status = write_new(temporary, pieces, count, error);
    if (status != SDQN_OK) return status;
    if (rename(temporary, path) != 0) {
        status = system_error(error, path, "replace");
        unlink(temporary);
        return status;
    }
    return sync_folder_of(path, error);
}

// ---- folders --------------------------------------------------------------------------------------------------------------------

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

SdqnStatus sdqn_file_make_folder(const char *path, SdqnError *error) {
    char partial[SDQN_PATH_SIZE];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof partial)
        return sdqn_error_set(error, SDQN_ERR_ARGUMENT, "'%.100s': a folder's path has 1 to %d bytes", path, SDQN_PATH_SIZE - 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, 0777) != 0 && !(errno == EEXIST && is_folder(partial))) return system_error(error, partial, "create folder");
    }
    return SDQN_OK;
}

SdqnStatus sdqn_file_remove(const char *path, SdqnError *error) {
    return unlink(path) == 0 || errno == ENOENT ? SDQN_OK : system_error(error, path, "remove");
}

enum { MAX_TREE_DEPTH = 32 }; ///< our folders are two deep

// NOLINTNEXTLINE(misc-no-recursion): the depth is bounded
static SdqnStatus remove_tree(const char *path, int depth, SdqnError *error) {
    struct stat stats;
    if (lstat(path, &stats) != 0) return errno == ENOENT ? SDQN_OK : system_error(error, path, "stat");
    if (!S_ISDIR(stats.st_mode)) return sdqn_file_remove(path, error);
    if (depth == MAX_TREE_DEPTH) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: folders too deep to remove", path);
    DIR *folder = opendir(path);
    if (folder == NULL) return system_error(error, path, "open folder");
    SdqnStatus status = SDQN_OK;
    const struct dirent *entry;
    while (status == SDQN_OK && (errno = 0, entry = readdir(folder)) != NULL) {
        char child[SDQN_PATH_SIZE];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        status = sdqn_file_join(path, entry->d_name, child, error);
        if (status == SDQN_OK) status = remove_tree(child, depth + 1, error);
    }
    if (status == SDQN_OK && errno != 0) status = system_error(error, path, "read folder");
    closedir(folder);
    if (status == SDQN_OK && rmdir(path) != 0) status = system_error(error, path, "remove folder");
    return status;
}

SdqnStatus sdqn_file_remove_tree(const char *path, SdqnError *error) { return remove_tree(path, 0, error); }

// ---- appending ------------------------------------------------------------------------------------------------------------------

struct SdqnAppendFile {
    int descriptor;
    uint64_t length;
    SdqnSha256 hash; ///< of the bytes so far
    char path[];     ///< for messages
};

/// Hash what an open file begins with. @return false, with errno, if it cannot be read or is shorter
static bool hash_beginning(int descriptor, uint64_t length, SdqnSha256 *hash) {
    uint8_t bytes[16384];
    sdqn_sha256_begin(hash);
    while (length > 0) {
        ssize_t got = read_up_to(descriptor, bytes, length < sizeof bytes ? (size_t)length : sizeof bytes);
        if (got == 0) errno = ENODATA; // cut by somebody just now
        if (got <= 0) return false;
        sdqn_sha256_add(hash, bytes, (size_t)got);
        length -= (uint64_t)got;
    }
    return true;
}

/// Check that an open file begins as it did at the mark, and cut the rest.
static SdqnStatus rewind_to(SdqnAppendFile *file, const SdqnAppendMark *mark, SdqnError *error) {
    struct stat stats;
    if (fstat(file->descriptor, &stats) != 0) return system_error(error, file->path, "stat");
    if (!S_ISREG(stats.st_mode)) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.800s: not a regular file", file->path);
    if ((uint64_t)stats.st_size < mark->length)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.800s: %lld bytes: at least %llu were written before", file->path,
                              (long long)stats.st_size, (unsigned long long)mark->length);
    if (!hash_beginning(file->descriptor, mark->length, &file->hash)) return system_error(error, file->path, "read");
    file->length = mark->length;
    if (mark->length > 0 && memcmp(sdqn_append_file_mark(file).sha256, mark->sha256, sizeof mark->sha256) != 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%.800s: its first %llu bytes are not those that were written before", file->path,
                              (unsigned long long)mark->length);
    return ftruncate(file->descriptor, (off_t)mark->length) == 0 ? SDQN_OK : system_error(error, file->path, "cut");
}

SdqnStatus sdqn_append_file_open(const char *path, const SdqnAppendMark *mark, SdqnAppendFile **file, SdqnError *error) {
    size_t path_size = strlen(path) + 1;
    SdqnAppendFile *opened = malloc(sizeof *opened + path_size);
    if (opened == NULL) return no_memory(error, path);
    memcpy(opened->path, path, path_size);
    // O_NONBLOCK as in write_new
    opened->descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | (mark->length == 0 ? O_CREAT : 0), 0666);
    SdqnStatus status = opened->descriptor >= 0 ? rewind_to(opened, mark, error) : system_error(error, path, "open");
    if (status == SDQN_OK) {
        *file = opened;
        return SDQN_OK;
    }
    if (opened->descriptor >= 0) close(opened->descriptor);
    free(opened);
    return status;
}

SdqnStatus sdqn_append_file_write(SdqnAppendFile *file, const void *data, size_t size, SdqnError *error) {
    if (lseek(file->descriptor, (off_t)file->length, SEEK_SET) < 0) return system_error(error, file->path, "seek");
    if (!write_all(file->descriptor, data, size)) {
        SdqnStatus status = system_error(error, file->path, "write");
        // Half a line must not stay. Should this fail too, the next open cuts the file to the length that was recorded.
        bool cut = ftruncate(file->descriptor, (off_t)file->length) == 0;
        (void)cut;
        return status;
    }
    file->length += size;
    sdqn_sha256_add(&file->hash, data, size);
    return SDQN_OK;
}

SdqnStatus sdqn_append_file_sync(SdqnAppendFile *file, SdqnError *error) {
    return fsync(file->descriptor) == 0 ? SDQN_OK : system_error(error, file->path, "sync");
}

SdqnAppendMark sdqn_append_file_mark(const SdqnAppendFile *file) {
    SdqnAppendMark mark = {.length = file->length};
    SdqnSha256 hash = file->hash; // a copy, as ending it uses it up
    sdqn_sha256_end(&hash, mark.sha256);
    return mark;
}

SdqnStatus sdqn_append_file_close(SdqnAppendFile *file, SdqnError *error) {
    if (file == NULL) return SDQN_OK;
    SdqnStatus status = close(file->descriptor) == 0 ? SDQN_OK : system_error(error, file->path, "close");
    free(file);
    return status;
}

// ---- locks ----------------------------------------------------------------------------------------------------------------------

struct SdqnFileLock {
    int descriptor;
};

/// Whether the open file is still the one of that name.
static bool has_name(int descriptor, const char *path) {
    struct stat opened, named;
    return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// Open and lock a file. @param descriptor  receives it
static SdqnStatus open_locked(const char *path, int *descriptor, SdqnError *error) {
    for (;;) {
        int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (opened < 0) return system_error(error, path, "open");
        if (flock(opened, LOCK_EX | LOCK_NB) != 0) {
            SdqnStatus status = errno == EWOULDBLOCK ? sdqn_error_set(error, SDQN_ERR_IO, "%s: in use by another process", path)
                                                     : system_error(error, path, "lock");
            close(opened);
            return status;
        }
        if (has_name(opened, path)) {
            *descriptor = opened;
            return SDQN_OK;
        }
        close(opened); // its last holder removed the file between the opening and the locking: a lock on it would exclude nobody
    }
}

SdqnStatus sdqn_file_lock_take(const char *path, SdqnFileLock **lock, SdqnError *error) {
    SdqnFileLock *taken = malloc(sizeof *taken);
    if (taken == NULL) return no_memory(error, path);
    SdqnStatus status = open_locked(path, &taken->descriptor, error);
    if (status == SDQN_OK)
        *lock = taken;
    else
        free(taken);
    return status;
}

bool sdqn_file_lock_is_held(const char *path) {
    struct stat stats;
    FILE *locks = stat(path, &stats) == 0 ? fopen("/proc/locks", "re") : NULL;
    if (locks == NULL) return false;
    // 3: FLOCK  ADVISORY  WRITE 1234 08:01:56789 0 EOF; file systems of several devices (btrfs) show another device than stat
    char line[256], kind[16], access[16];
    bool held = false;
    while (!held && fgets(line, sizeof line, locks) != NULL) {
        unsigned long long inode;
        unsigned major_number, minor_number;
        if (sscanf(line, "%*s %15s %*s %15s %*d %x:%x:%llu", kind, access, &major_number, &minor_number, &inode) != 5) continue; // NOLINT
        held = strcmp(kind, "FLOCK") == 0 && strcmp(access, "WRITE") == 0 && inode == (unsigned long long)stats.st_ino;
    }
    fclose(locks);
    return held;
}

void sdqn_file_lock_release(SdqnFileLock *lock) {
    if (lock == NULL) return;
    close(lock->descriptor); // the last descriptor closed ends the lock
    free(lock);
}
