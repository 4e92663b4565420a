// text_file.h: a text that is made in memory with stdio and then written to a file as a whole.
//
//     SdqnTextFile file;
//     SdqnStatus status = sdqn_text_file_begin(&file, error);
//     if (status != SDQN_OK) return status;
//     fputs("hello\n", file.out);
//     return sdqn_text_file_write(&file, folder, "hello.txt", error);
#ifndef SDQN_CORE_TEXT_FILE_H
#define SDQN_CORE_TEXT_FILE_H

#include "core/error.h"

#include <stddef.h>
#include <stdio.h>

/// A text in the making. Its errors (memory) are remembered by `out` and told at the end.
typedef struct SdqnTextFile {
    FILE *out;
    char *text; ///< valid after fflush(out)
    size_t size;
} SdqnTextFile;

/// @param file  to be ended by sdqn_text_file_write or sdqn_text_file_drop @return SDQN_OK or SDQN_ERR_MEMORY
SdqnStatus sdqn_text_file_begin(SdqnTextFile *file, SdqnError *error);

/// Replace folder/name by the text (core/file.h) and free it. @return SDQN_OK, SDQN_ERR_ARGUMENT, SDQN_ERR_IO or SDQN_ERR_MEMORY
SdqnStatus sdqn_text_file_write(SdqnTextFile *file, const char *folder, const char *name, SdqnError *error);

/// Free the text. All zeros is allowed.
void sdqn_text_file_drop(SdqnTextFile *file);

#endif
