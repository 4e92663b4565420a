#include "core/text_file.h"

#include "core/file.h"

#include <stdbool.h>
#include <stdlib.h>

SdqnStatus sdqn_text_file_begin(SdqnTextFile *file, SdqnError *error) {
    *file = (SdqnTextFile){0};
    file->out = open_memstream(&file->text, &file->size);
    return file->out ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "out of memory for a text");
}

/// @return whether the text is whole
static bool end(SdqnTextFile *file) {
    bool failed = ferror(file->out) != 0;
    failed = fclose(file->out) != 0 || failed;
    file->out = NULL;
    return !failed;
}

SdqnStatus sdqn_text_file_write(SdqnTextFile *file, const char *folder, const char *name, SdqnError *error) {
    char path[SDQN_PATH_SIZE];
    SdqnStatus status = end(file) ? SDQN_OK : sdqn_error_set(error, SDQN_ERR_MEMORY, "%s: out of memory", name);
    if (status == SDQN_OK) status = sdqn_file_join(folder, name, path, error);
    if (status == SDQN_OK) status = sdqn_file_write(path, &(SdqnPiece){file->text, file->size}, 1, error);
    free(file->text);
    *file = (SdqnTextFile){0};
    return status;
}

void sdqn_text_file_drop(SdqnTextFile *file) {
    if (file->out) end(file);
    free(file->text);
    *file = (SdqnTextFile){0};
}
