#include "study/divergence.h"

#include "core/file.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_SIZE ((size_t)1 << 20)

static SdqnStatus out_of_memory(SdqnError *error) {
    return sdqn_error_set(error, SDQN_ERR_MEMORY, "study: out of memory for a run that diverged");
}

void sdqn_divergence_clear(SdqnDivergence *divergence) {
    free(divergence->settings);
    *divergence = (SdqnDivergence){0};
}

bool sdqn_divergence_is_said(const char *line) {
    static const char words[] = ": training has diverged"; // the end of each such message of learners, methods and the trainer
    const size_t length = strlen(line), end = sizeof words - 1;
    return length >= end && strcmp(line + length - end, words) == 0;
}

SdqnStatus sdqn_divergence_write(const SdqnDivergence *divergence, const char *path, SdqnError *error) {
    SdqnJsonWriter *writer = sdqn_json_writer_create(0);
    SdqnPiece piece = {0};
    if (writer) {
        sdqn_json_begin_object(writer, NULL);
        sdqn_json_add_string(writer, "arm", divergence->arm);
        sdqn_json_add_u64(writer, "seed", divergence->seed);
        sdqn_json_add_string(writer, "settings", divergence->settings);
        sdqn_json_add_string(writer, "numerics", divergence->numerics);
        sdqn_json_add_string(writer, "diverged", divergence->why);
        sdqn_json_end_object(writer);
        piece.data = sdqn_json_writer_text(writer, &piece.size);
    }
    const SdqnStatus status = piece.data ? sdqn_file_write(path, &piece, 1, error) : out_of_memory(error);
    sdqn_json_writer_destroy(writer);
    return status;
}

/// A string that fits its place, in one line: the report shows it.
static SdqnStatus read_text(const char *where, const json_t *document, const char *key, char *copy, size_t size, SdqnError *error) {
    const char *text;
    const SdqnStatus status = sdqn_json_get_string(where, document, key, &text, error);
    if (status != SDQN_OK) return status;
    for (const char *letter = text; *letter != '\0'; letter++) {
        if ((unsigned char)*letter < 0x20 || *letter == 0x7f)
            return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s: must hold no control characters", where, key);
    }
    if (snprintf(copy, size, "%s", text) < (int)size) return SDQN_OK;
    return sdqn_error_set(error, SDQN_ERR_FORMAT, "%s: %s: must have at most %zu bytes", where, key, size - 1);
}

static SdqnStatus read_document(const char *where, const json_t *document, SdqnDivergence *divergence, SdqnError *error) {
    const char *settings;
    int64_t seed = 0;
    SdqnStatus status = read_text(where, document, "arm", divergence->arm, sizeof divergence->arm, error);
    if (status == SDQN_OK) status = sdqn_json_get_integer(where, document, "seed", 0, INT64_MAX, &seed, error);
    if (status == SDQN_OK) status = read_text(where, document, "numerics", divergence->numerics, sizeof divergence->numerics, error);
    if (status == SDQN_OK) status = read_text(where, document, "diverged", divergence->why, sizeof divergence->why, error);
    if (status == SDQN_OK) status = sdqn_json_get_string(where, document, "settings", &settings, error);
    if (status != SDQN_OK) return status;
    divergence->seed = (uint64_t)seed;
    divergence->settings = strdup(settings);
    return divergence->settings ? SDQN_OK : out_of_memory(error);
}

SdqnStatus sdqn_divergence_read(const char *path, SdqnDivergence *divergence, SdqnError *error) {
    SdqnDivergence made = {0};
    json_t *document;
    SdqnStatus status = sdqn_json_read(path, MAX_FILE_SIZE, &document, error);
    if (status != SDQN_OK) return status;
    status = read_document(path, document, &made, error);
    json_decref(document);
    if (status == SDQN_OK) {
        *divergence = made;
    } else {
        sdqn_divergence_clear(&made);
    }
    return status;
}
