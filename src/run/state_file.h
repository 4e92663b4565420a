// state_file.h: the container of a full training state: named sections of bytes, guarded by a checksum, replaced atomically.
//
// Layout, in the machine's byte order (the magic number tells a foreign one): u64 magic, u32 version, u32 number of sections, u64 size of
// the whole file, for each section 16 bytes of name and u64 size, the sections' bytes one after the other, SHA-256 of all that precedes it.
#ifndef SDQN_RUN_STATE_FILE_H
#define SDQN_RUN_STATE_FILE_H

#include "core/error.h"

#include <stddef.h>
#include <stdint.h>

/// Grows whenever the meaning of a section changes: a state is read only by the version of the format that wrote it.
#define SDQN_STATE_FILE_VERSION 2u
#define SDQN_STATE_FILE_MAX_SECTIONS 16
#define SDQN_STATE_SECTION_NAME_SIZE 16

/// One section. In a file that was read, `data` points into the file's memory and may have any alignment.
typedef struct SdqnStateSection {
    char name[SDQN_STATE_SECTION_NAME_SIZE]; ///< not empty, zero-terminated, the rest zero
    const void *data;
    uint64_t size;
} SdqnStateSection;

/// A state that was read and found whole. Owns its memory.
typedef struct SdqnStateFile {
    uint8_t *bytes;
    int count;
    SdqnStateSection sections[SDQN_STATE_FILE_MAX_SECTIONS];
} SdqnStateFile;

/// Write a state; after a crash there is the old file or the new one. @param sections [count], count <= SDQN_STATE_FILE_MAX_SECTIONS
SdqnStatus sdqn_state_file_write(const char *path, const SdqnStateSection *sections, int count, SdqnError *error);

/// Read a state and check all of it. @param file  to be cleared by the caller
/// @return SDQN_OK; SDQN_ERR_FORMAT if it is damaged, cut or of another version; SDQN_ERR_IO; SDQN_ERR_MEMORY (`file` untouched)
SdqnStatus sdqn_state_file_read(const char *path, SdqnStateFile *file, SdqnError *error);

/// A section by name. @return NULL if there is none
const SdqnStateSection *sdqn_state_file_find(const SdqnStateFile *file, const char *name);

/// Free the memory; all zeros is allowed.
void sdqn_state_file_clear(SdqnStateFile *file);

#endif
