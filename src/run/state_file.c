#include "run/state_file.h"

#include "core/file.h"
#include "core/sha256.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC UINT64_C(0x4554415453514453) // "SDQSTATE" read as a little-endian number
#define MAX_FILE_SIZE ((size_t)1 << 33)    // a ring of the largest capacity takes less than 1 GB

typedef struct Header {
    uint64_t magic;
    uint32_t version, count;
    uint64_t file_size;
} Header;

typedef struct TableEntry {
    char name[SDQN_STATE_SECTION_NAME_SIZE];
    uint64_t size;
} TableEntry;

// Neither struct has padding, so their bytes are the file's.
_Static_assert(sizeof(Header) == 24, "the header has no padding");
_Static_assert(sizeof(TableEntry) == 24, "a table entry has no padding");

SdqnStatus sdqn_state_file_write(const char *path, const SdqnStateSection *sections, int count, SdqnError *error) {
    assert(count >= 0 && count <= SDQN_STATE_FILE_MAX_SECTIONS);
    TableEntry table[SDQN_STATE_FILE_MAX_SECTIONS];
    SdqnPiece pieces[SDQN_STATE_FILE_MAX_SECTIONS + 3];
    Header header = {.magic = MAGIC, .version = SDQN_STATE_FILE_VERSION, .count = (uint32_t)count};
    header.file_size = sizeof header + (size_t)count * sizeof *table + SDQN_SHA256_SIZE;
    memset(table, 0, sizeof table);
    pieces[0] = (SdqnPiece){&header, sizeof header};
    pieces[1] = (SdqnPiece){table, (size_t)count * sizeof *table};
    for (int i = 0; i < count; i++) {
        memcpy(table[i].name, sections[i].name, sizeof table[i].name);
        table[i].size = sections[i].size;
        header.file_size += sections[i].size;
        pieces[2 + i] = (SdqnPiece){sections[i].data, sections[i].size};
    }

    uint8_t digest[SDQN_SHA256_SIZE];
    SdqnSha256 hash;
    sdqn_sha256_begin(&hash);
    for (int i = 0; i < 2 + count; i++) sdqn_sha256_add(&hash, pieces[i].data, pieces[i].size);
    sdqn_sha256_end(&hash, digest);
    pieces[2 + count] = (SdqnPiece){digest, sizeof digest};
    return sdqn_file_write(path, pieces, 3 + count, error);
}

/// Check header, length and checksum, then lay the sections over the bytes.
static SdqnStatus parse(const char *path, const uint8_t *bytes, size_t size, SdqnStateFile *file, SdqnError *error) {
    Header header;
    if (size < sizeof header + SDQN_SHA256_SIZE) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is cut off: %zu bytes", path, size);
    memcpy(&header, bytes, sizeof header);
    if (header.magic != MAGIC) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is no training state", path);
    if (header.version != SDQN_STATE_FILE_VERSION)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: has format version %u: this program reads version %u", path, header.version,
                              SDQN_STATE_FILE_VERSION);
    if (header.file_size != size)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: has %zu bytes: its header says %llu", path, size,
                              (unsigned long long)header.file_size);

    uint8_t digest[SDQN_SHA256_SIZE];
    SdqnSha256 hash;
    sdqn_sha256_begin(&hash);
    sdqn_sha256_add(&hash, bytes, size - SDQN_SHA256_SIZE);
    sdqn_sha256_end(&hash, digest);
    if (memcmp(digest, bytes + size - SDQN_SHA256_SIZE, SDQN_SHA256_SIZE) != 0)
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: is damaged: its checksum does not fit", path);

    size_t left = size - sizeof header - SDQN_SHA256_SIZE;
    const uint8_t *entry = bytes + sizeof header;
    if (header.count > SDQN_STATE_FILE_MAX_SECTIONS || left < header.count * sizeof(TableEntry))
        return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: has %u sections: too many", path, header.count);
    left -= header.count * sizeof(TableEntry);
    const uint8_t *data = entry + header.count * sizeof(TableEntry);
    for (uint32_t i = 0; i < header.count; i++, entry += sizeof(TableEntry)) {
        TableEntry section;
        memcpy(&section, entry, sizeof section);
        if (section.size > left || section.name[sizeof section.name - 1] != '\0')
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: section %u is malformed", path, i);
        memcpy(file->sections[i].name, section.name, sizeof section.name);
        file->sections[i].data = data;
        file->sections[i].size = section.size;
        data += section.size;
        left -= section.size;
    }
    if (left != 0) return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %zu bytes belong to no section", path, left);
    file->count = (int)header.count;
    return SDQN_OK;
}

SdqnStatus sdqn_state_file_read(const char *path, SdqnStateFile *file, SdqnError *error) {
    SdqnStateFile result = {0};
    size_t size = 0;
    SdqnStatus status = sdqn_file_read(path, MAX_FILE_SIZE, &result.bytes, &size, error);
    if (status == SDQN_OK) status = parse(path, result.bytes, size, &result, error);
    if (status != SDQN_OK) {
        free(result.bytes);
        return status;
    }
    *file = result;
    return SDQN_OK;
}

const SdqnStateSection *sdqn_state_file_find(const SdqnStateFile *file, const char *name) {
    for (int i = 0; i < file->count; i++)
        if (strcmp(file->sections[i].name, name) == 0) return &file->sections[i];
    return NULL;
}

void sdqn_state_file_clear(SdqnStateFile *file) {
    free(file->bytes);
    *file = (SdqnStateFile){0};
}
