// tail.h: reading a file of lines that another process appends to, again and again, each line once.
#ifndef SDQN_CORE_TAIL_H
#define SDQN_CORE_TAIL_H

#include "core/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SDQN_TAIL_MAX_LINE ((size_t)8 << 20) ///< longer lines are passed over
#define SDQN_TAIL_MEMORY 64

/// Where a reader stands. Begin with the path alone, the rest zero. Plain data.
typedef struct SdqnTail {
    char path[SDQN_PATH_SIZE];
    uint64_t offset; ///< behind the last whole line
    bool passing;    ///< in the middle of a line that is too long
    dev_t device;    ///< which file it was
    ino_t inode;
    char last[SDQN_TAIL_MEMORY]; ///< the bytes before the offset: others there say that the file was cut and has grown again
    size_t last_size;
} SdqnTail;

/// Who wants the lines.
typedef struct SdqnTailReader {
    void *context;
    /// The file is another one, or was cut: forget what it said before. It comes again from its beginning.
    void (*restart)(void *context);
    /// A line, without its line feed; a zero byte stands behind it.
    void (*line)(void *context, const char *line, size_t size);
} SdqnTailReader;

/// Read the lines that have come since the last call. One that has no end yet is left for the next call. A file that is not there, or
/// cannot be read, counts as empty. @return SDQN_OK or SDQN_ERR_MEMORY (nothing lost: it can be called again)
SdqnStatus sdqn_tail_read(SdqnTail *tail, const SdqnTailReader *reader, SdqnError *error);

#endif
