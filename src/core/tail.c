#include "core/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Bytes of an open file. @return how many, fewer than `size` at its end or on an error
static size_t read_at(int descriptor, void *data, size_t size, uint64_t offset) {
    size_t done = 0;
    while (done < size) {
        const ssize_t got = pread(descriptor, (char *)data + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += (size_t)got;
    }
    return done;
}

/// Whether the file is still the one that was read, as far as it was read.
static bool goes_on(const SdqnTail *tail, int descriptor, const struct stat *stats) {
    char last[SDQN_TAIL_MEMORY];
    if (stats->st_dev != tail->device || stats->st_ino != tail->inode || (uint64_t)stats->st_size < tail->offset) return false;
    return read_at(descriptor, last, tail->last_size, tail->offset - tail->last_size) == tail->last_size &&
           memcmp(last, tail->last, tail->last_size) == 0;
}

static void restart(SdqnTail *tail, const SdqnTailReader *reader) {
    if (tail->offset > 0) reader->restart(reader->context);
    tail->offset = 0;
    tail->last_size = 0;
    tail->passing = false;
}

/// Hand out the whole lines of a piece. @return bytes of them
static size_t give_lines(SdqnTail *tail, const SdqnTailReader *reader, char *piece, size_t size) {
    size_t used = 0;
    for (char *end; (end = memchr(piece + used, '\n', size - used)) != NULL; used = (size_t)(end - piece) + 1) {
        *end = '\0';
        if (!tail->passing) reader->line(reader->context, piece + used, (size_t)(end - piece) - used);
        tail->passing = false;
        *end = '\n';
    }
    return used;
}

static void remember(SdqnTail *tail, const char *piece, size_t used) {
    const size_t size = used < SDQN_TAIL_MEMORY ? used : SDQN_TAIL_MEMORY;
    memcpy(tail->last, piece + used - size, size);
    tail->last_size = size;
    tail->offset += used;
}

static SdqnStatus read_lines(SdqnTail *tail, const SdqnTailReader *reader, int descriptor, uint64_t end, SdqnError *error) {
    while (tail->offset < end) {
        const size_t size = end - tail->offset < SDQN_TAIL_MAX_LINE ? (size_t)(end - tail->offset) : SDQN_TAIL_MAX_LINE;
        char *piece = malloc(size);
        if (piece == NULL) return sdqn_error_set(error, SDQN_ERR_MEMORY, "%.800s: out of memory", tail->path);
        const size_t got = read_at(descriptor, piece, size, tail->offset);
        size_t used = give_lines(tail, reader, piece, got);
        if (used == 0 && got == SDQN_TAIL_MAX_LINE) {
            tail->passing = true;
            used = got;
        }
        if (used > 0) remember(tail, piece, used);
        free(piece);
        if (used == 0) break;
    }
    return SDQN_OK;
}

SdqnStatus sdqn_tail_read(SdqnTail *tail, const SdqnTailReader *reader, SdqnError *error) {
    struct stat stats;
    const int descriptor = open(tail->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // O_NONBLOCK: do not hang on a named pipe
    if (descriptor < 0 || fstat(descriptor, &stats) != 0 || !S_ISREG(stats.st_mode)) {
        restart(tail, reader);
        if (descriptor >= 0) close(descriptor);
        return SDQN_OK;
    }
    if (tail->offset > 0 && !goes_on(tail, descriptor, &stats)) restart(tail, reader);
    tail->device = stats.st_dev;
    tail->inode = stats.st_ino;
    const SdqnStatus status = read_lines(tail, reader, descriptor, (uint64_t)stats.st_size, error);
    close(descriptor);
    return status;
}
